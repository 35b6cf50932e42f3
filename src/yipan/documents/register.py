"""The certificate register of a home office: what was asked for, when, what became of it, and whether the sum is right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from django.db import connection

from yipan.documents.certificate import Certificate
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

#: How many cases a register shows, the latest first.
PAGE: Final = 200
#: What begins or renews a request at the home office, and what ends one.
_REQUESTS: Final = ("certificate.asked", "certificate.request-sent", "certificate.reissue-asked")
_OUTCOMES: Final = {
    "certificate.issued": "issued",
    "certificate.refused": "refused",
    "certificate.withdrawn": "withdrawn",
}
_CASES: Final = (
    "SELECT thread_id FROM duties_duty WHERE owed_by = %s AND rule = ANY(%s)"
    " GROUP BY thread_id ORDER BY max(opened_at) DESC LIMIT %s"
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
    """The lines of a register, and how many requests came to what: asked is the sum of the others."""

    lines: tuple[Line, ...]

    @property
    def balance(self) -> Mapping[str, int]:
        """Return how many were asked for, issued, refused with reasons, withdrawn, and are open."""
        found = {"asked": len(self.lines)}
        for outcome in ("issued", "refused", "withdrawn", "open"):
            found[outcome] = sum(each.outcome == outcome for each in self.lines)
        return found


def register_of(permit: Permit, now: datetime) -> Register:
    """Return the certificate register of the permit's organisation; it names nobody.

    Raises:
        NotPermittedError: the post does not include reading cases.
    """
    permit.require("read-case", now)
    rulebook = lawbook()
    rules = sorted({rule.id for rule in _rules(rulebook)})
    with permit.in_force(), connection.cursor() as cursor:
        cursor.execute(_CASES, [permit.organisation, rules, PAGE])
        threads = [row[0] for row in cursor.fetchall()]
        histories = journal.events_of(cursor, threads)
        issued = {each.id: each for each in Certificate.objects.filter(thread__in=threads)}
    lines = [
        line
        for thread in threads
        for line in _lines(thread, in_order(histories.get(thread, ()), rulebook), issued)
    ]
    return Register(lines=tuple(sorted(lines, key=lambda each: each.asked_on, reverse=True)))


def _rules(rulebook: Rulebook) -> Iterator[Rule]:
    """Yield the rules under which a home office owes a certificate: those that a request opens."""
    for adoption in rulebook.adoptions():
        for rule in adoption.pack.rules.values():
            if any(trigger.kind in (*_REQUESTS, "certificate.request-arrived") for trigger in rule.triggers):
                yield rule


def _lines(thread: UUID, events: Sequence[Event], issued: Mapping[UUID, Certificate]) -> Iterator[Line]:
    """Yield a case's requests, each with the first outcome that follows it."""
    for place, event in enumerate(events):
        if event.kind not in _REQUESTS:
            continue
        until = next(
            (at for at, each in enumerate(events) if at > place and each.kind in _REQUESTS), len(events)
        )
        outcome = next((each for each in events[place + 1 : until] if each.kind in _OUTCOMES), None)
        # A second printing without a new request belongs to the same one: the last is what she holds.
        last = next((each for each in reversed(events[place:until]) if each.id in issued), None)
        row = issued[last.id] if last else None
        yield Line(
            thread=thread,
            asked_on=_day(event.counts_at),
            wish=str(event.clock.get("wish", "")),
            by_proxy=event.clock.get("asked_by") == "proxy",
            outcome=_OUTCOMES[outcome.kind] if outcome else "open",
            outcome_on=_day(outcome.counts_at) if outcome else None,
            certificate=row.id if row else None,
            expires_on=row.expires_on if row else None,
            ended_because=row.ended_because if row else "",
        )


def _day(moment: datetime) -> date:
    return moment.astimezone(SHANGHAI).date()
