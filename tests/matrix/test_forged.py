"""A seeded sample of forged and shifted ids; ten thousand are asked by `python -m tests.proof.forged`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.proof.forged import attack

if TYPE_CHECKING:
    from tests.matrix.world import World


def test_ids_that_are_not_hers_show_nobody_anything_and_break_nothing(world: World) -> None:
    found = attack(world, 500, 20261122)
    assert (found.leaks, found.errors) == ([], [])
    assert found.asked == 500
