"""The four pages at work, in a real Chromium."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests.web.conftest import HIS_HOME, House, button, link, take_in

if TYPE_CHECKING:
    from playwright.sync_api import FilePayload, Page

SLIP: FilePayload = {"name": "slip.png", "mimeType": "image/png", "buffer": b"a scanned slip"}


def submit(page: Page) -> None:
    button(page, "提交")


def ask_his_home(page: Page) -> None:
    link(page, "向户籍地核实（男方")
    page.get_by_label("挂号信").check()
    submit(page)


def test_all_faults_are_said_at_once_each_leads_to_its_box_and_what_was_typed_stays(house: House) -> None:
    page = house.signed_in("limin")
    link(page, "受理生育登记")
    page.fill("#f-his_name", "梁志强")
    page.fill("#f-her_identity_number", "12")
    page.fill("#f-her_home", "没有这个地方")
    page.check("input[name=his_agrees_verify][value=yes]")
    submit(page)
    listed = page.locator("[aria-labelledby=wrong] a")
    places = listed.evaluate_all("all => all.map(each => each.getAttribute('href'))")
    assert places == ["#f-her_name", "#f-her_identity_number", "#f-her_home", "#f-papers"]
    assert all(page.locator(place).count() == 1 for place in places)
    assert page.input_value("#f-his_name") == "梁志强"
    assert page.input_value("#f-her_home") == "没有这个地方"
    assert page.is_checked("input[name=his_agrees_verify][value=yes]")
    assert page.locator("#f-her_name").get_attribute("aria-invalid") == "true"
    page.fill("#f-her_name", "陈丽华")
    page.fill("#f-her_identity_number", "")
    page.fill("#f-her_home", "高笋塘")
    page.get_by_label("齐全").check()
    submit(page)
    assert "重庆市万州区高笋塘街道办事处" in page.inner_text("main")


def test_the_worklist_leads_to_the_case_and_every_date_explains_itself(house: House) -> None:
    page = house.signed_in("limin")
    case = take_in(page)
    page.goto("/")
    row = page.locator("tr", has=page.locator(f"a[href='{case.removeprefix(house.address)}']")).first
    assert "《两地服务承诺》" in row.inner_text()
    page.goto(case)
    duty = page.locator("article.duty", has_text="最迟 2026年3月11日（周三）").first
    duty.locator("summary").click()
    days = duty.locator(".days li").all_inner_texts()
    assert days == [
        "3月3日 周二",
        "3月4日 周三",
        "3月5日 周四",
        "3月6日 周五",
        "3月9日 周一",
        "3月10日 周二",
        "3月11日 周三",
    ]
    assert "受理之日起7个工作日内向户籍地核实" in duty.inner_text()


def test_a_clock_that_ran_out_says_so_in_words(house: House) -> None:
    page = house.signed_in("limin")
    case = take_in(page)
    house.now += timedelta(days=10)
    page.goto(case)
    late = page.locator("article.duty.is-overdue", has_text="向户籍地核实").first
    assert "逾期" in late.inner_text()
    assert "已过 1 个工作日" in late.inner_text()


def test_the_same_form_sent_twice_is_recorded_once(house: House) -> None:
    page = house.signed_in("limin")
    case = take_in(page)
    link(page, "登记并交付登记表")
    form = page.url
    fields = page.locator("main form input[type=hidden]").evaluate_all(
        "all => Object.fromEntries(all.map(each => [each.name, each.value]))"
    )
    for _ in range(2):
        answer = page.context.request.post(form, form=fields, headers={"Referer": form})
        assert answer.ok
    page.goto(case)
    assert page.locator(".thread h3", has_text="生育登记办结").count() == 1


def test_two_people_on_one_record_the_second_sees_what_is_new_and_submits_again(house: House) -> None:
    first, second = house.signed_in("limin"), house.signed_in("limin")
    case = take_in(first)
    second.goto(case)
    link(second, "登记并交付登记表")
    second.fill("#f-form_number", "粤2026-001")
    house.now += timedelta(minutes=5)
    ask_his_home(first)
    submit(second)
    assert "案件有了新的记录" in second.inner_text("main")
    assert "向户籍地发出核实要求" in second.inner_text(".notice.is-care")
    assert second.input_value("#f-form_number") == "粤2026-001"
    submit(second)
    assert second.url == case
    assert "生育登记办结" in second.inner_text(".thread")


def test_another_moment_needs_evidence_which_is_kept_while_the_rest_is_mended(house: House) -> None:
    page = house.signed_in("limin")
    take_in(page)
    ask_his_home(page)
    house.now += timedelta(days=4)
    link(page, "登记送达时间（男方")
    page.get_by_label("挂号信").check()
    page.fill("#f-at", "2026-03-05")
    page.set_input_files("#f-evidence", SLIP)
    submit(page)
    assert "请把日期和时刻都写上" in page.inner_text("main")
    assert "已收到文件" in page.inner_text("main")
    page.fill("input[name=at_time]", "11:00")
    submit(page)
    entry = page.locator(".thread > li", has_text="核实要求送达")
    assert "2026年3月5日（周四）11:00 · 以凭证为准" in entry.inner_text()
    assert "记录于 2026年3月6日（周五）" in entry.inner_text()


def test_a_letter_that_answers_is_written_down_on_behalf_of_who_wrote_it(house: House) -> None:
    page = house.signed_in("limin")
    take_in(page)
    ask_his_home(page)
    link(page, "登记送达时间（男方")
    page.get_by_label("挂号信").check()
    submit(page)
    link(page, "代对方记录")
    page.get_by_label("相符").check()
    submit(page)
    assert page.locator("[aria-labelledby=wrong] a").get_attribute("href") == "#f-evidence"
    page.set_input_files("#f-evidence", SLIP)
    submit(page)
    entry = page.locator(".thread > li", has_text="户籍地核实反馈").inner_text()
    assert "温泉镇人民政府办理" in entry
    assert "（limin）代为记录" in entry


def test_offices_are_offered_while_their_name_is_typed(house: House) -> None:
    page = house.signed_in("limin")
    link(page, "受理生育登记")
    page.locator("#f-his_home").press_sequentially("陆川县 温泉")
    option = page.locator("#l-his_home option")
    option.first.wait_for(state="attached")
    assert option.first.get_attribute("value") == f"{HIS_HOME} 广西壮族自治区玉林市陆川县温泉镇人民政府"


def test_a_name_that_several_offices_bear_is_answered_with_their_codes(house: House) -> None:
    page = house.signed_in("limin")
    link(page, "受理生育登记")
    page.fill("#f-her_home", "城关镇")
    submit(page)
    fault = page.locator("#e-her_home").inner_text()
    assert "请填写代码" in fault
    assert "城关镇人民政府" in fault


def test_everything_works_without_javascript(house: House) -> None:
    page = house.signed_in("limin", javascript=False)
    case = take_in(page)
    page.locator("article.duty summary").first.click()
    assert page.locator("article.duty .days").first.is_visible()
    ask_his_home(page)
    assert page.url == case
    button(page, "English")
    assert "Who owes what to whom" in page.inner_text("main")


def test_english_is_complete_on_every_page_and_is_kept(house: House) -> None:
    page = house.signed_in("limin")
    case = take_in(page)
    button(page, "English")
    for address, heading in (("/", "What we owe today"), (case, "Who owes what to whom")):
        page.goto(address)
        assert page.locator("html").get_attribute("lang") == "en"
        assert heading in page.inner_text("main")
    link(page, "Ask the home office (His")
    assert page.get_by_label("Registered letter").count() == 1
    button(page, "中文")
    assert page.get_by_label("挂号信").count() == 1
    assert page.locator("html").get_attribute("lang") == "zh-CN"


@pytest.mark.parametrize("language", ["zh-CN", "en-US"])
@pytest.mark.parametrize("screen", [(1366, 768), (390, 844)])
def test_no_page_is_wider_than_its_screen(house: House, language: str, screen: tuple[int, int]) -> None:
    case = take_in(house.signed_in("limin"))
    page = house.signed_in("limin", language, screen=screen)
    for address in ("/sign-in?next=/", "/", case, "/record/birth-registration.asked"):
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0, address


def test_the_keyboard_alone_reaches_the_form_and_sends_it(house: House) -> None:
    page = house.signed_in("limin")
    take_in(page)
    link(page, "登记并交付登记表")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.locator("#f-form_number").focus()
    page.keyboard.type("粤2026-002")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert "粤2026-002" in page.inner_text(".thread")


def test_what_the_case_knows_of_her_need_not_be_typed_again_and_of_him_nothing_is_shown(house: House) -> None:
    page = house.signed_in("limin")
    take_in(page)
    link(page, "向户籍地核实（女方")
    assert page.input_value("#f-her_name") == "陈丽华"
    assert page.locator("#f-his_name").count() == 0
