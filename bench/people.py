"""Chinese people who do not exist, in any number, with the mistakes that clerks and papers make.

Names are drawn by rounded shares of surnames and a list of given-name characters by sex and generation; county
codes are real; identity numbers are valid; phones are of real ranges. The same seed gives the same people. Every person
is made up, and a number that some real person bears is borne by chance.
"""

from __future__ import annotations

import argparse
import csv
import sys
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

import numpy as np

from yipan.offices.divisions import Level, read_divisions
from yipan.registry.matching import Record, check_digit
from yipan.registry.names import reading, variants

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

#: Surnames with their rounded shares in per mille of the population; the rest is spread evenly over `RARE`.
SURNAMES: Final = (
    "王72 李72 张68 刘54 陈45 杨31 黄22 赵22 吴20 周19 徐15 孙15 马13 朱13 胡12 郭12 何12 林12 高10 罗9 "
    "郑9 梁9 谢8 宋7 唐7 许7 邓7 韩7 冯7 曹6 彭6 曾6 肖6 田6 董6 袁6 潘5 于5 蒋5 蔡5 余5 杜5 叶5 程5 苏5 魏5 吕4 "
    "丁4 任4 沈4 姚4 卢4 姜4 崔4 钟4 谭4 陆4 汪4 范4 金4 石4 廖4 贾4 夏4 韦4 付4 方4 白4 邹4 孟4 熊3 秦3 邱3 江3 尹3 "
    "薛3 闫3 段3 雷3 侯3 龙3 史3 陶3 黎3 贺3 顾3 毛3 郝3 龚3 邵3 万3 钱3 严3 覃2 武2 戴2 莫2 孔2 向2 汤2"
)
RARE: Final = [
    *"仇单解区查华朴盖缪乐翟冼农蓝麦关阮柯岑蒙卓甘容",
    "尉迟",
    "欧阳",
    "上官",
    "司马",
    "诸葛",
    "长孙",
    "令狐",
]
#: Characters of given names, the most frequent first: (sex, born from) to characters.
GIVEN: Final = {
    (
        "1",
        1940,
    ): "国建华明文德志永军平林生伟荣海春金龙成光福玉祥新忠庆东清学良强红贵宝兴富义民世正振云山友根水",
    ("2", 1940): "秀英玉兰桂珍芳凤梅淑华霞红春玲琴素美莲荣香爱云翠月小彩金菊清文花燕萍丽娥惠仙银连雪娟巧瑞",
    ("1", 1980): "伟强磊军勇杰涛超明刚平辉鹏华飞鑫波斌宇浩凯健俊帆亮建龙阳文志海峰晓东旭成林永庆博洋坤昌升晨",
    ("2", 1980): "丽娜静敏燕艳娟霞婷芳玲雪琳倩洁颖莉莹晶丹慧萍璐佳欣梅红蕾小晓媛琴云秀英美玉文春海雅思怡梦",
}
PARTS: Final = [
    "阿不都",
    "买买提",
    "吐尔逊",
    "艾合买提",
    "古丽",
    "热合曼",
    "依明",
    "阿依",
    "玉素甫",
    "努尔",
    "克里木",
]
#: The first three digits of mobile phones.
MOBILE: Final = [130, 131, 135, 136, 137, 138, 139, 150, 152, 158, 159, 181, 187, 188, 189]
#: For characters that sound alike or look alike: what a clerk writes for what was said or read.
MISHEARD: Final = (
    "玲林",
    "英因",
    "静进",
    "明民",
    "兰南",
    "丽妮",
    "志自",
    "成岑",
    "生森",
    "春村",
    "平频",
    "红洪",
    "慧惠",
)
#: Shares: of men, of names of several parts, of given names of one character, of twins and couples in a register.
MALE, MINORITY, ONE_CHARACTER, TWINS, COUPLES = 0.5, 0.02, 0.18, 0.01, 0.10
#: Of those looked up: who is in the register, who has a twin there; who is written there the very same.
THERE, TWIN_THERE, UNCHANGED = 0.8, 0.03, 0.3
#: Of birth dates and sexes: left out, day and month swapped, the year's last digit wrong.
NO_BIRTH, SWAPPED, OTHER_YEAR, NO_SEX = 0.10, 0.03, 0.03, 0.05
BORN_FROM, BORN_DAYS = date(1945, 1, 1), 365 * 60
GENERATION: Final = 1980


@dataclass(frozen=True, kw_only=True, slots=True)
class Labelled:
    """Records to look up, those to look among, and for each of the first its place in the second, or None."""

    records: list[Record]
    against: list[Record]
    truth: list[int | None]


