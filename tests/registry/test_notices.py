"""A broken glass is told to her: on her first page until she has seen it, in her copy, and by a neutral message if she wants any."""

from __future__ import annotations

import itertools
import re
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest
from django.conf import settings
from django.test import Client

from tests.duties.cast import permit
from tests.registry.test_glass import REASON, strange
from tests.registry.test_register import number, rows
from yipan.documents import gateway, outbox
from yipan.documents.notices import break_glass
from yipan.documents.verbs import record_draft
from yipan.duties.draft import Draft
from yipan.duties.naming import new_id
from yipan.registry.ownaccess import give
from yipan.web.words import moment_text

if TYPE_CHECKING:
    from uuid import UUID

    from django.contrib.auth.models import User

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


def posted(desk: Desk) -> User:
    """Return the account of a clerk of the desk."""
    from yipan.offices.officer import post_new_officer  # noqa: PLC0415  # after Django is set up

    name = f"ke.{desk.office}"
    return post_new_officer(
        name, "柯敏", "a-long-password-for-notices", desk.office, "clerk", date(2026, 1, 1)
    ).user


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


def of_notices(desk: Desk, thread: UUID) -> list[str]:
    """Return what stands in an enrolment about notices, in the order in which it was written."""
    kinds = "SELECT kind FROM duties_event WHERE thread_id = %s AND kind LIKE %s ORDER BY seq"
    return [kind for [kind] in rows(desk, kinds, thread, "notice.%")]


def said_at_the_desk(desk: Desk, kind: str, thread: UUID, **fields: object) -> None:
    """Record something in an enrolment as a clerk does."""
    draft = Draft(kind=kind, thread=thread, fields=fields)
    desk.now += timedelta(minutes=1)
    record_draft(desk.permit(), draft, None, None, desk.now)


def test_whom_no_message_tells_the_office_tells_when_she_comes_or_a_message_once_she_wants_any(
    desk: Desk, sent: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    later, without = desk.enrol("鲍五红", number(), phone="13911110021"), desk.enrol("鲍六红", number())
    for thread in (later, without):
        looked_at(desk, thread)
        assert of_notices(desk, thread) == ["notice.waits"]
    # She says yes at the desk: what waits is sent then, once, and the office has nothing left to tell.
    said_at_the_desk(desk, "messages.said", later, agrees_messages=True)
    said_at_the_desk(desk, "messages.said", later, agrees_messages=True)
    outbox.deliver(desk.now)
    assert [each for each in sent if each[0] == "13911110021"] == [
        ("13911110021", "一盘棋：您有一条新的通知，请到 /mine 查看")
    ]
    # With no telephone there is nothing to send; she is told at the counter, and it is offered no more.
    said_at_the_desk(desk, "messages.said", without, agrees_messages=True)
    assert of_notices(desk, without) == ["notice.waits"]
    monkeypatch.setattr(settings, "CLOCK", lambda: desk.now, raising=False)
    page = f"/people/{without}"
    clerk = Client(SERVER_NAME="localhost")
    clerk.force_login(posted(desk))
    assert "有一条通知等本人来看" in text(clerk, page)
    assert "有一条通知等本人来看" not in text(clerk, f"/people/{later}")
    said_at_the_desk(desk, "notice.told", without)
    assert "有一条通知等本人来看" not in text(clerk, page)
    assert "notice.told" not in text(clerk, page)


def test_a_notice_that_bounces_waits_for_her_until_another_telephone_is_given(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, sent: list[tuple[str, str]]
) -> None:
    her = desk.enrol("鲍七红", number(), phone="13911110031", agrees_messages="yes")
    monkeypatch.setattr(gateway, "hand_over", lambda *_said: gateway.REFUSED)
    looked_at(desk, her)
    assert of_notices(desk, her) == ["notice.sent"]
    outbox.deliver(desk.now)
    assert of_notices(desk, her) == ["notice.sent", "notice.waits"]

    def taken(_event: object, phone: str, words: str) -> str:
        sent.append((phone, words))
        return gateway.TAKEN

    monkeypatch.setattr(gateway, "hand_over", taken)
    said_at_the_desk(desk, "person.updated", her, residence_address="看山路二号")
    assert of_notices(desk, her) == ["notice.sent", "notice.waits"]
    said_at_the_desk(desk, "person.updated", her, phone="13911110032")
    outbox.deliver(desk.now)
    assert of_notices(desk, her) == ["notice.sent", "notice.waits", "notice.sent"]
    assert [phone for phone, _ in sent if phone.startswith("1391111003")] == ["13911110032"]


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
