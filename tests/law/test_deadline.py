"""Worked deadlines, each checked by hand against the article it applies.

Civil Code of the PRC (民法典):
201: 「按照年、月、日计算期间的，开始的当日不计入，自下一日开始计算。
     按照小时计算期间的，自法律规定或者当事人约定的时间开始计算。」
202: 「按照年、月计算期间的，到期月的对应日为期间的最后一日；没有对应日的，月末日为期间的最后一日。」
203: 「期间的最后一日是法定休假日的，以法定休假日结束的次日为期间的最后一日。
     期间的最后一日的截止时间为二十四时…」
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from tests.law.test_calendar_data import PUBLISHED
from yipan.law.calendar import Calendar, CalendarNotKeptError
from yipan.law.counting import Promptly, Within, parse_within
from yipan.law.deadline import SHANGHAI, Deadline, NaiveMomentError, NoStandardError, deadline


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def due(within: object, opened: str, *, roll: bool = True) -> Deadline:
    return deadline(parse_within(within), at(opened), PUBLISHED, roll=roll)


def days(*texts: str) -> tuple[date, ...]:
    return tuple(date.fromisoformat(text) for text in texts)


def test_fifteen_working_days_after_national_day_2009_count_the_saturday_worked() -> None:
    # Decree 555 art. 16 「15個工作日」; 1 to 8 October rest, Saturday the 10th is worked.
    one = due("15 working_days", "2009-10-09T16:59")

    assert one.due_on == date(2009, 10, 29)
    assert one.due_at == at("2009-10-30T00:00")
    assert one.counted[:2] == days("2009-10-10", "2009-10-12")
    assert len(one.counted) == 15
    assert one.calendars == ("cn-2009",)
    assert not one.provisional


def test_seven_working_days_across_national_day_2026() -> None:
    one = due("7 working_days", "2026-09-28T09:00")

    assert one.counted == days(
        "2026-09-29", "2026-09-30", "2026-10-08", "2026-10-09", "2026-10-10", "2026-10-12", "2026-10-13"
    )
    assert one.due_on == date(2026, 10, 13)
    assert one.rolled_from is None


def test_fifteen_working_days_across_the_prolonged_spring_festival_of_2020() -> None:
    # 21 to 23 January are three, 3 to 7 February eight, 10 to 14 thirteen, 17 and 18 fifteen.
    assert due("15 working_days", "2020-01-20T10:00").due_on == date(2020, 2, 18)


def test_seven_working_days_across_the_spring_festival_of_2009() -> None:
    # Saturday 24 January worked, 25 to 31 rest, Sunday 1 February worked: 23, 24, 1, 2, 3, 4, 5.
    one = due("7 working_days", "2009-01-22T08:00")

    assert one.counted == days(
        "2009-01-23", "2009-01-24", "2009-02-01", "2009-02-02", "2009-02-03", "2009-02-04", "2009-02-05"
    )


def test_the_first_day_does_not_count_and_a_last_day_that_rests_rolls() -> None:
    # 201 and 203: the day after 24 September is the first, 1 October the seventh; it rests until the 8th.
    one = due("7 days", "2026-09-24T09:00")

    assert one.counted == days(
        "2026-09-25", "2026-09-26", "2026-09-27", "2026-09-28", "2026-09-29", "2026-09-30", "2026-10-01"
    )
    assert one.nominal_on == date(2026, 10, 1)
    assert one.rolled_from == date(2026, 10, 1)
    assert one.due_on == date(2026, 10, 8)
    assert one.due_at == at("2026-10-09T00:00")


def test_a_last_day_that_is_a_sunday_worked_does_not_roll() -> None:
    one = due("1 day", "2010-09-18T09:00")

    assert one.due_on == date(2010, 9, 19)
    assert one.rolled_from is None


def test_a_month_without_the_corresponding_day_ends_on_its_last() -> None:
    # 202. 28 February 2026 is a Saturday that is worked, 28 February 2009 one that is not.
    assert due("1 month", "2026-01-31T09:00").due_on == date(2026, 2, 28)
    assert due("1 month", "2024-01-31T09:00").due_on == date(2024, 2, 29)
    winter = due("3 months", "2008-11-30T09:00")
    assert winter.counted == days("2008-12-30", "2009-01-30", "2009-02-28")
    assert winter.rolled_from == date(2009, 2, 28)
    assert winter.due_on == date(2009, 3, 2)
    assert winter.calendars == ("cn-2009",)


def test_the_corresponding_day_is_counted_from_the_first_and_not_from_the_month_before() -> None:
    assert due("2 months", "2026-01-31T09:00").counted == days("2026-02-28", "2026-03-31")


def test_a_year_from_a_leap_day_ends_on_the_last_of_february() -> None:
    one = due("1 year", "2024-02-29T09:00")

    assert one.counted == days("2025-02-28")
    assert one.due_on == date(2025, 2, 28)


def test_the_validity_of_a_certificate_does_not_roll() -> None:
    one = due("3 years", "2023-10-01T09:00", roll=False)

    assert one.due_on == date(2026, 10, 1)
    assert one.rolled_from is None
    assert one.calendars == ()
    assert due("3 years", "2023-10-01T09:00").due_on == date(2026, 10, 8)


def test_a_validity_that_leans_on_no_calendar_is_never_provisional() -> None:
    assert not due("3 years", "2026-05-01T09:00", roll=False).provisional
    assert due("3 years", "2026-05-01T09:00").provisional


def test_hours_start_at_their_moment_and_run_through_rest_days() -> None:
    # 201, second sentence.
    one = due("24 hours", "2026-10-01T15:30")

    assert one.due_at == at("2026-10-02T15:30")
    assert one.due_on == date(2026, 10, 2)
    assert one.counted == ()
    assert one.calendars == ()


def test_hours_that_end_at_midnight_end_the_day_before() -> None:
    one = due("24 hours", "2026-03-02T00:00")

    assert one.due_at == at("2026-03-03T00:00")
    assert one.due_on == date(2026, 3, 2)


@pytest.mark.parametrize(
    ("opened", "due_on"),
    [
        ("2026-10-09T17:59", "2026-10-09"),
        ("2026-10-10T09:00", "2026-10-10"),
        ("2026-10-01T09:00", "2026-10-08"),
        ("2026-10-11T23:59", "2026-10-12"),
    ],
)
def test_at_once_is_the_same_working_day_or_the_next(opened: str, due_on: str) -> None:
    one = due("at_once", opened)

    assert one.due_on == date.fromisoformat(due_on)
    assert one.counted == days(due_on)


def test_the_third_of_the_month_is_deferred_only_where_its_text_says_so() -> None:
    # Henan 2008 「遇休息日顺延」: 3 October 2009 rests through the 8th.
    deferred = due({"fixed": {"day": 3, "defer": "rest_day"}}, "2009-10-01T00:00")
    stands = due({"fixed": {"day": 3, "defer": "none"}}, "2009-10-01T00:00")

    assert deferred.due_on == date(2009, 10, 9)
    assert deferred.rolled_from == date(2009, 10, 3)
    assert deferred.counted == days("2009-10-03")
    assert stands.due_on == date(2009, 10, 3)
    assert stands.calendars == ()


def test_before_the_third_includes_the_third() -> None:
    assert due({"fixed": {"day": 3, "defer": "none"}}, "2026-03-03T23:00").due_on == date(2026, 3, 3)
    assert due({"fixed": {"day": 3, "defer": "none"}}, "2026-03-04T00:00").due_on == date(2026, 4, 3)


def test_a_yearly_date_and_the_last_of_a_month_are_found() -> None:
    assert due({"fixed": {"dates": ["01-05", "07-05"], "defer": "none"}}, "2026-01-06T00:00").due_on == date(
        2026, 7, 5
    )
    assert due({"fixed": {"day": "last"}}, "2026-02-01T00:00").due_on == date(2026, 2, 28)


def test_promptly_is_due_by_the_standard_set_for_it() -> None:
    one = due({"promptly": "3 working_days"}, "2026-09-29T09:00")

    assert one.due_on == date(2026, 10, 9)
    assert one.counted == days("2026-09-30", "2026-10-08", "2026-10-09")
    assert isinstance(one.within, Promptly)


def test_promptly_without_a_standard_is_refused() -> None:
    with pytest.raises(NoStandardError):
        due("promptly", "2026-09-29T09:00")


def test_a_standing_rule_is_never_due() -> None:
    one = due("standing", "2026-09-29T09:00")

    assert one.due_on is None
    assert one.due_at is None
    assert not one.provisional


def test_past_the_last_published_year_a_deadline_is_provisional() -> None:
    # 21 to 25 December are five, 28 to 31 nine, then Monday to Friday: 1 January, 4 to 8.
    one = due("15 working_days", "2026-12-20T09:00")

    assert one.due_on == date(2027, 1, 8)
    assert one.provisional
    assert one.calendars == ("cn-2026",)
    assert not due("9 working_days", "2026-12-20T09:00").provisional


def test_publishing_the_next_year_settles_a_provisional_deadline() -> None:
    until_2025 = Calendar(PUBLISHED.years[:-1])
    within = parse_within("3 working_days")

    before = deadline(within, at("2025-12-30T09:00"), until_2025)
    after = deadline(within, at("2025-12-30T09:00"), PUBLISHED)

    # 1 to 3 January 2026 rest and Sunday the 4th is worked.
    assert (before.due_on, before.provisional) == (date(2026, 1, 2), True)
    assert (after.due_on, after.provisional) == (date(2026, 1, 5), False)
    assert after.calendars == ("cn-2025", "cn-2026")


def test_a_deadline_names_each_calendar_it_leans_on_and_no_other() -> None:
    # The first day does not count, so its year is not leant on. 30 December 2007 to 1 January 2008 rest.
    assert due("1 working_day", "2025-12-31T09:00").calendars == ("cn-2026",)
    rolled = due("1 day", "2007-12-29T09:00")
    assert rolled.due_on == date(2008, 1, 2)
    assert rolled.calendars == ("cn-2007", "cn-2008")


def test_the_last_working_day_of_the_last_year_is_settled_even_when_the_year_ends_in_rest() -> None:
    until_2007 = Calendar(year for year in PUBLISHED.years if year.year <= 2007)

    one = deadline(parse_within("1 working_day"), at("2007-12-28T09:00"), until_2007)

    assert one.due_on == date(2007, 12, 29)
    assert not one.provisional


def test_the_day_is_that_of_shanghai_whatever_zone_the_moment_came_in() -> None:
    in_utc = datetime(2026, 3, 2, 17, 0, tzinfo=UTC)

    one = deadline(parse_within("1 working_day"), in_utc, PUBLISHED)

    assert one.opened_at == in_utc
    assert one.opened_at.utcoffset() == timedelta(hours=8)
    assert one.due_on == date(2026, 3, 4)
    assert one.due_at == datetime(2026, 3, 4, 16, 0, tzinfo=UTC)


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(NaiveMomentError, match="no time zone"):
        deadline(parse_within("1 day"), datetime(2026, 3, 2, 17, 0), PUBLISHED)  # noqa: DTZ001 - what is refused


def test_before_the_first_calendar_only_what_needs_none_is_computed() -> None:
    with pytest.raises(CalendarNotKeptError):
        due("1 working_day", "2003-12-31T09:00")
    with pytest.raises(CalendarNotKeptError):
        due("at_once", "2003-12-31T09:00")
    assert due("24 hours", "2003-12-31T09:00").due_at == at("2004-01-01T09:00")
    assert due("2 days", "2003-12-31T09:00").due_on == date(2004, 1, 2)


def test_a_kind_of_within_without_a_clock_is_a_mistake_of_the_programmer() -> None:
    with pytest.raises(TypeError, match="no clock"):
        deadline(Within(), at("2026-03-02T09:00"), PUBLISHED)
