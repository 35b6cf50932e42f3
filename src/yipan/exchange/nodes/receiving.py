"""What comes in is kept first: opened, believed or not, and laid in the inbox; receipts and questions are heard at once."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import orjson
from joserfc import jwe
from joserfc.jwk import OKPKey

from yipan.exchange.envelope import AGREED, ENCRYPTED, canonical, digest_of, open_envelope
from yipan.exchange.faults import EnvelopeRefusedError
from yipan.exchange.nodes.own import own
from yipan.exchange.nodes.peers import exchanging, known_peers, pin_newer
from yipan.exchange.nodes.tables import (
    ASK,
    DONE,
    ENTERED,
    EVENT,
    EXTRACT,
    HELD,
    NEW,
    RECEIPT,
    REFUSED,
    SENT,
    TRUSTED,
    WAITING,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from uuid import UUID

    from django.db.backends.utils import CursorWrapper

    from yipan.exchange.envelope import Opened, PublicKeys
    from yipan.exchange.nodes.own import Own

COLUMNS: Final = (
    "id", "peer", "organisation", "thread", "number", "event", "state", "received_at", "proof", "sealed",
)  # fmt: skip


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


def receive(raw: str, stored_at: datetime | None, now: datetime) -> bool:
    """Keep what an envelope says, once; return whether it was believed. `stored_at`: when the hub took it, by its clock."""
    one = own()
    with exchanging() as cursor:
        peers = {each.name: each for each in known_peers(cursor)}

        def keys_of(name: str) -> PublicKeys | None:
            known = peers.get(name)
            if known and known.state != TRUSTED:
                raise EnvelopeRefusedError(peer=name, reason=known.state)
            return known.keys if known else None

        try:
            opened = open_envelope(raw, own=one.name, keys=one.keys_of, peer=keys_of)
        except EnvelopeRefusedError as refusal:
            _refuse(cursor, raw, refusal, now)
            return False
        _keep(cursor, one, opened, stored_at, now)
    return True


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
    for item in opened.items:
        what = item.get("what")
        if what in (EVENT, EXTRACT):
            _keep_item(cursor, one, opened, item, now)
        elif what == RECEIPT:
            _hear_receipt(cursor, opened, item)
        elif what == ASK:
            cursor.execute(
                "UPDATE exchange_outbox SET next_at = %s WHERE peer = %s AND thread = %s AND number >= %s AND state = %s",
                [now, opened.sender, item["thread"], item["from"], SENT],
            )
            cursor.execute(
                "UPDATE exchange_outbox SET state = %s, next_at = %s WHERE peer = %s AND thread = %s AND number >= %s"
                " AND state = 'withheld'",
                [WAITING, now, opened.sender, item["thread"], item["from"]],
            )
        elif what == "clock":
            cursor.execute(
                "UPDATE exchange_peer SET own_skew = %s WHERE name = %s", [item["skew"], opened.sender]
            )


def _keep_item(
    cursor: CursorWrapper, one: Own, opened: Opened, item: Mapping[str, Any], now: datetime
) -> None:
    cursor.execute(
        "INSERT INTO exchange_inbox (peer, organisation, thread, number, event, state, received_at, next_at, proof,"
        " sealed, reason, tries) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, '', 0) ON CONFLICT DO NOTHING",
        [
            opened.sender, item["by"], item["thread"], item["number"], item["event"], NEW, now, now, opened.proof,
            _seal(one, item),
        ],
    )  # fmt: skip
    if cursor.rowcount:
        return
    # It is here already: its receipt was lost on the way.
    cursor.execute(
        "SELECT event, state, received_at, reason FROM exchange_inbox WHERE peer = %s AND thread = %s AND number = %s",
        [opened.sender, item["thread"], item["number"]],
    )
    event, state, received_at, reason = cursor.fetchone()
    if state in (DONE, HELD, REFUSED) and str(event) == item["event"]:
        said = {"thread": item["thread"], "number": item["number"], "event": item["event"]}
        receipt(cursor, opened.sender, said, ENTERED if state == DONE else state, received_at, reason, now)


def _seal(one: Own, item: Mapping[str, Any]) -> str:
    """Return an item encrypted to this node itself, for the time it waits."""
    header = {"alg": AGREED, "enc": ENCRYPTED, "kid": str(one.key_version)}
    return jwe.encrypt_compact(header, canonical(item), OKPKey.import_key(dict(one.keys().public.encrypt)))


def unseal(one: Own, sealed: str) -> dict[str, Any]:
    """Return an item that waits.

    Raises:
        EnvelopeRefusedError: none of our keys opens it.
    """
    for version in range(one.key_version, 0, -1):
        try:
            found: dict[str, Any] = orjson.loads(
                jwe.decrypt_compact(sealed, one.keys(version).encrypt).plaintext or b""
            )
        except ValueError:
            continue
        return found
    raise EnvelopeRefusedError(peer=one.name, reason="unreadable")


def _hear_receipt(cursor: CursorWrapper, opened: Opened, item: Mapping[str, Any]) -> None:
    """Note what a peer's node says became of what we sent. Once entered, it stays so."""
    cursor.execute(
        "UPDATE exchange_outbox SET state = %s, arrived_at = coalesce(arrived_at, %s), receipt = %s, reason = %s"
        " WHERE peer = %s AND thread = %s AND number = %s AND state IN (%s, %s, %s, %s)",
        [
            item["state"], item["at"], opened.proof, item.get("reason", ""), opened.sender, item["thread"],
            item["number"], WAITING, SENT, HELD, REFUSED,
        ],
    )  # fmt: skip


def receipt(  # noqa: PLR0913, PLR0917  # what it says
    cursor: CursorWrapper,
    peer: str,
    place: Mapping[str, Any],
    state: str,
    received_at: datetime,
    reason: str,
    now: datetime,
) -> None:
    """Let a receipt leave: what became of an item, and when this node received it."""
    body = {**place, "state": state, "at": received_at.isoformat(), "reason": reason}
    cursor.execute(
        "INSERT INTO exchange_outbox (peer, organisation, what, thread, event, body, state, made_at, next_at, tries,"
        " receipt, reason) VALUES (%s, '', %s, %s, %s, %s, %s, %s, %s, 0, '', '')",
        [peer, RECEIPT, place["thread"], place["event"], json.dumps(body), WAITING, now, now],
    )
