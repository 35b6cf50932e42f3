"""The tables of this room, where Django looks for them."""

from __future__ import annotations

from yipan.exchange.nodes.tables import Inbox, Outbox, Party, Peer, Proof, Refusal

__all__ = ["Inbox", "Outbox", "Party", "Peer", "Proof", "Refusal"]
