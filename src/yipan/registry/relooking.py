"""A new lookup key while everybody works: what people are found by is digested anew from what is sealed, batch by batch.

What is doubted of their numbers is drawn anew beside it: entries from before that was looked at have it from then on.

Meanwhile whoever searches asks under both versions. Stopped and run again, it goes on where it was.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any, Final

from django.db import IntegrityError, connection, transaction

from yipan.duties import rotating
from yipan.duties.lawbook import lawbook
from yipan.offices.permit import set_acting
from yipan.registry import lookup
from yipan.registry.doubts import doubts_of
from yipan.registry.projection import found_by, pictures

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from uuid import UUID

    from django.db.backends.utils import CursorWrapper

    from yipan.law.rulebook import Rulebook

#: People of one transaction: few enough that clerks do not notice.
BATCH: Final = 200
_COLUMNS: Final = ("number_digest", "phone_digest", "like_birth", "like_phone", "like_serial")
#: Where those stand in what `found_by` returns.
_FIRST: Final = 3
_OLD: Final = f"""
SELECT thread, {", ".join(_COLUMNS)} FROM registry_person
 WHERE organisation = %s AND substr(number_digest, 1, 1) <> %s AND thread > %s ORDER BY thread LIMIT %s
"""  # noqa: S608  # our own columns
_WRITE: Final = f"""
UPDATE registry_person SET ({", ".join(_COLUMNS)}, number_doubts) = (%s, %s, %s, %s, %s, %s::text[])
 WHERE thread = %s AND ({", ".join(_COLUMNS)}) IS NOT DISTINCT FROM (%s::bytea, %s::bytea, %s::bytea, %s::bytea, %s::bytea)
"""  # noqa: S608  # our own columns
_ZERO: Final = "00000000-0000-0000-0000-000000000000"


def rotate(
    progress: Callable[[str], None] | None = None,
    *,
    patience: float = rotating.PATIENCE_SECONDS,
    grace: float = rotating.GRACE_SECONDS,
) -> rotating.Rotated:
    """Digest what people are found by under a new version of the key, or go on with a rotation that was stopped."""
    version = rotating.begin(lookup.NAME, lambda: lookup.key().version)
    since = rotating.moment()
    count = _all(progress)
    finished = rotating.nobody_since(since, patience)
    time.sleep(grace)
    count += _all(progress)
    finished = finished and not any(_old(office, _ZERO) for office in _offices())
    if finished:
        rotating.forget_before(lookup.NAME, version)
    return rotating.Rotated(version=version, made_anew=count, finished=finished)


def _all(progress: Callable[[str], None] | None) -> int:
    book, count = lawbook(), 0
    for office in _offices():
        for done in _of_office(office, book):
            count += done
            if progress:
                progress(f"{office}: {count}")
    return count


def _offices() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT organisation FROM duties_chainhead ORDER BY organisation")
        return [row[0] for row in cursor.fetchall()]


def _old(office: str, after: str) -> list[tuple[Any, ...]]:
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        set_acting(office, "keys", [])
        cursor.execute(_OLD, [office, lookup.key().front, after, BATCH])
        return list(cursor.fetchall())


def _of_office(office: str, book: Rulebook) -> Iterator[int]:
    after = _ZERO
    while rows := _old(office, after):
        after = str(rows[-1][0])
        with transaction.atomic(durable=True), connection.cursor() as cursor:
            set_acting(office, "keys", [])
            yield _anew(cursor, rows, book)


def _anew(cursor: CursorWrapper, rows: Sequence[tuple[Any, ...]], book: Rulebook) -> int:
    """Write the new digests of rows that are still as they were read; whoever drew one meanwhile used the new key."""
    threads: list[UUID] = [row[0] for row in rows]
    drawn, key, count = pictures(cursor, threads, book), lookup.key(), 0
    for thread, *before in rows:
        if thread in drawn:
            picture = drawn[thread][1]
            digests: list[Any] = list(found_by(picture, key))[_FIRST : _FIRST + len(_COLUMNS)]
            new = [*digests, list(doubts_of(picture))]
        else:
            # Nobody can open what she was found by: she is found no more.
            new = [_unfindable(key), None, None, None, _unfindable(key), []]
        try:
            with transaction.atomic():
                cursor.execute(_WRITE, [*new, thread, *before])
        except IntegrityError:
            # Enrolled twice under one number at one moment, once under each key: both are found while the old key stays,
            # and it stays until somebody says that they are one.
            continue
        count += cursor.rowcount
    return count


def _unfindable(key: lookup.LookupKey) -> bytes:
    return key.front + os.urandom(15)
