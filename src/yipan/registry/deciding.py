"""Which entries are one person: the questions that wait, with what differs marked, and the decisions. Each can be undone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, ClassVar, Final
from uuid import UUID

from django.db import connection

from yipan.duties import journal
from yipan.duties.draft import Draft
from yipan.duties.faults import UnknownThreadError
from yipan.duties.lawbook import lawbook
from yipan.duties.naming import new_id
from yipan.errors import YipanError
from yipan.law.correction import RETRACTION_KIND
from yipan.law.deadline import SHANGHAI
from yipan.offices.divisions import place_name
from yipan.registry.likeness import open_questions, record_of
from yipan.registry.matching import judge
from yipan.registry.people import born_on, write_down
from yipan.registry.projection import pictures
from yipan.registry.register import record_drafts

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

    from django.db.backends.utils import CursorWrapper

    from yipan.duties.record import Receipt
    from yipan.offices.permit import Permit
    from yipan.registry.matching import Reason
    from yipan.registry.picture import Picture

#: What the read log says such a look was for.
COMPARE: Final = "one person or two"
#: Pairs on one page: each asks for thought.
PAIRS: Final = 10
#: What the entry does that says one person, or two.
MERGED, APART = "persons-merged", "persons-kept-apart"
#: The particulars that are laid side by side.
_COMPARED: Final = ("name", "identity_number", "phone")


class NotTwoEntriesError(YipanError):
    """The two are not two entries in front of this office's register."""

    code: ClassVar[str] = "not-two-entries"
    sentence: ClassVar[dict[str, str]] = {
        "zh": "这两份登记不能一起认定：其中一份不在本机构登记册中，或者已经并到别的登记之下，或者是同一份。",
        "en": "These two cannot be decided on: one is not in this register, lies under another entry already, or both are one.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "请重新打开“人员”页，查看两份登记现在的情况。",
        "en": "Open the page People again and see how the two entries stand now.",
    }


