"""A real spreadsheet program opens what is handed out: it computes the digest of a return, and finds numbers in a report."""

from __future__ import annotations

import io
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from openpyxl import load_workbook

from tests.duties.cast import at, permit
from tests.statistics.filled import ACROSS, CONTENT, DIGEST, FIRST, empty
from tests.statistics.test_reports import prepared, quarter
from yipan.offices.office import organisation
from yipan.registry.headcounts import townships_of
from yipan.statistics import returns
from yipan.statistics.book import names_for, write_book
from yipan.statistics.returnform import form_for

if TYPE_CHECKING:
    from pathlib import Path

    from openpyxl import Workbook

    from tests.duties.cast import Cast

COUNTY, MONTH, NOW = "460108", "2026-02", at("2026-03-02T10:00")


def through_a_spreadsheet(book: Workbook, folder: Path) -> bytes:
    """Return a workbook as LibreOffice saves it, everything computed anew."""
    program = shutil.which("soffice")
    assert program, "no spreadsheet program here: apt-get install --no-install-recommends libreoffice-calc"
    book.save(folder / "given.xlsx")
    words = [
        "--headless",
        f"-env:UserInstallation=file://{folder}/profile",
        "--convert-to",
        "xlsx:Calc MS Excel 2007 XML",
    ]
    subprocess.run(
        [program, *words, "--outdir", str(folder / "saved"), str(folder / "given.xlsx")],
        check=True,
        capture_output=True,
    )
    return (folder / "saved" / "given.xlsx").read_bytes()


@pytest.mark.soak
@pytest.mark.parametrize("kind", ["police", "hospital"])
def test_a_spreadsheet_computes_the_digest_of_a_return_and_what_it_saves_is_taken_in(
    kind: str, installation: Path, tmp_path: Path
) -> None:
    assert installation.is_dir()
    office = f"{COUNTY}:{kind}"
    book = empty(office, MONTH)
    sheet = book.worksheets[0]
    wanted = 0
    for nth in range(len(townships_of(office))):
        for across in range(len(form_for(organisation(office)).columns)):
            count = 10 + 3 * nth + 7 * across
            sheet.cell(FIRST + nth, ACROSS + across).value = count
            wanted += (nth + 1) * (across + 1) * count
    sheet[CONTENT] = "有数字"
    saved = through_a_spreadsheet(book, tmp_path)
    assert load_workbook(io.BytesIO(saved), data_only=True).worksheets[0][DIGEST].value == wanted
    assert returns.check(permit(office, NOW), saved, MONTH, NOW).state == returns.LOADED


@pytest.mark.soak
def test_a_spreadsheet_finds_numbers_in_a_report_and_calculates_no_name(cast: Cast, tmp_path: Path) -> None:
    quarter(cast)
    strange = {cast.residence: {"zh": "=1+1", "en": "=1+1"}}
    out = io.BytesIO()
    write_book(out, prepared(cast.residence), {**names_for({}, {}), **strange}, "zh", released=False)
    given = load_workbook(out)
    saved = load_workbook(io.BytesIO(through_a_spreadsheet(given, tmp_path)))
    assert given.sheetnames == saved.sheetnames
    numbers = 0
    for sheet in given.worksheets:
        for cell in (each for row in sheet.iter_rows() for each in row if each.value is not None):
            other = saved[sheet.title][cell.coordinate]
            assert other.data_type != "f", cell.coordinate
            if isinstance(cell.value, int | float):
                numbers += 1
                assert other.value == pytest.approx(cell.value), cell.coordinate
    assert numbers > 10
    assert "=1+1" in {cell.value for row in saved.worksheets[0].iter_rows() for cell in row}
