"""One world for all procedures: its clock is the procedure's, its offices promise what is owed at regular times."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.test.utils import override_settings

from tests.procedures.playing import CLOCK, HASHERS, OPENING, promise_regular_work
from yipan.database import rule_packs

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def promised(home: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Make the installation ready and let the offices of these tests promise regular work."""
    assert home.is_dir()
    from yipan.duties.ready import make_ready  # noqa: PLC0415  # Django is set up by `home`

    make_ready(rule_packs(), OPENING)
    promise_regular_work(tmp_path_factory.mktemp("packs"))


@pytest.fixture
def playground(promised: None) -> Iterator[None]:  # noqa: ARG001  # the offices have promised
    """Give the procedures' clock, and passwords that cost nothing, while one of them is played."""
    with override_settings(CLOCK=CLOCK, PASSWORD_HASHERS=HASHERS):
        yield
