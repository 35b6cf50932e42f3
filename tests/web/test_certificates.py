"""Certificates and registration papers at the page, and the page on which anybody verifies one, on a phone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.web.conftest import DESK, HIS_HOME, House, button, follow, link, take_in

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


def test_a_fetched_certificate_is_printed_by_the_office_that_fetched_it(house: House) -> None:
    home = house.signed_in("huang")
    home.goto("/")
    if home.get_by_role("link", name="启用").count():
        link(home, "启用")
        button(home, "提交并记录")
    desk = house.signed_in("limin")
    desk.goto("/record/certificate.fetch-asked")
    desk.fill("#f-name", "陈丽华")
    desk.fill("#f-home", HIS_HOME)
    for box, value in (("wish", "first"), ("asked_by", "herself")):
        desk.check(f"input[name={box}][value={value}]")
    button(desk, "提交并记录")
    case = desk.url
    link(desk, "向户籍地转交申请")
    assert desk.input_value("#f-name") == "陈丽华"
    desk.check("input[name=channel][value=letter]")
    desk.check("input[name=wish][value=first]")
    button(desk, "提交并记录")
    assert paper(desk, "打印（PDF）").startswith(b"%PDF-")
    assert "玉林市陆川县温泉镇" in desk.inner_text("main")
    home.goto(case)
    link(home, "登记申请送达时间")
    home.check("input[name=channel][value=letter]")
    button(home, "提交并记录")
    link(home, "记录核对结果")
    home.check("input[name=result][value=confirmed]")
    button(home, "提交并记录")
    issue(home, "")
    home.goto(case)
    link(home, "登记寄出")
    home.check("input[name=channel][value=letter]")
    button(home, "提交并记录")
    desk.goto(case)
    link(desk, "登记证明寄达")
    button(desk, "提交并记录")
    link(desk, "登记已交付")
    desk.check("input[name=way][value=counter]")
    button(desk, "提交并记录")
    assert "没有在办的事" in desk.inner_text("main")


def test_a_service_note_is_a_letter_of_its_own(house: House) -> None:
    page = house.signed_in("limin")
    page.goto("/record/service-note.asked")
    page.check("input[name=side][value=residence]")
    page.fill("#f-name", "陈丽华")
    button(page, "提交并记录")
    link(page, "开具并交付服务单")
    page.fill("#f-served_on", "2026-03-01")
    page.fill("#f-content", "已在本街道参加健康讲座。")
    button(page, "提交并记录")
    assert paper(page, "打印（PDF）").startswith(b"%PDF-")


def test_a_certificate_that_was_shown_leaves_no_name(house: House) -> None:
    page = house.signed_in("limin")
    page.goto("/record/certificate.shown")
    assert page.locator("main input[type=text]").count() == 0
    page.check("input[name=found][value=valid]")
    button(page, "提交并记录")
    link(page, "给本人回执")
    button(page, "提交并记录")
    assert "没有在办的事" in page.inner_text("main")


def test_each_of_the_two_has_a_form_of_the_registration_and_a_deferral_is_a_letter(house: House) -> None:
    page = house.signed_in("limin")
    take_in(page)
    link(page, "登记并交付登记表")
    button(page, "提交并记录")
    for name in ("登记表（女方）", "登记表（男方）"):
        assert paper(page, name).startswith(b"%PDF-")


def test_whoever_cannot_be_identified_yet_has_it_in_writing_with_the_way_to_mend_it(house: House) -> None:
    page = house.signed_in("limin")
    link(page, "受理生育登记")
    page.fill("#f-her_name", "陈丽华")
    page.fill("#f-her_home", HIS_HOME)
    page.check("input[name=papers][value=unidentified]")
    button(page, "提交并记录")
    link(page, "出具暂缓书面说明")
    page.fill("#f-reason", "号码与姓名不符；请带身份证来，或者由本街道向户籍地核对。")
    button(page, "提交并记录")
    assert paper(page, "打印（PDF）").startswith(b"%PDF-")
    link(page, "记录本次未能登记")
    page.check("input[name=ground][value=identity-unclear]")
    button(page, "提交并记录")
    link(page, "出具并交付书面说明")
    button(page, "提交并记录")
    places = page.locator("[aria-labelledby=wrong] a").evaluate_all(
        "all => all.map(each => each.getAttribute('href'))"
    )
    assert places == ["#f-reason", "#f-mend", "#f-complain_to"]
    page.fill("#f-reason", "号码与姓名不符。")
    page.fill("#f-mend", "带身份证来，当场登记。")
    page.fill("#f-complain_to", "天河区卫生健康局")
    button(page, "提交并记录")
    link(page, "记录证件补齐或承诺")
    page.check("input[name=papers][value=promise]")
    button(page, "提交并记录")
    link(page, "登记并交付登记表")
    button(page, "提交并记录")
    assert "没有在办的事" in page.inner_text("main")


def test_a_birth_registered_at_home_is_told_to_residence_only_where_she_agreed(house: House) -> None:
    page = house.signed_in("huang")
    for agreed in ("yes", "no"):
        page.goto("/record/birth-registration.asked-at-home")
        page.fill("#f-her_name", "陈丽华")
        page.fill("#f-residence", DESK)
        page.check("input[name=papers][value=complete]")
        page.check(f"input[name=agrees_notice][value={agreed}]")
        button(page, "提交并记录")
        link(page, "登记并交付登记表")
        button(page, "提交并记录")
        told = page.get_by_role("link", name="通报现居住地").count()
        assert told == (1 if agreed == "yes" else 0)
        assert paper(page, "登记表（女方）").startswith(b"%PDF-")


def test_whoever_asks_how_is_guided_and_no_name_is_written_down(house: House) -> None:
    page = house.signed_in("limin")
    page.goto("/record/birth-registration.guidance-asked")
    assert page.locator("main input[type=text]").count() == 0
    button(page, "提交并记录")
    link(page, "记录已指导")
    page.check("input[name=statement][value=no]")
    button(page, "提交并记录")
    assert "没有在办的事" in page.inner_text("main")
