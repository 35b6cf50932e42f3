"""The page of the exchange: quiet where there is none, and where there is one, peers, what waits and what was refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.exchange.peer import Peer
from tests.web.conftest import MONDAY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.web.conftest import House


@pytest.fixture
def node(house: House) -> Iterator[Peer]:
    """Make this installation a node that knows one peer, while the test runs."""
    from yipan.database import home as data_folder  # noqa: PLC0415  # Django is set up by `home`
    from yipan.exchange.nodes.own import init  # noqa: PLC0415  # the same

    peer = Peer(name="peer-page", serves=("5423",))

    def begin() -> None:
        init("guangdong", "广东", ("44",), "nats://127.0.0.1:1")
        peer.introduce(MONDAY)

    house.elsewhere(begin)
    yield peer
    (data_folder() / "node.json").unlink()


def test_an_installation_by_itself_says_that_it_exchanges_with_nobody(house: House) -> None:
    page = house.signed_in("fan")
    page.goto("/nodes")
    assert "本系统没有与其他节点互联" in page.inner_text("main")


def test_a_node_shows_its_peers_and_takes_up_again_what_lies_on_the_desk(house: House, node: Peer) -> None:
    page = house.signed_in("fan")
    page.goto("/nodes")
    said = page.inner_text("main")
    assert node.name in said
    assert "已信任" in said
    assert "未能登记的来往" in said


def test_a_clerk_does_not_see_the_exchange(house: House) -> None:
    page = house.signed_in("limin")
    answer = page.goto("/nodes")
    assert answer
    assert answer.status == 403
