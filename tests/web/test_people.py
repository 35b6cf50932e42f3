"""The pages of people: found in many ways, read with a line in the log, decided on, and withdrawn."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from tests.web.conftest import DESK, House, button, link
from tests.web.register import enrol, number, search

if TYPE_CHECKING:
    from uuid import UUID

    from playwright.sync_api import Page


def looks(house: House, purpose: str) -> list[tuple[str, list[UUID]]]:
    """Return who looked at whom of the desk's people for a purpose."""

    def read() -> list[tuple[str, list[UUID]]]:
        from yipan.offices.permit import Permit  # noqa: PLC0415  # the same
        from yipan.registry.readlog import Read  # noqa: PLC0415  # the same

        permit = Permit(
            officer="test", organisation=DESK, rights=frozenset(), purpose="test", until_at=house.now
        )
        with permit.in_force():
            return list(Read.objects.filter(purpose=purpose).order_by("id").values_list("officer", "threads"))

    return house.elsewhere(read)


def thread_of(address: str) -> str:
    return address.rpartition("/")[2]


def test_somebody_is_found_by_number_telephone_name_part_of_it_pinyin_and_initials(house: House) -> None:
    page = house.signed_in("limin")
    enrol(page, "单雄信", "41010519880808121", phone="13800138003", home="河南省郑州市金水区")
    for typed in (
        number("41010519880808121"),
        "138 0013 8003",
        "单雄",
        "雄信",
        "shanxiong",
        "Shan Xiongxin",
        "sxx",
        "单熊信",
    ):
        rows = search(page, typed)
        assert len(rows) == 1, typed
        assert "单雄信" in rows[0]
        assert "河南省郑州市金水区" in rows[0]
    assert "读音相同" in page.inner_text("main")
    assert search(page, "danxiong") == []


def test_a_number_of_fifteen_digits_finds_the_one_of_eighteen(house: House) -> None:
    page = house.signed_in("limin")
    enrol(page, "孔令仪", "45092119620203002")
    assert "孔令仪" in search(page, "450921620203002")[0]


def test_namesakes_stand_apart_by_birth_number_home_and_day(house: House) -> None:
    page = house.signed_in("limin")
    enrol(page, "韦春兰", "45092219930412052", home="广西陆川县温泉镇")
    enrol(page, "韦春兰", "36010219970615246", home="江西省南昌市东湖区")
    rows = search(page, "韦春兰")
    assert len(rows) == 2
    assert all("2026-03-02" in row for row in rows)
    one = next(row for row in rows if "1993-04-12" in row)
    assert number("45092219930412052")[-4:] in one
    assert "广西壮族自治区玉林市陆川县温泉镇" in one


def test_what_is_typed_is_in_no_address_and_each_search_that_shows_somebody_is_one_line_in_the_log(
    house: House,
) -> None:
    page = house.signed_in("limin")
    address = enrol(page, "卓玛央金", "54010219900101002")
    before = len(looks(house, "find a person"))
    search(page, "卓玛")
    assert page.url == f"{house.address}/people"
    search(page, "没有这个人")
    after = looks(house, "find a person")
    assert len(after) == before + 1
    officer, threads = after[-1]
    assert officer == "limin"
    assert [str(each) for each in threads] == [thread_of(address)]


@pytest.mark.parametrize("typed", ["", "   ", "w", "12345", "%", "5001011993"])
def test_too_little_lists_nobody(house: House, typed: str) -> None:
    page = house.signed_in("limin")
    assert search(page, typed) == []


def test_more_than_fifty_are_not_listed_and_their_number_is_said(house: House) -> None:
    page = house.signed_in("limin")
    house.elsewhere(lambda: many(house, 53))
    rows = search(page, "操")
    assert len(rows) == 50
    assert "还有 3 人没有列出" in page.inner_text("main")


def many(house: House, count: int) -> None:
    """Enrol many people of one surname at the desk."""
    from yipan.duties.draft import Draft  # noqa: PLC0415  # Django is set up by `home`
    from yipan.offices.officer import ROLES  # noqa: PLC0415  # the same
    from yipan.offices.permit import Permit  # noqa: PLC0415  # the same
    from yipan.registry.register import record_drafts  # noqa: PLC0415  # the same

    moment = house.tick()
    permit = Permit(
        officer="limin", organisation=DESK, rights=ROLES["clerk"], purpose="test", until_at=moment
    )
    drafts = [
        Draft(
            kind="person.enrolled",
            fields={
                "ground": "at-the-counter",
                "name": f"操{chr(0x4E00 + each)}",
                "identity_number": number(f"1101011970{each % 12 + 1:02}{each % 28 + 1:02}{each:03}"),
            },
        )
        for each in range(count)
    ]
    record_drafts(drafts, permit=permit, clock=lambda: moment)


