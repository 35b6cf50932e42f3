"""An account's own page: its password, passkeys, code app, recovery codes, sessions. For officers and for persons."""

from __future__ import annotations

import json
import time
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, Final, ParamSpec

import segno
from django.conf import settings
from django.contrib.auth import logout, update_session_auth_hash
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.safestring import mark_safe
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from yipan.duties.resetting import officers_below, reset_sign_in
from yipan.errors import YipanError
from yipan.offices import factors
from yipan.offices.recovering import close_sessions, set_own
from yipan.offices.signing_in import begin_attempt
from yipan.web.acting import (
    Acting,
    acting_in,
    for_officers,
    lacks_second_factor,
    now,
    page,
    posts_of,
    tell,
)
from yipan.web.begun import FIRST, PROVED
from yipan.web.mine import MINE
from yipan.web.sign import (
    address_of,
    faults_of_password,
    home_of,
    inside,
    second_things,
    shows_second,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from django.contrib.auth.models import User
    from django.http import HttpRequest, HttpResponse
    from django.utils.safestring import SafeString

P = ParamSpec("P")
#: For so long, in seconds, after somebody proved who she is, locks may be changed.
_FRESH: Final = 10 * 60
#: In the session, sealed: the secret of a code app that is being set up.
_BEGUN: Final = "app-begun"
_LONGEST_NAME: Final = 40
_FRAME, _HER_FRAME = "web/base.html", "web/mine/base.html"


def for_accounts(
    view: Callable[Concatenate[HttpRequest, User, P], HttpResponse], *, fresh: bool = True
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """Let only who is signed in reach a page, and, where locks are changed, only who proved it a moment ago."""

    @never_cache
    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if not request.user.is_authenticated:
            return redirect("sign-in")
        if fresh and time.time() - float(request.session.get(PROVED, 0)) > _FRESH:
            back = request.path if request.method == "GET" else reverse("account")
            return redirect(f"{reverse('account-again')}?{urlencode({'next': back})}")
        return view(request, request.user, *args, **kwargs)

    return guarded


def for_the_known(
    view: Callable[Concatenate[HttpRequest, User, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """Let only who is signed in reach a page."""
    return for_accounts(view, fresh=False)


def _show(
    request: HttpRequest, user: User, template: str, context: Mapping[str, Any], status: int = 200
) -> HttpResponse:
    """Render a page of an account: an officer's with her masthead, a person's as one of her own."""
    posts = posts_of(request)
    hers = bool(request.session.get(MINE))
    whole: dict[str, Any] = {
        "of_officer": bool(posts), "home": home_of(user.pk), "frame": _HER_FRAME if hers else _FRAME,
        "exit": settings.QUICK_EXIT, **context,
    }  # fmt: skip
    return page(request, acting_in(request, posts) if posts else None, f"account/{template}", whole, status)


@require_GET
@for_the_known
def account(request: HttpRequest, user: User) -> HttpResponse:
    """Show with what an account is opened."""
    found = factors.factors_of(user.pk)
    context = {
        "passkeys": [each for each in found if each.sort == factors.PASSKEY],
        "app": next((each for each in found if each.sort == factors.TOTP), None),
        "codes": next((each for each in found if each.sort == factors.RECOVERY), None),
        "has_password": user.has_usable_password(),
        "may_reset": _may_reset(request),
        "needs_second": lacks_second_factor(request, posts_of(request)),
    }
    return _show(request, user, "account", context)


def _may_reset(request: HttpRequest) -> bool:
    """Tell whether the office she acts for lets her reset others' sign-in."""
    acting = acting_in(request, posts_of(request))
    try:
        return acting is not None and "post-officers" in acting.permit("accounts").rights
    except YipanError:
        return False  # she is on leave from there


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
@for_the_known
def again(request: HttpRequest, user: User) -> HttpResponse:
    """Ask who is signed in to prove it again: somebody else may have sat down at the desk."""
    go_on = inside(request, request.POST.get("next") or request.GET.get("next", "")) or reverse("account")
    said: dict[str, Any] = {"next": go_on}
    if request.method == "POST":
        attempt = begin_attempt(user.get_username(), now(), address_of(request))
        password = request.POST.get("password", "")
        if attempt is None:
            said |= {"resting": True, "status": 429}
        elif (password and user.check_password(password)) or shows_second(request, user):
            attempt.forgive()
            request.session[PROVED] = time.time()
            return redirect(go_on)
        else:
            said |= {"wrong": True, "status": 422}
    things = second_things(user) | {"has_password": user.has_usable_password()}
    return _show(request, user, "again", said | things, status=int(said.get("status", 200)))


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
@for_the_known
def password(request: HttpRequest, user: User) -> HttpResponse:
    """Change the password; every other session of the account ends with it."""
    if not user.has_usable_password():
        return redirect("account")
    is_first = bool(request.session.get(FIRST))
    if request.method == "GET":
        return _show(request, user, "password", {"is_first": is_first})
    attempt = begin_attempt(user.get_username(), now(), address_of(request))
    if attempt is None:
        return _show(request, user, "password", {"resting": True, "is_first": is_first}, status=429)
    if not user.check_password(request.POST.get("old", "")):
        return _show(request, user, "password", {"wrong": True, "is_first": is_first}, status=422)
    attempt.forgive()
    fresh = request.POST.get("password", "")
    faults = faults_of_password(fresh, request.POST.get("again", ""), user)
    if fresh and user.check_password(fresh):
        faults = [gettext("新密码和现在的一样，请换一个。")]
    if faults:
        return _show(request, user, "password", {"faults": faults, "is_first": is_first}, status=422)
    set_own(user, fresh)
    update_session_auth_hash(request, user)
    tell(request, gettext("密码已更换，其他地方的登录都已结束。"))
    return redirect(home_of(user.pk) if request.session.pop(FIRST, False) else "account")


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
@for_accounts
def passkey(request: HttpRequest, user: User) -> HttpResponse:
    """Add a passkey: the device keeps it, and opens it with its own lock."""
    if request.method == "POST":
        name = request.POST.get("name", "").strip()[:_LONGEST_NAME] or gettext("通行密钥")
        if factors.add_passkey(user, name, request.POST.get("credential", "")):
            return _after_adding(request, user)
        return _show(request, user, "passkey", _asked(user) | {"wrong": True}, status=422)
    return _show(request, user, "passkey", _asked(user))


def _asked(user: User) -> dict[str, Any]:
    return {"options": json.dumps(factors.new_passkey_options(user))}


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
@for_accounts
def app(request: HttpRequest, user: User) -> HttpResponse:
    """Add a code app: a square to read with the telephone, and a first code to show that it works."""
    if request.method == "GET" or _BEGUN not in request.session:
        request.session[_BEGUN] = factors.seal_secret(factors.new_app_secret())
        return _show(request, user, "app", _square(request, user))
    attempt = begin_attempt(user.get_username(), now(), address_of(request))
    if attempt is None:
        return _show(request, user, "app", _square(request, user) | {"resting": True}, status=429)
    attempt.forgive()  # nobody else's secret can be guessed here
    if factors.add_app(user, factors.open_secret(request.session[_BEGUN]), request.POST.get("code", "")):
        del request.session[_BEGUN]
        return _after_adding(request, user)
    return _show(request, user, "app", _square(request, user) | {"wrong": True}, status=422)


def _square(request: HttpRequest, user: User) -> dict[str, Any]:
    """Return the secret of an app that is being set up, as a square and as letters."""
    secret = factors.open_secret(request.session[_BEGUN])
    groups = [secret[at : at + 4] for at in range(0, len(secret), 4)]
    return {"square": _drawn(factors.app_address(user, secret)), "letters": " ".join(groups)}


def _drawn(text: str) -> SafeString:
    drawn = segno.make(text, error="m").svg_inline(
        scale=4, border=2, omitsize=True, svgclass="square", lineclass=None
    )
    return mark_safe(drawn)  # noqa: S308  # drawn here: it holds lines alone, no text


def _after_adding(request: HttpRequest, user: User) -> HttpResponse:
    """Show the recovery codes once, with the first second factor; with the next ones there are some already."""
    if any(each.sort == factors.RECOVERY for each in factors.factors_of(user.pk)):
        tell(request, gettext("已添加。下次登录要用到它。"))
        return redirect("account")
    return _show(request, user, "codes", {"codes": factors.fresh_recovery_codes(user), "first": True})


@require_POST
@for_accounts
def codes(request: HttpRequest, user: User) -> HttpResponse:
    """Make recovery codes anew and show them once."""
    if not factors.has_second_factor(user.pk):
        return redirect("account")
    return _show(request, user, "codes", {"codes": factors.fresh_recovery_codes(user)})


@require_POST
@for_accounts
def remove(request: HttpRequest, user: User, factor: int) -> HttpResponse:
    """Remove a passkey or the code app."""
    if factors.remove(user.pk, factor):
        tell(request, gettext("已移除。"))
    return redirect("account")


@require_POST
@for_the_known
def everywhere(request: HttpRequest, user: User) -> HttpResponse:
    """End every session of the account, this one too."""
    close_sessions(user.pk, timezone.now())
    logout(request)
    return redirect("sign-in")


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
@for_officers
def officers(request: HttpRequest, acting: Acting) -> HttpResponse:
    """Show the head the accounts of her office and those below, and reset the sign-in of one: a code on paper, once."""
    permit = acting.permit("accounts")
    permit.require("post-officers", acting.now)
    typed = request.POST.get("q") or request.GET.get("q", "")
    context: dict[str, Any] = {"q": typed, "posts": officers_below(permit, typed, acting.now)}
    if request.method == "POST":
        reset = reset_sign_in(
            request.POST.get("account", ""), acting.officer, now=now(), moment=timezone.now()
        )
        return page(request, acting, "account/paper", {"reset": reset})
    return page(request, acting, "account/officers", context)
