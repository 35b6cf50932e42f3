"""The headings of rosters: which field a column holds, whose it is, and what must never be brought.

A heading is taken for a field only when it says that and nothing else: 身份证号 is the person's, 配偶身份证号 and
联系人电话 are somebody else's. All words stand in `data/headings.yaml`.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, Literal

import yaml

from yipan.registry.names import DATA

if TYPE_CHECKING:
    from collections.abc import Mapping

#: What a column can be. `ignored` is passed over without a word, `unused` is named in a warning.
Kind = Literal["field", "forbidden", "other-person", "ignored", "unused", "blank"]

#: The fields of a roster, in the order in which they are shown.
FIELDS: Final = (
    "name",
    "identity_number",
    "sex",
    "birth_on",
    "phone",
    "home",
    "residence",
    "arrived_on",
    "reason",
    "agrees",
)
#: Fields that may be spread over columns, and the columns from the widest part down.
ADDRESSES: Final = ("home", "residence")
PARTS: Final = ("province", "city", "county", "township", "village", "detail")
#: Without these a table is no roster.
NEEDED: Final = ("name", "identity_number")
#: A longer cell is a sentence, and no heading.
LONGEST_HEADING: Final = 60

_BLANKS: Final = re.compile(r"\s+")
_MARKS: Final = re.compile(r"[*＊★☆※▲●◆:;。,.!?、]+")
_BRACKETS: Final = re.compile(r"[(\[【<〔{]([^()\[\]【】<>〔〕{}]*)[)\]】>〕}]")
_EITHER: Final = re.compile(r"[/／\\|]|或者?|及|和|与|、")
_NUMBERED: Final = re.compile(r"^(?:[0-9]{1,2}|[一二三四五六七八九十]{1,2})[.、)](?=\D)")


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    """What a heading says of its column."""

    kind: Kind
    #: A field (`home`), or a part of one (`home.county`); of a forbidden column its class; otherwise "".
    means: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Words:
    """The headings of `data/headings.yaml`, made ready to be looked up."""

    fields: Mapping[str, str]
    #: A part by its heading, as `county`; it means something only under an address.
    parts: Mapping[str, str]
    #: A part with the address before it in one heading, as `home.county`.
    whole_parts: Mapping[str, str]
    headings: Mapping[str, Mapping[str, str]]
    vague: frozenset[str]
    ignored: frozenset[str]
    ignored_fronts: tuple[str, ...]
    remarks: re.Pattern[str]
    other_people: re.Pattern[str]
    forbidden: Mapping[str, re.Pattern[str]]
    class_words: Mapping[str, Mapping[str, str]]
    footers: re.Pattern[str]
    #: By language, the first line of sheets of ours that are for reading only.
    read_only: Mapping[str, str]


def recognise(heading: str, over: str = "") -> Column:
    """Return what a heading says, `over` being the heading above it that spans several columns.

    What is forbidden or somebody else's in either makes the column so, whatever the other says.
    """
    known = words()
    if not tidy(heading) and not tidy(over):
        return Column(kind="blank")
    if not tidy(heading):
        return recognise(over)
    own = _recognise(heading)
    if over and tidy(over):
        above = _recognise(over)
        if above.kind in {"forbidden", "other-person"}:
            return above
        part = known.parts.get(tidy(heading)) or known.parts.get(_bare(heading))
        if above.means in ADDRESSES and part:
            return Column(kind="field", means=f"{above.means}.{part}")
        if own.kind == "unused":
            joined = _recognise(over + heading)
            return joined if joined.kind == "field" else own
    return own


def heading_of(field: str, language: str) -> str:
    """Return the heading under which a field is written by us."""
    return words().headings[field][language]


def is_vague(heading: str) -> bool:
    """Return whether a heading says that it is an address, and not of what."""
    return _bare(heading) in words().vague


def is_footer(text: str) -> bool:
    """Return whether a text begins as a line below a table does: 填表人, 合计."""
    return words().footers.match(tidy(text)) is not None


@lru_cache(maxsize=256)
def forbidden_class(text: str) -> str | None:
    """Return the class of what must not be brought that a text speaks of, None when it speaks of none."""
    spaced = _BLANKS.sub(" ", unicodedata.normalize("NFKC", text)).strip().casefold()
    tight = tidy(text)
    for name, pattern in words().forbidden.items():
        if pattern.search(tight) or pattern.search(spaced):
            return name
    return None


def tidy(text: str) -> str:
    """Return a heading without blanks, width, case, stars and punctuation; brackets stay."""
    plain = _MARKS.sub("", _BLANKS.sub("", unicodedata.normalize("NFKC", text).casefold()))
    return plain.strip("-_~'\"“”‘’")


@lru_cache(maxsize=1)
def words() -> Words:
    """Return the words of `data/headings.yaml`."""
    data: dict[str, Any] = yaml.safe_load((DATA / "headings.yaml").read_text(encoding="utf-8"))
    fields = {
        tidy(each): field
        for field, said in data["fields"].items()
        for each in (*said["heading"].values(), *said["synonyms"])
    }
    parts = {tidy(each): part for part, said in data["parts"].items() for each in said}
    whole = {
        tidy(front + each): f"{field}.{part}"
        for field, fronts in data["part_fronts"].items()
        for front in fronts
        for each, part in parts.items()
    }
    return Words(
        fields=fields,
        parts=parts,
        whole_parts={each: part for each, part in whole.items() if each not in fields},
        headings={field: said["heading"] for field, said in data["fields"].items()},
        vague=frozenset(map(tidy, data["vague"])),
        ignored=frozenset(tidy(each) or each for each in data["ignored"]),
        ignored_fronts=tuple(tidy(each) for each in data["ignored_fronts"]),
        remarks=re.compile(data["remarks"]),
        other_people=re.compile(data["other_people"]),
        forbidden={name: re.compile(pattern) for name, pattern in data["forbidden"].items()},
        class_words=data["class_words"],
        footers=re.compile(data["footers"]),
        read_only=data["read_only"],
    )


def _recognise(heading: str) -> Column:
    """Return what a heading says by itself. Our own words come first, then what must not be, then whose it is."""
    known = words()
    text = tidy(_NUMBERED.sub("", unicodedata.normalize("NFKC", heading).strip()))
    if _is_ours(heading):
        return Column(kind="ignored")
    found = _field(text)
    if found:
        return Column(kind="field", means=found)
    forbidden = forbidden_class(heading)
    if forbidden:
        return Column(kind="forbidden", means=forbidden)
    if text in known.ignored:
        return Column(kind="ignored")
    if known.other_people.search(_without_remarks(text)):
        return Column(kind="other-person")
    found = _field_of_several(_bare(text))
    return Column(kind="field", means=found) if found else Column(kind="unused")


def _field_of_several(bare: str) -> str | None:
    """Return what a heading means that may offer several words: 证件号码/户口簿号; none where two are meant."""
    either = [each for each in _EITHER.split(bare) if each]
    meant = {_field(each) for each in either} - {None}
    if len(meant) > 1 or not either:
        return None
    return _field(bare) or _field(either[0])


def _is_ours(heading: str) -> bool:
    """Return whether a heading is of a column that we added to a workbook that went back."""
    plain = _BLANKS.sub("", unicodedata.normalize("NFKC", heading)).casefold()
    fronts = words().ignored_fronts
    return any(plain.startswith((f"{front}:", f"{front}：")) for front in fronts)


def _field(text: str) -> str | None:
    return words().fields.get(text) or words().whole_parts.get(text)


def _bare(text: str) -> str:
    """Return a heading without what stands in brackets: 姓名(必填) is 姓名."""
    return _BRACKETS.sub("", tidy(text))


def _without_remarks(text: str) -> str:
    """Return a heading without brackets that only say how to fill it in; others say whose it is."""
    known = words()

    def kept(found: re.Match[str]) -> str:
        inside = found[1]
        left = known.remarks.sub("", inside)
        return "" if not known.other_people.search(left) else inside

    return _BRACKETS.sub(kept, text)
