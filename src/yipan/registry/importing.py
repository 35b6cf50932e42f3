"""A roster enters the register: read into parts, then entered part by part, each in one transaction of the one verb.

It may be stopped or killed at any moment: what is entered is marked so in the same transaction, and the same file begun
again goes on where it was. The same file once more changes nothing, because everybody in it is there.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID, uuid5

import orjson
from django.db import connection

from yipan.duties import sealing
from yipan.duties.draft import Draft
from yipan.duties.naming import new_id
from yipan.duties.record import record
from yipan.law.deadline import SHANGHAI
from yipan.offices.divisions import carried
from yipan.offices.placeindex import read_gazetteer
from yipan.registry import likeness
from yipan.registry.headcounts import kind_at
from yipan.registry.intake import (
    COLUMN,
    DONE,
    DROPPED,
    READING,
    STATEMENT,
    STOPPED,
    WAITING,
    WORKING,
    ConsentNeededError,
    IntakeGoneError,
    PartsWaitError,
    as_json,
    key_of,
)
from yipan.registry.projection import Projection
from yipan.registry.rosterrow import RowReader, said
from yipan.registry.staging import Stager, lay_down

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime

    from yipan.offices.permit import Permit
    from yipan.registry.sheets import Roster

_NAMESPACE: Final = UUID("8a3d1d2e-4f0b-5c55-8d0e-7a0e3f9b2c44")


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How far a roster has come."""

    intake: UUID
    state: str
    rows: int
    accepted: int
    rejected: int
    duplicates: int
    declined: int
    #: What a person should know: of the file, and of the rows that were accepted, with how many there are.
    warnings: tuple[Mapping[str, Any], ...]
    events: int
    duties: int
    #: Pairs of entries that may be one person, for somebody to decide.
    questions: int
    shape: Mapping[str, Any] = field(default_factory=dict)


def begin(permit: Permit, roster: Roster, now: datetime, *, wait: bool = False) -> UUID:
    """Return the intake of a file: the one that was begun and not finished, or a new one.

    `wait` leaves it for somebody to agree to after she has seen what is in it.

    Raises:
        NotPermittedError: the post does not include recording.
    """
    permit.require("record", now)
    day = now.astimezone(SHANGHAI).date()
    with permit.in_force(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM registry_intake WHERE organisation = %s AND digest = %s AND state <> ALL(%s)"
            " ORDER BY started_at DESC LIMIT 1 FOR UPDATE",
            [permit.organisation, roster.digest, [DONE, DROPPED]],
        )
        if row := cursor.fetchone():
            return UUID(str(row[0]))
        made = new_id(now)
        fresh = sealing.new_subject_key(made)
        cursor.execute(
            'INSERT INTO registry_intake (id, organisation, officer, digest, state, "on", ground, started_at, rows, shape,'
            " wrapped_key, kek_version) VALUES (%s, %s, %s, %s, %s, %s, '', %s, 0, %s, %s, %s)",
            [
                made, permit.organisation, permit.officer, roster.digest, READING, day, now,
                orjson.dumps(_shape(roster) | {"wait": wait}).decode(), fresh.wrapped, fresh.version,
            ],
        )  # fmt: skip
    return made


def _shape(roster: Roster) -> dict[str, Any]:
    """Return what may be kept of a file's shape: headings and warnings, no cell."""
    return {
        "consent_column": roster.has_consent_column,
        "sheets": [
            {
                "name": each.name,
                "columns": dict(each.columns),
                "forbidden": [list(one) for one in each.forbidden],
            }
            for each in roster.sheets
            if each.skipped_because is None
        ],
        "warnings": [
            {"code": each.code, "sheet": each.sheet, "zh": each.zh, "en": each.en} for each in roster.warnings
        ],
    }


