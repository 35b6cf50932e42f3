"""Reports: computed, checked, filed, corrected, examined above; and no figure that disagrees is filed."""

from __future__ import annotations

import io
import itertools
from typing import TYPE_CHECKING, Any

import pytest
from django.db import ProgrammingError, connection
from openpyxl import load_workbook

from tests.duties.cast import Cast, at, permit, townships
from yipan.database import vault
from yipan.duties.faults import DraftFaultsError
from yipan.offices.office import Organisation
from yipan.statistics import reports
from yipan.statistics.book import names_for, write_book
from yipan.statistics.content import read_content
from yipan.statistics.models import Filing
from yipan.statistics.periods import NoPeriodError, before, parse_period, period_of
from yipan.statistics.sealing import holds, rotate, sign, signing_offices

if TYPE_CHECKING:
    from yipan.statistics.reports import Prepared

Q1 = parse_period("2026Q1")
APRIL = at("2026-04-13T09:00")


def above(office: str) -> str:
    return str(Organisation.objects.get(id=office).supervisor_id)


def quarter(cast: Cast) -> None:
    """Play a quarter by hand: of the residence's five duties that fall due, three are done in time, one late, one not."""
    cast.open_offices("2026-01-01T08:00")
    for day, entered in (("02", "2026-03-02T11:00"), ("03", "2026-03-05T11:00")):
        thread = cast.ask(
            f"2026-03-{day}T10:00", her_agrees_verify=True, his_agrees_verify=False, her_agrees_notice=False
        )
        cast.step(cast.residence, "birth-registration.entered", entered)
        if day == "02":
            cast.step(
                cast.residence,
                "verification.asked",
                "2026-03-04T10:00",
                her_home=cast.her_home,
                channel="system",
            )
            cast.act(
                cast.her_home,
                "verification.answered",
                "2026-03-10T10:00",
                thread=thread,
                her_home=cast.her_home,
                result="confirmed",
            )


def prepared(office: str, now: Any = APRIL) -> Prepared:  # noqa: ANN401  # as each test says
    return reports.prepare(permit(office, now), Q1, now)


def test_a_quarter_is_counted_as_it_was_worked(cast: Cast) -> None:
    quarter(cast)
    rows = {row.name: row for row in prepared(cast.residence).content.by_rule}
    assert (
        rows["birth-reg-enter-at-once"].due,
        rows["birth-reg-enter-at-once"].kept,
        rows["birth-reg-enter-at-once"].late,
    ) == (2, 1, 1)
    asked = rows["birth-reg-verify-7wd"]
    assert (asked.due, asked.kept, asked.overdue) == (2, 1, 1)
    told = rows["birth-reg-notify-home-15wd"]
    assert (told.due, told.released) == (0, 4)
    home = {row.name: row for row in prepared(cast.her_home).content.by_rule}
    assert (home["birth-reg-reply-15wd"].due, home["birth-reg-reply-15wd"].kept) == (1, 1)


def test_reports_climb_and_the_county_adds_up_what_its_townships_filed(cast: Cast) -> None:
    # Of a county in which no other test works.
    cast.residence = townships("4408", "4410", 41)
    quarter(cast)
    county = above(cast.residence)
    cast.act(county, "office.opened", "2026-01-01T08:00")
    first = prepared(county)
    assert first.missing == (cast.residence,)
    assert [each.check.id for each in first.disagreements] == ["chk-level-sum"]
    assert cast.residence in first.disagreements[0].say("en")
    filed = reports.file(permit(cast.residence, APRIL), Q1, APRIL)
    assert filed.is_as_signed
    own = prepared(county)
    assert own.disagreements == ()
    assert own.content.below == {cast.residence: filed.digest}
    whole = {row.name: row for row in own.content.by_rule}
    part = {row.name: row for row in filed.content.by_rule}
    assert whole["birth-reg-verify-7wd"] == part["birth-reg-verify-7wd"]
    by_office = {row.name: row for row in own.content.by_office}
    assert by_office[cast.residence].due == sum(row.due for row in filed.content.by_rule)
    seen = reports.examine(
        permit(county, APRIL), cast.residence, Q1.name, APRIL, result="accepted", minutes="数字相符。"
    )
    assert seen.events
    assert reports.file(permit(county, APRIL), Q1, APRIL).content.below == own.content.below


def test_a_filed_report_is_frozen_and_a_correction_says_why(cast: Cast) -> None:
    quarter(cast)
    officer = permit(cast.residence, APRIL)
    filed = reports.file(officer, Q1, APRIL)
    with pytest.raises(reports.AlreadyFiledError):
        reports.file(officer, Q1, APRIL)
    with pytest.raises(reports.NothingChangedError):
        reports.correct(officer, Q1, APRIL, "数错了")
    # What had been done in time, and was noted only now, with its evidence.
    cast.step(
        cast.residence,
        "verification.asked",
        "2026-04-14T10:00",
        her_home=cast.her_home,
        channel="letter",
        arrived="2026-03-11T10:00",
    )
    later = at("2026-04-15T09:00")
    now = prepared(cast.residence, later)
    assert now.has_changed
    with pytest.raises(DraftFaultsError):
        reports.correct(permit(cast.residence, later), Q1, later, " ")
    right = reports.correct(permit(cast.residence, later), Q1, later, "挂号信回执迟到，补记。")
    assert (right.corrects, right.why) == (filed.event, "挂号信回执迟到，补记。")
    above = reports.filings(permit(cast.residence[:6], later), office=cast.residence)
    assert [each.why for each in above] == [right.why, ""]
    # What somebody typed lies sealed there as it does in the entry.
    with permit(cast.residence, later).in_force(), connection.cursor() as cursor:
        cursor.execute("SELECT r::text, r.sealed FROM statistics_filingreason r WHERE id = %s", [right.event])
        [(row, sealed)] = cursor.fetchall()
    assert right.why not in row
    assert right.why.encode() not in bytes(sealed)
    both = reports.filings(officer, office=cast.residence)
    assert {each.event: each.corrected_by for each in both} == {filed.event: right.event, right.event: None}
    assert all(each.is_as_signed for each in both)
    assert reports.standing(officer, cast.residence, Q1.name) == right
    # The report was in by its date, and stays so: a correction is no second chance and no second lapse.
    assert (
        cast.duties(period_thread(cast))["report-upward", ""].state == "discharged"
        if period_duty(cast)
        else True
    )


