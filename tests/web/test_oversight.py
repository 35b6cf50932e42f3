"""The broken glass and the auditor's page, as served."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tests.web.conftest import DESK, PASSWORD, SHANGHAI, House, button, follow, link
from tests.web.register import enrol, search

#: A county that is no party, an auditor above it and one above the desk, and the head of the desk.
STRANGE, STRANGE_CITY, CITY = "330106", "3301", "4401"
STAFF = {
    "dong": ("董雪", STRANGE, "county-officer"),
    "shen": ("沈计", STRANGE_CITY, "auditor"),
    "shi": ("石计", CITY, "auditor"),
    "liang": ("梁敏", DESK, "head"),
    "ji": ("季管", DESK, "system-administrator"),
}


def _post_staff() -> None:
    from django.contrib.auth import get_user_model  # noqa: PLC0415  # Django is set up by `home`

    from yipan.offices.officer import Officer, post_new_officer  # noqa: PLC0415  # the same

    for name, (person, office, role) in STAFF.items():
        if not Officer.objects.filter(user__username=name).exists():
            post_new_officer(name, person, PASSWORD, office, role, date(2026, 1, 1))
    assert get_user_model().objects.filter(username="dong").exists()


@pytest.fixture
def staffed(house: House) -> House:
    """Give the house with an auditor and a county that is no party."""
    house.elsewhere(_post_staff)
    return house


def test_in_need_a_strange_office_looks_for_three_hours_and_the_auditor_above_it_knows(
    staffed: House,
) -> None:
    house = staffed
    her = enrol(house.signed_in("limin"), "戚招娣", "44010619880303001", phone="13822220001")
    case = her.rpartition("/")[2]
    page = house.signed_in("dong")
    assert page.goto(f"{house.address}/people/{case}").status == 404  # type: ignore[union-attr]  # a page answers
    link(page, "人员")
    link(page, "紧急查阅")
    page.fill("#whom", case)
    page.check("input[name=because][value=danger]")
    page.fill("#reason", "急")
    button(page, "记下理由并查阅")
    assert "理由太短" in page.inner_text("main")
    assert page.input_value("#whom") == case
    page.fill("#reason", "本人在我处昏迷，需要核对身份并联系家人")
    button(page, "记下理由并查阅")
    text = page.inner_text("main")
    assert "戚招娣" in text
    assert "13822220001" in text
    opened = page.url
    assert case not in opened
    auditor = house.signed_in("shen")
    told = auditor.inner_text("main")
    assert "本人在我处昏迷" in told
    assert "西湖区" in told
    assert "戚招娣" not in auditor.content()
    other = house.signed_in("shi")
    assert "本人在我处昏迷" not in other.inner_text("main")
    house.now += timedelta(hours=3, minutes=1)
    answer = page.goto(opened)
    assert answer is not None
    assert answer.status == 404
    assert "戚招娣" not in page.content()


def test_a_look_at_strangers_is_asked_about_explained_by_the_head_and_closed(
    staffed: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.conf import settings  # noqa: PLC0415  # Django is set up by `home`

    monkeypatch.setattr(settings, "STRANGERS", 3)
    house = staffed
    desk = house.signed_in("limin")
    for serial in range(3):
        enrol(desk, f"尉迟小{'一二三'[serial]}", f"44010619900404{serial:03d}")
    house.now += timedelta(days=1)
    assert len(search(house.signed_in("limin"), "尉迟")) == 3
    auditor = house.signed_in("shi")
    panel = auditor.locator("#flags ~ *, section[aria-labelledby=flags] .panel", has_text="3 人").first
    assert "limin" in panel.inner_text()
    assert "尉迟" not in auditor.content()
    panel.locator("input[name=question]").fill("为什么一次看这么多人？")
    follow(auditor, panel.locator("button"))
    question = auditor.url
    house.now += timedelta(hours=1)
    head = house.signed_in("liang")
    address = head.locator("tr", has_text="被询问的机构说明情况").locator("a").first.get_attribute("href")
    head.goto(str(address))
    link(head, "说明情况")
    head.fill("#f-explanation", "核对重名登记")
    button(head, "提交并记录")
    house.now += timedelta(hours=1)
    auditor.goto(question)
    assert "核对重名登记" in auditor.inner_text("main")
    button(auditor, "记录结论")
    assert auditor.locator(".fault").is_visible()
    auditor.check("input[name=finding][value=in-order]")
    button(auditor, "记录结论")
    assert "属于正常办理" in auditor.inner_text("main")
    follow(auditor, auditor.locator("section[aria-labelledby=looks] a").first)
    assert "查找服务对象" in auditor.inner_text("main")
    # Any look may be asked about, not only those that a flag points at.
    row = auditor.locator("tr", has_text="打开本人登记页").first
    row.locator("summary").click()
    row.locator("input[name=question]").fill("为什么打开？")
    follow(auditor, row.locator("button"))
    assert "为什么打开？" in auditor.inner_text("main")
    assert house.now.astimezone(SHANGHAI).date() == date(2026, 3, 3)


def test_an_auditor_and_who_keeps_the_machine_open_nobodys_page(staffed: House) -> None:
    house = staffed
    her = enrol(house.signed_in("limin"), "公孙月娥", "44010619910505001")
    for name in ("shi", "ji"):
        page = house.signed_in(name)
        for address in (
            her,
            "/people",
            "/ledgers",
            "/certificates",
            "/rosters",
            "/people/questions",
            "/glass",
        ):
            answer = page.request.get(address if "//" in address else f"{house.address}{address}")
            assert answer.status in (403, 404) or "/ledgers" in address, (name, address)
            assert "公孙月娥" not in answer.text()
    page = house.signed_in("ji")
    assert page.request.get(f"{house.address}/").status == 403
    assert page.request.get(f"{house.address}/oversight").status == 403
    desk = house.signed_in("limin")
    assert desk.request.get(f"{house.address}/oversight").status == 403
    assert desk.locator("nav a", has_text="审计").count() == 0


def test_a_search_by_name_without_a_purpose_is_asked_for_one_and_what_was_typed_stays(staffed: House) -> None:
    page = staffed.signed_in("limin")
    page.goto("/people")
    page.fill("#q", "某某")
    follow(page, page.locator("form[role=search] button"))
    assert "请先选择用途" in page.inner_text("main")
    assert page.input_value("#q") == "某某"
    page.select_option("#ground", "other")
    page.fill("#words", "13800138000")
    follow(page, page.locator("form[role=search] button"))
    assert "不要写号码" in page.inner_text("main")
    page.fill("#words", "村里来人问路")
    follow(page, page.locator("form[role=search] button"))
    assert "没有找到" in page.inner_text("main")
    assert page.input_value("#words") == "村里来人问路"
