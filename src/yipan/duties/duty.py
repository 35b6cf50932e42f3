"""A duty as it stands: what the fold of its thread says, kept as a row so that lists are queries."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from yipan.duties.event import Thread
from yipan.law.fold import DISCHARGED, OPEN, RELEASED, VOID

STATES = (OPEN, DISCHARGED, RELEASED, VOID)


class Duty(models.Model):
    """What an organisation owes. There is no column in which a person could owe."""

    id = models.UUIDField(primary_key=True)
    thread = models.ForeignKey(
        Thread, on_delete=models.PROTECT, related_name="duties", db_constraint=False, db_index=False
    )
    rule = models.TextField()
    rule_pack = models.TextField()
    rule_version_on = models.DateField()
    party_role = models.TextField()
    party = models.TextField()
    period = models.TextField()
    opened_by = models.UUIDField()
    opened_at = models.DateTimeField()
    owed_by = models.TextField()
    owed_to = models.TextField()
    clock_rule = models.TextField()
    clock_pack = models.TextField()
    clock_version_on = models.DateField()
    within = models.TextField()
    due_on = models.DateField(null=True)
    due_at = models.DateTimeField(null=True)
    provisional = models.BooleanField()
    state = models.TextField()
    closed_at = models.DateTimeField(null=True)
    closed_by = models.UUIDField(null=True)
    lapsed_at = models.DateTimeField(null=True)
    #: Who owed it then: where an office was succeeded since, the lapse stays its own.
    lapsed_by = models.TextField(default="", db_default="")

    class Meta:
        app_label = "duties"
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(state__in=STATES), name="duty_is_in_a_known_state"),
            models.CheckConstraint(
                condition=~Q(owed_by__in=["", "person", "public"]), name="only_an_organisation_owes"
            ),
            models.CheckConstraint(
                condition=Q(state__in=[OPEN, VOID], closed_at__isnull=True)
                | Q(state__in=[DISCHARGED, RELEASED], closed_at__isnull=False),
                name="a_closed_duty_says_when",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["owed_by", "due_at"], condition=Q(state=OPEN), name="open_duties_of_an_office"
            ),
            models.Index(fields=["due_at"], condition=Q(state=OPEN, lapsed_at=None), name="duties_to_lapse"),
            models.Index(fields=["thread"], name="duties_of_a_thread"),
            models.Index(fields=["owed_to"], condition=Q(state=OPEN), name="open_duties_to_an_office"),
        ]


class CaseAccess(models.Model):
    """Who sees, beside the parties, what concerns a party of a case.

    A superior to whom a duty of the case has come; and whoever stands in the party's place since.
    """

    pk = models.CompositePrimaryKey("thread_id", "organisation", "party")
    thread = models.ForeignKey(Thread, on_delete=models.PROTECT)
    organisation = models.TextField()
    party = models.TextField()
    #: Whether it stands in the party's place; an heir sees its duties too.
    as_heir = models.BooleanField(default=False, db_default=False)

    class Meta:
        app_label = "duties"


class Desk(models.Model):
    """On whose desk a case lies in an office. Without a row it is on that of the officer who last wrote there for it."""

    pk = models.CompositePrimaryKey("thread_id", "organisation")
    thread = models.ForeignKey(Thread, on_delete=models.PROTECT)
    organisation = models.TextField()
    officer = models.TextField()

    class Meta:
        app_label = "duties"
