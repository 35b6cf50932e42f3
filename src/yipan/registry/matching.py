"""The same person? A judge of two records that looks at nothing but them and says why.

Each field is put on a level (the names sound the same, the numbers differ by one digit); a level weighs what
`data/weights.yaml` says, and the score is the sum. Nothing is stored, nothing is merged: who reads a verdict decides.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

import yaml

from yipan.registry.names import DATA, Name, read_name

if TYPE_CHECKING:
    from collections.abc import Mapping

Same = Literal["same", "likely", "different"]

#: The fields that are compared, in the order in which a verdict lists them.
FIELDS: Final = ("name", "number", "birth", "phone", "sex")
#: GB/T 2261.1: 1 male, 2 female; 0 and 9 say that it is not known.
SEXES: Final = frozenset({"1", "2"})
#: GB 11643: the weight of each of the first seventeen digits, and the check digit by remainder.
CHECK_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECK_DIGITS: Final = "10X98765432"
#: The digits of place and birth date, which a new number keeps and twins share.
BEFORE_SERIAL: Final = 14
#: Digits in a phone number, and in one of a mobile phone.
PHONE_DIGITS: Final = range(7, 13)
MOBILE_DIGITS: Final = 11
SLIPS: Final = 2
#: Shorter names that differ in a character share no more than a surname.
ONE_CHARACTER_FROM: Final = 3

_WHOLE: Final = re.compile(r"[0-9]{17}[0-9X]")
_SHORT: Final = re.compile(r"[0-9]{15}")
_NOISE: Final = re.compile(r"[\s\x00\-_'’·]")
_NOT_DIALLED: Final = re.compile(r"[^+0-9]+")
_ABROAD: Final = re.compile(r"^(?:\+|00)?86(?=1[0-9]{10}$)")
_BODY: Final = 17


@dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    """What is known of a person for comparing. Only the name must be there; the rest may be missing."""

    name: str
    #: As written, of 15 or 18 digits; anything else counts as missing.
    identity_number: str | None = None
    birth_on: date | None = None
    #: A code of GB/T 2261.1.
    sex: str | None = None
    phone: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Reason:
    """One thing that speaks for or against, in both languages. A cap weighs nothing and says who decides."""

    code: str
    zh: str
    en: str
    weight: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """What two records are to each other; the weights of the reasons sum to the score."""

    score: int
    same: Same
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Number:
    """An identity number of China read for comparing; one of 15 digits with its century put in."""

    #: The first seventeen digits.
    body: str
    #: None in a number of 15 digits, which has none.
    check: str | None

    @property
    def wrong(self) -> bool:
        """Whether it has a check digit that is not the one its digits ask for."""
        return self.check is not None and self.check != check_digit(self.body)

    @property
    def birth_on(self) -> date | None:
        """The birth date written in it; None when there is no such day."""
        try:
            return date(int(self.body[6:10]), int(self.body[10:12]), int(self.body[12:14]))
        except ValueError:
            return None


class Levels(NamedTuple):
    """On which level each field agrees, by the names in `data/weights.yaml`; `absent` where one lacks it."""

    name: str
    number: str
    birth: str
    phone: str
    sex: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Weights:
    """What each level weighs and says, and from which scores on."""

    same_from: int
    likely_from: int
    reasons: Mapping[str, Mapping[str, Reason]]
    caps: Mapping[str, Reason]


def judge(one: Record, other: Record) -> Verdict:
    """Return whether two records are of the same person, and why."""
    return verdict(compare(one, other))


def compare(one: Record, other: Record) -> Levels:
    """Return on which level each field of two records agrees."""
    numbers = read_number(one.identity_number), read_number(other.identity_number)
    return Levels(
        name=compare_names(read_name(one.name), read_name(other.name)),
        number=compare_numbers(*numbers),
        birth=compare_births(_birth(one, *numbers), _birth(other, *reversed(numbers))),
        phone=compare_phones(read_phone(one.phone), read_phone(other.phone)),
        sex=compare_sexes(one.sex, other.sex),
    )


@lru_cache(maxsize=1 << 12)
def verdict(levels: Levels) -> Verdict:
    """Return what the levels weigh together, with a reason for each that weighs and each cap that holds."""
    known = weights()
    found = zip(FIELDS, levels, strict=True)
    reasons = tuple(known.reasons[field][level] for field, level in found if level != "absent")
    score = sum(reason.weight for reason in reasons)
    if score < known.likely_from:
        return Verdict(score=score, same="different", reasons=reasons)
    if score < known.same_from:
        return Verdict(score=score, same="likely", reasons=reasons)
    capped = tuple(known.caps[code] for code in _caps(levels))
    return Verdict(score=score, same="likely" if capped else "same", reasons=reasons + capped)


def compare_names(one: Name, other: Name) -> str:
    """Return the level on which two names agree; `absent` when one is empty."""
    if not (one.folded and other.folded):
        return "absent"
    if one.plain == other.plain:
        return "same"
    if one.folded == other.folded:
        return "variant"
    if one.sound == other.sound:
        return "sound"
    if one.near_sound == other.near_sound:
        return "near_sound"
    return "one_character" if _one_character(one, other) else "different"


def compare_numbers(one: Number | None, other: Number | None) -> str:
    """Return the level on which two identity numbers agree.

    One wrong digit, or two neighbours that changed places, always break a right check digit: so two numbers
    that are both right and differ are of two people, or of one who was given a new number.
    """
    if one is None or other is None:
        return "absent"
    wrong = one.wrong or other.wrong
    either_short = one.check is None or other.check is None
    if one.body == other.body:
        return "same" if either_short or one.check == other.check else "same_body"
    if either_short:
        slips, swapped = _slips(one.body, other.body)
    else:
        slips, swapped = _slips(f"{one.body}{one.check}", f"{other.body}{other.check}")
    one_slip = slips == 1 or swapped
    if one_slip and wrong:
        return "near"
    if (one_slip and either_short) or (slips == SLIPS and wrong):
        return "close"
    if wrong:
        return "unsure"
    return "serial" if one.body[:BEFORE_SERIAL] == other.body[:BEFORE_SERIAL] else "different"


def compare_births(one: date | None, other: date | None) -> str:
    """Return the level on which two birth dates agree. A lunar date is a different one."""
    if one is None or other is None:
        return "absent"
    if one == other:
        return "same"
    if (one.year, one.month, one.day) == (other.year, other.day, other.month):
        return "swapped"
    slips, _ = _slips(one.isoformat(), other.isoformat())
    return "one_digit" if slips == 1 else "different"


def compare_phones(one: str, other: str) -> str:
    """Return the level on which two phone numbers agree; only those of mobile phones can be near."""
    if not (one and other):
        return "absent"
    if one == other:
        return "same"
    if is_mobile(one) and is_mobile(other):
        slips, swapped = _slips(one, other)
        return "near" if slips == 1 or swapped else "different"
    return "different"


def compare_sexes(one: str | None, other: str | None) -> str:
    """Return whether two sexes agree; a code that says "not known" is absent."""
    if one not in SEXES or other not in SEXES:
        return "absent"
    return "same" if one == other else "different"


def read_number(text: str | None) -> Number | None:
    """Return an identity number of 15 or 18 digits; None for anything else. Its check digit may be wrong."""
    if not text:
        return None
    if text.isascii() and _WHOLE.fullmatch(text):
        return Number(body=text[:_BODY], check=text[_BODY])
    digits = _NOISE.sub("", unicodedata.normalize("NFKC", text)).upper()
    if _WHOLE.fullmatch(digits):
        return Number(body=digits[:_BODY], check=digits[_BODY])
    if _SHORT.fullmatch(digits):
        return Number(body=f"{digits[:6]}19{digits[6:]}", check=None)
    return None


def read_phone(text: str | None) -> str:
    """Return the digits of a phone number without the code of China before a mobile one; "" when it is none."""
    kept = _NOT_DIALLED.sub("", unicodedata.normalize("NFKC", text or ""))
    digits = _ABROAD.sub("", kept).replace("+", "")
    return digits if len(digits) in PHONE_DIGITS else ""


def is_mobile(digits: str) -> bool:
    """Return whether digits are those of a mobile phone."""
    return len(digits) == MOBILE_DIGITS and digits[0] == "1"


def check_digit(body: str) -> str:
    """Return the check digit of the first seventeen digits (GB 11643, ISO 7064 MOD 11-2)."""
    return CHECK_DIGITS[
        sum(int(digit) * weight for digit, weight in zip(body, CHECK_WEIGHTS, strict=True)) % 11
    ]


@lru_cache(maxsize=1)
def weights() -> Weights:
    """Return the weights, thresholds and caps of `data/weights.yaml`."""
    data = yaml.safe_load((DATA / "weights.yaml").read_text(encoding="utf-8"))
    return Weights(
        same_from=data["thresholds"]["same"],
        likely_from=data["thresholds"]["likely"],
        reasons={
            field: {
                level: Reason(code=f"{field}.{level}", **said)
                for level, said in data["fields"][field].items()
            }
            for field in FIELDS
        },
        caps={code: Reason(code=f"cap.{code}", weight=0, **said) for code, said in data["caps"].items()},
    )


def _caps(levels: Levels) -> list[str]:
    caps = []
    if levels.number in {"serial", "unsure", "different"}:
        caps.append("number")
    if levels.name in {"different", "absent"}:
        caps.append("name")
    if levels.name == "one_character" and levels.number != "same":
        caps.append("one_character")
    return caps


def _birth(record: Record, number: Number | None, other: Number | None) -> date | None:
    # Where both have a number it has been compared already: its date must not weigh twice.
    if record.birth_on is None and number is not None and other is None:
        return number.birth_on
    return record.birth_on


def _one_character(one: Name, other: Name) -> bool:
    first, second = one.folded, other.folded
    if not (one.short and other.short and len(first) == len(second) >= ONE_CHARACTER_FROM):
        return False
    return first[0] == second[0] and _slips(first, second)[0] == 1


def _slips(one: str, other: str) -> tuple[int, bool]:
    """Count the places where two texts differ, and whether it is two neighbours that changed places."""
    if len(one) != len(other):
        return max(len(one), len(other)), False
    places = [place for place, (left, right) in enumerate(zip(one, other, strict=True)) if left != right]
    swapped = (
        len(places) == SLIPS
        and places[1] == places[0] + 1
        and one[places[0]] == other[places[1]]
        and one[places[1]] == other[places[0]]
    )
    return len(places), swapped
