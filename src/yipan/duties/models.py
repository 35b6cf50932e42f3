"""The tables of this room, where Django looks for them."""

from __future__ import annotations

from yipan.duties.duty import CaseAccess, Desk, Duty
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
    "Duty",
    "Event",
    "LawText",
    "OpenedOffice",
    "Payload",
    "Subject",
    "Thread",
    "ThreadSubject",
]