def test_her_page_draws_her_line_through_places_and_time(house: House) -> None:
    page = house.signed_in("limin")
    enrol(page, "农秀英", "45242619850607002", residence="广州市天河区沙河街道", arrived_on="2024-03-01")
    link(page, "记录新的居住地")
    page.fill("#f-residence", "广州市天河区石牌街道")
    page.fill("#f-arrived_on", "2025-05-06")
    button(page, "提交并记录")
    line = page.locator(".line > li").all_inner_texts()
    assert "石牌街道" in line[0]
    assert "2025-05-06 — 现在" in line[0]
    assert "2024-03-01 — 2025-05-06" in line[1]
    link(page, "记录离开")
    page.fill("#f-left_on", "2026-02-28")
    button(page, "提交并记录")
    assert "2025-05-06 — 2026-02-28" in page.locator(".line > li").first.inner_text()


def test_a_place_that_may_be_several_is_offered_and_nothing_is_recorded(house: House) -> None:
    page = house.signed_in("limin")
    enrol(page, "覃玉梅", "45272319900909002")
    link(page, "更新登记内容")
    page.fill("#f-home", "鼓楼区")
    button(page, "提交并记录")
    assert "可能是" in page.locator("#e-home").inner_text()
    page.fill("#f-home", "南京市鼓楼区")
    button(page, "提交并记录")
    assert "江苏省南京市鼓楼区" in page.inner_text("main")


def test_a_number_with_a_wrong_check_digit_is_to_be_confirmed(house: House) -> None:
    page = house.signed_in("limin")
    address = enrol(page, "蓝天云", "45273119910303002")
    link(page, "更新登记内容")
    right = number("45273119910303002")
    page.fill("#f-identity_number", right[:-1] + ("1" if right[-1] != "1" else "2"))
    button(page, "提交并记录")
    assert page.url == address
    assert "号码待核" in page.inner_text("main")
    assert "号码待核" in search(page, "蓝天云")[0]


def test_a_birth_registration_begun_from_her_page_knows_her_and_is_listed_there(house: House) -> None:
    page = house.signed_in("limin")
    address = enrol(page, "黄美玲", "50010119930412054", phone="13900139001", home="重庆市万州区高笋塘街道")
    page.goto(address)
    link(page, "受理生育登记（女方）")
    assert "黄美玲" not in page.url
    assert page.input_value("#f-her_name") == "黄美玲"
    assert page.input_value("#f-her_phone") == "13900139001"
    assert page.input_value("#f-her_home").startswith("500101001 ")
    page.check("input[name=papers][value=complete]")
    button(page, "提交并记录")
    case = page.url
    assert "/cases/" in case
    page.goto(address)
    cases = page.locator("[aria-labelledby=cases]")
    assert cases.locator(f"a[href='{case.removeprefix(house.address)}']").count() == 1
    assert "即时办理生育登记" in page.inner_text("main")


def test_a_form_begun_from_her_page_for_somebody_else_does_not_become_hers(house: House) -> None:
    page = house.signed_in("limin")
    address = enrol(page, "莫小燕", "45012219930412050", home="重庆市万州区高笋塘街道")
    link(page, "受理生育登记（女方）")
    page.fill("#f-her_name", "另一个人")
    page.check("input[name=papers][value=complete]")
    button(page, "提交并记录")
    page.goto(address)
    assert page.locator("[aria-labelledby=cases] .cases li").count() == 1


def test_she_withdraws_and_is_found_no_more(house: House) -> None:
    page = house.signed_in("limin")
    address = enrol(page, "冼丽珍", "44010619900202002", phone="13700137001")
    link(page, "本人撤回同意")
    assert "不问理由" in page.inner_text("main")
    button(page, "确认撤回")
    assert page.url == f"{house.address}/people"
    for typed in ("冼丽珍", "13700137001", number("44010619900202002")):
        assert search(page, typed) == []
    answer = page.goto(address)
    assert answer is not None
    assert answer.status == 404
    assert "冼丽珍" not in page.content()


