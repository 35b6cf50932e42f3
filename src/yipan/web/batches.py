"""The page of departments' monthly returns: the form, a file looked at and then taken in, and how a month stands.

Between the look and the taking in nothing lies here: what was read goes to the browser signed, and comes back.
"""

from __future__ import annotations

import io
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, Final

from django.core import signing
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext, gettext_noop
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from yipan.documents.verbs import keep_evidence
from yipan.errors import YipanError
from yipan.offices.divisions import place_name
from yipan.offices.office import names_of, organisation
from yipan.registry.headcounts import Cell
from yipan.statistics import returns, returnstatus
from yipan.statistics.paperreturns import Paper, papers_for, refuse_for
from yipan.statistics.periods import before, period_of
from yipan.statistics.returnform import NoReturnError, RowFault, form_for, write_form
from yipan.statistics.returnsheet import ReturnRead
from yipan.web.acting import Acting, for_officers, page, tell
from yipan.web.uploads import InMemory
from yipan.web.words import SHANGHAI, language

if TYPE_CHECKING:
    from django.http import HttpRequest

    from yipan.statistics.returnform import Form
    from yipan.statistics.returns import Outcome, Table
    from yipan.statistics.returnstatus import Standing

#: Months to choose from, the latest first.
MONTHS: Final = 12
#: How long what was looked at may be taken in without looking again, in seconds.
HOLDS: Final = 3600
_BOX, _EVIDENCE, _SALT = "return", "evidence", "yipan.department-return"
_EXCEL: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_STATES: Final = {
    returnstatus.IN_TIME: ("in-time", gettext_noop("按时")),
    returnstatus.LATE: ("late", gettext_noop("迟报")),
    returnstatus.MISSING: ("overdue", gettext_noop("缺报")),
    returnstatus.WAITING: ("open", gettext_noop("未到期")),
    returnstatus.RECEIVED: ("in-time", gettext_noop("已收")),
}
_CONTENTS: Final = {
    returnstatus.COUNTS: gettext_noop("有数字"),
    returnstatus.NIL: gettext_noop("零通报"),
}


class LookOverError(YipanError):
    """What was looked at is not to be taken in any more."""

    code: ClassVar[str] = "look-over"
    sentence: ClassVar[dict[str, str]] = {
        "zh": "预览已过期。",
        "en": "The look at the file is over.",
    }
    next_step: ClassVar[dict[str, str]] = {"zh": "请重新选择文件。", "en": "Choose the file again."}


def _month(request: HttpRequest, acting: Acting) -> str:
    said = request.POST.get("month") or request.GET.get("month")
    return said or before(period_of("month", acting.now.astimezone(SHANGHAI).date())).name


def _months(acting: Acting) -> list[str]:
    span = period_of("month", acting.now.astimezone(SHANGHAI).date())
    found = []
    for _ in range(MONTHS):
        span = before(span)
        found.append(span.name)
    return found


def _form_of(office: str) -> Form | None:
    """Return the form of an office; None where it sends no return."""
    try:
        return form_for(organisation(office))
    except NoReturnError:
        return None


@csrf_exempt
@require_http_methods(["GET", "POST"])
@for_officers
def department_returns(request: HttpRequest, acting: Acting) -> HttpResponse:
    """Show how a month's returns stand; take a file to look at, or what was looked at, or that there was nothing."""
    if request.method == "GET":
        return _shown(request, acting)
    # Before the form is read, its token too: that is why the token is checked one step later.
    request.upload_handlers = [InMemory(request)]
    return _take(request, acting)


def _shown(
    request: HttpRequest, acting: Acting, more: dict[str, Any] | None = None, status: int = 200
) -> HttpResponse:
    permit, span = acting.permit("returns"), returns.named_month(_month(request, acting))
    found = returnstatus.standings(permit, span, acting.now)
    opened = request.GET.get("office", "")
    wanted = next((each for each in found if each.office == opened), None) or next(
        (each for each in found if each.office == acting.organisation), None
    )
    context = {
        "span": span,
        "months": _months(acting),
        "rows": [_row(each) for each in found],
        "opened": wanted,
        "entered_by": _entered_by(wanted),
        "table": _table(wanted.kept.table) if wanted and wanted.kept else None,
        "history": returns.returns(permit, office=wanted.office, month=span.name) if wanted else [],
        "refused": [
            (each, [one["zh" if language() == "zh" else "en"] for one in each.reasons])
            for each in returns.kept_out(permit, month=span.name, office=wanted.office if wanted else "")
        ],
        "form": _form_of(acting.organisation),
        "papers": papers_for(permit, acting.now) if "record" in permit.rights else [],
        "for": request.GET.get("for", ""),
        "is_over": acting.now >= span.after_at,
        "may_record": "record" in permit.rights,
        **(more or {}),
    }
    return page(request, acting, "returns", context, status)


