"""Examples beside a rule that a lawyer can read, and that are run: given, when, then.

A file below a pack's `examples/` holds several documents of two forms. A *clock* asks one rule for one
deadline; a *story* gives events and says every duty that they leave, nothing more and nothing less: of all rules, or
of those that it says it is about.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Final
from uuid import UUID

from yipan.errors import YipanError
from yipan.law.deadline import SHANGHAI
from yipan.law.event import Event
from yipan.law.fold import OPEN, Duty, fold
from yipan.law.kind import plain_faults
from yipan.law.pack import read_documents
from yipan.law.reading import Faults, Reader
from yipan.law.roles import level_of
from yipan.law.rule import LAPSE_KIND
from yipan.law.rulebook import UnknownRuleError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from yipan.law.event import Plain
    from yipan.law.reading import Raw
    from yipan.law.rulebook import Bound, Rulebook

    LineOf = Callable[[str], Mapping[str, str]]

CLOCK_KEYS: Final = ("example", "rule", "given", "then")
CLOCK_GIVEN_KEYS: Final = ("on", "at", "owed_by", "owed_to", "clock")
CLOCK_THEN_KEYS: Final = ("due_on", "within", "version", "by", "provisional", "refused")
STORY_KEYS: Final = ("example", "about", "given", "now", "then")
STORY_EVENT_KEYS: Final = ("event", "at", "by", "parties", "clock", "name", "corrects")
STORY_LAPSE_KEYS: Final = ("lapse", "at", "owed_by", "name")
STORY_THEN_KEYS: Final = (
    "rule", "owed_by", "owed_to", "due_on", "state",
    "party", "period", "by", "in_time", "lapsed", "overdue", "provisional",
)  # fmt: skip

_THREAD: Final = UUID(int=1)
_NOON: Final = time(12, 0)


def run_examples(texts: Mapping[str, str], rulebook: Rulebook, line_of: LineOf) -> list[str]:
    """Run every example of some files (name to text) and return every fault, each as `file: example: what`.

    `line_of` gives for an organisation the offices above it by level, itself included, and its
    counterparts (`health`, `government`) in the same division.
    """
    faults = Faults()
    for file, text in texts.items():
        for number, raw in enumerate(read_documents(text, file, faults), start=1):
            name = str(raw.get("example", f"document {number}"))
            reader = Reader(file=file, at=name, raw=raw, faults=faults)
            try:
                if "rule" in raw:
                    _run_clock(reader, rulebook, line_of)
                else:
                    Story(reader, rulebook, line_of).run()
            except YipanError as error:
                reader.fault("", error.say("en"))
    return faults.lines


def rules_shown(texts: Mapping[str, str]) -> frozenset[str]:
    """Return every rule and overlay that some example of these files shows at work."""
    shown: set[str] = set()
    faults = Faults()
    for file, text in texts.items():
        for raw in read_documents(text, file, faults):
            then = raw.get("then")
            parts: list[object] = [raw, *(then if isinstance(then, list) else [then])]
            found = [part.get(key) for part in parts if isinstance(part, dict) for key in ("rule", "by")]
            shown.update(str(each) for each in found if each)
    return frozenset(shown)


def _run_clock(reader: Reader, rulebook: Rulebook, line_of: LineOf) -> None:
    reader.only(*CLOCK_KEYS)
    reader.needs(*CLOCK_KEYS)
    given, then = reader.inner("given"), reader.inner("then")
    given.only(*CLOCK_GIVEN_KEYS)
    given.needs("owed_by", "owed_to")
    then.only(*CLOCK_THEN_KEYS)
    at = asked_at(given)
    if at is None:
        return
    try:
        bound = bound_of(reader, given, at, rulebook, line_of)
    except YipanError as error:
        if then.raw.get("refused") != error.code:
            then.fault("refused", f"refused as {error.code}: {error.say('en')}")
        return
    if "refused" in then.raw:
        then.fault("refused", f"not refused: due on {bound.deadline.due_on} under {bound.clock_rule}")
        return
    then.needs("due_on", "within", "version")
    found: dict[str, object] = {
        "due_on": bound.deadline.due_on,
        "within": str(bound.within),
        "version": bound.version_on,
        "by": bound.clock_rule,
        "provisional": bound.deadline.provisional,
    }
    for key, value in found.items():
        if key in then.raw and then.raw[key] != value:
            then.fault(key, f"says {then.raw[key]}, the rule gives {value}")
    if bound.deadline.provisional and "provisional" not in then.raw:
        then.fault("provisional", "the date is provisional, and the example does not say so")


def asked_at(given: Reader) -> datetime | None:
    """Return the moment from which a clock example counts; None, with a fault, where it says none."""
    return _moment(given, "at") if "at" in given.raw else _noon(given)


def bound_of(reader: Reader, given: Reader, at: datetime, rulebook: Rulebook, line_of: LineOf) -> Bound:
    """Return the clock that binds in a clock example.

    Raises:
        YipanError: the law gives none.
    """
    debtor, creditor = given.text("owed_by"), given.text("owed_to")
    try:
        rule = rulebook.rule(reader.text("rule"), at.astimezone(SHANGHAI).date(), debtor, creditor)
    except UnknownRuleError:
        # What an overlay says alone, whatever else binds.
        return rulebook.overlay_bound(reader.text("rule"), at, debtor=debtor, clock=_clock(given))
    sides = (debtor, creditor)
    asked = Event(
        id=_THREAD,
        kind="",
        thread=_THREAD,
        counts_at=at,
        parties={},
        lines={each: line_of(each) for each in sides if each[:1].isdigit()},
    )
    return rulebook.bound(
        rule,
        at,
        debtor=debtor,
        creditor=creditor,
        levels=(level_of(asked, debtor), level_of(asked, creditor)),
        clock=_clock(given),
    )


@dataclass(frozen=True)
class Story:
    """One story as it runs: the events so far and the names they go by."""

    reader: Reader
    rulebook: Rulebook
    line_of: LineOf
    events: list[Event] = field(default_factory=list)
    named: dict[str, UUID] = field(default_factory=dict)

    def run(self) -> None:
        """Take the events, fold them, and compare with what the story says."""
        reader = self.reader
        reader.only(*STORY_KEYS)
        reader.needs("example", "given", "then")
        every = self.duties()
        now = _moment(reader, "now") if "now" in reader.raw else None
        about = self._about()
        duties = [duty for duty in every if not about or duty.rule in about]
        left = [_shown(duty, now) for duty in duties]
        for each in reader.within_list("then"):
            each.only(*STORY_THEN_KEYS)
            each.needs("rule", "owed_by", "owed_to", "due_on", "state")
            if "overdue" in each.raw and now is None:
                each.fault("overdue", "needs the story's `now`")
            met = next((duty for duty in left if _meets(each.raw, duty)), None)
            if met is None:
                each.fault("", f"no such duty; left are: {_listed(left)}")
            else:
                left.remove(met)
        for duty in left:
            reader.fault("then", f"does not say this duty: {_listed([duty])}")

    def duties(self) -> list[Duty]:
        """Take the events as given, once, and return every duty that they leave."""
        for each in self.reader.within_list("given"):
            event = self._lapse(each) if "lapse" in each.raw else self._event(each)
            if event:
                self.events.append(event)
        return list(fold(self.events, self.rulebook))

    def _about(self) -> tuple[str, ...]:
        """Return the rules that the story is about; none said: all. Other packs may open what it need not know of."""
        about = self.reader.texts("about")
        for rule in about:
            try:
                self.rulebook.holders(rule)
            except UnknownRuleError:
                self.reader.fault("about", f"there is no rule {rule!r}")
        return about

    def _event(self, one: Reader) -> Event | None:
        one.only(*STORY_EVENT_KEYS)
        one.needs("event", "at", "by", "parties")
        at = _moment(one, "at")
        if at is None:
            return None
        parties = {role: one.inner("parties").texts(role) for role in one.inner("parties").raw}
        clock = _clock(one)
        self._check(one, at, parties, clock)
        corrects = one.text("corrects")
        if corrects and corrects not in self.named:
            one.fault("corrects", f"no earlier event is named {corrects!r}")
        actor = one.text("by")
        return Event(
            id=self._id(one),
            kind=one.text("event"),
            thread=_THREAD,
            counts_at=at,
            parties=parties,
            lines={each: self.line_of(each) for each in {actor, *_every(parties.values())}},
            actor=actor,
            clock=clock,
            corrects=self.named.get(corrects),
        )

    def _check(
        self, one: Reader, at: datetime, parties: Mapping[str, object], clock: Mapping[str, Plain]
    ) -> None:
        kind = self.rulebook.kind(one.text("event"), at.astimezone(SHANGHAI).date())
        for role in parties:
            if role not in kind.roles:
                one.fault(f"parties.{role}", f"is no role of {kind.name}")
        for name, value in clock.items():
            known = kind.fields.get(name)
            if known is None or not known.clock:
                one.fault(f"clock.{name}", f"is no clock field of {kind.name}")
            elif wrong := plain_faults(known, value):
                one.fault(f"clock.{name}", wrong)

    def _lapse(self, one: Reader) -> Event | None:
        """Return the lapse that a sweep at this moment would write of the one open duty meant."""
        one.only(*STORY_LAPSE_KEYS)
        one.needs("lapse", "at")
        at = _moment(one, "at")
        meant = [
            duty
            for duty in fold(self.events, self.rulebook)
            if duty.state == OPEN
            and duty.rule == one.text("lapse")
            and one.raw.get("owed_by", duty.owed_by) == duty.owed_by
        ]
        if len(meant) != 1 or at is None:
            one.fault("lapse", f"must mean one open duty, and means {len(meant)}")
            return None
        duty = meant[0]
        sides = {"debtor": (duty.owed_by,), "creditor": (duty.owed_to,)}
        return Event(
            id=self._id(one),
            kind=LAPSE_KIND,
            thread=_THREAD,
            counts_at=at,
            parties=sides,
            lines={each: self.line_of(each) for each in _every(sides.values()) if each[:1].isdigit()},
            actor=duty.owed_by,
            clock={"duty": str(duty.id), "rule": duty.rule, "due_at": str(duty.due_at)},
        )

    def _id(self, one: Reader) -> UUID:
        """Return an id that grows with the order of the story, and remember the event's name."""
        made = UUID(int=_THREAD.int + 1 + len(self.events))
        if name := one.text("name"):
            self.named[name] = made
        return made


