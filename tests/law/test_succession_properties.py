"""Histories in which offices are succeeded: the duties are those of the set of events, and what was closed is not moved."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from tests.law.history import CHONGQING, GUANGZHOU, RONG, THREAD
from tests.law.lawbook import line_of, rulebook
from tests.law.test_fold_properties import SELDOM, START, histories
from yipan.law.event import Event
from yipan.law.fold import OPEN, VOID, fold
from yipan.law.succession import SUCCESSION_KIND, Heirs, successions_in

HEIRS = ("440104003", "500101002", "450921102")
OFFICES = (GUANGZHOU, CHONGQING, RONG, *HEIRS)


@st.composite
def inherited(draw: st.DrawFn) -> list[Event]:
    """Draw a history with successions among its offices and others, circles and mergers too."""
    events = draw(histories())
    for number in range(draw(st.integers(1, 4))):
        old, new = draw(st.permutations(OFFICES))[:2]
        events.append(
            Event(
                id=UUID(int=500 + number),
                kind=SUCCESSION_KIND,
                thread=THREAD,
                counts_at=START + timedelta(hours=draw(st.integers(0, 60 * 24))),
                parties={"predecessor": (old,), "successor": (new,)},
                lines={office: line_of(office) for office in (old, new)},
                actor=old,
            )
        )
    return events


@SELDOM
@given(st.data())
def test_every_order_of_arrival_gives_the_same_duties(data: st.DataObject) -> None:
    history = data.draw(inherited())
    assert fold(data.draw(st.permutations(history)), rulebook()) == fold(history, rulebook())


@SELDOM
@given(inherited())
def test_what_is_open_is_owed_by_and_to_who_stands_there_last_and_nobody_owes_itself(
    history: list[Event],
) -> None:
    heirs = Heirs(successions_in(history))
    end = max(event.counts_at for event in history)
    for duty in fold(history, rulebook()):
        assert duty.owed_by != duty.owed_to
        if duty.state == OPEN:
            assert duty.owed_by == heirs.of(duty.owed_by, end)
            assert duty.owed_to == heirs.of(duty.owed_to, end)


@SELDOM
@given(inherited())
def test_a_succession_changes_no_deadline_of_what_was_opened_before_it(history: list[Event]) -> None:
    plain = [event for event in history if event.kind != SUCCESSION_KIND]
    first = min(event.counts_at for event in history if event.kind == SUCCESSION_KIND)
    # What a correction moved to the succession's own moment or later is void where it stood before: it was never opened.
    before, after = (
        {duty.id: duty for duty in fold(each, rulebook()) if duty.opened_at < first and duty.state != VOID}
        for each in (plain, history)
    )
    assert before.keys() == after.keys()
    for key, duty in before.items():
        same = after[key]
        assert (duty.opened_at, duty.party) == (same.opened_at, same.party)
        if duty.state == same.state == OPEN:
            assert (duty.due_at, duty.clock_rule) == (same.due_at, same.clock_rule)
        if duty.closed_at and duty.closed_at < first:
            assert same == duty, "what was closed is not moved"
