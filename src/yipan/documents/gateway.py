"""The deployment's own message gateway: one address to which a message to a person is handed. Off unless it is set.

Nothing of a message goes to any log: neither number nor words, nor what the gateway says of them.
"""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, ClassVar, Final
from urllib.parse import urlsplit

from django.conf import settings

from yipan.errors import YipanError

if TYPE_CHECKING:
    from uuid import UUID

TAKEN: Final = "taken"
REFUSED: Final = "refused"
LATER: Final = "later"
#: How long one try may last, in seconds: the sweep waits for it.
_PATIENCE: Final = 10
#: What says "not now" rather than "never": too early, too many.
_NOT_NOW: Final = frozenset({408, 425, 429})
_REFUSALS: Final = range(400, 500)
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})


class GatewayInTheClearError(YipanError):
    """The gateway's address is no `https` address, and not on this machine."""

    code: ClassVar[str] = "gateway-in-the-clear"
    exit_code: ClassVar[int] = 2
    sentence: ClassVar[dict[str, str]] = {
        "zh": "短信网关的地址不是加密的：{address}。",
        "en": "The address of the message gateway is not encrypted: {address}.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "请把 YIPAN_MESSAGE_GATEWAY 改为 https 地址，或者本机地址。",
        "en": "Set YIPAN_MESSAGE_GATEWAY to an https address, or to one on this machine.",
    }


class _NoDetours(urllib.request.HTTPRedirectHandler):
    """A number and its words go to the address that was set, and to no other."""

    def redirect_request(self, *_args: object, **_more: object) -> None:
        """Follow nothing."""


def address() -> str:
    """Return the gateway's address, or nothing where the deployment has none.

    Raises:
        GatewayInTheClearError: others could read what is sent there.
    """
    found: str = settings.MESSAGE_GATEWAY
    parts = urlsplit(found)
    if found and parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        raise GatewayInTheClearError(address=found)
    return found


def hand_over(event: UUID, phone: str, words: str) -> str:
    """Hand one message to the gateway: TAKEN, REFUSED for good, or LATER. The id lets the gateway drop a second try."""
    body = json.dumps({"id": str(event), "to": phone, "text": words}, ensure_ascii=False).encode()
    headers = {"Content-Type": "application/json", "Idempotency-Key": str(event)}
    if settings.MESSAGE_TOKEN:
        # A header is bytes: whatever the word of admission is written in.
        headers["Authorization"] = f"Bearer {settings.MESSAGE_TOKEN}".encode().decode("latin-1")
    asked = urllib.request.Request(address(), data=body, headers=headers, method="POST")  # noqa: S310  # address() lets only https and this machine through
    try:
        with urllib.request.build_opener(_NoDetours).open(asked, timeout=_PATIENCE):
            return TAKEN
    except urllib.error.HTTPError as error:
        return REFUSED if error.code in _REFUSALS and error.code not in _NOT_NOW else LATER
    except (urllib.error.URLError, OSError):
        return LATER
