"""Administrative divisions read from a table of codes and names: nation to township, no Django."""

from __future__ import annotations

import csv
import gzip
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar, Final

from yipan.errors import FaultsFoundError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

#: The table that comes with Yipan; `data/README.md` says where it is from and what it leaves out.
CARRIED: Final = Path(__file__).parent / "data" / "divisions-2023.csv.gz"
NATION: Final = "00"
#: Names that fill a level where there is no city: what they hold belongs to the province itself.
FILLERS: Final = frozenset({"市辖区", "县", "省直辖县级行政区划", "自治区直辖县级行政区划"})

_PROVINCE, _CITY, _COUNTY, _TOWNSHIP, _VILLAGE = 2, 4, 6, 9, 12
#: The code above is the front of the code below, this long.
_ABOVE: Final = {_CITY: _PROVINCE, _COUNTY: _CITY, _TOWNSHIP: _COUNTY, _VILLAGE: _TOWNSHIP}
#: County codes that end so name development zones: kept by the statistics, not by GB/T 2260.
_STATISTICAL: Final = frozenset(str(ending) for ending in range(71, 80))


class DivisionFaultsError(FaultsFoundError, ValueError):
    """A table of divisions that cannot be used: every fault of it at once."""

    code: ClassVar[str] = "division-faults"
    sentence: ClassVar[dict[str, str]] = {
        "zh": "行政区划表有 {count} 处错误：{listing}。",
        "en": "{count} faults in the table of divisions: {listing}.",
    }


class Level(StrEnum):
    """How high a division stands, from the nation down."""

    NATION = "nation"
    PROVINCE = "province"
    CITY = "city"
    COUNTY = "county"
    TOWNSHIP = "township"


_LEVELS: Final = {
    _PROVINCE: Level.PROVINCE,
    _CITY: Level.CITY,
    _COUNTY: Level.COUNTY,
    _TOWNSHIP: Level.TOWNSHIP,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Division:
    """A division. `parent` is the code of the one above, past levels that do not exist there."""

    code: str
    name: str
    level: Level
    #: None for the nation alone.
    parent: str | None
    #: A zone that only the statistics code as a county: its townships are real, its seal may not be.
    statistical: bool


def read_divisions(path: Path = CARRIED) -> list[Division]:
    """Return every division of a `code,name` table (.csv, or .csv.gz), each after its parent.

    Rows that only fill a level are left out: the counties of Chongqing belong to Chongqing, the
    towns of Dongguan to Dongguan. Raises DivisionFaultsError with all faults at once.
    """
    names = read_names(path)
    skipped = skipped_codes(names)
    divisions = [
        _division(code, name, skipped) for code, name in sorted(names.items()) if code not in skipped
    ]
    orphans = [one.code for one in divisions if one.parent is not None and one.parent not in names]
    if orphans:
        raise DivisionFaultsError([f"{path.name}: {code}: what it lies in is missing" for code in orphans])
    return divisions


@lru_cache(maxsize=1)
def carried() -> Mapping[str, Division]:
    """Return the divisions of the table that comes with Yipan, by code; read once."""
    return MappingProxyType({each.code: each for each in read_divisions()})


def full_name(code: str, known: Mapping[str, Division]) -> str:
    """Return the name of a division with those it lies in, the nation left out."""
    parts: list[str] = []
    at: str | None = code
    while at is not None and at != NATION:
        parts.append(known[at].name)
        at = known[at].parent
    return "".join(reversed(parts))


@lru_cache(maxsize=1 << 14)
def place_name(code: str) -> str:
    """Return the full name of a division; a code that is none of today is returned as it is."""
    return full_name(code, carried()) if code in carried() else code


def line_of(organisation: str, known: Collection[str]) -> dict[str, str]:
    """Return the offices above an organisation by level, itself included, by its digits alone.

    `known` are the codes of the divisions there are: a level that is not among them does not exist there. With the
    line come the `health` and the `government` counterpart in the same division.
    """
    code, _, kind = organisation.partition(":")
    suffix = f":{kind}" if kind else ""
    line = {"health": code, "government": f"{code}:government", "nation": f"{NATION}{suffix}"}
    if code != NATION:
        for length, level in _LEVELS.items():
            above = code[:length]
            if len(above) == length and (above == code or above in known):
                line[level.value] = f"{above}{suffix}"
        if len(code) == _VILLAGE:
            line["village"] = organisation
    return line


def skipped_codes(names: Mapping[str, str]) -> frozenset[str]:
    """Return the codes of a table (code to name) that fill a level and are no division.

    These are cities named as fillers, and the one county of a city when it bears the city's name.
    """
    cities = {code for code, name in names.items() if len(code) == _CITY and name in FILLERS}
    held = Counter(code[:_CITY] for code in names if len(code) == _COUNTY)
    counties = {
        code
        for code, name in names.items()
        if len(code) == _COUNTY and held[code[:_CITY]] == 1 and names.get(code[:_CITY]) == name
    }
    return frozenset(cities | counties)


def parent_of(code: str, skipped: Collection[str]) -> str | None:
    """Return the code of the division that `code` lies in, past skipped levels; None for the nation.

    Takes codes of 2, 4, 6, 9 and, for a village, 12 digits; raises DivisionFaultsError on others.
    """
    _refuse_odd(code)
    if code == NATION:
        return None
    above = code
    while len(above) > _PROVINCE:
        above = above[: _ABOVE[len(above)]]
        if above not in skipped:
            return above
    return NATION


def _refuse_odd(code: str) -> None:
    if not (code.isascii() and code.isdigit() and len(code) in {*_LEVELS, _VILLAGE}):
        raise DivisionFaultsError([f"{code}: not a code of 2, 4, 6, 9 or 12 digits"])


def read_names(path: Path = CARRIED) -> dict[str, str]:
    """Return the names of a table by code as they stand in it, what only fills a level included.

    Raises DivisionFaultsError with all faults at once.
    """
    names: dict[str, str] = {}
    faults: list[str] = []
    text = (gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()).decode()
    rows = csv.reader(text.splitlines())
    if next(rows, None) != ["code", "name"]:
        raise DivisionFaultsError([f"{path.name}: line 1: the columns are not code,name"])
    for number, row in enumerate(rows, start=2):
        fault = _row_fault(row, names)
        if fault:
            faults.append(f"{path.name}: line {number}: {fault}")
        else:
            names[row[0]] = row[1]
    if NATION not in names and not faults:
        faults.append(f"{path.name}: {NATION}: the nation is missing")
    if faults:
        raise DivisionFaultsError(faults)
    return names


def _row_fault(row: list[str], names: Mapping[str, str]) -> str:
    if len(row) != len(("code", "name")):
        return "not a code and a name"
    code, name = row
    if not (code.isascii() and code.isdigit() and len(code) in _LEVELS):
        return f"{code!r} is not a code of 2, 4, 6 or 9 digits"
    if not name or name != name.strip():
        return f"{name!r} is not a name"
    return f"{code} is given twice" if code in names else ""


def _division(code: str, name: str, skipped: Collection[str]) -> Division:
    return Division(
        code=code,
        name=name,
        level=Level.NATION if code == NATION else _LEVELS[len(code)],
        parent=parent_of(code, skipped),
        statistical=len(code) == _COUNTY and code[_CITY:] in _STATISTICAL,
    )
