"""Pages of rosters: a file is looked at before anybody is entered, entered, stopped, gone on with, given up, mended.

The file itself stays in memory: it goes neither to the disk nor into the database, only the columns that are recognised
do, sealed.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, Final, cast

from django.core.files.uploadhandler import MemoryFileUploadHandler, SkipFile
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.http import content_disposition_header
from django.utils.translation import gettext, gettext_noop
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from yipan.duties.lawbook import lawbook
from yipan.errors import YipanError
from yipan.registry import importing, rosterdesk
from yipan.registry.beside import go_on_beside
from yipan.registry.headings import FIELDS, heading_of
from yipan.registry.intake import DONE, DROPPED, READING, STOPPED, WAITING, WORKING, ConsentNeededError
from yipan.registry.rosterend import rows_end_on
from yipan.registry.sheets import open_roster
from yipan.web.acting import Acting, for_officers, now, page, tell
from yipan.web.knowing import ENROLLED, kind_that, shown_value
from yipan.web.words import SHANGHAI, language

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

    from django.http import HttpRequest

    from yipan.registry.rosterdesk import Look, LookedAt

#: The largest file that the page takes, in bytes; it is held in memory. The command line takes any.
LARGEST: Final = 50 * 1024 * 1024
#: Up to this size a file is read while somebody waits for the page, in bytes.
READ_AT_ONCE: Final = 2 * 1024 * 1024
#: How often a page that shows progress asks again, in seconds.
EVERY: Final = 2
_BOX: Final = "roster"
_STATES: Final = {
    READING: gettext_noop("正在读取"),
    WAITING: gettext_noop("等待确认"),
    WORKING: gettext_noop("正在录入"),
    STOPPED: gettext_noop("已停下"),
    DONE: gettext_noop("已办完"),
    DROPPED: gettext_noop("已放弃"),
}
#: Which shape each state is shown by: those of the duties.
_SHAPES: Final = {
    READING: "open",
    WAITING: "due-soon",
    WORKING: "open",
    STOPPED: "released",
    DONE: "in-time",
    DROPPED: "void",
}
_EXCEL: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class InMemoryOnly(MemoryFileUploadHandler):
    """Keeps what is sent in memory whatever its size; what is larger than the page takes is passed over."""

    too_large = False
    _received = 0

    def handle_raw_input(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  # as Django hands it over
        """Take every file: nothing else may lay it on the disk."""
        super().handle_raw_input(*args, **kwargs)
        self.activated = True

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        """Keep a piece, up to the largest file.

        Raises:
            SkipFile: it is larger.
        """
        self._received += len(raw_data)
        if self._received > LARGEST:
            self.too_large = True
            self.file = io.BytesIO()
            message = "larger than the page takes"
            raise SkipFile(message)
        return cast("bytes | None", super().receive_data_chunk(raw_data, start))  # type: ignore[redundant-cast,unused-ignore]  # Django's own type differs by version


# ------------------------------------------------------------------------------------------- the list


@csrf_exempt
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
@for_officers
def rosters(request: HttpRequest, acting: Acting) -> HttpResponse:
    """Show the rosters of this office and take another one."""
    if request.method == "GET":
        return _list(request, acting)
    # Before the form is read, its token too: that is why the token is checked one step later.
    request.upload_handlers = [InMemoryOnly(request)]
    return _take(request, acting)


def _list(request: HttpRequest, acting: Acting, fault: str = "", status: int = 200) -> HttpResponse:
    permit = acting.permit("rosters")
    listed = [
        (each, gettext(_STATES[each.state]), _SHAPES[each.state])
        for each in rosterdesk.recent(permit, acting.now)
    ]
    context = {
        "rosters": listed,
        "fault": fault,
        "may_record": "record" in permit.rights,
        "largest": LARGEST // (1024 * 1024),
    }
    return page(request, acting, "rosters", context, status)


@csrf_protect
def _take(request: HttpRequest, acting: Acting) -> HttpResponse:
    """Read a file in memory, and lead to the look at it."""
    permit = acting.permit("rosters")
    permit.require("record", acting.now)
    sent = request.FILES.get(_BOX)
    handler = next(each for each in request.upload_handlers if isinstance(each, InMemoryOnly))
    if handler.too_large:
        text = gettext(
            "文件超过 %(largest)s MB，网页不收。请管理员在服务器上用命令行导入：yipan import roster 文件 --office %(office)s"
        )
        values = {"largest": LARGEST // (1024 * 1024), "office": acting.organisation}
        return _list(request, acting, text % values, status=413)
    if sent is None:
        return _list(request, acting, gettext("请选择一份名册文件（.xlsx、.xls 或 .csv）。"), status=422)
    content = sent.read()
    try:
        roster = open_roster(content, sent.name or _BOX)
        intake = importing.begin(permit, roster, acting.now, wait=True)
        if not rosterdesk.on_desk(permit, intake, acting.now).is_read:
            if len(content) > READ_AT_ONCE:
                go_on_beside(permit, intake, content)
            else:
                rosterdesk.go_on(permit, intake, now, roster)
    except YipanError as refusal:
        return _list(request, acting, refusal.say(language()), status=422)
    return redirect("roster", intake)


# ------------------------------------------------------------------------------------------ one roster


@require_GET
@for_officers
def roster(request: HttpRequest, acting: Acting, intake: UUID) -> HttpResponse:
    """Show a roster: the look before it is entered, how far it has come, or what came of it."""
    return _roster(request, acting, intake)


def _roster(
    request: HttpRequest, acting: Acting, intake: UUID, fault: str = "", status: int = 200
) -> HttpResponse:
    permit = acting.permit("rosters")
    known = rosterdesk.on_desk(permit, intake, acting.now)
    found = importing.outcome(permit, intake)
    rows, entered = importing.progress(permit, intake)
    context: dict[str, Any] = {
        "roster": known,
        "state": gettext(_STATES[known.state]),
        "shape": _SHAPES[known.state],
        "outcome": found,
        "can_enter": found.rows - found.rejected - found.duplicates - found.declined,
        "forbidden": [each for each in found.warnings if each["code"] == "forbidden-columns"],
        "warnings": [each for each in found.warnings if each["code"] != "forbidden-columns"],
        "sheets": [_columns(each) for each in found.shape["sheets"]],
        "consent_column": found.shape["consent_column"],
        "moving": known.state in (READING, WORKING),
        "entered": entered,
        "read_rows": rows,
        "every": EVERY,
        "fault": fault,
        "may_record": "record" in permit.rights,
        "rows_end_on": rows_end_on(known.finished_at or known.started_at) if known.has_rows else None,
    }
    if known.state == WAITING and "record" in permit.rights:
        look = rosterdesk.look(permit, intake, acting.now)
        context |= {"look": look, "looked": _looked(look, acting)}
    return page(request, acting, "roster", context, status)


def _columns(sheet: Mapping[str, Any]) -> dict[str, Any]:
    """Return which heading of a sheet is read as what."""
    written = sheet["columns"]
    read_as = [(written[field], heading_of(field, language())) for field in FIELDS if field in written]
    return {"name": sheet["name"], "columns": read_as}


def _looked(look: Look, acting: Acting) -> list[tuple[LookedAt, list[tuple[str, str]]]]:
    """Return rows as they were understood, each value under its heading: places by name, choices in words."""
    kind = kind_that(ENROLLED, lawbook().kinds(acting.now.astimezone(SHANGHAI).date()))
    used = [name for name in FIELDS if any(name in each.said for each in look.rows)]
    return [
        (
            each,
            [
                (heading_of(name, language()), shown_value(kind, name, str(each.said.get(name, ""))))
                for name in used
            ],
        )
        for each in look.rows
    ]


@require_POST
@for_officers
def enter(request: HttpRequest, acting: Acting, intake: UUID) -> HttpResponse:
    """Enter a roster, or go on with one that was stopped: a small one at once, a large one in a program beside."""
    permit = acting.permit("rosters")
    try:
        rosterdesk.enter(permit, intake, acting.now, stated=request.POST.get("stated") == "yes")
    except ConsentNeededError:
        fault = gettext("请先声明签字的同意书均已存档；没有同意书的，不能录入。")
        return _roster(request, acting, intake, fault, status=422)
    if rosterdesk.is_small(rosterdesk.on_desk(permit, intake, acting.now)):
        rosterdesk.go_on(permit, intake, now)
    else:
        go_on_beside(permit, intake)
    return redirect("roster", intake)


@require_POST
@for_officers
def stop(request: HttpRequest, acting: Acting, intake: UUID) -> HttpResponse:
    """Stop entering a roster; what is entered stays."""
    del request
    permit = acting.permit("rosters")
    permit.require("record", acting.now)
    rosterdesk.on_desk(permit, intake, acting.now)
    importing.stop(permit, intake)
    return redirect("roster", intake)


@require_POST
@for_officers
def give_up(request: HttpRequest, acting: Acting, intake: UUID) -> HttpResponse:
    """Give up a roster of which nothing has been entered."""
    rosterdesk.give_up(acting.permit("rosters"), intake, acting.now)
    tell(request, gettext("名册已放弃，读入的内容已全部删去。"))
    return redirect("rosters")


@require_POST
@for_officers
def rows_that_go_back(request: HttpRequest, acting: Acting, intake: UUID) -> HttpResponse:
    """Send the workbook of the rows that go back. It is made when it is asked for, in memory."""
    del request
    zh = language() == "zh"
    made = rosterdesk.workbook(acting.permit("rosters"), intake, acting.now, "zh" if zh else "en")
    name = gettext("退回的行") + ".xlsx"
    answer = HttpResponse(made, content_type=_EXCEL)
    answer.headers["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name)
    return answer


@require_POST
@for_officers
def forget(request: HttpRequest, acting: Acting, intake: UUID) -> HttpResponse:
    """Take away the rows that go back, once they have been fetched."""
    rosterdesk.forget(acting.permit("rosters"), intake, acting.now)
    tell(request, gettext("退回的行已从系统中删去，只留下行数。"))
    return redirect("roster", intake)
