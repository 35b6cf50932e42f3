"""What carries ends when it is told to, also where a client takes the word for a timeout of its own; and never without a word."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from yipan.exchange.nodes.carrying import Carrying, ended, told_to_end

if TYPE_CHECKING:
    from tests.duties.cast import Cast


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


def test_what_a_closing_client_cancels_is_no_word_to_end() -> None:
    told = []

    async def wait(reply: asyncio.Future[None]) -> None:
        try:
            await reply
        except asyncio.CancelledError:
            told.append(told_to_end())

    async def play() -> None:
        for by_us in (False, True):
            reply: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            task = asyncio.create_task(wait(reply))
            await asyncio.sleep(0)
            (task if by_us else reply).cancel()
            await task

    asyncio.run(play())
    assert told == [False, True]


def test_who_carries_goes_on_though_nobody_hears_what_fails(cast: Cast) -> None:
    assert cast.residence
    heard = []

    def gone(line: str) -> None:
        heard.append(line)
        raise BrokenPipeError

    asyncio.run(Carrying(gone).run(8))
    # Once, and it goes on trying.
    assert len(heard) == 1


def test_who_cannot_carry_any_more_ends_with_the_reason(cast: Cast) -> None:
    assert cast.residence

    class Broken(Carrying):
        async def _finish(self) -> None:
            await asyncio.sleep(0)
            message = "a fault of the program"
            raise RuntimeError(message)

    with pytest.raises(RuntimeError, match="a fault of the program"):
        asyncio.run(asyncio.wait_for(Broken().run(), 60))
