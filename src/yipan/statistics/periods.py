"""Periods as the journal writes them: 2026, 2026-H1, 2026-Q3, 2026-10, from their first day to before their last."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import ClassVar, Final

from yipan.errors import YipanError
from yipan.law.deadline import SHANGHAI

_WRITTEN: Final = re.compile(r"(\d{4})(?:-?(?:Q([1-4])|H([12]))|-(0[1-9]|1[0-2]))?")
_MONTHS: Final = {"quarter": 3, "half-year": 6, "year": 12, "month": 1}


class NoPeriodError(YipanError):
    """What was written is no period."""

    code: ClassVar[str] = "no-period"
    exit_code: ClassVar[int] = 2
    sentence: ClassVar[dict[str, str]] = {
        "zh": "“{period}”不是期间。",
        "en": "{period!r} is no period.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "请写成 2026Q3、2026-10、2026-H1 或者 2026。",
        "en": "Write 2026Q3, 2026-10, 2026-H1 or 2026.",
    }


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """A stretch of whole days: from `first_on` to before `after_on`; `name` where it is a period of the calendar."""

    first_on: date
    after_on: date
    name: str = ""
    unit: str = ""

    @property
    def first_at(self) -> datetime:
        """The midnight with which it begins."""
        return datetime.combine(self.first_on, time.min, SHANGHAI)

    @property
    def after_at(self) -> datetime:
        """The midnight that ends it."""
        return datetime.combine(self.after_on, time.min, SHANGHAI)


def parse_period(text: str) -> Span:
    """Return the period that a text means.

    Raises:
        NoPeriodError: it means none.
    """
    found = _WRITTEN.fullmatch(text.strip())
    if not found:
        raise NoPeriodError(period=text)
    year, quarter, half, month = (int(each) if each else 0 for each in found.groups())
    if quarter:
        return _of("quarter", date(year, quarter * 3 - 2, 1))
    if half:
        return _of("half-year", date(year, half * 6 - 5, 1))
    return _of("month", date(year, month, 1)) if month else _of("year", date(year, 1, 1))


def period_of(unit: str, day: date) -> Span:
    """Return the period of a unit in which a day lies."""
    step = _MONTHS[unit]
    return _of(unit, date(day.year, (day.month - 1) // step * step + 1, 1))


def before(span: Span) -> Span:
    """Return the period of the same unit before one."""
    first = _shifted(span.first_on, -_MONTHS[span.unit])
    return _of(span.unit, first)


def _of(unit: str, first: date) -> Span:
    names = {
        "month": f"{first:%Y-%m}",
        "quarter": f"{first.year}-Q{(first.month + 2) // 3}",
        "half-year": f"{first.year}-H{1 if first.month == 1 else 2}",
        "year": str(first.year),
    }
    return Span(first_on=first, after_on=_shifted(first, _MONTHS[unit]), name=names[unit], unit=unit)


def _shifted(first: date, months: int) -> date:
    whole = first.year * 12 + first.month - 1 + months
    return date(whole // 12, whole % 12 + 1, 1)
