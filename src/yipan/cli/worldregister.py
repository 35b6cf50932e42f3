"""The people of the demo's world as their offices enrol them: homes and residences across five provinces, stays, moves."""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from yipan.cli.worldcases import Party, Step
from yipan.cli.worldoffices import world
from yipan.duties.naming import case_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import date
    from uuid import UUID

    from yipan.cli.worldcases import Cases
    from yipan.cli.worldoffices import Office, Offices
    from yipan.cli.worldpeople import Maker
    from yipan.registry.matching import Record

#: Ages in years: of most, of the others, and of the couples who come to register.
_WORKING, _OLD, _COUPLE = (18, 50), (51, 78), (21, 39)
_YEAR: Final = 365
#: How far back an arrival lies at most, and how many days before she says so a change happened.
_FIVE_YEARS, _SAID_WITHIN = 5 * _YEAR, 9
#: Days after which she has been told what is free, if she ever is: only then something else happens.
_SETTLED: Final = 45
#: Of how many people an office remembers names for namesakes and for who is typed twice.
_REMEMBERED: Final = 40
#: How many of those an office has enrolled wait at most to come for a registration.
_WAITING: Final = 2000


@dataclass(frozen=True, kw_only=True, slots=True)
class Neighbour:
    """Somebody whom an office has enrolled: a case of hers may begin there."""

    thread: UUID
    record: Record
    home: str


