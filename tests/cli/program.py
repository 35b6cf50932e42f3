"""The program as a person starts it: `python -m yipan.cli`, in a process and a data folder of its own."""

from __future__ import annotations

import atexit
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from tests.database.users import LIMIT_SECONDS, SOURCE, User, come, until_nobody_uses
from tests.database.users import begun as begun_processes
from tests.setup_once import set_up

if TYPE_CHECKING:
    from collections.abc import Sequence

#: What a test may not inherit from whoever runs it: the language it answers in, and where its data are.
_LEFT_OUT = ("DATABASE_", "YIPAN_", "LC_", "LANG")


@dataclass(frozen=True, kw_only=True)
class Answer:
    """How a command ended: its exit code, and what it said on either stream."""

    code: int
    out: str
    err: str

    @property
    def value(self) -> Any:  # noqa: ANN401  # whatever the command prints
        """The one JSON value that stands alone on standard output."""
        return json.loads(self.out)


#: By data folder: what was recorded of people there. No maintenance shows any of it.
_recorded: dict[Path, set[str]] = {}
#: What anybody may ask with a certificate in the hand: it says again what stands on that one.
_IN_HAND = "certificates verify"
_HERS = ("name", "identity_number", "phone", "address", "points", "matter")


@lru_cache(maxsize=1)
def _maintenance() -> frozenset[str]:
    table = Path(__file__).parents[1] / "matrix" / "table.yaml"
    said = yaml.safe_load(table.read_text(encoding="utf-8"))
    return frozenset((*said["maintenance"], *said["elsewhere"]))


def is_maintenance(arguments: Sequence[str]) -> bool:
    """Tell whether a command is maintenance, which needs no post and shows nobody, as the table of who may what says."""
    return not {" ".join(arguments[:1]), " ".join(arguments[:2])}.isdisjoint(_maintenance())


