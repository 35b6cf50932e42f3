"""How a number is found without being stored: keyed digests, each with the version of its key.

Whoever has the tables and not the key `lookup-1.key` learns nothing from them, and cannot try numbers out.
"""

from __future__ import annotations

import os
from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING, Final

from yipan.database import home, read_or_make_key

if TYPE_CHECKING:
    from pathlib import Path

#: The key under which digests are made; it stands in front of each.
VERSION: Final = 1
_KEY: Final = 32
#: With the version in front, a digest is as long as a UUID.
_DIGEST: Final = 15
_FRONT: Final = bytes([VERSION])


def digest(what: str, *words: str) -> bytes:
    """Return the digest by which words are found again.

    Args:
        what: what kind of thing is looked up, at most 16 ASCII letters: a phone never equals a number.
        words: the parts, already in the one form in which they are compared.
    """
    return digest_with(key(), what, *words)


def digest_with(key: bytes, what: str, *words: str) -> bytes:
    """Return the same under a key that was asked for once, for many words in a row."""
    text = "\x1f".join(words).encode()
    return _FRONT + blake2b(text, digest_size=_DIGEST, key=key, person=what.encode()).digest()


def key() -> bytes:
    """Return the key of this installation."""
    return _key_of(home())


@lru_cache(maxsize=8)
def _key_of(_home: Path) -> bytes:
    """Read the key once per process and data folder."""
    return read_or_make_key(f"lookup-{VERSION}.key", lambda: os.urandom(_KEY))