def _entered_by(standing: Standing | None) -> str:
    """Return the name of the office that entered a return from paper; empty where none did."""
    by = standing.kept.entered_by if standing and standing.kept else ""
    return names_of({by}).get(by, by) if by else ""


def _row(each: Standing) -> dict[str, Any]:
    shape, word = _STATES[each.state]
    return {
        "standing": each,
        "shape": shape,
        "word": gettext(word),
        "content": gettext(_CONTENTS[each.content]) if each.content in _CONTENTS else "",
        "measures": [_measured(each, figure) for figure in returnstatus.MEASURED],
    }


def _measured(each: Standing, figure: str) -> tuple[str, returnstatus.Measure | None]:
    """Return what an indicator of a department comes to, as it is shown; one dash where nothing was counted."""
    one = next((held for held in each.measures if held.figure == figure), None)
    return (f"{float(one.value):.0f}%" if one and one.value is not None else "—", one)


def _table(table: Table) -> dict[str, Any]:
    """Return a table as it is shown: what is said only together is marked where it belongs, and said below."""
    form = next((each for each in _forms(table)), None)
    titles = form.columns if form else {name: {"zh": name, "en": name} for name in table.columns}
    together = {(township, each.column): each for each in table.merged for township in each.townships}
    townships = sorted({township for township, _ in (*table.counts, *together)})
    return {
        "under": table.under,
        "nil": table.nil,
        "titles": [titles.get(name, {"zh": name, "en": name}) for name in table.columns],
        "rows": [
            (
                place_name(township),
                [
                    Cell(people=table.counts[township, column])
                    if (township, column) in table.counts
                    else Cell(kept_back=True)
                    for column in table.columns
                ],
            )
            for township in townships
        ],
        "sums": [
            Cell(people=table.sums[column]) if table.sums[column] is not None else Cell(small=True)
            for column in table.columns
        ],
        "merged": [
            (titles.get(each.column, {"zh": each.column, "en": each.column}), [place_name(one) for one in each.townships], each.count)
            for each in table.merged
        ],
    }  # fmt: skip


def _forms(table: Table) -> list[Form]:
    """Return the form of a table, where it is still the one in use."""
    form = form_for(organisation(table.office))
    return [form] if form.version == table.version else []


# ----------------------------------------------------------------------------------------------- taking in


@csrf_protect
def _take(request: HttpRequest, acting: Acting) -> HttpResponse:
    permit = acting.permit("returns")
    permit.require("record", acting.now)
    month, back = _month(request, acting), f"{reverse('department-returns')}?month="
    if looked := request.POST.get("looked"):
        read, paper = _opened(looked, acting)
        whose = paper.office if paper else acting.organisation
        found = returns.judge(permit, read, acting.now, office=whose)
        found = returns.take_in(permit, found, acting.now, paper=paper)
        return _told(request, found, back + read.month)
    whose = request.POST.get("for", "") or acting.organisation
    refuse_for(permit, whose, acting.now)
    paper, sent = _paper(request, acting, whose), request.FILES.get(_BOX)
    fault = _lacking(whose != acting.organisation and paper is None, sent is None, request)
    if fault:
        return _shown(request, acting, {"fault": fault, "for": whose}, 422)
    if request.POST.get("nil"):
        return _told(request, returns.send_nil(permit, month, acting.now, paper=paper), back + month)
    content = sent.read() if sent else b""
    found = returns.check(permit, content, month, acting.now, office=whose)
    if found.reasons:
        returns.keep_out(permit, found.read, acting.now, office=whose)
    more = {
        "looked": found,
        "for": whose,
        "reasons": [
            *(each.say(language()) for each in found.reasons),
            *(each.say(language()) for each in found.faults),
        ],
        "looked_at": _table(found.table) if found.table else None,
        "signed": "" if found.reasons else _signed(found, acting, paper),
    }
    return _shown(request, acting, more, 200 if found.table else 422)


def _lacking(no_evidence: bool, no_file: bool, request: HttpRequest) -> str:  # noqa: FBT001  # what is not there
    """Return what is still to be chosen, in words; empty where nothing is."""
    if no_evidence:
        return gettext("请写明纸质月报收到的时间，并附上凭证（签收单、传真页、来件照片）。")
    if no_file and not request.POST.get("nil"):
        return gettext("请选择填好的表样（.xlsx 或 .csv）。")
    return ""


