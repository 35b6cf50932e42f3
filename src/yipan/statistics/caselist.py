"""Millions of cases as a list that takes sixteen bytes for each."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, Final
from uuid import UUID

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from django.db.backends.utils import CursorWrapper

#: Cases listed at a time, and the bytes of an id.
_LISTED: Final = 1_000_000
_ID: Final = 16
_IDS: Final = (
    "SELECT string_agg(uuid_send(id), ''::bytea ORDER BY id) FROM"
    " (SELECT id FROM ({query}) AS seen(id) WHERE id > %(last)s ORDER BY id LIMIT %(many)s) AS part"
)


class Cases:
    """Cases in the order of their ids."""

    def __init__(self, ids: bytes | bytearray) -> None:
        """Take ids as they stand one behind the other, in order."""
        self._ids = bytes(ids)

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._ids) // _ID

    def __getitem__(self, at: int) -> bytes:
        """Return the bytes of the id at a place."""
        return self._ids[at * _ID : (at + 1) * _ID]

    def __contains__(self, thread: UUID) -> bool:
        """Tell whether a case is among them."""
        at = bisect_left(self, thread.bytes)
        return at < len(self) and self[at] == thread.bytes

    def part(self, start: int, after: int) -> list[UUID]:
        """Return the cases from one place to before another."""
        return [UUID(bytes=self[at]) for at in range(start, min(after, len(self)))]

    def first(self, many: int) -> Cases:
        """Return the first of them."""
        return Cases(self._ids[: many * _ID])


def cases_in(cursor: CursorWrapper, query: str, words: Mapping[str, datetime]) -> Cases:
    """Return the cases whose ids a question gives, each once, in the order of their ids."""
    found = bytearray()
    last: UUID | None = UUID(int=0)
    while last:
        cursor.execute(_IDS.format(query=query), {**words, "last": last, "many": _LISTED})
        part = bytes(cursor.fetchone()[0] or b"")
        found += part
        last = UUID(bytes=part[-_ID:]) if len(part) == _LISTED * _ID else None
    return Cases(found)
