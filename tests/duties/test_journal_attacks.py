"""Whoever owns the tables and changes what a checkpoint covers is found, whatever she does; and what no chain can find."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.duties.cast import at, new_cast
from tests.proof.journal import ATTACKS, ON_LOOKS, attacked, found, recompute_the_chain, work
from yipan.duties import checkpoint

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: What leaves a chain without a fault: only the checkpoint that lies elsewhere tells.
BY_CHECKPOINT_ALONE = {
    "a whole chain truncated",
    "an entry changed, the whole chain computed anew (a fork)",
    "the last entries deleted and the head rolled back",
    "an older copy of the database brought back",
    ON_LOOKS,
}


@pytest.fixture(scope="module")
def scene(installation: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """Give a folder with two checkpoints, and the office that worked before and between them."""
    assert installation.is_dir()
    folder = tmp_path_factory.mktemp("elsewhere")
    office = work(folder)
    yield folder, office
    del os.environ["YIPAN_CHECKPOINTS"]


def test_an_untouched_journal_has_no_fault(scene: tuple[Path, str]) -> None:
    assert found(scene[0]) == ([], [])


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_by_the_owner_of_the_tables_is_found_against_a_checkpoint(
    scene: tuple[Path, str], name: str
) -> None:
    folder, office = scene
    with attacked(ATTACKS[name], office):
        faults, alone = found(folder, name)
    assert any(office in fault for fault in faults)
    assert (alone == []) == (name in BY_CHECKPOINT_ALONE)


def test_afterwards_everything_is_as_it_was(scene: tuple[Path, str]) -> None:
    assert found(scene[0]) == ([], [])
    assert found(scene[0], ON_LOOKS) == ([], [])


def test_what_is_younger_than_the_last_checkpoint_can_be_written_anew_unseen(scene: tuple[Path, str]) -> None:
    folder, _ = scene
    cast = new_cast()
    cast.open_offices()
    cast.ask("2026-03-03T10:00")
    with attacked(recompute_the_chain, cast.residence):
        assert found(folder) == ([], [])
    assert checkpoint.take(at("2026-03-03T11:00")) is not None
    with attacked(recompute_the_chain, cast.residence):
        assert any(cast.residence in fault for fault in found(folder)[0])
