"""`record()` at the door: one couple, what opens and closes, who may, and what is refused."""

from __future__ import annotations

import threading
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection, transaction

from tests.duties.cast import EVIDENCE, Cast, at, fresh_id, permit
from yipan.duties.draft import Draft
from yipan.duties.faults import DraftFaultsError, EventIdTakenError, StaleCaseError, UnknownThreadError
from yipan.duties.naming import case_of
from yipan.duties.projecting import Projecting
from yipan.duties.record import record
from yipan.duties.replay import verify
from yipan.duties.sweep import sweep
from yipan.offices.permit import NotPermittedError, PermitExpiredError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from django.db.backends.utils import CursorWrapper

    from yipan.duties.projecting import Recorded


def test_a_registration_opens_the_duty_to_enter_it_and_one_question_for_each_home(cast: Cast) -> None:
    cast.ask()
    duties = cast.duties()
    assert {key: duty.due_on for key, duty in duties.items()} == {
        ("birth-reg-enter-at-once", ""): date(2026, 3, 2),
        ("birth-reg-verify-7wd", "her_home"): date(2026, 3, 11),
        ("birth-reg-verify-7wd", "his_home"): date(2026, 3, 11),
    }
    assert {duty.owed_by for duty in duties.values()} == {cast.residence}


def test_her_home_answering_does_not_answer_for_his(cast: Cast) -> None:
    cast.open_offices()
    cast.ask()
    cast.step(
        cast.residence, "verification.asked", "2026-03-03T09:00", her_home=cast.her_home, channel="system"
    )
    cast.step(
        cast.residence, "verification.asked", "2026-03-03T09:05", his_home=cast.his_home, channel="letter"
    )
    cast.step(
        cast.residence, "verification.arrived", "2026-03-09T09:00", his_home=cast.his_home, channel="letter",
        arrived="2026-03-06T15:00",
    )  # fmt: skip
    cast.step(cast.her_home, "verification.answered", "2026-03-10T14:00", result="confirmed")
    duties = cast.duties()
    assert duties["birth-reg-reply-15wd", "her_home"].in_time is True
    assert duties["birth-reg-reply-15wd", "his_home"].state == "open"
    assert duties["birth-reg-reply-15wd", "his_home"].due_on == date(2026, 3, 27)


@pytest.mark.parametrize("result", ["differs", "not-found"])
def test_a_home_that_found_nobody_or_something_else_says_so_in_words(cast: Cast, result: str) -> None:
    cast.open_offices()
    cast.ask()
    cast.step(
        cast.residence, "verification.asked", "2026-03-03T09:00", her_home=cast.her_home, channel="system"
    )
    with pytest.raises(DraftFaultsError) as refused:
        cast.step(cast.her_home, "verification.answered", "2026-03-10T14:00", result=result)
    # Of her alone: what his home would say is none of hers.
    assert [each.field for each in refused.value.faults] == ["her_remark"]
    said = "户籍档案和村委会名册都查过，没有此人"
    cast.step(cast.her_home, "verification.answered", "2026-03-10T14:00", result=result, her_remark=said)
    assert cast.duties()["birth-reg-reply-15wd", "her_home"].in_time is True


def test_without_her_agreement_the_question_and_the_notice_are_released_without_fault(cast: Cast) -> None:
    cast.ask(her_agrees_verify=False, her_agrees_notice=False, his_agrees_notice=None)
    cast.step(cast.residence, "birth-registration.entered", "2026-03-02T11:00")
    duties = cast.duties()
    assert duties["birth-reg-verify-7wd", "her_home"].state == "released"
    assert duties["birth-reg-verify-7wd", "his_home"].state == "open"
    assert duties["birth-reg-notify-home-15wd", "her_home"].state == "released"
    assert duties["birth-reg-notify-home-15wd", "his_home"].state == "released"


