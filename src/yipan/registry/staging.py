"""A roster's rows while they wait: read once, judged, and laid down sealed, a part at a time.

Only what `sheets` recognised comes this far. Of a row that says no there is a count by township, and nothing else.
"""

from __future__ import annotations

import zlib
from collections import Counter
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID, uuid5

import orjson
from django.db import connection

from yipan.duties import sealing
from yipan.duties.record import BATCH
from yipan.registry.lookup import lasting
from yipan.registry.matching import read_number
from yipan.registry.names import folded_name
from yipan.registry.rosterrow import Declined, Entry, Fault, Returned

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from yipan.offices.permit import Permit
    from yipan.registry.rosterrow import RowReader
    from yipan.registry.sheets import Roster, RosterRow

#: Rows of one part: what one call of `record()` enters, with the officer's statement.
PART: Final = BATCH - 1
_NAMESPACE: Final = UUID("c5f2c1de-0b7e-5f0c-93a5-5d8b8f6f6d11")
#: So few bytes of a digest that it tells two sets of rows apart and names nobody.
_SET_BYTES: Final = 2
_ROW_BITS: Final = 32
_SAID: Final = (
    "name", "identity_number", "sex", "birth_on", "phone", "home", "home_address", "residence",
    "residence_address", "arrived_on", "reason",
)  # fmt: skip


@dataclass(kw_only=True)
class Part:
    """Some rows of a roster in order, as they lie in the database under the roster's key."""

    number: int
    rows: int = 0
    #: [sheet, row, what `person.enrolled` says, whether she agreed by a column, the cells as written]
    entries: list[list[Any]] = field(default_factory=list)
    #: [sheet, row, cells, faults]
    returned: list[list[Any]] = field(default_factory=list)
    #: [sheet, row, cells, zh, en]
    duplicates: list[list[Any]] = field(default_factory=list)
    #: How many said no, by township.
    declined: Counter[str] = field(default_factory=Counter)
    #: How often each note was made.
    notes: Counter[str] = field(default_factory=Counter)

    def counts(self) -> dict[str, Any]:
        """Return what is known before anything is entered."""
        return {
            "rows": self.rows,
            "rejected": len(self.returned),
            "duplicates": len(self.duplicates),
            "declined": dict(self.declined),
            "notes": dict(self.notes),
        }


class Stager:
    """Reads the rows of one roster into parts. The same file on the same day gives the same parts."""

    def __init__(self, reader: RowReader) -> None:
        """Know how rows are read."""
        self.reader = reader
        #: By the seventeen digits of a number: the row it stands in, and a checksum of the name there.
        self._seen: dict[int, int] = {}
        #: What is the same when the same rows say no again: so short that it names nobody.
        self.mark = 0

    def parts(self, roster: Roster) -> Iterator[Part]:
        """Yield the parts in order."""
        part = Part(number=0)
        for row in roster.rows():
            self._take(part, row)
            if part.rows == PART:
                yield part
                part = Part(number=part.number + 1)
        if part.rows:
            yield part

    def _take(self, part: Part, row: RosterRow) -> None:
        part.rows += 1
        found = self.reader.read(row)
        if isinstance(found, Declined):
            part.declined[found.residence] += 1
            said = lasting("declined", str(row.cells.get("identity_number", row.row)))
            self.mark ^= int.from_bytes(said[1 : 1 + _SET_BYTES], "big")
        elif isinstance(found, Returned):
            part.returned.append([row.sheet, row.row, _cells(row), [asdict(each) for each in found.faults]])
        else:
            self._enter(part, row, found)

    def _enter(self, part: Part, row: RosterRow, entry: Entry) -> None:
        number = read_number(entry.identity_number)
        body = int(number.body) if number else hash(entry.identity_number)
        named = zlib.crc32(folded_name(entry.name).encode())
        earlier = self._seen.setdefault(body, row.row << _ROW_BITS | named)
        at, same = earlier >> _ROW_BITS, earlier & ((1 << _ROW_BITS) - 1) == named
        if earlier == row.row << _ROW_BITS | named:
            said = dict(zip(_SAID, _said(entry), strict=True))
            part.entries.append(
                [row.sheet, row.row, {k: v for k, v in said.items() if v}, entry.agrees is True, _cells(row)]
            )
            part.notes.update(each.code for each in entry.notes)
        elif same:
            zh, en = f"与本表第{at}行是同一个人。", f"The same person as in row {at}."
            part.duplicates.append([row.sheet, row.row, _cells(row), zh, en])
        else:
            fault = Fault(
                code="number-of-another",
                field="identity_number",
                zh=f"这个号码在第{at}行写在另一个姓名之下，请核对是谁的号码。",
                en=f"Row {at} has this number under another name: see whose it is.",
            )
            part.returned.append([row.sheet, row.row, _cells(row), [asdict(fault)]])


