"""The read log: who looked at whose facts, for which office, when and what for. Rows are only ever added."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models


class Read(models.Model):
    """One look, listing the cases and the persons it showed. She may see it; the office that looked may too."""

    read_at = models.DateTimeField()
    organisation = models.TextField()
    officer = models.TextField()
    purpose = models.TextField()
    threads = ArrayField(models.UUIDField())
    subjects = ArrayField(models.UUIDField())

    class Meta:
        app_label = "registry"
        indexes: ClassVar = [GinIndex(fields=["subjects"], name="reads_of_a_person")]
