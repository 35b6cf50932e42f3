"""Which cases a draft law can touch at all: the others come out as they did, and are counted as they stand.

A case is touched where something happened that opens a rule which the draft makes another. Where that cannot be told from the
draft alone, every case is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from yipan.law.rule import LAPSE_KIND, PERIOD_KIND

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence
    from datetime import datetime
    from uuid import UUID

    from django.db.backends.utils import CursorWrapper

    from yipan.law.pack import Pack
    from yipan.law.rule import Rule

#: What a draft may change of an adopted pack for its rules alone to be compared.
_SAME: Final = (
    "scope", "from_on", "until_on", "uses", "promptly", "place_level", "demonstration", "kinds", "scopes", "calendars",
)  # fmt: skip
_SPLIT: Final = """
SELECT thread_id, bool_or(kind = ANY(%(kinds)s)), bool_or(counts_at >= %(first)s AND counts_at < %(after)s), count(*)
  FROM duties_event WHERE thread_id = ANY(%(threads)s) GROUP BY thread_id
"""
_AS_IT_STANDS: Final = """
SELECT rule, office, CASE WHEN fell THEN week END,
       count(*) FILTER (WHERE opened_at >= %(first)s AND opened_at < %(after)s), count(*) FILTER (WHERE fell),
       count(*) FILTER (WHERE fell AND kept),
       count(*) FILTER (WHERE state = 'released' AND closed_at >= %(first)s AND closed_at < %(after)s)
  FROM (
    SELECT rule, coalesce(nullif(lapsed_by, ''), owed_by) AS office, state, opened_at, closed_at,
           state <> 'released' AND due_at > %(first)s AND due_at <= %(until)s AS fell,
           state = 'discharged' AND closed_at < due_at AS kept,
           date_trunc('week', (due_at - interval '1 microsecond') AT TIME ZONE 'Asia/Shanghai')::date::text AS week
      FROM duties_duty WHERE thread_id = ANY(%(threads)s) AND state <> 'void'
  ) AS one GROUP BY 1, 2, 3
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Stands:
    """What the register says of the duties of a rule, an office and a week (empty: of those that did not fall due)."""

    rule: str
    office: str
    week: str
    opened: int
    due: int
    kept: int
    released: int


def kinds_touched(draft: Pack, adopted: Collection[Pack]) -> frozenset[str] | None:
    """Return the kinds of which a case has one where the draft may change what is owed in it; None: it may in any."""
    before = next((each for each in adopted if each.name == draft.name), None)
    if before is not None and any(getattr(before, name) != getattr(draft, name) for name in _SAME):
        return None
    others = {name for each in adopted for name in each.kinds}
    if before is None and (draft.calendars or draft.kinds.keys() & others):
        return None
    every = [rule for pack in (*adopted, draft) for rule in pack.rules.values()]
    changed = set(_differing(draft, before))
    # What a changed rule opens when it lapses is opened in the same case; what gives way to it, or leads to it, may be other.
    while more := {rule.id for rule in every if {rule.on_lapse, rule.yields_to} & changed} - changed:
        changed |= more
    kinds = {kind for rule in every if rule.id in changed for kind in _opening(rule)}
    return None if LAPSE_KIND in kinds else frozenset(kinds)


def _differing(draft: Pack, before: Pack | None) -> Iterator[str]:
    rules, overlays = (before.rules, before.overlays) if before else ({}, ())
    yield from (
        name for name in draft.rules.keys() | rules.keys() if draft.rules.get(name) != rules.get(name)
    )
    changed = [
        each for each in (*draft.overlays, *overlays) if (each in draft.overlays) != (each in overlays)
    ]
    yield from (rule for each in changed for rule in each.of)


def _opening(rule: Rule) -> Iterator[str]:
    yield from (trigger.kind for trigger in rule.triggers)
    if rule.every:
        yield PERIOD_KIND


def split(
    cursor: CursorWrapper,
    threads: Sequence[UUID],
    kinds: Iterable[str],
    first: datetime,
    after: datetime,
) -> tuple[list[UUID], list[UUID], int]:
    """Return the cases that are touched, those that are not and in which something happened in the stretch, and their entries."""
    values: dict[str, Any] = {
        "threads": list(threads),
        "kinds": sorted(kinds),
        "first": first,
        "after": after,
    }
    cursor.execute(_SPLIT, values)
    rows = cursor.fetchall()
    rest = [row for row in rows if not row[1] and row[2]]
    return [row[0] for row in rows if row[1]], [row[0] for row in rest], sum(row[3] for row in rest)


def as_it_stands(
    cursor: CursorWrapper, threads: Sequence[UUID], first: datetime, after: datetime, until: datetime
) -> list[Stands]:
    """Return what the register says of some cases."""
    cursor.execute(_AS_IT_STANDS, {"threads": list(threads), "first": first, "after": after, "until": until})
    return [
        Stands(
            rule=row[0],
            office=row[1],
            week=row[2] or "",
            opened=row[3],
            due=row[4],
            kept=row[5],
            released=row[6],
        )
        for row in cursor.fetchall()
    ]
