"""The embedded server from its user's side: hold it, start it when nobody has, wait until it answers."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import psycopg

from yipan.database import keeper
from yipan.database.cluster import ENVIRONMENT, SUPERUSER, account_for, cluster
from yipan.database.refusals import ServerDidNotStartError, full_disk

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from yipan.database.cluster import Account

#: Recovery after a power cut reads the log of the last minutes; this is far beyond it.
START_SECONDS: Final = 300.0
#: After a kill of everything, processes of the old server may need a moment to notice and leave.
STARTS: Final = 5
#: Where postmaster.pid says the socket's folder and the server's state.
SOCKET_LINE: Final = 4
STATE_LINE: Final = 7

#: The users' locks this process holds, by data folder. A forked child holds them with its parent; the kernel
#: lets go when the last of them has ended. They are never unlocked, which would unlock the children's too.
_held: dict[Path, int] = {}


def use(home: Path) -> dict[str, str]:
    """Return the administrator's door to the server of `home`, started if need be, and held until we end."""
    if home not in _held:
        # Waits while a keeper is stopping the server after its last user.
        _held[home] = _lock(home / keeper.USERS_LOCK, fcntl.LOCK_SH)
    with _locked(home / keeper.START_LOCK):
        _start(home)
    return {"host": _socket_folder(home), "user": SUPERUSER}


def leave(home: Path) -> None:
    """Let go of the server of `home` before this process ends; it stops when nobody else holds it."""
    lock = _held.pop(home, None)
    if lock is not None:
        os.close(lock)


def _start(home: Path) -> None:
    """Return when a kept server is ready: one that runs, one whose keeper was killed, or a new one."""
    account = account_for(home / "postgres")
    attempts = 0
    give_up_at = time.monotonic() + START_SECONDS
    while time.monotonic() < give_up_at:
        lock = _try_lock(home / keeper.KEEPER_LOCK)
        if lock is None:
            if _ready(home):
                return
            time.sleep(0.01)
        elif attempts < STARTS:
            time.sleep(0.2 * attempts)
            attempts += 1
            _spawn_keeper(home, account, lock)
        else:
            os.close(lock)
            break
    failed = ServerDidNotStartError(log=home / keeper.LOG, tail=_end_of(home / keeper.LOG))
    raise full_disk(failed) or failed


def _spawn_keeper(home: Path, account: Account | None, lock: int) -> None:
    """Start the keeper and give it the lock, so that there is no moment in which nobody holds it."""
    try:
        kept = cluster(home / "postgres", account)
        running = keeper.running_server(kept.folder)
        if running is None:
            kept.initialise()
            # Left by a server that was killed. Its process id may be another program's by now, which would keep
            # the server from starting; that no server works in the folder has just been seen.
            for stale in ("postmaster.pid", ".s.PGSQL.5432.lock", ".s.PGSQL.5432"):
                (kept.folder / stale).unlink(missing_ok=True)
        task = keeper.Task(
            home=str(home),
            folder=str(kept.folder),
            command=kept.server_command() if running is None else (),
            environment=ENVIRONMENT,
            uid=account.uid if account else None,
            gid=account.gid if account else None,
            adopt=running,
            lock_fd=lock,
        )
        subprocess.run(  # noqa: S603 (our own file)
            # The folder is for whoever reads a list of processes; the task is read from standard input.
            [sys.executable, "-I", keeper.__file__, str(home)],
            input=task.as_text().encode(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            pass_fds=[lock],
            check=True,
        )
    finally:
        os.close(lock)


def _ready(home: Path) -> bool:
    lines = _postmaster_lines(home)
    if len(lines) <= STATE_LINE or lines[STATE_LINE].strip() != "ready":
        return False
    try:
        psycopg.connect(
            host=_socket_folder(home), user=SUPERUSER, dbname=SUPERUSER, connect_timeout=2
        ).close()
    except psycopg.OperationalError as error:
        # It runs and lets nobody in: no waiting helps.
        if refusal := full_disk(error):
            raise refusal from error
        return False
    return True


def _socket_folder(home: Path) -> str:
    """Return the folder of the server's socket, as this process can reach it."""
    return str(home / "postgres" / _postmaster_lines(home)[SOCKET_LINE])


def _postmaster_lines(home: Path) -> list[str]:
    try:
        return (home / "postgres" / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return []


def _end_of(log: Path) -> str:
    try:
        return " / ".join(log.read_text(errors="replace").splitlines()[-5:])
    except FileNotFoundError:
        return ""


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    lock = _lock(path, fcntl.LOCK_EX)
    try:
        yield
    finally:
        os.close(lock)


def _try_lock(path: Path) -> int | None:
    try:
        return _lock(path, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return None


def _lock(path: Path, how: int) -> int:
    """Return a locked descriptor; closing it, by us or by the kernel at our end, lets go of the lock."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(descriptor, how)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor
