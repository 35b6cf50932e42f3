"""The workbook that goes back: rows to mend with the reason beside each cell, and those that are there already.

It can be mended and sent again. Read again as it is, it yields the same faults.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, BinaryIO, Final, Literal, TypeVar

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.styles.numbers import FORMAT_TEXT
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.properties import PageSetupProperties

from yipan.offices.places import MOST_CHOICES
from yipan.registry.formulas import begins_formula
from yipan.registry.headings import FIELDS, NEEDED, heading_of, words
from yipan.registry.written import EXCEL_DIGITS, Cell, read_date

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from openpyxl.cell.cell import Cell as SheetCell
    from openpyxl.worksheet.worksheet import Worksheet

    from yipan.registry.rosterrow import Fault, Returned

Language = Literal["zh", "en"]
_Each = TypeVar("_Each")

#: Validations that Excel takes in one sheet are a few more.
MOST_LISTS: Final = 60_000
LONGEST_CELL: Final = 32_000

_HEADER_ROW, _FIRST_ROW = 2, 3
_DATES: Final = frozenset({"birth_on", "arrived_on"})
_WIDTHS: Final = {
    "name": 14, "identity_number": 24, "sex": 7, "birth_on": 13, "phone": 15, "home": 38, "residence": 38,
    "arrived_on": 13, "reason": 12, "agrees": 20,
}  # fmt: skip
_PROBLEM_WIDTH, _SHEET_WIDTH, _ROW_WIDTH, _REASON_WIDTH = 34, 16, 9, 60
_LEAD_HEIGHT, _HEADER_HEIGHT = 30, 24
_WORDS: Final = {
    "zh": {
        "to_mend": "退回",
        "there": "重复",
        "choices": "选项",
        "lead": "有 {count} 行没有录入。请改正橙色的单元格，右边红字是原因；带下拉箭头的可以直接选。改好后保存，把本文件再导入一次。不用删列，也不用改其他行。",
        "nothing": "没有需要改正的行。",
        "problem": "问题：{heading}",
        "sheet": "原表",
        "row": "原行",
        "reason": "说明",
    },
    "en": {
        "to_mend": "To mend",
        "there": "Already there",
        "choices": "Choices",
        "lead": "{count} rows were not taken. Mend the orange cells; the red words to the right say why, and a cell with an arrow lets you choose. Save, and send this file again. No column need be deleted, no other row changed.",
        "nothing": "There is nothing to mend.",
        "problem": "Problem: {heading}",
        "sheet": "Original sheet",
        "row": "Original row",
        "reason": "Why",
    },
}  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class DuplicateFound:
    """A row of somebody who is there already, in the file or in the register, with the reason in both languages."""

    sheet: str
    row: int
    cells: Mapping[str, Cell]
    zh: str
    en: str


def write_rejects(
    target: str | Path | BinaryIO,
    returned: Iterable[Returned],
    duplicates: Iterable[DuplicateFound],
    language: Language,
) -> None:
    """Write the workbook that goes back, to a path or a file open for writing bytes.

    Both are gone through twice: what can be asked again is never held in memory, an iterator is.
    """
    returned, duplicates = _repeatable(returned), _repeatable(duplicates)
    book = Workbook(write_only=True)
    writer = _Writer(book=book, language=language)
    writer.write_returned(returned)
    writer.write_duplicates(duplicates)
    writer.write_choices()
    book.save(target)


@dataclass(frozen=True, kw_only=True)
class _Writer:
    book: Workbook
    language: Language
    #: The cells that offer each list of choices.
    offered: dict[tuple[str, ...], list[str]] = field(default_factory=dict)

    def write_returned(self, returned: Iterable[Returned]) -> None:
        """Write the sheet to mend: beside each field that is faulty anywhere, a column with the reasons."""
        count, used, faulty = 0, set[str](), set[str]()
        for each in returned:
            count += 1
            used.update(each.cells)
            faulty.update(fault.field for fault in each.faults)
        used |= faulty | set(NEEDED)
        columns = [(name, problem) for name in FIELDS if name in used for problem in (False, True)]
        columns = [(name, problem) for name, problem in columns if not problem or name in faulty]
        widths = [_PROBLEM_WIDTH if problem else _WIDTHS[name] for name, problem in columns]
        headings = [self._heading(name, problem=problem) for name, problem in columns]
        sheet, looks = self._sheet("to_mend", headings, widths, self._lead(count))
        for row, each in enumerate(returned, start=_FIRST_ROW):
            _write(sheet, self._returned(looks, columns, row, each))
        # The lists are written after the rows, and stand in their sheet in the order in which they were first met.
        for at, (choices, cells) in enumerate(self.offered.items(), start=_FIRST_ROW):
            last = get_column_letter(min(len(choices), MOST_CHOICES))
            sheet.data_validations.append(
                DataValidation(
                    type="list",
                    formula1=f"'{self._said('choices')}'!$A${at}:${last}${at}",
                    sqref=" ".join(cells),
                    allow_blank=True,
                    showErrorMessage=False,  # who knows better may write something else
                )
            )

    def write_duplicates(self, duplicates: Iterable[DuplicateFound]) -> None:
        """Write the sheet of those who are there already, for reading only."""
        used = set(NEEDED).union(*(each.cells for each in duplicates))
        columns = [name for name in FIELDS if name in used]
        headings = [self._said("reason"), *(heading_of(name, self.language) for name in columns)]
        widths = [_REASON_WIDTH, *(_WIDTHS[name] for name in columns)]
        sheet, looks = self._sheet("there", headings, widths, words().read_only[self.language])
        for each in duplicates:
            _write(sheet, self._duplicate(looks, columns, each))

    def write_choices(self) -> None:
        """Write the hidden sheet from which the cells offer their choices."""
        sheet = self.book.create_sheet(self._said("choices"))
        sheet.sheet_state = "hidden"
        sheet.append([words().read_only[self.language]])
        sheet.append([])
        for choices in self.offered:
            sheet.append([_sound(each) for each in choices[:MOST_CHOICES]])

    def _returned(
        self, looks: _Looks, columns: Iterable[tuple[str, bool]], row: int, each: Returned
    ) -> Iterator[SheetCell]:
        faults: dict[str, list[Fault]] = {}
        for fault in each.faults:
            faults.setdefault(fault.field, []).append(fault)
        for at, (name, problem) in enumerate(columns, start=1):
            found = faults.get(name, [])
            if problem:
                said = (fault.zh if self.language == "zh" else fault.en for fault in found)
                yield looks.cell("problem", " ".join(said))
                continue
            for fault in found:
                self._offer(fault.choices, f"{get_column_letter(at)}{row}")
            yield looks.cell("faulty" if found else "plain", _as_text(name, each.cells.get(name, "")))
        yield looks.cell("grey", each.sheet)
        yield looks.cell("grey", str(each.row))

    def _duplicate(self, looks: _Looks, columns: Iterable[str], each: DuplicateFound) -> Iterator[SheetCell]:
        yield looks.cell("problem", each.zh if self.language == "zh" else each.en)
        for name in columns:
            yield looks.cell("plain", _as_text(name, each.cells.get(name, "")))
        yield looks.cell("grey", each.sheet)
        yield looks.cell("grey", str(each.row))

    def _offer(self, choices: tuple[str, ...], cell: str) -> None:
        if choices and (choices in self.offered or len(self.offered) < MOST_LISTS):
            self.offered.setdefault(choices, []).append(cell)

    def _sheet(
        self, name: str, headings: list[str], widths: list[int], lead: str
    ) -> tuple[Worksheet, _Looks]:
        """Begin a sheet: how it is seen and printed, the line that says what to do, the headings."""
        sheet: Worksheet = self.book.create_sheet(self._said(name))
        headings = [*headings, self._said("sheet"), self._said("row")]
        for at, width in enumerate([*widths, _SHEET_WIDTH, _ROW_WIDTH], start=1):
            sheet.column_dimensions[get_column_letter(at)].width = width
        sheet.freeze_panes = f"B{_FIRST_ROW}"
        sheet.auto_filter.ref = f"A{_HEADER_ROW}:{get_column_letter(len(headings))}{_HEADER_ROW}"
        sheet.print_title_rows = f"{_HEADER_ROW}:{_HEADER_ROW}"
        sheet.page_setup.orientation = "landscape"
        sheet.page_setup.fitToHeight = 0
        sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
        sheet.row_dimensions[1].height, sheet.row_dimensions[_HEADER_ROW].height = (
            _LEAD_HEIGHT,
            _HEADER_HEIGHT,
        )
        looks = _Looks(sheet)
        sheet.append([looks.cell("lead", lead)])
        front = self._problem("")
        _write(
            sheet,
            (
                looks.cell("problem_heading" if each.startswith(front) else "heading", each)
                for each in headings
            ),
        )
        return sheet, looks

    def _heading(self, name: str, *, problem: bool) -> str:
        heading = heading_of(name, self.language)
        return self._problem(heading) if problem else heading

    def _lead(self, count: int) -> str:
        return self._said("lead" if count else "nothing").format(count=count)

    def _problem(self, heading: str) -> str:
        return self._said("problem").format(heading=heading)

    def _said(self, what: str) -> str:
        return _WORDS[self.language][what]


class _Looks:
    """One cell of each look. It is written before it is asked for again, so that none is styled twice."""

    def __init__(self, sheet: Worksheet) -> None:
        self._cells = {name: _styled(WriteOnlyCell(sheet), name) for name in _STYLES}
        self._quoted = {name: _styled(WriteOnlyCell(sheet), name) for name in _STYLES}
        for each in self._quoted.values():
            each.quotePrefix = True

    def cell(self, look: str, text: str) -> SheetCell:
        """Return a cell with a text, which is never a formula."""
        text = _sound(text)
        cell = (self._quoted if begins_formula(text) else self._cells)[look]
        cell.value = text or None
        if text:
            cell.data_type = "s"
        return cell


def _write(sheet: Worksheet, cells: Iterator[SheetCell]) -> None:
    # One after the other, never as a list: the same cell comes again with another text.
    sheet.append(cells)  # type: ignore[arg-type]  # a generator, which its types ask for by another name


def _styled(cell: SheetCell, look: str) -> SheetCell:
    for name, style in _STYLES[look].items():
        setattr(cell, name, style)
    cell.number_format = FORMAT_TEXT
    return cell


def _as_text(name: str, cell: Cell) -> str:
    """Return a cell as a text that is read as the cell was."""
    if name in _DATES and isinstance(cell, int | float | date):
        written = read_date(cell)
        if written is not None and written.on is not None:
            return written.on.isoformat()
    if isinstance(cell, int | float) and name == "identity_number":
        digits = f"{cell:.0f}"
        # Its last digits are lost: as digits it would look like a number that somebody has.
        return digits if len(digits) <= EXCEL_DIGITS else f"{cell:.14E}"
    return cell if isinstance(cell, str) else str(cell)


def _sound(text: str) -> str:
    return ILLEGAL_CHARACTERS_RE.sub("", text)[:LONGEST_CELL]


def _repeatable(rows: Iterable[_Each]) -> Iterable[_Each]:
    return list(rows) if iter(rows) is rows else rows


def _filled(colour: str) -> PatternFill:
    return PatternFill("solid", start_color=colour)


_LINE: Final = Side(style="thin", color="C9CED6")
_GRID: Final = Border(left=_LINE, right=_LINE, top=_LINE, bottom=_LINE)
_TOP: Final = Alignment(vertical="top", wrap_text=True)
_MIDDLE: Final = Alignment(vertical="center", wrap_text=True)
_STYLES: Final[Mapping[str, Mapping[str, object]]] = {
    "lead": {"font": Font(size=12, bold=True, color="7A3E00"), "alignment": Alignment(vertical="center")},
    "heading": {"font": Font(bold=True), "fill": _filled("DCE6F1"), "border": _GRID, "alignment": _MIDDLE},
    "problem_heading": {
        "font": Font(bold=True, color="B42318"),
        "fill": _filled("FDECEA"),
        "border": _GRID,
        "alignment": _MIDDLE,
    },
    "plain": {"border": _GRID, "alignment": _TOP},
    "grey": {"font": Font(color="7F8794"), "border": _GRID, "alignment": _TOP},
    "faulty": {"fill": _filled("FFD9A0"), "border": _GRID, "alignment": _TOP},
    "problem": {"font": Font(color="B42318"), "border": _GRID, "alignment": _TOP},
}
