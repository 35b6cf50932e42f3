"""Departments' returns: a contract that is kept or the file stays out, no small count, nothing of anybody, what is sent again."""

from __future__ import annotations

import io
import itertools
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import pytest
from django.db import ProgrammingError, connection
from openpyxl import load_workbook

from tests.duties.cast import at, permit
from tests.statistics.filled import CONTENT, DIGEST, FIRST, HEADINGS, ROWS, empty, sent
from yipan.duties.draft import Draft
from yipan.duties.record import record
from yipan.duties.sweep import sweep
from yipan.offices.office import organisation
from yipan.offices.permit import NotPermittedError
from yipan.registry.headcounts import townships_of
from yipan.statistics import returns
from yipan.statistics.models import DepartmentReturn
from yipan.statistics.periods import parse_period
from yipan.statistics.returnform import Form, NoReturnError, form_for, write_form, write_form_as_text
from yipan.statistics.returns import ALREADY, KEPT_OUT, LOADED, TO_MEND, MonthRunsError, NoMonthError
from yipan.statistics.returnsheet import ReturnRead
from yipan.statistics.returnstatus import standings

if TYPE_CHECKING:
    from pathlib import Path

    from openpyxl.worksheet.worksheet import Worksheet

    from yipan.statistics.returns import Outcome

#: A county of Hainan: of its departments no other test speaks.
COUNTY: Final = "460108"
POLICE, HOUSING, TRADE, HOSPITAL = (
    f"{COUNTY}:{each}" for each in ("police", "housing", "commerce", "hospital")
)
MONTH, NOW = "2026-02", at("2026-03-02T10:00")
_seconds = itertools.count(1)
_NAME, _NUMBER = "张三", "11010119850505001X"


@pytest.fixture(autouse=True)
def _set_up(installation: Path) -> None:
    assert installation.is_dir()


def loaded(office: str, content: bytes, month: str = MONTH, now: Any = NOW) -> Outcome:  # noqa: ANN401  # a moment
    return returns.load(permit(office, now), content, month, now)


def own_townships() -> list[str]:
    return [code for code, _ in townships_of(COUNTY)]


def first_row(*counts: object) -> dict[str, list[object]]:
    return {own_townships()[0]: list(counts)}


# ------------------------------------------------------------------------------------- no small count


@pytest.mark.parametrize(
    ("counts", "together", "pooled"),
    [
        ({"a": 0, "b": 7}, (), None),
        # One small count takes the smallest of the others along; two that are ones and no more tell on one another.
        ({"a": 2, "b": 9, "c": 6}, ("a", "c"), 8),
        ({"a": 2, "b": 3, "c": 9}, ("a", "b"), 5),
        ({"a": 1, "b": 2, "c": 9}, ("a", "b", "c"), 12),
        ({"a": 1, "b": 1, "c": 1, "d": 1, "e": 1}, ("a", "b", "c", "d", "e"), None),
        ({"a": 4, "b": 0}, ("a",), None),
    ],
)
def test_a_small_count_is_said_only_with_others_that_hide_it(
    counts: dict[str, int], together: tuple[str, ...], pooled: int | None
) -> None:
    title = {"zh": "出生", "en": "Births"}
    form = Form(id="made-up", title=title, columns={"births": title})
    read = ReturnRead(
        digest="", month=MONTH, form=form, counts={(each, "births"): count for each, count in counts.items()}
    )
    table = returns.table_of(read, POLICE, frozenset())
    assert [(each.townships, each.count) for each in table.merged] == (
        [(together, pooled)] if together else []
    )
    assert table.sums["births"] == (None if together and pooled is None else sum(counts.values()))
    assert set(table.counts) == {(each, "births") for each in counts if each not in together}


