"""This installation as a node: its name, which divisions it serves, its keys, its card, and the four words.

Without `node.json` in the data folder it is none, and nobody asks any further.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from joserfc.jwk import OKPKey

from yipan.database import home, make_home, read_or_make_key
from yipan.database.vault import read_key, replace_key
from yipan.exchange.envelope import (
    KeyPair,
    PublicKeys,
    canonical,
    follow,
    sign,
    signed_by,
    succession,
    verify,
)
from yipan.exchange.faults import CardError, NodeExistsError, NodeNameError, NoNodeError

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

_FILE: Final = "node.json"
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,38}[a-z0-9]")
#: Characters that nobody confuses over the telephone; a word has two, six bits each.
_SPOKEN: Final = (
    "天地山水风云雷电日月星光金木火土春夏秋冬东南北中江河湖海花草竹梅"
    "牛马羊狗鱼鸟虎龙红黄蓝黑白青米面茶酒门窗桥路车船书笔刀弓琴鼓石田"
)
_WORDS: Final = 4
#: By which this node connects to a hub that asks who it is.
_CREDENTIALS: Final = "node-hub.key"


@dataclass(frozen=True, kw_only=True)
class Own:
    """What this installation is as a node."""

    name: str
    title: str
    serves: tuple[str, ...]
    hub: str
    key_version: int = 1
    #: By which each version of the keys named the next.
    statements: tuple[str, ...] = ()

    def keys(self, version: int | None = None) -> KeyPair:
        """Return its keys of a version; the newest where none is said."""
        wanted = version or self.key_version
        return KeyPair(
            version=wanted, sign=_key(home(), "sign", wanted), encrypt=_key(home(), "encrypt", wanted)
        )

    def keys_of(self, version: int) -> KeyPair | None:
        """Return its keys of a version, None where it never had such."""
        return self.keys(version) if 1 <= version <= self.key_version else None


@dataclass(frozen=True, kw_only=True)
class Card:
    """What a node hands to another: who it is, whom it serves, its public keys."""

    name: str
    title: str
    serves: tuple[str, ...]
    keys: PublicKeys

    @property
    def fingerprint(self) -> str:
        """Return the digest of name and keys."""
        return hashlib.sha256(canonical([self.name, self.keys.as_dict()])).hexdigest()


@lru_cache(maxsize=32)
def _key(_home: Path, use: str, version: int) -> OKPKey:
    def make() -> bytes:
        made = OKPKey.generate_key("Ed25519") if use == "sign" else OKPKey.generate_key("X25519")
        return json.dumps(made.as_dict(private=True)).encode()

    return OKPKey.import_key(json.loads(read_or_make_key(f"node-{use}-{version}.key", make)))


def own_or_none() -> Own | None:
    """Return what this installation is as a node; None where it is none."""
    path = home() / _FILE
    try:
        changed = path.stat().st_mtime_ns
    except FileNotFoundError:
        return None
    return _read(path, changed)


@lru_cache(maxsize=8)
def _read(path: Path, _changed: int) -> Own:
    said = json.loads(path.read_text(encoding="utf-8"))
    return Own(**{**said, "serves": tuple(said["serves"]), "statements": tuple(said["statements"])})


def own() -> Own:
    """Return what this installation is as a node.

    Raises:
        NoNodeError: it is none.
    """
    found = own_or_none()
    if found is None:
        raise NoNodeError
    return found


def is_name(name: str) -> bool:
    """Tell whether a word can be the name of a node."""
    return _NAME.fullmatch(name) is not None


def credentials() -> bytes | None:
    """Return the certificate, with its key, that the hub issued to this node; None where it needs none."""
    return read_key(_CREDENTIALS)


def keep_credentials(content: bytes) -> None:
    """Keep, sealed, what the hub issued to this node; another one takes its place."""
    replace_key(_CREDENTIALS, content)


def init(name: str, title: str, serves: tuple[str, ...], hub: str) -> Own:
    """Make this installation a node, or change whom it serves and where its hub is. The name stays.

    Raises:
        NodeNameError, NodeExistsError: the name cannot be, or is another one than before.
    """
    if not _NAME.fullmatch(name):
        raise NodeNameError(name=name)
    before = own_or_none()
    if before and before.name != name:
        raise NodeExistsError(name=before.name)
    made = replace(before, title=title, serves=serves, hub=hub) if before else None
    return _write(made or Own(name=name, title=title, serves=serves, hub=hub))


def _write(one: Own) -> Own:
    path = make_home() / _FILE
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(asdict(one), ensure_ascii=False, indent=1), encoding="utf-8")
    partial.rename(path)
    one.keys()
    return one


def rotate(now: datetime) -> Own:
    """Make new keys, named by the old ones. What is under way to the old ones is still opened."""
    one = own()
    version = one.key_version + 1
    new = KeyPair(
        version=version, sign=_key(home(), "sign", version), encrypt=_key(home(), "encrypt", version)
    )
    told = succession(one.keys(), new.public, one.name, now)
    return _write(replace(one, key_version=version, statements=(*one.statements, told)))


def card_of(one: Own) -> str:
    """Return the card of this node, signed by itself."""
    said = {
        "name": one.name,
        "title": one.title,
        "serves": list(one.serves),
        "keys": one.keys().public.as_dict(),
    }
    return json.dumps({"card": sign(said, one.name, one.keys()), "keys": list(one.statements)})


def read_card(text: str) -> Card:
    """Return what a card says, whoever sent it: whether it is theirs, the four words tell.

    Raises:
        CardError: it is no card, or was changed.
    """
    try:
        outer: dict[str, Any] = json.loads(text)
        token = str(outer["card"])
        said = _unverified(token)
        keys = PublicKeys.of(said["keys"])
        node, _ = signed_by(token)
        if verify(token, keys)["name"] != node or not _NAME.fullmatch(node):
            raise CardError(reason="signature")
        serves = tuple(str(each) for each in said["serves"])
        return Card(name=node, title=str(said["title"]), serves=serves, keys=keys)
    except (ValueError, KeyError, TypeError) as error:
        raise CardError(reason="unreadable") from error


def statements_in(text: str) -> list[str]:
    """Return by which statements the keys of a card follow earlier ones."""
    return [str(each) for each in json.loads(text).get("keys", ())]


def _unverified(token: str) -> dict[str, Any]:
    body = token.split(".")[1]
    said: dict[str, Any] = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return said


def four_words(one: Card, other: Card) -> str:
    """Return the four words of two cards, the same on both sides. Slow, so that nobody makes cards until they fit."""
    both = "|".join(sorted((one.fingerprint, other.fingerprint))).encode()
    raw = hashlib.scrypt(both, salt=b"yipan four words", n=1 << 14, r=8, p=1, dklen=6)
    bits = int.from_bytes(raw, "big")
    spoken = [_SPOKEN[bits >> (6 * place) & 63] for place in range(2 * _WORDS)]
    return " ".join("".join(spoken[at : at + 2]) for at in range(0, 2 * _WORDS, 2))


__all__ = [
    "Card",
    "Own",
    "card_of",
    "follow",
    "four_words",
    "init",
    "own",
    "own_or_none",
    "read_card",
    "rotate",
]
