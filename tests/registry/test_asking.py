"""What a person records herself: the entry an office would write, in cases of hers alone, and nothing of anybody else."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.duties.cast import at, permit
from tests.registry.test_register import number, rows
from yipan.documents.owncopy import copy_paper, copy_pdf
from yipan.duties.draft import Draft
from yipan.duties.faults import DraftFaultsError
from yipan.duties.naming import new_id
from yipan.duties.record import record
from yipan.errors import YipanError
from yipan.offices.permit import NotPermittedError
from yipan.registry.asking import (
    NotHersToSayError,
    OfficeNotHereError,
    ask,
    asked_of_her,
    before_she_writes,
    kinds_for_her,
    name_proxy,
)
from yipan.registry.copying import copy_of_everything
from yipan.registry.own import NotHersError, PersonPermit
from yipan.registry.ownaccess import give
from yipan.registry.proxies import ProxyTooLongError

if TYPE_CHECKING:
    from uuid import UUID

    from tests.registry.conftest import Desk

NAME, PHONE = "诸葛小满", "13711122233"


def open_desk(desk: Desk) -> None:
    """Put the office on the system."""
    desk.record("office.opened")


def hers(desk: Desk, thread: UUID, name: str = "person") -> PersonPermit:
    """Hand her a slip and let her sign in with it."""
    return opened_at(desk, give(desk.permit(), thread, name, new_id(desk.now), desk.now))


def opened_at(desk: Desk, slip: Any) -> PersonPermit:  # noqa: ANN401  # a slip
    """Return what a slip opens at the desk's moment."""
    from yipan.registry.ownsignin import permit_of, sign_in  # noqa: PLC0415  # after Django is set up

    found = permit_of(
        sign_in(slip.number, slip.code, f"198.51.100.{len(desk.threads) + 1}", desk.now).user, desk.now
    )
    assert found
    return found


def again(permit: PersonPermit, desk: Desk) -> PersonPermit:
    """Return what her account opens now."""
    from django.contrib.auth import get_user_model  # noqa: PLC0415  # after Django is set up

    from yipan.registry.ownsignin import permit_of  # noqa: PLC0415

    found = permit_of(get_user_model().objects.get(username=permit.account), desk.now)
    assert found
    return found


def say(desk: Desk, permit: PersonPermit, kind: str, thread: UUID | None = None, **fields: Any) -> UUID:  # noqa: ANN401  # fields of any kind
    """Let her record something, and return the case."""
    receipt = ask(permit, desk.office, kind, fields, thread, clock=lambda: desk.now)
    desk.threads.update(receipt.threads)
    return receipt.threads[0]


def test_her_request_is_an_entry_like_any_other_and_opens_the_duty_with_its_clock(desk: Desk) -> None:
    open_desk(desk)
    enrolled = desk.enrol(NAME, number(), phone=PHONE)
    her = hers(desk, enrolled)
    case = say(desk, her, "correction.asked", name=NAME, wrong="电话", right="13800000000")
    story = rows(
        desk, "SELECT kind, officer, counts_by, recorded_by FROM duties_event WHERE thread_id = %s", case
    )
    assert story == [("correction.asked", "the-person", "own-page", desk.office)]
    owed = rows(desk, "SELECT rule, owed_by, owed_to, due_on FROM duties_duty WHERE thread_id = %s", case)
    assert owed == [("person-correction", desk.office, "person", date(2026, 3, 16))]
    # Under the very key that the office knows her by: nothing new has to be handed to her, or erased apart.
    linked = rows(desk, "SELECT subject_id FROM duties_threadsubject WHERE thread_id = %s", case)
    assert [each[0] for each in linked] == list(her.subjects)
    say(desk, her, "own-request.withdrawn", case)
    assert rows(desk, "SELECT state FROM duties_duty WHERE thread_id = %s", case) == [("released",)]


def test_a_form_is_filled_from_her_own_facts_and_asks_for_nothing_that_is_said_for_her(desk: Desk) -> None:
    open_desk(desk)
    her = hers(desk, desk.enrol(NAME, number(), phone=PHONE))
    kinds = {kind.name: kind for kind in kinds_for_her(desk.now)}
    filled = before_she_writes(her, kinds["certificate.asked"], desk.now)
    assert (filled["name"], filled["phone"]) == (NAME, PHONE)
    asked = {each.name for each in asked_of_her(kinds["certificate.asked"])}
    assert "asked_by" not in asked
    assert "identity" not in asked
    birth = asked_of_her(kinds["birth-registration.asked"])
    assert not [each.name for each in birth if each.name.startswith("his_")]
    case = say(desk, her, "certificate.asked", name=NAME, wish="first")
    [(clock,)] = rows(desk, "SELECT clock::text FROM duties_event WHERE thread_id = %s", case)
    assert json.loads(clock) == {"wish": "first", "asked_by": "herself", "identity": "promise"}
    assert {
        "correction.asked",
        "erasure.asked",
        "copy.asked",
        "booking.asked",
        "complaint.filed",
    } <= kinds.keys()


