"""What the entries of one enrolment add up to: pure, and the same whenever it is drawn.

A picture is drawn from the entries that hold, corrections in place of what they correct, in the order the law takes them.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

#: Particulars that a later entry replaces when it says them.
PARTICULARS: Final = (
    "name", "identity_number", "sex", "birth_on", "phone", "home", "home_address", "residence_address",
)  # fmt: skip
#: What a number is written in, and the word that the paper was looked at and it is right.
NUMBER: Final = "identity_number"
CONFIRMED: Final = "number_confirmed"
#: The reason after which an office may not find her any more.
WITHDRAWN: Final = "withdrawn"


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """One entry as the register reads it: what it does, the day it counts, and what it says."""

    effect: str
    on: date
    said: Mapping[str, object]


@dataclass(frozen=True, kw_only=True, slots=True)
class Stretch:
    """One stay: at a place, from a day (None: not known) until, not including, another (None: still)."""

    place: str
    reason: str
    from_on: date | None
    until_on: date | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Picture:
    """One person as her office knows her now."""

    enrolled_on: date
    particulars: Mapping[str, str] = field(default_factory=dict)
    stays: tuple[Stretch, ...] = ()
    #: Whether somebody saw the paper and the number stands as it is written.
    number_confirmed: bool = False
    #: Why the enrolment ended; empty while it holds.
    ended: str = ""
    merged: frozenset[str] = frozenset()
    apart: frozenset[str] = frozenset()

    @property
    def residence(self) -> str:
        """The division where she lives now, as far as she said; empty when she left or never said."""
        return self.stays[-1].place if self.stays and self.stays[-1].until_on is None else ""


def draw(entries: Iterable[Told]) -> Picture | None:
    """Return what entries in the law's order add up to; None when none of them enrols anybody."""
    picture: Picture | None = None
    for told in entries:
        if told.effect == "person-enrolled":
            picture = enrolled(picture, told)
        elif picture is not None:
            picture = _DRAWN.get(told.effect, _unchanged)(picture, told)
    return picture


def enrolled(before: Picture | None, told: Told) -> Picture:
    """Begin a picture, or go on with one that had ended: who comes back keeps her line."""
    if before is not None:
        return replace(_updated(_moved(before, told), told), ended="")
    place = str(told.said.get("residence") or "")
    return Picture(
        enrolled_on=told.on,
        particulars={name: str(told.said[name]) for name in PARTICULARS if told.said.get(name)},
        stays=(_stretch(place, told),) if place else (),
    )


def _updated(picture: Picture, told: Told) -> Picture:
    new = {name: str(told.said[name]) for name in PARTICULARS if told.said.get(name)}
    return replace(
        picture,
        particulars={**picture.particulars, **new},
        number_confirmed=_confirmed(picture, new.get(NUMBER), told.said.get(CONFIRMED)),
    )


def _confirmed(picture: Picture, number: str | None, said: object) -> bool:
    """Tell whether the number is confirmed after an entry: another one is not, until somebody says so of it."""
    if said is not None:
        return said is True
    return picture.number_confirmed and number in (None, picture.particulars.get(NUMBER))


def _moved(picture: Picture, told: Told) -> Picture:
    place = str(told.said.get("residence") or "")
    if not place:
        return picture
    # Elsewhere the address of before is hers no more.
    kept = {name: said for name, said in picture.particulars.items() if name != "residence_address"}
    moved = _updated(replace(picture, particulars=kept), told)
    return replace(moved, stays=in_line((*picture.stays, _stretch(place, told))))


def _stretch(place: str, told: Told) -> Stretch:
    return Stretch(place=place, reason=str(told.said.get("reason") or ""), from_on=_day(told, "arrived_on"))


def _left(picture: Picture, told: Told) -> Picture:
    left_on = _day(told, "left_on") or told.on
    stays = tuple(
        replace(each, until_on=left_on)
        if each.until_on is None and (each.from_on is None or each.from_on < left_on)
        else each
        for each in picture.stays
    )
    return replace(picture, stays=stays)


def _ended(picture: Picture, told: Told) -> Picture:
    return replace(picture, ended=str(told.said["because"]))


def _merged(picture: Picture, told: Told) -> Picture:
    return replace(picture, merged=picture.merged | {str(told.said["other"])})


def _apart(picture: Picture, told: Told) -> Picture:
    return replace(picture, apart=picture.apart | {str(told.said["other"])})


def _unchanged(picture: Picture, _: Told) -> Picture:
    return picture


_DRAWN: Final = {
    "person-updated": _updated,
    "stay-began": _moved,
    "stay-ended": _left,
    "enrolment-ended": _ended,
    "persons-merged": _merged,
    "persons-kept-apart": _apart,
}


def in_line(stays: Iterable[Stretch]) -> tuple[Stretch, ...]:
    """Return stays in order of their beginning, each ended by the next; of two that begin together the later told holds."""
    begun: dict[date | None, Stretch] = {}
    for each in stays:
        begun[each.from_on] = each
    ordered = [begun[key] for key in sorted(begun, key=lambda day: day or date.min)]
    line = [
        replace(one, until_on=_sooner(one.until_on, after.from_on))
        for one, after in itertools.pairwise(ordered)
    ]
    return (*line, *ordered[-1:])


def _sooner(one: date | None, other: date | None) -> date | None:
    return min((each for each in (one, other) if each), default=None)


def _day(told: Told, name: str) -> date | None:
    value = told.said.get(name)
    return date.fromisoformat(str(value)) if value else None
