"""A rule explained: its versions over time, which clock binds where another document bounds it, its examples worked out.

Pure, as all of the law: nothing here is kept or asked of anybody, and no date is written by hand.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Final

from yipan.errors import YipanError
from yipan.law.deadline import SHANGHAI, deadline
from yipan.law.example import Story, asked_at, bound_of
from yipan.law.pack import read_documents
from yipan.law.reading import Faults, Reader
from yipan.law.rulebook import UnknownRuleError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from yipan.law.counting import Within
    from yipan.law.deadline import Deadline
    from yipan.law.event import Event, Plain
    from yipan.law.example import LineOf
    from yipan.law.fold import Duty
    from yipan.law.pack import Pack
    from yipan.law.rule import Overlay, Rule, Version
    from yipan.law.rulebook import Bound, Rulebook

_NOON: Final = time(12, 0)


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """One version of a rule, or of an overlay over it: from its first day to the last before another takes its place."""

    pack: Pack
    rule: Rule | Overlay
    version: Version
    from_on: date
    #: The first day on which it no longer holds; None where no end is known.
    until_on: date | None
    overlay: bool

    @property
    def last_on(self) -> date | None:
        """The last day on which it holds."""
        return self.until_on - timedelta(days=1) if self.until_on else None

    @property
    def clocks(self) -> tuple[tuple[str, Within], ...]:
        """Return each clock with the value of the field that chooses it; one of no name where there is but one."""
        own = (("", self.version.within),) if self.version.within else ()
        return (*own, *self.version.by_value.items())

    def holds_on(self, day: date) -> bool:
        """Tell whether it holds on a day."""
        return self.from_on <= day and (self.until_on is None or day < self.until_on)


@dataclass(frozen=True, kw_only=True, slots=True)
class Contest:
    """Two clocks over one duty, both worked out for one day: the earlier binds."""

    on: date
    rule: Span
    overlay: Span
    rule_due: Deadline
    overlay_due: Deadline
    #: The id of the rule or overlay that binds.
    binding: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Worked:
    """One example: what was given, and what the law makes of it. One of a clock has a bound, one of a story duties."""

    title: str
    file: str
    at: datetime | None = None
    owed_by: str = ""
    owed_to: str = ""
    bound: Bound | None = None
    #: Why the law gives no date, where the example shows that.
    refused: YipanError | None = None
    events: tuple[Event, ...] = ()
    duties: tuple[Duty, ...] = ()


def spans_of(rule_id: str, rulebook: Rulebook) -> list[Span]:
    """Return every version of a rule and of the overlays over it, rules first, each in the order of its days.

    Raises:
        UnknownRuleError: there is no such rule and no such overlay.
    """
    own: list[tuple[Pack, Rule | Overlay]] = list(_defined(rule_id, rulebook))
    over: list[tuple[Pack, Rule | Overlay]] = list(rulebook.overlays(rule_id))
    found = [
        span
        for listed, is_overlay in ((own, False), (over, True))
        for pack, one in listed
        for span in _spans(pack, one, overlay=is_overlay)
    ]
    return sorted(found, key=lambda each: (each.overlay, each.from_on, each.pack.name))


def _defined(rule_id: str, rulebook: Rulebook) -> Iterator[tuple[Pack, Rule | Overlay]]:
    """Yield who defines a rule; of an overlay's id, the packs that have it."""
    try:
        yield from rulebook.holders(rule_id)
    except UnknownRuleError:
        own = [
            (each.pack, overlay)
            for each in rulebook.adoptions()
            for overlay in each.pack.overlays
            if overlay.id == rule_id
        ]
        if not own:
            raise
        yield from own


def _spans(pack: Pack, one: Rule | Overlay, *, overlay: bool) -> Iterator[Span]:
    for place, version in enumerate(one.versions):
        after = one.versions[place + 1].from_on if place + 1 < len(one.versions) else None
        ends = [each for each in (after, pack.until_on) if each]
        first, until = max(version.from_on, pack.from_on), min(ends, default=None)
        if until is None or first < until:
            yield Span(pack=pack, rule=one, version=version, from_on=first, until_on=until, overlay=overlay)


def contests(spans: Sequence[Span], rulebook: Rulebook) -> list[Contest]:
    """Return, for every overlay and every version of the rule in force with it, which clock binds and by how much."""
    found: list[Contest] = []
    for over in (each for each in spans if each.overlay):
        for own in (each for each in spans if not each.overlay):
            first = max(own.from_on, over.from_on)
            if own.holds_on(first) and over.holds_on(first) and over.pack.scope:
                found.extend(_contest(own, over, first, rulebook))
    return found


def _contest(own: Span, over: Span, first: date, rulebook: Rulebook) -> Iterator[Contest]:
    """Work out both clocks for the first working day on which both hold."""
    calendar = rulebook.calendar_at(None)
    on = calendar.add_working_days(first - timedelta(days=1), 1)
    at = datetime.combine(on, _NOON, SHANGHAI)
    choice = _choice(own, over)
    mine, theirs = own.version.clock_for(choice), over.version.clock_for(choice)
    if mine is None or theirs is None:
        return
    dated = deadline(mine, at, calendar, roll=own.version.rolls)
    bounded = deadline(theirs, at, calendar, roll=over.version.rolls)
    ends = [(each.due_at is None, each.due_at) for each in (dated, bounded)]
    yield Contest(
        on=on,
        rule=own,
        overlay=over,
        rule_due=dated,
        overlay_due=bounded,
        binding=own.rule.id if ends[0] <= ends[1] else over.rule.id,
    )


def _choice(*spans: Span) -> dict[str, Plain]:
    """Return the first value of each field that chooses a clock."""
    return {
        each.version.by_field: next(iter(each.version.by_value)) for each in spans if each.version.by_field
    }


def worked_examples(
    rule_id: str, texts: Mapping[str, str], rulebook: Rulebook, line_of: LineOf
) -> list[Worked]:
    """Return every example that shows a rule or overlay at work, worked out now, in order of file."""
    found: list[Worked] = []
    for file, text in sorted(texts.items()):
        if rule_id not in text:
            continue
        for raw in read_documents(text, file, Faults()):
            if not _shows(rule_id, raw):
                continue
            reader = Reader(file=file, at="", raw=raw, faults=Faults())
            make = _worked_clock if "rule" in raw else _worked_story
            found.append(make(rule_id, reader, rulebook, line_of))
    return found


def _shows(rule_id: str, raw: Mapping[str, object]) -> bool:
    then = raw.get("then")
    parts = [raw, *(then if isinstance(then, list) else [then])]
    return any(isinstance(part, dict) and rule_id in (part.get("rule"), part.get("by")) for part in parts)


def _worked_clock(_rule_id: str, reader: Reader, rulebook: Rulebook, line_of: LineOf) -> Worked:
    given = reader.inner("given")
    bound, refused = None, None
    at = asked_at(given)
    try:
        bound = bound_of(reader, given, at, rulebook, line_of) if at else None
    except YipanError as error:
        refused = error
    return Worked(
        title=reader.text("example"),
        file=reader.file,
        at=at,
        owed_by=given.text("owed_by"),
        owed_to=given.text("owed_to"),
        bound=bound,
        refused=refused,
    )


def _worked_story(rule_id: str, reader: Reader, rulebook: Rulebook, line_of: LineOf) -> Worked:
    story = Story(reader, rulebook, line_of)
    duties = [each for each in story.duties() if rule_id in (each.rule, each.clock_rule)]
    return Worked(
        title=reader.text("example"), file=reader.file, events=tuple(story.events), duties=tuple(duties)
    )
