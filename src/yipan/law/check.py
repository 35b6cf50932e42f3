"""Checks across packs: what a file may say alone is checked on reading, what they say of each other here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from itertools import combinations, permutations
from typing import TYPE_CHECKING, Final

from yipan.law.counting import UnitsDifferError, Within
from yipan.law.keeping import ENDED_KIND, check_terms
from yipan.law.kind import WRITTEN_OF_MESSAGES
from yipan.law.roles import OWED_ONLY, RoleExpression
from yipan.law.rule import LAPSE_KIND, LOG_INS_KIND, PERIOD_KIND, Overlay, Rule, Trigger, Version
from yipan.law.wording import check_wordings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from yipan.law.kind import Kind
    from yipan.law.pack import Pack
    from yipan.law.reading import Faults

#: How many digits the code of a division has, by level.
CODE_LENGTHS: Final = {"province": 2, "city": 4, "county": 6, "township": 9}
#: The kinds that the engine itself records: they stand in a pack like any other, so that they are documented.
ENGINE_KINDS = (PERIOD_KIND, LAPSE_KIND, LOG_INS_KIND, "duty.recomputed", "event.retracted", ENDED_KIND)


def check_packs(packs: Sequence[Pack], faults: Faults) -> None:
    """Note every fault between packs: unknown kinds, roles, rules and fields, clashes, longer overlays."""
    whole = _Whole.of(packs)
    for pack in packs:
        _check_head(pack, whole, faults)
        for kind in pack.kinds.values():
            _check_kind(pack, kind, whole, faults)
        for rule in pack.rules.values():
            _check_rule(pack, rule, whole, faults)
        for overlay in pack.overlays:
            _check_overlay(pack, overlay, whole, faults)
    for holders in whole.rules.values():
        _check_clashes(holders, faults)
        _check_narrower(holders, faults)
    check_wordings(
        (kind for pack in packs for kind in pack.kinds.values()),
        ((f"{pack.name}/rules/{rule.id}", rule) for pack in packs for rule in pack.rules.values()),
        (purpose for pack in packs for purpose in pack.wordings),
        faults,
    )
    _check_kind_clashes(packs, faults)
    _check_parts(whole, faults)
    for name in ENGINE_KINDS if packs else ():
        if name not in whole.kinds:
            faults.say("rulepacks", name, "the engine records this kind and no pack defines it")


def _check_parts(whole: _Whole, faults: Faults) -> None:
    """Refuse messages of which nobody could write down what became of them."""
    played = {kind.part for kind in whole.kinds.values()}
    for part in WRITTEN_OF_MESSAGES if "message-sent" in played else ():
        if part not in played:
            faults.say(
                "rulepacks", part, "a kind sends messages, and no kind plays this part: what becomes of one"
            )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Whole:
    """What all packs together define."""

    names: frozenset[str]
    kinds: Mapping[str, Kind]
    rules: Mapping[str, Sequence[tuple[Pack, Rule]]]

    @classmethod
    def of(cls, packs: Sequence[Pack]) -> _Whole:
        """Gather the kinds and rules of packs by name."""
        rules: dict[str, list[tuple[Pack, Rule]]] = {}
        for pack in packs:
            for rule in pack.rules.values():
                rules.setdefault(rule.id, []).append((pack, rule))
        return cls(
            names=frozenset(pack.name for pack in packs),
            kinds={name: kind for pack in packs for name, kind in pack.kinds.items()},
            rules=rules,
        )


def _check_head(pack: Pack, whole: _Whole, faults: Faults) -> None:
    for used in pack.uses:
        if used not in whole.names:
            faults.say(f"{pack.name}/pack.yaml", "uses", f"there is no pack {used!r}")
    for code in pack.scope:
        if not code.isdigit() or len(code) not in (2, 4, 6, 9, 12):
            faults.say(
                f"{pack.name}/pack.yaml", "scope", f"{code!r} is no division code of 2, 4, 6, 9 or 12 digits"
            )
    _check_place(pack, faults)
    if pack.until_on and pack.until_on <= pack.from_on:
        faults.say(f"{pack.name}/pack.yaml", "until", "must be later than `from`")


def _check_place(pack: Pack, faults: Faults) -> None:
    """Refuse a place of another level than the document is about, and a pack that binds nobody and never will."""
    file = f"{pack.name}/pack.yaml"
    if not pack.place_level:
        if not pack.scope:
            faults.say(file, "scope", "names no division")
        return
    if pack.place_level not in CODE_LENGTHS:
        faults.say(file, "place.level", f"{pack.place_level!r} is not one of: {', '.join(CODE_LENGTHS)}")
        return
    for key, codes in (("place.demonstration", (pack.demonstration,)), ("place", pack.scope)):
        for code in codes:
            if len(code) != CODE_LENGTHS[pack.place_level] or not code.isdigit():
                faults.say(file, key, f"{code!r} is no code of a {pack.place_level}")


def _check_kind(pack: Pack, kind: Kind, whole: _Whole, faults: Faults) -> None:
    for earlier in kind.follows:
        if earlier not in whole.kinds:
            faults.say(f"{pack.name}/events", f"{kind.name}.follows", f"there is no kind {earlier!r}")
    if kind.arrival and not any(whole.kinds[each].reaches for each in kind.follows if each in whole.kinds):
        faults.say(f"{pack.name}/events", f"{kind.name}.arrival", "follows nothing that is sent (`reaches`)")
    sealed = [name for name, each in kind.fields.items() if not each.clock]
    if sealed and not kind.keeps:
        faults.say(
            f"{pack.name}/events",
            f"{kind.name}.keeps",
            f"says nothing of how long {', '.join(sealed)} is kept: a term here, or in pack.yaml for all kinds",
        )
    for key, terms in (("keeps", kind.keeps), ("kept_by_law", kind.kept_by_law)):
        check_terms(terms, whole.kinds, f"{pack.name}/events", f"{kind.name}.{key}", faults)
    asked = {each.consent for one in whole.kinds.values() for each in one.fields.values()}
    if kind.needs_consent and kind.needs_consent not in asked:
        faults.say(
            f"{pack.name}/events",
            f"{kind.name}.needs_consent",
            f"no kind asks for an agreement to {kind.needs_consent!r}",
        )


def _check_rule(pack: Pack, rule: Rule, whole: _Whole, faults: Faults) -> None:
    file = f"{pack.name}/rules/{rule.id}"
    kinds = whole.kinds
    for key, trigger in _triggers(rule):
        _check_trigger(file, key, trigger, kinds, faults)
    if not (rule.triggers or rule.every or rule.on_lapse_only):
        faults.say(file, "opens_on", "nothing opens it")
    for kind in _opening(rule, kinds):
        if rule.for_each and not kind.in_group(rule.for_each):
            faults.say(file, "for_each", f"{rule.for_each!r} is no role or group of {kind.name}")
        for version in rule.versions:
            _check_by_field(file, version, kind, faults)
    for key, role in (("owed_by", rule.owed_by), ("owed_to", rule.owed_to)):
        _check_role(file, key, role, rule, kinds, faults)
    if rule.needs_consent and not _asked_for(rule.needs_consent, kinds.values()):
        faults.say(file, "needs_consent", f"no kind asks for an agreement to {rule.needs_consent!r}")
    _check_rules_named(file, rule, whole, faults)
    if rule.discharge and rule.discharge.field:
        _check_quantity(file, rule, kinds, faults)


def _check_rules_named(file: str, rule: Rule, whole: _Whole, faults: Faults) -> None:
    if rule.on_lapse and not any(other.on_lapse_only for _, other in whole.rules.get(rule.on_lapse, ())):
        faults.say(file, "on_lapse", f"there is no rule {rule.on_lapse!r} with `opens_on: lapse`")
    if rule.yields_to and rule.yields_to not in whole.rules:
        faults.say(file, "yields_to", f"there is no rule {rule.yields_to!r}")


def _opening(rule: Rule, kinds: Mapping[str, Kind]) -> list[Kind]:
    return [kinds[trigger.kind] for trigger in rule.triggers if trigger.kind in kinds]


def _asked_for(purpose: str, kinds: Iterable[Kind]) -> bool:
    return any(each.consent == purpose for kind in kinds for each in kind.fields.values())


def _triggers(rule: Rule) -> Iterator[tuple[str, Trigger]]:
    yield from (("opens_on", each) for each in rule.triggers)
    yield from (("released_by", each) for each in rule.released_by)
    if rule.discharge:
        yield from (("discharged_by", each) for each in rule.discharge.triggers)


def _check_trigger(file: str, key: str, trigger: Trigger, kinds: Mapping[str, Kind], faults: Faults) -> None:
    kind = kinds.get(trigger.kind)
    if kind is None:
        faults.say(file, key, f"there is no event kind {trigger.kind!r}")
        return
    for name, value in trigger.when.items():
        field = kind.fields.get(name)
        if field is None or not field.clock:
            faults.say(file, f"{key}.when.{name}", f"is no clock field of {kind.name}")
        elif field.choices and value not in field.choices:
            faults.say(file, f"{key}.when.{name}", f"{value!r} is not one of: {', '.join(field.choices)}")


def _check_role(
    file: str, key: str, role: RoleExpression, rule: Rule, kinds: Mapping[str, Kind], faults: Faults
) -> None:
    """Refuse a base that means nothing where the rule opens: such a duty would silently never exist."""
    if role.base in OWED_ONLY:
        return
    if rule.every and role.base != "office":
        faults.say(
            file, key, "what the calendar opens is between `office`, those above it, person and public"
        )
    elif rule.on_lapse_only and role.base not in ("debtor", "creditor", "party"):
        faults.say(
            file, key, "what a lapse opens is between `debtor`, `creditor`, `party`, person and public"
        )
    elif role.base in ("actor", "party"):
        if role.base == "party" and not (rule.for_each or rule.on_lapse_only):
            faults.say(file, key, "`party` needs `for_each`")
    else:
        for kind in _opening(rule, kinds):
            if role.base not in kind.roles:
                faults.say(file, key, f"{role.base!r} is no role of {kind.name}")


def _check_by_field(file: str, version: Version, kind: Kind, faults: Faults) -> None:
    if not version.by_field:
        return
    field = kind.fields.get(version.by_field)
    key = f"versions.{version.from_on}.within"
    if field is None or not field.clock:
        faults.say(file, key, f"{version.by_field!r} is no clock field of {kind.name}")
        return
    if missing := [name for name in field.choices if name not in version.by_value]:
        faults.say(file, key, f"says no clock for {', '.join(missing)}: nothing defaults")
    if unknown := [name for name in version.by_value if field.choices and name not in field.choices]:
        faults.say(file, key, f"{', '.join(unknown)} is no choice of {kind.name}.{field.name}")


def _check_quantity(file: str, rule: Rule, kinds: Mapping[str, Kind], faults: Faults) -> None:
    for trigger in rule.discharge.triggers if rule.discharge else ():
        kind = kinds.get(trigger.kind)
        field = kind.fields.get(rule.discharge.field) if kind and rule.discharge else None
        if kind and (field is None or field.type != "number" or not field.clock):
            faults.say(
                file, "discharged_by.quantity.field", f"must be a clock field of type number of {kind.name}"
            )


def _check_overlay(pack: Pack, overlay: Overlay, whole: _Whole, faults: Faults) -> None:
    file = f"{pack.name}/rules/{overlay.id}"
    for rule_id in overlay.of:
        if rule_id not in whole.rules:
            faults.say(file, "of", f"there is no rule {rule_id!r}")
        for other, rule in whole.rules.get(rule_id, ()):
            for mine in overlay.versions:
                for kind in _opening(rule, whole.kinds):
                    _check_by_field(file, mine, kind, faults)
                for theirs in _both_in_force(pack, mine, other, rule):
                    _check_not_longer(file, mine, theirs, faults)


def _both_in_force(pack: Pack, mine: Version, other: Pack, rule: Rule) -> Iterable[Version]:
    """Yield the versions of a rule that hold on some day on which an overlay's version does too."""
    start = max(mine.from_on, pack.from_on, other.from_on)
    ends = [each for each in (pack.until_on, other.until_on) if each]
    if ends and start >= min(ends):
        return []
    days = {
        start,
        *(
            each.from_on
            for each in rule.versions
            if each.from_on > start and (not ends or each.from_on < min(ends))
        ),
    }
    return [version for version in map(rule.at, sorted(days)) if version]


