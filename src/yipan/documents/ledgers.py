"""Ledgers and stocks of an office: drawn from what it recorded, never kept a second time. No person stands on one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar, Final

from django.db import connection

from yipan.documents.definitions import LEDGER, definitions
from yipan.duties import journal
from yipan.duties.lawbook import lawbook
from yipan.errors import YipanError
from yipan.law.deadline import SHANGHAI
from yipan.law.fold import in_order
from yipan.offices.office import names_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date
    from uuid import UUID

    from yipan.law.definition import Definition
    from yipan.law.event import Event, Plain
    from yipan.law.kind import Kind
    from yipan.law.rulebook import Rulebook
    from yipan.offices.permit import Permit

#: How many lines a page of a ledger shows.
PAGE: Final = 200
#: From how many cases at a time it is drawn.
_TOGETHER: Final = 500
_CASES: Final = (
    "SELECT thread_id FROM duties_event WHERE recorded_by = %(own)s AND kind = ANY(%(kinds)s)"
    " AND (%(first)s::timestamptz IS NULL OR counts_at >= %(first)s AND counts_at < %(end)s)"
    " GROUP BY thread_id ORDER BY max(seq) DESC"
)
_YEARS: Final = (
    "SELECT DISTINCT extract(year FROM counts_at AT TIME ZONE 'Asia/Shanghai')::int FROM duties_event"
    " WHERE recorded_by = %s AND kind = ANY(%s) ORDER BY 1 DESC"
)
#: The parts of the kinds of a stock, and of those that say how another office is reached.
OPENED, RECEIVED, HANDED_OUT, CLOSED = "stock-opened", "stock-in", "stock-out", "stock-closed"
_OF_A_STOCK: Final = (OPENED, RECEIVED, HANDED_OUT, CLOSED)
CONTACT: Final = "contact-noted"


class NoLedgerError(YipanError):
    """There is no such ledger."""

    code: ClassVar[str] = "no-ledger"
    exit_code: ClassVar[int] = 2
    sentence: ClassVar[dict[str, str]] = {
        "zh": "没有“{ledger}”这本台账。",
        "en": "There is no ledger {ledger}.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "台账名见“台账”页，或者运行：yipan ledgers list",
        "en": "See the page Ledgers, or run: yipan ledgers list",
    }


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One entry of a ledger: what, when, in which case, and what it says in the clear."""

    thread: UUID
    kind: Mapping[str, str]
    on: date
    said: tuple[tuple[Mapping[str, str], object], ...]
    #: Whom else it names: the other organisations.
    others: tuple[str, ...] = ()
    is_case: bool = False


@dataclass(frozen=True, kw_only=True)
class Ledger:
    """A ledger of one office: the lines of one page, the latest first, and the sums of its numbers over all pages."""

    definition: Definition
    lines: tuple[Line, ...]
    sums: tuple[tuple[Mapping[str, str], int], ...]
    #: Which years there are entries of, the latest first; how many lines in all, on which pages.
    years: tuple[int, ...] = ()
    in_all: int = 0
    pages: int = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class SupplyPoint:
    """A point of free supplies with its stock, as received and handed out. Who was given some nobody knows."""

    thread: UUID
    name: str
    address: str
    hours: str
    received: int
    handed_out: int
    is_open: bool

    @property
    def on_hand(self) -> int:
        """Return what should be there."""
        return self.received - self.handed_out


@dataclass(frozen=True, kw_only=True, slots=True)
class Counterpart:
    """How another office is reached, as this one noted it last."""

    thread: UUID
    office: str
    name: str
    said: tuple[tuple[Mapping[str, str], object], ...]
    as_of: date


def ledgers(level: str = "") -> tuple[Definition, ...]:
    """Return the ledgers that an office of a level keeps; all of them, where no level is said."""
    return tuple(each for each in definitions(LEDGER) if not level or level in each.levels)


