"""A rule: which event opens a duty, who owes what to whom, by when under which article, what discharges it.

Every key is listed in `docs/reference/rules.md`. There are no expressions: a rule that cannot be said
with these keys needs a new key for all rules, never a special case for one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Final

from yipan.law.cite import CITE_KEYS, Cite, read_cite
from yipan.law.counting import Promptly, Within, parse_within
from yipan.law.kind import REFUSED_WORDS, stands_in
from yipan.law.reading import Faults, Raw, Reader, is_number
from yipan.law.roles import LEVELS, OWED_ONLY, RoleExpression, parse_role

if TYPE_CHECKING:
    from yipan.law.event import Event, Plain

__all__ = ["CITE_KEYS", "Cite", "read_cite"]

PERIODS: Final = ("day", "month", "quarter", "half-year", "year")
#: The kind that the sweep records when a period begins or has ended for an office.
PERIOD_KIND: Final = "period.turned"
#: The kind that the sweep records of each month's log of log-ins, where a rule waits for it.
LOG_INS_KIND: Final = "log-ins.counted"
#: The kind that the sweep records when a duty has passed its deadline.
LAPSE_KIND: Final = "duty.lapsed"


@dataclass(frozen=True, kw_only=True, slots=True)
class Trigger:
    """An event kind, with clock fields that must hold these values."""

    kind: str
    when: Mapping[str, Plain] = field(default_factory=dict)
    #: How this trigger finds its duty, where it is not as the rule says for all.
    matched_by: str = ""
    #: From which such event of the case on it opens: 2 lets the first pass.
    times: int = 1

    def meets(self, event: Event) -> bool:
        """Tell whether an event is of this kind with these clock values."""
        return event.kind == self.kind and all(
            event.clock.get(key) == value for key, value in self.when.items()
        )

    def opens_with(self, event: Event, taken: Iterable[Event]) -> bool:
        """Tell whether an event opens, given what the case has had: often enough, this one with those before it."""
        if not self.meets(event) or self.times == 1:
            return self.meets(event)
        before = [each for each in taken if each.counts_at <= event.counts_at and each.id != event.id]
        return sum(map(self.meets, before)) + 1 >= self.times


@dataclass(frozen=True, kw_only=True, slots=True)
class Every:
    """A duty that the calendar opens: one per period, for each opened office of these levels and kinds."""

    period: str
    opens: str
    levels: tuple[str, ...]
    kinds: tuple[str, ...]
    only: tuple[str, ...] = ()
    among: tuple[str, ...] = ()
    first_turn: int = 0

    def concerns(self, level: str, kind: str) -> bool:
        """Tell whether an office of this level and kind gets such duties."""
        return level in self.levels and kind in self.kinds

    def falls_in(self, period: str, division: str) -> bool:
        """Tell whether this period (`2026`, `2026-Q3`, `2026-10`) opens one for a division."""
        if self.only and not any(period.endswith(each) for each in self.only):
            return False
        if not self.among:
            return True
        turn = (int(period[:4]) - self.first_turn) % len(self.among)
        return self.among[turn] == division


@dataclass(frozen=True, kw_only=True, slots=True)
class Discharge:
    """What fulfils a duty: any of, all of, so many of, or a quantity summed over a field."""

    mode: str
    triggers: tuple[Trigger, ...]
    field: str = ""
    at_least: int = 1

    def kinds(self) -> frozenset[str]:
        """Return the kinds that count towards it."""
        return frozenset(trigger.kind for trigger in self.triggers)


@dataclass(frozen=True, kw_only=True, slots=True)
class Version:
    """What a rule says from a day on. `within` is one clock, or one per value of a clock field."""

    from_on: date
    within: Within | None
    by_field: str
    by_value: Mapping[str, Within]
    #: Whether a last day that rests moves; False for the term of something granted, as a certificate's.
    rolls: bool
    cite: Cite

    def clock_for(self, clock: Mapping[str, Plain]) -> Within | None:
        """Return the clock that an event's fields choose; None when the event does not say."""
        return self.by_value.get(str(clock.get(self.by_field))) if self.by_field else self.within


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """A duty that events or the calendar open. See the module and `docs/reference/rules.md`."""

    id: str
    pack: str
    title: Mapping[str, str]
    text: Mapping[str, str]
    triggers: tuple[Trigger, ...]
    every: Every | None
    on_lapse_only: bool
    once: bool
    one_at_a_time: bool
    for_each: str
    needs_consent: str
    owed_by: RoleExpression
    owed_to: RoleExpression
    applies_to: str
    discharge: Discharge | None
    matched_by: str
    released_by: tuple[Trigger, ...]
    on_lapse: str
    versions: tuple[Version, ...]
    #: A rule beside which this one opens nothing: where both would hold, that one does.
    yields_to: str = ""

    def at(self, day: date) -> Version | None:
        """Return the version in force on a day, or None when there is none yet."""
        return version_at(self.versions, day)


