"""Checkpoints: who signed them, what they are held against, and what a superior's installation keeps of them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.duties.cast import Cast, at
from yipan.database import vault
from yipan.duties import attesting, checkpoint
from yipan.duties.attesting import CheckpointRefusedError
from yipan.duties.replay import verify

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the folder that checkpoints are written to."""
    folder = tmp_path / "elsewhere"
    monkeypatch.setenv("YIPAN_CHECKPOINTS", str(folder))
    return folder


def taken(moment: str) -> Path:
    """Take a checkpoint of something new, and return its file."""
    path = checkpoint.take(at(moment))
    assert path is not None
    return path


def test_checkpoints_are_believed_by_the_key_that_somebody_noted_down(cast: Cast, elsewhere: Path) -> None:
    cast.ask()
    path = taken("2026-03-02T11:00")
    noted = attesting.public_keys()[-1].fingerprint
    for trusted, by in ((noted, "given"), (noted.replace(" ", "").upper(), "given"), ("", "own")):
        signed = checkpoint.read_from(path, trusted)
        assert (signed.by, signed.faults, len(signed.said)) == (by, [], 1)
        assert verify(against=signed).faults == []
    assert checkpoint.read_from(elsewhere, "0" * 32).faults == [
        "no checkpoint is signed by the key that was given, nor by one that follows it"
    ]


@pytest.mark.usefixtures("elsewhere")
def test_a_checkpoint_dated_by_a_clock_ahead_of_the_time_holds_no_other_up(cast: Cast) -> None:
    cast.ask()
    ahead = taken("2026-03-09T11:00")
    assert checkpoint.take_if_due(at("2026-03-02T11:00")) is not None
    assert checkpoint.take(at("2026-03-02T11:10")) is None, "nothing is new"
    cast.step(cast.residence, "birth-registration.entered", "2026-03-02T11:30")
    taken("2026-03-02T12:00")
    assert checkpoint.take(at("2026-03-02T12:10")) is None
    assert ahead.is_file()
    assert verify().faults == []


def test_a_new_key_follows_from_the_old_one_while_checkpoints_are_taken(cast: Cast, elsewhere: Path) -> None:
    cast.ask()
    taken("2026-03-02T11:00")
    noted = attesting.public_keys()[-1]
    new = attesting.rotate()
    assert new.number == noted.number + 1
    assert not vault.exists(vault.file_of("checkpoint", noted.number, first="checkpoint.key"))
    cast.step(cast.residence, "birth-registration.entered", "2026-03-02T11:30")
    taken("2026-03-02T12:00")
    assert verify().faults == []
    signed = checkpoint.read_from(elsewhere, noted.fingerprint)
    assert (signed.faults, len(signed.said)) == ([], 2)
    published = json.dumps({"keys": [each.as_dict() for each in attesting.public_keys()]})
    assert checkpoint.read_from(elsewhere, published).faults == []
    # Who noted only the new key down believes it, and not what the one before it signed.
    assert len(checkpoint.read_from(elsewhere, new.fingerprint).said) == 1


def test_a_key_that_the_one_before_it_did_not_sign_is_not_believed(cast: Cast, elsewhere: Path) -> None:
    cast.ask()
    attesting.rotate()
    path = taken("2026-03-02T11:00")
    said = json.loads(path.read_text())
    said["keys"][-1]["from"] = "2020-01-01T00:00:00+00:00"
    path.write_text(json.dumps(said))
    signed = checkpoint.read_from(elsewhere)
    assert signed.faults == ["the list of keys in the checkpoints does not hold together"]


def test_a_file_that_is_no_checkpoint_is_a_fault_and_a_folder_without_any_is_refused(
    cast: Cast, elsewhere: Path, tmp_path: Path
) -> None:
    cast.ask()
    taken("2026-03-02T11:00")
    (elsewhere / "0.json").write_text("{")
    assert checkpoint.read_from(elsewhere).faults == ["checkpoint 0.json: it cannot be read"]
    (tmp_path / "empty").mkdir()
    with pytest.raises(checkpoint.NoCheckpointError):
        checkpoint.read_from(tmp_path / "empty")


@pytest.mark.usefixtures("elsewhere")
def test_a_superior_keeps_what_is_handed_over_and_lets_nothing_be_taken_back(cast: Cast) -> None:
    cast.ask()
    first = taken("2026-03-02T11:00").read_bytes()
    kept = attesting.keep(first)
    assert kept.read_bytes() == first
    cast.step(cast.residence, "birth-registration.entered", "2026-03-02T11:30")
    second = taken("2026-03-02T12:00").read_bytes()
    attesting.keep(second)
    with pytest.raises(CheckpointRefusedError, match="older than one that is kept"):
        attesting.keep(first)
    with pytest.raises(CheckpointRefusedError, match="signature"):
        attesting.keep(second.replace(b"2026-03-02T04", b"2026-03-02T05"))
    with pytest.raises(CheckpointRefusedError, match="cannot be read"):
        attesting.keep(b"nonsense")
    # A chain that became shorter, signed by whoever holds the key.
    said = json.loads(second)
    heads = {**said["heads"], cast.residence: json.loads(first)["heads"][cast.residence]}
    less = {"taken_at": "2026-03-02T06:00:00+00:00", "heads": heads, "installation": said["installation"]}
    with pytest.raises(CheckpointRefusedError, match=f"the chain of {cast.residence} was at 2, and is at 1"):
        attesting.keep(json.dumps(attesting.sign(less)).encode())
