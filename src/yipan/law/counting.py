"""The `within` of a rule: how long an office has, read from the rule and never known here."""

from __future__ import annotations

import calendar
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import lru_cache
from typing import ClassVar

import yaml

from yipan.errors import FaultsFoundError, YipanError

#: The longest amount: enough for any rule, and short enough that no date can run over.
MOST = 999
#: Days that every month has; a later one is said as `last`.
DAYS_OF_EVERY_MONTH = 28
_COMMON_YEAR = 2023


class Unit(StrEnum):
    """What a period is counted in, or the name of a clock that counts nothing."""

    HOURS = "hours"
    DAYS = "days"
    WORKING_DAYS = "working_days"
    MONTHS = "months"
    YEARS = "years"
    AT_ONCE = "at_once"
    PROMPTLY = "promptly"
    FIXED = "fixed"
    STANDING = "standing"


class Defer(StrEnum):
    """Whether a fixed date that falls on a rest day moves (遇休息日顺延) or stands."""

    REST_DAY = "rest_day"
    NONE = "none"


class UnitsDifferError(YipanError):
    """Two periods of different units have no order without a calendar: they are never converted."""

    code: ClassVar[str] = "units-differ"
    sentence: ClassVar[dict[str, str]] = {
        "zh": "“{one}”与“{other}”单位不同，不能换算比较。",
        "en": "“{one}” and “{other}” are counted in different units and are never converted.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "请分别计算，以先到期者为准。",
        "en": "Compute each; the earlier binds.",
    }


class WithinFaultsError(FaultsFoundError, ValueError):
    """A `within` that cannot be read: every fault of it at once."""

    code: ClassVar[str] = "within-faults"
    exit_code: ClassVar[int] = 2
    sentence: ClassVar[dict[str, str]] = {"zh": "期限写法有误：{listing}。", "en": "{listing}."}


@dataclass(frozen=True, kw_only=True, slots=True)
class Within:
    """How long an office has. Its kinds are the subclasses; `str()` is read back by parse_within."""

    @property
    def unit(self) -> Unit:
        """Return what is counted."""
        raise NotImplementedError

    @property
    def amount(self) -> int | None:
        """Return how many of the unit, None where nothing is counted."""
        return None

    def as_data(self) -> str | dict[str, object]:
        """Return the value as a rule file writes it."""
        return self.unit.value

    def shorter_than(self, other: Within) -> bool:
        """Return whether this period is shorter; raises UnitsDifferError unless both count one unit."""
        mine, theirs = self.amount, other.amount
        if self.unit is not other.unit or mine is None or theirs is None:
            raise UnitsDifferError(one=self, other=other)
        return mine < theirs

    def __str__(self) -> str:
        """Return the text form; a mapping is written on one line."""
        return _text(self)


@lru_cache(maxsize=1 << 12)
def _text(within: Within) -> str:
    """Keep the few texts there are: every duty that is folded asks for one."""
    data = within.as_data()
    if isinstance(data, str):
        return data
    return yaml.safe_dump(data, default_flow_style=True, sort_keys=False, width=10_000).strip()


@dataclass(frozen=True, kw_only=True, slots=True)
class Period(Within):
    """A counted period: `15 working_days`, `7 days`, `3 months`, `3 years`, `24 hours`."""

    count: int
    of: Unit

    @property
    def unit(self) -> Unit:
        """Return what is counted."""
        return self.of

    @property
    def amount(self) -> int:
        """Return how many."""
        return self.count

    def as_data(self) -> str:
        """Return `15 working_days`, and `1 day` for one."""
        return f"{self.count} {self.of.value if self.count > 1 else self.of.value[:-1]}"


@dataclass(frozen=True, kw_only=True, slots=True)
class AtOnce(Within):
    """即时: the same working day; on a rest day the next one."""

    @property
    def unit(self) -> Unit:
        """Return `at_once`."""
        return Unit.AT_ONCE


