"""What a new organisation would be, and what divisions are called, worked out from the offices there are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

from yipan.errors import YipanError
from yipan.offices.loading import read_kinds
from yipan.offices.office import DEFAULT_KIND, Organisation, organisation

#: The level of a division by the length of its code.
_LEVELS: Final = {2: "province", 4: "city", 6: "county", 9: "township", 12: "village"}
_NATION: Final = "00"


class OddCodeError(YipanError):
    """The code is none that an organisation can have."""

    code: ClassVar[str] = "odd-code"
    exit_code: ClassVar[int] = 2
    sentence: ClassVar[dict[str, str]] = {
        "zh": "“{code}”不是2、4、6、9或12位的区划代码。",
        "en": "{code!r} is no division code of 2, 4, 6, 9 or 12 digits.",
    }


class CodeTakenError(YipanError):
    """Another organisation bears the code."""

    code: ClassVar[str] = "code-taken"
    sentence: ClassVar[dict[str, str]] = {
        "zh": "代码“{code}”已属于{organisation}。",
        "en": "The code {code!r} belongs to {organisation} already.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "代码不重复使用：请用新的代码。",
        "en": "No code is used twice: take a new one.",
    }


class UnknownSortError(YipanError):
    """There is no such kind of organisation."""

    code: ClassVar[str] = "unknown-sort"
    exit_code: ClassVar[int] = 2
    sentence: ClassVar[dict[str, str]] = {
        "zh": "没有名为“{sort}”的机构类别，可用：{known}。",
        "en": "There is no kind of organisation {sort!r}; there are: {known}.",
    }


@dataclass(frozen=True, kw_only=True, slots=True)
class Founding:
    """A new organisation: its id, code and level, the office it lies under, and where."""

    id: str
    code: str
    level: str
    above: str
    place: str


def founding_of(code: str, sort: str, above: str) -> Founding:
    """Return what an organisation of a new code would be; without `above`, under the nearest of its kind by its code.

    Raises:
        OddCodeError, UnknownSortError: the code or the kind is none.
        CodeTakenError: an organisation of that kind bears the code, or once did.
        UnknownOrganisationError: there is no office to lie under.
    """
    if not (code.isascii() and code.isdigit() and len(code) in _LEVELS):
        raise OddCodeError(code=code)
    sorts = [str(each["kind"]) for each in read_kinds()]
    if sort not in sorts:
        raise UnknownSortError(sort=sort, known=", ".join(sorts))
    suffix = "" if sort == DEFAULT_KIND else f":{sort}"
    refuse_taken(code, sort)
    superior = organisation(above) if above else _nearest(code, suffix)
    return Founding(
        id=f"{code}{suffix}",
        code=code,
        level=_LEVELS[len(code)],
        above=superior.id,
        place=place_below(superior),
    )


def refuse_taken(code: str, sort: str) -> None:
    """Refuse a code that an organisation of that kind bears, or under which one was first known.

    Raises:
        CodeTakenError: it names that organisation.
    """
    suffix = "" if sort == DEFAULT_KIND else f":{sort}"
    known = Organisation.objects.filter(id=f"{code}{suffix}") | Organisation.objects.filter(
        division=code, kind=sort
    )
    if taken := known.first():
        raise CodeTakenError(code=code, organisation=f"{taken.place}{taken.name}（{taken.id}）")


def _nearest(code: str, suffix: str) -> Organisation:
    above = [f"{code[:length]}{suffix}" for length in sorted(_LEVELS, reverse=True) if length < len(code)]
    known = Organisation.objects.in_bulk([*above, f"{_NATION}{suffix}"])
    for each in above:
        if each in known:
            return known[each]
    return known.get(f"{_NATION}{suffix}") or organisation(above[0] if above else _NATION)


def place_below(office: Organisation) -> str:
    """Return the place in which what lies below an office lies, 广西壮族自治区玉林市容县; empty where none can be told."""
    called = division_name(office)
    return f"{office.place}{called}" if called else ""


def division_name(office: Organisation) -> str:
    """Return what the division of an office is called, 容县 of 容县卫生健康局; empty where the name does not tell."""
    for kind in read_kinds():
        pattern = kind["names"].get(office.level) if kind["kind"] == office.kind else None
        endings = kind.get("endings", {}).get(office.level, {}).values()
        for each in [*endings, pattern] if pattern else []:
            before, mark, after = str(each).partition("{name}")
            if mark and office.name.startswith(before) and office.name.endswith(after):
                return office.name[len(before) : len(office.name) - len(after)]
    return ""


def office_name(sort: str, level: str, division: str) -> str:
    """Return what the office of a division is called, 容州街道办事处 of 容州街道; empty where there is no such kind."""
    for kind in read_kinds():
        pattern = kind["names"].get(level) if kind["kind"] == sort else None
        if pattern:
            for ending, other in kind.get("endings", {}).get(level, {}).items():
                pattern = other if division.endswith(ending) else pattern
            return str(pattern).format(name=division)
    return ""
