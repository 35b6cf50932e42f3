"""What offices did wrong, drawn from their duties and from what complaints and inspections found: never about a person."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from django.db import connection

from yipan.database import rule_packs
from yipan.duties.lawbook import lawbook
from yipan.law.definition import Definition, read_definitions
from yipan.law.fold import DISCHARGED, OPEN
from yipan.law.reading import Faults
from yipan.offices.office import names_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime
    from pathlib import Path
    from uuid import UUID

    from yipan.law.kind import Kind
    from yipan.offices.permit import Permit

#: How many rows a page of the list shows; the red ones come first.
PAGE: Final = 200
#: The part of the kinds that say what was found at an office, by what (`about`) and on which side it stands (`side`).
FINDING: Final = "finding"
_OVERDUE: Final = """
SELECT rule, owed_by, thread_id, CASE WHEN rule = ANY(%(opened)s) THEN opened_at ELSE due_at END AS since, state,
       owed_by = %(own)s OR owed_to = %(own)s
  FROM duties_duty
 WHERE rule = ANY(%(rules)s)
   AND (owed_by = %(own)s OR %(below)s AND owed_by IN
        (SELECT organisation_id FROM offices_line WHERE superior_id = %(own)s AND depth > 0))
   AND (state = %(open)s AND due_at < %(now)s OR state = %(done)s AND closed_at >= due_at
        OR rule = ANY(%(opened)s) AND state IN (%(open)s, %(done)s))
 ORDER BY rule = ANY(%(red)s) DESC, since DESC LIMIT %(most)s
"""
_FOUND: Final = """
SELECT event.parties, event.thread_id, event.counts_at, event.clock, event.kind
  FROM duties_event event
 WHERE event.kind = ANY(%(kinds)s) AND event.recorded_by = %(own)s
   AND NOT EXISTS (SELECT FROM duties_event later WHERE later.thread_id = event.thread_id AND later.corrects = event.id)
 ORDER BY event.counts_at DESC LIMIT %(most)s
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Breach:
    """One breach of one office: which, since when, and the case where this office may look at it."""

    definition: Definition
    office: str
    office_name: str
    since: datetime
    #: The rule whose duty was not kept; empty where a complaint or an inspection found it.
    rule: str
    thread: UUID | None

    @property
    def is_red(self) -> bool:
        """Whether it is seen first, whatever the score."""
        return self.definition.red


def breaches_of(permit: Permit, now: datetime, page: int | None = None) -> list[Breach]:
    """Return the breaches of an office and, with that right, of those below it: the red ones first, then the latest.

    A released duty is none. Of offices below no case is shown. With `page` those of one page, and one more where there
    is another.

    Raises:
        NotPermittedError: the post does not include reading duties.
    """
    permit.require("read-duties", now)
    known, kinds = definitions(), found_by()
    values: dict[str, Any] = {
        "own": permit.organisation, "below": "read-subtree" in permit.rights, "now": now,
        "most": None if page is None else PAGE * page + 1,
        "rules": sorted({rule for one in known for rule in _rules(one)}),
        "red": sorted({rule for one in known if one.red for rule in _rules(one)}),
        "opened": sorted({rule for one in known for rule in one.opened}),
        "open": OPEN, "done": DISCHARGED, "kinds": sorted(kinds),
    }  # fmt: skip
    with permit.in_force(), connection.cursor() as cursor:
        cursor.execute(_OVERDUE, values)
        rows = [*of_duties(cursor.fetchall(), known)]
        if "read-case" in permit.rights:
            cursor.execute(_FOUND, {**values, "most": None})
            rows += of_findings(cursor.fetchall(), known, kinds)
        names = names_of({office for _, office, *_ in rows})
    found = [
        Breach(
            definition=one, office=office, office_name=names[office], since=since, rule=rule, thread=thread
        )
        for one, office, since, rule, thread in rows
    ]
    found.sort(key=lambda each: (not each.is_red, -each.since.timestamp(), each.definition.id))
    return found if page is None else found[PAGE * (page - 1) : PAGE * page + 1]


def definitions() -> tuple[Definition, ...]:
    """Return every breach there is, as the packs define them."""
    return _definitions(rule_packs())


@lru_cache(maxsize=4)
def _definitions(root: Path) -> tuple[Definition, ...]:
    return tuple(each for each in read_definitions(root, Faults()) if each.sort == "breach")


def found_by() -> Mapping[str, Kind]:
    """Return the kinds by which something is found at an office, by name."""
    return {kind.name: kind for kind in lawbook().every_kind() if kind.part == FINDING}


def _rules(one: Definition) -> tuple[str, ...]:
    return (*one.opened, *one.late, *one.undone)


Row = tuple[Definition, str, "datetime", str, "UUID | None"]


def of_duties(rows: Iterable[tuple[Any, ...]], known: Iterable[Definition]) -> Iterator[Row]:
    """Yield the breach that each duty is: for being there at all, for not being done yet, or else for having been done late."""
    for rule, office, thread, since, state, is_party in rows:
        meant = [one for one in known if rule in one.opened]
        meant = meant or [one for one in known if state == OPEN and rule in one.undone]
        for one in meant or [each for each in known if rule in each.late]:
            yield one, office, since, rule, thread if is_party else None


def of_findings(
    rows: Iterable[tuple[Any, ...]], known: Iterable[Definition], kinds: Mapping[str, Kind]
) -> Iterator[Row]:
    """Yield the breach that each finding is: that of the side on which the office stands, else that of any side."""
    for parties, thread, counts_at, clock, kind in rows:
        said: Mapping[str, str] = json.loads(clock) if isinstance(clock, str) else clock
        held: Mapping[str, list[str]] = json.loads(parties) if isinstance(parties, str) else parties
        nothing = kinds[kind].nothing_when if kind in kinds else {}
        if any(said.get(name) == value for name, value in nothing.items()):
            continue
        meant = [one for one in known if said.get("about") in one.findings]
        exact = [one for one in meant if one.side == said.get("side")] or [
            one for one in meant if not one.side
        ]
        for one in exact[:1]:
            for office in held.get("against", ()):
                yield one, office, counts_at, "", thread