@pytest.mark.parametrize(
    ("kind", "refused"),
    [
        ("correction.made", NotHersToSayError),
        ("erasure.done", NotHersToSayError),
        ("person.updated", NotHersToSayError),
        ("access.given", NotHersToSayError),
        ("proxy.named", NotHersToSayError),
    ],
)
def test_what_is_an_offices_to_do_she_does_not_do_from_her_page(desk: Desk, kind: str, refused: type) -> None:
    open_desk(desk)
    thread = desk.enrol(NAME, number())
    with pytest.raises(refused):
        say(desk, hers(desk, thread), kind, thread)


def test_she_writes_in_no_case_of_anybody_else_and_to_no_office_that_would_not_read_it(desk: Desk) -> None:
    open_desk(desk)
    mine, other = desk.enrol(NAME, number()), desk.enrol("别人", number())
    her = hers(desk, mine)
    with pytest.raises(NotHersError):
        say(desk, her, "answer.given", other, words="不是我的")
    with pytest.raises(OfficeNotHereError):
        ask(her, "110101001", "help.asked", {"matter": "事", "about": "work"}, clock=lambda: desk.now)


def test_of_a_couple_each_says_only_what_is_his_or_hers(desk: Desk) -> None:
    open_desk(desk)
    fields: dict[str, Any] = {
        "her_home": "450921100", "his_home": "450902106", "her_name": NAME, "his_name": "陈志强",
        "papers": "complete", "her_agrees_verify": True, "his_agrees_verify": True,
    }  # fmt: skip
    case = desk.record("birth-registration.asked", **fields).threads[0]
    her = hers(desk, case, "her")
    with pytest.raises(DraftFaultsError) as refused:
        say(desk, her, "consent.withdrawn", case, her_agrees_verify=False, his_agrees_verify=False)
    assert [each.field for each in refused.value.faults] == ["his_agrees_verify"]
    with pytest.raises(NotHersToSayError):
        say(desk, her, "answer.given", case, words="不能写在两个人的案件里")
    say(desk, her, "consent.withdrawn", case, her_agrees_verify=False)
    states = dict(
        rows(
            desk,
            "SELECT party_role, state FROM duties_duty WHERE thread_id = %s AND rule = 'birth-reg-verify-7wd'",
            case,
        )
    )
    assert states == {"her_home": "released", "his_home": "open"}
    with pytest.raises(DraftFaultsError):
        desk.record("verification.asked", case, her_home="450921100", channel="letter", her_points="住址")
    desk.record("verification.asked", case, his_home="450902106", channel="letter", his_points="住址")


def test_a_facility_that_never_saw_her_takes_a_booking_and_she_sees_it_run(desk: Desk) -> None:
    open_desk(desk)
    her = hers(desk, desk.enrol(NAME, number()))
    own, desk.office = desk.office, "440106004"
    if not rows(desk, "SELECT 1 FROM duties_openedoffice WHERE organisation = %s", desk.office):
        desk.record("office.opened")
    case = say(desk, her, "booking.asked", contact=PHONE, wishes="周三上午")
    assert len(rows(desk, "SELECT 1 FROM duties_event WHERE thread_id = %s", case)) == 1
    desk.office = own
    assert rows(desk, "SELECT 1 FROM duties_event WHERE thread_id = %s", case) == []
    now_hers = again(her, desk)
    assert now_hers.subjects > her.subjects
    assert str(case) in {each["case"] for each in copy_of_everything(now_hers, desk.now)["cases"]}


