"""What the screens show: the matrix of pairs, trends by month, flows between provinces; each as a picture and as numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from yipan.registry.headcounts import threshold
from yipan.statistics.content import asked_of
from yipan.statistics.engine import filled
from yipan.statistics.periods import before, period_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from yipan.offices.permit import Permit
    from yipan.statistics.assessment import Assessment
    from yipan.statistics.engine import Engine

MONTHS: Final = 12
#: Of what is asked between offices, from and to which province: only what is no small count.
_FLOWS: Final = """
SELECT substr(s.office, 1, 2) AS start, substr(s.partner, 1, 2) AS finish, COUNT(*) AS times
FROM standing AS s JOIN kind_sends AS k ON k.kind = s.kind AND k.role = s.role
WHERE s.counts_at >= ? AND s.counts_at < ? AND substr(s.office, 1, 2) <> substr(s.partner, 1, 2)
  AND (s.office IN (SELECT office FROM lines WHERE superior = ?) OR s.partner IN (SELECT office FROM lines WHERE superior = ?))
GROUP BY 1, 2 HAVING COUNT(*) >= ? ORDER BY 3 DESC, 1, 2
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Month:
    """What fell due and was kept in a month."""

    name: str
    due: int
    kept: int

    @property
    def share(self) -> float | None:
        """The share in per cent; None where it would say a small count."""
        return 100 * self.kept / self.due if may_be_said(self.kept, self.due) else None


def may_be_said(part: int, whole: int) -> bool:
    """Tell whether a share may leave an office: neither the part nor the rest is a small count, or both are told by it."""
    under = threshold()
    return whole >= under and all(count == 0 or count >= under for count in (part, whole - part))


def trend_of(permit: Permit, now: datetime, engine: Engine) -> list[Month]:
    """Return the latest months, up to that of a moment, of an office and those below it, the oldest first.

    Raises:
        NotPermittedError: the post does not include reading duties.
    """
    permit.require("read-duties", now)
    spans = [period_of("month", now.date())]
    for _ in range(MONTHS - 1):
        spans.append(before(spans[-1]))
    spans.reverse()
    each_month = " UNION ALL ".join(
        f"SELECT {number} AS number, office, due, kept FROM ({filled('worked', asked_of(span, now))})"  # noqa: S608  # our own text
        for number, span in enumerate(spans)
    )
    rows = engine.rows(
        f"SELECT m.number, SUM(m.due), SUM(m.kept) FROM ({each_month}) AS m"  # noqa: S608  # the same
        " JOIN lines AS l ON l.office = m.office WHERE l.superior = ? GROUP BY 1",
        [permit.organisation],
    )
    told = {row[0]: (int(row[1]), int(row[2])) for row in rows}
    counts = [told.get(number, (0, 0)) for number in range(len(spans))]
    return [
        Month(name=span.name, due=due, kept=kept) for span, (due, kept) in zip(spans, counts, strict=True)
    ]


def flows_of(engine: Engine, office: str, first: datetime, after: datetime) -> list[tuple[str, str, int]]:
    """Return how much was asked from province to province, of an office and those below it; small counts are left out."""
    rows = engine.rows(
        _FLOWS, [first.replace(tzinfo=None), after.replace(tzinfo=None), office, office, threshold()]
    )
    return [(row[0], row[1], int(row[2])) for row in rows]


def matrix_of(
    found: Assessment, most: int = 12
) -> tuple[list[str], list[str], list[list[tuple[int, int] | None]]]:
    """Return the matrix of the offices that owed each other the most: rows owe, columns are owed to."""
    due = (
        _sums([(pair.debtor, pair.due) for pair in found.pairs]),
        _sums([(pair.creditor, pair.due) for pair in found.pairs]),
    )
    rows, columns = (
        sorted(sorted(each, key=lambda name: (-held[name], name))[:most])
        for each, held in ((due[0], due[0]), (due[1], due[1]))
    )
    known = {(pair.debtor, pair.creditor): (pair.kept, pair.due) for pair in found.pairs if pair.due}
    return rows, columns, [[known.get((row, column)) for column in columns] for row in rows]


def _sums(counts: Sequence[tuple[str, int]]) -> Mapping[str, int]:
    found: dict[str, int] = {}
    for name, count in counts:
        if count:
            found[name] = found.get(name, 0) + count
    return found
