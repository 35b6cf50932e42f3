"""Rosters as townships keep them: what is found in a file, and what never leaves it."""

from __future__ import annotations

import io
import zipfile
from datetime import date
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest
from openpyxl import load_workbook

from tests.registry.rosters import DATA, LAN, SENTINEL, Rows, Sheet, book, people, saved, text
from yipan.registry import rosterbook
from yipan.registry.headings import forbidden_class, recognise
from yipan.registry.rosterfaults import (
    DamagedRosterError,
    EmptyRosterError,
    ExplodingRosterError,
    NoHeaderError,
    NotARosterError,
    ProtectedRosterError,
)
from yipan.registry.sheets import Skipped, open_roster

if TYPE_CHECKING:
    from pathlib import Path

    from yipan.errors import YipanError

PLAIN = [["姓名", "身份证号", "电话"], ["陈玉兰", LAN, "13877512345"]]


# -------------------------------------------------------------------------------------- headings


@pytest.mark.parametrize(
    ("heading", "field"),
    [
        ("姓名（必填）", "name"),
        (" 姓　名 ", "name"),
        ("*身份证\n号码", "identity_number"),
        ("公民身份号码", "identity_number"),
        ("证件号码/户口簿号", "identity_number"),
        ("身份证号（18位）", "identity_number"),
        ("ＩＤ　Ｎｏ．", "identity_number"),
        ("SFZH", "identity_number"),
        ("性别(男/女)", "sex"),
        ("出生年月", "birth_on"),
        ("联系电话（本人）", "phone"),
        ("户口所在地", "home"),
        ("户籍省", "home.province"),
        ("现居住地址（详细到门牌号）", "residence"),
        ("来本地居住时间", "arrived_on"),
        ("外出原因", "reason"),
        ("是否同意（是/否）", "agrees"),
    ],
)
def test_a_heading_is_known_under_its_many_names(heading: str, field: str) -> None:
    assert (recognise(heading).kind, recognise(heading).means) == ("field", field)


@pytest.mark.parametrize(
    "heading",
    ["配偶身份证号", "联系人电话", "丈夫姓名", "户主姓名", "姓名（配偶）", "手机号（家长）", "女方姓名", "监护人", "与户主关系", "Spouse name", "Mother's name",
     "填表人", "单位电话", "曾用名"],
)  # fmt: skip
def test_what_is_somebody_elses_is_not_taken_for_the_persons(heading: str) -> None:
    assert recognise(heading).kind == "other-person"


@pytest.mark.parametrize("heading", ["户籍地/现居住地", "姓名及性别", "备注", "民族", "健康状况"])
def test_a_heading_that_means_two_things_or_none_of_ours_is_not_used(heading: str) -> None:
    assert recognise(heading).kind == "unused"


@pytest.mark.parametrize(
    ("heading", "of_class"),
    [
        ("避孕措施", "contraception"), ("节育手术时间", "contraception"), ("环情", "contraception"), ("上环日期", "contraception"),
        ("结扎", "contraception"), ("人流", "contraception"), ("IUD", "contraception"), ("BYCS", "contraception"), ("Contraceptive method", "contraception"),
        ("孕", "pregnancy"), ("孕情", "pregnancy"), ("末次月经", "pregnancy"), ("有无身孕", "pregnancy"), ("Weeks pregnant", "pregnancy"),
        ("子女数", "children"), ("子女姓名", "children"), ("小孩出生日期", "children"), ("出生日期（子女）", "children"), ("生 育 情 况", "children"),
        ("计生", "children"), ("社会抚养费", "children"), ("是否超生", "children"), ("独生子女", "certificates"), ("Number of children", "children"),
        ("孩次", "birth-order"), ("胎次", "birth-order"), ("第几孩", "birth-order"), ("Birth order", "birth-order"),
        ("三查", "checks"), ("检查时间", "checks"), ("查环", "contraception"), ("查孕情况", "pregnancy"), ("B 超", "checks"), ("Check-up date", "checks"),
        ("婚育证明编号", "certificates"), ("生育服务证号", "certificates"), ("结婚证", "certificates"), ("HYZM", "certificates"), ("Certificate no", "certificates"),
        ("婚姻状况", "not-asked"), ("Marital status", "not-asked"),
    ],
)  # fmt: skip
def test_what_no_sheet_must_bring_is_recognised_under_any_name(heading: str, of_class: str) -> None:
    found = recognise(heading)
    assert found.kind == "forbidden"
    # 查环 is both a check and about contraception: that it is named at all is what counts.
    assert found.means == of_class or {found.means, of_class} <= {"checks", "contraception", "pregnancy"}


