"""What comes in is kept first: opened, believed or not, and laid in the inbox; receipts and questions are heard at once."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import orjson

from yipan.database.many import insert_many
from yipan.exchange.envelope import digest_of, open_envelope
from yipan.exchange.faults import EnvelopeRefusedError
from yipan.exchange.nodes import moves, shape
from yipan.exchange.nodes.own import own
from yipan.exchange.nodes.peers import exchanging, known_peers, pin_newer
from yipan.exchange.nodes.resting import at_rest
from yipan.exchange.nodes.tables import (
    ASK,
    DONE,
    ENTERED,
    ERASED,
    ERASURE,
    EVENT,
    EXTRACT,
    HELD,
    MOVE,
    NEW,
    NOTED,
    READ,
    RECEIPT,
    REFUSED,
    SENT,
    TRUSTED,
    WAITING,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime
    from uuid import UUID

    from django.db.backends.utils import CursorWrapper

    from yipan.exchange.envelope import Opened, PublicKeys
    from yipan.exchange.nodes.own import Own

    Item = Mapping[str, Any]

COLUMNS: Final = (
    "id", "peer", "organisation", "thread", "number", "event", "state", "received_at", "proof", "sealed",
)  # fmt: skip
_INBOX: Final = {
    "peer": "text", "organisation": "text", "thread": "uuid", "number": "int4", "event": "uuid", "state": "text",
    "received_at": "timestamptz", "next_at": "timestamptz", "proof": "text", "sealed": "text", "reason": "text",
    "tries": "int4",
}  # fmt: skip
_RECEIPTS: Final = {
    "peer": "text", "organisation": "text", "what": "text", "body": "jsonb", "state": "text", "made_at": "timestamptz",
    "next_at": "timestamptz", "tries": "int4", "receipt": "text", "reason": "text",
}  # fmt: skip
#: The first pause before what was overtaken is sent again, and the longest.
_SOON: Final = timedelta(seconds=20)
_SOON_AT_MOST: Final = timedelta(minutes=10)
#: How many receipts share a row of the outbox.
_TOGETHER: Final = 100
_HERE_ALREADY: Final = (
    "SELECT one.thread, one.number, one.event, one.state, one.received_at, one.reason FROM exchange_inbox one"
    " JOIN unnest(%s::uuid[], %s::int[]) AS said(thread, number) ON said.thread = one.thread AND said.number = one.number"
    " WHERE one.peer = %s AND one.state IN (%s, %s, %s) AND one.received_at < %s"
)
# Once entered, it stays so.
_HEAR: Final = (
    "UPDATE exchange_outbox own SET state = said.state, arrived_at = coalesce(own.arrived_at, said.at), receipt = %s,"
    " reason = said.reason FROM json_to_recordset(%s::json)"
    " AS said(thread uuid, number int, state text, at timestamptz, reason text)"
    " WHERE own.peer = %s AND own.thread = said.thread AND own.number = said.number AND own.state IN (%s, %s, %s, %s)"
    " RETURNING own.sent_at"
)
# A box is emptied in its order: what was sent before something that came, and has no receipt, was lost on the way, or its
# receipt was. It is sent again soon, each time later.
_AGAIN: Final = (
    "%(now)s + least(%(longest)s::interval, %(pause)s::interval * power(2, least(greatest(tries, 1) - 1, 6)))"
)
_OVERTAKEN: Final = (
    f"UPDATE exchange_outbox SET next_at = {_AGAIN} WHERE peer = %(peer)s AND state = '{SENT}' AND sent_at < %(reached)s"  # noqa: S608  # our own words
    f" AND next_at > {_AGAIN}"
)
_REACHED: Final = (
    "UPDATE exchange_peer SET reached = %(reached)s, reached_at = %(now)s"
    " WHERE name = %(peer)s AND coalesce(reached < %(reached)s, true)"
)
_ASKED: Final = (
    "UPDATE exchange_outbox SET state = %s, next_at = %s WHERE peer = %s AND thread = %s AND number >= %s"
    " AND state IN (%s, 'withheld')"
)
_READ: Final = "UPDATE exchange_outbox SET read_at = coalesce(read_at, %s) WHERE peer = %s AND thread = %s AND number = %s"
_GONE: Final = (
    "UPDATE exchange_outbox SET state = %s, arrived_at = coalesce(arrived_at, %s), receipt = %s, reason = %s"
    " WHERE peer = %s AND what = %s AND body->>'party' = %s AND state <> %s"
)
_NOTED: Final = (
    "UPDATE exchange_outbox SET state = %s, arrived_at = coalesce(arrived_at, %s), receipt = %s"
    " WHERE peer = %s AND what = %s AND body->>'code' = %s AND state <> %s"
)
_ERASE: Final = (
    "INSERT INTO exchange_erasure (peer, party, erased_at, received_at, proof, state, reason) VALUES (%s, %s, %s, %s, %s,"
    " %s, '') ON CONFLICT (peer, party) DO UPDATE SET state = CASE WHEN exchange_erasure.state = %s THEN %s"
    " ELSE exchange_erasure.state END"
)


@dataclass(frozen=True, kw_only=True)
class Row:
    """One row of the inbox."""

    id: int
    peer: str
    organisation: str
    thread: UUID
    number: int
    event: UUID
    state: str
    received_at: datetime
    proof: str
    sealed: str


@dataclass(frozen=True, kw_only=True)
class Became:
    """What a receipt says: what became of an item, and when this node received it."""

    thread: UUID
    number: int
    event: UUID
    state: str
    received_at: datetime
    reason: str = ""

    @classmethod
    def of(cls, row: Row, state: str, reason: str = "") -> Became:
        """Return what is said of a row of the inbox."""
        return cls(
            thread=row.thread, number=row.number, event=row.event, state=state, received_at=row.received_at,
            reason=reason,
        )  # fmt: skip


def receive(raw: str, stored_at: datetime | None, now: datetime) -> bool:
    """Keep what an envelope says, once; return whether it was believed. `stored_at`: when the hub took it, by its clock."""
    return receive_many([(raw, stored_at)], now)[0]


def receive_many(messages: Sequence[tuple[str, datetime | None]], now: datetime) -> list[bool]:
    """Keep what envelopes say, in one transaction; return which were believed."""
    one = own()
    believed = []
    with exchanging() as cursor:
        peers = {each.name: each for each in known_peers(cursor)}

        def keys_of(name: str) -> PublicKeys | None:
            known = peers.get(name)
            if known and known.state != TRUSTED:
                raise EnvelopeRefusedError(peer=name, reason=known.state)
            return known.keys if known else None

        for raw, stored_at in messages:
            try:
                opened = open_envelope(raw, own=one.name, keys=one.keys_of, peer=keys_of)
                shape.refuse_strange(opened)
            except EnvelopeRefusedError as refusal:
                _refuse(cursor, raw, refusal, now)
                believed.append(False)
                continue
            _keep(cursor, one, opened, stored_at, now)
            believed.append(True)
    return believed


def _refuse(cursor: CursorWrapper, raw: str, refusal: EnvelopeRefusedError, now: datetime) -> None:
    cursor.execute(
        "INSERT INTO exchange_refusal (digest, peer, reason, came_at, times, raw) VALUES (%s, %s, %s, %s, 1, %s)"
        " ON CONFLICT (digest) DO UPDATE SET times = exchange_refusal.times + 1, reason = excluded.reason",
        [digest_of(raw), str(refusal.fields["peer"]), str(refusal.fields["reason"]), now, raw],
    )


def _keep(cursor: CursorWrapper, one: Own, opened: Opened, stored_at: datetime | None, now: datetime) -> None:
    pin_newer(cursor, opened.sender, opened.newer)
    skew = (opened.made_at - stored_at).total_seconds() if stored_at else None
    cursor.execute(
        "UPDATE exchange_peer SET heard_at = %s, skew = coalesce(%s, skew) WHERE name = %s",
        [now, skew, opened.sender],
    )
    cursor.execute(
        "INSERT INTO exchange_proof (digest, peer, incoming, kept_at, head) VALUES (%s, %s, true, %s, %s)"
        " ON CONFLICT DO NOTHING",
        [opened.proof, opened.sender, now, opened.head],
    )
    said: dict[str, list[Item]] = defaultdict(list)
    for item in opened.items:
        said[str(item["what"])].append(item)
    _keep_items(cursor, one, opened, [*said[EVENT], *said[EXTRACT]], now)
    _hear_receipts(cursor, opened, said[RECEIPT], now)
    for item in said[ASK]:
        place = [opened.sender, item["thread"], item["from"]]
        cursor.execute(_ASKED, [WAITING, now, *place, SENT])
    for item in said[READ]:
        cursor.execute(_READ, [item["at"], opened.sender, item["thread"], item["number"]])
    for item in said[ERASURE]:
        cursor.execute(
            _ERASE, [opened.sender, item["party"], item["at"], now, opened.proof, NEW, REFUSED, NEW]
        )
        _say_again(cursor, opened.sender, item["party"], now)
    for item in said[ERASED]:
        words = [item["state"], item["at"], opened.proof, item["reason"]]
        cursor.execute(_GONE, [*words, opened.sender, ERASURE, item["party"], ENTERED])
    for item in said[MOVE]:
        if moves.heard(cursor, item["statement"]):
            pass_on(cursor, item, now)
        let_leave(cursor, [(opened.sender, NOTED, {"code": item["code"], "at": now.isoformat()})], now)
    for item in said[NOTED]:
        cursor.execute(
            _NOTED, [ENTERED, item["at"], opened.proof, opened.sender, MOVE, item["code"], ENTERED]
        )
    for item in said["clock"]:
        cursor.execute(
            "UPDATE exchange_peer SET own_skew = %s WHERE name = %s", [item["skew"], opened.sender]
        )


def _keep_items(
    cursor: CursorWrapper, one: Own, opened: Opened, items: Sequence[Item], now: datetime
) -> None:
    """Lay items in the inbox, in the order of their cases; of what is here already, the receipt was lost on the way."""
    ordered = sorted(items, key=lambda each: (each["thread"], each["number"]))
    rows = [
        (
            opened.sender, each["by"], each["thread"], each["number"], each["event"], NEW, now, now, opened.proof,
            at_rest(one, opened.sender, each), "", 0,
        )
        for each in ordered
    ]  # fmt: skip
    if insert_many(cursor, "exchange_inbox", _INBOX, rows, "ON CONFLICT DO NOTHING") == len(rows):
        return
    places = [[each[name] for each in ordered] for name in ("thread", "number")]
    cursor.execute(_HERE_ALREADY, [*places, opened.sender, DONE, HELD, REFUSED, now])
    meant = {(each["thread"], each["number"]): each["event"] for each in ordered}
    receipts(
        cursor,
        opened.sender,
        [
            Became(
                thread=thread,
                number=number,
                event=event,
                state=ENTERED if state == DONE else state,
                received_at=at,
                reason=reason,
            )
            for thread, number, event, state, at, reason in cursor.fetchall()
            if meant[str(thread), number] == str(event)
        ],
        now,
    )


def _hear_receipts(cursor: CursorWrapper, opened: Opened, items: Sequence[Item], now: datetime) -> None:
    """Note what a peer's node says became of what we sent."""
    if items:
        wanted = ("thread", "number", "state", "at", "reason")
        said = [{name: each[name] for name in wanted} for each in items]
        states = (WAITING, SENT, HELD, REFUSED)
        cursor.execute(_HEAR, [opened.proof, orjson.dumps(said).decode(), opened.sender, *states])
        if reached := max((row[0] for row in cursor.fetchall() if row[0]), default=None):
            words = {"now": now, "peer": opened.sender, "reached": reached}
            cursor.execute(_OVERTAKEN, {**words, "pause": str(_SOON), "longest": str(_SOON_AT_MOST)})
            cursor.execute(_REACHED, words)


