"""The way in, for officers and for persons alike: a password or a code, then a second factor where the account has one.

Whoever checked the first thing hands the account to `let_in()` and returns what that returns.
"""

from __future__ import annotations

import ipaddress
import json
import time
from typing import TYPE_CHECKING, Any, Final

from django.conf import settings
from django.contrib.auth import get_user_model, login, password_validation
from django.core.exceptions import ValidationError
from django.http import JsonResponse
from django.shortcuts import redirect
from django.urls import NoReverseMatch, reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from yipan.offices import factors, recovering
from yipan.offices.officer import Officer
from yipan.offices.signing_in import begin_attempt
from yipan.web.acting import now, page

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.http import HttpRequest, HttpResponse

#: In the session: who has shown the first thing and not yet the second, since when, and where she wants to go.
_HALF: Final = "half-in"
_HALF_HOLDS: Final = 5 * 60
_BACKEND: Final = "django.contrib.auth.backends.ModelBackend"
#: Of an address of version 6, what stands for one customer.
_NETWORK: Final = 64


def address_of(request: HttpRequest) -> str:
    """Return where a request comes from, as far as it can be believed; nothing where it cannot be told.

    Behind the deployment's own proxy it is what that proxy wrote last: what stands before it anybody could have written.
    """
    said = request.META.get("REMOTE_ADDR", "")
    if settings.BEHIND_PROXY:
        said = request.META.get("HTTP_X_FORWARDED_FOR", "").rpartition(",")[2].strip() or said
    try:
        address = ipaddress.ip_address(said)
    except ValueError:
        return ""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, _NETWORK), strict=False))
    return str(address)


def inside(request: HttpRequest, place: str) -> str:
    """Return a place to go on to if it lies in this house, else nothing."""
    if not place.startswith("/"):
        return ""  # anything else may be taken for the name of a page
    return place if url_has_allowed_host_and_scheme(place, {request.get_host()}, request.is_secure()) else ""


def home_of(account: int) -> str:
    """Return the first page of an account: an officer's worklist, or a person's own page."""
    if Officer.objects.filter(user=account).exists():
        return reverse("today")
    try:
        return reverse("mine")
    except NoReverseMatch:
        return reverse("account")


def let_in(request: HttpRequest, user: User, go_on: str = "") -> HttpResponse:
    """Let in who has shown the first thing, or ask for the second where the account has one.

    `go_on` is a place in this house.
    """
    if not factors.has_second_factor(user.pk):
        return _enter(request, user, go_on)
    request.session.flush()
    request.session[_HALF] = {"account": user.pk, "at": time.time(), "go_on": go_on}
    return redirect("second-step")


def _enter(request: HttpRequest, user: User, go_on: str) -> HttpResponse:
    request.session.pop(_HALF, None)
    request.session.clear_expired()
    login(request, user, backend=_BACKEND)
    return redirect(go_on or home_of(user.pk))


def _half_in(request: HttpRequest) -> tuple[User, str] | None:
    """Return who has shown the first thing of late, and where she wants to go."""
    said = request.session.get(_HALF)
    if not isinstance(said, dict) or time.time() - said["at"] > _HALF_HOLDS:
        return None
    user = get_user_model().objects.filter(pk=said["account"], is_active=True).first()
    return (user, said["go_on"]) if user else None


@sensitive_post_parameters()
@never_cache
@require_http_methods(["GET", "POST"])
def second_step(request: HttpRequest) -> HttpResponse:
    """Ask for the second thing: a passkey, the code of an app, or a recovery code."""
    half = _half_in(request)
    if half is None:
        return redirect("sign-in")
    user, go_on = half
    said: dict[str, Any] = {}
    if request.method == "POST":
        attempt = begin_attempt(f"second:{user.pk}", now(), address_of(request))
        if attempt is None:
            said = {"resting": True, "status": 429}
        elif shows_second(request, user):
            attempt.forgive()
            return _enter(request, user, go_on)
        else:
            said = {"wrong": True, "status": 422}
    return page(request, None, "second_step", said | second_things(user), status=int(said.get("status", 200)))


def second_things(user: User) -> dict[str, Any]:
    """Return what a page needs to ask for a second thing of an account."""
    sorts = {each.sort for each in factors.factors_of(user.pk)}
    return {
        "has_app": factors.TOTP in sorts,
        "has_passkey": factors.PASSKEY in sorts,
        "options": json.dumps(factors.passkey_options(user)) if factors.PASSKEY in sorts else "",
    }


def shows_second(request: HttpRequest, user: User) -> bool:
    """Tell whether what was sent is a second thing of an account."""
    if credential := request.POST.get("credential", ""):
        return factors.passkey_owner(credential, user) is not None
    # By the machine's clock, as the app on the telephone.
    return factors.code_is_right(user.pk, request.POST.get("code", ""), now())


@never_cache
@require_POST
def passkey_options(request: HttpRequest) -> JsonResponse:
    """Return what a browser needs to sign in with any passkey it holds for this address."""
    del request
    return JsonResponse(factors.passkey_options())


@sensitive_post_parameters()
@never_cache
@require_POST
def passkey_sign_in(request: HttpRequest) -> HttpResponse:
    """Let in whoever shows a passkey. Nothing can be guessed here, and so no account rests."""
    attempt = begin_attempt("", now(), address_of(request))
    if attempt is None:
        return page(request, None, "sign_in", {"resting": True}, status=429)
    owner = factors.passkey_owner(request.POST.get("credential", ""))
    if owner is None:
        return page(request, None, "sign_in", {"wrong_passkey": True}, status=422)
    attempt.forgive()
    return _enter(request, owner, inside(request, request.POST.get("next", "")))


@sensitive_post_parameters()
@never_cache
@require_http_methods(["GET", "POST"])
def paper(request: HttpRequest) -> HttpResponse:
    """Let in who holds a code on paper from the head of her office, and ask for a new password at once."""
    typed = request.POST.get("username", "").strip()
    said: dict[str, Any] = {"username": typed, "faults": []}
    if request.method == "GET":
        return page(request, None, "paper", said)
    attempt = begin_attempt(typed, now(), address_of(request))
    if attempt is None:
        return page(request, None, "paper", said | {"resting": True}, status=429)
    user = recovering.opened_by_paper(typed, request.POST.get("code", ""), now())
    if user is None:
        return page(request, None, "paper", said | {"wrong": True}, status=422)
    attempt.forgive()
    password = request.POST.get("password", "")
    faults = faults_of_password(password, request.POST.get("again", ""), user)
    if faults:
        return page(
            request,
            None,
            "paper",
            said | {"faults": faults, "code": request.POST.get("code", "")},
            status=422,
        )
    if not recovering.use_paper(user, password):
        return page(request, None, "paper", said | {"wrong": True}, status=422)
    return _enter(request, user, reverse("account"))


def faults_of_password(password: str, again: str, user: User) -> list[str]:
    """Return what is wrong with a new password."""
    if password != again:
        return [gettext("两次输入的新密码不一样。")]
    try:
        password_validation.validate_password(password, user)
    except ValidationError as fault:
        return [str(each) for each in fault.messages]
    return []