def test_an_environment_is_no_ring() -> None:
    assert forbidden_class("居住环境") is None
    assert recognise("环境").kind == "unused"


# ----------------------------------------------------------------------------- what is never read


def everything(content: bytes, file_name: str) -> str:
    roster = open_roster(content, file_name)
    return repr((roster.sheets, roster.warnings, people(roster)))


def test_a_forbidden_column_is_named_in_a_warning_and_its_cells_exist_nowhere() -> None:
    rows = [
        ["姓名", "身份证号", "避孕措施", "孩次", "备注", "流入原因"],
        ["陈玉兰（已怀孕）", LAN, SENTINEL, SENTINEL, SENTINEL, "生育"],
    ]
    for content, name in ((book({"名册": rows}), "a.xlsx"), (text(rows, "gb18030"), "a.csv")):
        roster = open_roster(content, name)
        (sheet,) = roster.sheets
        assert sheet.forbidden == (("避孕措施", "contraception"), ("孩次", "birth-order"))
        assert sheet.unused == ("备注",)
        assert {warning.code for warning in roster.warnings} == {"forbidden-columns", "unused-columns"}
        assert "“避孕措施”（避孕节育）" in roster.warnings[0].zh
        assert SENTINEL not in everything(content, name)
        (row,) = people(roster)
        assert dict(row.cells) == {"name": "陈玉兰", "identity_number": LAN, "reason": ""}


def test_a_heading_over_several_columns_says_whose_they_are() -> None:
    sheet = Sheet(
        rows=[
            ["2024年计划生育流动人口花名册"],
            ["姓名", "身份证号", "配偶", "", "孕情", ""],
            ["", "", "姓名", "身份证号", "时间", "结果"],
            ["陈玉兰", LAN, SENTINEL, SENTINEL, SENTINEL, SENTINEL],
        ],
        merges=["A1:F1", "A2:A3", "B2:B3", "C2:D2", "E2:F2"],
    )
    content = book({"名册": sheet})
    (found,) = open_roster(content, "a.xlsx").sheets
    assert found.header_row == 3
    assert found.unused == ("配偶/姓名", "配偶/身份证号")
    assert found.forbidden == (("孕情/时间", "pregnancy"), ("孕情/结果", "pregnancy"))
    assert SENTINEL not in everything(content, "a.xlsx")


# ----------------------------------------------------------------------------- finding the people


@pytest.mark.parametrize("merged", [True, False])
def test_an_address_under_one_heading_in_several_columns_is_joined(*, merged: bool) -> None:
    rows: Rows = [
        ["容县流入人员登记表"],
        ["单位：容州镇", "", "", "填表日期：2024年3月"],
        ["序号", "姓名", "身份证号", "户籍地", "", "", "", "电话"],
        ["", "", "", "省", "市", "县", "乡镇", ""],
        [1, "陈玉兰", LAN, "广西", "玉林市", "容县", "容州镇", 13877512345],
    ]
    over = ["A1:H1", "A3:A4", "B3:B4", "C3:C4", "D3:G3", "H3:H4"] if merged else []
    roster = open_roster(book({"名册": Sheet(rows=rows, merges=over)}), "a.xlsx")
    (row,) = people(roster)
    assert row.row == 5
    assert row.cells["home"] == "广西玉林市容县容州镇"
    assert row.cells["phone"] == 13877512345
    assert roster.sheets[0].columns["home"] == "户籍地/省、户籍地/市、户籍地/县、户籍地/乡镇"


