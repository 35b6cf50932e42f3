"""What `packs check` says of scorings and of the figures' texts: nothing of ours, and each fault by its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from yipan.database import rule_packs
from yipan.law.definition import read_definitions
from yipan.law.reading import Faults
from yipan.statistics.scorings import check_scorings, read_scorings
from yipan.statistics.tablecheck import check_tables, texts

if TYPE_CHECKING:
    from pathlib import Path

CHECKS = {name.removeprefix("checks/").removesuffix(".sql") for name in texts() if name.startswith("checks/")}
SCORING = """
scoring: another
title: {{zh: 计分, en: Scoring}}
editions:
  - {{in: ["00"], bonus: {{figure: ind-cooperation-score, each: 1, most: 5}}, target: 100, fewest: 30, veto: ind-one-vote-veto{more}}}
cite: {{set_by: deployment}}
"""


@pytest.mark.parametrize(
    ("name", "text", "place", "what"),
    [
        ("worked.sql", "SELECT 1\nFROM duties WHERE\n  (state = 'open'", "worked.sql:3", ""),
        ("worked.sql", "-- $anything\nSELECT $later FROM duties", "worked.sql:2", "nothing fills"),
        ("worked.sql", "SELECT 1 AS a; SELECT 2 AS b", "worked.sql:1", "not one query"),
        ("worked.sql", "SELECT $check AS c FROM duties", "worked.sql:1", "nothing fills"),
        ("checks/chk-none.sql", "SELECT 1 AS a", "checks/chk-none.sql:1", "no consistency check"),
    ],
)
def test_a_text_that_is_wrong_is_named_by_file_and_line(name: str, text: str, place: str, what: str) -> None:
    faults = Faults()
    check_tables({**texts(), name: text}, CHECKS, faults)
    assert [line for line in faults.lines if place in line and what in line], faults.lines


def test_a_measure_without_a_text_is_named() -> None:
    faults = Faults()
    check_tables({name: text for name, text in texts().items() if name != "matched.sql"}, CHECKS, faults)
    assert [line for line in faults.lines if "matched" in line]


@pytest.mark.parametrize(
    ("more", "key"),
    [
        (", weights: {ind-no-such: 2}", "weights"),
        (", weights: {ind-one-vote-veto: -1}", "ind-one-vote-veto"),
        (", years: [soon]", "years"),
        (", colour: red", "colour"),
    ],
)
def test_a_scoring_that_is_wrong_is_named_by_file_and_key(tmp_path: Path, more: str, key: str) -> None:
    file = tmp_path / "some" / "pack" / "scorings" / "own.yaml"
    file.parent.mkdir(parents=True)
    file.write_text(SCORING.format(more=more), encoding="utf-8")
    faults = Faults()
    definitions = read_definitions(rule_packs(), faults)
    assert faults.lines == []
    check_scorings(read_scorings(tmp_path, faults), definitions, faults)
    assert len(faults.lines) == 1, faults.lines
    assert "some/pack/scorings/own.yaml" in faults.lines[0]
    assert key in faults.lines[0]
    file.write_text(SCORING.format(more=""), encoding="utf-8")
    faults = Faults()
    check_scorings(read_scorings(tmp_path, faults), definitions, faults)
    assert faults.lines == []
