"""Reorganising: one organisation takes the place of another, by events like everything.

A succession goes in steps, each of which may be run again and then goes on where it was:

1. What has come about in the ending office is written down in its own chain: what it let pass stays its own.
2. The deciding office, which stands above both, writes its decision, while nobody else writes. From that moment
   whoever names the old office means the new one, and the old one records nothing more.
3. In each case of the old office an event says who stands in its place, as of the decision. Open duties go over.
4. The old office's chain ends with the entry that says who follows.
5. The new office's chain names the digest of that entry.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final
from uuid import UUID, uuid5

from django.db import connection

from yipan.duties import journal
from yipan.duties.draft import BY_DECISION, Draft
from yipan.duties.ends import END_KIND, TAKING_KIND
from yipan.duties.event import ChainHead
from yipan.duties.faults import UnknownThreadError
from yipan.duties.naming import office_thread
from yipan.duties.record import BATCH, record
from yipan.duties.sweep import bring_up
from yipan.errors import YipanError
from yipan.law.succession import PREDECESSOR, SUCCESSION_KIND, SUCCESSOR
from yipan.offices.authority import refuse_unless_above
from yipan.offices.founding import place_below
from yipan.offices.office import organisation
from yipan.offices.permit import Permit
from yipan.offices.succession import Succession, refuse_ended

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from yipan.duties.projecting import Projecting

#: Cases of one transaction: few enough that clerks are not locked out.
AT_ONCE: Final = BATCH
#: Kinds by which an office is told of others' reorganisation: they make it no party to anything.
_TOLD_OF: Final = (
    "office.founded", "office.renamed", "division.renamed", "succession.decided", "cases.reassigned", TAKING_KIND,
)  # fmt: skip
_LEFT: Final = """
SELECT thread_id FROM duties_event WHERE %(own)s = ANY(seen_by) AND kind <> ALL(%(told_of)s)
 UNION
SELECT thread_id FROM duties_duty WHERE owed_by = %(own)s OR (owed_to = %(own)s AND state = 'open')
EXCEPT
SELECT thread_id FROM duties_event WHERE kind = %(kind)s AND recorded_by = %(own)s
 ORDER BY 1
