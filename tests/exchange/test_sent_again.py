"""What has no receipt is sent again: soon where something sent later has one, rarely while its receiver may only be away."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from tests.duties.cast import at
from tests.exchange.peer import Peer, later
from tests.exchange.test_what_comes_and_leaves import NOON, asked, events
from yipan.exchange.nodes.packing import pack_due, send_again

if TYPE_CHECKING:
    from tests.duties.cast import Cast


def _receipts(came: list[dict[str, Any]], when: str) -> list[dict[str, Any]]:
    said = {"what": "receipt", "state": "entered", "at": at(when).isoformat(), "reason": ""}
    return [{**said, **{name: each[name] for name in ("thread", "number", "event")}} for each in came]


def test_what_rests_with_the_hub_is_not_sent_again_every_moment(cast: Cast, peer: Peer) -> None:
    asked(cast)
    first = events(peer.collect(at(NOON)))
    sent = [
        minutes for minutes in range(10, 24 * 60, 10) if events(peer.collect(later(NOON, minutes=minutes)))
    ]
    assert first
    # Ever more rarely: a day away brings a handful of copies, and not one every few minutes.
    assert sent == [10, 30, 70, 150, 310, 630, 1270]


def test_what_was_overtaken_is_sent_again_soon(cast: Cast, peer: Peer) -> None:
    asked(cast)
    lost = events(peer.collect(at(NOON)))
    asked(cast)
    came = events(peer.collect(later(NOON, minutes=1)))
    assert {each["thread"] for each in lost}.isdisjoint(each["thread"] for each in came)
    now = later(NOON, minutes=2)
    assert peer.send(*_receipts(came, NOON), now=now)
    assert events(peer.collect(now + timedelta(seconds=19))) == []
    again = events(peer.collect(now + timedelta(seconds=20)))
    assert [each["event"] for each in again] == [each["event"] for each in lost]
    # Once it has its receipt, nothing is sent any more.
    assert peer.send(*_receipts(lost, NOON), now=later(NOON, minutes=3))
    assert events(peer.collect(later(NOON, minutes=60 * 24))) == []


def test_what_the_hub_held_before_its_boxes_were_made_anew_is_sent_again_at_once(
    cast: Cast, peer: Peer
) -> None:
    asked(cast)
    lost = events(peer.collect(at(NOON)))
    now = later(NOON, minutes=2)
    assert events(peer.collect(now)) == []
    assert send_again(later(NOON, minutes=1), now)
    assert [each["event"] for each in events(peer.collect(now))] == [each["event"] for each in lost]


def test_the_hub_never_takes_one_nodes_message_for_anothers(cast: Cast, peer: Peer) -> None:
    asked(cast)
    [packed] = [each for each in pack_due(at(NOON)) if each.peer == peer.name]
    # Every node counts its rows from one: the same rows, sent to the same peer by another node.
    other = replace(packed, sender="guangxi")
    assert other.message_id != packed.message_id
    assert replace(other, sender=packed.sender).message_id == packed.message_id


def test_what_waits_with_a_busy_peer_is_not_sent_again_while_its_receipts_come_on(
    cast: Cast, peer: Peer
) -> None:
    sent = []
    for minute in range(4):
        asked(cast)
        sent.append(events(peer.collect(later(NOON, minutes=minute))))
    # It works through its box: every six minutes the receipts of one more.
    for number, minutes in enumerate((6, 12, 18)):
        assert peer.send(*_receipts(sent[number], NOON), now=later(NOON, minutes=minutes))
        assert events(peer.collect(later(NOON, minutes=minutes + 5))) == []
    # Then no more come: what has none may be lost after all.
    assert events(peer.collect(later(NOON, minutes=27))) == []
    [again] = [events(peer.collect(later(NOON, minutes=28)))]
    assert {each["event"] for each in again} == {each["event"] for each in sent[3]}


def test_receipts_that_go_no_further_put_nothing_off(cast: Cast, peer: Peer) -> None:
    asked(cast)
    first = events(peer.collect(at(NOON)))
    asked(cast)
    lost = events(peer.collect(later(NOON, minutes=1)))
    for minutes in (2, 6, 10):
        # The same said again and again, as when a receipt was lost.
        assert peer.send(*_receipts(first, NOON), now=later(NOON, minutes=minutes))
    again = events(peer.collect(later(NOON, minutes=12)))
    assert {each["event"] for each in again} == {each["event"] for each in lost}


def test_what_was_overtaken_is_sent_again_though_receipts_come_on(cast: Cast, peer: Peer) -> None:
    asked(cast)
    lost = events(peer.collect(at(NOON)))
    for minute in (1, 2):
        asked(cast)
        came = events(peer.collect(later(NOON, minutes=minute)))
        assert peer.send(*_receipts(came, NOON), now=later(NOON, minutes=minute))
        again = events(peer.collect(later(NOON, minutes=minute) + timedelta(seconds=50)))
        assert {each["event"] for each in again} == {each["event"] for each in lost}