def test_agreement_withdrawn_later_releases_what_was_still_to_be_asked(cast: Cast) -> None:
    cast.ask()
    cast.step(cast.residence, "consent.withdrawn", "2026-03-04T11:00", his_agrees_verify=False)
    duties = cast.duties()
    assert duties["birth-reg-verify-7wd", "his_home"].state == "released"
    assert duties["birth-reg-verify-7wd", "her_home"].state == "open"


def test_silence_lapses_and_lands_on_the_county_and_a_late_answer_is_recorded_on_behalf(cast: Cast) -> None:
    cast.ask()
    cast.step(
        cast.residence, "verification.asked", "2026-03-03T09:05", his_home=cast.his_home, channel="letter"
    )
    cast.step(
        cast.residence, "verification.arrived", "2026-03-09T09:00", his_home=cast.his_home, channel="letter",
        arrived="2026-03-06T15:00",
    )  # fmt: skip
    sweep(at("2026-03-28T09:00"))
    county = cast.duties()["county-sees-silence", "his_home"]
    assert (county.owed_by, county.state) == (cast.his_county, "open")
    cast.step(
        cast.residence, "verification.answered", "2026-04-03T10:00", his_home=cast.his_home, result="confirmed",
        on_behalf_of=cast.his_home, arrived="2026-03-31T16:00",
    )  # fmt: skip
    duties = cast.duties()
    reply = duties["birth-reg-reply-15wd", "his_home"]
    assert (reply.state, reply.in_time, reply.lapsed_at) == ("discharged", False, at("2026-03-28T09:00"))
    assert duties["county-sees-silence", "his_home"].in_time is True


def test_an_answer_that_arrived_in_time_but_was_recorded_late_strikes_the_lapse_and_says_so(
    cast: Cast,
) -> None:
    cast.ask()
    cast.step(
        cast.residence, "verification.asked", "2026-03-03T09:05", his_home=cast.his_home, channel="letter"
    )
    cast.step(
        cast.residence, "verification.arrived", "2026-03-09T09:00", his_home=cast.his_home, channel="letter",
        arrived="2026-03-06T15:00",
    )  # fmt: skip
    sweep(at("2026-03-28T09:00"))
    receipt = cast.step(
        cast.residence, "verification.answered", "2026-04-03T10:00", his_home=cast.his_home, result="confirmed",
        on_behalf_of=cast.his_home, arrived="2026-03-27T16:00",
    )  # fmt: skip
    duties = cast.duties()
    reply = duties["birth-reg-reply-15wd", "his_home"]
    assert (reply.in_time, reply.lapsed_at) == (True, None)
    assert duties["county-sees-silence", "his_home"].state == "void"
    assert receipt.recomputed == 2
    assert cast.kinds().count("duty.recomputed") == 2


def test_a_corrected_arrival_moves_the_deadline_and_the_old_one_is_told(cast: Cast) -> None:
    cast.ask()
    wrong = fresh_id()
    cast.step(
        cast.residence, "verification.asked", "2026-03-03T09:05", his_home=cast.his_home, channel="letter"
    )
    said: dict[str, Any] = {"his_home": cast.his_home, "channel": "letter"}
    cast.step(
        cast.residence,
        "verification.arrived",
        "2026-03-09T09:00",
        id=wrong,
        arrived="2026-03-06T15:00",
        **said,
    )
    cast.step(
        cast.residence,
        "verification.arrived",
        "2026-03-10T09:00",
        corrects=wrong,
        arrived="2026-03-05T15:00",
        **said,
    )
    reply = cast.duties()["birth-reg-reply-15wd", "his_home"]
    assert reply.due_on == date(2026, 3, 26)
    assert "duty.recomputed" in cast.kinds()


