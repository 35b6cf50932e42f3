"""A row of a roster, read: what is accepted, what is noted, and what goes back with every fault at once."""

from __future__ import annotations

import csv
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.registry.rosters import (
    HERE,
    LAN,
    TODAY,
    book,
    entry_of,
    faults_of,
    gazetteer,
    notes_of,
    reading,
    reading_of,
)
from yipan.offices.places import resolve
from yipan.registry.matching import check_digit
from yipan.registry.rosterplaces import Places
from yipan.registry.rosterrow import Declined, Entry, Returned
from yipan.registry.written import EXCEL_ZERO, plain_text, read_date, read_identity_number, read_name

ARRIVED: Final = date(2024, 3, 2)
CHINESE: Final = "〇一二三四五六七八九"


# ----------------------------------------------------------------------------------- whole rows


def test_a_row_gives_an_entry_with_what_the_number_says_filled_in() -> None:
    entry = entry_of(
        phone=13877512345.0,
        home="广西壮族自治区玉林市容县石头镇水村3组",
        residence="东门村3组",
        arrived_on="2024年3月2日",
        reason="务工经商",
        agrees="同意",
    )
    assert (entry.name, entry.identity_number, entry.canonical_number) == ("陈玉兰", LAN, LAN)
    assert (entry.birth_on, entry.sex, entry.phone) == (date(1980, 5, 12), "2", "13877512345")
    assert (entry.home, entry.home_text) == ("450921111", "广西壮族自治区玉林市容县石头镇水村3组")
    assert (entry.residence, entry.residence_text) == (HERE, "东门村3组")
    assert (entry.arrived_on, entry.reason, entry.agrees) == (ARRIVED, "work", True)
    assert {note.code for note in entry.notes} == {"residence-assumed"}


def test_without_a_column_on_consent_nothing_is_said_of_it() -> None:
    assert entry_of().agrees is None


@pytest.mark.parametrize("no", ["否", "不同意", "×", "0", "FALSE", "No"])
def test_who_does_not_agree_leaves_a_place_to_count_and_nothing_else(no: str) -> None:
    answer = reading_of(agrees=no, residence="容县石头镇水村3组", identity_number="wrong")
    assert answer == Declined(sheet="名册", row=2, residence="450921111")


@pytest.mark.parametrize("yes", ["是", " 同意 ", "√", "Y", "1", 1, True, "已签", "本人同意"])
def test_who_agrees_is_entered(yes: object) -> None:
    assert entry_of(agrees=yes).agrees is True


def test_all_faults_of_a_row_are_said_at_once() -> None:
    found = faults_of(
        name="", identity_number="45092119800512", home="城关镇", residence="xyz", arrived_on="2030-01-01", agrees=""
    )  # fmt: skip
    assert found == {
        "agrees": "agrees-missing",
        "name": "name-missing",
        "identity_number": "number-length",
        "arrived_on": "arrival-future",
        "home": "place-several",
        "residence": "place-unknown",
    }


def test_a_row_that_goes_back_has_its_cells_as_they_were() -> None:
    answer = reading_of(identity_number="x", home=" 广西　容县 ")
    assert isinstance(answer, Returned)
    assert (answer.row, answer.cells["home"]) == (2, " 广西　容县 ")
    assert all(fault.zh and fault.en for fault in answer.faults)


# ---------------------------------------------------------------------------------------- names


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("陈 玉 兰", "陈玉兰"),
        ("陈\u3000玉兰", "陈玉兰"),
        ("阿不都•热合曼", "阿不都·热合曼"),
        ("阿不都 . 热合曼", "阿不都·热合曼"),
        ("Ｌｉ　Ｍｉｎｇ", "Li Ming"),
        ("\u200b陈玉兰\n", "陈玉兰"),
        ("𠮷田", "𠮷田"),
    ],
)
def test_a_name_is_read_without_blanks_and_with_one_kind_of_dot(written: str, name: str) -> None:
    assert read_name(written) == (name, None)


