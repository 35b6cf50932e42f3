"""The workbook that goes back: what it shows, and that it can be mended and sent again."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Final

import pytest
from openpyxl import Workbook, load_workbook

from tests.registry.rosters import LAN, SENTINEL, Rows, book, reading, saved
from yipan.registry.rejects import DuplicateFound, Language, write_rejects
from yipan.registry.rosterrow import Entry, Returned
from yipan.registry.sheets import open_roster

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from openpyxl.worksheet.worksheet import Worksheet

ROWS: Final[Rows] = [
    ["姓名", "身份证号", "户籍地", "流入日期", "出生日期", "是否同意", "孩次", "电话"],
    ["陈玉兰", LAN, "朝阳区", "2024-3-2", "1980.05", "是", SENTINEL, "1"],
    ["", "4509211980051200", "城关镇", "24-3-2", "1980-02-30", "", SENTINEL, 13877512345],
    ["李四", 450921198005120020, "朝阳区", 60000, 1980.05, "maybe", SENTINEL, ""],
    ["=HYPERLINK(1)", "+86", "@容县", "-1", 29353, "是", SENTINEL, "\tx"],
    ["王五", "45092119801312002X", "容县容州镇", 45353, "", "是", SENTINEL, ""],
]


def returned(content: bytes) -> list[Returned]:
    return [each for each in reading(content) if isinstance(each, Returned)]


def rejects(
    rows: Iterable[Returned], duplicates: Iterable[DuplicateFound] = (), language: Language = "zh"
) -> bytes:
    file = io.BytesIO()
    write_rejects(file, rows, duplicates, language)
    return file.getvalue()


def opened(content: bytes) -> Workbook:
    return load_workbook(io.BytesIO(content))


def headings(sheet: Worksheet) -> list[object]:
    return [cell.value for cell in sheet[2]]


def column(sheet: Worksheet, heading: str) -> int:
    return headings(sheet).index(heading) + 1


GONE_BACK: Final = returned(book({"一村": ROWS}))
DUPLICATE: Final = DuplicateFound(
    sheet="一村", row=9, cells={"name": "陈玉兰", "identity_number": LAN}, zh="与第 2 行相同。", en="The same as row 2."
)  # fmt: skip


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_workbook_sent_again_as_it_is_has_the_same_faults_and_nothing_to_warn_of(
    language: Language,
) -> None:
    content = rejects(GONE_BACK, [DUPLICATE], language)
    again = returned(content)
    assert len(again) == len(ROWS) - 1
    assert [each.faults for each in again] == [each.faults for each in GONE_BACK]
    assert open_roster(content, "退回.xlsx").warnings == ()
    assert [each.faults for each in returned(rejects(again))] == [each.faults for each in GONE_BACK]


def test_beside_each_field_that_is_faulty_somewhere_stands_a_column_with_the_reason() -> None:
    sheet = opened(rejects(GONE_BACK[:1])).worksheets[0]
    assert headings(sheet) == [
        "姓名", "身份证号", "出生日期", "联系电话", "户籍地", "问题：户籍地", "流入日期", "本人是否同意登记", "原表", "原行",
    ]  # fmt: skip
    at = column(sheet, "户籍地")
    faulty, reason = sheet.cell(3, at), sheet.cell(3, at + 1)
    assert faulty.fill.start_color.rgb == "00FFD9A0"
    assert reason.value == "有 2 处符合，请在下拉框里选一处。"
    assert sheet.cell(3, 1).fill.fill_type is None
    assert (sheet.cell(3, 9).value, sheet.cell(3, 10).value) == ("一村", "2")
    assert sheet.freeze_panes == "B3"
    assert "1 行" in str(sheet["A1"].value)


def test_a_cell_where_several_places_fit_offers_them() -> None:
    made = opened(rejects(GONE_BACK))
    (first, second) = made.worksheets[0].data_validations.dataValidation
    assert str(first.sqref) == "H3 H5"
    assert first.formula1 == "'选项'!$A$3:$B$3"
    assert second.formula1 == "'选项'!$A$4:$T$4"
    choices = made["选项"]
    assert choices.sheet_state == "hidden"
    assert [cell.value for cell in choices[3][:2]] == ["北京市朝阳区", "吉林省长春市朝阳区"]


def test_mended_by_one_of_its_choices_a_row_is_entered() -> None:
    made = opened(rejects(GONE_BACK[:1]))
    sheet = made.worksheets[0]
    sheet.cell(3, column(sheet, "户籍地"), made["选项"]["A3"].value)
    (answer,) = reading(saved(made))
    assert isinstance(answer, Entry)
    assert answer.home == "110105"


def test_every_cell_is_text_and_none_is_a_formula() -> None:
    sheet = opened(rejects(GONE_BACK)).worksheets[0]
    cells = [cell for row in sheet.iter_rows(min_row=3) for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} == {"s"}
    assert {cell.number_format for cell in cells} == {"@"}
    dangerous = [cell for cell in cells if str(cell.value).startswith(("=", "+", "-", "@", "\t"))]
    assert len(dangerous) >= 4
    assert all(cell.quotePrefix for cell in dangerous)


def test_a_number_that_excel_rounded_does_not_come_back_as_digits_of_somebody() -> None:
    sheet = opened(rejects(GONE_BACK)).worksheets[0]
    assert sheet.cell(5, column(sheet, "身份证号")).value == "4.50921198005120E+17"


def test_who_is_there_already_stands_on_a_sheet_for_reading_only() -> None:
    content = rejects([], [DUPLICATE], "en")
    sheet = opened(content)["Already there"]
    assert sheet["A3"].value == "The same as row 2."
    assert reading(content) == []
    assert "nothing to mend" in str(opened(content).worksheets[0]["A1"].value)


def test_nothing_of_a_forbidden_column_goes_back() -> None:
    made = opened(rejects(GONE_BACK, [DUPLICATE]))
    said = repr([[cell.value for cell in row] for sheet in made for row in sheet.iter_rows()])
    assert SENTINEL not in said
    assert "孩次" not in said


def test_an_iterator_is_enough_and_a_path_too(tmp_path: Path) -> None:
    write_rejects(tmp_path / "退回.xlsx", iter(GONE_BACK), iter([DUPLICATE]), "zh")
    assert len(returned((tmp_path / "退回.xlsx").read_bytes())) == len(GONE_BACK)
