"""Faults at random, the same for the same seed: lines cut in one place or another, hub and nodes killed, a full hub, echoes."""

from __future__ import annotations

import asyncio
import contextlib
import random
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import nats
from nats.errors import Error as NatsError

from tests.exchange.provinces import until

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from tests.exchange.provinces import Hub, Provinces

#: Bytes after which a full hub takes nothing more.
FULL = 1024
#: How many of the last messages an echo may bring again, and how often one.
REMEMBERED, TIMES = 200, 10


class Echo:
    """Hears what passes the hub, and says it again, out of order and many times."""

    def __init__(self, hub: Hub) -> None:
        """Listen, in a thread of its own."""
        self.hub = hub
        self.heard: list[tuple[str, bytes]] = []
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self._client: Any = None
        self.listen()

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        with contextlib.suppress(NatsError, OSError, TimeoutError):
            asyncio.run_coroutine_threadsafe(work, self.loop).result(20)

    def listen(self) -> None:
        """Listen, or again after the hub was away."""
        self._do(self._listen())

    async def _listen(self) -> None:
        if self._client:
            with contextlib.suppress(NatsError, OSError):
                await self._client.close()

        async def hear(message: Any) -> None:  # noqa: ANN401  # of the hub's client
            self.heard = [*self.heard[1 - REMEMBERED :], (message.subject, message.data)]

        async def quiet(_error: Exception) -> None:
            """Say nothing: the hub is killed on purpose."""

        address = f"nats://127.0.0.1:{self.hub.port}"
        self._client = await nats.connect(address, allow_reconnect=False, error_cb=quiet)
        await self._client.subscribe("yipan.node.*", cb=hear)

    def again(self, chance: random.Random) -> None:
        """Say some of it again."""
        said = [each for each in chance.sample(self.heard, min(5, len(self.heard))) for _ in range(TIMES)]
        chance.shuffle(said)
        self._do(self._say(said))

    async def _say(self, said: list[tuple[str, bytes]]) -> None:
        for subject, data in said:
            await self._client.publish(subject, data)
        await self._client.flush(5)

    def most_bytes(self, most: int) -> None:
        """Let the hub's boxes take no more than so many bytes; -1: as many as come."""
        self._do(self._most_bytes(most))

    async def _most_bytes(self, most: int) -> None:
        stream = self._client.jetstream()
        config = (await stream.stream_info("YIPAN")).config
        await stream.update_stream(config.evolve(max_bytes=most))

    def close(self) -> None:
        """End."""
        if self._client:
            self._do(self._client.close())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()


@dataclass
class Faults:
    """What goes wrong."""

    provinces: Provinces
    seed: int
    random: random.Random = field(init=False)
    echo: Echo = field(init=False)
    happened: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Say the seed, so that a run can be had again."""
        print(f"seed {self.seed}")  # noqa: T201  # shown where it failed
        self.random = random.Random(self.seed)  # noqa: S311  # chance, no secret
        self.echo = Echo(self.provinces.hub)

    def one(self) -> None:
        """Let one thing go wrong, or be mended."""
        node = self.random.choice(sorted(self.provinces, key=lambda each: each.name))
        what = self.random.choice(
            (
                "cut", "dead", "dead there", "dead back", "mend", "mend", "mend", "kill node", "kill hub", "full", "empty",
                "echo", "echo", "nothing",
            )
        )  # fmt: skip
        self.happened.append(f"{what} {node.name}")
        if what == "cut":
            node.line.cut()
        elif what.startswith("dead"):
            node.line.go_dead(*(what.split()[1:] or ("there", "back")))
        elif what == "mend":
            node.line.mend()
        elif what == "kill node":
            node.kill()
            node.carry()
        elif what == "kill hub":
            self.provinces.hub.kill()
            self.provinces.hub.start()
            self.echo.listen()
        elif what in ("full", "empty"):
            self.echo.most_bytes(FULL if what == "full" else -1)
        elif what == "echo":
            self.echo.again(self.random)

    def end(self) -> None:
        """Mend everything."""
        for each in self.provinces:
            each.line.mend()
        until(self._is_empty, "the hub takes what comes")
        self.echo.close()

    def _is_empty(self) -> bool:
        self.echo.listen()
        self.echo.most_bytes(-1)
        return not self.is_full()

    def is_full(self) -> bool:
        """Tell whether the hub's box has a limit still."""
        found: list[bool] = []

        async def look() -> None:
            info = await self.echo._client.jetstream().stream_info("YIPAN")  # noqa: SLF001  # our own
            found.append(info.config.max_bytes != -1)

        self.echo._do(look())  # noqa: SLF001  # our own
        return found != [False]
