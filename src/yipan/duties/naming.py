"""Ids: time-ordered ones for what happens, derived ones for what must be found again."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final
from uuid import UUID, uuid5

if TYPE_CHECKING:
    from datetime import datetime

_NAMESPACE: Final = UUID("0b6f0a52-63c4-5b6e-8d53-2f5e3f1a7c11")
_RANDOM_BITS: Final = 74
#: A UUIDv7 has the milliseconds in front of these bits.
_BEHIND_TIME: Final = 80


def new_id(at: datetime) -> UUID:
    """Return a UUIDv7 of a moment: ids made later sort later."""
    milliseconds = int(at.timestamp() * 1000)
    random = int.from_bytes(os.urandom(10), "big") & ((1 << _RANDOM_BITS) - 1)
    high, low = random >> 62, random & ((1 << 62) - 1)
    return UUID(int=(milliseconds << 80) | (0x7 << 76) | (high << 64) | (0b10 << 62) | low)


def beside(event: UUID, derived: UUID) -> UUID:
    """Return a derived id with the time of an event in front: rows that come together lie together in every index."""
    return UUID(int=(event.int >> _BEHIND_TIME << _BEHIND_TIME) | (derived.int & ((1 << _BEHIND_TIME) - 1)))


def case_of(event: UUID) -> UUID:
    """Return the thread of a case that an event begins: the same when the event is sent twice."""
    return beside(event, uuid5(_NAMESPACE, f"case:{event}"))


def office_thread(organisation: str) -> UUID:
    """Return the thread of an office's own affairs: its opening, what it adopts."""
    return uuid5(_NAMESPACE, f"office:{organisation}")


def period_thread(organisation: str, period: str) -> UUID:
    """Return the thread of an office's periodic business of a year; `period` begins with the year."""
    return uuid5(_NAMESPACE, f"periods:{organisation}:{period[:4]}")


def turn_id(organisation: str, unit: str, phase: str, period: str) -> UUID:
    """Return the id of the event that says that a period has turned for an office, the same on every sweep."""
    return uuid5(_NAMESPACE, f"turn:{organisation}:{unit}:{phase}:{period}")


def lapse_id(duty: UUID, due_at: datetime) -> UUID:
    """Return the id of the event that says that a duty passed this deadline."""
    return uuid5(_NAMESPACE, f"lapse:{duty}:{due_at.isoformat()}")
