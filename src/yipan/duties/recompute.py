"""After a change of the law: every open duty is folded again, and what moved is told by an event."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from django.db import connection, transaction

from yipan.duties.record import resettle
from yipan.law.fold import OPEN
from yipan.offices.permit import THE_CLOCK, clock_permit, set_acting

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

#: Threads of one transaction: few, so that clerks are not locked out.
_AT_ONCE: Final = 200


_TOPS_IN_USE: Final = """
SELECT id FROM offices_organisation top WHERE supervisor_id IS NULL AND (
    EXISTS (SELECT 1 FROM offices_organisation below WHERE below.supervisor_id = top.id)
    OR EXISTS (SELECT 1 FROM duties_openedoffice opened WHERE opened.organisation = top.id)
)
"""


def tops_in_use() -> list[str]:
    """Return those of the tops under which somebody stands or which have been opened: 2,978 hospitals stand alone and asleep."""
    with connection.cursor() as cursor:
        cursor.execute(_TOPS_IN_USE)
        return [row[0] for row in cursor.fetchall()]


def debtors(condition: str, values: Sequence[Any]) -> list[str]:
    """Return the organisations with open duties that meet a condition of our own, as the tops of the lines see them."""
    # The state stands in the text: an index of open duties serves a kept plan only so.
    query = f"SELECT DISTINCT owed_by FROM duties_duty WHERE state = '{OPEN}' AND {condition}"  # noqa: S608  # our own words
    found: set[str] = set()
    for top in tops_in_use():
        with transaction.atomic(durable=True), connection.cursor() as cursor:
            set_acting(top, THE_CLOCK, ())
            cursor.execute(query, values)
            found.update(row[0] for row in cursor.fetchall())
    return sorted(found)


def recompute_open(now: datetime) -> int:
    """Date every open duty anew under the law as adopted now, office by office; return how many were told to move."""
    told = 0
    for office in debtors("true", ()):
        permit = clock_permit(office, now)
        with permit.in_force(), connection.cursor() as cursor:
            cursor.execute(
                f"SELECT DISTINCT thread_id FROM duties_duty WHERE owed_by = %s AND state = '{OPEN}' ORDER BY 1",  # noqa: S608  # our own words
                [office],
            )
            threads: list[UUID] = [row[0] for row in cursor.fetchall()]
        for start in range(0, len(threads), _AT_ONCE):
            told += resettle(threads[start : start + _AT_ONCE], permit=permit, now=now)
    return told
