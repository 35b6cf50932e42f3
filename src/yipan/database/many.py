"""Many rows in one statement: sent as one JSON text, spread in the server, under the policies of the working role.

COPY does not go through row-level security, and a statement a row pays for the policies each time. A statement
that spreads rows is checked row by row like any INSERT and pays once for what the policies ask. What all rows have in
common is sent once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from django.db.backends.utils import CursorWrapper


def insert_many(
    cursor: CursorWrapper,
    table: str,
    columns: Mapping[str, str],
    rows: Sequence[Sequence[Any]],
    suffix: str = "",
) -> int:
    """Insert rows and return how many were written.

    Args:
        cursor: of the transaction in which the permit is in force.
        table: its name, as our own code writes it.
        columns: the type of each column, in the order of the values of a row.
        rows: the values, as Python has them: UUIDs, dates, bytes, and for `jsonb` and arrays what JSON can say.
        suffix: what follows, such as `ON CONFLICT DO NOTHING`.
    """
    if not rows:
        return 0
    same, differing = _split(columns, rows)
    names = [name for name, _ in differing]
    listed = ", ".join(columns)
    text = orjson.dumps([dict(zip(names, row, strict=True)) for row in _of(differing)], default=_plain)
    once = orjson.dumps({name: values[0] for name, values in same}, default=_plain)
    cursor.execute(
        f"INSERT INTO {table} ({listed}) SELECT {listed}"  # noqa: S608  # our own names
        f" FROM json_to_recordset(%s::json) AS r({_shape(columns, names)})"
        + (f", json_to_record(%s::json) AS o({_shape(columns, [name for name, _ in same])})" if same else "")
        + f" {suffix}",
        [text.decode(), once.decode()] if same else [text.decode()],
    )
    return int(cursor.rowcount)


Column = tuple[str, tuple[Any, ...]]


def _split(columns: Mapping[str, str], rows: Sequence[Sequence[Any]]) -> tuple[list[Column], list[Column]]:
    """Return the columns that say the same in every row, which are sent once, and the others; at least one of these."""
    named = list(zip(columns, zip(*rows, strict=True), strict=True))
    same = [(name, values) for name, values in named[1:] if values.count(values[0]) == len(values)]
    once = {name for name, _ in same}
    return same, [each for each in named if each[0] not in once]


def _of(columns: Sequence[Column]) -> Iterator[tuple[Any, ...]]:
    return zip(*(values for _, values in columns), strict=True)


def _shape(columns: Mapping[str, str], names: Sequence[str]) -> str:
    return ", ".join(f"{name} {columns[name]}" for name in names)


def _plain(value: object) -> str:
    if isinstance(value, bytes):
        return "\\x" + value.hex()
    message = f"{type(value).__name__} cannot be sent to a column"
    raise TypeError(message)
