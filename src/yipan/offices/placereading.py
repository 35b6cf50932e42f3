"""Reading names off a text, one behind the other, from a position on: all readings tried, the best kept.

A reading is better when it takes more of the text, and among those when less had to be made good: a name
that was shortened, another rank, a name that is no more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from yipan.offices.divisions import Level
from yipan.offices.placenames import FILLERS, OTHER_THINGS, ROADS, SEPARATORS, VILLAGE, skip, suffix_at

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from yipan.offices.placeindex import Gazetteer, Named, Writing

#: What each thing made good costs. A shortened township where no county was said comes last of all.
_SHORTENED_PROVINCE, _SHORTENED, _OTHER_SUFFIX, _TOWNSHIP_ALONE = 1, 2, 3, 8
_FORMER, _FORMER_OF_ANOTHER_TIME = 1, 2
_ABOVE_COUNTY: Final = (Level.PROVINCE, Level.CITY)
_STREET: Final = "街"
#: How the names of townships end that say their rank.
_RANKED: Final = frozenset("镇乡道")
#: Municipalities, whose counties lie or lay under a filler named 县, which people copy.
_MUNICIPALITIES: Final = frozenset({"11", "12", "31", "50"})
_NEVER: Final = 1 << 30


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """A name, where it begins and ends, what had to be made good, and whether it can be but a place."""

    named: Named
    start: int
    end: int
    cost: int
    sure: bool


@dataclass(frozen=True, slots=True)
class _Step:
    named: Named
    end: int
    cost: int
    #: What follows may make it the name of a road or a village: only a further name clears it.
    doubtful: bool


def best_readings(text: str, start: int, gazetteer: Gazetteer, on: date | None) -> list[Reading]:
    """Return the best readings of a folded text from a position; several where they are equally good."""
    best: list[Reading] = []
    rank = (0, 0)
    reached: dict[tuple[int, int], int] = {}
    open_steps: list[tuple[Named | None, int, int]] = [(None, start, 0)]
    while open_steps:
        held, position, cost = open_steps.pop()
        for step in _steps(text, _past_fillers(text, position, held), held, gazetteer, on):
            named = step.named if held is None or held.is_above(step.named) else held
            total = cost + step.cost + (step.named is held)
            if reached.get((step.end, id(named)), _NEVER) <= total:
                continue
            reached[step.end, id(named)] = total
            if not step.doubtful:
                if (step.end, -total) > rank:
                    best, rank = [], (step.end, -total)
                if (step.end, -total) == rank:
                    best.append(Reading(named=named, start=start, end=step.end, cost=total, sure=_sure(step)))
            downward = held is not None and named is not held
            if step.end < len(text) and not (downward and named.level is Level.TOWNSHIP):
                open_steps.append((named, step.end, total))
    return best


def _sure(step: _Step) -> bool:
    return step.named.level is not Level.TOWNSHIP or step.cost < _TOWNSHIP_ALONE


def _past_fillers(text: str, position: int, held: Named | None) -> int:
    position = skip(text, position)
    if held is not None and held.level in _ABOVE_COUNTY:
        fillers = (*FILLERS, "县") if held.codes[0] in _MUNICIPALITIES else FILLERS
        for filler in fillers:
            if text.startswith(filler, position):
                return skip(text, position + len(filler))
    return position


def _steps(
    text: str, position: int, held: Named | None, gazetteer: Gazetteer, on: date | None
) -> Iterator[_Step]:
    """Yield every name at a position that can go with what is held.

    It may lie in it or hold it: the wider one comes second in 容县广西, and twice in 广西广西.
    """
    for length in gazetteer.lengths.get(text[position : position + 2], ()):
        end = position + length
        if end > len(text):
            continue
        name = text[position:end]
        for key in (name,) if held is None else [province + name for province in held.provinces]:
            for named, writing in gazetteer.names.get(key, ()):
                if held is None or held.holds(named) or named.holds(held):
                    step = _step(text, end, named, writing, held)
                    if step is not None:
                        yield step if named.former is None else _of_its_time(step, on)


def _of_its_time(step: _Step, on: date | None) -> _Step:
    former = step.named.former
    if former is None or (on is not None and former.held_on(on)):
        return step
    more = _FORMER if on is None else _FORMER_OF_ANOTHER_TIME
    return _Step(step.named, step.end, step.cost + more, step.doubtful)


def _step(text: str, end: int, named: Named, writing: Writing, held: Named | None) -> _Step | None:
    if writing == "full":
        unranked = named.level is Level.TOWNSHIP and text[end - 1] not in _RANKED
        doubtful = unranked and end < len(text) and text[end] in OTHER_THINGS
        return _Step(named, _past_office(text, end, named), 0, doubtful)
    if text.startswith(named.rank, end):
        return None  # the name in full, which is found as such
    outside = named.level is Level.TOWNSHIP and (held is None or held.level in _ABOVE_COUNTY)
    alone = _TOWNSHIP_ALONE if outside else 0
    suffix = _suffix(text, end, named)
    if suffix:
        return _Step(named, end + len(suffix), _suffix_cost(suffix, named) + alone, doubtful=False)
    cost = _SHORTENED_PROVINCE if named.level is Level.PROVINCE else _SHORTENED
    return _Step(named, end, cost + alone, _doubtful(text, end, named))


def _past_office(text: str, end: int, named: Named) -> int:
    """Take 办事处, or 办 for short, behind a street's full name."""
    if named.level is not Level.TOWNSHIP:
        return end
    if text.startswith("办事处", end):
        return end + len("办事处")
    return end + 1 if text.startswith("办", end) and text[end + 1 : end + 2] != "公" else end


def _suffix(text: str, end: int, named: Named) -> str:
    """Return the word for a rank behind a shortened name; a bare 街 only where it can mean 街道."""
    suffix = suffix_at(text, end, named.level)
    if suffix != _STREET:
        return suffix
    behind = text[end + 1 : end + 2]
    a_street = behind.isdigit() or behind in OTHER_THINGS
    return suffix if named.rank == "街道" and not a_street else ""


def _suffix_cost(suffix: str, named: Named) -> int:
    return _SHORTENED if named.rank.startswith(suffix) or suffix.startswith(named.rank) else _OTHER_SUFFIX


def _doubtful(text: str, end: int, named: Named) -> bool:
    if end == len(text) or text[end] in SEPARATORS:
        return False
    if text[end] in OTHER_THINGS or ROADS.match(text, end):
        return True
    return named.level is Level.TOWNSHIP and VILLAGE.match(text, end) is None
