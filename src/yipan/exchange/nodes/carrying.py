"""Between the outbox, the hub and the inbox: a process that may be killed at any step, and goes on where it was.

What leaves waits in the database until the hub has said that it holds it, and is sent again until the receiving node has signed
that it came. What comes is acknowledged once it is in the database. So nothing rests on this process.
"""

from __future__ import annotations

import asyncio
import contextlib
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, TypeVar

import nats
from django.db import close_old_connections
from nats.errors import Error as NatsError
from nats.js.api import AckPolicy, ConsumerConfig, DiscardPolicy, RetentionPolicy, StreamConfig
from nats.js.errors import NotFoundError

from yipan.exchange.faults import UnreachableHubError
from yipan.exchange.nodes import counting
from yipan.exchange.nodes.entering import enter_ready
from yipan.exchange.nodes.own import own
from yipan.exchange.nodes.packing import pack_due, published
from yipan.exchange.nodes.receiving import receive
from yipan.law.deadline import SHANGHAI

if TYPE_CHECKING:
    from collections.abc import Callable

    from nats.aio.client import Client
    from nats.aio.msg import Msg
    from nats.js import JetStreamContext

    from yipan.exchange.nodes.packing import Packed

#: All that the hub knows: a box for each node; and the daily counts.
STREAM: Final = "YIPAN"
SUBJECT: Final = "yipan.node.{name}"
COUNTS: Final = "YIPAN-COUNTS"
COUNTS_SUBJECT: Final = "yipan.counts.{name}"
_TIMEOUT: Final = 5.0
_PAUSE: Final = 0.2
_AFTER_A_FAULT: Final = 0.5
_FETCH: Final = 20
_ACK_WAIT: Final = 60.0
_COUNTS_EVERY: Final = 3600.0
T = TypeVar("T")


class Carrying:
    """Carries for this node until it is told to stop."""

    def __init__(self, say: Callable[[str], None] | None = None) -> None:
        """`say` hears of what fails, once each time it begins to."""
        self.own = own()
        self.say = say or (lambda _line: None)
        self.stop = asyncio.Event()
        self._said = ""
        # One thread for what leaves and one for what comes, each with a connection of its own.
        self._leaving = ThreadPoolExecutor(1, "leaving")
        self._entering = ThreadPoolExecutor(1, "entering")

    async def run(self, seconds: float | None = None) -> None:
        """Carry until told to stop, or for some seconds."""
        tasks = [asyncio.create_task(each()) for each in (self._connected, self._enter)]
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.stop.wait(), seconds)
        self.stop.set()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._leaving.shutdown()
        self._entering.shutdown()

    async def _connected(self) -> None:
        """Connect, carry, and connect again whenever that fails."""
        while not self.stop.is_set():
            try:
                client = await connect(self.own.hub, self.own.name)
            except UnreachableHubError as refusal:
                self._tell(refusal.say("zh"))
                await asyncio.sleep(_AFTER_A_FAULT)
                continue
            try:
                stream = client.jetstream(timeout=_TIMEOUT)
                await ensure_streams(stream)
                self._tell("")
                await asyncio.gather(self._send(stream), self._fetch(stream), self._count(stream))
            except (NatsError, OSError, TimeoutError) as error:
                self._tell(f"{type(error).__name__}")
                await asyncio.sleep(_AFTER_A_FAULT)
            finally:
                with contextlib.suppress(NatsError, OSError, TimeoutError):
                    await asyncio.wait_for(client.close(), 2)

    def _tell(self, line: str) -> None:
        if line and line != self._said:
            self.say(line)
        self._said = line

    async def _send(self, stream: JetStreamContext) -> None:
        while not self.stop.is_set():
            packed: list[Packed] = await self._in(self._leaving, pack_due, _now())
            for each in packed:
                await stream.publish(
                    SUBJECT.format(name=each.peer),
                    each.raw.encode(),
                    timeout=_TIMEOUT,
                    headers={"Nats-Msg-Id": each.message_id},
                )
                await self._in(self._leaving, published, each, _now())
            if not packed:
                await asyncio.sleep(_PAUSE)

    async def _fetch(self, stream: JetStreamContext) -> None:
        config = ConsumerConfig(
            durable_name=self.own.name,
            ack_policy=AckPolicy.EXPLICIT,
            ack_wait=_ACK_WAIT,
            max_ack_pending=4 * _FETCH,
        )
        box = await stream.pull_subscribe(
            SUBJECT.format(name=self.own.name), durable=self.own.name, stream=STREAM, config=config
        )
        while not self.stop.is_set():
            try:
                messages: list[Msg] = await box.fetch(_FETCH, timeout=1)
            except TimeoutError:
                if not stream._nc.is_connected:  # noqa: SLF001  # the client behind it has no other name
                    raise
                continue
            for message in messages:
                stored_at = message.metadata.timestamp.astimezone(UTC)
                await self._in(self._entering, receive, message.data.decode(), stored_at, _now())
                await message.ack()
            await self._in(self._entering, enter_ready, _now())

    async def _enter(self) -> None:
        """Enter what waited for its time, whether or not the hub is there."""
        while not self.stop.is_set():
            try:
                done = await self._in(self._entering, enter_ready, _now())
            except Exception as error:  # noqa: BLE001  # the database went away: it comes back, and nothing was lost
                self._tell(type(error).__name__)
                done = 0
            await asyncio.sleep(0 if done else _AFTER_A_FAULT)

    async def _count(self, stream: JetStreamContext) -> None:
        """Give the hub the counts of yesterday, and of the days before that it has not."""
        while not self.stop.is_set():
            for said in await self._in(self._leaving, counting.counts_to_give, _now()):
                await stream.publish(
                    COUNTS_SUBJECT.format(name=self.own.name),
                    said,
                    timeout=_TIMEOUT,
                    headers={"Nats-Msg-Id": f"{self.own.name}:{counting.day_of(said)}"},
                )
            await asyncio.sleep(_COUNTS_EVERY)

    async def _in(self, pool: ThreadPoolExecutor, verb: Callable[..., T], *words: Any) -> T:  # noqa: ANN401  # of any verb
        def work() -> T:
            close_old_connections()
            return verb(*words)

        return await asyncio.get_running_loop().run_in_executor(pool, work)


