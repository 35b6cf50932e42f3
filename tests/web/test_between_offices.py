"""Work between offices and at regular times, through the forms that the kinds make."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from tests.web.conftest import HIS_HOME, SHANGHAI, House, button, link
from yipan.database import rule_packs

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

OFFICE = "440104001"
PACK = """
pack: free-checks-here
title: {zh: 一个街道的公告承诺, en: One township's promise}
authority: test
scope: ["440104001"]
from: 2026-01-01
"""
RULE = """
rule: free-checks-announced-here
title: {zh: 每月公告一次免费检查, en: Free checks announced each month}
opens_on: {every: month, opens: start, levels: [township]}
owed_by: office
owed_to: public
discharged_by:
  all:
    - {kind: offer.announced, when: {offer: free-checks}}
    - {kind: offer.announced, when: {offer: screening}}
versions:
  2026-01-01: {within: {fixed: {day: last, defer: none}}, cite: {set_by: deployment}}
"""


def duty(page: Page, title: str) -> str:
    return page.locator(".duty", has_text=title).first.inner_text()


def test_a_query_goes_out_by_its_form_and_what_is_missing_is_said_box_by_box(house: House) -> None:
    page = house.signed_in("limin")
    page.goto("/record/query.sent")
    page.fill("#f-points", "请核对现登记的住址")
    button(page, "提交")
    listed = page.locator("[aria-labelledby=wrong] a")
    places = listed.evaluate_all("all => all.map(each => each.getAttribute('href'))")
    assert {"#f-asked", "#f-name", "#f-agrees", "#f-priority", "#f-channel", "#f-service"} <= set(places)
    assert page.input_value("#f-points") == "请核对现登记的住址"
    page.fill("#f-asked", HIS_HOME)
    page.fill("#f-name", "梁志强")
    page.fill("#f-service", "生育登记")
    for name, value in (("agrees", "yes"), ("priority", "urgent"), ("channel", "letter")):
        page.check(f"input[name={name}][value={value}]")
    button(page, "提交")
    assert "特殊紧急情况用电话或传真" in page.inner_text("main")
    link(page, "登记紧急联系")
    page.check("input[name=channel][value=phone]")
    button(page, "提交")
    assert "按时履行" in duty(page, "特殊紧急情况用电话或传真")


def _promise(folder: Path) -> None:
    """Let one township promise what it announces each month, open it, and sweep."""
    from tests.duties.cast import permit  # noqa: PLC0415  # Django is set up by `home`
    from yipan.duties.adopting import adopt  # noqa: PLC0415  # the same
    from yipan.duties.draft import Draft  # noqa: PLC0415  # the same
    from yipan.duties.event import OpenedOffice  # noqa: PLC0415  # the same
    from yipan.duties.record import record  # noqa: PLC0415  # the same
    from yipan.duties.sweep import sweep  # noqa: PLC0415  # the same

    own = folder / "test" / "free-checks-here"
    (own / "rules").mkdir(parents=True)
    (own / "pack.yaml").write_text(PACK, encoding="utf-8")
    (own / "rules" / "own.yaml").write_text(RULE, encoding="utf-8")
    for each in ("yipan/base", "yipan/casework"):
        (folder / each).parent.mkdir(exist_ok=True)
        (folder / each).symlink_to(rule_packs() / each)
    moment = datetime(2026, 2, 20, 9, 0, tzinfo=SHANGHAI)
    nation, office = permit("00", moment, "data-officer"), permit(OFFICE, moment)
    adopt(["free-checks-here"], root=folder, permit=nation, now=moment)
    if not OpenedOffice.objects.filter(organisation=OFFICE).exists():
        record([Draft(kind="office.opened")], permit=office, clock=lambda: moment)
    sweep(datetime(2026, 3, 2, 8, 0, tzinfo=SHANGHAI))


def test_a_monthly_duty_has_a_button_for_each_thing_it_waits_for_with_its_month_and_choice_filled_in(
    house: House, tmp_path: Path
) -> None:
    house.elsewhere(lambda: _promise(tmp_path))
    house.now += timedelta(hours=1)
    page = house.signed_in("wang")
    row = page.locator("tr", has_text="每月公告一次免费检查").first
    link_of_row = row.locator("a").first.get_attribute("href")
    assert link_of_row
    page.goto(link_of_row)
    for choice, words in (("free-checks", "2026-03、免费健康检查"), ("screening", "2026-03、妇女常见病")):
        assert "按时履行" not in duty(page, "每月公告一次免费检查")
        link(page, words)
        assert page.input_value("#f-period") == "2026-03"
        assert page.input_value("#f-offer") == choice
        page.fill("#f-where_and_when", "周六上午，街道服务中心，电话预约")
        button(page, "提交")
    assert "按时履行" in duty(page, "每月公告一次免费检查")
