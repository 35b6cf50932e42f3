"""Dates, numbers and names as people write them into sheets. Pure: nothing is guessed, a doubt is a fault."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Final, Literal

from yipan.registry.matching import BEFORE_SERIAL, check_digit
from yipan.registry.names import is_han

Cell = str | int | float | date | datetime

DateFault = Literal["date-impossible", "date-unreadable", "date-two-digit-year", "date-no-day"]
NumberFault = Literal["number-missing", "number-rounded", "number-length", "number-unreadable", "number-date"]

#: Day 0 of Excel's count from 1900, which holds from March of that year on.
EXCEL_ZERO: Final = date(1899, 12, 30)
#: Days as Excel counts them: below are years, above no day that a roster names.
SERIALS: Final = range(2101, 73051)
YEARS: Final = range(1850, 2101)
#: Digits of an identity number, and of an old one.
WHOLE, SHORT = 18, 15
#: From so many digits on Excel writes zeros.
EXCEL_DIGITS: Final = 15
LONGEST_NAME: Final = 50

_YMD: Final = re.compile(
    r"([0-9]{4})(?:([-/.\\_])([0-9]{1,2})\2([0-9]{1,2})|年([0-9]{1,2})月([0-9]{1,2})[日号]?|([0-9]{2})([0-9]{2}))"
    r"(?:[T日]?(?:[0-9]{1,2}[:时][0-9]{1,2}分?(?::?[0-9]{1,2}(?:\.[0-9]+)?秒?)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?)?)"
)
_NO_DAY: Final = re.compile(r"([0-9]{4})(?:[-/.年]([0-9]{1,2})月?|年|([0-9]{2}))?")
_TWO_DIGITS: Final = re.compile(
    r"'?[0-9]{2}(?:[-/.][0-9]{1,2}[-/.][0-9]{1,2}|年[0-9]{1,2}月(?:[0-9]{1,2}[日号]?)?|[0-9]{4})"
)
_DAY_FIRST: Final = re.compile(r"[0-9]{1,2}[-/.][0-9]{1,2}[-/.][0-9]{2}")
_ENGLISH: Final = re.compile(
    r"(?:([0-9]{1,2})[- ]?([A-Z]{3})[A-Z]*[-, ]*|([A-Z]{3})[A-Z]*[ .]*([0-9]{1,2})[, ]+)([0-9]{4})"
)
_MONTHS: Final = dict(
    zip(
        ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"),
        range(1, 13),
        strict=True,
    )
)
_HAN_DATE: Final = re.compile(
    r"([〇零○0一二三四五六七八九]{2}|[〇零○0一二三四五六七八九]{4})年([一二三四五六七八九十元]{1,3})月(?:([一二三四五六七八九十廿卅]{1,3})[日号]?)?"
)
_HAN_DIGITS: Final = {each: str(at) for at, each in enumerate("〇一二三四五六七八九")} | {
    "零": "0",
    "○": "0",
    "0": "0",
}
_BLANKS: Final = re.compile(r"\s+")
_BEFORE_TIME: Final = re.compile(r"[0-9] [0-9]")
_COUNT: Final = re.compile(r"[0-9]{5}(?:\.[0-9]+)?")
_DIGITS: Final = re.compile(r"[0-9]+X?")
_AROUND_DOT: Final = re.compile(r"\s*·\s*")
_PLAIN_ISO: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
#: What systems write around a number so that Excel keeps its digits: ="4509…", '4509…
_ARMOUR: Final = re.compile(r"^[=\s'’‘`\"“”]+|[\s'’‘`\"“”;,]+$")
_NUMBER_NOISE: Final = re.compile(r"[\s\-_·.]")
_SCIENTIFIC: Final = re.compile(r"[0-9](?:\.[0-9]*)?E\+?[0-9]{1,2}")
_NUMBER: Final = re.compile(r"[0-9]{17}[0-9X]|[0-9]{15}")
#: Letters that stand for the last X: of other alphabets, and the sign of multiplication.
_X: Final = {ord(each): "X" for each in "×хХχΧ✕╳"}
_DOTS: Final = {ord(each): "·" for each in "•・‧∙⋅●．.‐–—﹒᛫"}
_BETWEEN_HAN: Final = re.compile(r"(?<=[^\x00-\x7f])\s+(?=[^\x00-\x7f])")
_PARTS_OF_NAME: Final = frozenset("·-' ’")


@dataclass(frozen=True, kw_only=True, slots=True)
class WrittenDate:
    """A date as written: the day, or why it is none; of one without a day what is there, as `YYYY` or `YYYY-MM`."""

    on: date | None
    fault: DateFault | None = None
    without_day: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class WrittenNumber:
    """An identity number as written, in digits and a large X; with why it is none, if it is none."""

    #: Of 18 characters or 15.
    number: str
    #: Of 18 characters, the check digit put in where it had none; as written, it may be wrong.
    canonical: str
    birth_on: date | None
    #: Whether it has the check digit that its digits ask for; one of 15 digits has none and is not confirmed.
    confirmed: bool
    fault: NumberFault | None = None


def plain_text(cell: Cell) -> str:
    """Return a cell as one line of text of usual width."""
    if isinstance(cell, str):
        if cell.isascii():
            return " ".join(cell.split())
        return " ".join(
            unicodedata.normalize("NFKC", cell).replace("\u200b", "").replace("\ufeff", "").split()
        )
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)


def read_date(cell: Cell) -> WrittenDate | None:
    """Return the day that a cell means, None for an empty one.

    Understood are year, month and day in this order with any separators or none, in Chinese numerals, English names of
    months, and days as Excel counts them. Where month and day could be mistaken for one another it is unreadable.
    """
    if isinstance(cell, datetime):
        return WrittenDate(on=cell.date())
    if isinstance(cell, date):
        return WrittenDate(on=cell)
    if isinstance(cell, int | float):
        return _of_count(cell)
    if _PLAIN_ISO.fullmatch(cell):
        return _of_text(cell)
    text = plain_text(cell)
    return _of_text(text) if text else None


def read_name(cell: Cell) -> tuple[str, str | None]:
    """Return a name and why it is none: without blanks between Chinese characters, with one kind of dot."""
    if isinstance(cell, str) and cell.isalpha() and is_han(cell[0]) and is_han(cell[-1]):
        return (cell, None) if len(cell) <= LONGEST_NAME else (cell, "name-unreadable")
    name = _BETWEEN_HAN.sub("", plain_text(cell)).strip("'\"“”*:;,、。")
    if not name:
        return "", "name-missing"
    if not name.isascii():
        name = _AROUND_DOT.sub("·", name.translate(_DOTS)).strip("·")
    letters = sum(map(str.isalpha, name))
    sound = all(each.isalpha() or each in _PARTS_OF_NAME or _is_mark(each) or each == "." for each in name)
    if not sound or not letters or len(name) > LONGEST_NAME:
        return name, "name-unreadable"
    return name, None


def read_identity_number(cell: Cell) -> WrittenNumber:
    """Return an identity number; one whose check digit is wrong is one all the same."""
    if isinstance(cell, int | float):
        text = str(int(cell)) if float(cell).is_integer() else str(cell)
        if len(text) > EXCEL_DIGITS:
            return _no_number(text, "number-rounded")
    else:
        text = _identity_text(cell)
    if not _NUMBER.fullmatch(text):
        return _no_number(text, _number_fault(text))
    body = text[:17] if len(text) == WHOLE else f"{text[:6]}19{text[6:]}"
    check = check_digit(body)
    confirmed = text[-1] == check if len(text) == WHOLE else False
    if len(text) == WHOLE and not confirmed and text.endswith("000"):
        return _no_number(text, "number-rounded")
    birth_on = _day(body[6:BEFORE_SERIAL])
    return WrittenNumber(
        number=text,
        canonical=text if len(text) == WHOLE else body + check,
        birth_on=birth_on,
        confirmed=confirmed,
        fault=None if birth_on else "number-date",
    )


def _identity_text(cell: Cell) -> str:
    text = str(cell)
    if _NUMBER.fullmatch(text):
        return text
    text = unicodedata.normalize("NFKC", text).replace("\u200b", "").replace("\ufeff", "")
    text = _ARMOUR.sub("", text).upper().translate(_X)
    return text if _SCIENTIFIC.fullmatch(text) else _NUMBER_NOISE.sub("", text)


def _number_fault(text: str) -> NumberFault:
    if not text:
        return "number-missing"
    if _SCIENTIFIC.fullmatch(text):
        return "number-rounded"
    return "number-length" if _DIGITS.fullmatch(text) else "number-unreadable"


def _no_number(text: str, fault: NumberFault) -> WrittenNumber:
    return WrittenNumber(number=text, canonical="", birth_on=None, confirmed=False, fault=fault)


@lru_cache(maxsize=1 << 15)
def _day(digits: str) -> date | None:
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return None


@lru_cache(maxsize=1 << 15)
def _of_text(text: str) -> WrittenDate:
    tight = _BLANKS.sub("", text)
    # A blank between digits stands before a time, unless it only follows a separator: 2024. 3. 2.
    whole = _YMD.fullmatch(text.replace(" ", "T") if _BEFORE_TIME.search(text) else tight)
    if whole:
        return _of_parts(whole[1], whole[3] or whole[5] or whole[7], whole[4] or whole[6] or whole[8])
    if _COUNT.fullmatch(tight) and int(float(tight)) in SERIALS:
        return _of_count(float(tight))
    han = _HAN_DATE.fullmatch(tight)
    if han:
        return _of_han(han)
    english = _ENGLISH.fullmatch(text.upper())
    if english and (english[2] or english[3]) in _MONTHS:
        month = _MONTHS[english[2] or english[3]]
        return _of_parts(english[5], str(month), english[1] or english[4])
    return _without(tight)


def _without(tight: str) -> WrittenDate:
    """Say what a text lacks that is no day."""
    partly = _NO_DAY.fullmatch(tight)
    if partly and int(partly[1]) in YEARS:
        month = partly[2] or partly[3]
        if month is None:
            return WrittenDate(on=None, fault="date-no-day", without_day=partly[1])
        if 1 <= int(month) <= len(_MONTHS):
            return WrittenDate(on=None, fault="date-no-day", without_day=f"{partly[1]}-{int(month):02}")
        if partly[2]:
            return WrittenDate(on=None, fault="date-impossible")
    if _TWO_DIGITS.fullmatch(tight) or _DAY_FIRST.fullmatch(tight):
        return WrittenDate(on=None, fault="date-two-digit-year")
    return WrittenDate(on=None, fault="date-unreadable")


def _of_parts(year: str, month: str, day: str) -> WrittenDate:
    on = _day(f"{year}{int(month):02}{int(day):02}")
    return WrittenDate(on=on, fault=None if on else "date-impossible")


def _of_han(found: re.Match[str]) -> WrittenDate:
    year = "".join(_HAN_DIGITS[each] for each in found[1])
    if len(year) == len("80"):
        return WrittenDate(on=None, fault="date-two-digit-year")
    month = _han_count(found[2])
    if found[3] is None:
        return WrittenDate(on=None, fault="date-no-day", without_day=f"{year}-{month:02}")
    return _of_parts(year, str(month), str(_han_count(found[3])))


def _han_count(text: str) -> int:
    """Return a number below a hundred in Chinese numerals: 十一, 二十三, 廿三, 三十."""
    text = text.replace("廿", "二十").replace("卅", "三十").replace("元", "一")
    tens, ten, ones = text.partition("十")
    if not ten:
        return int("".join(_HAN_DIGITS[each] for each in tens))
    return int(_HAN_DIGITS.get(tens, "1")) * 10 + int(_HAN_DIGITS.get(ones, "0"))


def _of_count(count: float) -> WrittenDate:
    whole = int(count)
    if whole in SERIALS:
        return WrittenDate(on=EXCEL_ZERO + timedelta(days=whole))
    if whole in YEARS:
        return WrittenDate(on=None, fault="date-no-day", without_day=_year_and_month(count))
    digits = str(whole)
    if whole == count and len(digits) in {len("20240302"), len("202403"), len("240302")}:
        return _of_text(digits)
    return WrittenDate(on=None, fault="date-unreadable")


def _year_and_month(count: float) -> str:
    """Read 1980.05 as a month; 1980.1 is January or October, and only the year is taken."""
    year, _, month = f"{count:.2f}".partition(".")
    sure = 1 <= int(month) <= len(_MONTHS) and int(month) != len(_MONTHS) - 2
    return f"{year}-{month}" if sure else year


def _is_mark(character: str) -> bool:
    """Return whether a character is a mark upon a letter, or one of a name that fonts have no sign for."""
    return unicodedata.category(character) in {"Mn", "Mc", "Co"}
