"""The page of head-counts: how many people who are not enrolled there are, by township and month."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from django.shortcuts import redirect
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from yipan.duties.faults import DraftFaultsError
from yipan.duties.lawbook import lawbook
from yipan.duties.naming import new_id
from yipan.registry import headcounts as counting
from yipan.web.acting import Acting, for_officers, page, tell
from yipan.web.words import SHANGHAI, language

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

#: More townships than this are not chosen from a list but typed.
_LISTED: Final = 80
_BOXES: Final = ("period", "township", "people")


@require_http_methods(["GET", "POST"])
@for_officers
def headcounts(request: HttpRequest, acting: Acting) -> HttpResponse:
    """Show the table with small cells suppressed, and take another count."""
    permit = acting.permit("head-counts")
    permit.require("read-duties", acting.now)
    townships = counting.townships_of(acting.organisation)
    typed = {name: request.POST.get(name, "").strip() for name in _BOXES}
    entry, faults = _entry(request) or new_id(acting.now), dict[str, str]()
    if request.method == "POST":
        code = typed["township"].split(" ")[0]
        try:
            receipt = counting.note(
                permit,
                month=typed["period"],
                township=code,
                people=typed["people"],
                now=acting.now,
                entry=entry,
            )
        except DraftFaultsError as refusal:
            faults = {each.field: each.say(language()) for each in refusal.faults}
        else:
            told = (
                gettext("先前已经记录，没有重复写入。") if receipt.already else gettext("已记录未登记人数。")
            )
            tell(request, told)
            return redirect("headcounts")
    else:
        typed["period"] = acting.now.astimezone(SHANGHAI).strftime("%Y-%m")
        typed["township"] = townships[0][0] if len(townships) == 1 else ""
    context: dict[str, Any] = {
        "table": counting.table(permit, acting.now),
        "townships": townships if len(townships) <= _LISTED else [],
        "typed": typed,
        "faults": faults,
        "entry_id": entry,
        "kind": lawbook().kind(counting.kind_at(acting.now), acting.now.astimezone(SHANGHAI).date()),
        "may_record": "record" in permit.rights,
    }
    return page(request, acting, "headcounts", context, status=422 if faults else 200)


def _entry(request: HttpRequest) -> UUID | None:
    try:
        return UUID(request.POST.get("entry", ""))
    except ValueError:
        return None