@pytest.mark.parametrize("written", ["12345", LAN, "陈玉兰1", "---", "陈" * 60])
def test_what_is_no_name_goes_back(written: str) -> None:
    assert faults_of(name=written)["name"] in {"name-unreadable", "name-missing"}


# -------------------------------------------------------------------------------------- numbers


@pytest.mark.parametrize(
    "written",
    [LAN, LAN.lower(), f" {LAN} ", f"'{LAN}", f'="{LAN}"', f"\t{LAN}", "450921 19800512 002X", "４５０９２１１９８００５１２００２Ｘ", "45092119800512002×"],
)  # fmt: skip
def test_a_number_is_read_however_its_digits_were_kept(written: str) -> None:
    assert entry_of(identity_number=written).identity_number == LAN


def test_a_wrong_check_digit_is_accepted_and_to_be_confirmed() -> None:
    wrong = LAN[:-1] + "0"
    assert entry_of(identity_number=wrong).identity_number == wrong
    assert "number-to-confirm" in notes_of(identity_number=wrong)


@pytest.mark.parametrize("old", ["450921800512002", 450921800512002])
def test_an_old_number_gets_its_form_of_today_beside_it(old: object) -> None:
    entry = entry_of(identity_number=old)
    assert (entry.identity_number, entry.canonical_number) == ("450921800512002", LAN)
    assert "number-old" in {note.code for note in entry.notes}


@pytest.mark.parametrize(
    ("written", "fault"),
    [
        ("", "number-missing"),
        (450921198005120020, "number-rounded"),
        (4.50921198005120e17, "number-rounded"),
        ("4.50921E+17", "number-rounded"),
        ("450921198005120000", "number-rounded"),
        ("4509211980051200", "number-length"),
        ("45092119800512A02X", "number-unreadable"),
        ("无", "number-unreadable"),
        ("45092119801312002X", "number-date"),
        ("450921209905120023", "number-future"),
        ("450921185005120023", "number-ancient"),
    ],
)
def test_a_number_that_cannot_be_says_why(written: object, fault: str) -> None:
    assert faults_of(identity_number=written)["identity_number"] == fault


@given(
    st.dates(date(1897, 1, 1), TODAY), st.integers(0, 999), st.sampled_from(["450921", "110105", "654321"])
)
def test_every_number_that_can_be_issued_is_read_as_it_is(born: date, serial: int, county: str) -> None:
    body = f"{county}{born:%Y%m%d}{serial:03}"
    read = read_identity_number(body + check_digit(body))
    assert (read.number, read.birth_on, read.confirmed, read.fault) == (
        body + check_digit(body),
        born,
        True,
        None,
    )


# ----------------------------------------------------------------------------------------- days


@pytest.mark.parametrize(
    "written",
    ["2024-3-2", "2024/03/02", "2024.3.2", "2024. 3. 2", "20240302", 20240302, "2024年3月2日", "2024 年 3 月 2 号", "二〇二四年三月二日", "二零二四年三月二日",
     "２０２４．３．２", "2024-03-02 00:00:00", "2024/3/2 8:30", "2024-03-02T08:00:00+08:00", "2-Mar-2024", "March 2, 2024", 45353, 45353.5, "45353",
     ARRIVED, datetime(2024, 3, 2, 8, 30)],  # noqa: DTZ001  # a sheet's cell knows no zone
)  # fmt: skip
def test_a_day_is_read_in_any_usual_spelling(written: object) -> None:
    assert entry_of(arrived_on=written).arrived_on == ARRIVED


