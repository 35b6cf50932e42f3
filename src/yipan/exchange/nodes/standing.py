"""How the exchange stands: peers, what waits, what was refused, clocks; and what two nodes must agree on."""

from __future__ import annotations

import shutil
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from django.db import connection, transaction

from yipan.database import make_home
from yipan.duties.settle import COLUMNS
from yipan.exchange.nodes.carrier import carrier
from yipan.exchange.nodes.own import own
from yipan.exchange.nodes.peers import exchanging, map_of, peer_named, words_with
from yipan.law.fold import VOID
from yipan.offices.permit import set_acting

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime
    from uuid import UUID

    from django.db.backends.utils import CursorWrapper

#: A clock further off than this is told.
SKEW: Final = timedelta(minutes=2)
_DESK: Final = 200
#: How many cases are read at once where all of them are compared.
_CASES: Final = 500
# Of what came to its end years of rows lie there: each part is asked for as its index says it, and those are passed over.
_LAG: Final = """
SELECT peer, count(*) FILTER (WHERE state = 'waiting'), count(*) FILTER (WHERE state = 'sent'),
       count(*) FILTER (WHERE state IN ('held', 'refused', 'withheld')),
       min(made_at) FILTER (WHERE state IN ('waiting', 'sent'))
  FROM (SELECT peer, state, made_at, what FROM exchange_outbox WHERE state IN ('waiting', 'sent') UNION ALL
        SELECT peer, state, made_at, what FROM exchange_outbox WHERE state IN ('held', 'refused', 'withheld')) AS there
 WHERE what IN ('event', 'extract', 'erasure', 'move') GROUP BY peer
"""
_COME: Final = """
SELECT peer, count(*) FILTER (WHERE state IN ('new', 'entered')), count(*) FILTER (WHERE state = 'held'),
       count(*) FILTER (WHERE state = 'refused'), count(DISTINCT thread) FILTER (WHERE state IN ('new', 'held'))
  FROM (SELECT peer, state, thread FROM exchange_inbox WHERE state IN ('new', 'held') UNION ALL
        SELECT peer, state, thread FROM exchange_inbox WHERE state = 'entered' UNION ALL
        SELECT peer, state, thread FROM exchange_inbox WHERE state = 'refused') AS here
 GROUP BY peer
"""
_LYING: Final = """
SELECT 'came', peer, thread, event, state, reason, received_at, tries FROM exchange_inbox
 WHERE state IN ('new', 'held') AND (state = 'held' OR reason <> '')
UNION ALL SELECT 'came', peer, thread, event, state, reason, received_at, tries FROM exchange_inbox WHERE state = 'refused'
UNION ALL SELECT 'left', peer, thread, event, state, reason, made_at, tries FROM exchange_outbox
 WHERE state IN ('held', 'refused', 'withheld')
UNION ALL SELECT 'envelope', peer, NULL, NULL, 'refused', reason, came_at, times FROM exchange_refusal WHERE settled_at IS NULL
 ORDER BY 7 DESC LIMIT %s
"""


def status(now: datetime) -> dict[str, Any]:
    """Return how the node stands, as plain data."""
    one = own()
    with exchanging() as cursor:
        cursor.execute(
            "SELECT name, title, serves, state, key_version, heard_at, skew, own_skew, revoked_because FROM exchange_peer"
            " ORDER BY name"
        )
        peers = cursor.fetchall()
        cursor.execute(_LAG)
        leaving = {row[0]: row[1:] for row in cursor.fetchall()}
        cursor.execute(_COME)
        come = {row[0]: row[1:] for row in cursor.fetchall()}
        cursor.execute("SELECT count(*) FROM exchange_refusal WHERE settled_at IS NULL")
        [unread] = cursor.fetchone()
    disk, carries = shutil.disk_usage(make_home()), carrier()
    return {
        "node": one.name,
        "title": one.title,
        "serves": list(one.serves),
        "hub": one.hub,
        "key_version": one.key_version,
        "disk_free_mb": disk.free // 2**20,
        "carrier": {"running": carries.running, "said": carries.said, "since": carries.since},
        "envelopes_refused": unread,
        "own_clock_off": any(row[7] is not None and abs(row[7]) > SKEW.total_seconds() for row in peers),
        "peers": [
            _peer(row, leaving.get(row[0], (0, 0, 0, None)), come.get(row[0], (0, 0, 0, 0)), now)
            for row in peers
        ],
    }


