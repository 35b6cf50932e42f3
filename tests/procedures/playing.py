"""Plays a procedure through one door: the pages as a clerk fills them in, or the commands as a program types them."""

from __future__ import annotations

import itertools
import json
import shutil
import sys
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final, Protocol
from urllib.parse import urlsplit
from uuid import UUID

import yaml
from click.testing import CliRunner
from django.contrib.auth import get_user_model
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.duties.cast import at, permit
from tests.procedures.forms import Form, Page
from yipan.database import rule_packs
from yipan.duties.adopting import adopt
from yipan.duties.draft import Draft
from yipan.duties.founding import found
from yipan.duties.queries import duties_of
from yipan.duties.record import record
from yipan.duties.sweep import bring_up
from yipan.law.fold import OPEN
from yipan.offices.office import Organisation, lines_of
from yipan.offices.officer import post_new_officer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    import pytest

    from tests.procedures.reading import Procedure, Step

#: When the offices open, and when a procedure begins: a Monday, with a year, a quarter and months that have turned between.
OPENING: Final = at("2025-12-20T09:00")
BEGINS: Final = at("2026-03-02T10:00")
#: Nobody signs in with a password here.
HASHERS: Final = ["django.contrib.auth.hashers.MD5PasswordHasher"]
#: Where each door finds its offices, and the ones in another province: in no other test of the same house.
PLACES: Final = {"page": ("65", "53"), "command": ("15", "23")}
PAPER: Final = ("回执.txt", "挂号信回执".encode())
_ROLES: Final = {
    "village": "village-worker", "township": "clerk", "county": "county-officer", "city": "city-officer",
    "province": "province-officer", "nation": "nation-officer",
}  # fmt: skip
#: What an office owes at regular times, and the ledgers it promises: of these packs, for the offices of these tests alone.
_REGULAR: Final = ("deployment/periodic-promise", "deployment/ledger-promise")


@dataclass
class _Clock:
    """The moment of the procedure that is played."""

    now: datetime = BEGINS

    def __call__(self) -> datetime:
        """Return it."""
        return self.now


CLOCK: Final = _Clock()


def promise_regular_work(folder: Path) -> None:
    """Adopt the regular duties of the deployment packs for the offices of these tests, and for nobody else."""
    own = folder / "test" / "regular-work"
    (own / "rules").mkdir(parents=True)
    head = {
        "pack": own.name, "title": {"zh": "按期工作", "en": "Regular work"}, "authority": "test",
        "scope": sorted(each for both in PLACES.values() for each in both), "from": date(2021, 9, 26),
    }  # fmt: skip
    (own / "pack.yaml").write_text(yaml.safe_dump(head, allow_unicode=True), "utf-8")
    for pack in _REGULAR:
        for path in sorted((rule_packs() / pack / "rules").glob("*.yaml")):
            shutil.copy(path, own / "rules" / f"{pack.rpartition('/')[2]}-{path.name}")
    for each in ("yipan/base", "yipan/casework"):
        (folder / each).parent.mkdir(exist_ok=True)
        (folder / each).symlink_to(rule_packs() / each)
    adopt([own.name], root=folder, permit=permit("00", OPENING, "data-officer"), now=OPENING)


class Door(Protocol):
    """How a step is taken, and what is shown to be owed."""

    name: str

    def take(self, stage: Stage, step: Step, office: str, said: Mapping[str, str]) -> UUID:
        """Record a step as an office and return the case it went to."""
        ...

    def owed(self, stage: Stage, office: str, case: UUID) -> dict[str, str]:
        """Return what an office owes in a case, by rule, and how it stands."""
        ...


