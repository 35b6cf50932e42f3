"""Operations of the register: finding and reading people, rosters, head-counts. Each look is logged, and she sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from ninja import Query, Router, Status
from pydantic import Field

from yipan.api.answers import Answer, Day, Id, Instant, Question
from yipan.api.door import WithToken, acting, kept, now, sent
from yipan.api.refusing import language_of
from yipan.documents.waiting import is_waiting
from yipan.offices.divisions import place_name
from yipan.offices.office import organisation
from yipan.registry import importing, rosterdesk
from yipan.registry.beside import go_on_beside
from yipan.registry.headcounts import table
from yipan.registry.intake import STATEMENT
from yipan.registry.numbers import numbers
from yipan.registry.people import find, read_person
from yipan.registry.sheets import open_roster

if TYPE_CHECKING:
    from yipan.offices.permit import Permit
    from yipan.registry.people import Listed

router = Router(auth=WithToken(), tags=["register"])
#: The largest roster, in bytes; it is held in memory. The command line takes any.
LARGEST: Final = 50 * 1024 * 1024
#: Up to this size a file is read while the program waits, in bytes.
READ_AT_ONCE: Final = 2 * 1024 * 1024
_EXCEL: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_ROSTER: Final = "roster"


# ------------------------------------------------------------------------------------------------ people


class PersonAsked(Question):
    """Whom to look for, and what for: sent in the body, so that no log of addresses holds a name."""

    text: str = Field(
        max_length=100, description="An identity number, a telephone, a name, its pinyin or initials."
    )
    inside: bool = Field(default=False, description="Anywhere in the name, or letters as initials.")
    ground: str = Field("", max_length=40, description="What for; by a whole number it may be left out.")
    words: str = Field("", max_length=200, description="The same in words, where the ground is `other`.")


class PersonListed(Answer):
    """One person: enough to tell namesakes apart, and no more."""

    person: Id
    name: str
    also: list[str]
    born_on: Day | None
    last_four: str
    number_to_confirm: bool
    home: str
    enrolled_on: Day
    ended: str | None


class PeopleFound(Answer):
    """Who was found, and by what. `more` were not shown."""

    by: str
    people: list[PersonListed]
    more: int


@router.post("/people/search", response=PeopleFound, url_name="people-search")
def search(request: HttpRequest, asked: PersonAsked) -> dict[str, Any]:
    """Find people of the office's own register. Each search that shows somebody is logged."""
    who = acting(request)
    found = find(
        who.permit(), asked.text, who.now, inside=asked.inside, ground=asked.ground, words=asked.words
    )
    return {"by": found.by, "people": [_listed(each) for each in found.people], "more": found.more}


def _listed(each: Listed) -> dict[str, Any]:
    return {
        "person": each.thread, "name": each.name, "also": list(each.also), "born_on": each.born_on,
        "last_four": each.last_four, "number_to_confirm": each.number_wrong, "home": each.home,
        "enrolled_on": each.enrolled_on, "ended": each.ended or None,
    }  # fmt: skip


class NumberDoubted(Answer):
    """One entry whose number should be looked at on paper: `length`, `area`, `birth`, `sex`, `check`."""

    person: Id
    name: str
    enrolled_on: Day
    doubts: list[str]


class NumbersDoubted(Answer):
    """A page of such entries, in the order of enrolment; `in_all` counts those of all `pages`."""

    people: list[NumberDoubted]
    in_all: int
    page: int
    pages: int


class NumbersQuery(Question):
    """Which page of the list."""

    page: int = Field(1, ge=1, le=100_000)


@router.get("/people/numbers", response=NumbersDoubted, url_name="people-numbers")
def people_numbers(request: HttpRequest, asked: Query[NumbersQuery]) -> dict[str, Any]:
    """List the entries of the office's own register whose number should be looked at on paper. The look is logged.

    A right number may stand although it fails. `person.updated` with `number_confirmed` says that it is right.
    """
    who = acting(request)
    return numbers(who.permit(), who.now, asked.page).data()


class Stay(Answer):
    """One stretch of a line through places and time."""

    place: str
    place_name: str
    reason: str
    from_on: Day | None
    until_on: Day | None


class PersonShown(Answer):
    """One person as her office knows her: particulars, stays, how she agreed, her cases; whether a notice waits to be told."""

    person: Id
    enrolled_on: Day
    ended: str | None
    particulars: dict[str, str]
    number_to_confirm: bool
    number_doubts: list[str]
    agreed_at: Instant
    merged_into: Id | None
    same_person: list[Id]
    stays: list[Stay]
    cases: list[Id]
    notice_waits: bool


