"""What the engine does beside folding when an event of a kind with an effect is recorded: small tables for reading."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from yipan.law.succession import PREDECESSOR, SUCCESSOR

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from django.db.backends.utils import CursorWrapper

    from yipan.duties.chain import Entry
    from yipan.law.kind import Kind

#: The first edition of a pack counts as always known: a deployment begins with it.
_ADOPT: Final = """
INSERT INTO duties_adoption (event_id, text_id, effective_on, known_at)
SELECT %(event)s, %(digest)s, %(effective_on)s,
       CASE WHEN EXISTS (SELECT 1 FROM duties_adoption earlier JOIN duties_lawtext text ON text.digest = earlier.text_id
                          WHERE text.name = %(pack)s) THEN %(at)s::timestamptz END
"""
_OPEN: Final = (
    "INSERT INTO duties_openedoffice (organisation, opened_at) VALUES (%s, %s)"
    " ON CONFLICT (organisation) DO UPDATE SET closed_at = NULL"
    " WHERE duties_openedoffice.closed_at IS NOT NULL"
)
_CLOSE: Final = "UPDATE duties_openedoffice SET closed_at = %s WHERE organisation = %s AND closed_at IS NULL"
_END: Final = "UPDATE duties_chainhead SET ended_at = %s WHERE organisation = %s"
#: Who takes a party's place sees what it saw, and its superiors go on seeing what concerned it.
_INHERIT: Final = """
WITH gone AS (
    SELECT * FROM unnest(%s::uuid[], %s::text[], %s::text[]) AS moved(thread_id, predecessor, successor)
)
INSERT INTO duties_caseaccess (thread_id, organisation, party, as_heir)
SELECT thread_id, successor, predecessor, true FROM gone
UNION ALL
SELECT gone.thread_id, gone.successor, known.party, known.as_heir
  FROM gone JOIN duties_caseaccess known ON known.thread_id = gone.thread_id AND known.organisation = gone.predecessor
UNION ALL
SELECT gone.thread_id, known.organisation, gone.successor, false
  FROM gone JOIN duties_caseaccess known ON known.thread_id = gone.thread_id AND known.party = gone.predecessor
 WHERE NOT known.as_heir AND known.organisation <> gone.successor
ON CONFLICT DO NOTHING
"""

#: The effects by which the function of the database changes what organisations there are and what they are called.
_REORGANISING: Final = frozenset(
    {"office-founded", "office-renamed", "division-renamed", "organisation-succeeded"}
)
#: The effects that this room keeps itself.
ENGINE_EFFECTS: Final = frozenset(
    {"office-opened", "office-closed", "pack-adopted", "party-succeeded", "chain-ended"} | _REORGANISING
)


def apply_effects(cursor: CursorWrapper, recorded: Iterable[tuple[Entry, Kind]]) -> None:
    """Keep the tables of offices, law and access in step with the events that say so."""
    inherited: list[Entry] = []
    for entry, kind in recorded:
        if kind.effect == "party-succeeded":
            inherited.append(entry)
        elif kind.effect:
            _apply(cursor, entry, kind.effect)
    if inherited:
        _inherit(cursor, inherited)


def _apply(cursor: CursorWrapper, entry: Entry, effect: str) -> None:
    if effect == "office-opened":
        cursor.execute(_OPEN, [entry.parties["office"][0], entry.counts_at])
    elif effect == "office-closed":
        cursor.execute(_CLOSE, [entry.counts_at, entry.parties["office"][0]])
    elif effect == "pack-adopted":
        values: dict[str, Any] = {"event": entry.id, "at": entry.counts_at, "effective_on": None}
        cursor.execute(_ADOPT, values | dict(entry.clock))
    elif effect == "chain-ended":
        cursor.execute(_CLOSE, [entry.counts_at, entry.recorded_by])
        cursor.execute(_END, [entry.recorded_at, entry.recorded_by])
    elif effect in _REORGANISING:
        cursor.execute("SELECT yipan_reorganise(%s)", [entry.id])


def _inherit(cursor: CursorWrapper, entries: Sequence[Entry]) -> None:
    columns = zip(
        *((each.thread, each.parties[PREDECESSOR][0], each.parties[SUCCESSOR][0]) for each in entries),
        strict=True,
    )
    cursor.execute(_INHERIT, [list(each) for each in columns])
