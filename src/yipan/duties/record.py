"""`record()`: the only writer. One event or thousands, one transaction, one order of locks.

1. The law is held still, and the permit is asked for each kind.
2. The threads are locked, in order of id.
3. What is already recorded under the same id is left alone: nothing enters twice.
4. Every draft is checked; if one has a fault nothing is written, and all faults are said.
5. The touched threads are folded, and what a late or corrected event undoes becomes an event too.
6. The heads of the acting organisation's chain are locked; the events are linked, sealed and written.
7. The duties are written as the fold has them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from django.db import connection, transaction

from yipan.duties import journal, settle
from yipan.duties.chain import Entry
from yipan.duties.draft import BY_CALENDAR, Checked, Draft, Draftsman, organisations_in, thread_of
from yipan.duties.effects import ENGINE_EFFECTS, apply_effects
from yipan.duties.faults import DraftFaultsError, EventIdTakenError, Fault, StaleCaseError, UnknownThreadError
from yipan.duties.lawbook import lawbook
from yipan.duties.naming import new_id
from yipan.law.deadline import SHANGHAI
from yipan.law.event import Event
from yipan.law.fold import OPEN, RECOMPUTED_KIND, RETRACTION_KIND, VOID, Duty
from yipan.law.rule import LAPSE_KIND
from yipan.offices.office import lines_of
from yipan.offices.permit import set_acting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime
    from uuid import UUID

    from django.db.backends.utils import CursorWrapper

    from yipan.law.kind import Kind
    from yipan.law.rulebook import Rulebook
    from yipan.offices.permit import Permit

#: What each level is called where a fault names it.
LEVEL_NAMES = {
    "village": "村（社区）", "township": "乡镇（街道）", "county": "县级", "city": "市级", "province": "省级", "nation": "国家",
}  # fmt: skip
#: The most events of one call: a longer transaction would lock clerks out.
BATCH = 2000


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """What `record()` did: the events written, those already there, the threads, and the duties it changed."""

    events: tuple[UUID, ...]
    already: tuple[UUID, ...]
    threads: tuple[UUID, ...]
    opened: int
    closed: int
    recomputed: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Recorded:
    """One entry as it was linked, for the room above that keeps tables in step: its kind and all that it says."""

    entry: Entry
    kind: Kind
    said: Mapping[str, object]
    #: Whether its thread was made by this call.
    fresh: bool


class Projecting(Protocol):
    """What a room above keeps in step with the journal, in the transaction of the verb."""

    handles: frozenset[str]

    def write(self, cursor: CursorWrapper, recorded: Sequence[Recorded], rulebook: Rulebook) -> None:
        """Write rows for what was recorded; an error undoes everything."""


@dataclass(kw_only=True)
class _Batch:
    """The work of one call, gathered step by step."""

    permit: Permit
    now: datetime
    rulebook: Rulebook
    counts_by: str
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
) -> Receipt:
    """Append events and do what the rules in force say, all or nothing.

    `also` keeps the tables of a room above in step; a kind that has an effect there is recorded through it alone.

    `as_of` says how many entries a thread had when the writer last looked at it. `rulebook` is said only by
    the adoption that begins an installation; everything else is recorded under what has been adopted. An
    adoption `changes_law`: it waits for those who are writing, and they for it.

    Raises:
        NotPermittedError, PermitExpiredError: the permit does not include it.
        DraftFaultsError: what is said cannot be recorded; every fault of every draft.
        EventIdTakenError: an id already belongs to another event.
        UnknownThreadError: the case is not there, or not for this office.
        StaleCaseError: somebody else wrote in the case since.
    """
    if len(drafts) > BATCH:
        message = f"record() takes at most {BATCH} events at a time"
        raise ValueError(message)
    now = clock()
    # As `permit.in_force` does, with the threads known only once the law has been read.
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        journal.lock_law(cursor, changing=changes_law)
        batch = _Batch(permit=permit, now=now, rulebook=rulebook or lawbook(), counts_by=counts_by)
        _place(batch, drafts)
        threads = sorted({thread for _, thread, _, _ in batch.drafts})
        set_acting(permit.organisation, permit.officer, threads)
        fresh = journal.lock_threads(cursor, threads)
        _leave_out_known(cursor, batch)
        old = [each for each in threads if each not in fresh]
        batch.history = journal.events_of(cursor, old)
        batch.before = settle.rows_of(cursor, old) if old else {}
        _refuse_strangers(batch, fresh, journal.seen_by(cursor, permit.organisation, old), as_of or {})
        checked = _check(cursor, batch)
        _refuse_back_door(checked, also)
        entries = _entries(cursor, batch, checked, fresh)
        changed = _settle(batch, entries)
        told = [_told(batch, each) for each in changed if each.told]
        linked = journal.append(cursor, permit.organisation, [*entries, *told])
        settle.write(cursor, changed)
        journal.grant_to_superiors(cursor, _escalated(batch.rulebook, changed))
        apply_effects(cursor, zip(linked, (each.kind for each in checked), strict=False))
        if also:
            also.write(cursor, _recorded(linked, checked, fresh), batch.rulebook)
    return Receipt(
        events=tuple(each.id for each in entries),
        already=tuple(batch.already),
        threads=tuple(threads),
        opened=sum(each.before is None for each in changed),
        closed=sum(each.before is not None and not each.told for each in changed),
        recomputed=len(told),
    )


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
        told = [_told(batch, each) for each in changed if each.told]
        journal.append(cursor, permit.organisation, told)
        settle.write(cursor, changed)
        journal.grant_to_superiors(cursor, _escalated(batch.rulebook, changed))
    return len(told)


def _place(batch: _Batch, drafts: Iterable[Draft]) -> None:
    """Give each draft an id and a thread."""
    faults = []
    for draft in drafts:
        event_id = draft.id or new_id(batch.now)
        day = (draft.at or batch.now).astimezone(SHANGHAI).date()
        kind = batch.rulebook.kind(draft.kind, day)
        batch.permit.require(kind.right, batch.now)
        thread = thread_of(draft, kind, batch.permit.organisation, event_id)
        if thread is None:
            faults.append(
                Fault(field="thread", zh="请写明是哪个案件。", en="Say which case this belongs to.")
            )
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
        if kind.begins_case or kind.thread != "case":
            begun.add(thread)
        elif draft.thread and thread not in begun and (thread in fresh or not history):
            raise UnknownThreadError(thread=thread)
        if history and thread not in seen:
            raise UnknownThreadError(thread=thread)
        if thread in as_of and as_of[thread] != len(history):
            raise StaleCaseError


def _check(cursor: CursorWrapper, batch: _Batch) -> list[Checked]:
    draftsman = Draftsman(batch.permit.organisation, _opened_among(cursor, batch), batch.now)
    checked: list[Checked] = []
    faults: list[Fault] = []
    history = {thread: list(events) for thread, events in batch.history.items()}
    for event_id, thread, draft, kind in batch.drafts:
        found = draftsman.check(draft, kind, history.get(thread, []))
        faults.extend(_correction_faults(draft, history.get(thread, []), batch.permit.organisation))
        if isinstance(found, Checked):
            checked.append(found)
            faults.extend(_part_faults(batch, thread, found))
            history.setdefault(thread, []).append(_as_event(batch, event_id, thread, found))
        else:
            faults.extend(found)
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


def _part_faults(batch: _Batch, thread: UUID, one: Checked) -> list[Fault]:
    """In a case that is under way, an office takes a part nobody has only to do what it owes there."""
    history = batch.history.get(thread, [])
    known = {role for event in history for role in event.parties}
    actor = one.draft.on_behalf_of or batch.permit.organisation
    taken = [role for role, held in one.parties.items() if actor in held and role not in known]
    if not history or not taken or one.kind.system:
        return []
    owed = [
        duty
        for duty in batch.before.values()
        if duty.thread == thread and duty.owed_by == actor and duty.state == OPEN
    ]
    day = batch.now.astimezone(SHANGHAI).date()
    fits = [
        rule.discharge for duty in owed for _, rule in batch.rulebook.holders(duty.rule) if rule.discharge
    ]
    if any(one.kind.name in discharge.kinds() for discharge in fits):
        return []
    if owed and one.kind.name not in batch.rulebook.discharging(day):
        return []
    title = one.kind.roles[taken[0]].title["zh"]
    zh, en = f"本机构在此案中没有{title}的职责。", f"This office owes nothing here as {taken[0]}."
    return [Fault(field=taken[0], zh=zh, en=en)]


def _level_faults(one: Checked, lines: Mapping[str, Mapping[str, str]]) -> list[Fault]:
    """Return who plays a part that the kind keeps for offices of another level."""
    return [
        Fault(
            field=role.name,
            zh=f"“{role.title['zh']}”应当是{'、'.join(LEVEL_NAMES[level] for level in role.levels)}机构，{own}不是。",
            en=f"{role.name} is an office at the level of {' or '.join(role.levels)}; {own} is not.",
        )
        for role in one.kind.roles.values()
        for own in one.parties.get(role.name, ())
        if role.levels and not any(lines[own].get(level) == own for level in role.levels)
    ]


def _correction_faults(draft: Draft, history: Sequence[Event], own: str) -> list[Fault]:
    """Return why a correction cannot be: its maker alone corrects an entry, in kind or by withdrawing it."""
    if draft.corrects is None:
        return []
    target = next((event for event in history if event.id == draft.corrects), None)
    if target is None:
        return [
            Fault(
                field="corrects",
                zh="案件中没有要更正的这条记录。",
                en="The case has no such entry to correct.",
            )
        ]
    actor = draft.on_behalf_of or own
    if draft.kind not in (target.kind, RETRACTION_KIND) or actor != target.actor:
        zh, en = (
            "只能由原记录机构以同种记录更正，或者撤回。",
            "Only the office that made an entry corrects it, in kind, or withdraws it.",
        )
        return [Fault(field="corrects", zh=zh, en=en)]
    return []


def _refuse_back_door(checked: Iterable[Checked], also: Projecting | None) -> None:
    """Refuse to record what somebody's tables depend on without those tables."""
    handled = ENGINE_EFFECTS | (also.handles if also else frozenset())
    for one in checked:
        if one.kind.effect and one.kind.effect not in handled:
            message = f"{one.kind.name} is recorded through the verb of the room that keeps {one.kind.effect}"
            raise ValueError(message)


