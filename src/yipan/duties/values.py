"""What a field says, as it is kept: typed on a form, in a sheet, or sent by a program. One place for all doors."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, Final

from yipan.duties.faults import Fault

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from yipan.law.event import Plain
    from yipan.law.kind import Field

#: The longest text of a field: an entry must fit into one envelope to another province.
MOST_CHARACTERS: Final = 10_000
_PERIOD = re.compile(r"\d{4}(-(0[1-9]|1[0-2])(-([0-2]\d|3[01]))?|-Q[1-4]|-H[12])?")
_NUMBER = re.compile(r"-?[0-9]{1,9}")
_CODE = re.compile(r"[A-Za-z0-9 ._:+-]{1,200}")
_PLACE = re.compile(r"[1-9]\d(\d{2}(\d{2}(\d{3})?)?)?")
_IDENTITY = re.compile(r"\d{17}[\dXx]|\d{15}")
_PHONE = re.compile(r"\+?[\d -]{5,20}")
_PUBLIC_NAME = re.compile(r"[^\x00-\x1f\x7f]{1,200}")

_SHAPES: Final = {
    "period": (
        _PERIOD,
        "请写成 2026、2026-Q3、2026-H1 或 2026-10。",
        "Write it as 2026, 2026-Q3, 2026-H1 or 2026-10.",
    ),
    "place": (_PLACE, "请填写行政区划代码。", "Write the code of a division."),
    "code": (_CODE, "含有不允许的字符。", "It has characters that are not allowed."),
    "phone": (_PHONE, "请填写电话号码。", "Write a telephone number."),
    "public-name": (_PUBLIC_NAME, "请填写不超过200字的名称。", "Write a name of at most 200 characters."),
}


def read_value(one: Field, value: object) -> Plain | Fault:
    """Return a typed or form value as it is kept; a fault when it cannot be one of this type."""
    read = _READERS.get(one.type)
    if read:
        return read(one, value)
    text = (value if isinstance(value, str) else str(value)).strip()
    wanted = _SHAPES.get(one.type)
    if wanted and not wanted[0].fullmatch(text):
        return Fault(field=one.name, zh=wanted[1], en=wanted[2])
    if len(text) > MOST_CHARACTERS:
        zh = f"最多写{MOST_CHARACTERS}个字，现在有{len(text)}个。更长的材料请作为附件。"
        en = (
            f"At most {MOST_CHARACTERS} characters; there are {len(text)}. Attach what is longer as evidence."
        )
        return Fault(field=one.name, zh=zh, en=en)
    return text


def _read_yes_no(one: Field, value: object) -> Plain | Fault:
    words = {
        "true": True,
        "yes": True,
        "是": True,
        "同意": True,
        "false": False,
        "no": False,
        "否": False,
        "不同意": False,
    }
    if isinstance(value, bool):
        return value
    found = words.get(str(value).strip().lower())
    if found is None:
        return Fault(field=one.name, zh="请选择“是”或“否”。", en="Answer yes or no.")
    return found


def _read_date(one: Field, value: object) -> Plain | Fault:
    try:
        return date.fromisoformat(str(value).strip()).isoformat()
    except ValueError:
        return Fault(field=one.name, zh="请写成 2026-03-02 这样的日期。", en="Write the date as 2026-03-02.")


def _read_choice(one: Field, value: object) -> Plain | Fault:
    text = str(value).strip()
    if text in one.choices:
        return text
    known = "、".join(choice["zh"] for choice in one.choices.values())
    en = f"Choose one of: {', '.join(one.choices)}."
    return Fault(field=one.name, zh=f"请从中选择：{known}。", en=en)


def _read_number(one: Field, value: object) -> Plain | Fault:
    text = str(value).strip()
    if _NUMBER.fullmatch(text):
        return int(text)
    return Fault(field=one.name, zh="请填写整数。", en="Write a whole number.")


def _read_identity(one: Field, value: object) -> Plain | Fault:
    text = str(value).strip()
    if _IDENTITY.fullmatch(text):
        return text.upper()
    zh, en = "公民身份号码应为18位（或15位）。", "An identity number has 18 (or 15) digits."
    return Fault(field=one.name, zh=zh, en=en)


_READERS: Final[Mapping[str, Callable[[Field, object], Plain | Fault]]] = {
    "yes-no": _read_yes_no,
    "date": _read_date,
    "choice": _read_choice,
    "number": _read_number,
    "identity-number": _read_identity,
}
