"""The world of the matrix: a couple's case across two provinces, everybody who might look at it, and what is whose.

She and he live in Jiangsu; her home is in Guizhou, his in Gansu. An officer of each role stands in an office of her own, or above it,
or at the other end, or nowhere near.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.test.utils import override_settings

from tests.duties.cast import Cast, at, permit, townships
from yipan.documents.certificate import held
from yipan.documents.verbs import issue
from yipan.duties.draft import Draft
from yipan.duties.founding import found
from yipan.duties.naming import new_id
from yipan.duties.record import record
from yipan.law.deadline import SHANGHAI
from yipan.offices.office import Organisation, lines_of
from yipan.offices.officer import Officer, post_new_officer
from yipan.offices.posting import take_leave
from yipan.offices.tokens import make_token
from yipan.registry import oversight, rosterdesk
from yipan.registry.glass import break_glass
from yipan.registry.importing import begin, read
from yipan.registry.matching import check_digit
from yipan.registry.ownaccess import give
from yipan.registry.ownsignin import permit_of, sign_in
from yipan.registry.ownview import read_own
from yipan.registry.register import record_drafts
from yipan.registry.sheets import open_roster
from yipan.web.mineacts import acts_in, slug_of

if TYPE_CHECKING:
    from uuid import UUID

NOW: Final = at("2026-03-29T10:00")
PASSWORD: Final = "a-long-password-for-the-matrix"  # noqa: S105  # opens nothing but the tests' own folder
#: Everybody in a cell, in the order of the columns: who, in which role, where.
OUT, PERSON = "out", "person"
ACTORS: Final = {
    "clerk": ("clerk", "residence"),
    "head": ("head", "residence"),
    "admin": ("system-administrator", "residence"),
    "village": ("village-worker", "village"),
    "party": ("clerk", "her_home"),
    "other": ("clerk", "his_home"),
    "home-county": ("county-officer", "home_county"),
    "county": ("county-officer", "county"),
    "supervisor": ("supervisor", "county"),
    "facility": ("facility", "hospital"),
    "department": ("department-data-officer", "police"),
    "city": ("city-officer", "city"),
    "auditor": ("auditor", "city"),
    "province": ("province-officer", "province"),
    "nation": ("nation-officer", "nation"),
    "data": ("data-officer", "nation"),
    "foreign": ("clerk", "foreign"),
    "foreign-county": ("county-officer", "foreign_county"),
}
COLUMNS: Final = (OUT, PERSON, *ACTORS)
#: What nobody else's answer may hold, by whom it is about.
HERS: Final = ("慕容映雪", "13912345601", "听雨巷七号")
HIS: Final = ("澹台云天", "看山路九号")
STRANGERS: Final = ("司徒雪峰", "13912345699")


def number(body: str) -> str:
    """Return an identity number with its check digit."""
    return body + check_digit(body)


HER_NUMBER: Final = number("52011419920315452")
HIS_NUMBER: Final = number("62010219901108321")
STRANGE_NUMBER: Final = number("11010119850505001")
SENTINELS: Final = {
    "hers": (*HERS, HER_NUMBER),
    "his": (*HIS, HIS_NUMBER),
    "strangers": (*STRANGERS, STRANGE_NUMBER),
}


@dataclass(kw_only=True)
class World:
    """Where everybody is, what there is to be looked at, and how each comes in."""

    offices: dict[str, str]
    #: The values of an address or a command, by the name under which the table asks for them.
    things: dict[str, str] = field(default_factory=dict)
    clients: dict[str, Client] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    account: Any = None

    def fresh(self, what: str) -> None:
        """Make a thing anew that was ended or given away when somebody before was allowed to."""
        own = permit(self.offices["residence"], NOW)
        if what == "fresh-roster":
            self.things[what] = _roster_of(self)
        elif what == "fresh-finished":
            intake = _uuid(_roster_of(self))
            rosterdesk.enter(own, intake, NOW, stated=True)
            rosterdesk.go_on(own, intake, lambda: NOW)
            self.things[what] = str(intake)
        elif what == "fresh-slip":
            self.things[what] = str(give(own, _uuid(self.things["person"]), "person", new_id(NOW), NOW).card)
        elif what == "fresh-enrolment":
            self.things[what] = _somebody(self.offices["residence"])
        elif what == "fresh-asked":
            fields = {"name": HERS[0], "wish": "first", "asked_by": "herself", "identity": "shown"}
            draft = Draft(kind="certificate.asked", fields=fields)
            home = permit(self.offices["her_home"], NOW)
            self.things[what] = str(record([draft], permit=home, clock=lambda: NOW).threads[0])
        elif what == "fresh-stranger":
            self.things[what] = _somebody(self.offices["foreign"])
        elif what == "fresh-own-slip":
            slip = give(own, _uuid(self.things["person"]), "person", new_id(NOW), NOW)
            self.things |= {what: slip.number, "code": slip.code}
        elif what.startswith(("fresh-officer", "fresh-away", "fresh-token", "fresh-name", "fresh-village")):
            self.things[what] = _fresh_account(self, what)
        else:
            raise KeyError(what)

    def office_of(self, actor: str) -> str:
        """Return where somebody is posted."""
        return self.offices[ACTORS[actor][1]] if actor in ACTORS else self.offices["residence"]

    def township_of(self, actor: str) -> str:
        """Return the township that somebody counts in: her own, or the desk's."""
        own = self.office_of(actor)
        elsewhere = {"foreign-county": self.offices["foreign"], "home-county": self.offices["her_home"]}
        elsewhere |= dict.fromkeys(("foreign", "party", "other"), own)
        return elsewhere.get(actor, self.offices["residence"])

    def client(self, actor: str) -> Client:
        """Return a browser in which somebody is signed in."""
        if actor not in self.clients:
            made = Client(SERVER_NAME="localhost", raise_request_exception=False)
            if actor == PERSON:
                made.force_login(self.account)
            elif actor != OUT:
                made.force_login(get_user_model().objects.get(username=account_of(actor)))
            self.clients[actor] = made
        return self.clients[actor]


