"""Officers and their dated postings: who may act for which organisation, in which role, from when to when."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import models, transaction
from django.db.models import Q

from yipan.errors import YipanError
from yipan.offices.office import Organisation, organisation

if TYPE_CHECKING:
    from datetime import date

#: What each role may do. A verb asks for one of these words; the list is closed.
ROLES: Final[dict[str, frozenset[str]]] = {
    "clerk": frozenset({"read-case", "read-duties", "record"}),
    "head": frozenset({"read-case", "read-duties", "record", "open-office", "post-officers", "reorganise"}),
    "supervisor": frozenset({"read-case", "read-duties", "record", "read-subtree", "reorganise"}),
    "data-officer": frozenset({"read-duties", "adopt", "sweep", "verify"}),
}


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


class UnknownRoleError(YipanError):
    """There is no such role."""

    code: ClassVar[str] = "unknown-role"
    exit_code: ClassVar[int] = 2
    sentence: ClassVar[dict[str, str]] = {
        "zh": "没有名为“{role}”的岗位，可用：{known}。",
        "en": "There is no role {role!r}; there are: {known}.",
    }


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
    """
    if role not in ROLES:
        raise UnknownRoleError(role=role, known=", ".join(ROLES))
    where = organisation(office)
    accounts = get_user_model().objects
    if accounts.filter(username=username).exists():
        raise NameTakenError(username=username)
    with transaction.atomic():
        officer = Officer.objects.create(user=accounts.create_user(username, password=password), name=name)
        Posting.objects.create(officer=officer, organisation=where, role=role, from_on=from_on)
    return officer
