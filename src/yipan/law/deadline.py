"""The legal clock: when a period that began at a moment ends, and which days it counted.

Civil Code of the PRC: art. 201 (the first day does not count; hours run from their moment), art.
202 (months and years end on the corresponding day, or on the month's last), art. 203 (a last day
that rests rolls to the next that does not; it ends at 24:00).
"""

from __future__ import annotations

import calendar as months
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import TYPE_CHECKING, ClassVar

from yipan.errors import YipanError
from yipan.law.counting import (
    AtOnce,
    Defer,
    MonthlyDate,
    Period,
    Promptly,
    Standing,
    Unit,
    Within,
    YearlyDates,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from yipan.law.calendar import Calendar

#: A fixed offset: no summer time since 1991, and reading a zone file would make the law impure.
SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")
_MONTHS_OF_A_YEAR = 12
_INSTANT = timedelta(microseconds=1)


class NaiveMomentError(YipanError):
    """A moment without a time zone is no moment: the day it falls on would depend on the reader."""

    code: ClassVar[str] = "naive-moment"
    sentence: ClassVar[dict[str, str]] = {
        "zh": "时刻 {at} 没有时区。",
        "en": "The moment {at} has no time zone.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "请写明时区，例如 {at}+08:00。",
        "en": "Give its zone, for example {at}+08:00.",
    }


class NoStandardError(YipanError):
    """“Promptly” has no number, and the deployment has set no standard for it."""

    code: ClassVar[str] = "no-standard"
    sentence: ClassVar[dict[str, str]] = {
        "zh": "“及时”没有规定期限，本单位也未设定标准。",
        "en": "“Promptly” carries no number and no standard has been set for it.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "请为“及时”设定本地标准，例如 3 working_days。",
        "en": "Set a local standard, for example 3 working_days.",
    }


@dataclass(frozen=True, kw_only=True, slots=True)
class Deadline:
    """When a period ends, and what was counted to get there. Days are those of Asia/Shanghai."""

    within: Within
    #: The moment the clock was started, in Asia/Shanghai.
    opened_at: datetime
    #: The last day on which the duty is kept in time; None for a standing rule.
    due_on: date | None
    #: The first moment that is late: for days, the midnight that ends due_on.
    due_at: datetime | None
    #: The last day before it rolled over rest days.
    nominal_on: date | None
    #: The nominal day when it rested, else None.
    rolled_from: date | None
    #: Whether the date leans on a year whose calendar is not published yet.
    provisional: bool
    #: Working days and days: each one that counts. Months and years: each corresponding day. At
    #: once and fixed: the one day. Hours and standing: none.
    counted: tuple[date, ...]
    #: The names of the published calendars the date leans on.
    calendars: tuple[str, ...]


def deadline(within: Within, at: datetime, calendar: Calendar, *, roll: bool = True) -> Deadline:
    """Return when `within` ends if its clock starts at `at`.

    With `roll=False` days, months and years end on their nominal day even when it rests, as a
    certificate's validity does. Raises NaiveMomentError, NoStandardError, and CalendarNotKeptError
    when it would need a day before the first calendar.
    """
    if at.utcoffset() is None:
        raise NaiveMomentError(at=at.isoformat())
    opened_at = at.astimezone(SHANGHAI)
    if isinstance(within, Standing):
        return _without_date(within, opened_at)
    if isinstance(within, Promptly):
        return _promptly(within, opened_at, calendar)
    if isinstance(within, AtOnce):
        return _at_once(within, opened_at, calendar)
    if isinstance(within, MonthlyDate | YearlyDates):
        return _fixed(within, opened_at, calendar)
    if isinstance(within, Period):
        return _period(within, opened_at, calendar, roll=roll)
    message = f"no clock for {within!r}"
    raise TypeError(message)


def end_of_day(day: date) -> datetime:
    """Return the midnight in Asia/Shanghai that ends `day`."""
    return datetime.combine(day + timedelta(days=1), time.min, SHANGHAI)


def last_day(within: Period, first: date) -> date:
    """Return the day on which days, months or years from a day end, wherever it falls: a term of keeping never rolls."""
    return _BY_UNIT[within.of](first, within.count)[-1]


def _days(first: date, n: int) -> tuple[date, ...]:
    return tuple(first + timedelta(days=k) for k in range(1, n + 1))


def _months(first: date, n: int) -> tuple[date, ...]:
    return tuple(_corresponding(first, k) for k in range(1, n + 1))


def _years(first: date, n: int) -> tuple[date, ...]:
    return tuple(_corresponding(first, k * _MONTHS_OF_A_YEAR) for k in range(1, n + 1))


_BY_UNIT: dict[Unit, Callable[[date, int], tuple[date, ...]]] = {
    Unit.DAYS: _days,
    Unit.MONTHS: _months,
    Unit.YEARS: _years,
}


def _corresponding(first: date, ahead: int) -> date:
    """Return the same day `ahead` months later, or that month's last where it has no such day."""
    # Each is counted from the first day: 31 January, 28 February, 31 March, and not the 28th.
    years, month = divmod(first.month - 1 + ahead, _MONTHS_OF_A_YEAR)
    year, month = first.year + years, month + 1
    return date(year, month, min(first.day, months.monthrange(year, month)[1]))


def _without_date(within: Within, opened_at: datetime) -> Deadline:
    return Deadline(
        within=within,
        opened_at=opened_at,
        due_on=None,
        due_at=None,
        nominal_on=None,
        rolled_from=None,
        provisional=False,
        counted=(),
        calendars=(),
    )


def _period(within: Period, opened_at: datetime, calendar: Calendar, *, roll: bool) -> Deadline:
    if within.of is Unit.HOURS:
        return _hours(within, opened_at)
    if within.of is Unit.WORKING_DAYS:
        return _working_days(within, opened_at, calendar)
    counted = _BY_UNIT[within.of](opened_at.date(), within.count)
    return _on_day(within, opened_at, calendar if roll else None, counted)


def _hours(within: Period, opened_at: datetime) -> Deadline:
    # In UTC: an hour is an hour whatever the zone that wrote the moment does with its clocks.
    due_at = (opened_at.astimezone(UTC) + timedelta(hours=within.count)).astimezone(SHANGHAI)
    # Hours that end at midnight end the day before: nothing of the new day is left to act in.
    last = (due_at - _INSTANT).date()
    return Deadline(
        within=within,
        opened_at=opened_at,
        due_on=last,
        due_at=due_at,
        nominal_on=last,
        rolled_from=None,
        provisional=False,
        counted=(),
        calendars=(),
    )


def _working_days(within: Period, opened_at: datetime, calendar: Calendar) -> Deadline:
    first = opened_at.date()
    counted = calendar.working_days_after(first, within.count)
    due_on = counted[-1]
    return Deadline(
        within=within,
        opened_at=opened_at,
        due_on=due_on,
        due_at=end_of_day(due_on),
        nominal_on=due_on,
        rolled_from=None,
        provisional=not calendar.published(due_on),
        counted=counted,
        calendars=calendar.names_between(first + timedelta(days=1), due_on),
    )


def _on_day(
    within: Within, opened_at: datetime, calendar: Calendar | None, counted: tuple[date, ...]
) -> Deadline:
    """Return the deadline on the last day counted, rolled over rest days where a calendar is given."""
    nominal_on = counted[-1]
    due_on = calendar.next_working_day(nominal_on) if calendar is not None else nominal_on
    return Deadline(
        within=within,
        opened_at=opened_at,
        due_on=due_on,
        due_at=end_of_day(due_on),
        nominal_on=nominal_on,
        rolled_from=None if due_on == nominal_on else nominal_on,
        provisional=calendar is not None and not calendar.published(due_on),
        counted=counted,
        calendars=calendar.names_between(nominal_on, due_on) if calendar is not None else (),
    )


def _at_once(within: AtOnce, opened_at: datetime, calendar: Calendar) -> Deadline:
    first = opened_at.date()
    rolled = _on_day(within, opened_at, calendar, (first,))
    # What counts is the working day itself, and not the rest day on which it was asked.
    return replace(rolled, counted=(rolled.due_on or first,))


def _promptly(within: Promptly, opened_at: datetime, calendar: Calendar) -> Deadline:
    if within.standard is None:
        raise NoStandardError
    by_standard = deadline(within.standard, opened_at, calendar)
    return replace(by_standard, within=within)


def _fixed(within: MonthlyDate | YearlyDates, opened_at: datetime, calendar: Calendar) -> Deadline:
    nominal_on = within.on_or_after(opened_at.date())
    rolls = within.defer is Defer.REST_DAY
    return _on_day(within, opened_at, calendar if rolls else None, (nominal_on,))
