"""`sweep(now)`: what the calendar opens, what lapses, and that running it again changes nothing."""

from __future__ import annotations

from datetime import date

from django.db import connection, transaction

from tests.duties.cast import Cast, at
from yipan.duties.naming import period_thread
from yipan.duties.sweep import Swept, periods_turned, sweep
from yipan.offices.permit import set_acting


def _periodic(cast: Cast, year: int = 2026) -> dict[str, tuple[str, date | None]]:
    """Return state and last day of the monthly meetings of the residence, by period."""
    thread = period_thread(cast.residence, str(year))
    cast.touched.add(thread)
    with transaction.atomic(), connection.cursor() as cursor:
        set_acting(cast.residence, "test", [])
        cursor.execute("SELECT period, state, due_on FROM duties_duty WHERE thread_id = %s", [thread])
        return {period: (state, due_on) for period, state, due_on in cursor.fetchall()}


def test_a_new_office_gets_its_periodic_duties_from_the_day_it_opens_and_not_before(cast: Cast) -> None:
    cast.open_offices("2026-03-15T09:00")
    sweep(at("2026-05-10T09:00"))
    assert set(_periodic(cast)) == {"2026-04", "2026-05"}


def test_a_monthly_duty_ends_with_the_month_also_on_a_rest_day_and_its_event_discharges_its_own_month(
    cast: Cast,
) -> None:
    cast.open_offices("2026-03-15T09:00")
    sweep(at("2026-05-10T09:00"))
    cast.act(cast.residence, "township-meeting.held", "2026-05-11T10:00", period="2026-04")
    # 31 May 2026 is a Sunday: the text knows no deferral.
    assert _periodic(cast) == {
        "2026-04": ("discharged", date(2026, 4, 30)),
        "2026-05": ("open", date(2026, 5, 31)),
    }


def test_an_office_that_was_never_opened_owes_no_periodic_duty(cast: Cast) -> None:
    sweep(at("2026-05-10T09:00"))
    assert _periodic(cast) == {}


def test_sweeping_again_writes_nothing(cast: Cast) -> None:
    cast.open_offices("2026-03-15T09:00")
    cast.ask("2026-03-16T10:00")
    sweep(at("2026-05-10T09:00"))
    again = sweep(at("2026-05-10T09:00"))
    assert (again.turned, again.lapsed) == (0, 0)
    assert again == Swept(offices=again.offices, turned=0, lapsed=0)


def test_a_lapse_is_written_once_after_the_midnight_that_ends_the_last_day(cast: Cast) -> None:
    cast.ask("2026-03-02T10:00")
    sweep(at("2026-03-12T00:00"))
    assert cast.duties()["birth-reg-verify-7wd", "her_home"].lapsed_at is None
    sweep(at("2026-03-12T00:01"))
    sweep(at("2026-03-13T00:01"))
    assert cast.duties()["birth-reg-verify-7wd", "her_home"].lapsed_at == at("2026-03-12T00:01")
    # The duty to enter it at once, and the two questions.
    assert cast.kinds().count("duty.lapsed") == 3


def test_periods_turn_on_their_first_day_or_on_the_day_after_their_last() -> None:
    first, last = date(2025, 11, 15), date(2026, 1, 31)
    assert list(periods_turned("month", "start", first, last)) == [
        ("2025-12", date(2025, 12, 1)),
        ("2026-01", date(2026, 1, 1)),
    ]
    assert list(periods_turned("month", "after", first, last)) == [
        ("2025-11", date(2025, 12, 1)),
        ("2025-12", date(2026, 1, 1)),
    ]
    assert list(periods_turned("quarter", "after", first, last)) == [("2025-Q4", date(2026, 1, 1))]
    assert list(periods_turned("half-year", "start", first, last)) == [("2026-H1", date(2026, 1, 1))]
    assert list(periods_turned("year", "after", first, last)) == [("2025", date(2026, 1, 1))]
    assert list(periods_turned("day", "start", date(2026, 1, 30), last)) == [("2026-01-31", last)]