class Register:
    """Makes the people whom offices enrol, and what they tell afterwards."""

    def __init__(self, offices: Offices, maker: Maker, cases: Cases) -> None:
        """Know the offices, who makes people, and the dice of the cases."""
        self.offices = offices
        self.maker = maker
        self.cases = cases
        self.dice = cases.dice
        self._said: Mapping[str, Any] = world()["people"]
        self._homes = list(offices.townships)
        self._draws = [each.draws for each in offices.townships.values()]
        self._remembered: dict[str, deque[Record]] = defaultdict(lambda: deque(maxlen=_REMEMBERED))
        #: By office and sex, the people who may come for a registration, the first enrolled first.
        self.neighbours: dict[tuple[str, str], deque[Neighbour]] = defaultdict(lambda: deque(maxlen=_WAITING))
        #: Enrolments of who was typed before, about which an office has to be asked: one person or two?
        self.doubtful: list[UUID] = []

    def enrol(self, office: Office, day: date, new_id: Callable[[], UUID]) -> Iterator[Step]:
        """Yield the enrolment of one person, how she is told what is free, and what she tells afterwards."""
        away = not self.cases.happens(self._said["at-home"])
        home = self._home_for(office.code) if away else office.code
        residence = office.code if away else self._residence_for(office.code)
        enrolled, arrived = new_id(), day - timedelta(days=self.dice.randint(1, _FIVE_YEARS))
        known = self._remembered[office.code]
        if known and self.cases.happens(self._said["twice"]):
            record = self.maker.retyped(self.dice.choice(known))
            self.doubtful.append(case_of(enrolled))
        else:
            record = self._record(office.code, home, day)
        fields = self._fields(record, home, residence, arrived)
        yield Step(day=day, office=office.code, kind="person.enrolled", id=enrolled, fields=fields)
        thread = case_of(enrolled)
        yield from self._told(office, day, thread)
        if away and self._is_of_age(record, day):
            here = Neighbour(thread=thread, record=record, home=home)
            self.neighbours[office.code, record.sex or ""].append(here)
        yield from self._afterwards(office, day, thread)

    def stranger(self, office: Office, day: date, sex: str, *, home: str = "") -> Party:
        """Return somebody who comes to an office and is not in its register."""
        home = home or self._home_for(office.code)
        days = self.dice.randint(_COUPLE[0] * _YEAR, _COUPLE[1] * _YEAR)
        record = self.maker.person(county=home[:6], born=day - timedelta(days=days), sex=sex)
        return Party(record=record, home=home)

    def _record(self, office: str, home: str, day: date) -> Record:
        """Return a new person; now and then a namesake of another."""
        remembered = self._remembered[office]
        ages = _WORKING if self.cases.happens(self._said["working-age"]) else _OLD
        days = self.dice.randint(ages[0] * _YEAR, ages[1] * _YEAR)
        record = self.maker.person(county=home[:6], born=day - timedelta(days=days))
        alike = [each for each in remembered if each.sex == record.sex]
        if alike and self.cases.happens(self._said["namesakes"]):
            record = replace(record, name=self.dice.choice(alike).name)
        remembered.append(record)
        return record

    def _fields(self, record: Record, home: str, residence: str, arrived: date) -> dict[str, object]:
        fields: dict[str, object] = {
            "ground": self.cases.one_of(self._said["grounds"]),
            "name": record.name,
            "identity_number": record.identity_number,
            "sex": record.sex,
            "birth_on": record.birth_on.isoformat() if record.birth_on else "",
            "home": home,
            "residence": residence,
            "reason": self.cases.one_of(self._said["reasons"]),
        }
        if self.cases.happens(self._said["phone"]):
            fields["phone"] = record.phone
        if self.cases.happens(self._said["address"]):
            fields["residence_address"] = self._address()
        if self.cases.happens(self._said["arrived"]):
            fields["arrived_on"] = arrived.isoformat()
        return fields

    def _address(self) -> str:
        road, number = self.dice.choice(self._said["roads"]), self.dice.randint(1, 260)
        return f"{road}{number}号{self.dice.randint(1, 12)}栋{self.dice.randint(1, 9)}0{self.dice.randint(1, 6)}房"

    def _told(self, office: Office, day: date, thread: UUID) -> Iterator[Step]:
        """Yield how she is told what is free: at the counter, some sessions later, or never."""
        channel: str | None = "in-person"
        told: date | None = day
        if not self.cases.happens(office.habit.tells):
            channel = self.cases.one_of(self._said["channels"])
            told = office.session(day + timedelta(days=self.dice.randint(3, 40)))
            if self.cases.happens(office.habit.forgets / (1 - office.habit.tells)):
                told = None
        if told:
            fields = {"channel": channel}
            yield Step(day=told, office=office.code, kind="entitlements.told", thread=thread, fields=fields)

    def _afterwards(self, office: Office, day: date, thread: UUID) -> Iterator[Step]:
        """Yield what she tells some day later, if anything: another residence, another phone, that she left or wants out."""
        fate = self.dice.random()
        rest = max(_SETTLED, (self.offices.last - day).days)
        told = office.session(day + timedelta(days=self.dice.randint(_SETTLED, rest)))
        if told is None:
            return
        said_of = told - timedelta(days=self.dice.randint(1, _SAID_WITHIN))
        changes: tuple[tuple[str, str, dict[str, object]], ...] = (
            ("moved", "stay.began", {"residence": self._near(office.code), "arrived_on": said_of.isoformat(), "reason": "work"}),
            ("left", "stay.ended", {"left_on": said_of.isoformat()}),
            ("new-phone", "person.updated", {"phone": self.maker.other_phone("")}),
            ("ended", "enrolment.ended", {"because": self.cases.one_of(self._said["ends"])}),
        )  # fmt: skip
        for share, kind, fields in changes:
            fate -= self._said[share]
            if fate < 0:
                yield Step(day=told, office=office.code, kind=kind, thread=thread, fields=fields)
                return

    def _home_for(self, residence: str) -> str:
        """Return a township away from a residence, mostly in another province, mostly on the system."""
        if self.cases.happens(world()["outside"]["away"]):
            return self._elsewhere(residence, self.offices.outside)
        return self._elsewhere(residence, self._homes)

    def _elsewhere(self, place: str, among: Any) -> str:  # noqa: ANN401  # a list or a tuple of codes
        while True:
            found: str = self.dice.choice(among)
            if found[:6] != place[:6]:
                return found

    def _residence_for(self, home: str) -> str:
        """Return where somebody lives who is registered here: by how many each place draws."""
        while True:
            [found] = self.dice.choices(self._homes, self._draws)
            if found[:6] != home[:6]:
                return found

    def _near(self, place: str) -> str:
        near = [each for each in self.offices.outside if each[:6] == place[:6]]
        return self.dice.choice(near or self._homes)

    def _is_of_age(self, record: Record, day: date) -> bool:
        if record.birth_on is None:
            return False
        return _COUPLE[0] * _YEAR <= (day - record.birth_on).days <= _COUPLE[1] * _YEAR
