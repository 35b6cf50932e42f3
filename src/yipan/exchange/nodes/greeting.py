"""A greeting: an envelope with nothing in it but our newest keys, and the clock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from yipan.exchange.nodes.peers import exchanging, known_peers
from yipan.exchange.nodes.tables import HELLO, TRUSTED, WAITING

if TYPE_CHECKING:
    from datetime import datetime


def greet_all(now: datetime) -> None:
    """Let a greeting leave for each peer that is believed."""
    with exchanging() as cursor:
        for peer in known_peers(cursor):
            if peer.state == TRUSTED:
                cursor.execute(
                    "INSERT INTO exchange_outbox (peer, organisation, what, body, state, made_at, next_at, tries, receipt,"
                    " reason) VALUES (%s, '', %s, '{}', %s, %s, %s, 0, '', '')",
                    [peer.name, HELLO, WAITING, now, now],
                )
