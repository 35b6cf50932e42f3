"""The fold: duties as a pure function of a thread's set of events and of the rulebook.

Whatever the order in which events arrived, they are taken by (counts_at, what a kind follows, id) with
corrections substituted. What the law no longer opens, because its event was corrected away or its lapse never
was one, comes back as a void duty, so that nothing silently disappears.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, NamedTuple
from uuid import UUID, uuid5

from yipan.law.correction import substitute
from yipan.law.deadline import SHANGHAI
from yipan.law.keeping import ERASING_KINDS
from yipan.law.roles import OWED_ONLY, level_of, resolve
from yipan.law.rule import LAPSE_KIND, PERIOD_KIND, Rule, Trigger
from yipan.law.rulebook import Bound, NoRuleInForceError, Rulebook, UnknownKindError, UnknownRuleError
from yipan.law.succession import SUCCESSION_KIND, Heirs, successions_in

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date, datetime

    from yipan.law.event import Event

OPEN: Final = "open"
DISCHARGED: Final = "discharged"
RELEASED: Final = "released"
VOID: Final = "void"
#: Says that the journal's rules changed what was owed; tells, and changes nothing itself.
RECOMPUTED_KIND: Final = "duty.recomputed"

_NAMESPACE: Final = UUID("6f1c3c0e-5a55-5d0f-9b0e-0a1de0d07135")


@dataclass(frozen=True, kw_only=True, slots=True)
class Duty:
    """What one organisation owes another (or a person, or the public), by when, under which rule."""

    id: UUID
    thread: UUID
    rule: str
    rule_pack: str
    rule_version_on: date
    party_role: str
    party: str
    period: str
    opened_by: UUID
    opened_at: datetime
    owed_by: str
    owed_to: str
    clock_rule: str
    clock_pack: str
    clock_version_on: date
    within: str
    due_on: date | None
    due_at: datetime | None
    provisional: bool
    state: str
    closed_at: datetime | None = None
    closed_by: UUID | None = None
    lapsed_at: datetime | None = None
    #: Who owed it when its deadline passed: a successor does what is left, and the lapse stays where it was.
    lapsed_by: str = ""

    @property
    def in_time(self) -> bool | None:
        """Whether a discharged duty was so by its deadline; None while it is not discharged."""
        if self.state != DISCHARGED or self.closed_at is None:
            return None
        # due_at is the first moment that is late.
        return self.due_at is None or self.closed_at < self.due_at


@dataclass(kw_only=True, slots=True)
class _Running:
    """A duty while the events pass: its opening and what has been done towards it."""

    duty: Duty
    rule: Rule
    opening: Event
    #: The two sides as the opening meant them: the clock stays theirs, whoever stands in their place later.
    debtor: str
    creditor: str
    counts: dict[int, int] = field(default_factory=dict)
    lapse: UUID | None = None


class _For(NamedTuple):
    """Whom an opening is for: the party of `for_each` with its role, or the period of a calendar duty."""

    role: str
    party: str
    period: str


_NOBODY: Final = _For("", "", "")


def duty_id(rule: str, thread: UUID, party_role: str, party: str, period: str, opened_by: UUID) -> UUID:
    """Return the id by which a duty is found again, the same on every replay.

    In front stands what stands in front of the opening event's id, its time: duties that open together lie together.
    """
    derived = uuid5(_NAMESPACE, "|".join((rule, str(thread), party_role, party, period, str(opened_by))))
    return UUID(int=(opened_by.int >> 80 << 80) | (derived.int & ((1 << 80) - 1)))


def fold(events: Iterable[Event], rulebook: Rulebook) -> tuple[Duty, ...]:
    """Return every duty that a thread's events open, as they stand after the last one, void ones included.

    Raises:
        YipanError: a rule needs a clock field that its opening event does not say.
    """
    effective, superseded = _in_order(events, rulebook)
    heirs = Heirs(successions_in(event for _, event in effective))
    excused: frozenset[UUID] = frozenset()
    while True:
        folding = _Folding(rulebook, excused, heirs)
        for root, event in effective:
            folding.take(root, event)
        for root, event in superseded:
            folding.note_void(root, event)
        folding.note_void_lapses()
        more = folding.never_late()
        if not more:
            return folding.result()
        excused |= more


def in_order(events: Iterable[Event], rulebook: Rulebook) -> list[Event]:
    """Return the events that hold, corrections in the place of what they correct, in the order the law takes them."""
    return [event for _, event in _in_order(events, rulebook)[0]]


def _in_order(
    events: Iterable[Event], rulebook: Rulebook
) -> tuple[list[tuple[UUID, Event]], list[tuple[UUID, Event]]]:
    effective, superseded = substitute(events)
    # Of two things at one instant, that which the other follows came first; ids decide only what is left.
    # What one office did or let pass at the very instant of its succession is still its own.
    effective.sort(
        key=lambda pair: (
            pair[1].counts_at,
            rulebook.rank(pair[1].kind),
            pair[1].kind == SUCCESSION_KIND,
            pair[0],
        )
    )
    return effective, superseded


class _Folding:
    """The state of one fold."""

    def __init__(self, rulebook: Rulebook, excused: frozenset[UUID], heirs: Heirs) -> None:
        self.rulebook = rulebook
        self.heirs = heirs
        #: Lapses that the calendars known today undo.
        self.excused = excused
        self.running: dict[UUID, _Running] = {}
        self.agreed: dict[tuple[str, str], bool] = {}
        self.voided: dict[UUID, _Running] = {}
        self.idle_lapses: list[tuple[UUID, Event]] = []
        #: What happened so far, for rules that open from the second time on.
        self.taken: list[Event] = []

    def take(self, root: UUID, event: Event) -> None:
        """Let one event close, lapse and open what it does, in this order."""
        if event.kind == RECOMPUTED_KIND:
            return
        if event.kind == LAPSE_KIND:
            self._lapse(root, event)
            return
        day = event.counts_at.astimezone(SHANGHAI).date()
        self._hear_agreements(event, day)
        if event.kind == SUCCESSION_KIND:
            self._succeed(root, event)
        for each in self.running.values():
            if each.duty.state == OPEN:
                self._close(each, root, event)
        self.taken.append(event)
        for running in self._openings(root, event):
            if not self._is_one_too_many(running):
                self.running.setdefault(running.duty.id, running)

    def _is_one_too_many(self, one: _Running) -> bool:
        """Tell whether the case has had this rule's duty for this party: ever, or has it open, as the rule says."""
        if not (one.rule.once or one.rule.one_at_a_time):
            return False
        now, whose = one.opening.counts_at, (one.rule.id, one.duty.party_role)
        mine = (whose, self.heirs.of(one.duty.party, now))
        return any(
            mine == ((each.rule.id, each.duty.party_role), self.heirs.of(each.duty.party, now))
            and (one.rule.once or each.duty.state == OPEN)
            for each in self.running.values()
        )

    def _succeed(self, root: UUID, event: Event) -> None:
        """Let what is open go over, to whom it is owed too. What an office would owe itself is released."""
        for each in self.running.values():
            duty, at = each.duty, event.counts_at
            debtor, creditor = self.heirs.of(duty.owed_by, at), self.heirs.of(duty.owed_to, at)
            if duty.state != OPEN:
                continue
            if debtor == creditor:
                each.duty = replace(duty, state=RELEASED, closed_at=at, closed_by=root)
            else:
                each.duty = replace(duty, owed_by=debtor, owed_to=creditor)

    def note_void(self, root: UUID, event: Event) -> None:
        """Keep, as void, what a corrected event had opened and its correction does not."""
        if event.kind == LAPSE_KIND:
            self.idle_lapses.append((root, event))
            return
        for each in self._openings(root, event):
            self.voided.setdefault(each.duty.id, each)

    def note_void_lapses(self) -> None:
        """Keep, as void, what a lapse had opened that does not hold: corrected away, or never late."""
        for root, event in sorted(self.idle_lapses, key=lambda pair: (pair[1].counts_at, pair[0])):
            late = _lapsed_duty(event)
            running = self.running.get(late) or self.voided.get(late)
            follow_up = self._follow_up(running, root, event) if running else None
            if follow_up:
                self.voided.setdefault(follow_up.duty.id, follow_up)

    def never_late(self) -> frozenset[UUID]:
        """Return the lapses that were none by the calendars known when the duty closed, or today."""
        found = set()
        for each in self.running.values():
            if each.lapse and each.duty.lapsed_at:
                due_at = self._dated(each, each.duty.closed_at).due_at
                if due_at and due_at > each.duty.lapsed_at:
                    found.add(each.lapse)
        return frozenset(found)

    def result(self) -> tuple[Duty, ...]:
        """Return the duties, open ones with the deadline that the latest calendars give.

        What was opened and has not lapsed is dated by them already.
        """
        found = [
            self._dated(each, None) if each.duty.state == OPEN and each.duty.lapsed_at else each.duty
            for each in self.running.values()
        ]
        void = [
            replace(each.duty, state=VOID, closed_at=None, closed_by=None, lapsed_at=None, lapsed_by="")
            for key, each in self.voided.items()
            if key not in self.running
        ]
        return tuple(
            sorted((*found, *void), key=lambda duty: (duty.opened_at, duty.rule, duty.party, duty.id))
        )

    def _openings(self, root: UUID, event: Event) -> list[_Running]:
        day = event.counts_at.astimezone(SHANGHAI).date()
        if event.kind == PERIOD_KIND:
            return self._period_openings(root, event, day)
        found = []
        for rule in self.rulebook.opening_on(event.kind, day):
            if any(trigger.opens_with(event, self.taken) for trigger in rule.triggers):
                found.extend(self._for_parties(rule, root, event, day))
        return found

    def _for_parties(self, rule: Rule, root: UUID, event: Event, day: date) -> list[_Running]:
        if not rule.for_each:
            made = self._open(rule, root, event, _NOBODY)
            return [made] if made else []
        roles = self.rulebook.kind(event.kind, day).in_group(rule.for_each)
        pairs = [(role, party) for role in roles for party in event.organisations(role)]
        opened = [self._open(rule, root, event, _For(role, party, "")) for role, party in pairs]
        return [each for each in opened if each]

    def _period_openings(self, root: UUID, event: Event, day: date) -> list[_Running]:
        office = next(iter(event.organisations("office")), "")
        period = str(event.clock.get("period", ""))
        found = []
        for pack, rule, _ in self.rulebook.rules(day):
            every = rule.every
            if every is None or not pack.covers(office):
                continue
            turned = (every.period, every.opens) == (event.clock.get("unit"), event.clock.get("phase"))
            level = level_of(event, office) or ""
            kind = office.partition(":")[2] or "health"
            if turned and every.concerns(level, kind) and every.falls_in(period, office.partition(":")[0]):
                made = self._open(rule, root, event, _For("", "", period))
                found.extend([made] if made else [])
        return found

    def _open(self, rule: Rule, root: UUID, event: Event, whom: _For) -> _Running | None:
        day = event.counts_at.astimezone(SHANGHAI).date()
        party = self._standing_for(whom.party, event)
        debtor = resolve(rule.owed_by, event, party)
        creditor = resolve(rule.owed_to, event, party)
        if debtor is None or debtor in OWED_ONLY or creditor is None:
            return None
        owed_by, owed_to = (self.heirs.of(each, event.counts_at) for each in (debtor, creditor))
        if owed_by == owed_to:
            return None
        try:
            if self.rulebook.rule(rule.id, day, debtor, creditor) is not rule:
                return None
            if rule.yields_to and self.rulebook.holds(rule.yields_to, day, debtor, creditor):
                return None
        except NoRuleInForceError:
            return None
        version = rule.at(day)
        released = bool(rule.needs_consent) and not self._agreed(rule, whom.role)
        bound = self._bound(rule, event, debtor, creditor, event.counts_at if released else None)
        duty = Duty(
            id=duty_id(rule.id, event.thread, whom.role, whom.party, whom.period, root),
            thread=event.thread,
            rule=rule.id,
            rule_pack=rule.pack,
            rule_version_on=version.from_on if version else day,
            party_role=whom.role,
            party=whom.party,
            period=whom.period,
            opened_by=root,
            opened_at=event.counts_at,
            owed_by=owed_by,
            owed_to=owed_to,
            clock_rule=bound.clock_rule,
            clock_pack=bound.pack,
            clock_version_on=bound.version_on,
            within=str(bound.within),
            due_on=bound.deadline.due_on,
            due_at=bound.deadline.due_at,
            provisional=bound.deadline.provisional,
            state=RELEASED if released else OPEN,
            closed_at=event.counts_at if released else None,
            closed_by=root if released else None,
        )
        return _Running(duty=duty, rule=rule, opening=event, debtor=debtor, creditor=creditor)

    def _standing_for(self, party: str, event: Event) -> str | None:
        """Return the party itself where the event knows it, else who stands in its place."""
        return (party if party in event.lines else self.heirs.of(party, event.counts_at)) or None

    def _hear_agreements(self, event: Event, day: date) -> None:
        """Keep the last word of each person on each purpose, from whatever event she said it in."""
        for name in event.clock:
            asked = self.rulebook.kind(event.kind, day).fields.get(name)
            if asked and asked.consent:
                self.agreed[asked.consent, asked.consent_of] = event.clock[name] is True

    def _agreed(self, rule: Rule, role: str) -> bool:
        """Tell whether the person said yes. Not having been asked is no."""
        return self.agreed.get((rule.needs_consent, role), self.agreed.get((rule.needs_consent, ""), False))

    def _bound(self, rule: Rule, event: Event, debtor: str, creditor: str, as_of: datetime | None) -> Bound:
        return self.rulebook.bound(
            rule,
            event.counts_at,
            debtor=debtor,
            creditor=creditor,
            levels=(level_of(event, debtor), level_of(event, creditor)),
            clock=event.clock,
            as_of=as_of,
        )

    def _dated(self, running: _Running, as_of: datetime | None) -> Duty:
        """Return the duty with the deadline that the calendars known at a moment give."""
        duty = running.duty
        bound = self._bound(running.rule, running.opening, running.debtor, running.creditor, as_of)
        return replace(
            duty,
            clock_rule=bound.clock_rule,
            clock_pack=bound.pack,
            clock_version_on=bound.version_on,
            within=str(bound.within),
            due_on=bound.deadline.due_on,
            due_at=bound.deadline.due_at,
            provisional=bound.deadline.provisional,
        )

    def _close(self, running: _Running, root: UUID, event: Event) -> None:
        rule = running.rule
        withdrawn = bool(rule.needs_consent) and not self._agreed(rule, running.duty.party_role)
        if withdrawn or any(
            self._counts_for(running.duty, rule, trigger, event) for trigger in rule.released_by
        ):
            state = RELEASED
        elif rule.discharge and self._fulfilled(running, event):
            state = DISCHARGED
        elif event.kind in ERASING_KINDS:
            # Nothing can be done for her here any more: what was still owed is over, without fault.
            state = RELEASED
        else:
            return
        # A lapse has settled the date; a calendar that undoes it undoes the lapse first (never_late).
        dated = running.duty if running.duty.lapsed_at else self._dated(running, event.counts_at)
        running.duty = replace(dated, state=state, closed_at=event.counts_at, closed_by=root)

    def _fulfilled(self, running: _Running, event: Event) -> bool:
        discharge = running.rule.discharge
        if discharge is None:
            return False
        for number, trigger in enumerate(discharge.triggers):
            if self._counts_for(running.duty, running.rule, trigger, event):
                amount = int(event.clock.get(discharge.field) or 0) if discharge.mode == "quantity" else 1
                running.counts[number] = running.counts.get(number, 0) + amount
        if discharge.mode == "all":
            return len(running.counts) == len(discharge.triggers)
        return sum(running.counts.values()) >= discharge.at_least

    def _lapse(self, root: UUID, event: Event) -> None:
        """Mark a duty that was open past its deadline when the sweep wrote so; open what its lapse opens."""
        running = self.running.get(_lapsed_duty(event))
        if running is None or running.duty.state != OPEN or root in self.excused:
            self.idle_lapses.append((root, event))
            return
        if running.duty.lapsed_at:
            return
        dated = self._dated(running, event.counts_at)
        if dated.due_at is None or dated.due_at > event.counts_at:
            self.idle_lapses.append((root, event))
            return
        late = replace(dated, lapsed_at=event.counts_at, lapsed_by=dated.owed_by)
        running.duty, running.lapse = late, root
        follow_up = self._follow_up(running, root, event)
        if follow_up:
            self.running.setdefault(follow_up.duty.id, follow_up)

    def _follow_up(self, running: _Running, root: UUID, event: Event) -> _Running | None:
        if not running.rule.on_lapse:
            return None
        day = event.counts_at.astimezone(SHANGHAI).date()
        duty = running.duty
        try:
            for pack, rule in self.rulebook.holders(running.rule.on_lapse):
                if self.rulebook.in_force(pack, day):
                    made = self._open(rule, root, event, _For(duty.party_role, duty.party, duty.period))
                    if made:
                        return made
        except (UnknownRuleError, UnknownKindError):
            return None
        return None

    def _counts_for(self, duty: Duty, rule: Rule, trigger: Trigger, event: Event) -> bool:
        """Tell whether an event is the doing that a duty waits for: kind, values, period and party."""
        if not trigger.meets(event):
            return False
        if duty.period and "period" in event.clock and event.clock["period"] != duty.period:
            return False
        how, at = trigger.matched_by or rule.matched_by, event.counts_at
        if "debtor" in how and self.heirs.of(event.actor, at) != self.heirs.of(duty.owed_by, at):
            return False
        if "party" in how and duty.party_role:
            answering = self.heirs.of_all(event.organisations(duty.party_role), at)
            return self.heirs.of(duty.party, at) in answering
        return True


def _lapsed_duty(event: Event) -> UUID:
    return UUID(str(event.clock.get("duty")))
