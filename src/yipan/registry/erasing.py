"""Erasure: a person's key and all that it opened, destroyed because she asked for it. Entries, days and digests stay.

The office that holds her does it, on a case in which she asked. What is under way for her stops. What a law wants kept is
named, with its day, and kept where nobody who works here can read it; the sweep ends it on that day.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final
from uuid import UUID

from django.db import connection

from yipan.duties import journal
from yipan.duties.draft import CASE, Draft
from yipan.duties.faults import UnknownThreadError
from yipan.duties.lawbook import lawbook
from yipan.duties.projecting import Projecting, Several
from yipan.duties.record import Receipt, record
from yipan.duties.whose import PROXY
from yipan.errors import YipanError
from yipan.law.deadline import SHANGHAI
from yipan.law.fold import in_order
from yipan.law.keeping import ERASED_KIND, ERASING_KINDS, KEPT_KIND, REAPPLIED_KIND, Life, ends_on
from yipan.registry.forgetting import forget_rows

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, datetime

    from django.db.backends.utils import CursorWrapper

    from yipan.duties.projecting import Written
    from yipan.law.rulebook import Rulebook
    from yipan.offices.permit import Permit

#: The request on which a person is erased, and what takes it back.
ASKED_KIND: Final = "erasure.asked"
WITHDRAWN_KIND: Final = "own-request.withdrawn"
ERASED_EFFECT: Final = "person-erased"
_NOBODY: Final = (CASE, PROXY)
#: Whom a request is about: of a couple's case the one who asked.
_HERS: Final = """
SELECT s.id, s.wrapped_key IS NOT NULL
  FROM duties_payload p JOIN duties_subject s ON s.id = p.subject_id WHERE p.event_id = %s AND p.name <> ALL(%s)
"""
#: Entries of the register that were found to be hers too.
_ALSO_HERS: Final = """
WITH RECURSIVE hers AS (
    SELECT thread, subject, merged_into FROM registry_person WHERE subject = %s
    UNION
    SELECT p.thread, p.subject, p.merged_into FROM registry_person p JOIN hers h
        ON p.merged_into = h.thread OR p.thread = h.merged_into
) SELECT DISTINCT subject FROM hers
"""
_CASES: Final = """
SELECT t.subject_id, t.thread_id,
       EXISTS (SELECT 1 FROM duties_threadsubject o JOIN duties_subject s ON s.id = o.subject_id
                WHERE o.thread_id = t.thread_id AND o.name <> ALL(%(nobody)s) AND o.subject_id <> t.subject_id
                  AND s.wrapped_key IS NOT NULL)
  FROM duties_threadsubject t WHERE t.subject_id = ANY(%(subjects)s) AND t.name <> ALL(%(nobody)s)
 ORDER BY t.thread_id
"""
_UNDER_WAY: Final = "SELECT thread_id FROM duties_duty WHERE thread_id = ANY(%s) AND state = 'open' AND due_at IS NOT NULL LIMIT 1"
_TEXTS: Final = """
SELECT p.subject_id, e.id, e.kind, e.recorded_at, e.thread_id FROM duties_payload p JOIN duties_event e ON e.id = p.event_id
 WHERE p.subject_id = ANY(%s) AND p.ended_by IS NULL ORDER BY e.recorded_at, e.id
