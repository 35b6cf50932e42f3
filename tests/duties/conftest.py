"""Every test of the heart ends with the one law for the whole journal: what the fold rebuilds is what the table has."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from tests.duties.cast import Cast, new_cast
from yipan.database import rule_packs

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def installation(home: Path) -> Path:
    """Give an installation after its first use: every office known, the law adopted."""
    from yipan.duties.ready import make_ready  # noqa: PLC0415  # after Django is set up

    make_ready(rule_packs(), datetime.now(ZoneInfo("Asia/Shanghai")))
    return home


@pytest.fixture
def cast(installation: Path) -> Iterator[Cast]:
    """Give offices of one's own; afterwards the touched threads are replayed and compared."""
    assert installation.is_dir()
    from yipan.duties.replay import replay  # noqa: PLC0415  # after Django is set up

    made = new_cast()
    yield made
    assert replay(sorted(made.touched)).differences == []
