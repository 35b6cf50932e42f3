"""Random histories of a thread: the fold is a function of the set of events, whatever their order."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.law.history import CHONGQING, GUANGZHOU, RONG, THREAD, moment
from tests.law.lawbook import line_of, rulebook
from yipan.law.event import Event
from yipan.law.fold import DISCHARGED, OPEN, RELEASED, VOID, Duty, duty_id, fold

if TYPE_CHECKING:
    from collections.abc import Sequence

    from yipan.law.event import Plain

START = moment("2026-02-27T09:00")
HOMES = {"her_home": CHONGQING, "his_home": RONG}
REPLY, SILENCE = "birth-reg-reply-15wd", "county-sees-silence"
KINDS = (
    "birth-registration.asked",
    "birth-registration.entered",
    "verification.asked",
    "verification.arrived",
    "verification.answered",
    "verification.withdrawn",
    "consent.withdrawn",
    "silence.acted-on",
    "event.retracted",
    "duty.lapsed",
)
SELDOM = settings(max_examples=150, deadline=None)


@st.composite
def histories(draw: st.DrawFn) -> list[Event]:
    """Draw a history of one couple's case: any kinds at any moments, corrections and lapses among them."""
    events: list[Event] = []
    for number in range(draw(st.integers(1, 12))):
        kind = draw(st.sampled_from(KINDS))
        corrects = draw(st.sampled_from([None, *(each.id for each in events)]))
        if kind == "event.retracted" and corrects is None:
            continue
        roles = draw(st.sampled_from([("her_home",), ("his_home",), ("her_home", "his_home")]))
        parties = {role: (HOMES[role],) for role in roles}
        sides = {"residence": (GUANGZHOU,), "asker": (GUANGZHOU,), "superior": ("450921",)}
        if kind == "duty.lapsed":
            parties = {"debtor": (HOMES[roles[0]],), "creditor": (GUANGZHOU,)}
        offices = {GUANGZHOU, CHONGQING, RONG}
        events.append(
            Event(
                id=UUID(int=100 + number),
                kind=kind,
                thread=THREAD,
                counts_at=START + timedelta(hours=draw(st.integers(0, 60 * 24))),
                parties={**sides, **parties},
                lines={office: line_of(office) for office in offices},
                actor=GUANGZHOU,
                clock=_clock(draw, kind, roles[0], events),
                corrects=corrects if draw(st.booleans()) or kind == "event.retracted" else None,
            )
        )
    return events


def _clock(draw: st.DrawFn, kind: str, role: str, earlier: Sequence[Event]) -> dict[str, Plain]:
    if kind == "birth-registration.asked":
        papers = draw(st.sampled_from(["complete", "promise", "unidentified"]))
        return {"papers": papers, "her_agrees_verify": draw(st.booleans()), "his_agrees_verify": True}
    if kind in ("verification.asked", "verification.arrived"):
        return {"channel": draw(st.sampled_from(["system", "letter", "fax"]))}
    if kind == "consent.withdrawn":
        return {draw(st.sampled_from(["her_agrees_verify", "his_agrees_verify"])): draw(st.booleans())}
    if kind == "duty.lapsed":
        opened = draw(st.sampled_from([UUID(int=99), *(each.id for each in earlier)]))
        return {"duty": str(duty_id(REPLY, THREAD, role, HOMES[role], "", opened)), "rule": REPLY}
    return {}


@SELDOM
@given(st.data())
def test_every_order_of_arrival_gives_the_same_duties(data: st.DataObject) -> None:
    history = data.draw(histories())
    shuffled = data.draw(st.permutations(history))
    assert fold(shuffled, rulebook()) == fold(history, rulebook())


@SELDOM
@given(st.data())
def test_whatever_has_not_arrived_yet_the_fold_can_be_made(data: st.DataObject) -> None:
    history = data.draw(st.permutations(data.draw(histories())))
    for arrived in range(len(history) + 1):
        fold(history[:arrived], rulebook())


@SELDOM
@given(histories())
def test_an_event_that_arrives_twice_changes_nothing(history: list[Event]) -> None:
    assert fold([*history, *history[:3]], rulebook()) == fold(history, rulebook())


@SELDOM
@given(histories())
def test_every_duty_is_what_its_state_says(history: list[Event]) -> None:
    duties = fold(history, rulebook())
    assert len({duty.id for duty in duties}) == len(duties)
    known = {event.id for event in history}
    for duty in duties:
        _holds(duty)
        assert duty.opened_by in known
        assert duty.closed_by is None or duty.closed_by in known


def _holds(duty: Duty) -> None:
    assert duty.owed_by[:1].isdigit(), "only an organisation owes"
    assert duty.owed_by != duty.owed_to
    closed = duty.state in (DISCHARGED, RELEASED)
    assert (duty.closed_at is not None) is closed
    assert (duty.closed_by is not None) is closed
    assert (duty.in_time is not None) is (duty.state == DISCHARGED)
    if duty.closed_at:
        assert duty.closed_at >= duty.opened_at
    if duty.lapsed_at:
        assert duty.state != VOID
        assert duty.due_at is not None
        assert duty.due_at <= duty.lapsed_at
        assert duty.closed_at is None or duty.closed_at >= duty.lapsed_at
        assert duty.in_time in (None, False)


@SELDOM
@given(histories())
def test_the_county_owes_only_where_a_township_lapsed(history: list[Event]) -> None:
    duties = fold(history, rulebook())
    lapsed = {duty.party_role for duty in duties if duty.rule == REPLY and duty.lapsed_at}
    for duty in duties:
        if duty.rule == SILENCE and duty.state != VOID:
            assert duty.party_role in lapsed


@SELDOM
@given(histories())
def test_no_duty_silently_disappears_when_an_event_is_retracted(history: list[Event]) -> None:
    """Retract any event: each duty it had opened, and each its lapses had, is still told of."""
    before = fold(history, rulebook())
    for event in history:
        if event.kind in ("event.retracted", "consent.withdrawn", "birth-registration.asked"):
            continue
        gone = replace(event, id=UUID(int=900), kind="event.retracted", corrects=event.id, clock={})
        after = {duty.id for duty in fold([*history, gone], rulebook())}
        assert {duty.id for duty in before} <= after


@SELDOM
@given(histories())
def test_a_released_duty_had_no_agreement_or_was_let_go(history: list[Event]) -> None:
    for duty in fold(history, rulebook()):
        if duty.state == RELEASED:
            assert duty.rule in (REPLY, "birth-reg-verify-7wd", "birth-reg-notify-home-15wd")
        if duty.state == OPEN:
            assert duty.due_at is not None
