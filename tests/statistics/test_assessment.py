"""The two-way assessment of three small offices, worked out by hand, and what it must not do."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import pytest

from tests.duties.cast import Cast, at, permit, townships
from yipan.duties.draft import Draft
from yipan.offices.office import Organisation
from yipan.registry.register import record_drafts
from yipan.statistics.assessment import (
    Card,
    Scored,
    assess,
    base_of,
    contests,
    interval,
    ranked,
    rounded,
)
from yipan.statistics.behind import behind
from yipan.statistics.measures import figure_named
from yipan.statistics.periods import parse_period
from yipan.statistics.scoring import NoScoringError, scoring, target_of

if TYPE_CHECKING:
    from yipan.statistics.assessment import Assessment

Q1 = parse_period("2026Q1")
APRIL = at("2026-04-13T09:00")


def own(office: str) -> Assessment:
    return assess(permit(office, APRIL), Q1, APRIL)


def card(office: str) -> Card:
    (found,) = own(office).cards
    return found


def play(cast: Cast) -> None:
    """Play three cases of one residence with one home office.

    | case | asked the home office      | sent by  | answered by home (15 working days) |
    | 1    | on the 4th, of 7 days      | system   | on the 10th: in time               |
    | 2    | on the 5th                 | system   | on 30 March: late (due on the 26th)|
    | 3    | never (due on 11 March)    |          |                                    |
    """
    cast.open_offices("2026-01-01T08:00")
    for asked, answered in (("2026-03-04", "2026-03-10"), ("2026-03-05", "2026-03-30"), ("", "")):
        thread = cast.ask("2026-03-02T10:00", his_agrees_verify=False, her_agrees_notice=False)
        cast.step(cast.residence, "birth-registration.entered", "2026-03-02T11:00")
        if asked:
            cast.step(
                cast.residence,
                "verification.asked",
                f"{asked}T10:00",
                her_home=cast.her_home,
                channel="system",
            )
            cast.act(
                cast.her_home,
                "verification.answered",
                f"{answered}T10:00",
                thread=thread,
                her_home=cast.her_home,
                result="confirmed",
            )


def test_three_small_offices_come_out_as_worked_out_on_paper(cast: Cast) -> None:
    play(cast)
    offer = {"service": "免费检查", "period": "2026-03"}
    home, third = cast.her_home, townships("4409", "4410", 3)
    cast.act(third, "office.opened", "2026-01-01T08:00")
    # Residence: asked in time 2 of 3, by the very same duties across provinces 2 of 3, a free offer 0 of 1.
    #   (2/3 + 2/3 + 0/1) / 3 = 4/9 of a hundred = 44.444... -> 44.44
    residence = card(cast.residence)
    told = {each.definition.id: (each.top, each.bottom) for each in residence.figures}
    assert told == {"ind-verify-7wd": (2, 3), "ind-cross-province": (2, 3), "ind-free-coverage": (0, 1)}
    assert (residence.base, residence.bonus, residence.score) == (
        Decimal("44.44"),
        Decimal("0.00"),
        Decimal("44.44"),
    )
    # Home: answered in time 1 of 2, across provinces 1 of 2, a free offer 0 of 1: (1/2 + 1/2 + 0) / 3 = 1/3 -> 33.33
    answered = card(home)
    told = {each.definition.id: (each.top, each.bottom) for each in answered.figures}
    assert told == {"ind-reply-15wd": (1, 2), "ind-cross-province": (1, 2), "ind-free-coverage": (0, 1)}
    assert answered.score == Decimal("33.33")
    # The third did nothing wrong and nothing right: 0 of 1 -> 0.00. Of 0 duties nothing can be told.
    nothing = card(third)
    assert (nothing.score, nothing.due, nothing.low, nothing.high) == (Decimal("0.00"), 0, None, None)
    # Entering at once is no indicator, but it fell due: residence kept 3 of 3, and asked 2 of 3: 5 of 6.
    # Wilson: z = 1.959964, (5/6 + z²/12) / (1 + z²/6) = 70.0..; worked with a pocket calculator: 43.65 to 96.99.
    assert (residence.kept, residence.due) == (5, 6)
    assert (residence.low, residence.high) == (Decimal("43.65"), Decimal("96.99"))
    assert offer


def test_each_end_tells_of_the_other_what_it_holds(cast: Cast) -> None:
    play(cast)
    pairs = {(each.debtor, each.creditor): each for each in card(cast.residence).pairs}
    answers = pairs[cast.her_home, cast.residence]
    assert (answers.due, answers.kept, answers.late, answers.overdue) == (2, 1, 1, 0)
    asks = pairs[cast.residence, cast.her_home]
    assert (asks.sent, asks.arrived, asks.unarrived, asks.early) == (2, 2, 0, 0)
    assert (asks.due, asks.kept) == (3, 2)
    same = {(each.debtor, each.creditor): each for each in card(cast.her_home).pairs}
    assert same[cast.her_home, cast.residence] == answers


def test_what_was_sent_and_not_received_is_a_finding_that_both_see(cast: Cast) -> None:
    cast.open_offices("2026-01-01T08:00")
    cast.ask("2026-03-02T10:00", his_agrees_verify=False)
    cast.step(
        cast.residence, "verification.asked", "2026-03-04T10:00", her_home=cast.her_home, channel="letter"
    )
    for office in (cast.residence, cast.her_home):
        pairs = {(each.debtor, each.creditor): each for each in card(office).pairs}
        assert pairs[cast.residence, cast.her_home].unarrived == 1


def test_a_figure_opens_down_to_its_duties(cast: Cast) -> None:
    play(cast)
    found = behind(permit(cast.residence, APRIL), "ind-verify-7wd", cast.residence, Q1, APRIL)
    assert [each.in_time for each in found] == [False, True, True]
    assert all(each.thread for each in found)
    above = str(Organisation.objects.get(id=cast.residence).supervisor_id)
    from_above = behind(permit(above, APRIL), "ind-verify-7wd", cast.residence, Q1, APRIL)
    assert [each.in_time for each in from_above] == [False, True, True]
    assert all(each.thread is None for each in from_above)
    stranger = townships("5115", "5118", 2)
    assert behind(permit(stranger, APRIL), "ind-verify-7wd", cast.residence, Q1, APRIL) == []


def test_an_office_contests_a_figure_and_is_answered_within_ten_working_days(cast: Cast) -> None:
    play(cast)
    above = str(Organisation.objects.get(id=cast.residence).supervisor_id)
    cast.act(above, "office.opened", "2026-01-01T08:00")
    now = at("2026-04-13T09:00")
    fields = {
        "office": cast.residence,
        "assessor": above,
        "period": Q1.name,
        "figure": "ind-verify-7wd",
        "stands_at": "2 of 3",
        "reason": "第三件本人已撤回。",
    }
    receipt = record_drafts(
        [Draft(kind="figure.contested", fields=fields)], permit=permit(cast.residence, now), clock=lambda: now
    )
    (thread,) = receipt.threads
    cast.touched.add(thread)
    duty = cast.duties(thread)["contest-answer-10wd", ""]
    assert (duty.owed_by, str(duty.due_on)) == (above, "2026-04-27")
    marked = {each.definition.id: each.contested for each in card(cast.residence).figures}
    assert marked == {"ind-verify-7wd": True, "ind-cross-province": False, "ind-free-coverage": False}
    (open_one,) = [each for each in contests(permit(above, now), now) if each.thread == thread]
    assert open_one.result == ""
    cast.act(
        above,
        "contest.answered",
        "2026-04-20T10:00",
        thread=thread,
        result="not-upheld",
        reason="撤回在期满之后。",
    )
    assert not any(each.contested for each in card(cast.residence).figures)
    assert cast.duties(thread)["contest-answer-10wd", ""].state == "discharged"


def made_card(office: str, score: str, due: int, kept: int, red: int = 0) -> Card:
    low, high = interval(kept, due)
    return Card(
        office=office, name=office, figures=(), base=Decimal(score), bonus=Decimal(0), score=Decimal(score), red=red,
        due=due, kept=kept, low=low, high=high, pairs=(),
    )  # fmt: skip


def test_a_breach_of_rights_outranks_any_score_and_too_few_cases_are_not_ranked() -> None:
    edition = scoring().edition(2026, "450921")
    cards = [
        made_card("a", "70", 400, 280),
        made_card("b", "99", 400, 396, red=1),
        made_card("c", "100", 29, 29),
        made_card("d", "71", 400, 284),
        made_card("e", "20", 400, 80),
    ]
    found = ranked(cards, edition)
    assert [(each.office, each.rank) for each in found] == [
        ("b", None),
        ("d", 1),
        ("a", 2),
        ("e", 3),
        ("c", None),
    ]
    # 70 of 100 against 71 of 100 in 400 cases: nobody can tell; 20 of 100 is another matter.
    assert [each.even_with_one_before for each in found] == [False, False, True, False, False]


def scored(name: str, top: int, bottom: int, target: int, weight: int = 1) -> Scored:
    one: Any = figure_named(name)
    return Scored(
        definition=one,
        top=top,
        bottom=bottom,
        value=Fraction(100 * top, bottom),
        target=Fraction(target),
        weight=weight,
    )


def test_a_score_is_what_was_reached_of_each_target_and_never_more_than_all_of_it() -> None:
    # 17 of 20 are 85 of 85: all. 3 of 4 are 75 of 98: 0.765306... Weighted 1 and 2: (1 + 2 * 75/98) / 3 = 84.3537... of a hundred.
    both = [scored("ind-provincial-cooperation", 17, 20, 85), scored("ind-cert-issue", 3, 4, 98, weight=2)]
    base = base_of(both)
    assert base is not None
    assert rounded(base) == Decimal("84.35")
    assert base == 100 * (1 + 2 * Fraction(75, 98)) / 3
    assert base_of([]) is None
    assert rounded(Fraction(1, 200)) == Decimal("0.01")


@pytest.mark.parametrize(
    ("figure", "office", "year", "expected"),
    [
        ("ind-provincial-cooperation", "360102", 2009, 85),
        ("ind-cross-province", "360102", 2009, 80),
        ("ind-cross-province", "360102", 2010, 85),
        ("ind-verify-7wd", "440104001", 2026, 100),
    ],
)
@pytest.mark.usefixtures("installation")
def test_targets_are_those_of_the_year_and_the_place(
    figure: str, office: str, year: int, expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YIPAN_PLACES", "jiangxi-city-2009=3601")
    one: Any = figure_named(figure)
    from datetime import date  # noqa: PLC0415  # only here

    assert target_of(one, office, date(year, 3, 1), 100)[0] == expected


def test_scoring_is_data_and_says_where_it_holds() -> None:
    assert scoring().edition(2009, "360102").fewest == 30
    assert scoring().cite.set_by == "deployment"
    from dataclasses import replace  # noqa: PLC0415  # only here

    with pytest.raises(NoScoringError):
        replace(scoring(), editions=()).edition(2026, "45")


@pytest.mark.parametrize(
    ("kept", "due", "low", "high"),
    [
        (0, 1, "0.00", "79.35"),
        (5, 6, "43.65", "96.99"),
        (10, 10, "72.25", "100.00"),
        (85, 100, "76.72", "90.69"),
    ],
)
def test_the_interval_is_wilsons(kept: int, due: int, low: str, high: str) -> None:
    assert interval(kept, due) == (Decimal(low), Decimal(high))
