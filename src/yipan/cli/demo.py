"""`demo`: set up, play the world, check its story, serve it. With `DEMO_CHECK=1` it checks over HTTP too, and ends."""

from __future__ import annotations

import http.cookiejar
import json
import os
import re
import secrets
import socket
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar, Final

import click

from yipan.cli.console import Console, now, set_up
from yipan.cli.loopback import PLAYED, refuse_beyond_this_machine
from yipan.cli.serve import SWEEP_EVERY, run_server
from yipan.database import make_home, rule_packs, vault
from yipan.errors import YipanError

if TYPE_CHECKING:
    from datetime import date
    from uuid import UUID

    from yipan.cli.world import Tally

#: What the story must have come to, by rule and party: the demo fails where it has not.
OUTCOME: Final = {
    ("birth-reg-enter-at-once", ""): "in-time",
    ("birth-reg-verify-7wd", "her_home"): "in-time",
    ("birth-reg-verify-7wd", "his_home"): "in-time",
    ("birth-reg-reply-15wd", "her_home"): "in-time",
    ("birth-reg-reply-15wd", "his_home"): "late",
    ("birth-reg-notify-home-15wd", "her_home"): "in-time",
    ("birth-reg-notify-home-15wd", "his_home"): "released",
    ("county-sees-silence", "his_home"): "in-time",
}
#: Cases for each ten people, and the most that come of themselves: more are asked for with --cases.
_CASES_OF_TEN, _CASES = 3, 6000
_PLAYED: Final = PLAYED
#: The documents that offices of the world once had, and the guide of one of their regions today.
_DOCUMENTS: Final = (
    "decree-555", "rong-2008", "henan-city-2010", "jiangxi-city-2009", "chongqing", "pan-prd-2010",
    "guangxi-birth-registration",
)  # fmt: skip


class FolderInUseError(YipanError):
    """The folder holds something else than a demo."""

    code: ClassVar[str] = "folder-in-use"
    exit_code: ClassVar[int] = 2
    sentence: ClassVar[dict[str, str]] = {
        "zh": "数据文件夹里已有别的内容，演示不与它混在一起。",
        "en": "The data folder holds something else already; the demo does not mix with it.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "给演示另用一个文件夹：YIPAN_HOME=另一个文件夹 yipan demo",
        "en": "Give the demo a folder of its own: YIPAN_HOME=another-folder yipan demo",
    }


@dataclass(frozen=True, kw_only=True)
class Played:
    """What is being or has been played in a folder, kept there so that a stopped play goes on as it began."""

    at: str
    people: int
    cases: int
    done: bool = False

    @property
    def now(self) -> datetime:
        """The moment at which the world ends."""
        return datetime.fromisoformat(self.at)

    def write(self) -> None:
        """Keep it in the data folder."""
        (make_home() / _PLAYED).write_text(json.dumps(asdict(self)), encoding="utf-8")


