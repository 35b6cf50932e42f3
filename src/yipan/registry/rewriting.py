"""An entry as it was written, field by field: for the form on which its own office puts another in its place."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import connection

from yipan.duties.draft import CASE
from yipan.duties.faults import UnknownThreadError
from yipan.duties.lawbook import lawbook
from yipan.law.deadline import SHANGHAI
from yipan.registry.access import read_entry

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from uuid import UUID

    from yipan.law.kind import Kind
    from yipan.offices.permit import Permit

_WRITTEN = """
SELECT kind, counts_at, counts_by, on_behalf_of, parties, clock FROM duties_event WHERE id = %s AND thread_id = %s
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Written:
    """What an entry says: its kind as it was in force, who plays which part, and every field that this office may see."""

    kind: Kind
    counts_at: datetime
    counts_by: str
    on_behalf_of: str
    parties: Mapping[str, Sequence[str]]
    said: Mapping[str, object]


def as_written(permit: Permit, thread: UUID, event: UUID, now: datetime, *, with_facts: bool) -> Written:
    """Return what an entry says, with facts about persons if asked for: then the look at them is written down.

    Raises:
        NotPermittedError: the post does not include reading cases.
        UnknownThreadError: there is no such entry, or not for this office.
    """
    permit.require("read-case", now)
    with permit.in_force(), connection.cursor() as cursor:
        cursor.execute(_WRITTEN, [event, thread])
        row = cursor.fetchone()
    if row is None:
        raise UnknownThreadError(thread=thread)
    name, counts_at, counts_by, on_behalf_of, parties, clock = row
    kind = lawbook().kind(name, counts_at.astimezone(SHANGHAI).date())
    said: dict[str, Any] = json.loads(clock)
    if with_facts:
        for each in read_entry(permit, thread, event, now, only=[*kind.subjects, CASE]).values():
            said |= each
    return Written(
        kind=kind,
        counts_at=counts_at,
        counts_by=counts_by,
        on_behalf_of=on_behalf_of or "",
        parties=json.loads(parties),
        said={field: said[field] for field in kind.fields if field in said},
    )
