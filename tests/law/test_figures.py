"""Figures: indicators, reports and consistency checks measure offices, say from what, and name nothing that is not there."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

import pytest

from tests.docs.figures_page import PAGE, figures_page
from tests.law.lawbook import RULEPACKS, real_packs
from yipan.law.definition import Definition, check_definitions, read_definitions
from yipan.law.reading import Faults

if TYPE_CHECKING:
    from pathlib import Path

    from yipan.law.figure import Figure

INDICATOR: Final = """
indicator: queries-in-time
title: {zh: 查询按期答复率, en: Queries answered in time}
numerator: {zh: 按期答复的职责数, en: Duties done in time}
denominator: {zh: 到期的职责数, en: Duties that fell due}
measure: in-time
duties: [prd-query-reply-15wd]
unit: percent
levels: [township]
period: quarter
signed_by: office.supervisor
targets: [{in: pan-prd-2010, at_least: 90, cite: {set_by: deployment}}]
computed: later
cite: {set_by: deployment}
"""
REPORT: Final = """
report: queries-of-a-quarter
title: {zh: 季度查询数, en: Queries of a quarter}
contents: {zh: 查询件数, en: Queries sent}
kinds: [query.sent]
levels: [county]
period: quarter
to: office.supervisor
signed_by: office
cut_by: [township]
small_cells: suppressed
columns: {sent: {zh: 发出, en: Sent}}
computed: later
cite: {set_by: deployment}
"""
CHECK: Final = """
consistency: queries-balance
title: {zh: 查询收支相抵, en: Queries balance}
left: {zh: 收到, en: Received}
right: {zh: 已答和未答, en: Answered and open}
relation: equal
ends: one
kinds: [query.arrived]
levels: [township]
period: quarter
computed: later
cite: {set_by: deployment}
"""
FOLDERS: Final = {"indicator": "indicators", "report": "reports", "consistency": "checks"}


def read(root: Path, *texts: str) -> tuple[list[Definition], Faults]:
    for text in texts:
        sort = text.strip().partition(":")[0]
        folder = root / "some" / "own" / FOLDERS[sort]
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "one.yaml").write_text(text, "utf-8")
    faults = Faults()
    found = read_definitions(root, faults)
    check_definitions(found, real_packs(), faults)
    return found, faults


@lru_cache(maxsize=1)
def figures() -> dict[str, tuple[Definition, Figure]]:
    """Return every figure of the packs by its id."""
    faults = Faults()
    found = read_definitions(RULEPACKS, faults)
    check_definitions(found, real_packs(), faults)
    assert faults.lines == []
    return {one.id: (one, one.figure) for one in found if one.figure is not None}


def test_figures_that_name_what_is_there_are_without_fault(tmp_path: Path) -> None:
    found, faults = read(tmp_path, INDICATOR, REPORT, CHECK)
    assert faults.lines == []
    assert [one.sort for one in found if one.figure] == ["indicator", "report", "consistency"]


@pytest.mark.parametrize(
    ("text", "old", "new", "said"),
    [
        (INDICATOR, "prd-query-reply-15wd", "reply-some-day", "duties: there is no 'reply-some-day'"),
        (INDICATOR, "measure: in-time", "measure: by-feeling", "'by-feeling' is not one of"),
        (INDICATOR, "measure: in-time", "measure: fields", "top: missing: an indicator measured by fields says it"),
        (INDICATOR, "at_least: 90", "at_least: 900", "at_least: 900 per cent cannot be reached"),
        (INDICATOR, "at_least: 90", "at_least: most", "must be a whole number from 0 on, not 'most'"),
        (INDICATOR, "in: pan-prd-2010", "in: atlantis", "targets: there is no 'atlantis'"),
        (INDICATOR, "at_least: 90", "years: [soon]", "'soon' is no year"),
        (INDICATOR, "cite: {set_by: deployment}}]", "upto: 3}]", "upto: unknown key"),
        (INDICATOR, "office.supervisor", "person", "'person' begins with neither office nor public"),
        (INDICATOR, "office.supervisor", "office.chief", "signed_by: 'chief' is no step"),
        (INDICATOR, "unit: percent", "unit: percent\nweight: -1", "must be a whole number from 0 on, not -1"),
        (INDICATOR, "levels: [township]", "levels: [township]\nbodies: [landlords]", "bodies: there is no 'landlords'"),
        (INDICATOR, "prd-query-reply-15wd", "cq-training-2d", "cq-training-2d is opened for no such office"),
        (INDICATOR, "Duties done in time", "Women with contraception", "refused: 'contracept'"),
        (REPORT, "cut_by: [township]", "cut_by: [village]", "'village' is not one of"),
        (REPORT, "cut_by: [township]", "cut_by: [person]", "'person' is not one of"),
        (REPORT, "zh: 发出, en: Sent", "zh: 怀孕人数, en: Sent", "refused: '怀孕'"),
        (REPORT, "small_cells: suppressed\n", "", "small_cells: missing"),
        (CHECK, "kinds: [query.arrived]\n", "", "missing: a check says what it counts"),
        (CHECK, "ends: one", "ends: one\nbefore: [report.sung]", "before: there is no 'report.sung'"),
        (CHECK, "en: Received", "en: Levy received", "refused: 'levy'"),
    ],
)  # fmt: skip
def test_a_figure_that_is_wrong_is_refused_by_file_and_key(
    tmp_path: Path, text: str, old: str, new: str, said: str
) -> None:
    assert old in text
    _, faults = read(tmp_path, text.replace(old, new, 1))
    assert any(said in line for line in faults.lines), faults.lines


COUNTING: Final = INDICATOR.replace("duties: [prd-query-reply-15wd]\n", "")


@pytest.mark.parametrize(
    ("measure", "said"),
    [
        ("entries\nkinds: [person.enrolled]\nwhere: {}", "person.enrolled is about a person"),
        ("entries\nkinds: [booking.asked]\nwhere: {}", "booking.asked is about a person"),
        ("entries\nkinds: [service.given]\nwhere: {cost: ['0']}", "where.cost: is no clock field"),
        ("entries\nkinds: [service.given]\nwhere: {price: ['5']}", "where.price: '5' is no choice of it"),
        ("fields\nkinds: [staff.noted]\ntop: staff\nbottom: patience", "'patience' is no number of what is counted"),
        ("veto\nbreaches: [made-up]", "breaches: there is no 'made-up'"),
    ],
)  # fmt: skip
def test_an_indicator_counts_what_offices_did_and_nothing_about_a_person(
    tmp_path: Path, measure: str, said: str
) -> None:
    _, faults = read(tmp_path, COUNTING.replace("measure: in-time", f"measure: {measure}"))
    assert any(said in line for line in faults.lines), faults.lines


def test_only_a_breach_of_rights_may_end_a_year(tmp_path: Path) -> None:
    folder = tmp_path / "some" / "own" / "breaches"
    folder.mkdir(parents=True)
    breach = "breach: merely-late\ntitle: {zh: 迟, en: Late}\ncorrected_by: [office-above]\nmeasures: [order]\ncite: {set_by: model}\n"
    (folder / "one.yaml").write_text(breach, "utf-8")
    veto = COUNTING.replace("measure: in-time", "measure: veto\nbreaches: [merely-late]")
    _, faults = read(tmp_path, veto)
    assert any("merely-late is not red" in line for line in faults.lines), faults.lines
    (folder / "one.yaml").write_text(f"{breach}red: true\n", "utf-8")
    assert read(tmp_path, veto)[1].lines == []


def test_each_figure_of_the_packs_says_from_what_it_is_counted() -> None:
    """One definition of each measure: nothing is left to whoever counts."""
    every = {name: figure for name, (_, figure) in figures().items()}
    adrift = [
        name
        for name, each in every.items()
        if not (each.duties or each.kinds or each.returns or each.breaches)
    ]
    assert every
    assert adrift == []


def test_the_targets_of_the_documents_stand_by_year_and_place() -> None:
    def numbers(name: str) -> dict[tuple[str, tuple[str, ...]], int | None]:
        return {(each.pack, each.years): each.at_least for each in figures()[name][1].targets}

    assert numbers("ind-provincial-cooperation") == {
        ("jiangxi-city-2009", ("2009",)): 85,
        ("jiangxi-city-2009", ("2010",)): 85,
    }
    assert numbers("ind-cross-province") == {
        ("jiangxi-city-2009", ("2009",)): 80,
        ("jiangxi-city-2009", ("2010",)): 85,
    }
    # The document's own, and the same as this deployment's promise today.
    both = {("henan-city-2010", ()): 95, ("service-promise", ()): 95}
    assert numbers("ind-dept-timeliness") == numbers("ind-dept-match") == both
    assert numbers("ind-commerce-notice") == {("henan-city-2010", ()): 98}
    assert numbers("ind-cert-issue") == {("henan-city-2010", ()): 98, ("rong-2008", ("2008",)): None}
    assert numbers("ind-free-rate")["henan-city-2010", ()] == 100


def test_a_limit_that_the_text_gives_without_a_tolerance_is_an_implied_hundred() -> None:
    implied = [each for _, figure in figures().values() for each in figure.targets if each.implied]
    assert len(implied) > 10
    assert {each.at_least for each in implied} == {100}


def test_every_report_that_leaves_an_office_hides_what_is_small() -> None:
    reports = {name: figure for name, (one, figure) in figures().items() if one.sort == "report"}
    assert {figure.small_cells for figure in reports.values()} == {"merged", "suppressed"}
    returns = {
        name
        for name, figure in reports.items()
        if "department-return.sent" in figure.kinds and figure.columns
    }
    assert {name for name in returns if reports[name].small_cells != "merged"} == set()
    assert len({body for name in returns for body in reports[name].bodies}) == 9


def test_the_page_of_figures_is_what_the_packs_say() -> None:
    assert PAGE.read_text("utf-8") == figures_page(), "write it anew: python -m tests.docs.figures_page"
