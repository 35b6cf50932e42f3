"""Desks: which officer has a case in hand in an office, and handing open work over.

Without a word about it a case lies on the desk of the officer who last recorded there for that office. Handing over is an
event in the office's own thread, which says from whom to whom and how many; the desks move in the same transaction.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

from django.db import connection

from yipan.database.many import insert_many
from yipan.duties.draft import Draft
from yipan.duties.faults import UnknownThreadError
from yipan.duties.projecting import Projecting
from yipan.duties.record import record
from yipan.errors import YipanError
from yipan.offices.permit import THE_CLOCK, NotPermittedError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime
    from uuid import UUID

    from django.db.backends.utils import CursorWrapper

    from yipan.duties.projecting import Written
    from yipan.offices.permit import Permit

#: On whose desk the case of a duty lies in an organisation; takes the organisation twice.
DESK_OF_DUTY: Final = (
    "coalesce((SELECT desk.officer FROM duties_desk desk"  # noqa: S608  # our own names
    " WHERE desk.thread_id = duties_duty.thread_id AND desk.organisation = %s),"
    " (SELECT event.officer FROM duties_event event WHERE event.thread_id = duties_duty.thread_id"
    f" AND event.recorded_by = %s AND event.officer <> '{THE_CLOCK}' ORDER BY event.seq DESC LIMIT 1), '')"
)
_OPEN_WORK: Final = f"SELECT DISTINCT thread_id, {DESK_OF_DUTY} FROM duties_duty WHERE owed_by = %s AND state = 'open' ORDER BY 1"  # noqa: S608  # our own columns
_DESK_COLUMNS: Final = {"thread_id": "uuid", "organisation": "text", "officer": "text"}


class NothingToHandOverError(YipanError):
    """There is no open work on that desk."""

    code: ClassVar[str] = "nothing-to-hand-over"
    sentence: ClassVar[dict[str, str]] = {
        "zh": "{officer}在{office}没有待办案件。",
        "en": "{officer} has no open work at {office}.",
    }


def open_work(permit: Permit) -> dict[UUID, str]:
    """Return the cases in which the permit's organisation owes something, each with the officer whose desk it is on.

    An empty name means that nobody there has had it in hand yet.
    """
    own = permit.organisation
    with permit.in_force(), connection.cursor() as cursor:
        cursor.execute(_OPEN_WORK, [own, own, own])
        return dict(cursor.fetchall())


def hand_over(
    from_officer: str,
    to_officer: str,
    *,
    permit: Permit,
    clock: Callable[[], datetime],
    threads: Sequence[UUID] = (),
) -> tuple[UUID, ...]:
    """Move open cases of an office from one desk to another, all or those named, and return them.

    An officer hands over her own work; anybody's, whose post includes posting officers. A named case may also be one that
    nobody has had in hand yet.

    Raises:
        NotPermittedError: it is another's work, and the post does not include that.
        UnknownThreadError: a named case is not open work of that officer in this office.
        NothingToHandOverError: there is none.
    """
    now = clock()
    permit.require("record", now)
    if permit.officer != from_officer and "post-officers" not in permit.rights:
        raise NotPermittedError(
            officer=permit.officer, organisation=permit.organisation, right="post-officers"
        )
    work = open_work(permit)
    for thread in threads:
        if work.get(thread) not in (from_officer, ""):
            raise UnknownThreadError(thread=thread)
    moved = sorted(set(threads)) or [thread for thread, desk in work.items() if desk == from_officer]
    if not moved:
        raise NothingToHandOverError(officer=from_officer, office=permit.organisation)
    fields = {"office": permit.organisation, "from_officer": from_officer, "to_officer": to_officer}
    draft = Draft(kind="work.handed-over", fields={**fields, "cases": len(moved)})
    record([draft], permit=permit, clock=lambda: now, also=_Desks(permit, to_officer, moved))
    return tuple(moved)


class _Desks(Projecting):
    """Moves the desks in the transaction that records the handing over."""

    def __init__(self, permit: Permit, officer: str, threads: Sequence[UUID]) -> None:
        self.handles = frozenset({"work-handed-over"})
        self.rows: list[tuple[Any, ...]] = [(each, permit.organisation, officer) for each in threads]

    def write(self, cursor: CursorWrapper, written: Written) -> None:
        """Write on whose desk each case lies now."""
        del written  # the verb knows the cases; the event says how many
        suffix = "ON CONFLICT (thread_id, organisation) DO UPDATE SET officer = excluded.officer"
        insert_many(cursor, "duties_desk", _DESK_COLUMNS, self.rows, suffix)
