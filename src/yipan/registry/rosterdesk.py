"""What a desk needs of rosters beside entering them: a list, a look before anybody agrees, giving one up, the rows that go back."""

from __future__ import annotations

import io
import tempfile
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final

from django.db import connection
from openpyxl.worksheet import _writer

from yipan.errors import YipanError
from yipan.offices.office import organisation
from yipan.registry import importing, running
from yipan.registry.entering import TO_MEND
from yipan.registry.goingback import going_back
from yipan.registry.intake import (
    DONE,
    DROPPED,
    READING,
    STATEMENT,
    STOPPED,
    WAITING,
    IntakeGoneError,
    key_of,
)
from yipan.registry.projection import number_digests
from yipan.registry.rejects import write_rejects
from yipan.registry.staging import PART, open_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime
    from uuid import UUID

    from yipan.offices.permit import Permit
    from yipan.registry.rejects import Language
    from yipan.registry.sheets import Roster

#: How many rows of each sort a look shows.
LOOK: Final = 20
#: Rosters that a list shows.
RECENT: Final = 20
#: Up to so many parts a look says how many people of the roster are in the register already.
_COMPARED_PARTS: Final = 5
#: A folder that is memory, where there is one.
_MEMORY: Final = Path("/dev/shm")  # noqa: S108  # a file there gets a name that nobody can guess, and goes at once
_ONE_AT_A_TIME: Final = threading.Lock()


class RosterBegunError(YipanError):
    """Rows of the roster have been entered: it cannot be given up as if nothing had happened."""

    code: ClassVar[str] = "roster-begun"
    sentence: ClassVar[dict[str, str]] = {
        "zh": "这份名册已经开始录入，不能放弃。",
        "en": "Rows of this roster have been entered: it cannot be given up.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "可以停下；已录入的人，请在各自的登记页上办理。",
        "en": "It can be stopped; who is entered is seen to on her own page.",
    }


class NotReadError(YipanError):
    """The roster was not read to its end, or this is not its file."""

    code: ClassVar[str] = "roster-not-read"
    sentence: ClassVar[dict[str, str]] = {
        "zh": "这份名册还没有读完，或者所给的不是同一份文件。",
        "en": "This roster has not been read to its end, or this is another file.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "请再选择一次同一份文件，会从断点继续。",
        "en": "Choose the same file once more: it goes on where it was.",
    }


@dataclass(frozen=True, kw_only=True)
class OnDesk:
    """One roster of an office: who brought it and how far it has come. `state` is one of `intake.STATES`."""

    intake: UUID
    officer: str
    state: str
    rows: int
    started_at: datetime
    finished_at: datetime | None
    ground: str
    #: Whether it has been read to its end.
    is_read: bool
    #: Whether its rows that go back can still be asked for.
    has_rows: bool
    #: SHA-256 of the file, in hexadecimal.
    digest: str


@dataclass(frozen=True, kw_only=True)
class LookedAt:
    """A row as it was understood: where it stands, and what it would say of the person."""

    sheet: str
    row: int
    said: Mapping[str, str]
    agrees: bool


@dataclass(frozen=True, kw_only=True)
class BackRow:
    """A row that goes back: where it stands, and why, in both languages."""

    sheet: str
    row: int
    name: str
    zh: str
    en: str


@dataclass(frozen=True, kw_only=True)
class Look:
    """The first rows of a roster before it is entered."""

    rows: tuple[LookedAt, ...]
    back: tuple[BackRow, ...]
    #: How many of those who can be entered are in the register already; None where there are too many to look.
    there: int | None


_COLUMNS: Final = "SELECT id, officer, state, rows, started_at, finished_at, ground, parts, wrapped_key IS NOT NULL, digest FROM registry_intake"


