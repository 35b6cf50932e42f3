"""Who counts as living away from the place of registration: a counting rule, and never a door.

Texts, reasons and articles are data of a pack (`scopes/*.yaml`). A scope is a list of steps; the first
whose test holds answers. No one is turned away for failing it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

from yipan.errors import YipanError
from yipan.law.reading import Reader
from yipan.law.rule import Cite, read_cite

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from yipan.law.reading import Faults, Raw

#: What a step may ask. `same-county`: one county, county-level city or district holds both places;
#: `districts-of-one-city`: two districts of one city or municipality; `reason`: why she is away is one
#: of those listed; `otherwise`: always, and so the last step.
TESTS: Final = ("same-county", "districts-of-one-city", "reason", "otherwise")
SCOPE_KEYS: Final = ("scope", "title", "reasons", "steps")
STEP_KEYS: Final = ("step", "test", "reasons", "counts", "because", "cite")

_CITY, _COUNTY = 4, 6
#: GB/T 2260, digits 3 and 4: these are cities under a municipality's or a province's own government ...
_CITY_DIGITS: Final = (*range(1, 21), *range(51, 71))
#: ... digits 5 and 6 of their districts (21 to 80 are counties, 81 to 99 county-level cities).
_DISTRICT_DIGITS: Final = range(1, 21)
#: The municipalities, whose `01` holds districts only, however many.
_MUNICIPALITIES: Final = ("11", "12", "31", "50")


class PlaceTooWideError(YipanError):
    """The code names no county: six digits decide, and fewer leave it open."""

    code: ClassVar[str] = "place-too-wide"
    exit_code: ClassVar[int] = 2
    sentence: ClassVar[dict[str, str]] = {
        "zh": "“{place}”不是县级或县级以下的区划代码。",
        "en": "{place!r} is no code of a county or of a division below one.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "请写至少六位，例如 450921。",
        "en": "Give at least six digits, for example 450921.",
    }


class UnknownReasonError(YipanError):
    """The reason is none that the scope lists. Nothing defaults."""

    code: ClassVar[str] = "unknown-reason"
    exit_code: ClassVar[int] = 2
    sentence: ClassVar[dict[str, str]] = {
        "zh": "“{reason}”不在所列事由之中：{known}。",
        "en": "{reason!r} is none of the reasons: {known}.",
    }


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One question of a scope, with the answer it gives where its test holds."""

    id: str
    test: str
    reasons: tuple[str, ...]
    counts: bool
    because: Mapping[str, str]
    cite: Cite


@dataclass(frozen=True, kw_only=True, slots=True)
class Scope:
    """Who counts: the reasons a person may have for being away, and the steps in order."""

    id: str
    pack: str
    title: Mapping[str, str]
    reasons: Mapping[str, Mapping[str, str]]
    steps: tuple[Step, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Migrant:
    """The answer: whether she counts, why in both languages, and the article."""

    migrant: bool
    step: str
    because: Mapping[str, str]
    cite: Cite


def migrant(
    home: str, residence: str, reason: str, *, scope: Scope, is_district: Callable[[str], bool]
) -> Migrant:
    """Say whether someone registered at `home` and living at `residence` counts as a migrant.

    Both are division codes of six digits or more; only the first six decide. `is_district` tells of a
    six-digit code whether it is a district of a city (see `district_by_digits`).

    Raises:
        PlaceTooWideError: a code has fewer than six digits.
        UnknownReasonError: the scope does not list the reason.
    """
    for place in (home, residence):
        if not (place.isascii() and place.isdigit() and len(place) >= _COUNTY):
            raise PlaceTooWideError(place=place)
    if reason not in scope.reasons:
        raise UnknownReasonError(reason=reason, known=", ".join(scope.reasons))
    counties = home[:_COUNTY], residence[:_COUNTY]
    holding = {"otherwise"}
    if counties[0] == counties[1]:
        holding.add("same-county")
    if home[:_CITY] == residence[:_CITY] and all(is_district(code) for code in counties):
        holding.add("districts-of-one-city")
    for step in scope.steps:
        if step.test in holding or (step.test == "reason" and reason in step.reasons):
            return Migrant(migrant=step.counts, step=step.id, because=step.because, cite=step.cite)
    message = f"the scope {scope.id} has no last step `otherwise`"
    raise ValueError(message)


def district_by_digits(code: str) -> bool:
    """Tell by GB/T 2260 whether a six-digit code is a district of a city or municipality.

    Digits 3 and 4 say what holds it: 01 to 20 and 51 to 70 a city, 21 to 50 a prefecture, which has no
    districts. Digits 5 and 6: 01 to 20 a district, 21 to 80 a county, 81 to 99 a county-level city. In a
    municipality 01 holds districts and 02 counties.
    """
    if code[:2] in _MUNICIPALITIES:
        return code[2:_CITY] == "01"
    return int(code[2:_CITY]) in _CITY_DIGITS and int(code[_CITY:_COUNTY]) in _DISTRICT_DIGITS


def read_scope(raw: Raw, *, file: str, pack: str, faults: Faults) -> Scope:
    """Read one scope; every fault goes to the collector by file and key, and a usable value comes back."""
    reader = Reader(file=file, at="", raw=raw, faults=faults)
    reader.only(*SCOPE_KEYS)
    reader.needs(*SCOPE_KEYS)
    named = reader.inner("reasons")
    reasons = {str(each): named.both(each) for each in named.raw}
    steps = tuple(_read_step(each, reasons) for each in reader.within_list("steps"))
    if not steps or steps[-1].test != "otherwise":
        reader.fault("steps", "the last step asks `otherwise`: nothing defaults")
    if any(step.test == "otherwise" for step in steps[:-1]):
        reader.fault("steps", "only the last step asks `otherwise`")
    return Scope(id=reader.text("scope"), pack=pack, title=reader.both("title"), reasons=reasons, steps=steps)


def _read_step(reader: Reader, reasons: Mapping[str, object]) -> Step:
    reader.only(*STEP_KEYS)
    reader.needs("step", "test", "counts", "because", "cite")
    test = reader.choice("test", TESTS, "otherwise")
    listed = reader.texts("reasons")
    if (test == "reason") != bool(listed):
        reader.fault("reasons", "a step that asks `reason`, and no other, lists reasons")
    for each in listed:
        if each not in reasons:
            reader.fault("reasons", f"{each!r} is none of the scope's reasons: {', '.join(reasons)}")
    return Step(
        id=reader.text("step"),
        test=test,
        reasons=listed,
        counts=reader.flag("counts"),
        because=reader.both("because"),
        cite=read_cite(reader.inner("cite")),
    )
