"""Numbers that do not add up: listed for the office that has them, with what is doubted, until somebody saw the paper."""

from __future__ import annotations

import re
from datetime import date, timedelta
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.test import Client

from tests.registry.test_register import number, rows
from yipan.offices.areas import areas
from yipan.offices.office import organisation
from yipan.offices.officer import Officer, Posting
from yipan.registry import relooking
from yipan.registry.checking import compare
from yipan.registry.doubts import DOUBTS, doubts
from yipan.registry.matching import check_digit, read_number
from yipan.registry.numbers import LOOK_OVER, PAGE
from yipan.registry.readlog import Read

if TYPE_CHECKING:
    from uuid import UUID

    from tests.registry.conftest import Desk

LIST = "/people/numbers"
_names = count()
#: Of 容县 when it was 452525, of a woman: an odd number's last but one would be a man's.
RIGHT = "45252519850607004"


def whole(body: str) -> str:
    return body + check_digit(body)


def slipped(text: str) -> str:
    """Return a number with another check digit than it had."""
    return text[:-1] + ("1" if text[-1] != "1" else "2")


@pytest.mark.parametrize(
    ("text", "sex", "born", "found"),
    [
        (whole(RIGHT), "2", "1985-06-07", ()),
        (whole(RIGHT), "", "", ()),
        (whole(RIGHT), "9", "", ()),
        (slipped(whole(RIGHT)), "2", "1985-06-07", ("check",)),
        (whole(RIGHT), "1", "", ("sex",)),
        (whole(RIGHT), "2", "1985-07-06", ("birth",)),
        (whole("45252519850231004"), "2", "", ("birth",)),
        (whole("99999919850607004"), "2", "", ("area",)),
        (whole("45000019850607004"), "2", "", ("area",)),
        # A number of Dongguan, which has no county, and of a resident from Hong Kong.
        (whole("44190019850607004"), "2", "", ()),
        (whole("81000019850607004"), "2", "", ()),
        ("452525850607004", "2", "", ("length",)),
        ("452525850607004", "1", "1985-06-08", ("length", "birth", "sex")),
        (slipped(whole("99999919850231004")), "1", "", ("area", "birth", "sex", "check")),
    ],
)
def test_each_doubt_is_named_and_what_is_right_has_none(
    text: str, sex: str, born: str, found: tuple[str]
) -> None:
    assert doubts(read_number(text), sex, born) == found
    assert set(found) <= set(DOUBTS)


def test_a_county_is_known_under_the_code_of_today_and_the_one_it_had() -> None:
    assert {"450921", "452525", "440104", "440102", "441900"} <= areas()
    assert not {"000000", "450000", "450999", "123456"} & areas()


