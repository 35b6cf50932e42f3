"""How a month's returns stand: which department sent in time, late, nothing yet, or said that there was nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from django.db import connection

from yipan.law.deadline import SHANGHAI
from yipan.law.fold import OPEN, RELEASED, VOID
from yipan.offices.office import names_of
from yipan.statistics.checks import counted
from yipan.statistics.measures import figure_named, values_of
from yipan.statistics.periods import period_of
from yipan.statistics.returnform import KIND
from yipan.statistics.returns import kept_out, returns
from yipan.statistics.scoring import scoring, target_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime
    from fractions import Fraction

    from yipan.offices.permit import Permit
    from yipan.statistics.engine import Engine
    from yipan.statistics.periods import Span
    from yipan.statistics.returns import Kept

#: The report that says which duties a month's returns discharge.
MONTHLY: Final = "stat-monthly-notice"
#: What is measured of departments: returns in by their date, and requests on which both ends agree.
MEASURED: Final = ("ind-dept-timeliness", "ind-dept-match")
_A_MOMENT: Final = timedelta(microseconds=1)
#: Received: it came, and no duty says by when it had to, as of a department that is not on the system.
IN_TIME, LATE, MISSING, WAITING, RECEIVED = "in-time", "late", "missing", "waiting", "received"
COUNTS, NIL = "counts", "nil"
_OWED: Final = (
    "SELECT owed_by, due_at, closed_at, state FROM duties_duty WHERE rule = ANY(%s) AND period = %s"
    " AND state <> ALL(%s) AND (owed_to = %s OR owed_by = %s) ORDER BY owed_by, due_at"
)
_CONTENT: Final = """
SELECT office, content FROM (
  SELECT office, said['content'] AS content,
    ROW_NUMBER() OVER (PARTITION BY office ORDER BY counts_at DESC, key DESC) AS back
  FROM standing WHERE nth = 1 AND kind = ? AND said['period'] = ?
) AS told WHERE back = 1
"""


@dataclass(frozen=True, kw_only=True)
class Measure:
    """An indicator of a department in the year so far: so many of so many, and what it should come to."""

    figure: str
    title: Mapping[str, str]
    top: int
    bottom: int
    value: Fraction | None
    #: In per cent; None where no document sets one.
    target: Fraction | None


@dataclass(frozen=True, kw_only=True)
class Standing:
    """One department in one month. `content`: counts or nil, as it said itself; empty while it has sent nothing."""

    office: str
    name: str
    state: str
    due_at: datetime | None
    sent_at: datetime | None
    content: str
    kept: Kept | None
    #: How often this month was sent before: what was sent again took the place of it.
    replaced: int
    #: Files that broke their contract.
    kept_out: int
    measures: tuple[Measure, ...]

    @property
    def due_on(self) -> date | None:
        """The last day on which it is in time: the one that ends when it is due."""
        return (self.due_at - _A_MOMENT).date() if self.due_at else None


def standings(permit: Permit, span: Span, now: datetime) -> list[Standing]:
    """Return how the returns of a month stand that are owed to, or by, the permit's organisation, by department.

    Raises:
        NotPermittedError: the post does not include reading duties.
    """
    permit.require("read-duties", now)
    owed = _owed(permit, span)
    own = returns(permit, month=span.name)
    refused = kept_out(permit, month=span.name)
    year = period_of("year", span.first_on)
    offices = sorted({*owed, *(each.office for each in own)})
    if not offices:
        return []
    with counted(year, now) as engine:
        content = dict(engine.rows(_CONTENT, [KIND, span.name]))
        measured = _measured(engine, offices, year)
    names = names_of(offices)
    found = []
    for office in offices:
        due_at, closed_at = owed.get(office, (None, None))
        sent = [each for each in own if each.office == office]
        found.append(
            Standing(
                office=office,
                name=names.get(office, office),
                state=_state(due_at, closed_at, now, sent=bool(sent)),
                due_at=due_at,
                sent_at=closed_at or (min(each.at for each in sent) if sent else None),
                content=str(content.get(office) or ""),
                kept=next((each for each in sent if each.replaced_by is None), None),
                replaced=sum(1 for each in sent if each.replaced_by),
                kept_out=sum(1 for each in refused if each.office == office),
                measures=measured.get(office, ()),
            )
        )
    return found


def _owed(permit: Permit, span: Span) -> dict[str, tuple[datetime | None, datetime | None]]:
    """Return by department when its return of a month is due and when it came; of several duties the one due first."""
    one = figure_named(MONTHLY)
    rules = list(one.figure.duties) if one and one.figure else []
    values: list[Any] = [rules, span.name, [VOID, RELEASED], permit.organisation, permit.organisation]
    with permit.in_force(), connection.cursor() as cursor:
        cursor.execute(_OWED, values)
        found: dict[str, tuple[datetime | None, datetime | None]] = {}
        for office, due_at, closed_at, state in cursor.fetchall():
            came = closed_at.astimezone(SHANGHAI) if closed_at and state != OPEN else None
            found.setdefault(office, (due_at.astimezone(SHANGHAI) if due_at else None, came))
    return found


def _state(due_at: datetime | None, closed_at: datetime | None, now: datetime, *, sent: bool) -> str:
    if closed_at is not None:
        return LATE if due_at is not None and closed_at >= due_at else IN_TIME
    if due_at is None:
        return RECEIVED if sent else WAITING
    return MISSING if now >= due_at else WAITING


def _measured(engine: Engine, offices: list[str], year: Span) -> dict[str, tuple[Measure, ...]]:
    values = values_of(engine, offices, with_below=False)
    found: dict[str, tuple[Measure, ...]] = {}
    for office in offices:
        of_one = []
        for name in MEASURED:
            one, value = figure_named(name), values.get((name, office))
            if one is None or value is None:
                continue
            edition = scoring().edition(year.first_on.year, office)
            target, said = target_of(one, office, year.first_on, edition.target)
            of_one.append(
                Measure(
                    figure=name, title=one.title, top=value.top, bottom=value.bottom, value=value.of(one),
                    target=target if said else None,
                )
            )  # fmt: skip
        found[office] = tuple(of_one)
    return found