def read(
    permit: Permit,
    intake: UUID,
    roster: Roster,
    division: str,
    laid: Callable[[int, int], bool] | None = None,
) -> bool:
    """Read a file into parts and return whether it was read to its end.

    `laid(number, rows)` hears of each part as it lies there, and says no to stop. `division` is where people live who
    say nothing of it.
    """
    key, on = key_of(permit, intake)
    stager = Stager(RowReader(on, read_gazetteer(), _carried(division)))
    declined: Counter[str] = Counter()
    parts = rows = 0
    for part in stager.parts(roster):
        lay_down(permit, intake, key, part)
        declined += part.declined
        parts, rows = parts + 1, rows + part.rows
        if laid and not laid(part.number, rows):
            _set(permit, intake, state=STOPPED)
            return False
    more = orjson.dumps({"declined": dict(declined), "mark": stager.mark}).decode()
    with permit.in_force(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE registry_intake SET parts = %s, rows = %s, shape = shape || %s::jsonb,"
            " state = CASE WHEN state = ANY(%s) THEN CASE WHEN shape->>'wait' = 'true' AND ground = '' THEN %s ELSE %s END"
            " ELSE state END WHERE id = %s",
            [parts, rows, more, [READING, STOPPED], WAITING, WORKING, intake],
        )
    return True


def _carried(division: str) -> str:
    """Return a division, or the nearest above it that the table of divisions carries: it knows no village, and no new code."""
    above = [division, *(division[:length] for length in (9, 6, 4, 2) if length < len(division))]
    return next((each for each in above if each in carried()), division)


