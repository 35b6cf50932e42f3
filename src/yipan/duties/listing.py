"""What programs ask beside the pages: duties a page at a time, the heads of the chains, where entries went, what is new."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar, Final
from uuid import UUID

from django.db import connection

from yipan.duties import journal, queries
from yipan.duties.desks import DESK_OF_DUTY
from yipan.duties.settle import COLUMNS
from yipan.errors import YipanError
from yipan.law.fold import OPEN, VOID, Duty

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from yipan.duties.views import CaseView, EventView
    from yipan.law.rulebook import Rulebook
    from yipan.offices.permit import Permit

_LIST: Final = ", ".join("thread_id" if name == "thread" else name for name in COLUMNS)
_WITHOUT: Final = "-"


class WrongCursorError(YipanError):
    """The words that say where a page begins were not given out here."""

    code: ClassVar[str] = "wrong-cursor"
    exit_code: ClassVar[int] = 2
    sentence: ClassVar[dict[str, str]] = {
        "zh": "分页位置不对。",
        "en": "This is no place in the list.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "请原样使用上一页给出的 next，或从头开始。",
        "en": "Send `next` of the page before as it was given, or begin anew.",
    }


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """Some duties in their order, and the words that ask for those after them; none after the last."""

    duties: tuple[Duty, ...]
    next: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Head:
    """The end of an organisation's chain: how many entries it has, and the digest of the last."""

    organisation: str
    entries: int
    digest: str


def duties_page(
    permit: Permit, now: datetime, *, only: str = "", desk: str = "", after: str = "", most: int
) -> Page:
    """Return the duties an organisation owes, at most so many, those due first in front; `after`: where the last page ended.

    A duty that is recorded or ended meanwhile is neither shown twice nor lets another be passed over.

    Raises:
        NotPermittedError: the post does not include reading duties.
        WrongCursorError: `after` was not given out here.
    """
    permit.require("read-duties", now)
    own = permit.organisation
    query = f"SELECT {_LIST} FROM duties_duty WHERE owed_by = %s AND state <> %s"  # noqa: S608  # our own columns
    values: list[Any] = [own, VOID]
    if only:
        query += f" AND state = '{OPEN}'"
    if only == "overdue":
        query, values = query + " AND due_at < %s", [*values, now]
    if desk:
        query, values = query + f" AND {DESK_OF_DUTY} = %s", [*values, own, own, desk]
    if after:
        due_at, last = _read(after)
        if due_at is None:
            query, values = query + " AND due_at IS NULL AND id > %s", [*values, last]
        else:
            query += " AND (due_at IS NULL OR (due_at, id) > (%s, %s))"
            values = [*values, due_at, last]
    with permit.in_force(), connection.cursor() as cursor:
        cursor.execute(query + " ORDER BY due_at NULLS LAST, id LIMIT %s", [*values, most + 1])
        found = [Duty(**dict(zip(COLUMNS, row, strict=True))) for row in cursor.fetchall()]
    return Page(duties=tuple(found[:most]), next=_written(found[most - 1]) if len(found) > most else None)


def _written(last: Duty) -> str:
    """Return the words for the place after a duty."""
    due = last.due_at.astimezone(UTC).isoformat() if last.due_at else _WITHOUT
    return base64.urlsafe_b64encode(f"{due} {last.id}".encode()).decode().rstrip("=")


def _read(after: str) -> tuple[datetime | None, UUID]:
    """Return the place that words mean: a moment and an id; a made-up one shows nobody anything else."""
    try:
        padded = after + "=" * (-len(after) % 4)
        due, _, last = base64.b64decode(padded, altchars=b"-_", validate=True).decode().partition(" ")
        moment = None if due == _WITHOUT else datetime.fromisoformat(due)
        if moment is not None and moment.tzinfo is None:
            raise WrongCursorError
        return moment, UUID(last)
    except (binascii.Error, UnicodeError, ValueError):
        raise WrongCursorError from None


def duty_data(duty: Duty, rulebook: Rulebook, at: datetime) -> dict[str, Any]:
    """Return a duty as plain data, the same on the command line and in the API; `at`: where its clock stands then."""
    return {
        "rule": duty.rule,
        "owed_by": duty.owed_by,
        "owed_to": duty.owed_to,
        "thread": duty.thread,
        "opened_at": duty.opened_at,
        "due_at": duty.due_at,
        "provisional": duty.provisional,
        "state": duty.state,
        "cite": queries.cite_of(duty, rulebook).as_dict(),
        "clock": queries.clock_of(duty, rulebook, at)[0],
        "party": duty.party_role,
        "period": duty.period,
        "due_on": duty.due_on,
        "lapsed_at": duty.lapsed_at,
        "lapsed_by": duty.lapsed_by or None,
        "closed_at": duty.closed_at,
    }


def heads() -> list[Head]:
    """Return the ends of all chains: digests of entries, which say nothing of what stands in them."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT organisation, seq, digest FROM duties_chainhead WHERE seq > 0 ORDER BY 1")
        return [
            Head(organisation=organisation, entries=seq, digest=bytes(digest).hex())
            for organisation, seq, digest in cursor.fetchall()
        ]


def threads_of(permit: Permit, entries: Sequence[UUID]) -> Mapping[UUID, UUID]:
    """Return in which case each of an office's entries stands."""
    with permit.in_force(), connection.cursor() as cursor:
        return {own: thread for own, (_, thread, _) in journal.known(cursor, entries).items()}


def new_since(
    permit: Permit, thread: UUID, as_of: int, now: datetime
) -> tuple[CaseView, Iterable[EventView]]:
    """Return a case, and what others wrote in it since it had so many entries, as far as this office may see it.

    Raises:
        NotPermittedError, UnknownThreadError: as `queries.case`.
    """
    view = queries.case(permit, thread, now)
    with permit.in_force([thread]), connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM duties_event WHERE thread_id = %s ORDER BY recorded_at, seq, id OFFSET %s",
            [thread, as_of],
        )
        fresh = {row[0] for row in cursor.fetchall()}
    return view, [each for each in view.story if each.id in fresh]
