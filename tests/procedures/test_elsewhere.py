"""What no procedure plays because a person says it on her own pages, or something must have happened before that nobody records."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.test import Client, override_settings

from tests.duties.cast import permit
from tests.procedures.forms import Page
from tests.procedures.playing import BEGINS, CLOCK, HASHERS, Commands, Stage, a_township
from tests.procedures.reading import Step
from tests.registry.test_register import number
from yipan.documents.notices import break_glass
from yipan.documents.verbs import record_draft
from yipan.duties.draft import Draft
from yipan.duties.naming import new_id
from yipan.duties.record import record
from yipan.offices.office import lines_of
from yipan.registry import oversight
from yipan.registry.ownaccess import give
from yipan.registry.people import find

if TYPE_CHECKING:
    from pathlib import Path
    from uuid import UUID


@pytest.fixture
def office(playground: None) -> str:  # noqa: ARG001  # the clock and the offices
    """Give a township of its own."""
    CLOCK.now = BEGINS
    return a_township("page")


def _said(office: str, kind: str, thread: UUID | None = None, **fields: object) -> UUID:
    draft = Draft(kind=kind, thread=thread, fields=fields)
    CLOCK.now += timedelta(minutes=1)
    return record_draft(permit(office, CLOCK.now), draft, None, None, CLOCK.now).threads[0]


def _enrolled(office: str, name: str) -> UUID:
    said: dict[str, Any] = {"ground": "at-the-counter", "name": name, "identity_number": number()}
    return _said(office, "person.enrolled", **said)


def _clerk(office: str, folder: Path, role: str = "") -> Client:
    made = Client(SERVER_NAME="localhost")
    account = Stage(offices={}, folder=folder).account(office, role)
    made.force_login(get_user_model().objects.get(username=account))
    return made


def _hers(shown: str, code: str, address: str) -> Client:
    """Return a telephone on which somebody has signed in with a slip."""
    made = Client(SERVER_NAME="localhost", REMOTE_ADDR=address)
    assert made.post("/mine/sign-in", {"number": shown, "code": code}).status_code in (200, 302)
    return made


def _way(client: Client, place: str, words: str) -> str:
    found = [href for href, said in Page(client.get(place).content).links if said.strip() == words]
    assert found, (place, words, Page(client.get(place).content).links)
    return found[0]


def _slip(page: bytes) -> tuple[str, str]:
    shown, code = (re.search(rf'<dd id="{each}">([^<]+)<', page.decode()) for each in ("number", "code"))
    assert shown
    assert code
    return shown[1], code[1]


@override_settings(PASSWORD_HASHERS=[*HASHERS, "django.contrib.auth.hashers.Argon2PasswordHasher"])
def test_on_her_own_pages_she_names_a_proxy_who_answers_for_her_until_she_ends_it(office: str) -> None:
    record([Draft(kind="office.opened")], permit=permit(office, BEGINS), clock=lambda: BEGINS)
    slip = give(
        permit(office, CLOCK.now), _enrolled(office, "陈丽华"), "person", new_id(CLOCK.now), CLOCK.now
    )
    hers = _hers(slip.number, slip.code, "198.51.100.31")
    way = _way(hers, "/mine/ask", "本人求助")
    form = Page(hers.get(way).content).form_with("office-asked")
    assert form
    asked = hers.post(way, {**form.values, "about": "work", "matter": "找工作"})
    assert asked.status_code == 302, Page(asked.content).wrong
    matter = str(asked["Location"])
    assert hers.post(_way(hers, matter, "本人答复"), {"words": "本周都在"}).status_code == 302
    CLOCK.now += timedelta(minutes=1)
    named = hers.post(_way(hers, matter, "本人委托代办人"), {"proxy_name": "王五", "until": "2026-03-20"})
    proxy = _hers(*_slip(named.content), "198.51.100.32")
    CLOCK.now += timedelta(minutes=1)
    assert proxy.post(_way(proxy, matter, "本人答复"), {"words": "本人下周到"}).status_code == 302
    seen = hers.get(matter).content.decode()
    assert "本周都在" in seen
    assert "本人下周到" in seen
    CLOCK.now += timedelta(minutes=1)
    assert hers.post(_way(hers, matter, "本人收回委托"), {}).status_code == 302
    assert "本人下周到" not in proxy.get(matter).content.decode()


def _looked_at(office: str, name: str) -> UUID:
    """Enrol somebody whom no message can tell that a strange office looked at her in need."""
    her, county = _enrolled(office, name), lines_of([a_township("command")])
    [stranger] = [each["county"] for each in county.values()]
    said = {"because": "cannot-speak", "reason": "本人晕倒在我处窗口，需要核对身份和联系人"}
    break_glass(permit(stranger, CLOCK.now, "county-officer"), thread=her, now=CLOCK.now, **said)
    CLOCK.now += timedelta(minutes=1)
    return her


def test_who_comes_is_told_of_a_notice_that_waited_for_her_at_the_page_and_at_the_command_line(
    office: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = _looked_at(office, "陈丽华"), _looked_at(office, "陈丽花")
    clerk = _clerk(office, tmp_path)
    way = _way(clerk, f"/people/{first}", "已告诉本人有一条通知")
    form = Page(clerk.get(way).content).form_with("entry")
    assert form
    assert clerk.post(way, form.values).status_code == 302
    stage = Stage(offices={}, folder=tmp_path, cases={"case": second})
    Commands(monkeypatch).take(stage, Step(by="office", kind="notice.told"), office, {})
    for her in (first, second):
        assert "有一条通知等本人来看" not in clerk.get(f"/people/{her}").content.decode()


def test_an_office_explains_a_look_that_it_was_asked_about_at_the_page_and_at_the_command_line(
    office: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "STRANGERS", 1)
    _enrolled(office, "陈丽华")
    county = lines_of([office])[office]["county"]
    head = _clerk(office, tmp_path, "head")
    for door in ("page", "command"):
        CLOCK.now += timedelta(days=1)
        find(permit(office, CLOCK.now), "陈丽华", CLOCK.now, ground="register")
        CLOCK.now += timedelta(minutes=1)
        auditor = permit(county, CLOCK.now, "auditor")
        flag = max(oversight.flags(auditor, CLOCK.now), key=lambda each: each.flagged_at)
        asked = oversight.ask(auditor, "flag", str(flag.read), "为什么看？", CLOCK.now)
        CLOCK.now += timedelta(minutes=1)
        if door == "page":
            way = _way(head, f"/cases/{asked}", "说明情况")
            form = Page(head.get(way).content).form_with("entry")
            assert form
            assert head.post(way, {**form.values, "explanation": "核对重名登记"}).status_code == 302
        else:
            stage = Stage(offices={}, folder=tmp_path, cases={"case": asked})
            step = Step(by="office", kind="oversight.explained", role="head")
            Commands(monkeypatch).take(stage, step, office, {"explanation": "核对重名登记"})
        assert [each.words for each in oversight.answers(auditor, asked, CLOCK.now)][-1] == "核对重名登记"