@pytest.mark.parametrize(
    ("headings", "home", "residence"),
    [
        (["户籍省", "户籍市", "县", "详细地址", "现居住地"], "ABCD", "E"),
        (["户籍地", "x", "y", "地址", "现居住地"], "A", "E"),
        (["户籍地", "x", "y", "z", "家庭住址"], "A", "E"),
        (["现居住地县", "现居住地乡镇", "详细地址", "户籍地", "z"], "D", "ABC"),
    ],
)
def test_an_address_that_does_not_say_of_what_gives_way_to_one_that_does(
    headings: list[str], home: str, residence: str
) -> None:
    rows = [["姓名", "身份证号", *headings], ["陈玉兰", LAN, "A", "B", "C", "D", "E"]]
    (row,) = people(open_roster(book({"名册": rows}), "a.xlsx"))
    assert (row.cells["home"], row.cells["residence"]) == (home, residence)


def test_what_stands_between_people_and_below_them_is_nobody() -> None:
    rows: Rows = [
        ["序号", "姓名", "身份证号", "是否同意"],
        ["甲", "1", "2", "3"],
        [1, "陈玉兰", LAN, "是"],
        [],
        ["小计", "", "", ""],
        ["序号", "姓名", "身份证号", "是否同意"],
        [2, "李四", LAN, "是"],
        [3, "", "", "是"],
        ["填表人：王五", "", "审核人：赵六", ""],
        ["填表人：", "王五", "审核人：", "赵六"],
        ["", "合计", 2, ""],
        ["统计局宿舍", "赵七", "", "是"],
        ["注：本表一式两份", "", "", ""],
    ]
    assert [row.row for row in people(open_roster(book({"名册": rows}), "a.xlsx"))] == [3, 7, 12]


def test_cells_merged_downward_say_the_same_in_each_row_and_a_person_over_two_rows_is_one() -> None:
    sheet = Sheet(
        rows=[
            ["户籍地", "姓名", "身份证号", "电话"],
            ["广西容县", "陈玉兰", LAN, "1"],
            [None, "李四", LAN, "2"],
            ["广东", "王五", LAN, "3"],
            [None, None, None, "4"],
        ],
        merges=["A2:A3", "A4:A5", "B4:B5", "C4:C5"],
    )
    found = people(open_roster(book({"名册": sheet}), "a.xlsx"))
    assert [(row.row, row.cells["home"]) for row in found] == [(2, "广西容县"), (3, "广西容县"), (4, "广东")]


def test_each_sheet_has_its_own_headings_and_those_without_are_named() -> None:
    roster = open_roster(
        book(
            {
                "一村": [["姓名", "身份证号", "是否同意"], ["陈玉兰", LAN, "是"]],
                "二村": [["标题"], ["公民身份号码", "姓名"], [LAN, "李四"]],
                "Sheet3": [],
                "说明": [["请如实填写"]],
                "旧": Sheet(rows=PLAIN, hidden=True),
            }
        ),
        "a.xlsx",
    )
    assert [each.skipped_because for each in roster.sheets] == [
        None,
        None,
        Skipped.EMPTY,
        Skipped.NO_HEADER,
        Skipped.HIDDEN,
    ]
    assert [(row.sheet, row.row, row.cells["name"]) for row in people(roster)] == [
        ("一村", 2, "陈玉兰"),
        ("二村", 3, "李四"),
    ]
    assert {warning.sheet for warning in roster.warnings} == {"Sheet3", "说明", "旧"}
    assert not roster.has_consent_column  # one sheet that is read has none


