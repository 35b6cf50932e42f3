"""What an item must look like before anybody keeps it: a strange one is refused with its envelope and stops nobody else."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from yipan.exchange.faults import EnvelopeRefusedError
from yipan.exchange.nodes.tables import (
    ASK,
    ENTERED,
    ERASED,
    ERASURE,
    EVENT,
    EXTRACT,
    HELD,
    MOVE,
    NOTED,
    READ,
    RECEIPT,
    REFUSED,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from yipan.exchange.envelope import Opened

#: The numbers of a case are counted in the database as four bytes; no case comes near.
_MOST: Final = 1_000_000


def _is_id(value: object) -> bool:
    return isinstance(value, str) and str(UUID(value)) == value


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value < _MOST


def _is_moment(value: object) -> bool:
    return isinstance(value, str) and datetime.fromisoformat(value).tzinfo is not None


def _is_text(value: object) -> bool:
    return isinstance(value, str) and "\0" not in value


def _is_outcome(value: object) -> bool:
    return value in (ENTERED, HELD, REFUSED)


def _is_seconds(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < float("inf")


_PLACE: Final[Mapping[str, Callable[[object], bool]]] = {
    "thread": _is_id, "number": _is_number, "event": _is_id, "by": _is_text,
}  # fmt: skip
_SHAPES: Final[Mapping[str, Mapping[str, Callable[[object], bool]]]] = {
    EVENT: _PLACE,
    EXTRACT: _PLACE,
    RECEIPT: {
        "thread": _is_id, "number": _is_number, "state": _is_outcome, "at": _is_moment, "reason": _is_text,
    },
    ASK: {"thread": _is_id, "from": _is_number},
    READ: {"thread": _is_id, "number": _is_number, "at": _is_moment},
    ERASURE: {"party": _is_text, "at": _is_moment},
    ERASED: {"party": _is_text, "state": _is_outcome, "at": _is_moment, "reason": _is_text},
    MOVE: {"statement": _is_text, "code": _is_text},
    NOTED: {"code": _is_text, "at": _is_moment},
    "clock": {"skew": _is_seconds},
}  # fmt: skip


def refuse_strange(opened: Opened) -> None:
    """Refuse an envelope in which an item is not as this form has it. What a newer form adds beside is left alone.

    Raises:
        EnvelopeRefusedError: `unreadable`.
    """
    for item in opened.items:
        if not _fits(item):
            raise EnvelopeRefusedError(peer=opened.sender, reason="unreadable")


def _fits(item: Mapping[str, Any]) -> bool:
    try:
        return all(fits(item[name]) for name, fits in _SHAPES.get(item["what"], {}).items())
    except (KeyError, TypeError, ValueError, AttributeError):
        return False
