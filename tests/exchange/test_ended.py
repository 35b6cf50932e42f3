"""What carries ends when it is told to, also where a client takes the word for a timeout of its own."""

from __future__ import annotations

import asyncio

from yipan.exchange.nodes.carrying import ended


def test_a_task_that_overhears_that_it_shall_end_is_told_again() -> None:
    heard = []

    async def deaf(times: int) -> None:
        while True:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                heard.append(times)
                if len(heard) > times:
                    raise

    async def play() -> None:
        task = asyncio.create_task(deaf(1))
        await asyncio.sleep(0)
        await asyncio.wait_for(ended([task]), 10)
        assert task.done()

    asyncio.run(play())
    assert len(heard) > 1
