"""`demo`: set up, play the story, check it, serve it. With `DEMO_CHECK=1` it checks over HTTP too, and ends."""

from __future__ import annotations

import http.cookiejar
import os
import re
import secrets
import socket
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from datetime import date, timedelta
from typing import TYPE_CHECKING

import click

from yipan.cli.console import Console, now, set_up
from yipan.cli.serve import SWEEP_EVERY, run_server

if TYPE_CHECKING:
    from uuid import UUID

#: What the story must have come to, by rule and party: the demo fails where it has not.
OUTCOME = {
    ("birth-reg-enter-at-once", ""): "in-time",
    ("birth-reg-verify-7wd", "her_home"): "in-time",
    ("birth-reg-verify-7wd", "his_home"): "in-time",
    ("birth-reg-reply-15wd", "her_home"): "in-time",
    ("birth-reg-reply-15wd", "his_home"): "late",
    ("birth-reg-notify-home-15wd", "her_home"): "in-time",
    ("birth-reg-notify-home-15wd", "his_home"): "released",
    ("county-sees-silence", "his_home"): "in-time",
}


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", default=8000, show_default=True, type=int, help="The port to listen on.")
def demo(host: str, port: int) -> None:
    """Set up an installation with the story of one couple and serve it. DEMO_CHECK=1 checks it and ends.

    Example: yipan demo
    """
    console = Console()
    set_up(console)
    password = secrets.token_urlsafe(6)
    thread = _play(console, password)
    faults = _faults(thread)
    for fault in faults:
        console.note(fault)
    if faults:
        raise click.exceptions.Exit(1)
    console.say(
        "故事与期限逐项核对无误；职责已由日志重算一致。",
        "The story's duties are as they must be, and the journal proves them.",
    )
    if os.environ.get("DEMO_CHECK") == "1":
        _check_over_http(thread, password, console)
        return
    _say_accounts(console, host, port, password)
    run_server(host, port, 2, SWEEP_EVERY)


def _play(console: Console, password: str) -> UUID:
    # These rooms hold tables, and can be imported once Django is set up.
    from yipan.cli.story import Story, make_accounts  # noqa: PLC0415

    today: date = now().date()
    story = Story(today, click.echo if console.language == "zh" else console.note)
    make_accounts(password, story.begins - timedelta(days=1))
    return story.play(now())


def _faults(thread: UUID) -> list[str]:
    """Return where the story came to anything else than it must, or where the journal does not prove it."""
    from yipan.cli.acting import acting  # noqa: PLC0415  # after Django is set up
    from yipan.cli.story import RESIDENCE  # noqa: PLC0415
    from yipan.duties.queries import case  # noqa: PLC0415
    from yipan.duties.replay import replay, verify  # noqa: PLC0415

    seen = case(acting(RESIDENCE, "guangzhou", now()), thread, now())
    came_to = {(view.duty.rule, view.duty.party_role): view.clock for view in seen.duties}
    faults = [
        f"{key}: {came_to.get(key)}, not {clock}"
        for key, clock in OUTCOME.items()
        if came_to.get(key) != clock
    ]
    return [*faults, *replay().differences, *verify().faults]


def _say_accounts(console: Console, host: str, port: int, password: str) -> None:
    from yipan.cli.story import ACCOUNTS  # noqa: PLC0415  # after Django is set up

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