@dataclass(frozen=True, kw_only=True)
class Side:
    """One of two entries: each particular in pieces, those that differ from the other side marked."""

    thread: UUID
    entries: int
    enrolled_on: date
    born_on: date | None
    sex: str
    home: str
    residence: str
    pieces: Mapping[str, tuple[tuple[str, bool], ...]]


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Two entries that may be one person, the earlier one first, with the reasons for and against."""

    sides: tuple[Side, Side]
    reasons: tuple[Reason, ...]


def questions(permit: Permit, now: datetime) -> tuple[list[Pair], int]:
    """Return the pairs that wait for a decision, the likeliest first, and how many more there are; the look is written down.

    Raises:
        NotPermittedError: the post does not include reading cases.
    """
    permit = replace(permit, purpose=COMPARE)
    waiting = open_questions(permit, now, PAIRS)
    book = lawbook()
    with permit.in_force(), connection.cursor() as cursor:
        in_all = _count(cursor, permit.organisation)
        threads = sorted({each for one, other, _ in waiting for each in (one, other)})
        drawn = pictures(cursor, threads, book)
        sizes = {thread: len(events) for thread, events in journal.events_of(cursor, threads).items()}
        write_down(permit, now, {thread: subject for thread, (subject, _) in drawn.items()})
    shown = {thread: picture for thread, (_, picture) in drawn.items()}
    pairs = [_pair(one, other, shown, sizes) for one, other, _ in waiting if one in shown and other in shown]
    return pairs, in_all - len(waiting)


def how_many(permit: Permit, now: datetime) -> int:
    """Return how many pairs of this office wait for a decision; it shows nobody.

    Raises:
        NotPermittedError: the post does not include reading cases.
    """
    permit.require("read-case", now)
    with permit.in_force(), connection.cursor() as cursor:
        return _count(cursor, permit.organisation)


def _count(cursor: CursorWrapper, own: str) -> int:
    cursor.execute(
        "SELECT count(*) FROM registry_question q JOIN registry_person a ON a.thread = q.one"
        " JOIN registry_person b ON b.thread = q.other WHERE q.organisation = %s AND q.decided = ''"
        " AND a.merged_into IS NULL AND a.ended = '' AND b.merged_into IS NULL AND b.ended = ''",
        [own],
    )
    return int(cursor.fetchone()[0])


def _pair(one: UUID, other: UUID, shown: Mapping[UUID, Picture], sizes: Mapping[UUID, int]) -> Pair:
    first, second = sorted((one, other), key=lambda each: (shown[each].enrolled_on, each))
    said = shown[first].particulars, shown[second].particulars
    pieces = {name: compared(said[0].get(name, ""), said[1].get(name, "")) for name in _COMPARED}
    left, right = (
        _side(thread, shown[thread], sizes[thread], {name: each[at] for name, each in pieces.items()})
        for at, thread in enumerate((first, second))
    )
    verdict = judge(record_of(shown[first]), record_of(shown[second]))
    return Pair(sides=(left, right), reasons=verdict.reasons)


def _side(
    thread: UUID, picture: Picture, entries: int, pieces: Mapping[str, tuple[tuple[str, bool], ...]]
) -> Side:
    return Side(
        thread=thread,
        entries=entries,
        enrolled_on=picture.enrolled_on,
        born_on=born_on(picture),
        sex=picture.particulars.get("sex", ""),
        home=place_name(picture.particulars.get("home", "")),
        residence=place_name(picture.residence),
        pieces=pieces,
    )


def compared(left: str, right: str) -> tuple[tuple[tuple[str, bool], ...], tuple[tuple[str, bool], ...]]:
    """Return what both say of a particular, cut where they differ; where one says nothing, nothing is marked."""
    if not (left and right):
        return (((left, False),) if left else ()), (((right, False),) if right else ())
    return marked(left, right)


def marked(left: str, right: str) -> tuple[tuple[tuple[str, bool], ...], tuple[tuple[str, bool], ...]]:
    """Return two texts in pieces, each with whether it differs from the other text."""
    lefts: list[tuple[str, bool]] = []
    rights: list[tuple[str, bool]] = []
    if len(left) == len(right):
        # Numbers and names of one length are compared place by place, as the eye does it.
        for here, there in zip(left, right, strict=True):
            _join(lefts, here, differs=here != there)
            _join(rights, there, differs=here != there)
        return tuple(lefts), tuple(rights)
    for tag, a, b, c, d in SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        _join(lefts, left[a:b], differs=tag != "equal")
        _join(rights, right[c:d], differs=tag != "equal")
    return tuple(lefts), tuple(rights)


def _join(pieces: list[tuple[str, bool]], text: str, *, differs: bool) -> None:
    if text and pieces and pieces[-1][1] == differs:
        pieces[-1] = (pieces[-1][0] + text, differs)
    elif text:
        pieces.append((text, differs))


def decide(  # noqa: PLR0913  # each is a part of the decision
    permit: Permit,
    decided: str,
    kept: UUID,
    other: UUID,
    now: datetime,
    *,
    entry: UUID | None = None,
    as_of: int | None = None,
) -> Receipt:
    """Record that two entries are one person, in the case of the one kept in front, or two.

    Args:
        permit: who decides.
        decided: MERGED or APART.
        kept: the entry in whose case it is recorded.
        other: the other one.
        now: the moment.
        entry: the id of the journal's entry, so that a form sent twice is recorded once.
        as_of: how many entries she saw in the case that is kept.

    Raises:
        NotPermittedError: the post does not include recording.
        NotTwoEntriesError: they are not two entries in front of this register.
        StaleCaseError: somebody else wrote in the case since.
    """
    permit.require("record", now)
    made = entry or new_id(now)
    with permit.in_force(), connection.cursor() as cursor:
        repeated = bool(journal.known(cursor, [made]))
    if not repeated:
        refuse_pair(permit, kept, other)
    kind = lawbook().kind_that(decided, now.astimezone(SHANGHAI).date())
    draft = Draft(kind=kind, id=made, thread=kept, fields={"other": str(other)})
    seen = {kept: as_of} if as_of is not None and not repeated else {}
    return record_drafts([draft], permit=permit, clock=lambda: now, as_of=seen)


def refuse_pair(permit: Permit, kept: UUID, other: UUID) -> None:
    """Refuse a decision on what are not two entries in front of this office's register.

    Raises:
        NotTwoEntriesError: as it says.
    """
    with permit.in_force(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM registry_person WHERE organisation = %s AND thread = ANY(%s) AND merged_into IS NULL",
            [permit.organisation, [kept, other]],
        )
        [found] = cursor.fetchone()
    if kept == other or found != len((kept, other)):
        raise NotTwoEntriesError


def refuse_draft(permit: Permit, draft: Draft, effect: str) -> None:
    """Refuse a draft that decides on an entry which cannot be decided on; let any other pass.

    Raises:
        NotTwoEntriesError: as it says.
    """
    if effect not in (MERGED, APART) or draft.thread is None:
        return
    try:
        other = UUID(str(draft.fields.get("other") or "").strip())
    except ValueError:
        raise NotTwoEntriesError from None
    refuse_pair(permit, draft.thread, other)


def undo(permit: Permit, kept: UUID, decided_by: UUID, now: datetime, as_of: int | None = None) -> Receipt:
    """Withdraw the decision that two entries are one person: they are two again.

    Raises:
        NotPermittedError: the post does not include recording.
        DraftFaultsError: the case has no such decision, or another office made it.
        StaleCaseError: somebody else wrote in the case since.
        AlreadyEnrolledError: meanwhile another entry bears the number of the one that would stand alone again.
    """
    permit.require("record", now)
    with permit.in_force(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM duties_event WHERE id = %s AND thread_id = %s AND kind = ANY(%s)",
            [decided_by, kept, sorted(lawbook().having(MERGED, APART))],
        )
        if cursor.fetchone() is None:
            raise UnknownThreadError(thread=kept)
    draft = Draft(kind=RETRACTION_KIND, thread=kept, corrects=decided_by)
    seen = {kept: as_of} if as_of is not None else {}
    return record_drafts([draft], permit=permit, clock=lambda: now, as_of=seen)
