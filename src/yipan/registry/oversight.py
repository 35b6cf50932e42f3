"""What whoever audits the offices sees: their looks, looks at many strangers, broken glasses; and what she asks about them.

She sees offices, officers, purposes and numbers, never whom a look showed. What she asks is an event that opens the
office's duty to explain; the head explains it on the case, and she closes it with a finding.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Final

from django.db import connection

from yipan.duties.draft import Draft
from yipan.duties.naming import new_id
from yipan.duties.record import record
from yipan.errors import YipanError
from yipan.law.deadline import SHANGHAI
from yipan.offices.office import names_of
from yipan.registry.access import opened_words
from yipan.registry.purpose import ground_title

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date
    from uuid import UUID

    from django.db.backends.utils import CursorWrapper

    from yipan.offices.permit import Permit

RIGHT: Final = "audit"
ASKED, EXPLAINED, CLOSED = "oversight.asked", "oversight.explained", "oversight.closed"
#: The most rows of one list, the latest first.
PAGE: Final = 200

_FLAGS: Final = """
SELECT read, organisation, officer, purpose, flagged_at, shown, strangers FROM registry_flag
 ORDER BY flagged_at DESC, read DESC LIMIT %s
"""
_GLASSES: Final = """
SELECT event, organisation, officer, because, begun_at, until_at, cardinality(threads) FROM registry_glass
 ORDER BY begun_at DESC, event LIMIT %s
"""
_OFFICES: Final = """
SELECT organisation, officer, count(*), sum(cardinality(subjects)), max(read_at) FROM registry_read
 WHERE read_at >= %s AND read_at < %s GROUP BY organisation, officer
 ORDER BY sum(cardinality(subjects)) DESC, organisation, officer LIMIT %s
"""
_READS: Final = """
SELECT id, read_at, officer, purpose, ground, words, cardinality(subjects) FROM registry_read
 WHERE organisation = %s AND read_at >= %s AND read_at < %s ORDER BY read_at DESC, id DESC LIMIT %s
"""
_WHERE_OF: Final[Mapping[str, str]] = {
    "flag": "SELECT organisation FROM registry_flag WHERE read::text = %s",
    "glass": "SELECT organisation FROM registry_glass WHERE event::text = %s",
    "read": "SELECT organisation FROM registry_read WHERE id::text = %s",
}
_QUESTIONS: Final = """
SELECT asked.thread_id, asked.clock->>'about', asked.clock->>'entry', asked.parties->'asked'->>0, asked.officer,
       asked.recorded_at, due.due_at, due.state,
       (SELECT max(e.recorded_at) FROM duties_event e WHERE e.thread_id = asked.thread_id AND e.kind = %(explained)s),
       (SELECT max(e.clock->>'finding') FROM duties_event e WHERE e.thread_id = asked.thread_id AND e.kind = %(closed)s)
  FROM duties_event asked LEFT JOIN duties_duty due ON due.thread_id = asked.thread_id
 WHERE asked.recorded_by = %(own)s AND asked.kind = %(asked)s
 ORDER BY asked.recorded_at DESC LIMIT %(most)s
