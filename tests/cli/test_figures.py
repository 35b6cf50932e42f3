"""Figures from the command line: extract, report, assess, simulate; exit codes and JSON."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

from openpyxl import load_workbook

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.program import Program

OFFICE = "530102001"
QUARTER = ("--from", "2026-01-01", "--to", "2026-04-01")
LATER = ("--now", "2030-01-10")


def test_figures_are_extracted_reported_assessed_and_tried_out(yipan: Program, tmp_path: Path) -> None:
    yipan.record("office.opened", "530102004")
    first = yipan.json("extract")
    assert first["entries"] > 0
    assert yipan.json("extract")["entries"] == 0
    out = tmp_path / "report.xlsx"
    report = yipan.run("report", "2026Q1", "--office", OFFICE, "--out", str(out), "--json")
    assert report.code == 0, report.out
    assert report.value["period"] == "2026-Q1"
    assert report.value["disagreements"] == []
    assert load_workbook(out).worksheets
    found = yipan.json("assess", *QUARTER, "--office", OFFICE)
    assert [each["office"] for each in found["offices"]] == [OFFICE]
    tried = yipan.json(
        "simulate",
        "--rule",
        "birth-reg-reply-15wd",
        "--within",
        "10 working_days",
        *QUARTER,
        "--office",
        OFFICE,
    )
    assert tried["rules"] == []


def test_a_report_with_figures_that_disagree_ends_with_one_and_says_which(yipan: Program) -> None:
    yipan.record("office.opened", "530102002")
    yipan.record("demand-counts.sent", "530102002", period="2025-Q4", requests="9", met="3")
    ended = yipan.run("report", "2025Q4", "--office", "530102002", YIPAN_LANG="en")
    assert ended.code == 1
    assert "9" in ended.out
    assert "✗" in ended.out
    refused = yipan.run("report", "2025Q4", "--office", "530102002", "--file", YIPAN_LANG="en")
    assert refused.code == 1
    assert "do not agree" in refused.err


def test_a_report_is_filed_once_and_shown_as_signed(yipan: Program) -> None:
    filed = yipan.json("report", "2025Q3", "--office", "530102003", "--file")["filed"]
    assert (filed["as_signed"], filed["changed_since"]) == (True, False)
    again = yipan.run("report", "2025Q3", "--office", "530102003", "--file", YIPAN_LANG="en")
    assert again.code == 1
    assert "was filed already" in again.err
    # The office gets another key: what the one before signed goes on verifying.
    rotated = yipan.json("keys", "rotate", "office", "--office", "530102003")
    assert rotated["now"] == "office-530102003-2"
    assert yipan.json("report", "2025Q3", "--office", "530102003")["filed"]["as_signed"]
    assert yipan.json("keys", "rotate", "figures")["finished"]


def test_what_is_no_period_and_no_draft_is_misused(yipan: Program) -> None:
    assert yipan.run("report", "soon", "--office", OFFICE).code == 2
    assert yipan.run("simulate", *QUARTER).code == 2
    assert yipan.run("simulate", "no-such-pack", *QUARTER).code == 2
    assert yipan.run("report", "2026Q1", "--office", OFFICE, "--report", "no-such-report").code == 2


def test_a_county_examines_what_a_township_filed_and_prints_the_bulletin(
    yipan: Program, tmp_path: Path
) -> None:
    yipan.json("report", "2025Q3", "--office", "530103001", "--file")
    own = ("report", "2025Q3", "--office", "530103")
    done = yipan.json(*own, "--examine", "530103001", "--result", "sent-back", "--minutes", "请核对逾期数")
    assert (done["office"], done["result"]) == ("530103001", "sent-back")
    assert yipan.run(*own, "--examine", "530103002", "--minutes", "x").code == 2
    paper = tmp_path / "bulletin.pdf"
    shown = yipan.json(*own, "--out", str(paper))
    assert paper.read_bytes().startswith(b"%PDF")
    assert shown["elsewhere"] == []


def test_spark_is_refused_with_the_line_that_installs_it_and_what_is_no_engine_too(yipan: Program) -> None:
    for command in (("report", "2026Q1"), ("assess", *QUARTER)):
        no_engine = yipan.run(*command, "--office", OFFICE, "--engine", "abacus", YIPAN_LANG="en")
        assert no_engine.code == 2
        assert "local[4]" in no_engine.err
        # Where it is installed (`make soak`) it counts, which takes minutes and is compared there.
        if find_spec("pyspark") is None:
            spark = yipan.run(*command, "--office", OFFICE, "--engine", "spark", YIPAN_LANG="en")
            assert spark.code == 2
            assert "pip install 'yipan[spark]'" in spark.err
