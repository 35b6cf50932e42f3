"""The years carried as data, day by day against two independent libraries."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import chinese_calendar
import holidays
import pytest

from yipan.law.calendar import Calendar, YearCalendar, parse_year

FOLDER = Path(__file__).parents[2] / "rulepacks" / "state-council" / "calendar" / "calendars"
PUBLISHED = Calendar(parse_year(path.read_text("utf-8"), path.name) for path in sorted(FOLDER.glob("*.yaml")))

#: 国办发明电〔2005〕35号, 一: 「12月31日（星期六）上班」. chinesecalendar reads that notice into 2006 only.
WRONG_IN_CHINESECALENDAR = {date(2005, 12, 31)}
WRONG_IN_HOLIDAYS: set[date] = set()


def every_day() -> list[date]:
    first, last = date(PUBLISHED.first_year, 1, 1), date(PUBLISHED.last_year, 12, 31)
    return [first + timedelta(days=k) for k in range((last - first).days + 1)]


def year(number: int) -> YearCalendar:
    return next(one for one in PUBLISHED.years if one.year == number)


def test_the_years_2004_to_2026_are_carried_without_a_gap() -> None:
    assert [one.year for one in PUBLISHED.years] == list(range(2004, 2027))


def test_each_day_agrees_with_chinesecalendar_but_for_the_known_day() -> None:
    differing = {day for day in every_day() if chinese_calendar.is_holiday(day) != PUBLISHED.rests(day)}

    assert differing == WRONG_IN_CHINESECALENDAR


def test_each_day_agrees_with_holidays() -> None:
    china = holidays.country_holidays("CN", years=range(PUBLISHED.first_year, PUBLISHED.last_year + 1))

    differing = {day for day in every_day() if china.is_working_day(day) == PUBLISHED.rests(day)}

    assert differing == WRONG_IN_HOLIDAYS


def test_the_last_saturday_of_2005_was_worked_as_the_notice_for_2006_says() -> None:
    assert not PUBLISHED.rests(date(2005, 12, 31))
    assert year(2005).also[0].doc == "国办发明电〔2005〕35号"
    assert year(2005).also[0].days == (date(2005, 12, 31),)


def test_the_spring_festival_of_2020_was_prolonged_to_the_second_of_february() -> None:
    # 国办发明电〔2020〕1号: 「延长2020年春节假期至2月2日…，2月3日（星期一）起正常上班」
    assert all(PUBLISHED.rests(date(2020, 1, day)) for day in range(24, 32))
    assert PUBLISHED.rests(date(2020, 2, 1))
    assert PUBLISHED.rests(date(2020, 2, 2))
    assert not PUBLISHED.rests(date(2020, 2, 3))


def test_the_day_of_victory_of_2015_rested_and_its_sunday_was_worked() -> None:
    # 国发明电〔2015〕1号: 「9月3日至5日调休放假，共3天。…9月6日（星期日）上班」
    assert [PUBLISHED.rests(date(2015, 9, day)) for day in (2, 3, 4, 5, 6, 7)] == [
        False,
        True,
        True,
        True,
        False,
        False,
    ]


def test_labour_day_of_2019_was_lengthened_during_the_year() -> None:
    # 国办发明电〔2019〕3号: 「2019年5月1日至4日放假调休，共4天。4月28日（星期日）、5月5日（星期日）上班」
    assert not PUBLISHED.rests(date(2019, 4, 28))
    assert all(PUBLISHED.rests(date(2019, 5, day)) for day in range(1, 5))
    assert not PUBLISHED.rests(date(2019, 5, 5))


def test_the_eve_of_2024_is_worked_because_the_notice_only_encourages_leave() -> None:
    assert not PUBLISHED.rests(date(2024, 2, 9))


@pytest.mark.parametrize("one", PUBLISHED.years, ids=lambda one: one.name)
def test_each_year_cites_a_notice_announced_before_it_began(one: YearCalendar) -> None:
    assert one.source is not None
    assert one.source.doc == f"国办发明电〔{one.year - 1}〕{one.source.doc.partition('〕')[2]}"
    assert str(one.year) in one.source.title
    assert one.source.announced_on < date(one.year, 1, 1)


@pytest.mark.parametrize("one", PUBLISHED.years, ids=lambda one: one.name)
def test_the_days_a_further_notice_set_are_in_the_lists_or_weekends(one: YearCalendar) -> None:
    for notice in one.also:
        assert notice.days
        assert all(day in one.rest_days | one.makeup_days for day in notice.days)


def test_what_a_notice_moved_into_the_year_before_is_cited_there() -> None:
    moved = {day for one in PUBLISHED.years for day in one.makeup_days | one.rest_days if _last_days(day)}
    cited = {day for one in PUBLISHED.years for notice in one.also for day in notice.days}

    # The two days before 2024 are an ordinary weekend that stands beside the holiday.
    assert moved - cited == {date(2023, 12, 30), date(2023, 12, 31)}


def test_the_page_on_calendars_lists_each_year_as_the_file_has_it() -> None:
    page = (FOLDER.parents[3] / "docs" / "reference" / "calendars.md").read_text("utf-8")

    for one in PUBLISHED.years:
        assert one.source is not None
        worked = sum(day.year == one.year and not PUBLISHED.rests(day) for day in every_day())
        cells = (one.year, one.source.doc, one.source.announced_on, worked, len(one.makeup_days))
        assert f"| {' | '.join(map(str, cells))} |" in page
        assert all(notice.doc in page for notice in one.also)


def _last_days(day: date) -> bool:
    return (day.month, day.day) >= (12, 29)
