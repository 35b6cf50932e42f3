"""Who counts as living away: the article's cases, by codes and by names."""

from __future__ import annotations

from datetime import date

import pytest

from tests.law.lawbook import rulebook
from yipan.law.pack import read_pack
from yipan.law.reading import Faults
from yipan.law.rulebook import NoScopeInForceError
from yipan.law.scope import (
    Migrant,
    PlaceTooWideError,
    UnknownReasonError,
    district_by_digits,
    migrant,
)
from yipan.offices.divisions import Level, read_divisions

TODAY = date(2026, 3, 2)
#: What GB/T 2260 coded as a district outside a city, or as a county-level city's number: by name only.
NOT_BY_DIGITS = {"230751", "232761", "232762", "232763", "232764", "429021"}


def ask(home: str, residence: str, reason: str = "work", day: date = TODAY) -> Migrant:
    scope = rulebook().scope("floating-population", day)
    return migrant(home, residence, reason, scope=scope, is_district=district_by_digits)


@pytest.mark.parametrize(
    ("home", "residence", "counts", "step"),
    [
        ("450921100", "440104001", True, "scope-floating"),
        ("450902", "450921", True, "scope-floating"),  # a district and a county of one prefecture
        ("450921", "450902", True, "scope-floating"),
        ("450981", "450921", True, "scope-floating"),  # a county-level city is no district
        ("500103", "500229", True, "scope-floating"),  # a district and a county of Chongqing
        ("500103", "500112", False, "scope-exclude-intra-city"),
        ("500156", "500101", False, "scope-exclude-intra-city"),  # 56, and still a district of Chongqing
        ("440103", "440104", False, "scope-exclude-intra-city"),
        ("450921100", "450921102", False, "scope-floating-same-county"),
        ("441900101", "441900102", False, "scope-floating-same-county"),  # Dongguan has no county
        ("653101", "653121", True, "scope-floating"),  # a city and a county of a prefecture
    ],
)
def test_the_first_six_digits_decide(home: str, residence: str, counts: bool, step: str) -> None:  # noqa: FBT001  # a parameter of cases
    found = ask(home, residence)
    assert (found.migrant, found.step) == (counts, step)


@pytest.mark.parametrize("reason", ["study", "medical", "travel", "visit", "business-trip"])
def test_someone_expected_to_return_is_not_counted(reason: str) -> None:
    found = ask("450921", "440104", reason)
    assert (found.migrant, found.step) == (False, "scope-exclude-short-stay")


@pytest.mark.parametrize("reason", ["work", "life"])
def test_someone_who_works_or_lives_there_is_counted(reason: str) -> None:
    assert ask("450921", "440104", reason).migrant


def test_no_one_is_turned_away_for_failing_it_and_the_answer_says_so() -> None:
    for residence, reason in (("450921100", "work"), ("440104", "visit"), ("450902", "work")):
        found = ask("450902" if residence == "450902" else "450921", residence, reason)
        if not found.migrant:
            assert "照常提供" in found.because["zh"]
            assert "all the same" in found.because["en"]


def test_the_decree_is_cited_while_it_held_and_the_deployment_since() -> None:
    assert ask("450921", "440104", day=date(2021, 9, 25)).cite.doc == "decree-555"
    assert ask("450921", "440104", day=date(2021, 9, 25)).cite.article == "2"
    assert ask("450921", "440104", day=date(2021, 9, 26)).cite.set_by == "deployment"


def test_before_the_decree_there_is_no_scope_and_nothing_defaults() -> None:
    with pytest.raises(NoScopeInForceError):
        ask("450921", "440104", day=date(2009, 9, 30))


@pytest.mark.parametrize("place", ["45", "4509", "容县", "", "45092"])
def test_a_code_that_names_no_county_is_refused(place: str) -> None:
    with pytest.raises(PlaceTooWideError):
        ask(place, "440104")
    with pytest.raises(PlaceTooWideError):
        ask("440104", place)


def test_an_unknown_reason_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UnknownReasonError, match="work, life, study"):
        ask("450921", "440104", "marriage")


def test_the_digits_tell_a_district_as_its_name_does() -> None:
    counties = [one for one in read_divisions() if one.level is Level.COUNTY and not one.statistical]
    differ = {one.code for one in counties if district_by_digits(one.code) != one.name.endswith("区")}
    assert differ == NOT_BY_DIGITS


def test_a_scope_that_is_written_wrong_is_refused_by_file_and_key() -> None:
    faults = Faults()
    text = """
scope: some
title: {zh: 甲, en: A}
reasons: {work: {zh: 工作, en: Work}}
steps:
  - {step: one, test: otherwise, counts: true, because: {zh: 甲, en: A}, cite: {set_by: deployment}}
  - {step: two, test: weather, counts: maybe, because: {zh: 甲, en: A}, cite: {}, colour: red}
  - {step: three, test: reason, reasons: [leisure], counts: true, because: {zh: 甲}, cite: {set_by: model}}
"""
    head = "{pack: some, title: {zh: 甲, en: A}, authority: some, scope: ['00'], from: 2020-01-01}"
    read_pack({"pack.yaml": head, "scopes/some.yaml": text}, where="some", faults=faults)
    said = "\n".join(faults.lines)
    for part in (
        "some/scopes/some.yaml: steps[1].colour: unknown key",
        "steps[1].test: 'weather' is not one of: same-county",
        "steps[1].counts: must be true or false",
        "steps[1].cite: says either the document",
        "steps[2].reasons: 'leisure' is none of the scope's reasons: work",
        "steps[2].because.en: missing",
        "steps: the last step asks `otherwise`",
        "steps: only the last step asks `otherwise`",
    ):
        assert part in said
