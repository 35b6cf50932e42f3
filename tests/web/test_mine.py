"""Her own pages, in a browser: a slip opens them, they show what is hers and nothing of his, and one press leaves them."""

from __future__ import annotations

import re
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

import pytest

from tests.database.users import until
from tests.web.conftest import DESK, HER_HOME, HIS_HOME, House, button, follow, link, take_in
from tests.web.register import enrol

if TYPE_CHECKING:
    from playwright.sync_api import Page

NEUTRAL = "一盘棋"
WEATHER = "https://www.weather.com.cn/**"


def slip(page: Page, case: str, whom: str) -> tuple[str, str]:
    """Hand over a slip in a case, and return what is printed on it."""
    page.goto(f"/cases/{case.rpartition('/')[2]}/slips")
    button(page, f"交给{whom}")
    return page.inner_text("#number"), page.inner_text("#code")


def asked_to_sign_in(page: Page) -> bool:
    """Go to a page that is hers alone, and return whether that led to the sign-in."""
    page.goto("/mine/held")
    return page.url.endswith("/mine/sign-in")


def open_page(
    house: House, printed: tuple[str, str], *, screen: tuple[int, int] = (390, 844), javascript: bool = True
) -> Page:
    """Sign in with a slip, on a telephone."""
    page = house.visitor(screen=screen, javascript=javascript)
    page.goto("/mine")
    assert page.url.endswith("/mine/sign-in")
    page.fill("#number", printed[0])
    page.fill("#code", printed[1])
    follow(page, page.locator("main form button").first)
    return page


@pytest.fixture
def couple(house: House) -> tuple[Page, str]:
    """Give the desk's page and the address of the case of a couple."""
    page = house.signed_in("limin")
    return page, take_in(page)


def everything(page: Page) -> str:
    """Return what all of her pages say."""
    said = ""
    for place in ("/mine", "/mine/held", "/mine/looks", "/mine/consents", "/mine/papers", "/mine/ask"):
        page.goto(place)
        assert page.title() in (NEUTRAL, "Yipan")
        said += page.content()
    for address in {
        each.get_attribute("href") or "/mine" for each in page.locator("a[href*='/mine/held/']").all()
    }:
        page.goto(address)
        said += page.content()
    return said


def test_she_sees_what_is_owed_what_is_held_who_looked_and_what_she_agreed_to(
    house: House, couple: tuple[Page, str]
) -> None:
    desk, case = couple
    hers = open_page(house, slip(desk, case, "女方"))
    said = hers.inner_text("main")
    assert "机构欠您的事" in said
    assert "即时办结登记" in said or "登记" in said
    assert "李敏" in said
    link(hers, "记录了您什么")
    assert "陈丽华" in hers.inner_text("main")
    assert "能看到这些的机构" in hers.inner_text("main")
    hers.goto("/mine/looks")
    looks = hers.locator("main ul.list").first.inner_text()
    assert "2026年3月2日" in looks
    assert "李敏" in looks
    hers.goto("/mine/consents")
    assert "女方同意向其户籍地核实" in hers.inner_text("main")


def test_neither_of_a_couple_finds_anything_of_the_other(house: House, couple: tuple[Page, str]) -> None:
    desk, case = couple
    for whom, own, others in (
        ("女方", "陈丽华", ("梁志强", HIS_HOME, "男方同意", "陆川")),
        ("男方", "梁志强", ("陈丽华", HER_HOME, "女方同意", "重庆")),
    ):
        page = open_page(house, slip(desk, case, whom))
        said = everything(page)
        page.goto(f"/mine/held/{case.rpartition('/')[2]}")
        said += page.content()
        # The copy of everything, as data and as a paper, is hers alone too.
        said += page.context.request.get("/mine/papers/1.json").text()
        paper = page.context.request.get("/mine/papers/1.pdf")
        assert (paper.ok, paper.body()[:5]) == (True, b"%PDF-")
        assert own in said
        for each in others:
            assert each not in said, each


