"""What is in force: which version of which pack holds for an event on the day it counts.

A rulebook is made of adoptions. Adopting never overwrites: a new edition of a pack holds from its
effective day, a new edition of a calendar year from the moment it was adopted.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, ClassVar

from yipan.errors import YipanError
from yipan.law.calendar import Calendar, YearCalendar
from yipan.law.deadline import SHANGHAI, Deadline, deadline
from yipan.law.pack import Pack, covers

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from yipan.law.counting import Within
    from yipan.law.event import Plain
    from yipan.law.kind import Kind
    from yipan.law.rule import Cite, Overlay, Rule, Trigger, Version
    from yipan.law.scope import Scope


class NoRuleInForceError(YipanError):
    """No version of the rule is in force on that day for that office. Nothing defaults."""

    code: ClassVar[str] = "no-rule-in-force"
    sentence: ClassVar[dict[str, str]] = {
        "zh": "{day} 没有对 {debtor} 生效的规则“{rule}”。",
        "en": "No version of the rule {rule!r} is in force on {day} for {debtor}.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "用 yipan packs show {rule} 查看各版本的生效日期。",
        "en": "See the days each version is in force with: yipan packs show {rule}",
    }


class UnknownRuleError(YipanError):
    """The rule id is in no pack."""

    code: ClassVar[str] = "unknown-rule"
    exit_code: ClassVar[int] = 2
    sentence: ClassVar[dict[str, str]] = {
        "zh": "没有编号为“{rule}”的规则。",
        "en": "There is no rule {rule!r}.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "用 yipan packs list 查看全部规则编号。",
        "en": "List the ids with: yipan packs list",
    }


class NoScopeInForceError(YipanError):
    """No pack in force on that day says who counts. Nothing defaults."""

    code: ClassVar[str] = "no-scope-in-force"
    sentence: ClassVar[dict[str, str]] = {
        "zh": "{day} 没有生效的适用范围“{scope}”。",
        "en": "No scope {scope!r} is in force on {day}.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "用 yipan packs list 查看各规则包的生效日期。",
        "en": "See the days each pack is in force with: yipan packs list",
    }


class UnknownKindError(YipanError):
    """The event kind is in no pack in force on that day."""

    code: ClassVar[str] = "unknown-kind"
    exit_code: ClassVar[int] = 2
    sentence: ClassVar[dict[str, str]] = {
        "zh": "{day} 没有名为“{kind}”的事件种类。",
        "en": "There is no event kind {kind!r} on {day}.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "用 yipan packs list --json 查看全部种类。",
        "en": "List the kinds with: yipan packs list --json",
    }


class ClockNotSaidError(YipanError):
    """The rule has a clock per value of a field and the field does not say which."""

    code: ClassVar[str] = "clock-not-said"
    exit_code: ClassVar[int] = 2
    sentence: ClassVar[dict[str, str]] = {
        "zh": "规则“{rule}”按“{field}”取期限，“{value}”不在其中：{known}。",
        "en": "The rule {rule!r} has a clock for each {field!r}; {value!r} is none of: {known}.",
    }


@dataclass(frozen=True, kw_only=True)
class Adoption:
    """A pack as adopted: it replaces the earlier edition from `effective_on` (None: its own first day)."""

    pack: Pack
    effective_on: date | None = None
    #: Since when its calendars are known; None for what a deployment began with.
    known_at: datetime | None = None

    @property
    def from_on(self) -> date:
        """The first day on which this edition holds."""
        return max(self.effective_on or date.min, self.pack.from_on)


@dataclass(frozen=True, kw_only=True)
class AdoptedYear:
    """A calendar year as adopted: known from `known_at` (None: always known)."""

    year: YearCalendar
    known_at: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Bound:
    """The binding clock of a duty: the deadline, and the rule or overlay, version and article behind it."""

    deadline: Deadline
    within: Within
    clock_rule: str
    pack: str
    version_on: date
    cite: Cite


class Rulebook:
    """Everything the fold may ask of the law. Pure: the day and the moment are always arguments."""

    def __init__(self, adoptions: Iterable[Adoption], years: Iterable[AdoptedYear] = ()) -> None:
        """Index the adoptions by rule and by kind."""
        self._editions: dict[str, list[Adoption]] = defaultdict(list)
        for each in adoptions:
            self._editions[each.pack.name].append(each)
        for editions in self._editions.values():
            editions.sort(key=lambda each: each.from_on)
        own = [
            AdoptedYear(year=year, known_at=each.known_at)
            for each in self.adoptions()
            for year in each.pack.calendars
        ]
        self._years = tuple(
            sorted((*own, *years), key=lambda each: (each.known_at is not None, each.known_at))
        )
        self._by_kind: dict[str, list[tuple[Pack, Rule]]] = defaultdict(list)
        self._by_id: dict[str, list[tuple[Pack, Rule]]] = defaultdict(list)
        self._overlays: dict[str, list[tuple[Pack, Overlay]]] = defaultdict(list)
        for adoption in self.adoptions():
            self._index(adoption.pack)
        self._ranks = self._rank_kinds()
        self._learned = sorted({each.known_at for each in self._years if each.known_at})
        self._calendars = lru_cache(maxsize=64)(self._calendar_at)
        self._rules = lru_cache(maxsize=64)(self._rules_on)

    def _index(self, pack: Pack) -> None:
        for rule in pack.rules.values():
            self._by_id[rule.id].append((pack, rule))
            for kind in {trigger.kind for trigger in rule.triggers}:
                self._by_kind[kind].append((pack, rule))
        for overlay in pack.overlays:
            for rule_id in overlay.of:
                self._overlays[rule_id].append((pack, overlay))

    def adoptions(self) -> Iterator[Adoption]:
        """Yield every adoption, by pack and effective day."""
        for _, editions in sorted(self._editions.items()):
            yield from editions

    def in_force(self, pack: Pack, day: date) -> bool:
        """Tell whether this very edition of the pack holds on a day."""
        current = None
        for each in self._editions[pack.name]:
            if each.from_on <= day:
                current = each.pack
        return current is pack and pack.in_force(day)

    def kind(self, name: str, day: date) -> Kind:
        """Return the kind that holds on a day.

        Raises:
            UnknownKindError: no pack in force has it.
        """
        for adoption in self.adoptions():
            found = adoption.pack.kinds.get(name)
            if found and self.in_force(adoption.pack, day):
                return found
        raise UnknownKindError(kind=name, day=day)

    def kinds(self, day: date) -> dict[str, Kind]:
        """Return every kind that holds on a day, by name."""
        packs = [each.pack for each in self.adoptions() if self.in_force(each.pack, day)]
        return {name: kind for pack in packs for name, kind in pack.kinds.items()}

    def wording(self, purpose: str, day: date) -> tuple[date, Mapping[str, str]] | None:
        """Return what a person is asked to agree to on a day, with the day from which those words hold."""
        for adoption in self.adoptions():
            found = adoption.pack.wordings.get(purpose)
            if found and self.in_force(adoption.pack, day):
                return found.at(day)
        return None

    def every_kind(self) -> list[Kind]:
        """Return every kind that any adopted pack ever had."""
        return [kind for each in self.adoptions() for kind in each.pack.kinds.values()]

    def playing(self, *parts: str) -> frozenset[str]:
        """Return the names of all kinds that ever played one of these parts."""
        return frozenset(kind.name for kind in self.every_kind() if kind.part in parts)

    def having(self, *effects: str) -> frozenset[str]:
        """Return the names of all kinds that ever had one of these effects."""
        return frozenset(kind.name for kind in self.every_kind() if kind.effect in effects)

    def kind_that(self, does: str, day: date) -> str:
        """Return the name of the kind that holds on a day and plays a part, or has an effect.

        Raises:
            UnknownKindError: no pack in force has one.
        """
        for name, kind in sorted(self.kinds(day).items()):
            if does in (kind.part, kind.effect):
                return name
        raise UnknownKindError(kind=does, day=day)

    def scope(self, scope_id: str, day: date) -> Scope:
        """Return the scope that holds on a day: who counts, and why.

        Raises:
            NoScopeInForceError: no pack in force has it.
        """
        for adoption in self.adoptions():
            found = adoption.pack.scopes.get(scope_id)
            if found and self.in_force(adoption.pack, day):
                return found
        raise NoScopeInForceError(scope=scope_id, day=day)

    def rank(self, kind: str) -> int:
        """Return how far a kind stands from the beginning of a case, by what it follows; the engine's own come last."""
        return self._ranks.get(kind, 0)

    def _rank_kinds(self) -> dict[str, int]:
        kinds = {name: kind for each in self.adoptions() for name, kind in each.pack.kinds.items()}
        ranks = {name: len(kinds) if kind.system else 0 for name, kind in kinds.items()}
        # As many rounds as kinds settle any chain; in a circle the rounds end it.
        for _ in kinds:
            for name, kind in kinds.items():
                before = [each for each in kind.follows if each in kinds and not kinds[each].system]
                if not kind.system:
                    ranks[name] = max((ranks[each] + 1 for each in before), default=0)
        return ranks

    def rules(self, day: date) -> Sequence[tuple[Pack, Rule, Version]]:
        """Return every rule in force on a day with its version."""
        return self._rules(day)

    def _rules_on(self, day: date) -> tuple[tuple[Pack, Rule, Version], ...]:
        found = []
        for holders in self._by_id.values():
            for pack, rule in holders:
                version = rule.at(day)
                if version and self.in_force(pack, day):
                    found.append((pack, rule, version))
        return tuple(found)

    def opening_on(self, kind: str, day: date) -> list[Rule]:
        """Return the rules in force on a day that an event of this kind may open."""
        return [
            rule for pack, rule in self._by_kind.get(kind, ()) if self.in_force(pack, day) and rule.at(day)
        ]

    def holders(self, rule_id: str) -> list[tuple[Pack, Rule]]:
        """Return every pack that defines a rule, with its definition.

        Raises:
            UnknownRuleError: no pack does.
        """
        if rule_id not in self._by_id:
            raise UnknownRuleError(rule=rule_id)
        return list(self._by_id[rule_id])

    def holds(self, rule_id: str, day: date, debtor: str, creditor: str) -> bool:
        """Tell whether a rule holds between two on a day."""
        try:
            self.rule(rule_id, day, debtor, creditor)
        except (NoRuleInForceError, UnknownRuleError):
            return False
        return True

    def overlays(self, rule_id: str) -> list[tuple[Pack, Overlay]]:
        """Return the overlays over a rule, whatever their days of force."""
        return list(self._overlays.get(rule_id, ()))

    def rule(self, rule_id: str, day: date, debtor: str, creditor: str | None = None) -> Rule:
        """Return the definition that holds for a debtor on a day: of several, that of the narrowest scope.

        A rule that applies to both sides holds only where its pack covers the creditor too; a creditor
        that is not said (None) is not looked at.

        Raises:
            UnknownRuleError: no pack defines it.
            NoRuleInForceError: none is in force then and there.
        """
        found = [
            (pack, rule)
            for pack, rule in self.holders(rule_id)
            if self.in_force(pack, day) and rule.at(day) and _holds_between(pack, rule, debtor, creditor)
        ]
        if not found:
            raise NoRuleInForceError(rule=rule_id, day=day, debtor=debtor)
        return max(found, key=lambda each: _narrowness(each[0], debtor))[1]

    def bound(  # noqa: PLR0913  # each is a word of the law; a bag of them would hide which was forgotten
        self,
        rule: Rule,
        at: datetime,
        *,
        debtor: str,
        creditor: str,
        levels: tuple[str | None, str | None] = (None, None),
        clock: Mapping[str, Plain],
        as_of: datetime | None = None,
    ) -> Bound:
        """Return the binding clock: the rule's own and every overlay's are computed, the earliest binds.

        `levels` are those of debtor and creditor, for overlays that bound one leg of the way. `as_of`
        is the moment whose knowledge of the calendars counts (None: the latest).

        Raises:
            NoRuleInForceError: the rule has no version on that day.
            ClockNotSaidError: the clock depends on a field that says none of the known values.
        """
        day = at.astimezone(SHANGHAI).date()
        version = rule.at(day)
        if version is None:
            raise NoRuleInForceError(rule=rule.id, day=day, debtor=debtor)
        calendar = self.calendar_at(as_of)
        candidates = [self._candidate(rule, version, at, clock, calendar)]
        for pack, overlay in self._overlays.get(rule.id, ()):
            over = overlay.at(day)
            if over and self.in_force(pack, day) and _binds(pack, overlay, debtor, creditor, levels):
                candidates.append(self._candidate(overlay, over, at, clock, calendar))
        return min(candidates, key=lambda each: (each.deadline.due_at is None, each.deadline.due_at))

    def overlay_bound(
        self, overlay_id: str, at: datetime, *, debtor: str, clock: Mapping[str, Plain]
    ) -> Bound:
        """Return the clock of an overlay alone: what its own document says, whatever else binds.

        Raises:
            UnknownRuleError: no pack has an overlay of that id.
            NoRuleInForceError: it is not in force then and there.
        """
        day = at.astimezone(SHANGHAI).date()
        listed = {each.id: (pack, each) for pairs in self._overlays.values() for pack, each in pairs}
        if overlay_id not in listed:
            raise UnknownRuleError(rule=overlay_id)
        pack, overlay = listed[overlay_id]
        version = overlay.at(day)
        if version is None or not self.in_force(pack, day) or not pack.covers(debtor):
            raise NoRuleInForceError(rule=overlay_id, day=day, debtor=debtor)
        return self._candidate(overlay, version, at, clock, self.calendar_at(None))

    def _candidate(
        self,
        rule: Rule | Overlay,
        version: Version,
        at: datetime,
        clock: Mapping[str, Plain],
        calendar: Calendar,
    ) -> Bound:
        within = version.clock_for(clock)
        if within is None:
            value = clock.get(version.by_field)
            known = ", ".join(version.by_value)
            raise ClockNotSaidError(rule=rule.id, field=version.by_field, value=value, known=known)
        return Bound(
            deadline=deadline(within, at, calendar, roll=version.rolls),
            within=within,
            clock_rule=rule.id,
            pack=rule.pack,
            version_on=max(version.from_on, self._pack_from(rule.pack, version.from_on)),
            cite=version.cite,
        )

    def _pack_from(self, name: str, day: date) -> date:
        return min((each.pack.from_on for each in self._editions[name]), default=day)

    def calendar_at(self, as_of: datetime | None) -> Calendar:
        """Return the calendar as it was known at a moment (None: now). Between two adoptions it is one and the same."""
        if as_of is not None and self._learned:
            place = bisect_right(self._learned, as_of)
            as_of = self._learned[place - 1] if place else self._learned[0] - timedelta(microseconds=1)
        else:
            as_of = None
        return self._calendars(as_of)

    def _calendar_at(self, as_of: datetime | None) -> Calendar:
        known: dict[int, YearCalendar] = {}
        for each in self._years:
            if each.known_at is None or as_of is None or each.known_at <= as_of:
                known[each.year.year] = each.year
        if not known and self._years:
            # A moment before the first adoption: what was adopted first is the best that is known of it.
            first = self._years[0].known_at
            known = {each.year.year: each.year for each in self._years if each.known_at == first}
        return Calendar(known.values())

    def discharging(self, day: date) -> set[str]:
        """Return every kind that discharges or releases some duty in force on a day, for checks and pages."""
        found: set[str] = set()
        for _, rule, _ in self.rules(day):
            triggers: tuple[Trigger, ...] = (
                *(rule.discharge.triggers if rule.discharge else ()),
                *rule.released_by,
            )
            found.update(trigger.kind for trigger in triggers)
        return found


def _narrowness(pack: Pack, organisation: str) -> int:
    """Return how long a code of the scope covers the organisation; the whole country is the widest."""
    return max(
        (0 if each == "00" else len(each) for each in pack.scope if covers((each,), organisation)), default=-1
    )


def _holds_between(pack: Pack, rule: Rule, debtor: str, creditor: str | None) -> bool:
    if not pack.covers(debtor):
        return False
    return rule.applies_to == "debtor" or creditor is None or pack.covers(creditor)


def _binds(
    pack: Pack, overlay: Overlay, debtor: str, creditor: str, levels: tuple[str | None, str | None]
) -> bool:
    if not pack.covers(debtor) or not overlay.covers_leg(*levels):
        return False
    return overlay.applies_to == "debtor" or pack.covers(creditor)
