"""Working days: one published calendar a year, and constant-time arithmetic on a run of them."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, ClassVar

import yaml

from yipan.errors import FaultsFoundError, YipanError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_SATURDAY = 5
_WEEK = 7
_WORKING_WEEK = 5
_YEAR_KEYS = frozenset({"calendar", "year", "source", "also", "note", "rest_days", "makeup_days"})
_YEAR_NEEDS = ("calendar", "year", "source", "rest_days", "makeup_days")
_SOURCE_KEYS = frozenset({"doc", "title", "announced_on", "days"})
_SOURCE_NEEDS = ("doc", "title", "announced_on")


class CalendarNotKeptError(YipanError):
    """No calendar is kept for a day before the first year, and a guess would be a wrong date."""

    code: ClassVar[str] = "calendar-not-kept"
    sentence: ClassVar[dict[str, str]] = {
        "zh": "没有 {day} 当年的工作日历（最早为 {first_year} 年）。",
        "en": "No working-day calendar is kept for {day} (the first is of {first_year}).",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "请先补录该年的日历，或改用 {first_year} 年以后的日期。",
        "en": "Add the calendar of that year, or use a day from {first_year} on.",
    }


class CalendarFaultsError(FaultsFoundError, ValueError):
    """A calendar that cannot be read or does not fit: every fault of it at once."""

    code: ClassVar[str] = "calendar-faults"
    sentence: ClassVar[dict[str, str]] = {"zh": "工作日历有误：{listing}。", "en": "{listing}."}


@dataclass(frozen=True, kw_only=True, slots=True)
class Notice:
    """A notice that set days of a year: its number or title, its day, and (if not all) which days."""

    doc: str
    title: str
    announced_on: date
    days: tuple[date, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class YearCalendar:
    """One year as published: weekdays that rest, and Saturdays and Sundays that are worked.

    Raises CalendarFaultsError when a day lies outside the year, is in both lists, or when a make-up
    day is not a Saturday or Sunday.
    """

    year: int
    name: str
    rest_days: frozenset[date]
    makeup_days: frozenset[date]
    source: Notice | None = None
    also: tuple[Notice, ...] = ()
    note: str = ""

    def __post_init__(self) -> None:
        """Refuse days that contradict each other."""
        faults = _day_faults(self.year, self.rest_days, self.makeup_days)
        if faults:
            raise CalendarFaultsError([f"{self.name}: {fault}" for fault in faults])

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of the name and the days: two texts that give the same days are one."""
        content = {
            "calendar": self.name,
            "year": self.year,
            "rest_days": sorted(day.isoformat() for day in self.rest_days),
            "makeup_days": sorted(day.isoformat() for day in self.makeup_days),
        }
        text = json.dumps(content, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    def rests(self, day: date) -> bool:
        """Return whether `day` of this year is a holiday, or a weekend day that is not worked."""
        if day in self.rest_days:
            return True
        return _is_weekend(day) and day not in self.makeup_days


class Calendar:
    """A gapless run of published years.

    After its last year Monday to Friday count as working days: what touches those days is
    provisional, and `published` says so. Before its first year it refuses (CalendarNotKeptError).
    """

    def __init__(self, years: Iterable[YearCalendar]) -> None:
        """Lay out the tables; raises CalendarFaultsError on no year, a year twice or a gap."""
        self.years = tuple(sorted(years, key=lambda one: one.year))
        _refuse_gaps(self.years)
        self.first_year = self.years[0].year
        self.last_year = self.years[-1].year
        self._first_day = date(self.first_year, 1, 1)
        self._last_day = date(self.last_year, 12, 31)
        self._offset = self._first_day.toordinal()
        self._names = tuple(year.name for year in self.years)
        self._working: list[date] = []
        #: By day since the first: how many working days up to the day and including it.
        self._upto: list[int] = []
        for year in self.years:
            self._lay_out(year)

    def _lay_out(self, year: YearCalendar) -> None:
        day = date(year.year, 1, 1)
        while day.year == year.year:
            if not year.rests(day):
                self._working.append(day)
            self._upto.append(len(self._working))
            day += timedelta(days=1)

    def published(self, day: date) -> bool:
        """Return whether the calendar of `day`'s year is published."""
        return self._first_day <= day <= self._last_day

    def rests(self, day: date) -> bool:
        """Return whether no work is done on `day`: a holiday, or a weekend that is not made up."""
        if day > self._last_day:
            return _is_weekend(day)
        place = self._place(day)
        return self._upto[place] == (self._upto[place - 1] if place else 0)

    def names_between(self, first: date, last: date) -> tuple[str, ...]:
        """Return the names of the published calendars of the years from `first` to `last`."""
        start = max(first.year - self.first_year, 0)
        return self._names[start : max(last.year - self.first_year + 1, 0)]

    def add_working_days(self, day: date, n: int) -> date:
        """Return the `n`-th working day after `day`, which itself does not count (n from 1)."""
        _refuse_less_than_one(n)
        if day > self._last_day:
            return _add_weekdays(day, n)
        wanted = self._upto[self._place(day)] + n
        if wanted <= len(self._working):
            return self._working[wanted - 1]
        return _add_weekdays(self._last_day, wanted - len(self._working))

    def working_days_after(self, day: date, n: int) -> tuple[date, ...]:
        """Return the `n` working days that follow `day`, in order: those that are counted."""
        _refuse_less_than_one(n)
        if day > self._last_day:
            return tuple(_add_weekdays(day, k) for k in range(1, n + 1))
        start = self._upto[self._place(day)]
        days = tuple(self._working[start : start + n])
        past = range(1, n - len(days) + 1)
        return days + tuple(_add_weekdays(self._last_day, k) for k in past) if past else days

    def next_working_day(self, day: date) -> date:
        """Return `day` when it does not rest, else the first day after it that does not."""
        return self.add_working_days(day, 1) if self.rests(day) else day

    def _place(self, day: date) -> int:
        place = day.toordinal() - self._offset
        if place < 0:
            raise CalendarNotKeptError(day=day, first_year=self.first_year)
        return place


def parse_year(text_or_mapping: str | Mapping[str, object], file: str) -> YearCalendar:
    """Read one year from YAML text or from its mapping.

    `file` is only for the faults: all are gathered and raised at once (CalendarFaultsError), each as
    `file: key: what`.
    """
    data = _as_mapping(text_or_mapping, file)
    faults = [f"{key}: unknown key" for key in sorted(set(map(str, data)) - _YEAR_KEYS)]
    faults += [f"{key}: missing" for key in _YEAR_NEEDS if key not in data]
    year = _read_year(data.get("year"), faults) if "year" in data else 0
    name = _read_name(data.get("calendar"), year, faults) if "calendar" in data else ""
    source = _read_notice(data["source"], "source", faults) if "source" in data else None
    also = _read_also(data.get("also", []), faults)
    rest_days = _read_days(data.get("rest_days", []), "rest_days", faults)
    makeup_days = _read_days(data.get("makeup_days", []), "makeup_days", faults)
    note = data.get("note", "")
    if not isinstance(note, str):
        faults.append("note: not a text")
    if year:
        faults += _day_faults(year, rest_days, makeup_days)
    if faults:
        raise CalendarFaultsError([f"{file}: {fault}" for fault in faults])
    return YearCalendar(
        year=year,
        name=name,
        rest_days=frozenset(rest_days),
        makeup_days=frozenset(makeup_days),
        source=source,
        also=also,
        note=str(note).strip(),
    )


def _is_weekend(day: date) -> bool:
    return day.weekday() >= _SATURDAY


def _refuse_less_than_one(n: int) -> None:
    if n < 1:
        message = f"counting starts at the first working day after, not at {n}"
        raise ValueError(message)


def _refuse_gaps(years: tuple[YearCalendar, ...]) -> None:
    kept = [one.year for one in years]
    if not kept:
        raise CalendarFaultsError(["calendars: no year at all"])
    twice = sorted({year for year in kept if kept.count(year) > 1})
    missing = [year for year in range(kept[0], kept[-1]) if year not in kept]
    faults = [f"calendars: {year} is given twice" for year in twice]
    faults += [f"calendars: {year} is missing between {kept[0]} and {kept[-1]}" for year in missing]
    if faults:
        raise CalendarFaultsError(faults)


def _add_weekdays(day: date, n: int) -> date:
    """Return the n-th Monday-to-Friday after `day`, without walking."""
    # A weekend day counts like the Friday before it: the next weekday after either is Monday.
    weekday = min(day.weekday(), _SATURDAY - 1)
    friday_gap = day.weekday() - weekday
    weeks, rest = divmod(weekday + n, _WORKING_WEEK)
    return day + timedelta(days=weeks * _WEEK + rest - weekday - friday_gap)


def _day_faults(year: int, rest_days: Iterable[date], makeup_days: Iterable[date]) -> list[str]:
    rest, makeup = set(rest_days), set(makeup_days)
    faults = [
        f"{key}: {day} is not in {year}"
        for key, days in (("rest_days", rest), ("makeup_days", makeup))
        for day in sorted(days)
        if day.year != year
    ]
    faults += [
        f"makeup_days: {day} is not a Saturday or Sunday" for day in sorted(makeup) if not _is_weekend(day)
    ]
    return faults + [f"makeup_days: {day} is also in rest_days" for day in sorted(rest & makeup)]


def _as_mapping(value: str | Mapping[str, object], file: str) -> Mapping[str, object]:
    data: object = value
    if isinstance(value, str):
        try:
            data = yaml.safe_load(value)
        except yaml.YAMLError as fault:
            raise CalendarFaultsError([f"{file}: not YAML: {fault}"]) from fault
        except ValueError as fault:
            # A date such as 2026-02-30 is refused by the YAML reader itself, without its key.
            raise CalendarFaultsError([f"{file}: {fault}"]) from fault
    if not hasattr(data, "keys"):
        raise CalendarFaultsError([f"{file}: not a mapping"])
    return data  # type: ignore[return-value]  # keys were just checked


def _read_year(value: object, faults: list[str]) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and date.min.year <= value < date.max.year:
        return value
    faults.append(f"year: {value!r} is not a year")
    return 0


def _read_name(value: object, year: int, faults: list[str]) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[a-z]{2}-\d{4}", value):
        faults.append(f"calendar: {value!r} is not a name such as cn-2026")
        return ""
    if year and not value.endswith(f"-{year}"):
        faults.append(f"calendar: {value} is not the name of {year}")
    return value


def _read_day(value: object) -> date | None:
    if isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            return None
    # A datetime is a date too, but its clock would be dropped without a word.
    return value if type(value) is date else None


def _read_days(value: object, key: str, faults: list[str]) -> tuple[date, ...]:
    if not isinstance(value, list):
        faults.append(f"{key}: not a list of days")
        return ()
    days: list[date] = []
    for item in value:
        day = _read_day(item)
        if day is None:
            faults.append(f"{key}: {item!r} is not a day such as 2026-01-01")
        elif day in days:
            faults.append(f"{key}: {day} is given twice")
        else:
            days.append(day)
    return tuple(days)


def _read_also(value: object, faults: list[str]) -> tuple[Notice, ...]:
    if not isinstance(value, list):
        faults.append("also: not a list of notices")
        return ()
    read = (_read_notice(item, f"also[{place}]", faults) for place, item in enumerate(value))
    return tuple(notice for notice in read if notice is not None)


def _read_notice(value: object, key: str, faults: list[str]) -> Notice | None:
    if not isinstance(value, dict):
        faults.append(f"{key}: not a notice (doc, title, announced_on)")
        return None
    before = len(faults)
    faults += [f"{key}.{one}: unknown key" for one in sorted(set(map(str, value)) - _SOURCE_KEYS)]
    faults += [f"{key}.{one}: missing" for one in _SOURCE_NEEDS if not value.get(one)]
    announced_on = _read_day(value.get("announced_on"))
    if value.get("announced_on") and announced_on is None:
        faults.append(f"{key}.announced_on: {value['announced_on']!r} is not a day")
    faults += [
        f"{key}.{one}: not a text"
        for one in ("doc", "title")
        if value.get(one) and not isinstance(value[one], str)
    ]
    days = _read_days(value.get("days", []), f"{key}.days", faults)
    if len(faults) > before or announced_on is None:
        return None
    return Notice(doc=value["doc"], title=value["title"], announced_on=announced_on, days=days)