@click.command()
@click.option(
    "--people",
    default=20_000,
    show_default=True,
    type=click.IntRange(min=0),
    help="How many people are enrolled.",
)
@click.option(
    "--cases",
    type=click.IntRange(min=0),
    help="How many cases; when not said, three for each ten people, at most 6000.",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", default=8000, show_default=True, type=int, help="The port to listen on.")
def demo(people: int, cases: int | None, host: str, port: int) -> None:
    """Set up an installation with a year of forty townships in five provinces and serve it.

    DEMO_CHECK=1 checks it and ends. A folder that has been played is served as it is.

    Example: yipan demo --people 20000
    """
    refuse_beyond_this_machine(host)
    console = Console()
    # What is played is made up: its key may lie with it, and nothing is left behind elsewhere.
    vault.begin_demo()
    set_up(console)
    password = secrets.token_urlsafe(6)
    wanted = min(people * _CASES_OF_TEN // 10, _CASES) if cases is None else cases
    played = _play(console, Played(at=now().isoformat(), people=people, cases=wanted))
    thread = _give_passwords(password, played)
    checking = os.environ.get("DEMO_CHECK") == "1"
    faults = _faults(thread, played, everything=checking)
    for fault in faults:
        console.note(fault)
    if faults:
        raise click.exceptions.Exit(1)
    console.say(
        "故事与期限逐项核对无误；职责已由日志重算一致。",
        "The story's duties are as they must be, and the journal proves them.",
    )
    if checking:
        _check_over_http(thread, password, console)
        return
    _say_accounts(console, host, port, password)
    run_server(host, port, 2, SWEEP_EVERY)


def _play(console: Console, wanted: Played) -> Played:
    """Play the world in a fresh folder, or go on where it was stopped; a folder that has been played is left as it is.

    Raises:
        FolderInUseError: somebody else works in the folder.
    """
    # These rooms hold tables, and can be imported once Django is set up.
    from yipan.cli.world import World  # noqa: PLC0415
    from yipan.duties.event import ChainHead  # noqa: PLC0415
    from yipan.offices.divisions import NATION  # noqa: PLC0415
    from yipan.offices.officer import Officer  # noqa: PLC0415

    kept = make_home() / _PLAYED
    played = Played(**json.loads(kept.read_text(encoding="utf-8"))) if kept.exists() else None
    used = Officer.objects.exists() or ChainHead.objects.exclude(organisation=NATION).exists()
    if used and played is None:
        raise FolderInUseError
    if used and played and played.done:
        console.say(
            f"这里已演示过（{played.people} 人，{played.cases} 件），直接打开。",
            f"Played here already ({played.people} people, {played.cases} cases); served as it is.",
        )
        return played
    play = played if used and played else wanted
    play.write()
    _adopt_documents(console, used=used)
    console.say(
        "机构名称是真实的；人、案件和各机构的表现都是编造的。",
        "The offices are named as they are; the people, the cases and how each office behaves are made up.",
    )
    World(
        now=play.now, people=play.people, cases=play.cases, say=lambda day, tally: _say(console, day, tally)
    ).play()
    done = replace(play, done=True)
    done.write()
    return done


def _adopt_documents(console: Console, *, used: bool) -> None:
    """Adopt what the offices of the world once had; two documents name no city, and are bound to one for the demo alone."""
    from yipan.cli.acting import acting  # noqa: PLC0415  # after Django is set up
    from yipan.duties.adopting import adopt, packs_on_disk  # noqa: PLC0415

    packs = {pack.name: pack for pack in packs_on_disk(rule_packs()) if pack.name in _DOCUMENTS}
    places = {name: pack.demonstration for name, pack in packs.items() if pack.demonstration}
    for name, code in places.items():
        console.note(
            f"{packs[name].title['zh']}：原文没有写明是哪个市，演示中定为 {code}，仅为示范。"
            if console.language == "zh"
            else f"{packs[name].title['en']}: the text names no city; bound to {code} for demonstration only."
        )
    if not used:
        adopt(_DOCUMENTS, root=rule_packs(), permit=acting("00", None, now()), now=now(), places=places)


def _say(console: Console, day: date, tally: Tally) -> None:
    zh = f"{day}  登记 {tally.people} 人，受理 {tally.cases} 件，记录 {tally.events} 条，职责 {tally.duties} 项，逾期 {tally.lapsed} 项"
    en = f"{day}  {tally.people} people, {tally.cases} cases, {tally.events} entries, {tally.duties} duties, {tally.lapsed} lapsed"
    console.note(zh if console.language == "zh" else en)


def _give_passwords(password: str, played: Played) -> UUID:
    """Let the accounts of the demo in, and return the case of its story."""
    from yipan.cli.story import Story  # noqa: PLC0415  # after Django is set up
    from yipan.cli.worlddesks import Desks, give_passwords  # noqa: PLC0415

    give_passwords(password)
    return Story(played.now.date(), Desks()).thread


def _faults(thread: UUID, played: Played, *, everything: bool) -> list[str]:
    """Return where the story came to anything else than it must, or where the journal does not prove what was played."""
    from yipan.cli.acting import acting  # noqa: PLC0415  # after Django is set up
    from yipan.cli.worlddesks import RESIDENCE  # noqa: PLC0415
    from yipan.duties.queries import case  # noqa: PLC0415
    from yipan.duties.replay import replay, verify  # noqa: PLC0415

    seen = case(acting(RESIDENCE, "guangzhou", played.now), thread, played.now)
    came_to = {(view.duty.rule, view.duty.party_role): view.clock for view in seen.duties}
    faults = [
        f"{key}: {came_to.get(key)}, not {clock}"
        for key, clock in OUTCOME.items()
        if came_to.get(key) != clock
    ]
    proved = replay(None if everything else [thread]).differences
    return [*faults, *proved, *(verify().faults if everything else ())]


def _say_accounts(console: Console, host: str, port: int, password: str) -> None:
    from yipan.cli.worlddesks import ACCOUNTS  # noqa: PLC0415  # after Django is set up

    console.say(
        f"打开 http://{host}:{port}/ ，密码都是 {password}",
        f"Open http://{host}:{port}/ , every password is {password}",
    )
    for account in ACCOUNTS:
        click.echo(f"  {account.username:<10} {console.pick(account.first)}")


class _Browser:
    """A reader of pages without JavaScript: cookies, a form token, nothing else."""

    def __init__(self, base: str) -> None:
        self.base = base
        jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self.opener = urllib.request.build_opener(jar)

    def get(self, path: str) -> str:
        with self.opener.open(self.base + path, timeout=30) as answer:
            text: str = answer.read().decode()
            return text

    def post(self, path: str, page: str, **fields: str) -> str:
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        said = {"csrfmiddlewaretoken": token.group(1) if token else "", **fields}
        request = urllib.request.Request(self.base + path, urllib.parse.urlencode(said).encode())  # noqa: S310  # our own server
        request.add_header("Referer", self.base + path)
        with self.opener.open(request, timeout=30) as answer:
            text: str = answer.read().decode()
            return text


def _check_over_http(thread: UUID, password: str, console: Console) -> None:
    """Serve the pages, sign in as a clerk would, and find the story on the case page."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(  # noqa: S603  # our own program
        [sys.executable, "-m", "yipan.cli", "serve", "--port", str(port), "--workers", "1"],
        stdout=subprocess.DEVNULL,
    )
    try:
        browser = _Browser(f"http://127.0.0.1:{port}")
        page = _wait_for(browser, server)
        browser.post("/sign-in", page, username="guangzhou", password=password)
        case = browser.get(f"/cases/{thread}")
        missing = [
            text
            for text in ("李秀兰", "陈志强", "户籍地核实反馈", "收到核实要求之日起15个工作日内反馈")
            if text not in case
        ]
        if missing:
            console.note(f"the case page lacks: {', '.join(missing)}")
            raise click.exceptions.Exit(1)
        console.say(
            "网页已按办事员的方式登录并核对。", "The pages were checked over HTTP as a clerk sees them."
        )
    finally:
        server.terminate()
        server.wait(30)


def _wait_for(browser: _Browser, server: subprocess.Popen[bytes]) -> str:
    for _ in range(240):
        try:
            return browser.get("/sign-in")
        except OSError:
            if server.poll() is not None:
                message = "the web server ended at once"
                raise RuntimeError(message) from None
            time.sleep(0.25)
    message = "the web server did not answer in a minute"
    raise RuntimeError(message)


COMMANDS = (demo,)
