"""Release: what a table of counts leaves out cannot be subtracted back, by arithmetic or by trying everything."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yipan.statistics.bulletin import indicators_said
from yipan.statistics.content import PARTS, Content
from yipan.statistics.release import Released, bounds, release, release_both
from yipan.statistics.reports import Prepared
from yipan.statistics.seen import Month, may_be_said

if TYPE_CHECKING:
    from collections.abc import Iterator

UNDER = 5

#: A cell by row and column; without one of them a sum.
Place = tuple[str | None, str | None]


def table(rows: list[list[int]]) -> tuple[dict[tuple[str, str], int], list[str], list[str]]:
    names = [f"r{at}" for at in range(len(rows))]
    columns = [f"c{at}" for at in range(len(rows[0]))]
    return {(r, c): rows[i][j] for i, r in enumerate(names) for j, c in enumerate(columns)}, names, columns


def released(rows: list[list[int]]) -> Released:
    counts, names, columns = table(rows)
    return release(counts, names, columns, UNDER)


def shown(one: Released) -> list[list[int | None]]:
    return [[cell.people for cell in one.row(row)] for row in (*one.rows, None)]


def possible(one: Released, most: int) -> Iterator[dict[tuple[str, str], int]]:
    """Yield every table of inner counts up to `most` that adds up to all that is shown: the attacker's whole work."""
    places = [(row, column) for row in one.rows for column in one.columns]
    choices = [
        [known] if (known := one.cells[place].people) is not None else range(most + 1) for place in places
    ]
    for counts in product(*choices):
        guess = dict(zip(places, counts, strict=True))
        sums: dict[Place, int] = {
            (row, None): sum(guess[row, column] for column in one.columns) for row in one.rows
        }
        sums |= {(None, column): sum(guess[row, column] for row in one.rows) for column in one.columns}
        sums[None, None] = sum(guess.values())
        if all(one.cells[place].people in (None, count) for place, count in sums.items()):
            yield guess


def test_what_is_not_small_is_said_with_its_sums() -> None:
    assert shown(released([[10, 20], [30, 0]])) == [[10, 20, 30], [30, 0, 30], [40, 20, 60]]


def test_one_small_count_takes_others_with_it_so_that_no_sum_gives_it_away() -> None:
    rows = [[10, 2], [30, 40]]
    one = released(rows)
    assert one.cells["r0", "c1"].kept_back
    assert len([place for place, cell in one.cells.items() if cell.people is None]) >= 4
    guesses = (
        {guess["r0", "c1"] for guess in possible(one, 15)}
        if one.cells["r1", "c0"].people is not None
        else set()
    )
    low, high = bounds(whole(rows), hidden_of(one), ("r0", "c1"))
    assert (low <= 1, high >= UNDER) == (True, True)
    assert not guesses or {1, UNDER} <= guesses


def test_two_small_counts_of_one_row_are_not_told_by_their_sum() -> None:
    one = released([[1, 1], [30, 40]])
    assert {one.cells["r0", column].kept_back for column in ("c0", "c1")} == {True}
    low, high = bounds(whole([[1, 1], [30, 40]]), hidden_of(one), ("r0", "c0"))
    assert (low <= 1, high >= UNDER) == (True, True)


@pytest.mark.parametrize(
    "rows", [[[3]], [[1, 0]], [[4, 4, 4]], [[1], [2]], [[2, 0], [0, 0]], [[1, 2], [3, 4]]]
)
def test_a_table_of_hardly_anything_says_hardly_anything(rows: list[list[int]]) -> None:
    one = released(rows)
    counts, _, _ = table(rows)
    for place, count in counts.items():
        if 0 < count < UNDER:
            low, high = bounds(whole(rows), hidden_of(one), place)
            assert (low <= 1, high >= UNDER) == (True, True)


def whole(rows: list[list[int]]) -> dict[Place, int]:
    counts, names, columns = table(rows)
    found: dict[Place, int] = {(row, column): people for (row, column), people in counts.items()}
    found |= {(row, None): sum(counts[row, column] for column in columns) for row in names}
    found |= {(None, column): sum(counts[row, column] for row in names) for column in columns}
    found[None, None] = sum(counts.values())
    return found


def hidden_of(one: Released) -> set[tuple[str | None, str | None]]:
    return {place for place, cell in one.cells.items() if cell.people is None}


@settings(max_examples=25)
@given(st.lists(st.lists(st.integers(0, 7), min_size=2, max_size=2), min_size=2, max_size=2))
def test_whoever_tries_every_table_cannot_tell_a_small_count(rows: list[list[int]]) -> None:
    one = released(rows)
    counts, _, _ = table(rows)
    small = [place for place, count in counts.items() if 0 < count < UNDER]
    tried = list(possible(one, 11)) if small else []
    for place in small:
        guesses = {guess[place] for guess in tried}
        assert min(guesses) <= 1
        assert max(guesses) >= UNDER