def test_a_withdrawal_on_a_page_that_is_out_of_date_is_asked_again(house: House) -> None:
    first, second = house.signed_in("limin"), house.signed_in("limin")
    address = enrol(first, "骆宾", "44010619910303001")
    second.goto(address)
    link(second, "本人撤回同意")
    link(first, "记录离开")
    first.fill("#f-left_on", "2026-03-01")
    button(first, "提交并记录")
    button(second, "确认撤回")
    assert "尚未写入" in second.inner_text("main")
    button(second, "确认撤回")
    assert search(second, "骆宾") == []


def alike(page: Page, name: str, body: str, phone: str) -> tuple[str, str]:
    """Enrol one person under two numbers that differ in a digit."""
    one = enrol(page, name, body, phone=phone, birth_on="1990-05-05")
    wrong = number(body)[:-2] + str((int(body[-1]) + 1) % 10) + number(body)[-1]
    page.goto("/record/person.enrolled")
    page.fill("#f-name", name)
    page.fill("#f-identity_number", wrong)
    page.fill("#f-phone", phone)
    page.fill("#f-birth_on", "1990-05-05")
    page.check("input[name=ground][value=at-the-counter]")
    button(page, "提交并记录")
    return one, page.url


def test_two_entries_of_one_person_are_asked_about_merged_found_as_one_and_parted_again(house: House) -> None:
    page = house.signed_in("limin")
    one, other = alike(page, "庞春妹", "45092219900505002", "13600136001")
    page.goto("/people/questions")
    pair = page.locator("article.pair", has_text="庞春妹")
    assert "电话相同" in pair.inner_text()
    assert pair.locator("mark").count() == 2
    with page.expect_navigation():
        pair.get_by_role("button", name="是同一人").click()
    assert page.url == one
    [row] = search(page, "庞春妹")
    assert number("45092219900505002")[-4:] in row
    wrong = page.goto(other)
    assert wrong is not None
    assert "与另一份是同一人" in page.inner_text("main")
    page.goto(one)
    button(page, "撤回认定")
    assert len(search(page, "庞春妹")) == 2


def test_two_persons_are_not_asked_about_again(house: House) -> None:
    page = house.signed_in("limin")
    alike(page, "庞双双", "45092219900505022", "13600136002")
    page.goto("/people/questions")
    with page.expect_navigation():
        page.locator("article.pair", has_text="庞双双").get_by_role("button", name="是两个人").click()
    assert page.url == f"{house.address}/people/questions"
    assert page.locator("article.pair", has_text="庞双双").count() == 0
    assert len(search(page, "庞双双")) == 2


def test_a_clerk_of_another_office_cannot_tell_whether_there_is_such_a_person(house: House) -> None:
    address = enrol(house.signed_in("limin"), "凌霜华", "44010619920404002")
    stranger = house.signed_in("wang")
    answer = stranger.goto(address)
    nothing = stranger.context.request.get(f"{house.address}/people/{uuid4()}")
    assert answer is not None
    assert answer.status == nothing.status == 404
    assert "凌霜华" not in stranger.content()
    assert search(stranger, "凌霜华") == []
    for step in ("withdraw", "undo"):
        page = stranger.context.request.get(f"{address}/{step}")
        assert page.status in (404, 405)


def test_the_same_number_twice_is_refused_with_what_to_do(house: House) -> None:
    page = house.signed_in("limin")
    enrol(page, "饶雪漫", "44010619930505002")
    page.goto("/record/person.enrolled")
    page.fill("#f-name", "饶雪漫")
    page.fill("#f-identity_number", number("44010619930505002"))
    page.check("input[name=ground][value=at-the-counter]")
    button(page, "提交并记录")
    assert "已有这个号码" in page.inner_text("main")


def test_a_search_works_without_javascript_and_in_english(house: House) -> None:
    page = house.signed_in("limin", javascript=False)
    enrol(page, "游本昌", "44010619940606001")
    assert len(search(page, "ybc")) == 1
    button(page, "English")
    page.goto("/people")
    assert "Find a person" in page.inner_text("main")
    button(page, "中文")


@pytest.mark.parametrize("language", ["zh-CN", "en-US"])
@pytest.mark.parametrize("screen", [(1366, 768), (390, 844)])
def test_no_page_of_people_is_wider_than_its_screen(
    house: House, language: str, screen: tuple[int, int]
) -> None:
    desk = house.signed_in("limin")
    search(desk, "庞双双")
    address = (
        desk.locator("table.people a").first.get_attribute("href")
        if desk.locator("table.people a").count()
        else "/people"
    )
    page = house.signed_in("limin", language, screen=screen)
    for place in ("/people", address or "", "/people/questions", "/rosters", "/head-counts"):
        page.goto(place)
        assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0, place