@dataclass(frozen=True, kw_only=True, slots=True)
class Overlay:
    """A local document's clock over a rule of another pack. It never lengthens: the earlier binds."""

    id: str
    pack: str
    title: Mapping[str, str]
    of: tuple[str, ...]
    applies_to: str
    leg: str
    versions: tuple[Version, ...]
    text: Mapping[str, str] = field(default_factory=dict)

    def at(self, day: date) -> Version | None:
        """Return the version in force on a day, or None."""
        return version_at(self.versions, day)

    def covers_leg(self, debtor_level: str | None, creditor_level: str | None) -> bool:
        """Tell whether the overlay bounds the way between these levels (`township-to-county`)."""
        return not self.leg or self.leg == f"{debtor_level}-to-{creditor_level}"


def version_at(versions: tuple[Version, ...], day: date) -> Version | None:
    """Return the latest version that has come into force by a day."""
    return max(
        (each for each in versions if each.from_on <= day), key=lambda each: each.from_on, default=None
    )


def counts_log_ins(rule: Rule) -> bool:
    """Tell whether a rule waits for what the log of log-ins says."""
    return rule.discharge is not None and LOG_INS_KIND in rule.discharge.kinds()


RULE_KEYS: Final = (
    "rule", "title", "text", "opens_on", "once", "one_at_a_time", "for_each", "needs_consent", "owed_by", "owed_to",
    "applies_to", "yields_to", "discharged_by", "matched_by", "released_by", "on_lapse", "versions",
)  # fmt: skip
OVERLAY_KEYS: Final = ("overlay", "title", "text", "of", "applies_to", "leg", "versions")
EVERY_KEYS: Final = ("every", "opens", "levels", "kinds", "only", "rotation")
ROTATION_KEYS: Final = ("among", "first_year")
TRIGGER_KEYS: Final = ("kind", "when", "matched_by", "times")
AMOUNT_KEYS: Final = ("kind", "when", "at_least", "field")
VERSION_KEYS: Final = ("within", "rolls", "cite")
BY_FIELD_KEYS: Final = ("by_field", "values")
APPLIES_TO: Final = ("debtor", "both")
MATCHES: Final = ("party", "debtor", "debtor-and-party", "thread")


def read_rule(raw: Raw, *, file: str, pack: str, promptly: Within | None, faults: Faults) -> Rule:
    """Read one rule; every fault goes to the collector by file and key, and a usable value comes back."""
    reader = Reader(file=file, at="", raw=raw, faults=faults)
    reader.only(*RULE_KEYS)
    reader.needs("rule", "title", "opens_on", "owed_by", "owed_to", "discharged_by", "versions")
    _refuse_rule_words(reader)
    triggers, every, on_lapse_only = _read_opening(reader)
    owed_by = _role(reader, "owed_by")
    if owed_by.base in OWED_ONLY:
        reader.fault(
            "owed_by", f"{owed_by.base!r} can never owe: the debtor of a duty is always an organisation"
        )
    for_each = reader.text("for_each")
    if owed_by.base == "party" and not for_each and not on_lapse_only:
        reader.fault("owed_by", "`party` needs `for_each`")
    return Rule(
        id=reader.text("rule"),
        pack=pack,
        title=reader.both("title"),
        text=reader.both("text", required=False),
        triggers=triggers,
        every=every,
        on_lapse_only=on_lapse_only,
        once=reader.flag("once"),
        one_at_a_time=reader.flag("one_at_a_time"),
        for_each=for_each,
        needs_consent=reader.text("needs_consent"),
        owed_by=owed_by,
        owed_to=_role(reader, "owed_to"),
        applies_to=reader.choice("applies_to", APPLIES_TO, "debtor"),
        discharge=_read_discharge(reader),
        matched_by=reader.choice("matched_by", MATCHES, "party" if for_each or on_lapse_only else "debtor"),
        released_by=_read_triggers(reader, "released_by") if "released_by" in raw else (),
        on_lapse=reader.text("on_lapse"),
        versions=_read_versions(reader, promptly),
        yields_to=reader.text("yields_to"),
    )


