"""Erasures that travel: whoever holds a copy of what was erased hears of it, destroys the copy, and signs that it did.

The list of erasures is what is told: the carrier compares it with where copies were sent, so that one that was made while
nobody carried, or came back with a restore, is told too. A person is named by the number that only the two nodes use.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from django.db import ProgrammingError, connection, transaction

from yipan.database.many import insert_many
from yipan.documents.ends import apply_erasures as destroy
from yipan.duties.erasure import Erased, erasures_since
from yipan.errors import YipanError
from yipan.exchange.nodes.peers import exchanging, known_peers
from yipan.exchange.nodes.receiving import erased_body, let_leave
from yipan.exchange.nodes.tables import DONE, ENTERED, ERASED, ERASURE, NEW, REFUSED, TRUSTED, WAITING
from yipan.exchange.nodes.telling import pairwise
from yipan.offices.permit import set_acting

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from uuid import UUID

_EVER: Final = datetime(1900, 1, 1, tzinfo=UTC)
_COLUMNS: Final = {
    "peer": "text", "organisation": "text", "what": "text", "thread": "uuid", "event": "uuid", "body": "jsonb",
    "state": "text", "made_at": "timestamptz", "next_at": "timestamptz", "tries": "int4", "receipt": "text",
    "reason": "text",
}  # fmt: skip
_COPIES: Final = "SELECT DISTINCT party FROM exchange_party WHERE peer = %s AND party = ANY(%s)"
_TOLD: Final = (
    "SELECT body->>'party' FROM exchange_outbox WHERE peer = %s AND what = %s AND body->>'party' = ANY(%s)"
)
_PENDING: Final = "SELECT peer, party, erased_at, received_at FROM exchange_erasure WHERE state = %s ORDER BY received_at, party LIMIT 200"
_WHERE: Final = "SELECT thread, name FROM exchange_party WHERE peer = %s AND party = %s ORDER BY thread"
_SPOKE: Final = "SELECT organisation FROM exchange_inbox WHERE peer = %s AND thread = %s GROUP BY organisation ORDER BY min(number)"


def tell_erasures(now: datetime, since: datetime | None = None) -> int:
    """Let a word leave for each peer that holds a copy of somebody who was erased here, once; return how many.

    `since`: only of those erased after that; of all where it is not said.
    """
    listed = erasures_since(since or _EVER)
    if not listed:
        return 0
    told = 0
    with exchanging() as cursor:
        for peer in known_peers(cursor):
            if peer.state != TRUSTED:
                continue
            by_number = {pairwise(peer.name, each.subject): each for each in listed}
            cursor.execute(_COPIES, [peer.name, list(by_number)])
            copies = {row[0] for row in cursor.fetchall()}
            cursor.execute(_TOLD, [peer.name, ERASURE, sorted(copies)])
            new = sorted(copies - {row[0] for row in cursor.fetchall()})
            rows = [
                (
                    peer.name, by_number[each].organisation, ERASURE, None, by_number[each].event,
                    {"party": each, "at": by_number[each].erased_at.isoformat()}, WAITING, now, now, 0, "", "",
                )
                for each in new
            ]  # fmt: skip
            told += insert_many(cursor, "exchange_outbox", _COLUMNS, rows, "ON CONFLICT DO NOTHING")
    return told


def erased_among(peers: Collection[str]) -> Mapping[str, frozenset[str]]:
    """Return whom peers have said to be erased, by peer: what is under way of them is not kept any more."""
    if not peers:
        return {}
    found: dict[str, set[str]] = defaultdict(set)
    with exchanging() as cursor:
        cursor.execute("SELECT peer, party FROM exchange_erasure WHERE peer = ANY(%s)", [sorted(peers)])
        for peer, party in cursor.fetchall():
            found[peer].add(party)
    return {peer: frozenset(parties) for peer, parties in found.items()}


def apply_erasures(now: datetime) -> int:
    """Destroy what was erased elsewhere, and let the word leave that it is done; return how many were looked at."""
    with exchanging() as cursor:
        cursor.execute(_PENDING, [NEW])
        pending = cursor.fetchall()
    for peer, party, erased_at, received_at in pending:
        reason = _destroy_copies(peer, party, erased_at, now)
        state, told = (REFUSED, REFUSED) if reason else (DONE, ENTERED)
        with exchanging() as cursor:
            cursor.execute(
                "UPDATE exchange_erasure SET state = %s, reason = %s, settled_at = %s WHERE peer = %s AND party = %s",
                [state, reason, now, peer, party],
            )
            let_leave(cursor, [(peer, ERASED, erased_body(party, told, received_at, reason))], now)
    return len(pending)


def _destroy_copies(peer: str, party: str, erased_at: datetime, now: datetime) -> str:
    """Destroy every copy of what a peer said of somebody; return why one is still here, empty where none is."""
    with exchanging() as cursor:
        cursor.execute(_WHERE, [peer, party])
        places: list[tuple[UUID, str]] = cursor.fetchall()
    for thread, name in places:
        subject, lives, event = _subject(thread, name)
        if subject is None or not lives:
            continue
        with exchanging() as cursor:
            cursor.execute(_SPOKE, [peer, thread])
            offices = [row[0] for row in cursor.fetchall()]
        if not any(
            _destroyed(Erased(subject=subject, organisation=each, erased_at=erased_at, event=event), now)
            for each in offices
        ):
            return "held by another office here"
    return ""


def _subject(thread: UUID, name: str) -> tuple[UUID | None, bool, UUID]:
    """Return whom a name of a case means here, and whether her key is there still."""
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        set_acting("", "exchange", [thread])
        cursor.execute(
            "SELECT t.subject_id, s.wrapped_key IS NOT NULL FROM duties_threadsubject t"
            " JOIN duties_subject s ON s.id = t.subject_id WHERE t.thread_id = %s AND t.name = %s",
            [thread, name],
        )
        found = cursor.fetchone()
    return (found[0], found[1], thread) if found else (None, False, thread)


def _destroyed(each: Erased, now: datetime) -> bool:
    """Destroy a copy in the name of the office that erased her; False where another holds her here."""
    try:
        return destroy([each], now) > 0
    except (ProgrammingError, YipanError):
        return False
