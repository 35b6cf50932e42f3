"""A report as a workbook: sheets of figures, each figure a number, that any office program opens."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO, Final

from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.properties import PageSetupProperties

from yipan.statistics.cells import append_row
from yipan.statistics.content import COUNTS, PARTS
from yipan.statistics.measures import figure_named

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from openpyxl.worksheet.worksheet import Worksheet

    from yipan.registry.headcounts import Cell
    from yipan.statistics.content import Content
    from yipan.statistics.release import Released
    from yipan.statistics.reports import Prepared

WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "office": {"zh": "机构", "en": "Office"},
    "period": {"zh": "期间", "en": "Period"},
    "as_of": {"zh": "截至", "en": "As of"},
    "rule": {"zh": "规则", "en": "Rule"},
    "code": {"zh": "编号", "en": "Id"},
    "opened": {"zh": "新产生", "en": "Opened"},
    "due": {"zh": "到期", "en": "Due"},
    "kept": {"zh": "按期", "en": "In time"},
    "late": {"zh": "迟办", "en": "Late"},
    "overdue": {"zh": "逾期未办", "en": "Overdue"},
    "released": {"zh": "免除", "en": "Released"},
    "sum": {"zh": "合计", "en": "Sum"},
    "figure": {"zh": "指标", "en": "Indicator"},
    "top": {"zh": "分子", "en": "Numerator"},
    "bottom": {"zh": "分母", "en": "Denominator"},
    "value": {"zh": "数值", "en": "Value"},
    "entries": {"zh": "件数", "en": "Entries"},
    "what": {"zh": "事项", "en": "What"},
    "by_rule": {"zh": "按规则", "en": "By rule"},
    "by_office": {"zh": "按机构", "en": "By office"},
    "indicators": {"zh": "指标", "en": "Indicators"},
    "services": {"zh": "办理事项", "en": "Matters"},
    "checks": {"zh": "校验", "en": "Checks"},
    "disagrees": {"zh": "对不上的数字", "en": "Figures that disagree"},
    "agrees": {"zh": "校验全部相符。", "en": "All checks agree."},
    "kept_back": {"zh": "不公布", "en": "not said"},
    "note": {
        "zh": "少于 {under} 的数和能推算出它的数不公布；合计为实数。",
        "en": "Counts under {under}, and those from which one could be worked out, are not said; sums that are said are true.",
    },
}
_HEAD: Final = PatternFill("solid", fgColor="17375E")
_WIDEST: Final = 60


def write_book(
    target: BinaryIO,
    prepared: Prepared,
    names: Mapping[str, Mapping[str, str]],
    language: str,
    *,
    released: bool,
) -> None:
    """Write the workbook of a report. `names`: of rules, kinds and offices, by id.

    `released`: as it may leave the office, small counts suppressed; else as the office and those above it may see it.
    """
    content, book = prepared.content, Workbook()
    first = book.active
    if first is not None:
        book.remove(first)
    tables = content.released() if released else {}
    for name, rows, key in (("by_rule", content.by_rule, "rule"), ("by_office", content.by_office, "office")):
        sheet = _sheet(book, name, content, names, language)
        if released:
            _released(sheet, tables[name], key, names, language)
            continue
        _head(
            sheet,
            [_word("code", language), _word(key, language), *(_word(each, language) for each in COUNTS)],
        )
        for row in rows:
            append_row(
                sheet, [row.name, _name(names, row.name, language), *(getattr(row, each) for each in COUNTS)]
            )
        append_row(
            sheet, ["", _word("sum", language), *(sum(getattr(row, each) for row in rows) for each in COUNTS)]
        )
        _as_sum(sheet)
    if not released:
        _indicators(_sheet(book, "indicators", content, names, language), content, language)
        sheet = _sheet(book, "services", content, names, language)
        _head(sheet, [_word(each, language) for each in ("code", "what", "entries")])
        for kind, count in content.services.items():
            append_row(sheet, [kind, _name(names, kind, language), count])
    _checks(_sheet(book, "checks", content, names, language), prepared, language)
    for each in book.worksheets:
        _fit(each)
    book.save(target)


def _word(name: str, language: str) -> str:
    return WORDS[name][language]


def _name(names: Mapping[str, Mapping[str, str]], name: str, language: str) -> str:
    return names.get(name, {}).get(language) or name


def _sheet(
    book: Workbook, name: str, content: Content, names: Mapping[str, Mapping[str, str]], language: str
) -> Worksheet:
    sheet: Worksheet = book.create_sheet(_word(name, language))
    for key, value in (
        ("office", _name(names, content.office, language)),
        ("period", content.period),
        ("as_of", content.as_of[:10]),
    ):
        append_row(sheet, [_word(key, language), value])
    sheet.append([])
    return sheet


def _head(sheet: Worksheet, words: Sequence[str]) -> None:
    append_row(sheet, words)
    for cell in sheet[sheet.max_row]:
        cell.font = Font(name=cell.font.name, size=cell.font.size, bold=True, color="FFFFFF")
        cell.fill = _HEAD
        cell.alignment = Alignment(vertical="center", wrap_text=True)
    sheet.freeze_panes = f"A{sheet.max_row + 1}"


def _as_sum(sheet: Worksheet) -> None:
    """Set the last row apart as what the others add up to."""
    for cell in sheet[sheet.max_row]:
        cell.font = Font(name=cell.font.name, size=cell.font.size, bold=True)
        cell.border = Border(top=Side(style="thin"))


def _released(
    sheet: Worksheet, table: Released, key: str, names: Mapping[str, Mapping[str, str]], language: str
) -> None:
    _head(
        sheet,
        [
            _word("code", language),
            _word(key, language),
            *(_word(each, language) for each in PARTS),
            _word("due", language),
        ],
    )
    for row in (*table.rows, None):
        said = (row, _name(names, row, language)) if row else ("", _word("sum", language))
        append_row(sheet, [*said, *(_shown(cell, language) for cell in table.row(row))])
    _as_sum(sheet)
    sheet.append([])
    append_row(sheet, [_word("note", language).format(under=table.under)])


def _shown(cell: Cell, language: str) -> int | str:
    return _word("kept_back", language) if cell.people is None else cell.people


def _indicators(sheet: Worksheet, content: Content, language: str) -> None:
    _head(sheet, [_word(each, language) for each in ("code", "figure", "top", "bottom", "value")])
    for name, (top, bottom) in content.indicators.items():
        one = figure_named(name)
        figure = one.figure if one else None
        if one is None or figure is None:
            continue
        append_row(
            sheet, [name, one.title[language], top, bottom, top / bottom * figure.scale if bottom else None]
        )
        if figure.unit == "percent":
            sheet.cell(sheet.max_row, 5).number_format = "0.00%"


def _checks(sheet: Worksheet, prepared: Prepared, language: str) -> None:
    if not prepared.disagreements:
        append_row(sheet, [_word("agrees", language)])
        return
    _head(sheet, [_word("code", language), _word("disagrees", language)])
    for each in prepared.disagreements:
        append_row(sheet, [each.check.id, each.say(language)])


def _fit(sheet: Worksheet) -> None:
    """Make columns as wide as what they hold, put headings over their numbers, and make a sheet as wide as a page."""
    heading = sheet[sheet.freeze_panes].row - 1 if sheet.freeze_panes else 0
    for number, column in enumerate(sheet.iter_cols(values_only=True), start=1):
        sheet.column_dimensions[get_column_letter(number)].width = min(
            _WIDEST, 3 + max(map(_width, column), default=8)
        )
        if heading and any(isinstance(each, int | float) for each in column[heading:]):
            cell = sheet.cell(heading, number)
            cell.alignment = Alignment(horizontal="right", vertical="center", wrap_text=True)
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)


def _width(value: object) -> int:
    text = "" if value is None else str(value)
    return sum(2 if ord(letter) > 0x2E80 else 1 for letter in text)  # noqa: PLR2004  # from here on letters are wide


def names_for(
    offices: Mapping[str, str], titles: Mapping[str, Mapping[str, str]]
) -> dict[str, Mapping[str, str]]:
    """Return the names of all that a report speaks of: rules and kinds by their titles, offices by their names."""
    return {**titles, **{office: {"zh": name, "en": name} for office, name in offices.items()}}
