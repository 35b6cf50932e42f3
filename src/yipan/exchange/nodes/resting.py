"""What waits here lies sealed under a key of this node alone, drawn from its own: no copy of the table tells what came.

Under a key drawn once, and not agreed anew for each item as an envelope's is: what comes by thousands rests for seconds.
"""

from __future__ import annotations

import base64
import os
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from yipan.database import home
from yipan.exchange.envelope import canonical
from yipan.exchange.faults import EnvelopeRefusedError
from yipan.exchange.nodes.own import own

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from yipan.exchange.nodes.own import Own

_NONCE: Final = 12
_USE: Final = b"yipan: what waits at a node"


@lru_cache(maxsize=16)
def _key(_home: Path, version: int) -> AESGCM:
    secret = own().keys(version).encrypt.as_bytes(private=True)
    return AESGCM(HKDF(algorithm=SHA256(), length=32, salt=None, info=_USE).derive(secret))


def at_rest(one: Own, peer: str, item: Mapping[str, Any]) -> str:
    """Return an item as it waits, bound to its place."""
    nonce = os.urandom(_NONCE)
    sealed = nonce + _key(home(), one.key_version).encrypt(
        nonce, canonical(item), _place(peer, item["event"])
    )
    return f"{one.key_version}.{base64.b64encode(sealed).decode()}"


def awake(peer: str, event: object, sealed: str) -> dict[str, Any]:
    """Return an item that waits.

    Raises:
        EnvelopeRefusedError: none of our keys opens it, or it was laid in another's place.
    """
    version, _, text = sealed.partition(".")
    try:
        raw = base64.b64decode(text, validate=True)
        found: dict[str, Any] = orjson.loads(
            _key(home(), int(version)).decrypt(raw[:_NONCE], raw[_NONCE:], _place(peer, event))
        )
    except (InvalidTag, ValueError) as error:
        raise EnvelopeRefusedError(peer=peer, reason="unreadable") from error
    return found


def _place(peer: str, event: object) -> bytes:
    return f"{peer}|{event}".encode()
