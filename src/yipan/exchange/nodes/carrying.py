"""Between the outbox, the hub and the inbox: a process that may be killed at any step, and goes on where it was.

What leaves waits in the database until the hub has said that it holds it, and is sent again until the receiving node has signed
that it came. What comes is acknowledged once it is in the database. So nothing rests on this process.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, TypeVar

from django.db import close_old_connections, connections

from yipan.exchange.faults import UnreachableHubError
from yipan.exchange.nodes import board
from yipan.exchange.nodes.carrier import carrying_here, tell
from yipan.exchange.nodes.entering import enter_in_turn
from yipan.exchange.nodes.erasures import tell_erasures
from yipan.exchange.nodes.finishing import finish
from yipan.exchange.nodes.line import (
    DAILY_SUBJECT,
    FETCH,
    STREAM,
    SUBJECT,
    TIMEOUT,
    connect,
    days_given,
    ensure_daily,
    ensure_streams,
    words_of,
)
from yipan.exchange.nodes.line import box as box_of
from yipan.exchange.nodes.own import credentials, own
from yipan.exchange.nodes.packing import pack_due, published, send_again
from yipan.exchange.nodes.receiving import receive_many
from yipan.law.deadline import SHANGHAI

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nats.aio.msg import Msg
    from nats.js import JetStreamContext

    from yipan.exchange.nodes.packing import Packed

_PAUSE: Final = 0.1
_AFTER_A_FAULT: Final = 0.5
#: After so many seconds a task that was told to end is told again.
_ASKED_AGAIN: Final = 1.0
_COUNTS_EVERY, _COUNTS_AGAIN = 3600.0, 60.0
#: How often the list of erasures is compared with where copies lie.
_ERASURES_EVERY: Final = 5.0
#: An erasure is listed under the moment at which it began: as long as its transaction may take.
_OVERLAP: Final = timedelta(hours=1)
#: How far the hub's clock may be from ours, when what was sent is compared with its boxes.
_CLOCKS_APART: Final = timedelta(minutes=5)
T = TypeVar("T")


class Carrying:
    """Carries for this node until it is told to stop."""

    def __init__(self, say: Callable[[str], None] | None = None) -> None:
        """`say` hears of what fails, once each time it begins to."""
        self.own = own()
        self.say = say or (lambda _line: None)
        self.stop = asyncio.Event()
        self._said = ""
        #: Erasures of before were compared with where copies lie; at the start none were.
        self._compared_at: datetime | None = None
        #: Something was entered, and is to be receipted.
        self._entered = asyncio.Event()
        #: Since when the hub has the boxes, as far as we looked.
        self._boxes_since: datetime | None = None
        # A thread for what leaves, for what comes, for what is said of it and for the counts, each with a connection of its own.
        self._leaving = ThreadPoolExecutor(1, "leaving")
        self._entering = ThreadPoolExecutor(1, "entering")
        self._finishing = ThreadPoolExecutor(1, "finishing")
        self._counting = ThreadPoolExecutor(1, "counting")

    async def run(self, seconds: float | None = None) -> None:
        """Carry until told to stop, or for some seconds.

        Raises:
            Exception: whatever ended one of the tasks. Who is there and does not carry would be taken for a carrier.
        """
        with carrying_here():
            tasks = [asyncio.create_task(each()) for each in (self._connected, self._enter, self._finish)]
            told: asyncio.Task[Any] = asyncio.create_task(self.stop.wait())
            await asyncio.wait([told, *tasks], timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            self.stop.set()
            faults = await ended([told, *tasks])
            for pool in (self._leaving, self._entering, self._finishing, self._counting):
                pool.submit(connections.close_all)
                pool.shutdown()
            if faults:
                raise faults[0]

    async def _connected(self) -> None:
        """Connect, carry, and connect again whenever that fails, however it fails."""
        while not self.stop.is_set():
            try:
                await self._while_connected()
            except UnreachableHubError as refusal:
                self._tell(refusal.say("zh"))
            except asyncio.CancelledError:
                # A client that closes cancels what waits for it, and nobody told us to end.
                if told_to_end():
                    raise
            except Exception as error:  # noqa: BLE001  # the line or the database went away: both come back, and nothing was lost
                self._tell(f"{type(error).__name__}: {error}"[:200])
            await asyncio.sleep(_AFTER_A_FAULT)

    async def _while_connected(self) -> None:
        client = await connect(self.own.hub, self.own.name, credentials())
        try:
            stream = client.jetstream(timeout=TIMEOUT)
            await self._look_into(await ensure_streams(stream))
            await self._carry(stream)
        finally:
            # However a client fails to close: it is done with.
            with contextlib.suppress(Exception):
                await asyncio.wait_for(client.close(), 2)

    async def _look_into(self, since: datetime | None) -> None:
        """Send again what no box can hold any more, because the hub made its boxes anew after it was sent."""
        if since and since != self._boxes_since:
            await self._in(self._leaving, send_again, since + _CLOCKS_APART, _now())
            self._boxes_since = since

    async def _carry(self, stream: JetStreamContext) -> None:
        """Do all that needs the hub, until one of it fails; then end the others too, so that nothing is done twice at once."""
        tasks = [asyncio.create_task(each(stream)) for each in (self._send, self._fetch, self._count)]
        try:
            await asyncio.gather(*tasks)
        finally:
            await ended(tasks)

    def _tell(self, line: str) -> None:
        """Say once what keeps us from carrying, and note it until something has been carried."""
        if line == self._said:
            return
        self._said = line
        if line:
            self._say(line)
        # A disk that is full is what there is to say, and where it cannot be noted.
        with contextlib.suppress(OSError):
            tell(line, _now())

    def _say(self, line: str) -> None:
        # Whoever heard us may have gone.
        with contextlib.suppress(OSError):
            self.say(line)

    async def _send(self, stream: JetStreamContext) -> None:
        compared = 0.0
        while not self.stop.is_set():
            if time.monotonic() - compared > _ERASURES_EVERY:
                began = _now()
                await self._in(self._leaving, tell_erasures, began, self._compared_at)
                compared, self._compared_at = time.monotonic(), began - _OVERLAP
            packed: list[Packed] = await self._in(self._leaving, pack_due, _now())
            for each in packed:
                await stream.publish(
                    SUBJECT.format(name=each.peer),
                    each.raw.encode(),
                    timeout=TIMEOUT,
                    headers={"Nats-Msg-Id": each.message_id},
                )
                await self._in(self._leaving, published, each, _now())
            self._tell("")
            if not packed:
                await asyncio.sleep(_PAUSE)

    async def _fetch(self, stream: JetStreamContext) -> None:
        box = await stream.pull_subscribe(
            SUBJECT.format(name=self.own.name),
            durable=self.own.name,
            stream=STREAM,
            config=box_of(self.own.name),
        )
        while not self.stop.is_set():
            try:
                messages: list[Msg] = await box.fetch(1, timeout=1)
                # Those that are there already; asked for more than there are, the hub would wait for the rest.
                if more := min(FETCH, messages[0].metadata.num_pending):
                    with contextlib.suppress(TimeoutError):
                        messages += await box.fetch(more, timeout=1)
            except TimeoutError:
                if not stream._nc.is_connected:  # noqa: SLF001  # the client behind it has no other name
                    raise
                continue
            said = [
                (each.data.decode(errors="replace"), each.metadata.timestamp.astimezone(UTC))
                for each in messages
            ]
            await self._in(self._entering, receive_many, said, _now())
            for message in messages:
                await message.ack()
            await self._in(self._entering, enter_in_turn, _now())
            self._entered.set()

    async def _enter(self) -> None:
        """Enter what waited for its time, whether or not the hub is there."""
        while not self.stop.is_set():
            if await self._try(self._entering, enter_in_turn):
                self._entered.set()
            else:
                await asyncio.sleep(_AFTER_A_FAULT)

    async def _finish(self) -> None:
        """Write arrivals and receipts of what was entered, while what came after it is entered."""
        while not self.stop.is_set():
            self._entered.clear()
            if not await self._try(self._finishing, finish):
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._entered.wait(), _AFTER_A_FAULT)

    async def _try(self, pool: ThreadPoolExecutor, verb: Callable[[datetime], int]) -> int:
        """Do what the hub is not needed for; the database may go away: it comes back, and nothing was lost."""
        try:
            return await self._in(pool, verb, _now())
        except Exception as error:  # noqa: BLE001  # whatever the database says when it goes
            self._tell(type(error).__name__)
            return 0

    async def _count(self, stream: JetStreamContext) -> None:
        """Give the hub our counts of the days that ended, and take those of others. They hold up nothing else."""
        told = False
        while not self.stop.is_set():
            try:
                await self._exchange_counts(stream)
                await asyncio.sleep(_COUNTS_EVERY)
            except Exception as error:
                if not stream._nc.is_connected:  # noqa: SLF001  # the client behind it has no other name
                    raise
                # Whatever it is, the rest goes on.
                if not told:
                    self._say(f"daily counts: {type(error).__name__}")
                told = True
                await asyncio.sleep(_COUNTS_AGAIN)

    async def _exchange_counts(self, stream: JetStreamContext) -> None:
        await ensure_daily(stream)
        given = {day for day, names in (await days_given(stream)).items() if self.own.name in names}
        for name, day, word in await self._in(self._counting, board.words_to_give, _now(), given):
            await stream.publish(DAILY_SUBJECT.format(name=name, day=day), word.encode(), timeout=TIMEOUT)
        wanted = await self._in(self._counting, board.words_to_hear, _now(), await days_given(stream))
        await self._in(self._counting, board.hear, await words_of(stream, wanted), _now())

    async def _in(self, pool: ThreadPoolExecutor, verb: Callable[..., T], *words: Any) -> T:  # noqa: ANN401  # of any verb
        def work() -> T:
            close_old_connections()
            return verb(*words)

        return await asyncio.get_running_loop().run_in_executor(pool, work)


def told_to_end() -> bool:
    """Tell whether somebody told this task to end."""
    task = asyncio.current_task()
    return task is None or task.cancelling() > 0


async def ended(tasks: Sequence[asyncio.Task[Any]]) -> list[Exception]:
    """End tasks, and return what ended them before.

    They are asked again until they have ended: who gives up waiting at that very moment takes the first word for its own timeout.
    """
    while pending := [each for each in tasks if not each.done()]:
        for task in pending:
            task.cancel()
        await asyncio.wait(pending, timeout=_ASKED_AGAIN)
    found = await asyncio.gather(*tasks, return_exceptions=True)
    return [each for each in found if isinstance(each, Exception)]


def _now() -> datetime:
    return datetime.now(SHANGHAI)
