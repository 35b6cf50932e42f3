"""The tables of this room, where Django looks for them."""

from __future__ import annotations

from yipan.exchange.nodes.tables import Daily, Erasure, Inbox, Move, Outbox, Party, Peer, Proof, Refusal

__all__ = ["Daily", "Erasure", "Inbox", "Move", "Outbox", "Party", "Peer", "Proof", "Refusal"]
