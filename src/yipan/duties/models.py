"""The tables of this room, where Django looks for them."""

from __future__ import annotations

from yipan.duties.done import Done
from yipan.duties.duty import CaseAccess, Desk, Duty
from yipan.duties.erasure import Erasure, KeptKey
from yipan.duties.event import (
    Adoption,
    ChainHead,
    Event,
    LawText,
    OpenedOffice,
    Payload,
    Subject,
    Thread,
    ThreadSubject,
)

__all__ = [
    "Adoption",
    "CaseAccess",
    "ChainHead",
    "Desk",
    "Done",
    "Duty",
    "Erasure",
    "Event",
    "KeptKey",
    "LawText",
    "OpenedOffice",
    "Payload",
    "Subject",
    "Thread",
    "ThreadSubject",
]
