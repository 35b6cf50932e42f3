"""Every page, operation and command, as everybody who might ask: what the table says by hand is what becomes of it."""

from __future__ import annotations

import sys
from collections import Counter
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from tests.matrix.playing import (
    ALLOWED,
    BACK,
    BROKEN,
    NO_WAY,
    NOBODY,
    address,
    leaks,
    made_anew,
    patterns,
    play_page,
    play_verb,
    verbs,
)
from tests.matrix.world import COLUMNS, OUT, World

if TYPE_CHECKING:
    import pytest

TABLE = Path(__file__).parent / "table.yaml"
WAYS = ("get", "post")
#: A reason says at least so much.
WORDS = 10
#: Whoever asks where there is no such way.
ASKS_ANYWAY = (OUT, "clerk")


@lru_cache(maxsize=1)
def table() -> dict[str, Any]:
    """Return the table."""
    found: dict[str, Any] = yaml.safe_load(TABLE.read_text(encoding="utf-8"))
    return found


def cells(row: dict[str, Any], way: str) -> dict[str, str]:
    """Return what a row says of each of the cast, and of a form that is sent as nobody can fill it in: that it comes back."""
    letters = row[way].replace(" ", "")
    assert len(letters) == len(COLUMNS), row
    if row.get("comes_back", {}).get(way):
        letters = letters.replace(ALLOWED, BACK)
    return dict(zip(COLUMNS, letters, strict=True))


def may_see(actor: str, row: dict[str, Any]) -> frozenset[str]:
    """Return whose facts an answer to somebody may hold."""
    return frozenset((*table()["sees"].get(actor, ()), *row.get("shows", ())))


def test_every_page_and_operation_has_a_row_and_no_row_is_of_nothing(world: World) -> None:
    assert world.things
    assert sorted({name for name, _ in patterns()}) == sorted(table()["pages"])


def test_every_command_has_a_row_and_no_row_is_of_nothing() -> None:
    from yipan.cli.main import main  # noqa: PLC0415  # with Django set up

    named = [*table()["verbs"], *table()["maintenance"], *table()["elsewhere"]]
    assert Counter(verbs(main)) == Counter(named)


def test_each_command_that_is_played_elsewhere_is_typed_there_and_says_why() -> None:
    not_typed = []
    for verb, row in table()["elsewhere"].items():
        typed = ", ".join(f'"{word}"' for word in verb.split())
        if typed not in Path(row["played"]).read_text(encoding="utf-8") or len(row["why"]) < WORDS:
            not_typed.append(verb)
    assert not_typed == []


def test_each_cell_of_the_pages_and_operations_is_what_the_table_says(world: World) -> None:
    found = dict(patterns())
    wrong, right = [], 0
    for name, row in table()["pages"].items():
        for way in WAYS:
            said = cells(row, way) if way in row else dict.fromkeys(ASKS_ANYWAY, NO_WAY)
            for actor, letter in said.items():
                made_anew(row, letter, world)
                place = address(name, found[name], row, world)
                became, text = play_page(world, name, place, way, actor, row)
                held = leaks(text, may_see(actor, row))
                right += became == letter and not held
                if became != letter or held:
                    wrong.append((name, way, actor, f"{letter} -> {became}", held))
    sys.stdout.write(f"matrix: {right} cells of pages and operations right\n")
    assert not wrong, "\n".join(map(str, wrong))


def test_each_cell_of_the_commands_is_what_the_table_says(
    world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    roster = tmp_path / "nobody.csv"
    roster.write_bytes(NOBODY)
    world.things |= {"folder": str(tmp_path), "file": str(roster)}
    # The tables were brought up to date when the world was made: not again before each command.
    monkeypatch.setattr("yipan.database.migrate", lambda: False)
    wrong, right = [], 0
    for verb, row in table()["verbs"].items():
        for actor, letter in cells(row, "cells").items():
            made_anew(row, letter, world)
            became, text = play_verb(world, verb, row["words"], actor, monkeypatch)
            held = leaks(text, may_see(actor, row))
            right += became == letter and not held
            if became != letter or held:
                wrong.append((verb, actor, f"{letter} -> {became}", held, text[:90]))
    for verb, words in (*table()["maintenance"].items(), *table()["whole"].items()):
        became, text = play_verb(world, verb, words, OUT, monkeypatch)
        held = leaks(text, frozenset())
        right += became != BROKEN and not held
        if became == BROKEN or held:
            wrong.append((verb, OUT, became, held, text[:90]))
    sys.stdout.write(f"matrix: {right} cells of commands right\n")
    assert not wrong, "\n".join(map(str, wrong))


def test_every_look_that_all_this_made_is_told_to_her_and_to_the_auditor_in_words(world: World) -> None:
    from tests.registry.test_erasing import superuser  # noqa: PLC0415  # with Django set up
    from yipan.web.mine import PURPOSES as HERS  # noqa: PLC0415  # the same
    from yipan.web.words import PURPOSES as THE_AUDITORS  # noqa: PLC0415  # the same

    with superuser() as connection:
        found = {
            row[0] for row in connection.execute("SELECT DISTINCT purpose FROM registry_read").fetchall()
        }
    # The world's own looks, by which it was made.
    looks = found - {"test"}
    assert {"worklist", "case", "broken glass"} <= looks
    assert looks - HERS.keys() == set()
    assert looks - THE_AUDITORS.keys() == set()
    assert world.things
