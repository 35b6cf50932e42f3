"""A person's own pages: what is owed to her, what is held of her and why, who looked, what she agreed to, her papers.

Their titles and addresses say nothing, nothing of them is kept by a browser, and one press leaves them.
"""

from __future__ import annotations

import json
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, Final, ParamSpec
from uuid import UUID

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext, gettext_noop
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from yipan.database.refusals import DatabaseError, said_as_refusals
from yipan.documents import ownpapers
from yipan.documents.owncopy import copy_pdf
from yipan.errors import YipanError
from yipan.offices.permit import LOCAL_OPERATOR, THE_CLOCK
from yipan.registry.copying import copy_of_everything
from yipan.registry.glass import note_seen
from yipan.registry.own import THE_PERSON, NotHersError, PersonPermit
from yipan.registry.ownsignin import (
    NotToBeJoinedError,
    RestingError,
    WrongSlipError,
    add_slip,
    permit_of,
)
from yipan.registry.ownsignin import sign_in as open_slip
from yipan.registry.ownview import LOOKS, read_matter, read_own
from yipan.registry.purpose import ground_title
from yipan.web.acting import TOLD, now
from yipan.web.duties import document_titles
from yipan.web.glass import needs
from yipan.web.sign import address_of, let_in
from yipan.web.words import SHANGHAI, is_running, language, said

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from django.contrib.auth.models import User
    from django.http import HttpRequest

    from yipan.registry.ownview import OwnLook, OwnMatter

P = ParamSpec("P")
#: In the session: it is a person's, and pages for everybody lead her back to her own.
MINE: Final = "mine"
#: How many of the latest looks the first page shows.
_LATEST: Final = 3
#: What a look was for, by what the read log calls it.
PURPOSES: Final[Mapping[str, str]] = {
    "a person's page": gettext_noop("查看您的登记"),
    "find a person": gettext_noop("在登记册里查找"),
    "worklist": gettext_noop("列出今天要办的事"),
    "case": gettext_noop("办理您的事项"),
    "record": gettext_noop("填写办理记录"),
    "certificates of a case": gettext_noop("办理服务证明"),
    "certificate register": gettext_noop("查看证明登记簿"),
    "print a certificate": gettext_noop("打印证明"),
    "print a letter": gettext_noop("打印文书"),
    "print a form": gettext_noop("打印登记表"),
    "who is meant": gettext_noop("核对另一个机构问的是不是您"),
    "one person or two": gettext_noop("核对两份登记是不是同一个人"),
    "numbers to confirm": gettext_noop("列出待核的号码"),
    "withdrawal": gettext_noop("办理撤回同意"),
    "rosters": gettext_noop("导入名册"),
    "ledger": gettext_noop("查看台账"),
    "break the glass": gettext_noop("紧急情况下查看"),
    "broken glass": gettext_noop("紧急情况下查看"),
    "command line": gettext_noop("在机构的计算机上查看"),
    "api": gettext_noop("由机构的程序查看"),
}


