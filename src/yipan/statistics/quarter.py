"""What came of the duties under each rule that opened in the last whole quarter: of one office, or of all together.

An office sees its own, which its worklist shows it anyway. For everybody it is of all offices together, and what is small
is not said: nobody shall guess from it whose case it was.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from threading import Lock
from typing import TYPE_CHECKING, Final

from django.db import connection

from yipan.database import home
from yipan.law.deadline import SHANGHAI
from yipan.offices.divisions import NATION
from yipan.offices.permit import Permit
from yipan.registry.headcounts import Cell, sum_of, threshold

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

#: What may have come of a duty, in the order shown.
ENDS: Final = ("in-time", "late", "released", "open", "overdue")
_MONTHS: Final = 3
_COUNT: Final = """
SELECT rule,
       CASE WHEN state = 'discharged' AND (due_at IS NULL OR closed_at < due_at) THEN 'in-time'
            WHEN state = 'discharged' THEN 'late'
            WHEN state = 'released' THEN 'released'
            WHEN due_at < %(now)s THEN 'overdue'
            ELSE 'open' END AS came,
       count(*)
  FROM duties_duty
 WHERE state <> 'void' AND opened_at >= %(first)s AND opened_at < %(after)s AND (%(own)s = '' OR owed_by = %(own)s)
 GROUP BY 1, 2
"""
#: Who counts for the public: it reads the duties of all offices, and nothing of any case.
_FOR_THE_PUBLIC: Final = "public-page"
_LOCK: Final = Lock()


@dataclass(frozen=True, kw_only=True, slots=True)
class Quarter:
    """A whole quarter, as `2026-Q3`, from its first day to before its last."""

    name: str
    first_on: date
    after_on: date


@dataclass(frozen=True, kw_only=True, slots=True)
class Came:
    """What came of the duties under one rule: a cell for each of `ENDS`, and one of all."""

    ends: Mapping[str, Cell]
    every: Cell


def last_quarter(today: date) -> Quarter:
    """Return the last quarter that is over on a day."""
    month = (today.month - 1) // _MONTHS * _MONTHS + 1
    after = date(today.year, month, 1)
    last = after - timedelta(days=1)
    first = date(last.year, (last.month - 1) // _MONTHS * _MONTHS + 1, 1)
    return Quarter(name=f"{first.year}-Q{(first.month + 2) // _MONTHS}", first_on=first, after_on=after)


def of_office(permit: Permit, rule: str, now: datetime) -> Came:
    """Return what came of an office's own duties under a rule, exactly.

    Raises:
        NotPermittedError: the post does not include reading duties.
    """
    permit.require("read-duties", now)
    counts = _counts(permit, now, permit.organisation).get(rule, {})
    ends = {each: Cell(people=counts.get(each, 0)) for each in ENDS}
    return Came(ends=ends, every=Cell(people=sum(counts.values())))


def of_everybody(rule: str, now: datetime) -> Came:
    """Return what came of the duties of all offices under a rule, counted once a day; what is small is not said."""
    today = now.astimezone(SHANGHAI).date()
    # Whoever asks first counts for all of the day: a page that anybody may ask for does no heavy work each time.
    with _LOCK:
        counts = _of_day(home(), today).get(rule, {})
    under = threshold()
    ends = {
        each: Cell(small=True) if 0 < counts.get(each, 0) < under else Cell(people=counts.get(each, 0))
        for each in ENDS
    }
    held = [count for count in counts.values() if count]
    return Came(ends=ends, every=sum_of(held) if held else Cell(people=0))


@lru_cache(maxsize=1)
def _of_day(_home: Path, today: date) -> Mapping[str, Mapping[str, int]]:
    begins = datetime.combine(today, time.min, SHANGHAI)
    permit = Permit(
        officer=_FOR_THE_PUBLIC,
        organisation=NATION,
        rights=frozenset({"read-duties", "read-subtree"}),
        purpose="counts for the public",
        until_at=begins + timedelta(days=1),
    )
    return _counts(permit, begins, "")


def _counts(permit: Permit, now: datetime, own: str) -> dict[str, dict[str, int]]:
    quarter = last_quarter(now.astimezone(SHANGHAI).date())
    first, after = (
        datetime.combine(each, time.min, SHANGHAI) for each in (quarter.first_on, quarter.after_on)
    )
    found: dict[str, dict[str, int]] = {}
    with permit.in_force(), connection.cursor() as cursor:
        cursor.execute(_COUNT, {"now": now, "first": first, "after": after, "own": own})
        for rule, came, count in cursor.fetchall():
            found.setdefault(rule, {})[came] = count
    return found
