"""`doctor` says plainly what is safe; `keys` and `journal` from the door."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tests.cli.program import Program, new_installation

if TYPE_CHECKING:
    from collections.abc import Iterator

HOME, DESK = "440104001", "450921100"


@pytest.fixture(scope="module")
def program() -> Iterator[Program]:
    """Give an installation of one's own: what a doctor looks at is the whole of it."""
    made = new_installation()
    yield made.program
    made.remove()


def findings(program: Program, **more: str) -> dict[str, str]:
    """Return each finding's state."""
    answer = program.run("doctor", "--json", **more)
    said = answer.value
    assert (answer.code == 0) == said["safe"]
    return {each["check"]: each["state"] for each in said["findings"]}


@pytest.fixture
def careful(program: Program, tmp_path: Path) -> dict[str, str]:
    """Give settings under which everything is as it should be."""
    more = {"YIPAN_CHECKPOINTS": str(tmp_path / "elsewhere"), "YIPAN_BACKUPS": str(tmp_path / "backups")}
    (tmp_path / "backups").mkdir()
    (tmp_path / "backups" / "yipan.dump").write_text("x")
    program.json("sweep", **more)
    return more


def test_a_careful_installation_is_called_safe(program: Program, careful: dict[str, str]) -> None:
    assert set(findings(program, **careful).values()) == {"safe"}
    told = program.run("doctor", YIPAN_LANG="en", **careful)
    assert (told.code, "0 not safe" in told.out) == (0, True)


def test_what_nobody_set_up_is_not_called_safe_and_says_the_next_step(program: Program) -> None:
    found = findings(program)
    assert found["checkpoints-away"] == "not-safe"
    assert found["backups"] == "unknown"
    told = program.run("doctor", YIPAN_LANG="en")
    assert told.code == 1
    assert "→ Set YIPAN_CHECKPOINTS to a folder on another machine" in told.out
    assert "→ 请把 YIPAN_CHECKPOINTS 设为另一台机器上的文件夹" in program.run("doctor").out


def test_a_key_that_lies_with_the_data_or_the_backups_or_that_others_read_is_not_safe(
    program: Program, careful: dict[str, str], tmp_path: Path
) -> None:
    (place,) = [Path(each["path"]) for each in program.json("keys", "list") if each["name"] == "root"]
    inside = program.home / "root.kek"
    shutil.copy(place, inside)
    assert findings(program, **careful, YIPAN_KEK=str(inside))["root-apart"] == "not-safe"
    beside = tmp_path / "backups" / "root.kek"
    shutil.copy(place, beside)
    assert findings(program, **careful, YIPAN_KEK=str(beside))["backups-without-key"] == "not-safe"
    beside.unlink()
    place.chmod(0o644)
    assert findings(program, **careful)["root-readable"] == "not-safe"
    place.chmod(0o600)
    inside.unlink()
    left_open = program.home / "keys" / "kek-7.key"
    left_open.write_bytes(bytes(32))
    assert findings(program, **careful)["keys-sealed"] == "not-safe"
    assert program.json("keys", "seal") == {"sealed": ["kek-7.key"]}
    assert not left_open.exists()
    left_open.with_name("kek-7.key.sealed").unlink()


def test_a_release_whose_packs_are_not_adopted_yet_is_named_with_what_to_adopt(
    program: Program, careful: dict[str, str], tmp_path: Path
) -> None:
    packs = tmp_path / "rulepacks"
    shutil.copytree(Path(__file__).parents[2] / "rulepacks", packs)
    with (packs / "yipan/casework/events/queries.yaml").open("a") as text:
        text.write("# A release later.\n")
    more = {**careful, "YIPAN_RULEPACKS": str(packs)}
    assert findings(program, **more)["packs-adopted"] == "not-safe"
    assert (
        "→ Read their CHANGELOG.md, then run yipan packs adopt casework"
        in program.run("doctor", YIPAN_LANG="en", **more).out
    )


def test_a_table_whose_policies_were_taken_off_is_named(program: Program, careful: dict[str, str]) -> None:
    (socket,) = program.home.glob("postgres/.s.PGSQL.*[0-9]")
    with psycopg.connect(
        host=str(socket.parent), user="postgres", dbname="yipan", autocommit=True
    ) as superuser:
        superuser.execute("ALTER TABLE duties_payload NO FORCE ROW LEVEL SECURITY")
        said = program.run("doctor", "--json", **careful).value
        superuser.execute("ALTER TABLE duties_payload FORCE ROW LEVEL SECURITY")
    (wrong,) = [each for each in said["findings"] if each["state"] == "not-safe"]
    assert (wrong["check"], "duties_payload" in wrong["said"]["en"]) == ("rows-locked", True)


