"""Addresses of a roster: the answers of `offices.places.resolve`, worked out once where thousands begin alike.

What is remembered is forgotten with the reader: an address is a person's.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from yipan.offices.divisions import Level
from yipan.offices.placenames import OTHER_THINGS, fold, skip_labels, stem_of
from yipan.offices.placereading import best_readings
from yipan.offices.places import Place, Reason, resolve

if TYPE_CHECKING:
    from yipan.offices.placeindex import Gazetteer

#: How many texts, and how many beginnings, are remembered.
REMEMBERED: Final = 1 << 16

#: A text up to its first digit.
_FRONT: Final = re.compile(r"([^0-9\s]{4,250})(?=[0-9])")
#: What may stand behind a digit and make the name before it that of a road.
_ROAD: Final = re.compile(r".{0,4}?(?:路|大|街|巷|弄|胡)")
#: Where the full name of a township may end.
_END: Final = re.compile(r"镇|乡|街道|苏木|场|区")
#: How names end that nothing behind them makes doubtful.
_RANKED: Final = frozenset("镇乡道")
_BLANK: Final = re.compile(r"\s")
#: An address that names no division but lies somewhere near.
_LOCAL: Final = re.compile(
    r"村|社区|屯|组|队|路|街|巷|弄|号|栋|楼|室|小区|花园|苑|市场|厂|工地|宿舍|园|庄|寨|湾|坪|坡|冲|塘|岭|学校|医院"
)


class Found(NamedTuple):
    """What a text means: a place, or the choices with how many fit, and why it is not one."""

    place: Place | None
    choices: tuple[Place, ...]
    fitting: int
    reason: Reason | None


class _Answer(NamedTuple):
    found: Found
    #: Whether something follows the names that were read.
    has_rest: bool
    #: Where the names end that were read from the front, when that could be done in one way only.
    end: int | None


class _Beginning(NamedTuple):
    found: Found
    #: Names that begin so far into the text and are so long would reach beyond it.
    across: tuple[tuple[int, int], ...]


class Places:
    """Addresses of one roster by a gazetteer. Two shortcuts, each of which gives what the whole text would."""

    def __init__(self, gazetteer: Gazetteer) -> None:
        """Begin with nothing remembered."""
        self.gazetteer = gazetteer
        self._answers: dict[str, _Answer] = {}
        #: By a text that ends with a township's name: what every text that begins so means, if that is sure.
        self._beginnings: dict[str, _Beginning | None] = {}

    def resolve(self, text: str) -> Found:
        """Return what a text of usual width means, as `offices.places.resolve` says."""
        if _BLANK.search(text):  # a blank anywhere can mean that all characters are spread out
            return self._ask(text).found
        for ending in _END.finditer(text):
            end = ending.end()
            begun = self._beginnings.get(text[:end])
            if begun is not None and not self._goes_on(text, end, begun):
                return begun.found
        answer = self._of_front(text) or self._ask(text)
        if answer.end is not None:
            self._learn(text[: answer.end], answer.found)
        return answer.found

    def _of_front(self, text: str) -> _Answer | None:
        """Return what the text up to its first digit means, where the rest cannot change it.

        No name has a digit. So only what reads on to the digit, or a road behind it (容州2路), could.
        """
        front = _FRONT.match(text)
        if front is None or _ROAD.match(text, front.end()):
            return None
        answer = self._ask(front[1])
        return answer if answer.end is not None and answer.has_rest else None

    def _ask(self, text: str) -> _Answer:
        known = self._answers.get(text)
        if known is None:
            if len(self._answers) >= REMEMBERED:
                self._answers.clear()
            said = resolve(text, self.gazetteer)
            known = _Answer(
                found=Found(said.found, said.choices, said.fitting, said.reason),
                has_rest=bool(said.rest),
                end=self._one_reading(text) if said.found else None,
            )
            self._answers[text] = known
        return known

    def _one_reading(self, text: str) -> int | None:
        """Return where the names at the front of a text end, None when they can be read in several ways or in none."""
        folded = fold(text, self.gazetteer.foldings)
        if skip_labels(folded) or folded[:1].isdigit():
            return None
        readings = best_readings(folded, 0, self.gazetteer, None)
        return readings[0].end if len(readings) == 1 else None

    def _learn(self, beginning: str, found: Found) -> None:
        """Remember a beginning that ends with its township's full name, where all texts that begin so mean that.

        A reading that comes down to a township ends there. What could still go on is a reading for which the same
        characters are no township in full below what was read before: a beginning where there may be one is not used.
        """
        place = found.place
        if (
            place is None
            or place.division.level is not Level.TOWNSHIP
            or place.formerly is not None
            or beginning in self._beginnings
            or len(self._beginnings) >= REMEMBERED
        ):
            return
        sure = self._is_sure(beginning, place.division.name)
        self._beginnings[beginning] = _Beginning(found, self._across(beginning)) if sure else None

    def _is_sure(self, beginning: str, name: str) -> bool:
        once = beginning.count(stem_of(name, Level.TOWNSHIP) or name) == 1
        if not (once and beginning.endswith(name) and len(beginning) > len(name) and _END.search(name[-2:])):
            return False
        return all(
            named.level is Level.TOWNSHIP and named.former is None and writing == "full"
            for at in range(len(beginning))
            for named, writing in self.gazetteer.names.get(beginning[at:], ())
        )

    def _across(self, beginning: str) -> tuple[tuple[int, int], ...]:
        end = len(beginning)
        return tuple(
            (at, at + length)
            for at in range(end - 1)
            for length in self.gazetteer.lengths.get(beginning[at : at + 2], ())
            if at + length > end
        )

    def _goes_on(self, text: str, end: int, begun: _Beginning) -> bool:
        """Return whether what follows a beginning may make another name of its end: 昭君街道 before 办, 农场 before 路."""
        behind = text[end : end + 1]
        if behind == "办" or (behind in OTHER_THINGS and text[end - 1] not in _RANKED):
            return True
        names = self.gazetteer.names
        for start, stop in begun.across:
            if text[start:stop] in names:
                return True
        for length in self.gazetteer.lengths.get(text[end - 1 : end + 1], ()):
            if text[end - 1 : end - 1 + length] in names:
                return True
        return False


def is_local(text: str) -> bool:
    """Return whether a text in which no division was found reads like an address nearby: 东门村3组."""
    return _LOCAL.search(text) is not None
