"""What an office may begin at its desk, outside any case: its own opening and end, a case, an entry of a period."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from yipan.duties.views import Action
from yipan.law.deadline import SHANGHAI

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from yipan.law.kind import Kind
    from yipan.law.rulebook import Rulebook
    from yipan.offices.permit import Permit

#: The opening of an office, offered to one that is not on the system, and its end, offered to one that is.
_OWN: Final = ("office-opened", "office-closed")


def begins_at_desk(kind: Kind) -> bool:
    """Tell whether somebody at a desk may begin with a kind.

    Of the kinds of a period those that have a place among the matters: a ledger is written whenever something happens,
    whether or not the calendar asks for it.
    """
    if kind.system:
        return False
    return kind.begins_case or kind.effect in _OWN or (kind.thread == "period" and bool(kind.matter))


def beginnings(
    permit: Permit, rulebook: Rulebook, line: Mapping[str, str], now: datetime, *, opened: bool
) -> Iterator[Action]:
    """Yield what this office may begin, of the kinds in which an office of its level has a part."""
    own = permit.organisation
    for _, kind in sorted(rulebook.kinds(now.astimezone(SHANGHAI).date()).items()):
        parts = [kind.roles[role] for name in kind.recorded_by for role in kind.in_group(name)]
        fits = any(not part.levels or any(line.get(level) == own for level in part.levels) for part in parts)
        its_time = kind.effect not in _OWN or kind.effect == _OWN[opened]
        if fits and its_time and begins_at_desk(kind) and kind.right in permit.rights:
            yield Action(kind=kind.name, title=kind.action, duty=None, matter=kind.matter, often=kind.often)
