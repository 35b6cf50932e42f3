"""An office's own signature over a report: with a key of that office, which anybody checks with its public half."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import TYPE_CHECKING, ClassVar, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from yipan.database import make_home, read_or_make_key, read_or_make_public, vault
from yipan.database.keyrefusals import KeyMissingError
from yipan.errors import YipanError

if TYPE_CHECKING:
    from pathlib import Path

#: What is signed begins with this, so that no signature over anything else can be taken for it.
_FORM: Final = "yipan-report-1"
#: What the name of an office's key begins with.
_OFFICE: Final = "office"


class ReportChangedError(YipanError):
    """A filed report is not what its office signed."""

    code: ClassVar[str] = "report-changed"
    exit_code: ClassVar[int] = 1
    sentence: ClassVar[dict[str, str]] = {
        "zh": "{office}的报表{period}与签名不符：内容被改动过。",
        "en": "The report {period} of {office} is not what the office signed: it was changed.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "请向该机构核对，并运行 yipan journal verify。",
        "en": "Ask that office, and run: yipan journal verify",
    }


def digest_of(text: str) -> str:
    """Return the digest of a report's text, as the journal holds it."""
    return hashlib.sha256(text.encode()).hexdigest()


def sign(office: str, text: str) -> tuple[str, str]:
    """Return the name of the office's newest key, and its signature over a text; the key is made when there is none."""
    try:
        name, private = _newest(office)
    except KeyMissingError:  # the key was changed just now
        name, private = _newest(office)
    return name, _plain(private.sign(_signed(office, text)))


def _newest(office: str) -> tuple[str, Ed25519PrivateKey]:
    versions = vault.versions(_front(office))
    name = f"{_front(office)}-{versions[-1] if versions else 1}"
    if versions:
        secret = vault.require_key(f"{name}.key")
    else:
        secret = read_or_make_key(f"{name}.key", lambda: Ed25519PrivateKey.generate().private_bytes_raw())
    private = Ed25519PrivateKey.from_private_bytes(secret)
    read_or_make_public(f"{name}.json", lambda: _public_half(name, office, private))
    return name, private


def _public_half(name: str, office: str, private: Ed25519PrivateKey) -> bytes:
    said = {"key": name, "office": office, "ed25519": _plain(private.public_key().public_bytes_raw())}
    return json.dumps(said).encode()


def rotate(office: str) -> str:
    """Give an office a new key and return its name; the one before signs no more, and what it signed goes on verifying."""
    _newest(office)
    before = vault.versions(_front(office))
    name = f"{_front(office)}-{before[-1] + 1}"
    private = Ed25519PrivateKey.generate()
    # The public half first: nothing is signed that nobody could check.
    read_or_make_public(f"{name}.json", lambda: _public_half(name, office, private))
    vault.add_key(f"{name}.key", private.private_bytes_raw())
    for each in before:
        vault.remove_key(f"{_front(office)}-{each}.key")
    return name


def signing_offices() -> list[str]:
    """Return the offices that have a key of their own here."""
    found = (
        json.loads(each.read_text(encoding="utf-8"))
        for each in (make_home() / "keys").glob(f"{_OFFICE}-*.json")
    )
    return sorted({str(each["office"]) for each in found})


def holds(office: str, key: str, text: str, signature: str) -> bool:
    """Tell whether a signature over a report is its office's own."""
    try:
        said = json.loads(_public(key).read_text(encoding="utf-8"))
        if said["office"] != office:
            return False
        raw = Ed25519PublicKey.from_public_bytes(_raw(said["ed25519"]))
        raw.verify(_raw(signature), _signed(office, text))
    except (FileNotFoundError, KeyError, ValueError, InvalidSignature):
        return False
    return True


def _public(key: str) -> Path:
    return make_home() / "keys" / f"{key}.json"


def _front(office: str) -> str:
    return f"{_OFFICE}-{office.replace(':', '.')}"


def _signed(office: str, text: str) -> bytes:
    return "\n".join((_FORM, office, digest_of(text))).encode()


def _plain(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _raw(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
