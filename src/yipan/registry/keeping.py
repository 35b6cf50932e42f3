"""Retention: what an office wrote down about persons ends by itself when its term is over, case by case.

The terms stand in the packs. An entry of the office's own says what ended and names nobody; the sealed words are destroyed
in its transaction, and the register is drawn anew from what is left. Columns that rules and statistics read stay.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID, uuid5

from django.db import connection

from yipan.duties import journal
from yipan.duties.draft import BY_CALENDAR, Draft
from yipan.duties.lawbook import lawbook
from yipan.duties.projecting import Projecting, Several
from yipan.duties.record import record
from yipan.law.deadline import SHANGHAI
from yipan.law.fold import RECOMPUTED_KIND, in_order
from yipan.law.keeping import ENDED_KIND, ERASING_KINDS, Life, ends_on
from yipan.law.rule import LAPSE_KIND
from yipan.law.rulebook import UnknownKindError
from yipan.offices.permit import clock_permit
from yipan.offices.succession import OfficeEndedError
from yipan.registry.projection import Projection
from yipan.registry.readend import end_looks
from yipan.registry.rosterend import end_rosters

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import date, datetime

    from django.db.backends.utils import CursorWrapper

    from yipan.duties.projecting import Written
    from yipan.law.event import Event
    from yipan.law.kind import Kind
    from yipan.law.rulebook import Rulebook
    from yipan.offices.permit import Permit

ENDED_EFFECT: Final = "records-ended"
#: Cases looked at together.
_TOGETHER: Final = 500
_NAMESPACE: Final = UUID("3c0c5f0a-52a8-5d5c-8a0a-8a1c3f6f5c11")
#: Entries that say something of the case itself, and are no doing in it.
_BESIDE: Final = frozenset({ENDED_KIND, LAPSE_KIND, RECOMPUTED_KIND, *ERASING_KINDS})
#: Cases in which an office wrote down words that are still there, of kinds whose shortest term could be over.
_CANDIDATES: Final = """
SELECT DISTINCT e.thread_id FROM duties_event e
  JOIN unnest(%(kinds)s::text[], %(before)s::timestamptz[]) AS term(kind, before)
    ON term.kind = e.kind AND e.recorded_at < term.before
 WHERE e.recorded_by = %(own)s AND e.thread_id > %(after)s
   AND EXISTS (SELECT 1 FROM duties_payload p WHERE p.event_id = e.id AND p.ended_by IS NULL)
 ORDER BY e.thread_id LIMIT %(limit)s
"""
_TEXTS: Final = """
SELECT DISTINCT e.thread_id, e.id, e.kind, e.recorded_at FROM duties_event e
  JOIN duties_payload p ON p.event_id = e.id AND p.ended_by IS NULL
 WHERE e.thread_id = ANY(%s) AND e.recorded_by = %s
"""
_OPEN: Final = "SELECT DISTINCT thread_id FROM duties_duty WHERE thread_id = ANY(%s) AND state = 'open' AND due_at IS NOT NULL"
_CLOSED: Final = "SELECT thread_id, max(closed_at) FROM duties_duty WHERE thread_id = ANY(%s) GROUP BY 1"
#: What was kept of somebody who was erased, and need not be any more.
_KEPT: Final = """
SELECT e.thread_id, x.event FROM duties_erasure x JOIN duties_event e ON e.id = x.event
 WHERE x.kept_until < %s AND x.organisation = %s