@dataclass(frozen=True, kw_only=True, slots=True)
class Promptly(Within):
    """及时: the text gives no number; `standard` is what the deployment set, None until it did."""

    standard: Period | None = None

    @property
    def unit(self) -> Unit:
        """Return `promptly`."""
        return Unit.PROMPTLY

    def as_data(self) -> str | dict[str, object]:
        """Return `promptly`, with its standard where one is set."""
        if self.standard is None:
            return self.unit.value
        return {self.unit.value: self.standard.as_data()}


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing(Within):
    """A rule that always holds and has no clock."""

    @property
    def unit(self) -> Unit:
        """Return `standing`."""
        return Unit.STANDING


@dataclass(frozen=True, kw_only=True, slots=True)
class MonthlyDate(Within):
    """A fixed day of every month; `day` is None for the month's last."""

    day: int | None
    defer: Defer

    @property
    def unit(self) -> Unit:
        """Return `fixed`."""
        return Unit.FIXED

    def as_data(self) -> dict[str, object]:
        """Return `{fixed: {day: 3, defer: rest_day}}`."""
        return {"fixed": {"day": self.day or "last", "defer": self.defer.value}}

    def on_or_after(self, day: date) -> date:
        """Return the first such date on `day` or after it."""
        this = self._in(day.year, day.month)
        if this >= day:
            return this
        return self._in(day.year + day.month // 12, day.month % 12 + 1)

    def _in(self, year: int, month: int) -> date:
        return date(year, month, self.day or calendar.monthrange(year, month)[1])


@dataclass(frozen=True, kw_only=True, slots=True)
class YearlyDates(Within):
    """Fixed dates of every year, each a (month, day), in order."""

    dates: tuple[tuple[int, int], ...]
    defer: Defer

    @property
    def unit(self) -> Unit:
        """Return `fixed`."""
        return Unit.FIXED

    def as_data(self) -> dict[str, object]:
        """Return `{fixed: {dates: ["01-05"], defer: none}}`."""
        dates = [f"{month:02}-{day:02}" for month, day in self.dates]
        return {"fixed": {"dates": dates, "defer": self.defer.value}}

    def on_or_after(self, day: date) -> date:
        """Return the first such date on `day` or after it."""
        for month, number in self.dates:
            if (month, number) >= (day.month, day.day):
                return date(day.year, month, number)
        return date(day.year + 1, *self.dates[0])


COUNTED = (Unit.HOURS, Unit.DAYS, Unit.WORKING_DAYS, Unit.MONTHS, Unit.YEARS)
_NAMES = {unit.value: unit for unit in COUNTED} | {unit.value[:-1]: unit for unit in COUNTED}
_FORMS = (
    "15 working_days, 7 days, 3 months, 3 years, 24 hours, at_once, promptly, standing, "
    "{promptly: 3 working_days} or {fixed: ...}"
)


def parse_within(value: object, *, where: str = "", standard: Within | None = None) -> Within:
    """Read the `within` of a rule.

    `standard` is the period the deployment set for `promptly`. Every fault is gathered and raised
    at once (WithinFaultsError), each as `where: what`, or `what` alone.
    """
    faults: list[str] = []
    within = _read(value, where, faults)
    if standard is not None and not isinstance(standard, Period):
        faults.append(f"{where}: the standard of promptly is not a counted period: {standard}")
    elif isinstance(within, Promptly) and within.standard is None:
        within = Promptly(standard=standard)
    if faults or within is None:
        raise WithinFaultsError([fault.removeprefix(": ").removeprefix(".") for fault in faults])
    return within


def _read(value: object, where: str, faults: list[str]) -> Within | None:
    if isinstance(value, str) and value.startswith("{"):
        try:
            value = yaml.safe_load(value)
        except yaml.YAMLError:
            faults.append(f"{where}: {value!r} is not one of: {_FORMS}")
            return None
    if isinstance(value, str):
        return _read_text(value, where, faults)
    if isinstance(value, Mapping):
        return _read_mapping(value, where, faults)
    faults.append(f"{where}: {value!r} is not one of: {_FORMS}")
    return None


def _read_text(text: str, where: str, faults: list[str]) -> Within | None:
    plain: dict[str, Within] = {
        "at_once": AtOnce(),
        "promptly": Promptly(),
        "standing": Standing(),
    }
    if text in plain:
        return plain[text]
    found = re.fullmatch(r"([0-9]+) ([a-z_]+)", text)
    if found is None:
        faults.append(f"{where}: {text!r} is not one of: {_FORMS}")
        return None
    count, name = int(found[1]), found[2]
    before = len(faults)
    if name not in _NAMES:
        faults.append(f"{where}: unknown unit {name!r}; known: {', '.join(COUNTED)}")
    elif count > 1 and name not in COUNTED:
        faults.append(f"{where}: {text!r} should end in {_NAMES[name]}")
    if not 1 <= count <= MOST:
        faults.append(f"{where}: {count} is not between 1 and {MOST}")
    return None if len(faults) > before else Period(count=count, of=_NAMES[name])


def _read_mapping(value: Mapping[object, object], where: str, faults: list[str]) -> Within | None:
    keys = list(value)
    if keys == ["promptly"]:
        standard = _read(value["promptly"], f"{where}.promptly", faults)
        if isinstance(standard, Period):
            return Promptly(standard=standard)
        if standard is not None:
            faults.append(f"{where}.promptly: {standard} is not a counted period")
        return None
    if keys == ["fixed"]:
        fixed = value["fixed"]
        if isinstance(fixed, Mapping):
            return _read_fixed(fixed, f"{where}.fixed", faults)
        faults.append(f"{where}.fixed: not a mapping with day or dates")
        return None
    faults.append(f"{where}: {dict(value)!r} is not one of: {_FORMS}")
    return None


def _read_fixed(fixed: Mapping[object, object], where: str, faults: list[str]) -> Within | None:
    before = len(faults)
    keys = set(map(str, fixed))
    faults += [f"{where}.{key}: unknown key" for key in sorted(keys - {"day", "dates", "defer"})]
    if ("day" in fixed) == ("dates" in fixed):
        faults.append(f"{where}: say either day or dates")
    defer = _read_defer(fixed, where, faults)
    day = _read_day(fixed["day"], where, faults) if "day" in fixed else None
    dates = _read_dates(fixed["dates"], where, faults) if "dates" in fixed else ()
    if len(faults) > before:
        return None
    return YearlyDates(dates=dates, defer=defer) if dates else MonthlyDate(day=day, defer=defer)


def _read_defer(fixed: Mapping[object, object], where: str, faults: list[str]) -> Defer:
    if "defer" not in fixed and fixed.get("day") == "last":
        # The month's last day has one reading: the text that moves it has to say so.
        return Defer.NONE
    value = fixed.get("defer")
    if value in tuple(Defer):
        return Defer(str(value))
    known = " or ".join(Defer)
    faults.append(
        f"{where}.defer: {value!r} is not {known}"
        if "defer" in fixed
        else f"{where}.defer: missing; say {known}"
    )
    return Defer.NONE


def _read_day(value: object, where: str, faults: list[str]) -> int | None:
    if value == "last":
        return None
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= DAYS_OF_EVERY_MONTH:
        return value
    faults.append(f"{where}.day: {value!r} is not a day that every month has; say 1 to 28, or last")
    return None


def _read_dates(value: object, where: str, faults: list[str]) -> tuple[tuple[int, int], ...]:
    if not isinstance(value, list) or not value:
        faults.append(f"{where}.dates: not a list of dates such as 01-05")
        return ()
    dates: list[tuple[int, int]] = []
    for item in value:
        found = re.fullmatch(r"([0-9]{2})-([0-9]{2})", item) if isinstance(item, str) else None
        pair = (int(found[1]), int(found[2])) if found else None
        if pair is None or not _in_every_year(*pair):
            faults.append(f"{where}.dates: {item!r} is not a date of every year such as 01-05")
        elif pair in dates:
            faults.append(f"{where}.dates: {item} is given twice")
        else:
            dates.append(pair)
    return tuple(sorted(dates))


def _in_every_year(month: int, day: int) -> bool:
    try:
        date(_COMMON_YEAR, month, day)
    except ValueError:
        return False
    return True
