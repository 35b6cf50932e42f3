"""The fold told as a story: who owes what to whom, and what each event does to it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from tests.law.history import (
    CHONGQING,
    GUANGZHOU,
    RONG,
    History,
    answered,
    asked,
    couple,
    moment,
)
from tests.law.lawbook import line_of, real_packs, rulebook
from yipan.law.calendar import YearCalendar
from yipan.law.correction import substitute
from yipan.law.fold import fold
from yipan.law.rulebook import AdoptedYear, Adoption, Rulebook

if TYPE_CHECKING:
    from collections.abc import Mapping

    from yipan.law.event import Plain

REPLY, VERIFY, SILENCE = "birth-reg-reply-15wd", "birth-reg-verify-7wd", "county-sees-silence"
ENTER, NOTIFY = "birth-reg-enter-at-once", "birth-reg-notify-home-15wd"
AFTER_DEADLINE = "2026-03-24T00:05"


def silent_rong() -> History:
    """Return the story up to the lapse of his home: hers answered, his did not."""
    history = couple()
    asked(history)
    answered(history, "2026-03-10T14:00", CHONGQING, her_home=CHONGQING)
    history.lapse(history.duty(REPLY, "his_home"), AFTER_DEADLINE)
    return history


def test_the_registration_is_owed_at_once_and_to_the_person() -> None:
    duty = couple().duty(ENTER)
    assert (duty.owed_by, duty.owed_to, duty.due_on) == (GUANGZHOU, "person", date(2026, 2, 27))
    assert (duty.state, duty.in_time) == ("discharged", True)


def test_each_home_is_owed_a_question_and_owes_an_answer() -> None:
    history = couple()
    asked(history)
    assert [duty.state for duty in history.duties(VERIFY)] == ["discharged", "discharged"]
    replies = {duty.party_role: (duty.owed_by, duty.due_on) for duty in history.duties(REPLY)}
    assert replies == {"her_home": (CHONGQING, date(2026, 3, 23)), "his_home": (RONG, date(2026, 3, 23))}


def test_her_home_answering_does_not_answer_for_his() -> None:
    history = couple()
    asked(history)
    answered(history, "2026-03-10T14:00", CHONGQING, her_home=CHONGQING)
    assert history.duty(REPLY, "her_home").state == "discharged"
    assert history.duty(REPLY, "his_home").state == "open"


def test_two_from_one_township_are_two_duties_and_one_answer_may_serve_either_or_both() -> None:
    history = couple(her_home=RONG, his_home=RONG)
    asked(history, her_home=RONG, his_home=RONG)
    for_her = answered(history, "2026-03-10T14:00", RONG, her_home=RONG)
    assert [duty.state for duty in history.duties(REPLY)].count("discharged") == 1
    assert history.duty(REPLY, "her_home").closed_by == for_her.id
    history.events.remove(for_her)
    answered(history, "2026-03-10T14:00", RONG, her_home=RONG, his_home=RONG)
    assert [duty.state for duty in history.duties(REPLY)] == ["discharged", "discharged"]


def test_without_agreement_the_duty_is_released_without_fault() -> None:
    history = couple()
    asked(history)
    for duty in history.duties(NOTIFY):
        assert (duty.state, duty.in_time, duty.lapsed_at) == ("released", None, None)
        assert duty.closed_at == duty.opened_at


def test_not_having_been_asked_is_no_agreement() -> None:
    history = History()
    asked(history)
    assert {duty.state for duty in history.duties(REPLY)} == {"released"}


def test_a_withdrawn_agreement_releases_hers_and_leaves_his() -> None:
    history = couple()
    asked(history)
    homes = {"residence": GUANGZHOU, "her_home": CHONGQING, "his_home": RONG}
    history.write("consent.withdrawn", "2026-03-05T09:00", clock={"her_agrees_verify": False}, parties=homes)
    assert history.duty(REPLY, "her_home").state == "released"
    assert history.duty(REPLY, "his_home").state == "open"


def test_a_withdrawn_request_releases_the_home_it_was_withdrawn_from() -> None:
    history = couple()
    asked(history)
    history.write(
        "verification.withdrawn", "2026-03-05T09:00", parties={"asker": GUANGZHOU, "her_home": CHONGQING}
    )
    assert history.duty(REPLY, "her_home").state == "released"
    assert history.duty(REPLY, "his_home").state == "open"


def test_a_letter_counts_from_its_arrival_and_not_from_its_dispatch() -> None:
    history = couple()
    asked(history, channel="letter", his_home=RONG)
    assert history.duties(REPLY) == []
    arrival = {"channel": "letter"}
    history.write(
        "verification.arrived",
        "2026-03-06T15:00",
        clock=arrival,
        parties={"asker": GUANGZHOU, "his_home": RONG},
    )
    assert history.duty(REPLY).due_on == date(2026, 3, 27)


def test_a_lapse_is_a_mark_and_opens_the_countys_duty() -> None:
    history = silent_rong()
    late, county = history.duty(REPLY, "his_home"), history.duty(SILENCE)
    assert (late.state, late.lapsed_at) == ("open", moment(AFTER_DEADLINE))
    assert (county.owed_by, county.owed_to, county.due_on) == ("450921", GUANGZHOU, date(2026, 3, 27))
    assert (county.party_role, county.party) == ("his_home", RONG)


def test_a_late_answer_discharges_both_and_stays_late() -> None:
    history = silent_rong()
    answered(history, "2026-03-25T11:00", RONG, his_home=RONG)
    late, county = history.duty(REPLY, "his_home"), history.duty(SILENCE)
    assert (late.state, late.in_time, county.state, county.in_time) == (
        "discharged",
        False,
        "discharged",
        True,
    )
    assert late.lapsed_at == moment(AFTER_DEADLINE)


@pytest.mark.parametrize(
    ("by", "party", "state"),
    [
        ("450921", {"his_home": RONG}, "discharged"),
        ("450902", {"his_home": RONG}, "open"),
        ("450921", {"her_home": CHONGQING}, "open"),
    ],
)
def test_the_countys_duty_is_done_by_that_county_and_about_that_home(
    by: str, party: dict[str, str], state: str
) -> None:
    history = silent_rong()
    history.write(
        "silence.acted-on",
        "2026-03-25T09:00",
        by,
        clock={"measure": "reminded"},
        parties={"superior": by, **party},
    )
    assert history.duty(SILENCE).state == state


def test_an_answer_that_arrived_before_the_lapse_makes_the_countys_duty_void() -> None:
    history = silent_rong()
    answered(history, "2026-03-20T16:00", RONG, his_home=RONG)  # recorded late, with the signed receipt
    reply = history.duty(REPLY, "his_home")
    assert (reply.state, reply.in_time, reply.lapsed_at) == ("discharged", True, None)
    assert [duty.state for duty in history.duties(SILENCE)] == ["void"]


def test_the_midnight_that_ends_the_last_day_is_the_first_moment_that_is_late() -> None:
    for at, in_time in (("2026-03-23T23:59:59", True), ("2026-03-24T00:00", False)):
        history = couple()
        asked(history)
        answered(history, at, RONG, his_home=RONG)
        assert history.duty(REPLY, "his_home").in_time is in_time


def test_a_lapse_written_before_the_deadline_lapses_nothing() -> None:
    history = couple()
    asked(history)
    history.lapse(history.duty(REPLY, "his_home"), "2026-03-23T23:00")
    assert history.duty(REPLY, "his_home").lapsed_at is None
    assert [duty.state for duty in history.duties(SILENCE)] == ["void"]


def test_the_same_lapse_written_twice_opens_the_countys_duty_once() -> None:
    history = silent_rong()
    history.lapse(history.duty(REPLY, "his_home"), "2026-03-24T00:06")
    assert len(history.duties(SILENCE)) == 1


def test_a_correction_moves_the_deadline_of_the_same_duty() -> None:
    history = couple()
    first = asked(history)
    before = history.duty(REPLY, "his_home")
    homes = {"asker": GUANGZHOU, "her_home": CHONGQING, "his_home": RONG}
    history.write(
        "verification.asked", "2026-03-04T09:00", clock={"channel": "system"}, corrects=first, parties=homes
    )
    after = history.duty(REPLY, "his_home")
    assert (after.id, after.due_on) == (before.id, date(2026, 3, 25))
    assert history.duties(state="void") == []


def test_a_correction_past_the_lapse_undoes_it_and_the_countys_duty_comes_back_as_void() -> None:
    history = silent_rong()
    first = next(event for event in history.events if event.kind == "verification.asked")
    homes = {"asker": GUANGZHOU, "her_home": CHONGQING, "his_home": RONG}
    history.write(
        "verification.asked", "2026-04-01T09:00", clock={"channel": "system"}, corrects=first, parties=homes
    )
    assert history.duty(REPLY, "his_home").lapsed_at is None
    assert [duty.state for duty in history.duties(SILENCE)] == ["void"]


def test_a_correction_to_another_office_makes_the_first_ones_duty_void() -> None:
    history = couple()
    first = asked(history, his_home=RONG)
    history.write(
        "verification.asked",
        "2026-03-02T09:00",
        clock={"channel": "system"},
        corrects=first,
        parties={"asker": GUANGZHOU, "his_home": "450921102"},
    )
    states = {duty.owed_by: duty.state for duty in history.duties(REPLY)}
    assert states == {RONG: "void", "450921102": "open"}


def test_a_retraction_makes_void_what_was_opened_and_what_its_lapse_had_opened() -> None:
    history = silent_rong()
    first = next(event for event in history.events if event.kind == "verification.asked")
    history.write("event.retracted", "2026-04-02T09:00", corrects=first, parties={})
    assert {duty.state for duty in history.duties(REPLY)} == {"void"}
    assert [duty.state for duty in history.duties(SILENCE)] == ["void"]
    assert {duty.state for duty in history.duties(VERIFY)} == {"open"}


def test_a_retracted_lapse_leaves_a_void_duty_of_the_county() -> None:
    history = silent_rong()
    history.write("event.retracted", "2026-04-02T09:00", corrects=history.events[-1], parties={})
    assert history.duty(REPLY, "his_home").lapsed_at is None
    assert [duty.state for duty in history.duties(SILENCE)] == ["void"]


def test_of_corrections_of_corrections_the_last_holds() -> None:
    history = couple()
    asked(history)
    first = answered(history, "2026-03-10T14:00", RONG, his_home=RONG)
    second = answered(history, "2026-03-11T14:00", RONG, corrects=first, his_home=RONG)
    answered(history, "2026-03-12T14:00", RONG, corrects=second, his_home=RONG)
    reply = history.duty(REPLY, "his_home")
    assert reply.closed_at == moment("2026-03-12T14:00")
    assert reply.closed_by == first.id


def test_a_correction_that_comes_before_what_it_corrects_waits_for_it() -> None:
    history = couple()
    asked(history)
    first = answered(history, "2026-03-10T14:00", RONG, his_home=RONG)
    answered(history, "2026-03-11T14:00", RONG, corrects=first, his_home=RONG)
    without = [event for event in history.events if event.id != first.id]
    early = {duty.id: duty for duty in fold(without, history.rules)}
    assert early == {duty.id: duty for duty in fold(history.events, history.rules)}


def test_corrections_of_a_missing_event_are_one_chain() -> None:
    history = couple()
    lost = UUID(int=500)
    one = replace(asked(history), corrects=lost)
    two = replace(asked(history, "2026-03-05T09:00"), corrects=lost)
    effective, superseded = substitute([one, two])
    assert (effective, superseded) == ([(lost, two)], [(lost, one)])


def test_an_event_written_down_twice_is_one() -> None:
    history = silent_rong()
    assert fold([*history.events, *history.events], history.rules) == fold(history.events, history.rules)


def test_dongguan_has_no_county_and_its_city_acts() -> None:
    history = couple(his_home="441900101")
    asked(history, his_home="441900101")
    history.lapse(history.duty(REPLY), AFTER_DEADLINE)
    assert history.duty(SILENCE).owed_by == "4419"


def test_chongqing_has_no_city_and_the_district_acts() -> None:
    history = couple()
    asked(history)
    history.lapse(history.duty(REPLY, "her_home"), AFTER_DEADLINE)
    assert history.duty(SILENCE).owed_by == "500101"


def test_the_law_of_the_day_the_event_counts_holds() -> None:
    clock: dict[str, Plain] = {"papers": "complete", "her_agrees_verify": True}
    homes = {"residence": GUANGZHOU, "her_home": RONG}
    for at, pack in (("2021-09-25T23:59", "decree-555"), ("2021-09-26T00:00", "service-promise")):
        history = History()
        history.write("birth-registration.asked", at, clock=clock, parties=homes)
        assert history.duty(ENTER).rule_pack == pack


def test_nothing_is_owed_before_the_first_rule_is_in_force() -> None:
    history = History()
    clock: dict[str, Plain] = {"papers": "complete", "her_agrees_verify": True}
    history.write(
        "birth-registration.asked",
        "2009-09-30T10:00",
        clock=clock,
        parties={"residence": GUANGZHOU, "her_home": RONG},
    )
    assert history.duties() == []


# ------------------------------------------------------------------------------- calendars adopted later

YEAR_2027 = YearCalendar(
    year=2027,
    name="cn-2027",
    rest_days=frozenset({date(2027, 1, 1)}),
    makeup_days=frozenset({date(2027, 1, 2)}),
)


def with_2027(known_at: str) -> Rulebook:
    """Return a rulebook that came to know a calendar of 2027 at a moment."""
    adoptions = [Adoption(pack=pack) for pack in real_packs()]
    return Rulebook(adoptions, [AdoptedYear(year=YEAR_2027, known_at=moment(known_at))])


def new_year(rules: Rulebook) -> History:
    """Return a story whose two answers are due in 2027; hers came in time, his is open."""
    history = couple(rules=rules)
    asked(history, "2026-12-21T09:00")
    answered(history, "2026-12-24T09:00", CHONGQING, her_home=CHONGQING)
    return history


def test_a_deadline_past_the_last_published_year_is_provisional() -> None:
    history = new_year(rulebook())
    open_one, closed = history.duty(REPLY, "his_home"), history.duty(REPLY, "her_home")
    assert (open_one.due_on, open_one.provisional) == (date(2027, 1, 11), True)
    assert closed.provisional


def test_a_year_adopted_later_makes_open_deadlines_firm_and_leaves_closed_ones() -> None:
    history = new_year(with_2027("2026-12-28T09:00"))
    open_one, closed = history.duty(REPLY, "his_home"), history.duty(REPLY, "her_home")
    # Eight days of December, then 2 (make-up Saturday) and 4 to 8 January, and 11: New Year's Day rests.
    assert (open_one.due_on, open_one.provisional) == (date(2027, 1, 11), False)
    assert (closed.due_on, closed.provisional) == (date(2027, 1, 11), True)


def test_a_year_known_before_the_answer_makes_its_deadline_firm() -> None:
    closed = new_year(with_2027("2026-12-22T09:00")).duty(REPLY, "her_home")
    assert not closed.provisional


def extended_holiday(known_at: str) -> Rulebook:
    """Return a rulebook that learned, at a moment, that 23 March 2026 rests too."""
    (year,) = [year for pack in real_packs() for year in pack.calendars if year.year == 2026]
    longer = replace(year, rest_days=year.rest_days | {date(2026, 3, 23)})
    adoptions = [Adoption(pack=pack) for pack in real_packs()]
    return Rulebook(adoptions, [AdoptedYear(year=longer, known_at=moment(known_at))])


def test_a_holiday_declared_after_a_lapse_undoes_the_lapse_of_what_is_still_open() -> None:
    history = silent_rong()
    history.rules = extended_holiday("2026-03-24T10:00")
    reply = history.duty(REPLY, "his_home")
    assert (reply.due_on, reply.lapsed_at) == (date(2026, 3, 24), None)
    assert [duty.state for duty in history.duties(SILENCE)] == ["void"]


def test_a_lapse_undone_by_a_holiday_does_not_come_back_when_the_answer_comes() -> None:
    history = silent_rong()
    history.rules = extended_holiday("2026-03-24T10:00")
    answered(history, "2026-03-24T16:00", RONG, his_home=RONG)
    reply = history.duty(REPLY, "his_home")
    assert (reply.in_time, reply.lapsed_at) == (True, None)
    assert [duty.state for duty in history.duties(SILENCE)] == ["void"]


def test_a_holiday_declared_after_the_answer_changes_nothing_that_is_closed() -> None:
    history = silent_rong()
    answered(history, "2026-03-25T16:00", RONG, his_home=RONG)
    before = history.duties()
    history.rules = extended_holiday("2026-03-26T10:00")
    assert history.duties() == before


# ----------------------------------------------------------------------------------- quantity, all, count


def yearly(kind: str, *clocks: Mapping[str, Plain], office: str, year: str) -> History:
    history = History(rules=rulebook(strange=True))
    turned = {"unit": "year", "phase": "start", "period": year}
    history.write("period.turned", f"{year}-01-01T00:00", office, clock=turned, parties={"office": office})
    for number, clock in enumerate(clocks, start=1):
        at = f"{year}-02-{number:02}T09:00"
        history.write(kind, at, office, clock={"period": year, **clock}, parties={"office": office})
    return history


@pytest.mark.parametrize(("days", "state"), [((1,), "open"), ((1, 1), "discharged"), ((3,), "discharged")])
def test_a_quantity_is_the_sum_of_a_field(days: tuple[int, ...], state: str) -> None:
    history = yearly("training.held", *({"days": each} for each in days), office="500101", year="2010")
    assert history.duty("cq-training-2d").state == state


def test_all_of_counts_each_once_and_count_counts_every_time() -> None:
    twice_the_twelfth = [{"number": each} for each in (*range(1, 13), 12)]
    history = yearly("house-rule.in-force", *twice_the_twelfth, office="450921", year="2008")
    assert history.duty("rong-thirteen-rules").state == "open"
    assert history.duty("rong-thirteen-counted").state == "discharged"


@pytest.mark.parametrize(("year", "host"), [("2010", "44"), ("2011", "35"), ("2018", "50"), ("2020", "53")])
def test_a_rotation_takes_each_province_in_its_turn(year: str, host: str) -> None:
    for province in ("44", "35", "50", "53", "41"):
        history = yearly("provinces-meeting.held", office=province, year=year)
        assert bool(history.duties("prd-joint-meeting-yearly")) is (province == host)


def test_what_one_office_does_is_not_done_for_another() -> None:
    history = yearly("training.held", office="500101", year="2010")
    history.write(
        "training.held",
        "2010-03-01T09:00",
        "500103",
        clock={"period": "2010", "days": 5},
        parties={"office": "500103"},
    )
    assert history.duty("cq-training-2d").state == "open"


def test_a_doing_of_another_period_does_not_count() -> None:
    history = yearly("training.held", {"days": 2, "period": "2009"}, office="500101", year="2010")
    assert history.duty("cq-training-2d").state == "open"


# --------------------------------------------------------------------------------------- the narrowest scope


def test_of_two_definitions_only_that_of_the_narrowest_scope_opens() -> None:
    promise = next(pack for pack in real_packs() if pack.name == "service-promise")
    rule = replace(promise.rules["consult-reply-7wd"], pack="rong-promise")
    narrow = replace(promise, name="rong-promise", scope=("450921",), rules={rule.id: rule}, kinds={})
    rules = Rulebook(Adoption(pack=pack) for pack in (*real_packs(), narrow))
    history = History(rules=rules)
    for consulted in ("450921", "450902"):
        history.write(
            "consultation.asked",
            "2026-03-02T09:00",
            "440104",
            clock={"channel": "system"},
            parties={"asker": "440104", "consulted": consulted},
        )
    packs = {duty.owed_by: duty.rule_pack for duty in history.duties("consult-reply-7wd")}
    assert packs == {"450921": "rong-promise", "450902": "service-promise"}


def test_the_lines_of_an_event_are_those_of_its_day_and_not_asked_of_any_registry() -> None:
    history = silent_rong()
    lapse = history.events[-1]
    merged = {**line_of(RONG), "county": "450999"}
    history.events[-1] = replace(lapse, lines={RONG: merged})
    assert history.duty(SILENCE).owed_by == "450999"


def test_a_rule_that_opens_once_opens_again_when_what_had_opened_it_is_retracted() -> None:
    history = History()
    homes = {"residence": GUANGZHOU, "her_home": RONG}
    first = history.write(
        "birth-registration.asked", "2026-03-02T09:00", clock={"papers": "promise"}, parties=homes
    )
    again = history.write(
        "birth-registration.papers-completed",
        "2026-03-03T09:00",
        clock={"papers": "complete"},
        parties={"residence": GUANGZHOU},
    )
    assert [duty.opened_by for duty in history.duties(ENTER)] == [first.id]
    history.write("event.retracted", "2026-03-04T09:00", corrects=first, parties={})
    states = {duty.opened_by: duty.state for duty in history.duties(ENTER)}
    assert states == {first.id: "void", again.id: "open"}
