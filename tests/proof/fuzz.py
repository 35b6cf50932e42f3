"""Hostile words in every box of every form and in every file that is taken: nothing breaks, everything is answered.

`python -m tests.proof.fuzz --rounds 200 --seed 7` runs for long in a folder of its own, and prints one line.
"""

from __future__ import annotations

import argparse
import io
import logging
import os
import random
import sys
import tempfile
import zipfile
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import django
from django.core.management import call_command

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.test import Client

    from tests.proof.clerk import Form
    from tests.proof.smallworld import World

#: What people, programs and enemies have typed into boxes.
HOSTILE: Final = (
    "", " ", "\t\r\n", "\0", "a\0b", "\x1b[31m", "\ufeff", "\u202eabc\u202c", "مرحبا", "שלום", "👩‍👩‍👧‍👦🇨🇳", "e" + "\u0301" * 500,
    "𠮷𡈽𩸽", "ﷺ" * 50, "\u2028\u2029", "'; DROP TABLE duties_event; --", '" OR 1=1 --', "%s%s%n%x", "{{ 7*7 }}", "${7*7}",
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "=1+1", "+86 139", "-1", "@SUM(A1)", "=cmd|' /C calc'!A0",
    "../../../../etc/passwd", "..\\..\\boot.ini", "file:///etc/passwd", "http://[::1]", "C:\\CON", "NaN", "Infinity", "-0",
    "1e309", "9" * 400, "-9" * 10, "0x7fffffff", "2147483648", "9223372036854775808", "-9223372036854775809", "１２３", "٣",
    "0000-00-00", "9999-12-31", "10000-01-01", "0001-01-01", "2026-02-30", "2026-13-01", "1582-10-10", "-2026-03-02",
    "2026-03-02T25:61", "99:99", "24:00", "True", "null", "None", "undefined", "[]", "{}", '{"a":' * 200, "A" * 70_000,
    "500101199203154526", "50010119920315452X", "00000000000000000X", "019cac4a-a98a-7adf-97bc-845138842445",
    "00000000-0000-0000-0000-000000000000", "440106004", "44", "00", "999999999", "440106004:health", ":", "é" * 3000,
)  # fmt: skip
_NAMES: Final = (
    "名册.csv",
    "a.xlsx",
    "../../x.xls",
    "=cmd.csv",
    "😀.csv",
    "n" * 300 + ".csv",
    "a.pdf",
    "..pdf",
)
#: Where a form leads that would end the visit.
_LEAVING: Final = frozenset({"sign-out", "leave", "everywhere"})
_SERVER_FAULT: Final = 500
_LONG: Final = 60
_LIMITS: Final = ("API_CALLS", "API_CALLS_OF_ADDRESS", "API_CALLS_OF_STRANGERS")


@dataclass(kw_only=True)
class Tally:
    """What was asked and how it was answered."""

    asked: int = 0
    forms: set[str] = field(default_factory=set)
    statuses: dict[int, int] = field(default_factory=dict)
    #: Where the house broke: the page, what was sent, how it answered.
    broken: list[str] = field(default_factory=list)
    #: Where it answered with neither a form, a sentence nor a redirect.
    odd: list[str] = field(default_factory=list)

    def take(self, where: str, answer: Any, sent: object) -> None:  # noqa: ANN401  # Django's test answer
        """Count an answer, and judge it."""
        self.asked += 1
        self.forms.add(where)
        self.statuses[answer.status_code] = self.statuses.get(answer.status_code, 0) + 1
        told = f"{where} {answer.status_code} {str(sent)[:400]!r}"
        if answer.status_code >= _SERVER_FAULT:
            fault = getattr(answer, "exc_info", None)
            self.broken.append(f"{told} {fault[1]!r}" if fault else told)
        elif answer.status_code not in (200, 302, 400, 403, 404, 405, 409, 413, 422, 429):
            self.odd.append(told)

    def line(self, seed: int) -> str:
        """Say it in one line."""
        return (
            f"fuzz: seed {seed}, {self.asked} hostile submissions to {len(self.forms)} forms and importers:"
            f" {len(self.broken)} server errors, {len(self.odd)} odd answers"
        )


