"""One part of a roster enters the register: who is there already is set aside, the rest is enrolled, and the part is marked.

All of it in the transaction of the one verb: a part is entered whole, once, or not at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID, uuid5

import orjson
from django.db import IntegrityError, connection

from yipan.duties.draft import Draft
from yipan.duties.journal import known
from yipan.duties.record import record
from yipan.registry.intake import COLUMN, STATEMENT, as_json, key_of
from yipan.registry.lookup import keys
from yipan.registry.names import read_name
from yipan.registry.projection import Projection, number_digests
from yipan.registry.staging import open_rows, seal_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from django.db.backends.utils import CursorWrapper

    from yipan.duties.projecting import Written
    from yipan.offices.permit import Permit

#: How often a part is tried again when somebody at the counter enrolled one of its people at that moment.
_TRIES: Final = 5
_NAMESPACE: Final = UUID("8a3d1d2e-4f0b-5c55-8d0e-7a0e3f9b2c44")
_UNIQUE: Final = "one_enrolment_of_a_number"
#: A row to mend is [sheet, row, cells, faults]; a duplicate has five values.
TO_MEND: Final = 4

Row = list[Any]


class _Entering(Projection):
    """Marks a part as entered in the transaction that enters it."""

    def __init__(self, permit: Permit, intake: UUID, part: _Work) -> None:
        """Know which part of which roster."""
        super().__init__(permit, intake)
        self.part = part

    def write(self, cursor: CursorWrapper, written: Written) -> None:
        """Draw the people, and mark the part.

        Raises:
            AlreadyDoneError: somebody else has entered it.
        """
        super().write(cursor, written)
        self.part.events, self.part.duties = len(written.recorded), written.opened
        self.part.mark(cursor, self.intake)


class AlreadyDoneError(Exception):
    """Another process has entered this part; nothing is lost."""


@dataclass(kw_only=True)
class _Work:
    """One part in hand."""

    number: int
    key: bytes
    counts: dict[str, Any]
    entries: list[Row]
    back: list[Row]
    events: int = 0
    duties: int = 0

    def mark(self, cursor: CursorWrapper, intake: UUID | None) -> None:
        counts = self.counts | {
            "accepted": len(self.entries),
            "rejected": sum(len(each) == TO_MEND for each in self.back),
            "duplicates": sum(len(each) != TO_MEND for each in self.back),
            "events": self.events,
            "duties": self.duties,
        }
        cursor.execute(
            "UPDATE registry_intakepart SET done = true, entries = NULL, returned = %s, counts = %s"
            " WHERE intake_id = %s AND number = %s AND NOT done",
            [
                seal_rows(self.key, intake, self.number, "returned", self.back) if intake else None,
                orjson.dumps(counts).decode(),
                intake,
                self.number,
            ],
        )
        if cursor.rowcount != 1:
            raise AlreadyDoneError


def enter_part(permit: Permit, intake: UUID, number: int, clock: Callable[[], datetime]) -> None:
    """Enter one part: those who are not there yet are enrolled, and what became of each row is kept. Done once only."""
    key, _ = key_of(permit, intake)
    for _ in range(_TRIES):
        with permit.in_force(), connection.cursor() as cursor:
            work = _work(cursor, intake, number, key)
            if work is None:
                return
            cursor.execute("SELECT ground FROM registry_intake WHERE id = %s", [intake])
            ground = cursor.fetchone()[0]
            again = _part_known(cursor, permit.organisation, work)
            stated = _statement(cursor, intake, ground) if work.entries else []
        drafts = [*stated, *(_draft(each, ground, again) for each in work.entries)]
        try:
            if drafts:
                also = _Entering(permit, intake, work)
                record(drafts, permit=permit, clock=clock, also=also)
            else:
                with permit.in_force(), connection.cursor() as cursor:
                    work.mark(cursor, intake)
        except AlreadyDoneError:
            return
        except IntegrityError as error:
            if _UNIQUE not in str(error):
                raise
            continue  # enrolled at the counter a moment ago: now it is known
        return


def _work(cursor: CursorWrapper, intake: UUID, number: int, key: bytes) -> _Work | None:
    cursor.execute(
        "SELECT entries, returned, counts FROM registry_intakepart WHERE intake_id = %s AND number = %s AND NOT done",
        [intake, number],
    )
    if (row := cursor.fetchone()) is None:
        return None
    return _Work(
        number=number,
        key=key,
        counts=as_json(row[2]),
        entries=open_rows(key, intake, number, "entries", row[0]),
        back=open_rows(key, intake, number, "returned", row[1]),
    )


def _part_known(cursor: CursorWrapper, organisation: str, work: _Work) -> dict[str, UUID]:
    """Set aside whoever the register has already; return the entries to go on in for those who come back."""
    under = keys()
    digests = {
        found: each for each in work.entries for found in number_digests(each[2]["identity_number"], under)
    }
    cursor.execute(
        "SELECT number_digest, thread, name, enrolled_on, ended, merged_into FROM registry_person"
        " WHERE organisation = %s AND number_digest = ANY(%s)",
        [organisation, list(digests)],
    )
    again: dict[str, UUID] = {}
    out: list[Row] = []
    for found, thread, name, enrolled_on, ended, merged_into in cursor.fetchall():
        row = digests[bytes(found)]
        said = row[2]
        if not _same_name(name, said["name"]):
            out.append(row)
            work.back.append([row[0], row[1], row[4], [_OTHER_NAME]])
        elif ended and merged_into is None:
            again[said["identity_number"]] = thread
        else:
            out.append(row)
            zh = f"本机构{enrolled_on:%Y-%m-%d}已登记此人。"
            en = f"Enrolled here on {enrolled_on:%Y-%m-%d}."
            if name != said["name"]:
                zh, en = f"{zh}姓名用字不同，请核对。", f"{en} The name is written differently."
            work.back.append([row[0], row[1], row[4], zh, en])
    gone = {id(each) for each in out}
    work.entries = [each for each in work.entries if id(each) not in gone]
    return again


_OTHER_NAME: Final = {
    "code": "number-of-another",
    "field": "identity_number",
    "zh": "本机构登记册中，这个号码属于另一个姓名，请核对是谁的号码。",
    "en": "In this office's register the number belongs to another name: see whose it is.",
    "choices": [],
}


def _same_name(one: str, other: str) -> bool:
    return read_name(one).near_sound == read_name(other).near_sound


def _draft(row: Row, ground: str, again: Mapping[str, UUID]) -> Draft:
    said = row[2]
    return Draft(
        kind="person.enrolled",
        fields={**said, "ground": COLUMN if row[3] else ground},
        thread=again.get(said["identity_number"]),
    )


def _statement(cursor: CursorWrapper, intake: UUID, ground: str) -> list[Draft]:
    """Return the officer's statement that the signed forms are on file, unless it is in the journal already."""
    if ground != STATEMENT:
        return []
    own = uuid5(_NAMESPACE, f"{intake}:stated")
    cursor.execute("SELECT digest FROM registry_intake WHERE id = %s", [intake])
    fields = {"roster": cursor.fetchone()[0], "ground": ground}
    return [] if known(cursor, [own]) else [Draft(kind="roster.stated", id=own, fields=fields)]
