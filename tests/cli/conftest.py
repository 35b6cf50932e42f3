"""Two installations: one without accounts, where the local operator acts, and one with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.cli.program import Installation, Program, new_installation

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def installation() -> Iterator[Installation]:
    """Give an installation without accounts."""
    made = new_installation()
    yield made
    made.remove()


@pytest.fixture
def yipan(installation: Installation) -> Program:
    """Give the program in the installation without accounts."""
    return installation.program


@pytest.fixture(scope="session")
def staffed() -> Iterator[Program]:
    """Give the program in an installation with three accounts: a clerk, her head, a data officer of the nation."""
    made = new_installation()
    for username, name, office, role in (
        ("he.jing", "何静", "440104001", "clerk"),
        ("liang.min", "梁敏", "440104001", "head"),
        ("zhao.lei", "赵蕾", "00", "data-officer"),
    ):
        made.program.json("officers", "add", username, "--name", name, "--office", office, "--role", role)
    yield made.program
    made.remove()


@pytest.fixture
def bare(tmp_path: Path) -> Program:
    """Give the program with a data folder that is not there: what only computes must not make it."""
    return Program(home=tmp_path / "not-there")
