"""Officers are posted, go on leave, and hand over their open work: at the command line."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from tests.cli.program import new_installation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cli.program import Program

OFFICE, OTHER, COUNTY = "440104001", "440104003", "440104"


def day(days: int = 0) -> str:
    """Return a day so far from today."""
    return (datetime.now(ZoneInfo("Asia/Shanghai")).date() + timedelta(days=days)).isoformat()


@pytest.fixture(scope="module")
def staffed() -> Iterator[Program]:
    """Give the program in a folder with two clerks of an office, its head, and the head of the county above."""
    made = new_installation()
    for username, name, office, role in (
        # While nobody may post officers there, whoever runs the program does.
        ("li.na", "李娜", OFFICE, "clerk"),
        ("ran.fang", "冉芳", OFFICE, "clerk"),
        ("liang.min", "梁敏", OFFICE, "head"),
        ("shi.yu", "石玉", COUNTY, "head"),
    ):
        made.program.json("officers", "add", username, "--name", name, "--office", office, "--role", role)
    yield made.program
    made.remove()


def refused(program: Program, *arguments: str) -> tuple[int, str]:
    """Return how a refused command ended, and with which code."""
    answer = program.run(*arguments, "--json")
    assert "Traceback" not in answer.err
    return answer.code, answer.value["error"]


def add(program: Program, username: str, office: str, *options: str) -> tuple[int, str]:
    """Try to make an account, and return how that ended."""
    answer = program.run(
        "officers", "add", username, "--name", "某", "--office", office, "--role", "clerk", *options, "--json"
    )
    return answer.code, answer.value.get("error", "")


def test_accounts_are_made_by_those_whose_post_there_or_above_includes_it(staffed: Program) -> None:
    assert add(staffed, "new.one", OFFICE) == (1, "not-permitted")
    assert add(staffed, "new.one", OFFICE, "--as", "li.na") == (1, "not-permitted")
    assert add(staffed, "new.one", OTHER, "--as", "liang.min") == (1, "not-permitted")
    assert add(staffed, "new.one", OFFICE, "--as", "nobody") == (2, "unknown-officer")
    assert add(staffed, "hu.lan", OFFICE, "--as", "liang.min") == (0, "")
    assert add(staffed, "tan.xue", OTHER, "--as", "shi.yu") == (0, "")


def test_a_post_is_given_and_ended_and_with_it_what_she_may_do(staffed: Program) -> None:
    given = ("officers", "post", "tan.xue", "--office", OFFICE, "--role", "clerk", "--as", "liang.min")
    staffed.json(*given)
    assert refused(staffed, *given) == (1, "already-posted")
    assert staffed.run("duties", "--office", OFFICE, "--as", "tan.xue").code == 0
    end = ("officers", "end-post", "tan.xue", "--office", OFFICE, "--as", "liang.min")
    assert staffed.json(*end)["ended"] == 1
    assert refused(staffed, "duties", "--office", OFFICE, "--as", "tan.xue") == (1, "not-posted")
    assert refused(staffed, *end) == (1, "no-such-post")
    assert refused(staffed, *given[:-2], "--as", "li.na") == (1, "not-permitted")
    turned = ("--from", day(3), "--until", day(3))
    assert refused(staffed, *given, *turned) == (2, "days-turned")


def test_who_is_on_leave_does_not_act_and_whoever_stands_in_does_for_these_days(staffed: Program) -> None:
    staffed.json(
        "officers", "add", "su.mei", "--name", "苏梅", "--office", OTHER, "--role", "clerk", "--as", "shi.yu"
    )
    asked = ("duties", "--office", OTHER, "--as")
    assert refused(staffed, *asked, "hu.lan") == (1, "not-posted")
    days = ("--from", day(), "--until", day(7))
    leave = ("officers", "leave", "su.mei", *days, "--stand-in", "hu.lan")
    assert refused(staffed, *leave, "--as", "liang.min") == (1, "not-permitted")
    noted = staffed.json(*leave, "--as", "shi.yu")
    assert (noted["office"], noted["until"]) == (OTHER, day(7))
    away = staffed.run(*asked, "su.mei", "--json")
    assert (away.code, away.value["error"]) == (1, "on-leave")
    assert "hu.lan" in away.value["en"]
    assert "冉芳" not in away.value["zh"]
    assert staffed.run(*asked, "hu.lan").code == 0
    row = next(
        each
        for each in staffed.json("officers", "list")
        if each["officer"] == "hu.lan" and each["office"] == OTHER
    )
    assert (row["from"], row["until"], row["role"]) == (day(), day(7), "clerk")
    assert refused(staffed, *leave, "--as", "shi.yu") == (1, "already-on-leave")
    herself = ("officers", "leave", "su.mei", "--from", day(20), "--until", day(21), "--stand-in", "su.mei")
    assert refused(staffed, *herself, "--as", "shi.yu") == (1, "stand-in-not-free")
    # Back early: she acts again, and the stand-in no more.
    staffed.json("officers", "return", "su.mei", "--office", OTHER, "--as", "shi.yu")
    assert staffed.run(*asked, "su.mei").code == 0
    assert refused(staffed, *asked, "hu.lan") == (1, "not-posted")


def test_a_leave_of_later_days_stops_nobody_today(staffed: Program) -> None:
    staffed.json(
        "officers", "leave", "ran.fang", "--from", day(30), "--until", day(40), "--stand-in", "li.na", "--as", "liang.min"
    )  # fmt: skip
    assert staffed.run("duties", "--office", OFFICE, "--as", "ran.fang").code == 0


def _case(program: Program, officer: str) -> str:
    asked = program.record(
        "birth-registration.asked", OFFICE, "--as", officer, her_home="500101001", her_name="李秀兰", papers="complete",
        her_agrees_verify="yes",
    )  # fmt: skip
    return str(asked["thread"])


def _desk(program: Program, officer: str) -> set[str]:
    listed = program.json("duties", "--office", OFFICE, "--open", "--desk", officer, "--as", "liang.min")
    return {each["thread"] for each in listed}


def test_open_work_goes_to_another_desk_all_of_it_or_what_is_named(staffed: Program) -> None:
    staffed.record("office.opened", OFFICE, "--as", "liang.min")
    cases = {_case(staffed, "li.na") for _ in range(3)}
    assert _desk(staffed, "li.na") == cases
    assert _desk(staffed, "ran.fang") == set()
    one = min(cases)
    hand = ("officers", "hand-over", "li.na", "ran.fang", "--office", OFFICE)
    assert refused(staffed, *hand, "--as", "ran.fang") == (1, "not-permitted")
    assert staffed.json(*hand, "--thread", one, "--as", "li.na")["threads"] == [one]
    assert (_desk(staffed, "ran.fang"), _desk(staffed, "li.na")) == ({one}, cases - {one})
    # What a colleague writes in it does not take a case off the desk it was put on.
    staffed.record("birth-registration.entered", OFFICE, "--as", "liang.min", "--thread", one)
    assert one in _desk(staffed, "ran.fang")
    assert refused(staffed, *hand, "--thread", one, "--as", "li.na") == (1, "unknown-case")
    assert set(staffed.json(*hand, "--as", "liang.min")["threads"]) == cases - {one}
    assert _desk(staffed, "ran.fang") == cases
    assert refused(staffed, *hand, "--as", "li.na") == (1, "nothing-to-hand-over")
    away = ("officers", "hand-over", "ran.fang", "shi.yu", "--office", OFFICE, "--as", "liang.min")
    assert refused(staffed, *away) == (1, "not-posted")
    assert _desk(staffed, "ran.fang") == cases
