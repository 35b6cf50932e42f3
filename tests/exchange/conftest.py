"""Provinces as they run, each with a copy of a data folder that was set up once; and one installation with peers that a test plays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.duties.cast import Cast, at, new_cast
from tests.duties.conftest import installation
from tests.exchange.peer import Peer
from tests.exchange.provinces import (
    CHONGQING,
    GUANGDONG,
    GUANGXI,
    HER_HOME,
    HIS_HOME,
    RESIDENCE,
    Provinces,
    make_provinces,
)
from yipan.database import home as data_folder
from yipan.duties.replay import replay, verify
from yipan.exchange.nodes.own import init

__all__ = ["installation", "three"]

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from uuid import UUID


@pytest.fixture(scope="module")
def three() -> Iterator[Provinces]:
    """Give Guangdong, Chongqing and Guangxi, that trust each other and carry; when they are taken away each journal proves itself."""
    made = make_provinces((GUANGDONG, CHONGQING, GUANGXI))
    for node, office in zip(made, (RESIDENCE, HER_HOME, HIS_HOME), strict=True):
        node.program.record("office.opened", office)
        node.carry()
    yield made
    made.remove()


@pytest.fixture(scope="module")
def journal(installation: Path) -> Iterator[set[UUID]]:
    """Give the cases that tests touch; at the end they are replayed and compared, and every chain is verified."""
    assert installation.is_dir()
    touched: set[UUID] = set()
    yield touched
    assert replay(sorted(touched)).differences == []
    assert verify().faults == []


@pytest.fixture
def cast(journal: set[UUID]) -> Iterator[Cast]:
    """Give offices of one's own in an installation that is a node while the test runs."""
    init("guangdong", "广东", ("44",), "nats://127.0.0.1:1")
    made = new_cast()
    yield made
    (data_folder() / "node.json").unlink()
    journal |= made.touched


@pytest.fixture
def peer(cast: Cast) -> Peer:
    """Give a peer that serves her home alone."""
    made = Peer(name=f"peer-{cast.her_home}", serves=(cast.her_home,))
    made.introduce(at("2026-03-01T09:00"))
    return made
