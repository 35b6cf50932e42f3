"""Pages of the ground floor: sign in and out, choose the office to act for, find an office."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from django.contrib.auth import authenticate, logout
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Concat, Length
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from yipan.offices.office import Organisation, canonical
from yipan.offices.officer import Officer
from yipan.offices.signing_in import begin_attempt
from yipan.web.acting import OFFICE, Acting, acting_in, for_officers, now, page, posts_of
from yipan.web.sign import address_of, home_of, inside, let_in
from yipan.web.words import SHANGHAI

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

#: How many offices a search shows: what a clerk takes in at a glance.
_SHOWN: Final = 12
#: How many a fault names when a name means several.
_NAMED: Final = 4
_CODE: Final = re.compile(r"\s*(\d{2,9}(?::[a-z-]+)?)(?:\s.*)?", re.DOTALL)


@sensitive_post_parameters("password")
@never_cache
@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """Ask for the account, and let in who has a post today."""
    typed = request.POST.get("username", "").strip()
    context = {
        "username": typed,
        "next": inside(request, request.POST.get("next") or request.GET.get("next", "")),
    }
    if request.method == "POST":
        return _let_in(request, typed, context)
    if request.user.is_authenticated:
        # A person's account has no posts, and her own page.
        if posts_of(request) or home_of(request.user.pk) != reverse("today"):
            return redirect(context["next"] or home_of(request.user.pk))
        logout(request)
        return page(request, None, "sign_in", context | {"no_post": True}, status=403)
    return page(request, None, "sign_in", context)


def _let_in(request: HttpRequest, typed: str, context: dict[str, str]) -> HttpResponse:
    """Look at a password, if neither the account nor the address rests."""
    attempt = begin_attempt(typed, now(), address_of(request))
    if attempt is None:
        return page(request, None, "sign_in", context | {"resting": True}, status=429)
    user = authenticate(request, username=typed, password=request.POST.get("password", ""))
    if user is None:
        return page(request, None, "sign_in", context | {"wrong": True}, status=422)
    attempt.forgive()
    officer = Officer.objects.filter(user=user.pk).first()
    if officer is None or not officer.postings_on(now().astimezone(SHANGHAI).date()).exists():
        # Persons come in by their own door, with a number and a code; an officer without a post, by none.
        return page(request, None, "sign_in", context | {"no_post": True}, status=403)
    return let_in(request, user, context["next"])


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session."""
    logout(request)
    return redirect("sign-in")


@never_cache
@require_http_methods(["GET", "POST"])
def office(request: HttpRequest) -> HttpResponse:
    """Ask for which of her offices she acts now, and keep the answer in the session."""
    if not request.user.is_authenticated:
        return redirect("sign-in")
    posts = posts_of(request)
    if not posts:
        return redirect("sign-in")
    chosen = request.POST.get("organisation", "")
    if chosen in {post.organisation_id for post in posts}:
        request.session[OFFICE] = chosen
        return redirect("today")
    context = {"posts": posts, "chosen": request.session.get(OFFICE, "")}
    return page(request, acting_in(request, posts), "office", context, status=422 if chosen else 200)


@require_GET
@for_officers
def search(request: HttpRequest, acting: Acting) -> HttpResponse:
    """Return the offices that what was typed so far may mean, as options of a list."""
    del acting  # every officer may look up an office
    typed = request.GET.get(request.GET.get("field", "q"), "")
    return page(request, None, "parts/offices", {"found": offices_like(typed)[:_SHOWN]})


def offices_like(typed: str) -> QuerySet[Organisation]:
    """Return the offices whose code begins with, or whose full name holds every word of, what was typed."""
    coded = _CODE.fullmatch(typed)
    if coded:
        return Organisation.objects.filter(id__startswith=canonical(coded[1])).order_by(Length("id"), "id")
    words = typed.split()
    if not words:
        return Organisation.objects.none()
    full = Organisation.objects.annotate(full=Concat(F("place"), F("name")))
    wanted = Q()
    for word in words:
        wanted &= Q(full__icontains=word)
    return full.filter(wanted).order_by(Length("full"), "id")


def office_meant(typed: str) -> str | None:
    """Return the one office that a box means: by its code, with or without the name, or by its name."""
    coded = _CODE.fullmatch(typed)
    if coded:
        found = [canonical(coded[1])] if Organisation.objects.filter(id=canonical(coded[1])).exists() else []
    else:
        found = [each.id for each in offices_like(typed)[:2]]
    return found[0] if len(found) == 1 else None


def why_not_one(typed: str) -> str:
    """Return the sentence for what means no office or several."""
    found = [] if _CODE.fullmatch(typed) else list(offices_like(typed)[:_NAMED])
    if not found:
        return gettext("没有找到“%(typed)s”，请核对代码或地名。") % {"typed": typed}
    listing = gettext("、").join(f"{each.id} {each.place}{each.name}" for each in found)
    return gettext("有几个机构的名称含有“%(typed)s”，请填写代码：%(listing)s 等。") % {
        "typed": typed,
        "listing": listing,
    }
