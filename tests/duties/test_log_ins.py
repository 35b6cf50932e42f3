"""The log of log-ins: which days an office was at its desk, and the duty of each month that is computed from it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest
from django.db import DatabaseError, connection, transaction

from tests.duties.cast import Cast, at, permit
from yipan.database import rule_packs
from yipan.duties.adopting import PlaceNotSetError, adopt
from yipan.duties.naming import period_thread
from yipan.duties.sweep import sweep
from yipan.offices.permit import set_acting
from yipan.offices.signing_in import days_logged_in, note_log_in

if TYPE_CHECKING:
    from pathlib import Path

PACK = """
pack: {name}
title: {{zh: 一个乡镇的登录承诺, en: One township's promise}}
authority: test
scope: ["{office}"]
from: 2026-01-01
"""
RULE = """
rule: log-in-of-{office}
title: {{zh: 每个工作日登录, en: Logged in on every working day}}
opens_on: {{every: month, opens: start, levels: [township]}}
owed_by: office
owed_to: office.supervisor
discharged_by: {{any: [{{kind: log-ins.counted, when: {{every_day: true}}}}]}}
versions:
  2026-01-01: {{within: {{fixed: {{day: last, defer: none}}}}, cite: {{set_by: deployment}}}}
"""


@pytest.fixture
def promised(cast: Cast, tmp_path: Path) -> Cast:
    """Let the residence alone promise to log in on every working day, and open it in the middle of March."""
    root = tmp_path / "rulepacks"
    folder = root / "test" / f"log-in-{cast.residence}"
    (folder / "rules").mkdir(parents=True)
    for each in ("yipan/base", "yipan/casework"):
        (root / each).parent.mkdir(exist_ok=True)
        (root / each).symlink_to(rule_packs() / each)
    (folder / "pack.yaml").write_text(PACK.format(name=folder.name, office=cast.residence), encoding="utf-8")
    (folder / "rules" / "own.yaml").write_text(RULE.format(office=cast.residence), encoding="utf-8")
    moment = at("2026-03-10T09:00")
    adopt([folder.name], root=root, permit=permit("00", moment, "data-officer"), now=moment)
    cast.open_offices("2026-03-15T09:00")
    cast.touched.add(period_thread(cast.residence, "2026"))
    return cast


def _logged_in(office: str, *days: date) -> None:
    for day in days:
        with transaction.atomic():
            set_acting(office, "test", [])
            note_log_in(office, day)


def _note_for_another(acting: str, office: str, day: date) -> None:
    with transaction.atomic():
        set_acting(acting, "test", [])
        note_log_in(office, day)


def _strike_out(acting: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        set_acting(acting, "test", [])
        cursor.execute("DELETE FROM offices_login")


def _months(office: str) -> dict[str, tuple[str, bool]]:
    thread = period_thread(office, "2026")
    with transaction.atomic(), connection.cursor() as cursor:
        set_acting(office, "test", [])
        cursor.execute(
            "SELECT period, state, lapsed_at IS NOT NULL FROM duties_duty WHERE thread_id = %s AND rule = %s",
            [thread, f"log-in-of-{office}"],
        )
        return {period: (state, late) for period, state, late in cursor.fetchall()}


def test_the_duty_of_a_month_is_computed_from_the_log_and_begins_when_the_office_opens(
    promised: Cast,
) -> None:
    # April 2026 works on 22 days: 1-3, 7-10, 13-17, 20-24 and 27-30; Qingming rests from the 4th to the 6th.
    days = [date(2026, 4, 1) + timedelta(days=each) for each in range(30)]
    working = [day for day in days if day.weekday() < 5 and day.day != 6]
    _logged_in(promised.residence, *working, date(2026, 5, 6))
    sweep(at("2026-04-30T18:00"))
    assert _months(promised.residence) == {"2026-04": ("open", False)}
    sweep(at("2026-06-02T09:00"))
    assert _months(promised.residence) == {
        "2026-04": ("discharged", False),
        "2026-05": ("open", True),
        "2026-06": ("open", False),
    }
    assert sweep(at("2026-06-02T09:00")).turned == 0


def test_a_day_is_noted_once_and_only_by_the_office_itself(cast: Cast) -> None:
    day = date(2026, 3, 2)
    _logged_in(cast.residence, day, day)
    assert days_logged_in(cast.residence, day, day) == {day}
    with pytest.raises(DatabaseError):
        _note_for_another(cast.residence, cast.her_home, day)
    with pytest.raises(DatabaseError):
        _strike_out(cast.residence)


def test_a_pack_that_names_no_place_is_adopted_only_where_one_is_set(cast: Cast) -> None:
    moment = at("2026-03-10T09:00")
    mine = permit("00", moment, "data-officer")
    with pytest.raises(PlaceNotSetError, match="YIPAN_PLACES=henan-city-2010=4101"):
        adopt(["henan-city-2010"], root=rule_packs(), permit=mine, now=moment)
    set_at = {"henan-city-2010": "4105"}
    receipt = adopt(["henan-city-2010"], root=rule_packs(), permit=mine, now=moment, places=set_at)
    assert len(receipt.events) == 1
    assert cast.thread is None