def test_a_password_that_anybody_would_try_is_found(careful: dict[str, str]) -> None:
    made = new_installation()
    program = made.program
    added = ("officers", "add", "he.jing", "--name", "何静", "--office", HOME, "--role", "clerk")
    program.json(*added)
    script = (
        "import django; django.setup()\n"
        "from django.contrib.auth import get_user_model\n"
        "user = get_user_model().objects.get(username='he.jing'); user.set_password('he.jing'); user.save()"
    )
    from tests.database.users import run  # noqa: PLC0415  # beside the program

    settings = {"XDG_CONFIG_HOME": str(program.config), "DJANGO_SETTINGS_MODULE": "yipan.settings"}
    done = run(script, program.home, settings)
    assert done.returncode == 0, done.stderr
    assert findings(program, **careful)["passwords"] == "not-safe"
    made.remove()


def test_every_key_is_changed_from_the_door(program: Program, careful: dict[str, str]) -> None:
    program.record("office.opened", HOME)
    for name in ("root", "kek", "lookup", "checkpoint", "django", "certificate"):
        answer = program.run("keys", "rotate", name, "--json", **careful)
        assert answer.code == 0, (name, answer.out, answer.err)
        assert answer.value["finished"]
    versions = {each["name"]: each["versions"] for each in program.json("keys", "list")}
    assert {name: versions[name][-1] for name in ("kek", "lookup", "checkpoint", "django")} == {
        "kek": 2, "lookup": 2, "checkpoint": 2, "django": 2,
    }  # fmt: skip
    refused = program.run("keys", "rotate", "database", "--json")
    assert (refused.code, refused.value["error"]) == (2, "not-our-passwords")
    assert set(findings(program, **careful).values()) == {"safe"}


def test_a_passphrase_takes_the_place_of_the_file_and_is_asked_for(tmp_path: Path) -> None:
    made = new_installation()
    program = made.program
    words = tmp_path / "words"
    words.write_text("correct horse battery staple\n")
    answer = program.run("keys", "rotate", "root", "--passphrase-file", str(words), YIPAN_LANG="en")
    assert answer.code == 0
    assert f"From now on set YIPAN_KEK_PASSPHRASE_FILE={words}" in answer.err
    refused = program.run("keys", "rotate", "django", "--json")
    assert (refused.code, refused.value["error"]) == (2, "root-not-named")
    known = Program(home=program.home, more={"YIPAN_KEK_PASSPHRASE_FILE": str(words)})
    known.record("office.opened", HOME)
    assert known.run("keys", "rotate", "root").code == 2
    made.user.leave()
    from tests.database.users import until_nobody_uses  # noqa: PLC0415  # beside the program

    until_nobody_uses(program.home)
    shutil.rmtree(program.home)


def test_the_journal_is_held_against_what_lies_elsewhere(program: Program, careful: dict[str, str]) -> None:
    program.record("office.opened", DESK)
    program.json("journal", "checkpoint", **careful)
    elsewhere = careful["YIPAN_CHECKPOINTS"]
    keys = program.run("journal", "keys").out
    noted = re.findall(r"(?:[0-9a-f]{4} ){7}[0-9a-f]{4}", keys)[0]
    held = program.json("journal", "verify", "--against", elsewhere, "--key", noted)
    assert (held["ok"], held["believed"]) == (True, "given")
    published = Path(tempfile.mkdtemp(dir=elsewhere)) / "keys.txt"
    published.write_text(program.run("journal", "keys", "--json").out)
    assert program.json("journal", "verify", "--against", elsewhere, "--key", str(published))["ok"]
    wrong = program.run("journal", "verify", "--against", elsewhere, "--key", "0" * 32, "--json")
    assert (wrong.code, wrong.value["ok"]) == (1, False)
    assert program.run("journal", "verify", "--key", noted).code == 2
    newest = max(Path(elsewhere).glob("*.json"))
    assert Path(program.json("journal", "keep", str(newest))["kept"]).exists()
    older = min(Path(elsewhere).glob("*.json"))
    if older != newest:
        refused: Any = program.run("journal", "keep", str(older), "--json")
        assert (refused.code, refused.value["error"]) == (1, "checkpoint-refused")
    assert os.fspath(newest)
