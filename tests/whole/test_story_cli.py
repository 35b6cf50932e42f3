"""The whole story through the command line alone, on paper that came in later: every moment has its evidence.

A couple lives in Guangzhou. She is from Chongqing, he from Rong county. The registration is entered at once,
both homes are asked within 7 working days, hers answers, his does not. The lapse comes to the health office of
his county; the late answer comes by letter and is recorded on behalf of his home.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.program import Program, new_installation

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

RESIDENCE, HER_HOME, HIS_HOME, HIS_COUNTY = "440104001", "500101001", "450921100", "450921"
OFFICES = (RESIDENCE, HER_HOME, HIS_HOME, HIS_COUNTY)


@pytest.fixture(scope="module")
def yipan() -> Iterator[Program]:
    """Give the program in an installation of its own."""
    made = new_installation()
    yield made.program
    made.remove()


@dataclass(kw_only=True)
class Case:
    """The case, as those who work on it see it."""

    yipan: Program
    evidence: str
    thread: str = ""
    #: The duties as last listed; empty once something was written, to be listed again when asked for.
    listed: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)

    def write(self, kind: str, office: str, at: str, *options: str, **fields: str) -> Any:  # noqa: ANN401  # what the command prints
        """Record an event that counts at a moment of 2026, shown by the evidence."""
        case = ("--thread", self.thread) if self.thread else ()
        moment = ("--at", f"2026-{at}", "--evidence", self.evidence)
        receipt = self.yipan.record(kind, office, *case, *moment, *options, **fields)
        self.thread = receipt["thread"]
        self.listed.clear()
        return receipt["duties"]

    def sweep(self, now: str) -> int:
        """Sweep as of a moment of 2026, and return how many deadlines had passed."""
        self.listed.clear()
        lapsed: int = self.yipan.json("sweep", "--now", f"2026-{now}")["lapsed"]
        return lapsed

    def duties(self) -> dict[tuple[str, str], dict[str, Any]]:
        """Return the duties of the case by rule and party."""
        if not self.listed:
            found = [each for office in OFFICES for each in self.yipan.json("duties", "--office", office)]
            self.listed |= {
                (each["rule"], each["party"]): each for each in found if each["thread"] == self.thread
            }
        return self.listed

    def state(self, rule: str, party: str = "") -> tuple[str, str, str]:
        """Return who owes a duty, its last day and how it stands."""
        duty = self.duties()[rule, party]
        return (
            duty["owed_by"],
            duty["due_on"],
            duty["clock"] if duty["state"] == "discharged" else duty["state"],
        )

    def explained(self, rule: str, on: str, owed_by: str, owed_to: str) -> dict[str, Any]:
        """Return what `due` says of a rule from a moment of 2026 on."""
        found: dict[str, Any] = self.yipan.json(
            "due", rule, "--on", f"2026-{on}", "--owed-by", owed_by, "--owed-to", owed_to
        )  # fmt: skip
        return found


@pytest.fixture
def case(yipan: Program, tmp_path: Path) -> Case:
    """Give a case to be written, with a letter that shows when things came in."""
    letter = tmp_path / "挂号信回执.txt"
    letter.write_text("挂号信回执：容州镇人民政府签收", "utf-8")
    return Case(yipan=yipan, evidence=str(letter))


def test_one_case_across_provinces_from_the_desk_to_the_proof(case: Case) -> None:
    for office in (RESIDENCE, HER_HOME, HIS_COUNTY):
        case.yipan.record("office.opened", office)
    enter_at_once(case)
    ask_both_homes(case)
    one_answers_and_the_other_is_silent(case)
    the_silence_comes_to_the_county(case)
    the_late_answer_comes_by_letter(case)
    every_date_says_why(case)
    the_journal_proves_it(case)


def enter_at_once(case: Case) -> None:
    """Monday 2 March: she promises in writing what is missing, and is registered the same hour."""
    asked = case.write(
        "birth-registration.asked", RESIDENCE, "03-02T10:00", her_home=HER_HOME, his_home=HIS_HOME,
        her_name="李秀兰", his_name="陈志强", her_identity_number="500101199203154526", papers="promise",
        her_agrees_verify="yes", his_agrees_verify="yes", her_agrees_notice="yes", his_agrees_notice="no",
    )  # fmt: skip
    assert asked["opened"] == 3
    assert case.state("birth-reg-enter-at-once") == (RESIDENCE, "2026-03-02", "open")
    case.write("birth-registration.entered", RESIDENCE, "03-02T11:00", form_number="穗洪桥〔2026〕17号")
    assert case.state("birth-reg-enter-at-once") == (RESIDENCE, "2026-03-02", "in-time")
    # Who did not agree that home be told is not told of, and nobody is late for it.
    assert case.state("birth-reg-notify-home-15wd", "his_home")[2] == "released"


def ask_both_homes(case: Case) -> None:
    """Within 7 working days both homes are asked: hers by the system, his, which is not on it, by letter."""
    assert case.state("birth-reg-verify-7wd", "her_home") == (RESIDENCE, "2026-03-11", "open")
    refused = case.yipan.run(
        "record", "verification.asked", "--office", RESIDENCE, "--thread", case.thread,
        "--field", f"his_home={HIS_HOME}", "--field", "channel=system", YIPAN_LANG="en",
    )  # fmt: skip
    assert refused.code == 1
    assert "registered letter" in refused.err
    case.write("verification.asked", RESIDENCE, "03-03T09:00", her_home=HER_HOME, channel="system")
    case.write("verification.asked", RESIDENCE, "03-03T10:00", his_home=HIS_HOME, channel="letter")
    for party in ("her_home", "his_home"):
        assert case.state("birth-reg-verify-7wd", party) == (RESIDENCE, "2026-03-11", "in-time")
    # A system message has arrived when it is sent; a letter has not.
    assert case.state("birth-reg-reply-15wd", "her_home") == (HER_HOME, "2026-03-24", "open")
    assert ("birth-reg-reply-15wd", "his_home") not in case.duties()
    case.write("verification.arrived", RESIDENCE, "03-06T15:00", his_home=HIS_HOME, channel="letter")
    assert case.state("birth-reg-reply-15wd", "his_home") == (HIS_HOME, "2026-03-27", "open")


def one_answers_and_the_other_is_silent(case: Case) -> None:
    """Her home answers on the 10th, which answers nothing for his; hers is told of the registration."""
    case.write("verification.answered", HER_HOME, "03-10T14:00", result="confirmed")
    case.write(
        "birth-registration.home-notified", RESIDENCE, "03-11T09:00", her_home=HER_HOME, channel="system"
    )
    assert case.state("birth-reg-reply-15wd", "her_home") == (HER_HOME, "2026-03-24", "in-time")
    assert case.state("birth-reg-notify-home-15wd", "her_home") == (RESIDENCE, "2026-03-23", "in-time")
    assert case.state("birth-reg-reply-15wd", "his_home")[2] == "open"


def the_silence_comes_to_the_county(case: Case) -> None:
    """See the 27th end without an answer. A sweep of the last minute finds nothing, the next day's finds the lapse."""
    assert case.sweep("03-27T23:59") == 0
    assert case.yipan.json("duties", "--office", HIS_COUNTY, "--open") == []
    assert case.sweep("03-28T09:00") == 1
    assert case.duties()["birth-reg-reply-15wd", "his_home"]["lapsed_at"] == "2026-03-28T09:00:00+08:00"
    (on_the_desk,) = case.yipan.json("duties", "--office", HIS_COUNTY, "--open")
    assert (on_the_desk["rule"], on_the_desk["thread"]) == ("county-sees-silence", case.thread)
    assert on_the_desk["due_on"] == "2026-04-01"
    assert case.sweep("03-28T10:00") == 0


