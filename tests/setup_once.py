"""The folder that a first use sets up, made once in a run: every process of the run takes copies of it."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

#: How pytest-xdist names a process in which some of a run's tests are played.
_WORKER = "PYTEST_XDIST_WORKER"


@dataclass(frozen=True, kw_only=True)
class SetUp:
    """A data folder with its root keys, and what each of the two commands said that were the first to use it, at once."""

    folder: Path
    first: tuple[tuple[int, str, str], tuple[int, str, str]]

    def copy(self, home: Path, config: Path) -> None:
        """Make a data folder and a folder of root keys as they are after the first use; both are there and empty."""
        for name, to in (("home", home), ("config", config)):
            subprocess.run(["/bin/cp", "-a", f"{self.folder / name}/.", str(to)], check=True)


def is_worker() -> bool:
    """Tell whether this process plays some of the tests of a run that others take part in."""
    return _WORKER in os.environ


def _folder() -> Path:
    run = os.getppid() if is_worker() else os.getpid()
    return Path(tempfile.gettempdir()) / f"yk-{run}"


def set_up() -> SetUp:
    """Return the folder of this run, made by whoever comes first while the others wait."""
    folder = _folder()
    folder.mkdir(mode=0o700, exist_ok=True)
    said = folder / "first.json"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not said.exists():
            said.write_text(json.dumps(_make(folder)), encoding="utf-8")
    one, other = (tuple(each) for each in json.loads(said.read_text(encoding="utf-8")))
    return SetUp(folder=folder, first=(one, other))


def _make(folder: Path) -> list[tuple[int, str, str]]:
    """Begin with an empty folder and start two commands in it at once."""
    from tests.database.users import LIMIT_SECONDS, environment, until_nobody_uses  # noqa: PLC0415  # imports our source

    home, config = Path(tempfile.mkdtemp(prefix="yh-")), Path(tempfile.mkdtemp(prefix="yc-"))
    ours = environment(home, {"XDG_CONFIG_HOME": str(config)})
    begun = [
        subprocess.Popen(
            [sys.executable, "-W", "error", "-m", "yipan.cli", "officers", "list", "--json"],
            env={name: value for name, value in ours.items() if not name.startswith(("LC_", "LANG"))},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )
        for _ in range(2)
    ]
    said = [each.communicate(timeout=LIMIT_SECONDS) for each in begun]
    until_nobody_uses(home)
    assert [each.returncode for each in begun] == [0, 0], said
    # Nothing here outlives its machine: no test waits for the disk. A killed process loses nothing by it.
    with (home / "postgres" / "postgresql.auto.conf").open("a", encoding="utf-8") as settings:
        settings.write("fsync = off\n")
    for name, made in (("home", home), ("config", config)):
        shutil.move(made, folder / name)
    return [(each.returncode, *told) for each, told in zip(begun, said, strict=True)]


def take_away() -> None:
    """Take the folder away at the end of the run; a process that plays some of its tests leaves it to the others."""
    if not is_worker():
        shutil.rmtree(_folder(), ignore_errors=True)
