"""How a number is found without being stored: keyed digests, each with the version of its key.

Whoever has the tables and not the key learns nothing from them, and cannot try numbers out. The key has versions: new rows
are written under the newest, and whoever searches asks under each, until every row has been digested anew.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING, Final

from yipan.database import home, read_or_make_key, vault

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

NAME: Final = "lookup"
_KEY: Final = 32
#: With the version in front, a digest is as long as a UUID.
_DIGEST: Final = 15
#: Versions go round in one byte; more than two of them never stand in the tables together.
_ROUND: Final = 256


@dataclass(frozen=True, kw_only=True, slots=True)
class LookupKey:
    """One version of the key."""

    version: int
    raw: bytes

    @property
    def front(self) -> bytes:
        """What stands in front of each digest under it."""
        return bytes([self.version % _ROUND])


def digest(what: str, *words: str) -> bytes:
    """Return the digest under which words are written down.

    Args:
        what: what kind of thing is looked up, at most 16 ASCII letters: a phone never equals a number.
        words: the parts, already in the one form in which they are compared.
    """
    return digest_with(key(), what, *words)


def digests(what: str, *words: str, under: Sequence[LookupKey] = ()) -> list[bytes]:
    """Return the digests under which words may have been written down: whoever searches asks for each of them.

    `under` are all `keys()`, where they were asked for once for many words in a row.
    """
    return [digest_with(each, what, *words) for each in under or keys()]


def digest_with(key: LookupKey, what: str, *words: str) -> bytes:
    """Return the same under a key that was asked for once, for many words in a row."""
    text = "\x1f".join(words).encode()
    return key.front + blake2b(text, digest_size=_DIGEST, key=key.raw, person=what.encode()).digest()


def lasting(what: str, *words: str) -> bytes:
    """Return a digest of what nobody could digest anew, such as a number that only a slip of paper has.

    Its key is another one and stays: what is found by it ends by itself, and is made anew.
    """
    raw = _lasting_of(home())
    return digest_with(LookupKey(version=1, raw=raw), what, *words)


def key() -> LookupKey:
    """Return the newest version; the first is made where there is none."""
    return keys()[0]


def keys() -> list[LookupKey]:
    """Return all versions, the newest first."""
    found = vault.versions(NAME)
    if not found:
        read_or_make_key(vault.file_of(NAME, 1), lambda: os.urandom(_KEY))
        found = vault.versions(NAME)
    where = home()
    return [LookupKey(version=each, raw=_key_of(where, each)) for each in reversed(found)]


@lru_cache(maxsize=8)
def _key_of(_home: Path, version: int) -> bytes:
    """Read the key once per process and data folder."""
    return vault.require_key(vault.file_of(NAME, version))


@lru_cache(maxsize=8)
def _lasting_of(_home: Path) -> bytes:
    return read_or_make_key("lasting.key", lambda: os.urandom(_KEY))
