"""`yipan places resolve`: the answer in words and in JSON, an exit code that says whether it is one place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.cli.program import Program

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def yipan(tmp_path: Path) -> Program:
    """Give the program with a data folder that is not there: resolving must not make it."""
    return Program(home=tmp_path / "not-there")


def test_an_address_is_answered_in_words_with_what_is_left_of_it(yipan: Program) -> None:
    answer = yipan.run("places", "resolve", "容县 容州 某某村3组", YIPAN_LANG="zh")
    assert (answer.code, answer.out.splitlines()) == (
        0,
        ["450921100  广西壮族自治区玉林市容县容州镇", "其余：某某村3组"],
    )
    assert not yipan.home.exists()


def test_a_former_name_is_said_with_its_code_and_years(yipan: Program) -> None:
    answer = yipan.run("places", "resolve", "北京昌平县", YIPAN_LANG="en")
    assert answer.out == "110114  北京市昌平区 (once 昌平县, 110201, 1980-1981)\n"


def test_choices_end_with_1_and_are_all_in_the_json(yipan: Program) -> None:
    answer = yipan.run("places", "resolve", "朝阳区", "--json")
    assert (answer.code, answer.value["found"], answer.value["reason"]) == (1, None, "several")
    assert [each["code"] for each in answer.value["choices"]] == ["110105", "220104"]


def test_the_day_of_the_text_is_taken_into_account(yipan: Program) -> None:
    found = yipan.json("places", "resolve", "410703", "--on", "2000-05-01")["found"]
    assert (found["code"], found["formerly"]["name"]) == ("410703", "新华区")


def test_what_is_no_place_is_said_to_be_none(yipan: Program) -> None:
    answer = yipan.run("places", "resolve", "绝无此地", YIPAN_LANG="en")
    assert (answer.code, answer.out) == (1, "No place could be made out.\nThe rest: 绝无此地\n")
