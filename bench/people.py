"""People who do not exist, with the mistakes that clerks and papers make, and which of them are the same.

The people are those of the demo's world; here a register is looked up in with records that are labelled. The same seed
gives the same people and the same mistakes.
"""

from __future__ import annotations

import argparse
import csv
import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from yipan.cli import worldpeople
from yipan.registry.names import variants

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from yipan.registry.matching import Record

#: For characters that sound alike or look alike: what a clerk writes for what was said or read.
MISHEARD: Final = (
    "玲林",
    "英因",
    "静进",
    "明民",
    "兰南",
    "丽妮",
    "志自",
    "成岑",
    "生森",
    "春村",
    "平频",
    "红洪",
    "慧惠",
)
#: Of those looked up: who is in the register, who has a twin there; who is written there the very same.
THERE, TWIN_THERE, UNCHANGED = 0.8, 0.03, 0.3
#: Of birth dates and sexes: left out, day and month swapped, the year's last digit wrong.
NO_BIRTH, SWAPPED, OTHER_YEAR, NO_SEX = 0.10, 0.03, 0.03, 0.05


@dataclass(frozen=True, kw_only=True, slots=True)
class Labelled:
    """Records to look up, those to look among, and for each of the first its place in the second, or None."""

    records: list[Record]
    against: list[Record]
    truth: list[int | None]


class Maker(worldpeople.Maker):
    """Makes people as they are, and as other papers have them."""

    def __init__(self, seed: int = 2026) -> None:
        """Read what else characters are written as."""
        super().__init__(seed)
        self._written_as = _written_as()
        self._misheard = {a: b for one, other in MISHEARD for a, b in ((one, other), (other, one))}

    def labelled(self, count: int, among: int) -> Labelled:
        """Return records to look up: four of five are in the register, each as another paper has it."""
        against = self.people(among)
        places = self.order(among)
        records: list[Record] = []
        truth: list[int | None] = []
        for place in places[:count]:
            fate = self.chance()
            if fate < THERE:
                records.append(self.mistaken(against[place]))
                truth.append(place)
            elif fate < THERE + TWIN_THERE:
                records.append(self.mistaken(self.twin(against[place])))
                truth.append(None)
            else:
                records.append(self.mistaken(self.person()))
                truth.append(None)
        return Labelled(records=records, against=against, truth=truth)

    def mistaken(self, person: Record) -> Record:
        """Return a person as another paper has it: nothing wrong, or one thing, or several."""
        if self.chance() < UNCHANGED:
            return person
        return replace(
            person,
            name=self._one_of(person.name, _NAME_MISTAKES),
            identity_number=self._one_of(person.identity_number or "", _NUMBER_MISTAKES) or None,
            birth_on=self._other_birth(person.birth_on),
            sex=None if self.chance() < NO_SEX else person.sex,
            phone=self._one_of(person.phone or "", _PHONE_MISTAKES) or None,
        )

    # ------------------------------------------------------------------------- mistakes

    def variant(self, name: str) -> str:
        """Write a name with a traditional or variant character."""
        return self.swap(name, lambda one: self._written_as.get(one, [one]))

    def misheard(self, name: str) -> str:
        """Write a given name with a character of nearly the same sound."""
        return name[0] + self.swap(name[1:], lambda one: [self._misheard.get(one, one)])

    def other_character(self, name: str) -> str:
        """Write one wrong character at the end."""
        return name[:-1] + worldpeople.names().given["1", 1980][self.below(40)]

    def undotted(self, name: str) -> str:
        """Leave the dot out, or put a space into a short name."""
        return name.replace("·", "") if "·" in name else f"{name[0]} {name[1:]}"

    def transposed(self, number: str) -> str:
        """Let two neighbouring digits change places."""
        place = self.below(len(number) - 1)
        return number[:place] + number[place + 1] + number[place] + number[place + 2 :]

    def two_digits(self, number: str) -> str:
        """Write two digits wrong."""
        return self.one_digit(self.one_digit(number))

    def fifteen(self, number: str) -> str:
        """Write an old number of fifteen digits, which nobody born in this century had."""
        return number[:6] + number[8:17] if number[6:8] == "19" else number

    def wrong_check(self, number: str) -> str:
        """Write another check digit."""
        return number[:17] + ("7" if number[17] == "X" else str((int(number[17]) + 1) % 10))

    def _other_birth(self, born: date | None) -> date | None:
        fate = self.chance()
        if born is None or fate < NO_BIRTH:
            return None
        if fate < NO_BIRTH + SWAPPED:
            return _or(born, month=born.day, day=born.month)
        if fate < NO_BIRTH + SWAPPED + OTHER_YEAR:
            return _or(born, year=born.year // 10 * 10 + self.below(10))
        return born

    def _one_of(self, text: str, mistakes: Mistakes) -> str:
        fate = self.chance()
        for share, mistake in mistakes:
            fate -= share
            if fate < 0:
                return mistake(self, text)
        return text


Mistakes = tuple[tuple[float, "Callable[[Maker, str], str]"], ...]

#: How often each mistake is made, where any is.
_NAME_MISTAKES: Final[Mistakes] = (
    (0.07, Maker.variant),
    (0.07, Maker.homophone),
    (0.04, Maker.misheard),
    (0.03, Maker.other_character),
    (0.05, Maker.undotted),
)
_NUMBER_MISTAKES: Final[Mistakes] = (
    (0.10, Maker.one_digit),
    (0.07, Maker.transposed),
    (0.02, Maker.two_digits),
    (0.06, Maker.fifteen),
    (0.03, Maker.wrong_check),
    (0.03, Maker.renewed),
    (0.05, lambda _, number: number.lower()),
    (0.14, lambda _, __: ""),
)
_PHONE_MISTAKES: Final[Mistakes] = (
    (0.25, lambda _, __: ""),
    (0.20, Maker.other_phone),
    (0.03, Maker.one_digit),
    (0.05, lambda _, phone: f"+86 {phone[:3]}-{phone[3:7]}-{phone[7:]}"),
)


def _or(born: date, **changes: int) -> date:
    """Return the changed date, or the date itself where there is no such day."""
    try:
        return born.replace(**changes)
    except ValueError:
        return born


def _written_as() -> dict[str, list[str]]:
    """Return the traditional and variant forms of each character."""
    forms: dict[str, list[str]] = {}
    for variant, character in variants().items():
        forms.setdefault(character, []).append(chr(variant))
    return forms


def main() -> None:
    """Print some people as CSV."""
    parser = argparse.ArgumentParser(description="Print people who do not exist, as CSV.")
    parser.add_argument("count", type=int, nargs="?", default=5)
    writer = csv.writer(sys.stdout)
    writer.writerow(["name", "identity_number", "birth_on", "sex", "phone"])
    for one in Maker().people(parser.parse_args().count):
        writer.writerow([one.name, one.identity_number, one.birth_on, one.sex, one.phone])


if __name__ == "__main__":
    main()
