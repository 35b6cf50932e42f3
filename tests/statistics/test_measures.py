"""Every indicator: what it comes to can be counted on the fingers of a hand, and no rule's release changes it."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import pytest
import sqlglot

from tests.statistics.made import ASKED, CITY, COUNTY, OTHER, TOWNSHIP, Made
from yipan.law.figure import MEASURES_BY
from yipan.statistics.engine import as_spark, filled, names_below
from yipan.statistics.measures import Value, compute, figure_named, figures, lay_out, values_of

if TYPE_CHECKING:
    from pathlib import Path

#: Every indicator that is counted from duties, with one of its rules and an office that it measures.
IN_TIME = {
    "ind-cert-issue": ("home-cert-issue", TOWNSHIP),
    "ind-reissue-7wd": ("prd-reissue-7wd", TOWNSHIP),
    "ind-verify-7wd": ("birth-reg-verify-7wd", TOWNSHIP),
    "ind-reply-15wd": ("birth-reg-reply-15wd", TOWNSHIP),
    "ind-notice-15wd": ("birth-reg-notify-home-15wd", TOWNSHIP),
    "ind-consult-7wd": ("consult-reply-7wd", COUNTY),
    "ind-feedback-rate": ("prd-query-reply-15wd", TOWNSHIP),
    "ind-check-offer": ("rong-checks-twice-year", TOWNSHIP),
    "ind-policy-awareness": ("person-cert-submit-30d", TOWNSHIP),
    "ind-complaints": ("handle-complaint", COUNTY),
    "ind-reports-on-time": ("report-upward", TOWNSHIP),
    "ind-training-days": ("cq-training-2d", COUNTY),
    "ind-dept-timeliness": ("henan-police-vital-monthly", f"{COUNTY}:police"),
    "ind-commerce-notice": ("henan-commerce-monthly", f"{COUNTY}:commerce"),
    "ind-publicity": ("rong-publicity-one-and-one", TOWNSHIP),
    "ind-provincial-cooperation": ("cert-check-15wd", TOWNSHIP),
    "ind-cross-province": ("cert-check-15wd", TOWNSHIP),
}
CROSSING = {"ind-provincial-cooperation": "within-province", "ind-cross-province": "across-provinces"}


def came_to(made: Made, folder: Path, figure: str, office: str, *, below: bool = False) -> Value | None:
    with made.engine(folder) as engine:
        lay_out(engine)
        compute(engine, ASKED)
        return values_of(engine, [office], with_below=below).get((figure, office))


@pytest.mark.parametrize("figure", sorted(IN_TIME))
def test_of_what_fell_due_an_indicator_counts_what_was_kept(figure: str, tmp_path: Path) -> None:
    made, (rule, office) = Made(), IN_TIME[figure]
    crossing = CROSSING.get(figure, "")
    for came in ("in-time", "in-time", "late", "open", "released", "void"):
        made.duty(rule, office, came, crossing=crossing)
    made.duty(
        rule, office, "in-time", crossing="elsewhere" if crossing else "", due_at=ASKED.after.replace(month=5)
    )
    made.duty("no-such-rule", office)
    found = came_to(made, tmp_path, figure, office)
    assert found is not None
    assert (found.top, found.bottom) == (2, 4)
    one = figure_named(figure)
    assert one is not None
    assert found.of(one) == Fraction(50)


def test_a_refusal_of_hers_leaves_both_numbers(tmp_path: Path) -> None:
    with_her, without = Made(), Made()
    for made in (with_her, without):
        made.duty("birth-reg-verify-7wd", TOWNSHIP)
        made.duty("birth-reg-verify-7wd", TOWNSHIP, "late")
    with_her.duty("birth-reg-verify-7wd", TOWNSHIP, "released")
    values = [came_to(made, tmp_path, "ind-verify-7wd", TOWNSHIP) for made in (with_her, without)]
    assert values[0] == values[1]


def test_a_figure_climbs_to_every_office_above_and_to_no_other(tmp_path: Path) -> None:
    made = Made()
    made.duty("birth-reg-verify-7wd", TOWNSHIP)
    made.duty("birth-reg-verify-7wd", OTHER, "late")
    for office, expected in ((TOWNSHIP, (1, 1)), (COUNTY, (1, 1)), (CITY, (1, 1)), (OTHER, (0, 1))):
        found = came_to(made, tmp_path, "ind-verify-7wd", office, below=True)
        assert found is not None
        assert (found.top, found.bottom) == expected
    assert came_to(made, tmp_path, "ind-verify-7wd", COUNTY) is None


def entries_of(figure: str) -> tuple[Made, str, tuple[int, int]]:  # noqa: C901, PLR0911, PLR0912  # one world for each indicator
    """Return what is counted for an indicator that is not of duties, the office, and what it must come to."""
    made = Made()
    if figure == "ind-free-rate":
        for price in (0, 0, 7):
            made.entry("service.given", TOWNSHIP, price=price)
        return made, TOWNSHIP, (2, 3)
    if figure == "ind-free-coverage":
        made.entry("supply-point.opened", TOWNSHIP, day=1)
        return made, TOWNSHIP, (1, 1)
    if figure == "ind-budget-equality":
        made.entry("budget.noted", COUNTY, period="2026", per_head=40, per_resident=50, day=5)
        made.entry("budget.noted", COUNTY, period="2026", per_head=45, per_resident=50, day=6)
        return made, COUNTY, (45, 50)
    if figure == "ind-staff-ratio":
        made.entry("staff.noted", TOWNSHIP, period="2026", staff=3, people=1200)
        return made, TOWNSHIP, (3, 1200)
    if figure == "ind-login-days":
        made.entry("log-ins.counted", TOWNSHIP, period="2026-01", days=18, working_days=21)
        made.entry("log-ins.counted", TOWNSHIP, period="2026-02", days=15, working_days=16)
        return made, TOWNSHIP, (33, 37)
    if figure == "ind-leadership":
        for topic in ("budget-line", "budget-line", "staff-in-post", "front-desk"):
            made.entry("arrangement.noted", COUNTY, topic=topic, period="2026")
        return made, COUNTY, (2, 5)
    if figure == "ind-construction-letter":
        housing = f"{COUNTY}:housing"
        made.entry("department-return.sent", housing, period="2026-01", firms_offered=7, firms_entering=9)
        made.entry("department-return.sent", housing, period="2026-02", firms_offered=3, firms_entering=3)
        return made, housing, (10, 12)
    if figure == "ind-dept-match":
        police = f"{COUNTY}:police"
        made.entry("department-return.sent", police, period="2026-03", requests=5)
        for _ in range(4):
            made.entry("request.passed-on", police, ("office", COUNTY))
        return made, police, (4, 5)
    if figure == "ind-cooperation-score":
        for _ in range(3):
            made.entry("joint-case.answered", TOWNSHIP)
        made.entry(
            "complaint.investigated",
            COUNTY,
            ("against", TOWNSHIP),
            about="passed-about",
            side="home",
            result="founded",
        )
        return made, TOWNSHIP, (2, 1)
    assert figure == "ind-one-vote-veto"
    made.entry(
        "complaint.investigated",
        COUNTY,
        ("against", TOWNSHIP),
        about="money-asked",
        side="home",
        result="founded",
    )
    made.entry(
        "complaint.investigated",
        COUNTY,
        ("against", TOWNSHIP),
        about="money-asked",
        side="home",
        result="unfounded",
    )
    return made, TOWNSHIP, (1, 1)


OF_ENTRIES = (
    "ind-free-rate", "ind-free-coverage", "ind-budget-equality", "ind-staff-ratio", "ind-login-days", "ind-leadership",
    "ind-construction-letter", "ind-dept-match", "ind-cooperation-score", "ind-one-vote-veto",
)  # fmt: skip


@pytest.mark.parametrize("figure", OF_ENTRIES)
def test_of_entries_an_indicator_counts_what_it_says(figure: str, tmp_path: Path) -> None:
    made, office, expected = entries_of(figure)
    found = came_to(made, tmp_path, figure, office)
    assert found is not None
    assert (found.top, found.bottom) == expected


def test_every_indicator_of_the_packs_is_counted_here() -> None:
    assert {each.id for each in figures("indicator")} == {*IN_TIME, *OF_ENTRIES}
    assert all(each.computed == "now" for each in figures())


def test_a_supply_point_that_closed_is_no_free_offer(tmp_path: Path) -> None:
    made = Made()
    made.entry("supply-point.opened", TOWNSHIP, day=1, thread=7)
    made.entry("supply-point.closed", TOWNSHIP, day=2, thread=7)
    found = came_to(made, tmp_path, "ind-free-coverage", TOWNSHIP)
    assert found is not None
    assert (found.top, found.bottom) == (0, 1)


def test_an_entry_that_was_corrected_counts_as_it_stands(tmp_path: Path) -> None:
    made = Made()
    wrong = made.entry("service.given", TOWNSHIP, price=7)
    made.entry("service.given", TOWNSHIP, price=0, corrects=wrong, thread=wrong, day=11)
    gone = made.entry("service.given", TOWNSHIP, price=9)
    made.entry("event.retracted", TOWNSHIP, corrects=gone, thread=gone, day=11)
    found = came_to(made, tmp_path, "ind-free-rate", TOWNSHIP)
    assert found is not None
    assert (found.top, found.bottom) == (1, 1)


@pytest.mark.parametrize(
    "name",
    [
        "standing",
        "worked",
        "breached",
        "sent",
        "pairs",
        *MEASURES_BY,
        *names_below("checks"),
        *names_below("tricks"),
    ],
)
def test_each_table_is_one_text_that_spark_reads_too(name: str) -> None:
    query = as_spark(filled(name, ASKED, {"$check": "'some'"}))
    assert "$" not in query
    parsed = sqlglot.parse_one(query, read="spark")
    assert parsed.find(sqlglot.exp.Select)
    assert "::" not in query
