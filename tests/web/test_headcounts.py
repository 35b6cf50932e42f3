"""The page of head-counts: numbers without names, and no small one shown or given away."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import pytest

from tests.database.disk import full_disk
from tests.web.conftest import House, button

if TYPE_CHECKING:
    from playwright.sync_api import Page

SHAHE, WUSHAN = "440106004", "440106001"


def count(page: Page, people: str, month: str = "2026-03", township: str = "") -> str:
    page.goto("/head-counts")
    page.fill("#f-period", month)
    page.fill("#f-people", people)
    if township:
        page.select_option("#f-township", township)
    button(page, "提交并记录")
    return page.inner_text("main")


def cells(page: Page, part: str = "tbody") -> list[list[str]]:
    page.goto("/head-counts")
    rows = page.locator(f"table.numbers {part} tr")
    return [rows.nth(at).locator("td").all_inner_texts() for at in range(rows.count())]


def by_month(page: Page) -> dict[str, str]:
    """Return what the office's own row says, by the month at the head of each column."""
    [row] = cells(page)
    return dict(zip(page.locator("table.numbers thead th.number").all_inner_texts(), row, strict=True))


def test_counts_of_a_month_add_up_and_a_small_one_is_not_shown(house: House) -> None:
    page = house.signed_in("limin")
    # Months of which no roster of another test says anything.
    count(page, "37", "2025-11")
    count(page, "5", "2025-11")
    count(page, "3", "2025-10")
    said = by_month(page)
    assert (said["2025年10月"], said["2025年11月"]) == ("少于5", "42")


def test_a_full_disk_is_said_where_a_clerk_reads_it(house: House) -> None:
    page = house.signed_in("limin")
    with full_disk():
        assert "磁盘已满" in count(page, "9", "2025-09")
    assert [each for each in house.complaints if "507" not in each] == []
    house.complaints.clear()
    assert "磁盘已满" not in count(page, "9", "2025-09")


@pytest.mark.parametrize(
    ("people", "month", "said"),
    [
        ("", "2026-03", "请填写人数"),
        ("三", "2026-03", "请填写人数"),
        ("3", "2026-04", "不能晚于本月"),
        ("-1", "2026-03", "请填写人数"),
    ],
)
def test_what_cannot_be_a_count_is_refused(house: House, people: str, month: str, said: str) -> None:
    assert said in count(house.signed_in("limin"), people, month)


def test_a_county_counts_by_township_and_a_sum_gives_no_small_cell_away(house: House) -> None:
    page = house.signed_in("zhao")
    page.goto("/office")
    page.get_by_label("天河区卫生健康局").check()
    button(page, "继续")
    count(page, "40", "2026-01", SHAHE)
    count(page, "2", "2026-01", WUSHAN)
    count(page, "40", "2026-02", SHAHE)
    count(page, "60", "2026-02", WUSHAN)
    assert cells(page) == [["少于5", "60"], ["40", "40"]]
    assert cells(page, "tfoot") == [["不公布", "100"]]


def test_the_form_sent_twice_counts_once(house: House) -> None:
    page = house.signed_in("limin")
    page.goto("/head-counts")
    fields = page.locator("main form input[type=hidden]").evaluate_all(
        "all => Object.fromEntries(all.map(each => [each.name, each.value]))"
    )
    form = {**fields, "period": "2025-12", "people": "9", "township": SHAHE}
    for _ in range(2):
        answer = page.context.request.post(page.url, form=form, headers={"Referer": page.url})
        assert answer.ok
    assert by_month(page)["2025年12月"] == "9"


def test_no_sum_says_what_a_hidden_part_is() -> None:
    from yipan.registry.headcounts import sum_of, threshold  # noqa: PLC0415  # Django is set up by the tests' conftest

    under = threshold()
    for parts in product(range(under + 3), repeat=3):
        shown = sum_of(parts)
        if shown.kept_back:
            continue
        hidden = [each for each in parts if each < under]
        # Whoever takes the shown parts from the sum must be left with more than one way to fill each hidden one.
        for at in range(len(hidden)):
            ways = {way[at] for way in product(range(under), repeat=len(hidden)) if sum(way) == sum(hidden)}
            assert len(ways) > 1, parts
