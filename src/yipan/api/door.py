"""Who is at the door: a program with a token of an officer in one post, or anybody for what is public.

No cookie opens anything here, so that no page of another site can ask in somebody's name; and no other site's page is let
read what is answered.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Final, cast

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.middleware.gzip import GZipMiddleware
from django.middleware.http import ConditionalGetMiddleware
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from ninja.security.base import AuthBase

from yipan.api.refusing import (
    NothingHereError,
    NotSoAskedError,
    TooLargeError,
    language_of,
    refuse,
    refuse_strange,
)
from yipan.offices.addresses import counted_as
from yipan.offices.calls import count_call
from yipan.offices.tokens import ApiToken, TokenWrongError, permit_of, presented

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from django.http.response import HttpResponseBase

    from yipan.offices.permit import Permit

#: What the read log says that a program looked for, where no verb says it better.
PURPOSE: Final = "api"
#: A wrong token counts for so many calls of its address.
_WRONG_COSTS: Final = 30
_SCHEME: Final = "bearer"
#: Of what may be kept by who asked, with the question whether it is still so; anything else is kept by nobody.
KEPT: Final = "private, no-cache"
NOT_KEPT: Final = "no-store, private"
_MEGABYTE: Final = 1024 * 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class Acting:
    """A program acting with an officer's post, at a moment."""

    token: ApiToken
    now: datetime

    @property
    def organisation(self) -> str:
        """The office it acts for."""
        return str(self.token.organisation_id)

    def permit(self, purpose: str = PURPOSE) -> Permit:
        """Return its permit: what the post includes today.

        Raises:
            NotPostedError, OnLeaveError, OfficeEndedError: the post does not hold today.
        """
        return permit_of(self.token, purpose, self.now)


@dataclass(frozen=True, kw_only=True, slots=True)
class Stranger:
    """Whoever asks for what is public, at a moment."""

    now: datetime


def now() -> datetime:
    """Return the moment it is: `settings.CLOCK`, where the demo or a test sets one, else the real one."""
    clock: Callable[[], datetime] = getattr(settings, "CLOCK", timezone.now)
    return clock()


def address_of(request: HttpRequest) -> str:
    """Return where a call comes from: behind the deployment's own proxy what that proxy wrote last."""
    said = str(request.META.get("REMOTE_ADDR", ""))
    if settings.BEHIND_PROXY:
        said = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip() or said
    return counted_as(said)


class WithToken(AuthBase):
    """Lets a program with a token in, and nobody else."""

    openapi_type = "http"
    openapi_scheme = "bearer"

    def __call__(self, request: HttpRequest) -> Acting:
        """Return who acts.

        Raises:
            TokenWrongError: there is no token, or none that holds.
            TooManyCallsError: the token, or its address, called too often.
        """
        moment, address = now(), f"address {address_of(request)}"
        scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != _SCHEME or not secret.strip():
            count_call({f"stranger {address}": settings.API_CALLS_OF_STRANGERS}, moment)
            raise TokenWrongError
        try:
            token = presented(secret.strip(), moment)
        except TokenWrongError:
            count_call({address: settings.API_CALLS_OF_ADDRESS}, moment, _WRONG_COSTS)
            raise
        count_call({address: settings.API_CALLS_OF_ADDRESS, f"token {token.id}": settings.API_CALLS}, moment)
        return Acting(token=token, now=moment)


def anybody(request: HttpRequest) -> Acting | Stranger:
    """Let anybody in to what is public; who shows a token is known by it.

    Raises:
        TooManyCallsError: the address called too often.
        TokenWrongError: a token was shown, and it does not hold.
    """
    if request.headers.get("Authorization"):
        return WithToken()(request)
    moment = now()
    count_call({f"stranger address {address_of(request)}": settings.API_CALLS_OF_STRANGERS}, moment)
    return Stranger(now=moment)


def acting(request: HttpRequest) -> Acting:
    """Return who was let in with a token."""
    found: Acting = request.auth  # type: ignore[attr-defined]  # laid there by Ninja
    return found


def moment_of(request: HttpRequest) -> datetime:
    """Return the moment of a call, whoever makes it."""
    found: Acting | Stranger = request.auth  # type: ignore[attr-defined]  # laid there by Ninja
    return found.now


def sent(request: HttpRequest, most: int) -> bytes:
    """Return a file that was sent as the body, read in memory and never laid on the disk. `most`: its largest size, in bytes.

    Raises:
        TooLargeError: it is larger.
    """
    said = request.headers.get("Content-Length", "")
    if said.isdigit() and int(said) > most:
        raise TooLargeError(limit=most // _MEGABYTE)
    content = bytes(request.read(most + 1))
    if len(content) > most:
        raise TooLargeError(limit=most // _MEGABYTE)
    return content


def at_the_door(
    view: Callable[..., HttpResponseBase], asked_with: Mapping[str, frozenset[str]]
) -> Callable[..., HttpResponseBase]:
    """Put a view behind what every operation shares: the shape of refusals, the language, what may be kept, compression.

    `asked_with`: by method, what may stand behind the question mark: anything else is a slip, and said.
    """

    def spoken(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        strange = sorted(set(request.GET) - asked_with.get(request.method or "", frozenset(request.GET)))
        try:
            answer = refuse_strange(request, strange) if strange else view(request, *args, **kwargs)
        except Http404:
            answer = refuse(request, NothingHereError())
        if isinstance(answer, HttpResponseNotAllowed):
            allowed = answer.headers["Allow"]
            answer = refuse(request, NotSoAskedError(method=request.method, allowed=allowed))
        assert isinstance(answer, HttpResponse)  # noqa: S101  # nothing here streams
        answer.headers.setdefault("Cache-Control", NOT_KEPT)
        answer.headers["Content-Language"] = language_of(request)
        patch_vary_headers(answer, ("Accept-Language", "Authorization"))
        return answer

    @wraps(view)
    def guarded(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        def answered(asked: HttpRequest) -> HttpResponse:
            return spoken(asked, *args, **kwargs)

        return cast("HttpResponseBase", GZipMiddleware(ConditionalGetMiddleware(answered))(request))

    return guarded


def kept(response: HttpResponse) -> None:
    """Say that an answer may be kept by who asked, who then asks with its ETag whether it is still so."""
    response.headers["Cache-Control"] = KEPT
