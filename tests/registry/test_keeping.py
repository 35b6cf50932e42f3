"""Retention: what is over ends by itself, the chain and the duties hold, and the page says what became of it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.duties.cast import at
from tests.registry.test_erasing import everything, openable, subject_of, superuser
from tests.registry.test_register import number, rows
from yipan.documents.ends import end_if_due, end_what_is_over
from yipan.duties.draft import Draft
from yipan.duties.record import record
from yipan.duties.replay import replay, verify
from yipan.registry.checking import compare

if TYPE_CHECKING:
    from uuid import UUID

    from tests.registry.conftest import Desk

NAME = "慕容秋水"


def ended_in(desk: Desk, thread: UUID) -> list[str]:
    """Return the officers and counts of the entries that ended something in a case."""
    query = "SELECT officer, cardinality(follows) FROM duties_event WHERE thread_id = %s AND kind = 'records.ended'"
    return [f"{officer} {count}" for officer, count in rows(desk, query, thread)]


def test_who_withdrew_is_kept_for_the_days_that_the_pack_says_and_no_longer(desk: Desk) -> None:
    mine = number()
    thread = desk.enrol(NAME, mine, residence="360731100", arrived_on="2024-03-02")
    subject = subject_of(desk, thread)
    desk.now = at("2026-03-10T09:00")
    desk.record("enrolment.ended", thread, because="withdrawn")
    end_what_is_over(at("2026-03-25T23:00"))
    assert any(mine in each for each in openable({subject}))
    end_what_is_over(at("2026-03-26T01:00"))
    assert openable({subject}) == []
    assert ended_in(desk, thread) == ["the-clock 1"]
    for secret in (mine, NAME, "murongqiushui"):
        assert [table for table, text in everything() if secret in text] == [], secret
    states = rows(desk, "SELECT state FROM duties_duty WHERE thread_id = %s", thread)
    assert states == [("released",)]
    assert verify().faults == []
    end_what_is_over(at("2026-03-27T01:00"))
    assert len(ended_in(desk, thread)) == 1


def test_an_enrolment_that_holds_never_ends_and_one_that_began_again_has_not_ended(desk: Desk) -> None:
    mine = number()
    holds = desk.enrol(NAME, number())
    again = desk.enrol(NAME, mine)
    desk.now = at("2026-04-01T09:00")
    desk.record("enrolment.ended", again, because="returned-home")
    desk.now = at("2026-09-01T09:00")
    assert desk.enrol(NAME, mine) == again
    subjects = {subject_of(desk, holds), subject_of(desk, again)}
    end_what_is_over(at("2026-12-01T09:00"))
    assert len(openable(subjects)) == 3


def test_a_case_under_way_is_kept_whatever_its_age_and_a_closed_one_until_its_term_is_over(
    desk: Desk,
) -> None:
    desk.now = at("2023-03-01T09:00")
    running = desk.record("help.asked", name=NAME, matter="找工作", about="work").threads[0]
    done = desk.record("help.asked", name=NAME, matter="上学", about="schooling").threads[0]
    desk.now = at("2023-03-03T09:00")
    desk.record("help.given", done, outcome="已入学")
    end_what_is_over(at("2026-03-03T23:00"))
    assert ended_in(desk, done) == []
    end_what_is_over(at("2026-03-04T01:00"))
    assert ended_in(desk, done) == ["the-clock 2"]
    assert ended_in(desk, running) == []
    assert rows(desk, "SELECT state FROM duties_duty WHERE thread_id = %s", done) == [("discharged",)]


def test_the_page_says_that_it_ended_under_retention_and_the_register_keeps_its_columns(desk: Desk) -> None:
    from yipan.registry.access import read_case  # noqa: PLC0415  # after Django is set up

    desk.now = at("2020-03-01T09:00")
    desk.record("headcount.noted", None, None, None, people="70", period="2020-02", township=desk.office)
    desk.now = at("2022-11-01T09:00")
    thread = desk.record("help.asked", name=NAME, matter="找工作", about="work").threads[0]
    desk.record("help.given", thread, outcome="已就业")
    end_what_is_over(at("2026-03-04T01:00"))
    desk.now = at("2026-03-04T02:00")
    shown = str(read_case(desk.permit(), thread, desk.now))
    assert "保存期限届满" in shown
    assert "已删除" not in shown
    assert rows(desk, "SELECT people FROM registry_headcount") == [(70,)]


def test_what_a_law_wanted_kept_of_somebody_who_was_erased_ends_on_its_day(desk: Desk) -> None:
    from yipan.documents.ends import erase  # noqa: PLC0415  # after Django is set up

    desk.now = at("2022-03-01T09:00")
    thread = desk.enrol(NAME, number())
    subject = subject_of(desk, thread)
    case = desk.record(
        "correction.asked", None, {"person": subject}, None, name=NAME, wrong="住址", right="别处"
    ).threads[0]
    desk.record("correction.declined", case, reason="与证件不符", complain_to="县卫健局")
    asked = desk.record("erasure.asked", None, {"person": subject}, None, name=NAME).threads[0]
    desk.threads.update(erase(desk.permit(), asked, desk.now).threads)
    count = "SELECT (SELECT count(*) FROM duties_keptkey WHERE id = %(s)s), (SELECT count(*) FROM duties_payload WHERE subject_id = %(s)s AND ciphertext <> '')"

    def left() -> Any:  # noqa: ANN401  # a row of two counts
        with superuser() as connection:
            return connection.execute(count, {"s": subject}).fetchone()

    assert left() == (1, 1)
    end_what_is_over(at("2025-03-01T23:00"))
    assert left() == (1, 1)
    end_what_is_over(at("2025-03-02T01:00"))
    assert left() == (0, 0)
    assert rows(desk, "SELECT kept_until FROM duties_erasure WHERE subject = %s", subject) == [(None,)]
    assert verify().faults == []


def test_terms_are_looked_at_once_a_day(desk: Desk) -> None:
    from datetime import UTC, datetime  # noqa: PLC0415  # used here alone

    assert desk.office
    today = datetime.now(UTC)
    end_what_is_over(at("2020-01-01T00:00"))
    assert end_if_due(today) is None


def test_rows_that_nobody_agreed_to_or_mended_end_by_themselves_and_the_counts_stay(desk: Desk) -> None:
    from yipan.registry import importing, rosterdesk  # noqa: PLC0415  # after Django is set up
    from yipan.registry.intake import IntakeGoneError  # noqa: PLC0415
    from yipan.registry.sheets import open_roster  # noqa: PLC0415

    def roster(*names: str) -> UUID:
        rows = "".join(f"{name},{number() if name != NAME else '1'},是\n" for name in names)
        sheet = open_roster(f"姓名,公民身份号码,同意登记\n{rows}".encode(), "terms.csv")
        begun = importing.begin(desk.permit(), sheet, desk.now, wait=True)
        importing.read(desk.permit(), begun, sheet, desk.office)
        return begun

    desk.record("office.opened")
    waits, done = roster("东方明月"), roster("东方秋月", NAME)
    rosterdesk.enter(desk.permit(), done, desk.now, stated=True)
    rosterdesk.go_on(desk.permit(), done, lambda: desk.now)
    desk.threads.update(thread for [thread] in rows(desk, "SELECT thread FROM registry_person"))
    began = desk.now
    for days, left in ((29, True), (30, True), (31, False)):
        desk.now = began + timedelta(days=days)
        end_what_is_over(desk.now)
        for each in (waits, done):
            assert rosterdesk.on_desk(desk.permit(), each, desk.now).has_rows is left, (days, each)
    states = {each: rosterdesk.on_desk(desk.permit(), each, desk.now).state for each in (waits, done)}
    assert states == {waits: "dropped", done: "done"}
    assert importing.outcome(desk.permit(), done).rejected == 1
    with pytest.raises(IntakeGoneError):
        rosterdesk.workbook(desk.permit(), done, desk.now, "zh")
    assert rows(
        desk, "SELECT count(*) FROM registry_intakepart WHERE entries IS NOT NULL OR returned IS NOT NULL"
    ) == [(0,)]


def test_a_term_cannot_be_said_to_be_over_for_entries_of_another_case(desk: Desk) -> None:
    from django.db.utils import ProgrammingError  # noqa: PLC0415  # as Django gives it

    from yipan.duties.faults import AnotherVerbError  # noqa: PLC0415
    from yipan.offices.permit import clock_permit  # noqa: PLC0415
    from yipan.registry.keeping import Ending  # noqa: PLC0415

    one, other = desk.enrol(NAME, number()), desk.enrol(NAME, number())
    [(event,)] = rows(desk, "SELECT id FROM duties_event WHERE thread_id = %s", other)
    clock = clock_permit(desk.office, desk.now)
    draft = Draft(kind="records.ended", thread=one, follows=(event,))
    with pytest.raises(ProgrammingError, match="of one case"):
        record([draft], permit=clock, clock=lambda: desk.now, also=Ending(clock))
    with pytest.raises(AnotherVerbError, match=r"records\.ended"):
        record([draft], permit=clock, clock=lambda: desk.now)


@settings(max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(steps=st.lists(st.sampled_from(["enrol", "leave", "withdraw", "help", "erase", "sweep"]), max_size=7))
def test_whatever_ends_the_duties_the_register_and_the_chains_still_hold(
    desk: Desk, steps: list[str]
) -> None:
    from yipan.documents.ends import erase  # noqa: PLC0415  # after Django is set up
    from yipan.errors import YipanError  # noqa: PLC0415

    moment, threads, known = at("2020-01-06T09:00"), list["UUID"](), list["UUID"]()
    for step in ("enrol", *steps, "sweep"):
        desk.now = moment = moment + timedelta(days=40)
        here = rows(desk, "SELECT subject FROM registry_person WHERE thread = %s", known[-1]) if known else []
        if step in ("help", "erase") and not here:
            continue  # she is not in the register any more
        try:
            if step == "enrol":
                known.append(desk.enrol(NAME, number()))
            elif step in ("leave", "withdraw"):
                desk.record(
                    "enrolment.ended", known[-1], because="withdrawn" if step == "withdraw" else "her-wish"
                )
            elif step == "help":
                case = desk.record(
                    "help.asked",
                    None,
                    {"person": here[0][0]},
                    None,
                    name=NAME,
                    matter="事",
                    about="work",
                ).threads[0]
                desk.record("help.given", case, outcome="办了")
                threads.append(case)
            elif step == "erase":
                asked = desk.record("erasure.asked", None, {"person": here[0][0]}, None, name=NAME).threads[0]
                erase(desk.permit(), asked, desk.now)
            else:
                end_what_is_over(moment + timedelta(days=500))
        except YipanError:
            continue  # her enrolment has ended, or there is nothing to end
    assert replay(sorted(desk.threads)).differences == []
    assert compare().differences == []
    assert verify().faults == []
