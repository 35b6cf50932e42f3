"""Where sessions are kept: in the database, under a digest of what the cookie says.

Whoever reads the table, or a copy of it, holds no cookie that opens a session.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.core.exceptions import SuspiciousOperation
from django.utils import timezone

if TYPE_CHECKING:
    from django.contrib.sessions.base_session import AbstractBaseSession

#: As many bytes as the table has room for, as hexadecimal digits.
_SIZE = 20


def digest_of(key: str) -> str:
    """Return under what a session is kept."""
    return hashlib.blake2b(key.encode(), digest_size=_SIZE, person=b"yipan-session").hexdigest()


class SessionStore(DatabaseStore):
    """Django's own, but for the name under which a row lies."""

    def _get_session_from_db(self) -> AbstractBaseSession | None:
        if not self.session_key:
            return None
        try:
            found: AbstractBaseSession = self.model.objects.get(
                session_key=digest_of(self.session_key), expire_date__gt=timezone.now()
            )
        except (self.model.DoesNotExist, SuspiciousOperation):
            self._session_key = None
            return None
        return found

    def exists(self, session_key: str) -> bool:
        """Tell whether there is such a session."""
        return bool(self.model.objects.filter(session_key=digest_of(session_key)).exists())

    def create_model_instance(self, data: dict[str, Any]) -> AbstractBaseSession:
        """Return the row to save."""
        key = self._get_or_create_session_key()  # type: ignore[attr-defined]  # Django's types leave it out
        return self.model(
            session_key=digest_of(key),
            session_data=self.encode(data),
            expire_date=self.get_expiry_date(),
        )

    def delete(self, session_key: str | None = None) -> None:
        """Take a session away."""
        key = session_key or self.session_key
        if key:
            self.model.objects.filter(session_key=digest_of(key)).delete()
