"""Every name under which a division is or was known, made ready once to be found in a text."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Final, Literal

from yipan.offices.divisions import NATION, Division, Level, carried, full_name
from yipan.offices.placehistory import Former, read_history, short_code
from yipan.offices.placenames import fold, other_spellings, read_foldings, stem_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_PROVINCE, _CITY, _SHORTEST = 2, 4, 2
#: Provinces that were part of another, and what the division was then: papers of that time name both.
_ONCE_IN: Final = {"50": ("51", "5102"), "46": ("44",)}
#: Short names that no rule gives.
_SHORT: Final = {"15": ("内蒙",)}

_BRACKETS: Final = "("

Writing = Literal["full", "stem"]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Named:
    """A division under a name it has, or (`former`) once had.

    `stands_for` are the divisions of today. `codes` are the fronts of the codes of what lies in it,
    `homes` the codes under which it lay or lies itself. `rank` is how its full name goes on behind the
    shortened one.
    """

    level: Level
    rank: str
    stands_for: tuple[Division, ...]
    former: Former | None
    codes: tuple[str, ...]
    homes: tuple[str, ...]
    #: The first two digits of all of these.
    provinces: frozenset[str]

    def holds(self, other: Named) -> bool:
        """Say whether the other lies or once lay in this one, or is the same."""
        codes = self.codes
        for home in other.homes:  # noqa: SIM110  # asked a hundred times an address; any() costs thrice
            if home.startswith(codes):
                return True
        return False

    def is_above(self, other: Named) -> bool:
        """Say whether the other lies in this one and is another."""
        return self is not other and self.holds(other)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Gazetteer:
    """The names of a table of divisions and of a history: made once, never changed after."""

    divisions: Mapping[str, Division]
    formers: Mapping[str, Sequence[Former]]
    #: By name, and by province and name, what bears it and how: in full, or shortened.
    names: Mapping[str, Sequence[tuple[Named, Writing]]]
    #: By the first two characters of a name, how long such names are, the longest first.
    lengths: Mapping[str, Sequence[int]]
    #: Today's divisions as named, by code, and the former ones by the row that tells of them.
    named: Mapping[str, Named]
    once: Mapping[Former, Named]
    foldings: dict[int, str]

    def full_name(self, code: str) -> str:
        """Return the name of a division with those it lies in, the nation left out."""
        return full_name(code, self.divisions)


@dataclass(kw_only=True, slots=True)
class _Making:
    foldings: dict[int, str]
    names: dict[str, list[tuple[Named, Writing]]] = field(default_factory=dict)
    lengths: dict[str, set[int]] = field(default_factory=dict)

    def enter(self, name: str, named: Named, writing: Writing) -> None:
        # A text is read from behind its separators: a name that begins with a bracket is entered without.
        folded = fold(name, self.foldings).lstrip(_BRACKETS)
        for spelling in (folded, *other_spellings(folded)):
            for province in named.provinces:
                self.names.setdefault(province + spelling, []).append((named, writing))
            self.names.setdefault(spelling, []).append((named, writing))
            self.lengths.setdefault(spelling[:_SHORTEST], set()).add(len(spelling))


@lru_cache(maxsize=1)
def read_gazetteer() -> Gazetteer:
    """Return the gazetteer of the tables that come with Yipan."""
    return make_gazetteer(carried().values(), read_history())


def make_gazetteer(divisions: Iterable[Division], history: Sequence[Former]) -> Gazetteer:
    """Return the gazetteer of some divisions and their history."""
    known = {each.code: each for each in divisions}
    making = _Making(foldings=read_foldings())
    formers: dict[str, list[Former]] = {}
    earlier: dict[str, list[str]] = {}
    for former in history:
        formers.setdefault(former.code, []).append(former)
        for successor in former.successors:
            earlier.setdefault(successor, []).append(short_code(former.code))
    named = {code: _current(each, earlier.get(code, ())) for code, each in known.items() if code != NATION}
    once = {former: _once(former, known) for former in history}
    for each in named.values():
        _enter_current(making, each)
    for former, entry in once.items():
        # Where only the code changed, the name already leads there.
        if [each.name for each in entry.stands_for] != [former.name]:
            making.enter(former.name, entry, "full")
    return Gazetteer(
        divisions=known,
        formers=formers,
        names=making.names,
        lengths={head: sorted(each, reverse=True) for head, each in making.lengths.items()},
        named=named,
        once=once,
        foldings=making.foldings,
    )


def _current(division: Division, earlier: Iterable[str]) -> Named:
    short = stem_of(division.name, division.level) or ""
    homes = tuple(dict.fromkeys((division.code, *earlier, *_ONCE_IN.get(division.code, ()))))
    return Named(
        level=division.level,
        rank=division.name[len(short) :],
        stands_for=(division,),
        former=None,
        codes=(division.code,),
        homes=homes,
        provinces=frozenset(home[:_PROVINCE] for home in homes),
    )


def _once(former: Former, known: Mapping[str, Division]) -> Named:
    own = short_code(former.code)
    codes = tuple(dict.fromkeys((own, *former.successors)))
    return Named(
        level=Level.CITY if len(own) == _CITY else Level.COUNTY,
        rank="",
        stands_for=tuple(known[code] for code in former.successors if code in known),
        former=former,
        codes=codes,
        homes=codes,
        provinces=frozenset(code[:_PROVINCE] for code in codes),
    )


def _enter_current(making: _Making, named: Named) -> None:
    division = named.stands_for[0]
    making.enter(division.name, named, "full")
    short = stem_of(division.name, division.level)
    for each in (short, *_SHORT.get(division.code, ())):
        if each and each != division.name:
            making.enter(each, named, "stem")
