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
from yipan.exchange.nodes.own import own
from yipan.exchange.nodes.peers import exchanging, map_of
from yipan.exchange.nodes.receiving import COLUMNS, Became, Row, let_leave, receipts
from yipan.exchange.nodes.resting import awake
from yipan.exchange.nodes.tables import (
    ASK,
    DONE,
    ENTERED,
    NEW,
    REFUSED,
)
from yipan.law.deadline import SHANGHAI
from yipan.offices.permit import Permit
from yipan.offices.succession import OfficeEndedError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from yipan.exchange.nodes.own import Own
    from yipan.exchange.nodes.peers import Map
    from yipan.law.kind import Kind
    from yipan.law.rulebook import Rulebook

_NAMESPACE: Final = UUID("0d5f7d0e-3a53-5d49-9f59-8f3d0a5c7b61")
#: How many items are looked at in one round.
_ROUND: Final = 500
#: How long a gap waits before it is asked about again.
_ASK_AGAIN: Final = timedelta(seconds=15)
_GAPS: Final = (
    f"SELECT one.peer, one.thread, min(one.number) FROM exchange_inbox one WHERE one.state = '{NEW}' AND one.next_at <= %s"  # noqa: S608  # our own words
    " AND one.number <> 1 + (SELECT count(*) FROM exchange_inbox before WHERE before.peer = one.peer"
    " AND before.thread = one.thread AND before.number < one.number)"
    " GROUP BY one.peer, one.thread LIMIT 200"
)


def finish(now: datetime) -> int:
    """Write the arrival of what was entered, and its receipt; return of how much.

    It may run beside the entering of what came after, in one thread at a time.
    """
    one = own()
    with exchanging() as cursor:
        cursor.execute(
            f"SELECT {', '.join(COLUMNS)} FROM exchange_inbox WHERE state = '{ENTERED}' ORDER BY id LIMIT %s",  # noqa: S608  # our own columns
            [_ROUND],
        )
        rows = [Row(**dict(zip(COLUMNS, each, strict=True))) for each in cursor.fetchall()]
        if not rows:
            return 0
        where = map_of(cursor, one)
    rulebook = lawbook()
    arrivals: dict[str, list[Draft]] = defaultdict(list)
    for row in rows:
        for office, draft in _arrivals(one, where, row, rulebook):
            arrivals[office].append(draft)
    #: By the entry whose arrival could not be written: why.
    refused: dict[UUID, str] = {}
    for office, drafts in arrivals.items():
        refused |= _record_arrivals(one, office, drafts, now)
    _finished([each for each in rows if each.event not in refused], now)
    _lay_on_desk([each for each in rows if each.event in refused], refused, now)
    return len(rows)


def _lay_on_desk(rows: Sequence[Row], reasons: Mapping[UUID, str], now: datetime) -> None:
    """Keep what was entered and whose arrival was refused, with the reason, and tell its sender: no clock runs by it yet."""
    for row in rows:
        with exchanging() as cursor:
            cursor.execute(
                "UPDATE exchange_inbox SET state = %s, reason = %s, tries = tries + 1 WHERE id = %s AND state = %s",
                [REFUSED, reasons[row.event], row.id, ENTERED],
            )
            receipts(cursor, row.peer, [Became.of(row, REFUSED, reasons[row.event])], now)


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
                by_peer[row.peer].append(Became.of(row, ENTERED))
        for peer, listed in by_peer.items():
            receipts(cursor, peer, listed, now)


def _record_arrivals(one: Own, office: str, drafts: Sequence[Draft], now: datetime) -> dict[UUID, str]:
    """Write arrivals at an office; return why, by the entry that came, for each that could not be written."""
    permit = Permit(
        officer=f"node:{one.name}",
        organisation=office,
        rights=frozenset({"record"}),
        purpose="exchange",
        until_at=now + timedelta(hours=1),
    )
    # What came in since we looked at the clock came no later than this.
    moment = max([now, *(each.at for each in drafts if each.at)])
    try:
        record(drafts, permit=permit, clock=lambda: moment)
    except OfficeEndedError:
        return {}  # whoever goes on in its place has the case, and the clock that runs there
    except YipanError as error:
        if len(drafts) == 1:
            return {drafts[0].follows[0]: f"arrival: {error.code}: {error.say('zh')}"[:500]}
        middle = len(drafts) // 2
        halves = (drafts[:middle], drafts[middle:])
        return {
            event: reason
            for half in halves
            for event, reason in _record_arrivals(one, office, half, now).items()
        }
    return {}


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
    # What the arrival says beside its way (how urgent it is) is what the message said.
    same = {name: said for name, said in item["clock"].items() if name in arrival.fields}
    found = []
    for role in kind.in_group(kind.reaches):
        for office in item["parties"].get(role, ()):
            if where.node_of(office) == one.name:
                draft = Draft(
                    kind=arrival.name,
                    id=beside(row.event, uuid5(_NAMESPACE, f"{row.event} {office}")),
                    thread=row.thread,
                    fields={**same, role: office},
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
        if each.arrival and kind.name in each.follows and channel and ELSEWHERE in channel.choices:
            return each
    return None


def ask_about_gaps(now: datetime) -> None:
    """Ask a peer for what is missing before something that came."""
    with exchanging() as cursor:
        cursor.execute(_GAPS, [now])
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
