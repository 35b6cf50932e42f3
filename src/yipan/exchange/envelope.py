"""The envelope: a signed head and its items, encrypted to one node. Pure: keys and moments are arguments.

The head says who sends what to whom and when, each item by its digest; it names nobody and is kept as proof. Head and items
together are encrypted to the receiving node, so that who carries them sees a size and an address.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import orjson
from joserfc import jwe, jws
from joserfc.errors import JoseError
from joserfc.jwe import JWERegistry
from joserfc.jwk import OKPKey
from joserfc.jws import JWSRegistry

from yipan.exchange.faults import EnvelopeRefusedError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    Item = Mapping[str, Any]

SIGNED: Final = "Ed25519"
AGREED: Final = "ECDH-ES"
ENCRYPTED: Final = "A256GCM"
#: The most bytes of an envelope: what the hub takes as one message.
LARGEST: Final = 1 << 20
#: The version of this form. A node that reads only older ones says so and keeps what came.
VERSION: Final = 1


class _Registry(JWERegistry):
    """What we encrypt with, and no other; many items in one are more than a token has."""

    max_ciphertext_length = LARGEST


class _SignedRegistry(JWSRegistry):
    """With what we sign, and nothing else; a head that lists many items is longer than a token's."""

    max_payload_length = LARGEST


_ALLOWED: Final = _Registry(algorithms=[AGREED, ENCRYPTED])
_HEADS: Final = _SignedRegistry(algorithms=[SIGNED])


@dataclass(frozen=True, kw_only=True)
class PublicKeys:
    """The public halves of a node's keys of one version."""

    version: int
    sign: Mapping[str, str]
    encrypt: Mapping[str, str]

    def as_dict(self) -> dict[str, Any]:
        """Return them as plain data."""
        return {"version": self.version, "sign": dict(self.sign), "encrypt": dict(self.encrypt)}

    @staticmethod
    def of(said: Mapping[str, Any]) -> PublicKeys:
        """Return those that plain data say."""
        return PublicKeys(version=int(said["version"]), sign=said["sign"], encrypt=said["encrypt"])


@dataclass(frozen=True, kw_only=True)
class KeyPair:
    """A node's own keys of one version."""

    version: int
    sign: OKPKey
    encrypt: OKPKey

    @property
    def public(self) -> PublicKeys:
        """Return what others may know."""
        return PublicKeys(version=self.version, sign=_public(self.sign), encrypt=_public(self.encrypt))


@dataclass(frozen=True, kw_only=True)
class Opened:
    """What an envelope said, once its signature was found to be the sender's."""

    sender: str
    recipient: str
    made_at: datetime
    items: Sequence[Item]
    head: str
    #: Keys of the sender that follow the pinned ones, each signed by the one before.
    newer: tuple[PublicKeys, ...] = ()

    @cached_property
    def proof(self) -> str:
        """Return the digest by which its signed head is kept: made once, as the head holds all the items."""
        return digest_of(self.head)


def _public(key: OKPKey) -> dict[str, str]:
    return {name: str(value) for name, value in key.as_dict(private=False).items()}


def digest_of(text: str | bytes) -> str:
    """Return the SHA-256 of a text."""
    return hashlib.sha256(text.encode() if isinstance(text, str) else text).hexdigest()


def canonical(said: object) -> bytes:
    """Return plain data in one form."""
    return orjson.dumps(said, option=orjson.OPT_SORT_KEYS)


def sign(said: Mapping[str, Any], node: str, keys: KeyPair) -> str:
    """Return plain data signed by a node."""
    header = {"alg": SIGNED, "kid": f"{node}#{keys.version}"}
    return jws.serialize_compact(header, canonical(said), keys.sign, registry=_HEADS)


def signed_by(token: str) -> tuple[str, int]:
    """Return whose signature, of which version, a text claims to bear.

    Raises:
        ValueError: it is no signed text.
    """
    try:
        kid = str(jws.extract_compact(token.encode(), registry=_HEADS).headers()["kid"])
        node, _, version = kid.rpartition("#")
        return node, int(version)
    except (JoseError, KeyError, ValueError) as error:
        message = "no signed text"
        raise ValueError(message) from error


def verify(token: str, keys: PublicKeys) -> dict[str, Any]:
    """Return what a signed text says.

    Raises:
        ValueError: these keys did not sign it.
    """
    try:
        found = jws.deserialize_compact(token, OKPKey.import_key(dict(keys.sign)), registry=_HEADS)
        said: dict[str, Any] = orjson.loads(found.payload)
    except (JoseError, ValueError) as error:
        message = "the signature does not hold"
        raise ValueError(message) from error
    return said