@pytest.mark.parametrize(
    ("written", "fault"),
    [
        ("2024-02-30", "date-impossible"),
        ("2024年13月1日", "date-impossible"),
        ("24-3-2", "date-two-digit-year"),
        ("二四年三月二日", "date-two-digit-year"),
        ("240302", "date-two-digit-year"),
        ("2024年3月", "date-no-day"),
        ("二〇二四年三月", "date-no-day"),
        ("2024", "date-no-day"),
        (2024.05, "date-no-day"),
        ("3/2/2024", "date-unreadable"),
        ("农历三月初二", "date-unreadable"),
        (7, "date-unreadable"),
        ("2026-11-22", "arrival-future"),
        ("1980-05-11", "arrival-before-birth"),
    ],
)
def test_a_day_that_is_none_or_in_doubt_goes_back(written: object, fault: str) -> None:
    assert faults_of(arrived_on=written)["arrived_on"] == fault


def han(number: int) -> str:
    """Write a number below a hundred in Chinese."""
    tens, ones = divmod(number, 10)
    front = {0: "", 1: "十"}.get(tens, f"{CHINESE[tens]}十")
    return front + (CHINESE[ones] if ones else "")


@given(st.dates(date(1906, 1, 1), date(2099, 12, 31)))
def test_every_day_is_read_back_from_each_way_of_writing_it(day: date) -> None:
    year = "".join(CHINESE[int(digit)] for digit in str(day.year))
    spellings: list[str | int | date] = [
        day,
        (day - EXCEL_ZERO).days,
        day.isoformat(),
        f"{day:%Y%m%d}",
        f"{day.year}.{day.month}.{day.day}",
        f"{day.year}年{day.month}月{day.day}日",
        f"{year}年{han(day.month)}月{han(day.day)}日",
        f"{day:%d %b %Y}",
    ]
    for each in spellings:
        read = read_date(each)
        assert read is not None
        assert read.on == day, each


@given(st.text(max_size=20))
def test_no_text_breaks_the_reading_of_days_numbers_and_names(text: str) -> None:
    read_date(text)
    read_identity_number(text)
    read_name(text)


def test_a_birth_of_year_and_month_is_filled_from_the_number() -> None:
    for written in ("1980.05", "198005", "1980年5月", 1980.05, "1980"):
        entry = entry_of(birth_on=written)
        assert entry.birth_on == date(1980, 5, 12)
        assert {note.code for note in entry.notes} >= {"birth-not-used"}


def test_a_birth_that_differs_is_noted_and_a_sound_number_counts() -> None:
    assert entry_of(birth_on="1981-05-12").birth_on == date(1980, 5, 12)
    assert "birth-differs-from-number" in notes_of(birth_on="1981-05-12")
    unsound = entry_of(birth_on="1981-05-12", identity_number=LAN[:-1] + "0")
    assert unsound.birth_on == date(1981, 5, 12)
    assert faults_of(birth_on="2027-01-01") == {"birth_on": "birth-future"}
    assert faults_of(birth_on="1980-02-30") == {"birth_on": "date-impossible"}


# ------------------------------------------------------------------------- sex, phone and reason


def test_a_sex_that_differs_is_noted() -> None:
    assert entry_of(sex="女性").sex == "2"
    assert "sex-differs-from-number" in notes_of(sex="男")
    assert "sex-unreadable" in notes_of(sex="?")


@pytest.mark.parametrize(
    "written",
    ["13877512345", 13877512345, "138-7751-2345", "+86 13877512345", "13877512345/0775-5321234", "13877512345 家里"],
)  # fmt: skip
def test_the_first_phone_of_a_cell_is_taken(written: object) -> None:
    assert entry_of(phone=written).phone == "13877512345"


def test_what_cannot_be_read_and_need_not_is_left_out_and_noted() -> None:
    assert notes_of(phone="无", reason="其他", home="") >= {
        "phone-unreadable",
        "reason-unreadable",
        "home-missing",
    }


@pytest.mark.parametrize(
    ("written", "reason"),
    [("打工", "work"), ("投靠亲友", "life"), ("读书", "study"), ("看病", "medical"), ("旅游", "travel"), ("探亲", "visit"), ("出差", "business-trip"), ("work", "work")],
)  # fmt: skip
def test_a_reason_is_one_of_seven(written: str, reason: str) -> None:
    assert entry_of(reason=written).reason == reason


