"""What a person has agreed to in a case, and in which words: pure, from the events that hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from yipan.law.deadline import SHANGHAI
from yipan.law.fold import in_order
from yipan.law.wording import purposes_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date

    from yipan.law.event import Event, Plain
    from yipan.law.kind import Kind
    from yipan.law.rulebook import Rulebook

#: By purpose and role (empty: the one person of the case): the last word.
Agreements = dict[tuple[str, str], bool]


def agreements_in(events: Iterable[Event], rulebook: Rulebook) -> Agreements:
    """Return the last word on each purpose in the events of one case. Not having been asked is no."""
    heard: Agreements = {}
    for event in in_order(events, rulebook):
        kind = rulebook.kind(event.kind, event.counts_at.astimezone(SHANGHAI).date())
        heard |= _said_in(kind, event.clock)
    return heard


def _said_in(kind: Kind, clock: Mapping[str, Plain]) -> Agreements:
    return {
        (each.consent, each.consent_of): clock[name] is True
        for name, each in kind.fields.items()
        if each.consent and name in clock
    }


def lacking(
    kind: Kind, clock: Mapping[str, Plain], parties: Iterable[str], before: Agreements
) -> tuple[str, ...]:
    """Return for which parts an entry lacks the agreement that its kind needs (an empty name: the one person's)."""
    heard = before | _said_in(kind, clock)
    purpose = kind.needs_consent
    named = [role for role in parties if kind.roles[role].group] or [""]
    return tuple(role for role in named if not heard.get((purpose, role), heard.get((purpose, ""), False)))


class Wordings:
    """Which words a yes was given to, on one day; the same few answers for thousands of entries."""

    def __init__(self, rulebook: Rulebook, day: date) -> None:
        """Know the law and the day."""
        self._rulebook = rulebook
        self._day = day
        self._asked: dict[str, tuple[Kind, dict[str, str]]] = {}
        self._texts: dict[tuple[str, ...], str] = {}

    def agreed_to(self, kind: Kind, clock: Mapping[str, Plain]) -> str:
        """Return the wordings that an entry agrees to, as `purpose day, purpose day`; empty when it agrees to none."""
        if kind.name not in self._asked or self._asked[kind.name][0] is not kind:
            self._asked[kind.name] = (kind, purposes_of(kind))
        asked = self._asked[kind.name][1]
        if not asked:
            return ""
        yes = tuple(
            sorted(
                {
                    each.consent
                    for name, each in kind.fields.items()
                    if each.consent and clock.get(name) is True
                }
                | ({kind.agrees_to} if kind.agrees_to else set())
            )
        )
        if yes not in self._texts:
            found = ((purpose, self._rulebook.wording(purpose, self._day)) for purpose in yes)
            self._texts[yes] = ", ".join(
                f"{purpose} {said[0].isoformat()}" for purpose, said in found if said
            )
        return self._texts[yes]
