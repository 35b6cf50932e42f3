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
from yipan.duties.record import record
from yipan.duties.sweep import sweep
from yipan.offices.office import organisation
from yipan.offices.officer import Officer, Posting
from yipan.registry.headcounts import townships_of
from yipan.statistics import returns

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

COUNTY = "460107"
POLICE, MONTH, NOW = f"{COUNTY}:police", "2026-01", at("2026-02-03T10:00")
PAGE = "/department-returns"


@pytest.fixture(scope="module")
def desks(installation: Path) -> Iterator[dict[str, Client]]:
    """Give browsers in which an officer of the department, and one of the health office of the county, are signed in."""
    assert installation.is_dir()
    early = at("2026-01-05T09:00")
    record([Draft(kind="office.opened")], permit=permit(POLICE, early), clock=lambda: early)
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
