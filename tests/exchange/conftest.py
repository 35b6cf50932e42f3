"""A data folder set up once, copied for each province."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.duties.conftest import installation
from tests.exchange.provinces import CHONGQING, GUANGDONG, Provinces, made_installation, make_provinces

__all__ = ["installation", "template", "two"]

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def template() -> Iterator[Path]:
    """Give a data folder that is set up and at rest."""
    made = made_installation()
    yield made
    shutil.rmtree(made)


@pytest.fixture
def two(template: Path) -> Iterator[Provinces]:
    """Give Guangdong and Chongqing, that trust each other; afterwards they agree, and each journal proves itself."""
    made = make_provinces(template, (GUANGDONG, CHONGQING))
    yield made
    made.remove()
