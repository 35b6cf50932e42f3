"""An event as the law sees it: clock fields and parties in clear, nothing about a person's facts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from uuid import UUID

#: Clock fields hold only plain values, so that they can be read again from the journal.
Plain = str | int | bool | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """Something that happened, with all that rules may read of it.

    `parties` are the organisations each role meant when it was written; `lines` gives for each of
    them the offices above it at that time, by level, so that the fold never asks the registry.
    """

    id: UUID
    kind: str
    thread: UUID
    counts_at: datetime
    parties: Mapping[str, tuple[str, ...]]
    lines: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    actor: str = ""
    clock: Mapping[str, Plain] = field(default_factory=dict)
    corrects: UUID | None = None

    def organisations(self, role: str) -> tuple[str, ...]:
        """Return the organisations that hold a role in this event."""
        return tuple(self.parties.get(role, ()))
