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
def world(home: Path) -> Iterator[World]:
    """Give the world, its clock standing still."""
    assert home.is_dir()
    from tests.matrix.world import NOW, make_world  # noqa: PLC0415  # Django is set up by `home`
    from yipan.duties.ready import make_ready  # noqa: PLC0415  # the same

    make_ready(rule_packs(), datetime.now(ZoneInfo("Asia/Shanghai")))
    from django.conf import settings  # noqa: PLC0415  # the same

    before = getattr(settings, "CLOCK", None)
    made = make_world()
    settings.CLOCK = lambda: NOW
    yield made
    if before is None:
        del settings.CLOCK  # type: ignore[misc]  # set above
    else:
        settings.CLOCK = before