@dataclass(kw_only=True)
class Stage:
    """The offices of one procedure, its cases, and the files it needs."""

    offices: dict[str, str]
    folder: Path
    cases: dict[str, UUID] = field(default_factory=dict)
    accounts: dict[tuple[str, str], str] = field(default_factory=dict)

    def said(self, step: Step) -> dict[str, str]:
        """Return what is typed: `$home` is the office that plays home, `{month}` the month at hand."""
        words = self.words()
        found = {name: self.office(value).format(**words) for name, value in step.say.items()}
        return found | {name: str(self.cases[label]) for name, label in step.other.items()}

    def office(self, text: str) -> str:
        """Return the code of the office that a part means; any other text as it is."""
        return self.offices[text[1:]] if text.startswith("$") else text

    @staticmethod
    def words() -> dict[str, str]:
        """Return the periods at hand."""
        now = CLOCK.now
        return {
            "month": f"{now:%Y-%m}", "year": str(now.year), "quarter": f"{now.year}-Q{(now.month + 2) // 3}",
            "half": f"{now.year}-H{1 if now.month <= 6 else 2}", "last_month": f"{now:%Y}-{now.month - 1:02d}",
            "last_year": str(now.year - 1), "last_quarter": f"{now.year - 1}-Q4", "today": f"{now:%Y-%m-%d}",
        }  # fmt: skip

    def account(self, office: str, role: str) -> str:
        """Return the account of somebody with a post there."""
        if (office, role) not in self.accounts:
            where = Organisation.objects.get(id=office)
            fitting = {"hospital": "facility", "health": _ROLES[where.level]}.get(where.kind)
            wanted = (
                role
                or fitting
                or ("village-worker" if where.level == "village" else "department-data-officer")
            )
            name = f"pr-{next(_accounts)}"
            post_new_officer(name, "何静", "no-password", office, wanted, date(2025, 1, 1))
            self.accounts[office, role] = name
        return self.accounts[office, role]


_accounts = itertools.count(1)


def play(procedure: Procedure, door: Door, folder: Path) -> None:
    """Play a procedure and hold what every office owes against what it says."""
    CLOCK.now = BEGINS
    stage = Stage(offices=_offices(procedure, *PLACES[door.name]), folder=folder)
    for part in procedure.opened:
        _open(stage.offices[part])
    for step in procedure.steps:
        if step.wait:
            CLOCK.now = at(step.wait)
            for office in stage.offices.values():
                bring_up(office, CLOCK.now)
            continue
        # Of two entries one came first.
        CLOCK.now = CLOCK.now.replace(microsecond=(CLOCK.now.microsecond + 1000) % 1_000_000)
        stage.cases[step.case] = door.take(stage, step, stage.offices[step.by], stage.said(step))
        _hold(stage, door, step.case, step.owes, f"{procedure.name}: {step.kind}")
    for label, owes in procedure.then.items():
        _hold(stage, door, label, owes, procedure.name)


def _hold(stage: Stage, door: Door, label: str, owes: Mapping[str, Mapping[str, str]], where: str) -> None:
    for part, wanted in owes.items():
        found = door.owed(stage, stage.offices[part], stage.cases[label])
        if any(" " in name for name in wanted):
            # The case of a year holds all that the year asks of the office: only what is named is meant.
            found = {name: found.get(name, "") for name in wanted}
        assert found == dict(wanted), f"{where}, {door.name}, {part}: {found}"


def _open(office: str) -> None:
    """Put an office on the system at the end of last year, and turn for it what has turned since."""
    record([Draft(kind="office.opened")], permit=permit(office, OPENING), clock=lambda: OPENING)
    bring_up(office, BEGINS)


_townships: dict[str, Iterator[str]] = {}


def _township(province: str) -> str:
    """Return a township in a county that no other procedure has used."""
    if province not in _townships:
        rows = Organisation.objects.filter(
            level="township", kind="health", id__startswith=province, supervisor__level="county"
        ).order_by("id").values_list("id", "supervisor_id")  # fmt: skip
        first: dict[str, str] = {}
        for own, county in rows:
            first.setdefault(str(county), str(own))
        _townships[province] = iter(first.values())
    return next(_townships[province])


def a_township(door: str) -> str:
    """Return a township that no other test has used, where a door finds its offices."""
    return _township(PLACES[door][0])


