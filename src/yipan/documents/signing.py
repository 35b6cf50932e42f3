"""What a certificate says, signed: a short text that any phone carries, and the keys that it is checked with.

The text is readable as it is: one line each for the form, the key, the number, the name, the office and the two days. It is
signed with Ed25519 by the newest key of this installation. A key that was changed signs no more, and what it signed is
checked with its public half for as long as anybody asks.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, ClassVar, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from yipan.database import make_home, read_or_make_key, read_or_make_public, vault
from yipan.database.keyrefusals import KeyMissingError
from yipan.errors import YipanError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

#: The first line of a signed text: which lines follow.
FORM: Final = "yipan-certificate-1"


class SignatureWrongError(YipanError):
    """A text is not signed by this installation, or it was changed."""

    code: ClassVar[str] = "signature-wrong"
    exit_code: ClassVar[int] = 1
    sentence: ClassVar[dict[str, str]] = {
        "zh": "签名不符：不是由公布的密钥签发，或者内容被改动。",
        "en": "The signature does not hold: no published key made it, or the text was changed.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "请向证明上写的发证机构核实。",
        "en": "Ask the office that the certificate names.",
    }


@dataclass(frozen=True, kw_only=True, slots=True)
class Statement:
    """What a certificate says, and no more. `expires_on` is the last day on which it is valid."""

    number: str
    name: str
    office: str
    issued_on: date
    expires_on: date

    def text(self, key: str) -> str:
        """Return the text that the key of this name signs."""
        days = (self.issued_on.isoformat(), self.expires_on.isoformat())
        return "\n".join((FORM, key, self.number, _one_line(self.name), _one_line(self.office), *days))


@dataclass(frozen=True, kw_only=True, slots=True)
class PublicKey:
    """The public half of a key: from which day it signs, and from which day it signs no more."""

    name: str
    public: str
    from_on: date
    until_on: date | None = None

    def as_dict(self) -> dict[str, str | None]:
        """Return it as it is published."""
        until = self.until_on.isoformat() if self.until_on else None
        return {"key": self.name, "ed25519": self.public, "from": self.from_on.isoformat(), "until": until}


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _plain(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _raw(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


# ---------------------------------------------------------------------------------------------- the keys


def _folder() -> Path:
    folder = make_home() / "keys"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def public_keys(today: date) -> list[PublicKey]:
    """Return every public key of this installation, the oldest first; the first is made when there is none."""
    found = _read_all()
    if not found:
        _make(1, today)
        found = _read_all()
    return found


def _read_all() -> list[PublicKey]:
    texts = [path.read_text(encoding="utf-8") for path in _folder().glob("certificate-*.json")]
    return sorted((_read(json.loads(text)) for text in texts), key=lambda each: int(each.name))


def _read(said: Mapping[str, Any]) -> PublicKey:
    until = date.fromisoformat(said["until"]) if said["until"] else None
    return PublicKey(
        name=said["key"], public=said["ed25519"], from_on=date.fromisoformat(said["from"]), until_on=until
    )


def read_published(text: str) -> list[PublicKey]:
    """Return the keys of a published list, as somebody saved it to verify without a network."""
    return [_read(each) for each in json.loads(text)["keys"]]


def as_published(keys: Sequence[PublicKey]) -> dict[str, object]:
    """Return the list of keys as it is published, with how a text is checked."""
    return {"form": FORM, "keys": [each.as_dict() for each in keys]}


def _make(number: int, today: date) -> None:
    """Make a key pair. Of several processes that do it at once one wins, and all read what it wrote."""
    private = Ed25519PrivateKey.from_private_bytes(
        read_or_make_key(
            f"certificate-{number}.key", lambda: Ed25519PrivateKey.generate().private_bytes_raw()
        )
    )
    public = PublicKey(
        name=str(number), public=_plain(private.public_key().public_bytes_raw()), from_on=today
    )
    read_or_make_public(f"certificate-{number}.json", lambda: json.dumps(public.as_dict()).encode())


def rotate(today: date) -> PublicKey:
    """Make a new key; the one before signs no more, its private half is removed, its public half goes on verifying."""
    before = public_keys(today)[-1]
    _make(int(before.name) + 1, today)
    closed = PublicKey(name=before.name, public=before.public, from_on=before.from_on, until_on=today)
    vault.replace_public(f"certificate-{before.name}.json", json.dumps(closed.as_dict()).encode())
    vault.remove_key(f"certificate-{before.name}.key")
    return public_keys(today)[-1]


# ------------------------------------------------------------------------------------------- the signature


def sign(statement: Statement, today: date) -> str:
    """Return the signed text of a statement, as the code on the paper carries it."""
    try:
        key = public_keys(today)[-1]
        secret = vault.require_key(f"certificate-{key.name}.key")
    except KeyMissingError:  # the key was changed just now
        key = public_keys(today)[-1]
        secret = vault.require_key(f"certificate-{key.name}.key")
    text = statement.text(key.name).encode()
    return f"{_plain(text)}.{_plain(Ed25519PrivateKey.from_private_bytes(secret).sign(text))}"


def check(token: str, keys: Sequence[PublicKey]) -> Statement:
    """Return what a signed text says. No table and no network is asked: whether it was revoked is not known here.

    Raises:
        SignatureWrongError: no key of these signed it while it was in use, or it was changed.
    """
    try:
        said, signature = (_raw(part) for part in token.strip().rpartition("#")[2].split("."))
        form, name, number, person, office, *days = said.decode().split("\n")
        issued_on, expires_on = map(date.fromisoformat, days)
        key = next(each for each in keys if each.name == name)
        Ed25519PublicKey.from_public_bytes(_raw(key.public)).verify(signature, said)
    except (ValueError, StopIteration, InvalidSignature, binascii.Error) as error:
        raise SignatureWrongError from error
    # Whoever found an old key could sign with it: what is dated after its end is not believed.
    if form != FORM or (key.until_on is not None and issued_on > key.until_on):
        raise SignatureWrongError
    return Statement(number=number, name=person, office=office, issued_on=issued_on, expires_on=expires_on)
