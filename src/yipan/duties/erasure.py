"""What was erased, by subject and moment: the list that outlives a restore, and that other installations are told of.

Whoever restores a backup brings keys back. The list names no person: ids that mean nothing anywhere else, and moments. It is
written beside the checkpoints, signed with their key, and `yipan erasures apply` erases again what it names.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

from django.db import connection, models

if TYPE_CHECKING:
    from datetime import date, datetime
    from uuid import UUID

_SINCE: Final = (
    "SELECT subject, organisation, erased_at, event, kept_until FROM duties_erasure"
    " WHERE erased_at > %s ORDER BY erased_at, subject"
)


class Erasure(models.Model):
    """One person's key that was destroyed: at which office, when, by which entry; and until when a law keeps the rest."""

    subject = models.UUIDField(primary_key=True)
    organisation = models.TextField()
    erased_at = models.DateTimeField()
    event = models.UUIDField()
    kept_until = models.DateField(null=True)

    class Meta:
        app_label = "duties"
        indexes: ClassVar = [models.Index(fields=["erased_at"], name="erasures_by_moment")]


class KeptKey(models.Model):
    """The key of what a law wants kept of somebody who was erased. No role that works here can read it."""

    #: Whose it is: the id of her key in `Subject`.
    id = models.UUIDField(primary_key=True)
    wrapped_key = models.BinaryField()
    kek_version = models.SmallIntegerField()
    until_on = models.DateField()

    class Meta:
        app_label = "duties"


@dataclass(frozen=True, kw_only=True, slots=True)
class Erased:
    """One line of the list. `kept_until` is set while a law keeps some of it, out of everybody's reach."""

    subject: UUID
    organisation: str
    erased_at: datetime
    event: UUID
    kept_until: date | None = None


def erasures_since(moment: datetime) -> list[Erased]:
    """Return what was erased after a moment, the earliest first: for other installations that hold a copy, and for the list."""
    with connection.cursor() as cursor:
        cursor.execute(_SINCE, [moment])
        return [
            Erased(subject=row[0], organisation=row[1], erased_at=row[2], event=row[3], kept_until=row[4])
            for row in cursor.fetchall()
        ]
