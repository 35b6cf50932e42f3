"""Two hands for the demo's world: this process and one beside it record what different offices did on a day.

Half of recording is waiting for the database, and what two offices do on one day does not depend on each other.
"""

from __future__ import annotations

import multiprocessing
import pickle
import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final

import django

from yipan.errors import YipanError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime
    from multiprocessing.connection import Connection
    from uuid import UUID

    from yipan.duties.draft import Draft
    from yipan.offices.permit import Permit

#: How many jobs lie with the process beside at most: one in hand and one to go on with.
_AHEAD: Final = 2


class PlayFailedError(YipanError):
    """The process beside could not record what it was given."""

    code: ClassVar[str] = "play-failed"
    sentence: ClassVar[dict[str, str]] = {
        "zh": "演示中断：{reason}。",
        "en": "The demo broke off: {reason}.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "再运行一次，会从断点继续。",
        "en": "Run it again: it goes on where it was.",
    }


@dataclass(frozen=True, kw_only=True)
class Job:
    """What one office did at one moment. `shown`: the words of the file that proves the earlier moments, if there are any.

    `doubtful`: enrolments of who was typed before, about which the office is asked.
    """

    permit: Permit
    moment: datetime
    drafts: Sequence[Draft]
    shown: str = ""
    doubtful: tuple[UUID, ...] = ()


class Hands:
    """Does jobs, here or beside, and hears how many events and duties each made."""

    def __init__(self, heard: Callable[[int, int], None]) -> None:
        """Start the process beside."""
        self.heard = heard
        self._out = 0
        context = multiprocessing.get_context("spawn")
        self._wire, theirs = context.Pipe()
        self._beside = context.Process(target=_work, args=(theirs,), daemon=True)
        self._beside.start()
        # Only the process beside holds its end now: when either dies the other hears it.
        theirs.close()

    def do(self, job: Job) -> None:
        """Do a job in this process, or leave it with the one beside when that has little to do."""
        self._hear(every=False)
        if self._out < _AHEAD:
            # The classes of permits and drafts can be read only after Django is set up there: they travel packed.
            self._wire.send_bytes(pickle.dumps(job))
            self._out += 1
        else:
            self.heard(*_done(job))

    def rest(self) -> None:
        """Return when everything has been done.

        Raises:
            PlayFailedError: the process beside could not do a job.
        """
        self._hear(every=True)

    def leave(self) -> None:
        """Let the process beside end."""
        self._wire.close()
        self._beside.join()

    def _hear(self, *, every: bool) -> None:
        while self._out and (every or self._wire.poll()):
            try:
                said = self._wire.recv()
            except EOFError:
                raise PlayFailedError(reason=f"exit {self._beside.exitcode}") from None
            if isinstance(said, str):
                raise PlayFailedError(reason=said)
            self._out -= 1
            self.heard(*said)


def hurry(*, on: bool) -> None:
    """Let this process's commits return before they rest on disk, or no longer.

    After a power cut the last of them are missing, from the end backwards, and the play takes them up again: nothing that
    is played is somebody's. The first commit that waits again waits for all before it, of both processes.
    """
    from django.db import connection  # noqa: PLC0415  # this module is imported before Django is set up

    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off" if on else "RESET synchronous_commit")


def _done(job: Job) -> tuple[int, int]:
    """Record a job, and return how many events and duties it made."""
    # Tables; this module is imported before Django is set up.
    from yipan.cli.worlddesks import written  # noqa: PLC0415
    from yipan.registry.likeness import ask_about  # noqa: PLC0415

    made = written(job.permit, job.moment, job.drafts, job.shown)
    for thread in job.doubtful:
        ask_about(job.permit, thread, job.moment)
    return made


def _work(wire: Connection[Any, Any]) -> None:
    """Do jobs until nobody sends any."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    django.setup()
    from yipan import database  # noqa: PLC0415  # after Django is set up

    try:
        hurry(on=True)
        while True:
            wire.send(_done(pickle.loads(wire.recv_bytes())))  # noqa: S301  # packed by our own parent process a moment ago
    except EOFError:
        return
    except Exception as error:  # noqa: BLE001  # whatever it is, the parent says it
        wire.send(f"{type(error).__name__}: {error}")
    finally:
        database.leave()