"""
_FIRST: Final = UUID(int=0)


@dataclass(frozen=True, kw_only=True, slots=True)
class Ended:
    """What one round ended: cases, and entries whose words are no more."""

    cases: int = 0
    entries: int = 0
    #: Of the read log.
    looks: int = 0
    #: Rosters whose rows had waited too long.
    rosters: int = 0


class Ending(Projecting):
    """Destroys the words whose term is over, in the transaction of the entry that says so."""

    handles = frozenset({ENDED_EFFECT})

    def __init__(self, permit: Permit) -> None:
        """Know for whom."""
        self.register = Projection(permit)

    def write(self, cursor: CursorWrapper, written: Written) -> None:
        """End what each entry names, and draw anew what the register had of those cases."""
        threads = []
        for each in written.recorded:
            if each.kind.effect == ENDED_EFFECT:
                cursor.execute("SELECT yipan_end_records(%s)", [each.entry.id])
                threads.append(each.entry.thread)
        if threads:
            self.register.redraw(cursor, sorted(threads), written.rulebook)


def end_what_is_over(
    now: datetime,
    also: Callable[[Permit], Projecting] | None = None,
    progress: Callable[[str], None] | None = None,
) -> Ended:
    """End, office by office, the words about persons whose term of keeping is over. May be stopped and run again.

    `also`: tables of a room above that end with them. Under a law adopted before terms were said no words end.
    Looks of the read log, and rows that wait in rosters, end with terms of their own.
    """
    book = lawbook()
    today = now.astimezone(SHANGHAI).date()
    with connection.cursor() as cursor:
        cursor.execute("SELECT organisation FROM duties_chainhead WHERE ended_at IS NULL ORDER BY 1")
        offices = [row[0] for row in cursor.fetchall()]
    rosters = end_rosters(now, offices)
    try:
        book.kind(ENDED_KIND, today)
    except UnknownKindError:
        return Ended(looks=end_looks(now), rosters=rosters)
    cases = entries = 0
    for office in offices:
        try:
            found = _end_office(office, book, now, also)
        except OfficeEndedError:
            continue
        cases, entries = cases + found.cases, entries + found.entries
        if progress and found.cases:
            progress(f"{office}: {found.cases} cases")
    return Ended(cases=cases, entries=entries, looks=end_looks(now), rosters=rosters)


def _end_office(
    office: str, book: Rulebook, now: datetime, also: Callable[[Permit], Projecting] | None
) -> Ended:
    permit, cases, entries = clock_permit(office, now), 0, 0
    for over in (_kept_no_more(permit, now), *_over(permit, book, now)):
        drafts = [
            Draft(
                kind=ENDED_KIND,
                id=uuid5(_NAMESPACE, f"{thread} {office} {' '.join(map(str, events))}"),
                thread=thread,
                follows=tuple(events),
            )
            for thread, events in over.items()
        ]
        if drafts:
            ends = Several(Ending(permit), also(permit)) if also else Ending(permit)
            record(drafts, permit=permit, clock=lambda: now, counts_by=BY_CALENDAR, also=ends)
        cases, entries = cases + len(drafts), entries + sum(len(each.follows) for each in drafts)
    return Ended(cases=cases, entries=entries)


def _kept_no_more(permit: Permit, now: datetime) -> dict[UUID, list[UUID]]:
    """Return what a law wanted kept of people who were erased, by case, and need not be kept any more."""
    found: dict[UUID, list[UUID]] = {}
    with permit.in_force(), connection.cursor() as cursor:
        cursor.execute(_KEPT, [now.astimezone(SHANGHAI).date(), permit.organisation])
        erasures = cursor.fetchall()
        for _, event in erasures:
            cursor.execute("SELECT follows FROM duties_event WHERE id = %s", [event])
            [named] = cursor.fetchone() or [[]]
            cursor.execute(
                "SELECT DISTINCT e.thread_id, e.id FROM duties_event e JOIN duties_payload p ON p.event_id = e.id"
                " WHERE e.id = ANY(%s) AND p.ended_by IS NULL ORDER BY 1, 2",
                [list(named)],
            )
            for thread, own in cursor.fetchall():
                found.setdefault(thread, []).append(own)
    return found


def _over(permit: Permit, book: Rulebook, now: datetime) -> Iterator[dict[UUID, list[UUID]]]:
    """Yield, some cases at a time, the entries of an office whose term is over."""
    today, after = now.astimezone(SHANGHAI).date(), _FIRST
    kinds = {name: kind for name, kind in book.kinds(today).items() if kind.keeps}
    shortest = _shortest(kinds, now)
    while True:
        with permit.in_force(), connection.cursor() as cursor:
            asked: dict[str, Any] = {
                "kinds": list(shortest), "before": list(shortest.values()), "own": permit.organisation,
                "after": after, "limit": _TOGETHER,
            }  # fmt: skip
            cursor.execute(_CANDIDATES, asked)
            threads = [row[0] for row in cursor.fetchall()]
        if not threads:
            return
        yield _over_in(permit, threads, book, kinds, today)
        after = threads[-1]


def _shortest(kinds: Mapping[str, Kind], now: datetime) -> dict[str, datetime]:
    """Return, by kind, the moment before which an entry must have been written for any of its terms to be over."""
    found = {}
    for name, kind in kinds.items():
        life = Life(recorded_at=now, closed_at=now)
        days = [_days(each.within, life) for each in kind.keeps]
        found[name] = now - min(days)
    return found


def _days(within: Any, life: Life) -> Any:  # noqa: ANN401  # a period, and the days it takes from now on
    from datetime import timedelta  # noqa: PLC0415  # used here alone

    from yipan.law.deadline import last_day  # noqa: PLC0415  # the same

    first = life.recorded_at.astimezone(SHANGHAI).date()
    # A month or a year of before may have been some days shorter: candidates are looked at more closely afterwards.
    return timedelta(days=max(0, (last_day(within, first) - first).days - 4))


def _over_in(
    permit: Permit, threads: Sequence[UUID], book: Rulebook, kinds: Mapping[str, Kind], today: date
) -> dict[UUID, list[UUID]]:
    with permit.in_force(threads), connection.cursor() as cursor:
        events = journal.events_of(cursor, threads)
        cursor.execute(_OPEN, [list(threads)])
        running = {row[0] for row in cursor.fetchall()}
        cursor.execute(_CLOSED, [list(threads)])
        closed = dict(cursor.fetchall())
        cursor.execute(_TEXTS, [list(threads), permit.organisation])
        texts = cursor.fetchall()
    beginning = frozenset(name for name, kind in kinds.items() if kind.begins_case)
    lives = {
        thread: _Lived(
            in_order(events[thread], book),
            None if thread in running else _last(events[thread], closed.get(thread)),
            beginning,
        )
        for thread in threads
    }
    found: dict[UUID, list[UUID]] = {}
    for thread, event, name, recorded_at in sorted(texts, key=lambda row: (row[0], row[1])):
        kind = kinds.get(name)
        last = ends_on(kind.keeps, lives[thread].life(recorded_at)) if kind else None
        if last and last < today:
            found.setdefault(thread, []).append(event)
    return found


@dataclass(frozen=True, slots=True)
class _Lived:
    """A case as terms are reckoned in it."""

    events: Sequence[Event]
    closed_at: datetime | None
    beginning: frozenset[str]

    def life(self, recorded_at: datetime) -> Life:
        """Return what the terms of one entry are reckoned from."""
        return Life(
            recorded_at=recorded_at, closed_at=self.closed_at, events=self.events, beginning=self.beginning
        )


def _last(events: Sequence[Event], closed_at: datetime | None) -> datetime | None:
    """Return when something was last done in a case."""
    done = [each.counts_at for each in events if each.kind not in _BESIDE]
    return max([*done, *([closed_at] if closed_at else [])], default=None)
