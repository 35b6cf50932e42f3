"""The page of the exchange: quiet where there is none, and where there is one, peers, what waits and what was refused."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

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
    from yipan.exchange.nodes.entering import enter_ready  # noqa: PLC0415  # Django is set up by `home`

    def unheard() -> None:
        node.send(node.item("no.such-kind", "542301001", uuid4(), "2026-02-27T09:00"), now=MONDAY)
        enter_ready(MONDAY)

    house.elsewhere(unheard)
    page = house.signed_in("fan")
    page.get_by_role("link", name="跨省互联").click()
    said = page.inner_text("main")
    assert node.name in said
    assert "已信任" in said
    assert (
        "本节点的规则包里没有这种记录，采用后自动再试：no.such-kind"
        in page.get_by_role("region", name="未能登记的来往").inner_text()
    )
    page.get_by_role("button", name="全部重试").click()
    [told] = page.get_by_role("status").all()
    assert re.fullmatch(r"重试了 [1-9]\d* 件。", told.inner_text())


def test_the_board_shows_what_each_node_published_and_who_published_nothing(house: House, node: Peer) -> None:
    from yipan.exchange.envelope import sign  # noqa: PLC0415  # Django is set up by `home`
    from yipan.exchange.nodes.board import hear  # noqa: PLC0415  # the same

    silent = Peer(name="peer-silent", serves=("5424",))

    def publish() -> None:
        silent.introduce(MONDAY)
        words = []
        for back in (1, 2):
            day = MONDAY.date() - timedelta(days=back)
            said = {"kept": {"542301": 40, "others": 12}, "lapsed": {"542301": 11}}
            word = sign({"node": node.name, "day": day.isoformat(), **said}, node.name, node.keys)
            words.append((node.name, day, word))
        assert hear(words, MONDAY) == len(words)

    house.elsewhere(publish)
    page = house.signed_in("fan")
    page.goto("/nodes")
    board = page.get_by_role("region", name="各省近七日")
    quiet, theirs = (board.get_by_role("row").filter(has_text=name) for name in (silent.name, node.name))
    assert "未公布" in quiet.inner_text()
    assert [theirs.locator("td").nth(at).inner_text() for at in (1, 2)] == ["104", "22"]
    theirs.locator("summary").click()
    assert "按时履行 80，逾期 22" in theirs.inner_text()
    assert "按时履行 24，逾期 —" in theirs.inner_text()
    assert "其他县" in theirs.inner_text()


def test_a_clerk_does_not_see_the_exchange(house: House) -> None:
    page = house.signed_in("limin")
    assert page.get_by_role("link", name="跨省互联").count() == 0
    answer = page.goto("/nodes")
    assert answer
    assert answer.status == 403
