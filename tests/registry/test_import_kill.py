"""SIGKILL in the middle of an import, fifty times: nobody is lost and nobody comes in twice."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from django.db import connection, transaction

from tests.duties.cast import townships
from tests.registry.rosters import text
from yipan.duties.replay import replay, verify
from yipan.offices.permit import set_acting
from yipan.registry.checking import compare
from yipan.registry.matching import check_digit

ROOT = Path(__file__).parents[2]
KILLS, PEOPLE = 50, 12_000


def _roster() -> bytes:
    rows = [["姓名", "身份证号", "流入日期"]]
    for at in range(PEOPLE):
        body = f"450921{1960 + at // 10_000:04d}{at // 1000 % 10 + 1:02d}15{at % 1000:03d}"
        rows.append([f"李{chr(0x4E00 + at)}", body + check_digit(body), "2024-03-02"])
    return text(rows)


def _next(program: subprocess.Popen[str]) -> str:
    assert program.stdout is not None
    return program.stdout.readline().strip()


def _begin(program: subprocess.Popen[str]) -> int:
    """Start another child, and return its process."""
    assert program.stdin is not None
    program.stdin.write("again\n")
    program.stdin.flush()
    word, pid = _next(program).split()
    assert word == "pid"
    return int(pid)


def _end(program: subprocess.Popen[str]) -> int:
    """Hear a child to its end and return how it ended."""
    while not (line := _next(program)).startswith("end"):
        assert line.isdigit(), line
    return int(line.split()[1])


def _killed_again_and_again(program: subprocess.Popen[str]) -> int:
    """Kill child after child at some moment, and return how many were killed before they were done."""
    moments = random.Random(20261121)  # noqa: S311  # the same moments every time
    killed = 0
    for _ in range(KILLS):
        child = _begin(program)
        time.sleep(moments.uniform(0.02, 0.5))
        os.kill(child, signal.SIGKILL)
        killed += _end(program) == -signal.SIGKILL
    return killed


def _counts(office: str) -> dict[str, int]:
    tables = {
        "people": "SELECT count(*), count(DISTINCT number_digest) FROM registry_person WHERE organisation = %s",
        "events": "SELECT count(*), count(DISTINCT thread_id) FROM duties_event WHERE recorded_by = %s",
        "duties": "SELECT count(*), count(DISTINCT thread_id) FROM duties_duty WHERE owed_by = %s",
    }
    found = {}
    with transaction.atomic(), connection.cursor() as cursor:
        set_acting(office, "test", [])
        for name, query in tables.items():
            cursor.execute(query, [office])
            found[name], found[f"different {name}"] = cursor.fetchone()
    return found


def test_an_import_killed_fifty_times_loses_nobody_and_doubles_nobody(
    installation: Path, tmp_path: Path
) -> None:
    assert installation.is_dir()
    office = townships("4509", "4510", 40)
    file = tmp_path / "名册.csv"
    file.write_bytes(_roster())
    command = [sys.executable, "-m", "tests.registry.importer", str(file), office]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as program:
        killed = _killed_again_and_again(program)
        there = _counts(office)["people"]
        assert killed == KILLS, "it was done before the last kill: the roster is too short"
        assert there % 100 == 0, "a part is entered whole or not at all"
        _begin(program)
        assert _end(program) == 0
    once = dict.fromkeys(("people", "different people", "duties", "different duties"), PEOPLE)
    statement = {"events": PEOPLE + 1, "different events": PEOPLE + 1}
    assert _counts(office) == once | statement
    assert not verify().faults
    assert not replay().differences
    assert not compare().differences
