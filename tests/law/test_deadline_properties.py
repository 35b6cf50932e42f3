"""What holds for every deadline, against random calendars and against a slow walk day by day."""

from __future__ import annotations

import calendar as months
from datetime import date, datetime, time, timedelta

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.law.test_calendar_data import PUBLISHED
from tests.law.test_counting import fixed
from yipan.law.calendar import Calendar, YearCalendar
from yipan.law.counting import (
    COUNTED,
    AtOnce,
    Defer,
    MonthlyDate,
    Period,
    Promptly,
    Unit,
    Within,
    YearlyDates,
)
from yipan.law.deadline import SHANGHAI, deadline

FIRST, LAST = 2024, 2026
DAY = timedelta(days=1)

days_kept = st.dates(date(FIRST, 1, 1), date(LAST, 12, 31))
moments = st.datetimes(datetime(FIRST, 1, 1), datetime(LAST, 12, 31), timezones=st.just(SHANGHAI))  # noqa: DTZ001 - Hypothesis takes bounds without zone
periods = st.builds(Period, count=st.integers(1, 90), of=st.sampled_from(COUNTED))
with_a_date: st.SearchStrategy[Within] = st.one_of(
    periods, fixed, st.builds(Promptly, standard=periods), st.just(AtOnce())
)
#: The walk is slow on purpose, and how long it takes proves nothing.
unhurried = settings(deadline=None)
real_moments = st.datetimes(datetime(2004, 1, 1), datetime(2026, 12, 31), timezones=st.just(SHANGHAI))  # noqa: DTZ001 - as above


def calendar_of(resting: frozenset[date], worked: frozenset[date]) -> Calendar:
    """Return a calendar where `resting` rest and, of the other weekend days, `worked` are worked."""
    makeup = {day for day in worked - resting if day.weekday() > 4}
    return Calendar(
        YearCalendar(
            year=year,
            name=f"xx-{year}",
            rest_days=frozenset(day for day in resting if day.year == year),
            makeup_days=frozenset(day for day in makeup if day.year == year),
        )
        for year in range(FIRST, LAST + 1)
    )


sets_of_days = st.frozensets(days_kept, max_size=60)
calendars = st.builds(calendar_of, sets_of_days, sets_of_days)


def walk(within: Within, opened: datetime, calendar: Calendar) -> tuple[date, tuple[date, ...]]:
    """Return the due day and the days counted, by walking: slow, and sharing nothing with the engine."""
    first = opened.date()
    if isinstance(within, Promptly):
        assert within.standard is not None
        return walk(within.standard, opened, calendar)
    if isinstance(within, AtOnce):
        return rolled(first, calendar), (rolled(first, calendar),)
    if isinstance(within, MonthlyDate | YearlyDates):
        day = first
        while not fixed_on(within, day):
            day += DAY
        return (rolled(day, calendar) if within.defer is Defer.REST_DAY else day), (day,)
    assert isinstance(within, Period)
    return walk_period(within, opened, calendar)


def walk_period(within: Period, opened: datetime, calendar: Calendar) -> tuple[date, tuple[date, ...]]:
    first = opened.date()
    if within.of is Unit.WORKING_DAYS:
        counted: list[date] = []
        day = first
        while len(counted) < within.count:
            day = rolled(day + DAY, calendar)
            counted.append(day)
        return day, tuple(counted)
    if within.of is Unit.HOURS:
        moment = opened
        for _ in range(within.count):
            moment += timedelta(hours=1)
        return (moment - timedelta(microseconds=1)).date(), ()
    ends = tuple(step(first, within.of, k) for k in range(1, within.count + 1))
    return rolled(ends[-1], calendar), ends


def rolled(day: date, calendar: Calendar) -> date:
    rests = {day for year in calendar.years for day in year.rest_days}
    worked = {day for year in calendar.years for day in year.makeup_days}
    while day in rests or (day.isoweekday() in {6, 7} and day not in worked):
        day += DAY
    return day


def fixed_on(within: MonthlyDate | YearlyDates, day: date) -> bool:
    if isinstance(within, YearlyDates):
        return (day.month, day.day) in within.dates
    return (day + DAY).day == 1 if within.day is None else day.day == within.day


def step(first: date, unit: Unit, k: int) -> date:
    if unit is Unit.DAYS:
        return date.fromordinal(first.toordinal() + k)
    year, month = first.year, first.month
    for _ in range(k * (12 if unit is Unit.YEARS else 1)):
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    return date(year, month, min(first.day, months.monthrange(year, month)[1]))


@unhurried
@given(with_a_date, moments, calendars)
def test_every_deadline_is_the_one_found_by_walking_day_by_day(
    within: Within, opened: datetime, calendar: Calendar
) -> None:
    one = deadline(within, opened, calendar)

    assert (one.due_on, one.counted) == walk(within, opened, calendar)


@unhurried
@given(with_a_date, real_moments)
def test_every_deadline_of_the_real_calendar_is_the_one_found_by_walking(
    within: Within, opened: datetime
) -> None:
    one = deadline(within, opened, PUBLISHED)

    assert (one.due_on, one.counted) == walk(within, opened, PUBLISHED)


