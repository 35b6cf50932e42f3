"""How an assessment adds up, read from `scorings/*.yaml` and checked: pure, so that `packs check` reads it without a database."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

from yipan.errors import YipanError
from yipan.law.pack import covers, read_documents
from yipan.law.reading import Faults, Reader
from yipan.law.rule import Cite, read_cite

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from yipan.law.definition import Definition

_KEYS: Final = ("scoring", "title", "text", "editions", "cite")
_EDITION_KEYS: Final = ("years", "in", "bonus", "target", "fewest", "veto", "weights")
_BONUS_KEYS: Final = ("figure", "each", "most")


class NoScoringError(YipanError):
    """No edition says how to score in that year and place."""

    code: ClassVar[str] = "no-scoring"
    exit_code: ClassVar[int] = 2
    sentence: ClassVar[dict[str, str]] = {
        "zh": "{year} 年对 {office} 没有计分办法。",
        "en": "No scoring is set for {office} in {year}.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "请在规则包的 scorings 目录中写明。",
        "en": "Write one in the folder scorings of a rule pack.",
    }


@dataclass(frozen=True, kw_only=True, slots=True)
class Edition:
    """One edition: for which years (none: every year) and places, and its numbers."""

    years: tuple[str, ...]
    places: tuple[str, ...]
    bonus_figure: str
    bonus_each: int
    bonus_most: int
    #: In per cent, where no target of an indicator holds.
    target: int
    #: Of fewer cases nobody is ranked.
    fewest: int
    veto: str
    weights: Mapping[str, int]

    def weight_of(self, definition: Definition) -> int:
        """Return the weight of an indicator in this edition."""
        own = definition.figure.weight if definition.figure else 0
        return self.weights.get(definition.id, own)


@dataclass(frozen=True, kw_only=True, slots=True)
class Scoring:
    """How an assessment adds up, with the source of it."""

    id: str
    title: Mapping[str, str]
    text: Mapping[str, str]
    editions: tuple[Edition, ...]
    cite: Cite
    #: Where it is written, below the folder of rule packs.
    file: str

    def edition(self, year: int, office: str) -> Edition:
        """Return the edition of a year and a place: the first that covers both.

        Raises:
            NoScoringError: none does.
        """
        for each in self.editions:
            if (not each.years or str(year) in each.years) and covers(each.places, office):
                return each
        raise NoScoringError(year=year, office=office)


def read_scorings(root: Path, faults: Faults) -> dict[str, Scoring]:
    """Read every scoring below `root`; faults go to the collector."""
    found: dict[str, Scoring] = {}
    for path in sorted(root.glob("*/*/scorings/*.yaml")):
        file = path.relative_to(root).as_posix()
        for raw in read_documents(path.read_text(encoding="utf-8"), file, faults):
            reader = Reader(file=file, at=str(raw.get("scoring", "")), raw=raw, faults=faults)
            reader.only(*_KEYS)
            reader.needs("scoring", "title", "editions", "cite")
            one = Scoring(
                id=reader.text("scoring"),
                title=reader.both("title"),
                text=reader.both("text", required=False),
                editions=tuple(_edition(each) for each in reader.within_list("editions")),
                cite=read_cite(reader.inner("cite")),
                file=file,
            )
            if one.id in found:
                reader.fault("scoring", "another one has this id")
            found[one.id] = one
    return found


def _edition(reader: Reader) -> Edition:
    reader.only(*_EDITION_KEYS)
    reader.needs("in", "target", "fewest", "veto")
    bonus, weights = reader.inner("bonus"), reader.inner("weights")
    bonus.only(*_BONUS_KEYS)
    return Edition(
        years=reader.texts("years"),
        places=reader.texts("in"),
        bonus_figure=bonus.text("figure"),
        bonus_each=_number(bonus, "each"),
        bonus_most=_number(bonus, "most"),
        target=_number(reader, "target"),
        fewest=_number(reader, "fewest"),
        veto=reader.text("veto"),
        weights={str(name): _number(weights, str(name)) for name in weights.raw},
    )


def _number(reader: Reader, key: str) -> int:
    value = reader.raw.get(key, 0)
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    reader.fault(key, f"must be a whole number from 0 on, not {value!r}")
    return 0


def check_scorings(
    scorings: Mapping[str, Scoring], definitions: Sequence[Definition], faults: Faults
) -> None:
    """Note whatever a scoring names that is not there: indicators, years, places."""
    indicators = {one.id: one for one in definitions if one.sort == "indicator"}
    for one in scorings.values():
        for number, each in enumerate(one.editions, start=1):
            place = f"{one.file}: {one.id}"
            for key, name in (
                ("bonus.figure", each.bonus_figure),
                ("veto", each.veto),
                *(("weights", name) for name in each.weights),
            ):
                if name and name not in indicators:
                    faults.say(place, f"editions[{number}].{key}", f"there is no indicator {name!r}")
            veto = indicators.get(each.veto)
            if veto and veto.figure and veto.figure.measure != "veto":
                faults.say(place, f"editions[{number}].veto", f"{each.veto!r} is measured otherwise")
            for year in each.years:
                if not (year.isdecimal() and len(year) == len("2026")):
                    faults.say(place, f"editions[{number}].years", f"{year!r} is no year")
            for code in each.places:
                if not code.isdecimal():
                    faults.say(place, f"editions[{number}].in", f"{code!r} is no division")