"""


class SameOfficeError(YipanError):
    """An organisation cannot take its own place."""

    code: ClassVar[str] = "same-office"
    exit_code: ClassVar[int] = 2
    sentence: ClassVar[dict[str, str]] = {
        "zh": "{organisation}不能承接自己。",
        "en": "{organisation} cannot take its own place.",
    }


class SucceededByAnotherError(YipanError):
    """Another organisation goes on in its place already."""

    code: ClassVar[str] = "succeeded-by-another"
    sentence: ClassVar[dict[str, str]] = {
        "zh": "{organisation}已由{successor}承接。",
        "en": "{successor} goes on in the place of {organisation} already.",
    }


@dataclass(frozen=True, kw_only=True, slots=True)
class Succeeded:
    """What a succession came to: the decision, how many cases went over in all, and how many of them just now."""

    decision: UUID
    predecessor: str
    successor: str
    cases: int
    moved: int


def succeed(  # noqa: PLR0913  # who, whom, why, when, and what a room above keeps in step
    predecessor: str,
    successor: str,
    *,
    because: str,
    permit: Permit,
    clock: Callable[[], datetime],
    document: str = "",
    also: Projecting | None = None,
    progress: Callable[[str], None] | None = None,
) -> Succeeded:
    """End an organisation: another goes on with its cases, its open duties and its chain. Run again, it goes on.

    `because` is merged, split or abolished. `also` keeps the tables of a room above in step with each case that goes
    over; it is handed to `record()` of the ending office. `progress` hears each batch after its commit.

    Raises:
        NotPermittedError: the post does not include reorganising.
        NotAboveError: the deciding office does not stand above both.
        SameOfficeError, SucceededByAnotherError, OfficeEndedError: the one cannot take the place of the other.
    """
    old, new = organisation(predecessor).id, organisation(successor).id
    decided = _decide(old, new, {"because": because, "document": document}, permit, clock)
    say = progress or (lambda _line: None)
    _open_successor(old, new, permit, clock)
    leaving = _inner(permit, old)
    moved, ended = 0, ChainHead.objects.filter(organisation=old, ended_at__isnull=False).exists()
    # A case that came about while others were moved is found by the next look.
    while not ended and (threads := cases_left(leaving)):
        moved += _move(threads, decided, leaving, clock, also, say)
    cases = _count(leaving, decided.decision)
    if not ended:
        fields = {"office": old, SUCCESSOR: new, "decision": str(decided.decision), "cases": cases}
        record([_draft(END_KIND, old, decided.decision, fields)], permit=leaving, clock=clock)
    head = ChainHead.objects.get(organisation=old)
    fields = {"office": new, PREDECESSOR: old, "entries": head.seq, "head": bytes(head.digest).hex()}
    record([_draft(TAKING_KIND, new, decided.decision, fields)], permit=_inner(permit, new), clock=clock)
    return Succeeded(decision=decided.decision, predecessor=old, successor=new, cases=cases, moved=moved)


def hand_cases(
    predecessor: str,
    successor: str,
    threads: Sequence[UUID],
    *,
    permit: Permit,
    clock: Callable[[], datetime],
    also: Projecting | None = None,
) -> Succeeded:
    """Give some cases of an office to another; the office itself goes on. What a split takes out of its hands.

    Raises:
        NotPermittedError, NotAboveError, SameOfficeError, OfficeEndedError: as `succeed()`.
        UnknownThreadError: the office has no part in one of the cases.
    """
    old, new = organisation(predecessor).id, organisation(successor).id
    permit.require("reorganise", clock())
    _refuse_pair(old, new, permit)
    leaving = _inner(permit, old)
    wanted = sorted(set(threads))
    own = uuid5(office_thread(permit.organisation), f"cases:{old}:{new}:{wanted}")
    left = set(cases_left(leaving))
    done = _moved_among(leaving, wanted, own)
    for thread in wanted:
        if thread not in left and thread not in done:
            raise UnknownThreadError(thread=thread)
    now = clock()
    fields = {"office": permit.organisation, PREDECESSOR: old, SUCCESSOR: new, "cases": len(wanted)}
    record([Draft(kind="cases.reassigned", id=own, fields=fields)], permit=permit, clock=lambda: now)
    decided = _Decided(decision=own, predecessor=old, successor=new, at=_moment_of(permit, own))
    moved = _move(
        [each for each in wanted if each in left], decided, leaving, clock, also, lambda _line: None
    )
    return Succeeded(decision=own, predecessor=old, successor=new, cases=len(wanted), moved=moved)


def cases_left(permit: Permit) -> list[UUID]:
    """Return the cases in which the permit's organisation has a part that has not gone over to another."""
    with permit.in_force(), connection.cursor() as cursor:
        told_of = list(_TOLD_OF)
        cursor.execute(_LEFT, {"own": permit.organisation, "told_of": told_of, "kind": SUCCESSION_KIND})
        return [row[0] for row in cursor.fetchall()]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Decided:
    decision: UUID
    predecessor: str
    successor: str
    at: datetime


def _decide(
    old: str, new: str, said: dict[str, str], permit: Permit, clock: Callable[[], datetime]
) -> _Decided:
    """Write the decision, or return the one that was taken before."""
    now = clock()
    permit.require("reorganise", now)
    refuse_unless_above(permit.organisation, [old, new])
    known = Succession.objects.filter(predecessor_id=old).first()
    if known is None:
        _refuse_pair(old, new, permit)
        bring_up(old, now)
        decision = uuid5(office_thread(permit.organisation), f"succession:{old}:{new}")
        fields = {
            "office": permit.organisation,
            PREDECESSOR: old,
            SUCCESSOR: new,
            **said,
            **_places(old, new),
        }
        draft = Draft(kind="succession.decided", id=decision, fields=fields)
        record([draft], permit=permit, clock=clock, changes_law=True)
        known = Succession.objects.get(predecessor_id=old)
    if known.successor_id != new:
        raise SucceededByAnotherError(organisation=old, successor=known.successor_id)
    return _Decided(decision=known.decision, predecessor=old, successor=new, at=known.at)


