"""Officers and their dated postings: who may act for which organisation, in which role, from when to when."""

from __future__ import annotations

from datetime import date
from typing import ClassVar, Final

from django.conf import settings
from django.db import models
from django.db.models import Q

from yipan.offices.office import Organisation

#: What each role may do. A verb asks for one of these words; the list is closed.
ROLES: Final[dict[str, frozenset[str]]] = {
    "clerk": frozenset({"read-case", "read-duties", "record"}),
    "head": frozenset({"read-case", "read-duties", "record", "open-office", "post-officers"}),
    "supervisor": frozenset({"read-case", "read-duties", "record", "read-subtree"}),
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
