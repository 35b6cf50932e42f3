"""When one office takes the place of another, its people go over with their line, and nobody is merged by it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.duties.cast import at, permit
from tests.duties.heirs import above, another
from tests.registry.test_register import number, rows
from yipan.duties.reorganising import succeed

if TYPE_CHECKING:
    from tests.registry.conftest import Desk


def _taken_over(desk: Desk, old: str, new: str) -> None:
    from yipan.registry.succession import HandingOver  # noqa: PLC0415  # after Django is set up

    desk.now = at("2026-04-01T09:00")
    deciding = permit(above(old, new), desk.now, "supervisor")
    succeed(old, new, because="merged", permit=deciding, clock=lambda: desk.now, also=HandingOver())
    desk.office = new


def test_the_new_office_finds_her_and_goes_on_with_her_line(desk: Desk) -> None:
    thread = desk.enrol("李秀兰", number(), residence="360731100", arrived_on="2024-03-02")
    old, new = desk.office, another()
    _taken_over(desk, old, new)
    where = "SELECT name, came_from FROM registry_person WHERE thread = %s"
    assert rows(desk, where, thread) == [("李秀兰", old)]
    desk.now = at("2026-04-02T09:00")
    desk.record("stay.began", thread, residence="440104", arrived_on="2026-03-20")
    query = "SELECT place FROM registry_stay WHERE thread = %s ORDER BY number"
    assert rows(desk, query, thread) == [("360731100",), ("440104",)]
    assert rows(desk, where, thread) == [("李秀兰", old)]
    desk.record("entitlements.told", thread, channel="in-person")
    owed = "SELECT owed_by, state FROM duties_duty WHERE thread_id = %s"
    assert rows(desk, owed, thread) == [(new, "discharged")]
    desk.office = old
    assert rows(desk, where, thread) == []
    desk.office = new


def test_a_number_that_both_offices_had_stays_two_entries(desk: Desk) -> None:
    mine = number()
    desk.enrol("李秀兰", mine)
    old, desk.office = desk.office, another()
    desk.enrol("李秀兰", mine)
    new = desk.office
    _taken_over(desk, old, new)
    assert sorted(rows(desk, "SELECT name, came_from FROM registry_person WHERE name = '李秀兰'")) == [
        ("李秀兰", ""),
        ("李秀兰", old),
    ]
