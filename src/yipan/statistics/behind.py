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
from yipan.statistics.extract import salted
from yipan.statistics.gaming import each_seen
from yipan.statistics.measures import figure_named

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime
    from uuid import UUID

    from yipan.offices.permit import Permit
    from yipan.statistics.engine import Engine
    from yipan.statistics.gaming import Once
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
SELECT e.kind, e.counts_at, e.partner, e.said, e.thread
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
#: What one office sent another of which the other end has no arrival, or an earlier one, as `sent.sql` says it.
_SENT: Final = """
SELECT kind, sent_at, arrived_at, thread FROM sent
WHERE office = $1 AND partner = $2 AND (arrived = 0 OR early = 1)
ORDER BY sent_at, kind
"""
#: Cases between two moments in which an office recorded such an entry, or in which such a duty of one's own is; of those that may be seen.
_CASES: Final = """
SELECT thread_id FROM duties_event
 WHERE kind = ANY(%(what)s) AND (on_behalf_of = '' AND recorded_by = %(office)s OR on_behalf_of = %(office)s)
   AND counts_at >= %(first)s AND counts_at <= %(last)s
UNION
SELECT thread_id FROM duties_duty
 WHERE rule = ANY(%(what)s) AND (owed_by = %(own)s OR owed_to = %(own)s)
   AND opened_at >= %(first)s AND opened_at <= %(last)s
"""


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
        return last_day(self.due_at)


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
class Time:
    """One time behind a count of a way to look better; the case only where the permit's office is a party."""

    seen: Once
    thread: UUID | None

    @property
    def due_on(self) -> date | None:
        """The last day on which it is in time; None where no duty says one."""
        return last_day(self.seen.due_at) if self.seen.due_at else None


@dataclass(frozen=True, kw_only=True, slots=True)
class Unlike:
    """Something sent of which the other end has no arrival, or one before it was sent."""

    kind: str
    sent_at: datetime
    arrived_at: datetime | None
    thread: UUID | None


def last_day(due_at: datetime) -> date:
    """Return the day that ends when something is due."""
    return (due_at.astimezone(SHANGHAI) - _A_MOMENT).date()


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
    cases = _cases(permit, office, [(row[0], row[1], row[4]) for row in rows])
    return [
        Counted(
            kind=row[0],
            at=row[1].replace(tzinfo=SHANGHAI),
            partner=row[2],
            said=dict(row[3] or {}),
            thread=cases.get(row[4]),
        )
        for row in rows
    ]


def breaches_behind(engine: Engine, figure: str, office: str) -> list[Breached]:
    """Return the breaches behind a figure. The period is counted in the engine."""
    rows = engine.rows(_BREACHES, [figure, office])
    return [Breached(breach=row[0], found_by=row[1], times=int(row[2])) for row in rows]


def unlike(  # both ends, with the engine
    permit: Permit, engine: Engine, office: str, partner: str, now: datetime
) -> list[Unlike]:
    """Return what an office sent another and the other end holds otherwise. The period is counted in the engine.

    Raises:
        NotPermittedError: the post does not include reading duties.
    """
    permit.require("read-duties", now)
    rows = engine.rows(_SENT, [office, partner])
    cases = _cases(permit, office, [(row[0], row[1], row[3]) for row in rows])
    return [
        Unlike(
            kind=row[0],
            sent_at=row[1].replace(tzinfo=SHANGHAI),
            arrived_at=row[2].replace(tzinfo=SHANGHAI) if row[2] else None,
            thread=cases.get(row[3]),
        )
        for row in rows
    ]


def times_behind(  # as the others, and in which way
    permit: Permit, engine: Engine, way: tuple[str, str], office: str, span: Span, now: datetime
) -> list[Time]:
    """Return each time behind a count of a way to look better: `way` is which, and with whom where it is between two.

    Raises:
        NotPermittedError: the post does not include reading duties.
    """
    permit.require("read-duties", now)
    trick, partner = way
    found = each_seen(engine, asked_of(span, now), trick, office, partner)
    moments = [(each.what, at, each.thread) for each in found for at in (each.began_at, each.noted_at) if at]
    cases = _cases(permit, office, moments)
    return [Time(seen=each, thread=cases.get(each.thread)) for each in found]


def _cases(permit: Permit, office: str, wanted: list[tuple[str, datetime, int]]) -> dict[int, UUID]:
    """Return cases by how the folder of figures calls them, as far as the permit's office is a party to them.

    `wanted`: the kind or rule, the moment and the case of each, as the folder says them.
    """
    if not wanted:
        return {}
    moments = [at.replace(tzinfo=SHANGHAI) for _, at, _ in wanted]
    values: dict[str, Any] = {
        "what": sorted({what for what, _, _ in wanted}), "office": office, "own": permit.organisation,
        "first": min(moments), "last": max(moments),
    }  # fmt: skip
    with permit.in_force(), connection.cursor() as cursor:
        cursor.execute(_CASES, values)
        threads = [row[0] for row in cursor.fetchall()]
    called = salted(threads)
    asked = {thread for _, _, thread in wanted}
    return {called[each]: each for each in threads if called[each] in asked}
