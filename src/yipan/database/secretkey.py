"""The key that signs sessions and form tokens, in versions: the newest signs, the others are still believed."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Final

from yipan.database import vault

if TYPE_CHECKING:
    from collections.abc import Callable

NAME: Final = "django"
FIRST: Final = "django.key"
_BYTES: Final = 50


def secret_keys() -> list[str]:
    """Return the keys, the newest first; the first is made where there is none."""
    if not vault.versions(NAME):
        vault.read_or_make_key(FIRST, lambda: secrets.token_urlsafe(_BYTES).encode())
    return [vault.require_key(_file(each)).decode() for each in reversed(vault.versions(NAME))]


def known() -> tuple[int, ...]:
    """Return which versions there are: cheap, asked at each request."""
    return tuple(vault.versions(NAME))


def rotate(*, forget: bool = False, reseal: Callable[[], object] | None = None) -> int:
    """Make a new key and return its version; the one before is still believed until the next time, or not at all.

    Args:
        forget: believe no earlier key from now on: everybody signs in again.
        reseal: seals anew what is sealed under earlier keys, while all of them are still here.
    """
    secret_keys()
    before = vault.versions(NAME)
    vault.add_key(_file(before[-1] + 1), secrets.token_urlsafe(_BYTES).encode())
    if reseal:
        reseal()
    for each in before if forget else before[:-1]:
        vault.remove_key(_file(each))
    return before[-1] + 1


def _file(version: int) -> str:
    return vault.file_of(NAME, version, first=FIRST)
