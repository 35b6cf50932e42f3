"""When a task of the house was last done, by the database's clock: so that `yipan doctor` can say what nobody does any more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from django.db import connection, models

if TYPE_CHECKING:
    from datetime import datetime

SWEEP: Final = "sweep"


class Done(models.Model):
    """A task and the moment it was last done at."""

    task = models.TextField(primary_key=True)
    at = models.DateTimeField()

    class Meta:
        app_label = "duties"


def note(task: str) -> None:
    """Write down that a task was done just now."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO duties_done (task, at) VALUES (%s, clock_timestamp())"
            " ON CONFLICT (task) DO UPDATE SET at = excluded.at",
            [task],
        )


def last(task: str) -> datetime | None:
    """Return when a task was last done."""
    found = Done.objects.filter(task=task).first()
    return found.at if found else None
