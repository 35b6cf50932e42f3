"""Succession: who stands in whose place in a case, and from which moment.

An organisation ends and others go on with its cases. In each case an event says so, so that duties stay a function of
the events of the case alone. What was closed before that moment stays with whom it was closed by.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from yipan.law.event import Event

#: Says in a case that one organisation stands there in the place of another.
SUCCESSION_KIND: Final = "party.succeeded"
#: The two roles of that kind.
PREDECESSOR: Final = "predecessor"
SUCCESSOR: Final = "successor"


@dataclass(frozen=True, kw_only=True, slots=True)
class Succession:
    """From a moment on, one organisation stands in the place of another."""

    predecessor: str
    successor: str
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """What is known of offices outside a case: other codes they go by now, and who took whose place."""

    ids: Mapping[str, str] = field(default_factory=dict)
    successions: tuple[Succession, ...] = ()


class Heirs:
    """Who stands for an organisation at a moment.

    Of two successors of one, the one said first (in the order given) holds; and what has been succeeded does not come
    back in the place of its own heir.
    """

    def __init__(self, successions: Iterable[Succession] = ()) -> None:
        """Keep the successions, the most binding first."""
        self._after: dict[str, Succession] = {}
        for each in successions:
            if each.predecessor not in self._after and each.predecessor != self._last(each.successor):
                self._after[each.predecessor] = each

    def __bool__(self) -> bool:
        """Tell whether anybody was succeeded at all."""
        return bool(self._after)

    def _last(self, organisation: str) -> str:
        while step := self._after.get(organisation):
            organisation = step.successor
        return organisation

    def of(self, organisation: str, at: datetime) -> str:
        """Return who stands for an organisation at a moment: itself, where nobody has taken its place by then."""
        while (step := self._after.get(organisation)) and step.at <= at:
            organisation = step.successor
        return organisation

    def of_all(self, organisations: Iterable[str], at: datetime) -> tuple[str, ...]:
        """Return who stands for each of some organisations, nobody twice."""
        return tuple(dict.fromkeys(self.of(each, at) for each in organisations))


def successions_in(events: Iterable[Event]) -> tuple[Succession, ...]:
    """Return what the events of one case say of successions, in the order of their moments, whatever that of arrival."""
    said = sorted(
        (event for event in events if event.kind == SUCCESSION_KIND),
        key=lambda each: (each.counts_at, each.id),
    )
    return tuple(
        Succession(predecessor=old, successor=new, at=event.counts_at)
        for event in said
        for old in event.organisations(PREDECESSOR)
        for new in event.organisations(SUCCESSOR)[:1]
    )


def as_of(events: Sequence[Event], heirs: Heirs, at: datetime) -> list[Event]:
    """Return events with those in their roles who stand there at a moment. What an event says of a succession is kept."""
    if not heirs:
        return list(events)
    return [
        event
        if event.kind == SUCCESSION_KIND
        else replace(event, parties={role: heirs.of_all(held, at) for role, held in event.parties.items()})
        for event in events
    ]
