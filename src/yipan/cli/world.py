"""The demo's world, played: a year of many offices in five provinces, day by day, up to this moment.

Everything goes through the verbs that the pages use, at the moment of its own day; each Friday the
sweep runs. The dice and the ids come from a seed, so that a play that was stopped is taken up where it ended.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import partial
from itertools import islice
from operator import itemgetter
from random import Random
from time import monotonic
from typing import TYPE_CHECKING, Final
from uuid import UUID, uuid5
from zlib import crc32

from yipan.cli.console import SHANGHAI
from yipan.cli.story import Story
from yipan.cli.worldcases import Cases, Party, Step, spread
from yipan.cli.worlddesks import ACCOUNTS, Desks
from yipan.cli.worldhands import Hands, Job, hurry
from yipan.cli.worldoffices import Offices, world
from yipan.cli.worldpeople import Maker
from yipan.cli.worldregister import Neighbour, Register
from yipan.duties.draft import Draft
from yipan.duties.lawbook import lawbook
from yipan.duties.queries import duties_of
from yipan.duties.sweep import sweep

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from yipan.cli.story import Told
    from yipan.cli.worldoffices import Office

_SEED: Final = 2026
_NAMESPACE: Final = UUID("3e0d3c1a-9f0b-5b45-8a55-0c4f1f6f2d11")
_YEAR: Final = timedelta(days=365)
_DAY: Final = timedelta(days=1)
_FRIDAY: Final = 5
#: Offices open before the first day begins; the sweep runs after office hours.
_OPENED, _AFTER = time(8), time(18)
#: How many people an office enrols between two looks at what they planned: a million fit into no memory at once.
_AT_ONCE: Final = 900
#: For so many seconds nothing is said at most: a first month of half a million enrolments takes minutes.
_QUIET: Final = 15.0
#: How many bits of an id are behind its time and its place in that millisecond.
_RANDOM_BITS, _PLACES = 62, 1 << 12
_SILENCE: Final = "county-sees-silence"


@dataclass(kw_only=True)
class Tally:
    """What has been played so far."""

    people: int = 0
    cases: int = 0
    events: int = 0
    duties: int = 0
    lapsed: int = 0

    def note(self, events: int, duties: int) -> None:
        """Add what was recorded, now or in a play that was stopped, and the duties that it opened."""
        self.events += events
        self.duties += duties


@dataclass(kw_only=True)
class Ids:
    """Ids of events: of their moment, in the order they were asked for, and the same in every play of one seed."""

    dice: Random
    given: int = 0

    def new(self, moment: datetime) -> UUID:
        """Return the next id."""
        self.given += 1
        milliseconds = int(moment.timestamp() * 1000) + self.given // _PLACES
        bits = self.dice.getrandbits(_RANDOM_BITS)
        return UUID(
            int=(milliseconds << 80) | (0x7 << 76) | (self.given % _PLACES << 64) | (0b10 << 62) | bits
        )


@dataclass(kw_only=True)
class World:
    """Plays a year that ends now."""

    now: datetime
    people: int
    cases: int
    say: Callable[[date, Tally], None]
    tally: Tally = field(default_factory=Tally)
    desks: Desks = field(default_factory=Desks)

    def __post_init__(self) -> None:
        """Make everybody ready; nothing is written yet."""
        self.first = (self.now - _YEAR).date()
        dice = Random(_SEED)  # noqa: S311  # a world that is the same again, not a secret
        self.offices = Offices(calendar=lawbook().calendar_at(None), first=self.first, last=self.now.date())
        self.maker = Maker(_SEED)
        self.plan = Cases(self.offices, dice)
        self.register = Register(self.offices, self.maker, self.plan)
        self.ids = Ids(dice=Random(_SEED + 1))  # noqa: S311  # the same
        self.story = Story(self.now.date(), self.desks)
        self._said_at = monotonic()
        self._todo: dict[date, dict[str, list[Step]]] = defaultdict(lambda: defaultdict(list))
        self._enrolments: Counter[tuple[date, str]] = Counter()
        self._beginnings: Counter[tuple[date, str]] = Counter()

    def play(self) -> None:
        """Play every day of the year, and sweep at the end."""
        hurry(on=True)
        everybody = {each.code: each for each in self.offices.everybody()}
        places = [*everybody, *(each.office for each in ACCOUNTS if each.office not in everybody)]
        self.desks.staff(places, self.first - _DAY, self.maker)
        self._open(places)
        self._share_out()
        self.hands = Hands(self.tally.note)
        try:
            self._play_days(everybody)
        finally:
            self.hands.leave()
        # What follows says that all of it stands: it waits for the disk.
        hurry(on=False)
        self._sweep(self.now)
        self._tell(self.now.date())

    def _play_days(self, everybody: dict[str, Office]) -> None:
        told = list(self.story.steps())
        day = self.first
        while day <= self.now.date():
            for county in self.offices.counties.values():
                if county.session(day) == day and county.moment(day) <= self.now:
                    self._act_on_silence(county, day)
            self.hands.rest()
            alone = [*(each for each in told if each[0].date() == day), *self._sweeps(day)]
            self._play_day(day, self._at_work(everybody, day), alone)
            day += _DAY
            if day.day == 1:
                self._tell(day - _DAY)

    def _play_day(self, day: date, at_work: list[Office], alone: list[Told]) -> None:
        """Let the day run in the order of its moments; what is to happen alone parts those who work at once."""
        waiting: list[Office] = []
        turns: list[tuple[datetime, Office | Callable[[], object]]] = [
            *((office.moment(day), office) for office in at_work),
            *alone,
        ]
        for moment, turn in sorted(turns, key=itemgetter(0)):
            if moment > self.now:
                break
            if callable(turn):
                self._work(waiting, day)
                waiting.clear()
                turn()
            else:
                waiting.append(turn)
        self._work(waiting, day)

    def _tell(self, day: date, *, after: float = 0.0) -> None:
        """Say how far the play has come, when the last word is so many seconds old."""
        if monotonic() - self._said_at >= after:
            self._said_at = monotonic()
            self.say(day, self.tally)

    def _open(self, places: Sequence[str]) -> None:
        moment = datetime.combine(self.first, _OPENED, tzinfo=SHANGHAI)
        for office in places:
            opening = Draft(kind="office.opened", id=uuid5(_NAMESPACE, f"open {office}"))
            self.desks.open(office, moment, opening)

    # -------------------------------------------------------------------------- sharing out

    def _share_out(self) -> None:
        """Say which office enrols how many on which day, where cases begin, and what each month asks of it."""
        townships = list(self.offices.townships.values())
        for office, count in zip(
            townships, spread(self.people, [each.draws for each in townships]), strict=True
        ):
            self._share_people(office, count)
        consulted = round(self.cases * world()["cases"]["consultations"])
        counties = list(self.offices.counties.values())
        for listed, count in ((townships, self.cases - consulted), (counties, consulted)):
            weights = [each.draws or 1 for each in listed]
            for office, here in zip(listed, spread(count, weights), strict=True):
                for day in self.plan.dice.choices(office.days, k=here) if office.days else ():
                    self._beginnings[day, office.code] += 1
        for office in (*townships, *self.offices.departments.values()):
            self._share_months(office)
        for office in (*townships, *counties):
            for step in self._publications(office):
                self._todo[step.day][office.code].append(step)

    def _publications(self, office: Office) -> Iterator[Step]:
        """Yield what an office publishes in its first week: how it is reached, and a county its facility."""
        said, place = world()["public"], self.offices.name(office)
        if (day := office.session(self.first + _DAY)) is None:
            return
        for kind in ("contact.listed",) if office.draws else ("contact.listed", "facility.listed"):
            fields = {name: str(text).format(place=place) for name, text in said[kind].items()}
            yield Step(office=office.code, day=day, kind=kind, fields=fields)

    def _share_people(self, office: Office, count: int) -> None:
        first = round(count * world()["people"]["first"])
        firsts = [
            day
            for place, day in enumerate(office.days)
            if place == 0 or day.month != office.days[place - 1].month
        ]
        self._enrolments[firsts[0], office.code] += first
        for day, here in zip(firsts[1:], spread(count - first, [1.0] * len(firsts[1:])), strict=True):
            self._enrolments[day, office.code] += here

    def _share_months(self, office: Office) -> None:
        """Plan the township's meetings and head-counts, or the department's returns: in time, late or never."""
        month = self.first.replace(day=1)
        while month <= self.now.date():
            after = (month + timedelta(days=31)).replace(day=1)
            if month > self.first:
                for step in self._of_month(office, month, after):
                    self._todo[step.day][office.code].append(step)
            month = after

    def _of_month(self, office: Office, month: date, after: date) -> Iterator[Step]:
        chance, dice = self.plan.happens, self.plan.dice
        step = partial(Step, office=office.code)
        in_time = chance(office.habit.meets)
        if ":" in office.code:
            # The return of a month is due by the third of the next.
            sent = self.offices.after(after - _DAY, 1 if in_time else dice.randint(4, 15))
            if in_time or not chance(office.habit.silent):
                content = "counts" if chance(0.7) else "nil"
                yield step(
                    day=sent,
                    kind="department-return.sent",
                    fields={"period": f"{month:%Y-%m}", "content": content},
                )
            return
        met = office.session(month + timedelta(days=dice.randint(3, 20)) if in_time else after)
        if met and (in_time or not chance(office.habit.silent)):
            yield step(day=met, kind="township-meeting.held", fields={"period": f"{month:%Y-%m}"})
        counted = office.session(after)
        if counted:
            few, many = world()["head-counts"]
            fields = {"period": f"{month:%Y-%m}", "township": office.code, "people": dice.randint(few, many)}
            yield step(day=counted, kind="headcount.noted", fields=fields)

    # ------------------------------------------------------------------------------- a day

    def _sweeps(self, day: date) -> Iterator[Told]:
        if day.isoweekday() == _FRIDAY:
            moment = datetime.combine(day, _AFTER, tzinfo=SHANGHAI)
            yield moment, partial(self._sweep, moment)

    def _sweep(self, moment: datetime) -> None:
        self.tally.lapsed += sweep(moment).lapsed

    def _at_work(self, everybody: dict[str, Office], day: date) -> list[Office]:
        """Return the offices that have something to do on a day: by what is planned until now."""
        busy = {office for when, office in (*self._enrolments, *self._beginnings) if when == day}
        return [everybody[code] for code in sorted(busy | self._todo.get(day, {}).keys())]

    def _work(self, offices: Sequence[Office], day: date) -> None:
        """Let offices do what they do on a day: enrol who comes, then take in cases and work off what was planned."""
        self._enrol(offices, day)
        for office in offices:
            moment = office.moment(day)
            beginning = self._beginnings.pop((day, office.code), 0)
            if beginning and office.draws:
                self._begin_registrations(office, day, moment, beginning)
            elif beginning:
                self._begin_consultations(office, day, moment, beginning)
            self.tally.cases += beginning
            self._record(office, day, moment)
        self.hands.rest()

    def _enrol(self, offices: Sequence[Office], day: date) -> None:
        """Let offices enrol who comes, each a part in turn: who is typed twice is in the register by the second.

        They may come with a case at once, and are in the register by then too.
        """
        coming = {office.code: _in_parts(self._enrolments.pop((day, office.code), 0)) for office in offices}
        while True:
            parts = [(office, next(coming[office.code], 0)) for office in offices]
            for office, count in parts:
                moment = office.moment(day)
                for _ in range(count):
                    self._plan(self.register.enrol(office, day, partial(self.ids.new, moment)))
                self.tally.people += count
                if count:
                    self._record(office, day, moment)
                self._tell(day, after=_QUIET)
            self.hands.rest()
            if not any(count for _, count in parts):
                return

    def _plan(self, steps: Iterator[Step]) -> None:
        for step in steps:
            self._todo[step.day][step.office].append(step)

    def _record(self, office: Office, day: date, moment: datetime) -> None:
        steps = self._todo[day].pop(office.code, [])
        if not steps:
            return
        shown = sum(1 for each in steps if each.at)
        words = f"{office.code} {day}：当日签收单、传真页、通话记录和来信共{shown}份" if shown else ""
        drafts = [self._draft(each, moment) for each in steps]
        permit = self.desks.permit(office.code, moment)
        doubtful = tuple(self.register.doubtful)
        self.register.doubtful.clear()
        self.hands.do(Job(permit=permit, moment=moment, drafts=drafts, shown=words, doubtful=doubtful))

    def _draft(self, step: Step, moment: datetime) -> Draft:
        return Draft(
            kind=step.kind,
            fields=step.fields,
            id=step.id or self.ids.new(moment),
            thread=step.thread,
            at=step.at,
            on_behalf_of=step.on_behalf_of,
            persons=step.persons,
        )

    # ------------------------------------------------------------------------------- cases

    def _begin_registrations(self, desk: Office, day: date, moment: datetime, count: int) -> None:
        couples = [(self._comes(desk, day, "2"), self._comes(desk, day, "1")) for _ in range(count)]
        known = [each.thread for couple in couples for each in couple if isinstance(each, Neighbour)]
        subjects = self.desks.subjects(desk.code, moment, known) if known else {}
        for her, him in couples:
            first = _party(her, subjects)
            second = _party(him, subjects) if self.plan.happens(world()["cases"]["spouse"]) else None
            if second and second.home == first.home:
                # Two homes that are one would be asked twice: let him be from the next.
                second = self.register.stranger(desk, day, "1")
            if second and second.home == first.home:
                second = None
            self._plan(self.plan.registration(desk, day, self.ids.new(moment), first, second))

    def _comes(self, desk: Office, day: date, sex: str) -> Neighbour | Party:
        """Return who comes: somebody of this office's register, or somebody it has never seen."""
        known = self.plan.happens(world()["cases"]["known"])
        waiting = self.register.neighbours[desk.code, sex]
        return waiting.popleft() if known and waiting else self.register.stranger(desk, day, sex)

    def _begin_consultations(self, asker: Office, day: date, moment: datetime, count: int) -> None:
        others = [each for each in self.offices.counties.values() if each.province != asker.province]
        for consulted in self.plan.dice.choices(others, k=count):
            self._plan(self.plan.consultation(asker, day, self.ids.new(moment), consulted))

    def _act_on_silence(self, county: Office, day: date) -> None:
        """Let a county take up the silences on its list: each at once, or left lying for a while."""
        moment = county.moment(day)
        permit = self.desks.permit(county.code, moment)
        drafts = []
        for duty in duties_of(permit, moment, only="open"):
            fate = crc32(f"{duty.id} {day:%Y-%W}".encode()) / 2**32
            ours = (
                duty.rule == _SILENCE and duty.opened_at <= moment and duty.thread not in self.story.threads
            )
            if ours and fate < county.habit.acts:
                measure = "reminded" if fate < county.habit.acts / 2 else "helped"
                drafts.append(
                    Draft(
                        kind="silence.acted-on",
                        id=uuid5(_NAMESPACE, f"acts {duty.id}"),
                        thread=duty.thread,
                        fields={duty.party_role: duty.party, "measure": measure},
                    )
                )
        if drafts:
            self.hands.do(Job(permit=permit, moment=moment, drafts=drafts))


def _party(who: Neighbour | Party, subjects: dict[UUID, UUID]) -> Party:
    if isinstance(who, Party):
        return who
    return Party(record=who.record, home=who.home, subject=subjects.get(who.thread))


def _in_parts(count: int) -> Iterator[int]:
    """Yield `count` in parts that fit into memory."""
    counted = iter(range(count))
    while part := sum(1 for _ in islice(counted, _AT_ONCE)):
        yield part
