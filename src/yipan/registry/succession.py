"""The register when one office takes the place of another: its people go over with their cases, and keep their line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from yipan.law.succession import PREDECESSOR, SUCCESSION_KIND, SUCCESSOR

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from django.db.backends.utils import CursorWrapper

    from yipan.duties.record import Recorded
    from yipan.law.rulebook import Rulebook

_PERSON: Final = "UPDATE registry_person SET organisation = %s, came_from = %s WHERE thread = ANY(%s) AND organisation = %s"
_STAY: Final = "UPDATE registry_stay SET organisation = %s WHERE thread = ANY(%s) AND organisation = %s"
#: A decision about a pair goes over when the whole office does; a case that is handed over alone leaves it behind.
_WHOLE: Final = """
SELECT 1 FROM offices_succession WHERE predecessor_id = %s AND successor_id = %s
"""
_QUESTION: Final = "UPDATE registry_question SET organisation = %s WHERE organisation = %s"
_COUNT: Final = "UPDATE registry_headcount SET organisation = %s WHERE organisation = %s"


class HandingOver:
    """Moves the register's rows with the events that say who stands in whose place. For `reorganising`."""

    handles: frozenset[str] = frozenset()

    def write(self, cursor: CursorWrapper, recorded: Sequence[Recorded], rulebook: Rulebook) -> None:  # noqa: ARG002  # as every projection
        """Move the people of the cases that just went over."""
        moved: dict[tuple[str, str], list[UUID]] = {}
        for each in recorded:
            if each.entry.kind == SUCCESSION_KIND:
                parties = each.entry.parties
                pair = (parties[PREDECESSOR][0], parties[SUCCESSOR][0])
                moved.setdefault(pair, []).append(each.entry.thread)
        for (old, new), threads in moved.items():
            cursor.execute(_STAY, [new, threads, old])
            cursor.execute(_PERSON, [new, old, threads, old])
            cursor.execute(_WHOLE, [old, new])
            if cursor.fetchone():
                cursor.execute(_QUESTION, [new, old])
                cursor.execute(_COUNT, [new, old])
