"""`packs` at the door: all faults at once, what there is, what a rule says, and how a pack is adopted."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from yipan.database import rule_packs

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.program import Program


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Give a copy of the rule packs that may be broken."""
    return shutil.copytree(rule_packs(), tmp_path / "rulepacks")


def replace(path: Path, old: str, new: str) -> None:
    """Change a passage of a file that must be there."""
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def test_check_finds_nothing_wrong_with_our_own(bare: Program) -> None:
    assert bare.json("packs", "check")["faults"] == []


def test_check_names_all_faults_at_once_by_file_and_key(bare: Program, copy: Path) -> None:
    rules = copy / "deployment" / "service-promise" / "rules"
    replace(rules / "birth-reg-reply-15wd.yaml", "owed_by: party.township", "owed_by: person")
    replace(
        rules / "birth-reg-verify-7wd.yaml",
        "discharged_by: verification.asked",
        "discharged_by: verification.askt",
    )
    replace(rules / "consult-reply-7wd.yaml", "within: 7 working_days", "within: 7 wokring_days")
    replace(rules / "county-sees-silence.yaml", "opens_on: lapse", "opens_on: lapse\nreward: 100 yuan")
    answer = bare.run("packs", "check", "--json", YIPAN_RULEPACKS=str(copy))
    assert answer.code == 1
    faults = answer.value["faults"]
    for file, key in (
        ("birth-reg-reply-15wd", "owed_by"),
        ("birth-reg-verify-7wd", "discharged_by"),
        ("consult-reply-7wd", "within"),
        ("county-sees-silence", "reward"),
    ):
        assert any(file in fault and key in fault for fault in faults), (file, key, faults)
    in_words = bare.run("packs", "check", YIPAN_RULEPACKS=str(copy))
    assert in_words.code == 1
    assert in_words.out.splitlines()[:-1] == faults


def test_a_broken_pack_stops_every_command_that_computes_with_it(bare: Program, copy: Path) -> None:
    rules = copy / "deployment" / "service-promise" / "rules"
    replace(rules / "consult-reply-7wd.yaml", "within: 7 working_days", "within: 7 wokring_days")
    answer = bare.run("due", "--within", "3 days", "--on", "2026-03-02", YIPAN_RULEPACKS=str(copy))
    assert answer.code == 1
    assert "consult-reply-7wd.yaml" in answer.err


def test_list_gives_each_pack_with_its_days_of_force(bare: Program) -> None:
    packs = {each["pack"]: each for each in bare.json("packs", "list")}
    assert {"decree-555", "rong-2008", "service-promise", "calendar"} <= packs.keys()
    assert packs["decree-555"]["until"] == "2021-09-26" == packs["service-promise"]["from"]
    assert "birth-reg-reply-15wd" in packs["decree-555"]["rules"]
    assert packs["rong-2008"]["overlays"] == ["rong-assist-3wd"]
    assert "两地服务承诺" in bare.run("packs", "list").out


def test_show_gives_a_rule_in_every_pack_with_its_overlays_and_articles(bare: Program) -> None:
    shown = bare.json("packs", "show", "birth-reg-reply-15wd")
    assert [(row["pack"], row["within"], row["cite"]["article"]) for row in shown["versions"]] == [
        ("decree-555", "15 working_days", "16"),
        ("service-promise", "15 working_days", "四"),
        ("rong-2008", "3 working_days", "二(五)"),
    ]
    assert "户籍地乡镇" in bare.run("packs", "show", "birth-reg-reply-15wd").out
    refused = bare.run("packs", "show", "nope")
    assert (refused.code, refused.out) == (2, "")


def test_adopting_a_pack_is_an_event_and_adopting_it_again_is_none(yipan: Program) -> None:
    once = yipan.json("packs", "adopt", "rong-2008")
    again = yipan.json("packs", "adopt", "rong-2008")
    assert (once["adopted"], once["already"]) == (["rong-2008"], [])
    assert (again["events"], again["already"]) == ([], once["events"])
    assert yipan.run("packs", "adopt", "nope").code == 2


def test_coverage_counts_what_is_carried_out_and_what_is_kept_out(bare: Program, copy: Path) -> None:
    found = bare.json("packs", "coverage")
    assert list(found) == ["covered", "total", "declined_kept_out", "declined_total", "missing"]
    left = found["total"] - found["covered"] + found["declined_total"] - found["declined_kept_out"]
    assert (found["total"], found["declined_total"], left) == (565, 90, len(found["missing"]))
    shown = bare.run("packs", "coverage").out
    assert "3.1" in shown
    assert str(found["covered"]) in shown.splitlines()[-1]
    (copy / "coverage" / "ids.csv").write_text("id,section,class\nelse,1,KEEP\n", "utf-8")
    wrong = bare.run("packs", "coverage", YIPAN_RULEPACKS=str(copy))
    assert wrong.code == 1
    assert "is not in ids.csv" in wrong.err or not found["covered"]
