"""Entries of one office that may be one person: found, judged by `matching`, and kept as questions. Never merged here."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, Final

import orjson
from django.db import connection

from yipan.database.many import insert_many
from yipan.duties.lawbook import lawbook
from yipan.registry.matching import Record, judge, read_number
from yipan.registry.projection import pictures

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime
    from uuid import UUID

    from django.db.backends.utils import CursorWrapper

    from yipan.offices.permit import Permit
    from yipan.registry.picture import Picture

#: By what two entries are thought of together; the judge then looks at all that is known.
_ALIKE: Final = ("like_birth", "like_phone", "like_serial")
#: People looked at in one go.
_TOGETHER: Final = 500
QUESTION_COLUMNS: Final = {
    "one": "uuid", "other": "uuid", "organisation": "text", "found_at": "timestamptz", "score": "int",
    "reasons": "jsonb", "decided": "text",
}  # fmt: skip


def _pairs(which: str) -> str:
    """Return the query for pairs; one side is laid out first, so that the other is found by its index."""
    joined = " UNION ".join(
        f"SELECT least(a.thread, b.thread), greatest(a.thread, b.thread) FROM mine a JOIN registry_person b"  # noqa: S608  # our own columns
        f" ON b.{by} = a.{by} AND b.organisation = %(own)s AND b.thread <> a.thread"
        " WHERE b.ended = '' AND b.merged_into IS NULL"
        for by in _ALIKE
    )
    return (
        f"WITH mine AS MATERIALIZED (SELECT thread, {', '.join(_ALIKE)} FROM registry_person"  # noqa: S608  # our own columns
        f" WHERE {which} = %(which)s AND organisation = %(own)s AND ended = '' AND merged_into IS NULL) {joined}"
    )


_OF_INTAKE: Final = _pairs("intake")
_OF_THREAD: Final = _pairs("thread")


def ask(permit: Permit, intake: UUID, now: datetime) -> int:
    """Look for entries like those of a roster, keep a question for each likely pair, and return how many there are."""
    return _ask(permit, _OF_INTAKE, intake, now, many=True)


def ask_about(permit: Permit, thread: UUID, now: datetime) -> int:
    """Look for entries like one that was just made at the counter."""
    return _ask(permit, _OF_THREAD, thread, now)


def _ask(permit: Permit, query: str, which: UUID, now: datetime, *, many: bool = False) -> int:
    with permit.in_force(), connection.cursor() as cursor:
        if many:
            # The statistics are of before the roster: by them it has a row, and each of its thousands would walk the register.
            cursor.execute("SELECT set_config('enable_nestloop', 'off', true)")
        cursor.execute(query, {"which": which, "own": permit.organisation})
        pairs = sorted({(row[0], row[1]) for row in cursor.fetchall()})
    found = 0
    for start in range(0, len(pairs), _TOGETHER):
        with permit.in_force(), connection.cursor() as cursor:
            found += _keep(cursor, permit.organisation, pairs[start : start + _TOGETHER], now)
    return found


def _keep(cursor: CursorWrapper, organisation: str, pairs: Sequence[tuple[UUID, UUID]], now: datetime) -> int:
    records = records_of(cursor, {each for pair in pairs for each in pair})
    rows: list[tuple[Any, ...]] = []
    for one, other in pairs:
        if one in records and other in records:
            verdict = judge(records[one], records[other])
            if verdict.same != "different":
                codes = [reason.code for reason in verdict.reasons]
                rows.append((one, other, organisation, now, verdict.score, codes, ""))
    insert_many(cursor, "registry_question", QUESTION_COLUMNS, rows, "ON CONFLICT DO NOTHING")
    return len(rows)


def records_of(cursor: CursorWrapper, threads: Iterable[UUID]) -> dict[UUID, Record]:
    """Return what is known of people for comparing, as far as the permit in force sees."""
    drawn = pictures(cursor, sorted(threads), lawbook())
    return {thread: record_of(picture) for thread, (_, picture) in drawn.items()}


def record_of(picture: Picture) -> Record:
    """Return what a picture says for comparing."""
    return _record(picture.particulars)


def _record(said: Mapping[str, str]) -> Record:
    """Return particulars for comparing; birth and sex that nobody wrote are read from a number that is not doubtful."""
    number = read_number(said.get("identity_number"))
    sound = number if number and not number.wrong else None
    born, sex = said.get("birth_on"), said.get("sex")
    if sex is None and sound:
        sex = ("2", "1")[int(sound.body[-1]) % 2]
    return Record(
        name=said["name"],
        identity_number=said.get("identity_number"),
        birth_on=date.fromisoformat(born) if born else (sound.birth_on if sound else None),
        sex=sex,
        phone=said.get("phone"),
    )


def open_questions(permit: Permit, now: datetime, limit: int) -> list[tuple[UUID, UUID, list[str]]]:
    """Return pairs that wait for a decision, the likeliest first, with the codes of the reasons.

    Raises:
        NotPermittedError: the post does not include reading cases.
    """
    permit.require("read-case", now)
    with permit.in_force(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT q.one, q.other, q.reasons FROM registry_question q"
            " JOIN registry_person a ON a.thread = q.one AND a.merged_into IS NULL AND a.ended = ''"
            " JOIN registry_person b ON b.thread = q.other AND b.merged_into IS NULL AND b.ended = ''"
            " WHERE q.organisation = %s AND q.decided = '' ORDER BY q.score DESC, q.one, q.other LIMIT %s",
            [permit.organisation, limit],
        )
        return [(row[0], row[1], orjson.loads(row[2])) for row in cursor.fetchall()]