def receipts(cursor: CursorWrapper, peer: str, became: Sequence[Became], now: datetime) -> None:
    """Let receipts leave, many in a row of the outbox."""
    said = [
        {
            "thread": str(each.thread),
            "number": each.number,
            "event": str(each.event),
            "state": each.state,
            "at": each.received_at.isoformat(),
            "reason": each.reason,
        }
        for each in became
    ]
    let_leave(
        cursor,
        [
            (peer, RECEIPT, {"all": said[start : start + _TOGETHER]})
            for start in range(0, len(said), _TOGETHER)
        ],
        now,
    )


def let_leave(
    cursor: CursorWrapper, said: Iterable[tuple[str, str, Mapping[str, Any]]], now: datetime
) -> None:
    """Let what is of no entry leave: for which peer, what it is, what it says."""
    rows = [(peer, "", what, dict(body), WAITING, now, now, 0, "", "") for peer, what, body in said]
    insert_many(cursor, "exchange_outbox", _RECEIPTS, rows)


def pass_on(cursor: CursorWrapper, said: Item, now: datetime) -> None:
    """Let every peer hear that a township works here, before anything that it says itself."""
    body = {"statement": said["statement"], "code": said["code"]}
    peers = [each.name for each in known_peers(cursor) if each.state == TRUSTED]
    let_leave(cursor, [(each, MOVE, body) for each in peers], now)


def _say_again(cursor: CursorWrapper, peer: str, party: str, now: datetime) -> None:
    """Say anew that somebody is erased here: the receipt was lost on the way."""
    cursor.execute(
        "SELECT settled_at FROM exchange_erasure WHERE peer = %s AND party = %s AND state = %s",
        [peer, party, DONE],
    )
    if found := cursor.fetchone():
        let_leave(cursor, [(peer, ERASED, erased_body(party, ENTERED, found[0], ""))], now)


def erased_body(party: str, state: str, at: datetime, reason: str) -> dict[str, str]:
    """Return what is said of an erasure that a peer asked for."""
    return {"party": party, "state": state, "at": at.isoformat(), "reason": reason}
