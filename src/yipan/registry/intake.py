"""A roster on its way in: which file, for whom, how far it has come. Its rows wait sealed, a part at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

import orjson
from django.db import connection, models

from yipan.duties import sealing
from yipan.errors import YipanError

if TYPE_CHECKING:
    from datetime import date
    from uuid import UUID

    from yipan.offices.permit import Permit

#: Being read; waiting for somebody to agree; being entered; stopped by somebody; entered; given up.
READING, WAITING, WORKING, STOPPED, DONE, DROPPED = (
    "reading", "waiting", "working", "stopped", "done", "dropped",
)  # fmt: skip
#: How the people of a roster agreed: a column says so of each, or the officer says that the signed forms are on file.
COLUMN, STATEMENT = "form-signed", "forms-on-file"
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


class IntakeGoneError(YipanError):
    """There is no such roster for this office, or it was given up."""

    code: ClassVar[str] = "intake-gone"
    sentence: ClassVar[dict[str, str]] = {
        "zh": "没有这份名册，或者它已经办完、已经放弃。",
        "en": "There is no such roster, or it is finished or was given up.",
    }
    next_step: ClassVar[dict[str, str]] = {"zh": "请重新选择文件。", "en": "Choose the file again."}


class ConsentNeededError(YipanError):
    """Nobody says that the people of the roster agreed."""

    code: ClassVar[str] = "consent-needed"
    exit_code: ClassVar[int] = 2
    sentence: ClassVar[dict[str, str]] = {
        "zh": "名册里没有“本人是否同意”一栏，也没有人声明签字的同意书已经存档。",
        "en": "The roster has no column that says who agrees, and nobody states that signed forms are on file.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "请加上这一栏，或声明签字的同意书已存档（网页上勾选；命令行写 --ground consent）。",
        "en": "Add the column, or state that the signed forms are on file (tick it on the page; --ground consent here).",
    }


class PartsWaitError(YipanError):
    """Not everything has been entered yet."""

    code: ClassVar[str] = "parts-wait"
    sentence: ClassVar[dict[str, str]] = {
        "zh": "名册还没有全部录入。",
        "en": "Not all of the roster has been entered.",
    }
    next_step: ClassVar[dict[str, str]] = {"zh": "请稍候，或继续导入。", "en": "Wait, or go on with it."}


def key_of(permit: Permit, intake: UUID) -> tuple[bytes, date]:
    """Return the key of a roster's rows, and the day on which it is judged.

    Raises:
        IntakeGoneError: there is none for this office.
    """
    with permit.in_force(), connection.cursor() as cursor:
        cursor.execute(
            'SELECT wrapped_key, kek_version, "on" FROM registry_intake WHERE id = %s AND wrapped_key IS NOT NULL',
            [intake],
        )
        row = cursor.fetchone()
    if row is None:
        raise IntakeGoneError
    return sealing.unwrap(intake, bytes(row[0]), row[1]), row[2]


def as_json(value: Any) -> Any:  # noqa: ANN401  # whatever the column holds
    """Return a JSON column's value, which Django's connection gives as text."""
    return orjson.loads(value) if isinstance(value, str) else value
