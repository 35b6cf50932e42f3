"""Cases counted as they happened and as they would have been under a draft: the same fold and the same clocks, another rulebook.

What a sweep would have written under the draft (periods that turn, deadlines that pass) is said for it here.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Final
from uuid import UUID

from django.db import connection, transaction

from yipan.duties import journal, settle
from yipan.duties.lawbook import lawbook
from yipan.duties.naming import lapse_id, period_thread, turn_id
from yipan.duties.sweep import periods_turned
from yipan.law.deadline import SHANGHAI
from yipan.law.event import Event
from yipan.law.fold import DISCHARGED, OPEN, RELEASED, VOID, Duty
from yipan.law.folding import fold_many
from yipan.law.rule import LAPSE_KIND, PERIOD_KIND
from yipan.offices.office import lines_of
from yipan.offices.permit import set_acting
from yipan.statistics.draftlaw import drafted_book
from yipan.statistics.touched import as_it_stands, kinds_touched, split

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from django.db.backends.utils import CursorWrapper

    from yipan.law.pack import Pack
    from yipan.law.rulebook import Rulebook
    from yipan.offices.permit import Permit
    from yipan.statistics.caselist import Cases
    from yipan.statistics.periods import Span

#: A lapse may open a duty that lapses: so often in a row at most.
_LAPSES: Final = 6
_OPENED: Final = (
    "SELECT opened.organisation, office.level, opened.opened_at FROM duties_openedoffice opened"
    " JOIN offices_organisation office ON office.id = opened.organisation WHERE opened.closed_at IS NULL ORDER BY 1"
)


@dataclass(kw_only=True)
class Counts:
    """What came of the duties of one rule: opened in the stretch, due in it, kept, lapsed, released."""

    opened: int = 0
    due: int = 0
    kept: int = 0
    lapsed: int = 0
    released: int = 0

    def add(self, other: Counts) -> None:
        """Add what was counted of other cases."""
        self.opened += other.opened
        self.due += other.due
        self.kept += other.kept
        self.lapsed += other.lapsed
        self.released += other.released


def _by_rule() -> dict[str, Counts]:
    return defaultdict(Counts)


def _by_week() -> dict[tuple[str, str], list[int]]:
    return defaultdict(_nothing_due)


def _nothing_due() -> list[int]:
    return [0, 0]


@dataclass(kw_only=True)
class Simulated:
    """What happened beside what would have: by rule, and by office and week the duties that fall due."""

    happened: dict[str, Counts] = field(default_factory=_by_rule)
    drafted: dict[str, Counts] = field(default_factory=_by_rule)
    #: By office and the Monday of the week: due as it happened, and under the draft.
    weeks: dict[tuple[str, str], list[int]] = field(default_factory=_by_week)
    cases: int = 0
    events: int = 0

    def add(self, other: Simulated) -> None:
        """Add what was counted of other cases."""
        for own, more in ((self.happened, other.happened), (self.drafted, other.drafted)):
            for rule, counts in more.items():
                own[rule].add(counts)
        for key, (was, would) in other.weeks.items():
            self.weeks[key][0] += was
            self.weeks[key][1] += would
        self.cases += other.cases
        self.events += other.events

    def rules(self) -> list[str]:
        """Return the rules whose counts differ first, then the others."""
        every = self.happened.keys() | self.drafted.keys()
        return sorted(every, key=lambda rule: (self.happened.get(rule) == self.drafted.get(rule), rule))


@dataclass(kw_only=True)
class Counting:
    """What cases are counted by: the stretch, the law under the draft, and whose duties."""

    span: Span
    book: Rulebook
    until: datetime
    #: The offices whose duties are counted; None: of all.
    offices: frozenset[str] | None
    #: By case, the periods that turn under the draft.
    turns: dict[UUID, list[Event]]
    #: Of which a case has one where the draft may change something; None: any may be.
    kinds: frozenset[str] | None
    lines: dict[str, Mapping[str, str]] = field(default_factory=dict)

    @classmethod
    def of(cls, draft: Pack, span: Span, now: datetime, permit: Permit | None) -> Counting:
        """Return what counts under a draft; with a permit, what its organisation and those below it owe."""
        offices = None
        if permit:
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT organisation_id FROM offices_line WHERE superior_id = %s", [permit.organisation]
                )
                offices = frozenset(row[0] for row in cursor.fetchall())
        until = min(span.after_at, now)
        turns: dict[UUID, list[Event]] = defaultdict(list)
        for event in _turns(draft, span, until, offices):
            turns[event.thread].append(event)
        return cls(
            span=span,
            book=drafted_book(draft, span.first_on),
            until=until,
            offices=offices,
            turns=dict(turns),
            kinds=kinds_touched(draft, [each.pack for each in lawbook().adoptions()]),
        )

    def count(self, batch: Sequence[UUID]) -> Simulated:
        """Count some cases."""
        found = Simulated()
        with transaction.atomic(durable=True), connection.cursor() as cursor:
            # As a replay does: the law reads the clock rows of these cases, and no payload.
            set_acting("", "simulate", batch)
            if self.kinds is not None:
                batch = self._count_untouched(found, cursor, batch, self.kinds)
            table = settle.rows_of(cursor, batch)
            events = journal.events_of(cursor, batch)
        live = {
            thread: held
            for thread, held in events.items()
            if thread in self.turns
            or any(self.span.first_at <= each.counts_at < self.span.after_at for each in held)
        }
        self._fold(found, live, {key: duty for key, duty in table.items() if duty.thread in live})
        return found

    def count_turns(self, others: Cases) -> Simulated:
        """Count the periodic business of offices that have none yet among the cases."""
        found = Simulated()
        for thread in sorted(each for each in self.turns if each not in others):
            self._fold(found, {thread: []}, {})
        return found

    def _count_untouched(
        self, found: Simulated, cursor: CursorWrapper, batch: Sequence[UUID], kinds: frozenset[str]
    ) -> list[UUID]:
        """Count the cases that the draft cannot touch as they stand, on both sides; return the others."""
        first, after = self.span.first_at, self.span.after_at
        touched, rest, events = split(
            cursor, [each for each in batch if each not in self.turns], kinds, first, after
        )
        found.cases += len(rest)
        found.events += events
        for each in as_it_stands(cursor, rest, first, after, self.until) if rest else ():
            if self.offices is not None and each.office not in self.offices:
                continue
            for counts in (found.happened[each.rule], found.drafted[each.rule]):
                counts.opened += each.opened
                counts.due += each.due
                counts.kept += each.kept
                counts.lapsed += each.due - each.kept
                counts.released += each.released
            if each.due:
                found.weeks[each.office, each.week][0] += each.due
                found.weeks[each.office, each.week][1] += each.due
        return [*touched, *(each for each in batch if each in self.turns)]

    def _fold(
        self, found: Simulated, threads: Mapping[UUID, list[Event]], table: Mapping[UUID, Duty]
    ) -> None:
        """Count cases as they stand in the table, and as they come out of the fold under the draft."""
        found.cases += len(threads)
        found.events += sum(map(len, threads.values()))
        whole = {thread: self._with_turns(thread, held) for thread, held in threads.items()}
        drafted = fold_many(whole, self.book)
        for _ in range(_LAPSES):
            more = self._lapses(whole, drafted.values())
            if not more:
                break
            again = {thread: [*whole[thread], *held] for thread, held in more.items()}
            whole |= again
            drafted = {key: duty for key, duty in drafted.items() if duty.thread not in again}
            drafted |= fold_many(again, self.book)
        for duty in table.values():
            self._note(found, duty, found.happened, 0)
        for duty in drafted.values():
            self._note(found, duty, found.drafted, 1)

    def _with_turns(self, thread: UUID, held: list[Event]) -> list[Event]:
        known = {each.id for each in held}
        return [*held, *(each for each in self.turns.get(thread, ()) if each.id not in known)]

    def _lapses(
        self, whole: Mapping[UUID, Sequence[Event]], duties: Iterable[Duty]
    ) -> dict[UUID, list[Event]]:
        """Return the lapses that a sweep would have written at each deadline and that are not there."""
        found: dict[UUID, list[Event]] = {}
        for duty in duties:
            late = (
                duty.due_at is not None
                and duty.due_at <= self.until
                and duty.state in (OPEN, DISCHARGED, RELEASED)
            )
            if (
                not late
                or duty.lapsed_at
                or duty.due_at is None
                or (duty.closed_at and duty.closed_at < duty.due_at)
            ):
                continue
            # Beside the one that a sweep wrote, which may have come later.
            own = UUID(int=lapse_id(duty.id, duty.due_at).int ^ 1)
            if any(each.id == own for each in whole[duty.thread]):
                continue
            sides = {"debtor": (duty.owed_by,)} | (
                {"creditor": (duty.owed_to,)} if duty.owed_to[0].isdigit() else {}
            )
            event = Event(
                id=own,
                kind=LAPSE_KIND,
                thread=duty.thread,
                counts_at=duty.due_at,
                parties=sides,
                lines={each: self._line(each) for held in sides.values() for each in held},
                actor=duty.owed_by,
                clock={"duty": str(duty.id), "rule": duty.rule, "due_at": duty.due_at.isoformat()},
            )
            found.setdefault(duty.thread, []).append(event)
        return found

    def _line(self, office: str) -> Mapping[str, str]:
        if office not in self.lines:
            self.lines |= lines_of([office])
        return self.lines[office]

    def _note(self, found: Simulated, duty: Duty, counts: dict[str, Counts], place: int) -> None:
        office = duty.lapsed_by or duty.owed_by
        if duty.state == VOID or (self.offices is not None and office not in self.offices):
            return
        span, one = self.span, counts[duty.rule]
        one.opened += span.first_at <= duty.opened_at < span.after_at
        if duty.state == RELEASED:
            one.released += duty.closed_at is not None and span.first_at <= duty.closed_at < span.after_at
            return
        if duty.due_at is None or not span.first_at < duty.due_at <= self.until:
            return
        one.due += 1
        kept = duty.state == DISCHARGED and duty.closed_at is not None and duty.closed_at < duty.due_at
        one.kept += kept
        one.lapsed += not kept
        day = (duty.due_at - timedelta(microseconds=1)).astimezone(SHANGHAI).date()
        found.weeks[office, (day - timedelta(days=day.weekday())).isoformat()][place] += 1


def _turns(draft: Pack, span: Span, until: datetime, offices: frozenset[str] | None) -> Iterator[Event]:
    """Yield the periods that the draft's rules wait for and that turned in the stretch, as a sweep would have said them."""
    periodic = [rule for rule in draft.rules.values() if rule.every]
    if not periodic:
        return
    with connection.cursor() as cursor:
        cursor.execute(_OPENED)
        opened = [row for row in cursor.fetchall() if offices is None or row[0] in offices]
    last = until.astimezone(SHANGHAI).date()
    known = lines_of(row[0] for row in opened)
    for office, level, opened_at in opened:
        kind = office.partition(":")[2] or "health"
        wanted = {
            (rule.every.period, rule.every.opens)
            for rule in periodic
            if rule.every and rule.every.concerns(level, kind) and draft.covers(office)
        }
        first = max(opened_at.astimezone(SHANGHAI).date(), span.first_on - timedelta(days=1))
        for unit, phase in sorted(wanted):
            for period, turned_on in periods_turned(unit, phase, first, last):
                yield Event(
                    id=turn_id(office, unit, phase, period),
                    kind=PERIOD_KIND,
                    thread=period_thread(office, period),
                    counts_at=datetime.combine(turned_on, time.min, SHANGHAI),
                    parties={"office": (office,)},
                    lines={office: known[office]},
                    actor=office,
                    clock={"unit": unit, "phase": phase, "period": period},
                )
