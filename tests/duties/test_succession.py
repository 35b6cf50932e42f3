"""One office takes the place of another: open duties go over, what was closed stays, the chains fit, nothing twice."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.db.utils import DatabaseError, ProgrammingError

from tests.duties.cast import Cast, at, new_cast, permit
from tests.duties.heirs import (
    REPLY,
    SILENCE,
    VERIFY,
    above,
    another,
    asked_of_her_home,
    take_over,
    threads_of,
)
from yipan.duties import queries
from yipan.duties.faults import DraftFaultsError, UnknownThreadError
from yipan.duties.reorganising import (
    SameOfficeError,
    SucceededByAnotherError,
    hand_cases,
    succeed,
)
from yipan.duties.replay import verify
from yipan.duties.sweep import sweep
from yipan.offices.authority import NotAboveError
from yipan.offices.office import Organisation
from yipan.offices.permit import NotPermittedError, set_acting
from yipan.offices.succession import OfficeEndedError
from yipan.registry.access import read_case


def answer(cast: Cast, office: str, when: str, **said: Any) -> None:  # noqa: ANN401  # as Cast.act
    cast.step(office, "verification.answered", when, result="confirmed", **said)


def test_the_answer_by_the_successor_is_in_time_and_the_duty_is_still_the_same(cast: Cast) -> None:
    before = asked_of_her_home(cast)
    heir = another()
    took = take_over(cast, cast.her_home, heir, "2026-03-05T10:00")
    assert (took.cases, took.moved) == (2, 2)  # this case and the office's own affairs
    moved = cast.duties()[REPLY, "her_home"]
    assert (moved.id, moved.owed_by, moved.state) == (before.id, heir, "open")
    assert (moved.due_at, moved.opened_at, moved.party) == (before.due_at, before.opened_at, cast.her_home)
    assert "duty.recomputed" not in cast.kinds()
    answer(cast, heir, "2026-03-10T14:00")
    assert cast.duties()[REPLY, "her_home"].in_time is True
    again = take_over(cast, cast.her_home, heir, "2026-03-11T10:00")
    assert (again.decision, again.cases, again.moved) == (took.decision, 2, 0)
    assert verify().faults == []


def test_what_was_closed_stays_with_whom_it_was_closed_by(cast: Cast) -> None:
    asked_of_her_home(cast)
    answer(cast, cast.her_home, "2026-03-10T14:00")
    kept = cast.duties()[REPLY, "her_home"]
    take_over(cast, cast.her_home, another(), "2026-03-11T10:00")
    assert cast.duties()[REPLY, "her_home"] == kept
    assert kept.owed_by == cast.her_home


def test_a_lapse_of_before_stays_the_old_offices_and_the_new_one_does_what_is_left(cast: Cast) -> None:
    asked_of_her_home(cast)
    # Nobody has swept: what the office let pass before the decision is written down as its own.
    heir = another()
    take_over(cast, cast.her_home, heir, "2026-03-30T10:00")
    late = cast.duties()
    assert (late[REPLY, "her_home"].owed_by, late[REPLY, "her_home"].lapsed_by) == (heir, cast.her_home)
    assert late[SILENCE, "her_home"].owed_by == Organisation.objects.get(id=cast.her_home).supervisor_id
    answer(cast, heir, "2026-03-31T09:00")
    done = cast.duties()
    assert done[REPLY, "her_home"].in_time is False
    assert done[REPLY, "her_home"].lapsed_by == cast.her_home
    assert done[SILENCE, "her_home"].state == "discharged"


def test_a_lapse_of_after_is_the_new_offices_and_comes_to_its_own_county(cast: Cast) -> None:
    asked_of_her_home(cast)
    heir = another()
    take_over(cast, cast.her_home, heir, "2026-03-05T10:00")
    sweep(at("2026-03-30T09:00"))
    duties = cast.duties()
    assert duties[REPLY, "her_home"].lapsed_by == heir
    assert duties[SILENCE, "her_home"].owed_by == Organisation.objects.get(id=heir).supervisor_id


def test_a_message_to_the_office_that_is_no_more_reaches_the_one_in_its_place(cast: Cast) -> None:
    cast.open_offices()
    cast.ask()
    heir = another()
    take_over(cast, cast.her_home, heir, "2026-03-03T08:00")
    # The old office was on the system; so is the new one now, and the letter finds it.
    cast.step(
        cast.residence, "verification.asked", "2026-03-03T09:00", her_home=cast.her_home, channel="system"
    )
    duties = cast.duties()
    assert duties[VERIFY, "her_home"].state == "discharged"
    assert duties[REPLY, "her_home"].owed_by == heir
    # A case that begins later and names the old office means the new one too.
    other = cast.act(
        cast.residence, "birth-registration.asked", "2026-03-04T09:00", her_home=cast.her_home, her_name="李秀兰",
        papers="complete", her_agrees_verify=True,
    ).threads[0]  # fmt: skip
    assert cast.duties(other)[VERIFY, "her_home"].owed_to == heir


def test_whoever_is_owed_is_succeeded_too_and_what_it_would_owe_itself_is_released(cast: Cast) -> None:
    """The asking office takes the place of the office it asked."""
    home = another()
    cast.her_home = home
    asked_of_her_home(cast)
    take_over(cast, home, cast.residence, "2026-03-05T10:00")
    duties = cast.duties()
    assert duties[REPLY, "her_home"].state == "released"
    assert duties[REPLY, "her_home"].owed_by == home
    assert "duty.recomputed" not in cast.kinds()


def test_the_asking_office_is_succeeded_and_its_successor_goes_on_with_the_case(cast: Cast) -> None:
    asked_of_her_home(cast)
    heir = another()
    take_over(cast, cast.residence, heir, "2026-03-05T10:00")
    assert cast.duties()["birth-reg-enter-at-once", ""].owed_by == heir
    cast.step(heir, "birth-registration.entered", "2026-03-05T11:00")
    answer(cast, cast.her_home, "2026-03-06T09:00")
    assert {duty.state for duty in cast.duties().values()} >= {"discharged"}
    assert cast.duties()[REPLY, "her_home"].owed_to == heir
    # She reads what the office before her could: the names, and what was asked.
    now = at("2026-03-06T10:00")
    seen = read_case(permit(heir, now), cast.thread or UUID(int=0), now)
    assert seen.story[0].kind == "birth-registration.asked"
    assert any(each.facts for each in seen.story)
    assert {each.duty.rule for each in seen.duties} >= {REPLY, VERIFY, "birth-reg-enter-at-once"}


def test_two_offices_merge_into_a_third_and_each_part_is_answered_apart(cast: Cast) -> None:
    cast.his_home = another()
    cast.open_offices()
    cast.act(cast.his_home, "office.opened", "2026-03-01T08:00")
    cast.ask()
    for role, home in (("her_home", cast.her_home), ("his_home", cast.his_home)):
        cast.step(cast.residence, "verification.asked", "2026-03-03T09:00", channel="system", **{role: home})
    county = Organisation.objects.get(id=cast.her_home).supervisor_id
    beside = Organisation.objects.filter(supervisor=county).exclude(id=cast.her_home).order_by("-id")
    third = str(beside.values_list("id", flat=True)[0])
    for home in (cast.her_home, cast.his_home):
        take_over(cast, home, third, "2026-03-05T10:00")
    answer(cast, third, "2026-03-06T09:00", her_home=third)
    duties = cast.duties()
    assert duties[REPLY, "her_home"].state == "discharged"
    assert (duties[REPLY, "his_home"].state, duties[REPLY, "his_home"].owed_by) == ("open", third)
    answer(cast, third, "2026-03-06T09:30", his_home=cast.his_home)
    assert cast.duties()[REPLY, "his_home"].state == "discharged"


def test_of_a_split_office_named_cases_go_elsewhere_and_the_rest_to_its_successor(cast: Cast) -> None:
    asked_of_her_home(cast)
    named = cast.thread
    assert named is not None
    rest = cast.ask("2026-03-04T09:00")
    cast.step(
        cast.residence, "verification.asked", "2026-03-04T09:30", her_home=cast.her_home, channel="system"
    )
    heir = another()
    county = Organisation.objects.get(id=heir).supervisor_id
    other = str(
        Organisation.objects.filter(supervisor=county).order_by("-id").values_list("id", flat=True)[0]
    )
    moment = at("2026-03-05T10:00")
    deciding = permit(above(cast.her_home, other), moment)
    hand_cases(cast.her_home, other, [named], permit=deciding, clock=lambda: moment)
    again = hand_cases(cast.her_home, other, [named], permit=deciding, clock=lambda: moment)
    assert again.moved == 0
    assert cast.duties(rest)[REPLY, "her_home"].owed_by == cast.her_home
    strange = new_cast().ask("2026-03-05T08:00")
    with pytest.raises(UnknownThreadError):
        hand_cases(cast.her_home, other, [strange], permit=deciding, clock=lambda: moment)
    take_over(cast, cast.her_home, heir, "2026-03-05T11:00", deciding=above(cast.her_home, heir, other))
    assert cast.duties(named)[REPLY, "her_home"].owed_by == other
    assert cast.duties(rest)[REPLY, "her_home"].owed_by == heir
    cast.act(other, "verification.answered", "2026-03-06T09:00", thread=named, result="confirmed")
    assert cast.duties(named)[REPLY, "her_home"].in_time is True
    with pytest.raises(UnknownThreadError):
        cast.act(heir, "verification.answered", "2026-03-06T09:00", thread=named, result="confirmed")


def test_what_the_old_office_did_before_its_end_the_new_one_records_for_it_with_evidence(cast: Cast) -> None:
    before = asked_of_her_home(cast)
    heir = another()
    take_over(cast, cast.her_home, heir, "2026-03-12T10:00")
    answer(cast, heir, "2026-03-30T09:00", on_behalf_of=cast.her_home, arrived="2026-03-11T16:00")
    duty = cast.duties()[REPLY, "her_home"]
    # It was the old office that kept its word: late news of it puts the duty back, and says so.
    assert (duty.in_time, duty.owed_by) == (True, cast.her_home)
    assert "duty.recomputed" in cast.kinds()
    assert before.due_at == duty.due_at


def test_the_new_office_corrects_an_entry_of_the_old_one_but_not_the_decision_above(cast: Cast) -> None:
    asked_of_her_home(cast)
    answered = cast.step(
        cast.her_home, "verification.answered", "2026-03-04T09:00", result="confirmed"
    ).events[0]
    heir = another()
    take_over(cast, cast.her_home, heir, "2026-03-05T10:00")
    cast.step(
        heir,
        "verification.answered",
        "2026-03-06T09:00",
        result="differs",
        her_remark="姓名用字不同",
        corrects=answered,
    )
    cast.step(heir, "event.retracted", "2026-03-06T10:00", corrects=answered)
    with transaction.atomic(), connection.cursor() as cursor:
        set_acting("", "test", [cast.thread] if cast.thread else [])
        cursor.execute(
            "SELECT id FROM duties_event WHERE thread_id = %s AND kind = 'party.succeeded'", [cast.thread]
        )
        [told] = cursor.fetchone()
    for office in (heir, cast.residence):
        with pytest.raises(DraftFaultsError):
            cast.step(office, "event.retracted", "2026-03-06T11:00", corrects=told)


def test_an_office_does_not_withdraw_its_own_lapse(cast: Cast) -> None:
    asked_of_her_home(cast)
    sweep(at("2026-03-30T09:00"))
    with transaction.atomic(), connection.cursor() as cursor:
        set_acting(cast.her_home, "test", [])
        cursor.execute(
            "SELECT id FROM duties_event WHERE thread_id = %s AND kind = 'duty.lapsed' AND recorded_by = %s",
            [cast.thread, cast.her_home],
        )
        [lapse] = cursor.fetchone()
    with pytest.raises(DraftFaultsError, match="The system wrote this entry"):
        cast.step(cast.her_home, "event.retracted", "2026-03-30T10:00", corrects=lapse)
    assert cast.duties()[REPLY, "her_home"].lapsed_by == cast.her_home


def test_after_its_end_nobody_records_for_the_old_office_and_its_chain_cannot_be_added_to(cast: Cast) -> None:
    asked_of_her_home(cast)
    take_over(cast, cast.her_home, another(), "2026-03-05T10:00")
    with pytest.raises(OfficeEndedError):
        answer(cast, cast.her_home, "2026-03-06T09:00")
    moment = at("2026-03-06T09:00")
    with transaction.atomic(), connection.cursor() as cursor:
        set_acting(cast.her_home, "test", [])
        cursor.execute("UPDATE duties_chainhead SET seq = seq + 1 WHERE organisation = %s", [cast.her_home])
        assert cursor.rowcount == 0
    with pytest.raises(OfficeEndedError):
        succeed(
            cast.residence, cast.her_home, because="merged", permit=permit("00", moment), clock=lambda: moment
        )


def test_an_heir_is_succeeded_in_its_turn(cast: Cast) -> None:
    asked_of_her_home(cast)
    second = another()
    third = str(
        Organisation.objects.filter(supervisor=Organisation.objects.get(id=second).supervisor_id)
        .exclude(id=second)
        .order_by("-id")
        .values_list("id", flat=True)[0]
    )
    take_over(cast, cast.her_home, second, "2026-03-05T10:00")
    take_over(cast, second, third, "2026-03-06T10:00")
    assert cast.duties()[REPLY, "her_home"].owed_by == third
    answer(cast, third, "2026-03-09T09:00", her_home=cast.her_home)
    assert cast.duties()[REPLY, "her_home"].in_time is True
    now = at("2026-03-09T10:00")
    seen = queries.case(permit(third, now), cast.thread or UUID(int=0), now)
    assert "verification.asked" in [each.kind for each in seen.story]
    assert verify().faults == []


def test_the_case_offers_the_successor_what_is_to_be_done(cast: Cast) -> None:
    asked_of_her_home(cast)
    heir = another()
    take_over(cast, cast.her_home, heir, "2026-03-05T10:00")
    now = at("2026-03-06T09:00")
    today = queries.owed_today(permit(heir, now), now)
    assert [each.duty.thread for each in (*today.due_soon, *today.later)] == [cast.thread]
    seen = queries.case(permit(heir, now), cast.thread or UUID(int=0), now)
    [action] = [each for each in seen.actions if each.kind == "verification.answered"]
    answer(cast, heir, "2026-03-06T09:30", **action.parties)
    assert cast.duties()[REPLY, "her_home"].state == "discharged"


def test_periods_that_turned_before_are_the_old_offices_and_go_over_open_and_no_more_turn(cast: Cast) -> None:
    cast.open_offices("2026-01-15T08:00")
    heir = another()
    take_over(cast, cast.her_home, heir, "2026-03-05T10:00")
    sweep(at("2026-05-06T09:00"))
    with transaction.atomic(), connection.cursor() as cursor:
        set_acting(heir, "test", [])
        cursor.execute(
            "SELECT DISTINCT period FROM duties_duty WHERE party = '' AND period <> '' AND thread_id IN"
            " (SELECT thread_id FROM duties_event WHERE kind = 'period.turned' AND recorded_by = %s)"
            " ORDER BY 1",
            [cast.her_home],
        )
        periods = [row[0] for row in cursor.fetchall()]
        cursor.execute(
            "SELECT count(*) FROM duties_duty WHERE owed_by = %s AND state = 'open'", [cast.her_home]
        )
        [left] = cursor.fetchone()
    assert periods
    assert max(periods) < "2026-04"
    assert left == 0
    cast.touched.update(threads_of(heir))


def test_only_a_supervisor_or_head_of_an_office_above_both_decides(cast: Cast) -> None:
    asked_of_her_home(cast)
    heir = another()
    county = Organisation.objects.get(id=cast.her_home).supervisor_id
    with pytest.raises(NotAboveError):
        take_over(cast, cast.her_home, heir, "2026-03-05T10:00", deciding=county)
    for stranger in (cast.residence, heir, cast.her_home):
        with pytest.raises(NotAboveError):
            take_over(cast, cast.her_home, heir, "2026-03-05T10:00", "head", deciding=stranger)
    for role in ("clerk", "data-officer"):
        with pytest.raises(NotPermittedError):
            take_over(cast, cast.her_home, heir, "2026-03-05T10:00", role)
    with pytest.raises(SameOfficeError):
        take_over(cast, heir, heir, "2026-03-05T10:00", deciding="00")
    assert cast.duties()[REPLY, "her_home"].owed_by == cast.her_home
    take_over(cast, cast.her_home, heir, "2026-03-05T10:00")
    with pytest.raises(SucceededByAnotherError):
        take_over(cast, cast.her_home, cast.residence, "2026-03-06T10:00", deciding="00")


def test_the_working_role_changes_no_organisation_by_itself(cast: Cast) -> None:
    names = "(organisation_id, until_on, name, place, division, event)"
    for statement in (
        "UPDATE offices_organisation SET name = 'x' WHERE id = %s",
        "DELETE FROM offices_line WHERE organisation_id = %s",
        "INSERT INTO offices_succession (predecessor_id, successor_id, at, decision) VALUES (%s, '00', now(), gen_random_uuid())",
        f"INSERT INTO offices_formername {names} VALUES (%s, now(), '', '', '', gen_random_uuid())",  # noqa: S608
    ):
        with pytest.raises(ProgrammingError, match="permission denied"):
            _execute("00", statement, cast.her_home)
    opened = cast.act(cast.her_home, "office.opened", "2026-03-01T08:00").events[0]
    with pytest.raises(DatabaseError, match="no rows"):
        _execute(cast.her_home, "SELECT yipan_reorganise(%s)", opened)


def _execute(office: str, statement: str, value: str | UUID) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        set_acting(office, "test", [])
        cursor.execute(statement, [value])


def test_strangers_see_nothing_more_after_a_succession(cast: Cast) -> None:
    asked_of_her_home(cast)
    stranger, heir = another(), another()
    take_over(cast, cast.her_home, heir, "2026-03-05T10:00")
    now = at("2026-03-06T09:00")
    for office in (stranger, Organisation.objects.get(id=heir).supervisor_id):
        with pytest.raises(UnknownThreadError):
            queries.case(permit(str(office), now), cast.thread or UUID(int=0), now)
    # The heir of her home sees what her home saw, and nothing of the registration or of him.
    seen = queries.case(permit(heir, now), cast.thread or UUID(int=0), now)
    assert [each.kind for each in seen.story] == ["verification.asked", "party.succeeded"]
