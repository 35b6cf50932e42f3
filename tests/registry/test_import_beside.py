"""A roster goes in while its office is at work: nobody at the counter waits for its end."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from django.db import connections

from tests.registry.rosters import text
from yipan.registry import running, staging
from yipan.registry.intake import STATEMENT
from yipan.registry.matching import check_digit
from yipan.registry.sheets import open_roster

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from tests.registry.conftest import Desk

PART, PARTS = 200, 15


def number(front: str, serial: int) -> str:
    body = f"{front}{serial % 20 + 1970:04d}{serial // 20 % 12 + 1:02d}{serial // 240 % 28 + 1:02d}{serial // 6720:03d}"
    return body + check_digit(body)


def test_a_clerk_enrols_at_the_counter_while_the_roster_of_her_office_goes_in(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(staging, "PART", PART)
    rows = [["姓名", "身份证号"]]
    rows += [[f"名册{chr(0x4E00 + at)}", number("360121", at)] for at in range(PART * PARTS)]
    file = tmp_path / "名册.csv"
    file.write_bytes(text(rows))
    entered: list[int] = []

    def bring_in() -> None:
        try:
            running.run(
                desk.permit(), open_roster(file, file.name), ground=STATEMENT, division=desk.office,
                clock=lambda: desk.now, told=lambda _, so_far: entered.append(so_far),
            )  # fmt: skip
        finally:
            connections.close_all()

    beside = threading.Thread(target=bring_in)
    beside.start()
    stages: list[int] = []
    while beside.is_alive():
        desk.enrol("柜台", number("360122", len(stages)))
        stages.append(max(entered, default=0))
    beside.join()
    assert entered[-1] == PART * PARTS
    between = {each for each in stages if 0 < each < PART * PARTS}
    assert len(between) > 1, "the counter stood still while the roster went in"
