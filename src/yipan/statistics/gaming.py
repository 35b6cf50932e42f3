"""Ways in which an office could look better without being better: each is counted, and shown beside the figures it would help.

None of them takes a point off by itself: each has honest reasons. They say where somebody above should look.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from yipan.statistics.engine import filled

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

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


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """How often an office did what may be a way to look better: so many of so many; with whom, where it is between two."""

    trick: str
    office: str
    partner: str
    times: int
    among: int


def seen(engine: Engine, asked: Asked, offices: Sequence[str]) -> list[Seen]:
    """Return what was seen of some offices. The engine has `standing` with every entry."""
    found = []
    for trick in TRICKS:
        rows = engine.rows(
            f"SELECT office, partner, CAST(times AS BIGINT), CAST(among AS BIGINT) FROM ({filled(f'tricks/{trick}', asked)})"  # noqa: S608  # our own text
            " WHERE times > 0 AND office IN (SELECT unnest(?::VARCHAR[])) ORDER BY ALL",
            [list(offices)],
        )
        found += [
            Seen(trick=trick, office=row[0], partner=row[1], times=int(row[2]), among=int(row[3]))
            for row in rows
        ]
    return found
