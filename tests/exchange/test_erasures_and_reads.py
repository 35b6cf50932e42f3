"""What else passes between two nodes: that somebody was erased, that an office read; and what is too strange or too large."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

from django.db import connection
from django.template import Context, Template

from tests.duties.cast import at, permit
from tests.exchange.peer import later
from tests.exchange.test_what_comes_and_leaves import arrived_and_answered, asked, events, receipts
from tests.registry.test_erasing import openable
from yipan.documents.ends import erase
from yipan.duties.draft import Draft
from yipan.duties.record import record
from yipan.exchange.nodes.entering import enter_ready
from yipan.exchange.nodes.erasures import tell_erasures
from yipan.exchange.nodes.following import note_read, sent_in
from yipan.exchange.nodes.standing import desk
from yipan.web.nodes import sent_by_entry

if TYPE_CHECKING:
    from tests.duties.cast import Cast
    from tests.exchange.peer import Peer

NOON = "2026-03-02T12:00"


def enter_all(when: str) -> None:
    """Enter all that came."""
    while enter_ready(at(when)):
        pass


def question(peer: Peer, home: str, thread: UUID, party: str, points: str) -> list[dict[str, Any]]:
    """Return what a peer sends with which it asks a home of ours about her."""
    there = peer.serves[0]
    both = {"residence": [there], "her_home": [home]}
    extract = peer.item(
        "birth-registration.asked", there, thread, "2026-03-02T10:00", what="extract", extract=True, parties=both,
        clock={"her_agrees_verify": True},
    )  # fmt: skip
    said = peer.item(
        "verification.asked", there, thread, "2026-03-02T11:00", parties={"asker": [there], "her_home": [home]},
        clock={"channel": "node"}, facts={"her": {"her_name": "李秀兰", "her_points": points}}, persons={"her": party},
    )  # fmt: skip
    return [extract, said]


def subject_in(office: str, thread: UUID) -> UUID:
    """Return the key under which she is written down in a case."""
    with permit(office, at(NOON)).in_force([thread]), connection.cursor() as cursor:
        cursor.execute(
            "SELECT subject_id FROM duties_threadsubject WHERE thread_id = %s AND name = 'her'", [thread]
        )
        found: UUID = cursor.fetchone()[0]
    return found


def test_what_a_peer_erased_is_destroyed_here_and_the_word_goes_back(cast: Cast, peer: Peer) -> None:
    home, thread, other, party = cast.residence, uuid4(), uuid4(), "b" * 32
    cast.act(home, "office.opened", "2026-03-01T10:00")
    peer.send(*question(peer, home, thread, party, "请核实姓名"), now=at(NOON))
    enter_all(NOON)
    cast.touched.add(thread)
    hers = subject_in(home, thread)
    assert any("李秀兰" in each for each in openable({hers}))

    # The word of it overtakes a second question that is under way.
    late = question(peer, home, other, party, "请再核实")
    told = {"what": "erasure", "party": party, "at": at("2026-03-03T09:00").isoformat()}
    peer.send(told, now=at("2026-03-03T09:01"))
    enter_all("2026-03-03T09:01")
    assert openable({hers}) == []
    peer.send(*late, now=at("2026-03-03T09:02"))
    enter_all("2026-03-03T09:02")
    cast.touched.add(other)
    assert "verification.asked" in cast.kinds(other)
    with permit(home, at(NOON)).in_force([other]), connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM duties_payload p JOIN duties_event e ON e.id = p.event_id WHERE e.thread_id = %s",
            [other],
        )
        assert cursor.fetchone() == (0,)
    back = [each for each in peer.collect(at("2026-03-03T09:03")) if each["what"] == "erased"]
    assert [(each["party"], each["state"]) for each in back] == [(party, "entered")]
    # Whoever asks again, because the word was lost on the way, hears it again.
    peer.send(told, now=at("2026-03-03T09:04"))
    again = [each for each in peer.collect(at("2026-03-03T09:05")) if each["what"] == "erased"]
    assert [each["state"] for each in again] == ["entered"]


def test_a_peer_that_holds_a_copy_hears_that_she_was_erased_here(cast: Cast, peer: Peer) -> None:
    thread = asked(cast, his_home="", his_name="")
    [_, said] = events(peer.collect(at(NOON)))
    arrived, answered = arrived_and_answered(cast, peer, thread)
    peer.send(arrived, answered, now=at("2026-03-04T09:30"))
    enter_all("2026-03-04T09:30")
    now = at("2026-03-05T09:00")
    desk_of = permit(cast.residence, now)
    request = Draft(
        kind="erasure.asked",
        fields={"name": "李秀兰"},
        persons={"person": subject_in(cast.residence, thread)},
    )
    wish = record([request], permit=desk_of, clock=lambda: now).threads[0]
    cast.touched.add(wish)
    cast.touched.update(erase(desk_of, wish, now).threads)
    assert tell_erasures(now) == 1
    assert tell_erasures(now) == 0
    [told] = [each for each in peer.collect(now) if each["what"] == "erasure"]
    assert told["party"] == said["persons"]["her"]
    [sent] = [each for each in sent_in(desk_of, wish) if each.erasure]
    assert sent.state == "sent"
    outcome = {
        "what": "erased",
        "party": told["party"],
        "state": "entered",
        "at": now.isoformat(),
        "reason": "",
    }
    peer.send(outcome, now=later("2026-03-05T09:00", minutes=1))
    [sent] = [each for each in sent_in(desk_of, wish) if each.erasure]
    assert (sent.state, sent.arrived_at) == ("entered", now)
    # It is sent until the word comes back, and not after.
    assert [
        each for each in peer.collect(later("2026-03-05T09:00", hours=1)) if each["what"] == "erasure"
    ] == []


def test_a_question_is_seen_to_be_sent_arrived_read_and_answered(cast: Cast, peer: Peer) -> None:
    thread = asked(cast)
    _, said = events(peer.collect(at(NOON)))
    place = {"thread": str(thread), "number": said["number"]}
    arrived, answered = arrived_and_answered(cast, peer, thread)
    receipt = {
        "what": "receipt", "event": said["event"], "state": "entered", "at": at("2026-03-02T11:05").isoformat(), "reason": "",
    }  # fmt: skip
    peer.send(receipt | place, arrived, now=at(NOON))
    enter_all(NOON)
    desk_of = permit(cast.residence, at(NOON))

    def stands() -> list[object]:
        [found] = [each for each in sent_in(desk_of, thread) if str(each.event) == said["event"]]
        return [found.state, found.arrived_at, found.read_at, found.answered_at]

    assert stands() == ["entered", at("2026-03-02T11:05"), None, None]
    peer.send({"what": "read", "at": at("2026-03-02T14:00").isoformat(), **place}, now=at("2026-03-02T14:01"))
    peer.send({"what": "read", "at": at("2026-03-02T15:00").isoformat(), **place}, now=at("2026-03-02T15:01"))
    assert stands()[2] == at("2026-03-02T14:00")
    peer.send(answered, now=at("2026-03-04T09:01"))
    enter_all("2026-03-04T09:01")
    assert stands()[3] == at("2026-03-04T09:00")
    page = Template("{% load exchange %}{% travelled sent event %}").render(
        Context(
            {"sent": sent_by_entry(desk_of, thread, at("2026-03-04T10:00")), "event": UUID(said["event"])}
        )
    )
    assert [each in page for each in ("已送达", "发出", "送达", "已阅", "已答复")] == [True] * 5
    # And we tell the peer once that its answer was read here, without saying by whom.
    assert note_read(permit(cast.his_home, at("2026-03-04T10:00")), thread, at("2026-03-04T10:00")) == 0
    assert note_read(permit(cast.residence, at("2026-03-04T11:00")), thread, at("2026-03-04T11:00")) == 0
    told = [each for each in peer.collect(at("2026-03-04T12:00")) if each["what"] == "read"]
    assert [set(each) for each in told] == [{"what", "thread", "number", "at"}] * 2


def test_an_envelope_of_many_items_opens_and_a_strange_item_stops_nobody(cast: Cast, peer: Peer) -> None:
    thread = asked(cast)
    arrived, answered = arrived_and_answered(cast, peer, thread)
    strange: list[dict[str, Any]] = [
        {"what": "receipt", "thread": "no id", "number": 1, "event": str(uuid4()), "state": "entered"},
        {"what": "event", "thread": str(uuid4()), "number": "1", "event": str(uuid4()), "by": cast.her_home},
        {"what": "erasure", "party": 7, "at": "yesterday"},
        {"what": "ask", "thread": str(uuid4()), "from": 10**12},
    ]
    for each in strange:
        assert not peer.send(each, now=at("2026-03-04T10:00"))
    found = [each for each in desk(at(NOON)) if each["way"] == "envelope" and each["peer"] == peer.name]
    assert [each["reason"] for each in found] == ["unreadable"] * len(strange)
    # A text that no table takes is refused by itself, and what is good goes in.
    nul = peer.item(
        "verification.answered", cast.her_home, uuid4(), "2026-03-03T09:00", clock={"result": "a\0b"}
    )
    many = [
        peer.item("no.such-kind", cast.her_home, uuid4(), "2026-03-03T09:00", facts={"x": {"y": "字" * 300}})
        for _ in range(120)
    ]
    assert peer.send(arrived, nul, answered, *many, now=at("2026-03-04T10:00"))
    enter_all("2026-03-04T10:00")
    assert cast.duties()["birth-reg-reply-15wd", "her_home"].state == "discharged"
    said = receipts(peer.collect(at("2026-03-04T10:01")))
    assert {each: said.count(each) for each in set(said)} == {"entered": 2, "refused": 1, "held": 120}
