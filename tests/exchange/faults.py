"""Faults at random, the same for the same seed: lines cut in one place or another, the hub killed, nodes killed."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.exchange.provinces import Provinces


@dataclass
class Faults:
    """What goes wrong."""

    provinces: Provinces
    seed: int
    random: random.Random = field(init=False)

    def __post_init__(self) -> None:
        """Say the seed, so that a run can be had again."""
        print(f"seed {self.seed}")  # noqa: T201  # shown where it failed
        self.random = random.Random(self.seed)  # noqa: S311  # chance, no secret

    def one(self) -> None:
        """Let one thing go wrong, or be mended."""
        node = self.random.choice(sorted(self.provinces.nodes.values(), key=lambda each: each.name))
        what = self.random.choice(("cut", "mend", "kill node", "kill hub", "nothing"))
        if what == "cut":
            node.line.cut()
        elif what == "mend":
            node.line.mend()
        elif what == "kill node":
            node.kill()
            node.carry()
        elif what == "kill hub":
            self.provinces.hub.kill()
            self.provinces.hub.start()

    def end(self) -> None:
        """Mend everything."""
        for each in self.provinces.nodes.values():
            each.line.mend()
