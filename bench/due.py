"""Deadlines a second, and how often each way of counting is wrong.

    python bench/due.py

"15 working days" from every day of the published calendars whose answer they hold: by the engine's
`deadline()` and `Calendar.add_working_days`, by the two libraries, by numpy where it is installed, and by
the two shortcuts people take. All in one run on one machine, best of three: quote the ratios. What is
wrong is told against the table itself, walked day by day.
"""

from __future__ import annotations

import importlib
import importlib.util
import time
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from datetime import time as clock
from pathlib import Path

import chinese_calendar
import holidays

from yipan.law.calendar import Calendar, parse_year
from yipan.law.counting import parse_within
from yipan.law.deadline import SHANGHAI, deadline

N = 15
ROUNDS = 3
#: The slow ones are timed on every so many days, and checked on all of them.
EVERY = 10
DAY = timedelta(days=1)
SATURDAY = 5
FOLDER = Path(__file__).parents[1] / "rulepacks" / "state-council" / "calendar" / "calendars"

Way = Callable[[date], date]


def load() -> Calendar:
    """Read the published calendars."""
    return Calendar(parse_year(path.read_text("utf-8"), path.name) for path in sorted(FOLDER.glob("*.yaml")))


def walker(rests: Callable[[date], bool]) -> Way:
    """Return the slow, obvious way: day by day until N days have not rested."""

    def walk(day: date) -> date:
        for _ in range(N):
            day += DAY
            while rests(day):
                day += DAY
        return day

    return walk


def ways(calendar: Calendar) -> Iterator[tuple[str, Way]]:
    """Give each way of counting with its name."""
    within = parse_within(f"{N} working_days")
    noon = clock(12, tzinfo=SHANGHAI)

    def by_deadline(day: date) -> date:
        due_on = deadline(within, datetime.combine(day, noon), calendar).due_on
        return due_on or date.max

    yield "Calendar.add_working_days", lambda day: calendar.add_working_days(day, N)
    yield "deadline(), every day listed", by_deadline
    china = holidays.country_holidays("CN", years=range(calendar.first_year, calendar.last_year + 1))
    yield "holidays.get_nth_working_day", lambda day: china.get_nth_working_day(day, N)
    yield "chinesecalendar, day by day", walker(chinese_calendar.is_holiday)
    all_rest = {day for year in calendar.years for day in year.rest_days}
    yield "Monday to Friday", walker(lambda day: day.weekday() >= SATURDAY)
    yield "holidays but no make-up days", walker(lambda day: day.weekday() >= SATURDAY or day in all_rest)


def rate(way: Way, days: list[date]) -> float:
    """Return deadlines a second, the best of some rounds."""
    took = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        for day in days:
            way(day)
        took.append(time.perf_counter() - start)
    return len(days) / min(took)


def numpy_rate(calendar: Calendar, days: list[date], right: dict[date, date]) -> tuple[float, int] | None:
    """Return numpy's rate on the whole column at once and its wrong days; None without numpy."""
    if importlib.util.find_spec("numpy") is None:
        return None
    numpy = importlib.import_module("numpy")
    resting = [day for day in span(calendar) if calendar.rests(day)]
    column = numpy.array(days, dtype="datetime64[D]")
    mask = numpy.busdaycalendar(weekmask="1111111", holidays=numpy.array(resting, dtype="datetime64[D]"))
    took = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        # A start that rests is moved back first, so that the next working day is the first counted.
        answer = numpy.busday_offset(column, N, roll="backward", busdaycal=mask)
        took.append(time.perf_counter() - start)
    wrong = sum(found != right[day] for day, found in zip(days, answer.tolist(), strict=True))
    return len(days) / min(took), wrong


def span(calendar: Calendar) -> list[date]:
    """Return every day of the published years."""
    first, last = date(calendar.first_year, 1, 1), date(calendar.last_year, 12, 31)
    return [first + k * DAY for k in range((last - first).days + 1)]


def main() -> None:
    """Check, time and print one line a figure."""
    calendar = load()
    by_table = walker(
        lambda day: (
            day in calendar.years[day.year - calendar.first_year].rest_days
            or (
                day.weekday() >= SATURDAY
                and day not in calendar.years[day.year - calendar.first_year].makeup_days
            )
        )
    )
    days = [day for day in span(calendar) if calendar.published(calendar.add_working_days(day, N))]
    right = {day: by_table(day) for day in days}
    print(f"{N} working days from each of {len(days):,} days, {days[0]} to {days[-1]}")
    base = 0.0
    for name, way in ways(calendar):
        wrong = sum(way(day) != right[day] for day in days)
        figure = rate(way, days if "deadline" in name or "Calendar" in name else days[::EVERY])
        base = base or figure
        print(line(name, figure, base, wrong, len(days)))
    by_numpy = numpy_rate(calendar, days, right)
    if by_numpy is None:
        print("numpy busday, the whole column: not installed, left out")
    else:
        print(line("numpy busday, the whole column", by_numpy[0], base, by_numpy[1], len(days)))


def line(name: str, figure: float, base: float, wrong: int, of: int) -> str:
    """Word one figure."""
    ratio = f"{figure / base:8.4f} of add_working_days"
    return f"{name:32} {figure:12,.0f}/s  {ratio}  wrong on {wrong:5,} days ({wrong / of:.1%})"


if __name__ == "__main__":
    main()
