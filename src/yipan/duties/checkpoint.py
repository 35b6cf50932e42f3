"""Checkpoints: the heads of all chains at a moment, signed, in files that are to leave the machine.

`YIPAN_CHECKPOINTS` names the folder (a mounted one on another machine); without it they stay in the data
folder, where they prove nothing against somebody who owns the machine, and `journal verify` says so.
"""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import connection

from yipan.database import home, make_home, read_or_make_key

if TYPE_CHECKING:
    from collections.abc import Sequence

EVERY: Final = timedelta(hours=1)


def folder() -> Path:
    """Return where checkpoints are written."""
    return Path(os.environ.get("YIPAN_CHECKPOINTS") or home() / "checkpoints")


def leaves_the_machine() -> bool:
    """Tell whether a folder outside the data folder was named."""
    return bool(os.environ.get("YIPAN_CHECKPOINTS"))


def _key() -> Ed25519PrivateKey:
    raw = read_or_make_key("checkpoint.key", lambda: Ed25519PrivateKey.generate().private_bytes_raw())
    return Ed25519PrivateKey.from_private_bytes(raw)


def take(now: datetime) -> Path | None:
    """Sign the heads as they stand and write them down; None when there is nothing new to protect."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT organisation, seq, digest FROM duties_chainhead WHERE seq > 0 ORDER BY 1")
        heads = {row[0]: [row[1], bytes(row[2]).hex()] for row in cursor.fetchall()}
    signed, _ = read_all()
    if not heads or (signed and signed[-1]["heads"] == heads):
        return None
    make_home()
    folder().mkdir(mode=0o700, parents=True, exist_ok=True)
    said = {"taken_at": now.astimezone(UTC).isoformat(timespec="seconds"), "heads": heads}
    signature = _key().sign(_canonical(said)).hex()
    path = folder() / f"{now.astimezone(UTC):%Y%m%dT%H%M%S%f}.json"
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps({**said, "signature": signature}, sort_keys=True), encoding="utf-8")
    partial.rename(path)
    return path


def take_if_due(now: datetime) -> Path | None:
    """Take a checkpoint when the last is an hour old; the sweep asks this."""
    signed, _ = read_all()
    if signed and now - datetime.fromisoformat(signed[-1]["taken_at"]) < EVERY:
        return None
    return take(now)


def read_all() -> tuple[list[dict[str, Any]], list[str]]:
    """Return the checkpoints whose signature holds, the oldest first, and what is wrong with the others."""
    found, faults = [], []
    paths = sorted(folder().glob("*.json")) if folder().is_dir() else []
    for path in paths:
        said = json.loads(path.read_text(encoding="utf-8"))
        signature = bytes.fromhex(said.pop("signature", ""))
        try:
            _key().public_key().verify(signature, _canonical(said))
        except InvalidSignature:
            faults.append(f"checkpoint {path.name}: the signature does not hold")
            continue
        found.append(said)
    return sorted(found, key=lambda each: str(each["taken_at"])), faults


def places(signed: Sequence[dict[str, Any]]) -> dict[str, dict[int, bytes]]:
    """Return, for each organisation, the digests that checkpoints signed, by place in its chain."""
    found: dict[str, dict[int, bytes]] = {}
    for each in signed:
        for organisation, (seq, digest) in each["heads"].items():
            found.setdefault(organisation, {})[seq] = bytes.fromhex(digest)
    return found


def _canonical(said: dict[str, Any]) -> bytes:
    return json.dumps(said, sort_keys=True, separators=(",", ":")).encode()