def _every(lists: Iterable[Iterable[str]]) -> set[str]:
    return {each for inner in lists for each in inner}


def _shown(duty: Duty, now: datetime | None) -> dict[str, object]:
    """Return what an example may say of a duty."""
    return {
        "rule": duty.rule,
        "owed_by": duty.owed_by,
        "owed_to": duty.owed_to,
        "due_on": duty.due_on,
        "state": duty.state,
        "party": duty.party_role,
        "period": duty.period,
        "by": duty.clock_rule,
        "in_time": duty.in_time,
        "lapsed": duty.lapsed_at is not None,
        "overdue": bool(now and duty.state == OPEN and duty.due_at and duty.due_at <= now),
        "provisional": duty.provisional,
    }


def _meets(expected: Raw, duty: Mapping[str, object]) -> bool:
    """Tell whether a duty is what the example says. A lapse or a lateness must not go unsaid."""
    unsaid = duty["lapsed"] is True and "lapsed" not in expected
    late = duty["in_time"] is False and "in_time" not in expected
    return not unsaid and not late and all(duty.get(key) == value for key, value in expected.items())


def _listed(duties: Sequence[Mapping[str, object]]) -> str:
    plain = [
        ", ".join(f"{key} {value}" for key, value in duty.items() if value not in ("", None, False))
        for duty in duties
    ]
    return " | ".join(plain) or "none"


def _clock(reader: Reader) -> dict[str, Plain]:
    inner = reader.inner("clock")
    found: dict[str, Plain] = {}
    for key, value in inner.raw.items():
        if isinstance(value, str | int | bool):
            found[str(key)] = value
        else:
            inner.fault(str(key), f"must be a plain value, not {value!r}")
    return found


def _noon(reader: Reader) -> datetime | None:
    day = reader.day("on")
    if day is None:
        reader.fault("on", "missing: say `on` a day or `at` a moment")
        return None
    return datetime.combine(day, _NOON, SHANGHAI)


def _moment(reader: Reader, key: str) -> datetime | None:
    """Return a moment; one written without a zone is of Asia/Shanghai, and a day means its noon."""
    value = reader.raw.get(key)
    if type(value) is date:
        return datetime.combine(value, _NOON, SHANGHAI)
    try:
        found = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    except ValueError:
        reader.fault(key, f"must be a moment as 2026-03-02T10:00, not {value!r}")
        return None
    return found if found.utcoffset() is not None else found.replace(tzinfo=SHANGHAI)
