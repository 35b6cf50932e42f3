"""The rows of a roster that go back to the office: read out of their parts as often as somebody asks, logged, then forgotten."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import connection

from yipan.registry.entering import TO_MEND
from yipan.registry.intake import key_of
from yipan.registry.rejects import DuplicateFound
from yipan.registry.rosterrow import Fault, Returned
from yipan.registry.staging import cells_of, open_rows

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from uuid import UUID

    from yipan.offices.permit import Permit


@dataclass(frozen=True, kw_only=True)
class GoingBack:
    """The rows to mend, and those of people who are there already, in the order of the file."""

    permit: Permit
    intake: UUID
    key: bytes

    @property
    def returned(self) -> _Rows:
        """The rows to mend; may be gone through again."""
        return _Rows(source=self, to_mend=True)

    @property
    def duplicates(self) -> _Rows:
        """The rows of people who are there already; may be gone through again."""
        return _Rows(source=self, to_mend=False)

    def rows(self) -> Iterator[list[Any]]:
        """Yield every row that goes back, part by part."""
        number = 0
        while (sealed := self._part(number)) is not None:
            yield from open_rows(self.key, self.intake, number, "returned", sealed[0])
            number += 1

    def _part(self, number: int) -> tuple[bytes | None] | None:
        with self.permit.in_force(), connection.cursor() as cursor:
            cursor.execute(
                "SELECT returned FROM registry_intakepart WHERE intake_id = %s AND number = %s",
                [self.intake, number],
            )
            row: tuple[bytes | None] | None = cursor.fetchone()
        return row


@dataclass(frozen=True, kw_only=True)
class _Rows:
    source: GoingBack
    to_mend: bool

    def __iter__(self) -> Iterator[Any]:
        for each in self.source.rows():
            if self.to_mend and len(each) == TO_MEND:
                faults = tuple(_fault(fault) for fault in each[3])
                yield Returned(sheet=each[0], row=each[1], cells=cells_of(each[2]), faults=faults)
            elif not self.to_mend and len(each) != TO_MEND:
                yield DuplicateFound(
                    sheet=each[0], row=each[1], cells=cells_of(each[2]), zh=each[3], en=each[4]
                )


def _fault(kept: dict[str, Any]) -> Fault:
    return Fault(**{**kept, "choices": tuple(kept["choices"])})


def going_back(permit: Permit, intake: UUID, now: datetime) -> GoingBack:
    """Return the rows of a roster that go back.

    Raises:
        NotPermittedError: the post does not include recording.
        IntakeGoneError: there is no such roster for this office.
    """
    permit.require("record", now)
    key, _ = key_of(permit, intake)
    return GoingBack(permit=permit, intake=intake, key=key)
