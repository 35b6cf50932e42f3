"""What is in force: versions, overlays, editions, and the clock that binds."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.law.history import GUANGZHOU, RONG, moment
from tests.law.lawbook import real_packs, rulebook
from yipan.law.counting import parse_within
from yipan.law.rule import Cite, Overlay, Version
from yipan.law.rulebook import (
    AdoptedYear,
    Adoption,
    Bound,
    ClockNotSaidError,
    NoRuleInForceError,
    Rulebook,
    UnknownKindError,
    UnknownRuleError,
)

if TYPE_CHECKING:
    from yipan.law.pack import Pack

REPLY = "birth-reg-reply-15wd"
CHONGQING = "500101001"


def bound(
    book: Rulebook, at: str, *, by: str = RONG, to: str = GUANGZHOU, rule: str = REPLY, **clock: str
) -> Bound:
    """Return the clock that binds one office toward another, both townships."""
    start = moment(at)
    found = book.rule(rule, start.date(), by, to)
    return book.bound(
        found, start, debtor=by, creditor=to, levels=("township", "township"), clock=clock, as_of=None
    )


def pack(name: str) -> Pack:
    return next(each for each in real_packs() if each.name == name)


def overlay(within: str, *, applies_to: str = "debtor") -> Overlay:
    version = Version(
        from_on=date(2021, 9, 26),
        within=parse_within(within),
        by_field="",
        by_value={},
        rolls=True,
        cite=Cite(set_by="deployment"),
    )
    return Overlay(
        id="sooner",
        pack="sooner",
        title={},
        of=(REPLY,),
        applies_to=applies_to,
        leg="",
        versions=(version,),
    )


def with_overlay(one: Overlay, scope: tuple[str, ...] = ("45",)) -> Rulebook:
    local = replace(
        pack("service-promise"), name="sooner", scope=scope, rules={}, kinds={}, scopes={}, overlays=(one,)
    )
    return Rulebook(Adoption(pack=each) for each in (*real_packs(), local))


def test_the_version_of_the_day_on_which_the_event_counts_binds() -> None:
    assert bound(rulebook(), "2021-09-25T23:59").pack == "decree-555"
    assert bound(rulebook(), "2021-09-26T00:00").pack == "service-promise"


def test_no_rule_in_force_is_an_error_and_never_a_default() -> None:
    with pytest.raises(NoRuleInForceError):
        bound(rulebook(), "2009-09-30T23:59")


def test_an_unknown_rule_and_an_unknown_kind_are_errors() -> None:
    with pytest.raises(UnknownRuleError):
        rulebook().holders("birth-permit")
    with pytest.raises(UnknownKindError):
        rulebook().kind("birth-permit.asked", date(2026, 3, 2))


@pytest.mark.parametrize(
    ("at", "within", "due_on"),
    [
        # 20 days end before 15 working days where a holiday lies between, and after them elsewhere.
        ("2026-09-21T09:00", "20 days", date(2026, 10, 12)),
        ("2026-03-02T09:00", "15 working_days", date(2026, 3, 23)),
        ("2026-03-03T09:00", "20 days", date(2026, 3, 23)),
    ],
)
def test_of_two_units_the_earlier_deadline_binds(at: str, within: str, due_on: date) -> None:
    # 20 days from 21 September: 11 October, a Sunday, so 12 October; from 2 March: Sunday the 22nd, so
    # the 23rd, the day of the 15 working days, where the rule itself binds.
    found = bound(with_overlay(overlay("20 days")), at)
    assert (str(found.within), found.deadline.due_on) == (within, due_on)


def test_an_overlay_binds_debtors_of_its_scope_only() -> None:
    book = with_overlay(overlay("3 working_days"))
    assert bound(book, "2026-03-02T09:00").clock_rule == "sooner"
    assert bound(book, "2026-03-02T09:00", by=CHONGQING).clock_rule == REPLY


def test_an_overlay_for_both_needs_both_sides_in_its_scope() -> None:
    book = with_overlay(overlay("3 working_days", applies_to="both"), scope=("45", "44"))
    assert bound(book, "2026-03-02T09:00").clock_rule == "sooner"
    assert bound(book, "2026-03-02T09:00", to=CHONGQING).clock_rule == REPLY


@given(st.integers(0, 360), st.integers(1, 30))
def test_an_overlay_of_the_same_unit_never_makes_a_deadline_later(offset: int, days: int) -> None:
    at = (moment("2025-01-01T09:00") + timedelta(days=offset)).replace(tzinfo=None).isoformat()
    local = f"{days} working_days" if days > 1 else "1 working_day"
    own = bound(rulebook(), at).deadline.due_on
    found = bound(with_overlay(overlay(local)), at).deadline.due_on
    assert own is not None
    assert found is not None
    assert found <= own
    assert (found == own) is (days >= 15)


def test_a_clock_that_depends_on_a_field_is_refused_when_the_field_is_not_said() -> None:
    book = rulebook(strange=True)
    with pytest.raises(ClockNotSaidError, match="urgent, normal"):
        bound(book, "2010-09-03T09:00", by=CHONGQING, rule="prd-query-reply-15wd")
    said = bound(book, "2010-09-03T09:00", by=CHONGQING, rule="prd-query-reply-15wd", priority="urgent")
    assert str(said.within) == "15 days"


def test_a_later_edition_of_a_pack_holds_from_its_effective_day() -> None:
    first = pack("service-promise")
    rule = first.rules[REPLY]
    shorter = replace(
        rule, versions=tuple(replace(each, within=parse_within("10 working_days")) for each in rule.versions)
    )
    second = replace(first, rules={**first.rules, REPLY: shorter})
    others = [Adoption(pack=each) for each in real_packs()]
    book = Rulebook([*others, Adoption(pack=second, effective_on=date(2026, 3, 1))])
    assert str(bound(book, "2026-02-28T09:00").within) == "15 working_days"
    assert str(bound(book, "2026-03-01T09:00").within) == "10 working_days"


def test_the_calendars_of_a_moment_are_those_known_then() -> None:
    (year,) = [each for each in pack("calendar").calendars if each.year == 2026]
    longer = replace(year, rest_days=year.rest_days | {date(2026, 3, 23)})
    known = AdoptedYear(year=longer, known_at=moment("2026-03-10T09:00"))
    book = Rulebook([Adoption(pack=each) for each in real_packs()], [known])
    assert not book.calendar_at(moment("2026-03-09T09:00")).rests(date(2026, 3, 23))
    assert book.calendar_at(moment("2026-03-10T09:00")).rests(date(2026, 3, 23))
    assert book.calendar_at(None).rests(date(2026, 3, 23))


def test_of_a_moment_before_the_first_adoption_the_first_calendars_are_what_is_known() -> None:
    others = [Adoption(pack=each) for each in real_packs() if each.name != "calendar"]
    adopted = Adoption(pack=pack("calendar"), known_at=moment("2026-01-05T09:00"))
    book = Rulebook([*others, adopted])
    assert book.calendar_at(moment("2010-01-01T09:00")).first_year == 2004


def test_every_rule_of_a_day_is_listed_with_its_version() -> None:
    listed = {rule.id: version.from_on for _, rule, version in rulebook().rules(date(2026, 3, 2))}
    assert listed[REPLY] == date(2021, 9, 26)
    assert "rong-stat-0105" not in listed
    assert "verification.answered" in rulebook().discharging(date(2026, 3, 2))
