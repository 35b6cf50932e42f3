"""Settling: fold the touched threads, compare with the rows, and say what changed and why.

What the passing of events explains is a plain change of a row. What a late or corrected event undoes is
told by an event of its own (`duty.recomputed`), with the old and the new state.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final

import orjson

from yipan.database.many import insert_many
from yipan.law.fold import OPEN, VOID, Duty
from yipan.law.folding import fold_many

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from uuid import UUID

    from django.db.backends.utils import CursorWrapper

    from yipan.law.event import Event
    from yipan.law.rulebook import Rulebook

COLUMNS: Final = tuple(each.name for each in fields(Duty))
_ROWS: Final = tuple("thread_id" if name == "thread" else name for name in COLUMNS)
_LIST: Final = ", ".join(_ROWS)
_SELECT: Final = f"SELECT {_LIST} FROM duties_duty WHERE thread_id = ANY(%s)"  # noqa: S608  # our own columns
_VALUES: Final = attrgetter(*COLUMNS)
_OF_TYPE: Final = {
    "uuid": ("id", "thread_id", "opened_by", "closed_by"),
    "date": ("rule_version_on", "clock_version_on", "due_on"),
    "timestamptz": ("opened_at", "due_at", "closed_at", "lapsed_at"),
    "bool": ("provisional",),
}
_TYPES: Final = {
    name: next((kind for kind, names in _OF_TYPE.items() if name in names), "text") for name in _ROWS
}
#: What may change of a duty after it was opened; the rest is its identity.
_CHANGING: Final = (
    "rule_pack", "rule_version_on", "opened_at", "owed_by", "owed_to", "clock_rule", "clock_pack",
    "clock_version_on", "within", "due_on", "due_at", "provisional", "state", "closed_at", "closed_by", "lapsed_at",
    "lapsed_by",
)  # fmt: skip
# One statement however many: a statement a row would ask the policies of all threads of the batch each time.
# A row must still stand as it was read: the row count says who won.
_MOVED_SHAPE: Final = ", ".join(f"{name} {_TYPES[name]}" for name in _CHANGING)
_MOVE_SET: Final = ", ".join(f"{name} = moved.{name}" for name in _CHANGING)
_MOVE: Final = (
    f"UPDATE duties_duty SET {_MOVE_SET} FROM json_to_recordset(%s::json)"  # noqa: S608  # our own columns
    f" AS moved({_MOVED_SHAPE}, own uuid, was text, was_due_at timestamptz) WHERE id = moved.own"
    " AND duties_duty.state = moved.was AND duties_duty.due_at IS NOT DISTINCT FROM moved.was_due_at"
)
_MOVED: Final = (*_CHANGING, "own", "was", "was_due_at")
#: What moves when a duty simply runs its course.
_COURSE: Final = frozenset({"state", "closed_at", "closed_by", "lapsed_at", "lapsed_by"})
#: What moves when an event says who stands in whose place.
_SIDES: Final = frozenset({"owed_by", "owed_to"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """A duty before (None: new) and after; `told` when an event must say that it was recomputed."""

    before: Duty | None
    after: Duty
    told: bool


def rows_of(cursor: CursorWrapper, threads: Sequence[UUID]) -> dict[UUID, Duty]:
    """Return the duties of threads as the table has them, by id."""
    cursor.execute(_SELECT, [list(threads)])
    return {row[0]: Duty(**dict(zip(COLUMNS, row, strict=True))) for row in cursor.fetchall()}


def folded(events: Mapping[UUID, Sequence[Event]], rulebook: Rulebook) -> dict[UUID, Duty]:
    """Return the duties of threads as the fold has them, by id."""
    return fold_many(events, rulebook)


def changes(
    before: Mapping[UUID, Duty],
    after: Mapping[UUID, Duty],
    new: frozenset[UUID],
    inherited: frozenset[UUID] = frozenset(),
) -> list[Change]:
    """Return what must be written. `new` are the events recorded now: what they explain is not told again.

    `inherited` are the threads in which one of them says who stands in whose place.
    """
    found = []
    for key, duty in after.items():
        old = before.get(key)
        if old == duty:
            continue
        found.append(
            Change(
                before=old,
                after=duty,
                told=old is not None
                and not _ran_its_course(old, duty, new, _SIDES if duty.thread in inherited else frozenset()),
            )
        )
    for key, old in before.items():
        if key not in after and old.state != VOID:
            gone = replace(old, state=VOID, closed_at=None, closed_by=None, lapsed_at=None, lapsed_by="")
            found.append(Change(before=old, after=gone, told=True))
    return sorted(found, key=lambda each: each.after.id.int)


def _ran_its_course(old: Duty, now: Duty, new: frozenset[UUID], sides: frozenset[str]) -> bool:
    """Tell whether a new event closed or lapsed an open duty, or let it go over to others (`sides`)."""
    differing = {name for name in COLUMNS if getattr(old, name) != getattr(now, name)}
    if (
        old.state != OPEN
        or not differing <= _COURSE | sides
        or (old.lapsed_at and old.lapsed_at != now.lapsed_at)
    ):
        return False
    return now.state == OPEN or now.closed_by in new


def write(cursor: CursorWrapper, changed: Iterable[Change]) -> None:
    """Write the changes: new rows as they are, others only where they still stand as they were read.

    Raises:
        RuntimeError: a row moved although its thread was locked; the transaction must not be kept.
    """
    listed = list(changed)
    fresh = [_VALUES(each.after) for each in listed if each.before is None]
    insert_many(cursor, "duties_duty", _TYPES, fresh)
    moved = [each for each in listed if each.before is not None]
    if moved:
        rows = [_update_row(each) for each in moved]
        cursor.execute(_MOVE, [orjson.dumps([dict(zip(_MOVED, row, strict=True)) for row in rows]).decode()])
        if cursor.rowcount != len(moved):
            message = f"{len(moved) - cursor.rowcount} duties moved while their threads were locked"
            raise RuntimeError(message)


def _update_row(change: Change) -> list[Any]:
    before = change.before or change.after
    return [
        *(getattr(change.after, name) for name in _CHANGING),
        change.after.id,
        before.state,
        before.due_at,
    ]


def describe(duty: Duty) -> str:
    """Return a duty's standing in a word or two, for the event that tells of a recomputation."""
    parts = [duty.state]
    if duty.due_on:
        parts.append(f"due:{duty.due_on.isoformat()}")
    if duty.lapsed_at:
        parts.append("lapsed")
    if duty.in_time is not None:
        parts.append("in-time" if duty.in_time else "late")
    return " ".join(parts)
