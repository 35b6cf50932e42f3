"""The term of the read log: looks end when it is over, office by office; their seals stay, and say that nothing else went.

How long looks are kept is data, with its reason: `data/readlog.yaml`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Final

import yaml
from django.db import connection, transaction

from yipan.law.counting import Period, parse_within
from yipan.law.deadline import SHANGHAI, last_day
from yipan.offices.permit import set_acting

if TYPE_CHECKING:
    from collections.abc import Mapping

_TABLE: Final = files("yipan.registry") / "data" / "readlog.yaml"
_CLOCK: Final = "the-seal"


@dataclass(frozen=True, kw_only=True, slots=True)
class LookTerm:
    """How long a look is kept, and why."""

    within: Period
    because: Mapping[str, str]


@lru_cache(maxsize=1)
def term_of_looks() -> LookTerm:
    """Return how long looks are kept."""
    said = yaml.safe_load(_TABLE.read_text(encoding="utf-8"))
    within = parse_within(said["for"])
    if not isinstance(within, Period):
        raise TypeError(said["for"])
    return LookTerm(within=within, because=said["because"])


def over_before(today: date) -> datetime:
    """Return the moment before which a look must lie for its term to be over on a day."""
    within = term_of_looks().within
    day = today - (last_day(within, today) - today)
    # A year or month of before may have been longer or shorter than the next one.
    while last_day(within, day) >= today:
        day -= timedelta(days=1)
    while last_day(within, day + timedelta(days=1)) < today:
        day += timedelta(days=1)
    return datetime.combine(day + timedelta(days=1), time(), SHANGHAI)


def end_looks(now: datetime) -> int:
    """End the sealed looks whose term is over, and return how many. May be stopped and run again."""
    before = over_before(now.astimezone(SHANGHAI).date())
    with connection.cursor() as cursor:
        cursor.execute("SELECT organisation FROM yipan_read_heads()")
        offices = [row[0] for row in cursor.fetchall()]
    return sum(_end_of(each, before, now) for each in offices)


def _end_of(office: str, before: datetime, now: datetime) -> int:
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        set_acting(office, _CLOCK, ())
        cursor.execute("SELECT yipan_end_looks(%s, %s)", [before, now])
        return int(cursor.fetchone()[0])
