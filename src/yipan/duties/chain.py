"""The chain: every event of an organisation carries the digest of the one before it.

A changed, added or missing row shows. The digest covers every clear column, and of each sealed text its digest, whose it
is and who may have it opened; never a plain fact, so that nothing can be guessed from it after an erasure.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import orjson

from yipan.law.event import Event, Plain

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

GENESIS: Final = bytes(32)


@dataclass(frozen=True, kw_only=True, slots=True)
class Sealed:
    """What an event says of one person: the ciphertext, whose key opens it, and which offices may have it opened."""

    ciphertext: bytes
    subject: UUID
    seen_by: tuple[str, ...]
    #: The digest of a ciphertext that was destroyed, as it is kept; the ciphertext is then empty.
    kept: str = ""
    #: The entry that ended it, and whether the key that opens it is gone; for `ending`, which says what nobody said.
    ended_by: UUID | None = None
    keyless: bool = False

    @property
    def digest(self) -> str:
        """The digest of the ciphertext, by which the chain goes on holding when the ciphertext is no more."""
        return self.kept or hashlib.sha256(self.ciphertext).hexdigest()


@dataclass(kw_only=True, slots=True)
class Entry:
    """One row of the journal before and after it is chained, with its sealed payloads by name.

    Only `link` changes one, once: a batch has thousands, and a second copy of each would be thrown away at once.
    """

    id: UUID
    kind: str
    pack: str
    thread: UUID
    parties: Mapping[str, tuple[str, ...]]
    lines: Mapping[str, Mapping[str, str]]
    recorded_by: str
    officer: str
    on_behalf_of: str
    happened_at: datetime
    recorded_at: datetime
    counts_at: datetime
    counts_by: str
    clock: Mapping[str, Plain]
    follows: tuple[UUID, ...]
    corrects: UUID | None
    seen_by: tuple[str, ...]
    payloads: Mapping[str, Sealed] = field(default_factory=dict)
    #: The persons who may see it as theirs.
    persons: tuple[UUID, ...] = ()
    seq: int = 0
    previous: bytes = GENESIS
    digest: bytes = b""

    def event(self) -> Event:
        """Return what the law sees of it."""
        return Event(
            id=self.id,
            kind=self.kind,
            thread=self.thread,
            counts_at=self.counts_at,
            parties=self.parties,
            lines=self.lines,
            actor=self.on_behalf_of or self.recorded_by,
            clock=self.clock,
            corrects=self.corrects,
        )


def link(entry: Entry, seq: int, previous: bytes) -> Entry:
    """Put an entry at its place in its organisation's chain, with its digest, and return it."""
    entry.seq, entry.previous = seq, previous
    entry.digest = digest_of(entry)
    return entry


def digest_of(entry: Entry) -> bytes:
    """Return the SHA-256 of everything an entry says at its place, in one canonical form."""
    payloads = {
        name: (sealed.digest, sealed.subject, sealed.seen_by) for name, sealed in entry.payloads.items()
    }
    return _digest({**_said(entry), "payloads": payloads, "persons": entry.persons})


def fits(entry: Entry, written: bytes) -> bool:
    """Tell whether an entry is the one whose digest was written.

    Entries of before persons and readers of sealed texts were covered have the digest that was made then. Nobody can
    use that for a later entry: its own digest, which a checkpoint signed, is of the form that covers more.
    """
    if digest_of(entry) == written:
        return True
    payloads = {name: sealed.digest for name, sealed in entry.payloads.items()}
    return _digest({**_said(entry), "payloads": payloads}) == written


def _digest(said: Mapping[str, object]) -> bytes:
    return hashlib.sha256(orjson.dumps(said, option=orjson.OPT_SORT_KEYS)).digest()


def _said(entry: Entry) -> dict[str, object]:
    return {
        "id": entry.id,
        "kind": entry.kind,
        "pack": entry.pack,
        "thread": entry.thread,
        "parties": entry.parties,
        "lines": entry.lines,
        "recorded_by": entry.recorded_by,
        "officer": entry.officer,
        "on_behalf_of": entry.on_behalf_of,
        "happened_at": _instant(entry.happened_at),
        "recorded_at": _instant(entry.recorded_at),
        "counts_at": _instant(entry.counts_at),
        "counts_by": entry.counts_by,
        "clock": entry.clock,
        "follows": entry.follows,
        "corrects": entry.corrects or "",
        "seen_by": entry.seen_by,
        "seq": entry.seq,
        "previous": entry.previous.hex(),
    }


@lru_cache(maxsize=64)
def _instant(moment: datetime) -> str:
    """Return an instant in its one form; those of a batch are mostly one."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
