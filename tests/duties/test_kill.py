"""SIGKILL at random moments while events are recorded and while the sweep runs: nothing lost, nothing twice."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from uuid import UUID, uuid5

from django.db import connection, transaction

from tests.duties.cast import Cast, at
from yipan.duties.naming import case_of
from yipan.duties.replay import replay, verify
from yipan.duties.sweep import sweep
from yipan.offices.permit import set_acting

RECORDER, SWEEPER = "tests.duties.recorder", "tests.duties.sweeper"
ROOT = Path(__file__).parents[2]
CASES = 3000


def _ids(residence: str) -> list[UUID]:
    space = UUID(int=int(residence))
    return [uuid5(space, str(number)) for number in range(CASES)]


def _start(program: str, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", program, *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)


def _recorded(residence: str, kind: str) -> list[UUID]:
    with transaction.atomic(), connection.cursor() as cursor:
        set_acting(residence, "test", [])
        cursor.execute("SELECT id FROM duties_event WHERE recorded_by = %s AND kind = %s", [residence, kind])
        return [row[0] for row in cursor.fetchall()]


def _kill_at_some_moment(process: subprocess.Popen[str], moments: random.Random) -> list[str]:
    """Let a process do some of its work, kill it, and return what it had said was done."""
    assert process.stdout is not None
    said = [process.stdout.readline()]
    time.sleep(moments.uniform(0.0, 0.25))
    process.send_signal(signal.SIGKILL)
    said += process.communicate()[0].splitlines(keepends=True)
    # A last line that was cut short says nothing.
    return [line.strip() for line in said if line.endswith("\n")]


def test_a_recorder_killed_thirty_times_loses_no_event_and_enters_none_twice(cast: Cast) -> None:
    moments = random.Random(20260302)  # noqa: S311  # the same moments on every run
    acknowledged: set[int] = set()
    for _ in range(30):
        start = max(0, max(acknowledged, default=0) - moments.randrange(5))
        process = _start(RECORDER, cast.residence, cast.her_home, cast.his_home, str(start), str(CASES))
        acknowledged.update(int(line) for line in _kill_at_some_moment(process, moments))
    ids = _ids(cast.residence)
    recorded = _recorded(cast.residence, "birth-registration.asked")
    assert len(recorded) == len(set(recorded))
    assert {ids[number] for number in acknowledged} <= set(recorded) <= set(ids)
    assert len(acknowledged) > 30
    replayed = replay([case_of(each) for each in recorded])
    assert (replayed.differences, replayed.duties) == ([], 3 * len(recorded))
    assert verify().faults == []


def test_a_sweep_killed_twenty_times_goes_on_where_it_was(cast: Cast) -> None:
    moments = random.Random(20260410)  # noqa: S311  # the same moments on every run
    process = _start(RECORDER, cast.residence, cast.her_home, cast.his_home, "0", "400")
    assert len(process.communicate()[0].splitlines()) == 400
    assert process.returncode == 0
    for _ in range(20):
        _kill_at_some_moment(_start(SWEEPER, cast.residence), moments)
    sweep(at("2026-04-10T09:00"))
    lapses = _recorded(cast.residence, "duty.lapsed")
    assert len(lapses) == len(set(lapses)) == 3 * 400
    assert replay([case_of(each) for each in _ids(cast.residence)[:400]]).differences == []
    assert verify().faults == []
