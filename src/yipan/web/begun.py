"""What a session knows of itself: when it began, when somebody was last there, whose it is."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from django.contrib.auth.signals import user_logged_in

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.http import HttpRequest

#: When it began and when somebody was last there, in seconds by the machine's clock.
BEGAN: Final = "began"
SEEN: Final = "seen"
#: When who is signed in last proved who she is.
PROVED: Final = "proved"
#: Whether it is an officer's, or a person's own.
OF_OFFICER: Final = "of-officer"
#: Whether it was opened with the first password of the account, which somebody else has read.
FIRST: Final = "first-password"


def hear_sign_ins() -> None:
    """Note it in every session from now on: one that does not know when it began is over."""
    user_logged_in.connect(_began, dispatch_uid="yipan.session-began")


def _began(sender: object, request: HttpRequest | None, user: User, **_: object) -> None:
    from yipan.offices.officer import Officer  # noqa: PLC0415  # it holds tables
    from yipan.offices.recovering import is_first  # noqa: PLC0415  # the same

    del sender
    if request is None:
        return
    now = time.time()
    request.session[BEGAN] = request.session[SEEN] = request.session[PROVED] = now
    request.session[FIRST] = is_first(user.pk)
    request.session[OF_OFFICER] = Officer.objects.filter(user=user.pk).exists()