@router.get("/people/{uuid:person}", response=PersonShown, url_name="person")
def person(request: HttpRequest, person: Id) -> dict[str, Any]:
    """Show one person of the office's own register. The look is logged."""
    who = acting(request)
    permit = who.permit()
    seen = read_person(permit, person, who.now)
    return {
        "person": seen.thread,
        "enrolled_on": seen.picture.enrolled_on,
        "ended": seen.picture.ended or None,
        "particulars": dict(seen.picture.particulars),
        "number_to_confirm": "check" in seen.doubts,
        "number_doubts": list(seen.doubts),
        "agreed_at": seen.agreed.counts_at,
        "merged_into": seen.merged_into,
        "same_person": [each.thread for each in seen.others],
        "stays": [
            {
                "place": each.place, "place_name": place_name(each.place), "reason": each.reason,
                "from_on": each.from_on, "until_on": each.until_on,
            }
            for each in seen.picture.stays
        ],
        "cases": [each.thread for each in seen.cases],
        "notice_waits": is_waiting(permit, person),
    }  # fmt: skip


# ----------------------------------------------------------------------------------------------- rosters


class RosterShown(Answer):
    """How far a roster has come; `rejects` is where the rows that go back are fetched."""

    roster: Id
    state: Literal["reading", "waiting", "working", "stopped", "done", "dropped"]
    rows: int
    accepted: int
    rejected: int
    duplicates: int
    declined: int
    warnings: list[dict[str, Any]]
    questions: int
    events: int
    duties: int
    rejects: str | None


@router.post("/rosters", response={200: RosterShown, 202: RosterShown}, url_name="rosters")
def rosters(request: HttpRequest, ground: Literal["consent"] | None = None) -> Status[Any]:
    """Enrol the people of a roster: the file is the body, `.xlsx`, `.xls` or text in columns.

    `ground=consent` states that the signed forms are on file; not needed where a column says who agrees. A small file is
    entered at once (200); a large one by a program beside (202: ask `GET /api/rosters/…` how far it is). The same file
    once more goes on where it was, and changes nothing when it is done.
    """
    who = acting(request)
    permit = who.permit()
    permit.require("record", who.now)
    content = sent(request, LARGEST)
    roster = open_roster(content, _ROSTER)
    intake = importing.begin(permit, roster, who.now)
    importing.agree(permit, intake, STATEMENT if ground else "", who.now)
    if len(content) > READ_AT_ONCE:
        go_on_beside(permit, intake, content)
        return Status(202, _roster(permit, intake))
    importing.read(permit, intake, roster, organisation(permit.organisation).division)
    if rosterdesk.is_small(rosterdesk.on_desk(permit, intake, who.now)):
        rosterdesk.go_on(permit, intake, now)
        return Status(200, _roster(permit, intake))
    go_on_beside(permit, intake)
    return Status(202, _roster(permit, intake))


@router.get("/rosters/{uuid:roster}", response=RosterShown, url_name="roster")
def roster(request: HttpRequest, roster: Id) -> dict[str, Any]:
    """Say how far a roster of the office has come."""
    who = acting(request)
    permit = who.permit()
    rosterdesk.on_desk(permit, roster, who.now)
    return _roster(permit, roster)


def _roster(permit: Permit, intake: Id) -> dict[str, Any]:
    found = importing.outcome(permit, intake)
    back = found.rejected + found.duplicates
    return {
        "roster": found.intake, "state": found.state, "rows": found.rows, "accepted": found.accepted,
        "rejected": found.rejected, "duplicates": found.duplicates, "declined": found.declined,
        "warnings": [dict(each) for each in found.warnings], "questions": found.questions, "events": found.events,
        "duties": found.duties, "rejects": reverse("api:roster-rejects", args=(intake,)) if back else None,
    }  # fmt: skip


@router.get("/rosters/{uuid:roster}/rejects", url_name="roster-rejects")
def rejects(request: HttpRequest, roster: Id) -> HttpResponse:
    """Send the workbook of the rows that go back; mended, it is sent as a roster. The look is logged."""
    who = acting(request)
    made = rosterdesk.workbook(who.permit(), roster, who.now, "en" if language_of(request) == "en" else "zh")
    headers = {"Content-Disposition": 'attachment; filename="rejects.xlsx"'}
    return HttpResponse(made, content_type=_EXCEL, headers=headers)


# ------------------------------------------------------------------------------------------- head-counts

#: A number, `<5` for a small cell, `kept back` for a sum that would give one away, null for no count.
Counted = int | str | None


class Township(Answer):
    """The counts of a township, a month each."""

    township: str
    name: str
    people: list[Counted]


class HeadCounts(Answer):
    """How many people who are not enrolled an office counted."""

    under: int
    months: list[str]
    townships: list[Township]
    sums: list[Counted]


@router.get("/head-counts", response=HeadCounts, url_name="head-counts")
def head_counts(request: HttpRequest, response: HttpResponse) -> dict[str, Any]:
    """Show how many people who are not enrolled the office counted, by township and month; small cells are suppressed."""
    who = acting(request)
    found = table(who.permit(), who.now)
    kept(response)
    return found.data()