@dataclass(frozen=True, kw_only=True)
class Program:
    """The program with a data folder."""

    home: Path
    #: The folder of its root keys, where it has one of its own.
    config: Path | None = None
    more: dict[str, str] = field(default_factory=dict)

    def environment(self, more: dict[str, str]) -> dict[str, str]:
        """Return an environment in which nothing is set that the test did not set."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(_LEFT_OUT)}
        own = {"XDG_CONFIG_HOME": str(self.config)} if self.config else {}
        return {**kept, "PYTHONPATH": str(SOURCE), "YIPAN_HOME": str(self.home), **own, **self.more, **more}

    def start(self, *arguments: str, **more: str) -> subprocess.Popen[str]:
        """Start a command and do not wait for it. `more` goes to its environment."""
        return self._start(arguments, more, subprocess.PIPE)

    def start_watched(self, terminal: int, *arguments: str) -> subprocess.Popen[str]:
        """Start a command while somebody watches on a terminal what it says beside its answer."""
        return self._start(arguments, {}, terminal)

    def _start(self, arguments: tuple[str, ...], more: dict[str, str], beside: int) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-W", "error", "-m", "yipan.cli", *arguments],
            env=self.environment(more),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=beside,
            encoding="utf-8",
        )

    def run(self, *arguments: str, **more: str) -> Answer:
        """Run a command to its end, by a fork of a warm program where this folder has one."""
        warm = None if more else warm_program(self)
        answer = warm.run(*arguments) if warm else ended(self.start(*arguments, **more))
        if is_maintenance(arguments) and " ".join(arguments[:2]) != _IN_HAND:
            shown = [each for each in _recorded.get(self.home, ()) if each in answer.out + answer.err]
            assert shown == [], (arguments, shown)
        return answer

    def json(self, *arguments: str, **more: str) -> Any:  # noqa: ANN401  # whatever the command prints
        """Return the JSON value of a command that must succeed."""
        answer = self.run(*arguments, "--json", **more)
        assert answer.code == 0, (answer.out, answer.err)
        return answer.value

    def record(self, kind: str, office: str, *options: str, **fields: str) -> Any:  # noqa: ANN401  # as json()
        """Record an event of an office, and return what the command prints."""
        said = [part for name, value in fields.items() for part in ("--field", f"{name}={value}")]
        hers = {value for name, value in fields.items() if name.endswith(_HERS) and len(value) > 1}
        _recorded.setdefault(self.home, set()).update(hers)
        return self.json("record", kind, "--office", office, *options, *said)


@dataclass(frozen=True, kw_only=True)
class Warm:
    """A program that has imported everything and waits to be forked: see `tests/cli/warm.py`."""

    program: Program
    address: str
    process: subprocess.Popen[str]

    def run(self, *arguments: str) -> Answer:
        """Run a command to its end."""
        with (
            tempfile.TemporaryFile("w+", encoding="utf-8") as out,
            tempfile.TemporaryFile("w+", encoding="utf-8") as err,
            socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as caller,
        ):
            caller.settimeout(LIMIT_SECONDS)
            caller.connect(self.address)
            socket.send_fds(caller, [json.dumps(arguments).encode()], [out.fileno(), err.fileno()])
            code = int(caller.recv(16))
            for stream in (out, err):
                stream.seek(0)
            return Answer(code=code, out=out.read(), err=err.read())

    def leave(self) -> None:
        """Let it end."""
        self.process.communicate(timeout=LIMIT_SECONDS)


#: One for each data folder that many tests use; it ends with the folder.
_warm: dict[Path, Warm] = {}


def warm_program(program: Program) -> Warm | None:
    """Return the warm program of a data folder that has one."""
    warm = _warm.get(program.home)
    return warm if warm and warm.program == program else None


def warm_up(program: Program) -> None:
    """Start the warm program of a data folder that is set up."""
    address = str(program.home / "warm.socket")
    process = subprocess.Popen(
        [sys.executable, "-W", "error", str(Path(__file__).with_name("warm.py")), address],
        env=program.environment({}),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    )
    assert process.stdout
    assert process.stdout.readline() == "warm\n"
    _warm[program.home] = Warm(program=program, address=address, process=process)


def ended(process: subprocess.Popen[str]) -> Answer:
    """Wait for a command and return how it ended."""
    out, err = process.communicate(timeout=LIMIT_SECONDS)
    return Answer(code=process.returncode, out=out, err=err)


@dataclass(frozen=True, kw_only=True)
class Installation:
    """A program whose data folder was empty, and the two commands that were the first to use it, at once."""

    program: Program
    first: tuple[Answer, Answer]
    #: Keeps the server up between commands: each would else start it anew.
    user: User

    def remove(self) -> None:
        """Prove what all the commands recorded again from the journal, let the server stop, take the folder away."""
        assert self.program.json("replay", "--check")["differences"] == []
        assert self.program.json("journal", "verify")["faults"] == []
        _warm.pop(self.program.home).leave()
        self.user.leave()
        until_nobody_uses(self.program.home)
        shutil.rmtree(self.program.home)


def new_installation(**more: str) -> Installation:
    """Give a data folder that was that two commands at once set up from empty: a copy of the one of this run.

    `more` goes to the environment of every command in it.
    """
    # Each has a folder of root keys of its own: a copy bears the same name, and some tests move its key.
    config = Path(tempfile.mkdtemp(prefix="yc-"))
    atexit.register(shutil.rmtree, config, ignore_errors=True)
    program = Program(home=Path(tempfile.mkdtemp(prefix="yh-")), config=config, more=more)
    made = set_up()
    made.copy(program.home, config)
    user = come(program.home)
    # It stays for many tests: whoever ends what one test began must not end it.
    begun_processes.remove(user.process)
    warm_up(program)
    one, other = (Answer(code=code, out=out, err=err) for code, out, err in made.first)
    return Installation(program=program, first=(one, other), user=user)