def _said(entry: Entry) -> tuple[object, ...]:
    return (
        entry.name, entry.identity_number, entry.sex, entry.birth_on.isoformat(), entry.phone, entry.home,
        entry.home_text, entry.residence, entry.residence_text,
        entry.arrived_on.isoformat() if entry.arrived_on else None, entry.reason,
    )  # fmt: skip


def _cells(row: RosterRow) -> dict[str, Any]:
    """Return cells as JSON can hold them; a date keeps its kind."""
    return {name: _cell(value) for name, value in row.cells.items() if value != ""}


def _cell(value: object) -> object:
    if isinstance(value, datetime):
        return {"at": value.isoformat()}
    return {"on": value.isoformat()} if isinstance(value, date) else value


def cells_of(kept: Mapping[str, Any]) -> dict[str, Any]:
    """Return cells as they were read."""
    return {name: _read(value) for name, value in kept.items()}


def _read(value: Any) -> Any:  # noqa: ANN401  # what a cell may hold
    if not isinstance(value, dict):
        return value
    return datetime.fromisoformat(value["at"]) if "at" in value else date.fromisoformat(value["on"])


def seal_rows(key: bytes, intake: UUID, number: int, what: str, rows: list[list[Any]]) -> bytes | None:
    """Return rows packed and sealed, bound to their place; None for none."""
    if not rows:
        return None
    return sealing.seal_bytes(key, _place(intake, number, what), zlib.compress(orjson.dumps(rows), 1))


def open_rows(key: bytes, intake: UUID, number: int, what: str, sealed: bytes | None) -> list[list[Any]]:
    """Return rows that were sealed.

    Raises:
        SealBrokenError: they were changed or belong elsewhere.
    """
    if sealed is None:
        return []
    packed = sealing.open_bytes(key, _place(intake, number, what), bytes(sealed))
    rows: list[list[Any]] = orjson.loads(zlib.decompress(packed))
    return rows


def _place(intake: UUID, number: int, what: str) -> UUID:
    return uuid5(_NAMESPACE, f"{intake}:{number}:{what}")


def lay_down(permit: Permit, intake: UUID, key: bytes, part: Part) -> None:
    """Keep a part, unless an earlier reading of the same file has kept it."""
    with permit.in_force(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO registry_intakepart (intake_id, number, organisation, done, entries, returned, counts)"
            " VALUES (%s, %s, %s, false, %s, %s, %s) ON CONFLICT DO NOTHING",
            [
                intake,
                part.number,
                permit.organisation,
                seal_rows(key, intake, part.number, "entries", part.entries),
                seal_rows(key, intake, part.number, "returned", _going_back(part.returned, part.duplicates)),
                orjson.dumps(part.counts()).decode(),
            ],
        )
        cursor.execute(
            "UPDATE registry_intake SET rows = greatest(rows, %s) WHERE id = %s",
            [part.number * PART + part.rows, intake],
        )


def _going_back(returned: list[list[Any]], duplicates: list[list[Any]]) -> list[list[Any]]:
    """Return both kinds of rows that go back in one list: five values are a duplicate, four a row to mend."""
    return [*returned, *duplicates]
