"""Who is at the page: the officer, the organisation she acts for, the moment. Every page asks here first."""

from __future__ import annotations

from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, Final, ParamSpec

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache

from yipan.database.refusals import ConnectionLostError, DiskFullError, said_as_refusals
from yipan.documents.certificate import NoCertificateError
from yipan.documents.papers import NoPaperError
from yipan.duties.faults import UnknownThreadError
from yipan.errors import YipanError
from yipan.offices.factors import has_second_factor
from yipan.offices.leave import OnLeaveError
from yipan.offices.office import UnknownOrganisationError, names_of
from yipan.offices.officer import Officer, Posting
from yipan.offices.permit import NotPermittedError, NotPostedError, Permit, permit_for
from yipan.offices.role import ROLES, second_factor_posts
from yipan.offices.signing_in import note_log_in
from yipan.offices.succession import OfficeEndedError
from yipan.registry.glass import GlassOverError
from yipan.registry.intake import IntakeGoneError
from yipan.registry.oversight import UnknownEntryError
from yipan.registry.ownaccess import NoSuchSlipError
from yipan.web.begun import FIRST, OF_OFFICER
from yipan.web.words import SHANGHAI, language

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime

P = ParamSpec("P")
#: Under these names the session keeps the office she acts for, and what to tell her on the next page.
OFFICE: Final = "acting-for"
TOLD: Final = "told"
#: For which office, and on which day, the log of log-ins knows of this session.
LOGGED_IN: Final = "logged-in"
_STATUS: Final[Mapping[type[YipanError], int]] = {
    NotPermittedError: 403,
    NotPostedError: 403,
    OnLeaveError: 403,
    OfficeEndedError: 409,
    UnknownThreadError: 404,
    UnknownOrganisationError: 404,
    IntakeGoneError: 404,
    GlassOverError: 404,
    UnknownEntryError: 404,
    NoCertificateError: 404,
    NoPaperError: 404,
    NoSuchSlipError: 404,
    ConnectionLostError: 503,
    DiskFullError: 507,
}
#: Pages of one case: who is refused there is not sent back there.
_OF_ONE: Final = ("case", "person")


@dataclass(frozen=True, kw_only=True, slots=True)
class Acting:
    """An officer acting for one of the organisations in which she holds a post, at a moment."""

    officer: Officer
    organisation: str
    office_name: str
    has_other_posts: bool
    #: What her posts there include: which ways of the masthead lead anywhere.
    rights: frozenset[str]
    now: datetime

    def permit(self, purpose: str) -> Permit:
        """Return her permit for a purpose.

        Raises:
            NotPostedError: her post has ended since.
        """
        return permit_for(self.officer, self.organisation, purpose, self.now)


def now() -> datetime:
    """Return the moment it is: `settings.CLOCK`, where the demo or a test sets one, else the real one."""
    clock: Callable[[], datetime] = getattr(settings, "CLOCK", timezone.now)
    return clock()


def posts_of(request: HttpRequest) -> list[Posting]:
    """Return the posts that the signed-in officer holds today; none for an account that is no officer's."""
    officer = Officer.objects.filter(user=request.user.pk).first() if request.user.is_authenticated else None
    return list(officer.postings_on(now().astimezone(SHANGHAI).date())) if officer else []


def acting_in(request: HttpRequest, posts: list[Posting]) -> Acting | None:
    """Return who acts for which office, or None while she has not said for which of several."""
    held = {post.organisation_id: post for post in posts}
    chosen = request.session.get(OFFICE)
    if chosen not in held:
        if len(held) != 1:
            return None
        chosen = next(iter(held))
    return Acting(
        officer=held[chosen].officer,
        organisation=chosen,
        office_name=names_of([chosen])[chosen],
        has_other_posts=len(held) > 1,
        rights=frozenset().union(*(ROLES[post.role] for post in posts if post.organisation_id == chosen)),
        now=now(),
    )


def for_officers(
    view: Callable[Concatenate[HttpRequest, Acting, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """Let only a signed-in officer with a post reach a page, tell it who acts, and show refusals as a page."""

    @never_cache
    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if not request.user.is_authenticated:
            return _send(request, f"{reverse('sign-in')}?{urlencode({'next': request.path})}")
        posts = posts_of(request)
        if not posts:
            if request.session.get(OF_OFFICER):
                logout(request)  # her last post has ended, and her session with it
            return _send(request, reverse("sign-in"))
        acting, before = acting_in(request, posts), _before_all_else(request, posts)
        if before or acting is None:
            return _send(request, before or reverse("office"))
        try:
            with said_as_refusals():
                _note_log_in(request, acting)
                return view(request, acting, *args, **kwargs)
        except OnLeaveError as refusal:
            told = refuse(request, acting, refusal)
            if len(posts) == 1:
                logout(request)  # she is away from all that she works for; whoever is at her desk is not she
            return told
        except YipanError as refusal:
            return refuse(request, acting, refusal)

    return guarded


def _before_all_else(request: HttpRequest, posts: Iterable[Posting]) -> str:
    """Return where an officer goes before any page is shown to her: a first password, or a lock that her post must have."""
    if request.session.get(FIRST):
        return reverse("account-password")
    return reverse("account") if lacks_second_factor(request, posts) else ""


def lacks_second_factor(request: HttpRequest, posts: Iterable[Posting]) -> bool:
    """Tell whether a post of an officer asks for a second factor that her account does not have."""
    wanted = any(each.role in second_factor_posts() for each in posts)
    return wanted and not has_second_factor(request.user.pk or 0)


def _note_log_in(request: HttpRequest, acting: Acting) -> None:
    """Keep in the log of log-ins that the office was at its desk today: once a day for each session."""
    on = acting.now.astimezone(SHANGHAI).date()
    mark = f"{acting.organisation} {on}"
    if request.session.get(LOGGED_IN) != mark:
        with acting.permit("log-in").in_force():
            note_log_in(acting.organisation, on)
        request.session[LOGGED_IN] = mark


def _send(request: HttpRequest, place: str) -> HttpResponse:
    """Send a browser elsewhere; the part of a page that htmx asked for would else hold the sign-in."""
    if request.headers.get("HX-Request"):
        return HttpResponse(headers={"HX-Redirect": place})
    return redirect(place)


def page(
    request: HttpRequest, acting: Acting | None, template: str, context: Mapping[str, Any], status: int = 200
) -> HttpResponse:
    """Render a page with its masthead and what there is to tell."""
    whole = {"acting": acting, "flashes": request.session.pop(TOLD, []), **context}
    return render(request, f"web/{template}.html", whole, status=status)


def tell(request: HttpRequest, text: str) -> None:
    """Keep a sentence for the next page. It stays in the session, so it names no person."""
    request.session[TOLD] = [*request.session.get(TOLD, []), text]


def refuse(request: HttpRequest, acting: Acting, refusal: YipanError) -> HttpResponse:
    """Show a refusal: what is not possible, and what to do next."""
    status = next((code for kind, code in _STATUS.items() if isinstance(refusal, kind)), 422)
    thread = request.resolver_match.kwargs.get("thread") if request.resolver_match else None
    # Not back to the very page that refused.
    back = thread if request.resolver_match and request.resolver_match.url_name not in _OF_ONE else None
    said = refusal.say(language())
    if isinstance(refusal, NotPermittedError):
        # Whoever reads a page knows neither the names of rights nor codes.
        said = gettext(
            "您在%(office)s的岗位不包括这件事。请由有权限的同事办理，或请本机构负责人调整岗位。"
        ) % {"office": acting.office_name}
    return page(request, acting, "refused", {"sentence": said, "thread": back}, status)
