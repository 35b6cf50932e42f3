"""What the hub is given of a day: how many duties were kept and lapsed, by county, small cells merged. No person, no township."""

from __future__ import annotations

import json
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Final

from django.db import connection

from yipan.duties.recompute import tops_in_use
from yipan.exchange.nodes.own import own
from yipan.law.deadline import SHANGHAI
from yipan.offices.permit import clock_permit

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

#: A county with fewer is counted among the others: an office could be told from it.
SMALLEST: Final = 10
#: Where the small ones are counted.
OTHERS: Final = "others"
_COUNTY: Final = 6
_COUNT: Final = (
    "SELECT left(split_part(owed_by, ':', 1), %s),"
    " count(*) FILTER (WHERE state = 'discharged' AND closed_at >= %s AND closed_at < %s AND (due_at IS NULL OR closed_at < due_at)),"
    " count(*) FILTER (WHERE lapsed_at >= %s AND lapsed_at < %s)"
    " FROM duties_duty WHERE (closed_at >= %s AND closed_at < %s) OR (lapsed_at >= %s AND lapsed_at < %s) GROUP BY 1"
)


def counts_of(day: date) -> dict[str, dict[str, int]]:
    """Return how many duties offices of this node kept and let lapse on a day, by county, the small ones together."""
    one = own()
    begins = datetime.combine(day, time.min, SHANGHAI)
    moments = (begins, begins + timedelta(days=1))
    found: dict[str, tuple[int, int]] = {}
    for top in tops_in_use():
        if not top[:2].startswith(tuple(each[:2] for each in one.serves)) and top != "00":
            continue
        with clock_permit(top, moments[1]).in_force(), connection.cursor() as cursor:
            cursor.execute(_COUNT, [_COUNTY, *moments, *moments, *moments, *moments])
            for county, kept, lapsed in cursor.fetchall():
                if county.startswith(one.serves):
                    found[county] = (kept, lapsed)
    return merged(found)


def merged(counted: Mapping[str, tuple[int, int]]) -> dict[str, dict[str, int]]:
    """Return counts in which nothing small stands alone: small counties together, and together with the next if still small."""
    shown = {each: pair for each, pair in counted.items() if _is_large(pair)}
    rest = [pair for each, pair in counted.items() if each not in shown and any(pair)]
    total = (sum(kept for kept, _ in rest), sum(lapsed for _, lapsed in rest))
    while rest and sum(total) < SMALLEST and shown:
        least = min(shown, key=lambda each: (sum(shown[each]), each))
        pair = shown.pop(least)
        total = (total[0] + pair[0], total[1] + pair[1])
    if sum(total) >= SMALLEST:
        shown[OTHERS] = total
    return {each: {"kept": kept, "lapsed": lapsed} for each, (kept, lapsed) in sorted(shown.items())}


def _is_large(pair: tuple[int, int]) -> bool:
    kept, lapsed = pair
    return kept + lapsed >= SMALLEST and all(each == 0 or each >= SMALLEST for each in pair)


def counts_to_give(now: datetime) -> list[bytes]:
    """Return what to tell the hub of the day that ended, as it travels."""
    day = (now.astimezone(SHANGHAI) - timedelta(days=1)).date()
    said: dict[str, Any] = {"node": own().name, "day": day.isoformat(), "counties": counts_of(day)}
    return [json.dumps(said, sort_keys=True).encode()]


def day_of(said: bytes) -> str:
    """Return the day that counts are of."""
    return str(json.loads(said)["day"])
