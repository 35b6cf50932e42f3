"""What is said of persons to a peer: facts shown to an office there, each person under a number that only two nodes use."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import MutableMapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from uuid import UUID

from yipan.database import home
from yipan.duties import sealing
from yipan.errors import YipanError
from yipan.exchange.nodes.own import own
from yipan.law.deadline import SHANGHAI

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from yipan.exchange.nodes.peers import Map
    from yipan.law.rulebook import Rulebook

#: By entry: name, ciphertext, subject, her wrapped key and under which version it is wrapped.
Facts = MutableMapping[UUID, list[tuple[Any, ...]]]


@dataclass(frozen=True, kw_only=True)
class Told:
    """Facts by name, the pairwise number of each name, and whether somebody's were erased."""

    facts: Mapping[str, Any]
    persons: Mapping[str, str]
    erased: bool


def told_of(
    peer: str, item: Mapping[str, Any], book: Rulebook, where: Map, sealed: Sequence[tuple[Any, ...]]
) -> Told:
    """Return what an entry says of persons that offices at the peer may see."""
    kind = book.kind(item["kind"], datetime.fromisoformat(item["at"]).astimezone(SHANGHAI).date())
    facts: dict[str, Any] = {}
    persons: dict[str, str] = {}
    erased = False
    event = UUID(item["event"])
    for name, ciphertext, subject, wrapped, version in sealed:
        roles = kind.subjects[name].shown_to if name in kind.subjects else kind.seen_by
        shown = (each for role in roles for each in item["parties"].get(role, ()))
        if not any(where.node_of(each) == peer for each in shown):
            continue
        try:
            facts[name] = sealing.unseal(sealing.unwrap(subject, wrapped, version), event, name, ciphertext)
            persons[name] = pairwise(peer, subject)
        except YipanError:
            erased = True
    return Told(facts=facts, persons=persons, erased=erased)


def pairwise(peer: str, subject: UUID) -> str:
    """Return the number that only this peer and we use for a person: no third finds her by it, nor two peers together."""
    return hmac.new(_secret(home()), f"{peer}|{subject}".encode(), hashlib.sha256).hexdigest()[:32]


@lru_cache(maxsize=8)
def _secret(_home: Path) -> bytes:
    return hashlib.sha256(own().keys(1).encrypt.as_bytes(private=True)).digest()
