"""Two provinces as they run, with a real hub between them: what passes over a line that is cut and a hub that is killed."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.exchange.faults import Faults
from tests.exchange.provinces import HER_HOME, RESIDENCE, ask_fields, until

if TYPE_CHECKING:
    from tests.exchange.provinces import Provinces

MINUTE = 60
#: Words that nobody between the two may read: names, a number, townships.
SECRETS = (
    "李秀兰",
    "陈志强",
    "500101199203154526",
    "请核实姓名",
    RESIDENCE,
    HER_HOME,
    "verification",
    "birth-reg",
)


def begin(two: Provinces) -> None:
    """Open both offices, and let both sides carry."""
    two["guangdong"].program.record("office.opened", RESIDENCE)
    two["chongqing"].program.record("office.opened", HER_HOME)
    for each in two.nodes.values():
        each.carry()


def ask(two: Provinces, **more: str) -> str:
    """Begin a case and ask her home; return the case."""
    desk = two["guangdong"].program
    thread: str = desk.record("birth-registration.asked", RESIDENCE, **ask_fields(**more))["thread"]
    question = {"her_home": HER_HOME, "channel": "system", "her_name": "李秀兰", "her_points": "请核实姓名"}
    desk.record("verification.asked", RESIDENCE, "--thread", thread, **question)
    return thread


def answer(two: Provinces, thread: str) -> None:
    """Let her home answer."""
    two["chongqing"].program.record("verification.answered", HER_HOME, "--thread", thread, result="confirmed")


def states(two: Provinces, thread: str) -> dict[str, Any]:
    """Return how the duties of a case stand where they live."""
    shared = two["guangdong"].json("node", "duties", "chongqing")
    return {each["rule"]: each["state"] for each in shared if each["thread"] == thread}


def test_a_case_ends_although_a_line_was_cut_the_hub_killed_and_the_nodes_too(two: Provinces) -> None:
    begin(two)
    first = ask(two)
    two.settle()
    two.prove()
    assert states(two, first) == {"birth-reg-verify-7wd": "discharged", "birth-reg-reply-15wd": "open"}

    two["chongqing"].line.cut()
    answer(two, first)
    second = ask(two, her_name="冉小燕")
    until(lambda: two["chongqing"].status()["peers"][0]["to_send"], "an answer waits behind the cut line")
    check = two["chongqing"].program.run("node", "check", "--json")
    assert (check.code, check.value["failing"]) == (1, "line to the hub")
    until(
        lambda: not two["guangdong"].status()["peers"][0]["to_send"],
        "the hub holds what is for the other side",
    )
    two.hub.kill()
    for each in two.nodes.values():
        each.kill()
    two.hub.start()
    two["chongqing"].line.mend()
    for each in two.nodes.values():
        each.carry()
    two.settle()
    assert states(two, first)["birth-reg-reply-15wd"] == "discharged"
    assert states(two, second)["birth-reg-reply-15wd"] == "open"
    two.prove()
    passed = bytes(two["guangdong"].line.passed) + bytes(two["chongqing"].line.passed) + two.hub.everything()
    assert len(passed) > 10_000
    assert [
        each for each in (*SECRETS, first, second, first.replace("-", "")) if each.encode() in passed
    ] == []


@pytest.mark.soak
@pytest.mark.parametrize("seconds", [MINUTE, 60 * MINUTE])
def test_faults_at_random_lose_nothing_and_double_nothing(two: Provinces, seconds: int) -> None:
    seed = int(os.environ.get("EXCHANGE_SEED", time.time() // 3600))
    begin(two)
    faults = Faults(two, seed)
    ends = time.monotonic() + float(os.environ.get("EXCHANGE_FAULT_SECONDS", seconds))
    asked: list[str] = []
    while time.monotonic() < ends:
        asked.append(ask(two))
        faults.one()
        if faults.random.random() < 0.5:  # heads or tails
            waiting = [each for each in asked if _knows(two, each)]
            if waiting:
                answer(two, waiting[0])
                asked.remove(waiting[0])
    faults.end()
    two.settle(300)
    two.prove()


def _knows(two: Provinces, thread: str) -> bool:
    """Tell whether the question has come to her home."""
    listed = two["chongqing"].json("node", "duties", "guangdong")
    return any(each["thread"] == thread and each["state"] == "open" for each in listed)
