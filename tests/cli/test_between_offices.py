"""Between two offices at the command line: queries, joint cases that nobody passes on for ever, the ladder up to the nation."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import pytest

from yipan.offices.divisions import read_divisions

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.program import Program

#: Every test gets two counties of its own with a township in each: the journal is never emptied.
_counties = itertools.count(0)
JOINT = {"name": "韦秀英", "matter": "请两地接续产后访视", "agrees": "yes", "channel": "letter"}
QUERY = {
    "name": "韦秀英", "points": "请核对现登记的住址", "agrees": "yes", "priority": "urgent", "channel": "letter",
    "service": "生育登记",
}  # fmt: skip


@pytest.fixture
def sides() -> tuple[str, str]:
    """Give two townships of two counties that no other test has used."""
    townships: dict[str, str] = {}
    for each in read_divisions():
        if len(each.code) == len("450921100") and each.code.startswith(("4205", "4206", "4210")):
            townships.setdefault(each.code[:6], each.code)
    number = next(_counties)
    held = sorted(townships.values())
    return held[2 * number], held[2 * number + 1]


@pytest.fixture
def slip(tmp_path: Path) -> str:
    """Give the path of a piece of evidence."""
    path = tmp_path / "签收单.txt"
    path.write_text("挂号信回执", "utf-8")
    return str(path)


def duties(yipan: Program, office: str, thread: str) -> dict[str, Any]:
    return {each["rule"]: each for each in yipan.json("duties", "--office", office) if each["thread"] == thread}  # fmt: skip


def test_a_query_that_she_did_not_agree_to_is_owed_by_nobody(
    yipan: Program, sides: tuple[str, str], slip: str
) -> None:
    asker, asked = sides
    said = {**QUERY, "agrees": "no", "priority": "normal"}
    fields = [
        part for name, value in {**said, "asked": asked}.items() for part in ("--field", f"{name}={value}")
    ]
    refused = yipan.run("record", "query.sent", "--office", asker, *fields, YIPAN_LANG="en")
    assert (refused.code, "it is not sent" in refused.err) == (1, True)
    # What went out on paper all the same is written down, and nobody owes an answer to it.
    sent = yipan.record(
        "query.sent", asker, "--at", "2026-03-02T09:00", "--evidence", slip, asked=asked, **said
    )
    yipan.record("query.arrived", asker, "--thread", sent["thread"], channel="letter", priority="normal")
    assert duties(yipan, asked, sent["thread"])["prd-query-reply-15wd"]["state"] == "released"


def test_a_query_lacking_its_fields_is_refused_field_by_field(yipan: Program, sides: tuple[str, str]) -> None:
    asker, asked = sides
    wrong = yipan.run(
        "record", "query.sent", "--office", asker, "--field", f"asked={asked}", "--field", "priority=soon",
        YIPAN_LANG="en",
    )  # fmt: skip
    assert wrong.code == 1
    assert all(said in wrong.err for said in ("name", "points", "agrees", "normal, urgent", "service"))


def opened(yipan: Program, sides: tuple[str, str], slip: str) -> tuple[str, ...]:
    """Open a joint case on 2 March and return the options that name it."""
    made = yipan.record(
        "joint-case.opened",
        sides[0],
        "--at",
        "2026-03-02T09:00",
        "--evidence",
        slip,
        partner=sides[1],
        **JOINT,
    )
    case = ("--thread", str(made["thread"]), "--evidence", slip)
    yipan.record("joint-case.arrived", sides[0], *case, "--at", "2026-03-02T15:00", channel="letter")
    return case


def test_several_offices_may_each_say_why_they_are_late(
    yipan: Program, sides: tuple[str, str], slip: str
) -> None:
    case = opened(yipan, sides, slip)
    for each in sides:
        yipan.record("delay.noted", each, *case[:2], reason="人手不足")
    noted = [each["kind"] for each in yipan.json("duties", "--office", sides[0]) if "kind" in each]
    assert noted == []


def test_neither_side_names_the_owner_of_a_joint_case_nor_settles_what_it_raised_itself(
    yipan: Program, sides: tuple[str, str], slip: str
) -> None:
    case = opened(yipan, sides, slip)[:2]
    yipan.record("joint-case.passed", sides[0], *case, minutes="她住在贵地")
    yipan.record("obstacle.raised", sides[0], *case, minutes="对方不认")
    for kind, said in (("joint-case.assigned", ["--field", f"partner={sides[1]}"]), ("obstacle.settled", [])):
        refused = yipan.run(
            "record", kind, "--office", sides[0], *case, *said, "--field", "minutes=办了", "--json"
        )
        assert refused.code == 1
        assert [each["field"] for each in refused.value["faults"]] == ["superior"]
    assert duties(yipan, sides[0], case[1])["cq-no-buck-passing"]["state"] == "open"
