"""What the hub publishes of a day: duties kept and lapsed by county, nothing small alone, each day's first word and no other."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.duties.cast import at
from tests.exchange.peer import new_keys
from tests.exchange.test_what_comes_and_leaves import asked
from yipan.duties.sweep import sweep
from yipan.exchange.envelope import sign
from yipan.exchange.nodes.board import hear, listed, standings, words_to_give, words_to_hear
from yipan.exchange.nodes.counting import DAYS_BACK, OTHERS, SMALLEST, counts_of_days, merged

if TYPE_CHECKING:
    from tests.duties.cast import Cast
    from tests.exchange.peer import Peer

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


DAY = date(2026, 3, 2)


@pytest.mark.usefixtures("peer")
def test_a_day_counts_what_was_kept_and_what_lapsed_by_county_and_names_no_township(cast: Cast) -> None:
    county = cast.residence[:6]
    before = counts_of_days([DAY])[DAY]["kept"].get(county, 0)
    for _ in range(MANY):
        asked(cast)
    said = counts_of_days([DAY, DAY + timedelta(days=1)])
    # That each was asked in time, and all on the one day.
    assert said[DAY]["kept"][county] >= before + MANY
    assert county not in said[DAY + timedelta(days=1)]["kept"]
    assert cast.residence not in str(said)
    # And that others never were: it lapsed when the clock's round found it.
    for _ in range(MANY):
        cast.ask("2026-03-02T10:00")
    sweep(at(LATE))
    assert counts_of_days([date(2026, 4, 1)])[date(2026, 4, 1)]["lapsed"][county] >= MANY


@pytest.mark.usefixtures("peer")
def test_each_day_that_ended_is_said_once_and_the_same_to_a_hub_that_forgot_it(cast: Cast) -> None:
    for _ in range(MANY):
        asked(cast)
    words = words_to_give(at(SOON), ())
    days = [day for _, day, _ in words]
    assert days == [at(SOON).date() - timedelta(days=back) for back in range(DAYS_BACK, 0, -1)]
    assert words_to_give(at(SOON), days) == []
    assert [day for _, day, _ in words_to_give(at(SOON), days[:-2])] == days[-2:]
    hear(words, at(SOON))
    # More is recorded of the day later: its word stays as it was.
    for _ in range(MANY):
        asked(cast)
    assert words_to_give(at(SOON), ()) == words
    assert words_to_hear(at(SOON), {day: ["guangdong", "nobody"] for day in days}) == []


def test_what_a_peer_says_of_a_day_is_kept_when_its_own_key_signed_it(cast: Cast, peer: Peer) -> None:
    said = {
        "node": peer.name,
        "day": DAY.isoformat(),
        "kept": {peer.serves[0][:6]: 30, OTHERS: 12},
        "lapsed": {},
    }
    word = sign(said, peer.name, peer.keys)
    assert words_to_hear(at(SOON), {DAY: [peer.name]}) == [(peer.name, DAY)]
    # The hub makes none up, and hands none over as another's, or as another day's.
    for wrong in (
        (peer.name, DAY, sign(said, peer.name, new_keys())),
        ("guangdong", DAY, word),
        ("unknown", DAY, sign({**said, "node": "unknown"}, "unknown", new_keys())),
        (peer.name, DAY + timedelta(days=1), word),
        *(
            (peer.name, DAY, sign({**said, "kept": kept}, peer.name, peer.keys))
            for kept in (
                [1],
                1,
                {"500101": 9},
                {"500101": True},
                {"500101": "30"},
                {"500101": 10**10},
                {"500101001": 30},
            )
        ),
        (peer.name, DAY, "no word"),
    ):
        assert hear([wrong], at(SOON)) == 0
    assert hear([(peer.name, DAY, word)], at(SOON)) == 1
    assert hear([(peer.name, DAY, word)], at(SOON)) == 0
    assert words_to_hear(at(SOON), {DAY: [peer.name]}) == []
    [kept] = [each for each in listed(DAY) if each["node"] == peer.name]
    assert kept == {"day": DAY, "node": peer.name, "kept": said["kept"], "lapsed": {}}
    by_name = {each.node: each for each in standings(DAY)}
    assert (by_name[peer.name].kept, by_name[peer.name].lapsed, by_name[peer.name].last) == (42, 0, DAY)
    assert by_name[peer.name].counties[OTHERS] == {"kept": 12}
    assert cast.residence[:6] not in by_name[peer.name].counties
    assert standings(DAY + timedelta(days=1))[-1].last is None
