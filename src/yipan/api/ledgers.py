"""Operations of the ledgers: what an office's records come to, its numbered stubs, and what is free for everybody."""
# ruff: noqa: TC002  # the types of an operation are read when it runs: by them questions are checked

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Router

from yipan.api.answers import Answer, Both, Day, Id, Instant, Titled, titled
from yipan.api.door import WithToken, acting, anybody, kept
from yipan.documents.definitions import SERVICE, definitions
from yipan.documents.ledgers import counterparts_of, ledger_of, ledgers, supply_points_of
from yipan.documents.stubs import stubs_of

router = Router(auth=WithToken(), tags=["ledgers"])


class LedgerListed(Answer):
    """A ledger and the levels that keep it."""

    ledger: str
    title: Both
    levels: list[str]


@router.get("/ledgers", response=list[LedgerListed], url_name="ledgers")
def ledger_list(request: HttpRequest, response: HttpResponse) -> list[dict[str, Any]]:
    """List the ledgers."""
    del request
    kept(response)
    return [{"ledger": each.id, "title": each.title, "levels": list(each.levels)} for each in ledgers()]


class LedgerLine(Answer):
    """One line of a ledger. No person stands on it."""

    thread: Id
    on: Day
    kind: Both
    others: list[str]
    said: list[Titled]


class LedgerSum(Answer):
    """The sum of a number over the lines."""

    title: Both
    sum: int


class LedgerShown(Answer):
    """A ledger, the latest line first."""

    lines: list[LedgerLine]
    sums: list[LedgerSum]


@router.get("/ledgers/{str:ledger}", response=LedgerShown, url_name="ledger")
def ledger(request: HttpRequest, response: HttpResponse, ledger: str) -> dict[str, Any]:
    """Show one ledger of the office, with the sums of its numbers."""
    who = acting(request)
    found = ledger_of(who.permit(), ledger, who.now)
    kept(response)
    return {
        "lines": [
            {
                "thread": each.thread, "on": each.on, "kind": each.kind, "others": list(each.others),
                "said": titled(each.said),
            }
            for each in found.lines
        ],
        "sums": [{"title": title, "sum": total} for title, total in found.sums],
    }  # fmt: skip


class StubShown(Answer):
    """The numbered stub of a letter that left the office."""

    number: int
    year: int
    printed: str
    title: Both
    to: str
    at: Instant
    thread: Id
    event: Id


@router.get("/stubs", response=list[StubShown], url_name="stubs")
def stubs(request: HttpRequest, response: HttpResponse, year: int | None = None) -> list[dict[str, Any]]:
    """List the numbered stubs of the letters the office sent, the latest first. `year`: of one year."""
    who = acting(request)
    kept(response)
    return [
        {
            "number": each.number, "year": each.year, "printed": each.shown, "title": each.title,
            "to": each.sent_to, "at": each.written_at, "thread": each.thread, "event": each.event,
        }
        for each in stubs_of(who.permit(), who.now, year)
    ]  # fmt: skip


class PointShown(Answer):
    """A point of free supplies with its stock."""

    name: str
    address: str
    hours: str
    open: bool
    received: int
    handed_out: int
    on_hand: int
    thread: Id


@router.get("/supply-points", response=list[PointShown], url_name="supply-points")
def supply_points(request: HttpRequest, response: HttpResponse) -> list[dict[str, Any]]:
    """List the office's points of free supplies with their stock."""
    who = acting(request)
    kept(response)
    return [
        {
            "name": each.name, "address": each.address, "hours": each.hours, "open": each.is_open,
            "received": each.received, "handed_out": each.handed_out, "on_hand": each.on_hand,
            "thread": each.thread,
        }
        for each in supply_points_of(who.permit(), who.now)
    ]  # fmt: skip


class CounterpartShown(Answer):
    """How another office is reached, as this one noted it last."""

    office: str
    name: str
    as_of: Day
    thread: Id
    said: list[Titled]


@router.get("/counterparts", response=list[CounterpartShown], url_name="counterparts")
def counterparts(request: HttpRequest, response: HttpResponse) -> list[dict[str, Any]]:
    """List how the offices that this one deals with are reached."""
    who = acting(request)
    kept(response)
    return [
        {
            "office": each.office, "name": each.name, "as_of": each.as_of, "thread": each.thread,
            "said": titled(each.said),
        }
        for each in counterparts_of(who.permit(), who.now)
    ]  # fmt: skip


class ServiceShown(Answer):
    """What is free, and who gives it."""

    service: str
    title: Both
    text: Both
    price: int
    given_by: list[str]
    cite: dict[str, str]


@router.get("/services", auth=anybody, response=list[ServiceShown], url_name="services")
def services(request: HttpRequest, response: HttpResponse) -> list[dict[str, Any]]:
    """List what is free, for whom and where: everything, for everybody, at no price."""
    del request
    kept(response)
    return [
        {
            "service": each.id, "title": each.title, "text": each.text, "price": 0,
            "given_by": list(each.given_by), "cite": each.cite.as_dict(),
        }
        for each in definitions(SERVICE)
    ]  # fmt: skip