"""


class UnknownEntryError(YipanError):
    """There is no such entry below this office."""

    code: ClassVar[str] = "unknown-entry"
    exit_code: ClassVar[int] = 2
    sentence: ClassVar[dict[str, str]] = {
        "zh": "本机构及下级机构没有这条记录。",
        "en": "There is no such entry of this office or of those below it.",
    }


class AlreadyClosedError(YipanError):
    """The question has its finding."""

    code: ClassVar[str] = "already-closed"
    sentence: ClassVar[dict[str, str]] = {
        "zh": "这一询问已有结论。",
        "en": "This question has been closed with a finding.",
    }


@dataclass(frozen=True, kw_only=True, slots=True)
class FlagSeen:
    """A look at many strangers: which office and officer, when, for what, how many were shown and were strangers."""

    read: int
    organisation: str
    office_name: str
    officer: str
    purpose: str
    flagged_at: datetime
    shown: int
    strangers: int


@dataclass(frozen=True, kw_only=True, slots=True)
class GlassSeen:
    """A broken glass: who broke it, for which need and in which words, from when to when, how many cases it opened."""

    event: UUID
    organisation: str
    office_name: str
    officer: str
    because: str
    reason: str
    begun_at: datetime
    until_at: datetime
    cases: int


@dataclass(frozen=True, kw_only=True, slots=True)
class OfficerLooks:
    """How often an officer looked in some days, at how many people in all, and when last."""

    organisation: str
    office_name: str
    officer: str
    looks: int
    shown: int
    last_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class LookSeen:
    """One look: when, who, for what, and how many people it showed."""

    read: int
    read_at: datetime
    officer: str
    purpose: str
    ground: Mapping[str, str]
    shown: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """What an auditor asked: about what, whom, by when it is to be explained, and how it was closed (or nothing)."""

    thread: UUID
    about: str
    entry: str
    organisation: str
    office_name: str
    officer: str
    asked_at: datetime
    due_at: datetime | None
    state: str
    explained_at: datetime | None
    finding: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Answered:
    """One entry on a question: its kind, who wrote it, when, and the words."""

    kind: str
    office_name: str
    officer: str
    recorded_at: datetime
    words: str


@contextmanager
def _auditing(permit: Permit, now: datetime) -> Iterator[CursorWrapper]:
    """Open a transaction in which the policies show what an auditor may see of the offices below."""
    permit.require(RIGHT, now)
    with permit.in_force(), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('yipan.auditing', 'yes', true)")
        yield cursor


def flags(permit: Permit, now: datetime) -> list[FlagSeen]:
    """Return the looks at many strangers of this office and those below it, the latest first.

    Raises:
        NotPermittedError: the post does not include auditing.
    """
    with _auditing(permit, now) as cursor:
        cursor.execute(_FLAGS, [PAGE])
        rows = cursor.fetchall()
    names = names_of(row[1] for row in rows)
    return [
        FlagSeen(
            read=read,
            organisation=own,
            office_name=names.get(own, own),
            officer=officer,
            purpose=purpose,
            flagged_at=at,
            shown=shown,
            strangers=strangers,
        )
        for read, own, officer, purpose, at, shown, strangers in rows
    ]


def glasses(permit: Permit, now: datetime) -> list[GlassSeen]:
    """Return the glasses broken by this office and those below it, the latest first, with their reasons.

    Raises:
        NotPermittedError: the post does not include auditing.
    """
    with _auditing(permit, now) as cursor:
        cursor.execute(_GLASSES, [PAGE])
        rows = cursor.fetchall()
        reasons = opened_words(cursor, [row[0] for row in rows])
    names = names_of(row[1] for row in rows)
    return [
        GlassSeen(
            event=event,
            organisation=own,
            office_name=names.get(own, own),
            officer=officer,
            because=because,
            reason=str(reasons.get(event, {}).get("reason", "")),
            begun_at=begun_at,
            until_at=until_at,
            cases=cases,
        )
        for event, own, officer, because, begun_at, until_at, cases in rows
    ]


def officers_looks(permit: Permit, now: datetime, on: date, days: int = 1) -> list[OfficerLooks]:
    """Return how often each officer of this office and those below it looked in some days that end on one.

    Raises:
        NotPermittedError: the post does not include auditing.
    """
    first, last = _stretch(on, days)
    with _auditing(permit, now) as cursor:
        cursor.execute(_OFFICES, [first, last, PAGE])
        rows = cursor.fetchall()
    names = names_of(row[0] for row in rows)
    return [
        OfficerLooks(
            organisation=own,
            office_name=names.get(own, own),
            officer=officer,
            looks=looks,
            shown=int(shown or 0),
            last_at=last_at,
        )
        for own, officer, looks, shown, last_at in rows
    ]


def looks_of(permit: Permit, now: datetime, office: str, on: date, days: int = 1) -> list[LookSeen]:
    """Return the looks of one office below in some days that end on one, the latest first. Nobody shown is named.

    Raises:
        NotPermittedError: the post does not include auditing.
    """
    first, last = _stretch(on, days)
    with _auditing(permit, now) as cursor:
        cursor.execute(_READS, [office, first, last, PAGE])
        rows = cursor.fetchall()
    return [
        LookSeen(
            read=read,
            read_at=read_at,
            officer=officer,
            purpose=purpose,
            ground=ground_title(ground, words),
            shown=shown,
        )
        for read, read_at, officer, purpose, ground, words, shown in rows
    ]


def _stretch(on: date, days: int) -> tuple[datetime, datetime]:
    last = datetime.combine(on + timedelta(days=1), time(), SHANGHAI)
    return last - timedelta(days=days), last


def ask(permit: Permit, about: str, entry: str, question: str, now: datetime) -> UUID:
    """Ask an office about a flagged look, a broken glass or any look of its, and return the case.

    Raises:
        NotPermittedError: the post does not include auditing.
        UnknownEntryError: there is no such entry of this office or of those below it.
        DraftFaultsError: nothing was asked.
    """
    permit.require(RIGHT, now)
    if about not in _WHERE_OF:
        raise UnknownEntryError
    with _auditing(permit, now) as cursor:
        cursor.execute(_WHERE_OF[about], [entry])
        found = cursor.fetchone()
    if found is None:
        raise UnknownEntryError
    fields = {"about": about, "entry": entry, "question": question, "asked": found[0]}
    draft = Draft(kind=ASKED, id=new_id(now), fields=fields)
    return record([draft], permit=permit, clock=lambda: now).threads[0]


def close(permit: Permit, thread: UUID, finding: str, words: str, now: datetime) -> None:
    """Close a question with a finding; what was not explained yet need not be any more.

    Raises:
        NotPermittedError: the post does not include auditing.
        UnknownThreadError, AlreadyClosedError, DraftFaultsError: there is no such question of this office, or it is closed.
    """
    permit.require(RIGHT, now)
    if any(each.kind == CLOSED for each in answers(permit, thread, now)):
        raise AlreadyClosedError
    fields = {"finding": finding} | ({"words": words} if words else {})
    record([Draft(kind=CLOSED, thread=thread, fields=fields)], permit=permit, clock=lambda: now)


def questions(permit: Permit, now: datetime) -> list[Question]:
    """Return what this office's auditors asked, the latest first.

    Raises:
        NotPermittedError: the post does not include auditing.
    """
    values: dict[str, str | int] = {
        "own": permit.organisation, "asked": ASKED, "explained": EXPLAINED, "closed": CLOSED, "most": PAGE,
    }  # fmt: skip
    with _auditing(permit, now) as cursor:
        cursor.execute(_QUESTIONS, values)
        rows = cursor.fetchall()
    names = names_of(row[3] for row in rows)
    return [_question(row, names) for row in rows]


def _question(row: Sequence[Any], names: Mapping[str, str]) -> Question:
    thread, about, entry, asked, officer, asked_at, due_at, state, explained_at, finding = row
    return Question(
        thread=thread,
        about=about,
        entry=entry,
        organisation=asked,
        office_name=names.get(asked, asked),
        officer=officer,
        asked_at=asked_at,
        due_at=due_at,
        state=state or "",
        explained_at=explained_at,
        finding=finding or "",
    )


def answers(permit: Permit, thread: UUID, now: datetime) -> list[Answered]:
    """Return what was written on one question, in order; nothing where it is no question of this office.

    Raises:
        NotPermittedError: the post does not include auditing.
    """
    with _auditing(permit, now) as cursor:
        cursor.execute(
            "SELECT id, kind, recorded_by, officer, recorded_at FROM duties_event"
            " WHERE thread_id = %s AND kind = ANY(%s) ORDER BY recorded_at, seq",
            [thread, [ASKED, EXPLAINED, CLOSED]],
        )
        rows = cursor.fetchall()
        words = opened_words(cursor, [row[0] for row in rows])
    names = names_of(row[2] for row in rows)
    return [
        Answered(
            kind=kind,
            office_name=names.get(own, own),
            officer=officer,
            recorded_at=at,
            words="".join(str(each) for each in words.get(event, {}).values()),
        )
        for event, kind, own, officer, at in rows
    ]
