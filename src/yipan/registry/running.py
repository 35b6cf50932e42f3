"""A roster run to its end: read in this process, entered here or in processes beside it, stopped cleanly, gone on with.

Reading a row and entering it cost about the same, and the database works on a third: with two cores two hands at the same
parts are worth having. A process that dies leaves its part as it was.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import pickle
import queue
import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar, Final

import django

from yipan.errors import YipanError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from multiprocessing.process import BaseProcess
    from uuid import UUID

    from yipan.offices.permit import Permit
    from yipan.registry.sheets import Roster

#: From so many parts on processes beside are worth their start.
_WORTH: Final = 4
#: How long somebody waits for a part before she looks whether there is anybody to work for, in seconds.
_LOOK: Final = 1.0
#: After how many new values, and how many looks at the young ones, Python looks at older ones.
SELDOM: Final = (200_000, 20, 100)


def usual_hands() -> int:
    """Return how many processes enter rows unless somebody says: while one waits for the disk, another computes."""
    return (os.cpu_count() or 1) + 1


class EnteringFailedError(YipanError):
    """A process that entered parts could not go on; what it had entered stays."""

    code: ClassVar[str] = "entering-failed"
    sentence: ClassVar[dict[str, str]] = {
        "zh": "录入中断：{reason}。已录入的不会丢失。",
        "en": "Entering broke off: {reason}. What was entered stays.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "请用同一份文件重新导入，会从断点继续。",
        "en": "Import the same file again: it goes on where it was.",
    }


def run(  # noqa: PLR0913  # each is a decision of the caller
    permit: Permit,
    roster: Roster,
    *,
    ground: str,
    division: str,
    clock: Callable[[], datetime],
    hands: int = 1,
    told: Callable[[int, int], None] | None = None,
) -> UUID:
    """Read a roster and enter it, from where it was left, and return its intake.

    Args:
        permit: who enters it, for which office.
        roster: the file.
        ground: how its people agreed.
        division: where people live who say nothing of it.
        clock: what time it is.
        hands: how many processes enter parts at once; 1 is this one.
        told: hears how many rows have been read and how many entered.

    Raises:
        KeyboardInterrupt: somebody stopped it; the part in hand was finished first.
        ConsentNeededError, NotPermittedError, EnteringFailedError: as they say.
    """
    from yipan.registry import importing  # noqa: PLC0415  # tables; this module is imported before Django is set up

    intake = importing.begin(permit, roster, clock())
    importing.agree(permit, intake, ground, clock())
    team = _Team(permit, intake, clock, hands, told)
    try:
        with _seldom_collecting():
            importing.read(permit, intake, roster, division, team.laid)
            team.finish()
    except KeyboardInterrupt:
        team.stop()
        importing.stop(permit, intake)
        raise
    except BaseException:
        team.stop()
        raise
    importing.finish(permit, intake, clock())
    return intake


def go_on(
    permit: Permit,
    intake: UUID,
    clock: Callable[[], datetime],
    told: Callable[[int, int], None] | None = None,
) -> None:
    """Enter what a roster that was read to its end still has waiting, and close it. Stops when somebody says so."""
    from yipan.registry import entering, importing  # noqa: PLC0415  # as above

    with _seldom_collecting():
        for number in importing.to_do(permit, intake):
            if not importing.is_working(permit, intake):
                return
            entering.enter_part(permit, intake, number, clock)
            if told:
                told(*importing.progress(permit, intake))
    importing.finish(permit, intake, clock())


@contextmanager
def _seldom_collecting() -> Iterator[None]:
    """Let Python look for dead circles seldom.

    Every part makes a hundred thousand values and no circle, and each look would go through all the names of places.
    """
    from yipan.offices.placeindex import read_gazetteer  # noqa: PLC0415  # as above

    read_gazetteer()
    usual = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(*SELDOM)
    try:
        yield
    finally:
        gc.set_threshold(*usual)
        gc.unfreeze()


class _Team:
    """Those who enter the parts that are laid down."""

    def __init__(
        self,
        permit: Permit,
        intake: UUID,
        clock: Callable[[], datetime],
        hands: int,
        told: Callable[[int, int], None] | None,
    ) -> None:
        self.permit, self.intake, self.clock, self.hands = permit, intake, clock, hands
        self.told = told
        self.context = multiprocessing.get_context("spawn")
        self.waiting: list[int] = []
        self.rows = 0
        self.entered = 0
        self.beside: list[BaseProcess] = []
        self.todo: Any = None
        self.done: Any = None

    def laid(self, number: int, rows: int) -> bool:
        """Take up a part that lies there now."""
        self.rows = rows
        if self.hands == 1:
            self._enter(number)
        elif self.beside:
            self.todo.put(number)
            self._hear(block=False)
        else:
            self.waiting.append(number)
            if len(self.waiting) >= _WORTH:
                self._call()
        return True

    def _enter(self, number: int) -> None:
        from yipan.registry.entering import enter_part  # noqa: PLC0415  # as above

        enter_part(self.permit, self.intake, number, self.clock)
        self._tell(1)

    def _call(self) -> None:
        """Start the processes beside, and give them what waits."""
        self.todo, self.done = self.context.Queue(), self.context.Queue()
        # The permit's class can be read only after Django is set up there: it travels packed.
        arguments = (pickle.dumps(self.permit), self.intake, self.todo, self.done, os.getpid())
        self.beside = [self.context.Process(target=_work_beside, args=arguments) for _ in range(self.hands)]
        for process in self.beside:
            process.start()
        for number in self.waiting:
            self.todo.put(number)
        self.waiting = []

    def finish(self) -> None:
        """Return when everything that was laid down has been entered."""
        for number in self.waiting:
            self._enter(number)
        if not self.beside:
            return
        for _ in self.beside:
            self.todo.put(None)
        while any(process.is_alive() for process in self.beside):
            self._hear(block=True)
        self._hear(block=False)
        for process in self.beside:
            process.join()
            if process.exitcode:
                raise EnteringFailedError(reason=f"exit {process.exitcode}")

    def stop(self) -> None:
        """Let the processes beside finish the part in hand, and no other."""
        if not self.beside:
            return
        while True:
            try:
                self.todo.get_nowait()
            except queue.Empty:
                break
        for _ in self.beside:
            self.todo.put(None)
        for process in self.beside:
            process.join()

    def _hear(self, *, block: bool) -> None:
        while True:
            try:
                said = self.done.get(block, _LOOK) if block else self.done.get_nowait()
            except queue.Empty:
                return
            if isinstance(said, str):
                raise EnteringFailedError(reason=said)
            self._tell(1)

    def _tell(self, parts: int) -> None:
        from yipan.registry.staging import PART  # noqa: PLC0415  # as above

        self.entered += parts
        if self.told:
            self.told(self.rows, min(self.entered * PART, self.rows))


def _work_beside(packed: bytes, intake: UUID, todo: Any, done: Any, parent: int) -> None:  # noqa: ANN401  # queues
    """Enter parts until there are no more, or nobody to work for."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    django.setup()
    from datetime import datetime  # noqa: PLC0415

    from yipan import database  # noqa: PLC0415
    from yipan.law.deadline import SHANGHAI  # noqa: PLC0415
    from yipan.registry.entering import enter_part  # noqa: PLC0415

    gc.freeze()
    gc.set_threshold(*SELDOM)
    permit: Permit = pickle.loads(packed)  # noqa: S301  # written by our own parent process a moment ago
    try:
        while os.getppid() == parent:
            try:
                number = todo.get(timeout=_LOOK)
            except queue.Empty:
                continue
            if number is None:
                return
            enter_part(permit, intake, number, lambda: datetime.now(SHANGHAI))
            done.put(number)
    except Exception as error:  # noqa: BLE001  # whatever it is, the parent says it
        done.put(f"{type(error).__name__}")
    finally:
        database.leave()
