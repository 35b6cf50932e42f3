"""The same person? What the judge says of two records, and why."""

from __future__ import annotations

from datetime import date

import pytest

from yipan.registry.matching import Record, Verdict, check_digit, judge, read_number
from yipan.registry.names import nearly, read_name, reading, surnames, variants

BODY = "45092119800512002"
NUMBER = BODY + check_digit(BODY)
BORN = date(1980, 5, 12)
PHONE = "13877512345"
LAN = Record(name="陈玉兰", identity_number=NUMBER, birth_on=BORN, sex="2", phone=PHONE)


def codes(verdict: Verdict) -> set[str]:
    return {reason.code for reason in verdict.reasons}


def numbers(one: str, other: str) -> str:
    verdict = judge(Record(name="陈玉兰", identity_number=one), Record(name="陈玉兰", identity_number=other))
    return next(reason.code for reason in verdict.reasons if reason.code.startswith("number."))


def names(one: str, other: str) -> str:
    return judge(Record(name=one), Record(name=other)).reasons[0].code


def other_serial(body: str) -> str:
    changed = body[:14] + f"{int(body[14:]) + 2:03}"
    return changed + check_digit(changed)


# ------------------------------------------------------------------------------------- names


@pytest.mark.parametrize(
    ("one", "other"),
    [("於昇明", "于升明"), ("張國華", "张国华"), ("李堃", "李坤"), ("劉峯", "刘峰"), ("陳蘇", "陈甦")],
)
def test_a_variant_character_is_the_same_name(one: str, other: str) -> None:
    assert names(one, other) == "name.variant"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("阿不都·热合曼", "阿不都热合曼"),
        ("阿不都•热合曼", "阿不都·热合曼"),
        ("陈 玉 兰", "陈玉兰"),
        ("陈\u3000玉兰", "陈玉兰"),
        ("ＬＩ Ming", "li ming"),
    ],
)
def test_dots_spaces_and_width_do_not_count(one: str, other: str) -> None:
    assert names(one, other) == "name.same"


def test_a_name_that_sounds_the_same_is_said_to_sound_the_same() -> None:
    assert names("王喆", "王哲") == "name.sound"
    assert names("阿不都热合曼", "阿布都热合曼") == "name.sound"


@pytest.mark.parametrize(
    ("one", "other"), [("刘丽", "刘尼"), ("陈静", "陈进"), ("张志", "张自"), ("李成", "李岑")]
)
def test_sounds_taken_for_one_another_are_near(one: str, other: str) -> None:
    assert names(one, other) == "name.near_sound"


def test_one_other_character_is_told_in_names_of_three_and_not_of_two() -> None:
    assert names("陈玉兰", "陈玉梅") == "name.one_character"
    assert names("陈兰", "陈梅") == "name.different"
    assert names("陈玉兰", "王玉兰") == "name.different"


@pytest.mark.parametrize(
    ("name", "spoken"),
    [
        ("仇英", "qiu"),
        ("单雄信", "shan"),
        ("單雄信", "shan"),
        ("解晓东", "xie"),
        ("区桂芳", "ou"),
        ("查良镛", "zha"),
        ("曾国藩", "zeng"),
        ("任静", "ren"),
        ("华罗庚", "hua"),
        ("朴永哲", "piao"),
        ("盖叫天", "ge"),
        ("尉迟恭", "yu chi"),
        ("长孙无忌", "zhang sun"),
        ("万俟卨", "mo qi"),
        ("令狐冲", "ling hu"),
    ],
)
def test_surnames_are_read_rightly(name: str, spoken: str) -> None:
    syllables = spoken.split()
    assert list(read_name(name).sound[: len(syllables)]) == syllables


def test_a_character_is_read_as_a_surname_only_where_a_surname_stands() -> None:
    assert read_name("王单").sound == ("wang", "dan")


def test_every_line_of_the_tables_says_something() -> None:
    known = surnames()
    assert all(reading(surname) != spoken for surname, spoken in known.single.items())
    assert all(tuple(map(reading, surname)) != spoken for surname, spoken in known.compound.items())
    # A variant is read as a character that is itself read as no other.
    assert not {ord(character) for character in variants().values()} & set(variants())
    assert all(nearly(nearly(reading(chr(point)))) == nearly(reading(chr(point))) for point in variants())


# ----------------------------------------------------------------------------------- numbers


def test_a_number_of_fifteen_digits_is_the_same_as_one_of_eighteen() -> None:
    assert numbers(NUMBER, BODY[:6] + BODY[8:]) == "number.same"


def test_a_small_x_a_space_and_full_width_digits_do_not_count() -> None:
    body = next(body for body in (f"4509211980051200{n}" for n in range(10)) if check_digit(body) == "X")
    assert numbers(f"{body}X", f"{body}x") == "number.same"
    assert numbers(f"{body}X", f"{body[:6]} {body[6:14]} {body[14:]}Ｘ") == "number.same"


def test_one_wrong_digit_and_two_transposed_ones_are_near() -> None:
    assert numbers(NUMBER, NUMBER[:9] + "9" + NUMBER[10:]) == "number.near"
    assert numbers(NUMBER, NUMBER[:2] + NUMBER[3] + NUMBER[2] + NUMBER[4:]) == "number.near"