class Maker:
    """Makes people, families and mistakes from one seed."""

    def __init__(self, seed: int = 2026) -> None:
        """Read the lists and the county codes."""
        self._dice = np.random.default_rng(seed)
        common = [(entry[:1], int(entry[1:])) for entry in SURNAMES.split()]
        shares = [share for _, share in common]
        rest = (1000 - sum(shares)) / len(RARE)
        self._surnames: list[str] = [surname for surname, _ in common] + RARE
        self._shares = np.cumsum([*shares, *[rest] * len(RARE)]) / 1000
        self._counties = [
            one.code for one in read_divisions() if one.level is Level.COUNTY and not one.statistical
        ]
        self._zipf = {key: np.cumsum(_zipf(len(given))) for key, given in GIVEN.items()}
        self._written_as = _written_as()
        self._misheard = {a: b for one, other in MISHEARD for a, b in ((one, other), (other, one))}
        self._homophones = _homophones()
        self._taken: set[str] = set()
        self._pool: list[float] = []

    def people(self, count: int) -> list[Record]:
        """Return people as a register would hold them: some are twins, some share a phone with a spouse."""
        made: list[Record] = []
        while len(made) < count:
            person = self.person()
            made.append(person)
            fate = self._chance()
            if fate < TWINS:
                made.append(self.twin(person))
            elif fate < TWINS + COUPLES:
                made.append(replace(self.person(), phone=person.phone))
        return made[:count]

    def person(self) -> Record:
        """Return a person with everything on paper."""
        sex = "1" if self._chance() < MALE else "2"
        born = BORN_FROM + timedelta(days=self._below(BORN_DAYS))
        name = self._minority() if self._chance() < MINORITY else self._surname() + self._given(sex, born)
        county = self._counties[self._below(len(self._counties))]
        return Record(
            name=name,
            identity_number=self._number(county, born, sex),
            birth_on=born,
            sex=sex,
            phone=self.other_phone(""),
        )

    def twin(self, person: Record) -> Record:
        """Return a twin: same surname, day, county and parents' phone; a name of its own, a number of its own."""
        born, sex, number = person.birth_on, person.sex, person.identity_number
        if born is None or sex is None or number is None:
            message = "a twin is made of a whole person"
            raise ValueError(message)
        return replace(
            person,
            name=person.name[:-1] + self._given(sex, born)[-1],
            identity_number=self._number(number[:6], born, sex),
        )

    def labelled(self, count: int, among: int) -> Labelled:
        """Return records to look up: four of five are in the register, each as another paper has it."""
        against = self.people(among)
        places = self._dice.permutation(among)
        records: list[Record] = []
        truth: list[int | None] = []
        for place in places[:count].tolist():
            fate = self._chance()
            if fate < THERE:
                records.append(self.mistaken(against[place]))
                truth.append(place)
            elif fate < THERE + TWIN_THERE:
                records.append(self.mistaken(self.twin(against[place])))
                truth.append(None)
            else:
                records.append(self.mistaken(self.person()))
                truth.append(None)
        return Labelled(records=records, against=against, truth=truth)

    def mistaken(self, person: Record) -> Record:
        """Return a person as another paper has it: nothing wrong, or one thing, or several."""
        if self._chance() < UNCHANGED:
            return person
        return replace(
            person,
            name=self._one_of(person.name, _NAME_MISTAKES),
            identity_number=self._one_of(person.identity_number or "", _NUMBER_MISTAKES) or None,
            birth_on=self._other_birth(person.birth_on),
            sex=None if self._chance() < NO_SEX else person.sex,
            phone=self._one_of(person.phone or "", _PHONE_MISTAKES) or None,
        )

    # ------------------------------------------------------------------------- mistakes

    def variant(self, name: str) -> str:
        """Write a name with a traditional or variant character."""
        return self._swap(name, lambda one: self._written_as.get(one, [one]))

    def homophone(self, name: str) -> str:
        """Write a given name with another character of the same sound."""
        return name[0] + self._swap(name[1:], lambda one: self._homophones.get(one, [one]))

    def misheard(self, name: str) -> str:
        """Write a given name with a character of nearly the same sound."""
        return name[0] + self._swap(name[1:], lambda one: [self._misheard.get(one, one)])

    def other_character(self, name: str) -> str:
        """Write one wrong character at the end."""
        return name[:-1] + GIVEN["1", 1980][self._below(40)]

    def undotted(self, name: str) -> str:
        """Leave the dot out, or put a space into a short name."""
        return name.replace("·", "") if "·" in name else f"{name[0]} {name[1:]}"

    def one_digit(self, number: str) -> str:
        """Write one digit wrong."""
        place = self._below(len(number) - 1)
        return number[:place] + str((int(number[place]) + 1 + self._below(9)) % 10) + number[place + 1 :]

    def transposed(self, number: str) -> str:
        """Let two neighbouring digits change places."""
        place = self._below(len(number) - 1)
        return number[:place] + number[place + 1] + number[place] + number[place + 2 :]

    def two_digits(self, number: str) -> str:
        """Write two digits wrong."""
        return self.one_digit(self.one_digit(number))

    def fifteen(self, number: str) -> str:
        """Write an old number of fifteen digits, which nobody born in this century had."""
        return number[:6] + number[8:17] if number[6:8] == "19" else number

    def wrong_check(self, number: str) -> str:
        """Write another check digit."""
        return number[:17] + ("7" if number[17] == "X" else str((int(number[17]) + 1) % 10))

    def renewed(self, number: str) -> str:
        """Give a new number: a serial of its own, the rest as before."""
        born = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
        return self._number(number[:6], born, "1" if int(number[16]) % 2 else "2")

    def other_phone(self, _: str) -> str:
        """Give another phone."""
        return f"{MOBILE[self._below(len(MOBILE))]}{self._below(10**8):08}"

    def _other_birth(self, born: date | None) -> date | None:
        fate = self._chance()
        if born is None or fate < NO_BIRTH:
            return None
        if fate < NO_BIRTH + SWAPPED:
            return _or(born, month=born.day, day=born.month)
        if fate < NO_BIRTH + SWAPPED + OTHER_YEAR:
            return _or(born, year=born.year // 10 * 10 + self._below(10))
        return born

    # ----------------------------------------------------------------------------- dice

    def _chance(self) -> float:
        if not self._pool:
            self._pool = self._dice.random(1 << 16).tolist()
        return self._pool.pop()

    def _below(self, end: int) -> int:
        return int(self._chance() * end)

    def _one_of(self, text: str, mistakes: Mistakes) -> str:
        fate = self._chance()
        for share, mistake in mistakes:
            fate -= share
            if fate < 0:
                return mistake(self, text)
        return text

    def _swap(self, text: str, others: Callable[[str], Sequence[str]]) -> str:
        can = [place for place, one in enumerate(text) if others(one)[0] != one or len(others(one)) > 1]
        if not can:
            return text
        place = can[self._below(len(can))]
        choice = others(text[place])
        return text[:place] + choice[self._below(len(choice))] + text[place + 1 :]

    def _surname(self) -> str:
        return self._surnames[int(np.searchsorted(self._shares, self._chance()))]

    def _given(self, sex: str, born: date) -> str:
        key = (sex, GENERATION if born.year >= GENERATION else 1940)
        length = 1 if self._chance() < ONE_CHARACTER else 2
        picked = (int(np.searchsorted(self._zipf[key], self._chance())) for _ in range(length))
        return "".join(GIVEN[key][place] for place in picked)

    def _minority(self) -> str:
        return f"{self._part()}{self._part()}·{self._part()}{self._part()}"

    def _part(self) -> str:
        return PARTS[self._below(len(PARTS))]

    def _number(self, county: str, born: date, sex: str) -> str:
        while True:
            serial = self._below(499) * 2 + (1 if sex == "1" else 2)
            body = f"{county}{born:%Y%m%d}{serial:03}"
            if body not in self._taken:
                self._taken.add(body)
                return body + check_digit(body)


Mistakes = tuple[tuple[float, "Callable[[Maker, str], str]"], ...]

#: How often each mistake is made, where any is.
_NAME_MISTAKES: Final[Mistakes] = (
    (0.07, Maker.variant),
    (0.07, Maker.homophone),
    (0.04, Maker.misheard),
    (0.03, Maker.other_character),
    (0.05, Maker.undotted),
)
_NUMBER_MISTAKES: Final[Mistakes] = (
    (0.10, Maker.one_digit),
    (0.07, Maker.transposed),
    (0.02, Maker.two_digits),
    (0.06, Maker.fifteen),
    (0.03, Maker.wrong_check),
    (0.03, Maker.renewed),
    (0.05, lambda _, number: number.lower()),
    (0.14, lambda _, __: ""),
)
_PHONE_MISTAKES: Final[Mistakes] = (
    (0.25, lambda _, __: ""),
    (0.20, Maker.other_phone),
    (0.03, Maker.one_digit),
    (0.05, lambda _, phone: f"+86 {phone[:3]}-{phone[3:7]}-{phone[7:]}"),
)


def _or(born: date, **changes: int) -> date:
    """Return the changed date, or the date itself where there is no such day."""
    try:
        return born.replace(**changes)
    except ValueError:
        return born


def _zipf(count: int) -> list[float]:
    weights = [1 / (rank + 8) for rank in range(count)]
    return [weight / sum(weights) for weight in weights]


def _written_as() -> dict[str, list[str]]:
    """Return the traditional and variant forms of each character."""
    forms: dict[str, list[str]] = {}
    for variant, character in variants().items():
        forms.setdefault(character, []).append(chr(variant))
    return forms


def _homophones() -> dict[str, list[str]]:
    """Return the other characters of given names that sound the same."""
    by_sound: dict[str, list[str]] = {}
    for character in sorted(set("".join(GIVEN.values()))):
        by_sound.setdefault(reading(character), []).append(character)
    return {
        one: [other for other in alike if other != one] or [one]
        for alike in by_sound.values()
        for one in alike
    }


def main() -> None:
    """Print some people as CSV."""
    parser = argparse.ArgumentParser(description="Print people who do not exist, as CSV.")
    parser.add_argument("count", type=int, nargs="?", default=5)
    writer = csv.writer(sys.stdout)
    writer.writerow(["name", "identity_number", "birth_on", "sex", "phone"])
    for one in Maker().people(parser.parse_args().count):
        writer.writerow([one.name, one.identity_number, one.birth_on, one.sex, one.phone])


if __name__ == "__main__":
    main()
