"""The key under which people are found is changed while an office enrols: everybody is found before, meanwhile and after."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.registry.test_register import number, rows
from yipan.database import vault
from yipan.registry import lookup, relooking
from yipan.registry.checking import compare
from yipan.registry.people import find
from yipan.registry.register import AlreadyEnrolledError

if TYPE_CHECKING:
    from tests.registry.conftest import Desk

ROOT = Path(__file__).parents[2]
PEOPLE = 60


def found(desk: Desk, typed: str) -> int:
    return len(find(desk.permit(), typed, desk.now).people)


def test_everybody_is_found_while_the_lookup_key_is_changed_and_another_process_enrols(desk: Desk) -> None:
    command = [sys.executable, "-m", "tests.registry.enroller", desk.office, str(PEOPLE)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert process.stdout is not None
    first = process.stdout.readline().strip()
    before = lookup.key().version
    rotated = relooking.rotate(grace=0.2)
    assert (rotated.version, rotated.finished) == (before + 1, True)
    numbers = [first, *process.communicate()[0].split()]
    assert process.returncode == 0
    assert len(numbers) == PEOPLE
    assert vault.versions(lookup.NAME) == [before + 1]
    fronts = rows(
        desk,
        "SELECT DISTINCT substr(number_digest, 1, 1) FROM registry_person WHERE organisation = %s",
        desk.office,
    )
    assert [bytes(row[0]) for row in fronts] == [lookup.key().front]
    assert [found(desk, each) for each in numbers] == [1] * PEOPLE
    assert found(desk, "13900000000") == 1
    assert compare().differences == []


def test_meanwhile_whoever_is_under_the_old_key_is_found_and_not_enrolled_twice(desk: Desk) -> None:
    one, other = number(), number()
    desk.enrol("李秀兰", one, phone="13700000001")
    before = lookup.key().version
    vault.add_key(vault.file_of(lookup.NAME, before + 1), bytes(32))
    assert [each.version for each in lookup.keys()]  # noqa: SIM118  # no mapping == [before + 1, before]
    desk.enrol("陈志强", other)
    assert [found(desk, each) for each in (one, other, "13700000001")] == [1, 1, 1]
    with pytest.raises(AlreadyEnrolledError):
        desk.enrol("李秀兰", one)
    assert compare().differences == []
    assert relooking.rotate(grace=0).finished
    assert [found(desk, each) for each in (one, other, "13700000001")] == [1, 1, 1]
