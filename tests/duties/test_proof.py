"""`journal verify` and `replay --check`: whoever changes a row from behind is found out."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

import psycopg
import pytest

from tests.duties.cast import Cast, at, fresh_id
from yipan import database
from yipan.duties import checkpoint
from yipan.duties.replay import replay, verify

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def _tampering(change: str, undo: str, *values: object) -> Iterator[None]:
    """Change rows as somebody who owns the machine could, and put them back afterwards."""
    door = {**database.connect_info("app"), "user": "postgres"}
    with psycopg.connect(**door, autocommit=True) as superuser:
        superuser.execute(change, values)
        try:
            yield
        finally:
            superuser.execute(undo, values)


@pytest.mark.parametrize(
    ("change", "undo"),
    [
        ("UPDATE duties_event SET counts_at = counts_at - interval '1 day'", "UPDATE duties_event SET counts_at = counts_at + interval '1 day'"),
        ("UPDATE duties_event SET clock = clock || '{\"papers\": \"promise\"}'", "UPDATE duties_event SET clock = clock || '{\"papers\": \"complete\"}'"),
        ("UPDATE duties_event SET officer = 'somebody'", "UPDATE duties_event SET officer = 'he.jing'"),
    ],
)  # fmt: skip
def test_a_changed_entry_is_found_by_its_digest(cast: Cast, change: str, undo: str) -> None:
    cast.ask()
    where = " WHERE thread_id = %s AND kind = 'birth-registration.asked'"
    with _tampering(change + where, undo + where, cast.thread):
        faults = verify().faults
    assert any("was changed" in fault and cast.residence in fault for fault in faults)
    assert verify().faults == []


def test_a_changed_sealed_text_is_found_by_its_digest(cast: Cast) -> None:
    cast.ask()
    flip = (
        "UPDATE duties_payload SET ciphertext = set_byte(ciphertext, 20, 255 - get_byte(ciphertext, 20))"
        " WHERE name = 'her' AND event_id IN (SELECT id FROM duties_event WHERE thread_id = %s)"
    )
    with _tampering(flip, flip, cast.thread):
        assert any("was changed" in fault for fault in verify().faults)
    assert verify().faults == []


@pytest.mark.parametrize(
    ("table", "one", "said"),
    [
        ("duties_thread", "%s", "case {} is gone"),
        (
            "duties_subject",
            "(SELECT subject_id FROM duties_threadsubject WHERE thread_id = %s AND name = 'her')",
            "person {} is gone",
        ),
    ],
)
def test_what_an_entry_points_to_and_is_not_there_is_found(
    cast: Cast, table: str, one: str, said: str
) -> None:
    cast.ask()
    door = {**database.connect_info("app"), "user": "postgres"}
    with psycopg.connect(**door, autocommit=True) as superuser:
        (found,) = superuser.execute(f"SELECT id FROM {table} WHERE id = {one}", [cast.thread]).fetchone()  # type: ignore[misc]  # noqa: S608  # the test's own words
    elsewhere = fresh_id()
    move = f"UPDATE {table} SET id = %s WHERE id = %s"  # noqa: S608  # the test's own words
    with psycopg.connect(**door, autocommit=True) as superuser:
        superuser.execute(move, [elsewhere, found])
        try:
            faults = verify().faults
        finally:
            superuser.execute(move, [found, elsewhere])
    assert f"{cast.residence}: {said.format(found)}" in faults
    assert verify().faults == []


def test_an_entry_beyond_the_head_is_found(cast: Cast) -> None:
    cast.ask()
    cast.step(cast.residence, "birth-registration.entered", "2026-03-02T10:30")
    back = "UPDATE duties_chainhead h SET seq = 1, digest = (SELECT digest FROM duties_event WHERE recorded_by = h.organisation AND seq = 1) WHERE organisation = %s"
    forth = back.replace("= 1", "= 2")
    with _tampering(back, forth, cast.residence):
        assert verify().faults == [f"{cast.residence}: the chain ends at 2, its head says 1"]
    assert verify().faults == []


def test_a_cut_off_tail_is_found_by_the_head_and_after_a_forged_head_by_the_checkpoint(
    cast: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YIPAN_CHECKPOINTS", str(tmp_path))
    cast.ask()
    cast.step(cast.residence, "birth-registration.entered", "2026-03-02T10:30")
    assert checkpoint.take(at("2026-03-02T11:00")) is not None
    hide = "UPDATE duties_event SET recorded_by = recorded_by || '?' WHERE thread_id = %s AND kind = 'birth-registration.entered'"
    show = "UPDATE duties_event SET recorded_by = trim('?' from recorded_by) WHERE thread_id = %s AND kind = 'birth-registration.entered'"
    with _tampering(hide, show, cast.thread):
        assert any("its head says 2" in fault for fault in verify().faults)
        forge = (
            "UPDATE duties_chainhead h SET seq = 1, digest = (SELECT digest FROM duties_event WHERE recorded_by = h.organisation"
            " AND seq = 1) WHERE organisation = %s"
        )
        mend = "UPDATE duties_chainhead h SET seq = 2, digest = (SELECT digest FROM duties_event WHERE recorded_by = h.organisation || '?' AND seq = 2) WHERE organisation = %s"
        with _tampering(forge, mend, cast.residence):
            faults = verify().faults
        # What was hidden under an office that has no chain stands in none.
        assert [fault for fault in faults if "stands in no chain" not in fault] == [
            f"{cast.residence}: a checkpoint signed entry 2, the chain ends at 1"
        ]
        assert [fault for fault in faults if f"{cast.residence}?: entry 2" in fault]
    assert verify().faults == []


def test_a_forged_checkpoint_is_found_by_its_signature(
    cast: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YIPAN_CHECKPOINTS", str(tmp_path))
    cast.ask()
    path = checkpoint.take(at("2026-03-02T11:00"))
    assert path is not None
    path.write_text(path.read_text().replace("2026-03-02T03", "2026-03-02T04"))
    assert verify().faults == [f"checkpoint {path.name}: the signature does not hold"]


def test_what_is_younger_than_the_last_checkpoint_is_not_claimed_as_protected(
    cast: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YIPAN_CHECKPOINTS", str(tmp_path))
    cast.ask()
    checkpoint.take(at("2026-03-02T11:00"))
    assert verify().unprotected == 0
    cast.step(cast.residence, "birth-registration.entered", "2026-03-02T11:30")
    assert verify().unprotected == 1
    assert checkpoint.take_if_due(at("2026-03-02T11:59")) is None
    assert checkpoint.take_if_due(at("2026-03-02T11:00") + timedelta(hours=1)) is not None
    assert verify().unprotected == 0


def test_a_duty_changed_in_the_table_is_not_what_the_journal_says(cast: Cast) -> None:
    cast.ask()
    change = "UPDATE duties_duty SET due_at = due_at + interval '9 days' WHERE thread_id = %s"
    undo = "UPDATE duties_duty SET due_at = due_at - interval '9 days' WHERE thread_id = %s"
    with _tampering(change, undo, cast.thread):
        differences = replay([cast.thread] if cast.thread else []).differences
    assert len(differences) == 3
    assert all("due_at" in line for line in differences)


def test_the_whole_journal_replays_and_every_chain_holds(cast: Cast) -> None:
    cast.ask()
    replayed, verified = replay(), verify()
    assert (replayed.differences, verified.faults) == ([], [])
    assert replayed.threads > 0
    assert verified.events > replayed.threads / 2
