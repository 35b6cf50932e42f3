"""What an office may do next in a case: first what fulfils a duty, then what else its part in the case allows."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from yipan.duties.views import Action
from yipan.errors import YipanError
from yipan.law.deadline import SHANGHAI
from yipan.law.fold import OPEN, Duty
from yipan.law.succession import Heirs, as_of, successions_in

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, datetime

    from yipan.law.event import Event
    from yipan.law.kind import Kind
    from yipan.law.rule import Discharge, Rule, Trigger
    from yipan.law.rulebook import Rulebook


def rule_of(duty: Duty, rulebook: Rulebook) -> Rule | None:
    """Return the rule of a duty as its own pack has it; None where no adopted pack has it any more."""
    try:
        return next((rule for pack, rule in rulebook.holders(duty.rule) if pack.name == duty.rule_pack), None)
    except YipanError:
        return None


def actions_now(
    own: str, events: Sequence[Event], duties: Sequence[Duty], rulebook: Rulebook, now: datetime
) -> list[Action]:
    """Return what this office may do next, everybody who was succeeded being who stands in its place today."""
    heirs = Heirs(successions_in(events))
    owed = [replace(duty, party=heirs.of(duty.party, now)) for duty in duties] if heirs else duties
    return _actions(own, as_of(events, heirs, now), owed, rulebook, now)


def _actions(
    own: str, events: Sequence[Event], duties: Sequence[Duty], rulebook: Rulebook, now: datetime
) -> list[Action]:
    """Return what this office may do next: first what fulfils a duty, then what else its part in the case allows."""
    today = now.astimezone(SHANGHAI).date()
    kinds = rulebook.kinds(today)
    holds = {role: held for event in events for role, held in event.parties.items()}
    found: list[Action] = []
    for duty in duties:
        rule = rule_of(duty, rulebook)
        if duty.state != OPEN or rule is None or rule.discharge is None:
            continue
        for trigger in _acted_on(rule.discharge, kinds):
            for action in _fulfilling(own, duty, kinds[trigger.kind], holds):
                told = _of_period(action, duty, trigger) if duty.period else action
                if all(_apart(each) != _apart(told) for each in found):
                    found.append(told)
    done = {event.kind for event in events}
    late_here = any(duty.owed_by == own and duty.state == OPEN for duty in duties)
    for kind in kinds.values():
        if (
            kind.system
            or kind.begins_case
            or kind.thread != "case"
            # What she says of her own accord is no next step of anybody's.
            or (kind.by_person and not kind.follows)
            or any(each.kind == kind.name for each in found)
        ):
            continue
        if kind.follows and done & set(kind.follows):
            # Who comes into a case anew does what nobody owes: what somebody owes is that office's to do.
            anew = kind.name not in rulebook.discharging(today)
            free = _free_parties(own, kind, holds, anew=anew)
            listed = [each for each in free if _is_of_use(kind, each, duties, rulebook, today)]
            found.extend(
                Action(kind=kind.name, title=kind.action, duty=None, parties=each) for each in listed
            )
        elif not kind.follows and late_here:
            # A note that follows nothing in particular is for an office that owes something here.
            found.append(Action(kind=kind.name, title=kind.action, duty=None))
    return found


def _acted_on(discharge: Discharge, kinds: Mapping[str, Kind]) -> list[Trigger]:
    """Return what somebody at a desk can do to fulfil a duty: not what the engine counts by itself."""
    return [each for each in discharge.triggers if not kinds[each.kind].system]


def _apart(action: Action) -> tuple[object, ...]:
    """Return what tells two actions apart: the same act for two duties is offered once."""
    return action.kind, action.parties, action.period, action.saying


def _is_of_use(
    kind: Kind, parties: Mapping[str, str], duties: Sequence[Duty], rulebook: Rulebook, day: date
) -> bool:
    """Tell whether recording a kind would change anything: what only settles duties is offered with an open one.

    What opens a duty that the case has not had yet is offered too: papers that are completed after a deferral.
    """
    for duty in duties:
        rule = rule_of(duty, rulebook)
        released = {trigger.kind for trigger in rule.released_by} if rule else set()
        if (
            duty.state == OPEN
            and kind.name in released
            and (not parties or parties.get(duty.party_role) == duty.party)
        ):
            return True
    had = {duty.rule for duty in duties}
    fresh = [
        rule for rule in rulebook.opening_on(kind.name, day) if rule.id not in had and not rule.needs_consent
    ]
    return bool(fresh) or kind.freely or kind.name not in rulebook.discharging(day)


def _of_period(action: Action, duty: Duty, trigger: Trigger) -> Action:
    """Return an action with the period that it is for, and what an entry must say to fulfil the duty."""
    saying = {name: value for name, value in trigger.when.items() if value is not None}
    return replace(action, period=duty.period, saying=saying)


def _fulfilling(own: str, duty: Duty, kind: Kind, holds: Mapping[str, tuple[str, ...]]) -> list[Action]:
    """Return how this office fulfils a duty with a kind: once for each side that it may choose between."""
    parties = {duty.party_role: duty.party} if duty.party_role in kind.roles else {}
    own_roles = _own_roles(own, kind, holds)
    if (
        duty.owed_by == own
        and own_roles is not None
        and (
            not own_roles
            or any(
                own in holds.get(role, ())
                or parties.get(role) == own
                or ((role not in holds or kind.roles[role].anew) and not kind.roles[role].group)
                for role in own_roles
            )
        )
    ):
        behalf = ""
    # A side writes down what a superior decided, though it could never be the superior.
    elif duty.owed_to == own and kind.on_behalf_of:
        behalf = duty.owed_by
    else:
        return []
    return [
        Action(kind=kind.name, title=kind.action, duty=duty.id, parties=each, on_behalf_of=behalf)
        for each in _sides(kind, parties, holds)
    ]


def _own_roles(own: str, kind: Kind, holds: Mapping[str, tuple[str, ...]]) -> list[str] | None:
    """Return the parts in which this office may record a kind; None where it is a side and may play none of them."""
    roles = [role for name in kind.recorded_by for role in kind.in_group(name)]
    free = [role for role in roles if not any(own in holds.get(each, ()) for each in kind.roles[role].apart)]
    return None if roles and not free else free


def _choosable(kind: Kind) -> set[str]:
    """Return the groups of a kind of which an entry names one member."""
    groups = {role.group for role in kind.roles.values() if role.group}
    return {each for each in groups if not any(kind.roles[role].required for role in kind.in_group(each))}


def _sides(kind: Kind, parties: dict[str, str], holds: Mapping[str, tuple[str, ...]]) -> list[dict[str, str]]:
    """Return the parties of an entry, once for each member of a group that it may name and the duty does not name."""
    groups = _choosable(kind) - {kind.roles[role].group for role in parties}
    sides = [
        (role, held)
        for role, one in kind.roles.items()
        if one.group in groups
        for held in holds.get(role, ())
    ]
    return [parties | {role: held} for role, held in sides] or [parties]


def _free_parties(
    own: str, kind: Kind, holds: Mapping[str, tuple[str, ...]], *, anew: bool
) -> list[dict[str, str]]:
    """Return the parties a kind could be about here; none when this office has no part that may record it.

    `anew`: whether a party may take a part that each entry names anew.
    """
    own_roles = [role for name in kind.recorded_by for role in kind.in_group(name)]
    is_party = anew and any(own in held for held in holds.values())
    mine = [role for role in own_roles if own in holds.get(role, ()) or (is_party and kind.roles[role].anew)]
    if not mine:
        return []
    groups = _choosable(kind)
    if not groups:
        return [{}]
    return [
        {role.name: held}
        for role in kind.roles.values()
        if role.group in groups
        for held in holds.get(role.name, ())
        if role.name in mine or not any(kind.roles[each].group for each in mine)
    ]