def test_what_is_kept_of_a_return_holds_no_small_count_anywhere() -> None:
    townships = own_townships()
    # Births, deaths, moved in, moved out, requests, leaflets.
    rows = {townships[0]: [2, 0, 30, 7, 1, 40], townships[1]: [6, 3, 8, 0, 1, 2]}
    found = loaded(POLICE, sent(POLICE, MONTH, rows))
    assert found.state == LOADED
    table = found.table
    assert table is not None
    assert all(count == 0 or count >= 5 for count in table.counts.values())
    assert table.sums["births"] == 8
    assert table.sums["deaths"] is None
    assert table.counts[townships[0], "moved_in"] == 30
    merged = {each.column: (each.townships, each.count) for each in table.merged}
    assert merged["births"] == (tuple(townships[:2]), 8)
    assert merged["deaths"] == ((townships[1],), None)
    # Requests and leaflets: what both ends hold, and paper; their sums are said, of no township alone.
    assert (table.sums["requests"], table.sums["leaflets"]) == (2, 42)
    assert found.event is not None
    with permit(POLICE, NOW).in_force():
        kept = DepartmentReturn.objects.get(event=found.event)
    assert "[" + f'"{townships[1]}","deaths",3' not in kept.content
    assert returns.read_table(kept.content) == table


# ------------------------------------------------------------------------------------------ the contract


def say(cell: str, value: Any) -> Any:  # noqa: ANN401  # a change of a sheet
    def change(sheet: Worksheet) -> None:
        sheet[cell] = value

    return change


def heading(text: str, below: str = "x") -> Any:  # noqa: ANN401  # a change of a sheet
    def change(sheet: Worksheet) -> None:
        column = sheet.max_column + 1
        sheet.cell(HEADINGS, column).value = text
        sheet.cell(FIRST, column).value = below

    return change


def another_sheet(sheet: Worksheet) -> None:
    book = sheet.parent
    assert book is not None
    other = book.create_sheet("名单")
    other.sheet_state = "hidden"
    other.append([_NAME, _NUMBER])


def no_head(sheet: Worksheet) -> None:
    sheet.delete_rows(1, HEADINGS - 1)


def lost_row(sheet: Worksheet) -> None:
    sheet.delete_rows(FIRST + 1)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (say("B3", "stat-marriages"), "wrong-form"),
        (say("B4", "00000000"), "wrong-version"),
        (say("B5", POLICE), "wrong-office"),
        (say("B6", "2026-01"), "wrong-month"),
        (say(CONTENT, "也许"), "wrong-content"),
        (say(ROWS, 3), "wrong-rows"),
        (say(DIGEST, 1), "wrong-digest"),
        (say(DIGEST, None), "contract-incomplete"),
        (lost_row, "wrong-rows"),
        (say("C11", None), "columns-missing"),
        (heading("姓名", _NAME), "columns-about-persons"),
        (heading("配偶姓名", _NAME), "columns-about-persons"),
        (heading("孩次"), "columns-about-persons"),
        (heading("避孕措施"), "columns-about-persons"),
        (heading("别的"), "columns-unknown"),
        (heading(""), "columns-unknown"),
        (say("B12", f"{_NAME} {_NUMBER}"), "numbers-of-persons"),
        (another_sheet, "more-sheets"),
        (no_head, "no-contract"),
    ],
)
def test_a_file_that_breaks_its_contract_is_kept_out_whole_and_nothing_of_it_is_repeated(
    change: Any,  # noqa: ANN401  # what went wrong
    code: str,
) -> None:
    moment = NOW + timedelta(seconds=next(_seconds))
    content = sent(HOUSING, MONTH, first_row(9, 9, 9), change=change)
    found = loaded(HOUSING, content, now=moment)
    assert found.state == KEPT_OUT
    assert code in {each.code for each in found.reasons}
    said = " ".join(each.zh + each.en for each in found.reasons)
    assert _NAME not in said
    assert _NUMBER not in said
    assert returns.standing(permit(HOUSING, NOW), HOUSING, MONTH) is None
    latest = returns.kept_out(permit(HOUSING, NOW), month=MONTH)[0]
    assert {each["code"] for each in latest.reasons} == {each.code for each in found.reasons}
    assert latest.digest == found.read.digest
    # The office that waits for it sees that it was kept out, and why; another department sees nothing.
    assert returns.kept_out(permit(COUNTY, NOW), month=MONTH, office=HOUSING)[0] == latest
    assert returns.kept_out(permit(TRADE, NOW), month=MONTH) == []


@pytest.mark.parametrize("content", [b"", b"%PDF-1.4", b"PK\x03\x04broken", "一行字".encode()])
def test_what_is_no_sheet_is_kept_out_with_its_reason(content: bytes) -> None:
    found = returns.check(permit(HOUSING, NOW), content, MONTH, NOW)
    assert found.state == KEPT_OUT
    assert len(found.reasons) == 1
    assert "月报" in found.reasons[0].zh


