"""What about an identity number should be looked at on paper: pure, and never a reason to refuse or delay anything.

A right number may stand although it fails: some were given out with a wrong digit. Who has seen the paper says so in an
entry (`number_confirmed`), and nothing is doubted any more until another number is written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from yipan.offices.areas import areas
from yipan.registry.matching import BEFORE_SERIAL, SEXES, read_number

if TYPE_CHECKING:
    from collections.abc import Mapping

    from yipan.registry.matching import Number
    from yipan.registry.picture import Picture

_AREA: Final = 6
#: Every doubt there is, in the order in which it is said.
DOUBTS: Final[Mapping[str, Mapping[str, str]]] = {
    "length": {"zh": "是旧的15位号码", "en": "it is an old number of 15 digits"},
    "area": {"zh": "前六位从来不是县（区）或市的代码", "en": "its first six digits were never the code of a county or city"},
    "birth": {"zh": "号码中的日期不存在，或与登记的出生日期不符", "en": "the date in it is none, or not the recorded date of birth"},
    "sex": {"zh": "第十七位与登记的性别不符", "en": "its seventeenth digit does not fit the recorded sex"},
    "check": {"zh": "校验码（末位）与前面的数字不符", "en": "its check digit does not fit the digits before it"},
}  # fmt: skip


def doubts_of(picture: Picture) -> tuple[str, ...]:
    """Return what is doubted of the number in a picture, by the names in DOUBTS; nothing of one that was confirmed."""
    return doubts_beside(picture, read_number(picture.particulars.get("identity_number")))


def doubts_beside(picture: Picture, number: Number | None) -> tuple[str, ...]:
    """Return the same of a number that was read already."""
    said = picture.particulars
    if picture.number_confirmed or "identity_number" not in said:
        return ()
    return doubts(number, said.get("sex", ""), said.get("birth_on", ""))


def doubts(number: Number | None, sex: str, born: str) -> tuple[str, ...]:
    """Return what is doubted of a number beside the recorded sex (GB/T 2261.1) and birth date; either may be empty."""
    if number is None:
        return ("length",)
    body, found = number.body, []
    if number.check is None:
        found.append("length")
    if body[:_AREA] not in areas():
        found.append("area")
    # Digits against digits: a roster has many rows. A recorded date is one that exists.
    if (body[_AREA:BEFORE_SERIAL] != born.replace("-", "")) if born else number.birth_on is None:
        found.append("birth")
    if sex in SEXES and (sex == "1") != (body[-1] in "13579"):
        found.append("sex")
    if number.wrong:
        found.append("check")
    return tuple(found)
