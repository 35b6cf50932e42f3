"""The register at its verb: who is enrolled, where she lived when, who may be whom, and what leaves with her."""

from __future__ import annotations

import itertools
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection

from tests.duties.cast import at
from yipan.duties.faults import DraftFaultsError, UnknownPersonError, UnknownThreadError
from yipan.registry.matching import check_digit

if TYPE_CHECKING:
    from uuid import UUID

    from tests.registry.conftest import Desk

_numbers = itertools.count(1)


def number(birth: str = "19900512", serial: int | None = None) -> str:
    """Return a valid identity number of one's own."""
    body = f"360731{birth}{next(_numbers) if serial is None else serial:03d}"
    return body + check_digit(body)


def rows(desk: Desk, query: str, *values: Any) -> list[tuple[Any, ...]]:  # noqa: ANN401  # whatever a column holds
    """Return rows as the office sees them."""
    with desk.permit().in_force(), connection.cursor() as cursor:
        cursor.execute(query, values)
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found


def line(desk: Desk, thread: UUID) -> list[tuple[str, date | None, date | None]]:
    """Return where she lived, from when to when."""
    query = "SELECT place, from_on, until_on FROM registry_stay WHERE thread = %s ORDER BY number"
    return [(row[0], row[1], row[2]) for row in rows(desk, query, thread)]


def faults(desk: Desk, kind: str, **fields: Any) -> dict[str, str]:  # noqa: ANN401  # fields as the kind says
    """Return what is wrong with a draft, in Chinese, by field."""
    with pytest.raises(DraftFaultsError) as refused:
        desk.record(kind, **fields)
    return {each.field: each.zh for each in refused.value.faults}


def test_a_place_is_read_as_people_write_it(desk: Desk) -> None:
    thread = desk.enrol(
        "李秀兰", number(), home="容县 容州", residence="江西省赣州市于都县贡江镇", arrived_on="2024-03-02"
    )
    found = rows(desk, "SELECT home, residence FROM registry_person WHERE thread = %s", thread)
    assert found == [("450921100", "360731100")]


def test_a_place_that_may_be_two_is_offered_as_a_choice(desk: Desk) -> None:
    said = faults(
        desk,
        "person.enrolled",
        ground="at-the-counter",
        name="李秀兰",
        identity_number=number(),
        home="城关镇",
    )
    assert "可能是" in said["home"]


def test_all_faults_are_said_at_once(desk: Desk) -> None:
    said = faults(
        desk,
        "person.enrolled",
        ground="at-the-counter",
        name="李秀兰",
        identity_number=number(),
        home="不知道什么地方",
        arrived_on="2099-01-01",
    )
    assert set(said) == {"home", "arrived_on"}


def test_a_number_is_enrolled_once_at_an_office(desk: Desk) -> None:
    from yipan.registry.register import AlreadyEnrolledError  # noqa: PLC0415  # after Django is set up

    mine = number()
    desk.enrol("李秀兰", mine)
    with pytest.raises(AlreadyEnrolledError):
        desk.enrol("李秀兰", mine)
    with pytest.raises(AlreadyEnrolledError):
        desk.enrol("李秀兰", mine[:6] + mine[8:17])


def test_her_stays_are_a_line_whatever_the_order_in_which_she_tells_of_them(desk: Desk) -> None:
    thread = desk.enrol("李秀兰", number(), residence="360731100", arrived_on="2024-03-02")
    desk.now = at("2026-03-03T09:00")
    desk.record("stay.began", thread, residence="440104", arrived_on="2025-06-01")
    desk.now = at("2026-03-04T09:00")
    desk.record("stay.began", thread, residence="500101", arrived_on="2024-12-01")
    desk.record("stay.ended", thread, left_on="2026-02-01")
    assert line(desk, thread) == [
        ("360731100", date(2024, 3, 2), date(2024, 12, 1)),
        ("500101", date(2024, 12, 1), date(2025, 6, 1)),
        ("440104", date(2025, 6, 1), date(2026, 2, 1)),
    ]


def test_who_comes_back_keeps_her_line(desk: Desk) -> None:
    mine = number()
    first = desk.enrol("李秀兰", mine, residence="360731100", arrived_on="2024-03-02")
    desk.record("stay.ended", first, left_on="2025-01-10")
    desk.record("enrolment.ended", first, because="returned-home")
    desk.now = at("2026-09-01T09:00")
    again = desk.enrol("李秀兰", mine, residence="360731100", arrived_on="2026-08-20")
    assert again == first
    assert line(desk, first) == [
        ("360731100", date(2024, 3, 2), date(2025, 1, 10)),
        ("360731100", date(2026, 8, 20), None),
    ]
    assert rows(desk, "SELECT ended FROM registry_person WHERE thread = %s", first) == [("",)]


def test_who_withdraws_leaves_the_register_and_every_duty_to_her(desk: Desk) -> None:
    thread = desk.enrol("李秀兰", number(), residence="360731100", arrived_on="2024-03-02")
    desk.now = at("2026-03-10T09:00")
    desk.record("enrolment.ended", thread, because="withdrawn")
    assert rows(desk, "SELECT 1 FROM registry_person WHERE thread = %s", thread) == []
    assert line(desk, thread) == []
    assert rows(desk, "SELECT state FROM duties_duty WHERE thread_id = %s", thread) == [("released",)]


