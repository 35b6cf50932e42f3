"""A hub that knows who connects: TLS, a certificate for each node, each box for its own node alone. A real nats-server."""

from __future__ import annotations

import asyncio
import subprocess
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nats
import pytest
from nats.js.api import ConsumerConfig
from nats.js.errors import APIError

from tests.cli.program import Program
from tests.exchange.provinces import free_port, hub_answers, hub_program, until
from yipan.exchange.faults import HubFilesError, UnreachableHubError
from yipan.exchange.nodes.hubfiles import write_hub
from yipan.exchange.nodes.line import (
    DAILY_SUBJECT,
    STREAM,
    SUBJECT,
    connect,
    days_given,
    ensure_daily,
    words_of,
)
from yipan.law.deadline import SHANGHAI

if TYPE_CHECKING:
    from collections.abc import Iterator

NODES = ("guangdong", "guangxi")


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """Give a hub as the two commands make it, with its address and folder."""
    folder, port = tmp_path_factory.mktemp("hub"), free_port()
    program = Program(home=folder / "not-there")
    words = [each for name in NODES for each in ("--node", name)]
    made = program.json("node", "hub", str(folder), "--address", "127.0.0.1", "--port", str(port), *words)
    assert [Path(each).stem for each in made["nodes"]] == list(NODES)
    server = subprocess.Popen([hub_program(), "-c", "hub.conf"], cwd=folder, stderr=subprocess.DEVNULL)
    try:
        until(lambda: hub_answers(port), "the hub answers")
        assert program.json("node", "boxes", str(folder), "--hub", made["address"]) == {"boxes": list(NODES)}
        yield made["address"], folder
    finally:
        server.kill()
        server.wait()
    assert not program.home.exists()


def shown(hub: tuple[str, Path], name: str) -> bytes:
    """Return the certificate of a node."""
    return (hub[1] / "nodes" / f"{name}.pem").read_bytes()


async def _refused(work: Any) -> None:  # noqa: ANN401  # whatever the client waits for
    with pytest.raises(Exception, match=r"(?i)timeout|permission|no responders"):
        await asyncio.wait_for(work, 3)


def test_a_node_writes_into_any_box_and_takes_from_its_own_alone(hub: tuple[str, Path]) -> None:
    async def play() -> None:
        one = await connect(hub[0], "guangdong", shown(hub, "guangdong"))
        other = await connect(hub[0], "guangxi", shown(hub, "guangxi"))
        stream, theirs = one.jetstream(timeout=2), other.jetstream(timeout=2)
        await stream.publish(SUBJECT.format(name="guangxi"), b"sealed")
        mine = await stream.pull_subscribe(
            SUBJECT.format(name="guangdong"), durable="guangdong", stream=STREAM
        )
        await _refused(
            stream.pull_subscribe(SUBJECT.format(name="guangxi"), durable="guangxi", stream=STREAM)
        )
        meddling = ConsumerConfig(durable_name="guangdong", filter_subject=SUBJECT.format(name="guangxi"))
        await _refused(stream.add_consumer(STREAM, config=meddling))
        await _refused(stream.purge_stream(STREAM))
        await _refused(mine.fetch(1, timeout=1))
        box = await theirs.pull_subscribe(SUBJECT.format(name="guangxi"), durable="guangxi", stream=STREAM)
        [message] = await box.fetch(1, timeout=2)
        assert message.data == b"sealed"
        await message.ack_sync(timeout=2)
        for each in (one, other):
            await each.close()

    asyncio.run(play())


def test_a_node_gives_counts_in_its_own_name_once_a_day_and_reads_those_of_all(hub: tuple[str, Path]) -> None:
    async def give(of: str, by: str, day: str = "2026-03-02") -> None:
        client = await connect(hub[0], by, shown(hub, by))
        stream = client.jetstream(timeout=2)
        await ensure_daily(stream)
        subject = DAILY_SUBJECT.format(name=of, day=day)
        try:
            await stream.publish(subject, b"signed")
        finally:
            await client.close()

    async def read(by: str) -> list[tuple[str, date, str]]:
        client = await connect(hub[0], by, shown(hub, by))
        try:
            stream = client.jetstream(timeout=2)
            given = await days_given(stream)
            return await words_of(stream, [(name, day) for day, names in given.items() for name in names])
        finally:
            await client.close()

    asyncio.run(give("guangdong", "guangdong"))
    asyncio.run(_refused(give("guangdong", "guangxi")))
    with pytest.raises(APIError, match="per subject"):
        asyncio.run(give("guangdong", "guangdong"))
    asyncio.run(give("guangdong", "guangdong", day="no-day"))
    assert asyncio.run(read("guangxi")) == [("guangdong", date(2026, 3, 2), "signed")]


def test_nobody_connects_without_a_certificate_of_this_hub(hub: tuple[str, Path], tmp_path: Path) -> None:
    from datetime import datetime  # noqa: PLC0415  # this test alone

    write_hub(tmp_path, "127.0.0.1", 4222, NODES, datetime.now(SHANGHAI))
    forged = (tmp_path / "nodes" / "guangdong.pem").read_bytes()
    # Our name, another's authority: believed neither by the hub nor, for the hub, by us.
    mixed = (
        forged[: forged.rindex(b"-----BEGIN")]
        + shown(hub, "guangdong")[shown(hub, "guangdong").rindex(b"-----BEGIN") :]
    )
    for credentials in (None, forged, mixed):
        with pytest.raises(UnreachableHubError):
            asyncio.run(connect(hub[0].replace("tls", "nats"), "guangdong", credentials))

    async def bare() -> None:
        with pytest.raises(Exception, match=r"(?i)tls|ssl|authorization|eof|connection"):
            await nats.connect(hub[0].replace("tls", "nats"), allow_reconnect=False, connect_timeout=2)

    asyncio.run(bare())
    with pytest.raises(HubFilesError):
        write_hub(tmp_path, "127.0.0.1", 4222, ("Big Name",), datetime.now(SHANGHAI))
