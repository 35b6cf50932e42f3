"""The world of the matrix, made once for all of its tests, its clock standing still."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from yipan.database import rule_packs

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.matrix.world import World


@pytest.fixture(scope="session")
def made(home: Path) -> World:
    """Make the world, its clock standing still."""
    assert home.is_dir()
    from tests.matrix.world import make_world, standing_still  # noqa: PLC0415  # Django is set up by `home`
    from yipan.duties.ready import make_ready  # noqa: PLC0415  # the same

    make_ready(rule_packs(), datetime.now(ZoneInfo("Asia/Shanghai")))
    with standing_still():
        return make_world()


@pytest.fixture
def world(made: World) -> Iterator[World]:
    """Give the world; its clock stands still while a test asks."""
    from tests.matrix.world import standing_still  # noqa: PLC0415  # Django is set up by `home`

    with standing_still():
        yield made
