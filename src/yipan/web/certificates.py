"""Pages of certificates: the register, one case's certificates, their papers; and the page on which anybody verifies one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from django.conf import settings
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods

from yipan.documents import papers, signing
from yipan.documents.certificate import PERSON, held, verify
from yipan.documents.register import register_of
from yipan.documents.verbs import issue
from yipan.duties.faults import DraftFaultsError, StaleCaseError
from yipan.duties.lawbook import lawbook
from yipan.duties.naming import new_id
from yipan.duties.queries import case
from yipan.law.fold import OPEN
from yipan.registry.access import names_in, said_before
from yipan.registry.ownaccess import may_give
from yipan.web.acting import Acting, for_officers, now, page, tell
from yipan.web.knowing import choice_word, kind_that
from yipan.web.paging import Sheet, number_asked, page_asked
from yipan.web.words import SHANGHAI, language

if TYPE_CHECKING:
    from datetime import date

    from django.http import HttpRequest

    from yipan.duties.views import CaseView
    from yipan.law.kind import Kind

ASKED: Final = "certificate.asked"
#: The part of the office that issues.
HOME: Final = "home"
#: How an entry is known that hands one over, or takes one back.
HANDED, REVOKED = "paper-handed-over", "certificate-revoked"


def house_address(request: HttpRequest) -> str:
    """Return the address under which anybody verifies: the deployment's own, else that of this page."""
    return str(settings.PUBLIC_ADDRESS) or request.build_absolute_uri("/").rstrip("/")


def _kind(acting: Acting, name: str) -> Kind:
    return lawbook().kind(name, _today(acting))


def _today(acting: Acting) -> date:
    return acting.now.astimezone(SHANGHAI).date()


# ------------------------------------------------------------------------------------------ for officers


@require_GET
@for_officers
def certificates(request: HttpRequest, acting: Acting) -> HttpResponse:
    """Show the certificate register of this office, and that its sum is right."""
    permit = acting.permit("certificate register")
    year, number = number_asked(request, "year"), page_asked(request)
    register = register_of(permit, acting.now, year=year, page=number)
    names = names_in(permit, {each.thread for each in register.lines}, acting.now)
    asked = _kind(acting, ASKED)
    lines = [
        (each, names.get(each.thread, ""), choice_word(asked, "wish", each.wish)) for each in register.lines
    ]
    sheet = Sheet(
        page=number, more=number < register.pages, pages=register.pages, query=f"year={year}&" if year else ""
    )
    context = {
        "lines": lines, "balance": register.balance, "today": _today(acting), "years": register.years, "year": year,
        "sheet": sheet,
    }  # fmt: skip
    return page(request, acting, "certificates", context)


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
@for_officers
def certificate(request: HttpRequest, acting: Acting, thread: UUID) -> HttpResponse:
    """Show the certificates of a case, and issue one: what is printed is asked, and how it is handed over."""
    permit = acting.permit("record" if request.method == "POST" else "certificates of a case")
    context: dict[str, Any] = {"entries": (new_id(acting.now), new_id(acting.now))}
    status = 200
    if request.method == "POST":
        try:
            return _issued(request, acting, thread)
        except DraftFaultsError as refusal:
            context["faults"] = [each.say(language()) for each in refusal.faults]
        except StaleCaseError as refusal:
            context["faults"] = [refusal.say(language())]
        status = 422
    view = case(permit, thread, acting.now)
    listed = held(permit, thread, _today(acting))
    said = said_before(permit, thread, {"name"}, acting.now)
    kinds = lawbook().kinds(_today(acting))
    revoked = kind_that(REVOKED, kinds)
    ended = {"replaced": gettext("已由新证明代替"), "corrected": gettext("记录已更正")}
    context |= {
        "case": view,
        "held": [
            (each, ended.get(each.ended_because) or choice_word(revoked, "ground", each.ended_because))
            for each in listed
        ],
        "name": request.POST.get("name", said.get("name", "")),
        "way": request.POST.get("way", ""),
        "ways": kind_that(HANDED, kinds).fields["way"].choices,
        "may_give": "record" in permit.rights and may_give(permit, thread, PERSON),
        "number_entry": new_id(acting.now),
        "may_issue": "record" in permit.rights and _is_asked(acting, view),
        "today": _today(acting),
    }
    return page(request, acting, "certificate", context, status)


