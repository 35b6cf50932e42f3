"""The one table of the room: reports as they were filed, frozen. All else is counted anew, or lies in Parquet."""

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
    #: Of a correction: the filing it takes the place of, and why.
    corrects = models.UUIDField(null=True)
    why = models.TextField(default="", db_default="")

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
            models.CheckConstraint(
                condition=models.Q(corrects__isnull=True) | ~models.Q(why=""), name="a_correction_says_why"
            ),
        ]
