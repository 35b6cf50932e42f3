"""What a room above keeps in step with the journal, in the transaction of the one verb."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from django.db.backends.utils import CursorWrapper

    from yipan.duties.chain import Entry
    from yipan.law.kind import Kind
    from yipan.law.rulebook import Rulebook


@dataclass(frozen=True, kw_only=True, slots=True)
class Recorded:
    """One entry, for the room above that keeps tables in step: its kind and all that it says."""

    entry: Entry
    kind: Kind
    said: Mapping[str, object]
    #: Whether its thread was made by this call.
    fresh: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Written:
    """What one call wrote: its entries, how many duties they opened, and the law it was written under."""

    recorded: Sequence[Recorded]
    opened: int
    rulebook: Rulebook


class Projecting:
    """Tables of a room above. An error undoes everything, the entries too.

    What needs nothing but the entries is written by `draw_new`, before the acting organisation's chain is locked: while
    it is locked nobody else of that office writes. What reads the journal is written by `write`, when they stand in it.
    """

    #: The effects of kinds that are recorded through it alone.
    handles: frozenset[str] = frozenset()

    def draw_new(self, cursor: CursorWrapper, recorded: Sequence[Recorded]) -> None:
        """Write rows that nothing but the entries themselves says."""

    def write(self, cursor: CursorWrapper, written: Written) -> None:
        """Write the other rows, with the entries in the journal."""


class Several(Projecting):
    """Tables of several rooms, or several of one, kept in step in their order."""

    def __init__(self, *each: Projecting) -> None:
        """Know them."""
        self.each = each
        self.handles = frozenset().union(*(one.handles for one in each))

    def draw_new(self, cursor: CursorWrapper, recorded: Sequence[Recorded]) -> None:
        """Let each write what the entries alone say."""
        for one in self.each:
            one.draw_new(cursor, recorded)

    def write(self, cursor: CursorWrapper, written: Written) -> None:
        """Let each write the rest."""
        for one in self.each:
            one.write(cursor, written)
