"""Each way to look better without being better is seen; and doing one's work is not taken for one."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest

from tests.statistics.made import ASKED, OTHER, TOWNSHIP, Made
from yipan.statistics.checks import KIND_NAMES
from yipan.statistics.engine import filled, names_below
from yipan.statistics.gaming import TRICKS, each_seen, seen

if TYPE_CHECKING:
    from pathlib import Path

REPLY = "birth-reg-reply-15wd"


def march(day: int) -> datetime:
    return datetime(2026, 3, day)  # noqa: DTZ001  # as the tables hold them


def played(trick: str) -> Made:
    """Return an office that does its work once, and once in the way that looks better."""
    made = Made()
    made.duty(
        REPLY,
        TOWNSHIP,
        owed_to=OTHER,
        closed_kind="verification.answered",
        closed_by=TOWNSHIP,
        closed_told_at=march(1),
        due_at=march(20),
        closed_at=march(1),
        answer="confirmed",
        thread=1,
    )
    words: dict[str, Any] = {
        "owed_to": OTHER,
        "closed_kind": "verification.answered",
        "closed_by": TOWNSHIP,
        "closed_told_at": march(5),
        "due_at": march(20),
        "closed_at": march(5),
        "thread": 2,
    }
    if trick == "not-found":
        made.duty(REPLY, TOWNSHIP, **words, answer="not-found")
    elif trick == "asked-again":
        for day in (3, 9):
            made.entry("birth-registration.deferred", TOWNSHIP, thread=2, day=day)
    elif trick == "closed-and-reopened":
        made.duty(REPLY, TOWNSHIP, **words)
        first = made.entry("verification.answered", TOWNSHIP, thread=2, day=5)
        made.entry("event.retracted", TOWNSHIP, thread=2, day=6, corrects=first)
    elif trick == "backdated":
        made.duty(REPLY, TOWNSHIP, **(words | {"closed_told_at": march(25)}), closed_on_evidence=True)
    elif trick == "answered-with-nothing":
        made.duty(REPLY, TOWNSHIP, **words)
        made.duty(REPLY, TOWNSHIP, "open", owed_to=OTHER, thread=2, opened_at=march(8), due_at=march(28))
    elif trick == "released-at-the-end":
        made.duty(
            REPLY,
            TOWNSHIP,
            "released",
            owed_to=OTHER,
            opened_at=march(1),
            due_at=march(20),
            closed_at=march(20),
        )
    else:
        assert trick == "written-for-others"
        made.duty(REPLY, TOWNSHIP, **(words | {"closed_by": OTHER}))
    return made


@pytest.mark.parametrize("trick", sorted(TRICKS))
def test_a_way_to_look_better_is_seen(trick: str, tmp_path: Path) -> None:
    for made, expected in ((played(trick), {trick}), (honest(), set())):
        with made.engine(tmp_path) as engine:
            engine.keep("standing", filled("standing", ASKED))
            engine.put("kind_closes", KIND_NAMES, [("verification.answered",)])
            engine.put("kind_puts_off", KIND_NAMES, [("birth-registration.deferred",)])
            found = seen(engine, ASKED, [TOWNSHIP])
            opened = {
                trick: [each_seen(engine, ASKED, trick, TOWNSHIP, partner) for partner in ("", OTHER)]
                for trick in TRICKS
            }
        assert {each.trick for each in found} == expected
        for each in found:
            assert each.office == TOWNSHIP
            assert 0 < each.times <= each.among
        # What is counted is what opens, and nothing else does.
        assert {trick for trick, times in opened.items() if any(times)} == expected
        for each in found:
            assert len(opened[each.trick][each.partner == OTHER]) == each.times


def test_the_time_that_opens_is_the_one_that_looks_better(tmp_path: Path) -> None:
    with played("asked-again").engine(tmp_path) as engine:
        engine.keep("standing", filled("standing", ASKED))
        engine.put("kind_puts_off", KIND_NAMES, [("birth-registration.deferred",)])
        (again,) = each_seen(engine, ASKED, "asked-again", TOWNSHIP)
        assert each_seen(engine, ASKED, "asked-again", OTHER) == []
        assert each_seen(engine, ASKED, "no-such-way", TOWNSHIP) == []
    assert (again.thread, again.began_at.day, again.noted_at and again.noted_at.day) == (2, 3, 9)
    with played("backdated").engine(tmp_path) as engine:
        (late,) = each_seen(engine, ASKED, "backdated", TOWNSHIP)
    assert (late.thread, late.what, late.other) == (2, REPLY, OTHER)
    assert [each and each.day for each in (late.due_at, late.done_at, late.noted_at)] == [20, 5, 25]


def honest() -> Made:
    made = Made()
    made.duty(
        REPLY,
        TOWNSHIP,
        owed_to=OTHER,
        closed_kind="verification.answered",
        closed_by=TOWNSHIP,
        closed_told_at=march(1),
        due_at=march(20),
        closed_at=march(1),
        answer="confirmed",
    )
    made.duty(
        REPLY, TOWNSHIP, "released", owed_to=OTHER, opened_at=march(1), due_at=march(20), closed_at=march(4)
    )
    return made


def test_every_way_of_the_list_is_counted() -> None:
    assert [f"tricks/{trick}" for trick in sorted(TRICKS)] == names_below("tricks")
