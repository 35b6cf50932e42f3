"""Services, supplies, papers, telling and ledgers through the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.web.conftest import HIS_HOME, House, button, link

if TYPE_CHECKING:
    from playwright.sync_api import Page

PHONE = "13800138000"


def begin(house: House, kind: str) -> Page:
    page = house.signed_in("limin")
    page.goto(f"/record/{kind}")
    return page


def take(page: Page, **choices: str) -> None:
    for name, value in choices.items():
        page.check(f"input[name={name}][value='{value}']")


def test_the_free_catalogue_is_for_everybody_without_signing_in_and_without_javascript(house: House) -> None:
    page = house.visitor(screen=(360, 740), javascript=False)
    page.goto("/public/services")
    said = page.inner_text("main")
    assert "不看婚姻，不看证件，不看以往" in said
    assert page.locator("main h2").count() == said.count("0 元 ·") == 20
    button(page, "English")
    assert "Removal of an intrauterine device" in page.inner_text("main")


def test_a_supply_point_shows_its_stock_and_nobody_who_came(house: House) -> None:
    page = begin(house, "supply-point.opened")
    page.fill("#f-name", "汽车站自助机")
    page.fill("#f-address", "汽车站出口")
    page.fill("#f-hours", "全天")
    take(page, sort="machine")
    button(page, "提交并记录")
    link(page, "登记到货")
    page.fill("#f-received", "200")
    button(page, "提交并记录")
    link(page, "登记发出数量")
    page.fill("#f-handed_out", "42")
    take(page, price="0")
    button(page, "提交并记录")
    page.goto("/supply-points")
    row = page.locator("tbody tr", has_text="汽车站自助机").inner_text()
    assert "158" in row


def test_a_paper_that_she_asked_for_has_a_stub_and_can_be_printed(house: House) -> None:
    page = begin(house, "own-paper.asked")
    take(page, which="status-proof")
    page.fill("#f-name", "陈丽华")
    button(page, "提交并记录")
    link(page, "开具并交给本人")
    take(page, price="0")
    button(page, "提交并记录")
    page.goto("/stubs")
    row = page.locator("tbody tr").first
    assert "号" in row.inner_text()
    assert "服务情况说明" in row.inner_text()
    assert "陈丽华" not in page.inner_text("main")
    address = row.get_by_role("link", name="PDF").get_attribute("href")
    answer = page.request.get(str(address))
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.body().startswith(b"%PDF-")


def test_how_a_counterpart_is_reached_stands_in_a_directory(house: House) -> None:
    page = begin(house, "counterpart.noted")
    page.fill("#f-counterpart", HIS_HOME)
    take(page, way="fax")
    page.fill("#f-fax", "0775-1234567")
    button(page, "提交并记录")
    page.goto("/counterparts")
    assert "0775-1234567" in page.inner_text("main")


def test_what_is_missing_is_said_box_by_box_and_what_was_typed_is_kept(house: House) -> None:
    page = begin(house, "telling.sent")
    page.fill("#f-phone", "打不通")
    page.fill("#f-words", "请来取件")
    button(page, "提交并记录")
    said = page.locator("[role=alert]").inner_text()
    assert all(words in said for words in ("方式", "告知什么", "姓名", "请填写电话号码"))
    assert page.input_value("#f-words") == "请来取件"


def test_a_ledger_that_does_not_exist_is_refused_with_the_way_on(house: House) -> None:
    page = house.signed_in("limin")
    page.goto("/ledgers/levies")
    assert "没有“levies”这本台账" in page.inner_text("main")