@dataclass(kw_only=True)
class Fuzzer:
    """Sends hostile words everywhere, the same ones for the same seed."""

    world: World
    desk: Client
    random: random.Random
    tally: Tally = field(default_factory=Tally)

    def word(self) -> str:
        """Return something hostile, or several glued together."""
        parts = self.random.choices(HOSTILE, k=self.random.choice((1, 1, 1, 2)))
        return "".join(parts)

    def form(self, where: str, address: str, kind: Any = None, browser: Client | None = None) -> None:  # noqa: ANN401  # a kind, or none
        """Open a page, and send each of its forms back with some boxes, or all, hostile."""
        from tests.proof.clerk import read, text_of  # noqa: PLC0415  # Django is set up

        browser = browser or self.desk
        page = browser.get(address)
        self.tally.take(f"GET {where}", page, address)
        if page.status_code != 200:  # a page with forms
            return
        for at, form in enumerate(read(text_of(page))[0]):
            if form.method != "post" or form.action.rpartition("/")[2] in _LEAVING:
                continue
            said = (
                self.world.fill(kind, form)
                if kind and kind.fields.keys() & form.boxes.keys()
                else form.values()
            )
            names = [name for name in form.boxes if name != "csrfmiddlewaretoken"] or ["nothing"]
            hit = (
                names if self.random.random() < 0.3 else self.random.sample(names, min(len(names), 2))
            )  # a few at a time
            sent: dict[str, Any] = said | {name: self.word() for name in hit}
            if self.random.random() < 0.1:  # a page sent with less than it asked for
                sent = dict(self.random.sample(sorted(sent.items()), len(sent) // 2))
            if any(box.kind == "file" for box in form.boxes.values()) and self.random.random() < 0.3:  # some
                sent |= self._evidence(form)
            self.tally.take(f"{where} #{at}", browser.post(form.action or address, sent), sent)

    def _evidence(self, form: Form) -> dict[str, Any]:
        """Return files for the boxes of a form that take one."""
        from django.core.files.uploadedfile import SimpleUploadedFile  # noqa: PLC0415  # Django is set up

        boxes = [name for name, box in form.boxes.items() if box.kind == "file"]
        return {name: SimpleUploadedFile(self.random.choice(_NAMES), self.file()) for name in boxes}

    def query(self, where: str, address: str, names: tuple[str, ...], browser: Client | None = None) -> None:
        """Ask a page for something hostile."""
        said = {name: self.word()[:2000] for name in names}
        self.tally.take(f"GET {where}?", (browser or self.desk).get(address, said), said)

    def roster(self) -> None:
        """Send a file that is a roster, nearly, or not at all."""
        from django.core.files.uploadedfile import SimpleUploadedFile  # noqa: PLC0415  # Django is set up

        content = self.file()
        name = self.random.choice(_NAMES)
        answer = self.desk.post("/rosters", {"roster": SimpleUploadedFile(name, content)})
        self.tally.take("roster", answer, content[:300])
        if answer.status_code == 302:  # it was read
            place = answer.headers["Location"]
            self.tally.take("GET roster", self.desk.get(place), place)
            self.tally.take(
                "roster enter", self.desk.post(f"{place}/enter", {"stated": self.word()}), content[:300]
            )
            self.tally.take(
                "roster enter", self.desk.post(f"{place}/enter", {"stated": "yes"}), content[:300]
            )
            self.tally.take("roster rows", self.desk.post(f"{place}/rows"), content[:300])

    def file(self) -> bytes:
        """Return a file that is a roster, nearly, or not at all."""
        make: Callable[[], bytes] = self.random.choice(
            (self._text, self._text, self._book, self._torn, self._noise)
        )
        return make()

    def _rows(self) -> list[list[str]]:
        head = ["姓名", "身份证号", "电话", "户籍地", "现住址", "来本地日期", "同意"]
        rows = [[self.word()[:2000] for _ in head] for _ in range(self.random.randint(0, 12))]
        good = ["陈玉兰", "45092119800512002X", "13900000000", "450922101", "440106004", "2026-01-05", "是"]
        for row in rows:
            for at in range(len(head)):
                if self.random.random() < 0.6:  # else no row is ever nearly right
                    row[at] = good[at]
        return [head, *rows]

    def _text(self) -> bytes:
        lines = [
            "\t".join(row) if self.random.random() < 0.1 else ",".join(row) for row in self._rows()
        ]  # seldom
        text = "\n".join(lines)
        return text.encode(self.random.choice(("utf-8", "utf-8-sig", "gb18030", "utf-16")), errors="replace")

    def _book(self) -> bytes:
        from openpyxl import Workbook  # noqa: PLC0415  # seldom
        from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE  # noqa: PLC0415  # the same

        book = Workbook()
        sheet = book.worksheets[0]
        for row in self._rows():
            sheet.append([ILLEGAL_CHARACTERS_RE.sub("", each)[:30_000] for each in row])
        made = io.BytesIO()
        book.save(made)
        return made.getvalue()

    def _torn(self) -> bytes:
        """Return a workbook of which some bytes are others, or a part is missing."""
        whole = bytearray(self._book())
        if self.random.random() < 0.3:  # one in three
            return bytes(whole[: self.random.randrange(len(whole))])
        if self.random.random() < 0.5:  # half of the others
            return self._rewritten(bytes(whole))
        for _ in range(self.random.randint(1, 40)):
            whole[self.random.randrange(len(whole))] = self.random.randrange(256)
        return bytes(whole)

    def _rewritten(self, book: bytes) -> bytes:
        """Return a workbook whose archive is sound, and one of its parts is not."""
        made = io.BytesIO()
        with (
            zipfile.ZipFile(io.BytesIO(book)) as old,
            zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new,
        ):
            victim = self.random.choice(old.namelist())
            for name in old.namelist():
                part = bytearray(old.read(name))
                if name == victim and part:
                    at = self.random.randrange(len(part))
                    part[at : at + self.random.randint(0, 30)] = self.word().encode(errors="replace")[:200]
                new.writestr(name, bytes(part))
        return made.getvalue()

    def _noise(self) -> bytes:
        front = self.random.choice(
            (b"", b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"\xff\xfe", "姓名,身份证号\n".encode())
        )
        return front + self.random.randbytes(self.random.randint(0, 4000))


def run(world: World, *, seed: int, rounds: int) -> Tally:
    """Play the small world, then send hostile words to everything in it, again and again."""
    from django.test import override_settings  # noqa: PLC0415  # Django is set up

    from tests.proof.doors import Program, fuzz_hers, her_browser  # noqa: PLC0415  # the same
    from tests.proof.smallworld import play  # noqa: PLC0415  # the same

    play(world, steps=1)
    fuzzer = Fuzzer(world=world, desk=world.desk(), random=random.Random(seed))  # noqa: S311  # the same for the same seed
    # Nobody is too often at the door: it is to be answered, not to be kept shut.
    with override_settings(**dict.fromkeys(_LIMITS, 10**9)):
        hers, program = her_browser(world), Program(fuzzer)
        for _ in range(rounds):
            _round(fuzzer)
            program.round()
            if hers:
                fuzz_hers(fuzzer, hers)
    return fuzzer.tally


def _round(fuzzer: Fuzzer) -> None:
    from tests.proof.clerk import read, text_of  # noqa: PLC0415  # Django is set up
    from yipan.duties.lawbook import lawbook  # noqa: PLC0415  # the same

    kinds = lawbook().kinds(fuzzer.world.now.date())
    for name, kind in sorted(kinds.items()):
        if kind.begins_case and not kind.system:
            fuzzer.form(name, f"/record/{name}", kind)
    for page in fuzzer.random.sample(sorted(fuzzer.world.pages), min(6, len(fuzzer.world.pages))):
        links = [each for each in read(text_of(fuzzer.desk.get(page)))[1] if "/record/" in each]
        for link in fuzzer.random.sample(links, min(3, len(links))):
            name = link.partition("?")[0].rpartition("/")[2]
            fuzzer.form(name, link, kinds.get(name))
        fuzzer.form("page", page)
        hostile = fuzzer.random.choice(sorted(kinds))
        fuzzer.query(
            "any kind", f"{page.replace('/people/', '/cases/')}/record/{hostile}", ("duty", "for", "saying")
        )
    for address in (
        "/people",
        "/head-counts",
        "/breaches",
        "/ledgers",
        "/certificates",
        "/stubs",
        "/office",
        "/account/password",
    ):
        fuzzer.form(address, address)
        fuzzer.query(
            address,
            address,
            ("q", "ground", "words", "page", "period", "under", "number", "kind", "person", "as"),
        )
    for address in (
        "/verify",
        "/offices/search",
        "/public/facilities",
        "/public/contacts",
        "/public/rules",
        "/sign-in",
    ):
        fuzzer.query(address, address, ("q", "number", "field", "place", "under", "next"))
    for _ in range(4):
        fuzzer.roster()


def main() -> None:
    """Fuzz for long, in a folder of its own."""
    asked = argparse.ArgumentParser()
    asked.add_argument("--rounds", type=int, default=_LONG)
    asked.add_argument("--seed", type=int, default=7)
    said = asked.parse_args()
    logging.disable(logging.CRITICAL)
    django.setup()
    from tests.proof.smallworld import World  # noqa: PLC0415  # after Django is set up
    from yipan import database  # noqa: PLC0415  # the same

    database.ensure()
    database.migrate()
    call_command("collectstatic", interactive=False, verbosity=0)
    tally = run(World(), seed=said.seed, rounds=said.rounds)
    sys.stdout.write(tally.line(said.seed) + "\n")
    sys.stdout.write("".join(f"  {each}\n" for each in (*tally.broken, *tally.odd)))
    sys.exit(bool(tally.broken or tally.odd))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="yh-") as own:
        os.environ |= {"YIPAN_HOME": own, "DJANGO_SETTINGS_MODULE": "yipan.settings"}
        main()
