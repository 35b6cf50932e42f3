"""The keys that sign checkpoints, and the checkpoints of other installations that this one keeps for them.

Each key but the first is signed by the one before it, and every checkpoint carries the list: whoever knows one key of it
can follow it to the newest. The private half of a key that was followed is removed.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from yipan.database import home, make_home, read_or_make_key, read_or_make_public, vault
from yipan.database.keyrefusals import KeyMissingError
from yipan.errors import YipanError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

FORM: Final = "yipan-checkpoint-2"
KEY: Final = "checkpoint"
FIRST: Final = "checkpoint.key"
_FINGERPRINT: Final = 32


class CheckpointRefusedError(YipanError):
    """A checkpoint that was handed over is not what it says, or takes back an earlier one."""

    code: ClassVar[str] = "checkpoint-refused"
    sentence: ClassVar[dict[str, str]] = {
        "zh": "检查点不收：{reason_zh}。",
        "en": "The checkpoint is not taken: {reason}.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "请向送来的机构核实；这可能说明对方的日志被改动。",
        "en": "Ask whoever sent it: their journal may have been tampered with.",
    }


@dataclass(frozen=True, kw_only=True, slots=True)
class PublicKey:
    """The public half of a checkpoint key: since when it signs, and the signature of the key before it."""

    number: int
    public: str
    from_at: str
    signature: str = ""

    @property
    def fingerprint(self) -> str:
        """What two people compare: sixteen bytes of a digest, in groups of four letters."""
        digits = hashlib.sha256(bytes.fromhex(self.public)).hexdigest()[:_FINGERPRINT]
        return " ".join(digits[at : at + 4] for at in range(0, _FINGERPRINT, 4))

    def said(self) -> dict[str, Any]:
        """Return what the key before it signs."""
        return {"key": self.number, "ed25519": self.public, "from": self.from_at}

    def as_dict(self) -> dict[str, Any]:
        """Return it as it is published."""
        return {**self.said(), "signature": self.signature}


def read_key(said: Mapping[str, Any]) -> PublicKey:
    """Return a key as it was published."""
    return PublicKey(
        number=int(said["key"]),
        public=str(said["ed25519"]),
        from_at=str(said["from"]),
        signature=str(said.get("signature", "")),
    )


def canonical(said: Mapping[str, Any]) -> bytes:
    """Return the one form of what is signed."""
    return json.dumps(said, sort_keys=True, separators=(",", ":")).encode()


# --------------------------------------------------------------------------------------------- our own keys


def public_keys() -> list[PublicKey]:
    """Return every public key of this installation, the oldest first; the first is made when there is none."""
    found = [read_key(json.loads(path.read_text("utf-8"))) for path in _folder().glob("checkpoint-*.json")]
    if not found:
        _make(1, b"")
        return public_keys()
    return sorted(found, key=lambda each: each.number)


def _folder() -> Path:
    return home() / "keys"


def _private(number: int) -> Ed25519PrivateKey:
    name = vault.file_of(KEY, number, first=FIRST)
    return Ed25519PrivateKey.from_private_bytes(vault.require_key(name))


def _make(number: int, before: bytes) -> PublicKey:
    """Make a key, signed by the private half of the one before it."""
    raw = read_or_make_key(
        vault.file_of(KEY, number, first=FIRST), lambda: Ed25519PrivateKey.generate().private_bytes_raw()
    )
    public = Ed25519PrivateKey.from_private_bytes(raw).public_key().public_bytes_raw().hex()
    # The moment a key was made at is the machine's: nothing that the law reads depends on it.
    made = PublicKey(number=number, public=public, from_at=datetime.now(UTC).isoformat(timespec="seconds"))
    if before:
        signature = Ed25519PrivateKey.from_private_bytes(before).sign(canonical(made.said())).hex()
        made = PublicKey(number=number, public=public, from_at=made.from_at, signature=signature)
    read_or_make_public(f"checkpoint-{number}.json", lambda: json.dumps(made.as_dict()).encode())
    return made


def sign(said: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is said with the list of keys and the signature of the newest."""
    keys = public_keys()
    try:
        private = _private(keys[-1].number)
    except KeyMissingError:  # another process rotated it just now
        keys = public_keys()
        private = _private(keys[-1].number)
    whole = {**said, "form": FORM, "keys": [each.as_dict() for each in keys], "key": keys[-1].number}
    return {**whole, "signature": private.sign(canonical(whole)).hex()}


