"""Proof: the duties rebuilt from the journal equal the table, and no chain has been touched."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from uuid import UUID

from django.db import connection, transaction

from yipan.duties import checkpoint, journal, settle
from yipan.duties.chain import GENESIS, Entry, Sealed, fits
from yipan.duties.ends import Ends
from yipan.duties.lawbook import lawbook
from yipan.law.fold import VOID, Duty
from yipan.offices.permit import set_acting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from django.db.backends.utils import CursorWrapper

_THREADS: Final = 500
_ROWS: Final = 5000
_CHAIN: Final = """
SELECT id, kind, pack, thread_id, parties, lines, recorded_by, officer, on_behalf_of, happened_at, recorded_at,
       counts_at, counts_by, clock, follows, corrects, seen_by, seq, previous, digest, persons
  FROM duties_event WHERE recorded_by = %s AND seq > %s AND seq <= %s ORDER BY seq LIMIT %s
"""
#: In one statement, so that an office that writes meanwhile is no fault.
_BEYOND: Final = """
SELECT max(seq), coalesce((SELECT seq FROM duties_chainhead WHERE organisation = %(own)s), 0)
  FROM duties_event WHERE recorded_by = %(own)s
"""
#: Those beyond the head of a chain are found with it.
_STRAYS: Final = """
SELECT e.recorded_by, e.seq, e.kind, e.id FROM duties_event e
  LEFT JOIN duties_chainhead h ON h.organisation = e.recorded_by
 WHERE e.thread_id = ANY(%s) AND (h.seq IS NULL OR e.seq < 1)