def read_overlay(raw: Raw, *, file: str, pack: str, promptly: Within | None, faults: Faults) -> Overlay:
    """Read one overlay; faults as for a rule."""
    reader = Reader(file=file, at="", raw=raw, faults=faults)
    reader.only(*OVERLAY_KEYS)
    reader.needs("overlay", "title", "of", "versions")
    leg = reader.text("leg")
    if leg and not all(part in LEVELS for part in leg.split("-to-")):
        reader.fault("leg", f"must be LEVEL-to-LEVEL with levels of: {', '.join(LEVELS)}")
    return Overlay(
        id=reader.text("overlay"),
        pack=pack,
        title=reader.both("title"),
        of=reader.texts("of"),
        applies_to=reader.choice("applies_to", APPLIES_TO, "debtor"),
        leg=leg,
        versions=_read_versions(reader, promptly),
        text=reader.both("text", required=False),
    )


def _refuse_rule_words(reader: Reader) -> None:
    for word in REFUSED_WORDS:
        if stands_in(word, reader.text("rule")):
            reader.fault(
                "rule", f"refused: {word!r} stands for what this system never does (what-it-refuses)"
            )


def _role(reader: Reader, key: str) -> RoleExpression:
    found = parse_role(reader.text(key, "unknown"))
    if isinstance(found, str):
        reader.fault(key, found)
        return RoleExpression(text="unknown", base="unknown")
    return found


def _read_opening(reader: Reader) -> tuple[tuple[Trigger, ...], Every | None, bool]:
    value = reader.raw.get("opens_on")
    if value == "lapse":
        return (), None, True
    if isinstance(value, Mapping) and "every" in value:
        return (), _read_every(reader.inner("opens_on")), False
    return _read_triggers(reader, "opens_on"), None, False


def _read_every(reader: Reader) -> Every:
    reader.only(*EVERY_KEYS)
    reader.needs("every", "opens", "levels")
    rotation = reader.inner("rotation")
    if rotation.raw:
        rotation.only(*ROTATION_KEYS)
        rotation.needs(*ROTATION_KEYS)
    first = rotation.raw.get("first_year", 0)
    if not is_number(first):
        rotation.fault("first_year", "must be a year")
        first = 0
    levels = reader.texts("levels")
    for level in levels:
        if level not in LEVELS:
            reader.fault("levels", f"{level!r} is no level; levels: {', '.join(LEVELS)}")
    return Every(
        period=reader.choice("every", PERIODS, "month"),
        opens=reader.choice("opens", ("start", "after"), "after"),
        levels=levels,
        kinds=reader.texts("kinds") or ("health",),
        only=reader.texts("only"),
        among=rotation.texts("among"),
        first_turn=int(str(first)),
    )


def _read_triggers(reader: Reader, key: str) -> tuple[Trigger, ...]:
    value = reader.raw.get(key)
    if isinstance(value, str):
        return (Trigger(kind=value),)
    inner = reader.inner(key)
    if "kind" in inner.raw:
        return (_read_trigger(inner),)
    inner.only("any")
    found: list[Trigger] = []
    items = inner.raw.get("any", ())
    if not isinstance(items, list) or not items:
        inner.fault("any", "must be a list of kinds")
        return ()
    for number, item in enumerate(items):
        if isinstance(item, str):
            found.append(Trigger(kind=item))
        else:
            place = inner.key(f"any[{number}]")
            mapping = item if isinstance(item, Mapping) else {}
            found.append(_read_trigger(Reader(file=inner.file, at=place, raw=mapping, faults=inner.faults)))
    return tuple(found)


