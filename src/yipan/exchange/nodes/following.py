"""What became of what a case sent to other installations, and what is told of what came: sent, arrived, read, answered.

That an office read something is told when somebody there first opens the case; who it was is nobody else's affair.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from django.db import connection

from yipan.duties.lawbook import lawbook
from yipan.exchange.nodes.own import own, own_or_none
from yipan.exchange.nodes.peers import Map, exchanging, map_of
from yipan.exchange.nodes.receiving import let_leave
from yipan.exchange.nodes.tables import DONE, ENTERED, ERASURE, EVENT, READ
from yipan.law.deadline import SHANGHAI

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from yipan.law.rulebook import Rulebook
    from yipan.offices.permit import Permit

_SENT: Final = (
    "SELECT event, peer, what, state, sent_at, arrived_at, read_at, reason FROM exchange_outbox"
    " WHERE (thread = %s OR (what = %s AND event = ANY(%s))) AND what IN (%s, %s) ORDER BY id"
)
_STORY: Final = (
    "SELECT id, kind, counts_at, coalesce(nullif(on_behalf_of, ''), recorded_by) FROM duties_event"
    " WHERE thread_id = %s ORDER BY counts_at, id"
)
_OPENED: Final = (
    "UPDATE exchange_inbox SET seen_at = %s WHERE thread = %s AND event = ANY(%s) AND seen_at IS NULL"
    " AND state IN (%s, %s) RETURNING peer, number"
)


@dataclass(frozen=True, kw_only=True)
class Sent:
    """What became of one entry on its way to another installation. `erasure`: what left is the word that she was erased."""

    event: UUID
    peer: str
    state: str
    sent_at: datetime | None
    arrived_at: datetime | None
    read_at: datetime | None
    answered_at: datetime | None
    reason: str
    erasure: bool


def sent_in(permit: Permit, thread: UUID) -> list[Sent]:
    """Return what an office sent to other installations in a case: when it left, came there, was read and answered."""
    one = own()
    book = lawbook()
    with permit.in_force(), connection.cursor() as cursor:
        where = map_of(cursor, one)
        cursor.execute(_STORY, [thread])
        story: list[tuple[UUID, str, datetime, str]] = cursor.fetchall()
        cursor.execute(_SENT, [thread, ERASURE, [each[0] for each in story], EVENT, ERASURE])
        rows = cursor.fetchall()
    return [
        Sent(
            event=event,
            peer=peer,
            state=state,
            sent_at=sent_at,
            arrived_at=arrived_at,
            read_at=read_at,
            answered_at=_answered(book, where, story, event, peer),
            reason=reason,
            erasure=what == ERASURE,
        )
        for event, peer, what, state, sent_at, arrived_at, read_at, reason in rows
    ]


def _answered(
    book: Rulebook, where: Map, story: list[tuple[UUID, str, datetime, str]], event: UUID, peer: str
) -> datetime | None:
    """Return when an office at a peer first said what follows an entry, beside that it had arrived."""
    said = {own: (kind, at) for own, kind, at, _ in story}
    if event not in said:
        return None
    kind, left_at = said[event]
    for _, name, at, actor in story:
        if at < left_at or where.node_of(actor) != peer:
            continue
        later = book.kind(name, at.astimezone(SHANGHAI).date())
        if kind in later.follows and not later.arrival:
            return at
    return None


def note_read(permit: Permit, thread: UUID, now: datetime) -> int:
    """Let each peer know that what it said to an office here in a case was read there, once; return how much that was."""
    if own_or_none() is None:
        return 0
    with permit.in_force(), connection.cursor() as cursor:
        cursor.execute(_STORY, [thread])
        seen = [row[0] for row in cursor.fetchall()]
    if not seen:
        return 0
    with exchanging() as cursor:
        cursor.execute(_OPENED, [now, thread, seen, ENTERED, DONE])
        opened = cursor.fetchall()
        body = {"thread": str(thread), "at": now.isoformat()}
        let_leave(cursor, [(peer, READ, {**body, "number": number}) for peer, number in opened], now)
    return len(opened)