def _recorded(linked: Sequence[Entry], checked: Sequence[Checked], fresh: set[UUID]) -> list[Recorded]:
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
        for entry, one in zip(linked, checked, strict=False)
    ]


def _opened_among(cursor: CursorWrapper, batch: _Batch) -> frozenset[str]:
    """Return which organisations are on the system; asked only when a draft reaches somebody."""
    if not any(kind.reaches for _, _, _, kind in batch.drafts):
        return frozenset()
    said = {
        each
        for _, _, draft, _ in batch.drafts
        for value in draft.fields.values()
        for each in organisations_in(value)
    }
    known = {
        each
        for events in batch.history.values()
        for event in events
        for held in event.parties.values()
        for each in held
    }
    return journal.opened_offices(cursor, said | known)


def _entries(
    cursor: CursorWrapper, batch: _Batch, checked: Sequence[Checked], fresh: set[UUID]
) -> list[Entry]:
    mentioned = {each for one in checked for held in one.parties.values() for each in held}
    mentioned |= {one.draft.on_behalf_of for one in checked if one.draft.on_behalf_of} | {
        batch.permit.organisation
    }
    lines = lines_of(mentioned)
    faults = [fault for one in checked for fault in _level_faults(one, lines)]
    if faults:
        raise DraftFaultsError(faults)
    sealed = journal.Sealing(cursor)
    places = [(event_id, thread) for event_id, thread, _, _ in batch.drafts]
    needed: dict[UUID, set[str]] = {}
    for (_, thread), one in zip(places, checked, strict=True):
        needed.setdefault(thread, set()).update(one.facts)
    persons = {
        (thread, name): person
        for (_, thread), one in zip(places, checked, strict=True)
        for name, person in one.draft.persons.items()
        if name in one.facts
    }
    sealed.prepare(needed, fresh, persons)
    return [
        _entry(batch, event_id, thread, one, lines, sealed)
        for (event_id, thread), one in zip(places, checked, strict=True)
    ]


