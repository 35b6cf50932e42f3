"""`erase`, `erasures`, `records`: what ends, said and done from the command line."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING

from tests.registry.test_register import number
from yipan.law.deadline import SHANGHAI

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.program import Program

OFFICE = "440106008"


def test_who_asked_is_erased_and_the_list_erases_again_after_a_restore(
    yipan: Program, tmp_path: Path
) -> None:
    mine = number()
    yipan.record("person.enrolled", OFFICE, ground="at-the-counter", name="百里清", identity_number=mine)
    asked = yipan.record("erasure.asked", OFFICE, name="百里清")["thread"]
    would = yipan.json("erase", asked, "--office", OFFICE)
    assert (would["erased"], would["persons"], would["kept_by_law"]) == (False, 1, [])
    before = len(yipan.json("erasures", "list"))
    moment = datetime.now(SHANGHAI)
    quarter = f"{moment.year}Q{(moment.month + 2) // 3}"
    report = ("report", quarter, "--office", OFFICE, "--now", moment.isoformat(), "--json")
    released = [yipan.run(*report, "--released"), yipan.run(*report)]
    done = yipan.json("erase", asked, "--office", OFFICE, "--yes")
    assert done["erased"]
    listed = yipan.json("erasures", "list")
    assert len(listed) == before + 1
    assert listed[-1]["organisation"] == OFFICE
    [file] = (yipan.home / "checkpoints").glob("erasures.list")
    again = yipan.json("erasures", "apply", str(file))
    assert again == {"listed": len(listed), "erased_again": 0}
    forged = tmp_path / "forged.list"
    forged.write_text(json.dumps({"erasures": listed}), "utf-8")
    answer = yipan.run("erasures", "apply", str(forged), "--json")
    assert (answer.code, "no-erasure-list" in answer.out) == (2, True)
    twice = yipan.run("erase", asked, "--office", OFFICE, "--yes", "--json")
    assert (twice.code, "erasure-not-asked" in twice.out) == (1, True)
    assert yipan.run("journal", "verify").code == 0
    assert yipan.run("replay", "--check").code == 0
    # What was counted of her is counted still: no figure that left the house becomes another.
    counted = [yipan.run(*report, "--released"), yipan.run(*report)]
    assert [each.out for each in counted] == [each.out for each in released]
    assert released[1].value["by_rule"]


def test_the_desk_erases_by_recording_that_it_did(yipan: Program) -> None:
    asked = yipan.record("erasure.asked", OFFICE, name="百里清")["thread"]
    yipan.record("erasure.done", OFFICE, "--thread", asked)
    owed = yipan.json("duties", "--office", OFFICE)
    assert [each["state"] for each in owed if each["thread"] == asked] == ["discharged"]
    answer = yipan.run("record", "erasure.done", "--office", OFFICE, "--thread", asked, "--json")
    assert "erasure-not-asked" in answer.out


def test_the_terms_are_listed_and_nothing_ends_before_its_time(yipan: Program) -> None:
    terms = {each["kind"]: each for each in yipan.json("records", "terms")}
    assert [each["for"] for each in terms["person.enrolled"]["keeps"]] == ["1 year", "15 days", "15 days"]
    assert terms["correction.declined"]["kept_by_law"][0]["cite"]["article"] == "56"
    assert all(each["keeps"] for each in terms.values())
    assert yipan.json("records", "end") == {"cases": 0, "entries": 0, "rosters": 0}