def _check_not_longer(file: str, mine: Version, theirs: Version, faults: Faults) -> None:
    key = f"versions.{mine.from_on}.within"
    if not theirs.rolls:
        faults.say(
            file, key, "the rule grants a term (`rolls: false`), and nobody may shorten what is granted"
        )
    _check_clocks(file, mine, theirs, "an overlay may only shorten", faults)


def _check_clocks(file: str, mine: Version, theirs: Version, why: str, faults: Faults) -> None:
    key = f"versions.{mine.from_on}.within"
    for my_clock, their_clock in _clock_pairs(mine, theirs):
        try:
            longer = their_clock.shorter_than(my_clock)
        except UnitsDifferError:
            continue
        if longer:
            faults.say(file, key, f"{my_clock} is longer than the rule's {their_clock}: {why}")


def _clock_pairs(mine: Version, theirs: Version) -> Iterator[tuple[Within, Within]]:
    """Yield the clocks of two versions that may run for one and the same event."""
    values = {*mine.by_value, *theirs.by_value} or {""}
    for value in sorted(values):
        mine_then = mine.by_value.get(value, mine.within)
        theirs_then = theirs.by_value.get(value, theirs.within)
        if mine_then and theirs_then:
            yield mine_then, theirs_then


def _check_clashes(holders: Sequence[tuple[Pack, Rule]], faults: Faults) -> None:
    for (one, rule), (other, _) in combinations(holders, 2):
        if _meet(one, other) and set(one.scope) & set(other.scope):
            faults.say(
                f"{one.name}/rules/{rule.id}",
                "rule",
                f"is also defined by {other.name} for the same place and time",
            )


