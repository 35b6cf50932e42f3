"""A succession proved: the two chains fit, a cut or a longer one is found, and a run that was killed goes on."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.db import connection, transaction

from tests.duties.heirs import VERIFY, another, asked_of_her_home, take_over, threads_of
from tests.duties.test_proof import _tampering
from yipan.duties import reorganising
from yipan.duties.replay import replay, verify
from yipan.law.rulebook import UnknownKindError
from yipan.offices.permit import set_acting

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from tests.duties.cast import Cast

ROOT = Path(__file__).parents[2]
#: The end of a chain out of sight, and its head forged to fit what is left.
HIDE = "UPDATE duties_event SET recorded_by = recorded_by || '?' WHERE recorded_by = %s AND kind = 'office.succeeded'"
SHOW = (
    "UPDATE duties_event SET recorded_by = trim('?' from recorded_by)"
    " WHERE recorded_by = %s || '?' AND kind = 'office.succeeded'"
)
FORGE = (
    "UPDATE duties_chainhead SET (seq, digest) = (SELECT seq, digest FROM duties_event"
    " WHERE recorded_by = organisation ORDER BY seq DESC LIMIT 1) WHERE organisation = %s"
)


def test_a_chain_cut_at_its_end_with_a_forged_head_is_found_by_its_successors_chain(cast: Cast) -> None:
    asked_of_her_home(cast)
    heir = another()
    take_over(cast, cast.her_home, heir, "2026-03-05T10:00")
    with _tampering(HIDE, SHOW, cast.her_home):
        with _tampering(FORGE, "SELECT %s", cast.her_home):
            faults = verify().faults
        assert any(cast.her_home in each and f"{heir} took over another end" in each for each in faults)
    with _tampering(FORGE, "SELECT %s", cast.her_home):
        assert verify().faults == []


def test_a_chain_that_went_on_after_its_end_is_found(cast: Cast) -> None:
    asked_of_her_home(cast)
    take_over(cast, cast.her_home, another(), "2026-03-05T10:00")
    # Somebody who owns the machine lets the end and the first entry change places.
    swap = "UPDATE duties_event SET seq = %s - seq WHERE recorded_by = %s AND kind IN ('office.succeeded', 'office.opened')"
    with connection.cursor() as cursor:
        cursor.execute("SELECT seq + 1 FROM duties_chainhead WHERE organisation = %s", [cast.her_home])
        [both] = cursor.fetchone()
    with _tampering(
        "ALTER TABLE duties_event DROP CONSTRAINT one_event_at_each_place_of_a_chain", "SELECT 1"
    ):
        pass
    try:
        with _tampering(swap, swap, both, cast.her_home):
            assert any("the chain ended at 1 and went on" in each for each in verify().faults)
    finally:
        mend = "ALTER TABLE duties_event ADD CONSTRAINT one_event_at_each_place_of_a_chain UNIQUE (recorded_by, seq)"
        with _tampering(mend, "SELECT 1"):
            pass
    assert verify().faults == []


def test_a_succession_that_was_stopped_before_the_taking_over_is_told_by_the_proof(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked_of_her_home(cast)
    heir = another()
    monkeypatch.setattr(reorganising, "TAKING_KIND", "no-such-kind")
    with pytest.raises(UnknownKindError, match="no-such-kind"):
        take_over(cast, cast.her_home, heir, "2026-03-05T10:00")
    assert any("run offices succeed again" in each for each in verify().faults)
    monkeypatch.undo()
    again = take_over(cast, cast.her_home, heir, "2026-03-05T10:05")
    assert (again.cases, again.moved) == (2, 0)
    assert verify().faults == []


def test_a_succession_killed_ten_times_is_resumed_and_does_nothing_twice(cast: Cast) -> None:
    cast.open_offices()
    threads = [cast.ask(f"2026-03-02T10:{number:02}") for number in range(60)]
    moments = random.Random(20260305)  # noqa: S311  # the same moments on every run
    deciding = "00"
    heir = another()
    cast.touched.update(threads_of(cast.residence))
    for _ in range(10):
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.duties.succeeder", cast.residence, heir, deciding],
            cwd=ROOT, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(moments.uniform(0.0, 0.4))
        process.send_signal(signal.SIGKILL)
        process.communicate()
    take_over(cast, cast.residence, heir, "2026-03-05T10:00")
    told = _count(threads, "party.succeeded")
    assert told == len(threads)
    assert all(cast.duties(each)[VERIFY, "her_home"].owed_by == heir for each in threads)
    assert _count_of(cast.residence, "office.succeeded") == 1
    assert _count_of(heir, "office.took-over") == 1
    assert replay(threads).differences == []
    assert verify().faults == []


def _count(threads: Sequence[UUID], kind: str) -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        set_acting("", "test", threads)
        cursor.execute(
            "SELECT count(*) FROM duties_event WHERE thread_id = ANY(%s) AND kind = %s", [list(threads), kind]
        )
        return int(cursor.fetchone()[0])


def _count_of(office: str, kind: str) -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        set_acting(office, "test", [])
        cursor.execute(
            "SELECT count(*) FROM duties_event WHERE recorded_by = %s AND kind = %s", [office, kind]
        )
        return int(cursor.fetchone()[0])