@settings(max_examples=40)
@given(
    st.integers(3, 5).flatmap(
        lambda width: st.lists(
            st.lists(st.integers(0, 40), min_size=width, max_size=width), min_size=3, max_size=6
        )
    )
)
def test_what_is_shown_is_true_and_its_sums_are_whole(rows: list[list[int]]) -> None:
    one = released(rows)
    for place, count in whole(rows).items():
        cell = one.cells[place]
        assert cell.people == count if cell.people is not None else cell.kept_back
        assert cell.people is None or cell.people == 0 or cell.people >= UNDER


# -------------------------------------------------------------------- two tables of the same counts


def both(cube: list[list[list[int]]]) -> tuple[list[list[int]], list[list[int]]]:
    """Return counts by rule, office and part as two tables: by rule, and by office."""
    by_rule = [[sum(part) for part in zip(*offices, strict=True)] for offices in cube]
    by_office = [[sum(part) for part in zip(*rules, strict=True)] for rules in zip(*cube, strict=True)]
    return by_rule, by_office


def released_both(cube: list[list[list[int]]]) -> tuple[Released, Released]:
    (first, rows, columns), (second, others, _) = map(table, both(cube))
    return release_both(first, second, (rows, others), columns, UNDER)


def sums_of(guess: dict[tuple[str, str], int]) -> tuple[int, ...]:
    columns = sorted({column for _, column in guess})
    return tuple(sum(count for (_, each), count in guess.items() if each == column) for column in columns)


def test_a_sum_that_one_table_keeps_back_is_not_read_in_the_other() -> None:
    # Three of a part, all of one rule and one office: alone, the table by office would hide the sum, and that by rule say it.
    cube = [[[20, 3], [30, 0]], [[10, 40], [10, 60]]]
    one, other = released_both(cube)
    for column in ("c0", "c1", None):
        assert one.cells[None, column] == other.cells[None, column]


@settings(max_examples=25)
@given(
    st.lists(
        st.lists(st.lists(st.integers(0, 3), min_size=2, max_size=2), min_size=2, max_size=2),
        min_size=2,
        max_size=2,
    )
)
def test_whoever_holds_both_tables_and_tries_everything_cannot_tell_a_small_count(
    cube: list[list[list[int]]],
) -> None:
    tables, counted = released_both(cube), [table(each)[0] for each in both(cube)]
    if all(count == 0 or count >= UNDER for counts in counted for count in counts.values()):
        return
    tried = [list(possible(each, 10)) for each in tables]
    agreed = {sums_of(guess) for guess in tried[0]} & {sums_of(guess) for guess in tried[1]}
    for counts, guesses in zip(counted, tried, strict=True):
        fits = [guess for guess in guesses if sums_of(guess) in agreed]
        for place, count in counts.items():
            if 0 < count < UNDER:
                told = {guess[place] for guess in fits}
                assert min(told) <= 1
                assert max(told) >= UNDER


# ----------------------------------------------------------------------------------------------- shares


@pytest.mark.parametrize(
    ("part", "whole", "said"),
    [(7, 16, True), (0, 9, True), (9, 9, True), (2, 6, False), (14, 17, False), (1, 1, False), (0, 0, False)],
)
def test_a_share_is_said_where_neither_its_part_nor_the_rest_is_small(
    *, part: int, whole: int, said: bool
) -> None:
    assert may_be_said(part, whole) is said
    assert (Month(name="2026-03", due=whole, kept=part).share is not None) is said


def test_the_bulletin_says_no_share_of_which_the_table_keeps_a_count_back() -> None:
    counts = {
        ("birth-reg-reply-15wd", "kept"): 7,
        ("birth-reg-reply-15wd", "late"): 9,
        ("birth-reg-verify-7wd", "kept"): 2,
    }
    rows = ("birth-reg-reply-15wd", "birth-reg-verify-7wd")
    content = Content(
        report="stat-quarter-bulletin", office="450921", period="2026-Q1", as_of="", by_rule=(), by_office=(),
        indicators={"ind-reply-15wd": (7, 16), "ind-verify-7wd": (2, 2)},
    )  # fmt: skip
    prepared = Prepared(content=content, disagreements=(), below={}, missing=())
    said = indicators_said(prepared, release(counts, rows, PARTS, UNDER), "en")
    assert said["rows"] == []
    whole = {**counts, ("birth-reg-verify-7wd", "kept"): 20}
    (row,) = indicators_said(prepared, release(whole, rows, PARTS, UNDER), "en")["rows"]
    assert row[1] == "44%"