def ledger_of(
    permit: Permit, name: str, now: datetime, *, year: int | None = None, page: int | None = None
) -> Ledger:
    """Return a ledger of the permit's organisation; of one `year`, and one `page` of it, where they are said.

    Raises:
        NoLedgerError: no pack defines it.
        NotPermittedError: the post does not include reading cases.
    """
    one = next((each for each in ledgers() if each.id == name), None)
    if one is None:
        raise NoLedgerError(ledger=name)
    rulebook = lawbook()
    entries = _entries(permit, one.kinds, now, rulebook, year)
    entries.sort(key=lambda each: each.counts_at, reverse=True)
    shown = entries if page is None else entries[PAGE * (page - 1) : PAGE * page]
    names = names_of({office for event in shown for held in event.parties.values() for office in held})
    with permit.in_force(), connection.cursor() as cursor:
        cursor.execute(_YEARS, [permit.organisation, list(one.kinds)])
        years = tuple(row[0] for row in cursor.fetchall())
    return Ledger(
        definition=one,
        lines=tuple(
            _line(event, rulebook.kind(event.kind, _day(event)), permit.organisation, names)
            for event in shown
        ),
        sums=_sums(entries, rulebook),
        years=years,
        in_all=len(entries),
        pages=-(-len(entries) // PAGE) or 1,
    )


def _sums(entries: Sequence[Event], rulebook: Rulebook) -> tuple[tuple[Mapping[str, str], int], ...]:
    """Return the sum of each number over all entries, whichever page shows them."""
    sums: dict[str, tuple[Mapping[str, str], int]] = {}
    for event in entries:
        kind = rulebook.kind(event.kind, _day(event))
        for name, value in event.clock.items():
            field = kind.fields.get(name)
            if field and field.type == "number" and isinstance(value, int):
                title, before = sums.get(name, (field.title, 0))
                sums[name] = title, before + value
    return tuple(sums.values())


def supply_points_of(permit: Permit, now: datetime) -> list[SupplyPoint]:
    """Return the points of free supplies of the permit's organisation with their stock, open ones first."""
    found: dict[UUID, SupplyPoint] = {}
    rulebook = lawbook()
    parts = {each.name: each for each in rulebook.every_kind() if each.part in _OF_A_STOCK}
    for events in _by_case(_entries(permit, sorted(parts), now, rulebook)):
        opened = next((each for each in reversed(events) if parts[each.kind].part == OPENED), None)
        if opened is None:
            continue
        found[opened.thread] = SupplyPoint(
            thread=opened.thread,
            name=str(opened.clock.get("name", "")),
            address=str(opened.clock.get("address", "")),
            hours=str(opened.clock.get("hours", "")),
            received=_sum(events, RECEIVED, parts),
            handed_out=_sum(events, HANDED_OUT, parts),
            is_open=not any(parts[each.kind].part == CLOSED for each in events),
        )
    return sorted(found.values(), key=lambda each: (not each.is_open, each.name))


def counterparts_of(permit: Permit, now: datetime) -> list[Counterpart]:
    """Return how the offices that this one deals with are reached, each as it was noted last."""
    rulebook = lawbook()
    latest: dict[str, Event] = {}
    noted = _entries(permit, sorted(rulebook.playing(CONTACT)), now, rulebook)
    for event in sorted(noted, key=lambda each: each.counts_at):
        for office in event.organisations("counterpart"):
            latest[office] = event
    names = names_of(set(latest))
    return [
        Counterpart(
            thread=event.thread,
            office=office,
            name=names.get(office, office),
            said=_said(event, rulebook.kind(event.kind, _day(event))),
            as_of=_day(event),
        )
        for office, event in sorted(latest.items())
    ]


def _entries(
    permit: Permit, kinds: Sequence[str], now: datetime, rulebook: Rulebook, year: int | None = None
) -> list[Event]:
    """Return what this office recorded of some kinds, as it holds: corrected where it was corrected. All of it."""
    permit.require("read-case", now)
    first, end = (
        (datetime(each, 1, 1, tzinfo=SHANGHAI) for each in (year, year + 1)) if year else (None, None)
    )
    found: list[Event] = []
    with permit.in_force(), connection.cursor() as cursor:
        cursor.execute(_CASES, {"own": permit.organisation, "kinds": list(kinds), "first": first, "end": end})
        threads = [row[0] for row in cursor.fetchall()]
        for start in range(0, len(threads), _TOGETHER):
            histories = journal.events_of(cursor, threads[start : start + _TOGETHER])
            found += [
                event
                for history in histories.values()
                for event in in_order(history, rulebook)
                if event.kind in kinds
                and event.actor == permit.organisation
                and (not year or _day(event).year == year)
            ]
    return found


def _by_case(entries: Sequence[Event]) -> Iterator[list[Event]]:
    cases: dict[UUID, list[Event]] = {}
    for each in entries:
        cases.setdefault(each.thread, []).append(each)
    yield from cases.values()


def _sum(events: Sequence[Event], part: str, kinds: Mapping[str, Kind]) -> int:
    """Return the sum of the one number that each kind of a part has."""
    return sum(
        int(value)
        for each in events
        if kinds[each.kind].part == part
        for name, one in kinds[each.kind].fields.items()
        if one.type == "number" and isinstance(value := each.clock.get(name), int)
    )


def _line(event: Event, kind: Kind, own: str, names: Mapping[str, str]) -> Line:
    others = {office for offices in event.parties.values() for office in offices} - {own}
    return Line(
        thread=event.thread,
        kind=kind.title,
        on=_day(event),
        said=_said(event, kind),
        others=tuple(sorted(names.get(office, office) for office in others)),
        is_case=kind.thread == "case",
    )


def _said(event: Event, kind: Kind) -> tuple[tuple[Mapping[str, str], object], ...]:
    """Return what an entry says in the clear, in the words of its kind."""
    return tuple(
        (field.title, field.choices.get(str(value), value) if field.choices else _plain(value))
        for name, field in kind.fields.items()
        if (value := event.clock.get(name)) is not None
    )


def _plain(value: Plain) -> object:
    return (
        {True: {"zh": "是", "en": "yes"}, False: {"zh": "否", "en": "no"}}[value]
        if isinstance(value, bool)
        else value
    )


def _day(event: Event) -> date:
    return event.counts_at.astimezone(SHANGHAI).date()
