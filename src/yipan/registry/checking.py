"""Proof: the register drawn anew from the journal equals its tables. It counts and compares, and shows nobody."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from django.db import connection, transaction

from yipan.duties.lawbook import lawbook
from yipan.offices.permit import set_acting
from yipan.registry.lookup import LookupKey, key, keys
from yipan.registry.picture import WITHDRAWN, Picture
from yipan.registry.projection import PERSON, found_by, pictures

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from uuid import UUID

    from django.db.backends.utils import CursorWrapper

    from yipan.law.rulebook import Rulebook

_TOGETHER: Final = 500
_ENROLLED: Final = """
SELECT DISTINCT p.thread_id FROM (
    SELECT e.thread_id FROM duties_event e JOIN duties_payload l ON l.event_id = e.id
     WHERE l.name = %(person)s AND e.recorded_by = %(own)s AND NOT EXISTS (
           SELECT 1 FROM duties_event s WHERE s.thread_id = e.thread_id AND s.kind = 'party.succeeded'
              AND s.recorded_by = %(own)s)
    UNION ALL SELECT thread FROM registry_person) p
 WHERE p.thread_id > %(after)s ORDER BY p.thread_id LIMIT %(limit)s
"""
_PEOPLE: Final = """
SELECT thread, name, pinyin, initials, number_digest, phone_digest, like_birth, like_phone, like_serial, home, residence,
       number_doubts, ended FROM registry_person WHERE thread = ANY(%s)
"""
_STAYS: Final = """
SELECT thread, place, reason, from_on, until_on FROM registry_stay WHERE thread = ANY(%s) ORDER BY thread, number
"""
#: Where the digest of the number stands among what is compared.
_NUMBER: Final = 3
_FIRST: Final = "00000000-0000-0000-0000-000000000000"

Row = tuple[Any, ...]


@dataclass(kw_only=True)
class Compared:
    """How many entries were drawn anew, and every difference as a sentence that names no person."""

    people: int = 0
    differences: list[str] = field(default_factory=list)


def compare(progress: Callable[[str], None] | None = None, offices: Iterable[str] | None = None) -> Compared:
    """Draw the register of some offices (None: of every one) anew and compare it with its tables."""
    found, book = Compared(), lawbook()
    for office in recording_offices() if offices is None else offices:
        for count in _compare_office(office, book, found):
            found.people += count
            if progress:
                progress(f"{found.people} people")
    return found


def recording_offices() -> dict[str, int]:
    """Return every office that recorded anything, and the number of its last entry."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT organisation, seq FROM duties_chainhead ORDER BY organisation")
        return dict(cursor.fetchall())


def _compare_office(office: str, book: Rulebook, found: Compared) -> Iterator[int]:
    after = _FIRST
    while True:
        with transaction.atomic(durable=True), connection.cursor() as cursor:
            set_acting(office, "replay", [])
            asked: dict[str, Any] = {"person": PERSON, "own": office, "after": after, "limit": _TOGETHER}
            cursor.execute(_ENROLLED, asked)
            threads = [row[0] for row in cursor.fetchall()]
            if not threads:
                return
            found.differences.extend(_differences(cursor, threads, book))
        after = str(threads[-1])
        yield len(threads)


def _differences(cursor: CursorWrapper, threads: list[UUID], book: Rulebook) -> Iterator[str]:
    drawn = pictures(cursor, threads, book)
    cursor.execute(_PEOPLE, [threads])
    tables = {row[0]: tuple(map(_plain, row[1:])) for row in cursor.fetchall()}
    cursor.execute(_STAYS, [threads])
    lines: dict[UUID, list[Row]] = {}
    for thread, *stay in cursor.fetchall():
        lines.setdefault(thread, []).append(tuple(stay))
    lookups = {each.front: each for each in keys()}
    for thread in threads:
        wanted, stays = _wanted(drawn, thread, _key_of(tables.get(thread), lookups))
        if tables.get(thread) != wanted:
            yield f"register entry {thread}"
        if lines.get(thread, []) != stays:
            yield f"stays of register entry {thread}"


def _plain(value: object) -> object:
    if isinstance(value, list):
        return tuple(value)
    return bytes(value) if isinstance(value, memoryview) else value


def _key_of(row: Row | None, lookups: Mapping[bytes, LookupKey]) -> LookupKey:
    """Return the key that a row was digested under; while it is rotated there are two."""
    return lookups.get(bytes(row[_NUMBER][:1]), key()) if row and row[_NUMBER] else key()


def _wanted(
    drawn: Mapping[UUID, tuple[UUID, Picture]], thread: UUID, lookup: LookupKey
) -> tuple[Row | None, list[Row]]:
    if thread not in drawn or drawn[thread][1].ended == WITHDRAWN:
        return None, []
    picture = drawn[thread][1]
    row = (*found_by(picture, lookup), picture.ended)
    return row, [(each.place, each.reason, each.from_on, each.until_on) for each in picture.stays]
