"""How a rule says `within`, read and written back."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yipan.law.counting import (
    COUNTED,
    DAYS_OF_EVERY_MONTH,
    MOST,
    AtOnce,
    Defer,
    MonthlyDate,
    Period,
    Promptly,
    Standing,
    Unit,
    UnitsDifferError,
    Within,
    WithinFaultsError,
    YearlyDates,
    parse_within,
)

periods = st.builds(Period, count=st.integers(1, MOST), of=st.sampled_from(COUNTED))
defers = st.sampled_from(list(Defer))
dates_of_every_year = st.dates(date(2023, 1, 1), date(2023, 12, 31)).map(lambda day: (day.month, day.day))
fixed = st.one_of(
    st.builds(MonthlyDate, day=st.none() | st.integers(1, DAYS_OF_EVERY_MONTH), defer=defers),
    st.builds(
        YearlyDates,
        dates=st.sets(dates_of_every_year, min_size=1, max_size=4).map(lambda days: tuple(sorted(days))),
        defer=defers,
    ),
)
withins: st.SearchStrategy[Within] = st.one_of(
    periods,
    fixed,
    st.builds(Promptly, standard=st.none() | periods),
    st.sampled_from([AtOnce(), Standing()]),
)


@settings(deadline=None)
@given(withins)
def test_every_within_is_read_back_from_its_text_and_from_its_data(within: Within) -> None:
    assert parse_within(str(within)) == within
    assert parse_within(within.as_data()) == within


@pytest.mark.parametrize(
    "text",
    [
        "15 working_days",
        "7 days",
        "1 day",
        "3 months",
        "3 years",
        "24 hours",
        "at_once",
        "promptly",
        "standing",
    ],
)
def test_a_text_form_is_written_as_it_was_read(text: str) -> None:
    assert str(parse_within(text)) == text


def test_a_counted_period_knows_its_unit_and_amount() -> None:
    within = parse_within("15 working_days")

    assert within.unit is Unit.WORKING_DAYS
    assert within.amount == 15


@pytest.mark.parametrize("text", ["at_once", "promptly", "standing"])
def test_what_counts_nothing_has_no_amount(text: str) -> None:
    assert parse_within(text).unit == text
    assert parse_within(text).amount is None


def test_promptly_takes_the_standard_the_deployment_set() -> None:
    standard = parse_within("3 working_days")

    assert parse_within("promptly", standard=standard) == Promptly(
        standard=Period(count=3, of=Unit.WORKING_DAYS)
    )
    assert parse_within("promptly") == Promptly()


def test_a_standard_said_in_the_rule_is_kept() -> None:
    within = parse_within({"promptly": "2 days"}, standard=parse_within("3 working_days"))

    assert within == Promptly(standard=Period(count=2, of=Unit.DAYS))


def test_a_standard_of_promptly_has_to_be_counted() -> None:
    with pytest.raises(WithinFaultsError, match="at_once"):
        parse_within("promptly", standard=AtOnce())


@pytest.mark.parametrize(
    "raw", [{"day": 3, "defer": "rest_day"}, {"dates": ["01-05", "07-05"], "defer": "none"}]
)
def test_a_fixed_date_says_whether_it_defers(raw: dict[str, object]) -> None:
    assert parse_within({"fixed": raw}).as_data() == {"fixed": raw}
    del raw["defer"]
    with pytest.raises(WithinFaultsError, match=r"fixed\.defer: missing; say rest_day or none"):
        parse_within({"fixed": raw})


def test_the_last_day_of_the_month_stands_unless_its_text_says_otherwise() -> None:
    assert parse_within({"fixed": {"day": "last"}}) == MonthlyDate(day=None, defer=Defer.NONE)


def test_a_fixed_date_is_found_on_the_day_itself_and_after_it() -> None:
    third = MonthlyDate(day=3, defer=Defer.NONE)
    last = MonthlyDate(day=None, defer=Defer.NONE)
    twice = YearlyDates(dates=((1, 5), (7, 5)), defer=Defer.NONE)

    assert third.on_or_after(date(2026, 12, 3)) == date(2026, 12, 3)
    assert third.on_or_after(date(2026, 12, 4)) == date(2027, 1, 3)
    assert last.on_or_after(date(2024, 2, 1)) == date(2024, 2, 29)
    assert twice.on_or_after(date(2026, 1, 6)) == date(2026, 7, 5)
    assert twice.on_or_after(date(2026, 7, 6)) == date(2027, 1, 5)


@settings(deadline=None)
@given(fixed, st.dates(date(2004, 1, 1), date(2030, 1, 1)))
def test_no_fixed_date_lies_between_the_day_asked_and_the_answer(
    within: MonthlyDate | YearlyDates, day: date
) -> None:
    answer = within.on_or_after(day)

    assert answer >= day
    assert within.on_or_after(answer) == answer
    for between in range(day.toordinal(), answer.toordinal()):
        assert within.on_or_after(date.fromordinal(between)) == answer


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        ("15", "'15' is not one of"),
        ("15 weeks", "unknown unit 'weeks'"),
        ("0 days", "0 is not between 1 and 999"),
        ("1000 hours", "1000 is not between"),
        ("2 day", "should end in days"),
        ("-3 days", "is not one of"),
        ("soon", "is not one of"),
        ("{", "is not one of"),
        (15, "15 is not one of"),
        (None, "None is not one of"),
        ({"promptly": "at_once"}, "at_once is not a counted period"),
        ({"promptly": "3 weeks"}, "promptly: unknown unit"),
        ({"fixed": 3}, "fixed: not a mapping"),
        ({"fixed": {"defer": "none"}}, "say either day or dates"),
        ({"fixed": {"day": 3, "dates": ["01-05"], "defer": "none"}}, "say either day or dates"),
        ({"fixed": {"day": 31, "defer": "none"}}, "31 is not a day that every month has"),
        ({"fixed": {"day": True, "defer": "none"}}, "True is not a day"),
        ({"fixed": {"day": 3, "defer": "maybe"}}, "'maybe' is not rest_day or none"),
        ({"fixed": {"dates": ["02-29"], "defer": "none"}}, "'02-29' is not a date of every year"),
        ({"fixed": {"dates": ["01-05", "01-05"], "defer": "none"}}, "01-05 is given twice"),
        ({"fixed": {"dates": [], "defer": "none"}}, "not a list of dates"),
        ({"end_of": "period"}, "is not one of"),
    ],
)
def test_what_cannot_be_read_is_refused_with_what_can(value: object, fault: str) -> None:
    with pytest.raises(WithinFaultsError, match=fault):
        parse_within(value)


def test_all_faults_of_a_within_are_said_at_once_with_their_place() -> None:
    with pytest.raises(WithinFaultsError) as refused:
        parse_within({"fixed": {"day": 0, "colour": 1}}, where="a.yaml: within")

    assert refused.value.faults == (
        "a.yaml: within.fixed.colour: unknown key",
        "a.yaml: within.fixed.defer: missing; say rest_day or none",
        "a.yaml: within.fixed.day: 0 is not a day that every month has; say 1 to 28, or last",
    )


def test_only_periods_of_one_unit_have_an_order() -> None:
    three, seven = parse_within("3 working_days"), parse_within("7 working_days")

    assert three.shorter_than(seven)
    assert not seven.shorter_than(three)
    assert not seven.shorter_than(seven)


@pytest.mark.parametrize("other", ["7 days", "24 hours", "at_once", "standing"])
def test_different_units_are_never_converted(other: str) -> None:
    with pytest.raises(UnitsDifferError, match="never converted"):
        parse_within("3 working_days").shorter_than(parse_within(other))


def test_what_counts_nothing_has_no_order_even_beside_itself() -> None:
    with pytest.raises(UnitsDifferError):
        AtOnce().shorter_than(AtOnce())