def _paper(request: HttpRequest, acting: Acting, whose: str) -> Paper | None:
    """Return what is said of the paper that a return came on, its evidence kept; None where it is not said."""
    shown = request.FILES.get(_EVIDENCE)
    try:
        arrived_at = datetime.fromisoformat(request.POST.get("arrived", "")).replace(tzinfo=SHANGHAI)
    except ValueError:
        return None
    if whose == acting.organisation or shown is None:
        return None
    digest = keep_evidence(acting.permit("returns"), shown.name or _EVIDENCE, shown.read(), acting.now)
    return Paper(office=whose, arrived_at=arrived_at, evidence=digest)


def _told(request: HttpRequest, found: Outcome, back: str) -> HttpResponse:
    if found.state == returns.ALREADY:
        tell(request, gettext("先前已经记录，没有重复写入。"))
    elif found.replaced:
        tell(request, gettext("已重新报送，取代先前所报；先前的留有记录。"))
    else:
        tell(request, gettext("月报已收。"))
    return redirect(back)


def _signed(found: Outcome, acting: Acting, paper: Paper | None) -> str:
    """Return what was read of a file, signed, for one office and one hour. It goes to who sent it and stays nowhere."""
    read = found.read
    said = {
        "office": acting.organisation, "month": read.month, "version": read.form.version, "nil": read.nil,
        "paper": [paper.office, paper.arrived_at.isoformat(), paper.evidence] if paper else None,
        "rows": read.rows, "digest": read.digest,
        "counts": [[township, column, count] for (township, column), count in read.counts.items()],
        "faults": [[each.row, each.township, each.column, each.zh, each.en] for each in read.faults],
    }  # fmt: skip
    return signing.dumps(said, salt=_SALT, compress=True)


def _opened(signed: str, acting: Acting) -> tuple[ReturnRead, Paper | None]:
    """Return what was read of a file, and what was said of the paper that it came on.

    Raises:
        LookOverError: it is too old, of another office, or of a form that has changed since.
    """
    try:
        said = signing.loads(signed, salt=_SALT, max_age=HOLDS)
    except signing.BadSignature as error:
        raise LookOverError from error
    paper = None
    if said["paper"]:
        office, arrived_at, evidence = said["paper"]
        paper = Paper(office=office, arrived_at=datetime.fromisoformat(arrived_at), evidence=evidence)
    form = _form_of(paper.office if paper else acting.organisation)
    if said["office"] != acting.organisation or form is None or said["version"] != form.version:
        raise LookOverError
    read = ReturnRead(
        digest=said["digest"], month=said["month"], form=form, nil=said["nil"], rows=said["rows"],
        counts={(township, column): count for township, column, count in said["counts"]},
        faults=tuple(
            RowFault(row=row, township=township, column=column, zh=zh, en=en)
            for row, township, column, zh, en in said["faults"]
        ),
    )  # fmt: skip
    return read, paper


# ----------------------------------------------------------------------------------------------- workbooks


@require_GET
@for_officers
def return_form(request: HttpRequest, acting: Acting) -> HttpResponse:
    """Hand over the form of her department for a month; `for`: of one that her office enters from paper."""
    permit = acting.permit("returns")
    permit.require("read-duties", acting.now)
    where = organisation(request.GET.get("for") or acting.organisation)
    refuse_for(permit, where.id, acting.now)
    span = returns.named_month(_month(request, acting))
    made = io.BytesIO()
    write_form(made, form_for(where), where, span.name, language())
    return _workbook(made, f"{gettext('部门月报')}-{span.name}.xlsx")


@require_POST
@for_officers
def return_to_mend(request: HttpRequest, acting: Acting) -> HttpResponse:
    """Hand back what was looked at as a sheet that can be mended: made when it is asked for, kept nowhere."""
    permit = acting.permit("returns")
    permit.require("record", acting.now)
    read, paper = _opened(request.POST.get("looked", ""), acting)
    made = io.BytesIO()
    where = organisation(paper.office if paper else acting.organisation)
    write_form(made, read.form, where, read.month, language(), filled=read.counts, faults=read.faults)
    return _workbook(made, f"{gettext('要改的月报')}-{read.month}.xlsx")


def _workbook(made: io.BytesIO, name: str) -> HttpResponse:
    answer = HttpResponse(made.getvalue(), content_type=_EXCEL)
    answer.headers["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name)
    return answer
