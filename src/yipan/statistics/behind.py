"""What stands behind a figure: the duties, entries or breaches that it was counted from, and what two ends hold differently.

Whoever may read an office's card may see when and of what kind each was, as its duties are seen; the case itself opens only where the
permit's office is a party to it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from django.db import connection

from yipan.law.deadline import SHANGHAI
from yipan.statistics.content import asked_of
from yipan.statistics.measures import figure_named

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime
    from uuid import UUID

    from yipan.offices.permit import Permit
    from yipan.statistics.engine import Engine
    from yipan.statistics.periods import Span

_A_MOMENT: Final = timedelta(microseconds=1)
_DUTIES: Final = """
SELECT id, rule, owed_to, opened_at, due_at, closed_at, state, thread_id, owed_by = %(own)s OR owed_to = %(own)s
  FROM duties_duty
 WHERE rule = ANY(%(rules)s) AND coalesce(nullif(lapsed_by, ''), owed_by) = %(office)s
   AND due_at > %(first)s AND due_at <= %(after)s AND due_at <= %(as_of)s
   AND (state IN ('open', 'discharged') OR state = 'released' AND closed_at >= %(as_of)s)
 ORDER BY due_at, id
"""
#: Entries that a figure counts; a return counts for the month it is of, whenever it came.
_ENTRIES: Final = """
SELECT e.kind, e.counts_at, e.partner, e.said
FROM standing AS e
JOIN (
  SELECT kind FROM figure_kinds WHERE figure = $1 UNION SELECT kind FROM figure_returns WHERE figure = $1
) AS k ON k.kind = e.kind
WHERE e.nth = 1 AND e.office = $2
  AND (e.counts_at >= $3 AND e.counts_at < $4 OR e.said['period'] >= $5 AND e.said['period'] <= $6)
ORDER BY e.counts_at, e.kind, e.partner
"""
_BREACHES: Final = """
SELECT b.breach, b.found_by, SUM(b.times) FROM breached AS b
JOIN figure_breaches AS f ON f.breach = b.breach
WHERE f.figure = $1 AND b.office = $2 GROUP BY b.breach, b.found_by ORDER BY 1, 2
"""
#: What one office sent another of which the other end has no arrival, or an earlier one. `pairs.sql` counts the same.
_SENT: Final = """
SELECT s.kind, s.counts_at, a.counts_at AS arrived_at
FROM standing AS s
JOIN kind_sends AS sends ON sends.kind = s.kind AND sends.role = s.role
LEFT JOIN (
  SELECT kind, thread, office, MIN(counts_at) AS counts_at
  FROM (
    SELECT f.after AS kind, e.thread, e.office, e.counts_at
    FROM standing AS e JOIN kind_follows AS f ON f.kind = e.kind JOIN kind_arrives AS k ON k.kind = e.kind WHERE e.nth = 1
    UNION ALL
    SELECT f.after AS kind, e.thread, e.partner AS office, e.counts_at
    FROM standing AS e JOIN kind_follows AS f ON f.kind = e.kind JOIN kind_arrives AS k ON k.kind = e.kind WHERE e.partner <> ''
  ) AS noted
  GROUP BY kind, thread, office
) AS a ON a.kind = s.kind AND a.thread = s.thread AND a.office = s.partner
WHERE s.office = $1 AND s.partner = $2 AND s.counts_at >= $3 AND s.counts_at < $4
  AND (a.thread IS NULL AND (s.said['channel'] IS NULL OR s.said['channel'] <> 'system') OR a.counts_at < s.counts_at)
ORDER BY s.counts_at, s.kind
"""
_CASES: Final = (
    "SELECT kind, counts_at, thread_id FROM duties_event WHERE kind = ANY(%s)"
    " AND (on_behalf_of = '' AND recorded_by = %s OR on_behalf_of = %s) AND counts_at >= %s AND counts_at <= %s"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Behind:
    """One duty behind a figure; the case only where the permit's office is a party."""

    rule: str
    owed_to: str
    opened_at: datetime
    due_at: datetime
    closed_at: datetime | None
    state: str
    in_time: bool
    thread: UUID | None

    @property
    def due_on(self) -> date:
        """The last day on which it is in time: the one that ends when it is due."""
        return (self.due_at.astimezone(SHANGHAI) - _A_MOMENT).date()