def _fresh_account(world: World, what: str) -> str:
    """Make an officer of the desk of whom nobody else in the matrix depends; or a name, a code, for one to be."""
    number, office = next(_numbers), world.offices["residence"]
    if what == "fresh-name":
        return f"mx-new-{number}"
    if what == "fresh-village":
        return f"{office}{300 + number}"
    name = f"mx-one-{number}"
    made = post_new_officer(name, "何某", PASSWORD, office, "clerk", date(2026, 1, 1))
    if what == "fresh-away":
        today = datetime.now(SHANGHAI).date()
        head = Officer.objects.get(user__username=account_of("head"))
        with permit(office, NOW).in_force():
            take_leave(made, office, head, today, today + timedelta(days=3))
    if what == "fresh-token":
        moment = datetime.now(SHANGHAI)
        until = moment + timedelta(days=20)
        return str(make_token(made, office, "matrix", until, moment, by=made).token.id)
    return name


def account_of(actor: str) -> str:
    """Return the account of somebody."""
    return f"mx-{actor}"


def standing_still() -> override_settings:
    """Return settings for this world: its clock stands still, and its passwords, with which nobody signs in, cost nothing."""
    cheap = ["django.contrib.auth.hashers.MD5PasswordHasher", "tests.matrix.cheap.QuickArgon2"]
    return override_settings(CLOCK=lambda: NOW, PASSWORD_HASHERS=cheap)


def make_world() -> World:
    """Make it, once for a data folder."""
    cast = Cast(
        residence=townships("3201", "3202", 0), her_home=townships("5201", "5203", 0), his_home=townships("6201", "6203", 0),
        his_county="",
    )  # fmt: skip
    above = lines_of([cast.residence])[cast.residence]
    foreign = townships("1101", "1102", 0)
    offices = {
        "residence": cast.residence, "her_home": cast.her_home, "county": above["county"], "city": above["city"],
        "province": above["province"], "nation": "00", "foreign": foreign,
        "foreign_county": str(Organisation.objects.get(id=foreign).supervisor_id),
        "hospital": f"{above['county']}:hospital", "police": f"{above['county']}:police",
        "village": _village(cast.residence, above["county"]),
        "his_home": cast.his_home, "home_county": lines_of([cast.her_home])[cast.her_home]["county"],
    }  # fmt: skip
    things = {
        "residence": cast.residence, "her_home": cast.her_home, "his_home": cast.his_home, "password": PASSWORD,
        "new-password": f"{PASSWORD}-2", "police": offices["police"],
    }  # fmt: skip
    world = World(offices=offices, things=things)
    _post(world)
    _story(world, cast)
    _register(world)
    _certificate(world, cast)
    _roster(world)
    _audit(world)
    _person(world)
    _api(world)
    return world


def _village(township: str, county: str) -> str:
    moment = NOW - timedelta(days=40)
    code = f"{township}201"
    if not Organisation.objects.filter(id=code).exists():
        deciding = permit(county, moment, "supervisor")
        found(code, "听雨村", permit=deciding, clock=lambda: moment, above=township)
    return code


def _post(world: World) -> None:
    for actor, (role, where) in ACTORS.items():
        post_new_officer(account_of(actor), actor, PASSWORD, world.offices[where], role, date(2026, 1, 1))


def _story(world: World, cast: Cast) -> None:
    cast.open_offices()
    cast.ask(
        her_name=HERS[0], his_name=HIS[0], her_identity_number=HER_NUMBER, his_identity_number=HIS_NUMBER,
    )  # fmt: skip
    cast.step(cast.residence, "birth-registration.entered", "2026-03-02T11:00")
    asked = cast.step(
        cast.residence, "verification.asked", "2026-03-03T09:00", her_home=cast.her_home, channel="system",
        her_points=f"她住{HERS[2]}",
    )  # fmt: skip
    cast.step(
        cast.residence, "verification.asked", "2026-03-03T09:05", his_home=cast.his_home, channel="letter",
        his_points=f"他住{HIS[1]}",
    )  # fmt: skip
    world.things |= {"case": str(cast.thread), "letter": str(asked.events[0])}


