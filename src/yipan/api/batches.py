"""Operations of departments' monthly returns: the form, sending one, how a month stands. Counts, and nothing of anybody."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, Final, Literal

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Status
from pydantic import Field

from yipan.api.answers import Answer, Id, Instant, Moment, Question
from yipan.api.door import WithToken, acting, kept, sent
from yipan.api.refusing import language_of
from yipan.duties.faults import DraftFaultsError, Fault
from yipan.offices.office import organisation
from yipan.statistics import returns
from yipan.statistics.paperreturns import Paper, refuse_for
from yipan.statistics.returnform import form_for, write_form
from yipan.statistics.returnstatus import standings
from yipan.statistics.returntold import outcome_data, standing_data

if TYPE_CHECKING:
    from yipan.api.door import Acting

router = Router(auth=WithToken(), tags=["departments"])
#: The largest return, in bytes.
LARGEST: Final = 4 * 1024 * 1024
_EXCEL: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class FormQuery(Question):
    """Which form."""

    month: str = Field("", max_length=40, description="As `2026-10`.")
    on_behalf_of: str = Field(
        "", max_length=40, description="The department whose paper the office enters; its own when not said."
    )


@router.get("/department-returns/form", url_name="department-return-form")
def form(request: HttpRequest, asked: Query[FormQuery]) -> HttpResponse:
    """Send the sheet that the department fills in for a month."""
    who = acting(request)
    permit = who.permit()
    permit.require("read-duties", who.now)
    where, span = organisation(asked.on_behalf_of or who.organisation), returns.named_month(asked.month)
    refuse_for(permit, where.id, who.now)
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


class ReturnQuery(FormQuery):
    """Of which month a return is; of one that came on paper, whose it is, when it arrived and what shows that."""

    at: Moment | None = Field(None, description="When the paper arrived.")
    evidence: str = Field(
        "",
        pattern=r"^([0-9a-f]{64})?$",
        description="What shows when it arrived, as `POST /api/evidence` answered.",
    )


@router.post(
    "/department-returns", response={200: ReturnSent, 422: ReturnSent}, url_name="department-returns-send"
)
def send(request: HttpRequest, asked: Query[ReturnQuery]) -> Status[Any]:
    """Send the department's return of a month: the sheet is the body, `.xlsx` or text in columns.

    A file that breaks its contract is kept out whole, and the reasons are said (422); so is one that speaks of a person.
    Another for the same month takes the place of the one before, which stays. What came on paper the health office that it
    is owed to enters with `on_behalf_of`, `at` and `evidence`: the entry says who entered it for whom, and counts from `at`.
    """
    who = acting(request)
    permit = who.permit()
    permit.require("record", who.now)
    paper = _paper(who, asked)
    found = returns.load(permit, sent(request, LARGEST), asked.month, who.now, paper=paper)
    taken = found.state in (returns.LOADED, returns.ALREADY)
    return Status(200 if taken else 422, outcome_data(found))


def _paper(who: Acting, asked: ReturnQuery) -> Paper | None:
    """Return the paper that a return came on; None where the office sends its own.

    Raises:
        DraftFaultsError: of whose, when it arrived and what shows it, not all is said.
    """
    if not (asked.on_behalf_of or asked.at or asked.evidence):
        return None
    said = {"on_behalf_of": asked.on_behalf_of, "at": asked.at, "evidence": asked.evidence}
    zh, en = (
        "纸质月报要写明是谁的、何时收到、附什么凭证。",
        "Of a return on paper say whose, when it arrived, and what shows it.",
    )
    faults = [Fault(field=name, zh=zh, en=en) for name, value in said.items() if not value]
    whose = organisation(asked.on_behalf_of).id if asked.on_behalf_of else ""
    if whose == who.organisation:
        zh, en = "本机构自己的月报直接报送。", "An office sends its own return without this."
        faults.append(Fault(field="on_behalf_of", zh=zh, en=en))
    if faults or asked.at is None:
        raise DraftFaultsError(faults)
    return Paper(office=whose, arrived_at=asked.at, evidence=asked.evidence)


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
