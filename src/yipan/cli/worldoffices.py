"""The offices of the demo's world: which there are, on which days they work, and how soon they do what they owe."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any
from zlib import crc32

import yaml

from yipan.cli.console import SHANGHAI
from yipan.cli.worldpeople import DATA
from yipan.offices.divisions import Level, carried

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from yipan.law.calendar import Calendar

#: Desks are open from this hour, for so many minutes.
_OPENS, _MINUTES = 9, 7 * 60
Share = float
Range = tuple[int, int]


@dataclass(frozen=True, kw_only=True, slots=True)
class Habit:
    """How an office works, as `data/world.yaml` says it; ranges are working days."""

    sessions: tuple[int, ...]
    asks: Range
    answers: Range
    late: Share
    silent: Share
    tells: Share
    forgets: Share
    acts: Share
    meets: Share


@dataclass(frozen=True, kw_only=True)
class Office:
    """One office on the system, with the days on which it works cases off."""

    code: str
    habit: Habit
    #: How many people come to it, against others; 0 where nobody enrols.
    draws: int
    days: Sequence[date] = field(repr=False)

    @property
    def county(self) -> str:
        """The first six digits: the county, or what stands in its place."""
        return self.code[:6]

    @property
    def province(self) -> str:
        """The first two digits."""
        return self.code[:2]

    def session(self, day: date) -> date | None:
        """Return the first day, this one or later, on which it works; None beyond the year that is played."""
        place = bisect_left(self.days, day)
        return self.days[place] if place < len(self.days) else None

    def moment(self, day: date) -> datetime:
        """Return the moment of its work on a day: its own, so that not all offices act at once."""
        minutes = crc32(f"{self.code} {day}".encode()) % _MINUTES
        return datetime.combine(day, time(_OPENS), tzinfo=SHANGHAI) + timedelta(minutes=minutes)


@dataclass(frozen=True, kw_only=True)
class Offices:
    """Everybody who acts in the world, and the townships beside them that are not on the system."""

    calendar: Calendar
    first: date
    last: date

    @cached_property
    def townships(self) -> dict[str, Office]:
        """The townships on the system, by code."""
        return {
            code: self._office(code, said["habit"], said["draws"])
            for code, said in world()["townships"].items()
        }

    @cached_property
    def counties(self) -> dict[str, Office]:
        """The county health offices above them. Where no county stands between city and town there is none."""
        said = world()["counties"]
        above = sorted({code[:6] for code in self.townships} & _codes(Level.COUNTY))
        return {code: self._office(code, said.get(code, "steady")) for code in above}

    @cached_property
    def departments(self) -> dict[str, Office]:
        """The departments that send the monthly return."""
        said = world()["returns"]
        return {
            f"{county}:{kind}": self._office(f"{county}:{kind}", habit)
            for county, habit in said["counties"].items()
            for kind in said["kinds"]
        }

    @cached_property
    def outside(self) -> tuple[str, ...]:
        """Townships of the same counties that are reached by letter."""
        counties = {code[:6] for code in self.townships}
        return tuple(
            code
            for code in sorted(_codes(Level.TOWNSHIP))
            if code[:6] in counties and code not in self.townships
        )

    def name(self, office: Office) -> str:
        """Return the name of the place where an office works."""
        return _names()[office.code]

    def everybody(self) -> Iterator[Office]:
        """Yield every office on the system."""
        yield from self.townships.values()
        yield from self.counties.values()
        yield from self.departments.values()

    def after(self, day: date, working_days: int) -> date:
        """Return a day so many working days later; the day itself for none."""
        return self.calendar.add_working_days(day, working_days) if working_days else day

    def _office(self, code: str, habit: str, draws: int = 0) -> Office:
        wanted = habits()[habit]
        span = (self.first + timedelta(days=each) for each in range((self.last - self.first).days + 1))
        days = [
            each for each in span if each.isoweekday() in wanted.sessions and not self.calendar.rests(each)
        ]
        return Office(code=code, habit=wanted, draws=draws, days=days)


@lru_cache(maxsize=1)
def world() -> Mapping[str, Any]:
    """Return what `data/world.yaml` says."""
    said: dict[str, Any] = yaml.safe_load((DATA / "world.yaml").read_text(encoding="utf-8"))
    return said


@lru_cache(maxsize=1)
def habits() -> Mapping[str, Habit]:
    """Return the habits by name."""
    return {name: _habit(said) for name, said in world()["habits"].items()}


def _habit(said: Mapping[str, Any]) -> Habit:
    read: dict[str, Any] = {
        key: tuple(each) if isinstance(each, list) else each for key, each in said.items()
    }
    return Habit(**read)


@lru_cache(maxsize=4)
def _codes(level: Level) -> frozenset[str]:
    return frozenset(each.code for each in carried().values() if each.level is level and not each.statistical)


@lru_cache(maxsize=1)
def _names() -> dict[str, str]:
    return {each.code: each.name for each in carried().values()}
