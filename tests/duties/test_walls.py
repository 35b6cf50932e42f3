"""Row-level security under the heart: who sees which entry, fact and duty, and what nobody can change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

import psycopg
import pytest
from django.db import connection, transaction
from django.db.utils import ProgrammingError

from tests.duties.cast import Cast, at, permit
from yipan import database
from yipan.duties.faults import UnknownThreadError
from yipan.duties.queries import owed_today
from yipan.duties.sweep import sweep
from yipan.offices.permit import set_acting
from yipan.registry.access import names_in, read_case

if TYPE_CHECKING:
    from collections.abc import Sequence


def _seen(office: str, query: str, values: Sequence[Any] = ()) -> list[Any]:
    with transaction.atomic(), connection.cursor() as cursor:
        set_acting(office, "test", [])
        cursor.execute(query, values)
        return [row[0] for row in cursor.fetchall()]


def _write(office: str, threads: Sequence[UUID], statement: str, values: Sequence[Any] | None = None) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        set_acting(office, "test", threads)
        cursor.execute(statement, values)


def _whole_story(cast: Cast) -> None:
    cast.open_offices()
    cast.ask(her_identity_number="500101199203154526", his_identity_number="450921199011083217")
    cast.step(
        cast.residence,
        "verification.asked",
        "2026-03-03T09:00",
        her_home=cast.her_home,
        channel="system",
        her_points="她的住址",
    )
    cast.step(
        cast.residence,
        "verification.asked",
        "2026-03-03T09:05",
        his_home=cast.his_home,
        channel="letter",
        his_points="他的住址",
    )
    said = {"his_home": cast.his_home, "channel": "letter"}
    cast.step(cast.residence, "verification.arrived", "2026-03-09T09:00", arrived="2026-03-06T15:00", **said)
    cast.step(
        cast.her_home, "verification.answered", "2026-03-10T14:00", result="confirmed", her_remark="相符"
    )
    sweep(at("2026-03-28T09:00"))


EVENTS = "SELECT kind FROM duties_event WHERE thread_id = %s ORDER BY counts_at, id"
FACTS = "SELECT p.name FROM duties_payload p JOIN duties_event e ON e.id = p.event_id WHERE e.thread_id = %s ORDER BY 1"


def test_each_home_sees_what_was_asked_of_it_and_nothing_of_the_other_or_of_the_registration(
    cast: Cast,
) -> None:
    _whole_story(cast)
    assert _seen(cast.her_home, EVENTS, [cast.thread]) == ["verification.asked", "verification.answered"]
    assert _seen(cast.her_home, FACTS, [cast.thread]) == ["her", "her"]
    his = _seen(cast.his_home, EVENTS, [cast.thread])
    assert his == ["verification.asked", "verification.arrived", "duty.lapsed"]
    assert _seen(cast.his_home, FACTS, [cast.thread]) == ["him"]
    assert _seen(cast.residence, FACTS, [cast.thread]) == ["her", "her", "her", "him", "him"]


def test_the_county_comes_into_the_case_with_the_silence_and_sees_only_that_party(cast: Cast) -> None:
    _whole_story(cast)
    assert _seen(cast.his_county, FACTS, [cast.thread]) == ["him"]
    stranger = "110101"
    assert _seen(stranger, EVENTS, [cast.thread]) == []
    assert _seen(stranger, FACTS, [cast.thread]) == []


def test_before_a_silence_the_county_sees_the_duties_below_it_and_no_entry(cast: Cast) -> None:
    cast.ask()
    county_of_residence = _seen(
        "", "SELECT supervisor_id FROM offices_organisation WHERE id = %s", [cast.residence]
    )[0]
    duties = "SELECT rule FROM duties_duty WHERE thread_id = %s"
    assert len(_seen(county_of_residence, duties, [cast.thread])) == 3
    assert _seen(county_of_residence, EVENTS, [cast.thread]) == []
    assert _seen(county_of_residence, FACTS, [cast.thread]) == []


def test_a_released_duty_tells_the_home_office_nothing(cast: Cast) -> None:
    cast.ask(her_agrees_verify=False)
    duties = "SELECT state FROM duties_duty WHERE thread_id = %s AND owed_to = %s"
    assert _seen(cast.residence, duties, [cast.thread, cast.her_home]) == ["released"]
    assert _seen(cast.her_home, duties, [cast.thread, cast.her_home]) == []


#: What offices published everybody may read; tests of the public pages may have published something here.
UNPUBLISHED = "SELECT count(*) FROM duties_event WHERE 'public' <> ALL(seen_by)"


def test_nobody_acting_sees_nothing_but_what_was_published(cast: Cast) -> None:
    cast.ask()
    assert _seen("", UNPUBLISHED) == [0]
    for table in (
        "duties_payload",
        "duties_subject",
        "duties_threadsubject",
        "duties_duty",
        "registry_read",
    ):
        assert _seen("", f"SELECT 1 FROM {table}") == [], table  # noqa: S608


def test_while_a_verb_writes_in_a_case_the_law_reads_its_clock_rows_and_no_payload(cast: Cast) -> None:
    cast.ask()
    with transaction.atomic(), connection.cursor() as cursor:
        set_acting("110101", "test", [cast.thread] if cast.thread else [])
        cursor.execute("SELECT count(*) FROM duties_event WHERE thread_id = %s", [cast.thread])
        assert cursor.fetchone() == (1,)
        cursor.execute(
            "SELECT count(*) FROM duties_payload WHERE event_id IN (SELECT id FROM duties_event WHERE thread_id = %s)",
            [cast.thread],
        )
        assert cursor.fetchone() == (0,)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE duties_event SET kind = 'x'",
        "DELETE FROM duties_event",
        "UPDATE duties_payload SET name = 'x'",
        "DELETE FROM duties_payload",
        "DELETE FROM duties_duty",
        "DELETE FROM registry_read",
        "UPDATE registry_read SET officer = 'x'",
        "UPDATE duties_lawtext SET name = 'x'",
        "UPDATE offices_line SET depth = 0",
        "ALTER TABLE duties_event DISABLE ROW LEVEL SECURITY",
        "DROP POLICY event_read ON duties_event",
        "SET ROLE yipan_owner",
    ],
)
def test_the_working_role_cannot_rewrite_what_happened_or_lift_its_own_walls(
    cast: Cast, statement: str
) -> None:
    cast.ask()
    with pytest.raises(ProgrammingError, match=r"permission denied|must be owner"):
        _write(cast.residence, [], statement)


def test_nobody_writes_in_another_offices_name(cast: Cast) -> None:
    cast.ask()
    copy = (
        "INSERT INTO duties_event SELECT gen_random_uuid(), kind, pack, parties, lines, %s, officer, on_behalf_of, happened_at,"
        " recorded_at, counts_at, counts_by, clock, follows, corrects, seen_by, seq + 100, previous, digest, thread_id"
        " FROM duties_event WHERE thread_id = %s"
    )
    with pytest.raises(ProgrammingError, match="row-level security"):
        _write(cast.residence, [cast.thread] if cast.thread else [], copy, [cast.her_home, cast.thread])


def test_the_owner_of_the_tables_is_bound_by_the_policies_too(cast: Cast) -> None:
    cast.ask()
    with psycopg.connect(**database.connect_info("owner")) as owner:
        assert owner.execute(UNPUBLISHED).fetchone() == (0,)


def test_reading_a_case_is_logged_with_the_persons_it_showed(cast: Cast) -> None:
    _whole_story(cast)
    moment = at("2026-03-29T10:00")
    assert isinstance(cast.thread, UUID)
    view = read_case(permit(cast.his_home, moment), cast.thread, moment)
    facts = {text for event in view.story for _, fields in event.facts for _, text in fields}
    assert facts == {"他的住址"}
    rows = "SELECT cardinality(subjects) FROM registry_read WHERE %s = ANY(threads)"
    assert _seen(cast.his_home, rows, [cast.thread]) == [1]
    assert _seen(cast.residence, rows, [cast.thread]) == []


def test_a_list_shows_names_only_where_the_office_may_see_them_in_one_logged_look(cast: Cast) -> None:
    _whole_story(cast)
    moment = at("2026-03-29T10:00")
    assert isinstance(cast.thread, UUID)
    assert names_in(permit(cast.residence, moment), [cast.thread], moment) == {cast.thread: "李秀兰、陈志强"}
    # His home was asked about points, not told names; her home sees what was asked about her.
    assert names_in(permit(cast.his_home, moment), [cast.thread], moment) == {}
    assert names_in(permit("110101", moment), [cast.thread], moment) == {}
    rows = "SELECT cardinality(subjects) FROM registry_read WHERE %s = ANY(threads)"
    assert _seen(cast.residence, rows, [cast.thread]) == [2]
    assert _seen(cast.his_home, rows, [cast.thread]) == []


def test_a_case_that_is_not_for_this_office_is_not_there(cast: Cast) -> None:
    cast.ask()
    moment = at("2026-03-29T10:00")
    assert isinstance(cast.thread, UUID)
    with pytest.raises(UnknownThreadError):
        read_case(permit("110101", moment), cast.thread, moment)
    with pytest.raises(UnknownThreadError):
        read_case(permit(cast.his_home, moment), cast.thread, moment)


def test_what_an_office_may_do_next_names_no_part_it_may_not_know(cast: Cast) -> None:
    _whole_story(cast)
    moment = at("2026-03-29T10:00")
    assert isinstance(cast.thread, UUID)
    view = read_case(permit(cast.his_county, moment), cast.thread, moment)
    offered = [(action.kind, action.parties) for action in view.actions]
    assert offered == [("silence.acted-on", {"his_home": cast.his_home}), ("delay.noted", {})]
    home = read_case(permit(cast.his_home, moment), cast.thread, moment)
    assert {action.kind for action in home.actions} == {
        "verification.answered", "verification.arrived", "delay.noted",
    }  # fmt: skip


def test_the_worklist_sorts_what_is_over_what_is_soon_and_what_others_owe(cast: Cast) -> None:
    _whole_story(cast)
    moment = at("2026-03-29T10:00")
    today = owed_today(permit(cast.residence, moment), moment)
    assert [view.duty.rule for view in today.overdue] == ["birth-reg-enter-at-once"]
    assert {view.duty.rule for view in today.waiting} >= {"birth-reg-reply-15wd", "county-sees-silence"}
    county = owed_today(permit(cast.his_county, moment, "supervisor"), moment)
    assert "birth-reg-reply-15wd" in {view.duty.rule for view in county.subtree}
    assert [view.duty.rule for view in county.due_soon if view.duty.thread == cast.thread] == [
        "county-sees-silence"
    ]