def _check_kind_clashes(packs: Sequence[Pack], faults: Faults) -> None:
    for one, other in combinations(packs, 2):
        for name in sorted(set(one.kinds) & set(other.kinds)) if _meet(one, other) else ():
            faults.say(f"{one.name}/events", name, f"is also defined by {other.name} for the same time")


def _check_narrower(holders: Sequence[tuple[Pack, Rule]], faults: Faults) -> None:
    """Refuse a place's own definition that takes away what the wider one promises: a longer clock, or another term."""
    for (one, rule), (other, wide) in permutations(holders, 2):
        if one.name == other.name or not _lies_within(one, other):
            continue
        file = f"{one.name}/rules/{rule.id}"
        for mine in rule.versions:
            for theirs in _both_in_force(one, mine, other, wide):
                if theirs.rolls:
                    _check_clocks(file, mine, theirs, "a narrower definition may only shorten", faults)
                elif (mine.within, mine.rolls) != (theirs.within, theirs.rolls):
                    faults.say(
                        file,
                        f"versions.{mine.from_on}.within",
                        f"{other.name} grants a term of {theirs.within} (`rolls: false`), and it is the same everywhere",
                    )


def _lies_within(one: Pack, other: Pack) -> bool:
    """Tell whether some place of a pack lies in another's, and is smaller."""
    return any(each not in other.scope and other.covers(each) for each in one.scope)


def _meet(one: Pack, other: Pack) -> bool:
    """Tell whether two packs hold on some day both; two editions of one pack never do."""
    if one.name == other.name:
        return False
    far = date.max
    return (one.until_on or far) > other.from_on and (other.until_on or far) > one.from_on
