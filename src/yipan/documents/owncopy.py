"""A copy of everything that is hers, as a paper: the same reading as the file, in plain words and in order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from yipan.documents import pdf
from yipan.duties.lawbook import lawbook
from yipan.registry.copying import copy_of_everything

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from yipan.law.kind import Field
    from yipan.registry.own import PersonPermit

_STATES: Final = {"open": "在办", "discharged": "已办", "released": "免除"}
_PARTICULARS: Final = {
    "name": "姓名", "identity_number": "公民身份号码", "sex": "性别", "birth_on": "出生日期", "phone": "电话",
    "home": "户籍地", "home_address": "户籍地址", "residence": "现居住地", "residence_address": "现住址", "contact": "联系方式",
}  # fmt: skip


def copy_pdf(permit: PersonPermit, now: datetime) -> bytes:
    """Return everything that is hers here as a PDF.

    Raises:
        PermitExpiredError: her permit's time is over.
    """
    return pdf.pdf("owncopy", copy_paper(copy_of_everything(permit, now)))


def copy_paper(copy: Mapping[str, Any]) -> dict[str, object]:
    """Return what stands on the paper of a copy."""
    return {
        "title": "关于本人的全部记录",
        "title_en": "Everything that is recorded of you",
        "lead": f"{_day(copy['written_at'])}从本系统取出，只有关于您本人的内容。不对的可以要求更正，不要的可以要求删除。",
        "foot": "只交给本人。共用手机或电脑的，看完请删除文件。",
        "parts": [
            _part("资料", "Facts", _facts(copy), (2, 5)),
            _part("登记", "Register", _register(copy), (2, 2, 5)),
            _part("记录", "Entries", _entries(copy), (2, 3, 3, 6)),
            _part("机构对您的职责", "What is owed to you", _duties(copy), (4, 3, 2, 2)),
            _part("同意", "What you agreed to", _agreements(copy), (3, 2, 2, 5)),
            _part("谁看过", "Who looked", _looks(copy), (3, 3, 3, 3)),
            _part(
                "无关机构的紧急查阅",
                "Looks in need by an office that is no party",
                _glasses(copy),
                (3, 3, 3, 3),
            ),
        ],
    }


def _part(zh: str, en: str, rows: Iterator[list[str]], widths: tuple[int, ...]) -> dict[str, object]:
    return {"zh": zh, "en": en, "rows": list(rows), "widths": list(widths), "none": "没有。"}


def _facts(copy: Mapping[str, Any]) -> Iterator[list[str]]:
    for name, value in copy["facts"].items():
        yield [_PARTICULARS.get(name, name), str(value)]


def _register(copy: Mapping[str, Any]) -> Iterator[list[str]]:
    for each in copy["register"]:
        line = "；".join(
            f"{stay['place']} {stay['from_on'] or '—'}至{stay['until_on'] or '今'}" for stay in each["stays"]
        )
        yield [_day(each["enrolled_on"]), each["office"], line or "—"]


def _entries(copy: Mapping[str, Any]) -> Iterator[list[str]]:
    fields = {name: one for kind in lawbook().every_kind() for name, one in kind.fields.items()}
    for case in copy["cases"]:
        for each in case["entries"]:
            said = [
                f"{_titled(fields.get(name), name)}：{_worded(fields.get(name), value)}"
                for facts in each["says"].values()
                for name, value in facts.items()
            ]
            ended = ["（内容已删除或者保存期满）"] if each["ended"] else []
            yield [
                _day(each["counts_at"]),
                each["title"]["zh"],
                each["office"],
                "；".join([*said, *ended]) or "—",
            ]


def _titled(one: Field | None, name: str) -> str:
    return one.title["zh"] if one else name


def _worded(one: Field | None, value: object) -> str:
    return one.choices[str(value)]["zh"] if one and str(value) in one.choices else str(value)


def _duties(copy: Mapping[str, Any]) -> Iterator[list[str]]:
    for case in copy["cases"]:
        for each in case["duties"]:
            title = each["title"].get("zh", each["rule"])
            yield [title, each["owed_by"], each["due_on"] or "—", _STATES.get(each["state"], each["state"])]


def _agreements(copy: Mapping[str, Any]) -> Iterator[list[str]]:
    book = lawbook()
    titles = {
        purpose: wording.title["zh"]
        for each in book.adoptions()
        for purpose, wording in each.pack.wordings.items()
    }
    for each in copy["agreements"]:
        said = "同意" if each["agreed"] else "不同意或已撤回"
        yield [
            titles.get(each["purpose"], each["purpose"]),
            said,
            _day(each["said_at"]),
            each["wording"] or "—",
        ]


def _looks(copy: Mapping[str, Any]) -> Iterator[list[str]]:
    for each in copy["looks"]:
        yield [
            _minute(each["at"]),
            each["office"],
            each["officer"],
            each["words"] or each["ground"] or each["purpose"],
        ]


def _glasses(copy: Mapping[str, Any]) -> Iterator[list[str]]:
    for each in copy["glasses"]:
        yield [_minute(each["from"]), each["office"], each["officer"], each["because"]["zh"]]


def _minute(text: str) -> str:
    return text.replace("T", " ")[:16]


def _day(text: str) -> str:
    return text[:10]
