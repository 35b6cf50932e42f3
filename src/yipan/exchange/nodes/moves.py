"""Which townships moved from one node to another: the signed word of it, as everybody keeps it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from django.db import connection, transaction

from yipan.exchange.envelope import PublicKeys, signed_by, verify
from yipan.exchange.nodes.own import own
from yipan.exchange.nodes.peers import exchanging, map_of, plain
from yipan.exchange.nodes.tables import EXPECTED, MOVED, OFFERED, TRUSTED
from yipan.offices.permit import set_acting

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

    from django.db.backends.utils import CursorWrapper

    from yipan.exchange.nodes.peers import Map

#: What the register does, and a moved township takes along.
EFFECTS: Final = frozenset({
    "person-enrolled", "person-updated", "stay-began", "stay-ended", "enrolment-ended",
})  # fmt: skip
UPSERT: Final = (
    "INSERT INTO exchange_move (code, from_node, to_node, at, statement, state) VALUES (%s, %s, %s, %s, %s, %s)"
    " ON CONFLICT (code) DO UPDATE SET from_node = excluded.from_node, to_node = excluded.to_node, at = excluded.at,"
    " statement = excluded.statement, state = excluded.state WHERE exchange_move.at <= excluded.at"
)


def heard(cursor: CursorWrapper, token: str) -> bool:
    """Keep the signed word of a node that a township works elsewhere from now on, whoever passed it on.

    True where the township works here from now on, and the peers are to hear it from us too. A word that its node may not say
    is left alone. The tables of the exchange must be open.
    """
    try:
        node, version = signed_by(token)
        cursor.execute("SELECT keys FROM exchange_peer WHERE name = %s AND state = %s", [node, TRUSTED])
        [keys] = cursor.fetchone() or ["{}"]
        said = verify(token, PublicKeys.of(plain(keys)[str(version)]))
        code, to, at = str(said["move"]), str(said["to"]), datetime.fromisoformat(said["at"])
    except (ValueError, KeyError):
        return False
    if said.get("from") != node or map_of(cursor, own()).node_of(code) != node:
        return False
    state = MOVED
    if to == own().name:
        cursor.execute("SELECT from_node, state FROM exchange_move WHERE code = %s", [code])
        state = MOVED if cursor.fetchone() == (node, EXPECTED) else OFFERED
    cursor.execute(UPSERT, [code, node, to, at, token, state])
    return to == own().name and state == MOVED


def townships_from(where: Map, sender: str) -> frozenset[str]:
    """Return the townships that this node took from a peer: of their cases it may tell what others said."""
    return frozenset(code for code, each in where.moved.items() if each == (sender, where.own))


def known_persons(peer: str, item: Mapping[str, Any]) -> dict[str, UUID]:
    """Return whom the persons of an item mean here, where the peer has spoken of them before: one key, as there."""
    found: dict[str, UUID] = {}
    for name, party in item.get("persons", {}).items():
        with exchanging() as cursor:
            cursor.execute(
                "SELECT thread, name FROM exchange_party WHERE peer = %s AND party = %s ORDER BY thread LIMIT 1",
                [peer, party],
            )
            known = cursor.fetchone()
        if known is None:
            continue
        with transaction.atomic(durable=True), connection.cursor() as cursor:
            set_acting("", "exchange", [known[0]])
            cursor.execute(
                "SELECT subject_id FROM duties_threadsubject WHERE thread_id = %s AND name = %s", list(known)
            )
            if row := cursor.fetchone():
                found[name] = row[0]
    return found
