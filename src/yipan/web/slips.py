"""The counter's page of slips: hand a person the number and code that open her own page, and end a slip that was lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST

from yipan.documents import papers
from yipan.documents.certificate import PERSON, NoCertificateError
from yipan.duties.lawbook import lawbook
from yipan.duties.naming import new_id
from yipan.duties.queries import case
from yipan.registry.access import names_in
from yipan.registry.ownaccess import ENDED, REPLACED, cards_of, end, give, names_to_give
from yipan.web.acting import Acting, for_officers, page, tell
from yipan.web.certificates import house_address, pdf
from yipan.web.knowing import kind_that
from yipan.web.oversight import names_of_officers
from yipan.web.words import SHANGHAI, said

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.http import HttpRequest, HttpResponse

    from yipan.duties.views import CaseView, Said


@sensitive_variables("slip")
@require_http_methods(["GET", "POST"])
@for_officers
def slips(request: HttpRequest, acting: Acting, thread: UUID) -> HttpResponse:
    """Show the slips of a case; hand one over: it is shown in the answer to that press alone."""
    permit = acting.permit("record" if request.method == "POST" else "case")
    if request.method == "POST":
        entry = _uuid(request.POST.get("entry")) or new_id(acting.now)
        slip = give(permit, thread, request.POST.get("name", ""), entry, acting.now)
        return render(request, "web/slip.html", {"slip": slip, "thread": thread})
    view = case(permit, thread, acting.now)
    titles, cards = _titles(view), cards_of(permit, thread, acting.now)
    context: dict[str, Any] = {
        "thread": thread,
        "names": names_in(permit, [thread], acting.now),
        "persons": [
            (name, said(titles.get(name, name)), new_id(acting.now)) for name in names_to_give(permit, thread)
        ],
        "cards": [
            (each, said(titles.get(each.name, "")), _because(acting, each.ended_because), new_id(acting.now))
            for each in cards
        ],
        "officers": names_of_officers(each.officer for each in cards),
        "reasons": _reasons(acting),
        "may_record": "record" in permit.rights,
    }
    return page(request, acting, "slips", context)


@require_POST
@for_officers
def certificate_with_number(request: HttpRequest, acting: Acting, thread: UUID, event: UUID) -> HttpResponse:
    """Print a certificate with a second sheet for her alone: a number and a code, because she wants them."""
    one = papers.certificate(acting.permit("print a certificate"), thread, event, acting.now)
    if one.ended_at:
        raise NoCertificateError
    entry = _uuid(request.POST.get("entry")) or new_id(acting.now)
    slip = give(acting.permit("record"), thread, PERSON, entry, acting.now, once=True)
    return pdf(papers.certificate_pdf(one, house_address(request), slip), "certificate")


@require_POST
@for_officers
def end_slip(request: HttpRequest, acting: Acting, thread: UUID, card: UUID) -> HttpResponse:
    """End a slip: whatever it opened is closed at once."""
    entry = _uuid(request.POST.get("entry")) or new_id(acting.now)
    end(acting.permit("record"), card, request.POST.get("because", ""), entry, acting.now)
    tell(request, gettext("已停用，凭它打开的页面随即关闭。"))
    return redirect("slips", thread)


def _titles(view: CaseView) -> Mapping[str, Said]:
    """Return what the kinds of a case call its persons."""
    book, found = lawbook(), dict[str, "Said"]()
    for each in view.story:
        kind = book.kind(each.kind, each.counts_at.astimezone(SHANGHAI).date())
        found |= {name: subject.title for name, subject in kind.subjects.items() if name not in found}
    return found


def _because(acting: Acting, because: str) -> str:
    """Return why a slip ended, in words."""
    if because == REPLACED:
        return gettext("已另印一张")
    return said(_reasons(acting).get(because, because)) if because else ""


def _reasons(acting: Acting) -> Mapping[str, Said]:
    """Return why a slip may end, in words."""
    kinds = lawbook().kinds(acting.now.astimezone(SHANGHAI).date())
    return kind_that(ENDED, kinds).fields["because"].choices


def _uuid(text: str | None) -> UUID | None:
    try:
        return UUID(text or "")
    except ValueError:
        return None
