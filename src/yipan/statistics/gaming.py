"""Ways in which an office could look better without being better: each is counted, and shown beside the figures it would help.

None of them takes a point off by itself: each has honest reasons. They say where somebody above should look.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from yipan.law.deadline import SHANGHAI
from yipan.statistics.engine import filled

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from yipan.statistics.engine import Asked, Engine

#: Each way, with what it is called.
TRICKS: Final[Mapping[str, Mapping[str, str]]] = {
    "not-found": {"zh": "答复“查无此人”或者“未登记”", "en": "Answered “not found” or “not enrolled here”"},
    "asked-again": {"zh": "一再要求补材料、一再推后", "en": "Papers asked for, or put off, again"},
    "closed-and-reopened": {"zh": "办结之后又撤回、改写", "en": "Closed, then taken back or rewritten"},
    "backdated": {"zh": "过期以后才补记为按期", "en": "Noted as in time after the deadline"},
    "answered-with-nothing": {"zh": "答复之后对方又来问同一件事", "en": "Answered, and asked the same again"},
    "released-at-the-end": {
        "zh": "到期当天或者过期以后才免除",
        "en": "Released on the last day, or after it",
    },
    "written-for-others": {"zh": "由另一方代为办结", "en": "Closed by another in its name"},
}
#: What is said of each time beside when it was done: when that was noted, or what came after.
NOTED: Final[Mapping[str, Mapping[str, str]]] = {
    "asked-again": {"zh": "最近一次", "en": "Last time"},
    "closed-and-reopened": {"zh": "撤回、改写", "en": "Taken back or rewritten"},
    "answered-with-nothing": {"zh": "再次来问", "en": "Asked again"},
}
NOTED_AT: Final[Mapping[str, str]] = {"zh": "记下的时间", "en": "Noted"}
#: A text says each time that might have been such a way, and of each whether it was: what is counted is what opens.
_COUNTED: Final = (
    "SELECT office, partner, CAST(SUM(CASE WHEN is_seen THEN 1 ELSE 0 END) AS BIGINT) AS times, CAST(COUNT(*) AS BIGINT) AS among"
    " FROM ({each}) AS t WHERE office IN (SELECT unnest(?::VARCHAR[])) GROUP BY office, partner"
    " HAVING SUM(CASE WHEN is_seen THEN 1 ELSE 0 END) > 0 ORDER BY office, partner"
)
_EACH: Final = (
    "SELECT what, other, began_at, due_at, done_at, noted_at, thread FROM ({each}) AS t"
    " WHERE is_seen AND office = ? AND partner = ? ORDER BY noted_at, began_at, what, thread"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """How often an office did what may be a way to look better: so many of so many; with whom, where it is between two."""

    trick: str
    office: str
    partner: str
    times: int
    among: int


def seen(engine: Engine, asked: Asked, offices: Sequence[str]) -> list[Seen]:
    """Return what was seen of some offices. The period is counted in the engine (`checks.count()`)."""
    found = []
    for trick in TRICKS:
        rows = engine.rows(
            _COUNTED.format(each=filled(f"tricks/{trick}", asked)),
            [list(offices)],
        )
        found += [
            Seen(trick=trick, office=row[0], partner=row[1], times=int(row[2]), among=int(row[3]))
            for row in rows
        ]
    return found


@dataclass(frozen=True, kw_only=True, slots=True)
class Once:
    """One time that was seen: of which rule or kind, towards whom, when; the case as the folder of figures knows it."""

    what: str
    other: str
    began_at: datetime
    due_at: datetime | None
    done_at: datetime | None
    noted_at: datetime | None
    thread: int


def each_seen(engine: Engine, asked: Asked, trick: str, office: str, partner: str = "") -> list[Once]:
    """Return each time that `seen()` counts of one office in one way; none where there is no such way."""
    if trick not in TRICKS:
        return []
    rows = engine.rows(_EACH.format(each=filled(f"tricks/{trick}", asked)), [office, partner])
    return [
        Once(
            what=row[0], other=row[1], began_at=row[2].replace(tzinfo=SHANGHAI), due_at=_aware(row[3]),
            done_at=_aware(row[4]), noted_at=_aware(row[5]), thread=int(row[6]),
        )
        for row in rows
    ]  # fmt: skip


def _aware(at: datetime | None) -> datetime | None:
    return at.replace(tzinfo=SHANGHAI) if at else None
