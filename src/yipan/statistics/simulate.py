"""A law tried out before it is law: the journal folded again under a draft, beside what happened.

It is the same fold and the same clocks that write the duties: only the rulebook is another. What a sweep would have written
under the draft (periods that turn, deadlines that pass) is said for it here. Nothing is recorded, and nobody is named:
what comes out are counts by rule, and by office and week.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any, ClassVar, Final
from uuid import UUID

from django.db import connection, transaction

from yipan.database import rule_packs
from yipan.duties import journal, settle
from yipan.duties.adopting import UnknownPackError, packs_on_disk
from yipan.duties.lawbook import lawbook
from yipan.duties.naming import lapse_id, period_thread, turn_id
from yipan.duties.sweep import periods_turned
from yipan.errors import FaultsFoundError, YipanError
from yipan.law.check import check_packs
from yipan.law.counting import Promptly, Within, parse_within
from yipan.law.deadline import SHANGHAI
from yipan.law.event import Event
from yipan.law.fold import DISCHARGED, OPEN, RELEASED, VOID, Duty
from yipan.law.folding import fold_many
from yipan.law.pack import Pack, read_bundle, read_pack
from yipan.law.reading import Faults
from yipan.law.rule import LAPSE_KIND, PERIOD_KIND, Cite, Version
from yipan.law.rulebook import Adoption, Rulebook
from yipan.offices.office import lines_of
from yipan.offices.permit import set_acting
from yipan.statistics.caselist import Cases, cases_in
from yipan.statistics.store import folder
from yipan.statistics.touched import as_it_stands, kinds_touched, split

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from django.db.backends.utils import CursorWrapper

    from yipan.offices.permit import Permit
    from yipan.statistics.periods import Span

#: Cases folded at a time; what was counted is kept after so many seconds, so that a stop loses no more than these.
_AT_ONCE: Final = 500
_KEPT_EACH: Final = 5.0
#: A lapse may open a duty that lapses: so often in a row at most.
_LAPSES: Final = 6
_SEEN: Final = (
    "SELECT thread_id FROM duties_duty WHERE opened_at < %(after)s UNION"
    " SELECT thread_id FROM duties_event WHERE counts_at >= %(first)s AND counts_at < %(after)s"
)
_OPENED: Final = (
    "SELECT opened.organisation, office.level, opened.opened_at FROM duties_openedoffice opened"
    " JOIN offices_organisation office ON office.id = opened.organisation WHERE opened.closed_at IS NULL ORDER BY 1"
)


class NoClockError(YipanError):
    """What was written is no period of a rule."""

    code: ClassVar[str] = "no-clock"
    exit_code: ClassVar[int] = 2
    sentence: ClassVar[dict[str, str]] = {
        "zh": "“{within}”不是期限。",
        "en": "{within!r} is no period of a rule.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "请写成 10 working_days、15 days 或者 2 months。",
        "en": "Write 10 working_days, 15 days or 2 months.",
    }


@dataclass(kw_only=True)
class Counts:
    """What came of the duties of one rule: opened in the stretch, due in it, kept, lapsed, released."""

    opened: int = 0
    due: int = 0
    kept: int = 0
    lapsed: int = 0
    released: int = 0


@dataclass(kw_only=True)
class Simulated:
    """What happened beside what would have: by rule, and by office and week the duties that fall due."""

    happened: dict[str, Counts] = field(default_factory=lambda: defaultdict(Counts))
    drafted: dict[str, Counts] = field(default_factory=lambda: defaultdict(Counts))
    #: By office and the Monday of the week: due as it happened, and under the draft.
    weeks: dict[tuple[str, str], list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0]))
    cases: int = 0
    events: int = 0

    def rules(self) -> list[str]:
        """Return the rules whose counts differ first, then the others."""
        every = self.happened.keys() | self.drafted.keys()
        return sorted(every, key=lambda rule: (self.happened.get(rule) == self.drafted.get(rule), rule))


# ---------------------------------------------------------------------------------------------- the draft


def draft_pack(name: str) -> Pack:
    """Return a draft: the pack in a folder, or one by name among those on disk.

    Raises:
        UnknownPackError: there is none.
        FaultsFoundError: all that is wrong with it, beside the packs that are adopted.
    """
    path = Path(name)
    if (path / "pack.yaml").is_file():
        faults = Faults()
        pack = read_pack(read_bundle(path), where=path.name, faults=faults)
        others = [each for each in packs_on_disk(rule_packs()) if each.name != pack.name]
        if not faults.lines:
            check_packs([*others, pack], faults)
        if faults.lines:
            raise FaultsFoundError(faults.lines)
        return pack
    found = next((each for each in packs_on_disk(rule_packs()) if each.name == name), None)
    if found is None:
        raise UnknownPackError(pack=name)
    return found


def with_clock(rule_id: str, within: str, from_on: date) -> Pack:
    """Return the adopted pack of a rule as a draft in which its period is another from a day on.

    Raises:
        UnknownRuleError: no adopted pack has the rule.
        NoClockError: the period cannot be read.
    """
    try:
        clock: Within = parse_within(within)
    except ValueError as error:
        raise NoClockError(within=within) from error
    if isinstance(clock, Promptly) and clock.standard is None:
        raise NoClockError(within=within)
    pack, rule = lawbook().holders(rule_id)[-1]
    version = Version(
        from_on=from_on, within=clock, by_field="", by_value={}, rolls=True, cite=Cite(set_by="deployment")
    )
    earlier = tuple(each for each in rule.versions if each.from_on < from_on)
    drafted = replace(rule, versions=(*earlier, version))
    bundle = {**pack.bundle, f"draft:{rule_id}": f"{from_on} {within}"}
    return replace(pack, rules={**pack.rules, rule_id: drafted}, bundle=bundle)


def drafted_book(draft: Pack, from_on: date) -> Rulebook:
    """Return the law as it is adopted here, with the draft in force from a day on."""
    return Rulebook([*lawbook().adoptions(), Adoption(pack=draft, effective_on=from_on)])


# ------------------------------------------------------------------------------------------- the simulation


@dataclass(kw_only=True)
class _Run:
    """One simulation under way."""

    span: Span
    book: Rulebook
    until: datetime
    #: The offices whose duties are counted; None: of all.
    offices: frozenset[str] | None
    found: Simulated
    turns: dict[UUID, list[Event]]
    #: Of which a case has one where the draft may change something; None: any may be.
    kinds: frozenset[str] | None
    lines: dict[str, Mapping[str, str]] = field(default_factory=dict)


def simulate(
    draft: Pack,
    span: Span,
    now: datetime,
    *,
    permit: Permit | None = None,
    say: Callable[[str], None] | None = None,
    at_most: int = 0,
) -> Simulated:
    """Replay the cases of a stretch under a draft, and return it beside what happened.

    Without a permit the whole installation is replayed, by whoever has the machine, as `replay --check` does; with one,
    what its organisation and those below it owe. Stopped and begun again with the same words it goes on where it was.
    `at_most`: so many cases and no more (0: all).

    Raises:
        NotPermittedError: the post does not include reading duties.
    """
    if permit:
        permit.require("read-duties", now)
    threads = _threads(span, permit)
    if at_most:
        threads = threads.first(at_most)
    run = _begin(draft, span, now, permit)
    kept = _Kept(folder() / "simulations", draft, span, permit, len(threads))
    done, kept_at = kept.read(run.found), monotonic()
    for start in range(done, len(threads), _AT_ONCE):
        _count_batch(run, threads.part(start, start + _AT_ONCE))
        if say:
            say(f"{min(start + _AT_ONCE, len(threads))}/{len(threads)} cases, {run.found.events} events")
        if monotonic() - kept_at >= _KEPT_EACH:
            kept.write(run.found, start + _AT_ONCE)
            kept_at = monotonic()
    # Periodic business of offices that have none yet in the journal.
    for thread in sorted(each for each in run.turns if each not in threads):
        _count(run, {thread: []}, {})
    kept.forget()
    return run.found


def _begin(draft: Pack, span: Span, now: datetime, permit: Permit | None) -> _Run:
    offices = None
    if permit:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT organisation_id FROM offices_line WHERE superior_id = %s", [permit.organisation]
            )
            offices = frozenset(row[0] for row in cursor.fetchall())
    book, until = drafted_book(draft, span.first_on), min(span.after_at, now)
    turns: dict[UUID, list[Event]] = defaultdict(list)
    for event in _turns(draft, span, until, offices):
        turns[event.thread].append(event)
    kinds = kinds_touched(draft, [each.pack for each in lawbook().adoptions()])
    return _Run(
        span=span, book=book, until=until, offices=offices, found=Simulated(), turns=dict(turns), kinds=kinds
    )


def _threads(span: Span, permit: Permit | None) -> Cases:
    """Return the cases to replay, in order of id."""
    if permit is None:
        with transaction.atomic(), connection.cursor() as cursor:
            return cases_in(cursor, "SELECT id FROM duties_thread", {})
    with permit.in_force(), connection.cursor() as cursor:
        return cases_in(cursor, _SEEN, {"first": span.first_at, "after": span.after_at})


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


def _count_batch(run: _Run, batch: Sequence[UUID]) -> None:
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        # As a replay does: the law reads the clock rows of these cases, and no payload.
        set_acting("", "simulate", batch)
        if run.kinds is not None:
            batch = _count_untouched(run, cursor, batch, run.kinds)
        table = settle.rows_of(cursor, batch)
        events = journal.events_of(cursor, batch)
    live = {
        thread: held
        for thread, held in events.items()
        if thread in run.turns
        or any(run.span.first_at <= each.counts_at < run.span.after_at for each in held)
    }
    _count(run, live, {key: duty for key, duty in table.items() if duty.thread in live})


def _count_untouched(
    run: _Run, cursor: CursorWrapper, batch: Sequence[UUID], kinds: frozenset[str]
) -> list[UUID]:
    """Count the cases that the draft cannot touch as they stand, on both sides; return the others."""
    first, after = run.span.first_at, run.span.after_at
    touched, rest, events = split(
        cursor, [each for each in batch if each not in run.turns], kinds, first, after
    )
    run.found.cases += len(rest)
    run.found.events += events
    for each in as_it_stands(cursor, rest, first, after, run.until) if rest else ():
        if run.offices is not None and each.office not in run.offices:
            continue
        for counts in (run.found.happened[each.rule], run.found.drafted[each.rule]):
            counts.opened += each.opened
            counts.due += each.due
            counts.kept += each.kept
            counts.lapsed += each.due - each.kept
            counts.released += each.released
        if each.due:
            run.found.weeks[each.office, each.week][0] += each.due
            run.found.weeks[each.office, each.week][1] += each.due
    return [*touched, *(each for each in batch if each in run.turns)]


def _count(run: _Run, threads: Mapping[UUID, list[Event]], table: Mapping[UUID, Duty]) -> None:
    run.found.cases += len(threads)
    run.found.events += sum(map(len, threads.values()))
    whole = {thread: _with_turns(run, thread, held) for thread, held in threads.items()}
    drafted = fold_many(whole, run.book)
    for _ in range(_LAPSES):
        more = _lapses(run, whole, drafted.values())
        if not more:
            break
        again = {thread: [*whole[thread], *held] for thread, held in more.items()}
        whole |= again
        drafted = {key: duty for key, duty in drafted.items() if duty.thread not in again}
        drafted |= fold_many(again, run.book)
    for duty in table.values():
        _note(run, duty, run.found.happened, 0)
    for duty in drafted.values():
        _note(run, duty, run.found.drafted, 1)


def _with_turns(run: _Run, thread: UUID, held: list[Event]) -> list[Event]:
    known = {each.id for each in held}
    return [*held, *(each for each in run.turns.get(thread, ()) if each.id not in known)]


def _lapses(
    run: _Run, whole: Mapping[UUID, Sequence[Event]], duties: Iterable[Duty]
) -> dict[UUID, list[Event]]:
    """Return the lapses that a sweep would have written at each deadline and that are not there."""
    found: dict[UUID, list[Event]] = {}
    for duty in duties:
        late = (
            duty.due_at is not None
            and duty.due_at <= run.until
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
            lines={each: _line(run, each) for held in sides.values() for each in held},
            actor=duty.owed_by,
            clock={"duty": str(duty.id), "rule": duty.rule, "due_at": duty.due_at.isoformat()},
        )
        found.setdefault(duty.thread, []).append(event)
    return found


def _line(run: _Run, office: str) -> Mapping[str, str]:
    if office not in run.lines:
        run.lines |= lines_of([office])
    return run.lines[office]


def _note(run: _Run, duty: Duty, counts: dict[str, Counts], place: int) -> None:
    office = duty.lapsed_by or duty.owed_by
    if duty.state == VOID or (run.offices is not None and office not in run.offices):
        return
    span, one = run.span, counts[duty.rule]
    one.opened += span.first_at <= duty.opened_at < span.after_at
    if duty.state == RELEASED:
        one.released += duty.closed_at is not None and span.first_at <= duty.closed_at < span.after_at
        return
    if duty.due_at is None or not span.first_at < duty.due_at <= run.until:
        return
    one.due += 1
    kept = duty.state == DISCHARGED and duty.closed_at is not None and duty.closed_at < duty.due_at
    one.kept += kept
    one.lapsed += not kept
    day = (duty.due_at - timedelta(microseconds=1)).astimezone(SHANGHAI).date()
    run.found.weeks[office, (day - timedelta(days=day.weekday())).isoformat()][place] += 1


class _Kept:
    """What was counted so far, in a file: a run that was stopped goes on from there."""

    def __init__(self, at: Path, draft: Pack, span: Span, permit: Permit | None, threads: int) -> None:
        at.mkdir(mode=0o700, exist_ok=True)
        words = [draft.digest, str(span), permit.organisation if permit else "", str(threads)]
        words += [each.pack.digest for each in lawbook().adoptions()]
        self._path = at / f"{hashlib.sha256(json.dumps(words).encode()).hexdigest()[:32]}.json"

    def read(self, found: Simulated) -> int:
        """Fill in what was counted, and return how many cases that were."""
        try:
            said: dict[str, Any] = json.loads(self._path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return 0
        for name in ("happened", "drafted"):
            getattr(found, name).update({rule: Counts(**each) for rule, each in said[name].items()})
        for office, week, before, after in said["weeks"]:
            found.weeks[office, week] = [before, after]
        found.cases, found.events = said["cases"], said["events"]
        return int(said["done"])

    def write(self, found: Simulated, done: int) -> None:
        """Keep what was counted."""
        said = {
            "done": done, "cases": found.cases, "events": found.events,
            "happened": {rule: vars(each) for rule, each in found.happened.items()},
            "drafted": {rule: vars(each) for rule, each in found.drafted.items()},
            "weeks": [[*key, *counts] for key, counts in found.weeks.items()],
        }  # fmt: skip
        new = self._path.with_suffix(".new")
        new.write_text(json.dumps(said), encoding="utf-8")
        new.replace(self._path)

    def forget(self) -> None:
        """Leave nothing behind: the run is over."""
        self._path.unlink(missing_ok=True)
