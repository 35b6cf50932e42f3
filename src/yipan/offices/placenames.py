"""How people write the name of a place: shortened, with another rank, in traditional characters."""

from __future__ import annotations

import csv
import re
import unicodedata
from pathlib import Path
from typing import Final

from yipan.offices.divisions import Level

_TRADITIONAL: Final = Path(__file__).parent / "data" / "history" / "traditional.csv"

#: What stands between the parts of an address.
SEPARATORS: Final = frozenset(" \t\r\n　,，.。、;；:：/／\\|-－—_·•()（）[]【】<>《》\"'“”‘’+＋*#~")
#: What people write before an address, and what is no part of it.
LABELS: Final = (
    "中华人民共和国", "中国", "户籍所在地", "户籍地址", "户籍地", "户籍", "户口所在地", "户口地址", "户口", "现居住地址", "现居住地", "居住地址",
    "居住地", "现住址", "现居", "家庭住址", "家庭地址", "住址", "地址", "籍贯",
)  # fmt: skip
#: Rows that fill a level in tables of codes; people copy them.
FILLERS: Final = (
    "自治区直辖县级行政区划", "自治区直辖县级行政单位", "省直辖县级行政区划", "省直辖县级行政单位", "省直辖县", "省直辖", "市辖区",
)  # fmt: skip
#: What may follow a shortened name, by the level it is meant at; the longest first.
SUFFIXES: Final = {
    Level.NATION: (),
    Level.PROVINCE: ("壮族自治区", "回族自治区", "维吾尔自治区", "维吾尔族自治区", "自治区", "省", "市"),
    Level.CITY: ("自治州", "地区", "专区", "市", "州", "盟"),
    Level.COUNTY: ("自治县", "自治旗", "特区", "新区", "市", "县", "区", "旗"),
    Level.TOWNSHIP: ("街道办事处", "街道办", "街办", "街道", "办事处", "民族乡", "镇", "乡", "街", "苏木"),
}
#: After a shortened name these make it the name of something else: 石头村, 南京路.
OTHER_THINGS: Final = frozenset("村组屯路街道巷弄社队寨庄沟湾")
#: Roads a character or two behind a shortened name: 四川北路, 青秀山路.
ROADS: Final = re.compile(r".{0,2}(?:路|大道|大街|巷|弄|胡同)")
#: A village behind a township that was written without its suffix: 容州东门村.
VILLAGE: Final = re.compile(r"[一-鿿]{2,6}?(?:村|社区|居委|屯|大队|街|路|组)")
_SPREAD: Final = re.compile(r"(?:^|\s)[一-鿿](?:\s|$)")
_BLANK: Final = re.compile(r"(?<=[一-鿿])\s+(?=[一-鿿])")
#: Numerals that people write out.
NUMERALS: Final = {"廿": "二十", "卅": "三十"}

_PEOPLES: Final = (
    "壮族|瑶族|苗族|侗族|彝族|藏族|回族|满族|蒙古族|蒙古|土家族|布依族|仡佬族|各族|傣族|白族|哈尼族|纳西族|傈僳族|拉祜族|佤族|"
    "黎族|畲族|朝鲜族|羌族|哈萨克族|哈萨克|锡伯|塔吉克|柯尔克孜|达斡尔族|鄂伦春|鄂温克族|鄂温克|水族|毛南族|仫佬族|独龙族|怒族|"
    "普米族|景颇族|东乡族|保安族|撒拉族|裕固族|土族|布朗族|回|民族"
)
_ETHNIC: Final = re.compile(rf"(.{{2,}}?)(?:{_PEOPLES})*(?:自治州|自治县|自治旗|民族乡|族乡)")
_PLAIN: Final = {
    Level.PROVINCE: re.compile(r"(内蒙古|.{2,3}?)(?:壮族|回族|维吾尔)?(?:自治区|省|市)"),
    Level.CITY: re.compile(r"(.{2,}?)(?:地区|市|盟)"),
    Level.COUNTY: re.compile(r"(.{2,}?)(?:特区|林区|新区|矿区|市|县|区|旗)"),
    Level.TOWNSHIP: re.compile(r"(.{2,}?)(?:街道|镇|乡|苏木)"),
}


def read_foldings(path: Path = _TRADITIONAL) -> dict[int, str]:
    """Return what each traditional character of a place's name is in simplified ones, for `str.translate`."""
    rows = csv.reader(path.read_text("utf-8").splitlines()[1:])
    return {ord(traditional): simplified for traditional, simplified in rows}


def fold(text: str, foldings: dict[int, str]) -> str:
    """Return a text half-width and in simplified characters; folding a folded text changes nothing."""
    return (text if text.isascii() else unicodedata.normalize("NFKC", text)).translate(foldings)


def stem_of(name: str, level: Level) -> str | None:
    """Return a name without what says its rank, at least two characters long, or None where nothing can go.

    容州镇 is 容州, 恩施土家族苗族自治州 is 恩施, 容县 cannot be shortened.
    """
    found = _ETHNIC.fullmatch(name) if level not in (Level.NATION, Level.PROVINCE) else None
    found = found or (_PLAIN[level].fullmatch(name) if level in _PLAIN else None)
    return found[1] if found else None


def other_spellings(name: str) -> list[str]:
    """Return a name with its numerals written out, where it has any: 廿三里街道 is 二十三里街道 too."""
    written = name
    for sign, words in NUMERALS.items():
        written = written.replace(sign, words)
    return [written] if written != name else []


def join_spread(text: str) -> str:
    """Return a text without the blanks with which people spread characters: 容 县 is 容县."""
    return _BLANK.sub("", text) if _SPREAD.search(text) else text


def skip(text: str, position: int) -> int:
    """Return the position behind the separators that stand at a position."""
    while position < len(text) and text[position] in SEPARATORS:
        position += 1
    return position


def skip_labels(text: str) -> int:
    """Return where an address begins: behind separators, labels and fillers."""
    position = skip(text, 0)
    while True:
        label = next((each for each in (*LABELS, *FILLERS) if text.startswith(each, position)), None)
        if label is None:
            return position
        position = skip(text, position + len(label))


def suffix_at(text: str, position: int, level: Level) -> str:
    """Return the word for a rank that stands at a position, or nothing."""
    for suffix in SUFFIXES[level]:
        if text.startswith(suffix, position):
            return suffix
    return ""