def _refuse_pair(old: str, new: str, permit: Permit) -> None:
    if old == new:
        raise SameOfficeError(organisation=old)
    refuse_unless_above(permit.organisation, [old, new])
    refuse_ended(old)
    refuse_ended(new)


def _places(old: str, new: str) -> dict[str, str]:
    """Return where the offices below the one lie, and will lie below the other; nothing where it is not known."""
    was, now = place_below(organisation(old)), place_below(organisation(new))
    return {"was": was, "name": now} if was and now else {}


def _inner(permit: Permit, office: str) -> Permit:
    """Return the permit under which the decision of an officer above is carried out in an office's own chain."""
    return Permit(
        officer=permit.officer,
        organisation=office,
        rights=frozenset({"reorganise", "open-office"}),
        purpose="reorganisation",
        until_at=permit.until_at,
    )


def _open_successor(old: str, new: str, permit: Permit, clock: Callable[[], datetime]) -> None:
    """Put the new office on the system where the old one was: messages to the old one go to it."""
    with connection.cursor() as cursor:
        opened = journal.opened_offices(cursor, [old, new])
    if old in opened and new not in opened:
        record([Draft(kind="office.opened", fields={"office": new})], permit=_inner(permit, new), clock=clock)


def _move(
    threads: Sequence[UUID],
    decided: _Decided,
    leaving: Permit,
    clock: Callable[[], datetime],
    also: Projecting | None,
    say: Callable[[str], None],
) -> int:
    """Say in each case who stands in the old office's place, batch by batch."""
    fields = {
        PREDECESSOR: decided.predecessor,
        SUCCESSOR: decided.successor,
        "decision": str(decided.decision),
    }
    for start in range(0, len(threads), AT_ONCE):
        drafts = [
            Draft(
                kind=SUCCESSION_KIND,
                id=uuid5(thread, f"{SUCCESSION_KIND}:{decided.predecessor}:{decided.decision}"),
                thread=thread,
                fields=fields,
                at=decided.at,
                evidence=BY_DECISION,
            )
            for thread in threads[start : start + AT_ONCE]
        ]
        record(drafts, permit=leaving, clock=clock, also=also)
        say(f"{min(start + AT_ONCE, len(threads))}/{len(threads)} {decided.predecessor}")
    return len(threads)


def _draft(kind: str, office: str, decision: UUID, fields: dict[str, object]) -> Draft:
    return Draft(kind=kind, id=uuid5(office_thread(office), f"{kind}:{decision}"), fields=fields)


def _count(leaving: Permit, decision: UUID) -> int:
    with leaving.in_force(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM duties_event WHERE kind = %s AND recorded_by = %s AND clock->>'decision' = %s",
            [SUCCESSION_KIND, leaving.organisation, str(decision)],
        )
        return int(cursor.fetchone()[0])


def _moved_among(leaving: Permit, threads: Sequence[UUID], decision: UUID) -> set[UUID]:
    with leaving.in_force(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT thread_id FROM duties_event WHERE thread_id = ANY(%s) AND clock->>'decision' = %s",
            [list(threads), str(decision)],
        )
        return {row[0] for row in cursor.fetchall()}


def _moment_of(permit: Permit, event: UUID) -> datetime:
    with permit.in_force(), connection.cursor() as cursor:
        cursor.execute("SELECT counts_at FROM duties_event WHERE id = %s", [event])
        moment: datetime = cursor.fetchone()[0]
        return moment
