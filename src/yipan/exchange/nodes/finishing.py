"""After something was entered: its arrival is told, its receipt is written, and what is missing is asked for."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Final
from uuid import UUID, uuid5

from yipan.duties.draft import Draft
from yipan.duties.lawbook import lawbook
from yipan.duties.naming import beside
from yipan.duties.record import record
from yipan.duties.travelling import ELSEWHERE
from yipan.errors import YipanError
from yipan.exchange.nodes.peers import Map, exchanging
from yipan.exchange.nodes.receiving import COLUMNS, Became, Row, let_leave, receipts
from yipan.exchange.nodes.resting import awake
from yipan.exchange.nodes.tables import (
    ASK,
    DONE,
    ENTERED,
    NEW,
)
from yipan.law.deadline import SHANGHAI
from yipan.offices.permit import Permit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from yipan.exchange.nodes.own import Own
    from yipan.law.kind import Kind
    from yipan.law.rulebook import Rulebook

_NAMESPACE: Final = UUID("0d5f7d0e-3a53-5d49-9f59-8f3d0a5c7b61")
#: How many items are looked at in one round.
_ROUND: Final = 500
#: How long a gap waits before it is asked about again.
_ASK_AGAIN: Final = timedelta(seconds=15)
_GAPS: Final = (
    "SELECT one.peer, one.thread, min(one.number) FROM exchange_inbox one WHERE one.state = %s AND one.next_at <= %s"
    " AND one.number <> 1 + (SELECT count(*) FROM exchange_inbox before WHERE before.peer = one.peer"
    " AND before.thread = one.thread AND before.number < one.number)"
    " GROUP BY one.peer, one.thread LIMIT 200"
)


def finish(one: Own, where: Map, now: datetime) -> int:
    """Write the arrival of what was entered, and its receipt."""
    with exchanging() as cursor:
        cursor.execute(
            f"SELECT {', '.join(COLUMNS)} FROM exchange_inbox WHERE state = %s ORDER BY id LIMIT %s",  # noqa: S608  # our own columns
            [ENTERED, _ROUND],
        )
        rows = [Row(**dict(zip(COLUMNS, each, strict=True))) for each in cursor.fetchall()]
    if not rows:
        return 0
    rulebook = lawbook()
    arrivals: dict[str, list[Draft]] = defaultdict(list)
    for row in rows:
        for office, draft in _arrivals(one, where, row, rulebook):
            arrivals[office].append(draft)
    for office, drafts in arrivals.items():
        _record_arrivals(one, office, drafts, now)
    _finished(rows, now)
    return len(rows)


def _finished(rows: Sequence[Row], now: datetime) -> None:
    """Let go of the words of what was entered, and write its receipts."""
    by_peer: dict[str, list[Became]] = defaultdict(list)
    with exchanging() as cursor:
        cursor.execute(
            "UPDATE exchange_inbox SET state = %s, sealed = '' WHERE id = ANY(%s) AND state = %s RETURNING id",
            [DONE, [each.id for each in rows], ENTERED],
        )
        moved = {row[0] for row in cursor.fetchall()}
        for row in rows:
            if row.id in moved:
                became = Became(
                    thread=row.thread,
                    number=row.number,
                    event=row.event,
                    state=ENTERED,
                    received_at=row.received_at,
                )
                by_peer[row.peer].append(became)
        for peer, listed in by_peer.items():
            receipts(cursor, peer, listed, now)


def _record_arrivals(one: Own, office: str, drafts: Sequence[Draft], now: datetime) -> None:
    permit = Permit(
        officer=f"node:{one.name}",
        organisation=office,
        rights=frozenset({"record"}),
        purpose="exchange",
        until_at=now + timedelta(hours=1),
    )
    try:
        record(drafts, permit=permit, clock=lambda: now)
    except YipanError:
        if len(drafts) == 1:
            return  # its case has gone on without it: withdrawn, or the office ended
        middle = len(drafts) // 2
        for half in (drafts[:middle], drafts[middle:]):
            _record_arrivals(one, office, half, now)


def _arrivals(one: Own, where: Map, row: Row, rulebook: Rulebook) -> list[tuple[str, Draft]]:
    """Return the entries by which offices here say that a message came, by the moment this node received it."""
    item = awake(row.peer, row.event, row.sealed)
    if (
        item.get("void")
        or item.get("extract")
        # It arrived at the node that the township left: that entry comes along too.
        or item.get("kept")
        or item.get("clock", {}).get("channel") != ELSEWHERE
        or item["corrects"]
    ):
        return []
    at = datetime.fromisoformat(item["at"])
    day = at.astimezone(SHANGHAI).date()
    kind = rulebook.kind(item["kind"], day)
    arrival = arrival_of(kind, rulebook, day)
    if arrival is None:
        return []
    found = []
    for role in kind.in_group(kind.reaches):
        for office in item["parties"].get(role, ()):
            if where.node_of(office) == one.name:
                draft = Draft(
                    kind=arrival.name,
                    id=beside(row.event, uuid5(_NAMESPACE, f"{row.event} {office}")),
                    thread=row.thread,
                    fields={role: office, "channel": ELSEWHERE},
                    at=max(at, row.received_at),
                    evidence=row.proof,
                    follows=(row.event,),
                )
                found.append((office, draft))
    return found


def arrival_of(kind: Kind, rulebook: Rulebook, day: date) -> Kind | None:
    """Return the kind by which the arrival of a message of this kind is told; None where none is."""
    for each in rulebook.kinds(day).values():
        channel = each.fields.get("channel")
        if (
            each.name.endswith(".arrived")
            and kind.name in each.follows
            and channel
            and ELSEWHERE in channel.choices
        ):
            return each
    return None


def ask_about_gaps(now: datetime) -> None:
    """Ask a peer for what is missing before something that came."""
    with exchanging() as cursor:
        cursor.execute(_GAPS, [NEW, now])
        for peer, thread, number in cursor.fetchall():
            cursor.execute(
                "SELECT coalesce(max(number), 0) + 1 FROM exchange_inbox one WHERE peer = %s AND thread = %s AND number ="
                " (SELECT count(*) FROM exchange_inbox b WHERE b.peer = one.peer AND b.thread = one.thread"
                " AND b.number <= one.number)",
                [peer, thread],
            )
            missing = cursor.fetchone()[0]
            body = {"thread": str(thread), "from": missing}
            let_leave(cursor, [(peer, ASK, body)], now)
            cursor.execute(
                "UPDATE exchange_inbox SET next_at = %s WHERE peer = %s AND thread = %s AND state = %s AND number >= %s",
                [now + _ASK_AGAIN, peer, thread, NEW, number],
            )
