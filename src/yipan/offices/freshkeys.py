"""A web server that runs for months takes up a new secret key at the next request, and goes on believing the one before."""

from __future__ import annotations

from django.conf import settings

from yipan.database import secretkey

_seen: dict[str, tuple[int, ...]] = {}


def refresh(**_said: object) -> None:
    """Take up the keys as they are now, if they changed since the last request."""
    now = secretkey.known()
    if now and _seen.get("keys") != now:
        settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS = secretkey.secret_keys()
        _seen["keys"] = now
