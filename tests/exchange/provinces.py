"""Provinces as they run: each a program with a data folder of its own, a real nats-server between them, and lines that can be cut."""

from __future__ import annotations

import contextlib
import json
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import psutil

from tests.cli.program import Installation, Program, Warm, new_installation, warm_program
from tests.database.users import until_stopped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

#: A wait that fails a test, far beyond what anything here takes.
PATIENCE = 120.0
#: A look is a command, and takes a tenth of a second of two cores that others want too.
POLL = 0.5

#: What each test province is called and serves.
GUANGDONG, CHONGQING, GUANGXI = ("guangdong", "44"), ("chongqing", "50"), ("guangxi", "45")
RESIDENCE, HER_HOME, HIS_HOME = "440104001", "500101001", "450921100"


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def hub_program() -> str:
    """Return the nats-server of the packages, or the system's."""
    beside = Path(sys.executable).with_name("nats-server")
    found = str(beside) if beside.exists() else shutil.which("nats-server")
    assert found
    return found


def hub_answers(port: int, host: str = "127.0.0.1") -> bool:
    """Tell whether a hub greets on a port."""
    with contextlib.suppress(OSError), socket.create_connection((host, port), 1) as line:
        return line.recv(4) == b"INFO"
    return False


@dataclass(kw_only=True)
class Hub:
    """A nats-server with JetStream, whose disk outlives it."""

    folder: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="hub-")))
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None
    #: Where it listens, where it is found, and under what it runs.
    listens: str = "127.0.0.1"
    host: str = "127.0.0.1"
    under: tuple[str, ...] = ()

    def start(self) -> None:
        """Start it on its port and its disk."""
        self.process = subprocess.Popen(
            [
                *self.under,
                hub_program(),
                "-a",
                self.listens,
                "-p",
                str(self.port),
                "-js",
                "-sd",
                str(self.folder),
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until(lambda: hub_answers(self.port, self.host), "the hub answers")

    def kill(self) -> None:
        """End it as a power cut does."""
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None

    def burn(self) -> None:
        """End it, with all that rests on its disk."""
        self.kill()
        shutil.rmtree(self.folder)
        self.folder.mkdir()

    def everything(self) -> bytes:
        """Return all that rests on its disk."""
        return b"\0".join(each.read_bytes() for each in sorted(self.folder.rglob("*")) if each.is_file())

    def remove(self) -> None:
        """End it and take its disk away."""
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


class AnyLine(Protocol):
    """A line to the hub, whatever it is made of."""

    @property
    def address(self) -> str:
        """Return where the hub is found over it."""

    def cut(self) -> None:
        """Cut it."""

    def go_dead(self, *directions: str) -> None:
        """Let nothing pass `there`, or `back`."""

    def mend(self) -> None:
        """Mend it."""

    def close(self) -> None:
        """Take it away."""


class Line:
    """A line to the hub that can be cut or go dead in either direction, and keeps what passed over it."""

    def __init__(self, to: int, *, keeps: bool = True) -> None:
        """Listen on a port of its own. `keeps`: what passes is kept, to be read."""
        self.to, self._keeps = to, keeps
        self.passed = bytearray()
        self._open = threading.Event()
        #: What goes to the hub passes; what comes from it.
        self._alive = {"there": threading.Event(), "back": threading.Event()}
        for each in (self._open, *self._alive.values()):
            each.set()
        self._pairs: list[socket.socket] = []
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._server.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def address(self) -> str:
        """Return where the hub is found over it."""
        return f"nats://127.0.0.1:{self.port}"

    def cut(self) -> None:
        """Cut it: what is under way is lost, and nobody gets through."""
        self._open.clear()
        for each in self._pairs:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        self._pairs.clear()

    def go_dead(self, *directions: str) -> None:
        """Let nothing pass `there` (to the hub), or `back`; nobody is told, as where packets are lost."""
        for each in directions:
            self._alive[each].clear()

    def mend(self) -> None:
        """Mend it: what was under way over a dead line comes after all, if either end still waits for it."""
        for each in (self._open, *self._alive.values()):
            each.set()

    def close(self) -> None:
        """Take it away."""
        self.cut()
        self._server.close()

    def _accept(self) -> None:
        while True:
            try:
                here, _ = self._server.accept()
            except OSError:
                return
            if not self._open.is_set():
                here.close()
                continue
            try:
                there = socket.create_connection(("127.0.0.1", self.to), 2)
            except OSError:
                here.close()
                continue
            # It waited two seconds for the hub to open; a hub that has nothing to say is no cut line.
            there.settimeout(None)
            self._pairs += [here, there]
            for way, one, other in (("there", here, there), ("back", there, here)):
                threading.Thread(target=self._pump, args=(one, other, self._alive[way]), daemon=True).start()

    def _pump(self, one: socket.socket, other: socket.socket, alive: threading.Event) -> None:
        with contextlib.suppress(OSError):
            while said := one.recv(65536):
                alive.wait()
                if self._keeps:
                    self.passed += said
                other.sendall(said)
        for each in (one, other):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)


def until(true: Callable[[], object], what: str, patience: float = PATIENCE) -> None:
    """Wait until something is so."""
    ends = time.monotonic() + patience
    while not true():
        assert time.monotonic() < ends, f"waited in vain until {what}"
        time.sleep(POLL)


@dataclass(kw_only=True)
class Node:
    """One province's installation."""

    name: str
    serves: str
    installation: Installation
    line: AnyLine
    carrier: psutil.Process | None = None

    @property
    def program(self) -> Program:
        """Return its program."""
        return self.installation.program

    def json(self, *arguments: str) -> Any:  # noqa: ANN401  # whatever the command prints
        """Run a command that must succeed."""
        return self.program.json(*arguments)

    def carry(self) -> None:
        """Start carrying, in a fork of the warm program that a test can kill."""
        warm = warm_program(self.program)
        assert warm
        parent = psutil.Process(warm.process.pid)
        before = {each.pid for each in parent.children(recursive=True)}
        threading.Thread(target=self._run, args=(warm,), daemon=True).start()

        def begun() -> list[psutil.Process]:
            # The fork that answers waits for the fork that carries, which may have children of its own.
            answering = {each.pid for each in parent.children() if each.pid not in before}
            return [each for each in parent.children(recursive=True) if each.ppid() in answering]

        found: list[psutil.Process] = []

        def carries() -> bool:
            with contextlib.suppress(psutil.NoSuchProcess):
                found[:] = begun()
            return bool(found)

        until(carries, "somebody carries")
        [self.carrier] = found

    @staticmethod
    def _run(warm: Warm) -> None:
        with contextlib.suppress(OSError, ValueError):
            warm.run("node", "run")

    def kill(self) -> None:
        """Kill the carrying process."""
        if self.carrier:
            self.carrier.kill()
            until_stopped(self.carrier)
            self.carrier = None

    def status(self) -> Any:  # noqa: ANN401  # as printed
        """Return how it stands."""
        return self.json("node", "status")

    def towards(self, peer: str) -> Any:  # noqa: ANN401  # as printed
        """Return how it stands with a peer."""
        [found] = [each for each in self.status()["peers"] if each["name"] == peer]
        return found

    def idle(self) -> bool:
        """Tell whether nothing waits here."""
        return all(
            not each["to_send"] and not each["unacknowledged"] and not each["to_enter"]
            for each in self.status()["peers"]
        )

    def remove(self) -> None:
        """End it, prove its journal by itself, and take its folder away."""
        self.kill()
        self.line.close()
        self.installation.remove()


@dataclass(kw_only=True)
class Provinces:
    """Some provinces and their hub."""

    hub: Hub
    nodes: dict[str, Node]

    def __getitem__(self, name: str) -> Node:
        """Return one by name."""
        return self.nodes[name]

    def __iter__(self) -> Iterator[Node]:
        """Yield them."""
        return iter(self.nodes.values())

    def settle(self, patience: float = PATIENCE) -> None:
        """Wait until nothing is under way between any of them."""
        try:
            until(lambda: all(each.idle() for each in self.nodes.values()), "nothing is under way", patience)
        except AssertionError as error:
            stands = [each.status() for each in self.nodes.values()]
            message = f"{error}: {json.dumps(stands, ensure_ascii=False, default=str)}"
            raise AssertionError(message) from None

    def agree(self, *cases: str) -> None:
        """Prove that any two agree on every duty between them, or on those of some cases; each journal is proved by itself when it is taken away."""
        for one in self.nodes.values():
            for other in self.nodes.values():
                if one.name < other.name:
                    here, there = (
                        {each["id"]: each for each in found if not cases or each["thread"] in cases}
                        for found in (
                            one.json("node", "duties", other.name),
                            other.json("node", "duties", one.name),
                        )
                    )
                    differ = [each for each in sorted({*here, *there}) if here.get(each) != there.get(each)]
                    said = [(one.name, here.get(each), other.name, there.get(each)) for each in differ]
                    assert not said, said

    def remove(self) -> None:
        """Take all of it away."""
        for each in self.nodes.values():
            each.remove()
        self.hub.remove()


def make_provinces(
    wanted: Sequence[tuple[str, str]],
    hub: Hub | None = None,
    line_to: Callable[[Hub], AnyLine] = lambda hub: Line(hub.port),
) -> Provinces:
    """Return provinces that trust each other, with a hub that runs and nobody carrying."""
    hub = hub or Hub()
    hub.start()
    nodes: dict[str, Node] = {}
    for name, serves in wanted:
        line = line_to(hub)
        node = Node(name=name, serves=serves, installation=new_installation(), line=line)
        node.json("node", "init", name, "--serves", serves, "--hub", line.address)
        nodes[name] = node
    introduce(list(nodes.values()))
    return Provinces(hub=hub, nodes=nodes)


def introduce(nodes: Sequence[Node]) -> None:
    """Let each take the cards of the others, and compare the words as over the phone."""
    cards = {}
    for each in nodes:
        cards[each.name] = each.program.home / "card.json"
        cards[each.name].write_text(each.program.run("node", "card").out, encoding="utf-8")
    for one in nodes:
        for other in nodes:
            if one.name < other.name:
                words = one.json("node", "trust", str(cards[other.name]))["words"]
                said = other.json("node", "trust", str(cards[one.name]), "--words", words)
                assert said["state"] == "trusted"
                assert one.json("node", "trust", other.name, "--words", words)["state"] == "trusted"


def ask_fields(**more: str) -> dict[str, str]:
    """Return what the couple's case begins with."""
    return {
        "her_home": HER_HOME, "his_home": HIS_HOME, "her_name": "李秀兰", "his_name": "陈志强",
        "her_identity_number": "500101199203154526", "papers": "complete", "her_agrees_verify": "yes",
        "his_agrees_verify": "yes", "her_agrees_notice": "yes", **more,
    }  # fmt: skip
