"""A small world for the proofs: every form that a desk offers is filled in once, and all that is sealed in it is known.

Each number, telephone, address and word about a person is one that stands nowhere else, so that it can be looked for.
Names are clear by design: people are found by name.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.proof.clerk import Form, noon, officer, read, record_form, text_of
from tests.registry.rosters import text as roster_text
from yipan.registry.matching import check_digit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.test import Client

    from yipan.law.kind import Field, Kind

DESK, COUNTY = "440106004", "440106"
HER_HOME, HIS_HOME = "500101001", "450922101"
#: So many of the steps that a case offers are tried before it is left.
_TRIED = 4
_fresh = itertools.count(1)


@dataclass(kw_only=True)
class World:
    """The small world: its clock, its desk, and what must be found nowhere in the clear."""

    now: datetime = field(default_factory=lambda: noon("2026-03-02"))
    sealed: set[str] = field(default_factory=set)
    recorded: dict[str, int] = field(default_factory=dict)
    pages: set[str] = field(default_factory=set)

    def __call__(self) -> datetime:
        """Return the moment, a little later each time."""
        self.now += timedelta(milliseconds=10)
        return self.now

    def desk(self) -> Client:
        """Return the browser of the head at the desk."""
        return officer("proof.desk", DESK, "head")

    def value_for(self, one: Field, *, sealed: bool) -> str:
        """Return something that a field takes; what is sealed is remembered."""
        number = next(_fresh)
        made = {
            "identity-number": _identity(number),
            "phone": f"1397{number:07}",
            "text": f"哨兵短语{number:07}",
            "long-text": f"哨兵体检所见与住址第{number:07}号门牌",
            "name": f"甲乙{chr(0x4E00 + number % 2000)}",
            "place": HER_HOME,
            "date": "1992-03-15",
            "number": "0" if one.name == "price" else "1",
            "yes-no": "yes",
            "choice": _choice(one),
            "instant": "2026-03-01T09:00",
            "period": "2026-03",
            "code": f"C-{number:05}",
            "public-name": f"公开名称{number}",
            "organisation": COUNTY,
        }[one.type]
        if sealed and one.type in ("identity-number", "phone", "text", "long-text"):
            self.sealed.add(made)
        return made

    def fill(self, kind: Kind, form: Form) -> dict[str, str]:
        """Return a form filled in as its kind wants it."""
        said = form.values()
        for name, box in form.boxes.items():
            one = kind.fields.get(name)
            if one is not None:
                said[name] = self.value_for(one, sealed=not one.clock and not kind.public)
            elif name in kind.roles and box.kind != "hidden":
                said[name] = {
                    "her_home": HER_HOME,
                    "his_home": HIS_HOME,
                    "home": HIS_HOME,
                    "residence": DESK,
                }.get(name, COUNTY)
        return said


def _choice(one: Field) -> str:
    """Return a choice that is taken; of the ways a message goes, one that needs no office on the system."""
    taken = [each for each in one.choices if each not in one.refuses]
    return "letter" if "letter" in taken else next(iter(taken), "")


def _identity(number: int) -> str:
    body = f"50010119{70 + number % 30:02}{1 + number // 30 % 12:02}{1 + number // 360 % 28:02}{number % 1000:03}"
    return body + check_digit(body)


def play(world: World, *, steps: int = 2) -> None:
    """Fill in every form that begins something, then step by step whatever each case asks for."""
    from yipan.duties.lawbook import lawbook  # noqa: PLC0415  # Django is set up
    from yipan.duties.ready import make_ready  # noqa: PLC0415  # the same

    make_ready(settings.RULEPACKS, world.now)
    settings.CLOCK = world
    desk = world.desk()
    kinds = lawbook().kinds(world.now.date())
    for name, kind in sorted(kinds.items()):
        if kind.begins_case and not kind.system:
            _record(world, desk, kind, f"/record/{name}")
    for page in sorted(world.pages):
        for _ in range(steps):
            if not _step(world, desk, kinds, page):
                break
    _roster(world, desk)


def _record(world: World, desk: Client, kind: Kind, address: str) -> bool:
    page = desk.get(address)
    form = record_form(text_of(page)) if page.status_code == 200 else None
    if form is None:
        return False
    answer = desk.post(address, world.fill(kind, form))
    if answer.status_code != 302:
        return False
    world.recorded[kind.name] = world.recorded.get(kind.name, 0) + 1
    place = answer.headers["Location"]
    if place.startswith(("/cases/", "/people/")):
        world.pages.add(place)
    return True


def _step(world: World, desk: Client, kinds: dict[str, Kind], page: str) -> bool:
    """Take the first step of a case that was not taken yet and can be."""
    for link in itertools.islice(_offered(desk, page), _TRIED):
        kind = kinds.get(link.partition("?")[0].rpartition("/")[2])
        if kind and world.recorded.get(kind.name, 0) < 2 and _record(world, desk, kind, link):
            return True
    return False


def _offered(desk: Client, page: str) -> Iterator[str]:
    for link in read(text_of(desk.get(page)))[1]:
        if "/record/" in link:
            yield link


def _roster(world: World, desk: Client) -> None:
    """Send a roster: of its rows one is good, one goes back, one agreed to nothing."""
    rows: list[list[object]] = [
        ["姓名", "身份证号", "电话", "户籍地", "现住址", "来本地日期", "同意", "孕情"]
    ]
    for agrees, wrong in (("是", ""), ("是", "x"), ("否", "")):
        number = next(_fresh)
        told = [_identity(number) + wrong, f"1397{number:07}", f"哨兵路{number:07}号", f"哨兵孕情{number:07}"]
        world.sealed.update(told)
        rows.append(["丁戊己", told[0], told[1], HER_HOME, told[2], "2026-01-05", agrees, told[3]])
    sent = desk.post("/rosters", {"roster": SimpleUploadedFile("名册.csv", roster_text(rows), "text/csv")})
    if sent.status_code == 302:
        place = sent.headers["Location"]
        desk.get(place)
        desk.post(f"{place}/enter", {"stated": "yes"})
        desk.post(f"{place}/rows")
        world.recorded["roster"] = 1