def _offices(procedure: Procedure, here: str, there: str) -> dict[str, str]:
    """Return who plays which part: `township`, `township elsewhere`, `home county`, `home county:police`, `home village`."""
    made: dict[str, str] = {}
    for part, text in procedure.offices.items():
        if text in ("township", "township elsewhere"):
            made[part] = _township(here if text == "township" else there)
            continue
        below, _, rest = text.partition(" ")
        level, _, sort = rest.partition(":")
        line = lines_of([made[below]])[made[below]]
        if level == "village":
            made[part] = f"{made[below]}201"
            found(made[part], "某村", permit=permit(line["county"], OPENING, "supervisor"), clock=lambda: OPENING, above=made[below])  # fmt: skip
        elif level == "nation":
            made[part] = "00"
        else:
            made[part] = f"{line[level]}:{sort}" if sort else line[level]
    return made


class Pages:
    """The pages: the way in the case, the form, its boxes, what it leads to."""

    name = "page"

    def __init__(self) -> None:
        """Begin without anybody signed in."""
        self._clients: dict[str, Client] = {}

    def _client(self, account: str) -> Client:
        if account not in self._clients:
            made = Client(SERVER_NAME="localhost")
            made.force_login(get_user_model().objects.get(username=account))
            self._clients[account] = made
        return self._clients[account]

    def _read(self, client: Client, place: str) -> Page:
        answer = client.get(place)
        assert answer.status_code == 200, (place, answer.status_code, Page(answer.content).wrong)
        return Page(answer.content)

    def take(self, stage: Stage, step: Step, office: str, said: Mapping[str, str]) -> UUID:
        """Follow the way that the page offers, fill in the boxes of the form, send it, and see where it leads."""
        client = self._client(stage.account(office, step.role))
        place, shown = self._way(client, stage, step, office)
        typed = {**said, **_moment(step)}
        missing = typed.keys() - shown.boxes
        assert not missing, (
            f"{step.kind}: the form asks nothing of {sorted(missing)}; it asks {sorted(shown.boxes)}"
        )
        more = shown.boxes - typed.keys() - {"at", "at_time", "evidence"}
        assert not (step.only and more), f"{step.kind}: the form asks for {sorted(more)} too"
        for name, value in typed.items():
            assert name not in shown.choices or value in shown.choices[name], (step.kind, name, shown.choices)
        files = {"evidence": SimpleUploadedFile(*PAPER)} if step.paper or step.behalf else {}
        answer = client.post(place, {**shown.values, **typed, **files})
        assert answer.status_code == 302, (step.kind, Page(answer.content).wrong)
        return UUID(urlsplit(answer["Location"]).path.rpartition("/")[2])

    def _way(self, client: Client, stage: Stage, step: Step, office: str) -> tuple[str, Form]:
        """Return the form that a clerk would click for: on the worklist, in the case, or in the case of a duty listed there."""
        case, begin = stage.cases.get(step.case), f"/record/{step.kind}"
        cases = [f"/cases/{case}"]
        if case is None or _begins(step.kind):
            listed = {href for href, _ in self._read(client, "/").links}
            if begin in listed:
                return begin, self._form(client, begin)
            cases = sorted(each for each in listed if each.startswith("/cases/"))
        offered = [
            href
            for each in cases
            for href, _ in self._read(client, each).links
            if urlsplit(href).path == f"{each}/record/{step.kind}"
        ]
        assert offered, f"neither the worklist of {office} nor {cases} offers {step.kind}"
        wanted = {f"party-{role}": stage.office(each) for role, each in step.party.items()}
        wanted |= {"on_behalf_of": stage.office(step.behalf)} if step.behalf else {}
        for href in offered:
            form = self._form(client, href)
            fits = form.values.get("period") in (None, "", stage.said(step).get("period"))
            if (
                fits
                and wanted.items() <= form.values.items()
                and bool(step.behalf) == ("on_behalf_of" in form.values)
            ):
                return href, form
        message = f"no form of {step.kind} is about {wanted}"
        raise AssertionError(message)

    def _form(self, client: Client, place: str) -> Form:
        found = self._read(client, place).form_with("entry")
        assert found, place
        return found

    def owed(self, stage: Stage, office: str, case: UUID) -> dict[str, str]:
        """Return the duties that the case's page shows; the worklist must list the open ones and no other."""
        client = self._client(stage.account(office, ""))
        shown = {card.own: _word(card.stands) for card in self._read(client, f"/cases/{case}").duties}
        own = [each for each in duties_of(permit(office, CLOCK.now), CLOCK.now) if each.thread == case]
        missing = [each.rule for each in own if str(each.id) not in shown]
        assert not missing, f"the page of the case shows {office} no {missing}"
        if running := [each.rule for each in own if each.state == OPEN]:
            ways = [urlsplit(href).path for href, _ in self._read(client, "/").links]
            assert f"/cases/{case}" in ways, f"the worklist of {office} does not list {running}"
        return _together((each.rule, each.period, shown[str(each.id)]) for each in own)