def test_a_proxy_acts_in_one_matter_until_a_day_and_not_a_moment_after_she_says_so(desk: Desk) -> None:
    open_desk(desk)
    enrolled = desk.enrol(NAME, number())
    her = hers(desk, enrolled)
    matter = say(desk, her, "help.asked", name=NAME, matter="找工作", about="work")
    with pytest.raises(ProxyTooLongError):
        name_proxy(
            her, desk.office, matter, proxy_name="王五", until_on=date(2029, 1, 1), clock=lambda: desk.now
        )
    slip = name_proxy(
        her, desk.office, matter, proxy_name="王五", until_on=date(2026, 3, 20), clock=lambda: desk.now
    )
    proxy = opened_at(desk, slip)
    assert proxy.threads == {matter}
    say(desk, proxy, "answer.given", matter, words="本人下周到")
    assert ("answer.given", "her-proxy") in rows(
        desk, "SELECT kind, officer FROM duties_event WHERE thread_id = %s", matter
    )
    for kind, where in (
        ("erasure.asked", matter),
        ("help.asked", None),
        ("answer.given", enrolled),
        ("proxy.ended", matter),
    ):
        with pytest.raises(NotHersToSayError):
            say(desk, proxy, kind, where, name=NAME)
    seen = copy_of_everything(proxy, desk.now)
    assert {each["case"] for each in seen["cases"]} == {str(matter)}
    assert seen["register"] == []
    say(desk, her, "proxy.ended", matter)
    assert not again(proxy, desk).subjects
    desk.now += timedelta(minutes=1)
    second = name_proxy(
        her, desk.office, matter, proxy_name="王五", until_on=date(2026, 3, 20), clock=lambda: desk.now
    )
    later = opened_at(desk, second)
    desk.now = at("2026-03-21T00:00")
    assert not again(later, desk).subjects


def test_what_is_hers_alone_the_packs_say_and_nobody_says_it_for_her(desk: Desk) -> None:
    """Whatever ends what she agreed to, the register, a proxy or her records, and whatever opens them: by the pack's own word."""
    from yipan.duties.lawbook import lawbook  # noqa: PLC0415  # after Django is set up

    kinds = {each.name: each for each in lawbook().kinds(desk.now.date()).values() if each.by_person}
    alone = {name for name, each in kinds.items() if each.hers_alone}
    takes_back = {
        name for name in kinds if name.endswith(".agreement-withdrawn") or name == "consent.withdrawn"
    }
    assert alone >= takes_back | {
        "proxy.named",
        "proxy.ended",
        "erasure.asked",
        "enrolment.ended",
        "copy.asked",
    }
    assert "answer.given" not in alone
    open_desk(desk)
    her = hers(desk, desk.enrol(NAME, number()))
    matter = say(desk, her, "help.asked", name=NAME, matter="找工作", about="work")
    slip = name_proxy(
        her, desk.office, matter, proxy_name="王五", until_on=date(2026, 3, 20), clock=lambda: desk.now
    )
    proxy = opened_at(desk, slip)
    for name in sorted(alone):
        with pytest.raises(NotHersToSayError):
            say(desk, proxy, name, matter)


def test_a_permit_for_one_kind_records_no_other(desk: Desk) -> None:
    from dataclasses import replace  # noqa: PLC0415  # used here alone

    from yipan.duties.draft import Draft  # noqa: PLC0415  # after Django is set up
    from yipan.duties.record import record  # noqa: PLC0415

    thread = desk.enrol(NAME, number())
    only = replace(desk.permit(), kinds=frozenset({"help.asked"}))
    with pytest.raises(NotPermittedError):
        record(
            [Draft(kind="entitlements.told", thread=thread, fields={"channel": "in-person"})],
            permit=only,
            clock=lambda: desk.now,
        )


def test_the_copy_holds_everything_of_hers_and_nothing_of_anybody_else(desk: Desk) -> None:
    from yipan.registry.access import read_case  # noqa: PLC0415  # after Django is set up

    open_desk(desk)
    mine = number()
    enrolled = desk.enrol(NAME, mine, phone=PHONE, residence="360731100", arrived_on="2024-03-02")
    desk.enrol("旁人甲", number(), phone="13999999999")
    [(subject,)] = rows(desk, "SELECT subject FROM registry_person WHERE thread = %s", enrolled)
    fields: dict[str, Any] = {
        "her_home": "450921100", "his_home": "450902106", "her_name": NAME, "his_name": "陈志强",
        "papers": "complete", "her_agrees_verify": True, "his_agrees_verify": True,
    }  # fmt: skip
    couple = desk.record("birth-registration.asked", None, {"her": subject}, None, **fields).threads[0]
    read_case(desk.permit(), enrolled, desk.now)
    her = hers(desk, enrolled)
    asked = say(desk, her, "copy.asked", name=NAME)
    copy = copy_of_everything(her, desk.now)
    assert {each["case"] for each in copy["cases"]} == {str(each) for each in (enrolled, couple, asked)}
    assert (copy["facts"]["identity_number"], copy["facts"]["phone"]) == (mine, PHONE)
    assert copy["register"][0]["stays"][0]["from_on"] == "2024-03-02"
    assert copy["looks"][0]["officer"] == "he.jing"
    agreed = {each["purpose"]: (each["agreed"], each["wording"]) for each in copy["agreements"]}
    assert agreed["enrolment"] == (True, "enrolment 2021-11-01")
    assert agreed["verify-with-home"] == (True, "verify-with-home 2021-11-01")
    assert {each["rule"] for case in copy["cases"] for each in case["duties"]} >= {"person-copy"}
    text = json.dumps(copy, ensure_ascii=False)
    for foreign in ("陈志强", "450902106", "旁人甲", "13999999999", "his_agrees_verify"):
        assert foreign not in text, foreign
    paper = copy_paper(copy)
    assert mine in str(paper)
    assert copy_pdf(her, desk.now).startswith(b"%PDF")


