"""Find the pairs worth judging among many records, and judge them all at once.

Only records that share a key are looked at: the number or the number with a digit left out, the sound of the name with the
birth year, the birth date with the surname, the phone. The verdicts are those of `matching.judge`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from yipan.registry.columns import (
    INTERNED,
    NONE,
    Bools,
    Columns,
    Int64,
    Interning,
    Names,
    characters,
    digit_places,
    first_character,
    lay_out,
)
from yipan.registry.matching import (
    BEFORE_SERIAL,
    FIELDS,
    MOBILE_DIGITS,
    ONE_CHARACTER_FROM,
    SLIPS,
    Levels,
    Record,
    Verdict,
    verdict,
    weights,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Keys = NDArray[np.uint64]

#: A key that more records share than this says nothing: a phone of an agency, a number typed to fill a cell.
MOST_PER_KEY: Final = 1000

_BODY: Final = 17
_SERIALS: Final = 10 ** (_BODY - BEFORE_SERIAL)
_BITMAP_BITS: Final = 25
_MIX: Final = np.uint64(0x9E3779B97F4A7C15)
_BIRTH_DIGITS: Final = 8
_BATCH: Final = 1 << 20


@dataclass(frozen=True, kw_only=True, slots=True)
class Pair:
    """Two records that are, or may be, of one person: their places in the two lists, and the verdict."""

    one: int
    other: int
    verdict: Verdict


def candidates(records: Sequence[Record], against: Sequence[Record]) -> list[Pair]:
    """Return each pair of a record and one of `against` that is not `different`, in order of the two places.

    Quickest with the shorter list first. A key shared by more than MOST_PER_KEY of `against` finds nothing.
    """
    interning = Interning()
    ones, others = lay_out(records, interning), lay_out(against, interning)
    found = [one * len(against) + other for one, other in _blocks(ones, others)]
    together = np.unique(np.concatenate(found)) if found else np.zeros(0, dtype=np.int64)
    pairs = []
    for start in range(0, len(together), _BATCH):
        one, other = np.divmod(together[start : start + _BATCH], len(against))
        codes, levels = _compare(ones, others, one, other)
        verdicts = {code: verdict(level) for code, level in levels.items()}
        kept = np.isin(codes, [code for code, it in verdicts.items() if it.same != "different"])
        chosen = zip(one[kept].tolist(), other[kept].tolist(), codes[kept].tolist(), strict=True)
        pairs += [Pair(one=left, other=right, verdict=verdicts[code]) for left, right, code in chosen]
    return pairs


def judge_pairs(
    records: Sequence[Record], against: Sequence[Record], pairs: Sequence[tuple[int, int]]
) -> list[Verdict]:
    """Return the verdict on each of the pairs, given by places in the two lists."""
    interning = Interning()
    ones, others = lay_out(records, interning), lay_out(against, interning)
    places = np.array(pairs, dtype=np.int64).reshape(len(pairs), 2)
    codes, levels = _compare(ones, others, places[:, 0], places[:, 1])
    return [verdict(levels[code]) for code in codes.tolist()]


# ------------------------------------------------------------------------------------ keys


def _blocks(ones: Columns, others: Columns) -> Iterator[tuple[Int64, Int64]]:
    """Give the places of records that share a key, kind of key by kind of key."""
    yield _join(*_bodies(ones), *_bodies(others))
    yield from _one_digit_left_out(ones, others)
    yield _join(*_name_and_year(ones), *_name_and_year(others))
    yield _join(*_surname_and_birth(ones), *_surname_and_birth(others))
    yield _join(_key(ones.phone), ones.phone != NONE, _key(others.phone), others.phone != NONE)


def _key(*parts: Int64) -> Keys:
    """Mix columns into one key. Two keys that fall together by chance only bring a pair more to the judge."""
    key = np.zeros(len(parts[0]), dtype=np.uint64)
    for part in parts:
        key = (key ^ part.astype(np.uint64)) * _MIX
        key ^= key >> np.uint64(29)
    return key


def _bodies(columns: Columns) -> tuple[Keys, Bools]:
    return _key(columns.numbers.body), columns.numbers.there


def _name_and_year(columns: Columns) -> tuple[Keys, Bools]:
    birth, sound = _born(columns), columns.names.near_sound
    return _key(sound, birth // 10000), (birth != NONE) & (sound != NONE)


def _surname_and_birth(columns: Columns) -> tuple[Keys, Bools]:
    birth, folded = _born(columns), columns.names.folded
    return _key(first_character(folded), birth), (birth != NONE) & (folded != NONE)


def _born(columns: Columns) -> Int64:
    return np.where(columns.birth != NONE, columns.birth, columns.numbers.birth)


def _one_digit_left_out(ones: Columns, others: Columns) -> Iterator[tuple[Int64, Int64]]:
    """Give pairs whose numbers are the same once a digit is left out of each.

    One wrong digit is left out at one place; of two neighbours that changed places the same digit is left out
    of both. One of the two numbers is then one that its check digit does not vouch for: no others are tried.
    """
    mine, theirs = _unproven(ones), _unproven(others)
    for tried, there in ((mine, others.numbers.there), (ones.numbers.there & ~mine, theirs)):
        rows, wanted = np.flatnonzero(tried), np.flatnonzero(there)
        table = _Table(
            np.concatenate([_left_out(ones.numbers.body[rows], place) for place in range(_BODY)]),
            np.tile(rows, _BODY),
        )
        for place in range(_BODY):
            one, found = table.find(_left_out(others.numbers.body[wanted], place))
            yield one, wanted[found]


def _unproven(columns: Columns) -> Bools:
    return columns.numbers.there & (columns.numbers.short | columns.numbers.wrong)


def _left_out(body: Int64, place: int) -> Keys:
    power = 10 ** (_BODY - 1 - place)
    return _key(body // (power * 10) * power + body % power)


class _Table:
    """Keys of the first list, to be found by those of the second."""

    def __init__(self, keys: Keys, rows: Int64) -> None:
        order = np.argsort(keys, kind="stable")
        self._keys, self._rows = keys[order], rows[order]
        self._bitmap = np.zeros(1 << _BITMAP_BITS, dtype=np.bool_)
        self._bitmap[self._short(keys)] = True

    def find(self, keys: Keys) -> tuple[Int64, Int64]:
        """Return the places of the pairs that share a key."""
        # Most keys are not in the table, and a look into the bitmap costs far less than a search.
        rows = np.flatnonzero(self._bitmap[self._short(keys)])
        wanted = keys[rows]
        order = np.argsort(wanted, kind="stable")
        rows, wanted = rows[order], wanted[order]
        first = np.searchsorted(self._keys, wanted, side="left")
        count = np.searchsorted(self._keys, wanted, side="right") - first
        crowd = np.searchsorted(wanted, wanted, side="right") - np.searchsorted(wanted, wanted, side="left")
        count[crowd > MOST_PER_KEY] = 0
        starts = np.repeat(first - (np.cumsum(count) - count), count)
        return self._rows[starts + np.arange(len(starts))], np.repeat(rows, count)

    @staticmethod
    def _short(keys: Keys) -> NDArray[np.int64]:
        return (keys >> np.uint64(64 - _BITMAP_BITS)).astype(np.int64)


def _join(ones: Keys, ones_there: Bools, others: Keys, others_there: Bools) -> tuple[Int64, Int64]:
    rows, wanted = np.flatnonzero(ones_there), np.flatnonzero(others_there)
    one, found = _Table(ones[rows], rows).find(others[wanted])
    return one, wanted[found]


# ---------------------------------------------------------------------------------- levels


def _compare(ones: Columns, others: Columns, one: Int64, other: Int64) -> tuple[Int64, dict[int, Levels]]:
    """Return a code for each pair, and the levels that each code stands for."""
    fields = {
        "name": _names(ones.names, others.names, one, other),
        "number": _numbers(ones, others, one, other),
        "birth": _births(ones, others, one, other),
        "phone": _phones(ones, others, one, other),
        "sex": _sexes(ones, others, one, other),
    }
    words = {field: _words(field) for field in FIELDS}
    codes = np.zeros(len(one), dtype=np.int64)
    for field in FIELDS:
        codes = codes * len(words[field]) + fields[field]
    return codes, {code: _levels(code, words) for code in np.unique(codes).tolist()}


def _words(field: str) -> list[str]:
    return ["absent", *weights().reasons[field]]


def _levels(code: int, words: dict[str, list[str]]) -> Levels:
    found = {}
    for field in reversed(FIELDS):
        code, place = divmod(code, len(words[field]))
        found[field] = words[field][place]
    return Levels(**found)


def _first(cases: list[tuple[Bools, str]], field: str) -> Int64:
    """Return the place of the level of the first case that holds, of the last level when none does."""
    words = _words(field)
    return np.select(
        [case for case, _ in cases],
        [np.int64(words.index(level)) for _, level in cases],
        np.int64(words.index("different")),
    )


def _absent(ones: Int64, others: Int64, one: Int64, other: Int64) -> Bools:
    absent: Bools = (ones[one] == NONE) | (others[other] == NONE)
    return absent


def _names(ones: Names, others: Names, one: Int64, other: Int64) -> Int64:
    absent = _absent(ones.folded, others.folded, one, other)
    return _first(
        [
            (absent, "absent"),
            (ones.plain[one] == others.plain[other], "same"),
            (ones.folded[one] == others.folded[other], "variant"),
            (ones.sound[one] == others.sound[other], "sound"),
            (ones.near_sound[one] == others.near_sound[other], "near_sound"),
            (_one_character(ones.folded[one], others.folded[other]), "one_character"),
        ],
        "name",
    )


def _one_character(ones: Int64, others: Int64) -> Bools:
    packed = (ones < INTERNED) & (others < INTERNED)
    mine, theirs = characters(ones), characters(others)
    length = (mine > 0).sum(axis=1)
    alike = (
        (length == (theirs > 0).sum(axis=1)) & (length >= ONE_CHARACTER_FROM) & (mine[:, 0] == theirs[:, 0])
    )
    found: Bools = packed & alike & ((mine != theirs).sum(axis=1) == 1)
    return found


def _numbers(ones: Columns, others: Columns, one: Int64, other: Int64) -> Int64:
    mine, theirs = ones.numbers, others.numbers
    wrong = mine.wrong[one] | theirs.wrong[other]
    short = mine.short[one] | theirs.short[other]
    left, right = mine.digits[one], theirs.digits[other]
    # A number of fifteen digits has no check digit to compare.
    right[short, _BODY] = left[short, _BODY]
    slips, swapped = _slips(left, right)
    one_slip = (slips == 1) | swapped
    body = mine.body[one] == theirs.body[other]
    return _first(
        [
            (~(mine.there[one] & theirs.there[other]), "absent"),
            (slips == 0, "same"),
            (body, "same_body"),
            (one_slip & wrong, "near"),
            ((one_slip & short) | ((slips == SLIPS) & wrong), "close"),
            (wrong, "unsure"),
            (mine.body[one] // _SERIALS == theirs.body[other] // _SERIALS, "serial"),
        ],
        "number",
    )


def _births(ones: Columns, others: Columns, one: Int64, other: Int64) -> Int64:
    left, right = ones.birth[one], others.birth[other]
    # The date in a number stands in only where the other record has no number to compare.
    left = np.where((left == NONE) & ~others.numbers.there[other], ones.numbers.birth[one], left)
    right = np.where((right == NONE) & ~ones.numbers.there[one], others.numbers.birth[other], right)
    turned = right // 10000 * 10000 + right % 100 * 100 + right // 100 % 100
    slips, _ = _slips(digit_places(left, _BIRTH_DIGITS), digit_places(right, _BIRTH_DIGITS))
    return _first(
        [
            ((left == NONE) | (right == NONE), "absent"),
            (left == right, "same"),
            (left == turned, "swapped"),
            (slips == 1, "one_digit"),
        ],
        "birth",
    )


def _phones(ones: Columns, others: Columns, one: Int64, other: Int64) -> Int64:
    left, right = ones.phone[one], others.phone[other]
    slips, swapped = _slips(digit_places(left, MOBILE_DIGITS), digit_places(right, MOBILE_DIGITS))
    mobile = ones.mobile[one] & others.mobile[other]
    return _first(
        [
            (_absent(ones.phone, others.phone, one, other), "absent"),
            (left == right, "same"),
            (mobile & ((slips == 1) | swapped), "near"),
        ],
        "phone",
    )


def _sexes(ones: Columns, others: Columns, one: Int64, other: Int64) -> Int64:
    absent = _absent(ones.sex, others.sex, one, other)
    return _first([(absent, "absent"), (ones.sex[one] == others.sex[other], "same")], "sex")


def _slips(left: NDArray[Any], right: NDArray[Any]) -> tuple[Int64, Bools]:
    """Count the places where rows differ, and tell which are two neighbours that changed places."""
    differ = left != right
    slips: Int64 = differ.sum(axis=1)
    turned = differ[:, :-1] & differ[:, 1:] & (left[:, :-1] == right[:, 1:]) & (left[:, 1:] == right[:, :-1])
    return slips, (slips == SLIPS) & turned.any(axis=1)
