"""What a report says: counts by rule and by office, services, indicators, returns; computed, never keyed in."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Final

from yipan.errors import YipanError
from yipan.statistics.engine import Asked, Engine
from yipan.statistics.measures import figure_named, figures, values_of
from yipan.statistics.release import Released, release_both

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from yipan.law.definition import Definition
    from yipan.statistics.periods import Span

#: The counts of a row, in the order shown.
COUNTS: Final = ("opened", "due", "kept", "late", "overdue", "released")
#: Of these all that fell due is made up: a table of them can be released with its sums.
PARTS: Final = ("kept", "late", "overdue")
_OF_LINE: Final = """
SELECT {by}, SUM(opened), SUM(due), SUM(kept), SUM(late), SUM(overdue), SUM(released)
FROM worked AS w JOIN lines AS l ON l.office = w.office
{more}
WHERE l.superior = ? GROUP BY 1 ORDER BY 1
"""
#: Under which office right below this one a row belongs: an office above all of its own.
_BRANCH: Final = (
    "JOIN (SELECT l.office, COALESCE(MAX(CASE WHEN up.depth = l.depth - 1 THEN up.superior END), l.office) AS branch"
    " FROM lines AS l JOIN lines AS up ON up.office = l.office WHERE l.superior = ? GROUP BY l.office)"
    " AS b ON b.office = w.office"
)
#: Where a report names its rules: no others.
_ONLY: Final = " JOIN (SELECT unnest(?::VARCHAR[]) AS rule) AS c ON c.rule = w.rule"
_ENTRIES: Final = """
SELECT e.kind, COUNT(*) FROM standing AS e JOIN lines AS l ON l.office = e.office
WHERE l.superior = ? AND e.nth = 1 AND e.counts_at >= ? AND e.counts_at < ? AND e.kind IN (SELECT unnest(?::VARCHAR[]))
GROUP BY 1 ORDER BY 1
"""
_RETURNS: Final = """
SELECT month, pair.key AS name, SUM(TRY_CAST(pair.value AS BIGINT)) FROM (
  SELECT e.said['period'] AS month, unnest(map_entries(e.said)) AS pair
  FROM (
    SELECT *, ROW_NUMBER() OVER (PARTITION BY office, said['period'] ORDER BY counts_at DESC, key DESC) AS back
    FROM standing WHERE nth = 1 AND kind = ?
  ) AS e JOIN lines AS l ON l.office = e.office
  WHERE l.superior = ? AND e.back = 1 AND e.said['period'] >= ? AND e.said['period'] <= ?
) AS told WHERE regexp_matches(pair.value, '^[0-9]+$') GROUP BY 1, 2 ORDER BY 1, 2
"""
_DEMAND: Final = """
SELECT COUNT(*), COUNT(CASE WHEN d.state = 'discharged' AND (d.due_at IS NULL OR d.closed_at < d.due_at) AND d.closed_at < ? THEN 1 END)
FROM duties AS d WHERE d.owed_by = ? AND d.owed_to = 'person' AND d.state <> 'void' AND d.opened_at >= ? AND d.opened_at < ?
"""
_RETURN_KIND, _DEMAND_KIND = "department-return.sent", "demand-counts.sent"


class NoReportError(YipanError):
    """There is no such report."""

    code: ClassVar[str] = "no-report"
    exit_code: ClassVar[int] = 2
    sentence: ClassVar[dict[str, str]] = {
        "zh": "没有名为“{report}”的报表。",
        "en": "There is no report {report!r}.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "报表名见 docs/reference/figures.md。",
        "en": "docs/reference/figures.md lists them.",
    }


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """The counts of one rule, or of one office with those below it."""

    name: str
    opened: int = 0
    due: int = 0
    kept: int = 0
    late: int = 0
    overdue: int = 0
    released: int = 0


@dataclass(frozen=True, kw_only=True)
class Content:
    """A report of one office and one period, of itself and all below it. Everything in it is a count or a name of an office."""

    report: str
    office: str
    period: str
    #: The moment as of which everything stands: the end of the period, or now where it still runs.
    as_of: str
    by_rule: tuple[Row, ...]
    #: Itself, and each office right below it with all that is below that.
    by_office: tuple[Row, ...]
    services: Mapping[str, int] = field(default_factory=dict)
    #: By indicator: of how many, how many.
    indicators: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    #: The columns of the departments' returns: by month, and of the whole period.
    months: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    returns: Mapping[str, int] = field(default_factory=dict)
    #: Requests of persons and how many were met in time: as counted, and as the office itself sent it.
    demand: Mapping[str, int] = field(default_factory=dict)
    demand_sent: Mapping[str, int] = field(default_factory=dict)
    #: The digests of the reports below that it adds up.
    below: Mapping[str, str] = field(default_factory=dict)

    def text(self) -> str:
        """Return the one text of it that is signed."""
        return json.dumps(asdict(self), ensure_ascii=False, sort_keys=True, separators=(",", ":"))

    def released(self) -> dict[str, Released]:
        """Return its tables as they may leave the office: nothing small, nothing below a township."""
        rows = [row.name for row in self.by_rule], [row.name for row in self.by_office]
        by_rule, by_office = release_both(_counts(self.by_rule), _counts(self.by_office), rows, PARTS)
        return {"by_rule": by_rule, "by_office": by_office}


def read_content(text: str) -> Content:
    """Return the report that a signed text says."""
    said: dict[str, Any] = json.loads(text)
    for name in ("by_rule", "by_office"):
        said[name] = tuple(Row(**each) for each in said[name])
    said["indicators"] = {name: (each[0], each[1]) for name, each in said["indicators"].items()}
    return Content(**said)


def _counts(rows: Sequence[Row]) -> dict[tuple[str, str], int]:
    return {(row.name, part): getattr(row, part) for row in rows for part in PARTS}


def asked_of(span: Span, now: datetime) -> Asked:
    """Return the stretch of a period, as it stood at its end, or as it stands where it still runs."""
    first, after = span.first_at, span.after_at
    return Asked(
        first=_plain(first), after=_plain(after), as_of=_plain(min(after, now.astimezone(after.tzinfo)))
    )


def _plain(at: datetime) -> datetime:
    return at.replace(tzinfo=None)


def content_of(engine: Engine, definition: Definition, office: str, span: Span, now: datetime) -> Content:
    """Put a report together from what is counted in an engine (`checks.counted()`)."""
    asked = asked_of(span, now)
    figure = definition.figure
    whole = _of_every_rule(definition)
    shown = figure.indicators if figure and definition.id != _EVERYTHING else ()
    every = [each.id for each in figures("indicator") if not shown or each.id in shown]
    values = values_of(engine, [office], with_below=True)
    services = engine.rows(_ENTRIES, [office, asked.first, asked.after, _counted_kinds(definition)])
    first, last = asked.first.strftime("%Y-%m"), asked.literals()["$last_month"].strip("'")
    months: dict[str, dict[str, int]] = {}
    for month, name, total in engine.rows(_RETURNS, [_RETURN_KIND, office, first, last]):
        months.setdefault(name, {})[month] = int(total)
    requests, met = engine.rows(_DEMAND, [asked.as_of, office, asked.first, asked.after])[0]
    sent = engine.rows(_RETURNS, [_DEMAND_KIND, office, span.name, span.name])
    only = figure.duties if figure and not whole else ()
    more, rules = (_ONLY, [list(only)]) if only else ("", [])
    return Content(
        report=definition.id,
        office=office,
        period=span.name,
        as_of=asked.as_of.isoformat(),
        by_rule=_rows(engine.rows(_OF_LINE.format(by="w.rule", more=more), [*rules, office])),
        by_office=_rows(
            engine.rows(_OF_LINE.format(by="b.branch", more=_BRANCH + more), [office, *rules, office])
        ),
        services={kind: int(count) for kind, count in services},
        indicators={
            name: (each.top, each.bottom)
            for name in every
            if (each := values.get((name, office))) is not None
        },
        months=months,
        returns={name: sum(held.values()) for name, held in months.items()},
        demand={"requests": int(requests), "met": int(met)},
        demand_sent={name: int(total) for _, name, total in sent},
    )


def _rows(rows: Sequence[tuple[Any, ...]]) -> tuple[Row, ...]:
    made = [Row(name=row[0], **dict(zip(COUNTS, map(int, row[1:]), strict=True))) for row in rows]
    return tuple(each for each in made if any(getattr(each, name) for name in COUNTS))


#: The report that climbs holds everything that offices did.
_EVERYTHING: Final = "stat-level-by-level"


def _of_every_rule(definition: Definition) -> bool:
    """Tell whether a report is cut by rule: then it is of every rule, and its `duties` are those that filing it discharges."""
    return definition.figure is not None and "rule" in definition.figure.cut_by


def _counted_kinds(definition: Definition) -> list[str]:
    """Return the kinds of which entries are counted: those of the report; of one of every rule those of every report."""
    if not _of_every_rule(definition):
        return list(definition.kinds)
    return sorted(
        {kind for each in figures() for kind in (*each.kinds, *(each.figure.kinds if each.figure else ()))}
    )


def report_named(name: str) -> Definition:
    """Return the definition of a report.

    Raises:
        NoReportError: the packs define none of that name.
    """
    found = figure_named(name)
    if found is None or found.sort != "report":
        raise NoReportError(report=name)
    return found
