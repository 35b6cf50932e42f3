"""Wrong passwords are counted: after some of them an account takes a rest, whoever is guessing.

The name that was typed is kept as a digest only: people type their password into the wrong box.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import ClassVar, Final

from django.db import models

#: So many wrong passwords within this time, and no password is looked at until some of them are older.
ALLOWED: Final = 5
WITHIN: Final = timedelta(minutes=10)


class FailedSignIn(models.Model):
    """One wrong password."""

    name_digest = models.TextField()
    failed_at = models.DateTimeField()

    class Meta:
        app_label = "offices"
        indexes: ClassVar = [
            models.Index(fields=["name_digest", "failed_at"], name="failed_sign_ins_of_a_name")
        ]


def must_rest(username: str, now: datetime) -> bool:
    """Tell whether an account has seen too many wrong passwords of late."""
    recent = FailedSignIn.objects.filter(name_digest=_digest(username), failed_at__gt=now - WITHIN)
    return recent.count() >= ALLOWED


def note_failure(username: str, now: datetime) -> None:
    """Keep a wrong password in mind, and forget those that no longer count."""
    FailedSignIn.objects.filter(failed_at__lte=now - WITHIN).delete()
    FailedSignIn.objects.create(name_digest=_digest(username), failed_at=now)


def _digest(username: str) -> str:
    return hashlib.sha256(username.casefold().encode()).hexdigest()
