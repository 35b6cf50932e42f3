"""Of an entry that is here in part: what comes later of it is put to it, as a correction of the same entry by the same office.

It happens when offices of one case come to one node at different times: first the one whom she agreed to have asked, then the
other, because it was asked later or because a township moved.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from django.db import connection, transaction

from yipan.law.wording import SAID as WORDING
from yipan.offices.permit import set_acting

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from uuid import UUID

    from yipan.duties.draft import Draft

_PARTS: Final = (
    "SELECT coalesce(corrects, id), parties, clock FROM duties_event WHERE thread_id = ANY(%(threads)s)"
    " AND (id = ANY(%(events)s) OR corrects = ANY(%(events)s)) ORDER BY corrects IS NOT NULL, id"
)


@dataclass(frozen=True, kw_only=True)
class Part:
    """What is known here of an entry."""

    parties: Mapping[str, Sequence[str]]
    clock: Mapping[str, Any]


def known_in_part(places: Sequence[tuple[UUID, UUID]]) -> dict[UUID, Part]:
    """Return what is known of entries, each by its case and id; nothing of those that are not here."""
    if not places:
        return {}
    threads = sorted({thread for thread, _ in places})
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        set_acting("", "exchange", threads)
        cursor.execute(_PARTS, {"threads": threads, "events": [event for _, event in places]})
        return {
            event: Part(parties=json.loads(parties), clock=json.loads(clock))
            for event, parties, clock in cursor.fetchall()
        }


def with_the_rest(draft: Draft, known: Mapping[UUID, Part]) -> Draft:
    """Return a draft of what is new with what was known; the draft itself where nothing of it is known, or nothing is new."""
    part = known.get(draft.id) if draft.id and draft.corrects is None else None
    if part is None or not draft.extract:
        return draft
    old: dict[str, object] = {**part.clock, **part.parties}
    old.pop(WORDING, None)
    if draft.fields.keys() <= old.keys():
        return draft
    return replace(draft, id=None, corrects=draft.id, fields={**old, **draft.fields})
