"""Signing in: the log of the days on which an office was at its desk, and wrong passwords.

The log says offices and days, never officers: it is the office that owes being there. Wrong passwords are counted:
after some of them an account takes a rest, whoever is guessing. The name that was typed is kept as a digest only:
people type their password into the wrong box.
"""

from __future__ import annotations

import hashlib
from datetime import date, datetime, timedelta
from typing import ClassVar, Final

from django.db import connection, models

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


class LogIn(models.Model):
    """A day on which somebody worked here for an organisation."""

    pk = models.CompositePrimaryKey("organisation", "on")
    organisation = models.TextField()
    on = models.DateField()

    class Meta:
        app_label = "offices"


def note_log_in(organisation: str, on: date) -> None:
    """Keep that an office was at its desk on a day; once is enough. The caller acts for that very office."""
    with connection.cursor() as cursor:
        cursor.execute(
            'INSERT INTO offices_login (organisation, "on") VALUES (%s, %s) ON CONFLICT DO NOTHING',
            [organisation, on],
        )


def days_logged_in(organisation: str, first: date, last: date) -> set[date]:
    """Return the days of a stretch, both ends included, on which an office was at its desk."""
    found = LogIn.objects.filter(organisation=organisation, on__gte=first, on__lte=last)
    return set(found.values_list("on", flat=True))


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