def _set(permit: Permit, intake: UUID, **values: str | datetime) -> None:
    said = ", ".join(f"{name} = %s" for name in values)
    with permit.in_force(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE registry_intake SET {said} WHERE id = %s", [*values.values(), intake])  # noqa: S608  # our own names


def agree(permit: Permit, intake: UUID, ground: str, now: datetime) -> None:
    """Say how the people of a roster agreed, and let it be entered.

    The officer's statement that the signed forms are on file is itself an entry of the journal.

    Raises:
        ConsentNeededError: the file says nothing of agreement and nobody states it.
        IntakeGoneError: it is not there, or given up.
    """
    permit.require("record", now)
    with permit.in_force(), connection.cursor() as cursor:
        cursor.execute("SELECT shape, digest, rows, state FROM registry_intake WHERE id = %s", [intake])
        row = cursor.fetchone()
    if row is None or row[3] in (DONE, DROPPED):
        raise IntakeGoneError
    shape = as_json(row[0])
    if shape["consent_column"]:
        ground = COLUMN
    elif ground != STATEMENT:
        raise ConsentNeededError
    state = row[3] if row[3] == READING else WORKING
    _set(permit, intake, ground=ground, state=state)


def stop(permit: Permit, intake: UUID) -> None:
    """Say that nobody shall go on with a roster for now; what is entered stays."""
    with permit.in_force(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE registry_intake SET state = %s WHERE id = %s AND state = ANY(%s)",
            [STOPPED, intake, [READING, WORKING]],
        )


def is_working(permit: Permit, intake: UUID) -> bool:
    """Tell whether a roster shall be gone on with."""
    with permit.in_force(), connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM registry_intake WHERE id = %s AND state = %s", [intake, WORKING])
        return cursor.fetchone() is not None


def progress(permit: Permit, intake: UUID) -> tuple[int, int]:
    """Return how many rows have been read and how many entered or set aside."""
    with permit.in_force(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT i.rows, coalesce((SELECT sum((p.counts->>'rows')::int) FROM registry_intakepart p"
            " WHERE p.intake_id = i.id AND p.done), 0) FROM registry_intake i WHERE i.id = %s",
            [intake],
        )
        rows, entered = cursor.fetchone()
        return int(rows), int(entered)


def to_do(permit: Permit, intake: UUID) -> list[int]:
    """Return the numbers of the parts that wait to be entered."""
    with permit.in_force(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT number FROM registry_intakepart WHERE intake_id = %s AND NOT done ORDER BY number",
            [intake],
        )
        return [row[0] for row in cursor.fetchall()]


def finish(permit: Permit, intake: UUID, now: datetime) -> None:
    """Close a roster whose parts are all entered: count those who said no, and look for entries that may be one person.

    Raises:
        PartsWaitError: parts still wait.
    """
    if to_do(permit, intake):
        raise PartsWaitError
    with permit.in_force(), connection.cursor() as cursor:
        cursor.execute("SELECT shape, state FROM registry_intake WHERE id = %s", [intake])
        row = cursor.fetchone()
    if row is None or row[1] == DONE:
        return
    shape = as_json(row[0])
    month = now.astimezone(SHANGHAI).strftime("%Y-%m")
    kind = kind_at(now) if shape["declined"] else ""
    drafts = [
        _headcount(permit, kind, {"period": month, "township": township, "people": people}, shape["mark"])
        for township, people in shape["declined"].items()
    ]
    counted = 0
    if drafts:
        receipt = record(drafts, permit=permit, clock=lambda: now, also=Projection(permit))
        counted = len(receipt.events)
    found = likeness.ask(permit, intake, now)
    _set(permit, intake, state=DONE, finished_at=now.astimezone(UTC))
    with permit.in_force(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE registry_intake SET shape = shape || jsonb_build_object('questions', %s::int, 'headcounts', %s::int)"
            " WHERE id = %s",
            [found, counted, intake],
        )


def _headcount(permit: Permit, kind: str, fields: dict[str, object], mark: int) -> Draft:
    """Return what adds those who said no to the head-count: the same for the same rows of the same month."""
    said = f"{permit.organisation}:{fields['township']}:{fields['period']}:{fields['people']}:{mark:04x}"
    return Draft(kind=kind, id=uuid5(_NAMESPACE, said), fields=fields)


def outcome(permit: Permit, intake: UUID) -> Outcome:
    """Return how far a roster has come.

    Raises:
        IntakeGoneError: there is none, or not for this office.
    """
    with permit.in_force(), connection.cursor() as cursor:
        cursor.execute("SELECT state, shape, ground FROM registry_intake WHERE id = %s", [intake])
        if (row := cursor.fetchone()) is None:
            raise IntakeGoneError
        cursor.execute(
            "SELECT counts FROM registry_intakepart WHERE intake_id = %s ORDER BY number", [intake]
        )
        parts = [as_json(each[0]) for each in cursor.fetchall()]
    shape = as_json(row[1])
    notes: Counter[str] = Counter()
    for each in parts:
        notes.update(each.get("notes", {}))
    return Outcome(
        intake=intake,
        state=row[0],
        rows=_sum(parts, "rows"),
        accepted=_sum(parts, "accepted"),
        rejected=_sum(parts, "rejected"),
        duplicates=_sum(parts, "duplicates"),
        declined=sum(sum(each.get("declined", {}).values()) for each in parts),
        warnings=(*shape["warnings"], *_note_warnings(notes)),
        events=_sum(parts, "events") + shape.get("headcounts", 0),
        duties=_sum(parts, "duties"),
        questions=shape.get("questions", 0),
        shape=shape,
    )


def _sum(parts: Sequence[Mapping[str, Any]], name: str) -> int:
    return sum(each.get(name, 0) for each in parts)


def _note_warnings(notes: Counter[str]) -> Iterator[Mapping[str, Any]]:
    for code, count in notes.most_common():
        words = _OF_MANY.get(code) or said().notes[code]
        yield {
            "code": code,
            "count": count,
            "zh": f"{count}行：{words['zh']}",
            "en": f"{count} rows: {words['en']}",
        }


#: What is said of many rows where the word for one names its place.
_OF_MANY: Final = {
    "place-coarse": {
        "zh": "地址只认得出县（市、区）或更大的地方，没有到乡镇（街道）。",
        "en": "Of an address only the county, or less, could be made out.",
    },
    "residence-assumed": {
        "zh": "住址没有写到县和乡镇，按本机构所在地登记。",
        "en": "The address names no county and township; taken to lie where this office is.",
    },
}
