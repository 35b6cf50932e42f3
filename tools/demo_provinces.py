"""`make demo-provinces`: a hub and three provinces on this machine, each with its own data folder, and one couple's case between them.

The folders lie under `YIPAN_PROVINCES` (default .yipan-provinces), and are gone on with when they are there. With DEMO_CHECK=1 the
case is brought to its end, every two provinces are compared, and it ends.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

RESIDENCE, HER_HOME, HIS_HOME = "440104001", "500101001", "450921100"
_PATIENCE: Final = 180.0
_FIRST_PORT: Final = 8001


@dataclass(frozen=True, kw_only=True)
class Province:
    """One installation: its node's name, which codes it serves, the office of the story, the clerk's name and account."""

    name: str
    title: str
    serves: str
    office: str
    account: str
    clerk: str
    port: int

    @property
    def home(self) -> Path:
        """Return its data folder."""
        return _folder() / self.name

    def run(self, *arguments: str) -> str:
        """Run a command that must succeed, and return what it prints."""
        done = subprocess.run(  # noqa: S603  # our own program
            [sys.executable, "-m", "yipan.cli", *arguments],
            env=self.environment(),
            stdout=subprocess.PIPE,
            check=True,
            encoding="utf-8",
        )
        return done.stdout

    def json(self, *arguments: str) -> Any:  # noqa: ANN401  # whatever the command prints
        """Return the JSON value of a command."""
        return json.loads(self.run(*arguments, "--json"))

    def record(self, kind: str, *options: str, **fields: str) -> Any:  # noqa: ANN401  # whatever the command prints
        """Record an event of its office."""
        said = [part for name, value in fields.items() for part in ("--field", f"{name}={value}")]
        return self.json("record", kind, "--office", self.office, *options, *said)

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start a command that goes on."""
        return subprocess.Popen(  # noqa: S603  # our own program
            [sys.executable, "-m", "yipan.cli", *arguments], env=self.environment(), stdout=subprocess.DEVNULL
        )

    def environment(self) -> dict[str, str]:
        """Return the environment of its programs."""
        ours = {name: value for name, value in os.environ.items() if not name.startswith("DATABASE_")}
        return {**ours, "YIPAN_HOME": str(self.home)}


PROVINCES: Final = (
    Province(
        name="guangdong",
        title="广东",
        serves="44",
        office=RESIDENCE,
        account="guangzhou",
        clerk="何静",
        port=_FIRST_PORT,
    ),
    Province(
        name="chongqing",
        title="重庆",
        serves="50",
        office=HER_HOME,
        account="wanzhou",
        clerk="冉华",
        port=_FIRST_PORT + 1,
    ),
    Province(
        name="guangxi",
        title="广西",
        serves="45",
        office=HIS_HOME,
        account="rongxian",
        clerk="覃勇",
        port=_FIRST_PORT + 2,
    ),
)


def _folder() -> Path:
    return Path(os.environ.get("YIPAN_PROVINCES") or ".yipan-provinces").absolute()