def test_what_is_in_a_file_decides_and_not_its_name(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(book({"名册": PLAIN}))
    roster = open_roster(path, "a.csv")
    assert roster.digest == sha256(path.read_bytes()).hexdigest()
    assert [row.cells["name"] for row in people(roster)] == ["陈玉兰"]
    with path.open("rb") as file:
        assert people(open_roster(file, "a.csv")) == people(roster)
    assert people(roster) == people(roster)


@pytest.mark.parametrize("separator", [",", "\t", ";"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "gb18030", "gbk"])
def test_a_table_of_text_is_read_in_any_usual_encoding(encoding: str, separator: str) -> None:
    rows = [
        ["花名册"],
        ["姓名", "身份证号", "地址"],
        ["陈玉兰", LAN, '"东门村\r\n3组"'],
        [],
        ["李四", LAN, ""],
    ]
    found = people(open_roster(io.BytesIO(text(rows, encoding, separator)), "a.xls"))
    assert [(row.row, row.cells["name"]) for row in found] == [(3, "陈玉兰"), (5, "李四")]
    assert found[0].cells["residence"] == "东门村\r\n3组"


@pytest.mark.parametrize("file", ["roster.xls", "roster-1904.xls"])
def test_an_old_workbook_is_read_and_its_days_counted_from_where_it_counts(file: str) -> None:
    (row,) = people(open_roster(DATA / file, file))
    assert row.cells["arrived_on"] == date(2024, 3, 2)
    assert row.cells["birth_on"] == (date(1980, 5, 12) - date(1899, 12, 30)).days
    assert "SENTINEL" not in repr(row)  # under 节育措施


def test_a_workbook_that_counts_from_1904_says_the_same_days() -> None:
    rows: Rows = [["姓名", "身份证号", "流入日期"], ["陈玉兰", LAN, 43891], ["李四", LAN, date(2024, 3, 2)]]
    first, second = people(open_roster(book({"名册": rows}, from_1904=True), "a.xlsx"))
    assert first.cells["arrived_on"] == 45353
    assert second.cells["arrived_on"] == date(2024, 3, 2)


# -------------------------------------------------------------------------- what cannot be opened


def zipped(**members: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "/").replace("_xml", ".xml"), content)
    return file.getvalue()


FAR = b'<worksheet><sheetData><row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"", EmptyRosterError),
        (b"\r\n \r\n", EmptyRosterError),
        (book({"名册": []}), EmptyRosterError),
        (b"%PDF-1.7", NotARosterError),
        (b"<html><table><tr><td>x</td></tr></table></html>", NotARosterError),
        (zipped(word__document_xml=b"x"), NotARosterError),
        (zipped(content_xml=b"x"), NotARosterError),
        (b"PK\x03\x04" + b"x" * 50, DamagedRosterError),
        (book({"名册": PLAIN})[:-300], DamagedRosterError),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), DamagedRosterError),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), ProtectedRosterError),
        (zipped(xl__workbook_xml=b"x", xl__worksheets__sheet1_xml=FAR), ExplodingRosterError),
        (zipped(xl__workbook_xml=b"x", xl__worksheets__sheet1_xml=bytes(80 << 20)), ExplodingRosterError),
        ("姓名,身份证号\n".encode() + b"\xff\xff\xff\n", DamagedRosterError),
        (f'姓名,身份证号\n陈玉兰,{LAN}\n"李四,{LAN}\n王五,{LAN}\n'.encode(), DamagedRosterError),
        ("女方姓名,身份证号\n1,2\n".encode(), NoHeaderError),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_a_roster_is_refused_with_the_next_step(
    content: bytes, fault: type[YipanError]
) -> None:
    with pytest.raises(fault) as refused:
        people(open_roster(content, "花名册.xlsx"))
    for language in ("zh", "en"):
        assert "花名册.xlsx" in refused.value.say(language)
        assert refused.value.next_step[language]


def test_a_file_without_headings_says_of_each_sheet_what_it_lacks() -> None:
    content = book({"一": [["x"], ["姓名", "电话"], ["陈", 1]], "二": [["配偶姓名", "身份证号"], ["李", 1]]})
    with pytest.raises(NoHeaderError) as refused:
        open_roster(content, "a.xlsx")
    said = refused.value.say("zh")
    assert "工作表“一”第 2 行像栏目行，但没有“身份证号”" in said
    assert "工作表“二”第 1 行像栏目行，但没有“姓名”" in said
    assert "“配偶姓名”是别人的" in said


def test_a_member_that_lies_about_its_size_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    content = book({"名册": PLAIN})
    monkeypatch.setattr(rosterbook, "LARGEST_UNPACKED", 100)
    with pytest.raises(ExplodingRosterError):
        open_roster(content, "a.xlsx")


def test_a_cell_at_the_very_bottom_does_no_harm_where_the_sheet_is_narrow() -> None:
    content = book({"名册": [*PLAIN]})
    made = load_workbook(io.BytesIO(content))
    made.worksheets[0].cell(row=1_048_576, column=3, value="x")
    assert [row.row for row in people(open_roster(saved(made), "a.xlsx"))] == [2, 1_048_576]
