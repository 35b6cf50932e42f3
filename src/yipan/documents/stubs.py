"""Numbered stubs: of every letter and paper that leaves an office there is one, counted through by office and year.

The number is given in the transaction that records the letter, while the office's chain is locked: there is no gap, and
none twice. A stub says that something went out, when and to which office. It names no person and holds no content.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

from django.db import models

from yipan.documents.definitions import LETTER, of_kind
from yipan.duties.projecting import Projecting
from yipan.law.deadline import SHANGHAI
from yipan.offices.office import names_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from uuid import UUID

    from django.db.backends.utils import CursorWrapper

    from yipan.duties.projecting import Recorded, Written
    from yipan.law.definition import Definition
    from yipan.offices.permit import Permit

#: How many stubs a page shows.
PAGE: Final = 200
_INSERT: Final = (
    "INSERT INTO documents_stub (event, thread, office, year, number, letter, sent_to, written_at)"
    " SELECT %s, %s, %s, %s, coalesce(max(number), 0) + 1, %s, %s, %s"
    " FROM documents_stub WHERE office = %s AND year = %s"
)


class Stub(models.Model):
    """The stub of one letter, by the event that it is printed from."""

    event = models.UUIDField(primary_key=True)
    thread = models.UUIDField()
    office = models.TextField()
    year = models.IntegerField()
    number = models.IntegerField()
    letter = models.TextField()
    #: The organisations it went to; none where it is for a person.
    sent_to = models.TextField(default="")
    written_at = models.DateTimeField()

    class Meta:
        app_label = "documents"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["office", "year", "number"], name="a_stub_has_a_number_of_its_own"
            ),
            models.CheckConstraint(condition=models.Q(number__gt=0), name="stubs_are_counted_from_one"),
        ]


@dataclass(frozen=True, kw_only=True, slots=True)
class StubView:
    """A stub as it is listed: its number, the letter, to whom, when."""

    thread: UUID
    event: UUID
    year: int
    number: int
    title: Mapping[str, str]
    sent_to: str
    written_at: datetime

    @property
    def shown(self) -> str:
        """Return the number as it is printed."""
        return printed(self.year, self.number)


class Stubs(Projecting):
    """Numbers what one call of `record()` sends out, in its transaction."""

    def write(self, cursor: CursorWrapper, written: Written) -> None:
        """Give each letter that the acting office itself wrote the next number of its year."""
        for each in written.recorded:
            letter = of_kind(LETTER, each.kind.name)
            if letter and not each.entry.on_behalf_of:
                _number(cursor, each, letter)


def _number(cursor: CursorWrapper, one: Recorded, letter: Definition) -> None:
    entry = one.entry
    reached = one.kind.in_group(one.kind.reaches) if one.kind.reaches else ()
    sent_to = " ".join(office for role in reached for office in entry.parties.get(role, ()))
    year = entry.recorded_at.astimezone(SHANGHAI).year
    office = entry.recorded_by
    cursor.execute(
        _INSERT,
        [entry.id, entry.thread, office, year, letter.id, sent_to, entry.recorded_at, office, year],
    )


def printed(year: int, number: int) -> str:
    """Return the number of a stub as it is printed on the letter."""
    return f"存〔{year}〕{number}号"


def number_of(permit: Permit, event: UUID) -> str:
    """Return the printed number of a letter; nothing where this office has no stub of it."""
    with permit.in_force():
        one = Stub.objects.filter(event=event).first()
    return printed(one.year, one.number) if one else ""


def stubs_of(
    permit: Permit, now: datetime, year: int | None = None, page: int | None = None
) -> list[StubView]:
    """Return the stubs of the permit's organisation, the latest first; of one year, and one page, where they are said.

    Raises:
        NotPermittedError: the post does not include reading cases.
    """
    permit.require("read-case", now)
    with permit.in_force():
        rows = Stub.objects.filter(office=permit.organisation)
        meant = (rows.filter(year=year) if year else rows).order_by("-year", "-number")
        found = list(meant if page is None else meant[PAGE * (page - 1) : PAGE * page])
    names = names_of({office for each in found for office in each.sent_to.split()})
    return [
        StubView(
            thread=each.thread,
            event=each.event,
            year=each.year,
            number=each.number,
            title=_title(each.letter),
            sent_to="、".join(names.get(office, office) for office in each.sent_to.split()),
            written_at=each.written_at,
        )
        for each in found
    ]


def stub_years(permit: Permit, now: datetime) -> dict[int, int]:
    """Return how many stubs the permit's organisation has of each year, the latest first.

    Raises:
        NotPermittedError: the post does not include reading cases.
    """
    permit.require("read-case", now)
    with permit.in_force():
        rows = Stub.objects.filter(office=permit.organisation).values_list("year")
        return dict(rows.annotate(models.Count("event")).order_by("-year"))


def _title(letter: str) -> Mapping[str, str]:
    from_pack = of_kind(LETTER, "", letter)
    return from_pack.title if from_pack else {"zh": letter, "en": letter}
