"""Departments' returns from the command line: the form, what is kept out, what is taken in, how a month stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from openpyxl import load_workbook

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.program import Program

COUNTY, OTHER_COUNTY = "530111", "530112"
TRADE, MONTH = f"{COUNTY}:commerce", "2026-01"
OWN = ("--from", TRADE, "--month", MONTH)


def test_a_department_takes_its_form_is_kept_out_with_reasons_and_then_taken_in(
    yipan: Program, tmp_path: Path
) -> None:
    form, mend = tmp_path / "form.xlsx", tmp_path / "mend.xlsx"
    said = yipan.json("batch", "template", *OWN, "--out", str(form))
    assert said["columns"] == ["requests", "leaflets"]
    empty = yipan.run("batch", "load", str(form), *OWN, "--json")
    assert empty.code == 1
    assert {each["code"] for each in empty.value["reasons"]} == {"contract-incomplete"}
    book = load_workbook(form)
    sheet = book.worksheets[0]
    townships = sheet.max_row - 11
    for row in range(townships):
        sheet.cell(12 + row, 3).value, sheet.cell(12 + row, 4).value = 7, 0
    sheet["B9"] = 7 * townships * (townships + 1) // 2
    sheet.cell(12, 4).value = "许多"
    book.save(form)
    wrong = yipan.run("batch", "load", str(form), *OWN, "--mend", str(mend), "--json")
    assert (wrong.code, wrong.value["state"]) == (1, "to-mend")
    assert load_workbook(mend).worksheets[0].cell(12, 3).value == 7
    sheet.cell(12, 4).value = 0
    book.save(form)
    looked = yipan.json("batch", "load", str(form), *OWN, "--check")
    assert (looked["state"], looked["event"]) == ("loaded", None)
    done = yipan.json("batch", "load", str(form), *OWN)
    assert (done["state"], done["table"]["sums"]) == ("loaded", {"requests": 7 * townships, "leaflets": 0})
    assert yipan.json("batch", "load", str(form), *OWN)["state"] == "already"
    shown = yipan.json("batch", "show", "--office", COUNTY, "--month", MONTH)
    assert [(each["office"], each["content"], each["kept_out"]) for each in shown] == [(TRADE, "counts", 1)]


def test_a_table_of_text_is_for_programs_and_who_sends_none_has_no_form(
    yipan: Program, tmp_path: Path
) -> None:
    table = tmp_path / "form.csv"
    yipan.json("batch", "template", *OWN, "--out", str(table))
    assert table.read_text("utf-8-sig").startswith("表样,return-commerce\n")
    none = ("--from", f"{COUNTY}:finance", "--month", MONTH, "--out", str(table))
    assert yipan.run("batch", "template", *none).code == 2
    assert yipan.run("batch", "show", "--office", COUNTY, "--month", "soon").code == 2


def test_a_return_on_paper_is_entered_by_the_health_office_with_what_shows_when_it_came(
    yipan: Program, tmp_path: Path
) -> None:
    housing = ("--from", f"{COUNTY}:housing", "--month", MONTH)
    form, stamp = tmp_path / "form.xlsx", tmp_path / "stamp.txt"
    yipan.json("batch", "template", *housing, "--out", str(form))
    stamp.write_text("2026-02-02 收")
    book = load_workbook(form)
    sheet = book.worksheets[0]
    sheet["B7"], sheet["B9"] = "零通报", 0
    book.save(form)
    paper = ("--office", COUNTY, "--at", "2026-02-02T15:00")
    assert yipan.run("batch", "load", str(form), *housing, *paper).code == 2
    for office in (OTHER_COUNTY, f"{COUNTY}:police"):
        refused = yipan.run(
            "batch",
            "load",
            str(form),
            *housing,
            "--office",
            office,
            "--at",
            "2026-02-02",
            "--evidence",
            str(stamp),
        )
        assert refused.code == 2
        assert "代录" in refused.err
    assert (
        yipan.json("batch", "load", str(form), *housing, *paper, "--evidence", str(stamp))["state"]
        == "loaded"
    )
    shown = yipan.json("batch", "show", "--office", COUNTY, "--month", MONTH)
    (row,) = [each for each in shown if each["office"] == f"{COUNTY}:housing"]
    # No duty says by when a department has to that is not on the system: it came, and that is all.
    assert (row["state"], row["content"], row["entered_by"]) == ("received", "nil", COUNTY)