"""


class ErasureNotAskedError(YipanError):
    """She has not asked for it here, or has taken it back, or it is done."""

    code: ClassVar[str] = "erasure-not-asked"
    sentence: ClassVar[dict[str, str]] = {
        "zh": "此案中本人没有要求删除，或者已经撤回，或者已经删除。",
        "en": "In this case nobody has asked to be erased, or has taken it back, or it is done.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "请先受理本人的删除要求，再在那个案件里删除。",
        "en": "Take in her request for erasure first, and erase her in that case.",
    }


class NotHeldHereError(YipanError):
    """Another office took her in, and holds what is known of her."""

    code: ClassVar[str] = "not-held-here"
    sentence: ClassVar[dict[str, str]] = {
        "zh": "她的资料由最先受理的机构保管，不能由本机构删除。",
        "en": "Another office took her in and holds her data: this one cannot erase them.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "请在保管机构受理删除要求。",
        "en": "Have the request taken in at the office that holds her.",
    }


class UnderWayTogetherError(YipanError):
    """Something she shares with another person is still under way."""

    code: ClassVar[str] = "under-way-together"
    sentence: ClassVar[dict[str, str]] = {
        "zh": "她与另一个人共同办理的事还没有办完，现在删除会影响那个人。",
        "en": "Something that she shares with another person is still under way, and would be lost to that person.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "请先办完或者撤回那件事，再删除。",
        "en": "Finish or withdraw that matter first, then erase her.",
    }


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept:
    """What a law wants kept of somebody: which entries, until when, under what."""

    events: tuple[UUID, ...] = ()
    until_on: date | None = None
    law: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ErasurePlan:
    """Whom an erasure ends: her keys here, her cases, and what a law keeps of each."""

    subjects: tuple[UUID, ...]
    #: The cases that are hers alone, by the key under which she is written down there.
    cases: Mapping[UUID, tuple[UUID, ...]]
    kept: Mapping[UUID, Kept]
    asked: UUID


class Erasing(Projecting):
    """Destroys keys and texts as entries say, and what the register drew from them, in the transaction of the one verb."""

    handles = frozenset({ERASED_EFFECT})

    def __init__(self, permit: Permit) -> None:
        """Know for whom."""
        self.permit = permit

    def write(self, cursor: CursorWrapper, written: Written) -> None:
        """End each person whom the entries erase, once."""
        ended: set[str] = set()
        for each in written.recorded:
            subject = str(each.entry.clock.get("subject") or "")
            if each.kind.effect != ERASED_EFFECT or subject in ended:
                continue
            ended.add(subject)
            forget_rows(cursor, self.permit, UUID(subject))
            cursor.execute("SELECT yipan_erase(%s)", [each.entry.id])
            _blank(cursor, UUID(subject))


def _blank(cursor: CursorWrapper, subject: UUID) -> None:
    """Take a person out of the register: her entry, her line through places, what she was compared with."""
    cursor.execute("SELECT thread FROM registry_person WHERE subject = %s", [subject])
    threads = [row[0] for row in cursor.fetchall()]
    cursor.execute("DELETE FROM registry_stay WHERE thread = ANY(%s)", [threads])
    cursor.execute(
        "DELETE FROM registry_question WHERE one = ANY(%(threads)s) OR other = ANY(%(threads)s)",
        {"threads": threads},
    )
    cursor.execute("DELETE FROM registry_person WHERE thread = ANY(%s)", [threads])


def plan(permit: Permit, thread: UUID, now: datetime) -> ErasurePlan:
    """Return what an erasure in a case would end, and what a law keeps of it. It changes nothing, and shows no fact.

    Raises:
        NotPermittedError: the post does not include recording.
        UnknownThreadError: the case is not there, or not for this office.
        ErasureNotAskedError, NotHeldHereError, UnderWayTogetherError: it cannot be done, or not here, or not yet.
    """
    permit.require("record", now)
    book = lawbook()
    with permit.in_force([thread]), connection.cursor() as cursor:
        if not journal.seen_by(cursor, permit.organisation, [thread]):
            raise UnknownThreadError(thread=thread)
        asked = _asked_by(cursor, thread, book)
        cursor.execute(_HERS, [asked, list(_NOBODY)])
        held = [subject for subject, lives in cursor.fetchall() if lives]
    if asked is None or not held:
        raise ErasureNotAskedError
    return _plan_for(permit, held, asked, now, book)


def _plan_for(
    permit: Permit, held: Sequence[UUID], asked: UUID, now: datetime, book: Rulebook
) -> ErasurePlan:
    with permit.in_force(), connection.cursor() as cursor:
        found = dict.fromkeys(held)
        for each in held:
            cursor.execute(_ALSO_HERS, [each])
            found |= dict.fromkeys(row[0] for row in cursor.fetchall())
        subjects = tuple(found)
        cursor.execute(_TEXTS, [list(subjects)])
        texts = cursor.fetchall()
        hidden = {row[4] for row in texts}
    with permit.in_force(sorted(hidden)), connection.cursor() as cursor:
        cursor.execute(_CASES, {"subjects": list(subjects), "nobody": list(_NOBODY)})
        found_in = cursor.fetchall()
        seen = journal.seen_by(cursor, permit.organisation, sorted({row[1] for row in found_in}))
        cases = [row for row in found_in if row[1] in seen]
        shared = [thread for _, thread, together in cases if together]
        cursor.execute(_UNDER_WAY, [shared])
        if cursor.fetchone():
            raise UnderWayTogetherError
        first = {each: next((row for row in texts if row[0] == each), None) for each in subjects}
        for row in first.values():
            if row and not _holds(cursor, permit.organisation, row[1]):
                raise NotHeldHereError
    alone = {
        each: tuple(thread for subject, thread, together in cases if subject == each and not together)
        for each in subjects
    }
    kept = {each: _kept(book, [row for row in texts if row[0] == each], now) for each in subjects}
    return ErasurePlan(subjects=subjects, cases=alone, kept=kept, asked=asked)


def _asked_by(cursor: CursorWrapper, thread: UUID, book: Rulebook) -> UUID | None:
    """Return the request for erasure that holds in a case and has not been answered."""
    asked: UUID | None = None
    for event in in_order(journal.events_of(cursor, [thread])[thread], book):
        if event.kind == ASKED_KIND:
            asked = event.id
        elif event.kind == WITHDRAWN_KIND or event.kind in ERASING_KINDS:
            asked = None
    return asked


def _holds(cursor: CursorWrapper, organisation: str, first: UUID) -> bool:
    """Tell whether an office wrote the first entry about somebody, or stands in the place of who did."""
    cursor.execute(
        "WITH RECURSIVE heirs AS (SELECT recorded_by AS office FROM duties_event WHERE id = %s"
        " UNION SELECT s.successor_id FROM offices_succession s JOIN heirs h ON s.predecessor_id = h.office)"
        " SELECT 1 FROM heirs WHERE office = %s",
        [first, organisation],
    )
    return cursor.fetchone() is not None


def _kept(book: Rulebook, texts: Sequence[tuple[UUID, UUID, str, datetime, UUID]], now: datetime) -> Kept:
    """Return what of somebody a law wants kept beyond today."""
    today = now.astimezone(SHANGHAI).date()
    events: list[UUID] = []
    until: list[date] = []
    laws: dict[str, None] = {}
    for _, event, name, recorded_at, _ in texts:
        terms = book.kind(name, recorded_at.astimezone(SHANGHAI).date()).kept_by_law
        # A law that counts from the end of the case counts from now at the latest: nothing is left to be done in it.
        last = ends_on(terms, Life(recorded_at=recorded_at, closed_at=now))
        if last and last >= today:
            events.append(event)
            until.append(last)
            laws |= {f"{each.cite.doc} {each.cite.article}": None for each in terms}
    if not events:
        return Kept()
    return Kept(events=tuple(events), until_on=max(until), law=", ".join(laws))


def drafts_of(plan_: ErasurePlan, thread: UUID, kind: str = ERASED_KIND) -> list[Draft]:
    """Return the entries by which a plan is carried out: in the case where she asked, and in each case of hers alone."""
    drafts = []
    for subject in plan_.subjects:
        kept = plan_.kept[subject]
        fields: dict[str, object] = {"subject": str(subject)}
        named = kind
        if kept.until_on:
            fields["until"] = kept.until_on.isoformat()
            if kind == ERASED_KIND:
                named = KEPT_KIND
                fields["law"] = kept.law
        follows = kept.events if kept.until_on else ((plan_.asked,) if kind == ERASED_KIND else ())
        where = dict.fromkeys([*([thread] if subject == plan_.subjects[0] else []), *plan_.cases[subject]])
        drafts += [Draft(kind=named, thread=each, fields=fields, follows=follows) for each in where]
    return drafts


def erase(permit: Permit, thread: UUID, now: datetime, also: Projecting | None = None) -> Receipt:
    """Erase the person who asked for it in a case, at the office that holds her, and return what was recorded.

    `also`: tables of a room above that end with her. It cannot be undone.

    Raises:
        YipanError: as `plan()` says.
    """
    found = plan(permit, thread, now)
    ends = Several(Erasing(permit), also) if also else Erasing(permit)
    return record(drafts_of(found, thread), permit=permit, clock=lambda: now, also=ends)


def erase_again(
    permit: Permit, subject: UUID, now: datetime, also: Projecting | None = None
) -> Receipt | None:
    """Erase somebody whom a restore brought back; None where she is not there, or is erased already.

    Under the clock's permit, in the name of the office that erased her.
    """
    book = lawbook()
    with permit.in_force(), connection.cursor() as cursor:
        cursor.execute("SELECT wrapped_key IS NOT NULL FROM duties_subject WHERE id = %s", [subject])
        row = cursor.fetchone()
        if row is None or not row[0]:
            return None
        cursor.execute(_TEXTS, [[subject]])
        texts = cursor.fetchall()
    if not texts:
        return None
    found = _again(permit, subject, texts, now, book)
    thread = texts[0][4]
    ends = Several(Erasing(permit), also) if also else Erasing(permit)
    drafts = drafts_of(found, thread, REAPPLIED_KIND)
    return record(drafts, permit=permit, clock=lambda: now, also=ends)


def _again(
    permit: Permit,
    subject: UUID,
    texts: Sequence[tuple[UUID, UUID, str, datetime, UUID]],
    now: datetime,
    book: Rulebook,
) -> ErasurePlan:
    threads = sorted({row[4] for row in texts})
    with permit.in_force(threads), connection.cursor() as cursor:
        cursor.execute(_CASES, {"subjects": [subject], "nobody": list(_NOBODY)})
        alone = tuple(thread for _, thread, together in cursor.fetchall() if not together)
    return ErasurePlan(
        subjects=(subject,),
        cases={subject: alone},
        kept={subject: _kept(book, texts, now)},
        asked=texts[0][1],
    )
