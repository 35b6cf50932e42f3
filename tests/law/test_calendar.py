"""Working-day arithmetic, and what a calendar refuses."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from tests.law.test_calendar_data import FOLDER, PUBLISHED
from yipan.law.calendar import Calendar, CalendarFaultsError, CalendarNotKeptError, YearCalendar, parse_year


def year_of(number: int, rest: tuple[date, ...] = (), makeup: tuple[date, ...] = ()) -> YearCalendar:
    return YearCalendar(
        year=number, name=f"cn-{number}", rest_days=frozenset(rest), makeup_days=frozenset(makeup)
    )


def good_year(**changes: object) -> dict[str, Any]:
    return {
        "calendar": "cn-2026",
        "year": 2026,
        "source": {"doc": "国办发明电〔2025〕7号", "title": "通知", "announced_on": date(2025, 11, 4)},
        "rest_days": [date(2026, 1, 1), "2026-01-02"],
        "makeup_days": [date(2026, 1, 4)],
    } | changes


def test_a_holiday_rests_and_a_made_up_sunday_does_not() -> None:
    assert PUBLISHED.rests(date(2026, 10, 1))
    assert PUBLISHED.rests(date(2026, 9, 19))
    assert not PUBLISHED.rests(date(2026, 9, 20))


def test_the_day_itself_never_counts() -> None:
    assert PUBLISHED.add_working_days(date(2026, 3, 2), 1) == date(2026, 3, 3)


def test_the_counted_days_are_in_order_and_end_where_the_sum_ends() -> None:
    days = PUBLISHED.working_days_after(date(2026, 9, 28), 7)

    assert [day.isoformat() for day in days] == [
        "2026-09-29",
        "2026-09-30",
        "2026-10-08",
        "2026-10-09",
        "2026-10-10",
        "2026-10-12",
        "2026-10-13",
    ]
    assert PUBLISHED.add_working_days(date(2026, 9, 28), 7) == days[-1]


def test_the_next_working_day_of_a_working_day_is_itself() -> None:
    assert PUBLISHED.next_working_day(date(2026, 10, 10)) == date(2026, 10, 10)
    assert PUBLISHED.next_working_day(date(2026, 10, 11)) == date(2026, 10, 12)


def test_past_the_last_year_monday_to_friday_count() -> None:
    for start in (date(2026, 12, 20) + timedelta(days=k) for k in range(40)):
        day = start
        counted: list[date] = []
        while len(counted) < 12:
            day += timedelta(days=1)
            if not (PUBLISHED.rests(day) if day.year == 2026 else day.weekday() > 4):
                counted.append(day)
        assert PUBLISHED.working_days_after(start, 12) == tuple(counted)
        assert PUBLISHED.add_working_days(start, 12) == counted[-1]


def test_a_day_past_the_last_year_is_not_published() -> None:
    assert PUBLISHED.published(date(2026, 12, 31))
    assert not PUBLISHED.published(date(2027, 1, 1))
    assert not PUBLISHED.published(date(2003, 12, 31))


def test_the_names_between_two_days_are_those_of_the_published_years() -> None:
    assert PUBLISHED.names_between(date(2025, 12, 30), date(2026, 1, 2)) == ("cn-2025", "cn-2026")
    assert PUBLISHED.names_between(date(2026, 12, 30), date(2027, 1, 2)) == ("cn-2026",)
    assert PUBLISHED.names_between(date(2027, 1, 1), date(2027, 1, 2)) == ()
    assert PUBLISHED.names_between(date(2002, 1, 1), date(2003, 1, 2)) == ()


@pytest.mark.parametrize("ask", [PUBLISHED.rests, PUBLISHED.next_working_day])
def test_before_the_first_year_it_refuses_rather_than_guesses(ask: Any) -> None:  # noqa: ANN401 - two verbs
    with pytest.raises(CalendarNotKeptError, match=r"2003-12-31.*2004"):
        ask(date(2003, 12, 31))


def test_counting_from_before_the_first_year_is_refused_too() -> None:
    with pytest.raises(CalendarNotKeptError):
        PUBLISHED.add_working_days(date(2003, 12, 31), 1)
    with pytest.raises(CalendarNotKeptError):
        PUBLISHED.working_days_after(date(2003, 12, 31), 1)


def test_no_working_day_after_is_not_a_count() -> None:
    with pytest.raises(ValueError, match="not at 0"):
        PUBLISHED.add_working_days(date(2026, 1, 1), 0)


def test_a_gap_between_years_is_refused_by_name() -> None:
    with pytest.raises(CalendarFaultsError, match="2025 is missing between 2024 and 2026"):
        Calendar([year_of(2024), year_of(2026)])


def test_a_year_given_twice_is_refused() -> None:
    with pytest.raises(CalendarFaultsError, match="2024 is given twice"):
        Calendar([year_of(2024), year_of(2024)])


def test_no_year_at_all_is_refused() -> None:
    with pytest.raises(CalendarFaultsError, match="no year at all"):
        Calendar([])


def test_the_digest_is_of_the_days_and_not_of_how_they_are_written() -> None:
    text = (FOLDER / "2026.yaml").read_text("utf-8")
    one = parse_year(text, "2026.yaml")

    assert parse_year(text + "\n# a comment\n", "2026.yaml").digest == one.digest
    assert year_of(2026).digest != one.digest


def test_a_good_year_is_read_from_dates_and_from_texts() -> None:
    one = parse_year(good_year(note=" said so "), "2026.yaml")

    assert one.rest_days == {date(2026, 1, 1), date(2026, 1, 2)}
    assert one.makeup_days == {date(2026, 1, 4)}
    assert one.note == "said so"
    assert one.rests(date(2026, 1, 3))
    assert not one.rests(date(2026, 1, 4))


def test_all_faults_of_a_year_are_said_at_once_by_file_and_key() -> None:
    bad = good_year(
        calendar="cn-2025",
        source={"doc": "x", "announced_on": "soon", "by": "me"},
        also=[{"doc": "y"}, "z"],
        rest_days=["2026-01-01", "2025-12-31", "2026-02-30", "2026-01-01", 7, "2026-01-04"],
        makeup_days=["2026-01-05", "2026-01-04"],
        colour="red",
    )

    with pytest.raises(CalendarFaultsError) as refused:
        parse_year(bad, "2026.yaml")

    assert refused.value.faults == (
        "2026.yaml: colour: unknown key",
        "2026.yaml: calendar: cn-2025 is not the name of 2026",
        "2026.yaml: source.by: unknown key",
        "2026.yaml: source.title: missing",
        "2026.yaml: source.announced_on: 'soon' is not a day",
        "2026.yaml: also[0].title: missing",
        "2026.yaml: also[0].announced_on: missing",
        "2026.yaml: also[1]: not a notice (doc, title, announced_on)",
        "2026.yaml: rest_days: '2026-02-30' is not a day such as 2026-01-01",
        "2026.yaml: rest_days: 2026-01-01 is given twice",
        "2026.yaml: rest_days: 7 is not a day such as 2026-01-01",
        "2026.yaml: rest_days: 2025-12-31 is not in 2026",
        "2026.yaml: makeup_days: 2026-01-05 is not a Saturday or Sunday",
        "2026.yaml: makeup_days: 2026-01-04 is also in rest_days",
    )


@pytest.mark.parametrize("key", ["calendar", "year", "source", "rest_days", "makeup_days"])
def test_a_year_without_a_key_it_needs_is_refused(key: str) -> None:
    data = good_year()
    del data[key]

    with pytest.raises(CalendarFaultsError, match=f"2026.yaml: {key}: missing"):
        parse_year(data, "2026.yaml")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("- a list", "not a mapping"),
        ("a: [", "not YAML"),
        ("rest_days: [2026-02-30]", "day is out of range"),
        ("year: soon\ncalendar: 5", "'soon' is not a year"),
    ],
)
def test_a_text_that_is_no_calendar_is_refused_with_its_file(text: str, fault: str) -> None:
    with pytest.raises(CalendarFaultsError, match=rf"bad\.yaml: .*{fault}"):
        parse_year(text, "bad.yaml")


def test_a_contradicting_year_cannot_be_built_by_hand_either() -> None:
    sunday = date(2026, 1, 4)
    with pytest.raises(CalendarFaultsError, match="also in rest_days"):
        year_of(2026, rest=(sunday,), makeup=(sunday,))


def test_the_last_working_day_of_the_last_year_may_be_a_saturday_before_a_monday_that_rests() -> None:
    # 2007 ends so: Saturday 29 December worked, Sunday 30 and Monday 31 at rest.
    until_2007 = Calendar(one for one in PUBLISHED.years if one.year <= 2007)

    assert until_2007.add_working_days(date(2007, 12, 28), 1) == date(2007, 12, 29)
    assert until_2007.add_working_days(date(2007, 12, 28), 2) == date(2008, 1, 1)
