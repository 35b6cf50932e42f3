"""Proof: the certificates drawn anew from the journal equal their table. It counts and compares, and shows nobody."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from django.db import connection, transaction

from yipan.documents.certificate import ISSUED, states, term_of
from yipan.duties import journal
from yipan.duties.lawbook import lawbook
from yipan.law.deadline import SHANGHAI
from yipan.law.fold import in_order
from yipan.offices.permit import set_acting

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

    from django.db.backends.utils import CursorWrapper

    from yipan.law.rulebook import Rulebook

_TOGETHER: Final = 500
#: Every case in which an office issued something, or has a row.
_CASES: Final = """
SELECT thread FROM (
    SELECT thread_id AS thread FROM duties_event WHERE recorded_by = %(own)s AND kind = ANY(%(kinds)s)
    UNION SELECT thread FROM documents_certificate WHERE office = %(own)s) cases
 WHERE thread > %(after)s ORDER BY thread LIMIT %(limit)s
"""
_ISSUED_BY: Final = """
SELECT id, thread_id, counts_at FROM duties_event
 WHERE recorded_by = %s AND on_behalf_of = '' AND kind = ANY(%s) AND thread_id = ANY(%s)
"""
_ROWS: Final = """
SELECT id, thread, office, issued_on, expires_on, ended_at, ended_because, seen_by FROM documents_certificate
 WHERE office = %s AND thread = ANY(%s)
"""
_FIRST: Final = "00000000-0000-0000-0000-000000000000"


@dataclass(kw_only=True)
class Compared:
    """How many certificates were drawn anew, and every difference as a sentence that names no person."""

    certificates: int = 0
    differences: list[str] = field(default_factory=list)


def compare() -> Compared:
    """Draw the certificates of every office anew and compare them with their table."""
    found = Compared()
    with connection.cursor() as cursor:
        cursor.execute("SELECT organisation FROM duties_chainhead ORDER BY organisation")
        offices = [row[0] for row in cursor.fetchall()]
    book = lawbook()
    kinds = sorted({kind.name for kind in book.every_kind() if kind.effect == ISSUED})
    for office in offices:
        for threads in _cases(office, kinds):
            with transaction.atomic(durable=True), connection.cursor() as cursor:
                set_acting(office, "replay", threads)
                cursor.execute(_ROWS, [office, threads])
                rows = {row[0]: row[1:] for row in cursor.fetchall()}
                found.certificates += len(rows)
                found.differences.extend(_terms(cursor, office, threads, kinds, rows, book))
                found.differences.extend(_ends(cursor, threads, rows, book))
    return found


def _cases(office: str, kinds: list[str]) -> Iterator[list[UUID]]:
    after: Any = _FIRST
    while True:
        with transaction.atomic(durable=True), connection.cursor() as cursor:
            set_acting(office, "replay", [])
            cursor.execute(_CASES, {"own": office, "kinds": kinds, "after": after, "limit": _TOGETHER})
            threads = [row[0] for row in cursor.fetchall()]
        if not threads:
            return
        yield threads
        after = threads[-1]


def _terms(
    cursor: CursorWrapper,
    office: str,
    threads: list[UUID],
    kinds: list[str],
    rows: dict[UUID, tuple[Any, ...]],
    book: Rulebook,
) -> Iterator[str]:
    """Yield what was issued and has no row, a row that nothing issued, and a term that no rule gave."""
    cursor.execute(_ISSUED_BY, [office, kinds, threads])
    issued = {row[0]: (row[1], row[2]) for row in cursor.fetchall()}
    for own in sorted(issued.keys() ^ rows.keys(), key=str):
        yield f"certificate {own}: only {'the journal' if own in issued else 'the table'} has it"
    for own in sorted(issued.keys() & rows.keys(), key=str):
        thread, at = issued[own]
        wanted = (thread, office, at.astimezone(SHANGHAI).date(), term_of(book, office, at))
        if rows[own][:4] != wanted:
            yield f"certificate {own}: its case, office or term"


def _ends(
    cursor: CursorWrapper, threads: list[UUID], rows: dict[UUID, tuple[Any, ...]], book: Rulebook
) -> Iterator[str]:
    """Yield certificates that ended otherwise, or are shown to others, than the entries say."""
    for thread, events in journal.events_of(cursor, threads).items():
        here = [(own, row[1]) for own, row in rows.items() if row[0] == thread]
        for ended_at, because, seen_by, own, *_ in states(in_order(events, book), here, book):
            _, _, _, _, at, reason, shown = rows[own]
            if (at, reason, sorted(shown)) != (ended_at, because, seen_by):
                yield f"certificate {own}: how it ended, or who sees it"
