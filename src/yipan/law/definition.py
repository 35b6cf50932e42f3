"""What stands in a pack beside its law: forms, letters, ledgers, services, breaches, indicators and the like.

A definition says what a thing is, which kinds it is made from, and where that comes from. It opens no duty, so it
is no part of what is adopted. Nothing is opened at import.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from yipan.law.figure import (
    CONSISTENCY_KEYS,
    INDICATOR_KEYS,
    REPORT_KEYS,
    SOURCE_KEYS,
    Figure,
    check_figure,
    known_from,
    read_figure,
)
from yipan.law.kind import REFUSED_WORDS, stands_in
from yipan.law.pack import read_documents
from yipan.law.reading import Faults, Reader
from yipan.law.roles import LEVELS
from yipan.law.rule import PERIODS, Cite, read_cite

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from yipan.law.pack import Pack
    from yipan.law.reading import Raw

#: Every sort with the folder of a pack in which it is defined.
FOLDERS: Final = {
    "form": "forms",
    "letter": "letters",
    "ledger": "ledgers",
    "directory": "directories",
    "service": "services",
    "indicator": "indicators",
    "report": "reports",
    "consistency": "checks",
    "breach": "breaches",
    "procedure": "procedures",
}
COMMON_KEYS: Final = ("title", "text", "cite")
#: What each sort says beside that; a name marked with `!` must be said.
OWN_KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "form": ("kind!", "template"),
    "letter": ("kind!", "template"),
    "ledger": ("kinds!", "levels", "period"),
    "directory": ("kinds", "page"),
    "service": ("price!", "given_by!"),
    "indicator": ("numerator!", "denominator!", *SOURCE_KEYS, *INDICATOR_KEYS),
    "report": ("contents!", *SOURCE_KEYS, *REPORT_KEYS),
    "consistency": (*SOURCE_KEYS, *CONSISTENCY_KEYS),
    "breach": ("opened", "late", "undone", "findings", "side", "corrected_by!", "measures!", "red"),
    "procedure": ("rules!", "bring"),
}
#: Those that are about numbers.
FIGURES: Final = ("indicator", "report", "consistency")
COMPUTED: Final = ("now", "later")
#: Who gives what the free catalogue lists.
GIVERS: Final = (
    "facility",
    "township",
    "village",
    "supply-point",
    "home-township",
    "county-health",
    "employer",
)
#: The ladder of rules.md, section 5, with steps that the model or a plan sets: sent back, named in a bulletin, points off.
MEASURES: Final = ("order", "criticism", "discipline", "return", "bulletin", "escalation", "points")
#: Who corrects (rules.md 1.3): a government or department of the own level or the one above, or the county health office.
CORRECTORS: Final = (
    "government-above",
    "own-government",
    "superior-department",
    "county-health",
    "office-above",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Definition:
    """One thing defined beside the law. `sort` is one of `FOLDERS`; what a sort does not use is empty."""

    sort: str
    id: str
    pack: str
    title: Mapping[str, str]
    text: Mapping[str, str]
    cite: Cite
    #: The kinds it is written with, kept from or drawn from.
    kinds: tuple[str, ...] = ()
    template: str = ""
    page: str = ""
    levels: tuple[str, ...] = ()
    period: str = ""
    computed: str = ""
    #: Sentences: of an indicator what is counted and among what, of a report what it holds.
    numerator: Mapping[str, str] = field(default_factory=dict)
    denominator: Mapping[str, str] = field(default_factory=dict)
    contents: Mapping[str, str] = field(default_factory=dict)
    #: Of an indicator, a report or a consistency check: from what its numbers are counted, and what becomes of them.
    figure: Figure | None = None
    #: Of a breach: rules of which a duty is one as soon as it opens, of which one done late is, of which one overdue and not
    #: done is; what a founded complaint or an inspection may have found; on which side the office stands (empty: any).
    opened: tuple[str, ...] = ()
    late: tuple[str, ...] = ()
    undone: tuple[str, ...] = ()
    findings: tuple[str, ...] = ()
    side: str = ""
    corrected_by: tuple[str, ...] = ()
    measures: tuple[str, ...] = ()
    #: Seen first and whatever the score.
    red: bool = False
    #: Of a service of the free catalogue: who gives it. Its price is none.
    given_by: tuple[str, ...] = ()
    #: Of a procedure: the rules of its steps, in order, and what a person brings.
    rules: tuple[str, ...] = ()
    bring: Mapping[str, str] = field(default_factory=dict)


def read_definitions(root: Path, faults: Faults) -> list[Definition]:
    """Read every definition below `root` (`<authority>/<pack>/<folder>/*.yaml`), in order of path."""
    found: dict[tuple[str, str], Definition] = {}
    for sort, folder in FOLDERS.items():
        for path in sorted(root.glob(f"*/*/{folder}/*.yaml")):
            file = path.relative_to(root).as_posix()
            for raw in read_documents(path.read_text(encoding="utf-8"), file, faults):
                one = _read(raw, sort=sort, file=file, pack=path.parts[-3], faults=faults)
                if (sort, one.id) in found:
                    faults.say(file, one.id, f"another {sort} has this id")
                found[sort, one.id] = one
    return list(found.values())


def check_definitions(definitions: Sequence[Definition], packs: Sequence[Pack], faults: Faults) -> None:
    """Note every kind or rule that a definition names and no pack has."""
    kinds = {name for pack in packs for name in pack.kinds}
    rules = {name for pack in packs for name in (*pack.rules, *(each.id for each in pack.overlays))}
    known = known_from(
        packs,
        breaches={one.id: one.red for one in definitions if one.sort == "breach"},
        indicators={one.id for one in definitions if one.sort == "indicator"},
        reports={
            one.id: tuple(one.figure.columns) if one.figure else ()
            for one in definitions
            if one.sort == "report"
        },
    )
    for one in definitions:
        place = f"{one.pack}/{FOLDERS[one.sort]}/{one.id}"
        for kind in one.kinds:
            if kind not in kinds:
                faults.say(place, "kinds", f"there is no event kind {kind!r}")
        for rule in (*one.opened, *one.late, *one.undone, *one.rules):
            if rule not in rules:
                faults.say(place, "opened, late, undone, rules", f"there is no rule {rule!r}")
        if one.figure is not None:
            check_figure(one.figure, one.sort, known, faults, place)


def _read(raw: Raw, *, sort: str, file: str, pack: str, faults: Faults) -> Definition:
    reader = Reader(file=file, at=str(raw.get(sort, "")), raw=raw, faults=faults)
    own = {key.rstrip("!") for key in OWN_KEYS[sort]}
    reader.only(sort, *COMMON_KEYS, *own)
    reader.needs(sort, "title", "cite", *(key[:-1] for key in OWN_KEYS[sort] if key.endswith("!")))
    if sort == "service" and raw.get("price") != 0:
        reader.fault("price", "every service is free: the price is 0")
    # A breach is what an office did wrong, and has to be called by its name.
    if sort != "breach":
        _refuse_words(reader, reader.text(sort))
    return Definition(
        sort=sort,
        id=reader.text(sort),
        pack=pack,
        title=reader.both("title"),
        text=reader.both("text", required=False),
        cite=read_cite(reader.inner("cite")),
        kinds=reader.texts("kinds" if "kinds" in own else "kind"),
        template=reader.text("template"),
        page=reader.text("page"),
        levels=_all_of(reader, "levels", LEVELS),
        period=reader.choice("period", ("", *PERIODS)),
        computed=reader.choice("computed", ("", *COMPUTED)),
        numerator=reader.both("numerator", required=False),
        denominator=reader.both("denominator", required=False),
        contents=reader.both("contents", required=False),
        figure=read_figure(reader, sort, pack) if sort in FIGURES else None,
        opened=reader.texts("opened"),
        late=reader.texts("late"),
        undone=reader.texts("undone"),
        findings=reader.texts("findings"),
        side=reader.text("side"),
        corrected_by=_all_of(reader, "corrected_by", CORRECTORS),
        measures=_all_of(reader, "measures", MEASURES),
        red=reader.flag("red"),
        given_by=_all_of(reader, "given_by", GIVERS),
        rules=reader.texts("rules"),
        bring=reader.both("bring", required=False),
    )


def _all_of(reader: Reader, key: str, known: Sequence[str]) -> tuple[str, ...]:
    found = reader.texts(key)
    for each in found:
        if each not in known:
            reader.fault(key, f"{each!r} is not one of: {', '.join(known)}")
    return found


def _refuse_words(reader: Reader, name: str) -> None:
    sentences = ("title", "numerator", "denominator", "contents", "left", "right")
    texts = [name, *(text for key in sentences for text in _said(reader, key))]
    texts += [str(text) for text in reader.inner("columns").raw.values()]
    for word in REFUSED_WORDS:
        if any(stands_in(word, text) for text in texts):
            reader.fault("", f"refused: {word!r} stands for what this system never counts (what-it-refuses)")


def _said(reader: Reader, key: str) -> list[str]:
    return [str(each) for each in reader.inner(key).raw.values()]