def _now() -> datetime:
    return datetime.now(SHANGHAI)


async def connect(hub: str, name: str) -> Client:
    """Return a connection to the hub that notices when the line is cut.

    Raises:
        UnreachableHubError: nobody answers there.
    """

    async def quiet(_error: Exception) -> None:
        """Say nothing: what fails is said by who waits for it."""

    try:
        return await asyncio.wait_for(
            nats.connect(
                hub, name=name, allow_reconnect=False, connect_timeout=3, ping_interval=5, max_outstanding_pings=2,
                error_cb=quiet,
            ),
            _TIMEOUT,
        )  # fmt: skip
    except (NatsError, OSError, TimeoutError) as error:
        raise UnreachableHubError(hub=hub, reason=type(error).__name__) from error


async def ensure_streams(stream: JetStreamContext, most_bytes: int = -1) -> None:
    """Make the boxes where the hub has none. What was taken out of a box rests there no longer; a full one refuses."""
    for name, subject, retention in (
        (STREAM, SUBJECT, RetentionPolicy.WORK_QUEUE),
        (COUNTS, COUNTS_SUBJECT, RetentionPolicy.LIMITS),
    ):
        try:
            await stream.stream_info(name)
        except NotFoundError:
            await stream.add_stream(
                StreamConfig(
                    name=name,
                    subjects=[subject.format(name="*")],
                    retention=retention,
                    discard=DiscardPolicy.NEW,
                    max_bytes=most_bytes,
                    duplicate_window=120,
                )
            )


async def probe(hub: str, name: str) -> str:
    """Return what is wrong with the hub; empty where nothing is."""
    try:
        client = await connect(hub, name)
    except UnreachableHubError as refusal:
        return str(refusal.fields["reason"])
    try:
        await client.jetstream(timeout=_TIMEOUT).stream_info(STREAM)
    except (NatsError, TimeoutError) as error:
        return type(error).__name__
    finally:
        await client.close()
    return ""
