"""Rosters as townships send them: real workbooks and tables of text, made for one test.

`data/roster.xls` and `data/roster-1904.xls` were written once with xlwt, as nothing that Yipan uses writes .xls.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from openpyxl import Workbook
from openpyxl.utils.datetime import CALENDAR_MAC_1904, CALENDAR_WINDOWS_1900

from yipan.offices.placeindex import Gazetteer, read_gazetteer
from yipan.registry.rosterrow import Declined, Entry, Returned, RowReader
from yipan.registry.sheets import Roster, open_roster

if TYPE_CHECKING:
    from yipan.registry.sheets import RosterRow

DATA: Final = Path(__file__).parent / "data"
#: The day of these tests, and the township whose office sends the rosters: 容县容州镇.
TODAY: Final = date(2026, 11, 21)
HERE: Final = "450921100"
LAN: Final = "45092119800512002X"
SENTINEL: Final = "不该出现"

Rows = Sequence[Sequence[object]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Sheet:
    """A sheet of a workbook to be made."""

    rows: Rows
    merges: Sequence[str] = ()
    hidden: bool = False


def book(sheets: Mapping[str, Sheet | Rows], *, from_1904: bool = False) -> bytes:
    """Return a workbook. Text stays text, also where it begins like a formula."""
    made = Workbook()
    made.epoch = CALENDAR_MAC_1904 if from_1904 else CALENDAR_WINDOWS_1900
    made.remove(made.worksheets[0])
    for name, told in sheets.items():
        sheet = told if isinstance(told, Sheet) else Sheet(rows=told)
        page = made.create_sheet(name)
        for row, cells in enumerate(sheet.rows, start=1):
            for column, cell in enumerate(cells, start=1):
                written = page.cell(row=row, column=column, value=cell)
                if isinstance(cell, str) and cell:
                    written.data_type = "s"
        for merged in sheet.merges:
            page.merge_cells(merged)
        if sheet.hidden:
            page.sheet_state = "hidden"
    return saved(made)


def saved(made: Workbook) -> bytes:
    """Return a workbook as bytes."""
    file = io.BytesIO()
    made.save(file)
    return file.getvalue()


def text(rows: Rows, encoding: str = "utf-8", separator: str = ",") -> bytes:
    """Return a table of text."""
    return "".join(separator.join(map(str, row)) + "\r\n" for row in rows).encode(encoding)


def people(roster: Roster) -> list[RosterRow]:
    """Return the rows of a roster."""
    return list(roster.rows())


def reading(content: bytes, file_name: str = "花名册.xlsx") -> list[Entry | Declined | Returned]:
    """Return what the rows of a file say."""
    reader = RowReader(TODAY, gazetteer(), HERE)
    return [reader.read(row) for row in open_roster(content, file_name).rows()]


def reading_of(**cells: object) -> Entry | Declined | Returned:
    """Return what one row says: that of 陈玉兰, but for the cells given; None leaves a column out."""
    said = {"name": "陈玉兰", "identity_number": LAN, **cells}
    headings = {
        "name": "姓名",
        "identity_number": "身份证号",
        "sex": "性别",
        "birth_on": "出生日期",
        "phone": "电话",
    }
    headings |= {
        "home": "户籍地",
        "residence": "现居住地",
        "arrived_on": "流入日期",
        "reason": "流入原因",
        "agrees": "是否同意",
    }
    kept = {field: cell for field, cell in said.items() if cell is not None}
    (answer,) = reading(book({"名册": [[headings[field] for field in kept], list(kept.values())]}))
    return answer


def entry_of(**cells: object) -> Entry:
    """Return the entry that one row gives, which must be one."""
    answer = reading_of(**cells)
    assert isinstance(answer, Entry), answer
    return answer


def faults_of(**cells: object) -> dict[str, str]:
    """Return the code of the fault of each field of a row that must go back."""
    answer = reading_of(**cells)
    assert isinstance(answer, Returned), answer
    return {fault.field: fault.code for fault in answer.faults}


def notes_of(**cells: object) -> set[str]:
    """Return the codes of what is noted of a row."""
    return {note.code for note in entry_of(**cells).notes}


@lru_cache(maxsize=1)
def gazetteer() -> Gazetteer:
    """Return the names of places, read once for all tests."""
    return read_gazetteer()
