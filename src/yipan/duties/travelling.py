"""What the room that carries entries to other installations hears, in the transaction of the one verb.

The heart knows no other installation. Whoever carries says which organisations work elsewhere, and is told of what was
written, so that what must travel is noted with the entry itself or not at all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from django.db.backends.utils import CursorWrapper

    from yipan.duties.chain import Entry
    from yipan.duties.settle import Change
    from yipan.law.rulebook import Rulebook

#: The channel of a message within one installation, and of one that another installation receives.
HERE: Final = "system"
ELSEWHERE: Final = "node"


class Carrier(Protocol):
    """Carries entries to other installations."""

    def elsewhere(self, organisations: Iterable[str]) -> frozenset[str]:
        """Return those organisations that work on another installation."""

    def written(
        self, cursor: CursorWrapper, entries: Sequence[Entry], changed: Sequence[Change], rulebook: Rulebook
    ) -> None:
        """Note what must travel. An error undoes the entries too."""


_carriers: list[Carrier] = []


def carry_with(carrier: Carrier) -> None:
    """Let somebody carry; said once, when the program starts."""
    _carriers[:] = [carrier]


def elsewhere(organisations: Iterable[str]) -> frozenset[str]:
    """Return those organisations that work on another installation; none where nobody carries."""
    return _carriers[0].elsewhere(organisations) if _carriers else frozenset()


def tell(
    cursor: CursorWrapper, entries: Sequence[Entry], changed: Sequence[Change], rulebook: Rulebook
) -> None:
    """Tell the carrier what was written."""
    if _carriers and entries:
        _carriers[0].written(cursor, entries, changed, rulebook)
