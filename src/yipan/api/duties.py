"""Operations of the duties: what an office owes, one case, what offices did wrong, the heads of the chains."""
# ruff: noqa: TC002  # the types of an operation are read when it runs: by them questions are checked

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, Literal

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router
from pydantic import Field

from yipan.api.answers import Answer, Both, Day, Id, Instant, Moment, Question, Titled, titled
from yipan.api.door import Acting, WithToken, acting, anybody, kept
from yipan.duties.breaches import PAGE, breaches_of
from yipan.duties.lawbook import lawbook
from yipan.duties.listing import duties_page, duty_data, heads
from yipan.offices.office import UnknownOrganisationError, organisation
from yipan.registry.access import read_case

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from yipan.duties.views import CaseView, DutyView, EventView
    from yipan.offices.permit import Permit

router = Router(auth=WithToken(), tags=["duties"])
#: The most duties of one page, and as many as are meant when nobody says.
MOST: Final = 200
USUAL: Final = 50


class DutyShown(Answer):
    """What an organisation owes: to whom, by when, under which article, and how it stands."""

    rule: str
    owed_by: str
    owed_to: str
    thread: Id
    opened_at: Instant
    due_at: Instant | None
    provisional: bool
    state: str
    cite: dict[str, str]
    clock: str
    party: str
    period: str
    due_on: Day | None
    lapsed_at: Instant | None
    lapsed_by: str | None
    closed_at: Instant | None


class DutyQuery(Question):
    """Which duties of the office that the token acts for."""

    only: Literal["open", "overdue"] | None = Field(None, description="All but void ones when not said.")
    office: str = Field("", max_length=40, description="The token's own office; another one's is not found.")
    desk: str = Field("", max_length=150, description="Only cases on the desk of this officer.")
    now: Moment | None = Field(None, description="Overdue as of this moment.")
    after: str = Field("", max_length=200, description="`next` of the page before.")
    limit: int = Field(USUAL, ge=1, le=MOST)


class DutyPage(Answer):
    """Some duties, those due first in front; `next` asks for those after them."""

    duties: list[DutyShown]
    next: str | None


@router.get("/duties", response=DutyPage, url_name="duties")
def duties(request: HttpRequest, response: HttpResponse, asked: Query[DutyQuery]) -> dict[str, Any]:
    """List what the office owes, a page at a time."""
    who = acting(request)
    _refuse_other(who, asked.office)
    at = asked.now or who.now
    page = duties_page(
        _asking_about(who.permit(), at),
        at,
        only=asked.only or "",
        desk=asked.desk,
        after=asked.after,
        most=asked.limit,
    )
    kept(response)
    book = lawbook()
    return {"duties": [duty_data(each, book, at) for each in page.duties], "next": page.next}


def _refuse_other(who: Acting, office: str) -> None:
    """Refuse another office than the token's own, as if there were none."""
    if office and organisation(office).id != who.organisation:
        raise UnknownOrganisationError(organisation=office)


def _asking_about(permit: Permit, at: datetime) -> Permit:
    # The right is asked of today's posting; the moment that the question is about may lie beyond the permit.
    return replace(permit, until_at=max(permit.until_at, at))


class BreachShown(Answer):
    """What an office did wrong, with the article and what is done about it."""

    breach: str
    title: Both
    red: bool
    office: str
    since: Instant
    rule: str | None
    thread: Id | None
    corrected_by: list[str]
    measures: list[str]
    cite: dict[str, str]


class BreachQuery(Question):
    """Which breaches are listed."""

    now: Moment | None = None
    page: int = Field(1, ge=1, le=100_000)


@router.get("/breaches", response=list[BreachShown], url_name="breaches")
def breaches(request: HttpRequest, response: HttpResponse, asked: Query[BreachQuery]) -> list[dict[str, Any]]:
    """List breaches of the office and of those below it, never about a person. `now`: overdue as of this moment.

    A page of 200, the red ones first: ask for the next `page` until one is shorter.
    """
    who = acting(request)
    at = asked.now or who.now
    kept(response)
    return [
        {
            "breach": each.definition.id, "title": each.definition.title, "red": each.is_red,
            "office": each.office, "since": each.since, "rule": each.rule or None, "thread": each.thread,
            "corrected_by": list(each.definition.corrected_by), "measures": list(each.definition.measures),
            "cite": each.definition.cite.as_dict(),
        }
        for each in breaches_of(_asking_about(who.permit(), at), at, asked.page)[:PAGE]
    ]  # fmt: skip


