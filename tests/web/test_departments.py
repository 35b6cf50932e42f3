"""A department at its own desk: its monthly return, with counts or nil, through the form that the kind makes."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Final

from tests.web.conftest import PASSWORD, SHANGHAI, House, button, link

POLICE: Final = "440104:police"


def _post_and_open() -> None:
    """Post a clerk to a department, open it in February and sweep on the first Monday of March."""
    from django.contrib.auth import get_user_model  # noqa: PLC0415  # Django is set up by `home`

    from tests.duties.cast import permit  # noqa: PLC0415  # the same
    from yipan.duties.draft import Draft  # noqa: PLC0415  # the same
    from yipan.duties.event import OpenedOffice  # noqa: PLC0415  # the same
    from yipan.duties.record import record  # noqa: PLC0415  # the same
    from yipan.duties.sweep import sweep  # noqa: PLC0415  # the same
    from yipan.offices.office import organisation  # noqa: PLC0415  # the same
    from yipan.offices.officer import Officer, Posting  # noqa: PLC0415  # the same

    moment = datetime(2026, 2, 20, 9, 0, tzinfo=SHANGHAI)
    if not Officer.objects.filter(user__username="chen").exists():
        user = get_user_model().objects.create_user("chen", password=PASSWORD)
        officer = Officer.objects.create(user=user, name="陈明")
        Posting.objects.create(
            officer=officer, organisation=organisation(POLICE), role="clerk", from_on=date(2026, 1, 1)
        )
    if not OpenedOffice.objects.filter(organisation=POLICE).exists():
        record([Draft(kind="office.opened")], permit=permit(POLICE, moment), clock=lambda: moment)
    sweep(datetime(2026, 3, 2, 8, 0, tzinfo=SHANGHAI))


def test_a_department_files_last_months_counts_at_its_desk_and_a_word_for_a_number_is_said_in_its_box(
    house: House,
) -> None:
    house.elsewhere(_post_and_open)
    house.now += timedelta(hours=1)
    page = house.signed_in("chen")
    row = page.locator("tr", has_text="部门每月3日前通报上月情况").first
    address = row.locator("a").first.get_attribute("href")
    assert address
    page.goto(address)
    link(page, "报送月度通报")
    assert page.input_value("#f-period") == "2026-02"
    assert "不报任何人" in page.inner_text("main")
    assert page.locator("input[type=text]:visible").count() <= len(("period", "requests", "leaflets"))
    page.check("input[name=content][value=counts]")
    page.fill("#f-leaflets", "300")
    page.locator("#f-requests").evaluate("box => { box.type = 'text'; box.value = '许多' }")
    button(page, "提交")
    assert page.locator("[aria-labelledby=wrong] a").first.get_attribute("href") == "#f-requests"
    assert page.input_value("#f-leaflets") == "300"
    page.locator("#f-requests").evaluate("box => { box.type = 'text' }")
    page.fill("#f-requests", "12")
    button(page, "提交")
    duty = page.locator(".duty", has_text="部门每月3日前通报上月情况").first.inner_text()
    assert "按时履行" in duty
    assert "300" in page.inner_text("main")