def succession(old: KeyPair, new: PublicKeys, node: str, at: datetime) -> str:
    """Return the statement by which old keys name the new ones."""
    return sign({"node": node, "keys": new.as_dict(), "at": at.isoformat()}, node, old)


def follow(pinned: PublicKeys, statements: Sequence[str], node: str) -> tuple[PublicKeys, ...]:
    """Return the keys that follow pinned ones, each named by the one before.

    Raises:
        ValueError: a statement is not signed by the keys before it, or is another node's.
    """
    found: list[PublicKeys] = []
    now = pinned
    for token in statements:
        _, version = signed_by(token)
        if version < now.version:
            continue
        said = verify(token, now)
        new = PublicKeys.of(said["keys"])
        if said["node"] != node or new.version != now.version + 1:
            message = "the keys do not follow the pinned ones"
            raise ValueError(message)
        found.append(new)
        now = new
    return tuple(found)


def seal(  # noqa: PLR0913  # each is a part of the address
    items: Sequence[Item],
    *,
    sender: str,
    recipient: str,
    keys: KeyPair,
    theirs: PublicKeys,
    made_at: datetime,
    statements: Sequence[str] = (),
) -> tuple[str, str]:
    """Return the signed head of an envelope, and the envelope as it travels."""
    texts = [canonical(each) for each in items]
    head = sign(
        {
            "v": VERSION,
            "from": sender,
            "to": recipient,
            "at": made_at.isoformat(),
            "items": [digest_of(each) for each in texts],
        },
        sender,
        keys,
    )
    inner = canonical({"head": head, "items": [each.decode() for each in texts], "keys": list(statements)})
    header = {"alg": AGREED, "enc": ENCRYPTED, "kid": str(theirs.version)}
    key = OKPKey.import_key(dict(theirs.encrypt))
    return head, jwe.encrypt_compact(header, inner, key, registry=_ALLOWED)


def open_envelope(
    raw: str,
    *,
    own: str,
    keys: Callable[[int], KeyPair | None],
    peer: Callable[[str], PublicKeys | None],
) -> Opened:
    """Return what an envelope says. `peer` refuses by raising; None where it knows no such node.

    Raises:
        EnvelopeRefusedError: it is not for us, was changed, or its sender is not known.
    """
    inner = _decrypt(raw, keys)
    head = str(inner["head"])
    try:
        sender, version = signed_by(head)
    except ValueError as error:
        raise EnvelopeRefusedError(peer="?", reason="unreadable") from error
    pinned = peer(sender)
    if pinned is None:
        raise EnvelopeRefusedError(peer=sender, reason="unknown-node")
    try:
        newer = follow(pinned, [str(each) for each in inner.get("keys", ())], sender)
        known = {each.version: each for each in (pinned, *newer)}
        said = verify(head, known[version])
    except KeyError as error:
        raise EnvelopeRefusedError(peer=sender, reason="unknown-key") from error
    except ValueError as error:
        raise EnvelopeRefusedError(peer=sender, reason="bad-signature") from error
    if int(said.get("v", 0)) > VERSION:
        raise EnvelopeRefusedError(peer=sender, reason="newer-form")
    texts = [str(each) for each in inner["items"]]
    if said["from"] != sender or said["to"] != own:
        raise EnvelopeRefusedError(peer=sender, reason="not-for-us")
    if [digest_of(each) for each in texts] != said["items"]:
        raise EnvelopeRefusedError(peer=sender, reason="changed")
    return Opened(
        sender=sender,
        recipient=own,
        made_at=datetime.fromisoformat(said["at"]),
        items=[orjson.loads(each) for each in texts],
        head=head,
        newer=newer,
    )


def _decrypt(raw: str, keys: Callable[[int], KeyPair | None]) -> dict[str, Any]:
    try:
        version = int(str(orjson.loads(_header(raw))["kid"]))
        own = keys(version)
        if own is None:
            raise EnvelopeRefusedError(peer="?", reason="not-for-us")
        found: dict[str, Any] = orjson.loads(
            jwe.decrypt_compact(raw, own.encrypt, registry=_ALLOWED).plaintext or b""
        )
    except (JoseError, KeyError, ValueError, TypeError) as error:
        raise EnvelopeRefusedError(peer="?", reason="unreadable") from error
    return found


def _header(raw: str) -> bytes:
    text = raw.partition(".")[0]
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
