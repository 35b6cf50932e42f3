"""A peer that a test plays: its own keys, what it sends into the installation under test, and what it reads from there."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from joserfc.jwk import OKPKey

from tests.duties.cast import at
from yipan.exchange.envelope import KeyPair, Opened, PublicKeys, open_envelope, seal, sign, succession
from yipan.exchange.nodes.own import card_of, own, read_card
from yipan.exchange.nodes.packing import pack_due, published
from yipan.exchange.nodes.peers import own_card, take_card, words_with
from yipan.exchange.nodes.receiving import receive


def new_keys(version: int = 1) -> KeyPair:
    """Return fresh keys."""
    return KeyPair(
        version=version, sign=OKPKey.generate_key("Ed25519"), encrypt=OKPKey.generate_key("X25519")
    )


@dataclass(kw_only=True)
class Peer:
    """A province at the other end."""

    name: str
    serves: tuple[str, ...]
    keys: KeyPair = field(default_factory=new_keys)
    statements: list[str] = field(default_factory=list)
    #: What it has read, in order; and the numbers it has given to what it said in each case.
    read: list[dict[str, Any]] = field(default_factory=list)
    said: dict[UUID, int] = field(default_factory=dict)

    def card(self) -> str:
        """Return its card."""
        said = {
            "name": self.name, "title": self.name, "serves": list(self.serves), "keys": self.keys.public.as_dict(),
        }  # fmt: skip
        return json.dumps({"card": sign(said, self.name, self.keys), "keys": self.statements})

    def introduce(self, now: datetime) -> None:
        """Be taken in, the words compared."""
        peer, words = take_card(self.card(), now)
        assert words_with(peer) == words
        take_card(self.card(), now, words)

    def rotate(self, now: datetime) -> None:
        """Take new keys, named by the old ones."""
        new = new_keys(self.keys.version + 1)
        self.statements.append(succession(self.keys, new.public, self.name, now))
        self.keys = new

    def envelope(self, items: list[dict[str, Any]], now: datetime) -> str:
        """Return items as they travel to the installation under test."""
        theirs = own_card().keys
        _, raw = seal(
            items, sender=self.name, recipient=own().name, keys=self.keys, theirs=theirs, made_at=now,
            statements=self.statements,
        )  # fmt: skip
        return raw

    def item(self, kind: str, by: str, thread: UUID, when: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401  # what an item may say
        """Return an item with the next number of its case."""
        self.said[thread] = self.said.get(thread, 0) + 1
        base = {
            "what": "event", "event": str(uuid4()), "thread": str(thread), "number": self.said[thread], "kind": kind,
            "pack": "casework", "by": by, "behalf": "", "at": at(when).isoformat(), "counts_by": "recording",
            "parties": {}, "clock": {}, "facts": {}, "persons": {}, "follows": [], "corrects": "", "digest": "",
        }  # fmt: skip
        return {**base, **more}

    def send(self, *items: dict[str, Any], now: datetime) -> bool:
        """Let items come in; return whether they were believed."""
        return receive(self.envelope(list(items), now), now, now)

    def collect(self, now: datetime) -> list[dict[str, Any]]:
        """Read what leaves for it, as the hub would hand it over, and return the items."""
        found: list[dict[str, Any]] = []
        for packed in pack_due(now):
            published(packed, now)
            if packed.peer == self.name:
                found += [dict(each) for each in self.opened(packed.raw).items]
        self.read += found
        return found

    def opened(self, raw: str) -> Opened:
        """Open an envelope that came for it."""
        return open_envelope(raw, own=self.name, keys=self._keys, peer=_keys_of_ours)

    def _keys(self, version: int) -> KeyPair | None:
        return self.keys if version == self.keys.version else None


def _keys_of_ours(_name: str) -> PublicKeys:
    """Return the public keys of the installation under test, as its card says them."""
    return read_card(card_of(own())).keys


def later(when: str, **by: int) -> datetime:
    """Return a moment after another."""
    return at(when) + timedelta(**by)