def for_persons(
    view: Callable[Concatenate[HttpRequest, PersonPermit, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """Let only a signed-in person reach a page, with what is hers; an officer's account is none."""

    @never_cache
    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if not request.user.is_authenticated:
            return redirect("mine-sign-in")
        permit = permit_of(request.user, now())
        if permit is None:
            return show(
                request, "refused", {"sentence": gettext("这里是本人的页面，工作人员的账号不能进入。")}, 403
            )
        if not request.session.get(MINE):
            request.session[MINE] = True
        try:
            with said_as_refusals():
                return view(request, permit, *args, **kwargs)
        except NotHersError as refusal:
            return show(request, "refused", {"sentence": refusal.say(language())}, 404)
        except YipanError as refusal:
            status = 503 if isinstance(refusal, DatabaseError) else 422
            return show(request, "refused", {"sentence": refusal.say(language())}, status)

    return guarded


def show(request: HttpRequest, template: str, context: Mapping[str, Any], status: int = 200) -> HttpResponse:
    """Render one of her pages."""
    whole = {"exit": settings.QUICK_EXIT, "flashes": request.session.pop(TOLD, []), **context}
    return render(request, f"web/mine/{template}.html", whole, status=status)


# --------------------------------------------------------------------------------------------- in and out


@sensitive_post_parameters()
@never_cache
@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """Ask for the number and the code on the slip, and let in whom they open."""
    if request.method == "GET":
        if request.user.is_authenticated and permit_of(request.user, now()):
            return redirect("mine")
        return show(request, "sign_in", {})
    number = request.POST.get("number", "")
    try:
        opened = open_slip(number, request.POST.get("code", ""), address_of(request), now())
    except (WrongSlipError, RestingError) as refusal:
        status = 429 if isinstance(refusal, RestingError) else 422
        return show(request, "sign_in", {"number": number, "fault": refusal.say(language())}, status)
    answer = let_in(request, opened.user)
    return (
        show(request, "fresh", {"slip": opened.fresh, "go_on": answer["Location"]})
        if opened.fresh
        else answer
    )


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
@for_persons
def add(request: HttpRequest, permit: PersonPermit) -> HttpResponse:
    """Add the slip of another office: she says herself that she is the same person."""
    if request.method == "GET":
        return show(request, "add", {"cards": read_own(permit, now()).cards})
    number, code = request.POST.get("number", ""), request.POST.get("code", "")
    try:
        fresh = add_slip(_user(request), number, code, address_of(request), now())
    except (WrongSlipError, RestingError, NotToBeJoinedError) as refusal:
        status = 429 if isinstance(refusal, RestingError) else 422
        context = {"number": number, "fault": refusal.say(language()), "cards": read_own(permit, now()).cards}
        return show(request, "add", context, status)
    tell(request, gettext("已经加上。两处的记录现在都能在这里看到，两处的机构并不知道。"))
    return show(request, "fresh", {"slip": fresh, "go_on": reverse("mine")}) if fresh else redirect("mine")


def _user(request: HttpRequest) -> User:
    if not request.user.is_authenticated:  # `for_persons` let only her in
        raise AssertionError
    return request.user


def tell(request: HttpRequest, text: str) -> None:
    """Keep a sentence for her next page."""
    request.session[TOLD] = [*request.session.get(TOLD, []), text]


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End her session."""
    logout(request)
    return redirect("mine-sign-in")


@never_cache
@require_POST
def leave(request: HttpRequest) -> HttpResponse:
    """End her session and go where anybody might be: whoever comes in sees the weather."""
    logout(request)
    # Not a redirect: what a form may lead to lies in this house.
    return HttpResponse(
        render(request, "web/mine/left.html").content,
        headers={"Refresh": f"0; url={settings.QUICK_EXIT}", "Referrer-Policy": "no-referrer"},
    )


# ------------------------------------------------------------------------------------------- what is hers


@require_http_methods(["GET", "POST"])
@for_persons
def home(request: HttpRequest, permit: PersonPermit) -> HttpResponse:
    """Show what offices owe her, the requests that are running, and who looked last; take that she saw a notice."""
    if request.method == "POST":
        note_seen(permit, _named_in(request.POST.get("seen", "")), now())
        return redirect("mine")
    own = read_own(permit, now())
    duties = [(each, matter) for matter in own.matters for each in matter.duties]
    context = {
        "own": own,
        "glasses": [each for each in own.glasses if not each.seen_at],
        "needs": needs(now()),
        "running": sorted(
            ((each, matter) for each, matter in duties if is_running(each.clock)),
            key=lambda pair: (pair[0].duty.due_at is None, pair[0].duty.due_at, pair[0].duty.opened_at),
        ),
        "latest": [_look(each) for each in own.looks[:_LATEST]],
        "agreed": sum(each.agreed for each in own.consents),
        "entries": sum(len(each.entries) for each in own.matters),
        "certificates": len(ownpapers.own_certificates(permit, now().astimezone(SHANGHAI).date())),
        "titles": document_titles(),
        "here": "home",
    }
    return show(request, "home", context)


def _named_in(text: str) -> UUID:
    """Return the id that a form names.

    Raises:
        NotHersError: it names none.
    """
    try:
        return UUID(text)
    except ValueError:
        raise NotHersError from None


@require_GET
@for_persons
def held(request: HttpRequest, permit: PersonPermit) -> HttpResponse:
    """Show every fact held of her, with where it came from, what for, and who may read it."""
    own = read_own(permit, now())
    return show(
        request, "held", {"matters": [told(each) for each in own.matters], "own": own, "here": "held"}
    )


@require_GET
@for_persons
def looks(request: HttpRequest, permit: PersonPermit) -> HttpResponse:
    """Show who looked at her, when and what for."""
    own = read_own(permit, now())
    context = {
        "looks": [_look(each) for each in own.looks],
        "own": own,
        "glasses": own.glasses,
        "needs": needs(now()),
        "cards": own.cards,
        "most": LOOKS if len(own.looks) == LOOKS else 0,
        "here": "looks",
    }
    return show(request, "looks", context)


@require_GET
@for_persons
def papers(request: HttpRequest, permit: PersonPermit) -> HttpResponse:
    """Show her certificates and the letters that offices wrote to her."""
    today = now().astimezone(SHANGHAI).date()
    own = read_own(permit, now())
    context = {
        "certificates": ownpapers.own_certificates(permit, today),
        "letters": [
            (matter, entry)
            for matter in own.matters
            for entry in reversed(matter.entries)
            if ownpapers.is_letter_to_her(entry)
        ],
        "today": today,
        "here": "papers",
    }
    return show(request, "papers", context)


@require_GET
@for_persons
def copy(request: HttpRequest, permit: PersonPermit) -> HttpResponse:  # noqa: ARG001  # as views are called
    """Return a copy of everything that is hers, as data that another program reads."""
    said_ = json.dumps(copy_of_everything(permit, now()), ensure_ascii=False, indent=1, default=str)
    headers = {"Content-Disposition": 'attachment; filename="1.json"'}
    return HttpResponse(said_, content_type="application/json; charset=utf-8", headers=headers)


@require_GET
@for_persons
def copy_paper(request: HttpRequest, permit: PersonPermit) -> HttpResponse:  # noqa: ARG001  # as views are called
    """Return the same copy as a paper that she can read and keep."""
    headers = {"Content-Disposition": 'attachment; filename="1.pdf"'}
    return HttpResponse(copy_pdf(permit, now()), content_type="application/pdf", headers=headers)


@require_GET
@for_persons
def certificate_pdf(request: HttpRequest, permit: PersonPermit, event: UUID) -> HttpResponse:
    """Return the paper of a certificate of hers."""
    held_ = ownpapers.own_certificates(permit, now().astimezone(SHANGHAI).date())
    one = next((each for each in held_ if each.id == event and not each.ended_at), None)
    if one is None:
        raise NotHersError
    address = str(settings.PUBLIC_ADDRESS) or request.build_absolute_uri("/").rstrip("/")
    return pdf(ownpapers.certificate_pdf(one, address))


@require_GET
@for_persons
def letter_pdf(request: HttpRequest, permit: PersonPermit, thread: UUID, event: UUID) -> HttpResponse:  # noqa: ARG001  # as views are called
    """Return a letter that an office wrote to her."""
    found = matter_of(permit, thread)
    entry = next((each for each in found.entries if each.id == event), None)
    if entry is None or not ownpapers.is_letter_to_her(entry):
        raise NotHersError
    return pdf(ownpapers.letter_pdf(found, entry))


def pdf(content: bytes) -> HttpResponse:
    """Answer with a paper under a name that says nothing."""
    headers = {"Content-Disposition": 'inline; filename="1.pdf"'}
    return HttpResponse(content, content_type="application/pdf", headers=headers)


def matter_of(permit: PersonPermit, thread: UUID) -> OwnMatter:
    """Return a matter of hers.

    Raises:
        NotHersError: there is none such.
    """
    found = read_matter(permit, thread, now())
    if found is None:
        raise NotHersError
    return found


def told(matter: OwnMatter) -> dict[str, Any]:
    """Return a matter with its entries as they are told: the latest first, and whoever wrote them by name."""
    entries = [(each, who(each.officer)) for each in reversed(matter.entries)]
    return {"matter": matter, "entries": entries}


def who(officer: str) -> str:
    """Return who did something, as she is told: herself, the clock, or an officer."""
    words = {
        THE_PERSON: gettext("您自己"),
        THE_CLOCK: gettext("系统自动记载"),
        LOCAL_OPERATOR: gettext("本机操作员"),
    }
    return words.get(officer, officer)


def _look(look: OwnLook) -> dict[str, Any]:
    """Return a look in her words."""
    ground = said(ground_title(look.ground, look.words))
    purpose = gettext(PURPOSES[look.purpose]) if look.purpose in PURPOSES else look.purpose
    return {"look": look, "officer": who(look.officer), "purpose": purpose, "ground": ground}
