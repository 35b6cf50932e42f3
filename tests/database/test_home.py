"""The data folder and the keys in it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.database.users import begin, run

if TYPE_CHECKING:
    from pathlib import Path


def test_reading_the_settings_starts_no_server(tmp_path: Path) -> None:
    done = run("import yipan.settings", tmp_path / "home")
    assert (done.returncode, done.stderr) == (0, "")
    assert not (tmp_path / "home" / "postgres").exists()


def test_a_key_made_by_many_processes_at_once_is_one_key_for_its_owner_alone(tmp_path: Path) -> None:
    script = """
import secrets
from yipan import database
print(database.read_or_make_key("some.key", lambda: secrets.token_hex().encode()).decode())
"""
    said = {process.communicate()[0] for process in [begin(tmp_path / "home", script) for _ in range(10)]}
    assert len(said) == 1
    assert (tmp_path / "home" / "keys").stat().st_mode & 0o077 == 0
    assert [file.stat().st_mode & 0o777 for file in (tmp_path / "home" / "keys").iterdir()] == [0o600] * 3


def test_the_data_folder_stands_in_the_current_one_unless_named(tmp_path: Path) -> None:
    script = """
import json, os
from yipan import database
os.chdir(os.environ["YIPAN_HOME"])
named = str(database.home())
del os.environ["YIPAN_HOME"]
print(json.dumps([named, str(database.home())]))
"""
    assert json.loads(run(script, tmp_path).stdout) == [str(tmp_path), str(tmp_path / ".yipan")]
