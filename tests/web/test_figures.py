"""The pages of figures, with a real browser: a quarter reported, filed, corrected, examined, assessed, contested, tried out."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import gettempdir
from typing import TYPE_CHECKING

from openpyxl import load_workbook

from tests.web.conftest import COUNTY_ABOVE, DESK, HER_HOME, SHANGHAI, House, button, follow, link

if TYPE_CHECKING:
    from uuid import UUID

    from playwright.sync_api import Page

    from tests.duties.cast import Cast

APRIL = datetime(2026, 4, 13, 9, 0, tzinfo=SHANGHAI)
PICTURES = Path(gettempdir()) / "yipan-pictures"


def the_desk() -> Cast:
    from tests.duties.cast import new_cast  # noqa: PLC0415  # after Django is set up

    return replace(new_cast(), residence=DESK, her_home=HER_HOME)


def play() -> UUID:
    """Play two cases of the desk with her home office: one asked and answered in time, one not asked."""
    from yipan.statistics.extract import extract  # noqa: PLC0415  # after Django is set up

    cast = the_desk()
    cast.open_offices("2026-01-01T08:00")
    thread = cast.ask("2026-03-02T10:00", his_agrees_verify=False, her_agrees_notice=False)
    cast.step(DESK, "birth-registration.entered", "2026-03-02T11:00")
    cast.step(DESK, "verification.asked", "2026-03-04T10:00", her_home=HER_HOME, channel="system")
    cast.act(
        HER_HOME,
        "verification.answered",
        "2026-03-10T10:00",
        thread=thread,
        her_home=HER_HOME,
        result="confirmed",
    )
    second = cast.ask("2026-03-03T10:00", his_agrees_verify=False, her_agrees_notice=False)
    cast.step(DESK, "birth-registration.entered", "2026-03-03T11:00")
    extract()
    return second


def note_late(thread: UUID) -> None:
    """Note, with its evidence, that the second was asked in time after all."""
    cast = the_desk()
    cast.thread = thread
    cast.step(
        DESK,
        "verification.asked",
        "2026-04-14T10:00",
        her_home=HER_HOME,
        channel="letter",
        arrived="2026-03-11T10:00",
    )


def picture(page: Page, name: str) -> None:
    PICTURES.mkdir(exist_ok=True)
    page.screenshot(path=PICTURES / f"{name}.png", full_page=True)


def main_of(page: Page, where: str) -> str:
    # Figures are counted while one waits.
    page.set_default_timeout(60_000)
    page.goto(where)
    return page.inner_text("main")


def entered_at_once(page: Page) -> list[int]:
    """Return the three figures of the quarter's workbook on registrations entered at once; zeros where it has none."""
    book = page.context.request.get("/figures/report.xlsx?period=2026-Q1")
    rows = list(load_workbook(io.BytesIO(book.body())).worksheets[0].iter_rows(min_row=6, values_only=True))
    found = next((row for row in rows if row[0] == "birth-reg-enter-at-once"), (None, None, 0, 0, 0))
    return [int(str(each)) for each in found[2:5]]


def tried_out(page: Page) -> list[int]:
    """Try out three working days for asking the homes, and return what is said of that rule; zeros where it has nothing."""
    page.goto("/figures/simulation")
    page.fill("#f-count", "3")
    page.fill("#f-first", "2026-01-01")
    page.fill("#f-after", "2026-04-01")
    page.select_option("#f-rule", "birth-reg-verify-7wd")
    button(page, "试算")
    tables = page.locator("table.numbers")
    lines = tables.first.inner_text().splitlines() if tables.count() else []
    found = next((line for line in lines if line.startswith("向户籍地核实")), "\t0\t0\t0\t0")
    return [int(each) for each in found.split("\t")[1:5]]