def test_an_entry_says_which_wording_she_agreed_to(desk: Desk) -> None:
    thread = desk.enrol(NAME, number())
    [(clock,)] = rows(desk, "SELECT clock::text FROM duties_event WHERE thread_id = %s", thread)
    assert json.loads(clock)["wording"] == "enrolment 2021-11-01"
    fields: dict[str, Any] = {
        "her_home": "450921100",
        "her_name": NAME,
        "papers": "complete",
        "her_agrees_verify": False,
    }
    no = desk.record("birth-registration.asked", **fields).threads[0]
    [(clock,)] = rows(desk, "SELECT clock::text FROM duties_event WHERE thread_id = %s", no)
    assert "wording" not in json.loads(clock)


def test_whatever_she_may_agree_to_she_can_take_back_herself_in_that_case(desk: Desk) -> None:
    from yipan.duties.lawbook import lawbook  # noqa: PLC0415  # after Django is set up

    kinds = lawbook().kinds(desk.now.date()).values()
    hers_ = [each for each in kinds if each.by_person and not each.begins_case]
    stuck = [
        (kind.name, field.consent)
        for kind in kinds
        for field in kind.fields.values()
        if field.consent
        and not any(
            (field.consent, field.consent_of) == (one.consent, one.consent_of)
            for back in hers_
            if back is kind or kind.name in back.follows
            for one in back.fields.values()
        )
    ]
    assert stuck == []


@pytest.mark.parametrize(
    ("kind", "said", "back", "rule", "sends"),
    [
        (
            "query.sent",
            {"points": "住址", "priority": "normal", "channel": "system", "service": "证明", "asked": "360731101"},
            "query.agreement-withdrawn", "prd-query-reply-15wd", "",
        ),
        (
            "joint-case.opened", {"matter": "求助", "channel": "system", "partner": "360731101"},
            "joint-case.agreement-withdrawn", "", "",
        ),
        (
            "hand-over.asked", {"wishes": "接着办", "receiver": "360731101"},
            "hand-over.agreement-withdrawn", "", "hand-over.sent",
        ),
    ],
)  # fmt: skip
def test_she_takes_back_an_agreement_and_what_is_owed_for_it_is_released_and_nothing_more_is_sent(
    desk: Desk, kind: str, said: dict[str, str], back: str, rule: str, sends: str
) -> None:
    from yipan.registry.ownview import read_own  # noqa: PLC0415  # after Django is set up
    from yipan.web.mineacts import withdrawal_of  # noqa: PLC0415  # the same

    open_desk(desk)
    with suppress(YipanError):  # by a test before this one
        record([Draft(kind="office.opened")], permit=permit("360731101", desk.now), clock=lambda: desk.now)
    case = desk.record(kind, None, None, None, name=NAME, agrees=True, **said).threads[0]
    her = hers(desk, case)
    own = read_own(her, desk.now)
    [agreed] = [each for each in own.consents if each.agreed]
    found = withdrawal_of(agreed, own.matters[0])
    assert found
    assert (found[0].name, found[1]) == (back, {"agrees": False})
    desk.now += timedelta(minutes=1)
    say(desk, her, back, case, **found[1])
    after = read_own(again(her, desk), desk.now)
    assert [each.agreed for each in after.consents] == [False]
    states = {each.duty.rule: each.duty.state for each in after.matters[0].duties}
    assert not rule or states.get(rule) == "released", states
    if sends:
        with pytest.raises(YipanError) as refused:
            desk.record(sends, case, channel="letter")
        assert "已经撤回同意" in refused.value.say("zh")
