"""The page of leave: the head notes who is away until when and who stands in, and ends a leave early."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any, ClassVar, Final

from django.shortcuts import redirect
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from yipan.duties.resetting import NoSuchAccountError, officers_below
from yipan.errors import YipanError
from yipan.offices.leave import leaves_below
from yipan.offices.office import organisation
from yipan.offices.officer import Officer
from yipan.offices.permit import NotPermittedError
from yipan.offices.posting import end_leave, posting_permit, take_leave
from yipan.web.acting import Acting, for_officers, page, tell
from yipan.web.words import SHANGHAI, language

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.http import HttpRequest, HttpResponse

_BOXES: Final = ("account", "office", "first", "until", "stand_in")


@require_http_methods(["GET", "POST"])
@for_officers
def leave(request: HttpRequest, acting: Acting) -> HttpResponse:
    """Show who is away in this office and below, and note or end a leave."""
    permit = acting.permit("leave")
    permit.require("post-officers", acting.now)
    said = {name: (request.POST.get(name) or request.GET.get(name, "")).strip() for name in _BOXES}
    context: dict[str, Any] = {"said": said}
    if request.method == "POST":
        try:
            tell(request, _done(acting, said, is_back=bool(request.POST.get("back"))))
            return redirect("leave")
        except NotPermittedError:
            raise
        except YipanError as refusal:
            context["fault"] = refusal.say(language())
    today = acting.now.astimezone(SHANGHAI).date()
    typed = request.GET.get("q", "")
    context |= {
        "q": typed,
        "posts": officers_below(permit, typed, acting.now),
        "leaves": leaves_below(acting.organisation, today),
        "today": today,
    }
    return page(request, acting, "account/leave", context, 422 if "fault" in context else 200)


def _done(acting: Acting, said: Mapping[str, str], *, is_back: bool) -> str:
    """Note or end a leave in the name of the office that it is from, and return what was done."""
    who = _officer(said["account"])
    where = organisation(said["office"]).id
    permit = replace(posting_permit(acting.officer, where, acting.now), organisation=where)
    with permit.in_force():
        if is_back:
            end_leave(who, where, acting.now.astimezone(SHANGHAI).date())
            return gettext("休假已经结束，代办的岗位同时结束。")
        take_leave(who, where, _officer(said["stand_in"]), _day(said["first"]), _day(said["until"]))
        return gettext("休假已经登记，代办的岗位到期自行结束。")


def _officer(account: str) -> Officer:
    found = Officer.objects.filter(user__username=account).first()
    if found is None:
        raise NoSuchAccountError(account=account)
    return found


def _day(typed: str) -> date:
    try:
        return date.fromisoformat(typed)
    except ValueError as error:
        raise NotADayError(typed=typed) from error


class NotADayError(YipanError):
    """What was typed is no day."""

    code: ClassVar[str] = "not-a-day"
    exit_code: ClassVar[int] = 2
    sentence: ClassVar[dict[str, str]] = {
        "zh": "“{typed}”不是日期。",
        "en": "{typed!r} is no day.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "请写成 2026-10-09 这样。",
        "en": "Write it like 2026-10-09.",
    }
