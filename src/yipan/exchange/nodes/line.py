"""The line to the hub, and its boxes. It asks no database: whoever keeps a hub has none."""

from __future__ import annotations

import asyncio
import contextlib
from collections import defaultdict
from datetime import date
from typing import TYPE_CHECKING, Final

import nats
from nats.errors import Error as NatsError
from nats.js.api import AckPolicy, ConsumerConfig, DiscardPolicy, RetentionPolicy, StreamConfig
from nats.js.errors import NotFoundError

from yipan.exchange.faults import UnreachableHubError
from yipan.exchange.nodes.hubfiles import KEEPER, connecting

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from nats.aio.client import Client
    from nats.js import JetStreamContext
    from nats.js.api import StreamInfo

#: All that the hub knows: a box for each node; and the daily counts.
STREAM: Final = "YIPAN"
SUBJECT: Final = "yipan.node.{name}"
DAILY: Final = "YIPAN-DAILY"
DAILY_SUBJECT: Final = "yipan.counts.{name}.{day}"
#: Seconds after which something at the hub has failed.
TIMEOUT: Final = 5.0
#: How many messages are fetched at once.
FETCH: Final = 20
_ACK_WAIT: Final = 60.0


async def connect(hub: str, name: str, shown: bytes | None = None) -> Client:
    """Return a connection to the hub that notices when the line is cut. `shown`: the certificate by which the hub knows us.

    Raises:
        UnreachableHubError: nobody answers there.
    """

    async def quiet(_error: Exception) -> None:
        """Say nothing: what fails is said by who waits for it."""

    try:
        return await asyncio.wait_for(
            nats.connect(
                hub, name=name, allow_reconnect=False, connect_timeout=3, ping_interval=5, max_outstanding_pings=2,
                error_cb=quiet, **connecting(name, shown),
            ),
            TIMEOUT,
        )  # fmt: skip
    except (NatsError, OSError, TimeoutError) as error:
        raise UnreachableHubError(hub=hub, reason=type(error).__name__) from error


async def ensure_streams(stream: JetStreamContext, most_bytes: int = -1) -> datetime | None:
    """Make the boxes where the hub has none; return since when it has them.

    What was taken out of a box rests there no longer; a full one refuses.
    """
    boxes = StreamConfig(
        name=STREAM,
        subjects=[SUBJECT.format(name="*")],
        retention=RetentionPolicy.WORK_QUEUE,
        discard=DiscardPolicy.NEW,
        max_bytes=most_bytes,
        duplicate_window=120,
    )
    return (await _ensured(stream, boxes)).created


async def ensure_daily(stream: JetStreamContext) -> None:
    """Make the board of daily counts where the hub has none. The first word of a node on a day stays."""
    board = StreamConfig(
        name=DAILY,
        subjects=[DAILY_SUBJECT.format(name="*", day="*")],
        retention=RetentionPolicy.LIMITS,
        discard=DiscardPolicy.NEW,
        max_msgs_per_subject=1,
        discard_new_per_subject=True,
        allow_direct=True,
        duplicate_window=120,
    )
    await _ensured(stream, board)


async def _ensured(stream: JetStreamContext, wanted: StreamConfig) -> StreamInfo:
    try:
        return await stream.stream_info(str(wanted.name))
    except NotFoundError:
        return await stream.add_stream(wanted)


async def days_given(stream: JetStreamContext, name: str = "*") -> dict[date, list[str]]:
    """Return of which days the hub has counts, by whom: of one node, or of all. What is said of no day is passed over."""
    info = await stream.stream_info(DAILY, subjects_filter=DAILY_SUBJECT.format(name=name, day="*"))
    found: dict[date, list[str]] = defaultdict(list)
    for subject in info.state.subjects or ():
        *_, who, day = subject.split(".")
        with contextlib.suppress(ValueError):
            found[date.fromisoformat(day)].append(who)
    return found


async def words_of(
    stream: JetStreamContext, wanted: Iterable[tuple[str, date]]
) -> list[tuple[str, date, str]]:
    """Return what nodes told the hub of days."""
    asked = list(wanted)
    found = await asyncio.gather(
        *(
            stream.get_last_msg(DAILY, DAILY_SUBJECT.format(name=name, day=day), direct=True)
            for name, day in asked
        )
    )
    return [(*of, (each.data or b"").decode(errors="replace")) for of, each in zip(asked, found, strict=True)]


async def make_boxes(hub: str, shown: bytes, names: Iterable[str]) -> None:
    """Make the boxes of nodes, as who keeps the hub: where the hub asks for certificates no node may.

    Raises:
        UnreachableHubError: nobody answers there, or does not know the keeper.
    """
    client = await connect(hub, KEEPER, shown)
    try:
        stream = client.jetstream(timeout=TIMEOUT)
        await ensure_streams(stream)
        await ensure_daily(stream)
        for name in names:
            await stream.add_consumer(STREAM, config=box(name))
    finally:
        await client.close()


def box(name: str) -> ConsumerConfig:
    """Return the box of a node as the hub is asked for it."""
    return ConsumerConfig(
        name=name,
        durable_name=name,
        filter_subject=SUBJECT.format(name=name),
        ack_policy=AckPolicy.EXPLICIT,
        ack_wait=_ACK_WAIT,
        max_ack_pending=4 * FETCH,
    )


async def probe(hub: str, name: str, shown: bytes | None) -> str:
    """Return what is wrong with the hub; empty where nothing is."""
    try:
        client = await connect(hub, name, shown)
    except UnreachableHubError as refusal:
        return str(refusal.fields["reason"])
    try:
        await client.jetstream(timeout=TIMEOUT).stream_info(STREAM)
    except (NatsError, TimeoutError) as error:
        return type(error).__name__
    finally:
        await client.close()
    return ""
