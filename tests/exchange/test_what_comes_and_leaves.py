"""What leaves for a peer, and what comes from one: entered in order, once, only what it may say, and named where it is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest
from django.db import OperationalError, connection, transaction

from tests.database.disk import full_disk
from tests.duties.cast import at
from tests.exchange.peer import Peer, later
from yipan.exchange.faults import WordsDifferError
from yipan.exchange.nodes.entering import enter_ready, retry
from yipan.exchange.nodes.peers import confirm, peer_named, revoke, take_card
from yipan.exchange.nodes.standing import desk, status
from yipan.offices.permit import set_acting

if TYPE_CHECKING:
    from tests.duties.cast import Cast

NOON = "2026-03-02T12:00"


def asked(cast: Cast, **said: Any) -> UUID:  # noqa: ANN401  # the fields of a question
    """Begin the couple's case and ask her home by message."""
    cast.act(cast.residence, "office.opened", "2026-03-01T10:00")
    thread = cast.ask("2026-03-02T10:00", **{"her_identity_number": "500101199203154526", **said})
    cast.step(
        cast.residence, "verification.asked", "2026-03-02T11:00", her_home=cast.her_home, channel="system",
        her_name="李秀兰", her_points="请核实姓名",
    )  # fmt: skip
    return thread


def events(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the entries among items."""
    return [each for each in items if each.get("what") in ("event", "extract")]


def receipts(items: list[dict[str, Any]]) -> list[str]:
    """Return what became of what was sent."""
    return [each["state"] for each in items if each.get("what") == "receipt"]


def arrived_and_answered(cast: Cast, peer: Peer, thread: UUID) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the two entries with which her home's node replies."""
    parties = {"asker": [cast.residence], "her_home": [cast.her_home]}
    one = peer.item(
        "verification.arrived",
        cast.her_home,
        thread,
        "2026-03-02T11:05",
        parties=parties,
        clock={"channel": "node"},
    )
    other = peer.item(
        "verification.answered",
        cast.her_home,
        thread,
        "2026-03-04T09:00",
        parties=parties,
        clock={"result": "confirmed"},
    )
    return one, other


def test_a_question_takes_what_she_agreed_to_and_nothing_of_him(cast: Cast, peer: Peer) -> None:
    asked(cast)
    extract, question = events(peer.collect(at(NOON)))
    assert extract["kind"] == "birth-registration.asked"
    assert set(extract["clock"]) == {"her_agrees_verify", "her_agrees_notice"}
    assert set(extract["parties"]) == {"residence", "her_home"}
    assert "facts" not in extract
    assert question["facts"] == {"her": {"her_name": "李秀兰", "her_points": "请核实姓名"}}
    assert question["clock"]["channel"] == "node"
    assert set(question["persons"]) == {"her"}
    assert "陈志强" not in str(extract) + str(question)
    assert cast.his_home not in str(extract) + str(question)


def test_what_the_desk_closes_tells_his_home_nothing_of_hers(cast: Cast) -> None:
    his = Peer(name=f"peer-{cast.his_home}", serves=(cast.his_home,))
    his.introduce(at("2026-03-01T09:00"))
    cast.act(cast.residence, "office.opened", "2026-03-01T10:00")
    # He agreed that his home be asked, and to no notice: once it is entered, that duty is released.
    thread = cast.ask("2026-03-02T10:00")
    cast.step(
        cast.residence, "verification.asked", "2026-03-02T11:00", his_home=cast.his_home, channel="system",
        his_name="陈志强", his_points="请核实姓名",
    )  # fmt: skip
    entered = cast.step(cast.residence, "birth-registration.entered", "2026-03-02T11:10").events[0]
    amended = {"her_home": cast.her_home, "his_home": cast.his_home, "corrects": entered}
    cast.step(cast.residence, "birth-registration.entered", "2026-03-02T11:20", **amended)
    read = events(his.collect(at(NOON)))
    assert [each["kind"] for each in read] == [
        "birth-registration.asked", "verification.asked", *["birth-registration.entered"] * 2,
    ]  # fmt: skip
    for each in read[2:]:
        assert each["what"] == "extract"
        assert each["parties"] == {"residence": [cast.residence], "his_home": [cast.his_home]}
    with transaction.atomic(), connection.cursor() as cursor:
        set_acting("", "test", [thread])
        cursor.execute("SELECT parties FROM duties_event WHERE id = %s", [entered])
        assert cast.her_home in cursor.fetchone()[0]
    assert cast.her_home not in str(read)
    assert "her_agrees" not in str(read)
    assert cast.duties()["birth-reg-notify-home-15wd", "his_home"].state == "released"


def test_the_duty_to_answer_opens_when_the_question_arrived_there(cast: Cast, peer: Peer) -> None:
    thread = asked(cast)
    assert ("birth-reg-reply-15wd", "her_home") not in cast.duties()
    peer.collect(at(NOON))
    arrived, answered = arrived_and_answered(cast, peer, thread)
    assert peer.send(arrived, now=at(NOON))
    enter_ready(at(NOON))
    assert cast.duties()["birth-reg-reply-15wd", "her_home"].opened_at == at("2026-03-02T11:05")
    assert peer.send(answered, now=at("2026-03-04T09:01"))
    enter_ready(at("2026-03-04T09:01"))
    assert cast.duties()["birth-reg-reply-15wd", "her_home"].state == "discharged"
    assert receipts(peer.collect(at("2026-03-04T09:02"))) == ["entered", "entered"]


def test_the_same_ten_times_and_shuffled_enters_once_and_in_order(cast: Cast, peer: Peer) -> None:
    thread = asked(cast)
    arrived, answered = arrived_and_answered(cast, peer, thread)
    now = at("2026-03-04T10:00")
    peer.send(answered, now=now)
    enter_ready(now)
    assert "verification.answered" not in cast.kinds()
    assert [each["from"] for each in peer.collect(now) if each.get("what") == "ask"] == [1]
    for _ in range(10):
        peer.send(answered, arrived, now=now)
        peer.send(arrived, now=now)
    enter_ready(later("2026-03-04T10:00", minutes=1))
    enter_ready(later("2026-03-04T10:00", minutes=1))
    assert cast.kinds().count("verification.arrived") == 1
    assert cast.kinds().count("verification.answered") == 1
    assert cast.duties()["birth-reg-reply-15wd", "her_home"].state == "discharged"


def test_a_full_disk_is_no_fault_of_what_came_which_is_entered_when_there_is_room(
    cast: Cast, peer: Peer
) -> None:
    thread = asked(cast)
    now = at("2026-03-04T10:00")
    peer.send(*arrived_and_answered(cast, peer, thread), now=now)
    with full_disk(), pytest.raises(OperationalError):
        enter_ready(now)
    assert not [each for each in desk(now) if each["thread"] == thread]
    while enter_ready(now):
        pass
    assert cast.duties()["birth-reg-reply-15wd", "her_home"].state == "discharged"
    assert receipts(peer.collect(now)) == ["entered", "entered"]


def test_poison_lies_on_the_desk_with_its_reason_and_holds_up_nobody(cast: Cast, peer: Peer) -> None:
    thread = asked(cast)
    now = at("2026-03-04T10:00")
    poison = peer.item(
        "verification.answered",
        cast.her_home,
        thread,
        "2026-03-03T09:00",
        clock={"result": "confirmed", "what": 1},
    )
    unheard = peer.item("no.such-kind", cast.her_home, uuid4(), "2026-03-03T09:00")
    arrived, answered = arrived_and_answered(cast, peer, thread)
    peer.send(poison, unheard, arrived, answered, now=now)
    while enter_ready(now):
        pass
    assert cast.duties()["birth-reg-reply-15wd", "her_home"].state == "discharged"
    here = {each["event"]: each for each in desk(now)}
    assert here[UUID(poison["event"])]["state"] == "refused"
    assert "draft-faults" in here[UUID(poison["event"])]["reason"]
    assert here[UUID(unheard["event"])]["state"] == "held"
    assert here[UUID(unheard["event"])]["reason"] == "unknown-kind: no.such-kind"
    assert sorted(receipts(peer.collect(now))) == ["entered", "entered", "held", "refused"]
    assert retry(now) >= 2
    assert {each["event"] for each in desk(now)} >= {UUID(poison["event"]), UUID(unheard["event"])}


def test_a_node_speaks_for_its_own_offices_alone(cast: Cast, peer: Peer) -> None:
    thread = asked(cast)
    now = at(NOON)
    for by in (cast.residence, cast.his_home):
        peer.send(peer.item("verification.withdrawn", by, thread, "2026-03-02T11:30"), now=now)
    stranger = peer.item(
        "verification.answered", cast.her_home, uuid4(), "2026-03-02T11:30", behalf=cast.his_home
    )
    peer.send(stranger, now=now)
    while enter_ready(now):
        pass
    said = [each["reason"] for each in desk(now) if each["peer"] == peer.name and each["way"] == "came"]
    assert len(said) == 3
    assert all("speaks-for-another" in each for each in said)
    assert "verification.withdrawn" not in cast.kinds()


@pytest.mark.parametrize(
    "kind",
    [
        "person.enrolled",
        "office.closed",
        "erasure.done",
        "pack.adopted",
        "party.succeeded",
        "period.turned",
    ],
)
def test_what_changes_tables_of_its_own_does_not_come_over_and_is_named(
    cast: Cast, peer: Peer, kind: str
) -> None:
    for more in ({}, {"moved": cast.her_home, "parties": {"office": [cast.her_home]}}):
        sent = peer.item(kind, cast.her_home, uuid4(), "2026-03-02T11:30", **more)
        peer.send(sent, now=at(NOON))
        while enter_ready(at(NOON)):
            pass
        [found] = [each for each in desk(at(NOON)) if each["event"] == UUID(sent["event"])]
        # A move that nobody here expects opens no door.
        wanted = ("held", "node-move") if more else ("refused", f"kind-not-carried: {kind}")
        assert (found["state"], wanted[1] in found["reason"]) == (wanted[0], True)
    assert cast.residence


def test_a_node_enters_no_case_to_which_its_office_is_no_party(cast: Cast, peer: Peer) -> None:
    cast.act(cast.residence, "office.opened", "2026-03-01T10:00")
    thread = cast.ask("2026-03-02T10:00", her_home=cast.his_home, his_home="")
    parties = {"asker": [cast.residence], "her_home": [cast.her_home]}
    meddling = peer.item(
        "verification.answered",
        cast.her_home,
        thread,
        "2026-03-02T11:30",
        parties=parties,
        clock={"result": "confirmed"},
    )
    peer.send(meddling, now=at(NOON))
    enter_ready(at(NOON))
    [found] = [each for each in desk(at(NOON)) if each["peer"] == peer.name]
    assert "unknown-case" in found["reason"]


def test_without_her_agreement_the_question_stays(cast: Cast, peer: Peer) -> None:
    asked(cast)
    cast.step(cast.residence, "consent.withdrawn", "2026-03-02T11:30", her_agrees_verify=False)
    _, question, withdrawn = events(peer.collect(at(NOON)))
    assert question["void"] == "no-consent"
    assert "facts" not in question
    assert withdrawn["clock"] == {"her_agrees_verify": False}
    assert [each["state"] for each in desk(at(NOON)) if each["peer"] == peer.name] == ["withheld"]


def test_a_revoked_node_is_refused_and_named_and_a_stranger_too(cast: Cast, peer: Peer) -> None:
    thread = asked(cast)
    arrived, _ = arrived_and_answered(cast, peer, thread)
    revoke(peer.name, "设备丢失", at(NOON))
    assert not peer.send(arrived, now=at(NOON))
    stranger = Peer(name="nobody", serves=(cast.her_home,))
    assert not stranger.send(arrived, now=at(NOON))
    said = {(each["peer"], each["reason"]) for each in desk(at(NOON)) if each["way"] == "envelope"}
    assert {(peer.name, "revoked"), ("nobody", "unknown-node")} <= said
    assert "verification.arrived" not in cast.kinds()


def test_keys_change_when_the_old_ones_say_so_and_nobody_else_can(cast: Cast, peer: Peer) -> None:
    thread = asked(cast)
    arrived, answered = arrived_and_answered(cast, peer, thread)
    thief = Peer(name=peer.name, serves=peer.serves)
    assert not thief.send(arrived, now=at(NOON))
    thief.rotate(at(NOON))
    assert not thief.send(arrived, now=at(NOON))
    peer.rotate(at(NOON))
    peer.rotate(at(NOON))
    assert peer.send(arrived, answered, now=at("2026-03-04T10:00"))
    assert peer_named(peer.name).keys.version == 3
    reasons = {
        each["reason"] for each in desk(at(NOON)) if each["way"] == "envelope" and each["peer"] == peer.name
    }
    assert reasons == {"bad-signature"}


def test_a_card_is_believed_only_with_the_same_four_words(cast: Cast) -> None:
    stranger = Peer(name="hubei", serves=("42",))
    known, words = take_card(stranger.card(), at(NOON))
    assert known.state == "unconfirmed"
    assert len(words.split()) == 4
    with pytest.raises(WordsDifferError):
        confirm("hubei", "天地 山水 风云 雷电", at(NOON))
    exchanged = Peer(name="hubei", serves=("42",))
    with pytest.raises(WordsDifferError):
        take_card(exchanged.card(), at(NOON), words)
    assert not stranger.send(now=at(NOON))
    assert confirm("hubei", words, at(NOON)).state == "trusted"
    assert cast.residence


def test_what_lies_ahead_of_our_clock_waits_and_a_clock_that_is_off_is_told(cast: Cast, peer: Peer) -> None:
    thread = asked(cast)
    arrived, _ = arrived_and_answered(cast, peer, thread)
    arrived["at"] = at("2026-03-02T12:10").isoformat()
    from yipan.exchange.nodes.receiving import receive  # noqa: PLC0415  # this test alone plays the hub's clock

    receive(peer.envelope([arrived], at("2026-03-02T12:10")), at(NOON), at(NOON))
    enter_ready(at(NOON))
    assert "verification.arrived" not in cast.kinds()
    [seen] = [each for each in status(at(NOON))["peers"] if each["name"] == peer.name]
    assert (seen["clock_off"], seen["skew_seconds"]) == (True, 600)
    enter_ready(at("2026-03-02T12:11"))
    assert "verification.arrived" in cast.kinds()
    assert {"what": "clock", "skew": 600.0} in peer.collect(at("2026-03-02T12:12"))


def test_arrival_across_midnight_is_one_day_on_both_sides(cast: Cast, peer: Peer) -> None:
    thread = asked(cast)
    parties = {"asker": [cast.residence], "her_home": [cast.her_home]}
    arrived = peer.item(
        "verification.arrived",
        cast.her_home,
        thread,
        "2026-03-02T23:59",
        parties=parties,
        clock={"channel": "node"},
    )
    peer.send(arrived, now=at("2026-03-03T08:00"))
    enter_ready(at("2026-03-03T08:00"))
    duty = cast.duties()["birth-reg-reply-15wd", "her_home"]
    assert (str(duty.opened_at.date()), str(duty.due_on)) == ("2026-03-02", "2026-03-23")


def test_a_question_that_comes_in_begins_a_case_here_under_keys_of_our_own(cast: Cast) -> None:
    """Here the peer is where they live, and the home is ours."""
    home = cast.residence  # a township of ours
    there = cast.her_home
    peer = Peer(name=f"peer-{there}", serves=(there,))
    peer.introduce(at("2026-03-01T09:00"))
    cast.act(home, "office.opened", "2026-03-01T10:00")
    thread = uuid4()
    both = {"residence": [there], "her_home": [home]}
    extract = peer.item(
        "birth-registration.asked", there, thread, "2026-03-02T10:00", what="extract", extract=True, parties=both,
        clock={"her_agrees_verify": True},
    )  # fmt: skip
    question = peer.item(
        "verification.asked", there, thread, "2026-03-02T11:00", parties={"asker": [there], "her_home": [home]},
        clock={"channel": "node"}, facts={"her": {"her_name": "李秀兰"}}, persons={"her": "a" * 32},
    )  # fmt: skip
    peer.send(extract, question, now=at("2026-03-02T11:07"))
    while enter_ready(at("2026-03-02T11:07")):
        pass
    cast.touched.add(thread)
    duties = cast.duties(thread)
    assert duties["birth-reg-reply-15wd", "her_home"].opened_at == at("2026-03-02T11:07")
    assert duties["birth-reg-reply-15wd", "her_home"].owed_by == home
    assert duties["birth-reg-verify-7wd", "her_home"].state == "discharged"
    assert ("birth-reg-enter-at-once", "") not in duties
    out = peer.collect(at("2026-03-02T11:08"))
    assert [each["kind"] for each in events(out)] == ["verification.arrived"]
    with transaction.atomic(), connection.cursor() as cursor:
        set_acting(home, "test", [])
        cursor.execute("SELECT kind FROM duties_event WHERE thread_id = %s ORDER BY counts_at", [thread])
        assert [row[0] for row in cursor.fetchall()] == ["verification.asked", "verification.arrived"]


def test_an_office_elsewhere_lapses_there(cast: Cast, peer: Peer) -> None:
    from yipan.duties.sweep import sweep  # noqa: PLC0415  # this test alone

    thread = asked(cast)
    arrived, _ = arrived_and_answered(cast, peer, thread)
    peer.send(arrived, now=at(NOON))
    enter_ready(at(NOON))
    due = cast.duties()["birth-reg-reply-15wd", "her_home"]
    sweep(at("2026-04-01T09:00"))
    assert cast.duties()["birth-reg-reply-15wd", "her_home"].lapsed_at is None
    told = peer.item(
        "duty.lapsed", cast.her_home, thread, "2026-03-25T01:00",
        parties={"debtor": [cast.her_home], "creditor": [cast.residence]},
        clock={"duty": str(due.id), "rule": due.rule, "due_at": due.due_at.isoformat() if due.due_at else ""}, number=2,
    )  # fmt: skip
    peer.send(told, now=at("2026-04-01T09:01"))
    enter_ready(at("2026-04-01T09:01"))
    assert cast.duties()["birth-reg-reply-15wd", "her_home"].lapsed_at == at("2026-03-25T01:00")
    assert cast.duties()["county-sees-silence", "her_home"].state == "open"


def test_the_home_looks_in_its_own_register_for_who_is_meant(cast: Cast) -> None:
    from tests.duties.cast import permit  # noqa: PLC0415  # this test alone
    from yipan.duties.draft import Draft  # noqa: PLC0415
    from yipan.registry.meant import who_is_meant  # noqa: PLC0415
    from yipan.registry.register import record_drafts  # noqa: PLC0415

    home, there = cast.residence, cast.her_home
    peer = Peer(name=f"peer-{there}", serves=(there,))
    peer.introduce(at("2026-03-01T09:00"))
    cast.act(home, "office.opened", "2026-03-01T10:00")
    now = at("2026-03-02T09:00")
    enrolled = Draft(
        kind="person.enrolled",
        fields={"ground": "at-the-counter", "name": "李秀兰", "identity_number": "500101199203154526"},
    )
    mine = record_drafts([enrolled], permit=permit(home, now), clock=lambda: now).threads[0]
    answers = []
    for number in ("500101199203154526", "110101198001010010"):
        thread = uuid4()
        agreed = peer.item(
            "birth-registration.asked", there, thread, "2026-03-02T10:00", what="extract", extract=True,
            parties={"residence": [there], "her_home": [home]}, clock={"her_agrees_verify": True},
        )  # fmt: skip
        question = peer.item(
            "verification.asked", there, thread, "2026-03-02T11:00", parties={"asker": [there], "her_home": [home]},
            clock={"channel": "node"},
            facts={"her": {"her_name": "李秀兰" if number[0] == "5" else "王小明", "her_identity_number": number}},
        )  # fmt: skip
        peer.send(agreed, question, now=at("2026-03-02T11:07"))
        while enter_ready(at("2026-03-02T11:07")):
            pass
        answers += who_is_meant(permit(home, at(NOON)), thread, at(NOON))
        cast.touched.add(thread)
    assert [each.answer for each in answers] == ["same", "nobody"]
    assert answers[0].proposed[0].thread == mine
