"""How long what an entry says of a person is kept: terms as data, from a moment that the data name.

A kind may have several terms: the earliest that is over ends what it holds. The engine knows no number of days; where a pack
says no term nothing ends, and `packs check` refuses such a kind before anybody adopts it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from yipan.law.cite import Cite, read_cite
from yipan.law.counting import Period, Unit, parse_within
from yipan.law.deadline import SHANGHAI, last_day
from yipan.law.reading import Faults, Reader

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import date, datetime

    from yipan.law.event import Event, Plain

#: From when a term runs, beside the kinds by which it may begin.
RECORDED: Final = "recorded"
CASE_CLOSED: Final = "case-closed"
TERM_KEYS: Final = ("for", "from", "when", "cite")
_UNITS: Final = (Unit.DAYS, Unit.MONTHS, Unit.YEARS)
#: Entries by which the facts of a person end, and by which a term of keeping does. The sweep writes the second.
ERASED_KIND: Final = "erasure.done"
KEPT_KIND: Final = "erasure.kept"
REAPPLIED_KIND: Final = "erasure.reapplied"
ENDED_KIND: Final = "records.ended"
ERASING_KINDS: Final = frozenset({ERASED_KIND, KEPT_KIND, REAPPLIED_KIND})


@dataclass(frozen=True, kw_only=True, slots=True)
class Term:
    """So long from a moment: that of the entry, of the case's end, or of the last event of a kind with these values."""

    within: Period
    start: str
    when: Mapping[str, Plain]
    cite: Cite

    def ends_on(self, life: Life) -> date | None:
        """Return the last day on which it is kept; None while the term has not begun."""
        began = self._began_at(life)
        return last_day(self.within, began.astimezone(SHANGHAI).date()) if began else None

    def _began_at(self, life: Life) -> datetime | None:
        if self.start == RECORDED:
            return life.recorded_at
        if self.start == CASE_CLOSED:
            return life.closed_at
        # What ended and began again has not ended.
        said = [each for each in life.events if each.kind == self.start or each.kind in life.beginning]
        if not said or said[-1].kind != self.start:
            return None
        holds = all(said[-1].clock.get(key) == value for key, value in self.when.items())
        return said[-1].counts_at if holds else None


@dataclass(frozen=True, kw_only=True, slots=True)
class Life:
    """What a term is reckoned from: the entry, its case's end (None: not closed), and the events of the case in order."""

    recorded_at: datetime
    closed_at: datetime | None
    events: Sequence[Event] = ()
    #: The kinds that begin a case of this sort.
    beginning: Collection[str] = field(default=frozenset())


def ends_on(terms: Sequence[Term], life: Life) -> date | None:
    """Return the last day on which an entry's words are kept: the earliest of its terms that have begun."""
    return min((day for day in (each.ends_on(life) for each in terms) if day), default=None)


def read_terms(reader: Reader, key: str) -> tuple[Term, ...]:
    """Read one term or a list of them below a key; faults go to the collector."""
    value = reader.raw.get(key)
    if value is None:
        return ()
    if isinstance(value, Mapping):
        value = [value]
    if not isinstance(value, list) or not value:
        reader.fault(key, "must be a term `{for, from, cite}` or a list of them")
        return ()
    found = []
    for number, item in enumerate(value):
        place = reader.key(f"{key}[{number}]" if len(value) > 1 else key)
        raw = item if isinstance(item, Mapping) else {}
        term = _read_term(Reader(file=reader.file, at=place, raw=raw, faults=reader.faults))
        found += [term] if term else []
    return tuple(found)


def _read_term(reader: Reader) -> Term | None:
    reader.only(*TERM_KEYS)
    reader.needs("for", "from", "cite")
    when = reader.inner("when").raw
    for name, value in when.items():
        if not isinstance(value, str | int | bool):
            reader.fault(f"when.{name}", "must be a plain value")
    cite = read_cite(reader.inner("cite"))
    try:
        within = parse_within(reader.raw.get("for"))
    except ValueError as fault:
        reader.fault("for", str(fault))
        return None
    if not isinstance(within, Period) or within.of not in _UNITS:
        reader.fault("for", f"a term of keeping is counted in {', '.join(each.value for each in _UNITS)}")
        return None
    return Term(
        within=within,
        start=reader.text("from"),
        when={name: value for name, value in when.items() if isinstance(value, str | int)},
        cite=cite,
    )


def check_terms(terms: Sequence[Term], kinds: Collection[str], file: str, key: str, faults: Faults) -> None:
    """Note every term that begins with what no pack has."""
    for each in terms:
        if each.start not in (RECORDED, CASE_CLOSED, *kinds):
            faults.say(file, f"{key}.from", f"{each.start!r} is neither recorded, case-closed nor a kind")
        if each.when and each.start in (RECORDED, CASE_CLOSED):
            faults.say(file, f"{key}.when", "has a meaning only with a kind")