def _peer(
    row: tuple[Any, ...], leaving: tuple[Any, ...], come: tuple[Any, ...], now: datetime
) -> dict[str, Any]:
    name, title, serves, state, version, heard_at, skew, own_skew, because = row
    oldest = leaving[3]
    return {
        "name": name,
        "title": title,
        "serves": list(serves),
        "state": state,
        "revoked_because": because,
        "key_version": version,
        "heard_at": heard_at,
        "to_send": leaving[0],
        "unacknowledged": leaving[1],
        "not_entered_there": leaving[2],
        "oldest_unacknowledged_seconds": int((now - oldest).total_seconds()) if oldest else None,
        "to_enter": come[0],
        "held": come[1],
        "refused": come[2],
        "waiting_threads": come[3],
        "skew_seconds": skew,
        "own_skew_seconds": own_skew,
        "clock_off": skew is not None and abs(skew) > SKEW.total_seconds(),
    }


def desk(now: datetime) -> list[dict[str, Any]]:
    """Return what lies on the desk: what came and was not entered, what left and was not entered there, with the reason."""
    del now
    with exchanging() as cursor:
        cursor.execute(_LYING, [_DESK])
        names = ("way", "peer", "thread", "event", "state", "reason", "at", "tries")
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def peers_listed() -> list[dict[str, Any]]:
    """Return the peers with the four words of each."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM exchange_peer ORDER BY name")
        names = [row[0] for row in cursor.fetchall()]
    found = []
    for name in names:
        peer = peer_named(name)
        found.append(
            {
                "name": name,
                "title": peer.title,
                "serves": list(peer.serves),
                "state": peer.state,
                "key_version": peer.keys.version,
                "words": words_with(peer),
            }
        )
    return found


def shared_duties(peer: str) -> Iterator[dict[str, Any]]:
    """Yield what stands between offices here and offices at a peer, as both nodes must have it: the same on both sides.

    Of a duty to ask, the asked side hears with the question; what was opened by an entry that has not travelled is not shared.
    """
    peer_named(peer)
    with exchanging() as cursor:
        one = own()
        where, both = map_of(cursor, one), {one.name, peer}
        # What was exchanged about a township while it worked elsewhere came along with it, and with nobody else.
        moved = {code: sender for code, (sender, to) in where.moved.items() if to in both}
        others = sorted({*moved.values()} - both)
        cursor.execute(
            "SELECT thread FROM exchange_outbox WHERE peer = ANY(%(peers)s) AND number IS NOT NULL"
            " UNION SELECT thread FROM exchange_inbox WHERE peer = ANY(%(peers)s) ORDER BY 1",
            {"peers": [peer, *others]},
        )
        threads = [row[0] for row in cursor.fetchall()]
    for start in range(0, len(threads), _CASES):
        part = threads[start : start + _CASES]
        with exchanging() as cursor:
            events, with_it = _exchanged(cursor, [peer], part), _exchanged(cursor, others, part)
        for each in _duties_in(part):
            along_with_it = each["opened_by"] in with_it and not moved.keys().isdisjoint(_divisions(each))
            if (each["opened_by"] in events or along_with_it) and both == {
                where.node_of(each["owed_by"]),
                where.node_of(each["owed_to"]),
            }:
                yield each


def _duties_in(threads: Sequence[UUID]) -> list[dict[str, Any]]:
    columns = ", ".join("thread_id" if each == "thread" else each for each in COLUMNS)
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        set_acting("", "exchange", threads)
        cursor.execute(
            f"SELECT {columns} FROM duties_duty WHERE thread_id = ANY(%s) AND state <> %s ORDER BY id",  # noqa: S608  # our own columns
            [list(threads), VOID],
        )
        return [dict(zip(COLUMNS, row, strict=True)) for row in cursor.fetchall()]


def _exchanged(cursor: CursorWrapper, peers: Sequence[str], threads: Sequence[UUID]) -> set[UUID]:
    """Return the entries of some cases that went to some peers, or came from them."""
    cursor.execute(
        "SELECT event FROM exchange_outbox WHERE peer = ANY(%(peers)s) AND what IN ('event', 'extract')"
        " AND state <> 'withheld' AND number IS NOT NULL AND thread = ANY(%(threads)s)"
        " UNION SELECT event FROM exchange_inbox WHERE peer = ANY(%(peers)s) AND thread = ANY(%(threads)s)",
        {"peers": list(peers), "threads": list(threads)},
    )
    return {row[0] for row in cursor.fetchall()}


def _divisions(duty: Mapping[str, Any]) -> set[str]:
    """Return the codes of where both sides of a duty are."""
    return {str(duty[side]).partition(":")[0] for side in ("owed_by", "owed_to")}