def recent(permit: Permit, now: datetime) -> list[OnDesk]:
    """Return the latest rosters of an office, the last begun first.

    Raises:
        NotPermittedError: the post does not include reading cases.
    """
    permit.require("read-case", now)
    with permit.in_force(), connection.cursor() as cursor:
        cursor.execute(
            f"{_COLUMNS} WHERE organisation = %s ORDER BY started_at DESC, id LIMIT %s",
            [permit.organisation, RECENT],
        )
        return [_on_desk(row) for row in cursor.fetchall()]


def on_desk(permit: Permit, intake: UUID, now: datetime) -> OnDesk:
    """Return one roster.

    Raises:
        NotPermittedError: the post does not include reading cases.
        IntakeGoneError: there is none, or not for this office.
    """
    permit.require("read-case", now)
    with permit.in_force(), connection.cursor() as cursor:
        cursor.execute(f"{_COLUMNS} WHERE id = %s AND organisation = %s", [intake, permit.organisation])
        row = cursor.fetchone()
    if row is None:
        raise IntakeGoneError
    return _on_desk(row)


def _on_desk(row: tuple[Any, ...]) -> OnDesk:
    return OnDesk(
        intake=row[0],
        officer=row[1],
        state=row[2],
        rows=row[3],
        started_at=row[4],
        finished_at=row[5],
        ground=row[6],
        is_read=row[7] is not None,
        has_rows=row[8],
        digest=row[9],
    )


def look(permit: Permit, intake: UUID, now: datetime) -> Look:
    """Return the first rows of a roster as they were understood, and the first that go back.

    Raises:
        NotPermittedError: the post does not include recording.
        IntakeGoneError: there is none for this office.
    """
    permit.require("record", now)
    key, _ = key_of(permit, intake)
    rows: list[LookedAt] = []
    back: list[BackRow] = []
    numbers: set[bytes] = set()
    with permit.in_force(), connection.cursor() as cursor:
        cursor.execute("SELECT parts FROM registry_intake WHERE id = %s", [intake])
        [parts] = cursor.fetchone()
        compared = parts is not None and parts <= _COMPARED_PARTS
        cursor.execute(
            "SELECT number, entries, returned FROM registry_intakepart WHERE intake_id = %s ORDER BY number LIMIT %s",
            [intake, _COMPARED_PARTS if compared else 1],
        )
        for number, entries, returned in cursor.fetchall():
            entered = open_rows(key, intake, number, "entries", entries)
            rows += map(_looked_at, entered[: LOOK - len(rows)])
            sent_back = open_rows(key, intake, number, "returned", returned)
            back += map(_back_row, sent_back[: LOOK - len(back)])
            numbers |= (
                {found for each in entered for found in number_digests(each[2]["identity_number"])}
                if compared
                else set()
            )
        cursor.execute(
            "SELECT count(*) FROM registry_person WHERE organisation = %s AND number_digest = ANY(%s)"
            " AND (ended = '' OR merged_into IS NOT NULL)",
            [permit.organisation, list(numbers)],
        )
        [there] = cursor.fetchone()
    return Look(rows=tuple(rows), back=tuple(back), there=there if compared else None)


def _looked_at(row: list[Any]) -> LookedAt:
    return LookedAt(sheet=row[0], row=row[1], said=row[2], agrees=row[3])


def _back_row(row: list[Any]) -> BackRow:
    zh, en = (
        (" ".join(each["zh"] for each in row[3]), " ".join(each["en"] for each in row[3]))
        if len(row) == TO_MEND
        else (row[3], row[4])
    )
    return BackRow(sheet=row[0], row=row[1], name=str(row[2].get("name", "")), zh=zh, en=en)


def enter(permit: Permit, intake: UUID, now: datetime, *, stated: bool) -> None:
    """Let a roster be entered, or gone on with. `stated`: the officer states that the signed forms are on file.

    Raises:
        NotPermittedError: the post does not include recording.
        NotReadError: it has not been read to its end.
        ConsentNeededError: the file says nothing of agreement and nobody states it.
        IntakeGoneError: there is none, or it is finished or given up.
    """
    known = on_desk(permit, intake, now)
    if not known.is_read:
        raise NotReadError
    importing.agree(permit, intake, STATEMENT if stated else known.ground, now)


