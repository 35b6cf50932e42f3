"""Rosters sent by programs: entered at once or by a program beside, what goes back, nothing twice."""

from __future__ import annotations

import io
import time
from typing import TYPE_CHECKING, Any

from openpyxl import load_workbook

from tests.api.conftest import Clock, Knocker, program
from tests.database.users import LIMIT_SECONDS, SOURCE
from tests.registry.rosters import LAN, text
from yipan.registry.beside import still_beside
from yipan.registry.matching import check_digit
from yipan.registry.staging import PART

if TYPE_CHECKING:
    import pytest

    from tests.duties.cast import Cast

HEAD = ("姓名", "身份证号", "电话", "户籍地", "现住址", "来本地日期")


def row(at: int, name: str = "") -> tuple[str, ...]:
    """Return a row of a roster with a number of its own."""
    body = f"4509211990{at % 12 + 1:02}{at // 12 % 28 + 1:02}{at // 336:03}"
    return (name or f"陈{chr(0x4E00 + at)}", body + check_digit(body), "", "广西容县容州镇", "", "2026-01-02")


def counts(value: Any) -> tuple[int, ...]:  # noqa: ANN401  # a report as it is answered
    """Return how many rows came to what."""
    return tuple(value[name] for name in ("rows", "accepted", "rejected", "duplicates"))


def test_a_small_roster_is_entered_at_once_and_a_second_time_changes_nothing(desk: Knocker) -> None:
    bad = ("李四", "123", "", "", "", "")
    file = text([HEAD, row(1), row(2), bad])
    answer = desk.post("rosters?ground=consent", body=file)
    assert answer.status == 200, answer.value
    assert counts(answer.value) == (3, 2, 1, 0)
    assert answer.value["state"] == "done"
    again = desk.get(f"rosters/{answer.value['roster']}")
    assert again.value == answer.value
    back = desk.get(answer.value["rejects"].removeprefix("/api/"))
    assert back.headers["Cache-Control"] == "no-store, private"
    book = load_workbook(io.BytesIO(back.body), read_only=True)
    assert any(
        "李四" in str(cell) for line in book.worksheets[0].iter_rows(values_only=True) for cell in line
    )
    second = desk.post("rosters?ground=consent", body=file)
    assert counts(second.value)[1] == 0
    assert desk.post("people/search", {"text": row(1)[1]}).value["people"][0]["name"] == row(1)[0]


def test_nobody_is_entered_who_did_not_agree_and_what_is_no_roster_is_refused(desk: Knocker) -> None:
    without = desk.post("rosters", body=text([HEAD, row(3)]))
    assert (without.status, without.value["error"]) == (422, "consent-needed")
    assert desk.post("people/search", {"text": row(3)[1]}).value["people"] == []
    for body in (b"", b"\x00\x01", b"PK\x03\x04broken", b"a,b\n1,2\n"):
        answer = desk.post("rosters?ground=consent", body=body)
        assert answer.status == 422, (body, answer.value)
        assert set(answer.value) == {"error", "sentence", "next_step", "faults"}
    assert desk.post("rosters?ground=maybe", body=b"x").status == 422
    assert desk.post("rosters", body=b"x", CONTENT_LENGTH=str(60 * 1024 * 1024)).status == 413


def test_another_offices_roster_is_not_there(cast: Cast, desk: Knocker, clock: Clock) -> None:
    made = desk.post("rosters?ground=consent", body=text([HEAD, row(4)])).value["roster"]
    other = program(cast.her_home, clock)
    assert other.get(f"rosters/{made}").status == 404
    assert other.get(f"rosters/{made}/rejects").status == 404
    assert LAN not in other.get(f"rosters/{made}").body.decode()


def test_a_large_roster_is_entered_by_a_program_beside(
    desk: Knocker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(SOURCE))
    file = text([HEAD, *(row(at) for at in range(10, 10 + PART + 1))])
    answer = desk.post("rosters?ground=consent", body=file)
    assert answer.status == 202, answer.value
    assert answer.value["state"] == "working"
    give_up_at = time.monotonic() + LIMIT_SECONDS
    found = answer.value
    while found["state"] != "done":
        assert time.monotonic() < give_up_at, found
        time.sleep(0.5)
        found = desk.get(f"rosters/{answer.value['roster']}").value
    assert counts(found)[:2] == (PART + 1, PART + 1)
    while still_beside():  # it must have left before the server does
        assert time.monotonic() < give_up_at
        time.sleep(0.1)
