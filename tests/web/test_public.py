"""Pages for everybody: no sign-in, no JavaScript, a cheap phone; what offices published is there, and no person is."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from tests.web.conftest import CAST, COUNTY_ABOVE, HIS_HOME, MONDAY, House, button, follow, link, take_in

if TYPE_CHECKING:
    from playwright.sync_api import Page

PHONE = (360, 740)
FACILITY = {
    "name": "天河区妇幼保健院",
    "address": "广州市天河区黄埔大道西1号",
    "telephone": "020-3810 0000、3810 0001",
    "qualification": "母婴保健技术服务执业许可证 粤440106-01",
    "hours": "周一至周五 8:00-17:30",
    "services": "孕前检查、咨询",
}
PAGES = (
    "/public",
    "/public/procedures",
    "/public/facilities",
    "/public/contacts",
    "/public/rules",
    "/verify",
)


def as_county(house: House) -> Page:
    """Sign in at the county's office."""
    page = house.signed_in("zhao")
    page.goto("/office")
    page.get_by_label("天河区卫生健康局").check()
    button(page, "继续")
    return page


def publish(page: Page, **other: str) -> str:
    """Publish a facility at the desk, and return the address of its case."""
    page.goto("/record/facility.listed")
    for name, value in (FACILITY | other).items():
        page.fill(f"#f-{name}", value)
    page.select_option("#f-sort", "maternity")
    button(page, "提交并记录")
    assert "/cases/" in page.url, page.inner_text("main")
    return page.url


def seen(house: House, place: str, language: str = "zh-CN") -> Page:
    """Open a page as a stranger on a cheap phone without JavaScript."""
    page = house.visitor(language, screen=PHONE, javascript=False)
    answer = page.goto(place)
    assert answer is not None
    assert answer.status == 200, page.inner_text("main")
    return page


def test_a_facility_is_published_at_the_desk_and_anybody_finds_it(house: House) -> None:
    desk = as_county(house)
    publish(desk)
    page = seen(house, "/public/facilities?q=天河 妇幼")
    card = page.locator("article", has_text=FACILITY["name"]).first
    said = card.inner_text()
    assert all(each in said for each in FACILITY.values())
    assert card.locator("a[href='tel:02038100000']").count() == 1
    assert "keyword=" in (card.get_by_role("link", name="看地图").get_attribute("href") or "")
    assert "天河区卫生健康局公布，2026年3月2日" in said
    assert page.goto("/public/facilities?q=450921")
    assert FACILITY["name"] not in page.inner_text("main")


def test_a_list_follows_its_changes_its_corrections_and_its_end(house: House) -> None:
    desk = as_county(house)
    case = publish(desk, name="天河区第一服务站")
    link(desk, "更新服务机构信息")
    for name, value in (FACILITY | {"name": "天河区中心服务站", "qualified_until": "2026-03-31"}).items():
        desk.fill(f"#f-{name}", value)
    desk.select_option("#f-sort", "station")
    button(desk, "提交并记录")
    page = seen(house, "/public/facilities?q=服务站")
    assert "天河区中心服务站" in page.inner_text("main")
    assert "天河区第一服务站" not in page.inner_text("main")
    assert "资质已过期" not in page.inner_text("main")
    house.now += timedelta(days=40)
    page.reload()
    assert "资质已过期" in page.inner_text("main")
    desk.goto(case)
    link(desk, "撤下这家服务机构")
    desk.check("input[name=ground][value=unqualified]")
    button(desk, "提交并记录")
    page.reload()
    assert "天河区中心服务站" not in page.inner_text("main")


def test_what_is_retracted_is_on_no_list_and_a_stranger_reads_no_other_entry(house: House) -> None:
    desk = as_county(house)
    case = publish(desk, name="天河区误登服务站").rpartition("/")[2]
    take_in(house.signed_in("limin"))
    page = seen(house, "/public/facilities?q=误登")
    assert "天河区误登服务站" in page.inner_text("main")
    officer_now = house.now

    def retract() -> list[str]:
        from django.db import connection  # noqa: PLC0415  # Django is set up by `home`

        from yipan.documents.verbs import record_draft  # noqa: PLC0415  # the same
        from yipan.duties.draft import Draft  # noqa: PLC0415  # the same
        from yipan.offices.officer import Officer  # noqa: PLC0415  # the same
        from yipan.offices.permit import permit_for  # noqa: PLC0415  # the same

        permit = permit_for(Officer.objects.get(name="赵红"), COUNTY_ABOVE, "test", officer_now)
        with permit.in_force(), connection.cursor() as cursor:
            cursor.execute("SELECT id FROM duties_event WHERE thread_id = %s", [case])
            [(listed,)] = cursor.fetchall()
        wrong = Draft(kind="event.retracted", thread=UUID(case), corrects=listed)
        record_draft(permit, wrong, None, None, officer_now + timedelta(minutes=1))
        with connection.cursor() as cursor:
            # Nobody acts: what row-level security shows now it shows to everybody.
            cursor.execute("SELECT DISTINCT kind FROM duties_event UNION SELECT name FROM duties_payload")
            return [kind for (kind,) in cursor.fetchall()]

    shown = house.elsewhere(retract)
    assert set(shown) <= {
        "facility.listed",
        "facility.changed",
        "facility.delisted",
        "contact.listed",
        "event.retracted",
    }
    assert "event.retracted" in shown
    page.reload()
    assert "天河区误登服务站" not in page.inner_text("main")


