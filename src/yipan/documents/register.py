"""The certificate register of a home office: what was asked for, when, what became of it, and whether the sum is right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from django.db import connection

from yipan.documents.certificate import ISSUED, Certificate
from yipan.duties import journal
from yipan.duties.lawbook import lawbook
from yipan.law.deadline import SHANGHAI
from yipan.law.fold import in_order

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date, datetime
    from uuid import UUID

    from yipan.law.event import Event
    from yipan.law.rule import Rule
    from yipan.law.rulebook import Rulebook
    from yipan.offices.permit import Permit

#: How many requests a page of the register shows.
PAGE: Final = 200
#: From how many cases at a time it is drawn.
_TOGETHER: Final = 500
#: The parts of the kinds that begin or renew a request at the home office, by which it arrives, and which end one.
_ASKED, _ARRIVED = "paper-asked", "paper-request-arrived"
_OUTCOMES: Final = {"paper-refused": "refused", "paper-withdrawn": "withdrawn"}
_CASES: Final = (
    "SELECT thread_id FROM duties_duty WHERE owed_by = %s AND rule = ANY(%s)"
    " GROUP BY thread_id ORDER BY max(opened_at) DESC"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One request: when it was made, by whom, what became of it, and the certificate where one was issued."""

    thread: UUID
    asked_on: date
    wish: str
    by_proxy: bool
    outcome: str
    outcome_on: date | None = None
    certificate: UUID | None = None
    expires_on: date | None = None
    ended_because: str = ""


@dataclass(frozen=True, kw_only=True)
class Register:
    """The lines of one page, and how many requests of all pages came to what: asked is the sum of the others."""

    lines: tuple[Line, ...]
    balance: Mapping[str, int]
    years: tuple[int, ...] = ()
    pages: int = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class _Told:
    """What each kind is to the register, by name."""

    asking: frozenset[str]
    outcomes: Mapping[str, str]


def register_of(
    permit: Permit, now: datetime, *, year: int | None = None, page: int | None = None
) -> Register:
    """Return the certificate register of the permit's organisation; it names nobody.

    Of the requests of one `year`, and one `page` of them, where they are said.

    Raises:
        NotPermittedError: the post does not include reading cases.
    """
    permit.require("read-case", now)
    rulebook = lawbook()
    asking = rulebook.playing(_ASKED)
    outcomes = {name: said for part, said in _OUTCOMES.items() for name in rulebook.playing(part)}
    told = _Told(asking=asking, outcomes=outcomes | dict.fromkeys(rulebook.having(ISSUED), "issued"))
    rules = sorted({rule.id for rule in _rules(rulebook, asking | rulebook.playing(_ARRIVED))})
    lines: list[Line] = []
    with permit.in_force(), connection.cursor() as cursor:
        cursor.execute(_CASES, [permit.organisation, rules])
        threads = [row[0] for row in cursor.fetchall()]
        for start in range(0, len(threads), _TOGETHER):
            some = threads[start : start + _TOGETHER]
            histories = journal.events_of(cursor, some)
            issued = {each.id: each for each in Certificate.objects.filter(thread__in=some)}
            for thread in some:
                lines += _lines(thread, in_order(histories.get(thread, ()), rulebook), issued, told)
    years = tuple(sorted({each.asked_on.year for each in lines}, reverse=True))
    meant = [each for each in lines if not year or each.asked_on.year == year]
    meant.sort(key=lambda each: each.asked_on, reverse=True)
    shown = meant if page is None else meant[PAGE * (page - 1) : PAGE * page]
    return Register(
        lines=tuple(shown), balance=_balance(meant), years=years, pages=-(-len(meant) // PAGE) or 1
    )


def _balance(lines: Sequence[Line]) -> Mapping[str, int]:
    """Return how many were asked for, issued, refused with reasons, withdrawn, and are open."""
    found = {"asked": len(lines)}
    for outcome in ("issued", "refused", "withdrawn", "open"):
        found[outcome] = sum(each.outcome == outcome for each in lines)
    return found


def _rules(rulebook: Rulebook, kinds: frozenset[str]) -> Iterator[Rule]:
    """Yield the rules under which a home office owes a certificate: those that a request opens."""
    for adoption in rulebook.adoptions():
        for rule in adoption.pack.rules.values():
            if any(trigger.kind in kinds for trigger in rule.triggers):
                yield rule


def _lines(
    thread: UUID, events: Sequence[Event], issued: Mapping[UUID, Certificate], told: _Told
) -> Iterator[Line]:
    """Yield a case's requests, each with the first outcome that follows it."""
    for place, event in enumerate(events):
        if event.kind not in told.asking:
            continue
        until = next(
            (at for at, each in enumerate(events) if at > place and each.kind in told.asking), len(events)
        )
        outcome = next((each for each in events[place + 1 : until] if each.kind in told.outcomes), None)
        # A second printing without a new request belongs to the same one: the last is what she holds.
        last = next((each for each in reversed(events[place:until]) if each.id in issued), None)
        row = issued[last.id] if last else None
        yield Line(
            thread=thread,
            asked_on=_day(event.counts_at),
            wish=str(event.clock.get("wish", "")),
            by_proxy=event.clock.get("asked_by") == "proxy",
            outcome=told.outcomes[outcome.kind] if outcome else "open",
            outcome_on=_day(outcome.counts_at) if outcome else None,
            certificate=row.id if row else None,
            expires_on=row.expires_on if row else None,
            ended_because=row.ended_because if row else "",
        )


def _day(moment: datetime) -> date:
    return moment.astimezone(SHANGHAI).date()