def test_a_withdrawn_entry_voids_what_it_opened_and_stays_readable(cast: Cast) -> None:
    cast.ask()
    wrong = fresh_id()
    cast.step(
        cast.residence,
        "verification.asked",
        "2026-03-03T09:05",
        his_home=cast.his_home,
        channel="letter",
        id=wrong,
    )
    assert cast.duties()["birth-reg-verify-7wd", "his_home"].state == "discharged"
    cast.step(cast.residence, "event.retracted", "2026-03-04T09:00", corrects=wrong)
    assert cast.duties()["birth-reg-verify-7wd", "his_home"].state == "open"
    assert "verification.asked" in cast.kinds()


def test_nobody_can_date_herself_back_without_evidence_or_forward_at_all(cast: Cast) -> None:
    cast.ask()
    draft = {"her_home": cast.her_home, "channel": "letter"}
    early = Draft(kind="verification.asked", thread=cast.thread, at=at("2026-03-02T12:00"), fields=draft)
    late = Draft(
        kind="verification.asked",
        thread=cast.thread,
        at=at("2027-03-02T12:00"),
        evidence=EVIDENCE,
        fields=draft,
    )
    moment = at("2026-03-20T09:00")
    with pytest.raises(DraftFaultsError) as refused:
        record([early, late], permit=permit(cast.residence, moment), clock=lambda: moment)
    assert [fault.field for fault in refused.value.faults] == ["evidence", "at"]


def test_all_faults_of_a_draft_are_said_at_once_in_both_languages_and_nothing_is_written(cast: Cast) -> None:
    before = verify().events
    with pytest.raises(DraftFaultsError) as refused:
        cast.act(
            cast.residence, "birth-registration.asked", "2026-03-02T10:00", her_home=cast.her_home, papers="maybe",
            her_identity_number="123", parity="2", her_agrees_verify="perhaps",
        )  # fmt: skip
    assert {fault.field for fault in refused.value.faults} == {
        "parity", "her_name", "her_identity_number", "papers", "her_agrees_verify",
    }  # fmt: skip
    assert "请填写“女方姓名”" in refused.value.say("zh")
    assert "Fill in: Her name" in refused.value.say("en")
    assert verify().events == before


def test_an_arrival_before_its_question_is_a_mistyped_day_and_lets_nobody_off(cast: Cast) -> None:
    cast.ask()
    cast.step(
        cast.residence, "verification.asked", "2026-03-03T09:05", his_home=cast.his_home, channel="letter"
    )
    said = {"his_home": cast.his_home, "channel": "letter"}
    with pytest.raises(DraftFaultsError, match="before what it follows"):
        cast.step(
            cast.residence, "verification.arrived", "2026-03-09T09:00", arrived="2026-02-06T15:00", **said
        )


def test_a_batch_begins_a_case_and_goes_on_in_it_and_at_one_instant_what_follows_comes_after(
    cast: Cast,
) -> None:
    moment = at("2026-03-02T10:00")
    # The later step bears the earlier id: only what it follows says which came first.
    ids = sorted((fresh_id(), fresh_id()))
    fields = {
        "her_home": cast.her_home,
        "her_name": "李秀兰",
        "papers": "complete",
        "her_agrees_verify": True,
    }
    asked = Draft(kind="birth-registration.asked", id=ids[1], fields=fields)
    entered = Draft(
        kind="birth-registration.entered", id=ids[0], thread=case_of(ids[1]), fields={"form_number": "1"}
    )
    receipt = record([asked, entered], permit=permit(cast.residence, moment), clock=lambda: moment)
    cast.touched.update(receipt.threads)
    cast.thread = receipt.threads[0]
    assert cast.duties()["birth-reg-enter-at-once", ""].in_time is True


def test_an_office_outside_the_system_is_not_sent_a_system_message(cast: Cast) -> None:
    cast.ask()
    with pytest.raises(DraftFaultsError, match="not on the system"):
        cast.step(
            cast.residence, "verification.asked", "2026-03-03T09:05", his_home=cast.his_home, channel="system"
        )


