"""A new key-encryption key while everybody works: each key of a person is wrapped anew, batch by batch.

Nothing that is sealed with those keys changes. Stopped at any moment and run again, it goes on where it was; the old key is
removed when nothing is wrapped under it and nobody who might still use it is at work.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import psycopg
from django.db import connection
from psycopg import sql

from yipan import database
from yipan.database import vault
from yipan.duties import sealing

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime
    from uuid import UUID

#: Tables of this room with wrapped keys; rooms above have theirs, and whoever rotates names them all.
WRAPPED: Final = ("duties_subject", "duties_keptkey")
BATCH: Final = 1000
#: How long whoever is at work with an old key may take; then it is kept, and removed by the next run.
PATIENCE_SECONDS: Final = 120.0
#: For whoever has read a wrapped key and not opened it yet.
GRACE_SECONDS: Final = 2.0
_MOMENT: Final = "SELECT clock_timestamp()"
#: Sessions of the working role, which alone wraps new keys; this session sees its own role's.
_AT_WORK: Final = """
SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND usename = current_user
   AND pid <> pg_backend_pid() AND xact_start <= %s
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Rotated:
    """The version in use, how much was made anew just now, and whether the old versions are gone."""

    version: int
    made_anew: int
    finished: bool


def rotate_kek(
    tables: Sequence[str],
    progress: Callable[[str], None] | None = None,
    *,
    patience: float = PATIENCE_SECONDS,
    grace: float = GRACE_SECONDS,
) -> Rotated:
    """Wrap every key in the tables under a new version, or go on with a rotation that was stopped.

    Args:
        tables: all that hold wrapped keys, of this room and of those above.
        progress: hears how far it has come.
        patience: how many seconds to wait for those at work when it began.
        grace: how many seconds an old key stays after that; more where machines share the folder over a network.
    """
    version = begin(sealing.KEK, sealing.kek_version)
    since = moment()
    with psycopg.connect(**database.connect_info("owner"), autocommit=True) as owner:
        count = sum(_wrap_anew(owner, table, version, progress) for table in tables)
        finished = nobody_since(since, patience)
        time.sleep(grace)
        # What was wrapped by those who were at work.
        count += sum(_wrap_anew(owner, table, version, progress) for table in tables)
        finished = finished and not any(_left(owner, table, version) for table in tables)
    if finished:
        forget_before(sealing.KEK, version)
    return Rotated(version=version, made_anew=count, finished=finished)


def begin(name: str, newest: Callable[[], int]) -> int:
    """Make a new version of a key of 32 bytes and return it; where a rotation is under way, the one it goes to."""
    now = newest()
    if len(vault.versions(name)) > 1:
        return now
    vault.add_key(vault.file_of(name, now + 1), os.urandom(32))
    return now + 1


def moment() -> datetime:
    """Return the moment by the database's clock."""
    with connection.cursor() as cursor:
        cursor.execute(_MOMENT)
        at: datetime = cursor.fetchone()[0]
        return at


def nobody_since(since: datetime, patience: float = PATIENCE_SECONDS) -> bool:
    """Wait until no transaction is open that began by a moment, and tell whether that came about."""
    give_up_at = time.monotonic() + patience
    while True:
        with connection.cursor() as cursor:
            cursor.execute(_AT_WORK, [since])
            if not cursor.fetchone()[0]:
                return True
        if time.monotonic() > give_up_at:
            return False
        time.sleep(0.1)


def forget_before(name: str, version: int) -> None:
    """Remove the versions of a key before one."""
    for each in vault.versions(name):
        if each < version:
            vault.remove_key(vault.file_of(name, each))


def _wrap_anew(
    owner: psycopg.Connection[Any], table: str, version: int, progress: Callable[[str], None] | None
) -> int:
    """Wrap what is wrapped under earlier versions. A key that was erased meanwhile stays erased."""
    named, count, after = sql.Identifier(table), 0, None
    read = sql.SQL(
        "SELECT id, wrapped_key, kek_version FROM {} WHERE kek_version < %s AND wrapped_key IS NOT NULL"
        " AND (%s::uuid IS NULL OR id > %s) ORDER BY id LIMIT %s"
    ).format(named)
    write = sql.SQL(
        "UPDATE {} t SET wrapped_key = r.new, kek_version = %s"
        " FROM unnest(%s::uuid[], %s::bytea[], %s::bytea[]) AS r(id, old, new)"
        " WHERE t.id = r.id AND t.wrapped_key = r.old"
    ).format(named)
    while rows := owner.execute(read, [version, after, after, BATCH]).fetchall():
        made = [_anew(row[0], bytes(row[1]), row[2], version) for row in rows]
        ids, old = [row[0] for row in rows], [bytes(row[1]) for row in rows]
        count += owner.execute(write, [version, ids, old, made]).rowcount
        after = rows[-1][0]
        if progress:
            progress(f"{table}: {count}")
    return count


def _anew(own: UUID, wrapped: bytes, before: int, version: int) -> bytes:
    return sealing.wrap(own, sealing.unwrap(own, wrapped, before), version)


def _left(owner: psycopg.Connection[Any], table: str, version: int) -> bool:
    query = sql.SQL("SELECT EXISTS (SELECT FROM {} WHERE kek_version < %s AND wrapped_key IS NOT NULL)")
    row = owner.execute(query.format(sql.Identifier(table)), [version]).fetchone()
    return bool(row and row[0])
