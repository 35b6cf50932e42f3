"""Many threads folded at once: those that say the same but for their ids are read by the law once."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

from yipan.law.fold import RECOMPUTED_KIND, Duty, duty_id, fold
from yipan.law.rule import LAPSE_KIND

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from uuid import UUID

    from yipan.law.event import Event
    from yipan.law.rulebook import Rulebook


def fold_many(threads: Mapping[UUID, Sequence[Event]], rulebook: Rulebook) -> dict[UUID, Duty]:
    """Return every duty of several threads by id: what `fold` says of each.

    Threads that hold one event each and say the same (a roster of a thousand enrolled at one moment) open the same
    duties but for the ids; the law is read once for all of them.
    """
    found: dict[UUID, Duty] = {}
    alike: dict[object, list[tuple[Duty, dict[str, Any]]]] = {}
    written: dict[int, str] = {}
    for events in threads.values():
        shape = _shape(events, written)
        if shape is None:
            found |= {duty.id: duty for duty in fold(events, rulebook)}
            continue
        event = events[0]
        if shape not in alike:
            alike[shape] = [(duty, _said(duty)) for duty in fold(events, rulebook)]
        for duty, said in alike[shape]:
            own = _as_opened_by(event, duty, said)
            found[own.id] = own
    return found


def _shape(events: Sequence[Event], written: dict[int, str]) -> object:
    """Return what decides the duties of a thread but for the ids in them; None where an event names another by id.

    `written` remembers how lines are written that several events share.
    """
    if len(events) != 1 or events[0].corrects or events[0].kind in (LAPSE_KIND, RECOMPUTED_KIND):
        return None
    event = events[0]
    if id(event.lines) not in written:
        written[id(event.lines)] = repr(event.lines)
    return (
        event.kind,
        event.counts_at,
        event.actor,
        tuple(event.parties.items()),
        written[id(event.lines)],
        tuple(event.clock.items()),
    )


def _said(duty: Duty) -> dict[str, Any]:
    return {each.name: getattr(duty, each.name) for each in fields(duty)}


def _as_opened_by(event: Event, duty: Duty, said: Mapping[str, Any]) -> Duty:
    """Return a duty of a thread that says the same, as this event opens it. `said` is the duty by names."""
    own = {
        "id": duty_id(duty.rule, event.thread, duty.party_role, duty.party, duty.period, event.id),
        "thread": event.thread,
        "opened_by": event.id,
        "closed_by": event.id if duty.closed_by else None,
    }
    return Duty(**{**said, **own})
