"""What offices owe at regular times: opened by the calendar from the day an office opens, done with what shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.program import Installation, Program, new_installation

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

COUNTY, TOWNSHIP, PROVINCE = "420624", "420624100", "42"


@pytest.fixture(scope="module")
def promising() -> Iterator[Installation]:
    """Give an installation that has adopted what offices promise at regular times."""
    made = new_installation()
    made.program.json("packs", "adopt", "periodic-promise")
    yield made
    made.remove()


def opened(yipan: Program, office: str, slip: Path) -> None:
    """Open an office shortly before the year's end."""
    slip.write_text("启用通知", encoding="utf-8")
    yipan.record("office.opened", office, "--at", "2025-12-20T09:00", "--evidence", str(slip))


def owed(yipan: Program, office: str) -> dict[tuple[str, str], dict[str, Any]]:
    return {(each["rule"], each["period"]): each for each in yipan.json("duties", "--office", office)}


def test_a_county_owes_its_month_its_quarter_and_its_year_from_the_day_it_opens(
    promising: Installation, tmp_path: Path
) -> None:
    yipan = promising.program
    opened(yipan, COUNTY, tmp_path / "slip.txt")
    yipan.json("sweep", "--now", "2026-01-05T09:00")
    assert set(owed(yipan, COUNTY)) == {
        ("staff-log-in-promptly", "2026-01"),
        ("cq-analysis-month-end", "2026-01"),
        ("cq-bulletin-quarter", "2026-Q1"),
        ("report-upward", "2025-Q4"),
        ("cq-training-2d", "2026"),
        ("assess-yearly", "2026"),
    }
    when = ("--evidence", str(tmp_path / "slip.txt"), "--at")
    yipan.record("analysis.written", COUNTY, *when, "2026-01-20", period="2026-01", minutes="两个乡镇偏慢")
    yipan.record("quarter-report.filed", COUNTY, *when, "2026-01-16", period="2025-Q4")
    yipan.record("training.held", COUNTY, *when, "2026-02-03", period="2026", days="1", minutes="平台操作")
    assert owed(yipan, COUNTY)["cq-training-2d", "2026"]["state"] == "open"
    yipan.record("training.held", COUNTY, *when, "2026-03-03", period="2026", days="1", minutes="规则学习")
    after = owed(yipan, COUNTY)
    assert after["cq-training-2d", "2026"]["clock"] == "in-time"
    assert after["cq-analysis-month-end", "2026-01"]["clock"] == "in-time"
    # By the 15th, a Thursday: the 16th is late, and it is told.
    assert after["report-upward", "2025-Q4"]["clock"] == "late"
    yipan.json("sweep", "--now", "2026-02-02T09:00")
    missed = owed(yipan, COUNTY)["staff-log-in-promptly", "2026-01"]
    assert (missed["state"], bool(missed["lapsed_at"])) == ("open", True)


def test_a_township_announces_twice_a_year_and_sends_its_yearly_message(
    promising: Installation, tmp_path: Path
) -> None:
    yipan = promising.program
    opened(yipan, TOWNSHIP, tmp_path / "slip.txt")
    yipan.json("sweep", "--now", "2026-01-05T09:00")
    when = ("--evidence", str(tmp_path / "slip.txt"), "--at", "2026-03-02")
    said = {"period": "2026-H1", "where_and_when": "每周六上午，街道服务中心，电话预约"}
    yipan.record("offer.announced", TOWNSHIP, *when, offer="free-checks", **said)
    yipan.record("entitlements-message.sent", TOWNSHIP, *when, period="2026", told="300", channel="message")
    mine = owed(yipan, TOWNSHIP)
    assert mine["rong-checks-twice-year", "2026-H1"]["clock"] == "in-time"
    assert mine["residence-cert-verify-yearly", "2026"]["clock"] == "in-time"


def test_the_faults_of_an_announcement_are_said_field_by_field(promising: Installation) -> None:
    wrong = promising.program.run(
        "record", "offer.announced", "--office", TOWNSHIP, "--field", "period=soon", "--field", "offer=cake",
        YIPAN_LANG="en",
    )  # fmt: skip
    assert wrong.code == 1
    assert all(said in wrong.err for said in ("2026-Q3", "free-checks", "When and where"))
