"""The term of rows that wait in rosters: what nobody agreed to, entered or mended in time ends by itself; the counts stay.

How long they wait is data, with its reason: `data/rosterrows.yaml`.
"""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Final

import yaml
from django.db import connection

from yipan.law.counting import Period, parse_within
from yipan.law.deadline import SHANGHAI, last_day
from yipan.offices.officer import Posting
from yipan.offices.permit import clock_permit
from yipan.registry.intake import DONE, DROPPED

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date, datetime
    from uuid import UUID

_TABLE: Final = files("yipan.registry") / "data" / "rosterrows.yaml"
_WAITING: Final = (
    "SELECT id, coalesce(finished_at, started_at) FROM registry_intake"
    " WHERE organisation = %s AND wrapped_key IS NOT NULL ORDER BY id"
)
#: Of which nothing was entered counts as given up; what was begun to be entered has ended with what was entered.
_END: Final = (
    "UPDATE registry_intake SET wrapped_key = NULL, finished_at = coalesce(finished_at, %s),"
    " state = CASE WHEN state = %s OR EXISTS (SELECT 1 FROM registry_intakepart p"
    " WHERE p.intake_id = registry_intake.id AND p.done) THEN %s ELSE %s END"
    " WHERE id = ANY(%s) AND wrapped_key IS NOT NULL"
)
_ROWS: Final = "UPDATE registry_intakepart SET entries = NULL, returned = NULL WHERE intake_id = ANY(%s)"


@lru_cache(maxsize=1)
def term_of_rows() -> Period:
    """Return how long rows of a roster wait."""
    within = parse_within(yaml.safe_load(_TABLE.read_text(encoding="utf-8"))["for"])
    if not isinstance(within, Period):
        raise TypeError(within)
    return within


def end_rosters(now: datetime, offices: Iterable[str]) -> int:
    """End the rows that waited too long in rosters of offices, and return of how many rosters. May be run again.

    A roster keeps its counts; one of which nothing was entered counts as given up.
    """
    own = set(offices) | set(Posting.objects.values_list("organisation_id", flat=True).distinct())
    return sum(_end_of(each, now) for each in sorted(own))


def _end_of(office: str, now: datetime) -> int:
    permit = clock_permit(office, now)
    with permit.in_force(), connection.cursor() as cursor:
        cursor.execute(_WAITING, [office])
        over = [intake for intake, since in cursor.fetchall() if _is_over(since, now)]
        if over:
            _forget(over, now)
    return len(over)


def rows_end_on(since: datetime) -> date:
    """Return the last day on which rows wait that have waited since a moment."""
    return last_day(term_of_rows(), since.astimezone(SHANGHAI).date())


def _is_over(since: datetime, now: datetime) -> bool:
    return now.astimezone(SHANGHAI).date() > rows_end_on(since)


def _forget(over: list[UUID], now: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_END, [now, DONE, DONE, DROPPED, over])
        cursor.execute(_ROWS, [over])
