"""Keys: a copy of the data folder opens nothing, and each key is changed while others work."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest
from django.conf import settings
from django.core import signing

from yipan import database
from yipan.database import root, secretkey, vault
from yipan.database.keyrefusals import (
    KeyBrokenError,
    RootKindError,
    RootMissingError,
    RootUnreadableError,
    ShortPassphraseError,
)
from yipan.duties import rotating, sealing
from yipan.duties.replay import replay, verify
from yipan.offices.freshkeys import refresh

if TYPE_CHECKING:
    from uuid import UUID

    from tests.duties.cast import Cast

ROOT = Path(__file__).parents[2]
TABLES = (*rotating.WRAPPED, "registry_intake", "documents_evidence", "statistics_filingreason")
SECRET = b"forty-two"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a data folder of one's own, whose root lies beside it."""
    monkeypatch.setenv("YIPAN_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("YIPAN_KEK", str(tmp_path / "vault" / "root.kek"))
    return tmp_path


def made(name: str = "some.key") -> bytes:
    return vault.read_or_make_key(name, lambda: SECRET)


def test_the_key_lies_outside_the_data_folder_when_nobody_says_where(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YIPAN_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    assert made() == SECRET
    (own,) = (tmp_path / "config" / "yipan").iterdir()
    assert own.name == f"{root.installation()['id']}.kek"
    assert own.stat().st_mode & 0o777 == 0o600
    everything = b"".join(each.read_bytes() for each in (tmp_path / "home").rglob("*") if each.is_file())
    assert SECRET not in everything
    assert root.read_file(own)[0].key not in everything


def test_a_copy_of_the_data_folder_opens_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made()
    shutil.copytree(folder / "home", folder / "stolen")
    monkeypatch.setenv("YIPAN_HOME", str(folder / "stolen"))
    assert made() == SECRET  # here, where the root is
    monkeypatch.setenv("YIPAN_KEK", str(folder / "guessed.kek"))
    with pytest.raises(RootMissingError):
        made()
    root.write_file(folder / "guessed.kek", [root.new()])
    with pytest.raises(RootMissingError):
        made()
    monkeypatch.delenv("YIPAN_KEK")
    with pytest.raises(RootKindError):
        made()
    assert not vault.exists("another.key")


def test_a_sealed_key_that_was_changed_or_renamed_does_not_open(folder: Path) -> None:
    made()
    path = folder / "home" / "keys" / "some.key.sealed"
    shutil.copy(path, path.with_name("other.key.sealed"))
    with pytest.raises(KeyBrokenError):
        vault.read_key("other.key")
    sealed = path.read_bytes()
    path.write_bytes(sealed[:-1] + bytes([sealed[-1] ^ 1]))
    with pytest.raises(KeyBrokenError):
        vault.read_key("some.key")
    assert vault.check() == ["other.key", "some.key"]
    (folder / "vault" / "root.kek").write_text("not a key\n")
    with pytest.raises(RootUnreadableError):
        vault.read_key("some.key")


def test_a_passphrase_makes_the_root_and_another_one_does_not(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = folder / "words"
    said.write_text("correct horse battery staple\nsecond line\n")
    monkeypatch.setenv("YIPAN_KEK_PASSPHRASE_FILE", str(said))
    assert made() == SECRET
    assert not (folder / "vault").exists()
    assert made() == SECRET
    said.write_text("incorrect horse battery staple\n")
    with pytest.raises(RootMissingError):
        made()
    said.write_text("short\n")
    with pytest.raises(ShortPassphraseError):
        made()


def test_the_root_is_changed_and_moved_and_made_of_words_and_every_key_goes_on_opening(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made()
    before = root.read_file(folder / "vault" / "root.kek")
    vault.rotate_root()
    (after,) = root.read_file(folder / "vault" / "root.kek")
    assert after != before[0]
    assert (made(), vault.check()) == (SECRET, [])
    # Stopped when the new one was written and nothing sealed under it yet: both open, and the next run goes on.
    new = root.new()
    root.write_file(folder / "vault" / "root.kek", [new, after])
    assert made() == SECRET
    vault.rotate_root()
    assert root.read_file(folder / "vault" / "root.kek") == [new]
    vault.rotate_root(to=folder / "safe" / "root.kek")
    monkeypatch.setenv("YIPAN_KEK", str(folder / "safe" / "root.kek"))
    assert (made(), vault.check()) == (SECRET, [])
    (folder / "words").write_text("correct horse battery staple\n")
    vault.rotate_root(passphrase=folder / "words")
    monkeypatch.setenv("YIPAN_KEK_PASSPHRASE_FILE", str(folder / "words"))
    assert (made(), vault.check()) == (SECRET, [])
    (folder / "other").write_text("six words nobody would think of\n")
    vault.rotate_root(passphrase=folder / "other")
    assert vault.check() == vault.sealed_names()
    (folder / "words").write_text("six words nobody would think of\n")
    assert (made(), vault.check()) == (SECRET, [])


def test_keys_that_lay_open_are_read_and_then_sealed(folder: Path) -> None:
    keys = folder / "home" / "keys"
    keys.mkdir(parents=True)
    (keys / "kek-1.key").write_bytes(SECRET)
    (keys / "certificate-1.json").write_text("{}")
    assert vault.read_key("kek-1.key") == SECRET
    assert vault.seal_plain() == ["kek-1.key"]
    assert vault.plain_names() == []
    assert vault.read_key("kek-1.key") == SECRET
    assert SECRET not in b"".join(each.read_bytes() for each in keys.iterdir())
    assert vault.versions("kek") == [1]


def test_a_demo_keeps_its_root_with_what_it_played(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YIPAN_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    vault.begin_demo()
    made()
    assert not (tmp_path / "config").exists()
    vault.rotate_root()
    assert (made(), root.place().kind) == (SECRET, root.USUAL)


# ------------------------------------------------------------------------------ changed while others work


def _recorder(cast: Cast, cases: int) -> subprocess.Popen[str]:
    arguments = [cast.residence, cast.her_home, cast.his_home, "0", str(cases)]
    command = [sys.executable, "-m", "tests.duties.recorder", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)


def _subjects() -> list[tuple[UUID, bytes, int]]:
    with psycopg.connect(**database.connect_info("owner")) as owner:
        # Who was erased has no key any more.
        return owner.execute(
            "SELECT id, wrapped_key, kek_version FROM duties_subject WHERE wrapped_key IS NOT NULL"
        ).fetchall()


def _opened() -> int:
    """Open every person's key, as another process would that has just started."""
    sealing._kek_of.cache_clear()  # noqa: SLF001  # what this process remembers
    for own, wrapped, version in _subjects():
        sealing.unwrap(own, bytes(wrapped), version)
    return len(_subjects())


def test_the_key_above_all_persons_is_changed_while_another_process_records(cast: Cast) -> None:
    process = _recorder(cast, 300)
    assert process.stdout is not None
    assert process.stdout.readline() == "0\n"
    before = sealing.kek_version()
    rotated = rotating.rotate_kek(TABLES, grace=0.2)
    assert (rotated.version, rotated.finished) == (before + 1, True)
    assert len(process.communicate()[0].splitlines()) == 299
    assert process.returncode == 0
    assert vault.versions("kek") == [before + 1]
    assert {version for *_, version in _subjects()} == {before + 1}
    assert _opened() >= 300
    assert replay().differences == []
    assert verify().faults == []


def test_a_change_that_was_stopped_goes_on_and_the_old_key_stays_while_somebody_is_at_work(
    cast: Cast,
) -> None:
    cast.ask()
    before = rotating.begin(sealing.KEK, sealing.kek_version) - 1
    assert vault.versions("kek") == [before, before + 1]
    assert _opened() > 0
    with psycopg.connect(**database.connect_info("app")) as busy:
        busy.execute("SELECT 1")
        rotated = rotating.rotate_kek(TABLES, patience=0.2, grace=0)
        assert (rotated.version, rotated.finished) == (before + 1, False)
        assert vault.versions("kek") == [before, before + 1]
    assert rotating.rotate_kek(TABLES, grace=0).finished
    assert vault.versions("kek") == [before + 1]
    assert _opened() > 0


def test_a_key_that_is_gone_stays_gone(cast: Cast) -> None:
    cast.ask()
    own, wrapped, version = _subjects()[-1]
    key = sealing.unwrap(own, bytes(wrapped), version)
    change = "UPDATE duties_subject SET wrapped_key = %s, kek_version = %s WHERE id = %s"
    with psycopg.connect(**database.connect_info("owner"), autocommit=True) as owner:
        owner.execute(change, [None, version, own])
        rotating.rotate_kek(TABLES, grace=0)
        kept = owner.execute("SELECT wrapped_key FROM duties_subject WHERE id = %s", [own]).fetchone()
        now = sealing.kek_version()
        owner.execute(change, [sealing.wrap(own, key, now), now, own])
    assert kept == (None,)
    assert now > version


def test_sessions_hold_over_a_change_of_the_secret_key_and_end_when_it_is_forgotten(
    installation: Path,
) -> None:
    assert installation.is_dir()
    refresh()
    cookie = signing.dumps("he.jing")
    secretkey.rotate()
    refresh()
    assert signing.loads(cookie) == "he.jing"
    assert signing.dumps("he.jing") != cookie
    newer = signing.dumps("he.jing")
    secretkey.rotate()
    refresh()
    assert signing.loads(newer) == "he.jing"
    with pytest.raises(signing.BadSignature):
        signing.loads(cookie)
    secretkey.rotate(forget=True)
    refresh()
    with pytest.raises(signing.BadSignature):
        signing.loads(newer)
    assert settings.SECRET_KEY_FALLBACKS == []


def test_nothing_of_a_key_is_said_where_keys_are_listed(cast: Cast) -> None:
    cast.ask()
    command = [sys.executable, "-m", "yipan.cli", "keys", "list", "--json"]
    told = subprocess.run(command, capture_output=True, text=True, check=True, env=dict(os.environ))
    listed = {each["name"]: each for each in json.loads(told.stdout)}
    assert {"root", "kek", "django"} <= listed.keys()
    assert all(each["sealed"] for name, each in listed.items() if name != "root")
    for name in vault.sealed_names():
        raw = vault.read_key(name) or b""
        assert raw.hex() not in told.stdout
        assert raw.decode("latin-1") not in told.stdout


def test_every_table_that_holds_wrapped_keys_is_wrapped_anew(installation: Path) -> None:
    assert installation.is_dir()
    query = "SELECT table_name::text FROM information_schema.columns WHERE column_name = 'kek_version'"
    with psycopg.connect(**database.connect_info("owner")) as owner:
        tables = [row[0] for row in owner.execute(query).fetchall()]
    assert sorted(tables) == sorted(TABLES)