def test_a_wrong_check_digit_decides_nothing_by_itself() -> None:
    wrong = BODY + next(digit for digit in "01" if digit != NUMBER[-1])
    number = read_number(wrong)
    assert number
    assert number.wrong
    assert numbers(NUMBER, wrong) == "number.same_body"
    assert judge(LAN, Record(name="陈玉兰", identity_number=wrong)).same == "same"
    # Neither for: it makes two persons one as little as it parts one into two.
    assert judge(LAN, Record(name="王建国", identity_number=wrong, sex="1")).same != "same"


def test_two_right_numbers_that_differ_are_never_near() -> None:
    assert numbers(NUMBER, other_serial(BODY)) == "number.serial"
    assert numbers(NUMBER, "110101" + BODY[6:] + check_digit("110101" + BODY[6:])) == "number.different"


@pytest.mark.parametrize("text", ["", "无", "1234", "45092119800512002", "H08123456(2)", None])
def test_what_is_no_number_is_missing_and_not_different(text: str | None) -> None:
    verdict = judge(LAN, Record(name="陈玉兰", identity_number=text, birth_on=BORN, phone=PHONE))
    assert not any(code.startswith("number.") for code in codes(verdict))
    assert verdict.same == "same"


# ------------------------------------------------------------------------- dates, phones, sex


def test_day_and_month_that_changed_places_are_recognised() -> None:
    verdict = judge(LAN, Record(name="陈玉兰", birth_on=date(1980, 12, 5), phone=PHONE))
    assert "birth.swapped" in codes(verdict)
    assert verdict.same == "likely"


def test_a_lunar_date_is_a_different_one_until_something_else_speaks() -> None:
    lunar = date(1980, 3, 28)
    alone = judge(LAN, Record(name="陈玉兰", birth_on=lunar))
    assert (alone.same, "birth.different" in codes(alone)) == ("different", True)
    assert judge(LAN, Record(name="陈玉兰", birth_on=lunar, identity_number=NUMBER)).same == "same"


def test_a_date_in_a_number_stands_in_where_the_other_has_no_number() -> None:
    verdict = judge(Record(name="陈玉兰", identity_number=NUMBER), Record(name="陈玉兰", birth_on=BORN))
    assert "birth.same" in codes(verdict)


@pytest.mark.parametrize(
    "phone", ["+86 138-7751-2345", "0086 13877512345", "１３８７７５１２３４５", "8613877512345"]
)
def test_a_phone_is_its_digits(phone: str) -> None:
    assert "phone.same" in codes(judge(LAN, Record(name="陈玉兰", phone=phone)))


def test_a_phone_with_one_wrong_digit_is_near_and_a_landline_never() -> None:
    assert "phone.near" in codes(judge(LAN, Record(name="陈玉兰", phone="13877512346")))
    one, other = (Record(name="陈玉兰", phone=phone) for phone in ("0775-5552222", "0775-5552223"))
    assert "phone.different" in codes(judge(one, other))


def test_a_sex_that_is_not_known_says_nothing() -> None:
    assert codes(judge(LAN, Record(name="陈玉兰", sex="9"))) == {"name.same"}


# ---------------------------------------------------------------------------------- verdicts


def test_a_renewed_number_is_likely_and_never_merged_silently() -> None:
    for number in (other_serial(BODY), "110101" + BODY[6:] + check_digit("110101" + BODY[6:])):
        verdict = judge(LAN, Record(name="陈玉兰", identity_number=number, birth_on=BORN, phone=PHONE))
        assert verdict.same == "likely"


def test_namesakes_born_on_one_day_with_numbers_of_their_own_are_different() -> None:
    body = "110101" + BODY[6:]
    namesake = Record(
        name="陈玉兰", identity_number=body + check_digit(body), birth_on=BORN, phone="13900000001"
    )
    assert judge(LAN, namesake).same == "different"


def test_twins_who_share_a_phone_are_two() -> None:
    twin = Record(name="陈玉梅", identity_number=other_serial(BODY), birth_on=BORN, sex="2", phone=PHONE)
    assert judge(LAN, twin).same == "different"


def test_spouses_who_share_a_phone_are_two() -> None:
    assert (
        judge(LAN, Record(name="王建国", birth_on=date(1979, 1, 2), sex="1", phone=PHONE)).same == "different"
    )


def test_a_number_under_another_name_is_shown_and_left_to_a_person() -> None:
    verdict = judge(LAN, Record(name="王建国", identity_number=NUMBER, birth_on=BORN, phone=PHONE))
    assert verdict.same == "likely"
    assert "cap.name" in codes(verdict)


def test_a_name_alone_is_not_enough() -> None:
    assert judge(Record(name="陈玉兰"), Record(name="陈玉兰")).same == "different"


def test_a_match_says_why_in_chinese_and_english() -> None:
    verdict = judge(LAN, Record(name="陳玉蘭", identity_number=NUMBER.lower(), phone="13877512346"))
    assert [(reason.code, reason.zh) for reason in verdict.reasons] == [
        ("name.variant", "姓名相同，用字有繁简或异体之别"),
        ("number.same", "身份号码相同"),
        ("phone.near", "电话只差一位或相邻两位颠倒"),
    ]
    assert all(reason.en.isascii() for reason in verdict.reasons)
