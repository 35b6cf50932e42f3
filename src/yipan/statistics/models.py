"""The tables of the room: reports as they were filed, departments' returns as they came in. All else is counted anew, or lies in Parquet."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class Filing(models.Model):
    """A report as its office filed it: what it said, its digest, and the office's signature over it. Never changed."""

    #: The id of the event that says it was filed, or corrected.
    event = models.UUIDField(primary_key=True)
    office = models.TextField()
    period = models.TextField()
    report = models.TextField()
    made_at = models.DateTimeField()
    #: The very text that was signed: canonical JSON.
    content = models.TextField()
    digest = models.TextField()
    key = models.TextField()
    signature = models.TextField()
    #: Of a correction: the filing it takes the place of; why is said in `FilingReason`.
    corrects = models.UUIDField(null=True)

    class Meta:
        app_label = "statistics"
        indexes: ClassVar = [models.Index(fields=["office", "period"], name="filings_of_a_period")]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["corrects"],
                condition=models.Q(corrects__isnull=False),
                name="a_filing_is_corrected_once",
            ),
            models.UniqueConstraint(
                fields=["office", "period", "report"],
                condition=models.Q(corrects__isnull=True),
                name="a_report_is_filed_once",
            ),
        ]


class FilingReason(models.Model):
    """Why a filing takes the place of another: words that somebody typed, sealed with a key of their own.

    They stand in the entry too, but those above the office, who read its reports, are no party of that.
    """

    #: The event of the filing.
    id = models.UUIDField(primary_key=True)
    office = models.TextField()
    sealed = models.BinaryField()
    wrapped_key = models.BinaryField()
    kek_version = models.SmallIntegerField()

    class Meta:
        app_label = "statistics"


class DepartmentReturn(models.Model):
    """A department's return of a month: its table by township, in which no count is small. Never changed."""

    #: The id of the event that says it was sent.
    event = models.UUIDField(primary_key=True)
    office = models.TextField()
    #: To whom it is owed: the health office of the same division.
    sent_to = models.TextField()
    period = models.TextField()
    form = models.TextField()
    version = models.TextField()
    made_at = models.DateTimeField()
    nil = models.BooleanField()
    #: Canonical JSON, whose digest the entry holds.
    content = models.TextField()
    digest = models.TextField()
    #: SHA-256 of the file that was sent; empty where none was needed.
    file_digest = models.TextField(default="", db_default="")
    #: The return of the same month whose place it takes.
    replaces = models.UUIDField(null=True)
    #: The health office that entered it from paper; empty where the department sent it itself.
    entered_by = models.TextField(default="", db_default="")

    class Meta:
        app_label = "statistics"
        indexes: ClassVar = [
            models.Index(fields=["office", "period"], name="returns_of_a_month"),
            models.Index(fields=["sent_to", "period"], name="returns_sent_to"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["replaces"],
                condition=models.Q(replaces__isnull=False),
                name="a_return_is_replaced_once",
            ),
            models.UniqueConstraint(
                fields=["office", "period"],
                condition=models.Q(replaces__isnull=True),
                name="a_month_is_first_sent_once",
            ),
        ]


class Quarantined(models.Model):
    """A file that broke its contract and was kept out whole: when, whose, and why. Nothing of what stood in it."""

    id = models.UUIDField(primary_key=True)
    office = models.TextField()
    sent_to = models.TextField()
    period = models.TextField()
    at = models.DateTimeField()
    file_digest = models.TextField()
    #: JSON: each with a code, zh and en.
    reasons = models.TextField()

    class Meta:
        app_label = "statistics"
        indexes: ClassVar = [models.Index(fields=["office", "period"], name="kept_out_of_a_month")]