def test_an_office_that_is_no_party_cannot_tell_the_case_from_one_that_is_not_there(cast: Cast) -> None:
    cast.ask()
    for thread in (cast.thread, fresh_id()):
        with pytest.raises(UnknownThreadError):
            cast.act(
                cast.her_home, "verification.answered", "2026-03-03T09:05", thread=thread, result="confirmed"
            )


def test_a_home_cannot_answer_for_the_other_home(cast: Cast) -> None:
    cast.open_offices()
    cast.ask()
    cast.step(
        cast.residence, "verification.asked", "2026-03-03T09:00", her_home=cast.her_home, channel="system"
    )
    with pytest.raises(DraftFaultsError, match="cannot record this"):
        cast.step(
            cast.her_home,
            "verification.answered",
            "2026-03-04T09:00",
            his_home=cast.his_home,
            result="confirmed",
        )


def test_the_late_office_cannot_act_on_its_own_silence_in_its_superiors_place(cast: Cast) -> None:
    cast.ask()
    cast.step(
        cast.residence, "verification.asked", "2026-03-03T09:05", his_home=cast.his_home, channel="letter"
    )
    said = {"his_home": cast.his_home, "channel": "letter"}
    cast.step(cast.residence, "verification.arrived", "2026-03-09T09:00", arrived="2026-03-06T15:00", **said)
    sweep(at("2026-03-28T09:00"))
    with pytest.raises(DraftFaultsError, match="owes nothing here as superior"):
        cast.step(
            cast.his_home, "silence.acted-on", "2026-03-28T10:00", his_home=cast.his_home, measure="reminded"
        )
    assert cast.duties()["county-sees-silence", "his_home"].state == "open"
    cast.step(
        cast.his_county, "silence.acted-on", "2026-03-30T10:00", his_home=cast.his_home, measure="reminded"
    )
    assert cast.duties()["county-sees-silence", "his_home"].in_time is True


def test_nobody_puts_another_office_in_a_part_that_the_case_knows(cast: Cast) -> None:
    cast.ask()
    with pytest.raises(DraftFaultsError, match="cannot be another"):
        cast.step(
            cast.residence, "verification.asked", "2026-03-03T09:05", her_home=cast.his_home, channel="letter"
        )


def test_the_permit_is_asked_first(cast: Cast) -> None:
    moment = at("2026-03-02T10:00")
    draft = Draft(kind="office.opened")
    for role in ("clerk", "data-officer"):
        with pytest.raises(NotPermittedError, match="open-office"):
            record([draft], permit=permit(cast.residence, moment, role), clock=lambda: moment)
    with pytest.raises(PermitExpiredError):
        record([draft], permit=permit(cast.residence, moment), clock=lambda: at("2026-03-02T12:00"))


def test_a_head_cannot_say_what_only_the_clock_or_an_adoption_says(cast: Cast) -> None:
    moment = at("2026-03-02T10:00")
    for kind in ("period.turned", "duty.lapsed", "duty.recomputed", "pack.adopted"):
        with pytest.raises(NotPermittedError):
            record(
                [Draft(kind=kind, thread=fresh_id())],
                permit=permit(cast.residence, moment),
                clock=lambda: moment,
            )


def test_the_same_event_twice_is_one_entry_and_its_id_cannot_serve_another(cast: Cast) -> None:
    cast.ask()
    own = fresh_id()
    said = {"her_home": cast.her_home, "channel": "letter", "id": own}
    first = cast.step(cast.residence, "verification.asked", "2026-03-03T09:00", **said)
    again = cast.step(cast.residence, "verification.asked", "2026-03-05T09:00", **said)
    assert (first.events, again.events, again.already) == ((own,), (), (own,))
    assert cast.kinds().count("verification.asked") == 1
    with pytest.raises(EventIdTakenError):
        cast.act(cast.residence, "office.opened", "2026-03-05T09:00", id=own)


