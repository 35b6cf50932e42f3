"""Operations of departments' monthly returns: the form, sending one, how a month stands. Counts, and nothing of anybody."""

from __future__ import annotations

import io
from typing import Any, Final, Literal

from django.http import HttpRequest, HttpResponse
from ninja import Router, Status

from yipan.api.answers import Answer, Id, Instant
from yipan.api.door import WithToken, acting, kept, sent
from yipan.api.refusing import language_of
from yipan.offices.office import organisation
from yipan.statistics import returns
from yipan.statistics.returnform import form_for, write_form
from yipan.statistics.returnstatus import standings
from yipan.statistics.returntold import outcome_data, standing_data

router = Router(auth=WithToken(), tags=["departments"])
#: The largest return, in bytes.
LARGEST: Final = 4 * 1024 * 1024
_EXCEL: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@router.get("/department-returns/form", url_name="department-return-form")
def form(request: HttpRequest, month: str = "") -> HttpResponse:
    """Send the sheet that the department fills in for a month (`2026-10`)."""
    who = acting(request)
    who.permit().require("read-duties", who.now)
    where, span = organisation(who.organisation), returns.named_month(month)
    made = io.BytesIO()
    write_form(made, form_for(where), where, span.name, "en" if language_of(request) == "en" else "zh")
    headers = {"Content-Disposition": f'attachment; filename="return-{span.name}.xlsx"'}
    return HttpResponse(made.getvalue(), content_type=_EXCEL, headers=headers)


class Count(Answer):
    """A count of a township that is not small."""

    township: str
    column: str
    count: int


class MergedCounts(Answer):
    """Townships of which a column is said only together; null where even their sum is small."""

    column: str
    townships: list[str]
    count: int | None


class ReturnTable(Answer):
    """Counts by township. Nothing in it is under the threshold, except 0."""

    nil: bool
    under: int
    columns: list[str]
    counts: list[Count]
    merged: list[MergedCounts]
    sums: dict[str, int | None]


class Why(Answer):
    """Why a file was kept out whole."""

    code: str
    zh: str
    en: str


class Wrong(Answer):
    """What is to be mended in a row; what stood there is not repeated."""

    row: int
    township: str
    column: str
    zh: str
    en: str


class ReturnSent(Answer):
    """What became of a return: `loaded`, `already` there, `quarantined` with its reasons, or `to-mend`."""

    state: Literal["loaded", "already", "quarantined", "to-mend"]
    month: str
    form: str
    version: str
    rows: int
    event: Id | None
    replaces: Id | None
    table: ReturnTable | None
    reasons: list[Why]
    faults: list[Wrong]


@router.post(
    "/department-returns", response={200: ReturnSent, 422: ReturnSent}, url_name="department-returns-send"
)
def send(request: HttpRequest, month: str = "") -> Status[Any]:
    """Send the department's return of a month: the sheet is the body, `.xlsx` or text in columns.

    A file that breaks its contract is kept out whole, and the reasons are said (422); so is one that speaks of a person.
    Another for the same month takes the place of the one before, which stays.
    """
    who = acting(request)
    permit = who.permit()
    permit.require("record", who.now)
    found = returns.load(permit, sent(request, LARGEST), month, who.now)
    taken = found.state in (returns.LOADED, returns.ALREADY)
    return Status(200 if taken else 422, outcome_data(found))


class MeasureShown(Answer):
    """An indicator of a department in the year so far."""

    figure: str
    top: int
    bottom: int
    value: float | None
    target: float | None


class DepartmentMonth(Answer):
    """How the month of a department stands; `content` as it said itself."""

    office: str
    name: str
    state: Literal["in-time", "late", "missing", "waiting", "received"]
    due_at: Instant | None
    sent_at: Instant | None
    content: Literal["counts", "nil"] | None
    event: Id | None
    #: The health office that entered it from paper; none where the department sent it itself.
    entered_by: str | None
    replaced: int
    kept_out: int
    table: ReturnTable | None
    measures: list[MeasureShown]


@router.get("/department-returns", response=list[DepartmentMonth], url_name="department-returns")
def month_shown(request: HttpRequest, response: HttpResponse, month: str = "") -> list[dict[str, Any]]:
    """Show how a month's returns stand that are owed to, or by, the office: in time, late, missing, nil."""
    who = acting(request)
    permit = who.permit()
    permit.require("read-duties", who.now)
    found = standings(permit, returns.named_month(month), who.now)
    kept(response)
    return [standing_data(each) for each in found]
