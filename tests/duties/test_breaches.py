"""Every breach of the documents appears by itself: from a duty not kept, or from what was found at an office."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from tests.law.lawbook import real_packs
from yipan.duties.breaches import FINDING, definitions, of_duties, of_findings
from yipan.law.fold import DISCHARGED, OPEN

if TYPE_CHECKING:
    from yipan.law.definition import Definition
    from yipan.law.kind import Kind

INVESTIGATED = "complaint.investigated"
AT, CASE, OFFICE = datetime(2026, 3, 2, tzinfo=UTC), UUID(int=7), "450921100"
#: What is red whatever the score: money, a forced return, a service refused for a paper, pressure, disclosure.
RED = {
    "breach-fee-home", "breach-fee-residence", "breach-arbitrary-fine", "breach-forced-return",
    "breach-service-refused-for-paper", "breach-pressure", "breach-disclosure",
}  # fmt: skip


def findings() -> dict[str, Kind]:
    return {kind.name: kind for pack in real_packs() for kind in pack.kinds.values() if kind.part == FINDING}


def found(about: str, side: str, result: str = "founded") -> list[str]:
    row = ({"against": [OFFICE]}, CASE, AT, {"about": about, "side": side, "result": result}, INVESTIGATED)
    return [one.id for one, *_ in of_findings([row], definitions(), findings())]


def choices(name: str) -> dict[str, list[str]]:
    return {each.name: list(each.fields[name].choices) for each in findings().values()}


@pytest.mark.parametrize("one", definitions(), ids=lambda one: one.id)
def test_each_breach_is_drawn_from_every_duty_and_finding_that_it_names(one: Definition) -> None:
    drawn = []
    for state, rules in ((OPEN, (*one.opened, *one.undone)), (DISCHARGED, (*one.opened, *one.late))):
        for rule in rules:
            listed = of_duties([(rule, OFFICE, CASE, AT, state, True)], definitions())
            drawn.append(one.id in {each.id for each, *_ in listed})
    sides = [one.side] if one.side else choices("side")["breach.noted"]
    drawn += [any(one.id in found(about, side) for side in sides) for about in one.findings]
    assert drawn
    assert all(drawn)


def test_all_that_may_be_found_is_some_breach_on_some_side() -> None:
    abouts = choices("about")
    assert abouts[INVESTIGATED] == abouts["breach.noted"]
    sides = choices("side")["breach.noted"]
    assert [about for about in abouts["breach.noted"] if not any(found(about, side) for side in sides)] == []


def test_what_is_red_is_red_and_nothing_else() -> None:
    assert {one.id for one in definitions() if one.red} == RED


def test_the_same_finding_is_another_breach_on_the_other_side() -> None:
    assert found("money-asked", "home") == ["breach-fee-home"]
    assert found("money-asked", "residence") == ["breach-fee-residence"]


def test_a_term_that_was_cut_is_a_breach_as_soon_as_its_office_is_told_and_once_only() -> None:
    for state in (OPEN, DISCHARGED):
        rows = of_duties([("cert-term-mended", OFFICE, CASE, AT, state, True)], definitions())
        assert [one.id for one, *_ in rows] == ["breach-term-shortened"]


def test_what_was_not_founded_is_no_breach() -> None:
    assert found("pressure", "home", "unfounded") == []


def test_of_an_office_below_no_case_is_shown() -> None:
    ((_, office, _, rule, thread),) = of_duties(
        [("consult-reply-7wd", OFFICE, CASE, AT, OPEN, False)], definitions()
    )
    assert (office, rule, thread) == (OFFICE, "consult-reply-7wd", None)