def _read_trigger(reader: Reader) -> Trigger:
    reader.only(*TRIGGER_KEYS)
    reader.needs("kind")
    when = reader.inner("when").raw
    for key, value in when.items():
        if not isinstance(value, str | int | bool):
            reader.fault(f"when.{key}", "must be a plain value")
    times = reader.raw.get("times", 1)
    if not is_number(times) or int(str(times)) < 1:
        reader.fault("times", "must be a whole number from 1")
        times = 1
    return Trigger(
        kind=reader.text("kind"),
        when={key: value for key, value in when.items() if isinstance(value, str | int)},
        matched_by=reader.choice("matched_by", ("", *MATCHES)),
        times=int(str(times)),
    )


def _read_discharge(reader: Reader) -> Discharge | None:
    value = reader.raw.get("discharged_by")
    if value == "standing":
        return None
    if isinstance(value, str):
        return Discharge(mode="any", triggers=(Trigger(kind=value),))
    inner = reader.inner("discharged_by")
    for mode in ("all", "any"):
        if mode in inner.raw:
            inner.only(mode)
            listed = Reader(
                file=inner.file,
                at=inner.key(mode),
                raw={"list": {"any": inner.raw[mode]}},
                faults=inner.faults,
            )
            return Discharge(mode=mode, triggers=_read_triggers(listed, "list"))
    for mode in ("quantity", "count"):
        if mode in inner.raw:
            return _read_amount(inner.inner(mode), mode)
    inner.fault("", "must be a kind, `any`, `all`, `count`, `quantity` or `standing`")
    return None


def _read_amount(reader: Reader, mode: str) -> Discharge:
    reader.only(*(key for key in AMOUNT_KEYS if key != "field" or mode == "quantity"))
    reader.needs("kind", "at_least", *(("field",) if mode == "quantity" else ()))
    at_least = reader.raw.get("at_least", 1)
    if not is_number(at_least):
        reader.fault("at_least", "must be a whole number")
        at_least = 1
    only_trigger = {key: value for key, value in reader.raw.items() if key in ("kind", "when")}
    trigger = _read_trigger(Reader(file=reader.file, at=reader.at, raw=only_trigger, faults=reader.faults))
    return Discharge(mode=mode, triggers=(trigger,), field=reader.text("field"), at_least=int(str(at_least)))


def _read_versions(reader: Reader, promptly: Within | None) -> tuple[Version, ...]:
    inner = reader.inner("versions")
    found: list[Version] = []
    for key in list[object](inner.raw):
        if type(key) is not date:
            inner.fault(str(key), "a version is named by the day it came into force, as 2009-10-01")
            continue
        version = _read_version(inner.inner_of(key), key, promptly)
        if version:
            found.append(version)
    if not inner.raw:
        inner.fault("", "a rule has at least one version")
    return tuple(sorted(found, key=lambda each: each.from_on))


def _read_version(reader: Reader, from_on: date, promptly: Within | None) -> Version | None:
    reader.only(*VERSION_KEYS)
    reader.needs("within", "cite")
    cite = read_cite(reader.inner("cite"))
    rolls = reader.flag("rolls", default=True)
    value = reader.raw.get("within")
    if isinstance(value, Mapping) and "by_field" in value:
        field, clocks = _read_by_field(reader.inner("within"), promptly)
        return Version(from_on=from_on, within=None, by_field=field, by_value=clocks, rolls=rolls, cite=cite)
    within = _within(reader, "within", promptly)
    if within is None:
        return None
    return Version(from_on=from_on, within=within, by_field="", by_value={}, rolls=rolls, cite=cite)


def _read_by_field(reader: Reader, promptly: Within | None) -> tuple[str, dict[str, Within]]:
    reader.only(*BY_FIELD_KEYS)
    reader.needs(*BY_FIELD_KEYS)
    values = reader.inner("values")
    clocks = {str(key): _within(values, key, promptly) for key in values.raw}
    return reader.text("by_field"), {key: clock for key, clock in clocks.items() if clock is not None}


def _within(reader: Reader, key: str, promptly: Within | None) -> Within | None:
    try:
        found = parse_within(reader.raw.get(key), standard=promptly)
    except ValueError as fault:
        reader.fault(key, str(fault))
        return None
    if isinstance(found, Promptly) and found.standard is None:
        reader.fault(key, "`promptly` needs the pack's standard: `promptly: {within, cite}` in pack.yaml")
        return None
    return found