def test_two_people_on_one_case_the_second_is_told_and_nothing_is_overwritten(cast: Cast) -> None:
    cast.ask()
    cast.step(cast.residence, "birth-registration.entered", "2026-03-02T10:30", as_of=1)
    with pytest.raises(StaleCaseError):
        cast.step(cast.residence, "birth-registration.entered", "2026-03-02T10:31", as_of=1)
    assert cast.kinds() == ["birth-registration.asked", "birth-registration.entered"]


def _at_once(number: int, work: Callable[[int], object]) -> list[BaseException]:
    """Run a piece of work in threads that start together, each with its own connection; return what went wrong."""
    gate, wrong = threading.Barrier(number), []

    def run(each: int) -> None:
        try:
            gate.wait()
            work(each)
        except BaseException as error:  # noqa: BLE001  # told to the test, which judges it
            wrong.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(each,)) for each in range(number)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    return wrong


def test_twenty_writers_on_one_case_lose_nothing_and_the_chain_holds(cast: Cast) -> None:
    cast.ask()
    wrong = _at_once(
        20, lambda n: cast.step(cast.residence, "delay.noted", "2026-03-05T09:00", reason=f"人手不足 {n}")
    )
    assert wrong == []
    assert cast.kinds().count("delay.noted") == 20
    assert verify().faults == []


def test_of_twenty_writers_with_the_same_event_one_enters_it(cast: Cast) -> None:
    cast.ask()
    own = fresh_id()
    wrong = _at_once(
        20, lambda _n: cast.step(cast.residence, "birth-registration.entered", "2026-03-02T11:00", id=own)
    )
    assert wrong == []
    assert cast.kinds().count("birth-registration.entered") == 1


def test_of_twenty_writers_who_saw_the_same_case_one_is_heard_and_nineteen_are_told(cast: Cast) -> None:
    cast.ask()
    wrong = _at_once(
        20, lambda n: cast.step(cast.residence, "delay.noted", "2026-03-05T09:00", as_of=1, reason=str(n))
    )
    assert [type(error) for error in wrong] == [StaleCaseError] * 19
    assert cast.kinds().count("delay.noted") == 1


def test_facts_are_nowhere_in_clear_in_the_database(cast: Cast) -> None:
    cast.ask(her_identity_number="500101199203154526", her_phone="13800138000")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('yipan.organisation', %s, true)", [cast.residence])
        for table in ("duties_event", "duties_payload", "duties_duty", "duties_subject"):
            query = f"SELECT count(*) FROM {table} t WHERE t::text ~ %s"  # noqa: S608  # our own tables
            cursor.execute(query, ["李秀兰|500101199203154526|13800138000"])
            assert cursor.fetchone() == (0,), table


class _Crossing(Projecting):
    """Takes two rows in an order of its own, the second only when the other writer has its first."""

    def __init__(self, rows: tuple[int, int], both: threading.Barrier) -> None:
        self.rows, self.both, self.tries = rows, both, 0

    def draw_new(self, cursor: CursorWrapper, recorded: Sequence[Recorded]) -> None:  # noqa: ARG002  # as every projection
        self.tries += 1
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [self.rows[0]])
        if self.tries == 1:
            self.both.wait()
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [self.rows[1]])


def test_of_two_writers_who_wait_for_each_other_one_goes_again_and_both_are_written(cast: Cast) -> None:
    both = threading.Barrier(2, timeout=30)
    crossing = [_Crossing(rows, both) for rows in ((7, 8), (8, 7))]
    offices = (cast.residence, cast.her_home)
    written: list[int] = []

    def write(office: str, also: _Crossing) -> None:
        now = at("2026-03-02T10:00")
        try:
            draft = Draft(kind="office.opened")
            written.append(
                len(record([draft], permit=permit(office, now), clock=lambda: now, also=also).events)
            )
        finally:
            connection.close()

    threads = [threading.Thread(target=write, args=pair) for pair in zip(offices, crossing, strict=True)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert written == [1, 1]
    assert sorted(each.tries for each in crossing) == [1, 2]
