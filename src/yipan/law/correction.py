"""Correction: an event put in the place of an earlier one, or withdrawing it with nothing in its place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable
    from uuid import UUID

    from yipan.law.event import Event

#: Withdraws the event it corrects, with nothing in its place.
RETRACTION_KIND: Final = "event.retracted"


def substitute(events: Iterable[Event]) -> tuple[list[tuple[UUID, Event]], list[tuple[UUID, Event]]]:
    """Put corrections in the place of what they correct.

    Returns the events that hold, each with the id of the first of its chain, in the order the law takes
    them, and those that were corrected away. Of two corrections of one event the later id holds.
    """
    known = {event.id: event for event in events}

    def root_of(event: Event) -> UUID:
        seen = {event.id}
        while (before := event.corrects) is not None and before not in seen:
            if before not in known:
                return before
            event = known[before]
            seen.add(before)
        return event.id

    chains: dict[UUID, list[Event]] = {}
    for event in known.values():
        chains.setdefault(root_of(event), []).append(event)
    effective: list[tuple[UUID, Event]] = []
    superseded: list[tuple[UUID, Event]] = []
    for root, chain in chains.items():
        *earlier, last = sorted(chain, key=lambda each: (each.corrects is not None, each.id))
        superseded.extend((root, each) for each in earlier if each.kind != RETRACTION_KIND)
        if last.kind != RETRACTION_KIND:
            effective.append((root, last))
    effective.sort(key=lambda pair: (pair[1].counts_at, pair[0]))
    superseded.sort(key=lambda pair: (pair[1].counts_at, pair[1].id))
    return effective, superseded