def test_what_she_said_is_shown_to_nobody_after_she_withdrew(desk: Desk) -> None:
    from yipan.registry.access import names_in, read_case, said_before  # noqa: PLC0415  # after Django is set up

    thread = desk.enrol("李秀兰", number())
    assert names_in(desk.permit(), [thread], desk.now) == {thread: "李秀兰"}
    desk.now = at("2026-03-10T09:00")
    desk.record("enrolment.ended", thread, because="withdrawn")
    assert names_in(desk.permit(), [thread], desk.now) == {}
    assert said_before(desk.permit(), thread, ["name"], desk.now) == {}
    assert "李秀兰" not in str(read_case(desk.permit(), thread, desk.now))


def test_two_entries_become_one_person_and_two_again(desk: Desk) -> None:
    mine = number("19870321", 120)
    slip = number("19870321", 130)
    kept, other = desk.enrol("李秀兰", mine), desk.enrol("李秀蘭", slip)
    assert rows(desk, "SELECT decided FROM registry_question") == [("",)]
    merged = desk.record("persons.merged", kept, other=str(other)).events[0]
    where = "SELECT merged_into FROM registry_person WHERE thread = %s"
    assert rows(desk, where, other) == [(kept,)]
    assert rows(desk, "SELECT decided FROM registry_question") == [("same",)]
    desk.record("event.retracted", kept, corrects=merged)
    assert rows(desk, where, other) == [(None,)]
    assert rows(desk, "SELECT decided FROM registry_question") == [("",)]


def test_a_slip_is_corrected_and_the_register_follows(desk: Desk) -> None:
    right, wrong = number(), number()
    receipt = desk.record("person.enrolled", ground="at-the-counter", name="李秀栏", identity_number=wrong)
    [thread], [event] = receipt.threads, receipt.events
    fields: dict[str, Any] = {"ground": "at-the-counter", "name": "李秀兰", "identity_number": right}
    desk.record("person.enrolled", thread, corrects=event, **fields)
    assert rows(desk, "SELECT name, pinyin FROM registry_person WHERE thread = %s", thread) == [
        ("李秀兰", "lixiulan")
    ]


def test_a_case_of_somebody_enrolled_shares_her_key(desk: Desk) -> None:
    thread = desk.enrol("李秀兰", number())
    [(subject,)] = rows(desk, "SELECT subject FROM registry_person WHERE thread = %s", thread)
    fields: dict[str, Any] = {
        "residence": desk.office,
        "her_home": "450921100",
        "her_name": "李秀兰",
        "papers": "complete",
    }
    case = desk.record("birth-registration.asked", None, {"her": subject}, None, **fields).threads[0]
    linked = rows(
        desk, "SELECT subject_id FROM duties_threadsubject WHERE thread_id = %s AND name = 'her'", case
    )
    assert linked == [(subject,)]


def test_another_office_sees_nothing_of_an_enrolment_and_cannot_use_its_key(desk: Desk) -> None:
    mine = number()
    thread = desk.enrol("李秀兰", mine)
    [(subject,)] = rows(desk, "SELECT subject FROM registry_person WHERE thread = %s", thread)
    own, desk.office = desk.office, "440104001"
    assert rows(desk, "SELECT 1 FROM registry_person WHERE name = '李秀兰' AND pinyin = 'lixiulan'") == []
    with pytest.raises(UnknownThreadError):
        desk.record("stay.ended", thread, left_on="2026-01-01")
    fields: dict[str, Any] = {
        "residence": desk.office,
        "her_home": "450921100",
        "her_name": "李秀兰",
        "papers": "complete",
    }
    with pytest.raises(UnknownPersonError):
        desk.record("birth-registration.asked", None, {"her": subject}, None, **fields)
    desk.enrol("李秀兰", mine)
    desk.office = own


def test_the_registers_kinds_are_refused_by_the_verb_below_it(desk: Desk) -> None:
    from yipan.duties.draft import Draft  # noqa: PLC0415  # after Django is set up
    from yipan.duties.faults import AnotherVerbError  # noqa: PLC0415
    from yipan.duties.record import record  # noqa: PLC0415

    fields: dict[str, Any] = {"ground": "at-the-counter", "name": "李秀兰", "identity_number": number()}
    draft = Draft(kind="person.enrolled", fields=fields)
    with pytest.raises(AnotherVerbError, match=r"person\.enrolled"):
        record([draft], permit=desk.permit(), clock=lambda: desk.now)


def test_head_counts_add_up_and_name_nobody(desk: Desk) -> None:
    said = {"period": "2026-02", "township": desk.office}
    slip = desk.record("headcount.noted", None, None, None, people="70", **said)
    desk.record("headcount.noted", None, None, None, people="5", **said)
    desk.record("headcount.noted", slip.threads[0], None, slip.events[0], people="7", **said)
    counted = rows(desk, "SELECT township, month, sum(people) FROM registry_headcount GROUP BY 1, 2")
    assert [(row[0], row[1], int(row[2])) for row in counted] == [(desk.office, "2026-02", 12)]
