"""The page on which an office withdraws an entry of its own: it stays readable, and opens and settles nothing any more."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from django.shortcuts import redirect
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from yipan.documents.verbs import record_draft
from yipan.duties import queries
from yipan.duties.draft import Draft
from yipan.duties.faults import StaleCaseError, UnknownThreadError
from yipan.duties.naming import new_id
from yipan.law.correction import RETRACTION_KIND
from yipan.web.acting import Acting, for_officers, page, tell

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


@require_http_methods(["GET", "POST"])
@for_officers
def retract(request: HttpRequest, acting: Acting, thread: UUID, event: UUID) -> HttpResponse:
    """Ask once, then withdraw the entry; who saw less of the case than there is now is asked again."""
    permit = acting.permit("record")
    permit.require("record", acting.now)
    view = queries.case(permit, thread, acting.now)
    entry = next((each for each in view.story if each.id == event and each.is_withdrawable), None)
    if entry is None:
        raise UnknownThreadError(thread=thread)
    stale = False
    if request.method == "POST":
        draft = Draft(kind=RETRACTION_KIND, id=_own(request, acting), thread=thread, corrects=event)
        seen = request.POST.get("as_of", "")
        try:
            record_draft(
                permit, draft, None, int(seen) if seen.isascii() and seen.isdigit() else None, acting.now
            )
        except StaleCaseError:
            stale = True
        else:
            tell(request, gettext("已撤回这条记录。需要的，请重新记录。"))
            return redirect("case", thread)
    context = {"case": view, "entry": entry, "entry_id": _own(request, acting), "stale": stale}
    return page(request, acting, "retract", context, 422 if stale else 200)


def _own(request: HttpRequest, acting: Acting) -> UUID:
    """Return the id of the withdrawal: made with the page, so that sending it twice records it once."""
    try:
        return UUID(request.POST["entry"])
    except (KeyError, ValueError):
        return new_id(acting.now)
