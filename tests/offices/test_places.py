"""Places as people write them: 500 addresses with their answers, and what holds for every division."""

from __future__ import annotations

import csv
import unicodedata
from datetime import date
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yipan.offices.divisions import Level
from yipan.offices.placeindex import Gazetteer, read_gazetteer
from yipan.offices.places import MOST_CHOICES, Reason, Resolution, resolve

if TYPE_CHECKING:
    from collections.abc import Iterator

#: `answer` is a code; or ?codes, all of them offered; or ~a code, offered or meant; or !the reason for none.
TABLE = Path(__file__).parent / "data" / "addresses.csv"
ADDRESSES = list(csv.DictReader(TABLE.read_text("utf-8").splitlines()))


#: Texts of what addresses are made of, in any order, with any sense or none.
SCRAPS = st.lists(
    st.sampled_from(
        [
            "广西",
            "容县",
            "容州镇",
            "朝阳",
            "区",
            "县",
            "市辖区",
            "某某村",
            "3组",
            "路",
            " ",
            "，",
            "450921",
            "縣",
            "Ａ",
        ]
    ),
    max_size=8,
).map("".join)


@cache
def gazetteer() -> Gazetteer:
    return read_gazetteer()


def place(text: str, on: date | None = None) -> Resolution:
    return resolve(text, gazetteer(), on)


def code_of(answer: Resolution) -> str | None:
    return answer.found.division.code if answer.found else None


def offered(answer: Resolution) -> list[str]:
    return [each.division.code for each in answer.choices]


def mistake(row: dict[str, str]) -> str | None:
    """Return what is wrong with the answer to a row of the table, if anything is."""
    answer, expected = place(row["text"]), row["answer"]
    codes = offered(answer)
    if expected.startswith("!"):
        right = answer.found is None and answer.reason == expected[1:]
    elif expected.startswith("?"):
        right = sorted(codes) == sorted(expected[1:].split(";")) and answer.reason is Reason.SEVERAL
    elif expected.startswith("~"):
        right = code_of(answer) == expected[1:] or expected[1:] in codes
    else:
        right = code_of(answer) == expected
    if right and answer.rest == row["rest"]:
        return None
    return f"{row['what']}: {row['text']}: {code_of(answer)} {codes} rest {answer.rest!r} {answer.reason}"


def without_province(code: str) -> str:
    return gazetteer().full_name(code).removeprefix(gazetteer().divisions[code[:2]].name)


def every_division() -> Iterator[str]:
    return (code for code in gazetteer().divisions if code != "00")


def test_500_messy_addresses_mean_what_their_answers_say() -> None:
    assert len(ADDRESSES) >= 500
    assert [found for row in ADDRESSES if (found := mistake(row))] == []


def test_the_full_name_of_every_division_means_that_division_and_leaves_nothing() -> None:
    wrong = {}
    for code in every_division():
        answer = place(gazetteer().full_name(code))
        if (code_of(answer), answer.rest) != (code, ""):
            wrong[code] = answer
    assert wrong == {}


def test_without_its_province_every_division_is_found_or_offered() -> None:
    wrong = {}
    for code in every_division():
        if len(code) > len("45"):
            answer = place(without_province(code))
            if code not in [code_of(answer), *offered(answer)]:
                wrong[code] = answer
    assert wrong == {}


@pytest.mark.parametrize("text", ["某某村3组", "县底村5队 13800138000", "12号", "A座8楼"])
def test_what_follows_a_township_is_given_back_whole(text: str) -> None:
    assert (code_of(place(f"广西容县容州镇{text}")), place(f"广西容县容州镇{text}").rest) == (
        "450921100",
        text,
    )


@given(SCRAPS)
def test_whatever_is_written_the_rest_is_of_the_text_and_in_its_order(text: str) -> None:
    answer = place(text)
    left = iter(unicodedata.normalize("NFKC", text))
    assert all(character in left for character in answer.rest.replace(" ", ""))
    assert (answer.found is None) == (answer.reason is not None)
    assert answer.fitting >= len(answer.choices)


def test_the_level_says_how_far_the_text_leads() -> None:
    texts = ("广西", "广西玉林", "广西玉林容县", "广西玉林容县容州", "绝无此地")
    levels = [Level.PROVINCE, Level.CITY, Level.COUNTY, Level.TOWNSHIP, None]
    assert [place(text).level for text in texts] == levels


def test_where_more_fit_than_are_listed_their_number_is_said() -> None:
    answer = place("城关镇")
    assert (answer.found, answer.reason, len(answer.choices)) == (None, Reason.SEVERAL, MOST_CHOICES)
    assert answer.fitting == sum(each.name == "城关镇" for each in gazetteer().divisions.values())


def test_the_higher_choice_stands_first() -> None:
    assert offered(place("朝阳"))[0] == "2113"


def test_a_former_name_is_told_with_its_years_and_why_it_means_the_new_one() -> None:
    found = place("北京昌平县").found
    assert found is not None
    assert found.formerly is not None
    assert (found.formerly.name, found.formerly.code, found.formerly.last_year) == ("昌平县", "110201", 1981)
    assert (found.formerly.successors, found.formerly.basis) == (("110114",), "name")


def test_a_name_that_is_in_force_is_told_with_no_former_one() -> None:
    found = place("广西容县").found
    assert found is not None
    assert found.formerly is None


def test_what_became_of_a_district_is_not_guessed_where_the_history_does_not_know() -> None:
    answer = place("广东湛江市郊区")
    assert (answer.found, answer.reason) == (None, Reason.NO_SUCCESSOR)
    assert offered(answer) == ["4408"]


def test_a_code_means_what_it_meant_on_the_day_it_was_written() -> None:
    assert code_of(place("410703")) == "410703"
    then = place("410703", date(2000, 5, 1)).found
    assert then is not None
    assert then.formerly is not None
    assert then.formerly.name == "新华区"


def test_a_name_of_the_day_is_preferred_to_one_of_another_time() -> None:
    found = place("河南新乡新华区", date(2000, 5, 1)).found
    assert found is not None
    assert (found.division.name, found.formerly and found.formerly.name) == ("卫滨区", "新华区")


def test_the_answer_keeps_the_text_as_it_was_written() -> None:
    assert place("廣西容縣　１２號").text == "廣西容縣　１２號"


def test_the_same_text_means_the_same_again() -> None:
    assert place("广西容县容州镇") == place("广西容县容州镇")


def test_a_text_of_thousands_of_characters_is_kept_whole_and_read_only_at_its_beginning() -> None:
    answer = place("广西容县" + "某" * 5000)
    assert (code_of(answer), len(answer.rest)) == ("450921", 5000)
    assert place("朝阳" * 5000).rest
