"""Between two offices at the command line: queries, joint cases that nobody passes on for ever, the ladder up to the nation."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import pytest

from yipan.offices.divisions import read_divisions

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.program import Program

#: Every test gets two counties of its own with a township in each: the journal is never emptied.
_counties = itertools.count(0)
JOINT = {"name": "韦秀英", "matter": "请两地接续产后访视", "agrees": "yes", "channel": "letter"}
QUERY = {
    "name": "韦秀英", "points": "请核对现登记的住址", "agrees": "yes", "priority": "urgent", "channel": "letter",
    "service": "生育登记",
}  # fmt: skip


@pytest.fixture
def sides() -> tuple[str, str]:
    """Give two townships of two counties that no other test has used."""
    townships: dict[str, str] = {}
    for each in read_divisions():
        if len(each.code) == len("450921100") and each.code.startswith(("4205", "4206", "4210")):
            townships.setdefault(each.code[:6], each.code)
    number = next(_counties)
    held = sorted(townships.values())
    return held[2 * number], held[2 * number + 1]


@pytest.fixture
def slip(tmp_path: Path) -> str:
    """Give the path of a piece of evidence."""
    path = tmp_path / "签收单.txt"
    path.write_text("挂号信回执", "utf-8")
    return str(path)


def duties(yipan: Program, office: str, thread: str) -> dict[str, Any]:
    return {each["rule"]: each for each in yipan.json("duties", "--office", office) if each["thread"] == thread}  # fmt: skip


def test_a_query_that_she_agreed_to_is_owed_from_its_arrival_and_not_enrolled_here_answers_it(
    yipan: Program, sides: tuple[str, str], slip: str
) -> None:
    asker, asked = sides
    sent = yipan.record(
        "query.sent", asker, "--at", "2026-03-02T09:00", "--evidence", slip, asked=asked, **QUERY
    )
    case = ("--thread", sent["thread"], "--evidence", slip)
    assert duties(yipan, asked, sent["thread"]) == {}
    assert duties(yipan, asker, sent["thread"])["prd-urgent-channel"]["due_at"].startswith("2026-03-06")
    yipan.record("urgent-contact.made", asker, *case, "--at", "2026-03-02T09:30", channel="phone")
    yipan.record(
        "query.arrived", asker, *case, "--at", "2026-03-09T10:00", channel="letter", priority="urgent"
    )
    reply = duties(yipan, asked, sent["thread"])["prd-query-reply-15wd"]
    # 10-13, 16-20, 23-27 and 30 March: the fifteenth working day.
    assert (reply["state"], reply["due_at"]) == ("open", "2026-03-31T00:00:00+08:00")
    yipan.record(
        "query.answered",
        asked,
        *case,
        "--at",
        "2026-03-20T09:00",
        result="not-enrolled-here",
        remark="未登记",
    )
    assert duties(yipan, asked, sent["thread"])["prd-query-reply-15wd"]["clock"] == "in-time"
    assert duties(yipan, asker, sent["thread"])["prd-urgent-channel"]["clock"] == "in-time"


def test_a_query_that_she_did_not_agree_to_is_owed_by_nobody(
    yipan: Program, sides: tuple[str, str], slip: str
) -> None:
    asker, asked = sides
    said = {**QUERY, "agrees": "no", "priority": "normal"}
    fields = [
        part for name, value in {**said, "asked": asked}.items() for part in ("--field", f"{name}={value}")
    ]
    refused = yipan.run("record", "query.sent", "--office", asker, *fields, YIPAN_LANG="en")
    assert (refused.code, "it is not sent" in refused.err) == (1, True)
    # What went out on paper all the same is written down, and nobody owes an answer to it.
    sent = yipan.record(
        "query.sent", asker, "--at", "2026-03-02T09:00", "--evidence", slip, asked=asked, **said
    )
    yipan.record("query.arrived", asker, "--thread", sent["thread"], channel="letter", priority="normal")
    assert duties(yipan, asked, sent["thread"])["prd-query-reply-15wd"]["state"] == "released"


def test_a_query_lacking_its_fields_is_refused_field_by_field(yipan: Program, sides: tuple[str, str]) -> None:
    asker, asked = sides
    wrong = yipan.run(
        "record", "query.sent", "--office", asker, "--field", f"asked={asked}", "--field", "priority=soon",
        YIPAN_LANG="en",
    )  # fmt: skip
    assert wrong.code == 1
    assert all(said in wrong.err for said in ("name", "points", "agrees", "normal, urgent", "service"))


def opened(yipan: Program, sides: tuple[str, str], slip: str) -> tuple[str, ...]:
    """Open a joint case on 2 March and return the options that name it."""
    made = yipan.record(
        "joint-case.opened",
        sides[0],
        "--at",
        "2026-03-02T09:00",
        "--evidence",
        slip,
        partner=sides[1],
        **JOINT,
    )
    case = ("--thread", str(made["thread"]), "--evidence", slip)
    yipan.record("joint-case.arrived", sides[0], *case, "--at", "2026-03-02T15:00", channel="letter")
    return case


def test_one_side_owns_a_case_at_every_moment_and_passing_it_twice_opens_a_duty_above(
    yipan: Program, sides: tuple[str, str], slip: str
) -> None:
    asker, partner = sides
    case = opened(yipan, sides, slip)
    thread = case[1]

    def owners() -> list[str]:
        mine = ("cq-no-buck-passing", "cq-no-buck-passing-assigned")
        return [
            side
            for side in sides
            if any(duties(yipan, side, thread).get(each, {}).get("state") == "open" for each in mine)
        ]

    assert owners() == [asker]
    yipan.record("joint-case.answered", partner, *case, "--at", "2026-03-03T09:00", minutes="收到，配合")
    yipan.record("joint-case.passed", asker, *case, "--at", "2026-03-04T09:00", minutes="她住在贵地")
    assert owners() == [asker]
    yipan.record("joint-case.taken", partner, *case, "--at", "2026-03-05T09:00")
    assert owners() == [partner]
    above = partner[:6]
    assert duties(yipan, above, thread) == {}
    yipan.record("joint-case.passed", partner, *case, "--at", "2026-03-06T09:00", minutes="她已搬回")
    assert duties(yipan, above, thread)["cq-passed-twice"]["state"] == "open"
    yipan.record("joint-case.declined", asker, *case, "--at", "2026-03-09T09:00", minutes="她仍住在贵地")
    assert owners() == [partner]
    yipan.record(
        "joint-case.assigned", above, *case, "--at", "2026-03-10T09:00", asker=asker, minutes="由户籍地主办"
    )
    assert owners() == [asker]
    assert duties(yipan, above, thread)["cq-passed-twice"]["clock"] == "in-time"
    yipan.record("joint-case.progress-told", asker, *case, "--at", "2026-03-11T09:00", minutes="已联系")
    told = duties(yipan, asker, thread)
    assert (told["henan-case-progress"]["state"], told["henan-case-progress-again"]["state"]) == (
        "discharged",
        "open",
    )
    yipan.record("joint-case.settled", asker, *case, "--at", "2026-03-12T09:00", outcome="访视已安排")
    assert owners() == []
    assert duties(yipan, asker, thread)["henan-case-progress-again"]["state"] == "released"


def test_what_two_offices_cannot_settle_climbs_level_by_level_to_the_nation(
    yipan: Program, sides: tuple[str, str], slip: str
) -> None:
    case = opened(yipan, sides, slip)
    county, city, province = sides[0][:6], sides[0][:4], sides[0][:2]
    yipan.record("obstacle.raised", sides[0], *case, "--at", "2026-03-09T09:00", minutes="对方不认")

    def owed_by(office: str) -> dict[str, Any]:
        return duties(yipan, office, case[1])

    assert owed_by(county)["escalate-unsettled"]["due_at"] == "2026-03-13T00:00:00+08:00"
    yipan.json("sweep", "--now", "2026-03-13T00:05")
    assert owed_by(city)["escalate-again"]["state"] == "open"
    yipan.record("obstacle.passed-up", city, *case, "--at", "2026-03-16T09:00", minutes="跨省，报省里")
    assert owed_by(city)["escalate-again"]["clock"] == "in-time"
    assert owed_by(province)["escalate-passed-up"]["state"] == "open"
    # The provinces consult each other before the nation is asked.
    yipan.record(
        "provinces-consultation.asked",
        province,
        *case,
        "--at",
        "2026-03-17T09:00",
        other_province="45",
        minutes="会商",
    )
    assert owed_by(province)["escalate-passed-up"]["clock"] == "in-time"
    assert owed_by("45")["prd-provincial-consultation"]["due_at"] == "2026-03-21T00:00:00+08:00"
    yipan.json("sweep", "--now", "2026-03-21T00:05")
    assert owed_by("00")["escalate-again"]["state"] == "open"
    yipan.record("obstacle.settled", "00", *case, "--at", "2026-03-24T09:00", minutes="由户籍地省份牵头")
    assert owed_by("00")["escalate-again"]["clock"] == "in-time"


def test_a_policy_is_told_to_every_partner_and_a_letter_is_answered(
    yipan: Program, sides: tuple[str, str], slip: str
) -> None:
    office, counterpart = sides
    issued = yipan.record("policy.issued", office, partner=counterpart, name="关于跨省通办的通知")
    assert duties(yipan, office, issued["thread"])["tell-partners-new-policy"]["owed_to"] == counterpart
    yipan.record("policy.told", office, "--thread", issued["thread"], channel="electronic")
    assert duties(yipan, office, issued["thread"])["tell-partners-new-policy"]["clock"] == "in-time"
    letter = yipan.record(
        "correspondence.received", office, counterpart=counterpart, channel="letter", minutes="询问开放时间"
    )
    yipan.record("correspondence.answered", office, "--thread", letter["thread"], minutes="周一至周五")
    assert duties(yipan, office, letter["thread"])["rong-answer-mail"]["clock"] == "in-time"
    assert slip


@pytest.mark.parametrize(("agrees", "state"), [("yes", "open"), ("no", "released")])
def test_a_hand_over_goes_out_only_if_she_agrees(
    yipan: Program, sides: tuple[str, str], agrees: str, state: str
) -> None:
    sender, receiver = sides
    asked = yipan.record(
        "hand-over.asked", sender, receiver=receiver, name="韦秀英", wishes="请接续访视", agrees=agrees
    )
    case = ("--thread", asked["thread"])
    assert duties(yipan, sender, asked["thread"])["rong-one-query"]["state"] == state
    if state == "open":
        yipan.record("hand-over.sent", sender, *case, channel="letter", document_number="〔2026〕1号")
        assert duties(yipan, sender, asked["thread"])["rong-one-query"]["state"] == "discharged"


def test_whoever_asks_for_help_is_helped_and_a_follow_up_stops_when_she_says_so(
    yipan: Program, sides: tuple[str, str]
) -> None:
    office, _ = sides
    asked = yipan.record("help.asked", office, about="schooling", matter="孩子转学需要哪些材料")
    yipan.record("help.given", office, "--thread", asked["thread"], outcome="教育局已接收")
    assert duties(yipan, office, asked["thread"])["residence-help-with-life"]["clock"] == "in-time"
    followed = yipan.record("follow-up.accepted", office, name="韦秀英", contact="13800000000")
    yipan.record("follow-up.declined", office, "--thread", followed["thread"])
    assert duties(yipan, office, followed["thread"])["cq-followup-this-year"]["state"] == "released"


def test_several_offices_may_each_say_why_they_are_late(
    yipan: Program, sides: tuple[str, str], slip: str
) -> None:
    case = opened(yipan, sides, slip)
    for each in sides:
        yipan.record("delay.noted", each, *case[:2], reason="人手不足")
    noted = [each["kind"] for each in yipan.json("duties", "--office", sides[0]) if "kind" in each]
    assert noted == []
