"""A draft: what a clerk, a program or another office says has happened, before it is an entry.

`Draftsman` turns drafts into entries: it fills the roles that the case already knows, checks every field
against the kind, and gathers all faults. It asks nothing of the database; what it needs is handed to it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from yipan.duties import travelling
from yipan.duties.faults import Fault, apart_faults
from yipan.duties.naming import case_of, office_thread, period_thread
from yipan.duties.values import read_value
from yipan.law.deadline import SHANGHAI
from yipan.law.succession import Heirs, Standing, as_of, successions_in

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from uuid import UUID

    from yipan.law.event import Event, Plain
    from yipan.law.kind import Field, Kind

#: Under this name the words of an event that are about no one person are sealed.
CASE: Final = "case"
#: The evidence of a period that turned: the calendar itself.
BY_CALENDAR: Final = "calendar"
#: The evidence of a moment that a superior's decision set, which stands in its own chain.
BY_DECISION: Final = "decision"


@dataclass(frozen=True, kw_only=True)
class Draft:
    """What is said to have happened.

    `fields` holds fields and roles by name. `at` is another moment than now, which counts only with
    `evidence` (a digest of what shows it). `thread` may be left out where the kind begins a case or
    names its period.
    """

    kind: str
    fields: Mapping[str, object] = field(default_factory=dict)
    id: UUID | None = None
    thread: UUID | None = None
    at: datetime | None = None
    evidence: str = ""
    on_behalf_of: str = ""
    follows: tuple[UUID, ...] = ()
    corrects: UUID | None = None
    #: Whom a subject of the kind means, where she is known already: her case then shares her key.
    persons: Mapping[str, UUID] = field(default_factory=dict)
    #: Part of an entry of another installation: what is missing was not for this one.
    extract: bool = False


@dataclass(frozen=True, kw_only=True)
class Checked:
    """A draft that has passed: roles filled, clock fields and sealed facts apart."""

    draft: Draft
    kind: Kind
    parties: Mapping[str, tuple[str, ...]]
    clock: Mapping[str, Plain]
    facts: Mapping[str, Mapping[str, object]]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Who:
    """Who plays which part in a draft, and what is wrong with that."""

    parties: Mapping[str, tuple[str, ...]]
    faults: tuple[Fault, ...]


def thread_of(draft: Draft, kind: Kind, acting: str, event_id: UUID) -> UUID | None:
    """Return the thread that a draft belongs to; None when it names none and its kind needs one."""
    if draft.thread:
        return draft.thread
    actor = draft.on_behalf_of or acting
    if kind.thread == "office":
        return office_thread(actor)
    if kind.thread == "period":
        return period_thread(actor, str(draft.fields.get("period", "")))
    return case_of(event_id) if kind.begins_case else None


class Draftsman:
    """Checks the drafts of one acting organisation."""

    def __init__(
        self,
        acting: str,
        opened: frozenset[str],
        now: datetime,
        standing: Standing | None = None,
        *,
        from_node: bool = False,
    ) -> None:
        """Know who acts, which organisations are on the system, the moment, and who stands in whose place."""
        self.from_node = from_node
        self.acting = acting
        self.opened = opened
        self.now = now
        self.standing = standing or Standing()
        # The kind is kept beside what was found, so that its id stays its own.
        self._alike: dict[object, tuple[Kind, _Who]] = {}

    def check(self, draft: Draft, kind: Kind, history: Sequence[Event]) -> Checked | list[Fault]:
        """Return the checked draft, or every fault of it.

        Whoever was succeeded by the moment that the draft speaks of is taken for its successor, in the draft and in the
        case: a letter to an office that is no more goes to the one in its place.
        """
        who = self._who(draft, kind, history)
        faults = [
            Fault(field=name, zh="这种记录没有这一项。", en=f"{kind.name} has no such field.")
            for name in draft.fields
            if name not in kind.fields and name not in kind.roles
        ]
        faults.extend(who.faults)
        clock: dict[str, Plain] = {}
        facts: dict[str, dict[str, object]] = {}
        for each in kind.fields.values():
            if (draft.extract or not each.required) and each.name not in draft.fields:
                continue
            value = self._value(each, draft.fields.get(each.name), faults)
            if value is None:
                continue
            if each.clock:
                clock[each.name] = value
            else:
                facts.setdefault(each.subject or CASE, {})[each.name] = value
        self._check_reach(kind, who.parties, clock, faults)
        return faults or Checked(draft=draft, kind=kind, parties=who.parties, clock=clock, facts=facts)

    def _who(self, draft: Draft, kind: Kind, history: Sequence[Event]) -> _Who:
        """Return who plays which part, at what moment, and what is wrong with that.

        Drafts that begin cases alike (a roster of a thousand people) are looked at once.
        """
        said = {role: self._named(draft.fields[role]) for role in kind.roles if draft.fields.get(role)}
        if history or draft.corrects:
            return self._found_who(draft, kind, history, said)
        alike = (id(kind), draft.on_behalf_of, draft.at, draft.evidence, tuple(said.items()))
        if alike not in self._alike:
            self._alike[alike] = (kind, self._found_who(draft, kind, history, said))
        return self._alike[alike][1]

    def _found_who(
        self, draft: Draft, kind: Kind, history: Sequence[Event], said: dict[str, tuple[str, ...]]
    ) -> _Who:
        faults: list[Fault] = []
        heirs = self._heirs(history)
        moment = draft.at or self.now
        history = as_of(history, heirs, moment)
        if not kind.system:
            said = {role: heirs.of_all(held, moment) for role, held in said.items()}
        if draft.on_behalf_of and heirs.of(draft.on_behalf_of, self.now) == self.acting:
            # What an office did before it ended, whoever stands in its place records for it.
            allowed = dict.fromkeys((*kind.on_behalf_of, *kind.recorded_by))
            kind = replace(kind, on_behalf_of=tuple(allowed))
        parties = self._parties(draft, kind, history, said, faults)
        faults.extend(apart_faults(kind, parties, history))
        self._check_actor(draft, kind, parties, faults)
        self._check_moment(draft, faults)
        self._check_sequence(draft, kind, parties, history, faults)
        return _Who(parties=parties, faults=tuple(faults))

    def _heirs(self, history: Sequence[Event]) -> Heirs:
        """Return who stands in whose place: what the case itself says comes before what is known of the offices."""
        return Heirs((*successions_in(history), *self.standing.successions))

    def _named(self, value: object) -> tuple[str, ...]:
        """Return the organisations a field names, each by its id, whatever code it is known under today."""
        return tuple(self.standing.ids.get(each, each) for each in organisations_in(value))

    def _value(self, one: Field, value: object, faults: list[Fault]) -> Plain:
        """Return a field's value as it is kept, or None with or without a fault."""
        if value is None or value == "":
            if one.required:
                faults.append(
                    Fault(
                        field=one.name, zh=f"请填写“{one.title['zh']}”。", en=f"Fill in: {one.title['en']}."
                    )
                )
            return None
        kept = read_value(one, value)
        if isinstance(kept, str) and kept in one.refuses:
            kept = Fault(field=one.name, zh=one.refuses[kept]["zh"], en=one.refuses[kept]["en"])
        if isinstance(kept, Fault):
            faults.append(kept)
            return None
        return kept

    def _parties(
        self,
        draft: Draft,
        kind: Kind,
        history: Sequence[Event],
        found: dict[str, tuple[str, ...]],
        faults: list[Fault],
    ) -> dict[str, tuple[str, ...]]:
        """Return who plays which part: as said, else the actor's own part, else as the case knows it."""
        in_case: dict[str, tuple[str, ...]] = {}
        for event in history:
            in_case.update(event.parties)
        for role in kind.roles.values():
            if role.anew:
                in_case.pop(role.name, None)
        if draft.corrects is None:
            faults.extend(
                Fault(
                    field=role,
                    zh=f"案件中的{kind.roles[role].title['zh']}是{'、'.join(in_case[role])}，不能另写一个。",
                    en=f"In this case {role} is {', '.join(in_case[role])}; it cannot be another.",
                )
                for role, held in found.items()
                if role in in_case and held != in_case[role] and not kind.system
            )
        self._take_own_role(draft, kind, in_case, found, faults)
        for role in kind.roles.values():
            # A kind that must name one of a group speaks of the whole group; else the draft chooses one.
            whole = role.group and any(kind.roles[each].required for each in kind.in_group(role.group))
            # Left empty in a correction, it is taken out; where the correction does not speak of it, it stays.
            taken_out = draft.corrects is not None and role.name in draft.fields
            if role.name in in_case and (role.required or whole) and not taken_out:
                found.setdefault(role.name, in_case[role.name])
            if role.required and not found.get(role.name) and not draft.extract:
                faults.append(_missing_role(role.name, role.title))
        if not draft.extract:
            self._check_groups(kind, in_case, found, faults)
        return {role: held for role, held in found.items() if held}

    def _take_own_role(
        self,
        draft: Draft,
        kind: Kind,
        in_case: Mapping[str, tuple[str, ...]],
        found: dict[str, tuple[str, ...]],
        faults: list[Fault],
    ) -> None:
        """Give the actor the part it has in the case, or a part that nobody has yet."""
        actor = draft.on_behalf_of or self.acting
        allowed = kind.on_behalf_of if draft.on_behalf_of else kind.recorded_by
        own = [role for name in allowed for role in kind.in_group(name)]
        if any(actor in found.get(role, ()) for role in own):
            return
        # Whoever names a member of a group has said which one is meant: the actor's own part is not added to it.
        named = {kind.roles[role].group for role in found if kind.roles[role].group}
        held = [
            role
            for role in own
            if actor in in_case.get(role, ()) and role not in found and kind.roles[role].group not in named
        ]
        free = [
            role for role in own if role not in in_case and role not in found and not kind.roles[role].group
        ]
        if len(held) > 1:
            titles = "、".join(kind.roles[role].title["zh"] for role in held)
            faults.append(
                Fault(
                    field=held[0],
                    zh=f"本机构在案件中有几个身份，请写明是哪一个：{titles}。",
                    en=f"This office holds several parts in the case; say which: {', '.join(held)}.",
                )
            )
        elif held or free:
            found[(held or free)[0]] = (actor,)

    def _check_groups(
        self,
        kind: Kind,
        in_case: Mapping[str, tuple[str, ...]],
        found: dict[str, tuple[str, ...]],
        faults: list[Fault],
    ) -> None:
        """Fill a group of which the case knows one member; else the draft must say which one is meant."""
        for group in sorted({role.group for role in kind.roles.values() if role.group}):
            members = kind.in_group(group)
            whole = any(kind.roles[role].required for role in members)
            named = [role for role in members if found.get(role)]
            if len(named) > 1 and not whole:
                faults.append(
                    Fault(
                        field=named[1],
                        zh="一次只写一方，另一方请另作记录。",
                        en="One party at a time: record the other apart.",
                    )
                )
            if named or whole:
                continue
            known = [role for role in members if role in in_case]
            if len(known) == 1:
                found[known[0]] = in_case[known[0]]
            else:
                titles = "、".join(kind.roles[role].title["zh"] for role in members)
                faults.append(
                    Fault(
                        field=members[0],
                        zh=f"请写明是哪一方：{titles}。",
                        en=f"Say which party: {', '.join(members)}.",
                    )
                )

    def _check_actor(
        self, draft: Draft, kind: Kind, parties: Mapping[str, tuple[str, ...]], faults: list[Fault]
    ) -> None:
        allowed = kind.on_behalf_of if draft.on_behalf_of else kind.recorded_by
        actor = draft.on_behalf_of or self.acting
        roles = [role for name in allowed for role in kind.in_group(name)]
        if draft.on_behalf_of and not kind.on_behalf_of:
            faults.append(
                Fault(
                    field="on_behalf_of",
                    zh="这种记录不能代为登记。",
                    en="This kind cannot be recorded on behalf of another office.",
                )
            )
        elif roles and not any(actor in parties.get(role, ()) for role in roles):
            titles = "、".join(kind.roles[role].title["zh"] for role in roles)
            faults.append(
                Fault(
                    field="on_behalf_of" if draft.on_behalf_of else "office",
                    zh=f"{actor}不是这件事的{titles}，不能作此记录。",
                    en=f"{actor} is not the {' or '.join(roles)} here and cannot record this.",
                )
            )

    def _check_moment(self, draft: Draft, faults: list[Fault]) -> None:
        if draft.at and draft.at > self.now:
            faults.append(
                Fault(field="at", zh="时间不能晚于现在。", en="The moment cannot lie in the future.")
            )
        if (draft.at or draft.on_behalf_of) and not draft.evidence:
            faults.append(
                Fault(
                    field="evidence",
                    zh="不是本机构此刻所做的事，需要附上送达或时间的凭证（签收单、传真页、通话记录）。",
                    en="A moment other than now, or another office's act, counts only with evidence of it.",
                )
            )

    def _check_sequence(
        self,
        draft: Draft,
        kind: Kind,
        parties: Mapping[str, tuple[str, ...]],
        history: Sequence[Event],
        faults: list[Fault],
    ) -> None:
        """Refuse a moment before what it answers: a mistyped day would let an office off."""
        # The first that a kind follows is the one without which it cannot be; the others may come in any order.
        first_kind = kind.follows[0] if kind.follows else ""
        followed = [event for event in history if event.kind == first_kind and _shares(kind, event, parties)]
        moment = draft.at or self.now
        if followed and draft.corrects is None and all(event.counts_at > moment for event in followed):
            first = min(event.counts_at for event in followed).astimezone(SHANGHAI)
            faults.append(
                Fault(
                    field="at",
                    zh=f"时间早于它所跟随的记录（{first:%Y-%m-%d %H:%M}），请核对。",
                    en=f"This lies before what it follows ({first:%Y-%m-%d %H:%M}): check the day.",
                )
            )

    def _check_reach(
        self,
        kind: Kind,
        parties: Mapping[str, tuple[str, ...]],
        clock: dict[str, Plain],
        faults: list[Fault],
    ) -> None:
        by_message = clock.get("channel") in (travelling.HERE, travelling.ELSEWHERE)
        if not kind.reaches or not by_message or self.from_node:
            return
        reached = [each for role in kind.in_group(kind.reaches) for each in parties.get(role, ())]
        away = travelling.elsewhere(reached)
        # A message to another installation arrives where it is received, not when it is sent.
        if travelling.ELSEWHERE in kind.fields["channel"].choices:
            clock["channel"] = travelling.ELSEWHERE if away else travelling.HERE
        faults.extend(
            Fault(
                field="channel",
                zh=f"{each}尚未启用本系统，收不到系统消息，请改用挂号信、传真或电话。",
                en=f"{each} is not on the system yet: send a registered letter, a fax or call.",
            )
            for each in reached
            if each not in self.opened and each not in away
        )


def _shares(kind: Kind, event: Event, parties: Mapping[str, tuple[str, ...]]) -> bool:
    """Tell whether an event is about the same parties: of a group the same member, of other parts what both name."""
    for role, held in parties.items():
        members = kind.in_group(kind.roles[role].group) if kind.roles[role].group else (role,)
        if any(each in event.parties for each in members) and event.parties.get(role) != held:
            return False
    return True


def organisations_in(value: object) -> tuple[str, ...]:
    """Return the ids of the organisations that a field names, one or a list."""
    listed = value if isinstance(value, list | tuple) else [value]
    return tuple(str(each).strip().removesuffix(":health") for each in listed if str(each).strip())


def _missing_role(name: str, title: Mapping[str, str]) -> Fault:
    return Fault(field=name, zh=f"请填写“{title['zh']}”。", en=f"Say which organisation: {title['en']}.")