def _is_asked(acting: Acting, view: CaseView) -> bool:
    """Tell whether this office owes a certificate here as the home office: only then one is issued."""
    holders = [
        rule
        for each in view.duties
        if each.duty.owed_by == acting.organisation and each.duty.state == OPEN
        for _, rule in lawbook().holders(each.duty.rule)
    ]
    return any(str(rule.owed_by) == HOME and rule.triggers for rule in holders)


def _issued(request: HttpRequest, acting: Acting, thread: UUID) -> HttpResponse:
    permit = acting.permit("record")
    entries = [_uuid(request.POST.get(name)) or new_id(acting.now) for name in ("issue", "hand")]
    as_of = request.POST.get("as_of", "")
    issue(
        permit,
        thread,
        name=request.POST.get("name", "").strip(),
        way=request.POST.get("way", ""),
        entries=(entries[0], entries[1]),
        as_of=int(as_of) if as_of.isascii() and as_of.isdigit() else None,
        now=acting.now,
    )
    tell(request, gettext("证明已经出具，可以打印。"))
    return redirect("certificate", thread)


def _uuid(text: str | None) -> UUID | None:
    try:
        return UUID(text or "")
    except ValueError:
        return None


@require_GET
@for_officers
def certificate_pdf(request: HttpRequest, acting: Acting, thread: UUID, event: UUID) -> HttpResponse:
    """Return the paper of a certificate."""
    one = papers.certificate(acting.permit("print a certificate"), thread, event, acting.now)
    return pdf(papers.certificate_pdf(one, house_address(request)), "certificate")


@require_GET
@for_officers
def letter_pdf(request: HttpRequest, acting: Acting, thread: UUID, event: UUID) -> HttpResponse:  # noqa: ARG001  # as views are called
    """Return the letter that an entry is printed as."""
    return pdf(papers.letter_pdf(acting.permit("print a letter"), thread, event, acting.now), "letter")


@require_GET
@for_officers
def form_pdf(request: HttpRequest, acting: Acting, thread: UUID, subject: str) -> HttpResponse:  # noqa: ARG001  # as views are called
    """Return the registration form of one of the two."""
    made = papers.registration_pdf(acting.permit("print a form"), thread, subject, acting.now)
    return pdf(made, "registration")


def pdf(content: bytes, name: str) -> HttpResponse:
    """Answer with a paper under a name that says nothing of anybody."""
    headers = {"Content-Disposition": f'inline; filename="{name}.pdf"'}
    return HttpResponse(content, content_type="application/pdf", headers=headers)


# ------------------------------------------------------------------------------------------- for anybody


@sensitive_post_parameters()
@never_cache
@require_http_methods(["GET", "POST"])
def verify_certificate(request: HttpRequest, number: str = "") -> HttpResponse:
    """Say whether a certificate is genuine and valid: to anybody, without signing in and without JavaScript."""
    typed = request.POST.get("number", "").strip() if request.method == "POST" else number
    context: dict[str, Any] = {"typed": typed}
    if typed:
        context["found"] = verify(typed, now().astimezone(SHANGHAI).date())
    return page(request, None, "verify", context)


@require_GET
def certificate_keys(request: HttpRequest) -> HttpResponse:  # noqa: ARG001  # as views are called
    """Publish the keys with which a certificate is verified without a network."""
    keys = signing.public_keys(now().astimezone(SHANGHAI).date())
    return JsonResponse(signing.as_published(keys))
