"""The register when one office takes the place of another: its people go over with their cases, and keep their line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from yipan.database.many import insert_many
from yipan.duties.projecting import Projecting
from yipan.law.succession import PREDECESSOR, SUCCESSION_KIND, SUCCESSOR
from yipan.registry.intake import as_json
from yipan.registry.likeness import QUESTION_COLUMNS
from yipan.registry.projection import PERSON_COLUMNS, STAY_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from uuid import UUID

    from django.db.backends.utils import CursorWrapper

    from yipan.duties.projecting import Written

_ACT: Final = "SELECT set_config('yipan.organisation', %s, true)"
_COUNT_COLUMNS: Final = {
    "event": "uuid", "organisation": "text", "township": "text", "month": "text", "people": "int",
}  # fmt: skip
#: Head-counts name nobody and belong to no case: they go when the whole office does.
_WHOLE: Final = "SELECT 1 FROM offices_succession WHERE predecessor_id = %s AND successor_id = %s"

Row = dict[str, Any]


class HandingOver(Projecting):
    """Moves the register's rows with the events that say who stands in whose place. For `reorganising`."""

    def write(self, cursor: CursorWrapper, written: Written) -> None:
        """Move the people of the cases that just went over."""
        moved: dict[tuple[str, str], list[UUID]] = {}
        for each in written.recorded:
            if each.entry.kind == SUCCESSION_KIND:
                parties = each.entry.parties
                pair = (parties[PREDECESSOR][0], parties[SUCCESSOR][0])
                moved.setdefault(pair, []).append(each.entry.thread)
        for (old, new), threads in moved.items():
            _move(cursor, old, new, threads)


def _move(cursor: CursorWrapper, old: str, new: str, threads: list[UUID]) -> None:
    """Take rows out as the one office and lay them down as the other: each policy sees its own office alone."""
    cases = "thread = ANY(%s)"
    stays = _taken(cursor, "registry_stay", STAY_COLUMNS, cases, threads)
    people = _taken(cursor, "registry_person", PERSON_COLUMNS, cases, threads)
    pairs = _taken(cursor, "registry_question", QUESTION_COLUMNS, "one = ANY(%s)", threads)
    cursor.execute(_WHOLE, [old, new])
    whole = cursor.fetchone() is not None
    counts = _taken(cursor, "registry_headcount", _COUNT_COLUMNS, "true") if whole else []
    cursor.execute(_ACT, [new])

    def lay(table: str, columns: Mapping[str, str], rows: list[Row], change: Callable[[Row], Row]) -> None:
        laid = [list((row | {"organisation": new} | change(row)).values()) for row in rows]
        insert_many(cursor, table, columns, laid)

    lay("registry_person", PERSON_COLUMNS, people, lambda row: {"came_from": row["came_from"] or old})
    for table, columns, rows in (
        ("registry_stay", STAY_COLUMNS, stays),
        ("registry_question", QUESTION_COLUMNS, pairs),
        ("registry_headcount", _COUNT_COLUMNS, counts),
    ):
        lay(table, columns, rows, lambda _row: {})
    cursor.execute(_ACT, [old])


def _taken(
    cursor: CursorWrapper,
    table: str,
    columns: Mapping[str, str],
    which: str,
    threads: list[UUID] | None = None,
) -> list[Row]:
    """Remove rows of the acting office and return them by column."""
    listed = ", ".join(columns)
    query = f"DELETE FROM {table} WHERE {which} RETURNING {listed}"  # noqa: S608  # our own names
    cursor.execute(query, [threads] if threads is not None else [])
    return [
        {name: _plain(kind, value) for (name, kind), value in zip(columns.items(), row, strict=True)}
        for row in cursor.fetchall()
    ]


def _plain(kind: str, value: object) -> object:
    """Return a value as it may be sent again."""
    if kind == "jsonb":
        return as_json(value)
    return bytes(value) if isinstance(value, memoryview) else value
