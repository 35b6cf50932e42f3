"""A proxy: acts for a person in one matter, until a day, because she said so; signs in with a number that opens that matter alone.

The number is a slip like hers, limited to one case. It ends by itself, and at once when she takes it back.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, ClassVar, Final

from yipan.duties.projecting import Projecting
from yipan.errors import YipanError
from yipan.law.deadline import end_of_day
from yipan.registry.ownaccess import NewCard, Slip, write_card

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from django.db.backends.utils import CursorWrapper

    from yipan.duties.projecting import Written
    from yipan.offices.permit import Permit

NAMED_EFFECT, ENDED_EFFECT = "proxy-named", "proxy-ended"
_END: Final = (
    "UPDATE registry_access SET ended_at = %s, ended_because = 'her-wish'"
    " WHERE thread = %s AND matters <> '{}' AND ended_at IS NULL"
)


class ProxyTooLongError(YipanError):
    """A proxy ends on a day that has not passed, and within a year."""

    code: ClassVar[str] = "proxy-too-long"
    exit_code: ClassVar[int] = 2
    sentence: ClassVar[dict[str, str]] = {
        "zh": "委托的最后一天应在今天之后、一年之内。",
        "en": "The last day of a proxy lies after today and within a year.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "请改写日期；到期可以再委托。",
        "en": "Write another day; a proxy can be named again when it has ended.",
    }


class Proxies(Projecting):
    """Writes down a proxy's slip with the entry that names the proxy, and ends it with the one that takes it back.

    Where an office writes down that a proxy was named there is no slip: who acts comes to the desk.
    """

    handles = frozenset({NAMED_EFFECT, ENDED_EFFECT})

    def __init__(
        self, permit: Permit | None = None, slip: Slip | None = None, subject: UUID | None = None
    ) -> None:
        """Know the slip that goes with the entry, whom it opens, and in whose name it is written."""
        self.permit = permit
        self.slip = slip
        self.subject = subject

    def write(self, cursor: CursorWrapper, written: Written) -> None:
        """Write the slip, or end those of the case."""
        for each in written.recorded:
            entry = each.entry
            if each.kind.effect == ENDED_EFFECT:
                cursor.execute(_END, [entry.recorded_at, entry.thread])
            elif each.kind.effect == NAMED_EFFECT and self.slip and self.permit and self.subject:
                until_at = end_of_day(date.fromisoformat(str(entry.clock["until"])))
                new = NewCard(subject=self.subject, matters=(entry.thread,), until_at=until_at)
                write_card(cursor, self.slip, new, entry.thread, self.permit, entry.recorded_at)


def refuse_too_long(until_on: date, now: datetime) -> None:
    """Refuse a proxy without an end in sight.

    Raises:
        ProxyTooLongError: the day has passed, or lies more than a year ahead.
    """
    today = now.date()
    if not today < until_on <= date(today.year + 1, today.month, min(today.day, 28)):
        raise ProxyTooLongError