def the_late_answer_comes_by_letter(case: Case) -> None:
    """On the 31st the letter is signed for in Guangzhou, and recorded there on behalf of his home."""
    closed = case.write(
        "verification.answered", RESIDENCE, "03-31T16:00", "--on-behalf-of", HIS_HOME,
        his_home=HIS_HOME, result="confirmed",
    )  # fmt: skip
    assert closed == {"opened": 0, "closed": 2, "recomputed": 0}
    assert case.state("birth-reg-reply-15wd", "his_home") == (HIS_HOME, "2026-03-27", "late")
    assert case.state("county-sees-silence", "his_home") == (HIS_COUNTY, "2026-04-01", "in-time")
    late = case.duties()["birth-reg-reply-15wd", "his_home"]
    assert late["closed_at"] == "2026-03-31T16:00:00+08:00"
    assert late["lapsed_at"] == "2026-03-28T09:00:00+08:00"


def every_date_says_why(case: Case) -> None:
    """`due` gives each date again, with the same article and the days that counted."""
    opened = {
        ("birth-reg-enter-at-once", ""): ("03-02T10:00", "一", 1),
        ("birth-reg-verify-7wd", "her_home"): ("03-02T10:00", "三", 7),
        ("birth-reg-verify-7wd", "his_home"): ("03-02T10:00", "三", 7),
        ("birth-reg-reply-15wd", "her_home"): ("03-03T09:00", "四", 15),
        ("birth-reg-reply-15wd", "his_home"): ("03-06T15:00", "四", 15),
        ("birth-reg-notify-home-15wd", "her_home"): ("03-02T11:00", "五", 15),
        ("birth-reg-notify-home-15wd", "his_home"): ("03-02T11:00", "五", 15),
        ("county-sees-silence", "his_home"): ("03-28T09:00", None, 3),
    }
    duties = case.duties()
    assert duties.keys() == opened.keys()
    for key, (on, article, counted) in opened.items():
        duty = duties[key]
        why = case.explained(duty["rule"], on, duty["owed_by"], duty["owed_to"])
        assert (why["due_on"], why["due_at"]) == (duty["due_on"], duty["due_at"]), key
        assert why["cite"] == duty["cite"], key
        assert why["cite"].get("article") == article, key
        assert (len(why["counted"]), why["counted"][-1]) == (counted, duty["due_on"]), key


def the_journal_proves_it(case: Case) -> None:
    """All duties come out of the journal again, every chain holds, and a checkpoint protects all of it."""
    replayed = case.yipan.json("replay", "--check")
    assert (replayed["ok"], replayed["differences"]) == (True, [])
    case.yipan.json("journal", "checkpoint")
    verified = case.yipan.json("journal", "verify")
    assert (verified["ok"], verified["faults"], verified["unprotected"]) == (True, [], 0)
