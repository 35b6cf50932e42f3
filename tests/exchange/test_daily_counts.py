"""What the hub publishes of a day: duties kept and lapsed by county, nothing small alone, each day's first word and no other."""

from __future__ import annotations

import asyncio
import json
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nats.js.errors import APIError

from tests.duties.cast import at
from tests.exchange.provinces import Hub
from tests.exchange.test_what_comes_and_leaves import asked
from yipan.duties.sweep import sweep
from yipan.exchange.nodes.counting import DAYS_BACK, OTHERS, SMALLEST, counts_to_give, merged
from yipan.exchange.nodes.line import DAILY_SUBJECT, connect, daily_counts, days_given, ensure_daily

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.duties.cast import Cast

#: Two days after the cases begin; and a month later.
SOON, LATE = "2026-03-04T09:00", "2026-04-01T09:00"
MANY = SMALLEST + 2


@given(st.dictionaries(st.text("0123456789", min_size=6, max_size=6), st.integers(0, 40), max_size=12))
def test_no_small_number_of_duties_stands_alone_and_none_is_made_up(counted: dict[str, int]) -> None:
    shown = merged(counted)
    assert all(number >= SMALLEST for number in shown.values())
    assert {county: counted[county] for county in shown if county != OTHERS} == {
        county: number for county, number in shown.items() if county != OTHERS
    }
    if together := [county for county in counted if county not in shown and counted[county]]:
        total = sum(counted[county] for county in together)
        # One county is not called the others, and what is too small even together is not said.
        assert shown.get(OTHERS, 0) == (total if total >= SMALLEST else 0)
        assert OTHERS not in shown or len(together) > 1
        # Nothing large was taken in that was not needed.
        assert OTHERS in shown or not any(number >= SMALLEST for number in counted.values())
    else:
        assert shown == {county: number for county, number in counted.items() if number}


def test_one_small_county_hides_with_the_next_larger_one() -> None:
    assert merged({"440101": 30, "440102": 12, "440103": 1}) == {"440101": 30, OTHERS: 13}
    assert merged({"440101": 9}) == merged({"440101": 0}) == {}


def _said(now: str, *given_days: date) -> dict[date, dict[str, Any]]:
    found = counts_to_give(at(now), given_days)
    return {day: json.loads(said) for day, said in found.items()}


@pytest.mark.usefixtures("peer")
def test_a_day_counts_what_was_kept_and_what_lapsed_by_county_and_names_no_township(cast: Cast) -> None:
    county = cast.residence[:6]
    before = _said(SOON)[date(2026, 3, 2)]["kept"].get(county, 0)
    for _ in range(MANY):
        asked(cast)
    said = _said(SOON)
    # That each was asked in time.
    assert said[date(2026, 3, 2)]["kept"][county] >= before + MANY
    assert {*said} == {date(2026, 3, 4) - timedelta(days=back) for back in range(1, DAYS_BACK + 1)}
    assert {each["node"] for each in said.values()} == {"guangdong"}
    assert cast.residence not in str(said)
    # And that others never were.
    for _ in range(MANY):
        cast.ask("2026-03-02T10:00")
    sweep(at(LATE))
    # It lapsed when the clock's round found it.
    assert _said("2026-04-02T00:01")[date(2026, 4, 1)]["lapsed"][county] >= MANY


@pytest.mark.usefixtures("peer")
def test_a_day_of_which_the_hub_has_a_word_is_not_given_again(cast: Cast) -> None:
    asked(cast)
    days = sorted(_said(SOON))
    assert sorted(_said(SOON, *days[:-2])) == days[-2:]
    assert _said(SOON, *days) == {}


@pytest.fixture
def hub() -> Iterator[Hub]:
    """Give a hub with nobody at it."""
    made = Hub()
    made.start()
    yield made
    made.remove()


def test_the_first_word_of_a_day_stays_and_whoever_is_at_the_hub_can_read_it(hub: Hub) -> None:
    address = f"nats://{hub.host}:{hub.port}"
    day = date(2026, 3, 2)
    first = {"node": "guangdong", "day": day.isoformat(), "kept": {"440104": 12}, "lapsed": {}}

    async def give(said: dict[str, Any], of: date = day) -> None:
        client = await connect(address, "guangdong")
        try:
            stream = client.jetstream(timeout=2)
            await ensure_daily(stream)
            await stream.publish(DAILY_SUBJECT.format(name="guangdong", day=of), json.dumps(said).encode())
            assert (await days_given(stream, "guangdong"))[of] == ["guangdong"]
            assert await days_given(stream, "guangxi") == {}
        finally:
            await client.close()

    asyncio.run(give(first))
    with pytest.raises(APIError, match="per subject"):
        asyncio.run(give({**first, "kept": {"440104": 11}}))
    asyncio.run(give({**first, "day": "2026-03-01"}, day - timedelta(days=1)))
    assert asyncio.run(daily_counts(address, "guangxi", None, day)) == [first]
    assert len(asyncio.run(daily_counts(address, "guangxi", None, day - timedelta(days=1)))) > 1
