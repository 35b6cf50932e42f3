"""The page of a rule: text, versions as a line and as a table, which clock binds, examples worked out, what came of it."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING

import pytest

from tests.law.lawbook import real_packs
from tests.web.conftest import SHANGHAI, House, link, take_in

if TYPE_CHECKING:
    from playwright.sync_api import Page

PHONE = (360, 740)
REPLY = "/public/rules/birth-reg-reply-15wd"


def opened(house: House, place: str = REPLY) -> Page:
    """Open the page of a rule as a stranger on a cheap phone without JavaScript."""
    page = house.visitor(screen=PHONE, javascript=False)
    answer = page.goto(place)
    assert answer is not None
    assert answer.status == 200, page.inner_text("main")
    return page


def rows(page: Page, section: str) -> list[str]:
    return page.locator(f"section[aria-labelledby={section}] tbody tr").all_inner_texts()


def test_a_rule_says_its_clock_its_article_and_who_owes_whom(house: House) -> None:
    page = opened(house)
    said = page.inner_text("main")
    assert "15 个工作日" in page.locator(".lead").inner_text()
    assert "《两地服务承诺》第四条" in said
    assert "收到核实要求之日起15个工作日内反馈" in said
    parts = page.locator("section[aria-labelledby=parts]")
    assert "女方户籍地乡镇（街道）" in parts.inner_text()
    assert "本人不同意，机构没有过错" in parts.inner_text()
    link(page, "县级部门处理乡镇逾期不答复")
    assert "逾期未办：户籍地核实反馈" in page.locator("section[aria-labelledby=parts]").inner_text()


def test_every_version_is_drawn_on_a_line_and_written_in_a_table(house: House) -> None:
    page = opened(house)
    listed = rows(page, "versions")
    assert len(listed) == page.locator(".timeline svg.span").count() == 3
    assert "2009年10月1日（周四）至2021年9月25日（周六）" in listed[0]
    assert "2021年9月26日（周日）起" in listed[1]
    assert "这里采用" in listed[1]
    assert "广西壮族自治区玉林市容县" in listed[2]
    assert "乡镇（街道）答复县（区）的" in listed[2]
    bars = page.locator(".timeline svg.span rect:not(.track)")
    ends = [
        tuple(float((bars.nth(at).get_attribute(name) or "").rstrip("%")) for name in ("x", "width"))
        for at in range(3)
    ]
    assert all(0 <= x <= 100 and width > 0 and x + width <= 100.01 for x, width in ends)
    assert ends[0][0] + ends[0][1] == pytest.approx(ends[1][0], abs=0.02)


def test_the_earlier_of_two_clocks_binds_and_both_are_worked_out(house: House) -> None:
    page = opened(house)
    contest = page.locator(".contests li").first.inner_text()
    assert "以 2009年10月9日（周五）开始的一件事为例" in contest
    assert "15 个工作日：2009年10月29日（周四）" in contest
    assert re.search(r"3 个工作日：2009年10月13日（周二）\s*以此为准", contest)
    page.goto("/public/rules/birth-reg-enter-at-once")
    guides = page.locator(".contests li").all_inner_texts()
    assert any("河北省" in each and "长期" in each for each in guides)
    assert all("以此为准" in each.partition("办事指南")[0] for each in guides)


def test_the_examples_show_what_the_engine_works_out_now(house: House) -> None:
    page = opened(house)
    spring = next(
        each for each in rows(page, "examples") if each.startswith("春节前收到核实要求") and "2026" in each
    )
    assert "2026年2月27日（周五）" in spring
    refused = next(each for each in rows(page, "examples") if "不得推定" in each)
    assert "那一天没有生效的这条规则，不能推定期限" in refused
    assert "yipan packs" not in page.inner_text("main")
    story = page.locator("details", has_text="男方户籍地逾期")
    story.locator("summary").click()
    assert "逾期履行" in story.inner_text()
    assert "逾期有记载" in story.inner_text()


def test_an_overlay_has_a_page_that_leads_to_what_it_shortens(house: House) -> None:
    page = opened(house, "/public/rules/rong-assist-3wd")
    assert "3 个工作日" in page.locator(".lead").inner_text()
    link(page, "户籍地核实反馈")
    assert page.url.endswith(REPLY)


def test_last_quarter_is_counted_and_what_is_small_is_not_said_to_everybody(house: House) -> None:
    # A quarter in which no other test takes anything in.
    house.now = datetime(2026, 8, 3, 9, tzinfo=SHANGHAI)
    desk = house.signed_in("limin")
    for _ in range(3):
        desk.goto("/")
        take_in(desk)
    house.now = datetime(2026, 10, 8, 9, tzinfo=SHANGHAI)
    desk.goto("/public/rules/birth-reg-enter-at-once")
    assert "2026年第3季度落实得怎样" in desk.inner_text("main")
    own, every = (re.split(r"\s+", each.strip()) for each in rows(desk, "came"))
    assert own == ["本机构", "0", "0", "0", "0", "3", "3"]
    assert every == ["全部机构", "0", "0", "0", "0", "少于5", "不公布"]
    page = opened(house, "/public/rules/birth-reg-enter-at-once")
    assert "本机构" not in page.locator("section[aria-labelledby=came]").inner_text()
    for _ in range(3):
        desk.goto("/")
        take_in(desk)
    house.now = datetime(2027, 1, 4, 9, tzinfo=SHANGHAI)
    page.reload()
    assert "2026年第4季度" in page.inner_text("main")


def test_the_worklist_and_the_case_lead_to_the_page_of_the_rule(house: House) -> None:
    page = house.signed_in("limin")
    case = take_in(page)
    page.goto(case)
    page.locator("article.duty", has_text="向户籍地核实").first.get_by_role("link", name="规则说明").click()
    assert page.locator("h1").inner_text() == "向户籍地核实"
    page.goto("/")
    page.locator("tbody a.article").first.click()
    assert "/public/rules/" in page.url


def test_a_rule_that_nobody_wrote_is_not_found_in_words(house: House) -> None:
    page = house.visitor(javascript=False)
    answer = page.goto("/public/rules/no-such-rule")
    assert answer is not None
    assert answer.status == 404
    assert "没有编号为“no-such-rule”的规则" in page.inner_text("main")


def test_every_rule_and_overlay_of_the_library_has_its_page(house: House) -> None:
    from django.test import Client  # noqa: PLC0415  # Django is set up by `home`

    ids = [each for pack in real_packs() for each in (*pack.rules, *(one.id for one in pack.overlays))]

    def ask() -> dict[str, int]:
        client = Client(SERVER_NAME="localhost")
        answers = {each: client.get(f"/public/rules/{each}").status_code for each in dict.fromkeys(ids)}
        client.cookies["django_language"] = "en"
        return answers | {f"en {each}": client.get(f"/public/rules/{each}").status_code for each in ids[::10]}

    assert {each: status for each, status in house.elsewhere(ask).items() if status != 200} == {}


@pytest.mark.parametrize("rule", ["birth-reg-reply-15wd", "birth-reg-enter-at-once", "staff-log-in-promptly"])
def test_the_page_of_a_rule_fits_a_cheap_phone(house: House, rule: str) -> None:
    page = opened(house, f"/public/rules/{rule}")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
