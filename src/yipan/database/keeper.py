"""The process that starts the embedded PostgreSQL server and stops it after its last user.

It is run by path, not imported by the program that needs it: standard library and psutil only, so that it
stays small for as long as the server lives. Every process that uses the server holds a shared lock on
`users.lock`. The keeper waits for the exclusive one: the kernel grants it when the last user is gone, however
it went. The keeper itself holds `keeper.lock`, so that there is never a second one.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

USERS_LOCK = "users.lock"
START_LOCK = "start.lock"
KEEPER_LOCK = "keeper.lock"
LOG = "postgres.log"

#: A server that has not ended after this long is told to drop everything; it recovers at the next start.
PATIENCE_SECONDS = 60.0
#: A log beyond this is put aside at the next start; one old log is kept.
LOG_BYTES = 10_000_000


@dataclass(frozen=True, kw_only=True)
class Task:
    """What to keep: a server to start (`command`) or one that runs already (`adopt`, its process id)."""

    home: str
    folder: str
    command: tuple[str, ...]
    environment: dict[str, str]
    uid: int | None
    gid: int | None
    adopt: int | None
    lock_fd: int

    def as_text(self) -> str:
        """Return the task as the keeper reads it from standard input."""
        return json.dumps(vars(self))

    @classmethod
    def from_text(cls, text: str) -> Task:
        """Read what `as_text` wrote."""
        fields: dict[str, Any] = json.loads(text)
        return cls(**{**fields, "command": tuple(fields["command"])})


def running_server(folder: Path) -> int | None:
    """Return the process id of the server that works in `folder`, or None.

    The id in `postmaster.pid` proves nothing by itself: after a power cut it may have gone to any other
    program. A server has the data folder as its working directory.
    """
    try:
        pid = int((folder / "postmaster.pid").read_text().split("\n", 1)[0])
        process = psutil.Process(pid)
        at_home = folder.samefile(process.cwd())
    except (FileNotFoundError, ValueError, psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
        return None
    return pid if at_home and process.name().startswith("postgres") else None


def main() -> None:
    """Keep the server of the task given on standard input, then end."""
    task = Task.from_text(sys.stdin.read())
    if os.fork():
        # The keeper proper is nobody's child: whoever started it need not wait for it.
        os._exit(0)
    os.umask(0o077)
    os.chdir("/")
    process = psutil.Process(task.adopt) if task.adopt else _start(task)
    # Told to end (the machine goes down): the server ends first, users or not.
    signal.signal(signal.SIGTERM, lambda *_: _stop(process))
    threading.Thread(target=_stop_after_last_user, args=(Path(task.home), process), daemon=True).start()
    process.wait()
    # This lock before the users' lock: whoever waits for the server must not find a keeper that is leaving.
    os.close(task.lock_fd)


def _start(task: Task) -> psutil.Process:
    path = Path(task.home) / LOG
    if path.exists() and path.stat().st_size > LOG_BYTES:
        path.replace(path.with_suffix(".log.1"))
    log = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    return psutil.Popen(
        task.command,
        cwd=task.folder,
        env=task.environment,
        user=task.uid,
        group=task.gid,
        extra_groups=None if task.uid is None else [],
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
    )


def _stop_after_last_user(home: Path, server: psutil.Process) -> None:
    """Wait until nobody holds the users' lock, and stop the server while holding it ourselves."""
    users = os.open(home / USERS_LOCK, os.O_RDONLY | os.O_CLOEXEC)
    fcntl.flock(users, fcntl.LOCK_EX)
    _stop(server)
    time.sleep(PATIENCE_SECONDS)
    _stop(server, signal.SIGQUIT)


def _stop(server: psutil.Process, how: signal.Signals = signal.SIGINT) -> None:
    """Ask the server to end: SIGINT is PostgreSQL's fast shutdown, nothing committed is lost by either."""
    try:
        server.send_signal(how)
    except psutil.NoSuchProcess:
        return


if __name__ == "__main__":
    main()