def _enrol(office: str, name: str, its: str, phone: str, address: str) -> UUID:
    moment = at("2026-03-01T09:00")
    fields = {
        "ground": "at-the-counter", "name": name, "identity_number": its, "phone": phone, "home_address": address,
    }  # fmt: skip
    draft = Draft(kind="person.enrolled", fields=fields)
    return record_drafts([draft], permit=permit(office, moment), clock=lambda: moment).threads[0]


_numbers = itertools.count(1)
_bodies = (f"110101199001{day:02d}{place:03d}" for day in range(1, 29) for place in range(1000))


def _somebody(office: str) -> str:
    """Enrol somebody new, of whom nothing else is known."""
    return str(_enrol(office, "尉迟无名", number(next(_bodies)), "", ""))


def _register(world: World) -> None:
    own = world.offices["residence"]
    world.things["person"] = str(_enrol(own, HERS[0], HER_NUMBER, HERS[1], HERS[2]))
    world.things["other"] = str(_enrol(own, HIS[0], HIS_NUMBER, "", HIS[1]))
    begun = {
        "her_name": "尉迟甲", "his_name": "尉迟乙", "her_home": world.things["her_home"], "papers": "complete",
        "his_home": world.things["his_home"],
    } | dict.fromkeys(("her_agrees_verify", "her_agrees_notice", "his_agrees_verify", "his_agrees_notice"), False)  # fmt: skip
    by = replace(permit(world.offices["foreign"], NOW), officer=account_of("foreign"))
    record([Draft(kind="birth-registration.asked", fields=begun)], permit=by, clock=lambda: NOW)
    world.things["far"] = _somebody(townships("6101", "6102", 0))
    world.things["stranger"] = str(
        _enrol(world.offices["foreign"], STRANGERS[0], STRANGE_NUMBER, STRANGERS[1], "")
    )


def _certificate(world: World, cast: Cast) -> None:
    home = cast.her_home
    said: dict[str, Any] = {"name": HERS[0], "wish": "first", "asked_by": "herself", "identity": "shown"}
    thread = cast.act(home, "certificate.asked", "2026-03-02T10:00", **said).threads[0]
    moment = at("2026-03-02T11:00")
    entries = (new_id(moment), new_id(moment))
    issue(permit(home, moment), thread, name=HERS[0], way="counter", entries=entries, as_of=None, now=moment)
    one = held(permit(home, moment), thread, moment.date())[0]
    world.things |= {
        "certificate": str(thread), "paper": str(one.id), "number": one.statement.number,
    }  # fmt: skip


def _roster(world: World) -> None:
    world.things["roster"] = _roster_of(world)


def _roster_of(world: World) -> str:
    rows = f"姓名,公民身份号码,同意登记\n{HIS[0]},{HIS_NUMBER},是\n"
    acting = permit(world.offices["residence"], NOW)
    roster = open_roster(rows.encode(), "matrix.csv")
    intake = begin(acting, roster, NOW, wait=True)
    read(acting, intake, roster, world.offices["residence"])
    return str(intake)


def _audit(world: World) -> None:
    county = permit(world.offices["foreign_county"], NOW, "county-officer")
    by = account_of("foreign-county")
    acting = replace(county, officer=by)
    glass = break_glass(
        acting,
        thread=_uuid(world.things["person"]),
        because="danger",
        reason="本人在我处晕倒，需要核对身份",
        now=NOW,
    )
    own = permit(world.offices["residence"], NOW)
    from yipan.registry.people import read_person  # noqa: PLC0415  # once

    read_person(own, _uuid(world.things["person"]), NOW)
    auditor = replace(permit(world.offices["city"], NOW, "auditor"), officer=account_of("auditor"))
    with own.in_force(), connection.cursor() as cursor:
        cursor.execute("SELECT max(id) FROM registry_read WHERE organisation = %s", [own.organisation])
        [entry] = cursor.fetchone()
    question = oversight.ask(auditor, "read", str(entry), "请说明这次查看", NOW)
    world.things |= {"glass": str(glass), "question": str(question), "look": str(entry)}


def _person(world: World) -> None:
    own = permit(world.offices["residence"], NOW)
    thread = _uuid(world.things["person"])
    slip = give(own, thread, "person", new_id(NOW), NOW)
    world.account = sign_in(slip.number, slip.code, "198.51.100.77", NOW).user
    world.things["card"] = str(slip.card)
    person = permit_of(world.account, NOW)
    assert person
    [matter] = read_own(person, NOW).matters
    world.things |= {"act": slug_of("booking.asked"), "act-in": acts_in(matter)[0].href.rpartition("/")[2]}


def _api(world: World) -> None:
    until: datetime = NOW + timedelta(days=20)
    for actor in ACTORS:
        officer = Officer.objects.get(user__username=account_of(actor))
        made = make_token(officer, world.office_of(actor), "matrix", until, NOW, by=officer)
        world.tokens[actor] = made.secret


def _uuid(text: str) -> UUID:
    from uuid import UUID  # noqa: PLC0415  # for types alone elsewhere

    return UUID(text)