def test_a_month_that_runs_or_is_none_and_a_body_that_sends_none_are_refused() -> None:
    content = sent(HOUSING, MONTH, first_row(9, 9, 9))
    with pytest.raises(MonthRunsError):
        loaded(HOUSING, content, "2026-03")
    for month in ("2026", "2026-Q1", "soon"):
        with pytest.raises(NoMonthError):
            loaded(HOUSING, content, month)
    with pytest.raises(NoReturnError):
        form_for(organisation(f"{COUNTY}:finance"))
    with pytest.raises(NotPermittedError):
        returns.load(permit(HOUSING, NOW, "auditor"), content, MONTH, NOW)


def test_nil_is_said_and_never_guessed() -> None:
    zeros = loaded(HOUSING, sent(HOUSING, MONTH, {}))
    assert [each.code for each in zeros.reasons] == ["zeros-not-nil"]
    both = loaded(HOUSING, sent(HOUSING, MONTH, first_row(9), content="零通报"))
    assert [each.code for each in both.reasons] == ["nil-with-counts"]
    assert (
        returns.check(permit(HOUSING, NOW), sent(HOUSING, MONTH, {}, content="零通报"), MONTH, NOW).state
        == LOADED
    )


# ------------------------------------------------------------------------------------- rows to be mended


def test_wrong_rows_come_back_in_a_sheet_that_can_be_mended_and_sent() -> None:
    townships = own_townships()
    rows: dict[str, list[object]] = {townships[0]: [_NAME, 9, 9], townships[1]: [-1, 9, 1.5]}

    def change(sheet: Worksheet) -> None:
        sheet.cell(FIRST + 2, 1).value = "999999999"
        # As a spreadsheet computes it: text counts for nothing.
        sheet[DIGEST] = 2 * 9 + 3 * 9 + 2 * (-1 + 2 * 9 + 3 * 1) + 3

    content = sent(HOUSING, MONTH, rows, change=change)
    found = loaded(HOUSING, content)
    assert found.state in (TO_MEND, KEPT_OUT), found.reasons
    assert found.state == TO_MEND, found.reasons
    assert {(each.township, each.column) for each in found.faults} == {
        (townships[0], "firms_entering"), (townships[1], "firms_entering"), (townships[1], "sites"), ("", ""), (townships[2], ""),
    }  # fmt: skip
    assert not any(_NAME in each.zh + each.en for each in found.faults)
    raw = io.BytesIO()
    where = organisation(HOUSING)
    write_form(raw, found.read.form, where, MONTH, "zh", filled=found.read.counts, faults=found.faults)
    book = load_workbook(raw)
    sheet = book.worksheets[0]
    assert sheet.cell(FIRST, 4).value == 9
    assert _NAME not in str([cell.value for row in sheet.iter_rows() for cell in row])
    # Mended: numbers where there were none, and the row that was not there.
    digest = 0
    for row in range(len(townships)):
        for column in range(len(found.read.form.columns)):
            cell = sheet.cell(FIRST + row, 3 + column)
            if cell.value is None:
                cell.value = 7
            digest += (row + 1) * (column + 1) * int(str(cell.value))
    sheet[DIGEST] = digest
    mended = io.BytesIO()
    book.save(mended)
    again = returns.check(permit(HOUSING, NOW), mended.getvalue(), MONTH, NOW)
    assert again.state == LOADED, (again.reasons, again.faults)


def test_a_form_as_text_is_filled_in_by_a_program() -> None:
    where = organisation(TRADE)
    text = write_form_as_text(form_for(where), where, MONTH, "en")
    lines = text.replace("\r", "").split("\n")
    first = next(number for number, line in enumerate(lines) if line.startswith("Township code")) + 1
    filled, digest = [], 0
    for row, line in enumerate(each for each in lines[first:] if each):
        filled.append(line[: -len(",,")] + f",{row + 10},{row + 20}")
        digest += (row + 1) * (row + 10 + 2 * (row + 20))
    whole = "\n".join([*lines[:first], *filled]).replace("Digest,", f"Digest,{digest}")
    found = returns.check(permit(TRADE, NOW), whole.encode("utf-8-sig"), MONTH, NOW)
    assert found.state == LOADED, (found.reasons, found.faults)
    assert found.table is not None
    assert found.table.counts[own_townships()[0], "requests"] == 10


