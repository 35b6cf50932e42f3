"""The dated history of counties and cities: names and codes that are no more, and what stands in their place.

Where the rows are from, and how far they go, is said in `docs/reference/places.md`.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

from yipan.errors import FaultsFoundError

if TYPE_CHECKING:
    from datetime import date

#: The history that comes with Yipan.
CARRIED: Final = Path(__file__).parent / "data" / "history" / "counties.csv"
_COLUMNS: Final = ["code", "name", "first_year", "last_year", "successors", "basis"]
_DIGITS: Final = 6


class HistoryFaultsError(FaultsFoundError, ValueError):
    """A table of history that cannot be used: every fault of it at once."""

    code: ClassVar[str] = "history-faults"
    sentence: ClassVar[dict[str, str]] = {
        "zh": "区划沿革表有 {count} 处错误：{listing}。",
        "en": "{count} faults in the history of divisions: {listing}.",
    }


@dataclass(frozen=True, kw_only=True, slots=True)
class Former:
    """A name and a code that a county or city once had, with the first and last year they were published.

    `successors` are codes of today (4 or 6 digits), several where it was split, none where the table does not
    know. `basis` says why: `code` (the code went on), `name` (the name did), `city` (only the city of that
    name is certain), `merger` (a merger or split that is generally known).
    """

    code: str
    name: str
    first_year: int
    last_year: int
    successors: tuple[str, ...]
    basis: str

    def held_on(self, day: date) -> bool:
        """Say whether the name was in force in the year of a day."""
        return self.first_year <= day.year <= self.last_year


def short_code(code: str) -> str:
    """Return a code of six digits without the zeros that fill it: `450900` is `4509`, `450000` is `45`."""
    if len(code) != _DIGITS:
        return code
    return code.removesuffix("0000") if code.endswith("0000") else code.removesuffix("00")


def read_history(path: Path = CARRIED) -> list[Former]:
    """Return every row of a table of history, in its order.

    Raises:
        HistoryFaultsError: rows that are no rows, all at once.
    """
    rows = csv.reader(path.read_text("utf-8").splitlines())
    if next(rows, None) != _COLUMNS:
        raise HistoryFaultsError([f"{path.name}: line 1: the columns are not {','.join(_COLUMNS)}"])
    found: list[Former] = []
    faults: list[str] = []
    for number, row in enumerate(rows, start=2):
        if _is_sound(row):
            found.append(_former(row))
        else:
            faults.append(
                f"{path.name}: line {number}: {','.join(row)} is no code, name, years, successors, basis"
            )
    if faults:
        raise HistoryFaultsError(faults)
    return found


def _is_sound(row: list[str]) -> bool:
    if len(row) != len(_COLUMNS):
        return False
    code, name, first, last, successors, basis = row
    numbers = [code, first, last, *filter(None, successors.split(";"))]
    return (
        all(number.isascii() and number.isdigit() for number in numbers)
        and len(code) == _DIGITS
        and bool(name)
        and int(first) <= int(last)
        and bool(successors) == bool(basis)
    )


def _former(row: list[str]) -> Former:
    code, name, first, last, successors, basis = row
    return Former(
        code=code,
        name=name,
        first_year=int(first),
        last_year=int(last),
        successors=tuple(short_code(each) for each in successors.split(";") if each),
        basis=basis,
    )