def _together(rows: Iterable[tuple[str, str | None, str]]) -> dict[str, str]:
    """Return by rule, and period where it has one, how its duties stand; of several all of them, in the order of words."""
    found: dict[str, list[str]] = {}
    for rule, period, stands in rows:
        found.setdefault(f"{rule} {period}" if period else rule, []).append(stands)
    return {name: " ".join(sorted(words)) for name, words in found.items()}


def _word(stands: str) -> str:
    """Take how soon it is due for the same as open: that is no matter of the procedure."""
    return "open" if stands == "due-soon" else stands


def _moment(step: Step) -> dict[str, str]:
    day, _, time = step.at.partition("T")
    return {"at": day, "at_time": time} if step.at else {}


class Commands:
    """The command line, in this process: arguments, streams and exit code as ever."""

    name = "command"

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Let its clock be the procedure's."""
        self._patch = monkeypatch
        monkeypatch.setattr("yipan.cli.duties.now", CLOCK)

    def run(self, *arguments: str) -> Any:  # noqa: ANN401  # whatever the command prints
        """Type a command and return what it prints as data."""
        from yipan.cli.main import main  # noqa: PLC0415  # Django is set up

        whole = [*arguments, "--json"]
        self._patch.setattr(sys, "argv", ["yipan", *whole])
        result = CliRunner().invoke(main, whole)
        assert result.exit_code == 0, (arguments, result.output, result.exception)
        return json.loads(result.stdout)

    def take(self, stage: Stage, step: Step, office: str, said: Mapping[str, str]) -> UUID:
        """Type the command of a step."""
        typed = {**said, **{role: stage.office(each) for role, each in step.party.items()}}
        options = [part for name, value in typed.items() for part in ("--field", f"{name}={value}")]
        case = stage.cases.get(step.case)
        if case and not _begins(step.kind):
            options += ["--thread", str(case)]
        if step.at:
            options += ["--at", step.at]
        if step.behalf:
            options += ["--on-behalf-of", stage.office(step.behalf)]
        if step.paper or step.behalf:
            path = stage.folder / PAPER[0]
            path.write_bytes(PAPER[1])
            options += ["--evidence", str(path)]
        who = stage.account(office, step.role)
        return UUID(self.run("record", step.kind, "--office", office, "--as", who, *options)["thread"])

    def owed(self, stage: Stage, office: str, case: UUID) -> dict[str, str]:
        """Return what the command lists."""
        listed = self.run("duties", "--office", office, "--as", stage.account(office, ""))
        mine = [each for each in listed if each["thread"] == str(case)]
        return _together((each["rule"], each["period"], _word(each["clock"])) for each in mine)


def _begins(name: str) -> bool:
    from yipan.duties.lawbook import lawbook  # noqa: PLC0415  # Django is set up

    kind = lawbook().kinds(CLOCK.now.date())[name]
    return kind.begins_case or kind.thread != "case"
