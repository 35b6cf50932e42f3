"""Head-counts of people who are not enrolled: noted by township and month, shown with small cells suppressed. No names."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import yaml
from django.db import connection

from yipan.duties.draft import Draft
from yipan.duties.faults import DraftFaultsError, Fault
from yipan.duties.lawbook import lawbook
from yipan.law.deadline import SHANGHAI
from yipan.offices.divisions import Level, carried, place_name
from yipan.offices.office import organisation
from yipan.registry.names import DATA
from yipan.registry.register import record_drafts

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime
    from uuid import UUID

    from yipan.duties.record import Receipt
    from yipan.offices.permit import Permit

THRESHOLD_FILE: Final = DATA / "headcounts.yaml"
EFFECT: Final = "headcount-noted"
#: Months that a table shows, the latest last.
MONTHS: Final = 12
#: More people than this in one entry is a slip of the pen.
MOST: Final = 10_000_000
_MONTH: Final = re.compile(r"\d{4}-(0[1-9]|1[0-2])")
_WHOLE: Final = re.compile(r"[0-9]{1,8}")
#: Of fewer suppressed cells a sum would give one away.
_TOO_FEW: Final = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class Cell:
    """What may be shown of a count: the number, that it is small, that it is kept back, or that nothing was counted."""

    people: int | None = None
    small: bool = False
    kept_back: bool = False

    def data(self, under: int) -> int | str | None:
        """Return a number, `<5` for a small cell, `kept back` for a sum that would give one away, None for no count."""
        if self.small:
            return f"<{under}"
        return "kept back" if self.kept_back else self.people


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """The cells of one township, in the order of the months."""

    township: str
    name: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """Head-counts of an office by township and month, ready to be shown. Nothing in it is below the threshold."""

    months: tuple[str, ...]
    rows: tuple[Row, ...]
    #: Of all townships, where there are several.
    sums: tuple[Cell, ...]
    under: int

    def data(self) -> dict[str, Any]:
        """Return the table as plain data, the same on the command line and in the API."""
        townships = [
            {
                "township": row.township,
                "name": row.name,
                "people": [each.data(self.under) for each in row.cells],
            }
            for row in self.rows
        ]
        sums = [each.data(self.under) for each in self.sums]
        return {"under": self.under, "months": list(self.months), "townships": townships, "sums": sums}


@lru_cache(maxsize=1)
def threshold() -> int:
    """Return from which count on a number may be shown, as `data/headcounts.yaml` says."""
    return int(yaml.safe_load(THRESHOLD_FILE.read_text(encoding="utf-8"))["small_cells"]["under"])


def townships_of(office: str) -> list[tuple[str, str]]:
    """Return the townships of an office's own area, by code, with their full names: itself for a township's office."""
    own = organisation(office).division
    front = "" if own == "00" else own
    found = [
        code for code, each in carried().items() if each.level == Level.TOWNSHIP and code.startswith(front)
    ]
    return [(code, place_name(code)) for code in sorted(found)]


def note(  # each is a box of the form
    permit: Permit, *, month: str, township: str, people: str, now: datetime, entry: UUID | None = None
) -> Receipt:
    """Note how many people who are not enrolled were counted in a township in a month; entries of one month add up.

    Args:
        permit: who counts, for which office.
        month: as 2026-10, not a future one.
        township: the code of a township in the office's area.
        people: how many, as typed.
        now: the moment.
        entry: the id of the entry, so that a form sent twice is recorded once.

    Raises:
        NotPermittedError: the post does not include recording.
        DraftFaultsError: what is wrong, every fault at once.
    """
    permit.require("record", now)
    faults = list(_faults(permit.organisation, month, township, people, now))
    if faults:
        raise DraftFaultsError(faults)
    fields = {"period": month, "township": township, "people": int(people)}
    draft = Draft(kind=kind_at(now), id=entry, fields=fields)
    return record_drafts([draft], permit=permit, clock=lambda: now)


def kind_at(now: datetime) -> str:
    """Return the name of the kind by which a head-count is noted at a moment."""
    return lawbook().kind_that(EFFECT, now.astimezone(SHANGHAI).date())


def _faults(own: str, month: str, township: str, people: str, now: datetime) -> Iterable[Fault]:
    if not _MONTH.fullmatch(month):
        yield Fault(field="period", zh="请写成 2026-10 这样的月份。", en="Write the month as 2026-10.")
    elif month > now.astimezone(SHANGHAI).strftime("%Y-%m"):
        yield Fault(field="period", zh="月份不能晚于本月。", en="The month cannot lie in the future.")
    if township not in dict(townships_of(own)):
        zh, en = "请选择本辖区的乡镇（街道）。", "Choose a township in the area of this office."
        yield Fault(field="township", zh=zh, en=en)
    if not _WHOLE.fullmatch(people) or int(people) > MOST:
        yield Fault(field="people", zh="请填写人数（整数）。", en="Write how many people, a whole number.")


def table(permit: Permit, now: datetime) -> Table:
    """Return the head-counts of an office for its latest months, small cells suppressed.

    Raises:
        NotPermittedError: the post does not include reading duties.
    """
    permit.require("read-duties", now)
    with permit.in_force(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT township, month, sum(people)::int FROM registry_headcount WHERE organisation = %s"
            " GROUP BY township, month",
            [permit.organisation],
        )
        counts = {(row[0], row[1]): row[2] for row in cursor.fetchall()}
    months = sorted({month for _, month in counts})[-MONTHS:]
    townships = sorted({township for township, month in counts if month in months})
    rows = tuple(
        Row(township=each, name=place_name(each), cells=tuple(_cell(counts, each, month) for month in months))
        for each in townships
    )
    sums = tuple(
        sum_of([counts[each, month] for each in townships if (each, month) in counts]) for month in months
    )
    return Table(months=tuple(months), rows=rows, sums=sums if len(townships) > 1 else (), under=threshold())


def _cell(counts: Mapping[tuple[str, str], int], township: str, month: str) -> Cell:
    people = counts.get((township, month))
    if people is None:
        return Cell()
    return Cell(small=True) if people < threshold() else Cell(people=people)


def sum_of(counts: Sequence[int]) -> Cell:
    """Return what may be shown of a sum beside its parts.

    The shown parts can be taken from it: what is left must not say how many a suppressed part has. So of one
    suppressed part the sum is kept back, and of several when together they are as few or as many as they can be.
    """
    under = threshold()
    if not counts:
        return Cell()
    hidden = [each for each in counts if each < under]
    left, most = sum(hidden), len(hidden) * (under - 1)
    if hidden and (len(hidden) < _TOO_FEW or left < under or left == most):
        return Cell(kept_back=True)
    return Cell(people=sum(counts))
