"""A complaint against an office from its number to the order to correct, and what is said of a person: taken nowhere."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from yipan.offices.divisions import read_divisions

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.program import Program

#: Late enough for every clock of a complaint; each month further would open its meetings and returns.
LATE_ENOUGH = (datetime.now(UTC) + timedelta(days=300)).date().isoformat()
COUNTY, CITY = "450881", "4508"
GOVERNMENT = f"{COUNTY}:government"
FILED = {
    "of_whom": "office",
    "about": "money-asked",
    "came_by": "counter",
    "what_happened": "办证时被要求交十元",
}
#: Every test complains of a township of its own: the journal is never emptied.
_townships = itertools.count(0)


@pytest.fixture
def office() -> str:
    """Give a township of the county that no other test has used."""
    found = [each.code for each in read_divisions() if each.code.startswith(COUNTY) and len(each.code) == 9]
    return found[next(_townships)]


@pytest.fixture
def letter(tmp_path: Path) -> str:
    """Give the path of a piece of evidence."""
    path = tmp_path / "批示.txt"
    path.write_text("县人民政府责令改正通知书", "utf-8")
    return str(path)


def file(yipan: Program, office: str, **more: str) -> str:
    """Take in a complaint and return its case."""
    return str(yipan.record("complaint.filed", COUNTY, **{**FILED, "against": office, **more})["thread"])


def duties(yipan: Program, office: str, thread: str) -> dict[str, Any]:
    return {each["rule"]: each for each in yipan.json("duties", "--office", office) if each["thread"] == thread}  # fmt: skip


def founded(yipan: Program, office: str) -> str:
    """Take in a complaint, look into it, and put it to the county's government; return its case."""
    thread = file(yipan, office)
    case = ("--thread", thread)
    found = {"result": "founded", "about": "money-asked", "side": "home", "findings": "收据在卷"}
    yipan.record("complaint.investigated", COUNTY, *case, **found)
    yipan.record(
        "breach.referred", COUNTY, *case, corrector=GOVERNMENT, channel="letter", breach="违反第十七条"
    )
    return thread


def test_the_office_complained_of_sees_the_order_and_never_the_complaint(
    yipan: Program, office: str, letter: str
) -> None:
    thread = founded(yipan, office)
    early = yipan.run(
        "record", "correction.reported", "--office", office, "--thread", thread, "--field", "what_was_mended=退还", "--json"
    )  # fmt: skip
    assert (early.code, early.value["error"]) == (1, "unknown-case")
    on_paper = ("--thread", thread, "--evidence", letter, "--on-behalf-of", GOVERNMENT)
    yipan.record("correction.ordered", COUNTY, *on_paper, what_to_mend="退还所收款项")
    yipan.record("correction.reported", office, "--thread", thread, what_was_mended="已退还并致歉")
    assert duties(yipan, office, thread)["correction-report"]["state"] == "discharged"


def test_a_report_about_a_person_is_taken_nowhere(yipan: Program, office: str, letter: str) -> None:
    before = yipan.json("journal", "verify")["events"]
    said = [part for name, value in {**FILED, "against": office, "of_whom": "person"}.items() for part in ("--field", f"{name}={value}")]  # fmt: skip
    wrong = (
        "record",
        "complaint.filed",
        "--office",
        COUNTY,
        *said,
        "--at",
        "2026-03-02",
        "--evidence",
        letter,
    )
    refused = yipan.run(*wrong, "--json")
    assert (refused.code, refused.value["error"]) == (1, "not-received")
    assert "只受理对机构的投诉" in yipan.run(*wrong).err
    assert "passed to nobody" in yipan.run(*wrong, YIPAN_LANG="en").err
    assert FILED["what_happened"] not in refused.out + refused.err
    assert yipan.json("journal", "verify")["events"] == before


def test_what_is_missing_of_a_complaint_is_said_field_by_field(yipan: Program, office: str) -> None:
    wrong = yipan.run(
        "record", "complaint.filed", "--office", COUNTY, "--field", f"against={office}", "--field", "of_whom=office",
        "--field", "about=gossip", "--field", "came_by=counter", "--json",
    )  # fmt: skip
    assert wrong.code == 1
    assert {each["field"] for each in wrong.value["faults"]} == {"about", "what_happened"}
    township = yipan.run(
        "record", "complaint.filed", "--office", office, *[part for name, value in FILED.items() for part in ("--field", f"{name}={value}")],
        "--field", f"against={COUNTY}", "--json",
    )  # fmt: skip
    assert [each["field"] for each in township.value["faults"]] == ["receiver"]


def test_breaches_are_listed_for_the_office_and_those_below_the_red_ones_first(
    yipan: Program, office: str
) -> None:
    founded(yipan, office)
    late = file(yipan, office, about="late")
    listed = yipan.json("breaches", "--office", COUNTY, "--now", LATE_ENOUGH)
    mine = [each for each in listed if each["office"] == office]
    assert [(each["breach"], each["red"], each["rule"]) for each in mine] == [("breach-fee-home", True, None)]
    assert (mine[0]["corrected_by"], mine[0]["cite"]["article"]) == (["government-above"], "20(1)")
    (own,) = [each for each in listed if each["thread"] == late and each["rule"] == "handle-complaint"]
    assert (own["breach"], own["office"], own["red"]) == ("breach-fp-duty", COUNTY, False)
    reds = [each["red"] for each in listed]
    assert reds == sorted(reds, reverse=True)
    assert "办证时被要求交十元" not in yipan.run("breaches", "--office", COUNTY).out
