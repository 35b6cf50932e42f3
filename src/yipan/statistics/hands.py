"""Many batches of cases counted by processes beside this one, and heard of in their order.

Folding keeps one core busy in each process; the database works beside them in processes of its own.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import pickle
import signal
from collections import deque
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Any, ClassVar, Final

import django

from yipan.errors import YipanError
from yipan.registry.running import SELDOM

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from uuid import UUID

    from yipan.statistics.counted import Counting, Simulated

#: How many batches lie with each process at most: one in hand and one to go on with.
_AHEAD: Final = 2
_counting: list[Counting] = []


class CountingFailedError(YipanError):
    """A process that counted ended before its time; what was counted before is kept."""

    code: ClassVar[str] = "counting-failed"
    sentence: ClassVar[dict[str, str]] = {
        "zh": "一个计算进程中途结束了。已经算完的部分还在。",
        "en": "A process that counted ended before its time. What was counted is kept.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "用同样的参数再运行一次，会接着算；如果又是这样，请看内存够不够。",
        "en": "Run it again with the same words: it goes on where it was. If it happens again, see whether memory is short.",
    }


def usual_hands() -> int:
    """Return how many processes count unless somebody says: one for each core."""
    return os.cpu_count() or 1


@contextmanager
def counting(
    here: Counting, words: tuple[Any, ...], hands: int
) -> Iterator[Callable[[Iterable[Sequence[UUID]]], Iterable[Simulated]]]:
    """Give what counts batches, in their order: `here`, or so many processes beside that begin with the words of `Counting.of`.

    Raises:
        CountingFailedError: a process beside ended before its time.
    """
    if hands < 2:  # noqa: PLR2004  # one is this process
        yield lambda batches: map(here.count, batches)
        return
    context = multiprocessing.get_context("spawn")
    # The classes of drafts and permits can be read only after Django is set up there: they travel packed.
    pool = ProcessPoolExecutor(hands, context, _begin, (pickle.dumps(words),))
    try:
        yield lambda batches: _in_order(pool, batches, hands * _AHEAD)
    except BrokenProcessPool as error:
        raise CountingFailedError from error
    finally:
        pool.shutdown(cancel_futures=True)


def _in_order(
    pool: ProcessPoolExecutor, batches: Iterable[Sequence[UUID]], ahead: int
) -> Iterator[Simulated]:
    waiting = iter(batches)
    out: deque[Future[Simulated]] = deque(pool.submit(_count, each) for each in islice(waiting, ahead))
    while out:
        found = out.popleft().result()
        out.extend(pool.submit(_count, each) for each in islice(waiting, 1))
        yield found


def _begin(packed: bytes) -> None:
    """Make a process ready to count. Who stops the whole is told to the process that asked."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    django.setup()
    from yipan.statistics.counted import Counting  # noqa: PLC0415  # after Django is set up

    _counting.append(Counting.of(*pickle.loads(packed)))  # noqa: S301  # written by our own parent process a moment ago
    gc.freeze()
    gc.set_threshold(*SELDOM)


def _count(batch: Sequence[UUID]) -> Simulated:
    [own] = _counting
    return own.count(batch)
