"""The cases of the demo's world: who asks for what, and what each office does about it on which day, if it does.

A case is planned whole when it begins; what would happen after today has not happened. Pure but for the dice.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from yipan.cli.console import SHANGHAI
from yipan.cli.worldoffices import world
from yipan.duties.naming import case_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from random import Random
    from uuid import UUID

    from yipan.cli.worldoffices import Office, Offices
    from yipan.registry.matching import Record

_POINTS: Final = "请核实姓名和公民身份号码"
_DIFFERS: Final = "姓名用字与我处存档不同，请本人核对"
#: Within so many working days a person whom nobody could make out comes back with a promise.
_BACK_WITHIN: Final = (3, 15)
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """What an office records on a day. `at` is an earlier moment, for which there is evidence."""

    day: date
    office: str
    kind: str
    fields: Mapping[str, object] = field(default_factory=dict)
    thread: UUID | None = None
    id: UUID | None = None
    at: datetime | None = None
    on_behalf_of: str = ""
    persons: Mapping[str, UUID] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Party:
    """One of a couple: who it is, where registered, and whom that means where she is in the register already."""

    record: Record
    home: str
    subject: UUID | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class _Side:
    """A party of a registration in its part: `her` or `his`, and what she or he agreed to."""

    whose: str
    party: Party
    verify: bool
    notice: bool

    @property
    def role(self) -> str:
        return f"{self.whose}_home"

    @property
    def subject(self) -> str:
        return "her" if self.whose == "her" else "him"

    def who(self) -> dict[str, object]:
        """Return the fields that say who it is."""
        record = self.party.record
        return {f"{self.whose}_name": record.name, f"{self.whose}_identity_number": record.identity_number}

    def agrees(self) -> dict[str, object]:
        """Return what was answered when it was asked what may be done."""
        return {
            f"{self.whose}_agrees_verify": self.verify,
            f"{self.whose}_agrees_notice": self.notice,
        }


class Cases:
    """Plans cases."""

    def __init__(self, offices: Offices, dice: Random) -> None:
        """Know who may act, and throw these dice."""
        self.offices = offices
        self.dice = dice
        self._said: Mapping[str, Any] = world()["cases"]
        self._outside: Mapping[str, Any] = world()["outside"]

    def registration(
        self, desk: Office, day: date, first: UUID, her: Party, him: Party | None
    ) -> Iterator[Step]:
        """Yield all steps of a couple's registration, or of hers alone; `first` is the id of the entry that begins it."""
        sides = [self._side("her", her), *([self._side("his", him)] if him else [])]
        step = partial(Step, office=desk.code, thread=case_of(first))
        papers = self.one_of(self._said["papers"])
        fields: dict[str, object] = {"papers": papers}
        for side in sides:
            fields |= {side.role: side.party.home} | side.who() | side.agrees()
        if her.record.phone:
            fields["her_phone"] = her.record.phone
        known = {side.subject: side.party.subject for side in sides if side.party.subject}
        yield Step(
            day=day,
            office=desk.code,
            kind="birth-registration.asked",
            id=first,
            fields=fields,
            persons=known,
        )
        entered = yield from self._entered(desk, day, step, papers)
        for side in sides:
            if side.verify:
                yield from self._verified(desk, day, step, side)
            if side.notice and entered:
                yield from self._notified(desk, entered, step, side)

    def consultation(self, asker: Office, day: date, first: UUID, consulted: Office) -> Iterator[Step]:
        """Yield the question of a county to another on a matter that a person raised, and the answer."""
        fields = {
            "consulted": consulted.code,
            "channel": "system",
            "matter": self.dice.choice(self._said["matters"]),
        }
        yield Step(day=day, office=asker.code, kind="consultation.asked", id=first, fields=fields)
        answered = self._answers(consulted, day)
        if answered:
            yield Step(
                day=answered,
                office=consulted.code,
                kind="consultation.answered",
                thread=case_of(first),
                fields={"answer": self.dice.choice(self._said["answers"])},
            )

    def _side(self, whose: str, party: Party) -> _Side:
        verify, notice = self.happens(self._said["verify"]), self.happens(self._said["notice"])
        return _Side(whose=whose, party=party, verify=verify, notice=notice)

    def _entered(self, desk: Office, day: date, step: Steps, papers: str) -> StepsThenDay:
        """Yield the registration itself, and return on which day it was; None when it is not yet."""
        entered: date | None = day
        if papers == "unidentified":
            yield step(
                day=day,
                kind="birth-registration.deferred",
                fields={"reason": "身份证件与本人不能对应；可由本街道向签发机关代查，或由本人书面承诺"},
            )
            entered = desk.session(self.offices.after(day, self.dice.randint(*_BACK_WITHIN)))
            if entered:
                yield step(
                    day=entered, kind="birth-registration.papers-completed", fields={"papers": "promise"}
                )
        elif self.happens(desk.habit.late):
            entered = desk.session(day + _DAY)
        if entered:
            number = f"〔{entered.year}〕{self.dice.randint(1, 999)}号"
            yield step(day=entered, kind="birth-registration.entered", fields={"form_number": number})
        return entered

    def _verified(self, desk: Office, day: date, step: Steps, side: _Side) -> Iterator[Step]:
        """Yield the question to a home office and what comes of it."""
        asked = desk.session(self.offices.after(day, self.dice.randint(*desk.habit.asks)))
        if asked is None:
            return
        home = self.offices.townships.get(side.party.home)
        channel = "system" if home else self.one_of(self._outside["channels"])
        fields = {
            side.role: side.party.home,
            "channel": channel,
            **side.who(),
            f"{side.whose}_points": _POINTS,
        }
        yield step(day=asked, kind="verification.asked", fields=fields)
        said = {side.role: side.party.home, "result": self.one_of(self._said["confirmed"])}
        if said["result"] == "differs":
            said[f"{side.whose}_remark"] = _DIFFERS
        if home is None:
            yield from self._by_letter(desk, asked, step, side, said | {"channel": channel})
        elif answered := self._answers(home, asked):
            yield step(day=answered, office=home.code, kind="verification.answered", fields=said)

    def _by_letter(
        self, desk: Office, asked: date, step: Steps, side: _Side, said: Mapping[str, object]
    ) -> Iterator[Step]:
        """Yield the arrival at a home that is not on the system, and its answer, both noted by the desk.

        `said` is what it answers, with the channel by which it was asked.
        """
        arrived = self.offices.after(asked, self.dice.randint(*self._outside["arrives"]))
        noted = desk.session(arrived + _DAY)
        if noted is None:
            return
        yield step(
            day=noted,
            kind="verification.arrived",
            at=_at(arrived, self.dice.randint(9, 16)),
            fields={name: said[name] for name in (side.role, "channel")},
        )
        if self.happens(self._outside["silent"]):
            return
        answered = self.offices.after(arrived, self.dice.randint(*self._outside["answers"]))
        received = desk.session(max(answered + _DAY, noted + _DAY))
        if received:
            yield step(
                day=received,
                kind="verification.answered",
                at=_at(answered, self.dice.randint(9, 16)),
                on_behalf_of=side.party.home,
                fields={name: value for name, value in said.items() if name != "channel"},
            )

    def _notified(self, desk: Office, entered: date, step: Steps, side: _Side) -> Iterator[Step]:
        day = desk.session(self.offices.after(entered, self.dice.randint(*desk.habit.asks)))
        if day and not self.happens(desk.habit.silent):
            channel = "system" if side.party.home in self.offices.townships else "letter"
            fields = {side.role: side.party.home, "channel": channel}
            yield step(day=day, kind="birth-registration.home-notified", fields=fields)

    def _answers(self, office: Office, asked: date) -> date | None:
        """Return when an office answers what it was asked on a day; None for never or not yet."""
        days = self.dice.randint(*office.habit.answers)
        if self.happens(office.habit.silent):
            return None
        return office.session(self.offices.after(asked, days))

    def happens(self, share: float) -> bool:
        """Tell whether what happens to this share happens now."""
        return self.dice.random() < share

    def one_of(self, shares: Mapping[str, float]) -> str:
        """Return one of the keys, by their shares."""
        return self.dice.choices(list(shares), list(shares.values()))[0]


def spread(count: int, weights: Sequence[float]) -> list[int]:
    """Return how many of `count` fall to each weight; together they are all of them."""
    found, whole, upto, given = [], sum(weights), 0.0, 0
    for weight in weights:
        upto += weight
        here = round(count * upto / whole) - given if whole else 0
        given += here
        found.append(here)
    return found


def _at(day: date, hour: int) -> datetime:
    return datetime.combine(day, time(hour), tzinfo=SHANGHAI)


if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    Steps = Callable[..., Step]
    StepsThenDay = Generator[Step, None, date | None]
