"""Offices that come, change their names and codes, and are succeeded: at the command line, with the journal proved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.program import new_installation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cli.program import Program

RONG, TOWN, WEST = "450921", "450921100", "450921114"
ASKER = "440104001"


@pytest.fixture(scope="module")
def yipan() -> Iterator[Program]:
    """Give the program in a folder of its own; at the end what it recorded is replayed and its chains verified."""
    made = new_installation()
    yield made.program
    made.remove()


def refused(program: Program, *arguments: str) -> tuple[int, str]:
    """Return how a refused command ended, and with which code."""
    answer = program.run(*arguments, "--json")
    assert "Traceback" not in answer.err
    return answer.code, answer.value["error"]


def show(program: Program, code: str, *options: str) -> Any:  # noqa: ANN401  # whatever the command prints
    """Return what is known of an office."""
    return program.json("offices", "show", code, *options)


def test_a_new_township_is_known_from_its_founding_on_and_owes_like_any_other(yipan: Program) -> None:
    assert refused(yipan, "offices", "show", "450921188")[0] == 2
    made = yipan.json("offices", "found", "450921188", "--name", "容北镇人民政府", "--by", RONG)
    assert made["office"] == "450921188"
    new = show(yipan, "450921188")
    assert (new["level"], new["above"]) == ("township", RONG)
    assert new["name"] == "广西壮族自治区玉林市容县容北镇人民政府"
    yipan.record("office.opened", "450921188")
    case = yipan.record(
        "birth-registration.asked", ASKER, her_home="450921188", her_name="李秀兰", papers="complete",
        her_agrees_verify="yes",
    )["thread"]  # fmt: skip
    yipan.record("verification.asked", ASKER, "--thread", case, her_home="450921188", channel="system")
    [owed] = yipan.json("duties", "--office", "450921188", "--open")
    assert (owed["rule"], owed["thread"]) == ("birth-reg-reply-15wd", case)


@pytest.mark.parametrize(
    ("code", "options", "expected"),
    [
        (TOWN, ("--by", RONG), (1, "code-taken")),
        ("45092", ("--by", RONG), (2, "odd-code")),
        ("450921189", ("--by", RONG, "--kind", "queen"), (2, "unknown-sort")),
        ("450921189", ("--by", "450922"), (1, "not-above")),
        ("450921189", ("--by", TOWN), (1, "not-above")),
    ],
)
def test_an_office_is_not_founded_under_anothers_code_or_from_beside(
    yipan: Program, code: str, options: tuple[str, ...], expected: tuple[int, str]
) -> None:
    assert refused(yipan, "offices", "found", code, "--name", "某镇人民政府", *options) == expected


def test_a_renamed_office_keeps_its_id_and_an_old_day_shows_the_old_name(yipan: Program) -> None:
    before = show(yipan, "450921115")["name"]
    yipan.json("offices", "rename", "450921115", "--name", "浪水镇便民服务中心", "--by", RONG)
    assert show(yipan, "450921115")["name"].endswith("浪水镇便民服务中心")
    assert show(yipan, "450921115", "--on", "2026-01-01")["name"] == before
    assert refused(yipan, "offices", "rename", RONG, "--name", "某局", "--by", RONG) == (1, "not-above")


def test_a_county_that_becomes_a_city_takes_its_offices_and_the_places_below_along(yipan: Program) -> None:
    county, town, code = "450922", "450922101", "450983"
    renamed = yipan.json(
        "offices", "rename-division", county, "--name", "陆川市", "--code", code, "--by", "4509"
    )
    assert {county, f"{county}:police", f"{county}:government"} <= set(renamed["offices"])
    for reference in (county, code):
        found = show(yipan, reference)
        assert (found["office"], found["code"]) == (county, code)
        assert found["name"] == "广西壮族自治区玉林市陆川市卫生健康局"
    assert show(yipan, f"{code}:police")["name"] == "广西壮族自治区玉林市陆川市公安局"
    assert "玉林市陆川市" in show(yipan, town)["name"]
    assert "玉林市陆川县" in show(yipan, town, "--on", "2026-01-01")["name"]
    # It is addressed by either code, and the journal has its id.
    yipan.record("office.opened", code)
    assert refused(yipan, "offices", "rename-division", "450923", "--name", "博白市", "--code", code, "--by", "4509") == (
        1, "code-taken",
    )  # fmt: skip


def test_a_town_that_becomes_a_street_office_is_called_by_that_ending(yipan: Program) -> None:
    yipan.json("offices", "rename-division", "450921113", "--name", "十里街道", "--by", RONG)
    assert show(yipan, "450921113")["name"] == "广西壮族自治区玉林市容县十里街道办事处"


def test_merged_counties_have_one_line_and_the_townships_below_answer_to_the_one_that_goes_on(
    yipan: Program,
) -> None:
    """Beiliu goes on with the townships of Xingye: a lapse of one of them comes to Beiliu."""
    gone, stays, town = "450924", "450981", "450924100"
    yipan.json("offices", "succeed", gone, stays, "--because", "merged", "--by", "4509")
    below = show(yipan, town)
    assert below["above"] == stays
    assert "玉林市北流市" in below["name"]
    assert show(yipan, gone)["succeeded_by"] == stays
    yipan.record("office.opened", town)
    case = yipan.record(
        "birth-registration.asked", ASKER, her_home=town, her_name="李秀兰", papers="complete", her_agrees_verify="yes"
    )["thread"]  # fmt: skip
    yipan.record("verification.asked", ASKER, "--thread", case, her_home=town, channel="system")
    yipan.json("sweep", "--now", "2027-12-31T09:00")
    assert "county-sees-silence" in {each["rule"] for each in yipan.json("duties", "--office", stays)}


def test_an_office_is_succeeded_by_a_command_that_may_be_given_twice(yipan: Program) -> None:
    yipan.record("office.opened", TOWN)
    case = yipan.record(
        "birth-registration.asked", ASKER, her_home=TOWN, her_name="李秀兰", papers="complete", her_agrees_verify="yes"
    )["thread"]  # fmt: skip
    yipan.record("verification.asked", ASKER, "--thread", case, her_home=TOWN, channel="system")
    assert refused(yipan, "offices", "succeed", TOWN, WEST, "--by", "450922") == (1, "not-above")
    assert refused(yipan, "offices", "succeed", TOWN, TOWN, "--by", RONG) == (2, "same-office")
    done = yipan.json("offices", "succeed", TOWN, WEST, "--because", "merged", "--by", RONG)
    assert (done["cases"], done["moved"]) == (2, 2)
    again = yipan.json("offices", "succeed", TOWN, WEST, "--because", "merged", "--by", RONG)
    assert (again["decision"], again["moved"]) == (done["decision"], 0)
    assert [each["thread"] for each in yipan.json("duties", "--office", WEST, "--open")] == [case]
    assert refused(yipan, "record", "office.opened", "--office", TOWN) == (1, "office-ended")
    yipan.record("verification.answered", WEST, "--thread", case, result="confirmed")
    [reply] = yipan.json("duties", "--office", WEST)
    assert (reply["state"], reply["clock"], reply["lapsed_by"]) == ("discharged", "in-time", None)
    assert yipan.json("journal", "verify")["faults"] == []


def test_named_cases_go_to_another_office(yipan: Program) -> None:
    one, other = "450921102", "450921103"
    yipan.record("office.opened", one)
    cases = []
    for _ in range(2):
        cases.append(
            yipan.record(
                "birth-registration.asked", ASKER, her_home=one, her_name="李秀兰", papers="complete", her_agrees_verify="yes"
            )["thread"]
        )  # fmt: skip
        yipan.record("verification.asked", ASKER, "--thread", cases[-1], her_home=one, channel="system")
    handed = yipan.json("offices", "hand-cases", one, other, "--thread", cases[0], "--by", RONG)
    assert (handed["cases"], handed["moved"]) == (1, 1)
    assert [each["thread"] for each in yipan.json("duties", "--office", other, "--open")] == cases[:1]
    assert [each["thread"] for each in yipan.json("duties", "--office", one, "--open")] == cases[1:]
    unknown = "00000000-0000-7000-8000-000000000000"
    assert refused(yipan, "offices", "hand-cases", one, other, "--thread", unknown, "--by", RONG) == (
        1,
        "unknown-case",
    )