def is_small(known: OnDesk) -> bool:
    """Tell whether a roster is entered while somebody waits for the page."""
    return known.is_read and known.rows <= PART


def go_on(permit: Permit, intake: UUID, clock: Callable[[], datetime], roster: Roster | None = None) -> None:
    """Go on with a roster: read its file to the end, where it is given, then enter what may be entered and waits.

    Raises:
        NotPermittedError: the post does not include recording.
        NotReadError: it has not been read to its end and no file is given, or another one.
        IntakeGoneError: there is none for this office, or its rows are gone.
    """
    permit.require("record", clock())
    known = on_desk(permit, intake, clock())
    if not known.is_read:
        if roster is None or roster.digest != known.digest:
            raise NotReadError
        importing.read(permit, intake, roster, organisation(permit.organisation).division)
    if importing.is_working(permit, intake):
        running.go_on(permit, intake, clock)


def give_up(permit: Permit, intake: UUID, now: datetime) -> None:
    """Give up a roster of which nothing has been entered: its rows and their key are gone.

    Raises:
        NotPermittedError: the post does not include recording.
        RosterBegunError: something of it has been entered.
        IntakeGoneError: there is none for this office.
    """
    permit.require("record", now)
    on_desk(permit, intake, now)
    with permit.in_force(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE registry_intake SET state = %s, wrapped_key = NULL, shape = shape - 'declined', finished_at = %s"
            " WHERE id = %s AND state = ANY(%s)"
            " AND NOT EXISTS (SELECT 1 FROM registry_intakepart p WHERE p.intake_id = registry_intake.id AND p.done)",
            [DROPPED, now, intake, [READING, WAITING, STOPPED]],
        )
        if cursor.rowcount != 1:
            raise RosterBegunError
        cursor.execute("DELETE FROM registry_intakepart WHERE intake_id = %s", [intake])


def forget(permit: Permit, intake: UUID, now: datetime) -> None:
    """Take away the rows of a finished roster that go back, with their key. The counts stay.

    Who is not enrolled should not lie about here longer than somebody needs to mend her row.

    Raises:
        NotPermittedError: the post does not include recording.
        IntakeGoneError: there is none for this office, or it is not finished.
    """
    permit.require("record", now)
    with permit.in_force(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE registry_intake SET wrapped_key = NULL WHERE id = %s AND organisation = %s AND state = %s",
            [intake, permit.organisation, DONE],
        )
        if cursor.rowcount != 1:
            raise IntakeGoneError
        cursor.execute("UPDATE registry_intakepart SET returned = NULL WHERE intake_id = %s", [intake])


def workbook(permit: Permit, intake: UUID, now: datetime, language: Language) -> bytes:
    """Return the workbook of the rows that go back, made in memory.

    Raises:
        NotPermittedError: the post does not include recording.
        IntakeGoneError: there is none for this office, or its rows have been taken away.
    """
    back = going_back(permit, intake, now)
    file = io.BytesIO()
    with _written_in_memory():
        write_rejects(file, back.returned, back.duplicates, language)
    return file.getvalue()


@contextmanager
def _written_in_memory() -> Iterator[None]:
    """Let openpyxl put its sheets in a folder that is memory while it writes; without one they lie on the disk until the end.

    It writes each sheet to a file of its own first, wherever the book goes, and takes no other place for it.
    """
    if not _MEMORY.is_dir():
        yield
        return

    def in_memory(suffix: str = "") -> str:
        with tempfile.NamedTemporaryFile(dir=_MEMORY, prefix="yipan.", suffix=suffix, delete=False) as made:
            _writer.ALL_TEMP_FILES.append(made.name)
            return made.name

    with _ONE_AT_A_TIME:
        usual = _writer.create_temporary_file
        _writer.create_temporary_file = in_memory
        try:
            yield
        finally:
            _writer.create_temporary_file = usual
