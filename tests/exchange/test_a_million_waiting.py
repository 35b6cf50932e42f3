"""A province that was away while a million items were left for it: each comes once, though who takes them is killed on the way."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.exchange.provinces import CHONGQING, GUANGDONG, Line, Provinces, make_provinces

if TYPE_CHECKING:
    from collections.abc import Iterator

BENCH = Path(__file__).parents[2] / "bench" / "exchange.py"
DESKS = 20
#: What one look at how it stands costs among a million rows is not asked for more often.
LOOK = 15.0


@pytest.fixture
def two(monkeypatch: pytest.MonkeyPatch) -> Iterator[Provinces]:
    """Give two provinces of which one carries; when they are taken away each journal proves itself, as long as it takes."""
    monkeypatch.setattr("tests.cli.program.LIMIT_SECONDS", 10_800.0)
    made = make_provinces((GUANGDONG, CHONGQING), line_to=lambda hub: Line(hub.port, keeps=False))
    made["guangdong"].carry()
    yield made
    made.remove()


@pytest.mark.soak
def test_a_million_items_that_waited_come_each_once_and_who_takes_them_stays_small(two: Provinces) -> None:
    cases = int(os.environ.get("EXCHANGE_WAITING", "1000000")) // 2
    desk, home = two
    began = time.monotonic()
    subprocess.run(
        [sys.executable, str(BENCH), "--inside", "record", str(cases), str(DESKS)],
        env=desk.program.environment({}),
        check=True,
        stdout=subprocess.DEVNULL,
    )
    recorded = time.monotonic()
    while desk.towards("chongqing")["to_send"]:
        time.sleep(LOOK)
    left = time.monotonic()
    home.carry()
    memory: list[float] = []
    kills = 0
    while (waits := desk.towards("chongqing")["unacknowledged"]) or not home.idle() or not desk.idle():
        assert home.carrier
        memory.append(home.carrier.memory_info().rss / 2**20)
        # In the middle of what it took, three times on the way.
        if kills < 3 and waits < 2 * cases * (3 - kills) / 4:
            home.kill()
            kills += 1
            home.carry()
        time.sleep(LOOK)
    drained = time.monotonic() - left
    two.agree()
    shared = json.loads(home.program.run("node", "duties", "guangdong", "--json").out)
    asked = [each for each in shared if each["rule"] == "birth-reg-reply-15wd"]
    assert len(asked) == len({each["thread"] for each in asked}) == cases
    assert {each["state"] for each in asked} == {"open"}
    assert not any(each["refused"] or each["held"] for node in two for each in node.status()["peers"])
    assert kills
    thirds = [max(memory[len(memory) * n // 3 : len(memory) * (n + 1) // 3] or [0.0]) for n in range(3)]
    print(  # noqa: T201  # what the run came to
        f"{2 * cases} items: recorded in {recorded - began:.0f} s, left with the hub after {left - recorded:.0f} s more, taken in"
        f" in {drained:.0f} s ({2 * cases / drained:.0f}/s), who took them killed {kills} times, at most"
        f" {' / '.join(f'{each:.0f}' for each in thirds)} MB in each third"
    )
