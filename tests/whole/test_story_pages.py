"""The main job through the pages, in a real Chromium: a couple in Guangzhou, four offices, one silence, one late letter."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING
from uuid import UUID

from tests.duties.cast import at, permit
from tests.web.conftest import PASSWORD, House, button, link, sign_in
from yipan.duties.draft import Draft
from yipan.duties.record import record
from yipan.duties.replay import replay, verify
from yipan.duties.sweep import sweep
from yipan.offices.officer import post_new_officer

if TYPE_CHECKING:
    from playwright.sync_api import FilePayload, Page

RESIDENCE, HER_HOME, HIS_HOME, HIS_COUNTY = "440104003", "500101017", "450921102", "450921"
SLIP: FilePayload = {"name": "回执.png", "mimeType": "image/png", "buffer": b"registered letter, signed for"}


def _prepare() -> None:
    """Open two of the offices and post an officer in three; his home is known and never opened."""
    opening = at("2026-03-01T08:00")
    for username, office, role in (
        ("story.gz", RESIDENCE, "clerk"),
        ("story.cq", HER_HOME, "clerk"),
        ("story.rx", HIS_COUNTY, "supervisor"),
    ):
        post_new_officer(username, username, PASSWORD, office, role, date(2026, 1, 1))
    for office in (RESIDENCE, HER_HOME):
        record([Draft(kind="office.opened")], permit=permit(office, opening), clock=lambda: opening)


def _come_in(house: House, name: str, moment: datetime) -> Page:
    house.now = moment
    page = house.visitor()
    page.goto("/")
    sign_in(page, name, PASSWORD)
    return page


def _submit(page: Page) -> None:
    button(page, "提交")
    assert page.locator("[aria-labelledby=wrong]").count() == 0, page.inner_text("main")


def _register(page: Page) -> str:
    link(page, "受理生育登记")
    page.fill("#f-her_name", "李秀兰")
    page.fill("#f-her_identity_number", "500101199203154526")
    page.fill("#f-her_home", HER_HOME)
    page.fill("#f-his_name", "陈志强")
    page.fill("#f-his_home", HIS_HOME)
    for name in ("her_agrees_verify", "his_agrees_verify", "her_agrees_notice"):
        page.check(f"input[name={name}][value=yes]")
    page.check("input[name=his_agrees_notice][value=no]")
    page.get_by_label("书面承诺代替").check()
    _submit(page)
    case = page.url
    link(page, "登记并交付登记表")
    _submit(page)
    return case


def _ask_both_homes(page: Page) -> None:
    link(page, "向户籍地核实（女方")
    page.get_by_label("系统消息", exact=True).check()
    _submit(page)
    link(page, "向户籍地核实")
    page.get_by_label("挂号信").check()
    _submit(page)


def _with_evidence(page: Page, day: str, time: str) -> None:
    if page.locator("#f-at").is_hidden():
        page.locator("summary", has=page.locator("xpath=//*[contains(., '凭证')]")).first.click()
    page.fill("#f-at", day)
    page.fill("input[name=at_time]", time)
    page.set_input_files("#f-evidence", SLIP)
    _submit(page)


def _duty(page: Page, title: str, party: str = "") -> str:
    """Return the words of one duty on the case page, unfolded when it is closed."""
    cards = page.locator(".duty", has_text=title)
    card = (cards.filter(has_text=party) if party else cards).first
    if card.evaluate("card => card.tagName") == "DETAILS":
        card.locator("summary").first.click()
    return card.inner_text()


def test_a_couple_two_provinces_one_silence_and_every_date_explained(house: House) -> None:
    house.elsewhere(_prepare)
    clerk = _come_in(house, "story.gz", at("2026-03-02T10:00"))
    case = _register(clerk)
    assert "按时履行" in _duty(clerk, "即时办理生育登记")
    assert "免除" in _duty(clerk, "向户籍地通报登记", "男方")

    house.now = at("2026-03-03T09:00")
    clerk.goto(case)
    _ask_both_homes(clerk)

    house.now = at("2026-03-09T09:00")
    clerk.goto(case)
    link(clerk, "登记送达时间（男方")
    clerk.get_by_label("挂号信").check()
    _with_evidence(clerk, "2026-03-06", "15:00")
    assert "2026年3月27日（周五）" in _duty(clerk, "户籍地核实反馈", "男方")

    her_home = _come_in(house, "story.cq", at("2026-03-10T14:00"))
    assert "户籍地核实反馈" in her_home.inner_text("main")
    her_home.goto(case)
    assert "陈志强" not in her_home.inner_text("body")
    link(her_home, "反馈核实结果")
    her_home.get_by_label("相符").check()
    _submit(her_home)

    house.elsewhere(lambda: sweep(at("2026-03-28T09:00")))
    county = _come_in(house, "story.rx", at("2026-03-30T09:00"))
    assert "县级部门处理乡镇逾期不答复" in county.inner_text("main")
    assert "李秀兰" not in county.inner_text("body")
    link(county, "县级部门处理乡镇逾期不答复")
    assert "2026年4月1日（周三）" in _duty(county, "县级部门处理乡镇逾期不答复")
    link(county, "处理下级逾期")
    county.get_by_label("催办").check()
    _submit(county)

    house.now = at("2026-04-03T10:00")
    clerk.goto(case)
    link(clerk, "代对方记录")
    clerk.get_by_label("相符").check()
    _with_evidence(clerk, "2026-04-01", "16:00")
    _check_the_end(clerk)
    thread = UUID(case.rpartition("/")[2])
    assert house.elsewhere(lambda: replay([thread])).differences == []
    assert house.elsewhere(verify).faults == []


def _check_the_end(clerk: Page) -> None:
    """Find on the case page who was late, since when, under which article, and who wrote it down for whom."""
    assert "逾期履行" in _duty(clerk, "户籍地核实反馈", "男方")
    reply = clerk.locator(".duty", has_text="户籍地核实反馈").filter(has_text="男方").first
    assert "收到核实要求之日起15个工作日内反馈" in reply.inner_text()
    reply.locator(".reckoning summary").click()
    days = reply.locator(".days li").all_inner_texts()
    assert len(days) == 15
    assert (days[0], days[-1]) == ("3月9日 周一", "3月27日 周五")
    assert "按时履行" in _duty(clerk, "户籍地核实反馈", "女方")
    story = clerk.inner_text(".thread")
    assert "代为记录" in story
    assert "2026年4月1日（周三）16:00 · 以凭证为准" in story
