"""What departments send and arrange: counts and never a name, by the 3rd, and a nil month is said to be one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.program import Installation, Program, new_installation

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

POLICE, COMMERCE, PLANNERS = "410102:police", "410102:commerce", "4101:development-reform"


@pytest.fixture(scope="module")
def city() -> Iterator[Installation]:
    """Give an installation that has adopted the city's notice of 2010, bound to a city for demonstration."""
    made = new_installation(YIPAN_PLACES="henan-city-2010=4101")
    made.program.json("packs", "adopt", "henan-city-2010")
    yield made
    made.remove()


def opened(yipan: Program, office: str, slip: Path) -> tuple[str, ...]:
    """Open an office at the end of 2010, and return how what it did next is told to have counted on a day."""
    slip.write_text("启用通知", encoding="utf-8")
    yipan.record("office.opened", office, "--at", "2010-12-20T09:00", "--evidence", str(slip))
    return ("--evidence", str(slip), "--at")


def owed(yipan: Program, office: str) -> dict[tuple[str, str], dict[str, Any]]:
    return {(each["rule"], each["period"]): each for each in yipan.json("duties", "--office", office)}


def test_a_department_sends_its_counts_by_the_third_and_a_nil_month_too(
    city: Installation, tmp_path: Path
) -> None:
    yipan = city.program
    when = opened(yipan, POLICE, tmp_path / "slip.txt")
    yipan.json("sweep", "--now", "2011-03-01T09:00")
    # The 3rd of January 2011 rested; the 3rd of February was the New Year of the Rabbit.
    due = {period: each["due_at"][:10] for (rule, period), each in owed(yipan, POLICE).items() if rule == "henan-monthly-notice-3rd"}  # fmt: skip
    assert due == {"2010-12": "2011-01-05", "2011-01": "2011-02-10", "2011-02": "2011-03-04"}
    yipan.record("department-return.sent", POLICE, *when, "2011-01-04", period="2010-12", content="counts", requests="12", leaflets="300")  # fmt: skip
    yipan.record("department-return.sent", POLICE, *when, "2011-02-09", period="2011-01", content="nil")
    yipan.record("department-return.sent", POLICE, *when, "2011-03-04", period="2011-02", content="nil")
    clocks = {period: each["clock"] for (rule, period), each in owed(yipan, POLICE).items() if rule == "henan-monthly-notice-3rd"}  # fmt: skip
    assert clocks == {"2010-12": "in-time", "2011-01": "in-time", "2011-02": "late"}


def test_a_department_brings_a_service_to_the_self_employed_and_the_planners_plan_for_services(
    city: Installation, tmp_path: Path
) -> None:
    yipan = city.program
    when = opened(yipan, COMMERCE, tmp_path / "slip.txt")
    opened(yipan, PLANNERS, tmp_path / "slip.txt")
    yipan.json("sweep", "--now", "2011-03-02T09:00")
    yipan.record("offer.announced", COMMERCE, *when, "2011-03-02", period="2011", offer="outreach-clinic", where_and_when="每周日，商贸城东门")  # fmt: skip
    yipan.record("arrangement.noted", PLANNERS, *when, "2011-03-02", period="2011", topic="development-plan", particulars="写入年度计划第八章")  # fmt: skip
    assert owed(yipan, COMMERCE)["henan-commerce-service", "2011"]["clock"] == "in-time"
    assert owed(yipan, PLANNERS)["henan-development-plan", "2011"]["clock"] == "in-time"


def test_a_return_takes_numbers_and_no_names_and_says_so_field_by_field(city: Installation) -> None:
    wrong = city.program.run(
        "record", "department-return.sent", "--office", POLICE,
        "--field", "period=soon", "--field", "content=some", "--field", "requests=many", "--field", "names=张三",
        YIPAN_LANG="en",
    )  # fmt: skip
    assert wrong.code == 1
    assert all(said in wrong.err for said in ("period", "content", "requests", "names"))
    assert "张三" not in wrong.err