# ------------------------------------------------------------------------ sent again; in time, late, missing


def test_a_return_discharges_its_month_is_replaced_with_a_trace_and_late_missing_and_nil_are_told_apart() -> (
    None
):
    early = at("2026-01-05T09:00")
    for office in (TRADE, HOSPITAL, f"{COUNTY}:education", f"{COUNTY}:transport"):
        record([Draft(kind="office.opened")], permit=permit(office, early), clock=lambda: early)
    sweep(at("2026-02-02T08:00"))
    month, officer = "2026-01", permit(TRADE, at("2026-02-02T10:00"))
    first = returns.load(officer, sent(TRADE, month, first_row(11, 22)), month, at("2026-02-02T10:00"))
    assert first.state == LOADED
    same = returns.load(officer, sent(TRADE, month, first_row(11, 22)), month, at("2026-02-02T10:10"))
    assert (same.state, same.event) == (ALREADY, first.event)
    again = returns.load(officer, sent(TRADE, month, first_row(12, 22)), month, at("2026-02-02T10:20"))
    assert (again.state, again.replaced) == (LOADED, first.event)
    late = at("2026-02-05T10:00")
    assert returns.send_nil(permit(HOSPITAL, late), month, late).state == LOADED
    record(
        [Draft(kind="department-return.sent", fields={"period": month, "content": "nil"})],
        permit=permit(f"{COUNTY}:education", at("2026-02-03T10:00")),
        clock=lambda: at("2026-02-03T10:00"),
    )
    sweep(at("2026-02-06T08:00"))
    now = at("2026-02-06T09:00")
    found = {each.office: each for each in standings(permit(COUNTY, now), parse_period(month), now)}
    assert {office.partition(":")[2]: (each.state, each.content) for office, each in found.items()} == {
        "commerce": ("in-time", "counts"), "hospital": ("late", "nil"), "education": ("in-time", "nil"), "transport": ("missing", ""),
    }  # fmt: skip
    trade = found[TRADE]
    assert trade.replaced == 1
    assert trade.kept is not None
    assert (trade.kept.event, trade.kept.replaces) == (again.event, first.event)
    assert str(trade.sent_at).startswith("2026-02-02 10:00")
    history = returns.returns(permit(COUNTY, now), office=TRADE, month=month)
    assert [(each.event, each.replaced_by) for each in history] == [
        (again.event, None), (first.event, again.event),
    ]  # fmt: skip
    # Measured: one return of one fell due and came in time; of the hospital's none did.
    timely = {
        office: next((one.top, one.bottom) for one in each.measures if one.figure == "ind-dept-timeliness")
        for office, each in found.items()
    }
    assert (timely[TRADE], timely[HOSPITAL]) == ((1, 1), (0, 1))
    # It says twelve requests of its own; nobody received any: none agree of twelve.
    assert [each.office for each in standings(permit(TRADE, now), parse_period(month), now)] == [TRADE]


def test_nobody_changes_a_return_and_no_other_department_reads_it() -> None:
    found = loaded(POLICE, sent(POLICE, MONTH, first_row(50, 0, 60, 70, 9, 90)))
    assert found.event is not None
    assert returns.returns(permit(HOUSING, NOW), office=POLICE) == []
    assert returns.standing(permit(COUNTY, NOW), POLICE, MONTH) is not None
    assert returns.standing(permit(COUNTY[:4], NOW), POLICE, MONTH) is not None
    with pytest.raises(ProgrammingError), permit(POLICE, NOW).in_force(), connection.cursor() as cursor:
        cursor.execute("UPDATE statistics_departmentreturn SET content = '{}'")
    with pytest.raises(ProgrammingError), permit(HOUSING, NOW).in_force(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO statistics_quarantined (id, office, sent_to, period, at, file_digest, reasons)"
            " VALUES (gen_random_uuid(), %s, %s, '2026-02', now(), '', '[]')",
            [POLICE, COUNTY],
        )


def test_the_form_names_nobody_and_its_text_is_never_a_formula() -> None:
    for office in (POLICE, HOUSING, TRADE, HOSPITAL, COUNTY, *(f"{COUNTY}:{each}" for each in ("civil-affairs", "education", "transport", "human-resources"))):  # fmt: skip
        sheet = empty(office, MONTH).worksheets[0]
        formulas = [cell.coordinate for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]
        assert formulas == [DIGEST]
