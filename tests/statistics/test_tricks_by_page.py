"""Each way to look better, played through the journal by two offices, stands on the card that the county above opens, and in its figures."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.test.utils import override_settings

from tests.duties.cast import at, new_cast, permit, townships
from yipan.offices.office import Organisation, organisation
from yipan.offices.officer import Officer, Posting
from yipan.statistics.assessment import assess
from yipan.statistics.gaming import TRICKS
from yipan.statistics.periods import parse_period

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from uuid import UUID

    from tests.duties.cast import Cast

Q1, NOW = parse_period("2026Q1"), at("2026-04-13T09:00")
ANSWER, ASKED = "verification.answered", "verification.asked"


def asked(cast: Cast) -> UUID:
    """Begin a case in which residence asks her home on 4 March: it has until the end of 25 March."""
    thread = cast.ask("2026-03-02T10:00", his_agrees_verify=False, her_agrees_notice=False)
    cast.step(cast.residence, "birth-registration.entered", "2026-03-02T11:00")
    cast.step(cast.residence, ASKED, "2026-03-04T10:00", her_home=cast.her_home, channel="system")
    return thread


def answers(cast: Cast, when: str, **said: Any) -> UUID:  # noqa: ANN401  # the fields of any kind
    words = {"thread": cast.thread, "her_home": cast.her_home, "result": "confirmed"} | said
    return cast.act(cast.her_home, ANSWER, when, **words).events[0]


def not_found(cast: Cast) -> None:
    asked(cast)
    answers(cast, "2026-03-10T10:00", result="not-enrolled-here")


def closed_and_reopened(cast: Cast) -> None:
    thread = asked(cast)
    event = answers(cast, "2026-03-10T10:00")
    cast.act(cast.her_home, "event.retracted", "2026-03-30T10:00", thread=thread, corrects=event)


def backdated(cast: Cast) -> None:
    asked(cast)
    answers(cast, "2026-03-27T10:00", arrived="2026-03-20T10:00")


def answered_with_nothing(cast: Cast) -> None:
    asked(cast)
    answers(cast, "2026-03-10T10:00")
    cast.step(cast.residence, ASKED, "2026-03-11T10:00", her_home=cast.her_home, channel="system")


def released_at_the_end(cast: Cast) -> None:
    asked(cast)
    cast.step(cast.residence, "verification.withdrawn", "2026-03-25T16:00", her_home=cast.her_home)


def written_for_others(cast: Cast) -> None:
    asked(cast)
    cast.step(
        cast.residence,
        ANSWER,
        "2026-03-10T11:00",
        her_home=cast.her_home,
        on_behalf_of=cast.her_home,
        arrived="2026-03-10T10:00",
        result="confirmed",
    )


def asked_again(cast: Cast) -> None:
    cast.ask("2026-03-05T10:00", his_agrees_verify=False, her_agrees_notice=False, papers="unidentified")
    for when in ("2026-03-05T11:00", "2026-03-09T11:00"):
        cast.step(cast.residence, "birth-registration.deferred", when, reason="请再补一份证明")


#: Who plays each, and how often of how many it then shows.
PLAYED: dict[str, tuple[Callable[[Cast], None], str]] = {
    "not-found": (not_found, "her_home"),
    "closed-and-reopened": (closed_and_reopened, "her_home"),
    "backdated": (backdated, "her_home"),
    "answered-with-nothing": (answered_with_nothing, "her_home"),
    "released-at-the-end": (released_at_the_end, "her_home"),
    "written-for-others": (written_for_others, "her_home"),
    "asked-again": (asked_again, "residence"),
}


#: The case in which each was played.
CASES: dict[str, UUID | None] = {}


@pytest.fixture(scope="module")
def world(installation: Path) -> Iterator[tuple[Cast, Callable[[str], Client]]]:
    """Play every trick once, and give browsers at any office."""
    assert installation.is_dir()
    cast = new_cast()
    cast.open_offices("2026-01-01T08:00")
    for trick, (play, _) in PLAYED.items():
        play(cast)
        CASES[trick] = cast.thread

    def at_desk(office: str) -> Client:
        user, made = get_user_model().objects.get_or_create(username=f"tr-{office}")
        if made:
            officer = Officer.objects.create(user=user, name="某")
            role = "clerk" if organisation(office).level == "township" else "county-officer"
            Posting.objects.create(officer=officer, organisation=organisation(office), role=role, from_on=date(2026, 1, 1))  # fmt: skip
        client = Client(SERVER_NAME="localhost")
        client.force_login(user)
        return client

    with override_settings(CLOCK=lambda: NOW):
        yield cast, at_desk


def section(page: Any, name: str) -> str:  # noqa: ANN401  # the test client's own class
    """Return the words of a section of a page."""
    text = page.content.decode()
    found = re.search(rf'<section[^>]*aria-labelledby="{name}".*?</section>', text, re.DOTALL)
    return found[0] if found else ""


def test_every_way_of_the_list_is_played() -> None:
    assert set(PLAYED) == set(TRICKS)


@pytest.mark.parametrize("trick", sorted(TRICKS))
def test_a_way_to_look_better_stands_on_the_card_that_the_county_opens(
    trick: str, world: tuple[Cast, Callable[[str], Client]]
) -> None:
    cast, at_desk = world
    office = getattr(cast, PLAYED[trick][1])
    above = str(Organisation.objects.get(id=office).supervisor_id)
    found = assess(permit(above, NOW), Q1, NOW)
    (seen,) = [each for each in found.tricks if (each.trick, each.office) == (trick, office)]
    assert seen.times == 1
    asked_for = {"period": Q1.name, "way": trick, "with": seen.partner}
    card = at_desk(above).get(f"/figures/assessment/{office}", asked_for)
    told = section(card, "tricks")
    assert TRICKS[trick]["zh"] in told
    # It opens down to each time: its own desk to the very case, the county above sees that, and when, and no case.
    assert f"way={trick}&amp;with={seen.partner}#times" in told
    from_above = section(card, "times")
    assert from_above.count("<tr") == 1 + seen.times
    assert "/cases/" not in from_above
    own_card = at_desk(office).get(f"/figures/assessment/{office}", asked_for)
    assert re.findall(r'href="/cases/([^"/]+)', section(own_card, "times")) == [str(CASES[trick])]
    league = at_desk(above).get("/figures/assessment", {"period": Q1.name})
    assert TRICKS[trick]["zh"] in section(league, "tricks")


def test_who_did_its_work_plainly_has_no_such_section(world: tuple[Cast, Callable[[str], Client]]) -> None:
    _, at_desk = world
    plain = new_cast()
    plain.open_offices("2026-01-01T08:00")
    asked(plain)
    answers(plain, "2026-03-10T10:00")
    page = at_desk(plain.her_home).get(f"/figures/assessment/{plain.her_home}", {"period": Q1.name})
    assert page.status_code == 200
    assert section(page, "tricks") == ""
    # Nor has what it did anything to open to.
    for way in TRICKS:
        page = at_desk(plain.her_home).get(f"/figures/assessment/{plain.her_home}", {"period": Q1.name, "way": way})  # fmt: skip
        assert "/cases/" not in section(page, "times")
    unknown = at_desk(plain.her_home).get(f"/figures/assessment/{plain.her_home}", {"period": Q1.name, "way": "x"})  # fmt: skip
    assert section(unknown, "times") == ""
    # Nobody opens what another office did: neither a stranger, nor the other end.
    assert at_desk(plain.residence).get(f"/figures/assessment/{plain.her_home}", {"period": Q1.name, "way": "backdated"}).status_code == 404  # fmt: skip


def test_the_office_contests_it_and_the_link_has_filled_in_which_figure_of_which_period(
    world: tuple[Cast, Callable[[str], Client]],
) -> None:
    cast, at_desk = world
    desk = at_desk(cast.her_home)
    said = section(desk.get(f"/figures/assessment/{cast.her_home}", {"period": Q1.name}), "tricks")
    link = re.search(r'href="(/record/figure\.contested\?figure=backdated[^"]*)"', said)
    assert link
    form = desk.get(link[1].replace("&amp;", "&")).content.decode()
    for name, value in (("figure", "backdated"), ("period", Q1.name), ("stands_at", "1 of 4")):
        box = re.search(rf'<input[^>]*name="{name}"[^>]*>', form)
        assert box, name
        assert f'value="{value}"' in box[0], box[0]
    above = str(Organisation.objects.get(id=cast.her_home).supervisor_id)
    assert re.search(rf'name="assessor"[^>]*value="[^"]*{above}', form)
    cast.act(
        cast.her_home, "figure.contested", "2026-04-13T08:30",
        figure="backdated", period=Q1.name, stands_at="1 of 4", assessor=above, reason="邮局的回执来得迟",
    )  # fmt: skip
    again = section(desk.get(f"/figures/assessment/{cast.her_home}", {"period": Q1.name}), "tricks")
    assert "有异议，待答复" in again
    league = at_desk(above).get("/figures/assessment", {"period": Q1.name})
    assert TRICKS["backdated"]["zh"] in section(league, "contests")


# ------------------------------------------------------------------------------- what stands behind a figure


def test_where_two_ends_disagree_both_open_the_very_case(world: tuple[Cast, Callable[[str], Client]]) -> None:
    _, at_desk = world
    cast = new_cast()
    cast.open_offices("2026-01-01T08:00")
    thread = cast.ask("2026-03-02T10:00", his_agrees_verify=False)
    cast.step(cast.residence, ASKED, "2026-03-04T10:00", her_home=cast.her_home, channel="letter")
    sent, other = cast.residence, cast.her_home
    page = at_desk(sent).get(f"/figures/assessment/{sent}", {"period": Q1.name, "other": other})
    assert "发出 1 件，对方没有收到记录" in section(page, "pairs")
    assert f"/cases/{thread}" in section(page, "between")
    assert "没有记录" in section(page, "between")
    assert "figure=chk-both-ends" in section(page, "pairs")
    above = str(Organisation.objects.get(id=sent).supervisor_id)
    from_above = section(
        at_desk(above).get(f"/figures/assessment/{sent}", {"period": Q1.name, "other": other}), "between"
    )
    assert "没有记录" in from_above
    # It sees that, and when, and no case.
    assert "/cases/" not in from_above
    # The other end notes when it came, and the two agree.
    cast.act(
        other, "verification.arrived", "2026-03-06T10:00", thread=thread, her_home=other, channel="letter"
    )
    agreed = at_desk(other).get(f"/figures/assessment/{other}", {"period": Q1.name, "other": sent})
    assert "两边一致" in section(agreed, "between")


def test_a_figure_that_is_counted_from_entries_or_breaches_opens_down_to_them(
    world: tuple[Cast, Callable[[str], Client]],
) -> None:
    _, at_desk = world
    office = townships("4409", "4410", 7)
    county = str(Organisation.objects.get(id=office).supervisor_id)
    cast = new_cast()
    cast.act(county, "office.opened", "2026-01-01T08:00")
    cast.act(
        county,
        "arrangement.noted",
        "2026-03-03T10:00",
        period="2026",
        topic="budget-line",
        particulars="已列入预算",
    )
    desk = at_desk(county)
    page = desk.get(f"/figures/assessment/{county}", {"period": Q1.name, "figure": "ind-leadership"})
    assert "2026年3月3日" in section(page, "behind")
    nothing = desk.get(f"/figures/assessment/{county}", {"period": Q1.name, "figure": "ind-one-vote-veto"})
    assert "没有计入这个数字" in section(nothing, "behind")
