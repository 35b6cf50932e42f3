"""Signing in: the log of the days on which an office was at its desk, and wrong passwords.

The log says offices and days, never officers: it is the office that owes being there. Wrong passwords and codes are
counted, by account and by the address they came from: after some of them both take a rest, whoever is guessing. What was
typed as a name, and the address, are kept as keyed digests only: people type their password into the wrong box.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import ClassVar, Final

from django.db import connection, models
from django.utils.crypto import salted_hmac

#: So many wrong passwords of an account within this time, and none is looked at until some of them are older.
ALLOWED: Final = 5
WITHIN: Final = timedelta(minutes=10)
#: The same from one address, whatever the accounts: a whole office may stand behind one address.
ALLOWED_FROM_ADDRESS: Final = 40
#: How long a one-time code is remembered as used, longer than any clock may be off.
_REMEMBERED: Final = timedelta(minutes=10)


class FailedSignIn(models.Model):
    """One wrong password or code."""

    name_digest = models.TextField()
    address_digest = models.TextField(default="")
    failed_at = models.DateTimeField()

    class Meta:
        app_label = "offices"
        indexes: ClassVar = [
            models.Index(fields=["name_digest", "failed_at"], name="failed_sign_ins_of_a_name"),
            models.Index(fields=["address_digest", "failed_at"], name="failed_sign_ins_from_there"),
        ]


class UsedCode(models.Model):
    """A one-time code that let somebody in: nobody reads it over a shoulder and uses it again."""

    digest = models.TextField(primary_key=True)
    used_at = models.DateTimeField()

    class Meta:
        app_label = "offices"
        indexes: ClassVar = [models.Index(fields=["used_at"], name="used_codes_by_age")]


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


@dataclass(frozen=True, kw_only=True, slots=True)
class Attempt:
    """A password or code about to be looked at; it counts as wrong until it is forgiven."""

    row: int

    def forgive(self) -> None:
        """Take it back: it was right."""
        FailedSignIn.objects.filter(id=self.row).delete()


def begin_attempt(name: str, now: datetime, address: str = "") -> Attempt | None:
    """Count an attempt before the secret is looked at, so that a hundred at once are not all let through.

    `name` is an account, or the number of whoever signs in with one; empty where none is said (a passkey). Returns None while the account or the address rests;
    what is refused so does not lengthen the rest.
    """
    FailedSignIn.objects.filter(failed_at__lte=now - WITHIN).delete()
    row = FailedSignIn.objects.create(
        name_digest=_digest("name", name), address_digest=_digest("address", address), failed_at=now
    )
    if must_rest(name, now, address, besides=1):
        row.delete()
        return None
    return Attempt(row=row.id)


def must_rest(name: str, now: datetime, address: str = "", *, besides: int = 0) -> bool:
    """Tell whether an account, or an address, has seen too many wrong passwords of late.

    What was tried without a name rests by its address alone: else strangers who type nothing would keep all others out.
    """
    recent = FailedSignIn.objects.filter(failed_at__gt=now - WITHIN)
    named = _digest("name", name)
    if named != "" and recent.filter(name_digest=named).count() >= ALLOWED + besides:
        return True
    there = _digest("address", address)
    return there != "" and recent.filter(address_digest=there).count() >= ALLOWED_FROM_ADDRESS + besides


def note_failure(name: str, now: datetime, address: str = "") -> None:
    """Keep a wrong password in mind, and forget those that no longer count."""
    begin_attempt(name, now, address)


def use_once(account: int, code: str, now: datetime) -> bool:
    """Tell whether a one-time code of an account is used for the first time, and remember it."""
    UsedCode.objects.filter(used_at__lte=now - _REMEMBERED).delete()
    digest = _digest("code", f"{account}:{code}")
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO offices_usedcode (digest, used_at) VALUES (%s, %s) ON CONFLICT DO NOTHING",
            [digest, now],
        )
        return bool(cursor.rowcount == 1)


def _digest(sort: str, typed: str) -> str:
    """Return a keyed digest: a copy of the database lets nobody try names or addresses out."""
    if not typed:
        return ""
    return salted_hmac(f"yipan.signing-in.{sort}", typed.casefold(), algorithm="sha256").hexdigest()
