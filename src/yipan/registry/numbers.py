"""The numbers of an office's own register that should be looked at on paper: a list by what is doubted, page by page.

It is about entries, not about people: nobody is called in for it, and no service waits. Each look is written down.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from django.db import connection

from yipan.registry.doubts import DOUBTS
from yipan.registry.people import write_down

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime
    from uuid import UUID

    from yipan.offices.permit import Permit

#: What the read log says such a look was for.
LOOK_OVER: Final = "numbers to confirm"
#: Entries on one page.
PAGE: Final = 20
#: What holds and is in front: of two entries decided to be one person the other is seen to on that one's page. Written as the
#: index is, which holds no other row.
_DOUBTED: Final = (
    " FROM registry_person WHERE organisation = %(own)s AND NOT (number_doubts = '{}')"
    " AND ended = '' AND merged_into IS NULL"
)


@dataclass(frozen=True, kw_only=True)
class Doubted:
    """One entry whose number should be looked at, and what is doubted of it, by the names in `doubts.DOUBTS`."""

    thread: UUID
    name: str
    enrolled_on: date
    doubts: tuple[str, ...]

    @property
    def words(self) -> tuple[Mapping[str, str], ...]:
        """What is doubted, in both languages."""
        return tuple(DOUBTS[each] for each in self.doubts)


@dataclass(frozen=True, kw_only=True)
class Numbers:
    """One page of the list, in the order in which people enrolled; `in_all`: how many entries it has on all pages."""

    people: tuple[Doubted, ...]
    in_all: int
    page: int

    @property
    def pages(self) -> int:
        """How many pages there are, at least one."""
        return max(1, -(-self.in_all // PAGE))

    def data(self) -> dict[str, Any]:
        """Return the page as plain data, the same on the command line and in the API."""
        people = [
            {
                "person": each.thread,
                "name": each.name,
                "enrolled_on": each.enrolled_on,
                "doubts": list(each.doubts),
            }
            for each in self.people
        ]
        return {"people": people, "in_all": self.in_all, "page": self.page, "pages": self.pages}


def numbers(permit: Permit, now: datetime, page: int = 1) -> Numbers:
    """Return a page of the entries of this office whose number is doubted, and write down whom it showed.

    Raises:
        NotPermittedError: the post does not include reading cases.
    """
    permit = replace(permit, purpose=LOOK_OVER)
    permit.require("read-case", now)
    asked: dict[str, str | int] = {
        "own": permit.organisation,
        "limit": PAGE,
        "past": (page - 1) * PAGE,
    }
    with permit.in_force(), connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*){_DOUBTED}", asked)
        [in_all] = cursor.fetchone()
        cursor.execute(
            f"SELECT thread, subject, name, enrolled_on, number_doubts{_DOUBTED}"
            " ORDER BY enrolled_on, thread LIMIT %(limit)s OFFSET %(past)s",
            asked,
        )
        rows = cursor.fetchall()
        write_down(permit, now, {row[0]: row[1] for row in rows})
    people = tuple(
        Doubted(thread=row[0], name=row[2], enrolled_on=row[3], doubts=tuple(row[4])) for row in rows
    )
    return Numbers(people=people, in_all=in_all, page=page)


def how_many(permit: Permit, now: datetime) -> int:
    """Return how many entries of this office have a number that should be looked at; it shows nobody.

    Raises:
        NotPermittedError: the post does not include reading cases.
    """
    permit.require("read-case", now)
    with permit.in_force(), connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*){_DOUBTED}", {"own": permit.organisation})
        return int(cursor.fetchone()[0])
