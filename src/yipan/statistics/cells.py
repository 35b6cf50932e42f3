"""Cells of the workbooks that leave here: text stays text, whatever it begins with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

from yipan.registry.formulas import begins_formula

if TYPE_CHECKING:
    from collections.abc import Sequence

    from openpyxl.worksheet.worksheet import Worksheet


def append_row(sheet: Worksheet, values: Sequence[object]) -> None:
    """Append a row: numbers as numbers, and no text that a spreadsheet would calculate."""
    sheet.append([ILLEGAL_CHARACTERS_RE.sub("", each) if isinstance(each, str) else each for each in values])
    row = sheet.max_row
    for column, each in enumerate(values, start=1):
        if isinstance(each, str) and begins_formula(each):
            cell = sheet.cell(row, column)
            cell.data_type = "s"
            cell.quotePrefix = True
