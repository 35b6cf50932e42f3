"""Whatever is killed, in whatever order, the next user gets in and finds what was committed."""

from __future__ import annotations

import random
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from tests.database.users import begin, kill_all, run, until_nobody_uses

ROUNDS = 60
HALF = 0.5

WRITE = """
import sys, psycopg
from yipan import database
with psycopg.connect(**database.connect_info("owner")) as connection:
    connection.execute("CREATE TABLE IF NOT EXISTS line (number int)")
for number in range(1_000_000):
    with psycopg.connect(**database.connect_info("owner")) as connection:
        connection.execute("INSERT INTO line VALUES (%s)", [number])
    print(number, flush=True)
"""
COUNT = """
import psycopg
from yipan import database
with psycopg.connect(**database.connect_info("owner")) as connection:
    print(connection.execute("SELECT count(*) FROM line").fetchone()[0])
"""


def victims(home: Path) -> list[psutil.Process]:
    """Return the server and its keeper, where they live."""
    found = []
    with suppress(FileNotFoundError, ValueError, psutil.NoSuchProcess):
        server = psutil.Process(int((home / "postgres" / "postmaster.pid").read_text().split("\n", 1)[0]))
        found = [each for each in (server, server.parent()) if each and each.pid != 1]
    return found


@pytest.mark.soak
def test_sixty_rounds_of_killing_lose_nothing_that_was_committed() -> None:
    dice = random.Random(20091001)  # noqa: S311 (a die, not a key)
    home = Path(tempfile.mkdtemp(prefix="yk-"))
    said = 0
    for _ in range(ROUNDS):
        writer = begin(home, WRITE)
        assert writer.stdout is not None
        for _ in range(dice.randrange(0, 8)):
            assert writer.stdout.readline(), "the writer did not get in"
            said += 1
        for each in victims(home):
            if dice.random() < HALF:
                with suppress(psutil.NoSuchProcess):
                    each.kill()
        writer.kill()
        # What it said and we had not read was committed as well.
        said += len(writer.communicate()[0].splitlines())
    done = run(COUNT, home)
    assert done.returncode == 0, done.stderr
    # A line may have been committed by a writer that was killed before it said so.
    assert said <= int(done.stdout) <= said + ROUNDS
    kill_all()
    until_nobody_uses(home)
    shutil.rmtree(home)
