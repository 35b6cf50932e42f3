"""`access` at the door: a number and a code are shown once, listed without them, and ended."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.cli.test_people import ELSEWHERE, OFFICE, enrol, number

if TYPE_CHECKING:
    from tests.cli.program import Program


def test_a_slip_is_given_listed_without_its_code_and_ended_once(yipan: Program) -> None:
    person = enrol(yipan, "覃秀芳", number("45092219880808012"))
    given = yipan.json("access", "give", person, "--office", OFFICE)
    assert re.fullmatch(r"\d{4} \d{4} \d{4}", given["number"])
    assert re.fullmatch(r"[2-9A-HJKMNP-Z]{4}( [2-9A-HJKMNP-Z]{4}){2}", given["code"])
    answer = yipan.run("access", "list", person, "--office", OFFICE, "--json")
    assert [(each["slip"], each["to"], each["ended_at"]) for each in answer.value] == [
        (given["slip"], "person", None)
    ]
    assert given["code"] not in answer.out
    yipan.json("access", "end", given["slip"], "--office", OFFICE)
    again = yipan.run("access", "end", given["slip"], "--office", OFFICE, "--json")
    assert again.code == 1
    assert again.value["error"] == "no-such-slip"
    [listed] = yipan.json("access", "list", person, "--office", OFFICE)
    assert listed["because"] == "lost"


def test_another_office_and_a_name_that_is_not_in_the_case_get_no_slip(yipan: Program) -> None:
    person = enrol(yipan, "蒙丽珍", number("45092219900909014"))
    for said, error in (
        (("--office", ELSEWHERE), "unknown-case"),
        (("--office", OFFICE, "--to", "her"), "not-hers-to-give"),
    ):
        refused = yipan.run("access", "give", person, *said, "--json")
        assert refused.code == 1
        assert refused.value["error"] == error
