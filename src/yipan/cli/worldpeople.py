"""Chinese people who do not exist, in any number: the same seed gives the same people.

Names are drawn by rounded shares of surnames and a list of given-name characters by sex and generation (`data/names.yaml`);
county codes are real; identity numbers are valid; phones are of real ranges. A number that some real person bears is borne by
chance.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import yaml

from yipan.offices.divisions import Level, carried
from yipan.registry.matching import Record, check_digit
from yipan.registry.names import reading

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

DATA: Final = Path(__file__).parent / "data"
#: Shares: of men, of names of several parts, of given names of one character, of twins and couples in a register.
MALE, MINORITY, ONE_CHARACTER, TWINS, COUPLES = 0.5, 0.02, 0.18, 0.01, 0.10
#: From 1945 on, for sixty years.
BORN_FROM, BORN_DAYS = date(1945, 1, 1), 365 * 60
#: Born from this year on, a person has a name of the younger generation.
GENERATION: Final = 1980


@dataclass(frozen=True, kw_only=True, slots=True)
class Names:
    """What names are made of, as the data file says."""

    surnames: tuple[str, ...]
    #: For each surname the share of it and all before it.
    upto: tuple[float, ...]
    #: Characters by sex and the year from which a generation was born.
    given: Mapping[tuple[str, int], str]
    parts: tuple[str, ...]
    mobile: tuple[int, ...]


@lru_cache(maxsize=1)
def names() -> Names:
    """Return the lists of `data/names.yaml`."""
    data: dict[str, Any] = yaml.safe_load((DATA / "names.yaml").read_text(encoding="utf-8"))
    common = [(entry[:1], int(entry[1:])) for entry in data["surnames"].split()]
    shares, rare = [share for _, share in common], data["rare"].split()
    rest = (1000 - sum(shares)) / len(rare)
    return Names(
        surnames=(*(surname for surname, _ in common), *rare),
        upto=tuple((np.cumsum([*shares, *[rest] * len(rare)]) / 1000).tolist()),
        given={(sex, year): text for sex, by_year in data["given"].items() for year, text in by_year.items()},
        parts=tuple(data["parts"].split()),
        mobile=tuple(data["mobile"]),
    )


class Maker:
    """Makes people and families from one seed."""

    def __init__(self, seed: int = 2026) -> None:
        """Read the lists and the county codes."""
        self._dice = np.random.default_rng(seed)
        self._names = names()
        self._counties = [
            one.code for one in carried().values() if one.level is Level.COUNTY and not one.statistical
        ]
        self._zipf = {key: np.cumsum(_zipf(len(given))).tolist() for key, given in self._names.given.items()}
        self._homophones = _homophones()
        self._taken: set[str] = set()
        self._pool: list[float] = []

    def people(self, count: int) -> list[Record]:
        """Return people as a register would hold them: some are twins, some share a phone with a spouse."""
        made: list[Record] = []
        while len(made) < count:
            person = self.person()
            made.append(person)
            fate = self.chance()
            if fate < TWINS:
                made.append(self.twin(person))
            elif fate < TWINS + COUPLES:
                made.append(replace(self.person(), phone=person.phone))
        return made[:count]

    def person(self, *, county: str = "", born: date | None = None, sex: str = "") -> Record:
        """Return a person with everything on paper; county of the number, birth date and sex by chance where not said."""
        sex = sex or ("1" if self.chance() < MALE else "2")
        born = born or BORN_FROM + timedelta(days=self.below(BORN_DAYS))
        name = self._minority() if self.chance() < MINORITY else self._surname() + self._given(sex, born)
        county = county or self._counties[self.below(len(self._counties))]
        return Record(
            name=name,
            identity_number=self._number(county, born, sex),
            birth_on=born,
            sex=sex,
            phone=self.other_phone(""),
        )

    def twin(self, person: Record) -> Record:
        """Return a twin: same surname, day, county and parents' phone; a name of its own, a number of its own."""
        born, sex, number = person.birth_on, person.sex, person.identity_number
        if born is None or sex is None or number is None:
            message = "a twin is made of a whole person"
            raise ValueError(message)
        return replace(
            person,
            name=person.name[:-1] + self._given(sex, born)[-1],
            identity_number=self._number(number[:6], born, sex),
        )

    def retyped(self, person: Record) -> Record:
        """Return a person as a tired clerk typed her a second time: a digit wrong, perhaps a character of the same sound."""
        number = person.identity_number or ""
        while number[:17] in self._taken:
            number = self.one_digit(person.identity_number or "")
        self._taken.add(number[:17])
        name = self.homophone(person.name) if "·" not in person.name else person.name
        return replace(person, name=name, identity_number=number)

    def homophone(self, name: str) -> str:
        """Write a given name with another character of the same sound."""
        return name[0] + self.swap(name[1:], lambda one: self._homophones.get(one, [one]))

    def one_digit(self, number: str) -> str:
        """Write one digit wrong."""
        place = self.below(len(number) - 1)
        return number[:place] + str((int(number[place]) + 1 + self.below(9)) % 10) + number[place + 1 :]

    def renewed(self, number: str) -> str:
        """Give a new number: a serial of its own, the rest as before."""
        born = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
        return self._number(number[:6], born, "1" if int(number[16]) % 2 else "2")

    def other_phone(self, _: str) -> str:
        """Give another phone."""
        mobile = self._names.mobile
        return f"{mobile[self.below(len(mobile))]}{self.below(10**8):08}"

    # ----------------------------------------------------------------------------- dice

    def chance(self) -> float:
        """Return a number from 0 up to, not including, 1."""
        if not self._pool:
            self._pool = self._dice.random(1 << 16).tolist()
        return self._pool.pop()

    def below(self, end: int) -> int:
        """Return a whole number from 0 up to, not including, `end`."""
        return int(self.chance() * end)

    def order(self, count: int) -> list[int]:
        """Return the numbers below `count` in an order of chance."""
        found: list[int] = self._dice.permutation(count).tolist()
        return found

    def swap(self, text: str, others: Callable[[str], Sequence[str]]) -> str:
        """Put one of its others in the place of one character that has any."""
        can = [place for place, one in enumerate(text) if others(one)[0] != one or len(others(one)) > 1]
        if not can:
            return text
        place = can[self.below(len(can))]
        choice = others(text[place])
        return text[:place] + choice[self.below(len(choice))] + text[place + 1 :]

    def _surname(self) -> str:
        return self._names.surnames[bisect_left(self._names.upto, self.chance())]

    def _given(self, sex: str, born: date) -> str:
        key = (sex, GENERATION if born.year >= GENERATION else 1940)
        length = 1 if self.chance() < ONE_CHARACTER else 2
        picked = (bisect_left(self._zipf[key], self.chance()) for _ in range(length))
        return "".join(self._names.given[key][place] for place in picked)

    def _minority(self) -> str:
        return f"{self._part()}{self._part()}·{self._part()}{self._part()}"

    def _part(self) -> str:
        return self._names.parts[self.below(len(self._names.parts))]

    def _number(self, county: str, born: date, sex: str) -> str:
        while True:
            serial = self.below(499) * 2 + (1 if sex == "1" else 2)
            body = f"{county}{born:%Y%m%d}{serial:03}"
            if body not in self._taken:
                self._taken.add(body)
                return body + check_digit(body)


def _zipf(count: int) -> list[float]:
    weights = [1 / (rank + 8) for rank in range(count)]
    return [weight / sum(weights) for weight in weights]


def _homophones() -> dict[str, list[str]]:
    """Return the other characters of given names that sound the same."""
    by_sound: dict[str, list[str]] = {}
    for character in sorted(set("".join(names().given.values()))):
        by_sound.setdefault(reading(character), []).append(character)
    return {
        one: [other for other in alike if other != one] or [one]
        for alike in by_sound.values()
        for one in alike
    }