def test_a_stranger_with_a_slip_of_her_own_gets_nowhere_with_the_address_of_another(
    house: House, couple: tuple[Page, str]
) -> None:
    desk, case = couple
    other = enrol(desk, "覃小满", "45092219930412084")
    page = open_page(house, slip(desk, other, "本人"))
    for place in (
        f"/mine/held/{case.rpartition('/')[2]}",
        "/mine/papers/00000000-0000-0000-0000-000000000000.pdf",
    ):
        answer = page.goto(place)
        assert answer
        assert answer.status == 404
        assert "陈丽华" not in page.content()
    # The pages of officers send her back to her own.
    for place in ("/", "/people", f"/cases/{case.rpartition('/')[2]}"):
        page.goto(place)
        assert page.url.endswith("/mine")
        assert "陈丽华" not in page.content()


def test_an_officer_has_no_page_here(house: House) -> None:
    page = house.signed_in("limin")
    answer = page.goto("/mine")
    assert answer
    assert answer.status == 403
    assert "工作人员的账号不能进入" in page.inner_text("main")


def test_a_wrong_code_says_nothing_of_which_part_was_wrong(house: House, couple: tuple[Page, str]) -> None:
    desk, case = couple
    number, code = slip(desk, case, "女方")
    refused = set()
    for printed in ((number, "2222 2222 2222"), ("0000 0000 0000", code)):
        page = open_page(house, printed)
        refused.add(page.inner_text(".notice.is-wrong"))
        assert "/mine/sign-in" in page.url
    assert len(refused) == 1
    assert number not in "".join(refused)


def test_a_slip_is_shown_once_and_a_lost_one_closes_what_it_opened(
    house: House, couple: tuple[Page, str]
) -> None:
    desk, case = couple
    printed = slip(desk, case, "女方")
    hers = open_page(house, printed)
    desk.goto(f"/cases/{case.rpartition('/')[2]}/slips")
    assert printed[0] not in desk.content()
    assert printed[1] not in desk.content()
    button(desk, "停用")
    assert "已停用" in desk.inner_text("main")
    hers.goto("/mine")
    assert "没有有效的纸条" in hers.inner_text("main")
    assert "陈丽华" not in everything(hers)
    fresh = slip(desk, case, "女方")
    hers.goto("/mine/add")
    hers.fill("#number", fresh[0])
    hers.fill("#code", fresh[1])
    button(hers, "加上")
    assert "已经加上" in hers.inner_text("main")
    assert "陈丽华" in everything(hers)


def test_one_press_leaves_for_a_page_that_anybody_might_look_at_and_nothing_stays(
    house: House, couple: tuple[Page, str]
) -> None:
    desk, case = couple
    printed = slip(desk, case, "女方")
    for javascript in (True, False):
        page = open_page(house, printed, javascript=javascript)
        page.context.route(
            WEATHER,
            lambda route: route.fulfill(body="<title>天气</title>", content_type="text/html; charset=utf-8"),
        )
        page.goto("/mine/held")
        page.get_by_role("button", name="快速离开").click()
        page.wait_for_url(WEATHER)
        # With a script the page is gone before the server has heard of it.
        until(partial(asked_to_sign_in, page))
        assert page.title() == NEUTRAL


def test_nothing_of_her_is_in_an_address_a_title_or_the_browsers_store(
    house: House, couple: tuple[Page, str]
) -> None:
    desk, case = couple
    page = open_page(house, slip(desk, case, "女方"))
    for place in ("/mine", "/mine/held", "/mine/looks", "/mine/consents", "/mine/papers", "/mine/ask"):
        answer = page.goto(place)
        assert answer
        assert "no-store" in (answer.header_value("cache-control") or "")
        assert page.title() == NEUTRAL
        for each in page.locator("main a").all():
            address = each.get_attribute("href") or ""
            assert re.fullmatch(r"(/mine[/a-z0-9.-]*|/public/rules/[a-z0-9-]+)", address), address
            assert "registration" not in address or address.startswith("/public/")
    assert page.evaluate("localStorage.length + sessionStorage.length") == 0


