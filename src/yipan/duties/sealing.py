"""Sealing: each person's facts under her own key, each key wrapped by the installation's.

AES-256-GCM. The associated data of a payload is the event and the name it belongs to, so that a
ciphertext moved elsewhere does not open. Losing a subject's key is erasing her. The installation's key has versions:
new keys are wrapped under the newest, and each says under which.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, ClassVar, Final

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from yipan.database import home, read_or_make_key, vault
from yipan.errors import YipanError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path
    from uuid import UUID

KEK: Final = "kek"
_NONCE: Final = 12
_KEY: Final = 32


class ErasedError(YipanError):
    """The person's key has been erased: nobody can read this any more."""

    code: ClassVar[str] = "erased"
    sentence: ClassVar[dict[str, str]] = {
        "zh": "本人资料已经删除，无法再读取。",
        "en": "The person's data have been erased and can no longer be read.",
    }


class TextEndedError(ErasedError):
    """The sealed text itself is no more: its person was erased, or its term of keeping is over."""

    code: ClassVar[str] = "text-ended"
    sentence: ClassVar[dict[str, str]] = {
        "zh": "这部分内容已经销毁，无法再读取。",
        "en": "This part has been destroyed and can no longer be read.",
    }


class SealBrokenError(YipanError):
    """A payload does not open with its key: it was changed, or the key-encryption key is another."""

    code: ClassVar[str] = "seal-broken"
    sentence: ClassVar[dict[str, str]] = {
        "zh": "封存的内容打不开：密文被改动，或者主密钥不符。",
        "en": "A sealed text does not open: it was changed, or the key-encryption key is another one.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "请先恢复 keys 文件夹，再运行 yipan journal verify。",
        "en": "Restore the keys folder, then run: yipan journal verify",
    }


@dataclass(frozen=True, kw_only=True, slots=True)
class NewKey:
    """A fresh key, and the same key wrapped for storing, with the version of the key that wraps it."""

    key: bytes
    wrapped: bytes
    version: int


def kek_version() -> int:
    """Return the version under which new keys are wrapped; the first is made where there is none."""
    found = vault.versions(KEK)
    if not found:
        read_or_make_key(vault.file_of(KEK, 1), lambda: os.urandom(_KEY))
        found = vault.versions(KEK)
    return found[-1]


def _kek(version: int) -> AESGCM:
    return _kek_of(home(), version)


@lru_cache(maxsize=8)
def _kek_of(_home: Path, version: int) -> AESGCM:
    """Read the key once per process and data folder. One that is not there is never made: it would open nothing."""
    return AESGCM(vault.require_key(vault.file_of(KEK, version)))


def _seal(key: AESGCM, text: bytes, bound_to: bytes) -> bytes:
    nonce = os.urandom(_NONCE)
    return nonce + key.encrypt(nonce, text, bound_to)


def _open(key: AESGCM, sealed: bytes, bound_to: bytes) -> bytes:
    try:
        return key.decrypt(sealed[:_NONCE], sealed[_NONCE:], bound_to)
    except InvalidTag as error:
        raise SealBrokenError from error


def new_subject_key(subject: UUID) -> NewKey:
    """Return a fresh key for a person, or for what else has one of its own."""
    return new_subject_keys([subject])[0]


def new_subject_keys(subjects: Sequence[UUID]) -> list[NewKey]:
    """Return fresh keys for persons."""
    version = kek_version()
    fresh = [AESGCM.generate_key(bit_length=_KEY * 8) for _ in subjects]
    return [
        NewKey(key=key, wrapped=wrap(subject, key, version), version=version)
        for key, subject in zip(fresh, subjects, strict=True)
    ]


def wrap(subject: UUID, key: bytes, version: int) -> bytes:
    """Return a key wrapped for storing, under one version of the installation's."""
    return _seal(_kek(version), key, subject.bytes)


def unwrap(subject: UUID, wrapped: bytes | None, kek_version: int) -> bytes:
    """Return a person's key.

    Raises:
        ErasedError: it is gone.
        SealBrokenError: it does not open.
        KeyMissingError: the key that wraps it is not here.
    """
    if wrapped is None:
        raise ErasedError
    return _open(_kek(kek_version), bytes(wrapped), subject.bytes)


def seal(key: bytes, event: UUID, name: str, facts: Mapping[str, object]) -> bytes:
    """Return what an event says of a person, sealed with her key."""
    text = orjson.dumps(facts, option=orjson.OPT_SORT_KEYS)
    return _seal(AESGCM(key), text, event.bytes + name.encode())


def unseal(key: bytes, event: UUID, name: str, ciphertext: bytes) -> dict[str, object]:
    """Return the facts of a payload.

    Raises:
        TextEndedError: it was destroyed.
        SealBrokenError: it was changed or belongs elsewhere.
    """
    if not ciphertext:
        raise TextEndedError
    found: dict[str, object] = orjson.loads(
        _open(AESGCM(key), bytes(ciphertext), event.bytes + name.encode())
    )
    return found


def seal_bytes(key: bytes, bound_to: UUID, content: bytes) -> bytes:
    """Return a file sealed with a key, bound to the id it is kept under."""
    return _seal(AESGCM(key), content, bound_to.bytes)


def open_bytes(key: bytes, bound_to: UUID, sealed: bytes) -> bytes:
    """Return a sealed file.

    Raises:
        SealBrokenError: it was changed or belongs elsewhere.
    """
    return _open(AESGCM(key), bytes(sealed), bound_to.bytes)
