"""What each indicator comes to, of every office at once: the definitions are rows, and one text computes each measure."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from yipan.database import rule_packs
from yipan.duties.breaches import FINDING
from yipan.duties.breaches import definitions as breach_definitions
from yipan.duties.library import library
from yipan.law.definition import FIGURES, Definition, read_definitions
from yipan.law.figure import HEALTH, MEASURES_BY
from yipan.law.reading import Faults
from yipan.statistics.engine import Asked, Engine, filled

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from yipan.law.figure import Figure
    from yipan.law.kind import Kind

_SHAPES: Final[dict[str, dict[str, str]]] = {
    "figures": {
        "figure": "VARCHAR", "measure": "VARCHAR", "crossing": "VARCHAR", "top": "VARCHAR", "bottom": "VARCHAR",
    },
    "figure_levels": {"figure": "VARCHAR", "level": "VARCHAR"},
    "figure_bodies": {"figure": "VARCHAR", "body": "VARCHAR"},
    "figure_duties": {"figure": "VARCHAR", "rule": "VARCHAR"},
    "figure_kinds": {"figure": "VARCHAR", "kind": "VARCHAR", "nth": "INTEGER", "until": "VARCHAR"},
    "figure_where": {"figure": "VARCHAR", "field": "VARCHAR", "choice": "VARCHAR"},
    "figure_returns": {"figure": "VARCHAR", "kind": "VARCHAR"},
    "figure_breaches": {"figure": "VARCHAR", "breach": "VARCHAR"},
    "breach_rules": {"breach": "VARCHAR", "rule": "VARCHAR", "at_once": "BOOLEAN", "when_open": "BOOLEAN", "when_late": "BOOLEAN"},
    "breach_findings": {"breach": "VARCHAR", "finding": "VARCHAR", "side": "VARCHAR"},
    "finding_kinds": {"kind": "VARCHAR"},
    "finding_nothing": {"kind": "VARCHAR", "field": "VARCHAR", "choice": "VARCHAR"},
}  # fmt: skip
#: Of the offices that a figure measures, each with what it comes to; then summed up every line of offices.
_MEASURED: Final = """
SELECT m.figure, m.office, CAST(m.top AS BIGINT) AS top, CAST(m.bottom AS BIGINT) AS bottom
FROM ({union}) AS m
JOIN offices AS o ON o.office = m.office
JOIN figure_levels AS l ON l.figure = m.figure AND l.level = o.level
JOIN figure_bodies AS b ON b.figure = m.figure AND b.body = o.kind
"""
_ROLLED: Final = """
SELECT m.figure, l.superior AS office, SUM(m.top) AS top, SUM(m.bottom) AS bottom
FROM measured AS m JOIN lines AS l ON l.office = m.office
GROUP BY m.figure, l.superior
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Value:
    """What an indicator comes to: so many of so many."""

    figure: str
    office: str
    top: int
    bottom: int

    def of(self, definition: Definition) -> Fraction | None:
        """Return it in the indicator's unit; None where nothing was to be counted."""
        figure = definition.figure
        if figure is None or not self.bottom:
            return None
        if figure.unit in ("points", "yes-no"):
            return Fraction(self.top)
        scale = 100 if figure.unit == "percent" else figure.scale
        return Fraction(scale * self.top, self.bottom)


def figures(sort: str = "") -> tuple[Definition, ...]:
    """Return every indicator, report and consistency check of the packs on disk; or one sort of them."""
    return tuple(each for each in _all(rule_packs()) if not sort or each.sort == sort)


def figure_named(name: str) -> Definition | None:
    """Return the indicator, report or check of a name."""
    return next((each for each in figures() if each.id == name), None)


@lru_cache(maxsize=2)
def _all(root: Path) -> tuple[Definition, ...]:
    return tuple(each for each in read_definitions(root, Faults()) if each.sort in FIGURES)


def lay_out(engine: Engine, definitions: Sequence[Definition] | None = None) -> None:
    """Put the definitions beside the duties, as tables."""
    chosen = definitions if definitions is not None else figures("indicator")
    held = [(one.id, one, one.figure) for one in chosen if one.figure]
    reports = {one.id: one.kinds for one in figures("report")}
    tables: dict[str, list[Sequence[object]]] = {name: [] for name in _SHAPES}
    for name, one, figure in held:
        for table, row in _rows_of(name, one, figure, reports):
            tables[table].append(row)
    tables["breach_rules"] = list(_breach_rules())
    kinds = _finding_kinds()
    tables["breach_findings"] = list(_breach_findings(kinds))
    tables["finding_kinds"] = [(name,) for name in kinds]
    tables["finding_nothing"] = [
        (name, field, choice) for name, kind in kinds.items() for field, choice in kind.nothing_when.items()
    ]
    for table, shape in _SHAPES.items():
        engine.put(table, shape, tables[table])


