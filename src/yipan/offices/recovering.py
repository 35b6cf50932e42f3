"""Getting back in: sessions that are ended from elsewhere, and a code on paper from the head of the office or above.

No message goes anywhere: whoever lost her password or her phone goes to the head, who sees who stands there.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import check_password, make_password
from django.db import models, transaction

if TYPE_CHECKING:
    from django.contrib.auth.models import User

#: How long a code on paper opens the door: a working day and a night.
HOLDS_FOR: Final = timedelta(hours=24)
#: Letters and digits that nobody takes for one another.
_LETTERS: Final = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
_GROUPS, _GROUP = 4, 4


class Door(models.Model):
    """What holds of an account's sessions: those that began before a moment are over."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="door"
    )
    closed_at = models.DateTimeField()

    class Meta:
        app_label = "offices"


class PaperCode(models.Model):
    """A one-time code on paper, kept as a slow digest. An account has one at most."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="paper_code"
    )
    code_hash = models.TextField()
    given_by = models.TextField()
    given_at = models.DateTimeField()
    until_at = models.DateTimeField()

    class Meta:
        app_label = "offices"


class FirstPassword(models.Model):
    """The password of an account is the first one, which somebody else has read: it opens nothing but its own change."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="first_password"
    )

    class Meta:
        app_label = "offices"


def is_first(account: int) -> bool:
    """Tell whether an account still has its first password."""
    return FirstPassword.objects.filter(user_id=account).exists()


def mark_first(account: int) -> None:
    """Say that the password of an account is to be changed at the first sign-in."""
    FirstPassword.objects.get_or_create(user_id=account)


def set_own(user: User, password: str) -> None:
    """Give an account the password that its owner chose."""
    with transaction.atomic():
        user.set_password(password)
        user.save(update_fields=["password"])
        FirstPassword.objects.filter(user_id=user.pk).delete()


def close_sessions(account: int, moment: datetime) -> None:
    """End every session of an account that began before a moment, by the clock of this machine."""
    Door.objects.update_or_create(user_id=account, defaults={"closed_at": moment})


def closed_at(account: int) -> datetime | None:
    """Return the moment before which an account's sessions must not have begun."""
    found = Door.objects.filter(user_id=account).values_list("closed_at", flat=True).first()
    return found if isinstance(found, datetime) else None


def give_paper_code(user: User, given_by: str, now: datetime, moment: datetime) -> str:
    """End all with which an account was opened, and return the one code that opens it now.

    Its password, passkeys, apps and recovery codes are gone, and its sessions over. `moment` is the machine's clock.
    """
    from yipan.offices.factors import remove_all  # noqa: PLC0415  # holds tables

    groups = ("".join(secrets.choice(_LETTERS) for _ in range(_GROUP)) for _ in range(_GROUPS))
    code = "-".join(groups)
    with transaction.atomic():
        user.set_unusable_password()
        user.save(update_fields=["password"])
        remove_all(user.pk)
        close_sessions(user.pk, moment)
        PaperCode.objects.update_or_create(
            user_id=user.pk,
            defaults={
                "code_hash": make_password(_plain(code)),
                "given_by": given_by,
                "given_at": now,
                "until_at": now + HOLDS_FOR,
            },
        )
    return code


def opened_by_paper(username: str, code: str, now: datetime) -> User | None:
    """Return whose account a code on paper opens; it stays valid until `use_paper`, so that a weak password is typed again."""
    kept = PaperCode.objects.select_related("user").filter(user__username=username, until_at__gt=now).first()
    if kept is None:
        make_password(_plain(code))  # as slow for a name that has none: how long it takes says nothing
        return None
    return kept.user if check_password(_plain(code), kept.code_hash) else None


def use_paper(user: User, password: str) -> bool:
    """Take a code on paper in and set the new password; False where somebody was quicker."""
    with transaction.atomic():
        gone, _ = PaperCode.objects.filter(user_id=user.pk).delete()
        if gone:
            fresh = get_user_model().objects.select_for_update().get(pk=user.pk)
            set_own(fresh, password)
            user.password = fresh.password
    return bool(gone)


def _plain(code: str) -> str:
    return "".join(each for each in code.upper() if each.isalnum())
