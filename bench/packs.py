"""How long the rule packs take to load in a process that has just begun: read, checked against each other, made a rulebook.

`python bench/packs.py` prints one line. The budget is one second.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
from typing import Final

BUDGET_MS: Final = 1000
TIMES: Final = 5
_LOAD: Final = """
import time
from yipan.database import pack_places, rule_packs
from yipan.law.check import check_packs
from yipan.law.definition import check_definitions, read_definitions
from yipan.law.pack import read_packs
from yipan.law.reading import Faults
from yipan.law.rulebook import Adoption, Rulebook
started, faults = time.perf_counter(), Faults()
packs = read_packs(rule_packs(), faults, pack_places())
definitions = read_definitions(rule_packs(), faults)
check_packs(packs, faults)
check_definitions(definitions, packs, faults)
Rulebook([Adoption(pack=pack) for pack in packs])
taken = (time.perf_counter() - started) * 1000
print(taken, len(packs), sum(len(each.rules) for each in packs), sum(len(each.kinds) for each in packs), len(definitions))
"""


def main() -> None:
    """Print how long it takes, and what was loaded."""
    taken: list[float] = []
    loaded: list[str] = []
    for _ in range(TIMES):
        said = subprocess.run([sys.executable, "-c", _LOAD], check=True, capture_output=True, text=True)  # noqa: S603  # our own interpreter
        first, *loaded = said.stdout.split()
        taken.append(float(first))
    packs, rules, kinds, definitions = loaded
    verdict = "within" if max(taken) <= BUDGET_MS else "OVER"
    print(
        f"{packs} packs with {rules} rules, {kinds} kinds and {definitions} definitions: median"
        f" {statistics.median(taken):.0f} ms, slowest {max(taken):.0f} ms ({verdict} the budget of {BUDGET_MS} ms)"
    )


if __name__ == "__main__":
    main()
