"""`sweep(now)`: open what the calendar opens and write down what lapsed, through `record()`.

It commits office by office, and every event it writes has an id derived from what it says: stopped at
any moment and run again, it goes on where it was and writes nothing twice.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Final

from django.db import connection

from yipan.duties import checkpoint, done, travelling
from yipan.duties.draft import BY_CALENDAR, Draft
from yipan.duties.lawbook import lawbook
from yipan.duties.naming import lapse_id, period_thread, turn_id
from yipan.duties.recompute import debtors
from yipan.duties.record import BATCH, record
from yipan.duties.settle import COLUMNS
from yipan.law.deadline import SHANGHAI
from yipan.law.fold import OPEN, Duty
from yipan.law.rule import LAPSE_KIND, LOG_INS_KIND, PERIOD_KIND, counts_log_ins
from yipan.offices.permit import clock_permit
from yipan.offices.signing_in import days_logged_in
from yipan.offices.succession import OfficeEndedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from uuid import UUID

    from yipan.law.rulebook import Rulebook

_LATE: Final = (
    f"SELECT {', '.join('thread_id' if each == 'thread' else each for each in COLUMNS)} FROM duties_duty"  # noqa: S608  # our own columns
    f" WHERE owed_by = %s AND state = '{OPEN}' AND due_at < %s AND lapsed_at IS NULL ORDER BY due_at, id LIMIT %s"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Swept:
    """What a sweep did: offices looked at, periods that turned, deadlines that passed."""

    offices: int
    turned: int
    lapsed: int


def sweep(now: datetime, progress: Callable[[str], None] | None = None) -> Swept:
    """Write down what has come about by `now`, and sign a checkpoint when the last is an hour old.

    `progress` hears each office after its commit.
    """
    say = progress or (lambda _office: None)
    rulebook = lawbook()
    opened = _opened()
    turned = 0
    for number, (office, level, opened_at) in enumerate(opened, start=1):
        # An office that ends while the sweep is under way has been brought up to date by whoever ended it.
        with suppress(OfficeEndedError):
            turned += _bring_up(rulebook, office, level, opened_at, now)
        say(f"{number}/{len(opened)} {office}")
    lapsed = 0
    late = debtors("due_at < %s AND lapsed_at IS NULL", [now])
    # What an office of another installation let pass is written there, where its doings are known, and travels.
    away = travelling.elsewhere(late)
    late = [each for each in late if each not in away]
    for number, debtor in enumerate(late, start=1):
        with suppress(OfficeEndedError):
            lapsed += write_lapses(debtor, now)
        say(f"{number}/{len(late)} {debtor}")
    checkpoint.take_if_due(now)
    done.note(done.SWEEP)
    return Swept(offices=len(opened), turned=turned, lapsed=lapsed)


def _opened() -> list[tuple[str, str, datetime]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT opened.organisation, office.level, opened.opened_at FROM duties_openedoffice opened"
            " JOIN offices_organisation office ON office.id = opened.organisation"
            " WHERE opened.closed_at IS NULL ORDER BY 1"
        )
        return list(cursor.fetchall())


def _bring_up(rulebook: Rulebook, office: str, level: str, opened_at: datetime, now: datetime) -> int:
    """Record what the calendar has brought an office since it opened and is not yet recorded; return what turned."""
    turns = list(_turns(rulebook, office, level, opened_at, now))
    written = _write_new(office, [*turns, *_log_ins(rulebook, office, opened_at, now)], now)
    return len(written & {each.id for each in turns})


def _write_new(office: str, drafts: list[Draft], now: datetime) -> set[UUID | None]:
    """Record in an office's name those of the calendar's events that are not yet recorded, and return their ids."""
    permit = clock_permit(office, now)
    known: set[object] = set()
    if drafts:
        with permit.in_force(), connection.cursor() as cursor:
            cursor.execute("SELECT id FROM duties_event WHERE id = ANY(%s)", [[each.id for each in drafts]])
            known = {row[0] for row in cursor.fetchall()}
    missing = [each for each in drafts if each.id not in known]
    for start in range(0, len(missing), BATCH):
        record(missing[start : start + BATCH], permit=permit, clock=lambda: now, counts_by=BY_CALENDAR)
    return {each.id for each in missing}


def _turns(
    rulebook: Rulebook, office: str, level: str, opened_at: datetime, now: datetime
) -> Iterator[Draft]:
    kind = office.partition(":")[2] or "health"
    first = opened_at.astimezone(SHANGHAI).date()
    last = now.astimezone(SHANGHAI).date()
    wanted = {
        (rule.every.period, rule.every.opens)
        for day in (first, last)
        for pack, rule, _ in rulebook.rules(day)
        if rule.every and rule.every.concerns(level, kind) and pack.covers(office)
    }
    for unit, phase in sorted(wanted):
        for period, turned_on in periods_turned(unit, phase, first, last):
            yield Draft(
                kind=PERIOD_KIND,
                id=turn_id(office, unit, phase, period),
                thread=period_thread(office, period),
                fields={"office": office, "unit": unit, "phase": phase, "period": period},
                at=datetime(turned_on.year, turned_on.month, turned_on.day, tzinfo=SHANGHAI),
                evidence=BY_CALENDAR,
            )


def _log_ins(rulebook: Rulebook, office: str, opened_at: datetime, now: datetime) -> Iterator[Draft]:
    """Count, for each month that has ended, the working days on which the office was at its desk, as its log says."""
    first, last = (each.astimezone(SHANGHAI).date() for each in (opened_at, now))
    if not any(pack.covers(office) for pack, rule, _ in rulebook.rules(last) if counts_log_ins(rule)):
        return
    calendar = rulebook.calendar_at(None)
    for period, turned_on in periods_turned("month", "after", first, last):
        begins = date.fromisoformat(f"{period}-01")
        days = [begins + timedelta(days=each) for each in range((turned_on - begins).days)]
        working = {day for day in days if not calendar.rests(day)}
        if begins <= first:
            # The month in which the office opened began without it: no duty of that month waits for a count.
            continue
        kept = working & days_logged_in(office, begins, days[-1])
        yield Draft(
            kind=LOG_INS_KIND,
            id=turn_id(office, "log-ins", "after", period),
            thread=period_thread(office, period),
            fields={
                "office": office, "period": period, "working_days": len(working), "days": len(kept),
                "every_day": kept == working,
            },
            at=datetime.combine(days[-1], time.max, SHANGHAI),
            evidence=BY_CALENDAR,
        )  # fmt: skip


def periods_turned(unit: str, phase: str, first: date, last: date) -> Iterator[tuple[str, date]]:
    """Yield each period of a unit with the day it turned on, for turns after `first` and up to `last`.

    A period turns at its `start` on its first day, `after` on the day that follows its last.
    """
    begins = _begin(unit, first)
    while True:
        ends = _next(unit, begins)
        turned_on = begins if phase == "start" else ends
        if turned_on > last:
            return
        if turned_on > first:
            yield period_name(unit, begins), turned_on
        begins = ends


def _begin(unit: str, day: date) -> date:
    months = {"month": 1, "quarter": 3, "half-year": 6, "year": 12}
    if unit == "day":
        return day
    step = months[unit]
    return date(day.year, (day.month - 1) // step * step + 1, 1)


def _next(unit: str, begins: date) -> date:
    if unit == "day":
        return begins + timedelta(days=1)
    longest = {"month": 31, "quarter": 92, "half-year": 184, "year": 366}
    return _begin(unit, begins + timedelta(days=longest[unit]))


def period_name(unit: str, begins: date) -> str:
    """Return the name of the period that begins on a day: 2026, 2026-H2, 2026-Q3, 2026-10 or 2026-10-05."""
    if unit == "day":
        return begins.isoformat()
    if unit == "month":
        return f"{begins:%Y-%m}"
    if unit == "quarter":
        return f"{begins.year}-Q{(begins.month + 2) // 3}"
    return f"{begins.year}-H{1 if begins.month == 1 else 2}" if unit == "half-year" else str(begins.year)


def bring_up(office: str, now: datetime) -> None:
    """Write down what has come about in one office by `now`: what it let pass is its own, whoever follows it."""
    rulebook = lawbook()
    for each, level, opened_at in _opened():
        if each == office:
            _bring_up(rulebook, office, level, opened_at, now)
    write_lapses(office, now)


def write_lapses(debtor: str, now: datetime) -> int:
    """Write down which deadlines of an office have passed, and return how many."""
    permit, written = clock_permit(debtor, now), 0
    while True:
        with permit.in_force(), connection.cursor() as cursor:
            cursor.execute(_LATE, [debtor, now, BATCH])
            late = [Duty(**dict(zip(COLUMNS, row, strict=True))) for row in cursor.fetchall()]
        drafts = [_lapse_draft(duty, lapse_id(duty.id, duty.due_at)) for duty in late if duty.due_at]
        if not drafts:
            return written
        receipt = record(drafts, permit=permit, clock=lambda: now, counts_by=BY_CALENDAR)
        written += len(receipt.events)
        if not receipt.events:
            return written


def _lapse_draft(duty: Duty, event_id: UUID) -> Draft:
    """Return the draft by which the sweep says that a duty passed its deadline."""
    fields: dict[str, object] = {
        "debtor": duty.owed_by,
        "duty": str(duty.id),
        "rule": duty.rule,
        "due_at": duty.due_at.isoformat() if duty.due_at else "",
    }
    if duty.owed_to[0].isdigit():
        fields["creditor"] = duty.owed_to
    return Draft(kind=LAPSE_KIND, id=event_id, thread=duty.thread, fields=fields)
