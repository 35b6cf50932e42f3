"""A row of a roster, read: an entry, a refusal to be entered, or every fault of the row at once. Pure and quick.

Today is an argument. The words of faults and notes stand in `data/roster.yaml`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import yaml

from yipan.offices.divisions import NATION, Level
from yipan.offices.places import Place, Reason
from yipan.registry.matching import read_phone
from yipan.registry.names import DATA
from yipan.registry.rosterplaces import Places, is_local
from yipan.registry.written import (
    SHORT,
    Cell,
    WrittenNumber,
    plain_text,
    read_date,
    read_identity_number,
    read_name,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from yipan.offices.placeindex import Gazetteer
    from yipan.registry.sheets import RosterRow

#: A birth longer ago than this is a slip of the pen.
OLDEST: Final = 130
_SERIAL_SEX: Final = 16
_COUNTY: Final = 6
#: What people write at least of the name of a division.
_FRONT_OF_NAME: Final = 2
_PHONES_APART: Final = str.maketrans(dict.fromkeys("/,;、\\|或", "\n"))
_UNKNOWN_SEX: Final = frozenset({"0", "9"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Note:
    """Something about a cell that was accepted and should be looked at, in both languages."""

    code: str
    field: str
    zh: str
    en: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """Why a cell cannot stand, in both languages, and what it may say instead where that is known."""

    code: str
    field: str
    zh: str
    en: str
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """A person of a roster who can be enrolled."""

    name: str
    #: As written, of 18 characters or 15, the X large. Its check digit may be wrong; a note says so.
    identity_number: str
    #: Of 18 characters.
    canonical_number: str
    birth_on: date
    #: A code of GB/T 2261.1.
    sex: str
    #: Digits; None when there is none or it could not be read.
    phone: str | None
    #: A division's code, as far down as the text leads.
    home: str | None
    home_text: str
    residence: str
    residence_text: str
    arrived_on: date | None
    #: work, life, study, medical, travel, visit or business-trip.
    reason: str | None
    #: None when the sheet has no such column.
    agrees: bool | None
    notes: tuple[Note, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Declined:
    """Somebody who does not agree: a place to count, and nothing of the person."""

    sheet: str
    row: int
    residence: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Returned:
    """A row that goes back, with all its faults and the cells as they were written."""

    sheet: str
    row: int
    cells: Mapping[str, Cell]
    faults: tuple[Fault, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Said:
    """What may be said in a cell, and what is said of it."""

    agrees: Mapping[str, bool]
    sexes: Mapping[str, str]
    reasons: Mapping[str, str]
    faults: Mapping[str, Mapping[str, str]]
    notes: Mapping[str, Mapping[str, str]]


class _Gathered:
    """The faults and notes of one row."""

    __slots__ = ("faults", "notes")

    def __init__(self) -> None:
        self.faults: list[Fault] = []
        self.notes: list[Note] = []

    def fault(self, field: str, code: str, choices: tuple[str, ...] = (), **filled: object) -> None:
        words = said().faults[code]
        zh, en = (words[each].format(**filled) for each in ("zh", "en"))
        self.faults.append(Fault(code=code, field=field, zh=zh, en=en, choices=choices))

    def note(self, field: str, code: str, **filled: object) -> None:
        self.notes.append(_note(field, code, tuple(filled.items())))


@lru_cache(maxsize=1024)
def _note(field: str, code: str, filled: tuple[tuple[str, object], ...]) -> Note:
    """Return a note; a roster says the same of row after row, and of places alone."""
    words = said().notes[code]
    zh, en = (words[each].format(**dict(filled)) for each in ("zh", "en"))
    return Note(code=code, field=field, zh=zh, en=en)


class RowReader:
    """Reads the rows of one roster. Remembers places while it lives, because rosters repeat them."""

    def __init__(self, on: date, gazetteer: Gazetteer, residence_default: str) -> None:
        """Begin a roster.

        Args:
            on: today; what lies behind it is in the future.
            gazetteer: the names of places.
            residence_default: the code of the division whose office sends the roster.
        """
        self.on = on
        self.gazetteer = gazetteer
        self.residence_default = residence_default
        self._oldest_year = on.year - OLDEST
        self._here = gazetteer.full_name(residence_default)
        self._places = Places(gazetteer)

    def read(self, row: RosterRow) -> Entry | Declined | Returned:
        """Return the person of a row, or that somebody declined, or the row with all its faults."""
        cells, found = row.cells, _Gathered()
        agrees = _agrees(cells, found)
        if agrees is False:
            # Nothing of the row is read but where it is to be counted.
            residence, _ = self._residence(cells, _Gathered())
            return Declined(sheet=row.sheet, row=row.row, residence=residence)
        name = _name(cells, found)
        number = self._number(cells, found)
        birth_on = self._birth(cells, number, found)
        arrived_on = self._arrival(cells, birth_on, found)
        home, home_text = self._home(cells, found)
        residence, residence_text = self._residence(cells, found)
        if found.faults or birth_on is None:
            return Returned(sheet=row.sheet, row=row.row, cells=cells, faults=tuple(found.faults))
        return Entry(
            name=name,
            identity_number=number.number,
            canonical_number=number.canonical,
            birth_on=birth_on,
            sex=_sex(cells, number, found),
            phone=_phone(cells, found),
            home=home,
            home_text=home_text,
            residence=residence,
            residence_text=residence_text,
            arrived_on=arrived_on,
            reason=_reason(cells, found),
            agrees=agrees,
            notes=tuple(found.notes),
        )

    def _number(self, cells: Mapping[str, Cell], found: _Gathered) -> WrittenNumber:
        field = "identity_number"
        number = read_identity_number(cells.get(field, ""))
        if number.fault:
            found.fault(field, number.fault, count=len(number.number))
        elif number.birth_on is not None and number.birth_on > self.on:
            found.fault(field, "number-future")
        elif number.birth_on is not None and number.birth_on.year < self._oldest_year:
            found.fault(field, "number-ancient", years=OLDEST)
        elif not number.confirmed:
            found.note(field, "number-old" if len(number.number) == SHORT else "number-to-confirm")
        return number

    def _birth(self, cells: Mapping[str, Cell], number: WrittenNumber, found: _Gathered) -> date | None:
        """Return the birth date: that of a number whose check digit is right, else the one written."""
        field = "birth_on"
        in_number = number.birth_on
        written = read_date(cells.get(field, ""))
        if written is None:
            return in_number
        if written.on is None:
            # A month is common here, and the number says the day.
            if written.without_day and in_number is not None:
                agree = in_number.isoformat().startswith(written.without_day)
                found.note(field, "birth-not-used" if agree else "birth-differs-from-number")
                return in_number
            found.fault(field, written.fault or "date-unreadable")
            return in_number
        if written.on > self.on:
            found.fault(field, "birth-future")
        elif in_number is not None and written.on != in_number:
            found.note(field, "birth-differs-from-number")
            return in_number if number.confirmed else written.on
        return written.on

    def _arrival(self, cells: Mapping[str, Cell], birth_on: date | None, found: _Gathered) -> date | None:
        field = "arrived_on"
        written = read_date(cells.get(field, ""))
        if written is None:
            return None
        if written.on is None:
            found.fault(field, written.fault or "date-unreadable")
        elif written.on > self.on:
            found.fault(field, "arrival-future")
        elif birth_on is not None and written.on < birth_on:
            found.fault(field, "arrival-before-birth")
        return written.on

    def _home(self, cells: Mapping[str, Cell], found: _Gathered) -> tuple[str | None, str]:
        field = "home"
        text = plain_text(cells.get(field, ""))
        if not text:
            found.note(field, "home-missing")
            return None, ""
        place, choices, fitting, why = self._places.resolve(text)
        if place is None:
            _no_place(field, choices, fitting, why, found)
            return None, text
        _coarse(field, place, found)
        return place.division.code, text

    def _residence(self, cells: Mapping[str, Cell], found: _Gathered) -> tuple[str, str]:
        """Return the division of residence. Near the office people name what lies nearer than the township."""
        field, here = "residence", self.residence_default
        text = plain_text(cells.get(field, ""))
        if not text:
            return here, ""
        place, choices, fitting, why = self._places.resolve(text)
        if place is None:
            near = _nearest(here, choices)
            place = near[0] if len(near) == 1 else None
        elif self._is_namesake(place, text):
            place = None
        says_no_more = place is not None and here.startswith(place.division.code)
        if says_no_more or (place is None and not choices and is_local(text)):
            if place is None or place.division.code != here:
                found.note(field, "residence-assumed", place=self._here)
            return here, text
        if place is None:
            _no_place(field, choices, fitting, why, found)
            return here, text
        _coarse(field, place, found)
        return place.division.code, text

    def _is_namesake(self, place: Place, text: str) -> bool:
        """Return whether a township far away was found by nothing but its own name: people here mean something near."""
        code = place.division.code
        if place.division.level is not Level.TOWNSHIP or code.startswith(self.residence_default[:_COUNTY]):
            return False
        above, at = [], place.division.parent
        while at is not None and at != NATION:
            above.append(self.gazetteer.divisions[at].name)
            at = self.gazetteer.divisions[at].parent
        return not any(name[:_FRONT_OF_NAME] in text for name in above)


@lru_cache(maxsize=1)
def said() -> _Said:
    """Return the words of `data/roster.yaml`."""
    data: dict[str, Any] = yaml.safe_load((DATA / "roster.yaml").read_text(encoding="utf-8"))
    return _Said(
        agrees={each: word == "yes" for word in ("yes", "no") for each in _keys(data["agrees"][word])},
        sexes={each: code for code, texts in data["sex"].items() for each in _keys(texts)},
        reasons={each: code for code, texts in data["reasons"].items() for each in _keys([code, *texts])},
        faults=data["faults"],
        notes=data["notes"],
    )


def _keys(texts: list[str]) -> list[str]:
    return [plain_text(each).casefold() for each in texts]


def _agrees(cells: Mapping[str, Cell], found: _Gathered) -> bool | None:
    """Return what the column on consent says; None where there is none, or a fault was found."""
    cell = cells.get("agrees")
    if cell is None:
        return None
    text = plain_text(cell).casefold().strip("。.!()")
    answer = said().agrees.get(text)
    if answer is None:
        found.fault("agrees", "agrees-unreadable" if text else "agrees-missing")
    return answer


def _name(cells: Mapping[str, Cell], found: _Gathered) -> str:
    name, fault = read_name(cells.get("name", ""))
    if fault:
        found.fault("name", fault)
    return name


def _sex(cells: Mapping[str, Cell], number: WrittenNumber, found: _Gathered) -> str:
    """Return the sex: that of a number whose check digit is right, else the one written."""
    in_number = "1" if int(number.canonical[_SERIAL_SEX]) % 2 else "2"
    text = plain_text(cells.get("sex", "")).casefold()
    if not text:
        return in_number
    written = said().sexes.get(text)
    if written is None:
        found.note("sex", "sex-unreadable")
        return in_number
    if written == in_number or written in _UNKNOWN_SEX:
        return in_number
    found.note("sex", "sex-differs-from-number")
    return in_number if number.confirmed else written


def _phone(cells: Mapping[str, Cell], found: _Gathered) -> str | None:
    """Return the first phone number of a cell that can be read."""
    text = plain_text(cells.get("phone", ""))
    if not text:
        return None
    phone = read_phone(text) if text.isdigit() else ""
    phone = phone or next(filter(None, map(read_phone, text.translate(_PHONES_APART).split("\n"))), "")
    phone = phone or next(filter(None, map(read_phone, text.split())), "")
    if not phone:
        found.note("phone", "phone-unreadable")
    return phone or None


def _reason(cells: Mapping[str, Cell], found: _Gathered) -> str | None:
    text = plain_text(cells.get("reason", "")).casefold()
    if not text:
        return None
    reason = said().reasons.get(text)
    if reason is None:
        found.note("reason", "reason-unreadable")
    return reason


def _nearest(here: str, choices: tuple[Place, ...]) -> list[Place]:
    """Return the choices in which the office lies, or those that lie in its county: its people name no county."""
    around = [each for each in choices if here.startswith(each.division.code)]
    return around or [each for each in choices if each.division.code.startswith(here[:_COUNTY])]


def _no_place(
    field: str, choices: tuple[Place, ...], fitting: int, why: Reason | None, found: _Gathered
) -> None:
    names = tuple(each.full_name for each in choices)
    if not names:
        found.fault(field, "place-unknown")
    elif why is Reason.NO_SUCCESSOR:
        found.fault(field, "place-gone", names)
    else:
        found.fault(field, "place-several", names, count=fitting)


def _coarse(field: str, place: Place, found: _Gathered) -> None:
    if place.division.level is not Level.TOWNSHIP:
        found.note(field, "place-coarse", place=place.full_name)
