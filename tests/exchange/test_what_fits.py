"""What leaves fits into what the hub takes: much is cut into several envelopes, and what is too large for one is said to be missing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

from tests.duties.cast import at
from tests.exchange.peer import Peer, later
from tests.exchange.test_what_comes_and_leaves import NOON, asked, events, receipts
from yipan.exchange.envelope import LARGEST, seal
from yipan.exchange.nodes import packing
from yipan.exchange.nodes.own import own
from yipan.exchange.nodes.packing import pack_due, published
from yipan.exchange.nodes.peers import exchanging
from yipan.exchange.nodes.receiving import let_leave
from yipan.exchange.nodes.standing import desk
from yipan.exchange.nodes.tables import RECEIPT

if TYPE_CHECKING:
    import pytest

    from tests.duties.cast import Cast


def _receipt(number: int) -> dict[str, Any]:
    return {
        "thread": str(uuid4()), "number": number, "event": str(uuid4()), "state": "entered",
        "at": at(NOON).isoformat(), "reason": "",
    }  # fmt: skip


def test_the_receipts_of_a_long_backlog_leave_in_envelopes_that_the_hub_takes(cast: Cast, peer: Peer) -> None:
    assert cast.residence
    with exchanging() as cursor:
        said = [
            {"all": [_receipt(number) for number in range(start, start + 100)]}
            for start in range(0, 20_000, 100)
        ]
        let_leave(cursor, [(peer.name, RECEIPT, each) for each in said], at(NOON))
    sizes, came = [], 0
    while packed := [each for each in pack_due(later(NOON, minutes=1)) if each.peer == peer.name]:
        for each in packed:
            sizes.append(len(each.raw))
            came += sum(item["what"] == RECEIPT for item in peer.opened(each.raw).items)
            published(each, later(NOON, minutes=1))
    assert came == 20_000
    assert max(sizes) < LARGEST
    # Cut no finer than it must be: a thousand in each.
    assert len(sizes) == 20


def test_an_envelope_is_read_however_many_items_its_head_lists(cast: Cast, peer: Peer) -> None:
    assert cast.residence
    items = [{"what": RECEIPT, **_receipt(number)} for number in range(2000)]
    mine = own()
    _, raw = seal(
        items,
        sender=mine.name,
        recipient=peer.name,
        keys=mine.keys(),
        theirs=peer.keys.public,
        made_at=at(NOON),
    )
    assert peer.opened(raw).items == items


def test_what_is_too_large_for_an_envelope_lies_on_the_desk_and_its_place_is_said_to_be_empty(
    cast: Cast, peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(packing, "_LARGEST", 700)
        asked(cast, her_identity_number="500101199203154526")
        came: list[dict[str, Any]] = []
        while more := events(peer.collect(at(NOON))):
            came += more
    void = [each for each in came if each.get("void")]
    assert [(each["void"], "facts" in each) for each in void] == [("too-large", False)]
    assert len(came) > len(void)
    [found] = [each for each in desk(at(NOON)) if each["peer"] == peer.name]
    assert (found["state"], found["reason"]) == ("withheld", "too-large")
    assert not receipts(came)
