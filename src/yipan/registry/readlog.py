"""The read log: who looked at whose facts, for which office, when and what for. Rows are only ever added."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models


class Read(models.Model):
    """One look, listing the persons it showed. She may see it; the office that looked may too."""

    read_at = models.DateTimeField()
    organisation = models.TextField()
    officer = models.TextField()
    purpose = models.TextField()
    thread = models.UUIDField()
    subjects = ArrayField(models.UUIDField())

    class Meta:
        app_label = "registry"
        indexes: ClassVar = [models.Index(fields=["thread", "read_at"], name="reads_of_a_case")]
