"""A broken glass is told to her: on her first page until she has seen it, in her copy, and by a neutral message if she wants any."""

from __future__ import annotations

import itertools
import re
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.conf import settings
from django.test import Client

from tests.duties.cast import permit
from tests.registry.test_glass import REASON, strange
from tests.registry.test_register import number, rows
from yipan.documents import gateway, outbox
from yipan.documents.notices import break_glass
from yipan.duties.naming import new_id
from yipan.registry.ownaccess import give
from yipan.web.words import moment_text

if TYPE_CHECKING:
    from uuid import UUID

    from tests.registry.conftest import Desk

_addresses = (f"198.51.100.{number}" for number in itertools.count(101))


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """Give a gateway that takes everything, and what it was handed: the telephone and the words."""
    taken: list[tuple[str, str]] = []

    def hand_over(_event: object, phone: str, words: str) -> str:
        taken.append((phone, words))
        return gateway.TAKEN

    monkeypatch.setattr(gateway, "address", lambda: "https://gateway.example/send")
    monkeypatch.setattr(gateway, "hand_over", hand_over)
    return taken


def looked_at(desk: Desk, thread: UUID) -> UUID:
    """Let the strange county break the glass over a case."""
    return break_glass(strange(desk.now), thread=thread, because="cannot-speak", reason=REASON, now=desk.now)


def her_pages(desk: Desk, thread: UUID, monkeypatch: pytest.MonkeyPatch) -> Client:
    """Return a telephone on which she has signed in with a slip of her enrolment."""
    monkeypatch.setattr(settings, "CLOCK", lambda: desk.now, raising=False)
    slip = give(permit(desk.office, desk.now), thread, "person", new_id(desk.now), desk.now)
    made = Client(SERVER_NAME="localhost", REMOTE_ADDR=next(_addresses))
    answer = made.post("/mine/sign-in", {"number": slip.number, "code": slip.code})
    assert answer.status_code in (200, 302)
    return made


def text(client: Client, address: str) -> str:
    """Return a page as it is served."""
    answer = client.get(address)
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_it_stands_on_her_first_page_until_she_says_that_she_saw_it_and_in_her_copy_for_good(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    her, other = desk.enrol("鲍月红", number()), desk.enrol("史金莲", number())
    glass = looked_at(desk, her)
    hers, others = her_pages(desk, her, monkeypatch), her_pages(desk, other, monkeypatch)
    home = text(hers, "/mine")
    for said in ("西湖区", "dong.xue", moment_text(desk.now), "本人在场但无法自己说明", "我知道了"):
        assert said in home, said
    assert home.index("无关的机构") < home.index("<h1>")
    assert "cannot-speak" not in home
    assert "无关的机构" not in text(others, "/mine")
    # Neither can a stranger say that she saw it, nor anybody something that is none.
    for client, named in ((others, str(glass)), (hers, str(new_id(desk.now))), (hers, "x")):
        assert client.post("/mine", {"seen": named}).status_code == 404
    assert "无关的机构" in text(hers, "/mine")
    desk.now += timedelta(minutes=5)
    for _ in range(2):
        assert hers.post("/mine", {"seen": str(glass)}).status_code == 302
    assert "无关的机构" not in text(hers, "/mine")
    assert "您在" in text(hers, "/mine/looks")
    assert "无关的机构" in text(hers, "/mine/looks")
    [told] = hers.get("/mine/papers/1.json").json()["glasses"]
    assert (told["because"]["zh"], told["officer"]) == ("本人在场但无法自己说明", "dong.xue")
    assert others.get("/mine/papers/1.json").json()["glasses"] == []
    assert hers.get("/mine/papers/1.pdf").content.startswith(b"%PDF")


def test_who_agreed_is_told_by_a_message_that_says_nothing_and_who_did_not_or_no_more_is_not(
    desk: Desk, sent: list[tuple[str, str]]
) -> None:
    agrees, silent, refuses, later = (
        desk.enrol(name, number(), phone=f"1391111000{place}")
        for place, name in enumerate(("鲍一红", "鲍二红", "鲍三红", "鲍四红"))
    )
    for thread, word in ((agrees, True), (refuses, False), (later, True)):
        desk.record("messages.said", thread, agrees_messages=word)
    for thread in (agrees, silent, refuses, later):
        looked_at(desk, thread)
    # What was queued and not sent is stopped by a withdrawal.
    desk.now += timedelta(minutes=1)
    desk.record("messages.said", later, agrees_messages=False)
    outbox.deliver(desk.now + timedelta(minutes=1))
    assert [each for each in sent if each[0].startswith("1391111000")] == [
        ("13911110000", "一盘棋：您有一条新的通知，请到 /mine 查看")
    ]
    states = "SELECT state FROM documents_message WHERE thread = %s"
    assert [rows(desk, states, each) for each in (agrees, silent, refuses, later)] == [
        [("accepted",)], [], [], [("stopped",)],
    ]  # fmt: skip
    [clock] = rows(
        desk, "SELECT clock FROM duties_event WHERE kind = 'messages.said' AND thread_id = %s", agrees
    )
    assert "messages 2021-11-01" in str(clock)


def test_she_turns_messages_on_and_off_on_her_own_page(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.record("office.opened")
    her = desk.enrol("计玉芬", number(), phone="13911110011")
    hers = her_pages(desk, her, monkeypatch)
    page = text(hers, "/mine/consents")
    assert "只说“有一条新的通知”" in page
    form = dict(re.findall(r'name="(thread|agree)" value="([^"]+)"', page))
    assert form == {"thread": str(her), "agree": "agrees_messages"}
    assert hers.post("/mine/consents", form | {"agree": "name"}).status_code == 404
    for agreed, sent_ in ((True, form), (False, {"thread": str(her), "purpose": "messages", "of": ""})):
        desk.now += timedelta(minutes=1)
        assert hers.post("/mine/consents", sent_).status_code == 302
        said = [
            each
            for each in hers.get("/mine/papers/1.json").json()["agreements"]
            if each["purpose"] == "messages"
        ]
        assert said[-1]["agreed"] is agreed
        assert ('name="agree"' in text(hers, "/mine/consents")) is not agreed
