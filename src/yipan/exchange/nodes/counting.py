"""What the hub is given of a day: how many duties were kept and lapsed, by county, small cells merged. No person, no township."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Final

from django.db import connection

from yipan.duties.recompute import tops_in_use
from yipan.exchange.nodes.own import own
from yipan.law.deadline import SHANGHAI
from yipan.offices.permit import clock_permit

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

#: Fewer than so many are counted among those of other counties: an office could be told from them.
SMALLEST: Final = 10
#: Under which name they are, and of how many counties at least.
OTHERS: Final = "others"
_FEW: Final = 2
#: So many days back what the hub does not have yet is given: who carried for a month not at all says no more of it.
DAYS_BACK: Final = 31
KEPT, LAPSED = "kept", "lapsed"
_COUNTY: Final = 6
# The day on which it was closed in time, or lapsed.
_COUNT: Final = (
    "SELECT what, (at AT TIME ZONE %(zone)s)::date, left(split_part(owed_by, ':', 1), %(county)s), count(*) FROM ("
    "SELECT 'kept' AS what, closed_at AS at, owed_by FROM duties_duty WHERE state = 'discharged' AND closed_at >= %(begins)s"
    " AND closed_at < %(ends)s AND (due_at IS NULL OR closed_at < due_at) UNION ALL"
    " SELECT 'lapsed', lapsed_at, owed_by FROM duties_duty WHERE lapsed_at >= %(begins)s AND lapsed_at < %(ends)s"
    ") AS ended GROUP BY 1, 2, 3"
)


def counts_of_days(days: Sequence[date]) -> dict[date, dict[str, dict[str, int]]]:
    """Return what is said of each of some days: how many duties were kept, and how many lapsed, by county."""
    if not days:
        return {}
    counted = _counted(min(days), max(days))
    return {day: {what: merged(counted.get((what, day), {})) for what in (KEPT, LAPSED)} for day in days}


def _counted(first: date, last: date) -> dict[tuple[str, date], dict[str, int]]:
    """Return how many duties offices of this node kept, and let lapse, on each day, by county."""
    one = own()
    begins = datetime.combine(first, time.min, SHANGHAI)
    ends = datetime.combine(last + timedelta(days=1), time.min, SHANGHAI)
    words: dict[str, str | int | datetime] = {
        "zone": str(SHANGHAI),
        "county": _COUNTY,
        "begins": begins,
        "ends": ends,
    }
    found: dict[tuple[str, date], dict[str, int]] = defaultdict(dict)
    for top in tops_in_use():
        if not top[:2].startswith(tuple(each[:2] for each in one.serves)) and top != "00":
            continue
        with clock_permit(top, ends).in_force(), connection.cursor() as cursor:
            cursor.execute(_COUNT, words)
            for what, day, county, number in cursor.fetchall():
                if county.startswith(one.serves):
                    found[what, day][county] = number
    return found


def merged(counted: Mapping[str, int]) -> dict[str, int]:
    """Return counts in which nothing small stands alone.

    Small ones are counted together, with the next larger one where they are too few or of one county; if they stay small they
    are not said at all.
    """
    shown = {county: number for county, number in counted.items() if number >= SMALLEST}
    rest = [number for number in counted.values() if 0 < number < SMALLEST]
    while rest and (sum(rest) < SMALLEST or len(rest) < _FEW) and shown:
        rest.append(shown.pop(min(shown, key=lambda each: (shown[each], each))))
    if sum(rest) >= SMALLEST:
        shown[OTHERS] = sum(rest)
    return dict(sorted(shown.items()))