def browser(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Client:
    """Return a browser in which a clerk of a desk is signed in."""
    monkeypatch.setattr(settings, "CLOCK", lambda: desk.now, raising=False)
    user = get_user_model().objects.create_user(f"numbers-{next(_names)}")
    officer = Officer.objects.create(user=user, name="何静")
    Posting.objects.create(
        officer=officer, organisation=organisation(desk.office), role="clerk", from_on=date(2026, 1, 1)
    )
    made = Client(SERVER_NAME="localhost")
    made.force_login(user)
    return made


def said(answer: Any) -> str:  # noqa: ANN401  # the test client's own class
    assert answer.status_code == 200
    return str(answer.content.decode())


def update(desk: Desk, client: Client, thread: UUID, **boxes: str) -> None:
    """Fill in the form by which particulars are brought up to date, and send it a minute later than all before."""
    desk.now += timedelta(minutes=1)
    address = f"/cases/{thread}/record/person.updated"
    form = said(client.get(address))
    hidden = dict(re.findall(r'<input type="hidden" name="(entry|as_of)" value="([^"]+)"', form))
    assert client.post(address, {**hidden, **boxes}).status_code == 302


def looks(desk: Desk) -> list[list[UUID]]:
    with desk.permit().in_force():
        found = Read.objects.filter(purpose=LOOK_OVER, organisation=desk.office).order_by("id")
        return list(found.values_list("threads", flat=True))


def test_the_page_lists_what_is_doubted_until_the_paper_was_seen_or_the_number_put_right(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = browser(desk, monkeypatch)
    assert LIST not in said(client.get("/people"))
    assert "没有待核的号码" in said(client.get(LIST))
    assert looks(desk) == []
    right = number()
    desk.enrol("甄准", right, sex="1" if int(right[-2]) % 2 else "2", birth_on="1990-05-12")
    wrong = desk.enrol("甄末位", slipped(number()))
    sex = desk.enrol("甄性别", whole("36073119900512902"), sex="1")
    nowhere = desk.enrol("甄无处", whole("99999919900512004"))
    assert "待核的号码（3）" in said(client.get("/people"))
    page = said(client.get(LIST))
    for thread, doubt in ((wrong, "check"), (sex, "sex"), (nowhere, "area")):
        [row] = [each for each in re.findall(r"<tr>.*?</tr>", page, re.DOTALL) if str(thread) in each]
        assert [code for code in DOUBTS if DOUBTS[code]["zh"] in row] == [doubt]
    assert "甄准" not in page
    assert looks(desk) == [sorted((wrong, sex, nowhere))]
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    english = said(client.get(LIST))
    assert (DOUBTS["check"]["en"] in english, "Numbers to confirm" in english) == (True, True)
    del client.cookies[settings.LANGUAGE_COOKIE_NAME]
    assert DOUBTS["check"]["zh"] in said(client.get(f"/people/{wrong}"))

    update(desk, client, wrong, number_confirmed="yes")
    update(desk, client, sex, sex="2")
    page = said(client.get(LIST))
    assert ("甄无处" in page, "甄末位" in page, "甄性别" in page) == (True, False, False)
    assert DOUBTS["check"]["zh"] not in said(client.get(f"/people/{wrong}"))
    # Somebody's word is about the number that was on the paper: another one is doubted anew.
    update(desk, client, wrong, phone="13800138000")
    assert "甄末位" not in said(client.get(LIST))
    update(desk, client, wrong, identity_number=slipped(number()))
    assert "甄末位" in said(client.get(LIST))
    desk.threads |= {wrong, sex, nowhere}


def test_another_office_sees_nothing_of_it_and_who_ended_is_not_listed(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    thread = desk.enrol("甄别处", slipped(number()))
    assert "甄别处" in said(browser(desk, monkeypatch).get(LIST))
    own, desk.office = desk.office, desk.office[:6]
    stranger = browser(desk, monkeypatch)
    assert "没有待核的号码" in said(stranger.get(LIST))
    assert LIST not in said(stranger.get("/people"))
    assert looks(desk) == []
    desk.office = own
    desk.record("enrolment.ended", thread=thread, because="her-wish")
    assert "没有待核的号码" in said(browser(desk, monkeypatch).get(LIST))


def test_a_long_list_is_read_page_by_page(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    listed = [desk.enrol(f"甄{chr(0x4E00 + each)}", slipped(number())) for each in range(PAGE + 1)]
    client = browser(desk, monkeypatch)
    first, second = said(client.get(LIST)), said(client.get(LIST, {"page": "2"}))
    one, other = ({each for each in listed if str(each) in page} for page in (first, second))
    assert (len(one), len(other), one | other) == (PAGE, 1, set(listed))
    assert looks(desk) == [sorted(one), sorted(other)]


def test_an_entry_from_before_the_doubts_is_told_by_the_proof_and_mended_with_the_lookup_key(
    desk: Desk,
) -> None:
    thread = desk.enrol("甄早先", slipped(number()))
    query = "UPDATE registry_person SET number_doubts = '{}' WHERE thread = %s RETURNING thread"
    assert rows(desk, query, thread) == [(thread,)]
    assert compare().differences == [f"register entry {thread}"]
    assert relooking.rotate(grace=0).finished
    assert rows(desk, "SELECT number_doubts FROM registry_person WHERE thread = %s", thread) == [(["check"],)]