@dataclass(frozen=True, kw_only=True, slots=True)
class Counted:
    """One entry behind a figure, with what it says that may be counted; the case only where the permit's office is a party."""

    kind: str
    at: datetime
    partner: str
    said: Mapping[str, str]
    thread: UUID | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Breached:
    """Breaches of one sort behind a figure: found by a duty that was not kept (a rule) or by a finding (a kind)."""

    breach: str
    found_by: str
    times: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Unlike:
    """Something sent of which the other end has no arrival, or one before it was sent."""

    kind: str
    sent_at: datetime
    arrived_at: datetime | None
    thread: UUID | None


def behind(permit: Permit, figure: str, office: str, span: Span, now: datetime) -> list[Behind]:
    """Return the duties behind a figure, those that were not kept first. They are read from the register of duties itself.

    Raises:
        NotPermittedError: the post does not include reading duties.
    """
    permit.require("read-duties", now)
    one = figure_named(figure)
    rules = list(one.figure.duties) if one and one.figure else []
    values: dict[str, Any] = {
        "own": permit.organisation, "rules": rules, "office": office, "first": span.first_at, "after": span.after_at,
        "as_of": min(span.after_at, now),
    }  # fmt: skip
    with permit.in_force(), connection.cursor() as cursor:
        cursor.execute(_DUTIES, values)
        rows = cursor.fetchall()
    found = [
        Behind(
            rule=row[1], owed_to=row[2], opened_at=row[3], due_at=row[4], closed_at=row[5], state=row[6],
            in_time=row[6] == "discharged" and row[5] < row[4], thread=row[7] if row[8] else None,
        )
        for row in rows
    ]  # fmt: skip
    return sorted(found, key=lambda each: each.in_time)


def entries_behind(  # as `behind()`, with the engine
    permit: Permit, engine: Engine, figure: str, office: str, span: Span, now: datetime
) -> list[Counted]:
    """Return the entries behind a figure that is not counted from duties. The period is counted in the engine.

    Raises:
        NotPermittedError: the post does not include reading duties.
    """
    permit.require("read-duties", now)
    asked = asked_of(span, now)
    months = [asked.literals()[name].strip("'") for name in ("$first_month", "$last_month")]
    rows = engine.rows(_ENTRIES, [figure, office, asked.first, asked.after, *months])
    cases = _cases(permit, office, [(row[0], row[1]) for row in rows])
    return [
        Counted(
            kind=row[0],
            at=row[1].replace(tzinfo=SHANGHAI),
            partner=row[2],
            said=dict(row[3] or {}),
            thread=cases.get((row[0], row[1])),
        )
        for row in rows
    ]


def breaches_behind(engine: Engine, figure: str, office: str) -> list[Breached]:
    """Return the breaches behind a figure. The period is counted in the engine."""
    rows = engine.rows(_BREACHES, [figure, office])
    return [Breached(breach=row[0], found_by=row[1], times=int(row[2])) for row in rows]


def unlike(  # both ends, with the engine
    permit: Permit, engine: Engine, office: str, partner: str, span: Span, now: datetime
) -> list[Unlike]:
    """Return what an office sent another and the other end holds otherwise. `pairs_of()` has laid out what arrives.

    Raises:
        NotPermittedError: the post does not include reading duties.
    """
    permit.require("read-duties", now)
    asked = asked_of(span, now)
    rows = engine.rows(_SENT, [office, partner, asked.first, asked.after])
    cases = _cases(permit, office, [(row[0], row[1]) for row in rows])
    return [
        Unlike(
            kind=row[0],
            sent_at=row[1].replace(tzinfo=SHANGHAI),
            arrived_at=row[2].replace(tzinfo=SHANGHAI) if row[2] else None,
            thread=cases.get((row[0], row[1])),
        )
        for row in rows
    ]


def _cases(
    permit: Permit, office: str, wanted: list[tuple[str, datetime]]
) -> dict[tuple[str, datetime], UUID]:
    """Return the cases of entries, by kind and moment, as far as the permit's office is a party to them."""
    if not wanted:
        return {}
    moments = [at.replace(tzinfo=SHANGHAI) for _, at in wanted]
    values: list[Any] = [sorted({kind for kind, _ in wanted}), office, office, min(moments), max(moments)]
    with permit.in_force(), connection.cursor() as cursor:
        cursor.execute(_CASES, values)
        rows = cursor.fetchall()
    return {(kind, at.astimezone(SHANGHAI).replace(tzinfo=None)): thread for kind, at, thread in rows}