# ---------------------------------------------------------------------------------------------- one case


class Said(Answer):
    """What an entry says of one person, or of the matter."""

    title: Both
    said: list[Titled]


class Entry(Answer):
    """An entry of a case, with the facts that this office may see."""

    event: Id
    kind: str
    title: Both
    recorded_by: str
    officer: str
    on_behalf_of: str | None
    counts_at: Instant
    counts_by: str
    recorded_at: Instant
    corrected: bool
    said: list[Titled]
    parties: list[Titled]
    facts: list[Said]


class CaseDuty(DutyShown):
    """A duty of a case with its words, and the days that counted."""

    title: Both
    owed_by_name: str
    owed_to_name: str
    days_left: int | None
    within: str
    counted: list[Day]


class Next(Answer):
    """What this office may record next; `duty` where that fulfils one."""

    kind: str
    title: Both
    duty: Id | None
    parties: dict[str, str]
    on_behalf_of: str | None
    period: str | None
    saying: dict[str, str | int | bool]


class CaseShown(Answer):
    """A case. `entries` goes into `as_of` of what is recorded next: if it has more by then, nothing is written."""

    thread: Id
    title: Both
    entries: int
    story: list[Entry]
    duties: list[CaseDuty]
    next: list[Next]


@router.get("/cases/{uuid:thread}", response=CaseShown, url_name="case")
def case(request: HttpRequest, thread: Id) -> dict[str, Any]:
    """Show a case as this office may see it. The look at whom it shows is logged."""
    who = acting(request)
    view = read_case(who.permit(), thread, who.now)
    return {
        "thread": view.thread,
        "title": view.title,
        "entries": view.entries,
        "story": entries(view.story),
        "duties": _case_duties(view, who.now),
        "next": [
            {
                "kind": each.kind, "title": each.title, "duty": each.duty, "parties": dict(each.parties),
                "on_behalf_of": each.on_behalf_of or None, "period": each.period or None,
                "saying": dict(each.saying),
            }
            for each in view.actions
        ],
    }  # fmt: skip


def _case_duties(view: CaseView, at: datetime) -> list[dict[str, Any]]:
    book = lawbook()
    return [
        {
            **duty_data(each.duty, book, at), "title": each.title, "owed_by_name": each.owed_by_name,
            "owed_to_name": each.owed_to_name, "days_left": each.days_left, "within": each.within,
            "counted": _counted(each),
        }
        for each in view.duties
    ]  # fmt: skip


def _counted(view: DutyView) -> list[Day]:
    return list(view.explanation.counted) if view.explanation else []


def entries(story: Iterable[EventView]) -> list[dict[str, Any]]:
    """Return entries of a case as plain data."""
    return [
        {
            "event": each.id, "kind": each.kind, "title": each.title, "recorded_by": each.recorded_by_name,
            "officer": each.officer, "on_behalf_of": each.on_behalf_of_name or None, "counts_at": each.counts_at,
            "counts_by": each.counts_by, "recorded_at": each.recorded_at, "corrected": each.corrected,
            "said": titled(each.clock), "parties": titled(each.parties),
            "facts": [{"title": title, "said": titled(facts)} for title, facts in each.facts],
        }
        for each in story
    ]  # fmt: skip


# ------------------------------------------------------------------------------------------- the journal


class HeadShown(Answer):
    """The end of an organisation's chain: how many entries it has, and the digest of the last."""

    organisation: str
    entries: int
    digest: str


@router.get("/journal/heads", auth=anybody, response=list[HeadShown], url_name="heads")
def journal_heads(request: HttpRequest, response: HttpResponse) -> Any:  # noqa: ANN401  # values of a room below, read by their attributes
    """Publish the heads of all chains: who keeps them sees later whether anybody rewrote what is covered."""
    del request
    kept(response)
    return heads()
