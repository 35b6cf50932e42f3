"""Officers and their dated postings: who may act for which organisation, in which role, from when to when."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import models, transaction
from django.db.models import Q

from yipan.errors import YipanError
from yipan.offices.office import Organisation, organisation
from yipan.offices.role import ROLES, UnknownRoleError, refuse_unfit

if TYPE_CHECKING:
    from datetime import date

__all__ = ["ROLES", "NameTakenError", "Officer", "Posting", "UnknownRoleError", "post_new_officer"]


class Officer(models.Model):
    """A person who works in an office; the account she signs in with is Django's."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="officer")
    name = models.TextField()

    class Meta:
        app_label = "offices"

    def __str__(self) -> str:
        """Return the name she signs in with."""
        return self.user.get_username()

    def postings_on(self, day: date) -> models.QuerySet[Posting]:
        """Return the postings that hold on a day, the latest first."""
        holds = Q(from_on__lte=day) & (Q(until_on__isnull=True) | Q(until_on__gt=day))
        return self.postings.filter(holds).select_related("organisation").order_by("-from_on", "id")


class Posting(models.Model):
    """An officer's post in an organisation, from a day on and until, not including, another."""

    officer = models.ForeignKey(Officer, on_delete=models.CASCADE, related_name="postings")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="postings")
    role = models.TextField(choices=[(role, role) for role in ROLES])
    from_on = models.DateField()
    until_on = models.DateField(null=True, blank=True)
    #: The leave for whose days somebody stands in; the posting ends with it.
    leave = models.ForeignKey(
        "offices.Leave", null=True, blank=True, on_delete=models.PROTECT, related_name="postings"
    )

    class Meta:
        app_label = "offices"
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(role__in=sorted(ROLES)), name="posting_has_a_known_role"),
            models.CheckConstraint(
                condition=Q(until_on__isnull=True) | Q(until_on__gt=models.F("from_on")),
                name="posting_ends_after_it_begins",
            ),
        ]

    def __str__(self) -> str:
        """Return who stands where as what."""
        return f"{self.officer}: {self.role} {self.organisation_id}"


class NameTakenError(YipanError):
    """Another account bears that name."""

    code: ClassVar[str] = "name-taken"
    sentence: ClassVar[dict[str, str]] = {
        "zh": "账号“{username}”已经存在。",
        "en": "There is already an account {username!r}.",
    }
    next_step: ClassVar[dict[str, str]] = {"zh": "请换一个账号名。", "en": "Choose another name."}


def post_new_officer(
    username: str, name: str, password: str, office: str, role: str, from_on: date
) -> Officer:
    """Make an account and its first posting.

    Raises:
        UnknownRoleError, UnknownOrganisationError, NameTakenError: the role, the office or the name is wrong.
        RoleDoesNotFitError: an organisation of that level and kind has no such post.
    """
    where = organisation(office)
    refuse_unfit(role, where)
    accounts = get_user_model().objects
    if accounts.filter(username=username).exists():
        raise NameTakenError(username=username)
    with transaction.atomic():
        officer = Officer.objects.create(user=accounts.create_user(username, password=password), name=name)
        Posting.objects.create(officer=officer, organisation=where, role=role, from_on=from_on)
    return officer
