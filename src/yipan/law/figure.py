"""Figures: what an indicator counts and should come to, what a report holds, which two numbers must agree.

A figure is counted from duties that offices owed and from entries that are about no person, so that nobody can spoil
it by saying no and no office gains by pressing her. Everything here is data to be read; nothing is counted.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from yipan.law.reading import Faults, Reader, is_number
from yipan.law.roles import parse_role
from yipan.law.rule import Cite, read_cite

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from yipan.law.kind import Kind
    from yipan.law.pack import Pack
    from yipan.law.rule import Rule

#: How an indicator is counted, each with the keys that say from what.
MEASURES_BY: Final[Mapping[str, tuple[str, ...]]] = {
    "in-time": ("duties",),
    "entries": ("kinds", "where"),
    "offices": ("kinds",),
    "fields": ("kinds", "top", "bottom"),
    "returns": ("returns", "top", "bottom"),
    "matched": ("kinds", "top"),
    "checklist": ("kinds", "where"),
    "points": ("kinds", "breaches"),
    "veto": ("breaches",),
}
UNITS: Final = ("percent", "ratio", "points", "yes-no")
#: Which cases are counted: between offices of one province, or of two. Without it, all.
BETWEEN: Final = ("within-province", "across-provinces")
#: By what a report is cut. Nothing below a township, and nothing by person.
CUTS: Final = (
    "township", "county", "city", "province", "office", "partner", "rule", "kind", "day", "month", "quarter", "year",
)  # fmt: skip
#: Who hides what is small: whoever sends merges it before sending, or the office that shows it suppresses it.
SMALL_CELLS: Final = ("merged", "suppressed")
RELATIONS: Final = ("equal", "at-least", "zero")
ENDS: Final = ("one", "both")
SOURCE_KEYS: Final = ("levels!", "period!", "computed!", "duties", "kinds", "where", "bodies", "until")
INDICATOR_KEYS: Final = (
    "measure!", "unit!", "signed_by!", "between", "returns", "top", "bottom", "scale", "breaches", "weight", "targets",
)  # fmt: skip
REPORT_KEYS: Final = ("to!", "signed_by!", "cut_by!", "small_cells!", "columns", "indicators")
CONSISTENCY_KEYS: Final = ("left!", "right!", "relation!", "ends!", "before")
TARGET_KEYS: Final = ("in", "years", "at_least", "implied", "cite")
#: Whose figures they are where nothing else is said.
HEALTH: Final = "health"
HUNDRED: Final = 100
_YEAR_DIGITS: Final = 4


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """What an indicator should come to where a pack holds. `implied`: the text sets a limit and allows nothing past it."""

    pack: str
    cite: Cite
    #: The years it was set for; none: every year in which the pack is in force.
    years: tuple[str, ...] = ()
    #: In the indicator's own unit. None: the text asks for it and gives no number.
    at_least: int | None = None
    implied: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Figure:
    """From what a figure is counted, and what becomes of it. What its sort does not use is empty."""

    levels: tuple[str, ...] = ()
    duties: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    #: Of the entries of `kinds`, those with one of these choices in each of these clock fields.
    where: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    #: Of kinds that last: the kind that ends such an entry in its own case.
    until: Mapping[str, str] = field(default_factory=dict)
    #: The kinds of organisation that are measured or that report; none: the health offices.
    bodies: tuple[str, ...] = ()
    measure: str = ""
    unit: str = ""
    between: str = ""
    #: Reports whose columns are counted.
    returns: tuple[str, ...] = ()
    #: Two number fields of the kind, or columns of the report; `scale` multiplies the quotient.
    top: str = ""
    bottom: str = ""
    scale: int = 1
    breaches: tuple[str, ...] = ()
    #: Its share in an office's score, set by the deployment; 0: shown and not scored.
    weight: int = 0
    targets: tuple[Target, ...] = ()
    to: str = ""
    signed_by: str = ""
    cut_by: tuple[str, ...] = ()
    small_cells: str = ""
    #: The numbers of a return, each with its title.
    columns: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    indicators: tuple[str, ...] = ()
    #: Sentences: the two numbers that a consistency check holds against each other.
    left: Mapping[str, str] = field(default_factory=dict)
    right: Mapping[str, str] = field(default_factory=dict)
    relation: str = ""
    ends: str = ""
    #: The kinds with which a report is filed that the check runs before.
    before: tuple[str, ...] = ()


def read_figure(reader: Reader, sort: str, pack: str) -> Figure:
    """Read what an indicator, a report or a consistency check says of its numbers; faults go to the collector."""
    measure = reader.choice("measure", ("", *MEASURES_BY))
    for key in MEASURES_BY.get(measure, ()):
        if key not in reader.raw:
            reader.fault(key, f"missing: an indicator measured by {measure} says it")
    if sort == "consistency" and not ({"duties", "kinds"} & set(reader.raw)):
        reader.fault("duties, kinds", "missing: a check says what it counts")
    unit = reader.choice("unit", ("", *UNITS))
    columns = reader.inner("columns")
    where, until = reader.inner("where"), reader.inner("until")
    return Figure(
        levels=reader.texts("levels"),
        duties=reader.texts("duties"),
        kinds=reader.texts("kinds"),
        where={str(name): where.texts(str(name)) for name in where.raw},
        until={str(name): until.text(str(name)) for name in until.raw},
        bodies=reader.texts("bodies"),
        measure=measure,
        unit=unit,
        between=reader.choice("between", ("", *BETWEEN)),
        returns=reader.texts("returns"),
        top=reader.text("top"),
        bottom=reader.text("bottom"),
        scale=_number(reader, "scale", 1),
        breaches=reader.texts("breaches"),
        weight=_number(reader, "weight", 0),
        targets=tuple(_read_target(each, unit, pack) for each in reader.within_list("targets")),
        to=_role(reader, "to"),
        signed_by=_role(reader, "signed_by"),
        cut_by=_all_of(reader, "cut_by", CUTS),
        small_cells=reader.choice("small_cells", ("", *SMALL_CELLS)),
        columns={str(name): columns.both(str(name)) for name in columns.raw},
        indicators=reader.texts("indicators"),
        left=reader.both("left", required=False),
        right=reader.both("right", required=False),
        relation=reader.choice("relation", ("", *RELATIONS)),
        ends=reader.choice("ends", ("", *ENDS)),
        before=reader.texts("before"),
    )


def _read_target(reader: Reader, unit: str, pack: str) -> Target:
    reader.only(*TARGET_KEYS)
    reader.needs("cite")
    years = reader.texts("years")
    for year in years:
        if not (year.isdecimal() and len(year) == _YEAR_DIGITS):
            reader.fault("years", f"{year!r} is no year")
    at_least = _number(reader, "at_least", 0) if "at_least" in reader.raw else None
    if at_least is not None and unit == "percent" and at_least > HUNDRED:
        reader.fault("at_least", f"{at_least} per cent cannot be reached")
    return Target(
        pack=reader.text("in", pack),
        years=years,
        at_least=at_least,
        implied=reader.flag("implied"),
        cite=read_cite(reader.inner("cite")),
    )


def _number(reader: Reader, key: str, default: int) -> int:
    value = reader.raw.get(key, default)
    if isinstance(value, int) and is_number(value) and value >= 0:
        return value
    reader.fault(key, f"must be a whole number from 0 on, not {value!r}")
    return default


def _role(reader: Reader, key: str) -> str:
    text = reader.text(key)
    parsed = parse_role(text) if text else None
    if isinstance(parsed, str):
        reader.fault(key, parsed)
    elif parsed is not None and parsed.base not in ("office", "public"):
        reader.fault(key, f"{text!r} begins with neither office nor public")
    return text


def _all_of(reader: Reader, key: str, known: Sequence[str]) -> tuple[str, ...]:
    found = reader.texts(key)
    for each in found:
        if each not in known:
            reader.fault(key, f"{each!r} is not one of: {', '.join(known)}")
    return found


@dataclass(frozen=True, kw_only=True)
class Known:
    """What figures may name: kinds, rules, packs, breaches, indicators, reports with their columns, and bodies that owe."""

    kinds: Mapping[str, Kind]
    rules: Mapping[str, Rule]
    packs: Collection[str]
    breaches: Mapping[str, bool]
    indicators: Collection[str]
    reports: Mapping[str, Collection[str]]
    bodies: Collection[str]


def known_from(
    packs: Sequence[Pack],
    *,
    breaches: Mapping[str, bool],
    indicators: Collection[str],
    reports: Mapping[str, Collection[str]],
) -> Known:
    """Gather what figures may name. `breaches` maps each to whether it is red, `reports` to its columns."""
    rules = {name: rule for pack in packs for name, rule in pack.rules.items()}
    return Known(
        kinds={name: kind for pack in packs for name, kind in pack.kinds.items()},
        rules=rules,
        packs={pack.name for pack in packs},
        breaches=breaches,
        indicators=indicators,
        reports=reports,
        bodies={kind for rule in rules.values() if rule.every for kind in rule.every.kinds},
    )


def check_figure(figure: Figure, sort: str, known: Known, faults: Faults, place: str) -> None:
    """Note whatever a figure names that is not there, and an indicator that counts what is about a person."""
    named: dict[str, tuple[Sequence[str], Collection[str]]] = {
        "duties": (figure.duties, known.rules),
        "until": ((*figure.until, *figure.until.values()), known.kinds),
        "before": (figure.before, known.kinds),
        "breaches": (figure.breaches, known.breaches),
        "indicators": (figure.indicators, known.indicators),
        "returns": (figure.returns, known.reports),
        "bodies": (figure.bodies, known.bodies),
        "targets": ([each.pack for each in figure.targets], known.packs),
    }
    for key, (names, there) in named.items():
        for name in names:
            if name not in there:
                faults.say(place, key, f"there is no {name!r}")
    counted = [known.kinds[name] for name in figure.kinds if name in known.kinds]
    for name in figure.duties:
        if name in known.rules and not _concerns(known.rules[name], figure):
            faults.say(place, "duties", f"{name} is opened for no such office as `levels` and `bodies` say")
    columns = {name for each in figure.returns for name in known.reports.get(each, ())}
    for key, what in _wrong(figure, counted, columns):
        faults.say(place, key, what)
    if sort == "indicator":
        for key, what in _unfit(figure, counted, known):
            faults.say(place, key, what)


def _concerns(rule: Rule, figure: Figure) -> bool:
    """Tell whether a duty that the calendar opens is one of the offices that are measured; any other may be."""
    bodies = figure.bodies or (HEALTH,)
    every = rule.every
    return every is None or any(every.concerns(level, body) for level in figure.levels for body in bodies)


def _wrong(figure: Figure, counted: Sequence[Kind], columns: Collection[str]) -> Iterator[tuple[str, str]]:
    """Yield what `where`, `top` and `bottom` name that nothing counted has."""
    numbers = {name for kind in counted for name, each in kind.fields.items() if each.type == "number"}
    for name, choices in figure.where.items():
        fields = [kind.fields[name] for kind in counted if name in kind.fields and kind.fields[name].clock]
        if not fields:
            yield f"where.{name}", "is no clock field of a kind that is counted"
        for choice in choices:
            if fields and not any(choice in each.choices for each in fields):
                yield f"where.{name}", f"{choice!r} is no choice of it"
    for key, name in (("top", figure.top), ("bottom", figure.bottom)):
        if name and name not in numbers and name not in columns:
            yield key, f"{name!r} is no number of what is counted"


def _unfit(figure: Figure, counted: Sequence[Kind], known: Known) -> Iterator[tuple[str, str]]:
    """Yield what no indicator may count: entries about a person, and a veto over anything but a breach of rights."""
    for kind in counted:
        if kind.subjects:
            yield "kinds", f"{kind.name} is about a person; an indicator counts what offices did"
    if figure.measure == "veto":
        for name in figure.breaches:
            if not known.breaches.get(name, True):
                yield "breaches", f"{name} is not red: only a breach of rights ends a year"