def test_what_is_missing_on_a_facility_is_said_box_by_box_and_the_rest_is_kept(house: House) -> None:
    desk = as_county(house)
    desk.goto("/record/facility.listed")
    desk.fill("#f-name", FACILITY["name"])
    button(desk, "提交并记录")
    places = desk.locator("[aria-labelledby=wrong] a").evaluate_all(
        "all => all.map(each => each.getAttribute('href'))"
    )
    assert places == ["#f-sort", "#f-address", "#f-telephone", "#f-qualification"]
    assert desk.input_value("#f-name") == FACILITY["name"]


def test_the_contacts_of_four_levels_are_listed_from_the_province_down(house: House) -> None:
    house.now = MONDAY + timedelta(days=1)  # other tests may have published this office's on the Monday
    desk = house.signed_in("limin")
    desk.goto("/record/contact.listed")
    for name, value in {
        "unit": "一楼服务窗口",
        "telephone": "020-87000000",
        "address": "沙河大街1号",
    }.items():
        desk.fill(f"#f-{name}", value)
    button(desk, "提交并记录")
    page = seen(house, "/public/contacts?q=天河区 沙河街道")
    cards = page.locator("article")
    assert [each.partition(" ")[0] for each in cards.locator("h2 small").all_inner_texts()] == [
        "省（区、市）", "市", "县（区）", "乡镇（街道）",
    ]  # fmt: skip
    assert "还没有公布" in cards.nth(0).inner_text()
    assert "一楼服务窗口" in cards.nth(3).inner_text()
    page.goto("/public/contacts?q=城关镇")
    assert "请填写代码" in page.locator(".fault").inner_text()
    assert page.input_value("#q") == "城关镇"


def test_every_step_of_a_procedure_says_the_clock_of_its_rule(house: House) -> None:
    page = seen(house, "/public/procedures")
    step = page.locator("#birth-registration li", has_text="户籍地核实反馈").first.inner_text()
    assert "15 个工作日" in step
    assert "女方户籍地乡镇（街道）、男方户籍地乡镇（街道）" in step
    assert (
        "即时（当个工作日）"
        in page.locator("#birth-registration li", has_text="即时办理生育登记").first.inner_text()
    )
    assert "及时（3 个工作日以内）" in page.locator("#certificate").inner_text()
    follow(
        page,
        page.locator("#birth-registration li", has_text="户籍地核实反馈").first.get_by_role(
            "link", name="这一条规则"
        ),
    )
    assert page.locator("h1").inner_text() == "户籍地核实反馈"


def test_the_library_shows_what_is_adopted_first_and_finds_a_rule_by_its_words(house: House) -> None:
    page = seen(house, "/public/rules")
    shelves = page.locator("details.shelf")
    assert "两地服务承诺" in shelves.first.inner_text()
    assert "这里采用" in shelves.first.inner_text()
    history = page.locator("details.shelf", has_text="第555号").first
    assert "已成历史" in history.inner_text()
    assert "这里采用" not in history.locator("summary").inner_text()
    page.goto("/public/rules?q=三个工作日 查询")
    assert "县转乡镇的查询三个工作日办结" in page.inner_text("main")
    page.goto("/public/rules?q=没有这样的规则")
    assert "没有查到" in page.inner_text("main")


@pytest.mark.parametrize("place", PAGES)
def test_a_public_page_is_small_fits_a_cheap_phone_and_is_english_when_asked(
    house: House, place: str
) -> None:
    page = seen(house, place)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
    assert page.evaluate("document.documentElement.lang") == "zh-CN"
    assert page.locator("h1").count() == 1
    assert len(page.content().encode()) < 250_000
    assert page.locator("script").count() == 0
    button(page, "English")
    left = re.findall(
        r"[\u4e00-\u9fff]{4,}",
        page.locator("main h1, main label, main button, main .title p").all_inner_texts().__str__(),
    )
    assert left == []


def test_nobody_is_on_any_public_page(house: House) -> None:
    """Every name and number of the people and officers that the tests made, on every page that opens to a stranger."""
    desk = house.signed_in("limin")
    take_in(desk)
    publish(as_county(house), name="石牌服务站")
    whole = "".join(
        seen(house, place).content()
        for place in (*PAGES, "/public/rules/birth-reg-reply-15wd", "/public/contacts?q=沙河街道")
    )
    people = {"陈丽华", "梁志强", *(name for name, _ in CAST.values())}
    assert {each for each in people if each in whole} == set()
    assert re.findall(r"(?<!\d)\d{17}[\dXx](?!\d)", whole) == []
    assert re.findall(r"(?<!\d)1[3-9]\d{9}(?!\d)", whole) == []
    assert HIS_HOME not in whole


def test_a_stranger_finds_the_public_pages_from_the_sign_in_and_from_a_certificate(house: House) -> None:
    for place in ("/sign-in", "/verify"):
        page = seen(house, place)
        assert page.locator("a[href='/public']").count() >= 1
        link(page, "办事指南")
        assert page.locator("h1").inner_text() == "办事指南"
