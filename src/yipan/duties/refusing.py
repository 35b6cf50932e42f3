"""What the case itself refuses of a checked draft: parts nobody has here, offices of another level, others' entries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from yipan.duties.faults import AnotherVerbError, Fault, NotReceivedError
from yipan.law.agreeing import agreements_in, lacking
from yipan.law.correction import RETRACTION_KIND
from yipan.law.deadline import SHANGHAI
from yipan.law.fold import OPEN
from yipan.law.succession import Heirs, successions_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date, datetime

    from yipan.duties.draft import Checked, Draft
    from yipan.law.event import Event
    from yipan.law.fold import Duty
    from yipan.law.kind import Kind
    from yipan.law.rulebook import Rulebook

#: The effect of what ends a person's data.
ERASED: Final = "person-erased"
#: What each level is called where a fault names it.
LEVEL_NAMES: Final = {
    "village": "村（社区）", "township": "乡镇（街道）", "county": "县级", "city": "市级", "province": "省级", "nation": "国家",
}  # fmt: skip


def part_faults(
    one: Checked,
    actor: str,
    history: Sequence[Event],
    owed: Iterable[Duty],
    rulebook: Rulebook,
    day: date,
) -> list[Fault]:
    """In a case that is under way, an office takes a part nobody has only to do what it owes there (`owed`)."""
    known = {role for event in history for role in event.parties}
    taken = [
        role
        for role, held in one.parties.items()
        if actor in held and (role not in known or one.kind.roles[role].anew)
    ]
    # What she says herself an office takes in whatever it owes; and whoever holds her erases her.
    if not history or not taken or one.kind.system or one.kind.by_person or one.kind.effect == ERASED:
        return []
    late = [duty for duty in owed if duty.owed_by == actor and duty.state == OPEN]
    fits = [rule.discharge for duty in late for _, rule in rulebook.holders(duty.rule) if rule.discharge]
    if any(one.kind.name in discharge.kinds() for discharge in fits):
        return []
    if late and one.kind.name not in rulebook.discharging(day):
        return []
    title = one.kind.roles[taken[0]].title["zh"]
    zh, en = f"本机构在此案中没有{title}的职责。", f"This office owes nothing here as {taken[0]}."
    return [Fault(field=taken[0], zh=zh, en=en)]


def missing_faults(one: Checked) -> list[Fault]:
    """Return which fields the values of others ask for (`required_when`) and nobody filled; of persons at hand alone."""
    said = {**one.clock, **{name: value for facts in one.facts.values() for name, value in facts.items()}}
    return [
        Fault(field=each.name, zh=f"请填写“{each.title['zh']}”。", en=f"Fill in: {each.title['en']}.")
        for each in one.kind.fields.values()
        if each.required_when
        and each.name not in said
        and all(said.get(name) in values for name, values in each.required_when.items())
        and (not each.subject or one.kind.concerns(each.subject, one.parties))
    ]


def agreement_faults(one: Checked, history: Sequence[Event], rulebook: Rulebook) -> list[Fault]:
    """Return why what passes on what is a person's cannot be: she has not agreed, or has withdrawn."""
    missing = lacking(one.kind, one.clock, one.parties, agreements_in(history, rulebook))
    return [
        Fault(
            field=role or "office",
            zh="本人没有同意，或者已经撤回同意，不能发出。",
            en="The person has not agreed to this, or has withdrawn: it is not sent.",
        )
        for role in missing
    ]


def level_faults(one: Checked, lines: Mapping[str, Mapping[str, str]]) -> list[Fault]:
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


def correction_faults(
    draft: Draft, history: Sequence[Event], own: str, rulebook: Rulebook, now: datetime
) -> list[Fault]:
    """Return why a correction cannot be: its maker alone corrects an entry, in kind or by withdrawing it.

    Where the maker has ended, whoever stands in its place does. What the clock, an adoption or a superior's decision
    wrote in an office's name is not its to withdraw: a lapse would be undone by whoever let it happen.
    """
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
    heirs = Heirs(successions_in(history))
    actor = draft.on_behalf_of or own
    kind = rulebook.kind(target.kind, target.counts_at.astimezone(SHANGHAI).date())
    if kind.system and not kind.action.get("zh"):
        zh, en = (
            "这条记录由系统写入，机构不能更正或撤回。",
            "The system wrote this entry: no office corrects or withdraws it.",
        )
        return [Fault(field="corrects", zh=zh, en=en)]
    fits = draft.kind in (target.kind, RETRACTION_KIND)
    if not fits or heirs.of(actor, now) != heirs.of(target.actor, now):
        zh, en = (
            "只能由原记录机构以同种记录更正，或者撤回。",
            "Only the office that made an entry corrects it, in kind, or withdraws it.",
        )
        return [Fault(field="corrects", zh=zh, en=en)]
    return []


def refuse_back_door(checked: Iterable[Checked], handled: frozenset[str]) -> None:
    """Refuse to record what somebody's tables depend on without those tables.

    Raises:
        AnotherVerbError: it is recorded through the verb of the room that keeps them.
    """
    for one in checked:
        if one.kind.effect and one.kind.effect not in handled:
            raise AnotherVerbError(kind=one.kind.name, effect=one.kind.effect)


def refuse_unheard(kind: Kind, fields: Mapping[str, object]) -> None:
    """Refuse what a kind takes from nobody, before a word or a file of it is kept.

    Raises:
        NotReceivedError: a choice was made with which nothing is taken.
    """
    for one in kind.fields.values():
        said = one.refuses.get(str(fields.get(one.name) or "").strip())
        if said:
            raise NotReceivedError(**said)
