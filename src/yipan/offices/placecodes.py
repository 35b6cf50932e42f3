"""A code in a text: of today, abolished, or of a village, whose township its first nine digits name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from yipan.offices.placehistory import short_code

if TYPE_CHECKING:
    from datetime import date

    from yipan.offices.placeindex import Gazetteer, Named

_COUNTY, _TOWNSHIP, _VILLAGE = 6, 9, 12
#: Codes that may stand before words; one of 2 or 4 digits must stand alone, it is a house number else.
_BEFORE_WORDS: Final = frozenset({_COUNTY, _TOWNSHIP, _VILLAGE})
_ALONE: Final = frozenset({2, 4, *_BEFORE_WORDS})


def code_at(text: str, position: int, gazetteer: Gazetteer, on: date | None) -> tuple[list[Named], int]:
    """Return what a code at a position means, and where it ends; nothing where there is none that is known.

    Of a village only the township's digits are taken, so that the village's remain. `on` is the day the
    code was written: a code that meant something else then means that.
    """
    end = position
    while end < len(text) and text[end].isascii() and text[end].isdigit():
        end += 1
    digits = text[position:end]
    allowed = _ALONE if position == 0 and end == len(text) else _BEFORE_WORDS
    if len(digits) not in allowed:
        return [], position
    for length in dict.fromkeys((min(len(digits), _TOWNSHIP), min(len(digits), _COUNTY))):
        found = _meaning(digits[:length], gazetteer, on)
        if found:
            return found, position + length
    return [], position


def _meaning(digits: str, gazetteer: Gazetteer, on: date | None) -> list[Named]:
    rows = gazetteer.formers.get(digits, ())
    then = [gazetteer.once[row] for row in rows if on is not None and row.held_on(on)]
    today = gazetteer.named.get(short_code(digits))
    if then or today is None:
        return then or _latest(digits, gazetteer)
    return [today]


def _latest(digits: str, gazetteer: Gazetteer) -> list[Named]:
    """Return every meaning that an abolished code had, the latest first; the text may be older."""
    rows = sorted(gazetteer.formers.get(digits, ()), key=lambda row: -row.last_year)
    return [gazetteer.once[row] for row in rows]