def _hub(port: int) -> subprocess.Popen[bytes]:
    program = Path(sys.executable).with_name("nats-server")
    return subprocess.Popen(  # noqa: S603  # the hub itself
        [program, "-a", "127.0.0.1", "-p", str(port), "-js", "-sd", str(_folder() / "hub")],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _hub_port() -> int:
    kept = _folder() / "hub.port"
    if not kept.exists():
        _folder().mkdir(parents=True, exist_ok=True)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            kept.write_text(str(free.getsockname()[1]), encoding="ascii")
    return int(kept.read_text(encoding="ascii"))


def _introduce() -> None:
    cards = {}
    for each in PROVINCES:
        cards[each.name] = each.home / "card.json"
        cards[each.name].write_text(each.run("node", "card"), encoding="utf-8")
    for one in PROVINCES:
        for other in PROVINCES:
            if one.name != other.name:
                words = one.json("node", "trust", str(cards[other.name]))["words"]
                one.json("node", "trust", other.name, "--words", words)
        click.echo(f"{one.title}：已与另外两省核对四个词。")


def _story() -> None:
    residence, her_home, his_home = PROVINCES
    for each in PROVINCES:
        each.record("office.opened")
    asked = residence.record(
        "birth-registration.asked", her_home=HER_HOME, his_home=HIS_HOME, her_name="李秀兰", his_name="陈志强",
        her_identity_number="500101199203154526", papers="promise", her_agrees_verify="yes", his_agrees_verify="yes",
        her_agrees_notice="yes", his_agrees_notice="no",
    )  # fmt: skip
    case = ("--thread", str(asked["thread"]))
    (_folder() / "case").write_text(str(asked["thread"]), encoding="ascii")
    residence.record("birth-registration.entered", *case)
    points = "请核实姓名"
    residence.record(
        "verification.asked", *case, her_home=HER_HOME, channel="system", her_name="李秀兰", her_points=points
    )
    residence.record(
        "verification.asked", *case, his_home=HIS_HOME, channel="system", his_name="陈志强", his_points=points
    )
    _until(_settled, "两省收到核实要求")
    her_home.record("verification.answered", *case, result="confirmed")
    _until(_settled, "重庆的答复到达广东")
    del his_home


def _settled() -> bool:
    return all(
        not (peer["to_send"] or peer["unacknowledged"] or peer["to_enter"])
        for each in PROVINCES
        for peer in each.json("node", "status")["peers"]
    )


def _until(true: Callable[[], bool], what: str) -> None:
    ends = time.monotonic() + _PATIENCE
    while not true():
        if time.monotonic() > ends:
            message = f"waited in vain: {what}"
            raise SystemExit(message)
        time.sleep(0.5)
    click.echo(f"✓ {what}")


def _faults() -> Iterator[str]:
    for one in PROVINCES:
        yield from one.json("replay", "--check")["differences"]
        yield from one.json("journal", "verify")["faults"]
        for other in PROVINCES:
            if one.name < other.name and one.json("node", "duties", other.name) != other.json(
                "node", "duties", one.name
            ):
                yield f"{one.name} and {other.name} differ"


def _check() -> int:
    thread = (_folder() / "case").read_text(encoding="ascii")
    PROVINCES[2].record("verification.answered", "--thread", thread, result="confirmed")
    _until(_settled, "广西的答复到达广东")
    faults = list(_faults())
    for each in faults:
        click.echo(each, err=True)
    if not faults:
        click.echo("三省逐项核对一致。 Every two provinces agree on every duty between them.")
    return 1 if faults else 0


def _accounts() -> None:
    for each in PROVINCES:
        made = each.json(
            "officers", "add", each.account, "--name", each.clerk, "--office", each.office, "--role", "clerk"
        )
        password = made.get("password", "")
        (each.home / "first-password").write_text(str(password), encoding="utf-8")


def main() -> int:
    """Set up, play, and serve until stopped."""
    hub = _hub(_hub_port())
    running: list[subprocess.Popen[bytes]] = [hub]
    try:
        fresh = not (_folder() / "case").exists()
        for each in PROVINCES:
            hub_at = f"nats://127.0.0.1:{_hub_port()}"
            each.run(
                "node", "init", each.name, "--title", each.title, "--serves", each.serves, "--hub", hub_at
            )
        if fresh:
            _introduce()
        running += [each.start("node", "run") for each in PROVINCES]
        if fresh:
            _story()
        if os.environ.get("DEMO_CHECK") == "1":
            return _check()
        if fresh:
            _accounts()
        for each in PROVINCES:
            running.append(each.start("serve", "--port", str(each.port), "--workers", "1"))
            password = (each.home / "first-password").read_text(encoding="utf-8")
            click.echo(f"{each.title}  http://127.0.0.1:{each.port}/  {each.account}  {password}")
        signal.sigwait({signal.SIGINT, signal.SIGTERM})
        return 0
    finally:
        for process in reversed(running):
            process.terminate()
        for process in reversed(running):
            process.wait(60)


if __name__ == "__main__":
    raise SystemExit(main())
