"""Two provinces whose wires to the hub lose packets in one direction or both, in networks of their own. Only root can make these."""

from __future__ import annotations

import os
import random
import time
from typing import TYPE_CHECKING

import pytest

from tests.exchange.namespaces import FarHub, Wire, allowed
from tests.exchange.provinces import (
    CHONGQING,
    GUANGDONG,
    HER_HOME,
    RESIDENCE,
    Hub,
    Provinces,
    ask_fields,
    make_provinces,
)

if TYPE_CHECKING:
    from collections.abc import Iterator


def _wire(hub: Hub) -> Wire:
    assert isinstance(hub, FarHub)
    return Wire(hub)


@pytest.fixture
def two() -> Iterator[Provinces]:
    """Give two provinces that carry over wires; when they are taken away each journal proves itself."""
    assert allowed(), (
        "only root can make a network, with `ip` (apt-get install iproute2): run this one test as root"
    )
    made = make_provinces((GUANGDONG, CHONGQING), FarHub(), _wire)
    for node, office in zip(made, (RESIDENCE, HER_HOME), strict=True):
        node.program.record("office.opened", office)
        node.carry()
    yield made
    made.remove()


def _ask(two: Provinces) -> str:
    desk = two["guangdong"].program
    thread: str = desk.record("birth-registration.asked", RESIDENCE, **ask_fields())["thread"]
    hers = {"her_home": HER_HOME, "her_name": "李秀兰", "her_points": "请核实姓名"}
    desk.record("verification.asked", RESIDENCE, "--thread", thread, channel="system", **hers)
    return thread


@pytest.mark.soak
def test_wires_that_lose_what_is_sent_lose_no_entry_and_double_none(two: Provinces) -> None:
    seconds = float(os.environ.get("EXCHANGE_WIRE_SECONDS", "600"))
    seed = int(os.environ.get("EXCHANGE_SEED", time.time()))
    chance = random.Random(seed)  # noqa: S311  # chance, no secret
    print(f"seed {seed}")  # noqa: T201  # shown where it failed
    home = two["chongqing"]
    asked = [_ask(two)]
    answered: list[str] = []
    two.settle()
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        node = two[chance.choice(("guangdong", "chongqing"))]
        node.line.go_dead(*chance.choice((("there",), ("back",), ("there", "back"))))
        asked.append(_ask(two))
        known = {each["thread"] for each in home.json("node", "duties", "guangdong")}
        for thread in [each for each in asked if each in known and each not in answered][:1]:
            home.program.record("verification.answered", HER_HOME, "--thread", thread, result="confirmed")
            answered.append(thread)
        # Longer than it takes to see that a line is dead, or not.
        time.sleep(chance.uniform(0, 40))
        if chance.random() < 2 / 3:
            node.line.mend()
    for each in two:
        each.line.mend()
    two.settle(300)
    two.agree()
    shared = two["guangdong"].json("node", "duties", "chongqing")
    states = {each["thread"]: each["state"] for each in shared if each["rule"] == "birth-reg-reply-15wd"}
    assert states == {each: "discharged" if each in answered else "open" for each in asked}
    assert answered
    assert not any(each["refused"] or each["held"] for node in two for each in node.status()["peers"])
