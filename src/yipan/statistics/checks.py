"""Consistency checks: two numbers that must agree. What does not agree is said by name: which figure, with which."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from yipan.duties.lawbook import lawbook
from yipan.registry.headcounts import threshold
from yipan.statistics.content import asked_of
from yipan.statistics.engine import Asked, Engine, filled, names_below
from yipan.statistics.extract import extract
from yipan.statistics.measures import compute, figures, lay_out
from yipan.statistics.spark import engine_on

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from yipan.law.definition import Definition
    from yipan.statistics.content import Content
    from yipan.statistics.periods import Span

_FOLDER: Final = "checks"
#: What stands in the place of a figure of an office that has not filed.
NOT_FILED: Final = "report not filed"
_COUNTS: Final[Mapping[str, Mapping[str, str]]] = {
    "opened": {"zh": "新产生", "en": "opened"},
    "due": {"zh": "到期", "en": "due"},
    "kept": {"zh": "按期", "en": "in time"},
    "late": {"zh": "迟办", "en": "late"},
    "overdue": {"zh": "逾期未办", "en": "overdue"},
    "released": {"zh": "免除", "en": "released"},
    "requests": {"zh": "本人请求", "en": "requests"},
    "met": {"zh": "办结", "en": "met"},
}
_SENDS: Final = {"kind": "VARCHAR", "role": "VARCHAR"}
_FOLLOWS: Final = {"kind": "VARCHAR", "after": "VARCHAR"}
#: Kinds of one sort: those that discharge a duty, that say when something arrived, that put a person off.
KIND_NAMES: Final = {"kind": "VARCHAR"}
#: What one end sent the other, and when it arrived: pairs, the check of both ends and the card all read this one.
_SENT: Final = "sent"
_OF_OFFICES: Final = (
    "SELECT c.office, c.partner, c.what, CAST(c.left_count AS BIGINT), CAST(c.right_count AS BIGINT) FROM ({check}) AS c"
    # With the departments of the same division: what they send is owed to its health office.
    " WHERE c.office IN (SELECT office FROM lines WHERE superior = $1) OR c.office LIKE CONCAT($1, ':%') ORDER BY 1, 2, 3"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Disagreement:
    """Two numbers that should agree and do not: of which check, whose, about what."""

    check: Definition
    office: str
    partner: str
    what: str
    left: int
    right: int

    def say(self, language: str, names: Mapping[str, str] | None = None) -> str:
        """Return it as a sentence: which figure disagrees with which. `names`: of offices, by id."""
        figure = self.check.figure
        if figure is None:
            return self.check.id
        known = names or {}
        whose = known.get(self.office, self.office)
        whose += f" → {known.get(self.partner, self.partner)}" if self.partner else ""
        if self.what == NOT_FILED:
            return f"{whose}还没有上报。" if language == "zh" else f"{whose} has not filed."
        left, right, what = figure.left[language], figure.right[language], _in_words(self.what, language)
        if language == "zh":
            return f"{self.check.title['zh']}（{whose}，{what}）：{left} {self.left}，{right} {self.right}。"
        return f"{self.check.title['en']} ({whose}, {what}): {left}: {self.left}; {right}: {self.right}."


def _in_words(what: str, language: str) -> str:
    """Return what a check compares in words, where it is one of the counts of a report."""
    front, colon, count = what.rpartition(": ")
    return f"{front}{colon}{_COUNTS.get(count, {}).get(language, count)}"


def agrees(definition: Definition, left: int, right: int) -> bool:
    """Tell whether two numbers are as a check says they must be."""
    relation = definition.figure.relation if definition.figure else "equal"
    if relation == "zero":
        return left == 0
    return left >= right if relation == "at-least" else left == right


def lay_out_checks(engine: Engine) -> None:
    """Put beside the duties what the checks compare: their own definitions, who sends, what follows what; and sorts of kinds."""
    checks = figures("consistency")
    lay_out(engine, [*figures("indicator"), *checks])
    kinds = lawbook().every_kind()
    sends = {(kind.name, role) for kind in kinds if kind.reaches for role in kind.in_group(kind.reaches)}
    engine.put("kind_sends", _SENDS, sorted(sends))
    follows = {(kind.name, before) for kind in kinds for before in kind.follows}
    engine.put("kind_follows", _FOLLOWS, sorted(follows))
    rules = [rule for each in lawbook().adoptions() for rule in each.pack.rules.values()]
    closes = {kind for rule in rules if rule.discharge for kind in rule.discharge.kinds()}
    for table, names in (
        ("kind_closes", closes),
        ("kind_arrives", {kind.name for kind in kinds if kind.arrival}),
        ("kind_puts_off", {kind.name for kind in kinds if kind.puts_off}),
    ):
        engine.put(table, KIND_NAMES, [(each,) for each in sorted(names)])


@contextmanager
def counted(span: Span, now: datetime, *, fresh: bool = True, on: str = "") -> Iterator[Engine]:
    """Give an engine in which everything of a period is counted, once for all that is then asked of it.

    `fresh`: bring the folder of figures up to date first. `on`: which engine (`engine_on()`).

    Raises:
        ExtractBusyError: another process does that just now.
        NoEngineError, SparkMissingError: there is no such engine.
    """
    if fresh:
        extract()
    with engine_on(on) as engine:
        count(engine, asked_of(span, now))
        yield engine


def count(engine: Engine, asked: Asked) -> None:
    """Count everything of a stretch: indicators, and what checks and reports compare."""
    lay_out_checks(engine)
    compute(engine, asked, every_entry=True)
    engine.keep(_SENT, filled(_SENT, asked))


def run(engine: Engine, asked: Asked, office: str, only: Sequence[str] = ()) -> list[Disagreement]:
    """Run the checks that are counted from duties and entries, for an office and those below it.

    The stretch is counted in the engine (`count()`).
    """
    found = []
    for name in names_below(_FOLDER):
        one = next((each for each in figures("consistency") if f"{_FOLDER}/{each.id}" == name), None)
        if one is None or (only and one.id not in only):
            continue
        query = filled(name, asked, {"$check": f"'{one.id}'"})
        rows = engine.rows(_OF_OFFICES.format(check=query), [office])
        found += [
            Disagreement(check=one, office=row[0], partner=row[1], what=row[2], left=row[3], right=row[4])
            for row in rows
            if not agrees(one, row[3], row[4])
        ]
    return found


def before_filing(kind: str) -> list[str]:
    """Return the checks that run before a report is filed with a kind."""
    return [each.id for each in figures("consistency") if each.figure and kind in each.figure.before]


# ------------------------------------------------------------------------ checks of a report in itself


def of_content(content: Content, below: Mapping[str, Content], missing: Sequence[str]) -> list[Disagreement]:
    """Return what disagrees within a report, and between it and the reports that were filed below it."""
    known = {each.id: each for each in figures("consistency")}
    found: list[Disagreement] = []
    for check, office, what, left, right in (
        *_parts_and_sums(content),
        *_levels(content, below, missing),
        *_months(content),
        *_demand(content),
        *_small(content),
    ):
        one = known[check]
        if not agrees(one, left, right):
            found.append(
                Disagreement(check=one, office=office, partner="", what=what, left=left, right=right)
            )
    return found


Compared = tuple[str, str, str, int, int]


def _parts_and_sums(content: Content) -> Iterator[Compared]:
    """Yield, of each rule and office, what fell due and its parts; and each sum with what it adds up."""
    for row in (*content.by_rule, *content.by_office):
        yield "chk-logic", content.office, f"{row.name}: due", row.kept + row.late + row.overdue, row.due
    for name in ("due", "kept", "late", "overdue", "released", "opened"):
        by_rule = sum(getattr(row, name) for row in content.by_rule)
        by_office = sum(getattr(row, name) for row in content.by_office)
        yield "chk-logic", content.office, name, by_office, by_rule


def _levels(content: Content, below: Mapping[str, Content], missing: Sequence[str]) -> Iterator[Compared]:
    """Yield what each office below filed, beside what this report says of it."""
    for office in missing:
        yield "chk-level-sum", office, NOT_FILED, 0, 1
    mine = {row.name: row for row in content.by_office}
    for office, filed in below.items():
        row = mine.get(office)
        for name in ("due", "kept"):
            total = sum(getattr(each, name) for each in filed.by_rule)
            yield "chk-level-sum", office, name, total, getattr(row, name) if row else 0


def _months(content: Content) -> Iterator[Compared]:
    """Yield each column of the monthly returns, summed over its months, beside the quarter's."""
    for column, months in content.months.items():
        yield (
            "chk-month-to-quarter",
            content.office,
            column,
            sum(months.values()),
            content.returns.get(column, 0),
        )


def _demand(content: Content) -> Iterator[Compared]:
    for name, sent in content.demand_sent.items():
        yield "chk-quarter-list", content.office, name, sent, content.demand.get(name, 0)


def _small(content: Content) -> Iterator[Compared]:
    """Yield each count of the tables as they would leave the office."""
    for where, released in content.released().items():
        for (row, column), cell in released.cells.items():
            if cell.people:
                yield (
                    "chk-small-cells",
                    content.office,
                    f"{where} {row or 'sum'} {column or ''}",
                    cell.people,
                    threshold(),
                )
