"""A roster on its way in: which file, for whom, how far it has come. Its rows wait sealed, a part at a time."""

from __future__ import annotations

from typing import ClassVar, Final

from django.db import models

#: Being read; waiting for somebody to agree; being entered; stopped by somebody; entered; given up.
READING, WAITING, WORKING, STOPPED, DONE, DROPPED = (
    "reading", "waiting", "working", "stopped", "done", "dropped",
)  # fmt: skip
STATES: Final = (READING, WAITING, WORKING, STOPPED, DONE, DROPPED)


class Intake(models.Model):
    """One file for one office. What it was is known by its digest; its rows lie in parts, under a key of its own."""

    id = models.UUIDField(primary_key=True)
    organisation = models.TextField()
    officer = models.TextField()
    digest = models.TextField()
    #: One of STATES.
    state = models.TextField()
    #: The day on which dates are judged: a resumed file is judged as it was begun.
    on = models.DateField()
    ground = models.TextField(default="")
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    #: Rows read so far, and how many parts they make once all are read.
    rows = models.IntegerField(default=0)
    parts = models.IntegerField(null=True)
    #: What was found of the file's shape: sheets, columns by our names, warnings. No cell of it.
    shape = models.JSONField(default=dict)
    wrapped_key = models.BinaryField(null=True)
    kek_version = models.SmallIntegerField()

    class Meta:
        app_label = "registry"
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(state__in=STATES), name="intake_is_in_a_known_state"),
        ]
        indexes: ClassVar = [models.Index(fields=["organisation", "digest"], name="intakes_by_digest")]


class IntakePart(models.Model):
    """Some rows of it in order: sealed while they wait, and what became of them."""

    pk = models.CompositePrimaryKey("intake_id", "number")
    intake = models.ForeignKey(Intake, on_delete=models.CASCADE)
    number = models.IntegerField()
    organisation = models.TextField()
    done = models.BooleanField(default=False)
    #: The rows that can be entered, until they are; and those that go back to the office.
    entries = models.BinaryField(null=True)
    returned = models.BinaryField(null=True)
    #: Counts: rows, accepted, rejected, duplicates, declined, notes, events, duties.
    counts = models.JSONField(default=dict)

    class Meta:
        app_label = "registry"
        indexes: ClassVar = [
            models.Index(fields=["intake", "number"], condition=models.Q(done=False), name="parts_to_do")
        ]
