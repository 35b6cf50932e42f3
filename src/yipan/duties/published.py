"""Entries that everybody may read, signed in or not: the lists that offices publish. They name no person."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from django.db import connection

from yipan.law.correction import substitute
from yipan.law.deadline import SHANGHAI
from yipan.law.event import Event

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import datetime
    from uuid import UUID

    from yipan.law.event import Plain
    from yipan.law.rulebook import Rulebook

#: Stands among the readers of an entry when everybody is one.
PUBLIC: Final = "public"
_OF_KINDS: Final = (
    "SELECT id, kind, thread_id, counts_at, recorded_by, clock, corrects FROM duties_event"  # noqa: S608  # our own columns
    f" WHERE '{PUBLIC}' = ANY(seen_by)"
    " AND (kind = ANY(%(kinds)s) OR corrects IS NOT NULL)"
    " AND (%(under)s = '' OR recorded_by LIKE %(under)s || '%%')"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Published:
    """One line of a list as it stands: who published it, when it was last said, and what it says."""

    office: str
    said_at: datetime
    kind: str
    said: Mapping[str, Plain]


def published(kinds: Collection[str], *, under: str = "") -> list[Published]:
    """Return the last public entry of each case among these kinds, corrections taken in, in order of office.

    `under` is the front of the code of the offices that published it. No permit is asked: row-level security shows
    nobody any entry but the public ones of whom no one acts for.
    """
    with connection.cursor() as cursor:
        cursor.execute(_OF_KINDS, {"kinds": sorted(kinds), "under": under})
        events = [_event(*row) for row in cursor.fetchall()]
    threads: dict[object, list[Event]] = {}
    for event in events:
        threads.setdefault(event.thread, []).append(event)
    found = [_last(each, kinds) for each in threads.values()]
    listed = [each for each in found if each]
    return sorted(listed, key=lambda each: (each.office, str(each.said.get("name", ""))))


def _event(*row: Any) -> Event:  # noqa: ANN401  # the columns of `_OF_KINDS`, in order
    own_id, kind, thread, counts_at, recorded_by, clock, corrects = row
    return Event(
        id=own_id,
        kind=kind,
        thread=thread,
        counts_at=counts_at,
        parties={},
        actor=recorded_by,
        clock=json.loads(clock) if isinstance(clock, str) else clock,
        corrects=corrects,
    )


def _last(events: Sequence[Event], kinds: Collection[str]) -> Published | None:
    """Return what a case says last; nothing where all of it was retracted."""
    held = [event for _, event in substitute(events)[0] if event.kind in kinds]
    if not held:
        return None
    last = max(held, key=lambda each: (each.counts_at, each.id))
    return Published(office=last.actor, said_at=last.counts_at, kind=last.kind, said=last.clock)


def undoes_public(corrects: UUID | None, history: Iterable[Event], rulebook: Rulebook) -> bool:
    """Tell whether what an entry corrects is public: then so is the entry, or a list would keep what was undone."""
    return corrects is not None and any(
        rulebook.kind(each.kind, each.counts_at.astimezone(SHANGHAI).date()).public
        for each in history
        if each.id == corrects
    )
