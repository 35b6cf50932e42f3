"""Pages of the broken glass: say why, look for some hours at what it opened, and nothing more."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from django.conf import settings
from django.shortcuts import redirect
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods

from yipan.documents.notices import break_glass
from yipan.duties.faults import DraftFaultsError
from yipan.duties.lawbook import lawbook
from yipan.duties.naming import new_id
from yipan.registry.glass import (
    REASON,
    RIGHT,
    NoNeedError,
    NothingToOpenError,
    ReasonTooShortError,
    needs_on,
    own_glasses,
    read_under,
)
from yipan.web.acting import Acting, for_officers, page
from yipan.web.words import SHANGHAI, language

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from django.http import HttpRequest, HttpResponse

    from yipan.duties.views import Said

_CASE: Final = re.compile(r"[0-9a-fA-F]{8}(-?[0-9a-fA-F]{4}){3}-?[0-9a-fA-F]{12}")
#: The boxes of the form.
_BOXES: Final = ("whom", "because", "reason", "entry")


def needs(now: datetime) -> Mapping[str, Said]:
    """Return the needs for which a glass may be broken."""
    return needs_on(lawbook(), now.astimezone(SHANGHAI).date())


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
@for_officers
def glass(request: HttpRequest, acting: Acting) -> HttpResponse:
    """Ask whom it is about and why; what is typed is sent in the body. Then show the glass that was broken."""
    permit = acting.permit("break the glass")
    permit.require(RIGHT, acting.now)
    context: dict[str, Any] = {
        "needs": needs(acting.now),
        "open": own_glasses(permit, acting.now),
        "hours": settings.GLASS_HOURS,
        "least": REASON,
        "entry": new_id(acting.now),
    }
    if request.method == "GET":
        return page(request, acting, "glass", context)
    typed = {name: request.POST.get(name, "").strip() for name in _BOXES}
    whom = typed["whom"]
    thread = UUID(whom) if _CASE.fullmatch(whom) else None
    try:
        event = break_glass(
            permit,
            thread=thread,
            number="" if thread else whom,
            because=typed["because"],
            reason=typed["reason"],
            now=acting.now,
            entry=_entry(typed["entry"]),
        )
    except (ReasonTooShortError, NothingToOpenError, NoNeedError, DraftFaultsError) as refusal:
        return page(
            request, acting, "glass", context | typed | {"fault": refusal.say(language())}, status=422
        )
    return redirect("glass-open", event)


def _entry(text: str) -> UUID | None:
    return UUID(text) if _CASE.fullmatch(text) else None


@require_GET
@for_officers
def glass_open(request: HttpRequest, acting: Acting, glass: UUID) -> HttpResponse:
    """Show what a broken glass opened, while it lasts, to whoever broke it."""
    broken, cases = read_under(acting.permit("break the glass"), glass, acting.now)
    context = {"broken": broken, "cases": cases, "needs": needs(acting.now)}
    return page(request, acting, "glass_open", context)
