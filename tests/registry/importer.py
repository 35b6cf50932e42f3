"""Imports a roster again and again, each time in a child that the test may kill: `FILE OFFICE`, a line on stdin each.

The loaded program is forked, so that fifty kills do not cost fifty starts.
"""

from __future__ import annotations

import os
import sys
from datetime import datetime
from pathlib import Path

import django

#: Rows of a part: small, so that a kill falls between and inside many of them.
ROWS = 100


def once(file: Path, office: str) -> None:
    """Import the file, saying how many rows have been entered after each part."""
    from tests.duties.cast import permit  # noqa: PLC0415
    from yipan.law.deadline import SHANGHAI  # noqa: PLC0415  # after Django is set up
    from yipan.registry import running  # noqa: PLC0415
    from yipan.registry.intake import STATEMENT  # noqa: PLC0415
    from yipan.registry.sheets import open_roster  # noqa: PLC0415

    def clock() -> datetime:
        return datetime.now(SHANGHAI)

    def told(_: int, entered: int) -> None:
        sys.stdout.write(f"{entered}\n")
        sys.stdout.flush()

    running.run(
        permit(office, clock()),
        open_roster(file, file.name),
        ground=STATEMENT,
        division=office,
        clock=clock,
        told=told,
    )


def main() -> None:
    """Fork a child for every line that is read, and say when it has ended."""
    file, office = Path(sys.argv[1]), sys.argv[2]
    django.setup()
    from django.db import connections  # noqa: PLC0415  # after Django is set up

    from yipan.offices.placeindex import read_gazetteer  # noqa: PLC0415
    from yipan.registry import staging  # noqa: PLC0415

    staging.PART = ROWS  # type: ignore[misc]  # for these runs alone
    read_gazetteer()
    connections.close_all()
    for _ in sys.stdin:
        child = os.fork()
        if not child:
            sys.stdout.write(f"pid {os.getpid()}\n")
            sys.stdout.flush()
            once(file, office)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"end {os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
