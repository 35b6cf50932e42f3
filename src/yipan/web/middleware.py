"""What every answer says to the browser, and when a session is over."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Final

from django.conf import settings
from django.contrib.auth import logout
from django.http import Http404

from yipan.offices.recovering import closed_at
from yipan.web.begun import BEGAN, OF_OFFICER, SEEN

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponse, QueryDict

#: What no keyboard types; line breaks and tabs stay.
_CONTROLS: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")
#: A session's last sign of life is written down this often, in seconds: not with each page.
_WRITTEN_EVERY: Final = 60
_MINUTE: Final = 60

#: What a page may ask of the machine it is shown on: passkeys, and nothing else.
_MAY_USE: Final = ", ".join(
    [
        *(
            f"{each}=()"
            for each in (
                "accelerometer", "autoplay", "browsing-topics", "camera", "clipboard-read", "display-capture",
                "encrypted-media", "fullscreen", "geolocation", "gyroscope", "hid", "idle-detection", "magnetometer",
                "microphone", "midi", "payment", "picture-in-picture", "screen-wake-lock", "serial", "usb",
                "xr-spatial-tracking",
            )
        ),
        "publickey-credentials-create=(self)",
        "publickey-credentials-get=(self)",
    ]
)  # fmt: skip


class SaidToTheBrowser:
    """Say what no page of this house forgets: keep nothing, lend nothing, show it in nobody's frame."""

    def __init__(self, answer: Callable[[HttpRequest], HttpResponse]) -> None:
        """Stand before the rest of the answer."""
        self.answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, and say it."""
        response = self.answer(request)
        # Files of style and script say for themselves how long they last; nothing else outlives its page.
        response.headers.setdefault("Cache-Control", "no-store, private")
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        response.headers.setdefault("Permissions-Policy", _MAY_USE)
        response.headers.setdefault("X-Robots-Tag", "noindex, nofollow")
        return response


class WithoutControls:
    """Leave out of what was typed what no keyboard types: the bytes that end a string, or steer a terminal."""

    def __init__(self, answer: Callable[[HttpRequest], HttpResponse]) -> None:
        """Stand before the rest of the answer."""
        self.answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer; an address with such bytes is nobody's."""
        if _CONTROLS.search(request.path_info):
            raise Http404
        request.GET = _clean(request.GET)  # type: ignore[assignment]  # copied and closed again
        return self.answer(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponse], _args: object, _kwargs: object
    ) -> None:
        """Clean a form that has been read, or may be: a page that takes large files reads its own."""
        if request.method == "POST" and not getattr(view, "csrf_exempt", False):
            request.POST = _clean(request.POST)  # type: ignore[assignment]  # as Django sets it itself


def _clean(said: QueryDict) -> QueryDict:
    if not any(_CONTROLS.search(each) for name, values in said.lists() for each in (name, *values)):
        return said
    cleaned = said.copy()
    cleaned.clear()
    for name, values in said.lists():
        cleaned.setlist(_CONTROLS.sub("", name), [_CONTROLS.sub("", each) for each in values])
    return cleaned


class SessionsEnd:
    """End a session that nobody used of late, that lasted a day's work, or that was ended from elsewhere."""

    def __init__(self, answer: Callable[[HttpRequest], HttpResponse]) -> None:
        """Stand before the rest of the answer."""
        self.answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer; whoever's session is over is a stranger."""
        if request.user.is_authenticated:
            now = time.time()
            if _is_over(request, now):
                logout(request)
            elif now - _number(request.session.get(SEEN)) > _WRITTEN_EVERY:
                request.session[SEEN] = now
        return self.answer(request)


def _is_over(request: HttpRequest, now: float) -> bool:
    began, seen = _number(request.session.get(BEGAN)), _number(request.session.get(SEEN))
    of_officer = bool(request.session.get(OF_OFFICER))
    idle = settings.IDLE_MINUTES if of_officer else settings.IDLE_MINUTES_OF_PERSONS
    if now - seen > idle * _MINUTE + _WRITTEN_EVERY or now - began > settings.SESSION_COOKIE_AGE:
        return True
    closed = closed_at(request.user.pk or 0)
    return closed is not None and began <= closed.timestamp()


def _number(said: object) -> float:
    return float(said) if isinstance(said, int | float) else 0.0