"""

_KEYLESS: Final = "SELECT id FROM duties_subject WHERE id = ANY(%s) AND wrapped_key IS NULL"


@dataclass(kw_only=True)
class Replayed:
    """What a replay found: how much it compared, and every difference as a sentence."""

    threads: int = 0
    duties: int = 0
    differences: list[str] = field(default_factory=list)


@dataclass(kw_only=True)
class Verified:
    """What a verification found: how much it read, every fault, and what no checkpoint protects yet.

    `key` is the fingerprint of the key that signed the checkpoints, `believed` why it was: given, own, embedded.
    """

    organisations: int = 0
    events: int = 0
    checkpoints: int = 0
    unprotected: int = 0
    key: str = ""
    believed: str = ""
    faults: list[str] = field(default_factory=list)


def replay(threads: Sequence[UUID] | None = None, progress: Callable[[str], None] | None = None) -> Replayed:
    """Fold threads (None: all) again from the journal and compare every duty with the table."""
    rulebook, found = lawbook(), Replayed()
    for batch in _batches(threads):
        with transaction.atomic(durable=True), connection.cursor() as cursor:
            set_acting("", "replay", batch)
            table = settle.rows_of(cursor, batch)
            rebuilt = settle.folded(journal.events_of(cursor, batch), rulebook)
        found.threads += len(batch)
        found.duties += len(rebuilt)
        for key in sorted(table.keys() | rebuilt.keys()):
            row, duty = table.get(key), rebuilt.get(key)
            if row != duty and not (duty is None and row and row.state == VOID):
                found.differences.append(_difference(row, duty))
        if progress:
            progress(f"{found.threads} threads, {found.duties} duties")
    return found


def _difference(row: Duty | None, duty: Duty | None) -> str:
    known = row or duty
    if row is None or duty is None or known is None:
        where = "the table" if duty is None else "the journal"
        return f"{known and known.id} {known and known.rule}: only {where} has it"
    differing = [name for name in settle.COLUMNS if getattr(row, name) != getattr(duty, name)]
    told = ", ".join(f"{name} {getattr(row, name)} / {getattr(duty, name)}" for name in differing)
    return f"{row.id} {row.rule}: table / journal: {told}"


def _batches(threads: Sequence[UUID] | None) -> Iterator[list[UUID]]:
    if threads is not None:
        for start in range(0, len(threads), _THREADS):
            yield list(threads[start : start + _THREADS])
        return
    after = UUID(int=0)
    while True:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT id FROM duties_thread WHERE id > %s ORDER BY id LIMIT %s", [after, _THREADS]
            )
            batch = [row[0] for row in cursor.fetchall()]
        if not batch:
            return
        yield batch
        after = batch[-1]


def verify(
    progress: Callable[[str], None] | None = None, against: checkpoint.Signed | None = None
) -> Verified:
    """Walk every chain, compute every digest again, and hold the chains against every checkpoint.

    `against` are checkpoints that somebody kept elsewhere; those of this installation's folder when none are given.
    """
    signed = against or checkpoint.read_all()
    found = Verified(
        checkpoints=len(signed.said), key=signed.fingerprint, believed=signed.by, faults=signed.faults
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT organisation, seq, digest FROM duties_chainhead ORDER BY 1")
        heads = {row[0]: (row[1], bytes(row[2])) for row in cursor.fetchall()}
    protected = checkpoint.places(signed.said)
    ends = Ends()
    for organisation in sorted(heads.keys() | protected.keys()):
        head = heads.get(organisation, (0, GENESIS))
        _verify_chain(organisation, head, protected.get(organisation, {}), found, ends)
        if progress:
            progress(f"{organisation}: {found.events} events")
    found.faults.extend(ends.faults())
    found.faults.extend(_strays())
    return found


def _strays() -> Iterator[str]:
    """Yield entries that stand in a case and in no place of a chain: the law would read them, and no digest covers them."""
    for batch in _batches(None):
        with transaction.atomic(durable=True), connection.cursor() as cursor:
            set_acting("", "verify", batch)
            cursor.execute(_STRAYS, [batch])
            for organisation, seq, kind, own in cursor.fetchall():
                yield f"{organisation}: entry {seq} ({kind} {own}) stands in no chain"


def _verify_chain(
    organisation: str, head: tuple[int, bytes], protected: dict[int, set[bytes]], found: Verified, ends: Ends
) -> None:
    seq, previous = 0, GENESIS
    for entry, written in _entries(organisation, head[0], found):
        seq += 1
        found.events += 1
        ends.read(entry, written)
        if entry.seq != seq:
            found.faults.append(f"{organisation}: entry {seq} is missing (the next is {entry.seq})")
            seq = entry.seq
        elif entry.previous != previous:
            found.faults.append(f"{organisation}: entry {seq} does not follow the one before it")
        if not fits(entry, written):
            found.faults.append(f"{organisation}: entry {seq} ({entry.kind} {entry.id}) was changed")
        if protected.get(seq, {written}) != {written}:
            found.faults.append(f"{organisation}: entry {seq} is not the one that a checkpoint signed")
        previous = written
    if (seq, previous) != head:
        found.faults.append(f"{organisation}: the chain ends at {seq}, its head says {head[0]}")
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        set_acting(organisation, "verify", ())
        cursor.execute(_BEYOND, {"own": organisation})
        end, now = cursor.fetchone()
    if end and end > now:
        found.faults.append(f"{organisation}: the chain ends at {end}, its head says {now}")
    last = max(protected, default=0)
    if last > seq:
        found.faults.append(f"{organisation}: a checkpoint signed entry {last}, the chain ends at {seq}")
    found.organisations += 1
    found.unprotected += max(0, seq - last)


def _entries(organisation: str, upto: int, found: Verified) -> Iterator[tuple[Entry, bytes]]:
    """Yield an organisation's entries up to a place in order, read under its own eyes, with the digests as written.

    Entries whose case, or whose person's key, is not there are said in `found`.
    """
    after = 0
    while True:
        with transaction.atomic(durable=True), connection.cursor() as cursor:
            set_acting(organisation, "verify", ())
            cursor.execute(_CHAIN, [organisation, after, upto, _ROWS])
            rows = cursor.fetchall()
            cursor.execute(
                "SELECT event_id, name, ciphertext, subject_id, seen_by, digest, ended_by FROM duties_payload"
                " WHERE event_id = ANY(%s)",
                [[row[0] for row in rows]],
            )
            sealed = cursor.fetchall()
            cursor.execute(_KEYLESS, [list({row[3] for row in sealed})])
            keyless = {row[0] for row in cursor.fetchall()}
            payloads: dict[UUID, dict[str, Sealed]] = {}
            for event, name, ciphertext, subject, seen_by, kept, ended_by in sealed:
                # A text that is still there has no digest but its own.
                gone = not ciphertext and kept
                payloads.setdefault(event, {})[name] = Sealed(
                    ciphertext=bytes(ciphertext),
                    subject=subject,
                    seen_by=tuple(seen_by),
                    kept=bytes(kept).hex() if gone else "",
                    ended_by=ended_by,
                    keyless=subject in keyless,
                )
            found.faults.extend(_pointing_nowhere(cursor, organisation, rows, payloads))
        if not rows:
            return
        for row in rows:
            yield _entry(row, payloads.get(row[0], {})), bytes(row[19])
        after = rows[-1][17]


def _pointing_nowhere(
    cursor: CursorWrapper,
    organisation: str,
    rows: Sequence[tuple[object, ...]],
    payloads: Mapping[UUID, Mapping[str, Sealed]],
) -> Iterator[str]:
    """Yield what entries point to and is not there: no constraint of the database looks at it row by row."""
    persons: set[object] = {each.subject for held in payloads.values() for each in held.values()}
    cases = {row[3] for row in rows}
    for what, table, ids in (("case", "duties_thread", cases), ("person", "duties_subject", persons)):
        cursor.execute(f"SELECT id FROM {table} WHERE id = ANY(%s)", [list(ids)])  # noqa: S608  # our own tables
        missing = ids - {row[0] for row in cursor.fetchall()}
        yield from (f"{organisation}: {what} {each} is gone" for each in sorted(missing, key=str))


def _entry(row: tuple[object, ...], payloads: dict[str, Sealed]) -> Entry:
    values = list(row)
    parties = {role: tuple(held) for role, held in json.loads(str(row[4])).items()}
    return Entry(
        id=values[0], kind=values[1], pack=values[2], thread=values[3], parties=parties,  # type: ignore[arg-type]  # as the columns' types say
        lines=json.loads(str(row[5])), recorded_by=values[6], officer=values[7], on_behalf_of=values[8],  # type: ignore[arg-type]
        happened_at=values[9], recorded_at=values[10], counts_at=values[11], counts_by=values[12],  # type: ignore[arg-type]
        clock=json.loads(str(row[13])), follows=tuple(values[14] or ()), corrects=values[15],  # type: ignore[arg-type]
        seen_by=tuple(values[16]), payloads=payloads, persons=tuple(values[20] or ()), seq=values[17], previous=bytes(values[18]),  # type: ignore[arg-type, call-overload]
    )  # fmt: skip
