"""How an assessment adds up, as data: which edition holds for a year and a place, and the target of each indicator there."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING

from yipan.database import rule_packs
from yipan.duties.lawbook import lawbook
from yipan.duties.library import library
from yipan.errors import FaultsFoundError
from yipan.law.reading import Faults
from yipan.statistics.scorings import Edition, NoScoringError, Scoring, read_scorings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date
    from pathlib import Path

    from yipan.law.definition import Definition
    from yipan.law.figure import Target

__all__ = ["Edition", "NoScoringError", "Scoring", "read_scorings", "scoring", "target_of"]


def scoring(name: str = "two-way") -> Scoring:
    """Return a scoring of the packs on disk.

    Raises:
        FaultsFoundError: something is wrong with one.
    """
    return _all(rule_packs())[name]


@lru_cache(maxsize=2)
def _all(root: Path) -> Mapping[str, Scoring]:
    faults = Faults()
    found = read_scorings(root, faults)
    if faults.lines:
        raise FaultsFoundError(faults.lines)
    return found


def target_of(definition: Definition, office: str, day: date, default: int) -> tuple[Fraction, Target | None]:
    """Return what an indicator should come to at an office in the year of a day, and the text that asks for it.

    Targets hold where their pack does: for the years they name, else while the pack is in force. The highest binds.
    """
    figure = definition.figure
    held = [each for each in figure.targets if _applies(each, office, day)] if figure else []
    numbers = [(each.at_least, each) for each in held if each.at_least is not None]
    if numbers:
        number, best = max(numbers, key=lambda each: each[0])
        return Fraction(number), best
    return Fraction(default), None


def _applies(target: Target, office: str, day: date) -> bool:
    if target.years:
        named = str(day.year) in target.years
        return named and any(
            pack.covers(office) for pack in library(rule_packs()).packs if pack.name == target.pack
        )
    book = lawbook()
    return any(
        each.pack.name == target.pack and each.pack.covers(office) and book.in_force(each.pack, day)
        for each in book.adoptions()
    )
