"""The seal of the read log: of each office's looks of one minute a Merkle root, each root holding the digest of the one before.

A look that was changed, taken away or put in between later shows: `journal verify` computes every root again. What is
younger than the last root is not claimed as protected. The end of a log whose last roots went with their looks is found against
a checkpoint, which signs the last root of every office; a log whose oldest looks ended with their term says so.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

import orjson
from django.db import connection, transaction

from yipan.duties import checkpoint
from yipan.law.deadline import SHANGHAI
from yipan.offices.permit import set_acting
from yipan.registry.readend import over_before
from yipan.registry.readlog import SEALING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from django.db.backends.utils import CursorWrapper

GENESIS: Final = bytes(32)
#: Under which word a checkpoint holds the last seals.
LOOKS: Final = "looks"
#: What separates a leaf from a node, so that no node can be taken for a look.
_LEAF, _NODE = b"\x00", b"\x01"
_SEALER: Final = "the-seal"
#: Whoever looked was at her desk, holds or held a post, or has written something.
_OFFICES: Final = (
    'SELECT organisation FROM offices_login WHERE "on" >= %(since)s'
    " UNION SELECT organisation FROM duties_chainhead WHERE %(all)s"
    " UNION SELECT organisation_id FROM offices_posting WHERE %(all)s ORDER BY 1"
)
_COLUMNS: Final = "id, read_at, organisation, officer, purpose, ground, words, threads, subjects"
_OPEN: Final = (
    f"SELECT {_COLUMNS} FROM registry_read WHERE organisation = %s AND id > %s ORDER BY read_at, id"  # noqa: S608  # our own columns
)
_NAMED: Final = f"SELECT {_COLUMNS} FROM registry_read WHERE organisation = %s AND id = ANY(%s)"  # noqa: S608  # the same
_ROOTS: Final = "SELECT number, minute, reads, root, previous, digest FROM registry_readroot WHERE organisation = %s ORDER BY number"
_HEAD: Final = (
    "SELECT number, digest, (SELECT coalesce(max(each), 0) FROM registry_readroot all_of, unnest(all_of.reads) AS each"
    " WHERE all_of.organisation = %(own)s) FROM registry_readroot WHERE organisation = %(own)s ORDER BY number DESC LIMIT 1"
)
_SIGNED: Final = "SELECT number, digest FROM registry_readroot WHERE organisation = %s AND number = ANY(%s)"
_ENDS: Final = (
    "SELECT e.number, e.ended_at, r.minute FROM registry_readend e LEFT JOIN registry_readroot r"
    " ON r.organisation = e.organisation AND r.number = e.number WHERE e.organisation = %s ORDER BY e.number"
)
_INSERT: Final = (
    "INSERT INTO registry_readroot (organisation, number, minute, reads, root, previous, digest, sealed_at)"
    " VALUES (%s, %s, %s, %s, %s, %s, %s, %s)"
)
_BETWEEN: Final = (
    "SELECT id FROM registry_read WHERE organisation = %s AND id <= %s AND NOT (id = ANY(%s)) ORDER BY id"
)
_BATCH: Final = 1_000

#: One look as the log holds it.
Look = tuple[object, ...]


@dataclass(kw_only=True)
class Checked:
    """What the seals say: how many looks and roots were computed again, how many are not sealed yet, what does not fit."""

    looks: int = 0
    roots: int = 0
    unsealed: int = 0
    faults: list[str] = field(default_factory=list)


def seal(now: datetime, *, recent: bool = False) -> int:
    """Seal the looks of every minute that has ended, office by office, and return how many were sealed.

    `recent`: only of offices that were at their desk yesterday or today, for whoever comes by each minute.
    """
    return sum(_seal_office(each, now) for each in _offices(now, recent=recent))


def _offices(now: datetime, *, recent: bool) -> list[str]:
    since = (now - timedelta(days=2)).date() if recent else date.min
    with connection.cursor() as cursor:
        cursor.execute(_OFFICES, {"since": since, "all": not recent})
        return [row[0] for row in cursor.fetchall()]


def _seal_office(office: str, now: datetime) -> int:
    ended = now.replace(second=0, microsecond=0)
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        set_acting(office, _SEALER, ())
        # Waits for the looks that are being written down: none with a smaller number comes after.
        cursor.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [SEALING, office])
        cursor.execute(_HEAD, {"own": office})
        number, previous, last = cursor.fetchone() or (0, GENESIS, 0)
        cursor.execute(_OPEN, [office, last])
        rows = cursor.fetchall()
        # The numbers that are sealed go up without a gap: a look of this minute holds up those after it.
        first_open = min((row[0] for row in rows if row[1] >= ended and row[1] <= now), default=None)
        rows = [row for row in rows if first_open is None or row[0] < first_open]
        for minute, looks in groupby(rows, key=lambda row: row[1].replace(second=0, microsecond=0)):
            number, previous = _add(cursor, office, number + 1, minute, list(looks), bytes(previous), now)
        return len(rows)


def _add(  # noqa: PLR0913, PLR0917  # each is a column
    cursor: CursorWrapper,
    office: str,
    number: int,
    minute: datetime,
    looks: Sequence[Look],
    previous: bytes,
    now: datetime,
) -> tuple[int, bytes]:
    reads, root = [row[0] for row in looks], merkle_root(looks)
    digest = _digest(office, number, minute, reads, root, previous)
    cursor.execute(_INSERT, [office, number, minute, reads, root, previous, digest, now])
    return number, digest


def merkle_root(looks: Iterable[Look]) -> bytes:
    """Return the root over looks in their order; an odd one goes up as it is."""
    level = [hashlib.sha256(_LEAF + _canonical(row)).digest() for row in looks]
    while len(level) > 1:
        pairs = [level[at : at + 2] for at in range(0, len(level), 2)]
        level = [
            hashlib.sha256(_NODE + b"".join(each)).digest() if len(each) > 1 else each[0] for each in pairs
        ]
    return level[0] if level else GENESIS


def _canonical(row: Look) -> bytes:
    return orjson.dumps([_instant(each) if isinstance(each, datetime) else each for each in row])


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def _digest(  # each is a column
    office: str, number: int, minute: datetime, reads: Sequence[object], root: bytes, previous: bytes
) -> bytes:
    said = [office, number, _instant(minute), list(reads), root.hex(), previous.hex()]
    return hashlib.sha256(orjson.dumps(said)).digest()


def heads() -> dict[str, list[Any]]:
    """Return of every office the number and digest of its last seal, as a checkpoint signs them."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT organisation, number, digest FROM yipan_read_heads() ORDER BY 1")
        return {row[0]: [row[1], bytes(row[2]).hex()] for row in cursor.fetchall()}