def none_too_few_is_ranked(page: Page, said: str) -> None:
    """Hold every line of the league table against the least number of duties that it says itself."""
    told = re.search(r"到期不足 (\d+) 项的不排名次", said)
    rows = page.locator("section[aria-labelledby=league] tbody tr")
    assert told is not None
    assert rows.count() >= 1
    for row in rows.all():
        rank, _, _, kept, _, why = row.locator("th, td").all_inner_texts()
        enough = int(kept.partition("/")[2]) >= int(told.group(1))
        assert rank == "–" or enough, row.inner_text()
        assert enough or "件数太少，不排名次" in why or "侵害权利的过失" in why, row.inner_text()


def test_a_quarter_is_reported_corrected_assessed_contested_and_tried_out(house: House) -> None:  # noqa: PLR0915  # one quarter, from its report to the law tried out on it
    house.now = APRIL
    page = house.signed_in("limin")
    before, tried = entered_at_once(page), tried_out(page)
    second = house.elsewhere(play)
    said = main_of(page, "/figures/report?period=2026-Q1")
    assert "校验全部相符" in said, said
    assert "即时办理生育登记" in said
    button(page, "签名并上报")
    assert "报表已上报并签名" in page.inner_text("main")
    picture(page, "report")

    # Other tests of this server may have begun registrations of their own.
    assert [after - first for first, after in zip(before, entered_at_once(page), strict=True)] == [2, 2, 2]
    released = page.context.request.get("/figures/report.xlsx?period=2026-Q1&released=1")
    shown = [
        cell
        for row in load_workbook(io.BytesIO(released.body()))
        .worksheets[0]
        .iter_rows(min_row=6, values_only=True)
        for cell in row
        if isinstance(cell, int)
    ]
    assert all(number == 0 or number >= 5 for number in shown)

    house.elsewhere(lambda: note_late(second))
    house.now = APRIL + timedelta(days=2)
    assert "此后数字有变" in main_of(page, "/figures/report?period=2026-Q1")
    page.fill("#f-why", "挂号信回执迟到，补记。")
    button(page, "签名并上报更正")
    said = page.inner_text("main")
    assert "挂号信回执迟到，补记。" in said
    assert "已被更正" in said
    assert "与签名不符" not in said

    county = house.signed_in("zhao")
    county.goto("/office")
    county.get_by_label("天河区卫生健康局").check()
    button(county, "继续")
    said = main_of(county, "/figures/report?period=2026-Q1")
    assert "已上报" in said
    county.get_by_text("审阅", exact=True).first.click()
    county.fill("input[name=minutes]", "数字相符。")
    button(county, "提交并记录")
    assert "审阅意见已记录" in county.inner_text("main")

    said = main_of(county, "/figures/assessment?period=2026-Q1")
    none_too_few_is_ranked(county, said)
    picture(county, "assessment")
    follow(county, county.locator("section[aria-labelledby=league] tbody a", has_text="沙河街道办事处"))
    link(county, "生育登记核实按期发出")
    assert "按期" in county.inner_text("main")
    picture(county, "card")

    page.goto(f"/figures/assessment/{DESK}?period=2026-Q1")
    page.get_by_role("link", name="提出异议").first.click()
    # The link has filled in which figure, of which period, and whom to ask.
    assert page.input_value("#f-assessor").startswith(COUNTY_ABOVE)
    assert page.input_value("#f-period") == "2026-Q1"
    page.fill("#f-figure", "ind-verify-7wd")
    page.fill("#f-reason", "第二件的回执已经补记。")
    button(page, "提交")
    assert "/cases/" in page.url, page.inner_text("main")
    assert "有异议，待答复" in main_of(page, f"/figures/assessment/{DESK}?period=2026-Q1")
    assert "待答复" in main_of(county, "/figures/assessment?period=2026-Q1")

    # Of two that fell due both were in time; of three working days the one that was noted on the 11th was not.
    assert [after - first for first, after in zip(tried, tried_out(page), strict=True)] == [2, 2, 0, 1]
    picture(page, "simulation")
    paper = page.context.request.get("/figures/bulletin.pdf?period=2026-Q1")
    assert paper.body().startswith(b"%PDF")
