"""The seal of the read log at the door: a sweep seals who looked at whom, and `journal verify` counts it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from tests.registry.test_register import number

if TYPE_CHECKING:
    from tests.cli.program import Program

OFFICE = "450921100"


def test_a_sweep_seals_the_looks_of_the_minutes_that_have_ended_and_verify_counts_them(
    yipan: Program,
) -> None:
    fields = {"ground": "at-the-counter", "name": "覃凤英", "identity_number": number()}
    thread = yipan.record("person.enrolled", OFFICE, **fields)["thread"]
    before = yipan.json("journal", "verify")
    yipan.json("people", "show", thread, "--office", OFFICE)
    looked = yipan.json("journal", "verify")
    assert looked["unsealed_looks"] > before["unsealed_looks"]
    later = datetime.now(ZoneInfo("Asia/Shanghai")) + timedelta(minutes=2)
    yipan.json("sweep", "--now", f"{later:%Y-%m-%dT%H:%M}")
    after = yipan.json("journal", "verify")
    assert (after["ok"], after["unsealed_looks"]) == (True, 0)
    assert after["looks"] == looked["looks"] + looked["unsealed_looks"]
    assert "查阅记录" in yipan.run("journal", "verify").out