def rotate() -> PublicKey:
    """Make a new key, signed by the old one, whose private half is then removed. Stopped and run again, it goes on."""
    before = public_keys()[-1]
    name = vault.file_of(KEY, before.number, first=FIRST)
    made = _make(before.number + 1, vault.require_key(name))
    for each in public_keys()[:-1]:
        vault.remove_key(vault.file_of(KEY, each.number, first=FIRST))
    return made


# ---------------------------------------------------------------------------------------- keys of a checkpoint


def follow(keys: Sequence[PublicKey]) -> bool:
    """Tell whether each key but the first was signed by the one before it."""
    try:
        for before, after in itertools.pairwise(keys):
            Ed25519PublicKey.from_public_bytes(bytes.fromhex(before.public)).verify(
                bytes.fromhex(after.signature), canonical(after.said())
            )
    except (InvalidSignature, ValueError):
        return False
    return all(each.number == place for place, each in enumerate(keys, start=1))


def is_signed(said: Mapping[str, Any], keys: Sequence[PublicKey]) -> bool:
    """Tell whether a checkpoint was signed by the key of these that it names, or, of the older form, by any."""
    text = canonical({name: value for name, value in said.items() if name != "signature"})
    named = [each for each in keys if said.get("form") is None or each.number == said.get("key")]
    for each in named:
        try:
            signature = bytes.fromhex(str(said.get("signature", "")))
            Ed25519PublicKey.from_public_bytes(bytes.fromhex(each.public)).verify(signature, text)
        except (InvalidSignature, ValueError):
            continue
        return True
    return False


# ------------------------------------------------------------------------------------ kept for other installations


def keep(text: bytes) -> Path:
    """Keep the newest checkpoint of another installation, and never let it take back what it signed.

    Its first key is remembered from the first time on; later keys must follow from it.

    Raises:
        CheckpointRefusedError: it is not signed, by another key than before, or says less than an earlier one.
    """
    try:
        said = json.loads(text)
        keys = [read_key(each) for each in said["keys"]]
        sender, heads = str(said["installation"]), dict(said["heads"])
        moment = datetime.fromisoformat(said["taken_at"])
    except (ValueError, KeyError, TypeError) as error:
        raise CheckpointRefusedError(reason="it cannot be read", reason_zh="无法读取") from error
    if not re.fullmatch("[0-9a-f]{16}", sender) or not follow(keys) or not is_signed(said, keys):
        raise CheckpointRefusedError(reason="the signature does not hold", reason_zh="签名不符")
    folder = make_home() / "attested" / sender
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for path in sorted(folder.glob("*.json"))[-1:]:
        _refuse_less(json.loads(path.read_text("utf-8")), keys, heads, moment)
    kept = folder / f"{moment.astimezone(UTC):%Y%m%dT%H%M%S%f}.json"
    vault.write_beside(kept, text)
    return kept


def _refuse_less(
    earlier: Mapping[str, Any], keys: Sequence[PublicKey], heads: Mapping[str, Any], moment: datetime
) -> None:
    known = [read_key(each) for each in earlier["keys"]]
    if list(keys[: len(known)]) != known:
        raise CheckpointRefusedError(
            reason="another key signed the earlier ones", reason_zh="与以前的密钥不同"
        )
    if moment < datetime.fromisoformat(earlier["taken_at"]):
        raise CheckpointRefusedError(reason="it is older than one that is kept", reason_zh="比已收的更早")
    for organisation, (seq, digest) in earlier["heads"].items():
        now = heads.get(organisation, [0, ""])
        if now[0] < seq or (now[0] == seq and now[1] != digest):
            reason = f"the chain of {organisation} was at {seq}, and is at {now[0]} now"
            raise CheckpointRefusedError(
                reason=reason, reason_zh=f"{organisation}的日志从第{seq}条变为第{now[0]}条"
            )
