"""An office's own signature over a report: with a key of that office, which anybody checks with its public half."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import TYPE_CHECKING, ClassVar, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from yipan.database import make_home, read_or_make_key, read_or_make_public
from yipan.errors import YipanError

if TYPE_CHECKING:
    from pathlib import Path

#: What is signed begins with this, so that no signature over anything else can be taken for it.
_FORM: Final = "yipan-report-1"


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
    """Return the name of the office's key, and its signature over a text; the key is made when there is none."""
    name = _name(office)
    secret = read_or_make_key(f"{name}.key", lambda: Ed25519PrivateKey.generate().private_bytes_raw())
    private = Ed25519PrivateKey.from_private_bytes(secret)
    public = {"key": name, "office": office, "ed25519": _plain(private.public_key().public_bytes_raw())}
    read_or_make_public(f"{name}.json", lambda: json.dumps(public).encode())
    return name, _plain(private.sign(_signed(office, text)))


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


def _name(office: str) -> str:
    return f"office-{office.replace(':', '.')}-1"


def _signed(office: str, text: str) -> bytes:
    return "\n".join((_FORM, office, digest_of(text))).encode()


def _plain(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _raw(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