def test_a_session_ends_when_nobody_was_there_for_a_while(house: House, couple: tuple[Page, str]) -> None:
    from django.conf import settings  # noqa: PLC0415  # Django is set up by `home`

    assert settings.IDLE_MINUTES_OF_PERSONS == 20
    desk, case = couple
    page = open_page(house, slip(desk, case, "女方"))
    assert all(each["expires"] == -1 for each in page.context.cookies() if each["name"] == "sessionid")
    button(page, "退出")
    page.goto("/mine")
    assert page.url.endswith("/mine/sign-in")


def test_her_pages_work_in_english_and_without_a_script(house: House, couple: tuple[Page, str]) -> None:
    desk, case = couple
    page = open_page(house, slip(desk, case, "女方"), javascript=False)
    follow(page, page.get_by_role("button", name="English"))
    assert page.locator("html").get_attribute("lang") == "en"
    assert "陈丽华" in everything(page)


def open_the_desk(house: House) -> None:
    """Put the desk's office on the system: only then somebody there reads what is asked of it."""

    def work() -> None:
        from yipan.duties.draft import Draft  # noqa: PLC0415  # Django is set up by `home`
        from yipan.duties.record import record  # noqa: PLC0415  # the same
        from yipan.offices.permit import Permit  # noqa: PLC0415  # the same

        permit = Permit(
            officer="test",
            organisation=DESK,
            rights=frozenset({"open-office"}),
            purpose="test",
            until_at=house.now + timedelta(hours=1),
        )
        record([Draft(kind="office.opened")], permit=permit, clock=house.tick)

    house.elsewhere(work)


def test_she_takes_back_an_agreement_and_the_duty_is_released_and_he_learns_nothing(
    house: House, couple: tuple[Page, str]
) -> None:
    open_the_desk(house)
    desk, case = couple
    hers, his = open_page(house, slip(desk, case, "女方")), open_page(house, slip(desk, case, "男方"))
    hers.goto("/mine/consents")
    hers.locator("summary", has_text="撤回").first.click()
    button(hers, "确定撤回")
    assert "已经撤回" in hers.inner_text("main")
    assert "不同意" in hers.locator("main ul.list li").first.inner_text()
    hers.goto(f"/mine/held/{case.rpartition('/')[2]}")
    assert "您自己" in hers.inner_text("main")
    assert "本人撤回同意" not in everything(his)
    desk.goto(case)
    assert "本人撤回同意" in desk.inner_text("main")


def test_she_leaves_a_register_by_one_press_and_asks_for_a_correction_that_opens_a_clock(
    house: House,
) -> None:
    open_the_desk(house)
    desk = house.signed_in("limin")
    address = enrol(desk, "农秀英", "45092219880412054")
    hers = open_page(house, slip(desk, address, "本人"))
    hers.goto("/mine/ask")
    link(hers, "本人要求更正资料")
    assert hers.input_value("#f-name") == "农秀英"
    button(hers, "提交")
    assert "请填写" in hers.inner_text(".notice.is-wrong")
    hers.fill("#f-wrong", "电话")
    hers.fill("#f-right", "没有电话")
    button(hers, "提交")
    assert "已经交给机构" in hers.inner_text("main"), hers.inner_text("main")
    assert "没有电话" in hers.inner_text("main")
    assert hers.locator("article.duty").count() >= 1
    hers.goto("/mine/consents")
    hers.locator("summary", has_text="撤回").first.click()
    button(hers, "确定撤回")
    desk.goto(address)
    assert "农秀英" not in desk.inner_text("main")
    assert "农秀英" in everything(hers)
