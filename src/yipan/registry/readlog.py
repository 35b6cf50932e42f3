"""The read log: who looked at whose facts, for which office, when and what for. Rows are only ever added.

A look that shows many people with whom the office has nothing to do today is flagged for whoever audits it, in the
transaction that shows them.
"""

from __future__ import annotations

from datetime import datetime, time
from typing import TYPE_CHECKING, Any, ClassVar, Final

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models

from yipan.law.deadline import SHANGHAI
from yipan.offices.permit import THE_CLOCK

if TYPE_CHECKING:
    from collections.abc import Iterable
    from uuid import UUID

    from django.db.backends.utils import CursorWrapper

    from yipan.offices.permit import Permit

#: What an office owes is its business whoever it is about: only looks that somebody chose are counted.
WORKLIST: Final = "worklist"
#: Held, with the office's name, by whoever writes a look down, and alone by whoever seals the log.
SEALING: Final = 0x5969_7005
#: Those of some people of whom the office wrote nothing today, and who have no open case with it: being enrolled is none.
_STRANGERS: Final = """
SELECT count(*) FROM unnest(%(subjects)s::uuid[]) AS shown(id)
 WHERE NOT EXISTS (
       SELECT 1 FROM duties_threadsubject t JOIN duties_event e ON e.thread_id = t.thread_id
        WHERE t.subject_id = shown.id AND e.recorded_by = %(own)s AND e.officer <> %(clock)s
          AND e.recorded_at >= %(today)s)
   AND NOT EXISTS (
       SELECT 1 FROM duties_threadsubject t JOIN duties_duty d ON d.thread_id = t.thread_id
        WHERE t.subject_id = shown.id AND d.state = 'open' AND %(own)s IN (d.owed_by, d.owed_to)
          AND NOT EXISTS (SELECT 1 FROM registry_person p WHERE p.thread = t.thread_id))
"""


class Read(models.Model):
    """One look, listing the cases and the persons it showed. She may see it; the office that looked may too."""

    read_at = models.DateTimeField()
    organisation = models.TextField()
    officer = models.TextField()
    purpose = models.TextField()
    #: Why somebody was looked for: the choice made, and the words where the choice asks for some.
    ground = models.TextField(default="", db_default="")
    words = models.TextField(default="", db_default="")
    threads = ArrayField(models.UUIDField())
    subjects = ArrayField(models.UUIDField())

    class Meta:
        app_label = "registry"
        indexes: ClassVar = [
            GinIndex(fields=["subjects"], name="reads_of_a_person"),
            models.Index(fields=["organisation", "read_at"], name="reads_of_an_office"),
        ]


class Flag(models.Model):
    """A look at many strangers, for whoever audits the office. It names nobody who was shown."""

    read = models.BigIntegerField(primary_key=True)
    organisation = models.TextField()
    officer = models.TextField()
    purpose = models.TextField()
    flagged_at = models.DateTimeField()
    shown = models.IntegerField()
    strangers = models.IntegerField()

    class Meta:
        app_label = "registry"
        indexes: ClassVar = [models.Index(fields=["organisation", "flagged_at"], name="flags_of_an_office")]


class ReadRoot(models.Model):
    """The seal of an office's looks of one minute: a Merkle root, linked to the one before."""

    id = models.BigAutoField(primary_key=True)
    organisation = models.TextField()
    number = models.BigIntegerField()
    minute = models.DateTimeField()
    reads = ArrayField(models.BigIntegerField())
    root = models.BinaryField()
    previous = models.BinaryField()
    digest = models.BinaryField()
    sealed_at = models.DateTimeField()

    class Meta:
        app_label = "registry"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["organisation", "number"], name="roots_of_an_office_are_counted")
        ]


class ReadEnd(models.Model):
    """Through which seal the looks of an office have ended because their term was over."""

    id = models.BigAutoField(primary_key=True)
    organisation = models.TextField(db_index=True)
    number = models.BigIntegerField()
    ended_at = models.DateTimeField()

    class Meta:
        app_label = "registry"


def note_look(  # noqa: PLR0913  # who, when, at what, at whom, what for
    cursor: CursorWrapper,
    permit: Permit,
    now: datetime,
    threads: Iterable[UUID],
    subjects: Iterable[UUID],
    *,
    ground: str = "",
    words: str = "",
) -> None:
    """Write down one look, if it showed anybody; within the transaction of the look."""
    shown = sorted(set(subjects))
    if not shown:
        return
    cursor.execute("SELECT pg_advisory_xact_lock_shared(%s, hashtext(%s))", [SEALING, permit.organisation])
    cursor.execute(
        "INSERT INTO registry_read (read_at, organisation, officer, purpose, ground, words, threads, subjects)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s) RETURNING id",
        [
            now,
            permit.organisation,
            permit.officer,
            permit.purpose,
            ground,
            words,
            sorted(set(threads)),
            shown,
        ],
    )
    [read] = cursor.fetchone()
    if len(shown) >= settings.STRANGERS and permit.purpose != WORKLIST:
        _flag(cursor, permit, now, read, shown)


def _flag(cursor: CursorWrapper, permit: Permit, now: datetime, read: int, shown: list[UUID]) -> None:
    """Flag a look at many strangers."""
    midnight = datetime.combine(now.astimezone(SHANGHAI).date(), time(), SHANGHAI)
    values: dict[str, Any] = {
        "subjects": shown,
        "own": permit.organisation,
        "clock": THE_CLOCK,
        "today": midnight,
    }
    cursor.execute(_STRANGERS, values)
    [strangers] = cursor.fetchone()
    if strangers >= settings.STRANGERS:
        cursor.execute(
            "INSERT INTO registry_flag (read, organisation, officer, purpose, flagged_at, shown, strangers)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s)",
            [read, permit.organisation, permit.officer, permit.purpose, now, len(shown), strangers],
        )
