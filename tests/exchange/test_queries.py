"""A query from another province arrives and is owed an answer; taken back, it is owed no more; what cannot arrive is named."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

from tests.duties.cast import at
from tests.exchange.peer import Peer, later
from tests.exchange.test_what_comes_and_leaves import NOON, events, receipts
from yipan.duties.faults import UnknownThreadError
from yipan.duties.lawbook import lawbook
from yipan.duties.travelling import ELSEWHERE
from yipan.exchange.nodes import finishing
from yipan.exchange.nodes.entering import enter_in_turn, enter_ready, retry
from yipan.exchange.nodes.finishing import arrival_of, finish
from yipan.exchange.nodes.standing import desk

if TYPE_CHECKING:
    import pytest

    from tests.duties.cast import Cast


def query(cast: Cast, peer: Peer) -> dict[str, Any]:
    """Ask her home about an address, and return the question as it travels."""
    about = {
        "name": "李秀兰",
        "points": "请核对住址",
        "service": "生育登记",
        "agrees": True,
        "priority": "normal",
    }
    cast.act(cast.residence, "office.opened", "2026-03-01T10:00")
    said: dict[str, Any] = {**about, "asked": cast.her_home, "channel": "system"}
    cast.thread = cast.act(cast.residence, "query.sent", "2026-03-02T10:00", **said).threads[0]
    [question] = events(peer.collect(at(NOON)))
    return question


def turned(cast: Cast, peer: Peer, sent: dict[str, Any], thread: UUID, when: str) -> dict[str, Any]:
    """Return an item that we sent as if her home's node had sent it to us."""
    other = {cast.residence: cast.her_home, cast.her_home: cast.residence}
    kept = {name: sent[name] for name in ("what", "clock", "facts", "persons") if name in sent}
    parties = {role: [other[one] for one in held] for role, held in sent["parties"].items()}
    cast.touched.add(thread)
    return peer.item(sent["kind"], cast.her_home, thread, when, **kept, parties=parties)


def test_a_query_that_arrives_from_elsewhere_is_owed_an_answer_as_urgent_as_it_was_sent(
    cast: Cast, peer: Peer
) -> None:
    question, theirs = query(cast, peer), uuid4()
    assert peer.send(turned(cast, peer, question, theirs, "2026-03-02T10:00"), now=at(NOON))
    enter_ready(at(NOON))
    assert cast.kinds(theirs) == ["query.sent", "query.arrived"]
    assert cast.duties(theirs)["prd-query-reply-15wd", ""].opened_at == at(NOON)
    assert receipts(peer.collect(later(NOON, minutes=1))) == ["entered"]


def test_what_came_in_while_arrivals_were_about_to_be_told_arrives_when_it_came(
    cast: Cast, peer: Peer
) -> None:
    question, theirs = query(cast, peer), uuid4()
    began = at(NOON)
    came = began + timedelta(milliseconds=40)
    assert peer.send(turned(cast, peer, question, theirs, "2026-03-02T10:00"), now=came)
    assert enter_in_turn(came)
    assert finish(began)
    assert not [each for each in desk(came) if each["peer"] == peer.name]
    assert cast.duties(theirs)["prd-query-reply-15wd", ""].opened_at == came
    assert receipts(peer.collect(later(NOON, minutes=1))) == ["entered"]


def test_an_agreement_taken_back_after_the_question_left_releases_the_answer_on_both_sides(
    cast: Cast, peer: Peer
) -> None:
    question, theirs = query(cast, peer), uuid4()
    reply = ("prd-query-reply-15wd", "")
    parties = {"asker": [cast.residence], "asked": [cast.her_home]}
    clock = {"channel": "node", "priority": "normal"}
    thread = UUID(question["thread"])
    arrived = peer.item("query.arrived", cast.her_home, thread, NOON, parties=parties, clock=clock)
    assert peer.send(arrived, now=later(NOON, minutes=1))
    enter_ready(later(NOON, minutes=1))
    assert cast.duties()[reply].state == "open"
    # What she takes back leaves without a word about her, and the duty ends here.
    cast.step(cast.residence, "query.agreement-withdrawn", "2026-03-03T10:00", agrees=False)
    withdrawn = events(peer.collect(at("2026-03-03T10:01")))[-1]
    assert (withdrawn["kind"], withdrawn["clock"]["agrees"]) == ("query.agreement-withdrawn", False)
    assert "李秀兰" not in str(withdrawn)
    assert cast.duties()[reply].state == "released"
    # The same two, said to us by the other side, end what we owe.
    now = at("2026-03-03T11:00")
    assert peer.send(turned(cast, peer, question, theirs, "2026-03-03T10:30"), now=now)
    enter_ready(now)
    assert cast.duties(theirs)[reply].state == "open"
    assert peer.send(turned(cast, peer, withdrawn, theirs, "2026-03-03T11:30"), now=at("2026-03-03T11:31"))
    enter_ready(at("2026-03-03T11:31"))
    assert cast.duties(theirs)[reply].state == "released"


def test_what_came_and_whose_arrival_cannot_be_written_lies_on_both_desks_until_it_is(
    cast: Cast, peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    question, theirs = query(cast, peer), uuid4()

    def refuse(*_drafts: object, **_more: object) -> None:
        raise UnknownThreadError(thread=theirs)

    with monkeypatch.context() as patched:
        patched.setattr(finishing, "record", refuse)
        assert peer.send(turned(cast, peer, question, theirs, "2026-03-02T10:00"), now=at(NOON))
        enter_ready(at(NOON))
    [found] = [each for each in desk(at(NOON)) if each["peer"] == peer.name]
    assert found["state"] == "refused"
    assert found["reason"].startswith("arrival: unknown-case")
    assert receipts(peer.collect(later(NOON, minutes=1))) == ["refused"]
    assert retry(later(NOON, minutes=2))
    assert cast.kinds(theirs) == ["query.sent", "query.arrived"]
    assert not [each for each in desk(at(NOON)) if each["peer"] == peer.name]
    assert receipts(peer.collect(later(NOON, minutes=3))) == ["entered"]


def test_whatever_travels_as_a_message_says_all_that_its_arrival_must_say(cast: Cast) -> None:
    assert cast.residence
    book, day = lawbook(), at(NOON).date()
    travelling = [
        each
        for each in book.kinds(day).values()
        if each.reaches and ELSEWHERE in getattr(each.fields.get("channel"), "choices", ())
    ]
    assert {"query.sent", "verification.asked", "consultation.asked"} <= {each.name for each in travelling}
    for kind in travelling:
        arrival = arrival_of(kind, book, day)
        assert arrival, kind.name
        needed = {each.name for each in arrival.fields.values() if each.required}
        said = {each.name for each in kind.fields.values() if each.required and each.clock}
        assert needed <= said, kind.name
