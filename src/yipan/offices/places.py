"""A place as people write it: which division is meant, or which it might be, and what is left of the text.

Nothing is guessed: where two divisions fit equally well both are offered.
`docs/reference/places.md` has the rules.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from yipan.offices.divisions import Division, Level
from yipan.offices.placecodes import code_at
from yipan.offices.placenames import SEPARATORS, join_spread, skip, skip_labels
from yipan.offices.placereading import Reading, best_readings

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from yipan.offices.placehistory import Former
    from yipan.offices.placeindex import Gazetteer, Named

#: How many choices an answer lists; `Resolution.fitting` says how many there are.
MOST_CHOICES: Final = 20
#: How much of a text is read for names; what is longer is no address, and stays in the rest.
_READ: Final = 300
#: How far into a text an address may begin, behind a name or a telephone number.
_FURTHEST: Final = 60
#: Shortened names in a row, this long, are no accident.
_LONG: Final = 4
_RANKS: Final = {level: rank for rank, level in enumerate(Level)}
_ENDS: Final = "".join(SEPARATORS)


class Reason(StrEnum):
    """Why a text is not one division."""

    EMPTY = "empty"
    UNKNOWN = "unknown"
    SEVERAL = "several"
    #: The name or code is no more, and the history does not know what stands in its place.
    NO_SUCCESSOR = "no-successor"


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """A division that fits, its full name, and the former name or code by which it was written, if it was."""

    division: Division
    full_name: str
    formerly: Former | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Resolution:
    """What a text means: one place, or choices with the best first, or neither with a reason.

    `rest` is what remains of the text in every case: village, group, street, telephone. It is never lost.
    `fitting` counts all that fit, also those past MOST_CHOICES.
    """

    text: str
    found: Place | None
    choices: tuple[Place, ...]
    fitting: int
    rest: str
    reason: Reason | None

    @property
    def level(self) -> Level | None:
        """How far down the text leads: a county when no township could be made out."""
        return self.found.division.level if self.found else None


def resolve(text: str, gazetteer: Gazetteer, on: date | None = None) -> Resolution:
    """Return which division a text means.

    Args:
        text: an address as people write it, or a code of 2, 4, 6, 9 or 12 digits.
        gazetteer: the names, as `read_gazetteer` gives them.
        on: the day the text is of. Names and codes in force then are preferred to others.
    """
    plain = text if text.isascii() else join_spread(unicodedata.normalize("NFKC", text))
    plain = plain.strip()
    return replace(_Asked(text=plain, gazetteer=gazetteer, on=on).answer(), text=text)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Asked:
    text: str
    gazetteer: Gazetteer
    on: date | None

    def answer(self) -> Resolution:
        folded = self.text[:_READ].translate(self.gazetteer.foldings)
        begin = skip_labels(folded)
        if begin == len(folded):
            return self._nothing(Reason.EMPTY)
        coded, behind = code_at(folded, begin, self.gazetteer, self.on)
        start = skip(folded, behind) if coded else begin
        readings = _first_readings(folded, start, self.gazetteer, self.on)
        if coded:
            return self._with_code(coded, (begin, behind), readings)
        if not readings:
            return self._nothing(Reason.UNKNOWN)
        return self._said(*self._narrowed(folded, readings))

    def _with_code(self, coded: list[Named], digits: tuple[int, int], readings: list[Reading]) -> Resolution:
        """Weigh a leading code against the words behind it: where they differ, the words count."""
        agreed = [each for each in readings if any(_related(each.named, code) for code in coded)]
        if agreed:
            deeper = [each for each in agreed if not any(each.named.holds(code) for code in coded)]
            spans = [digits, (agreed[0].start, agreed[0].end)]
            return self._said([each.named for each in deeper] or coded, spans)
        if readings and _RANKS[readings[0].named.level] < _RANKS[Level.TOWNSHIP]:
            return self._said([each.named for each in readings], [(readings[0].start, readings[0].end)])
        return self._said(coded, [digits])

    def _narrowed(self, folded: str, readings: list[Reading]) -> tuple[list[Named], list[tuple[int, int]]]:
        """Let what stands later in the text choose among several: 城关镇幸福村，甘肃省渭源县."""
        named, first = [each.named for each in readings], readings[0]
        spans = [(first.start, first.end)]
        if len(named) == 1:
            return named, spans
        for position in range(first.end, min(len(folded), first.end + _FURTHEST)):
            later = best_readings(folded, position, self.gazetteer, self.on)
            above = [
                each for each in later if each.named.level is not Level.TOWNSHIP and _counts(each, folded)
            ]
            kept = [each for each in named if any(one.named.holds(each) for one in above)]
            if kept and len(kept) < len(named):
                return kept, [*spans, (above[0].start, above[0].end)]
            if not kept and any(each.named.level is Level.COUNTY and not each.cost for each in above):
                # The words that fit several are of a township that the table does not have.
                return [each.named for each in above], [(above[0].start, above[0].end)]
        return named, spans

    def _said(self, named: Iterable[Named], spans: list[tuple[int, int]]) -> Resolution:
        several = list(named)
        # Where the history knows what became of some, those of which it does not are no answer.
        several = [each for each in several if each.stands_for] or several
        places = self._places(several)
        rest = self._rest(spans)
        container = _container(places) if all(each.stands_for for each in several) else None
        if container:
            return Resolution(text=self.text, found=container, choices=(), fitting=1, rest=rest, reason=None)
        known = any(each.stands_for for each in several)
        return Resolution(
            text=self.text,
            found=None,
            choices=tuple(places[:MOST_CHOICES]),
            fitting=len(places),
            rest=rest,
            reason=Reason.SEVERAL if known else Reason.NO_SUCCESSOR,
        )

    def _places(self, several: list[Named]) -> list[Place]:
        """Return the places that some names stand for, each once, the highest first."""
        found: dict[str, Place] = {}
        for each in several:
            for division in each.stands_for or self._around(each):
                found.setdefault(
                    division.code,
                    Place(
                        division=division,
                        full_name=self.gazetteer.full_name(division.code),
                        formerly=each.former,
                    ),
                )
        return sorted(found.values(), key=lambda one: (_RANKS[one.division.level], one.division.code))

    def _around(self, named: Named) -> list[Division]:
        """Return the city in whose code an abolished code without successor lay."""
        code = named.codes[0]
        around = self.gazetteer.divisions.get(code[:4]) or self.gazetteer.divisions.get(code[:2])
        return [around] if around else []

    def _rest(self, spans: list[tuple[int, int]]) -> str:
        parts, position = [], 0
        for start, end in sorted(spans):
            parts.append(self.text[position:start])
            position = end
        parts.append(self.text[position:])
        parts[0] = parts[0][skip_labels(parts[0]) :]
        return " ".join(filter(None, (part.strip(_ENDS) for part in parts)))

    def _nothing(self, reason: Reason) -> Resolution:
        rest = self.text.strip(_ENDS)
        return Resolution(text=self.text, found=None, choices=(), fitting=0, rest=rest, reason=reason)


def _first_readings(folded: str, begin: int, gazetteer: Gazetteer, on: date | None) -> list[Reading]:
    """Return the best readings at the first position where there are any.

    Past the beginning only what counts there: 李四川 is no place.
    """
    position = skip(folded, begin)
    furthest = min(len(folded), position + _FURTHEST)
    while position < furthest:
        readings = best_readings(folded, position, gazetteer, on)
        if position > begin:
            readings = [each for each in readings if _counts(each, folded)]
        if readings:
            return readings
        position = skip(folded, position + 1)
    return []


def _counts(reading: Reading, folded: str) -> bool:
    """Say whether a reading inside a text can be but a place: in full, long, or apart from what is before."""
    apart = not "一" <= folded[reading.start - 1] <= "鿿"
    return reading.sure and (apart or reading.cost == 0 or reading.end - reading.start >= _LONG)


def _related(one: Named, other: Named) -> bool:
    return one.holds(other) or other.holds(one)


def _container(places: list[Place]) -> Place | None:
    """Return the one place in which all the others lie: 恩施 is the prefecture, the city lies in it."""
    if not places:
        return None
    first = places[0]
    inside = all(each.division.code.startswith(first.division.code) for each in places)
    return first if inside else None
