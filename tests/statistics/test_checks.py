"""Consistency checks: two numbers that agree pass; of two that do not, which disagrees with which is said by name."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import pytest

from tests.duties.conftest import installation
from tests.law.test_figures import figures as read_figures
from tests.statistics.made import ASKED, COUNTY, OTHER, TOWNSHIP, Made
from yipan.registry.headcounts import threshold
from yipan.statistics import checks
from yipan.statistics.assessment import pairs_of, stretch
from yipan.statistics.checks import agrees, before_filing, of_content
from yipan.statistics.content import Content, Row, asked_of, content_of, read_content, report_named
from yipan.statistics.measures import figures
from yipan.statistics.periods import parse_period

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["installation"]
pytestmark = pytest.mark.usefixtures("installation")
POLICE = f"{COUNTY}:police"


def made_for(check: str, *, agree: bool) -> tuple[Made, str]:  # noqa: C901, PLR0912  # one world for each check
    """Return a world in which the two numbers of a check agree, or do not; and the office that hears of it."""
    made = Made()
    if check == "chk-both-ends":
        sent = made.entry("verification.asked", TOWNSHIP, ("her_home", OTHER), channel="letter")
        if agree:
            made.entry("verification.arrived", OTHER, ("asker", TOWNSHIP), thread=sent, day=12)
    elif check == "chk-platform-cross":
        sent = made.entry("query.sent", TOWNSHIP, ("asked", OTHER), channel="system")
        if agree:
            made.duty("prd-query-reply-15wd", OTHER, thread=sent, owed_to=TOWNSHIP)
    elif check == "chk-match-rate":
        made.entry("department-return.sent", POLICE, period="2026-03", requests=1)
        if agree:
            made.entry("request.passed-on", POLICE, ("office", COUNTY))
        return made, POLICE
    elif check == "chk-dispatch-stub":
        sent = made.entry("birth-registration.home-notified", TOWNSHIP, ("her_home", OTHER))
        if agree:
            made.duty(
                "birth-reg-notify-home-15wd",
                TOWNSHIP,
                thread=sent,
                owed_to=OTHER,
                closed_kind="birth-registration.home-notified",
            )
    elif check == "chk-query-balance":
        sent = made.entry("query.sent", OTHER, ("asked", TOWNSHIP), channel="letter", day=1)
        made.entry("query.arrived", TOWNSHIP, ("asker", OTHER), thread=sent, day=3)
        if agree:
            made.duty("prd-query-reply-15wd", TOWNSHIP, "open", thread=sent, opened_at=ASKED.first)
    elif check == "chk-registration-notices":
        sent = made.entry("birth-registration.entered", TOWNSHIP, ("her_home", OTHER))
        if agree:
            made.duty("birth-reg-notify-home-15wd", TOWNSHIP, "late", thread=sent)
    elif check == "chk-certificate-balance":
        asked = made.entry("certificate.asked", TOWNSHIP)
        if agree:
            made.duty("home-cert-issue", TOWNSHIP, thread=asked)
    elif check == "chk-free-zero":
        made.entry("service.given", TOWNSHIP, price=0 if agree else 3)
    elif check == "chk-linked-ledgers":
        asked = made.entry("consultation.asked", TOWNSHIP, day=1)
        made.entry("consultation.answered", TOWNSHIP, thread=asked if agree else 1)
    else:
        assert check == "chk-nil-vs-event"
        made.entry("department-return.sent", POLICE, period="2026-03", content="nil")
        if not agree:
            made.entry("request.passed-on", POLICE, ("office", COUNTY))
        return made, POLICE
    return made, TOWNSHIP


COUNTED = (
    "chk-both-ends", "chk-platform-cross", "chk-match-rate", "chk-dispatch-stub", "chk-query-balance",
    "chk-registration-notices", "chk-certificate-balance", "chk-free-zero", "chk-linked-ledgers", "chk-nil-vs-event",
)  # fmt: skip


@pytest.mark.parametrize("check", COUNTED)
def test_what_agrees_passes_and_what_does_not_is_said_by_name(check: str, tmp_path: Path) -> None:
    for agree in (True, False):
        made, office = made_for(check, agree=agree)
        with made.engine(tmp_path) as engine:
            checks.count(engine, ASKED)
            found = checks.run(engine, ASKED, office, [check])
        assert len(found) == (0 if agree else 1), agree
        for each in found:
            assert (each.check.id, each.office) == (check, office)
            assert each.check.figure is not None
            assert each.check.figure.left["zh"] in each.say("zh")
            assert each.check.figure.right["en"] in each.say("en")


@pytest.mark.parametrize(
    ("kind", "arrival"),
    [
        ("certificate.request-sent", "certificate.request-arrived"),
        ("certificate.term-told", "certificate.term-told-arrived"),
        ("query.sent", "query.arrived"),
    ],
)
def test_what_a_pack_calls_an_arrival_is_one_whatever_the_kind_is_called(
    kind: str, arrival: str, tmp_path: Path
) -> None:
    made = Made()
    role = {"query.sent": "asked", "certificate.term-told": "issuer"}.get(kind, "home")
    for day in (3, 5):
        sent = made.entry(kind, TOWNSHIP, (role, OTHER), channel="letter", day=day)
    made.entry(arrival, OTHER, thread=sent, day=9)
    with made.engine(tmp_path) as engine:
        checks.count(engine, ASKED)
        assert engine.rows("SELECT office, partner, arrived, early FROM sent ORDER BY sent_at") == [
            (TOWNSHIP, OTHER, 0, 0),
            (TOWNSHIP, OTHER, 1, 0),
        ]
        (pair,) = pairs_of(engine, stretch(ASKED.first.date(), ASKED.after.date()), ASKED.after.astimezone(), [TOWNSHIP])  # fmt: skip
    assert (pair.sent, pair.arrived, pair.unarrived) == (2, 1, 1)


def content() -> Content:
    rows = (
        Row(name="some-rule", opened=30, due=30, kept=20, late=6, overdue=4),
        Row(name="other-rule", due=10, kept=10),
    )
    return Content(
        report="stat-level-by-level", office=COUNTY, period="2026-Q1", as_of="2026-04-01T00:00:00", by_rule=rows,
        by_office=(Row(name=COUNTY, opened=30, due=15, kept=13, late=1, overdue=1), Row(name=TOWNSHIP, due=25, kept=17, late=5, overdue=3)),
        months={"requests": {"2026-01": 4, "2026-02": 5, "2026-03": 6}}, returns={"requests": 15},
        demand={"requests": 9, "met": 8}, demand_sent={"requests": 9, "met": 8},
    )  # fmt: skip


def below(kept: int = 17) -> dict[str, Content]:
    return {
        TOWNSHIP: replace(content(), office=TOWNSHIP, by_rule=(Row(name="some-rule", due=25, kept=kept),))
    }


@pytest.mark.parametrize(
    ("check", "wrong", "filed", "missing"),
    [
        ("chk-logic", {"by_rule": (Row(name="some-rule", due=40, kept=30, late=6, overdue=9, opened=30),)}, below(), ()),
        ("chk-level-sum", {}, below(kept=16), ()),
        ("chk-level-sum", {}, {}, (TOWNSHIP,)),
        ("chk-month-to-quarter", {"returns": {"requests": 14}}, below(), ()),
        ("chk-quarter-list", {"demand_sent": {"requests": 11, "met": 8}}, below(), ()),
    ],
)  # fmt: skip
def test_a_report_that_does_not_add_up_says_where(
    check: str, wrong: dict[str, object], filed: dict[str, Content], missing: tuple[str, ...]
) -> None:
    assert of_content(content(), below(), ()) == []
    found = of_content(replace(content(), **wrong), filed, missing)  # type: ignore[arg-type]  # as each case says
    assert {each.check.id for each in found} == {check}


def test_no_count_that_leaves_an_office_is_small() -> None:
    """What `chk-small-cells` looks at is the table after suppression: it holds, and would find one that is not."""
    shown = [
        cell.people for table in content().released().values() for cell in table.cells.values() if cell.people
    ]
    assert shown
    assert min(shown) >= threshold()
    one = next(each for each in figures("consistency") if each.id == "chk-small-cells")
    assert agrees(one, threshold(), threshold())
    assert not agrees(one, threshold() - 1, threshold())


def test_every_check_of_the_packs_runs_and_those_that_a_report_waits_for_run_before_it() -> None:
    own = {"chk-logic", "chk-level-sum", "chk-month-to-quarter", "chk-quarter-list", "chk-small-cells"}
    assert {each.id for each in figures("consistency")} == {*COUNTED, *own}
    assert set(before_filing("quarter-report.filed")) >= {"chk-logic", "chk-query-balance", "chk-level-sum"}


REPORTS = (
    "cq-age-band", "cq-away-30-days", "return-commerce", "return-education", "return-health", "return-housing",
    "return-human-resources", "return-transport", "stat-city-system", "stat-joint-meeting-report", "stat-key-area-monitoring",
    "stat-level-by-level", "stat-marriages", "stat-maternal", "stat-month-analysis", "stat-monthly-notice",
    "stat-prd-monitoring", "stat-quarter-bulletin", "stat-quarter-inflow", "stat-quarterly-report", "stat-system-bulletin",
    "stat-upload", "stat-vital", "stat-year-assessment",
)  # fmt: skip


@pytest.mark.parametrize("report", REPORTS)
def test_every_report_is_counted_from_what_its_definition_names(report: str, tmp_path: Path) -> None:
    one = report_named(report)
    made = Made()
    for rule in one.figure.duties if one.figure else ():
        made.duty(rule, TOWNSHIP)
    made.duty("some-other-rule", TOWNSHIP)
    for kind in one.kinds:
        made.entry(kind, TOWNSHIP, period="2026-01", requests=7)
    made.entry("meal.eaten", TOWNSHIP)
    with made.engine(tmp_path) as engine:
        span, now = parse_period("2026Q1"), ASKED.after.astimezone()
        checks.count(engine, asked_of(span, now))
        found = content_of(engine, one, COUNTY, span, now)
    # What is cut by rule is of every rule: its own duties are those that writing it discharges.
    own, rows = set(one.figure.duties if one.figure else ()), {row.name for row in found.by_rule}
    if one.figure and "rule" in one.figure.cut_by:
        assert set(found.services) >= set(one.kinds)
        assert rows == {*own, "some-other-rule"}
    else:
        assert set(found.services) == set(one.kinds)
        assert rows == own or not own
    if one.figure and one.figure.indicators and report != "stat-level-by-level":
        assert set(found.indicators) <= set(one.figure.indicators)
    assert read_content(found.text()) == found


def test_every_report_of_the_packs_is_counted_here() -> None:
    assert {each.id for each in figures("report")} == set(REPORTS)
    assert date(2026, 1, 1) == parse_period("2026Q1").first_on
    assert len(read_figures()) == len(figures())