def period_thread(cast: Cast) -> Any:  # noqa: ANN401  # as each test says
    from yipan.duties.naming import period_thread as thread_of  # noqa: PLC0415  # a short way

    return thread_of(cast.residence, "2026")


def period_duty(cast: Cast) -> bool:
    return ("report-upward", "") in cast.duties(period_thread(cast))


def test_nobody_changes_what_was_filed_nor_sees_that_of_a_stranger(cast: Cast) -> None:
    quarter(cast)
    filed = reports.file(permit(cast.residence, APRIL), Q1, APRIL)
    assert reports.filings(permit(cast.her_home, APRIL), office=cast.residence) == []
    assert reports.filings(permit(above(cast.residence), APRIL), office=cast.residence) == [filed]
    for statement in ("UPDATE statistics_filing SET content = ''", "DELETE FROM statistics_filing"):
        with (
            permit(cast.residence, APRIL).in_force(),
            pytest.raises(ProgrammingError),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)
    assert Filing.objects.count() == 0  # nobody acts
    other = filed.content.text().replace('"due":2', '"due":3')
    assert other != filed.content.text()
    assert not holds(cast.residence, filed.key, other, filed.signature)
    assert not holds(cast.her_home, filed.key, filed.content.text(), filed.signature)
    assert read_content(filed.content.text()) == filed.content


def test_what_still_runs_cannot_be_filed(cast: Cast) -> None:
    quarter(cast)
    march = at("2026-03-20T09:00")
    with pytest.raises(reports.StillRunningError):
        reports.file(permit(cast.residence, march), Q1, march)


def test_figures_that_disagree_are_named_and_not_filed(cast: Cast) -> None:
    quarter(cast)
    cast.act(cast.residence, "demand-counts.sent", "2026-04-02T10:00", period="2026-Q1", requests=40, met=2)
    now = prepared(cast.residence)
    assert [(each.check.id, each.what, each.left) for each in now.disagreements] == [
        ("chk-quarter-list", "met", 2)
        if now.content.demand["met"] != 2
        else ("chk-quarter-list", "requests", 40),
        *([("chk-quarter-list", "requests", 40)] if now.content.demand["met"] != 2 else []),
    ]
    with pytest.raises(reports.ReportDisagreesError) as refused:
        reports.file(permit(cast.residence, APRIL), Q1, APRIL)
    assert "40" in refused.value.say("zh")


def test_the_workbook_holds_numbers_no_formula_and_what_is_released_holds_no_small_one(cast: Cast) -> None:
    quarter(cast)
    one = prepared(cast.residence)
    # An office may be called anything; a spreadsheet calculates none of it.
    strange = {cast.residence: {"zh": "=1+1", "en": '@HYPERLINK("x")'}}
    for language, released in itertools.product(("zh", "en"), (False, True)):
        out = io.BytesIO()
        write_book(out, one, {**names_for({}, {}), **strange}, language, released=released)
        book = load_workbook(io.BytesIO(out.getvalue()))
        cells = [cell for each in book.worksheets for row in each.iter_rows() for cell in row]
        assert [cell.coordinate for cell in cells if cell.data_type == "f"] == []
        named = [cell for cell in cells if cell.value == strange[cast.residence][language]]
        assert named
        assert all(cell.quotePrefix for cell in named)
        rows = {row[0]: row for row in book.worksheets[0].iter_rows(min_row=5, values_only=True) if row[0]}
        counts = [value for row in rows.values() for value in row[2:] if isinstance(value, int)]
        if released:
            assert all(count == 0 or count >= 5 for count in counts)
            assert rows["birth-reg-enter-at-once"][2] in ("不公布", "not said")
        else:
            assert rows["birth-reg-enter-at-once"][3:5] == (2, 1)


def test_periods_are_read_as_people_write_them() -> None:
    assert [parse_period(text).name for text in ("2026Q3", "2026-Q3", "2026-10", "2026-H1", "2026")] == [
        "2026-Q3",
        "2026-Q3",
        "2026-10",
        "2026-H1",
        "2026",
    ]
    assert before(parse_period("2026Q1")).name == "2025-Q4"
    assert period_of("half-year", Q1.first_on).name == "2026-H1"
    for wrong in ("2026Q5", "2026-13", "soon", ""):
        with pytest.raises(NoPeriodError):
            parse_period(wrong)


def test_an_office_gets_a_new_key_and_what_the_old_one_signed_goes_on_verifying(cast: Cast) -> None:
    text = '{"report": "made up"}'
    first, before = sign(cast.residence, text)
    second = rotate(cast.residence)
    assert first != second
    name, after = sign(cast.residence, text)
    assert name == second
    assert holds(cast.residence, first, text, before)
    assert holds(cast.residence, second, text, after)
    assert not holds(cast.residence, second, text, before)
    assert not holds(cast.her_home, second, text, after)
    kept = vault.versions(second.rpartition("-")[0])
    assert kept == [2]
    assert cast.residence in signing_offices()
