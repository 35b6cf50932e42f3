"""What the engine does beside folding when an event of a kind with an effect is recorded: small tables for reading."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

#: The first edition of a pack counts as always known: a deployment begins with it.
_ADOPT: Final = """
INSERT INTO duties_adoption (event_id, text_id, effective_on, known_at)
SELECT %(event)s, %(digest)s, %(effective_on)s,
       CASE WHEN EXISTS (SELECT 1 FROM duties_adoption earlier JOIN duties_lawtext text ON text.digest = earlier.text_id
                          WHERE text.name = %(pack)s) THEN %(at)s::timestamptz END
"""

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.db.backends.utils import CursorWrapper

    from yipan.duties.chain import Entry
    from yipan.law.kind import Kind


#: The effects that this room keeps itself.
ENGINE_EFFECTS: Final = frozenset({"office-opened", "office-closed", "pack-adopted"})


def apply_effects(cursor: CursorWrapper, recorded: Iterable[tuple[Entry, Kind]]) -> None:
    """Keep the tables of opened offices and adopted law in step with the events that say so."""
    for entry, kind in recorded:
        if kind.effect == "office-opened":
            cursor.execute(
                "INSERT INTO duties_openedoffice (organisation, opened_at) VALUES (%s, %s)"
                " ON CONFLICT (organisation) DO UPDATE SET closed_at = NULL"
                " WHERE duties_openedoffice.closed_at IS NOT NULL",
                [entry.parties["office"][0], entry.counts_at],
            )
        elif kind.effect == "office-closed":
            cursor.execute(
                "UPDATE duties_openedoffice SET closed_at = %s WHERE organisation = %s AND closed_at IS NULL",
                [entry.counts_at, entry.parties["office"][0]],
            )
        elif kind.effect == "pack-adopted":
            values: dict[str, Any] = {"event": entry.id, "at": entry.counts_at, "effective_on": None}
            cursor.execute(_ADOPT, values | dict(entry.clock))
