"""An hour in which no line works, each dead in its own way, in the middle of a case; both sides work on behind them."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest

from tests.exchange.provinces import HER_HOME, HIS_HOME
from tests.exchange.test_three_provinces import answer, ask, states

if TYPE_CHECKING:
    from tests.exchange.provinces import Provinces

#: Seconds between two cases that are begun meanwhile, and in which all must have come once the lines are mended.
BETWEEN, PATIENCE = 300.0, 600.0


@pytest.mark.soak
def test_after_an_hour_without_lines_everything_comes_once_and_both_sides_agree(three: Provinces) -> None:
    desk, hers, his = three
    seconds = float(os.environ.get("EXCHANGE_CUT_SECONDS", "3600"))
    first = ask(three, "her", "his")
    three.settle()
    hers.line.go_dead("there")
    his.line.cut()
    desk.line.go_dead("back")
    ends = time.monotonic() + seconds
    answer(hers, HER_HOME, first)
    answer(his, HIS_HOME, first)
    later = [ask(three, "her", "his")]
    while (left := ends - time.monotonic()) > 0:
        time.sleep(min(BETWEEN, left))
        later.append(ask(three, "her", "his"))
    # Nothing came over, and everybody could work.
    assert hers.towards("guangdong")["oldest_unacknowledged_seconds"] >= int(seconds)
    assert states(three, first, "chongqing")["birth-reg-reply-15wd"] == "open"
    for each in three:
        each.line.mend()
    three.settle(PATIENCE)
    three.agree()
    for home in ("chongqing", "guangxi"):
        assert states(three, first, home)["birth-reg-reply-15wd"] == "discharged"
        assert {states(three, each, home)["birth-reg-reply-15wd"] for each in later} == {"open"}
    assert not any(each["refused"] or each["held"] for node in three for each in node.status()["peers"])
