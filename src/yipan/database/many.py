"""Many rows in one statement: sent as one JSON text, spread in the server, under the policies of the working role.

COPY does not go through row-level security, and a statement a row pays for the policies each time. A statement
that spreads rows is checked row by row like any INSERT and pays once for what the policies ask.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

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
    names = list(columns)
    shape = ", ".join(f"{name} {kind}" for name, kind in columns.items())
    listed = ", ".join(names)
    text = orjson.dumps([dict(zip(names, row, strict=True)) for row in rows], default=_plain)
    cursor.execute(
        f"INSERT INTO {table} ({listed}) SELECT {listed} FROM json_to_recordset(%s::json) AS r({shape}) {suffix}",  # noqa: S608  # our own names
        [text.decode()],
    )
    return int(cursor.rowcount)


def _plain(value: object) -> str:
    if isinstance(value, bytes):
        return "\\x" + value.hex()
    message = f"{type(value).__name__} cannot be sent to a column"
    raise TypeError(message)
