"""Pages of figures without a browser: departments' returns from the form to what is kept out; refusals and English of the others."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.test.utils import override_settings

from tests.duties.cast import at, permit
from tests.statistics.filled import sent
from yipan.duties.draft import Draft
from yipan.duties.event import Event
from yipan.duties.record import record
from yipan.duties.sweep import sweep
from yipan.offices.office import organisation
from yipan.offices.officer import Officer, Posting
from yipan.registry.headcounts import townships_of
from yipan.statistics import reports, returns
from yipan.statistics.periods import parse_period
from yipan.statistics.returnstatus import standings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

COUNTY = "460107"
POLICE, HOUSING = f"{COUNTY}:police", f"{COUNTY}:housing"
MONTH, NOW = "2026-01", at("2026-02-03T10:00")
PAGE = "/department-returns"


@pytest.fixture(scope="module")
def desks(installation: Path) -> Iterator[dict[str, Client]]:
    """Give browsers in which an officer of the department, and one of the health office of the county, are signed in."""
    assert installation.is_dir()
    early = at("2026-01-05T09:00")
    for office in (POLICE, HOUSING):
        record([Draft(kind="office.opened")], permit=permit(office, early), clock=lambda: early)
    sweep(at("2026-02-02T08:00"))
    made = {}
    for name, office, role in (("rt-police", POLICE, "department-data-officer"), ("rt-county", COUNTY, "county-officer")):  # fmt: skip
        user = get_user_model().objects.create_user(name)
        officer = Officer.objects.create(user=user, name="某")
        Posting.objects.create(officer=officer, organisation=organisation(office), role=role, from_on=date(2026, 1, 1))  # fmt: skip
        made[office] = Client(SERVER_NAME="localhost")
        made[office].force_login(user)
    with override_settings(CLOCK=lambda: NOW):
        yield made


def told(answer: Any) -> str:  # noqa: ANN401  # the test client's own class
    return str(answer.content.decode())


def upload(client: Client, content: bytes) -> Any:  # noqa: ANN401  # the test client's own class
    return client.post(
        f"{PAGE}?month={MONTH}", {"month": MONTH, "return": SimpleUploadedFile("月报.xlsx", content)}
    )


def looked(page: str) -> str:
    found = re.search(r'name="looked" value="([^"]+)"', page)
    assert found
    return found[1]


def test_a_department_looks_at_its_file_sends_it_and_the_health_office_sees_it(
    desks: dict[str, Client],
) -> None:
    department, county = desks[POLICE], desks[COUNTY]
    first = townships_of(COUNTY)[0][0]
    assert "缺报" not in told(county.get(PAGE, {"month": MONTH}))
    form = department.get(f"{PAGE}/form.xlsx", {"month": MONTH})
    assert form.content[:2] == b"PK"
    # Whoever sends no return has no form, and nothing to send.
    assert county.get(f"{PAGE}/form.xlsx", {"month": MONTH}).status_code == 200
    wrong = upload(department, sent(POLICE, MONTH, {first: [9, "张三", 9]}))
    assert wrong.status_code == 422
    assert "张三" not in told(wrong)
    mend = department.post(f"{PAGE}/mend.xlsx", {"looked": looked(told(wrong))})
    assert mend.content[:2] == b"PK"
    kept_out = upload(department, sent(POLICE, "2025-12", {first: [9]}))
    assert "“月份”应为 2026-01" in told(kept_out)
    preview = upload(department, sent(POLICE, MONTH, {first: [9, 0, 12, 3, 2, 40]}))
    assert "预览" in told(preview)
    assert returns.standing(permit(POLICE, NOW), POLICE, MONTH) is None
    signed = looked(told(preview))
    # What was looked at at one desk is not taken in at another, nor when it was touched.
    assert county.post(PAGE, {"month": MONTH, "looked": signed}).status_code == 422
    assert department.post(PAGE, {"month": MONTH, "looked": signed[:-3] + "abc"}).status_code == 422
    done = department.post(PAGE, {"month": MONTH, "looked": signed}, follow=True)
    assert "月报已收" in told(done)
    kept = returns.standing(permit(POLICE, NOW), POLICE, MONTH)
    assert kept is not None
    assert kept.table.counts[first, "moved_in"] == 12
    seen = told(county.get(PAGE, {"month": MONTH, "office": POLICE}))
    assert "按时" in seen
    assert "不公布" in seen
    assert "“月份”应为 2026-01" in seen
    nil = department.post(PAGE, {"month": MONTH, "nil": "yes"}, follow=True)
    assert "取代先前所报" in told(nil)
    assert "零通报" in told(county.get(PAGE, {"month": MONTH, "office": POLICE}))


def test_a_look_without_a_file_or_for_no_month_is_said(desks: dict[str, Client]) -> None:
    assert desks[POLICE].post(PAGE, {"month": MONTH}).status_code == 422
    assert desks[POLICE].get(PAGE, {"month": "soon"}).status_code == 422
    assert "这个月没有应报的部门" in told(desks[COUNTY].get(PAGE, {"month": "2020-01"}))


# --------------------------------------------------------------------------------- what came on paper


def on_paper(client: Client, **said: Any) -> Any:  # noqa: ANN401  # the test client's own class
    files = {
        name: SimpleUploadedFile(f"{name}.xlsx", content)
        for name, content in (("return", said.pop("sheet", None)), ("evidence", said.pop("shown", None)))
        if content
    }
    return client.post(f"{PAGE}?month={MONTH}", {"month": MONTH, "for": HOUSING, **said, **files})


def test_a_return_on_paper_is_entered_by_the_office_that_received_it_and_the_journal_says_so(
    desks: dict[str, Client],
) -> None:
    county, first = desks[COUNTY], townships_of(COUNTY)[0][0]
    page = told(county.get(PAGE, {"month": MONTH}))
    assert "代录部门的纸质月报" in page
    # Of those alone where nobody uses the system.
    assert f'value="{HOUSING}"' in page
    assert f'value="{POLICE}"' not in page
    assert county.get(f"{PAGE}/form.xlsx", {"month": MONTH, "for": HOUSING}).content[:2] == b"PK"
    sheet = sent(HOUSING, MONTH, {first: [9, 7, 5]})
    arrived = "2026-02-03T08:30"
    assert "附上凭证" in told(on_paper(county, sheet=sheet, arrived=arrived))
    assert "附上凭证" in told(on_paper(county, sheet=sheet, shown=b"x"))
    assert on_paper(county, arrived=arrived, shown=b"x").status_code == 422
    # What breaks its contract is kept out, and stands with the department's.
    assert "原因如下" in told(on_paper(county, sheet=sent(POLICE, MONTH, {}), arrived=arrived, shown=b"x"))
    assert returns.kept_out(permit(COUNTY, NOW), office=HOUSING)
    for office, whose in ((COUNTY, POLICE), (COUNTY, "460106:housing"), (POLICE, HOUSING)):
        answer = on_paper(desks[office], sheet=sheet, arrived=arrived, shown=b"x", **{"for": whose})
        assert answer.status_code == 422
        assert "代录" in told(answer)
    signed = looked(told(on_paper(county, sheet=sheet, arrived=arrived, shown=b"signed for")))
    done = county.post(PAGE, {"month": MONTH, "looked": signed}, follow=True)
    assert "月报已收" in told(done), told(done)
    kept = returns.standing(permit(COUNTY, NOW), HOUSING, MONTH)
    assert kept is not None
    assert kept.entered_by == COUNTY
    with permit(COUNTY, NOW).in_force():
        entry = Event.objects.get(id=kept.event)
    assert (entry.recorded_by, entry.on_behalf_of) == (COUNTY, HOUSING)
    assert entry.counts_at == at(arrived)
    assert entry.counts_by.startswith("evidence:")
    seen = told(county.get(PAGE, {"month": MONTH, "office": HOUSING}))
    assert "据纸质月报代录" in seen
    # It counts for the department, by the day on which it arrived.
    (row,) = [
        each for each in standings(permit(COUNTY, NOW), parse_period(MONTH), NOW) if each.office == HOUSING
    ]
    assert (row.state, row.content) == ("in-time", "counts")
    to_come = on_paper(county, nil="yes", arrived="2026-02-04T08:00", shown=b"to come")
    assert to_come.status_code == 422
    nil = on_paper(county, nil="yes", arrived=arrived, shown=b"nil, signed for")
    assert nil.status_code == 302
    assert returns.standing(permit(COUNTY, NOW), HOUSING, MONTH) != kept


# ------------------------------------------------------------------------------ the other pages of figures


def test_what_is_no_period_is_refused_in_words(desks: dict[str, Client]) -> None:
    answer = desks[COUNTY].get("/figures/report", {"period": "soon"})
    assert answer.status_code == 422
    assert "不是期间" in told(answer)


@pytest.mark.parametrize(
    "where", ["figures/report", "figures/assessment", "figures/simulation", "department-returns"]
)
def test_the_pages_speak_english_too(desks: dict[str, Client], where: str) -> None:
    desks[COUNTY].cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    answer = desks[COUNTY].get(f"/{where}")
    del desks[COUNTY].cookies[settings.LANGUAGE_COOKIE_NAME]
    assert answer.status_code == 200
    heading = re.search(r"<h1>(.*?)</h1>", told(answer))
    assert heading
    assert not re.search(r"[\u4e00-\u9fff]", heading[1]), heading[1]


def test_a_county_files_when_all_below_have_and_what_departments_hold_otherwise_is_said(
    desks: dict[str, Client],
) -> None:
    county, early = desks[COUNTY], at("2026-01-05T09:00")
    township = townships_of(COUNTY)[0][0]
    record([Draft(kind="office.opened")], permit=permit(township, early), clock=lambda: early)
    # It says that it passed on nine requests; nobody received one.
    said = {"period": "2025-12", "content": "counts", "requests": 9, "leaflets": 0}
    record([Draft(kind="department-return.sent", fields=said)], permit=permit(f"{COUNTY}:commerce", early), clock=lambda: early)  # fmt: skip
    page = told(county.get("/figures/report", {"period": "2025-12"}))
    assert "与对方或者部门所记不一致的，不影响上报" in page
    assert "转交的请求件数 9" in page
    page = told(county.get("/figures/report", {"period": MONTH}))
    assert "还没有上报的下级机构" in page
    assert "校验全部相符" not in page
    assert "签名并上报" not in page
    assert "还没有上报" in told(county.post("/figures/report", {"period": MONTH}))
    reports.file(permit(township, NOW), parse_period(MONTH), NOW)
    assert "签名并上报" in told(county.get("/figures/report", {"period": MONTH}))
    done = county.post("/figures/report", {"period": MONTH}, follow=True)
    assert "报表已上报并签名" in told(done)


def test_the_month_end_analysis_shows_every_rule_and_leads_to_where_it_is_written(
    desks: dict[str, Client],
) -> None:
    asked = {"period": MONTH, "report": "stat-month-analysis"}
    page = told(desks[COUNTY].get("/figures/report", asked))
    assert "月末分析" in page
    # Nobody below files it: nobody is waited for.
    assert "还没有上报的下级机构" not in page
    link = re.search(r'href="(/record/analysis\.written\?period=2026-01)"', page)
    assert link
    assert 'value="2026-01"' in told(desks[COUNTY].get(link[1]))
    assert desks[COUNTY].get("/figures/report.xlsx", asked).content[:2] == b"PK"
    assert desks[COUNTY].get("/figures/report", {**asked, "report": "no-such"}).status_code == 422


def test_a_whole_pack_is_tried_out_by_page_and_no_path_of_the_machine_is_one(
    desks: dict[str, Client], tmp_path: Path
) -> None:
    page = told(desks[COUNTY].get("/figures/simulation"))
    assert 'value="rong-2008"' in page
    assert 'value="birth-reg-reply-15wd"' in page
    (tmp_path / "pack.yaml").write_text("pack: x")
    said = {"first": "2026-01-01", "after": "2026-02-01"}
    tried = desks[COUNTY].post("/figures/simulation", {**said, "pack": "rong-2008"})
    assert "重算了" in told(tried)
    for wrong in (str(tmp_path), "no-such-pack"):
        assert desks[COUNTY].post("/figures/simulation", {**said, "pack": wrong}).status_code == 422
    clock = {**said, "rule": "birth-reg-reply-15wd", "count": "ten", "unit": "days"}
    assert desks[COUNTY].post("/figures/simulation", clock).status_code == 422