def verify(against: Sequence[Mapping[str, Any]] = ()) -> Checked:
    """Compute the root of every sealed minute again, and say which looks were changed, taken away or put in between.

    `against`: what checkpoints signed; with them what was taken from the end is found too.
    """
    found = Checked()
    signed = checkpoint.places(against, LOOKS)
    for office in sorted({*_offices(datetime.now(UTC), recent=False), *signed}):
        with transaction.atomic(durable=True), connection.cursor() as cursor:
            set_acting(office, _SEALER, ())
            found.faults.extend(_faults(cursor, office, found))
            found.faults.extend(_against(cursor, office, signed.get(office, {})))
    return found


def _against(cursor: CursorWrapper, office: str, signed: Mapping[int, set[bytes]]) -> Iterator[str]:
    """Yield the seals that checkpoints signed and that are not there, or are others."""
    if not signed:
        return
    cursor.execute(_SIGNED, [office, list(signed)])
    held = {number: bytes(digest) for number, digest in cursor.fetchall()}
    for number, digests in sorted(signed.items()):
        if number not in held:
            yield f"{office}: read log: seal {number}, which a checkpoint signed, is missing"
        elif digests != {held[number]}:
            yield f"{office}: read log: seal {number} is another than a checkpoint signed"


def _ended(cursor: CursorWrapper, office: str) -> tuple[int, list[str]]:
    """Return through which seal the looks have ended with their term, and what ended before it."""
    cursor.execute(_ENDS, [office])
    through, faults = 0, []
    for number, ended_at, minute in cursor.fetchall():
        through = max(through, number)
        if minute is None or minute >= over_before(ended_at.astimezone(SHANGHAI).date()):
            faults.append(f"{office}: read log: looks up to seal {number} ended before their term")
    return through, faults


def _faults(cursor: CursorWrapper, office: str, found: Checked) -> Iterator[str]:
    through, early = _ended(cursor, office)
    yield from early
    cursor.execute(_ROOTS, [office])
    roots, previous, sealed, expected = cursor.fetchall(), GENESIS, list[int](), 0
    for number, minute, reads, root, before, digest in roots:
        expected += 1
        found.roots += 1
        found.looks += len(reads)
        sealed += reads
        at = f"{office}: read log, minute {_instant(minute)[:16]}"
        if number != expected:
            yield f"{at}: seal {expected} is missing"
            expected = number
        elif bytes(before) != previous:
            yield f"{at}: the seal does not follow the one before it"
        if _digest(office, number, minute, reads, bytes(root), bytes(before)) != bytes(digest):
            yield f"{at}: the seal was changed"
        previous = bytes(digest)
        held = _held(cursor, office, reads)
        if number <= through:
            yield from (f"{at}: look {each} has ended and is there again" for each in held)
            continue
        yield from (f"{at}: look {each} is missing" for each in reads if each not in held)
        if held.keys() >= set(reads) and merkle_root(held[each] for each in reads) != bytes(root):
            yield f"{at}: a look was changed"
    last = max(sealed, default=0)
    cursor.execute(_BETWEEN, [office, last, sealed])
    yield from (f"{office}: read log: look {row[0]} was put in after the seal" for row in cursor.fetchall())
    cursor.execute("SELECT count(*) FROM registry_read WHERE organisation = %s AND id > %s", [office, last])
    found.unsealed += cursor.fetchone()[0]


def _held(cursor: CursorWrapper, office: str, reads: Sequence[int]) -> dict[int, Look]:
    held: dict[int, Look] = {}
    for start in range(0, len(reads), _BATCH):
        cursor.execute(_NAMED, [office, list(reads[start : start + _BATCH])])
        held |= {row[0]: row for row in cursor.fetchall()}
    return held