# --------------------------------------------------------------------------------------- places


def test_where_several_places_fit_all_are_offered_and_each_is_understood() -> None:
    answer = reading_of(home="朝阳区")
    assert isinstance(answer, Returned)
    (fault,) = answer.faults
    assert fault.choices == ("北京市朝阳区", "吉林省长春市朝阳区")
    assert [entry_of(home=each).home for each in fault.choices] == ["110105", "220104"]


def test_a_place_that_stops_above_the_township_is_taken_and_noted() -> None:
    assert entry_of(home="广西容县").home == "450921"
    assert "place-coarse" in notes_of(home="广西容县")
    assert faults_of(home="火星基地") == {"home": "place-unknown"}


@pytest.mark.parametrize(
    ("written", "residence", "notes"),
    [
        ("", HERE, set()),
        ("容州镇", HERE, set()),
        ("石头镇", "450921111", set()),
        ("城西路55号", HERE, {"residence-assumed"}),
        ("容县", HERE, {"residence-assumed"}),
        ("广东省广州市越秀区北京街道", "440104003", set()),
    ],
)
def test_a_residence_is_read_from_where_the_office_stands(
    written: str, residence: str, notes: set[str]
) -> None:
    entry = entry_of(residence=written, home="广西容县容州镇")
    assert entry.residence == residence
    assert {note.code for note in entry.notes} == notes


#: What may stand behind an address: villages, numbers, roads, and names of other places.
TAILS: Final = st.lists(
    st.sampled_from(
        [
            "东门村",
            "3组",
            "路",
            "12号",
            "镇",
            "乡",
            "街道",
            "办事处",
            "办",
            "大道",
            "2路",
            "社区",
            "幸福",
            "城关镇",
            "屯",
            "市",
            "县",
            "区",
            "广西",
            "容县",
            "江苏省",
            "一",
            "巷",
            "新村",
            " ",
            "甲",
            "红旗",
        ]
    ),
    max_size=5,
).map("".join)


def addresses() -> list[str]:
    """Return addresses as people write them, and the full names of some townships."""
    table = Path(__file__).parents[1] / "offices" / "data" / "addresses.csv"
    with table.open(encoding="utf-8") as file:
        written = [row["text"] for row in csv.DictReader(file)]
    codes = sorted(code for code in gazetteer().divisions if len(code) == len(HERE))
    return written + [gazetteer().full_name(code) for code in codes[::97]]


ADDRESSES: Final = addresses()


@settings(deadline=None, max_examples=150)
@given(data=st.data())
def test_an_address_means_what_it_means_alone_whatever_was_read_before(data: st.DataObject) -> None:
    places = Places(gazetteer())
    for front in data.draw(st.lists(st.sampled_from(ADDRESSES), min_size=1, max_size=3)):
        for tail in data.draw(st.lists(TAILS, min_size=1, max_size=8)):
            text = plain_text(front + tail)
            alone = resolve(text, gazetteer())
            found = places.resolve(text)
            assert tuple(found) == (alone.found, alone.choices, alone.fitting, alone.reason), text


def test_reading_is_the_same_in_text_and_in_a_workbook() -> None:
    rows = [["姓名", "身份证号", "流入日期"], ["陈玉兰", LAN, "2024-3-2"]]
    by_book = reading(book({"名册": rows}))
    by_text = reading("\n".join(",".join(row) for row in rows).encode("gbk"), "a.csv")
    assert by_book == by_text
    assert isinstance(by_text[0], Entry)


def test_the_day_after_today_is_the_future_and_today_is_not() -> None:
    assert entry_of(arrived_on=TODAY).arrived_on == TODAY
    assert faults_of(arrived_on=TODAY + timedelta(days=1)) == {"arrived_on": "arrival-future"}
