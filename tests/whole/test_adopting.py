"""A newly published year, adopted through the CLI: open duties are dated anew and it is told; what is closed stays."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.program import Installation, Program, new_installation
from yipan.database import rule_packs

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

RESIDENCE, HER_HOME, HIS_HOME = "440104001", "500101001", "450921100"
#: A notice of this test's own: it rests for three days on which everybody had expected to work.
YEAR_2027 = """
calendar: cn-2027
year: 2027
source: {doc: 国办发明电〔2026〕9号, title: 国务院办公厅关于2027年部分节假日安排的通知, announced_on: 2026-11-20}
rest_days: [2027-01-01, 2027-01-04, 2027-01-05, 2027-01-06]
makeup_days: []
"""


@pytest.fixture(scope="module")
def installation() -> Iterator[Installation]:
    made = new_installation()
    yield made
    made.remove()


@pytest.fixture
def published(tmp_path: Path) -> dict[str, Any]:
    """Give the environment in which the calendar pack has one more year."""
    packs = tmp_path / "rulepacks"
    shutil.copytree(rule_packs(), packs)
    (packs / "state-council" / "calendar" / "calendars" / "2027.yaml").write_text(YEAR_2027, encoding="utf-8")
    return {"YIPAN_RULEPACKS": str(packs)}


def _reply(yipan: Program, home: str) -> dict[str, Any]:
    listed = yipan.json("duties", "--office", home)
    return next(each for each in listed if each["rule"] == "birth-reg-reply-15wd")


def test_a_published_year_makes_provisional_deadlines_firm_and_says_so(
    installation: Installation, published: dict[str, str], tmp_path: Path
) -> None:
    yipan = installation.program
    slip = tmp_path / "slip.txt"
    slip.write_text("签收单", encoding="utf-8")
    thread = _two_questions(yipan, slip)
    before = _reply(yipan, HIS_HOME)
    assert (before["due_on"], before["provisional"]) == ("2026-11-27", False)
    _check_provisional(yipan, published)
    replayed = yipan.json("replay", "--check")
    assert (replayed["ok"], yipan.json("journal", "verify")["ok"]) == (True, True)
    assert thread


def _two_questions(yipan: Program, slip: Path) -> str:
    when = ["--evidence", str(slip)]
    asked = yipan.record(
        "birth-registration.asked", RESIDENCE, "--at", "2026-11-05T10:00", *when, her_home=HER_HOME, his_home=HIS_HOME,
        her_name="李秀兰", papers="complete", her_agrees_verify="yes", his_agrees_verify="yes",
    )  # fmt: skip
    in_case = ["--thread", asked["thread"], *when]
    yipan.record(
        "verification.asked",
        RESIDENCE,
        *in_case,
        "--at",
        "2026-11-06T09:00",
        his_home=HIS_HOME,
        channel="letter",
    )
    yipan.record(
        "verification.arrived",
        RESIDENCE,
        *in_case,
        "--at",
        "2026-11-06T15:00",
        his_home=HIS_HOME,
        channel="letter",
    )
    return str(asked["thread"])


def _check_provisional(yipan: Program, published: dict[str, str]) -> None:
    """Leave a monthly duty open across the year's end, adopt the year, and look at it again."""
    yipan.record("office.opened", "450921:police")
    yipan.json("sweep", "--now", "2027-01-02T09:00")
    [notice] = [
        each
        for each in yipan.json("duties", "--office", "450921:police", "--open")
        if each["period"] == "2026-12"
    ]
    # 3 January 2027 is a Sunday: until the notice, everybody expects Monday.
    assert (notice["due_on"], notice["provisional"]) == ("2027-01-04", True)
    adopted = yipan.json("packs", "adopt", "calendar", **published)
    assert adopted["recomputed"] >= 1
    [notice] = [
        each
        for each in yipan.json("duties", "--office", "450921:police", "--open")
        if each["period"] == "2026-12"
    ]
    assert (notice["due_on"], notice["provisional"]) == ("2027-01-07", False)
    again = yipan.json("packs", "adopt", "calendar", **published)
    assert (again["events"], again["recomputed"]) == ([], 0)