@unhurried
@given(st.integers(1, 300), moments, calendars)
def test_a_working_day_deadline_never_rests(n: int, opened: datetime, calendar: Calendar) -> None:
    one = deadline(Period(count=n, of=Unit.WORKING_DAYS), opened, calendar)

    assert one.due_on is not None
    assert not calendar.rests(one.due_on)


@unhurried
@given(st.integers(1, 300), moments, calendars)
def test_the_counted_working_days_are_exactly_the_ones_that_count(
    n: int, opened: datetime, calendar: Calendar
) -> None:
    one = deadline(Period(count=n, of=Unit.WORKING_DAYS), opened, calendar)

    assert one.due_on is not None
    after = [date.fromordinal(k) for k in range(opened.date().toordinal() + 1, one.due_on.toordinal() + 1)]
    assert list(one.counted) == [day for day in after if not calendar.rests(day)]
    assert len(one.counted) == n
    assert one.counted[-1] == one.due_on


@unhurried
@given(with_a_date, moments, sets_of_days, sets_of_days, sets_of_days)
def test_more_holidays_never_make_it_earlier(
    within: Within, opened: datetime, resting: frozenset[date], worked: frozenset[date], more: frozenset[date]
) -> None:
    fewer = deadline(within, opened, calendar_of(resting, worked))
    added = deadline(within, opened, calendar_of(resting | more, worked))

    assert fewer.due_at is not None
    assert added.due_at is not None
    assert added.due_at >= fewer.due_at


@unhurried
@given(with_a_date, moments, sets_of_days, sets_of_days, sets_of_days)
def test_more_days_worked_never_make_it_later(
    within: Within, opened: datetime, resting: frozenset[date], worked: frozenset[date], more: frozenset[date]
) -> None:
    fewer = deadline(within, opened, calendar_of(resting, worked))
    added = deadline(within, opened, calendar_of(resting, worked | more))

    assert fewer.due_at is not None
    assert added.due_at is not None
    assert added.due_at <= fewer.due_at


@unhurried
@given(periods, st.integers(1, 90), moments, calendars)
def test_a_shorter_period_of_the_same_unit_is_never_due_later(
    one: Period, count: int, opened: datetime, calendar: Calendar
) -> None:
    other = Period(count=count, of=one.of)
    assume(one.shorter_than(other))

    shorter, longer = deadline(one, opened, calendar), deadline(other, opened, calendar)

    assert shorter.due_at is not None
    assert longer.due_at is not None
    assert shorter.due_at <= longer.due_at


@unhurried
@given(with_a_date, moments, moments, calendars)
def test_a_later_start_is_never_due_earlier(
    within: Within, one: datetime, other: datetime, calendar: Calendar
) -> None:
    early, late = sorted((one, other))
    first, second = deadline(within, early, calendar), deadline(within, late, calendar)

    assert first.due_at is not None
    assert second.due_at is not None
    assert first.due_at <= second.due_at


@unhurried
@given(with_a_date, moments, calendars)
def test_a_period_by_days_ends_at_the_midnight_that_ends_its_last(
    within: Within, opened: datetime, calendar: Calendar
) -> None:
    one = deadline(within, opened, calendar)

    assert one.due_on is not None
    assert one.due_at is not None
    counts = within.standard.of if isinstance(within, Promptly) and within.standard else within.unit
    if counts is not Unit.HOURS:
        assert one.due_at == datetime.combine(one.due_on + DAY, time(0), SHANGHAI)
    assert one.due_at > opened


@unhurried
@given(with_a_date, real_moments, st.integers(1, len(PUBLISHED.years) - 1))
def test_adding_a_published_year_turns_provisional_off_and_never_on(
    within: Within, opened: datetime, kept: int
) -> None:
    before = deadline(within, opened, Calendar(PUBLISHED.years[:kept]))
    after = deadline(within, opened, Calendar(PUBLISHED.years[: kept + 1]))

    if before.provisional:
        assert before.due_on is not None
        assert after.due_on is not None
        assert before.due_on.year > PUBLISHED.years[kept - 1].year
        assert after.provisional == (after.due_on.year > PUBLISHED.years[kept].year)
    else:
        # Settled is settled: not a field of it moves when a later year is published.
        assert after == before


@unhurried
@given(periods, moments, calendars)
def test_only_a_day_that_rests_is_rolled_and_only_over_rest_days(
    within: Period, opened: datetime, calendar: Calendar
) -> None:
    one = deadline(within, opened, calendar)

    assert one.due_on is not None
    assert one.nominal_on is not None
    assert (one.rolled_from is not None) == (one.due_on != one.nominal_on)
    for ordinal in range(one.nominal_on.toordinal(), one.due_on.toordinal()):
        assert calendar.rests(date.fromordinal(ordinal))


@unhurried
@given(periods, moments, calendars)
def test_without_rolling_only_working_days_lean_on_the_calendar(
    within: Period, opened: datetime, calendar: Calendar
) -> None:
    one = deadline(within, opened, calendar, roll=False)

    assert one.rolled_from is None
    assert bool(one.calendars) <= (within.of is Unit.WORKING_DAYS)
    assert one.provisional <= (within.of is Unit.WORKING_DAYS)