def _rows_of(
    name: str, one: Definition, figure: Figure, reports: Mapping[str, tuple[str, ...]]
) -> Iterator[tuple[str, Sequence[object]]]:
    yield "figures", (name, figure.measure, figure.between, figure.top, figure.bottom)
    yield from (("figure_levels", (name, each)) for each in one.levels)
    yield from (("figure_bodies", (name, each)) for each in figure.bodies or (HEALTH,))
    yield from (("figure_duties", (name, each)) for each in figure.duties)
    for nth, kind in enumerate(figure.kinds, start=1):
        yield "figure_kinds", (name, kind, nth, figure.until.get(kind, ""))
    for field, choices in figure.where.items():
        yield from (("figure_where", (name, field, each)) for each in choices)
    kinds = {kind for report in figure.returns for kind in reports.get(report, ())}
    yield from (("figure_returns", (name, each)) for each in sorted(kinds))
    yield from (("figure_breaches", (name, each)) for each in figure.breaches)


def _breach_rules() -> Iterator[tuple[str, str, bool, bool, bool]]:
    """Yield what a duty is, as `yipan breaches` says it: for being there, for not being done, or else for being late."""
    known = breach_definitions()
    undone = {rule for one in known for rule in one.undone}
    for one in known:
        yield from ((one.id, rule, True, False, False) for rule in one.opened)
        yield from ((one.id, rule, False, True, False) for rule in one.undone)
        yield from ((one.id, rule, False, rule not in undone, True) for rule in one.late)


def _finding_kinds() -> dict[str, Kind]:
    """Return the kinds by which something is found at an office, by name."""
    packs = library(rule_packs()).packs
    return {kind.name: kind for pack in packs for kind in pack.kinds.values() if kind.part == FINDING}


def _breach_findings(kinds: Mapping[str, Kind]) -> Iterator[tuple[str, str, str]]:
    """Yield which one breach a finding is on each side that the kinds know: that of the side, else that of any side."""
    known = breach_definitions()
    sides = sorted({side for kind in kinds.values() for side in kind.fields["side"].choices})
    for finding in sorted({each for one in known for each in one.findings}):
        meant = [one for one in known if finding in one.findings]
        for side in sides:
            exact = [one for one in meant if one.side == side] or [one for one in meant if not one.side]
            yield from ((one.id, finding, side) for one in exact[:1])


def compute(engine: Engine, asked: Asked, *, every_entry: bool = False) -> None:
    """Compute every indicator: table `measured` of each office by itself, `rolled` of each with those below it.

    `every_entry`: keep in `standing` what no indicator counts too.
    """
    kinds = "SELECT kind FROM figure_kinds UNION SELECT until FROM figure_kinds UNION SELECT kind FROM figure_returns"
    found = "kind IN (SELECT kind FROM finding_kinds)"
    only = "" if every_entry else f"WHERE kind IN ({kinds}) OR {found}"
    engine.keep("standing", f"SELECT * FROM ({filled('standing', asked)}) {only}")  # noqa: S608  # our own texts
    engine.keep("worked", filled("worked", asked))
    engine.keep("breached", filled("breached", asked))
    union = " UNION ALL ".join(
        f"SELECT figure, office, top, bottom FROM ({filled(name, asked)})"  # noqa: S608  # our own texts
        for name in MEASURES_BY
    )
    engine.keep("measured", _MEASURED.format(union=union))
    engine.keep("rolled", _ROLLED)


def values_of(engine: Engine, offices: Sequence[str], *, with_below: bool) -> dict[tuple[str, str], Value]:
    """Return what was computed of some offices, by indicator and office."""
    table = "rolled" if with_below else "measured"
    found = engine.rows(
        f"SELECT figure, office, top, bottom FROM {table} WHERE office IN (SELECT unnest(?::VARCHAR[])) ORDER BY ALL",  # noqa: S608  # one of two words
        [list(offices)],
    )
    return {
        (row[0], row[1]): Value(figure=row[0], office=row[1], top=int(row[2]), bottom=int(row[3]))
        for row in found
    }