def _entry(
    batch: _Batch,
    event_id: UUID,
    thread: UUID,
    one: Checked,
    lines: Mapping[str, Mapping[str, str]],
    sealed: journal.Sealing,
) -> Entry:
    draft, own = one.draft, batch.permit.organisation
    counts_at, counts_by = _moment(batch, thread, draft)
    named = {each for held in one.parties.values() for each in held} | {own}
    seen_by = {own, *(each for role in one.kind.seen_by for each in one.parties.get(role, ()))}
    return Entry(
        id=event_id,
        kind=draft.kind,
        pack=one.kind.pack,
        thread=thread,
        parties=one.parties,
        lines={each: lines[each] for each in sorted(named)},
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
        seen_by=tuple(sorted(seen_by)),
        payloads=sealed.seal(event_id, thread, one, own),
    )


def _moment(batch: _Batch, thread: UUID, draft: Draft) -> tuple[datetime, str]:
    """Return the moment that counts and what makes it count. A correction keeps the moment of what it corrects."""
    if draft.evidence == BY_CALENDAR:
        return draft.at or batch.now, BY_CALENDAR
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
    return settle.changes(batch.before, after, new)


def _escalated(rulebook: Rulebook, changed: Iterable[settle.Change]) -> list[Duty]:
    """Return the new duties that somebody else's lapse opened: with them a superior comes into the case."""
    new = [each.after for each in changed if each.before is None and each.after.state != VOID]
    return [duty for duty in new if any(rule.on_lapse_only for _, rule in rulebook.holders(duty.rule))]


