"""What lies on the disk, in a dump and in the logs shows no number, telephone, address or fact of anybody."""

from __future__ import annotations

import io
import logging
from typing import TYPE_CHECKING

import pytest
from django.conf import settings
from django.db import connection, connections

from tests.proof.scan import dump, scan
from tests.proof.smallworld import World, play
from yipan.web.errorlog import WithoutWords

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def played(home: Path) -> Iterator[tuple[World, bytes]]:
    """Give the small world after it was played, with all that was logged meanwhile."""
    assert home.is_dir()
    said = io.StringIO()
    handler = logging.StreamHandler(said)
    handler.setFormatter(WithoutWords())
    logger = logging.getLogger("django")
    logger.addHandler(handler)
    world = World()
    play(world)
    yield world, said.getvalue().encode()
    logger.removeHandler(handler)
    del settings.CLOCK  # type: ignore[misc]  # the tests' own setting
    connections.close_all()


def test_the_world_that_is_looked_through_is_worth_looking_through(played: tuple[World, bytes]) -> None:
    world, _ = played
    assert len(world.recorded) >= 20, world.recorded
    assert {"birth-registration.asked", "person.enrolled", "roster"} <= set(world.recorded)
    assert len(world.sealed) >= 60


def test_a_dump_the_data_folder_and_the_logs_hold_nothing_sealed_in_the_clear(
    played: tuple[World, bytes], home: Path
) -> None:
    world, logged = played
    found = scan(world.sealed, home, [logged])
    assert found.files > 100
    assert found.hits == (), found.hits[:20]


def test_the_search_finds_what_is_there(played: tuple[World, bytes], home: Path) -> None:
    world, _ = played
    with connection.cursor() as cursor:
        cursor.execute("SELECT username FROM auth_user WHERE username = 'proof.desk'")
    assert b"proof.desk" in dump()
    told = next(iter(world.sealed))
    (home / "left-about.txt").write_text(told, encoding="utf-8")
    try:
        assert scan([told], home).hits == (f"left-about.txt: {told}",)
    finally:
        (home / "left-about.txt").unlink()
