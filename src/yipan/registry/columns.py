"""Many records laid out in columns, so that pairs of them are compared a million at a time.

The columns hold the same forms as `names` and `matching` read one by one: a form that the columns cannot
read (a space in a name, a full-width digit) is read there. So the two ways cannot disagree.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from yipan.registry.matching import (
    CHECK_DIGITS,
    CHECK_WEIGHTS,
    MOBILE_DIGITS,
    Record,
    is_mobile,
    read_number,
    read_phone,
)
from yipan.registry.names import FIRST_HAN, LAST_HAN, nearly, read_name, reading, surnames, variants

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

Int64 = NDArray[np.int64]
Bools = NDArray[np.bool_]
Digits = NDArray[np.uint8]

#: A column's word for "not there", in numbers and names alike.
NONE: Final = 0
_SEX: Final[dict[str | None, int]] = {"1": 1, "2": 2}
_CHARACTERS: Final = 4
_COMPOUND: Final = 2
_SYLLABLE_BITS: Final = 9
_POINT_BITS: Final = 16
#: Less the first code point, a Chinese character fits into these: four into a word that is never negative.
_CHARACTER_BITS: Final = 15
_WHOLE, _SHORT, _BODY = 18, 15, 17
#: Numbers given to forms that do not fit into the bits of a word start here, above all that do.
INTERNED: Final = 1 << 62
_TEN: Final = 10
#: The first two digits of the year that a number of 15 digits leaves out.
_CENTURY: Final = (1, 9)


@dataclass(frozen=True, kw_only=True, slots=True)
class Names:
    """The forms of each name as numbers that are equal when the forms are."""

    plain: Int64
    folded: Int64
    sound: Int64
    near_sound: Int64


@dataclass(frozen=True, kw_only=True, slots=True)
class Numbers:
    """Identity numbers: eighteen digits a row (X is 10), and what is known of each."""

    digits: Digits
    #: The first seventeen digits as one integer.
    body: Int64
    there: Bools
    short: Bools
    wrong: Bools
    #: The date in the number as yyyymmdd.
    birth: Int64


@dataclass(frozen=True, kw_only=True, slots=True)
class Columns:
    """Records in columns."""

    names: Names
    numbers: Numbers
    #: yyyymmdd.
    birth: Int64
    phone: Int64
    #: The phone has the eleven digits of a mobile one.
    mobile: Bools
    sex: Int64


class Interning:
    """Numbers for forms too long for a word; one for both sides of a comparison."""

    def __init__(self) -> None:
        """Start with none."""
        self._known: dict[object, int] = {}

    def number(self, form: object) -> int:
        """Return the number of a form, the same each time."""
        return self._known.setdefault(form, INTERNED + len(self._known))


@dataclass(frozen=True, kw_only=True, slots=True)
class Tables:
    """By code point: the character it is read as, its syllable, its syllable as a surname; by syllable: the near one."""

    folded: Int64
    syllable: Int64
    surname: Int64
    near: Int64
    ids: dict[str, int]


def lay_out(records: Sequence[Record], interning: Interning) -> Columns:
    """Return records in columns."""
    phone, mobile = _phones([record.phone or "" for record in records])
    return Columns(
        names=_names([record.name for record in records], interning),
        numbers=_numbers([record.identity_number or "" for record in records]),
        birth=_dates([record.birth_on for record in records]),
        phone=phone,
        mobile=mobile,
        sex=np.array([_SEX.get(record.sex, NONE) for record in records], dtype=np.int64),
    )


def _dates(days: list[date | None]) -> Int64:
    # By hand: numpy takes five times as long over dates.
    figures = [NONE if day is None else day.year * 10000 + day.month * 100 + day.day for day in days]
    return np.array(figures, dtype=np.int64)


def _points(texts: list[str], width: int) -> NDArray[np.uint32]:
    """Return the code points of texts, a row each; an empty row for one that is longer."""
    cut = np.array([text if len(text) <= width else "" for text in texts], dtype=f"U{width}")
    return cut.view(np.uint32).reshape(len(texts), width)


@lru_cache(maxsize=1)
def _tables() -> Tables:
    folded = np.arange(1 << _POINT_BITS, dtype=np.int64)
    for variant, character in variants().items():
        if variant < len(folded):
            folded[variant] = ord(character)
    han = [chr(point) for point in range(FIRST_HAN, LAST_HAN + 1)]
    read = {character: reading(character) for character in han}
    known = {syllable for character, syllable in read.items() if syllable != character}
    known |= set(surnames().single.values())
    known |= {syllable for syllables in surnames().compound.values() for syllable in syllables}
    known |= {nearly(syllable) for syllable in known}
    ids = {syllable: number for number, syllable in enumerate(sorted(known), start=1)}
    syllable = np.zeros(1 << _POINT_BITS, dtype=np.int64)
    syllable[FIRST_HAN : LAST_HAN + 1] = [ids.get(read[character], NONE) for character in han]
    surname = syllable.copy()
    for character, spoken in surnames().single.items():
        surname[ord(character)] = ids[spoken]
    near = np.zeros(1 << _SYLLABLE_BITS, dtype=np.int64)
    for spoken, number in ids.items():
        near[number] = ids[nearly(spoken)]
    return Tables(folded=folded, syllable=syllable, surname=surname, near=near, ids=ids)


def _pack(columns: Int64, bits: int) -> Int64:
    packed = np.zeros(len(columns), dtype=np.int64)
    for place in range(_CHARACTERS):
        packed |= columns[:, place] << np.int64(bits * (_CHARACTERS - 1 - place))
    return packed


def _pack_name(points: Int64) -> Int64:
    return _pack(np.where(points > 0, points - (FIRST_HAN - 1), 0), _CHARACTER_BITS)


def _names(texts: list[str], interning: Interning) -> Names:
    tables = _tables()
    points = _points(texts, _CHARACTERS).astype(np.int64)
    han = (points >= FIRST_HAN) & (points <= LAST_HAN)
    folded = tables.folded[np.where(han, points, 0)]
    syllables = tables.syllable[folded]
    syllables[:, 0] = tables.surname[folded[:, 0]]
    for surname, spoken in surnames().compound.items():
        rows = (folded[:, 0] == ord(surname[0])) & (folded[:, 1] == ord(surname[1]))
        syllables[rows, :_COMPOUND] = [tables.ids[one] for one in spoken]
    # Read here: two characters and more, nothing but Chinese ones, each with a reading.
    here = han[:, 0] & han[:, 1] & ((han & (syllables > 0)) | (points == 0)).all(axis=1)
    here &= han[:, 2] | (points[:, 3] == 0)
    names = Names(
        plain=_pack_name(np.where(han, points, 0)),
        folded=_pack_name(np.where(han, folded, 0)),
        sound=_pack(syllables, _SYLLABLE_BITS),
        near_sound=_pack(tables.near[syllables], _SYLLABLE_BITS),
    )
    seen: dict[str, tuple[int, int, int, int]] = {}
    for row in np.flatnonzero(~here).tolist():
        text = texts[row]
        forms = seen.get(text) or seen.setdefault(text, _one_name(text, interning, tables))
        names.plain[row], names.folded[row], names.sound[row], names.near_sound[row] = forms
    return names


def _one_name(text: str, interning: Interning, tables: Tables) -> tuple[int, int, int, int]:
    name = read_name(text)
    return (
        _word(name.plain, interning),
        _word(name.folded, interning),
        _spoken(name.sound, interning, tables),
        _spoken(name.near_sound, interning, tables),
    )


def _word(text: str, interning: Interning) -> int:
    if not text:
        return NONE
    points = [ord(character) for character in text]
    if 1 < len(points) <= _CHARACTERS and all(FIRST_HAN <= point <= LAST_HAN for point in points):
        return int(_pack_name(np.array([points + [0] * (_CHARACTERS - len(points))], dtype=np.int64))[0])
    return interning.number(text)


def _spoken(syllables: tuple[str, ...], interning: Interning, tables: Tables) -> int:
    if 1 < len(syllables) <= _CHARACTERS and all(one in tables.ids for one in syllables):
        row = [tables.ids[one] for one in syllables]
        return int(_pack(np.array([row + [0] * (_CHARACTERS - len(row))], dtype=np.int64), _SYLLABLE_BITS)[0])
    return interning.number(syllables)


def _numbers(texts: list[str]) -> Numbers:
    digits, there, short = _read_digits(texts)
    odd = [row for row in np.flatnonzero(~there).tolist() if texts[row]]
    read = {row: number for row in odd if (number := read_number(texts[row]))}
    if read:
        tidy = [f"{number.body}{number.check or '0'}" for number in read.values()]
        rows = list(read)
        digits[rows] = _read_digits(tidy)[0]
        there[rows] = True
        short[rows] = [number.check is None for number in read.values()]
    body = np.zeros(len(texts), dtype=np.int64)
    for place in range(_BODY):
        body = body * _TEN + digits[:, place]
    checks = np.array([_TEN if digit == "X" else int(digit) for digit in CHECK_DIGITS], dtype=np.uint8)
    # In floats the product runs through the processor's fast path; sums this small are exact in them.
    sums = digits[:, :_BODY].astype(np.float32) @ np.array(CHECK_WEIGHTS, dtype=np.float32)
    right = checks[sums.astype(np.int64) % len(CHECK_DIGITS)]
    wrong = there & ~short & (right != digits[:, _BODY])
    birth = np.where(there, _real_days(body // 1000 % 10**8), NONE)
    return Numbers(digits=digits, body=body, there=there, short=short, wrong=wrong, birth=birth)


def _read_digits(texts: list[str]) -> tuple[Digits, Bools, Bools]:
    """Return digits, which rows were read, and which of these had fifteen."""
    points = _points(texts, _WHOLE)
    # What stands before "0" wraps round and is far above nine.
    figures = points - np.uint32(ord("0"))
    plain = figures < _TEN
    last = points[:, _BODY]
    is_x = (last == ord("X")) | (last == ord("x"))
    whole: Bools = plain[:, :_BODY].all(axis=1) & (plain[:, _BODY] | is_x)
    short: Bools = plain[:, :_SHORT].all(axis=1) & (points[:, _SHORT:] == 0).all(axis=1)
    digits = figures.astype(np.uint8)
    digits[~(whole | short)] = 0
    digits[is_x & whole, _BODY] = _TEN
    digits[short, 8:_BODY] = digits[short, 6:_SHORT]
    digits[short, 6:8] = _CENTURY
    digits[short, _BODY] = 0
    return digits, whole | short, short


def _real_days(days: Int64) -> Int64:
    """Return yyyymmdd where there is such a day, else none."""
    year, month, day = days // 10000, days // 100 % 100, days % 100
    leap = ((year % 4 == 0) & (year % 100 != 0)) | (year % 400 == 0)
    lengths = np.array([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] + [0] * 87, dtype=np.int64)
    last = lengths[month] + ((month == 2) & leap)  # noqa: PLR2004  # February
    return np.where((year > 0) & (day > 0) & (day <= last), days, NONE)


def _phones(texts: list[str]) -> tuple[Int64, Bools]:
    figures = _points(texts, MOBILE_DIGITS) - np.uint32(ord("0"))
    mobile = (figures < _TEN).all(axis=1) & (figures[:, 0] == 1)
    phone = np.zeros(len(texts), dtype=np.int64)
    for place in range(MOBILE_DIGITS):
        phone = phone * _TEN + figures[:, place]
    phone[~mobile] = NONE
    for row in [row for row in np.flatnonzero(~mobile).tolist() if texts[row]]:
        digits = read_phone(texts[row])
        mobile[row] = is_mobile(digits)
        if digits:
            # The figure put before the others keeps the zeros that a number with an area code begins with.
            phone[row] = int(digits if mobile[row] else f"9{digits}")
    return phone, mobile


def characters(names: Int64) -> Int64:
    """Return the characters of packed names, a row each, as figures that are equal when the characters are."""
    lanes = np.arange(_CHARACTERS, dtype=np.int64)[::-1] * _CHARACTER_BITS
    return (names[:, None] >> lanes) & ((1 << _CHARACTER_BITS) - 1)


def first_character(names: Int64) -> Int64:
    """Return a figure for the first character of packed names."""
    return names >> np.int64(_CHARACTER_BITS * (_CHARACTERS - 1))


def digit_places(numbers: Int64, count: int) -> NDArray[Any]:
    """Return the last `count` decimal digits of each number, a row each."""
    return numbers[:, None] // (_TEN ** np.arange(count)[::-1]) % _TEN
