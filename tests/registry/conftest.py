"""A desk with a register of its own. Afterwards the duties and the register are drawn anew and compared."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from tests.duties.cast import at, permit, townships
from tests.duties.conftest import installation
from yipan.duties.draft import Draft

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime
    from pathlib import Path
    from uuid import UUID

    from yipan.duties.record import Receipt
    from yipan.offices.permit import Permit

__all__ = ["installation"]

#: Every test gets a township that no other test has used: the journal is never emptied.
_fresh = itertools.count()


@dataclass(kw_only=True)
class Desk:
    """An office that enrols people, and the moment at which it does."""

    office: str
    now: datetime = field(default_factory=lambda: at("2026-03-02T09:00"))
    threads: set[UUID] = field(default_factory=set)

    def permit(self) -> Permit:
        """Return what the officer may do here."""
        return permit(self.office, self.now)

    def record(
        self,
        kind: str,
        thread: UUID | None = None,
        persons: Mapping[str, UUID] | None = None,
        corrects: UUID | None = None,
        **fields: Any,  # noqa: ANN401  # fields as the kind says
    ) -> Receipt:
        """Record one thing through the register's verb."""
        from yipan.registry.register import record_drafts  # noqa: PLC0415  # after Django is set up

        draft = Draft(kind=kind, thread=thread, fields=fields, persons=persons or {}, corrects=corrects)
        receipt = record_drafts([draft], permit=self.permit(), clock=lambda: self.now)
        self.threads.update(receipt.threads)
        return receipt

    def enrol(self, name: str, number: str, **said: str) -> UUID:
        """Enrol somebody at the counter, and return her entry."""
        fields: dict[str, Any] = {"ground": "at-the-counter", "name": name, "identity_number": number, **said}
        return self.record("person.enrolled", **fields).threads[0]


@pytest.fixture
def desk(installation: Path) -> Iterator[Desk]:
    """Give a desk of one's own."""
    assert installation.is_dir()
    from yipan.duties.replay import replay  # noqa: PLC0415  # after Django is set up
    from yipan.registry.checking import compare, recording_offices  # noqa: PLC0415

    before = recording_offices()
    made = Desk(office=townships("3607", "3608", next(_fresh)))
    yield made
    assert replay(sorted(made.threads)).differences == []
    at_work = [office for office, last in recording_offices().items() if last != before.get(office)]
    assert compare(offices=at_work).differences == []
