"""After a run of tests: does anything that they sealed lie in the clear in a data folder, in a dump, or in a log.

    python -m pytest -p tests.proof.wholerun tests/cli/test_own.py tests/web/test_mine.py

Each data folder is looked through when its tests are over, before it goes away. What is looked for is what lies sealed in it:
every text is opened with the folder's own keys, and each number, telephone, address and fact in it is looked for. Names are clear
by design; what was erased meanwhile nobody can open, and `tests/registry/test_erasing.py` looks for it. One line for each folder;
with a hit the run fails.
"""

from __future__ import annotations

import io
import logging
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

import django
import psycopg
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

#: Of these types each value is somebody's; of the others the longer ones, unless they stand in public texts too.
_NUMBERS: Final = frozenset({"identity-number", "phone"})
_WORDS: Final = frozenset({"text", "long-text"})
_LEAST: Final = 6
_SEALED: Final = """
SELECT e.kind, p.event_id, p.name, p.ciphertext, s.id, s.wrapped_key, s.kek_version
  FROM duties_payload p JOIN duties_event e ON e.id = p.event_id JOIN duties_subject s ON s.id = p.subject_id
 WHERE s.wrapped_key IS NOT NULL AND p.ciphertext <> ''
"""
_PUBLIC: Final = "SELECT t::text FROM duties_lawtext t UNION ALL SELECT concat_ws(' ', id, place, name) FROM offices_organisation"
_said: Final[list[tuple[str, bool]]] = []
_logged: Final = io.StringIO()


# ------------------------------------------------------------------------------------ beside a run of tests


def pytest_sessionstart() -> None:
    """Look through each folder of a program before it goes away, and hear what is logged."""
    from tests.cli.program import Installation  # noqa: PLC0415  # once the tests' own folder is named
    from yipan.web.errorlog import WithoutWords  # noqa: PLC0415  # the same

    remove = Installation.remove

    def look_and_remove(self: Installation) -> None:
        look(self.program.home, self.program.environment({}))
        remove(self)

    Installation.remove = look_and_remove  # type: ignore[method-assign]  # that is what is meant
    handler = logging.StreamHandler(_logged)
    handler.setFormatter(WithoutWords())
    logging.getLogger("django").addHandler(handler)


@pytest.fixture(scope="session", autouse=True)
def looked_through(yipan_home: Path) -> Iterator[None]:
    """Look through the folder of the run itself, if anything was done in it."""
    yield
    if (yipan_home / "postgres").is_dir():
        look(yipan_home, dict(os.environ))


def look(folder: Path, environment: Mapping[str, str]) -> None:
    """Look through a folder, in a process of its own: its keys and its database are not those of this one."""
    beside = os.pathsep.join(each for each in (environment.get("PYTHONPATH", ""), "src", ".") if each)
    with tempfile.NamedTemporaryFile("w", suffix=".log", encoding="utf-8") as logged:
        logged.write(_logged.getvalue())
        logged.flush()
        done = subprocess.run(
            [sys.executable, "-m", "tests.proof.wholerun", logged.name],
            env={**environment, "PYTHONPATH": beside, "DJANGO_SETTINGS_MODULE": "yipan.settings"},
            capture_output=True,
            text=True,
            check=False,
        )
    _said.append((f"{folder.name}: {done.stdout.strip() or done.stderr[-2000:]}", done.returncode == 0))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what was found, a line for each folder."""
    for line, _ in _said:
        terminalreporter.write_line(line)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Let a run fail in which something lay in the clear, or in which nothing was looked through."""
    if not _said or not all(clean for _, clean in _said):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


# ------------------------------------------------------------------------------------ in one data folder


def words() -> set[str]:
    """Return what lies sealed in this folder, opened with its keys."""
    from yipan import database  # noqa: PLC0415  # after Django is set up
    from yipan.duties import sealing  # noqa: PLC0415
    from yipan.duties.lawbook import lawbook  # noqa: PLC0415

    types: dict[str, dict[str, str]] = {}
    for kind in lawbook().every_kind():
        types.setdefault(kind.name, {}).update({name: each.type for name, each in kind.fields.items()})
    # The embedded server's own account: no policy binds it.
    with psycopg.connect(**{**database.connect_info("app"), "user": "postgres"}) as connection:
        public = "\n".join(str(row[0]) for row in connection.execute(_PUBLIC))
        rows = connection.execute(_SEALED).fetchall()
    found = set()
    for kind_name, event, name, ciphertext, subject, wrapped, version in rows:
        key = sealing.unwrap(subject, wrapped, version)
        for field, value in sealing.unseal(key, event, name, ciphertext).items():
            sort, text = types.get(kind_name, {}).get(field, ""), str(value).strip()
            if (sort in _NUMBERS and text) or (sort in _WORDS and len(text) >= _LEAST and text not in public):
                found.add(text)
    return found


def main() -> None:
    """Look through the folder that the environment names, and the log that the first word names."""
    logging.disable(logging.CRITICAL)
    django.setup()
    from tests.proof.scan import scan  # noqa: PLC0415  # after Django is set up
    from yipan import database  # noqa: PLC0415

    database.ensure()
    found = scan(words(), database.home(), [Path(sys.argv[1]).read_bytes()])
    sys.stdout.write(found.line() + "\n")
    sys.stdout.write("".join(f"  {each}\n" for each in found.hits))
    sys.exit(bool(found.hits))


if __name__ == "__main__":
    main()
