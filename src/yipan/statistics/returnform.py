"""The form of a department's monthly return: its columns, the townships it lists, and the sheet that is filled in.

What a department counts is data: the columns of the reports of its kind. A form says no column on a person, and its
version changes when its columns do.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, ClassVar, Final

from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.styles.numbers import FORMAT_TEXT
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from yipan.errors import YipanError
from yipan.registry.formulas import for_table
from yipan.registry.headcounts import townships_of
from yipan.statistics.cells import append_row
from yipan.statistics.measures import figures

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from openpyxl.worksheet.worksheet import Worksheet

    from yipan.offices.office import Organisation

#: The kind with which a return is sent.
KIND: Final = "department-return.sent"
#: What stands above the rows, in order, each with the words before it.
CONTRACT: Final[Mapping[str, Mapping[str, str]]] = {
    "form": {"zh": "表样", "en": "Form"},
    "version": {"zh": "表样版本", "en": "Version of the form"},
    "office": {"zh": "部门代码", "en": "Department"},
    "month": {"zh": "月份", "en": "Month"},
    "content": {"zh": "内容", "en": "Content"},
    "rows": {"zh": "行数", "en": "Rows"},
    "digest": {"zh": "校验数", "en": "Digest"},
}
CONTENTS: Final[Mapping[str, Mapping[str, str]]] = {
    "counts": {"zh": "有数字", "en": "Counts"},
    "nil": {"zh": "零通报", "en": "Nil return"},
}
#: The headings of the first two columns: the code of the township, which is read, and its name, which is not.
CODE: Final[Mapping[str, str]] = {"zh": "乡镇代码", "en": "Township code"}
NAME: Final[Mapping[str, str]] = {"zh": "乡镇（街道）", "en": "Township"}
PROBLEM: Final[Mapping[str, str]] = {"zh": "问题", "en": "Problem"}
_LEAD: Final[Mapping[str, str]] = {
    "zh": "只填各乡镇的数字，没有的填 0；整月都没有的，把“内容”改为“零通报”。不要加栏目，不要填任何人的姓名、号码或情况。",
    "en": "Counts by township only; write 0 for none. If the whole month has nothing, set Content to Nil return. Add no column, and nothing about anybody.",
}
_TO_MEND: Final[Mapping[str, str]] = {
    "zh": "有 {count} 处要改，见橙色格和右边的说明。改好后原样再报。",
    "en": "{count} things to mend: the orange cells, and the words to their right. Mend them and send this file again.",
}
#: Columns before the first count.
BEFORE: Final = 2
_FIRST: Final = len(CONTRACT) + 5
_LABEL_WIDTH, _NAME_WIDTH, _COUNT_WIDTH, _PROBLEM_WIDTH = 18, 34, 16, 60
_HEAD: Final = PatternFill("solid", fgColor="DCE6F1")
_FAULTY: Final = PatternFill("solid", fgColor="FFD9A0")
_LINE: Final = Side(style="thin", color="C9CED6")
_GRID: Final = Border(left=_LINE, right=_LINE, top=_LINE, bottom=_LINE)


class NoReturnError(YipanError):
    """An organisation of that kind sends no monthly return."""

    code: ClassVar[str] = "no-return"
    exit_code: ClassVar[int] = 2
    sentence: ClassVar[dict[str, str]] = {
        "zh": "{office}没有要报的部门月报。",
        "en": "{office} sends no monthly return.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "请写县级或市级部门的代码，例如 410102:police。",
        "en": "Name a department of a county or a city, such as 410102:police.",
    }


@dataclass(frozen=True, kw_only=True)
class Form:
    """What a department counts each month: by township, in these columns."""

    id: str
    title: Mapping[str, str]
    columns: Mapping[str, Mapping[str, str]]

    @property
    def version(self) -> str:
        """Return what changes when the columns do."""
        said = json.dumps([self.id, list(self.columns)], ensure_ascii=False)
        return hashlib.sha256(said.encode()).hexdigest()[:8]


@dataclass(frozen=True, kw_only=True, slots=True)
class RowFault:
    """What is wrong in a row, in both languages; never what stood there. `township` and `column` where they are known."""

    row: int
    township: str
    column: str
    zh: str
    en: str

    def say(self, language: str) -> str:
        """Return it as a sentence."""
        return self.zh if language == "zh" else self.en


def form_for(office: Organisation) -> Form:
    """Return the form of an organisation: the columns of every return of its kind, by township first.

    Raises:
        NoReturnError: its kind, or its level, sends none.
    """
    own = [
        one
        for one in figures("report")
        if one.figure and one.figure.columns and KIND in one.kinds and office.kind in one.figure.bodies
    ]
    by_township = [one for one in own if one.figure and "township" in one.figure.cut_by]
    if not by_township or office.level not in ("county", "city"):
        raise NoReturnError(office=office.id)
    columns: dict[str, Mapping[str, str]] = {}
    for one in (*by_township, *own):
        for name, title in (one.figure.columns if one.figure else {}).items():
            columns.setdefault(name, title)
    return Form(id=by_township[0].id, title=by_township[0].title, columns=columns)


def digest_of_rows(rows: Sequence[Sequence[float]]) -> int:
    """Return the digest of counts: each times its row times its column, counted from 1, summed up.

    A sheet computes it by a formula; a lost row, two rows exchanged, a changed count all change it.
    """
    return round(
        sum(
            count * (at + 1) * (across + 1) for at, row in enumerate(rows) for across, count in enumerate(row)
        )
    )


def write_form(  # noqa: PLR0913  # each is a part of the sheet
    target: BinaryIO,
    form: Form,
    office: Organisation,
    month: str,
    language: str,
    *,
    filled: Mapping[tuple[str, str], int] | None = None,
    faults: Sequence[RowFault] = (),
) -> None:
    """Write the sheet to be filled in; or, with what was `filled` in and its `faults`, the one that goes back to be mended."""
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = form.title[language][:31]
    writer = _Writer(
        sheet=sheet, form=form, office=office, language=language, filled=filled or {}, faults=tuple(faults)
    )
    townships = townships_of(office.id)
    writer.write_head(month, len(townships))
    writer.write_headings()
    for code, name in townships:
        writer.write_row(code, name)
    for fault in faults:
        if not fault.township:
            append_row(sheet, ["", "", *("" for _ in form.columns), fault.say(language)])
    writer.shape()
    book.save(target)


@dataclass(frozen=True, kw_only=True)
class _Writer:
    sheet: Worksheet
    form: Form
    office: Organisation
    language: str
    filled: Mapping[tuple[str, str], int]
    faults: tuple[RowFault, ...]

    def write_head(self, month: str, rows: int) -> None:
        """Write what the sheet is, what to do, and the contract."""
        sheet, language = self.sheet, self.language
        mend = _TO_MEND[language].format(count=len(self.faults))
        append_row(sheet, [f"{self.office.name} · {self.form.title[language]}"])
        append_row(sheet, [mend if self.faults else _LEAD[language]])
        values = {
            "form": self.form.id, "version": self.form.version, "office": self.office.id, "month": month,
            "content": CONTENTS["counts"][language], "rows": rows,
        }  # fmt: skip
        for name, both in CONTRACT.items():
            append_row(sheet, [both[language], values.get(name, "")])
            sheet.cell(sheet.max_row, 2).number_format = "0" if name in ("rows", "digest") else FORMAT_TEXT
        last = get_column_letter(BEFORE + len(self.form.columns))
        area = f"$C${_FIRST}:${last}${_FIRST + rows - 1}"
        first = _FIRST - len(CONTRACT) - 2
        # The one formula: our own, and nothing of anybody in it.
        sheet.cell(
            first + list(CONTRACT).index("digest"), 2
        ).value = f"=SUMPRODUCT({area},(ROW({area})-{_FIRST - 1})*(COLUMN({area})-{BEFORE}))"
        offered = ",".join(each[language] for each in CONTENTS.values())
        choice = DataValidation(type="list", formula1=f'"{offered}"')
        sheet.add_data_validation(choice)
        choice.add(sheet.cell(first + list(CONTRACT).index("content"), 2).coordinate)
        sheet.append([])
        sheet["A1"].font = Font(bold=True, size=14)
        sheet["A2"].font = Font(color="7A3E00")

    def write_headings(self) -> None:
        """Write the headings: the township's code and name, the columns, and in a sheet to be mended the problems."""
        problem = [PROBLEM[self.language]] if self.faults else []
        titles = [each[self.language] for each in self.form.columns.values()]
        append_row(self.sheet, [CODE[self.language], NAME[self.language], *titles, *problem])
        for cell in self.sheet[_FIRST - 1]:
            cell.font, cell.fill, cell.border = Font(bold=True), _HEAD, _GRID
            cell.alignment = Alignment(vertical="center", wrap_text=True)

    def write_row(self, code: str, name: str) -> None:
        """Write the row of a township: empty, or as it was filled in with what is wrong in it."""
        own = [fault for fault in self.faults if fault.township == code]
        counts = [self.filled.get((code, column)) for column in self.form.columns]
        problem = [" ".join(fault.say(self.language) for fault in own)] if self.faults else []
        append_row(self.sheet, [code, name, *counts, *problem])
        row, faulty = self.sheet.max_row, {fault.column for fault in own}
        for across, column in enumerate(self.form.columns, start=BEFORE + 1):
            cell = self.sheet.cell(row, across)
            cell.border = _GRID
            if column in faulty or "" in faulty:
                cell.fill = _FAULTY
        for across in range(1, BEFORE + 1):
            self.sheet.cell(row, across).border = _GRID
            self.sheet.cell(row, across).number_format = FORMAT_TEXT
        if own:
            self.sheet.cell(row, BEFORE + len(self.form.columns) + 1).font = Font(color="B42318")

    def shape(self) -> None:
        """Make the columns as wide as they need be, and keep the headings in sight."""
        widths = [_LABEL_WIDTH, _NAME_WIDTH, *(_COUNT_WIDTH for _ in self.form.columns)]
        widths += [_PROBLEM_WIDTH] if self.faults else []
        for number, width in enumerate(widths, start=1):
            self.sheet.column_dimensions[get_column_letter(number)].width = width
        self.sheet.freeze_panes = f"C{_FIRST}"
        self.sheet.page_setup.orientation = "landscape"


def write_form_as_text(form: Form, office: Organisation, month: str, language: str) -> str:
    """Return the form as a table of text (CSV), for programs; its digest is left to whoever fills it in."""
    text = io.StringIO()
    writer = csv.writer(text)
    townships = townships_of(office.id)
    values = {
        "form": form.id, "version": form.version, "office": office.id, "month": month,
        "content": CONTENTS["counts"][language], "rows": str(len(townships)),
    }  # fmt: skip
    for name, words in CONTRACT.items():
        writer.writerow([for_table(words[language]), for_table(values.get(name, ""))])
    writer.writerow([])
    titles = [each[language] for each in form.columns.values()]
    writer.writerow([for_table(each) for each in (CODE[language], NAME[language], *titles)])
    for code, name in townships:
        writer.writerow([code, for_table(name), *("" for _ in form.columns)])
    return text.getvalue()
