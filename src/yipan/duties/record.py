"""`record()`: the only writer. One event or thousands, one transaction, one order of locks.

1. The law is held still, and the permit is asked for each kind.
2. The threads are locked, in order of id.
3. What is already recorded under the same id is left alone: nothing enters twice.
4. Every draft is checked; if one has a fault nothing is written, and all faults are said.
5. The touched threads are folded, and what a late or corrected event undoes becomes an event too.
6. The duties are written as the fold has them.
7. The head of the acting organisation's chain is locked, last and shortest; the events are linked and written.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from operator import attrgetter
from typing import TYPE_CHECKING, Final

from django.db import OperationalError, connection, transaction
from psycopg.errors import DeadlockDetected

from yipan.duties import journal, settle, travelling
from yipan.duties.chain import Entry
from yipan.duties.draft import (
    BY_CALENDAR,
    BY_DECISION,
    Checked,
    Draft,
    Draftsman,
    organisations_in,
    thread_of,
)
from yipan.duties.effects import ENGINE_EFFECTS, apply_effects
from yipan.duties.faults import DraftFaultsError, EventIdTakenError, Fault, StaleCaseError, UnknownThreadError
from yipan.duties.lawbook import lawbook, lawbook_and_offices
from yipan.duties.naming import new_id
from yipan.duties.projecting import Projecting, Recorded, Written
from yipan.duties.published import PUBLIC, undoes_public
from yipan.duties.refusing import (
    agreement_faults,
    correction_faults,
    level_faults,
    missing_faults,
    part_faults,
    refuse_back_door,
)
from yipan.duties.undone import told
from yipan.law.agreeing import Wordings
from yipan.law.deadline import SHANGHAI
from yipan.law.event import Event
from yipan.law.fold import DISCHARGED, OPEN, VOID, Duty
from yipan.law.succession import SUCCESSION_KIND, Standing, Succession
from yipan.law.wording import SAID as WORDING
from yipan.offices.office import lines_of
from yipan.offices.permit import set_acting
from yipan.offices.succession import refuse_ended, standing_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime
    from uuid import UUID

    from django.db.backends.utils import CursorWrapper

    from yipan.law.kind import Kind
    from yipan.law.rulebook import Rulebook
    from yipan.offices.permit import Permit

#: The most events of one call: a longer transaction would lock clerks out.
BATCH = 2000
#: How often a call that the server undid because of a deadlock goes again.
_TRIES: Final = 3


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """What `record()` did: the events written, those already there, the threads, and the duties it changed."""

    events: tuple[UUID, ...]
    already: tuple[UUID, ...]
    threads: tuple[UUID, ...]
    opened: int
    closed: int
    recomputed: int


@dataclass(kw_only=True)
class _Batch:
    """The work of one call, gathered step by step."""

    permit: Permit
    now: datetime
    rulebook: Rulebook
    counts_by: str
    #: Whether anybody was ever renamed or succeeded: else nobody asks in whose place anybody stands.
    reorganised: bool = True
    #: Whether another installation says it, which has looked at who plays which part.
    from_node: bool = False
    drafts: list[tuple[UUID, UUID, Draft, Kind]] = field(default_factory=list)
    already: list[UUID] = field(default_factory=list)
    history: dict[UUID, list[Event]] = field(default_factory=dict)
    before: dict[UUID, Duty] = field(default_factory=dict)


def record(  # noqa: PLR0913  # the last two are said by an adoption alone
    drafts: Sequence[Draft],
    *,
    permit: Permit,
    clock: Callable[[], datetime],
    counts_by: str = "recording",
    as_of: Mapping[UUID, int] | None = None,
    rulebook: Rulebook | None = None,
    changes_law: bool = False,
    also: Projecting | None = None,
    from_node: bool = False,
) -> Receipt:
    """Append events and do what the rules in force say, all or nothing.

    `also` keeps the tables of a room above in step; a kind that has an effect there is recorded through it alone.
    `as_of` says how many entries a thread had when the writer last looked at it. `rulebook` is said only by the adoption
    that begins an installation. What `changes_law` (an adoption, a succession) waits for writers, and they for it.
    `from_node`: an office of another installation says it there; here a case begins with the first that reaches us.

    Raises:
        NotPermittedError, PermitExpiredError: the permit does not include it.
        DraftFaultsError: what is said cannot be recorded; every fault of every draft.
        EventIdTakenError: an id already belongs to another event.
        UnknownThreadError, StaleCaseError: the case is not there, or not for this office; or somebody wrote in it since.
        OfficeEndedError: another office goes on in the place of the acting one.
    """
    if len(drafts) > BATCH:
        message = f"record() takes at most {BATCH} events at a time"
        raise ValueError(message)
    for tried in range(_TRIES):
        now = clock()
        try:
            # As `permit.in_force` does, with the threads known only once the law has been read.
            with transaction.atomic(durable=True), connection.cursor() as cursor:
                journal.lock_law(cursor, changing=changes_law)
                batch = _begin(permit, now, rulebook, counts_by)
                batch.from_node = from_node
                return _write(cursor, batch, drafts, as_of or {}, also)
        except OperationalError as error:
            # Two writers each had a row that the other wanted: the server undid one of them, and it goes again.
            if tried + 1 == _TRIES or not isinstance(error.__cause__, DeadlockDetected):
                raise
    raise AssertionError  # the last try returns or raises


def _write(
    cursor: CursorWrapper,
    batch: _Batch,
    drafts: Sequence[Draft],
    as_of: Mapping[UUID, int],
    also: Projecting | None,
) -> Receipt:
    permit = batch.permit
    _place(batch, drafts)
    threads = sorted({thread for _, thread, _, _ in batch.drafts}, key=attrgetter("int"))
    set_acting(permit.organisation, permit.officer, threads)
    fresh = journal.lock_threads(cursor, threads)
    _leave_out_known(cursor, batch)
    old = [each for each in threads if each not in fresh]
    batch.history = journal.events_of(cursor, old)
    batch.before = settle.rows_of(cursor, old) if old else {}
    _refuse_strangers(batch, fresh, journal.seen_by(cursor, permit.organisation, old), as_of)
    checked = _check(cursor, batch)
    refuse_back_door(checked, ENGINE_EFFECTS | (also.handles if also else frozenset()))
    entries = _entries(cursor, batch, checked, fresh)
    changed = _settle(batch, entries)
    undone = [told(permit, batch.rulebook, batch.now, each) for each in changed if each.told]
    settle.write(cursor, changed)
    journal.grant_to_superiors(cursor, _escalated(batch.rulebook, changed))
    opened = sum(each.before is None for each in changed)
    said = _recorded(entries, checked, fresh) if also else []
    if also:
        also.draw_new(cursor, said)
    linked = journal.append(cursor, permit.organisation, [*entries, *undone])
    apply_effects(cursor, zip(linked, (each.kind for each in checked), strict=False))
    travelling.tell(cursor, entries, changed, batch.rulebook)
    if also:
        also.write(cursor, Written(recorded=said, opened=opened, rulebook=batch.rulebook))
    return Receipt(
        events=tuple(each.id for each in entries),
        already=tuple(batch.already),
        threads=tuple(threads),
        opened=opened,
        closed=sum(each.before is not None and not each.told for each in changed),
        recomputed=len(undone),
    )


def _begin(permit: Permit, now: datetime, rulebook: Rulebook | None, counts_by: str) -> _Batch:
    book, reorganised = (rulebook, True) if rulebook else lawbook_and_offices()
    return _Batch(permit=permit, now=now, rulebook=book, counts_by=counts_by, reorganised=reorganised)


def resettle(threads: Sequence[UUID], *, permit: Permit, now: datetime) -> int:
    """Fold threads again under the law as it is now, write what changed, and return how much was told.

    Only a change of the law asks for this: everything else changes duties by an event.
    """
    with permit.in_force(threads), connection.cursor() as cursor:
        journal.lock_law(cursor, changing=False)
        batch = _Batch(permit=permit, now=now, rulebook=lawbook(), counts_by="recording")
        journal.lock_threads(cursor, sorted(threads))
        batch.history = journal.events_of(cursor, threads)
        batch.before = settle.rows_of(cursor, threads)
        changed = _settle(batch, ())
        undone = [told(permit, batch.rulebook, batch.now, each) for each in changed if each.told]
        journal.append(cursor, permit.organisation, undone)
        settle.write(cursor, changed)
        journal.grant_to_superiors(cursor, _escalated(batch.rulebook, changed))
    return len(undone)


def _place(batch: _Batch, drafts: Iterable[Draft]) -> None:
    """Give each draft an id and a thread."""
    faults = []
    kinds: dict[tuple[str, datetime | None], Kind] = {}
    for draft in drafts:
        event_id = draft.id or new_id(batch.now)
        if (kind := kinds.get((draft.kind, draft.at))) is None:
            day = (draft.at or batch.now).astimezone(SHANGHAI).date()
            kind = kinds[draft.kind, draft.at] = batch.rulebook.kind(draft.kind, day)
            batch.permit.require(kind.right, batch.now)
            batch.permit.require_kind(draft.kind)
        thread = thread_of(draft, kind, batch.permit.organisation, event_id)
        if thread is None:
            zh, en = "请写明是哪个案件。", "Say which case this belongs to."
            faults.append(Fault(field="thread", zh=zh, en=en, draft=draft.id))
        else:
            batch.drafts.append((event_id, thread, draft, kind))
    if faults:
        raise DraftFaultsError(faults)


def _leave_out_known(cursor: CursorWrapper, batch: _Batch) -> None:
    """Leave out events that are already there; refuse an id that another event bears."""
    known = journal.known(cursor, [event_id for event_id, _, draft, _ in batch.drafts if draft.id])
    kept, seen = [], set()
    for event_id, thread, draft, kind in batch.drafts:
        if event_id in seen:
            batch.already.append(event_id)
            continue
        seen.add(event_id)
        if event_id not in known:
            kept.append((event_id, thread, draft, kind))
        elif known[event_id] == (draft.kind, thread, batch.permit.organisation):
            batch.already.append(event_id)
        else:
            raise EventIdTakenError(id=event_id)
    batch.drafts = kept


def _refuse_strangers(batch: _Batch, fresh: set[UUID], seen: set[UUID], as_of: Mapping[UUID, int]) -> None:
    """Refuse a thread that does not exist yet but was named, one this office is no party to, and a stale view."""
    begun: set[UUID] = set()
    for _, thread, draft, kind in batch.drafts:
        history = batch.history.get(thread, [])
        if kind.begins_case or kind.thread != "case" or (batch.from_node and thread in fresh):
            begun.add(thread)
        elif draft.thread and thread not in begun and (thread in fresh or not history):
            raise UnknownThreadError(thread=thread)
        # An office may be owed something in a case of which it sees nothing yet: that too goes over.
        strange = history and thread not in seen and draft.kind != SUCCESSION_KIND
        if strange and not _is_owed_by(batch, draft, kind, thread):
            raise UnknownThreadError(thread=thread)
        if thread in as_of and as_of[thread] != len(history):
            raise StaleCaseError


def _is_owed_by(batch: _Batch, draft: Draft, kind: Kind, thread: UUID) -> bool:
    """Tell whether a draft says for another office what that one owes this one in a period: what came on paper."""
    own = batch.permit.organisation
    return kind.thread == "period" and any(
        duty.thread == thread and (duty.owed_by, duty.owed_to) == (draft.on_behalf_of, own)
        for duty in batch.before.values()
        if duty.state in (OPEN, DISCHARGED)
    )


def _check(cursor: CursorWrapper, batch: _Batch) -> list[Checked]:
    own, day = batch.permit.organisation, batch.now.astimezone(SHANGHAI).date()
    opened, standing = _opened_among(cursor, batch), _standing(batch)
    draftsman = Draftsman(own, opened, batch.now, standing, from_node=batch.from_node)
    checked: list[Checked] = []
    faults: list[Fault] = []
    history = {thread: list(events) for thread, events in batch.history.items()}
    together = Counter(thread for _, thread, _, _ in batch.drafts)
    wordings = Wordings(batch.rulebook, day)
    for event_id, thread, draft, kind in batch.drafts:
        found = draftsman.check(draft, kind, history.get(thread, []))
        wrong = [*correction_faults(draft, history.get(thread, []), own, batch.rulebook, batch.now)]
        if isinstance(found, Checked):
            if said := wordings.agreed_to(kind, found.clock):
                found = replace(found, clock={**found.clock, WORDING: said})
            # What has happened on paper is written down, right or wrong; what is to go now does not go.
            if kind.needs_consent and not draft.corrects and (draft.at is None or batch.from_node):
                wrong += agreement_faults(found, history.get(thread, []), batch.rulebook)
            checked.append(found)
            actor = draft.on_behalf_of or batch.permit.organisation
            owed = _duties_in(thread, batch)
            known = batch.history.get(thread, [])
            if not batch.from_node:
                wrong += part_faults(found, actor, known, owed, batch.rulebook, day)
                wrong += missing_faults(found)
            if together[thread] > 1:
                history.setdefault(thread, []).append(_as_event(batch, event_id, thread, found))
        else:
            wrong += found
        faults += Fault.of(draft.id, wrong)
    if faults:
        raise DraftFaultsError(faults)
    return checked


def _as_event(batch: _Batch, event_id: UUID, thread: UUID, one: Checked) -> Event:
    """Return a checked draft as those after it in the batch see it."""
    return Event(
        id=event_id,
        kind=one.kind.name,
        thread=thread,
        counts_at=one.draft.at or batch.now,
        parties=one.parties,
        actor=one.draft.on_behalf_of or batch.permit.organisation,
        clock=one.clock,
        corrects=one.draft.corrects,
    )


def _recorded(entries: Sequence[Entry], checked: Sequence[Checked], fresh: set[UUID]) -> list[Recorded]:
    return [
        Recorded(
            entry=entry,
            kind=one.kind,
            said={
                **one.clock,
                **{name: value for facts in one.facts.values() for name, value in facts.items()},
            },
            fresh=entry.thread in fresh,
        )
        for entry, one in zip(entries, checked, strict=True)
    ]


def _duties_in(thread: UUID, batch: _Batch) -> Iterator[Duty]:
    """Yield the duties of a case; looked through only where somebody takes a part nobody has."""
    return (duty for duty in batch.before.values() if duty.thread == thread)


def _standing(batch: _Batch) -> Standing:
    """Return who stands in whose place among all that the drafts and their cases name.

    Raises:
        OfficeEndedError: the acting office itself has ended; only what ends it is still written.
    """
    if not batch.reorganised:
        return Standing()
    own = batch.permit.organisation
    ids, steps = standing_of(_mentioned(batch) | {own})
    if any(old == own for old, _, _ in steps) and any(not kind.system for _, _, _, kind in batch.drafts):
        refuse_ended(own)
    successions = tuple(Succession(predecessor=old, successor=new, at=at) for old, new, at in steps)
    return Standing(ids=ids, successions=successions)


def _mentioned(batch: _Batch) -> set[str]:
    """Return every organisation that the drafts may name and their cases know."""
    said = {
        each
        for _, _, draft, kind in batch.drafts
        for name in kind.roles.keys() & draft.fields.keys()
        for each in organisations_in(draft.fields[name])
    }
    behalf = {draft.on_behalf_of for _, _, draft, _ in batch.drafts if draft.on_behalf_of}
    known = {
        each
        for events in batch.history.values()
        for event in events
        for held in event.parties.values()
        for each in held
    }
    return said | behalf | known


def _opened_among(cursor: CursorWrapper, batch: _Batch) -> frozenset[str]:
    """Return which organisations are on the system; asked only when a draft reaches somebody."""
    if not any(kind.reaches for _, _, _, kind in batch.drafts):
        return frozenset()
    return journal.opened_offices(cursor, _mentioned(batch))


def _entries(
    cursor: CursorWrapper, batch: _Batch, checked: Sequence[Checked], fresh: set[UUID]
) -> list[Entry]:
    # Drafts that say the same of the parties share one table of them.
    alike = {(id(one.kind), id(one.parties)): one for one in checked}
    mentioned = {each for one in alike.values() for held in one.parties.values() for each in held}
    mentioned |= {one.draft.on_behalf_of for one in checked if one.draft.on_behalf_of} | {
        batch.permit.organisation
    }
    lines = lines_of(mentioned)
    faults = [each for one in alike.values() for each in Fault.of(one.draft.id, level_faults(one, lines))]
    if faults:
        raise DraftFaultsError(faults)
    sealed = journal.Sealing(cursor)
    places = [(event_id, thread) for event_id, thread, _, _ in batch.drafts]
    needed: dict[UUID, dict[str, Kind]] = {}
    for (_, thread), one in zip(places, checked, strict=True):
        needed[thread] = dict.fromkeys(one.facts, one.kind) | needed.get(thread, {})
    persons = {
        (thread, name): person
        for (_, thread), one in zip(places, checked, strict=True)
        for name, person in one.draft.persons.items()
        if name in one.facts
    }
    sealed.prepare(needed, fresh, persons)
    sides = {key: _sides(one, batch.permit.organisation, lines) for key, one in alike.items()}
    return [
        _entry(batch, event_id, thread, one, sides[id(one.kind), id(one.parties)], sealed)
        for (event_id, thread), one in zip(places, checked, strict=True)
    ]


_Sides = tuple["dict[str, Mapping[str, str]]", tuple[str, ...]]


def _sides(one: Checked, own: str, lines: Mapping[str, Mapping[str, str]]) -> _Sides:
    """Return the offices above each that is named, and who sees the entry."""
    named = {each for held in one.parties.values() for each in held} | {own}
    seen_by = {own, *(each for role in one.kind.seen_by for each in one.parties.get(role, ()))}
    if one.kind.public:
        seen_by.add(PUBLIC)
    return {each: lines[each] for each in sorted(named)}, tuple(sorted(seen_by))


def _entry(
    batch: _Batch,
    event_id: UUID,
    thread: UUID,
    one: Checked,
    sides: _Sides,
    sealed: journal.Sealing,
) -> Entry:
    draft, own = one.draft, batch.permit.organisation
    counts_at, counts_by = _moment(batch, thread, draft)
    lines, seen_by = sides
    if undoes_public(draft.corrects, batch.history.get(thread, ()), batch.rulebook):
        seen_by = tuple(sorted({*seen_by, PUBLIC}))
    return Entry(
        id=event_id,
        kind=draft.kind,
        pack=one.kind.pack,
        thread=thread,
        parties=one.parties,
        lines=lines,
        recorded_by=own,
        officer=batch.permit.officer,
        on_behalf_of=draft.on_behalf_of,
        happened_at=counts_at,
        recorded_at=batch.now,
        counts_at=counts_at,
        counts_by=counts_by,
        clock=one.clock,
        follows=draft.follows,
        corrects=draft.corrects,
        seen_by=seen_by,
        payloads=sealed.seal(event_id, thread, one, own),
        persons=sealed.persons_of(thread, one),
    )


def _moment(batch: _Batch, thread: UUID, draft: Draft) -> tuple[datetime, str]:
    """Return the moment that counts and what makes it count. A correction keeps the moment of what it corrects."""
    if draft.evidence in (BY_CALENDAR, BY_DECISION):
        return draft.at or batch.now, draft.evidence
    if draft.evidence:
        return draft.at or batch.now, f"evidence:{draft.evidence}"
    if draft.corrects and not draft.at:
        for event in batch.history.get(thread, ()):
            if event.id == draft.corrects:
                return event.counts_at, f"correction:{event.id}"
    return draft.at or batch.now, batch.counts_by


def _settle(batch: _Batch, entries: Sequence[Entry]) -> list[settle.Change]:
    events = {thread: list(known) for thread, known in batch.history.items()}
    for entry in entries:
        events.setdefault(entry.thread, []).append(entry.event())
    after = settle.folded(events, batch.rulebook)
    new = frozenset(each.corrects or each.id for each in entries)
    inherited = frozenset(each.thread for each in entries if each.kind == SUCCESSION_KIND)
    return settle.changes(batch.before, after, new, inherited)


def _escalated(rulebook: Rulebook, changed: Iterable[settle.Change]) -> list[Duty]:
    """Return the new duties that somebody else's lapse opened: with them a superior comes into the case."""
    new = [each.after for each in changed if each.before is None and each.after.state != VOID]
    return [duty for duty in new if any(rule.on_lapse_only for _, rule in rulebook.holders(duty.rule))]
