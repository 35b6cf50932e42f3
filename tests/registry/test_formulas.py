"""What a spreadsheet would calculate leaves as text, and is itself again when it comes back."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from tests.registry.rosters import LAN
from yipan.registry.formulas import begins_formula, for_table, from_table
from yipan.registry.rejects import write_rejects
from yipan.registry.rosterfaults import RosterError
from yipan.registry.rosterrow import Fault, Returned
from yipan.registry.sheets import open_roster

DANGEROUS = (
    "=1+1",
    "+86 139",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "=cmd|' /C calc'!A0",
    "＝1+1",
    " =1",
    "'=1",
    "''=1",
    "%0A",
)


@pytest.mark.parametrize("text", DANGEROUS)
def test_a_table_of_text_holds_no_formula(text: str) -> None:
    kept = for_table(text)
    assert not begins_formula(kept)
    assert from_table(kept) == text


@given(st.text())
def test_every_text_comes_back_as_it_was(text: str) -> None:
    assert from_table(for_table(text)) == text


@pytest.mark.parametrize("text", [each for each in DANGEROUS if not each.startswith(("\t", "\r"))])
def test_a_roster_that_goes_back_and_comes_again_has_text_where_text_was(text: str) -> None:
    fault = Fault(field="name", code="x", zh="请核对", en="check")
    returned = Returned(sheet="名册", row=2, cells={"name": text, "identity_number": LAN}, faults=(fault,))
    made = io.BytesIO()
    write_rejects(made, [returned], [], "zh")
    sheet = load_workbook(io.BytesIO(made.getvalue())).worksheets[0]
    cells = [cell for row in sheet.iter_rows() for cell in row if cell.value == text]
    assert cells
    assert all(cell.data_type == "s" for cell in cells)
    assert all(cell.quotePrefix for cell in cells) == begins_formula(text)
    # The same as a table of text, as a township that knows no workbooks would send it.
    table = io.StringIO()
    csv.writer(table).writerows([["姓名", "身份证号"], [for_table(text), LAN]])
    for content in (made.getvalue(), table.getvalue().encode()):
        try:
            again = [row.cells["name"] for row in open_roster(content, "a").rows()]
        except RosterError:
            pytest.fail("the file that we made is refused")
        assert [str(each).strip() for each in again] == [text.strip()]