def _told(batch: _Batch, change: settle.Change) -> Entry:
    """Return the event that says what a late or corrected event undid."""
    duty, before = change.after, change.before or change.after
    parties = {"debtor": (duty.owed_by,)} | (
        {"creditor": (duty.owed_to,)} if duty.owed_to[0].isdigit() else {}
    )
    seen_by = {batch.permit.organisation, duty.owed_by}
    return Entry(
        id=new_id(batch.now),
        kind=RECOMPUTED_KIND,
        pack=batch.rulebook.kind(RECOMPUTED_KIND, batch.now.astimezone(SHANGHAI).date()).pack,
        thread=duty.thread,
        parties=parties,
        lines={},
        recorded_by=batch.permit.organisation,
        officer=batch.permit.officer,
        on_behalf_of="",
        happened_at=batch.now,
        recorded_at=batch.now,
        counts_at=batch.now,
        counts_by="recording",
        clock={
            "duty": str(duty.id),
            "rule": duty.rule,
            "was": settle.describe(before),
            "now": settle.describe(duty),
        },
        follows=(),
        corrects=None,
        seen_by=tuple(sorted(seen_by)),
    )


def lapse_draft(duty: Duty, event_id: UUID) -> Draft:
    """Return the draft by which the sweep says that a duty passed its deadline."""
    fields: dict[str, object] = {
        "debtor": duty.owed_by,
        "duty": str(duty.id),
        "rule": duty.rule,
        "due_at": duty.due_at.isoformat() if duty.due_at else "",
    }
    if duty.owed_to[0].isdigit():
        fields["creditor"] = duty.owed_to
    return Draft(kind=LAPSE_KIND, id=event_id, thread=duty.thread, fields=fields)
