"""The couple's story over three provinces as they run, with a real hub between them: a line is cut, the hub is killed, and nodes."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.exchange.faults import FULL, Faults
from tests.exchange.provinces import HER_HOME, HIS_HOME, RESIDENCE, Line, ask_fields, until

if TYPE_CHECKING:
    from tests.exchange.provinces import Node, Provinces

#: Words that nobody between the three may read: names, a number, what was asked, townships, kinds and rules.
SECRETS = (
    "李秀兰", "陈志强", "500101199203154526", "请核实姓名", RESIDENCE, HER_HOME, HIS_HOME, "verification", "birth-reg",
)  # fmt: skip


def ask(three: Provinces, *homes: str, **more: str) -> str:
    """Begin a case at the desk where they live and ask the homes; return the case."""
    desk = three["guangdong"].program
    thread: str = desk.record("birth-registration.asked", RESIDENCE, **ask_fields(**more))["thread"]
    if "her" in homes:
        hers = {"her_home": HER_HOME, "her_name": "李秀兰", "her_points": "请核实姓名"}
        desk.record("verification.asked", RESIDENCE, "--thread", thread, channel="system", **hers)
    if "his" in homes:
        his = {"his_home": HIS_HOME, "his_name": "陈志强", "his_points": "请核实姓名"}
        desk.record("verification.asked", RESIDENCE, "--thread", thread, channel="system", **his)
    return thread


def answer(node: Node, office: str, thread: str, result: str = "confirmed") -> None:
    """Let a home answer."""
    node.program.record("verification.answered", office, "--thread", thread, result=result)


def states(three: Provinces, thread: str, home: str) -> dict[str, Any]:
    """Return how the duties between the desk and a home stand in a case, by rule."""
    shared = three["guangdong"].json("node", "duties", home)
    return {each["rule"]: each["state"] for each in shared if each["thread"] == thread}


def test_the_couples_story_ends_although_a_line_was_cut_the_hub_killed_and_nodes_too(
    three: Provinces,
) -> None:
    desk, hers, his = three
    thread = ask(three, "her", "his")
    desk.program.record("birth-registration.entered", RESIDENCE, "--thread", thread)
    three.settle()
    three.agree()
    open_ = {"birth-reg-verify-7wd": "discharged", "birth-reg-reply-15wd": "open"}
    assert states(three, thread, "chongqing") == open_
    assert open_.items() <= states(three, thread, "guangxi").items()
    unknown = desk.program.run("node", "duties", "chongqin", "--json")
    assert (unknown.code, unknown.value["error"]) == (2, "unknown-peer")
    # Neither home sees what the other was asked.
    assert his.json("node", "duties", "chongqing") == hers.json("node", "duties", "guangxi") == []
    [meant] = his.json("node", "who", thread, "--office", HIS_HOME)
    assert (meant["name"], meant["answer"]) == ("陈志强", "nobody")

    # Her home answers behind a cut line; his has nobody of that name, which is an answer like another.
    hers.line.cut()
    answer(hers, HER_HOME, thread)
    answer(his, HIS_HOME, thread, "not-enrolled-here")
    until(lambda: hers.towards("guangdong")["to_send"], "an answer waits behind the cut line")
    check = hers.program.run("node", "check", "--json")
    assert (check.code, check.value["failing"]) == (1, "line to the hub")
    second = ask(three, "her", her_name="冉小燕", his_home="")
    until(lambda: not desk.towards("chongqing")["to_send"], "the hub holds what is for the other side")
    until(
        lambda: states(three, thread, "guangxi")["birth-reg-reply-15wd"] == "discharged", "his home answered"
    )

    # The hub dies with what it holds for her home, and two of the nodes; all come back, and the line is mended.
    three.hub.kill()
    for each in (desk, hers):
        each.kill()
    desk.json("node", "rotate-key")
    three.hub.start()
    hers.line.mend()
    for each in (desk, hers):
        each.carry()
    three.settle()
    assert states(three, thread, "chongqing")["birth-reg-reply-15wd"] == "discharged"
    assert states(three, second, "chongqing") == open_
    three.agree()
    assert {each["name"]: each["key_version"] for each in hers.json("node", "peers")}["guangdong"] == 2

    # What each said of the day before is there to read, for all of them.
    told = his.json("node", "counts", "--days", "2")
    assert {each["node"] for each in told} == {each.name for each in three}
    assert all(each.keys() == {"node", "day", "kept", "lapsed"} for each in told)

    lines = [each.line for each in three]
    passed = b"".join(bytes(each.passed) for each in lines if isinstance(each, Line)) + three.hub.everything()
    assert len(passed) > 10_000
    hidden = (*SECRETS, "冉小燕", thread, second, thread.replace("-", ""))
    assert [each for each in hidden if each.encode() in passed] == []


def test_a_peer_that_is_revoked_is_refused_until_it_is_believed_again(three: Provinces) -> None:
    desk, hers, _ = three
    desk.json("node", "revoke", "chongqing", "--because", "设备丢失")
    thread = ask(three)
    hers.json("node", "rotate-key")
    until(lambda: desk.status()["envelopes_refused"], "what comes from there is refused")
    assert desk.towards("chongqing")["revoked_because"] == "设备丢失"
    words = {each["name"]: each["words"] for each in desk.json("node", "peers")}["chongqing"]
    assert desk.json("node", "trust", "chongqing", "--words", words)["state"] == "trusted"
    assert desk.json("node", "retry")["taken_up"]
    until(lambda: not desk.status()["envelopes_refused"], "it was taken up again")
    assert {each["name"]: each["key_version"] for each in desk.json("node", "peers")}["chongqing"] == 2
    assert states(three, thread, "chongqing") == {}


def test_what_rested_with_a_hub_whose_disk_burned_is_sent_again(three: Provinces) -> None:
    desk, hers, _ = three
    hers.line.cut()
    thread = ask(three, "her")
    until(lambda: not desk.towards("chongqing")["to_send"], "the hub holds what is for the other side")
    three.hub.burn()
    three.hub.start()
    hers.line.mend()
    three.settle()
    assert states(three, thread, "chongqing")["birth-reg-reply-15wd"] == "open"
    three.agree(thread)


def test_a_hub_that_takes_nothing_and_a_node_where_nobody_carries_are_named(three: Provinces) -> None:
    desk = three["guangdong"]

    def failing() -> tuple[str | None, str]:
        check = desk.program.run("node", "check", "--json").value
        said = {each["link"]: each["said"] for each in check["links"]}
        return check["failing"], said.get(check["failing"], "")

    faults = Faults(three, 1)
    faults.echo.most_bytes(FULL)
    thread = ask(three, "her")
    until(lambda: failing()[0] == "carrier", "who carries says that the hub takes nothing")
    assert "maximum bytes exceeded" in failing()[1]
    assert desk.status()["carrier"]["since"]
    faults.end()
    three.settle()
    assert failing() == (None, "")
    three.agree(thread)
    desk.kill()
    assert failing() == ("carrier", "nobody carries: yipan node run")
    desk.carry()
    until(lambda: failing()[0] is None, "somebody carries")


@pytest.mark.parametrize("way", ["there", "back"])
def test_over_a_line_that_is_dead_in_one_direction_nothing_is_lost_and_nothing_comes_twice(
    three: Provinces, way: str
) -> None:
    hers = three["chongqing"]
    first = ask(three, "her")
    three.settle()
    hers.line.go_dead(way)
    answer(hers, HER_HOME, first)
    second = ask(three, "her")
    until(lambda: not three["guangdong"].towards("chongqing")["to_send"], "the hub holds the question")
    hers.line.mend()
    three.settle()
    assert states(three, first, "chongqing")["birth-reg-reply-15wd"] == "discharged"
    assert states(three, second, "chongqing")["birth-reg-reply-15wd"] == "open"
    three.agree(first, second)


def play_faults(three: Provinces, seed: int, seconds: float, rest: float = 0.0) -> None:
    """Ask and answer while things go wrong, for so many seconds; then mend all and compare.

    `rest`: so many seconds at most pass after each fault. A cut that lasts is another fault than one that is mended at once.
    """
    faults = Faults(three, seed)
    homes = {"her": ("chongqing", HER_HOME), "his": ("guangxi", HIS_HOME)}
    asked: dict[str, str] = {}
    answered: set[str] = set()
    step, ends = 0, time.monotonic() + seconds
    while time.monotonic() < ends:
        step += 1
        who = faults.random.choice(sorted(homes))
        if step % 2:
            asked[ask(three, who)] = who
        faults.one()
        name, office = homes[who]
        waiting = [each for each, home in asked.items() if home == who and each not in answered]
        known = {each["thread"] for each in three[name].json("node", "duties", "guangdong")}
        if ready := [each for each in waiting if each in known]:
            answer(three[name], office, ready[0])
            answered.add(ready[0])
        time.sleep(faults.random.uniform(0, rest))
    faults.end()
    three.settle(300)
    three.agree()
    print(faults.happened)  # noqa: T201  # shown where it failed
    for thread, who in asked.items():
        state = "discharged" if thread in answered else "open"
        assert states(three, thread, homes[who][0])["birth-reg-reply-15wd"] == state
    assert answered
    assert not any(each["refused"] or each["held"] for node in three for each in node.status()["peers"])


def test_five_minutes_of_faults_at_random_lose_nothing_and_double_nothing(three: Provinces) -> None:
    play_faults(three, int(os.environ.get("EXCHANGE_SEED", "20261122")), 300, rest=30)


def test_a_township_moves_to_another_node_with_its_cases_and_its_people(three: Provinces) -> None:
    desk, old, new = three
    enrolled = {"ground": "at-the-counter", "name": "百里清", "identity_number": "500101198808170024"}
    person = old.program.record("person.enrolled", HER_HOME, **enrolled)["thread"]
    thread = ask(three, "her", "his")
    three.settle()
    old.line.cut()
    other = ask(three, "her")
    desk.program.record("verification.withdrawn", RESIDENCE, "--thread", other, her_home=HER_HOME)
    refused = old.program.run("node", "move", HER_HOME, "--to", "guangdon", "--json")
    assert (refused.code, "unknown-peer" in refused.out) == (2, True)
    assert not new.json("node", "take", HER_HOME, "--from", "chongqing")["here"]
    moved = old.json("node", "move", HER_HOME, "--to", "guangxi")
    assert moved["entries"] > moved["cases"] > 1
    late = old.program.run(
        "record", "verification.answered", "--office", HER_HOME, "--thread", thread, "--field", "result=confirmed", "--json"
    )  # fmt: skip
    assert "office-moved" in late.out
    # What was under way to the old node while it moved goes on from there.
    old.line.mend()
    three.settle()
    assert new.json("node", "take", HER_HOME, "--from", "chongqing")["here"]
    assert [each["desk"] for each in (node.status() for node in three)] == [[], [], []]
    three.agree(thread, other)
    new.program.record("office.opened", HER_HOME)
    answer(new, HER_HOME, thread)
    third = ask(three, "her")
    three.settle()
    # Both homes are there now: hers has answered, his not yet.
    shared = desk.json("node", "duties", "guangxi")
    replies = {
        each["owed_by"]: each["state"]
        for each in shared
        if (each["thread"], each["rule"]) == (thread, "birth-reg-reply-15wd")
    }
    assert replies == {HER_HOME: "discharged", HIS_HOME: "open"}
    assert states(three, third, "guangxi")["birth-reg-reply-15wd"] == "open"
    assert states(three, third, "chongqing") == {}
    found = new.program.run(
        "people", "find", "百里清", "--office", HER_HOME, "--for", "at-the-counter", "--json"
    )
    assert (found.code, person in found.out) == (0, True)
    three.agree(thread, other, third)


@pytest.mark.soak
def test_an_hour_of_faults_loses_nothing_and_doubles_nothing(three: Provinces) -> None:
    seconds = float(os.environ.get("EXCHANGE_FAULT_SECONDS", "3600"))
    play_faults(three, int(os.environ.get("EXCHANGE_SEED", time.time())), seconds)
