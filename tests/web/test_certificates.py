"""Certificates and registration papers at the page, and the page on which anybody verifies one, on a phone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.web.conftest import House, button, follow, link, take_in

if TYPE_CHECKING:
    from playwright.sync_api import Page

PHONE = (390, 844)


def ask(page: Page, name: str = "陈丽华") -> str:
    """Take in a request at the home office, and return the address of the case."""
    page.goto("/record/certificate.asked")
    page.fill("#f-name", name)
    for box, value in (("wish", "first"), ("asked_by", "herself"), ("identity", "shown")):
        page.check(f"input[name={box}][value={value}]")
    button(page, "提交并记录")
    assert "/cases/" in page.url, page.inner_text("main")
    return page.url


def issue(page: Page, way: str = "counter") -> str:
    """Issue the certificate of the open case, and return its number."""
    follow(page, page.get_by_role("link", name="出具、打印证明").first)
    page.select_option("#f-way", way)
    button(page, "出具")
    return page.locator("section.panel").first.get_attribute("aria-label") or ""


def paper(page: Page, link_name: str) -> bytes:
    """Return the paper that a link leads to."""
    place = page.get_by_role("link", name=link_name).first.get_attribute("href") or ""
    answer = page.context.request.get(place)
    assert (answer.status, answer.headers["content-type"]) == (200, "application/pdf")
    return answer.body()


def test_a_certificate_is_issued_and_handed_over_in_one_step_and_anybody_verifies_it_on_a_phone(
    house: House,
) -> None:
    page = house.signed_in("huang")
    case = ask(page)
    number = issue(page)
    assert "2026-03-02 — 2029-03-02" in page.inner_text("main")
    assert paper(page, "打印证明").startswith(b"%PDF-")
    page.goto(case)
    assert page.locator(".thread h3").all_inner_texts()[1:] == ["服务证明出具", "证明交给本人"]
    stranger = house.visitor(screen=PHONE, javascript=False)
    stranger.goto(f"/verify/{number}")
    said = stranger.inner_text("main")
    assert "真实，有效" in said
    assert "陈丽华" in said
    assert "广西壮族自治区玉林市陆川县温泉镇人民政府" in said
    assert stranger.evaluate("document.documentElement.scrollWidth") <= PHONE[0]


def test_a_number_is_typed_as_people_type_and_a_made_up_one_is_unknown(house: House) -> None:
    page = house.signed_in("huang")
    ask(page)
    number = issue(page)
    stranger = house.visitor()
    stranger.goto("/verify")
    button(stranger, "English")
    stranger.fill("#f-number", number.lower().replace("-", " ").replace("0", "o").replace("1", "l"))
    button(stranger, "Verify")
    assert "Genuine and valid" in stranger.inner_text("main")
    assert number not in stranger.url
    stranger.fill("#f-number", "1234")
    button(stranger, "Verify")
    assert "There is no such certificate" in stranger.inner_text("main")
    assert stranger.input_value("#f-number") == "1234"
    assert "陈丽华" not in stranger.inner_text("main")


def test_a_revoked_certificate_says_that_it_ended_and_not_why(house: House) -> None:
    page = house.signed_in("huang")
    case = ask(page)
    number = issue(page)
    page.goto(case)
    link(page, "停用证明")
    page.check("input[name=ground][value=her-wish]")
    page.fill("#f-reason", "本人不再需要")
    button(page, "提交并记录")
    stranger = house.visitor()
    stranger.goto(f"/verify/{number}")
    assert "真实，已停用" in stranger.inner_text("main")
    assert "本人" not in stranger.inner_text("main dl")
    page.goto("/certificates")
    assert "已停用" in page.inner_text("main")


def test_a_certificate_without_a_name_is_not_issued_and_what_was_chosen_stays(house: House) -> None:
    page = house.signed_in("huang")
    ask(page)
    follow(page, page.get_by_role("link", name="出具、打印证明").first)
    page.fill("#f-name", " ")
    page.select_option("#f-way", "door")
    button(page, "出具")
    assert "请填写“姓名（印在证明上）”" in page.inner_text("main")
    assert page.input_value("#f-way") == "door"


def test_the_register_shows_requests_and_their_sum_and_no_other_office_sees_it(house: House) -> None:
    page = house.signed_in("huang")
    case = ask(page, "登记簿上的人")
    page.goto("/certificates")
    row = page.locator("tbody tr", has_text="登记簿上的人")
    assert "首次办理" in row.inner_text()
    assert "在办" in row.inner_text()
    other = house.signed_in("wang")
    other.goto("/certificates")
    assert "登记簿上的人" not in other.inner_text("main")
    answer = other.context.request.get(case.replace("/cases/", "/certificates/"))
    assert answer.status == 404


def test_each_of_the_two_has_a_form_of_the_registration_and_a_deferral_is_a_letter(house: House) -> None:
    page = house.signed_in("limin")
    take_in(page)
    link(page, "登记并交付登记表")
    button(page, "提交并记录")
    for name in ("登记表（女方）", "登记表（男方）"):
        assert paper(page, name).startswith(b"%PDF-")
