"""The server that nobody has to set up: it starts, is shared, survives what kills its users, goes away."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.database.users import (
    NOBODY,
    arrived,
    begin,
    come,
    kill_all,
    open_to_all,
    run,
    server,
    until_nobody_uses,
    until_stopped,
)
from yipan.database import cluster

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = os.geteuid() == 0

as_root = pytest.mark.skipif(not ROOT, reason="only root has the means to set this up")
with_another_account = pytest.mark.skipif(
    not ROOT or open_to_all() is None, reason="needs root, and a Python that other accounts can run"
)

ENSURE = "from yipan import database; database.ensure()"


@pytest.fixture
def folder() -> Iterator[Path]:
    """Give a folder closed to everybody else, with a short path."""
    made = Path(tempfile.mkdtemp(prefix="yd-"))
    yield made
    shutil.rmtree(made)


@pytest.fixture
def home(folder: Path) -> Iterator[Path]:
    """Give a data folder that does not exist yet, and see that its server has stopped in the end."""
    made = folder / "home"
    yield made
    kill_all()
    until_nobody_uses(made)


def modes(*paths: Path) -> dict[Path, int]:
    return {each: each.stat().st_mode for path in paths for each in (path, *path.parents)}


def test_a_server_starts_in_an_empty_folder_and_stops_with_its_user(home: Path) -> None:
    user = come(home)
    running = server(home)
    assert running.name() == "postgres"
    user.leave()
    until_stopped(running)
    assert not (home / "postgres" / "postmaster.pid").exists()


def test_no_mode_of_any_folder_changes_even_under_one_closed_to_all(folder: Path, home: Path) -> None:
    folder.chmod(0o700)
    home.mkdir(mode=0o711)
    programs = cluster.wheel() / "pginstall" / "bin"
    before = modes(home, programs)
    assert run(ENSURE, home).returncode == 0
    assert modes(home, programs) == before


def test_the_data_folder_is_closed_to_others(home: Path) -> None:
    assert run(ENSURE, home).returncode == 0
    assert home.stat().st_mode & 0o077 == 0
    assert (home / "postgres").stat().st_mode & 0o077 == 0


def test_a_process_is_quiet_and_leaves_nothing_to_warn_of(home: Path) -> None:
    first, second = run(ENSURE, home), run(ENSURE, home)
    assert (first.returncode, first.stdout, first.stderr.replace(NOTICE, "")) == (0, "", "")
    assert (second.returncode, second.stdout, second.stderr) == (0, "", "")


#: Said once on a machine, by the first process that needs the account.
NOTICE = "yipan: made the system account yipan-db: PostgreSQL does not run as root\n"


def test_two_processes_share_a_server_and_it_stays_for_the_second(home: Path) -> None:
    first, second = come(home), come(home)
    assert first.said == second.said
    running = server(home)
    first.leave()
    third = come(home)
    assert third.said == second.said
    second.leave()
    third.leave()
    until_stopped(running)


def test_twenty_processes_at_once_share_one_server(home: Path) -> None:
    users = [arrived(process, home) for process in [begin(home) for _ in range(20)]]
    assert len({user.said for user in users}) == 1
    running = server(home)
    for user in users:
        user.leave()
    until_stopped(running)


def test_one_process_after_another_finds_a_server_however_quickly_it_comes(home: Path) -> None:
    for _ in range(10):
        done = run(ENSURE, home)
        assert done.returncode == 0, done.stderr


def test_a_killed_user_takes_the_server_with_it(home: Path) -> None:
    user = come(home)
    running = server(home)
    user.kill()
    until_stopped(running)


def test_a_forked_child_keeps_the_server_after_its_parent_has_ended(home: Path) -> None:
    script = """
import os, sys, psycopg
from yipan import database
database.ensure()
if os.fork():
    os._exit(0)
sys.stdin.readline()
with psycopg.connect(**database.connect_info("app")) as connection:
    print(connection.execute("SELECT 1").fetchone()[0], flush=True)
"""
    process = begin(home, script)
    assert process.wait() == 0
    output, _ = process.communicate("go\n")
    assert output.strip() == "1"


def test_a_server_whose_keeper_was_killed_is_kept_on_by_the_next_user(home: Path) -> None:
    first = come(home)
    running = server(home)
    keeper = running.parent()
    assert keeper is not None
    keeper.kill()
    until_stopped(keeper)
    second = come(home)
    assert second.said == first.said
    first.leave()
    second.leave()
    until_stopped(running)


def test_a_server_killed_under_its_user_is_started_again(home: Path) -> None:
    first = come(home)
    server(home).kill()
    second = come(home)
    assert second.said != first.said
    first.kill()  # its connection is lost, so it cannot end well
    second.leave()


def test_a_connection_that_django_makes_after_the_server_was_killed_finds_a_new_one(home: Path) -> None:
    done = run(
        """
import os, signal, time
from django.conf import settings
ours = {"ENGINE": "yipan.database.backend", "NAME": "yipan", "ROLE": "app"}
settings.configure(DATABASES={"default": ours})
import django
django.setup()
from django.db import connection
from yipan.database import home
connection.cursor().close()
connection.close()
os.kill(int((home() / "postgres/postmaster.pid").read_text().split()[0]), signal.SIGKILL)
with connection.cursor() as cursor:
    cursor.execute("SELECT current_user")
    print(cursor.fetchone()[0])
connection.close()
""",
        home,
    )
    assert (done.stdout, done.stderr) == ("yipan_app\n", "")


def test_after_a_power_cut_a_recycled_process_id_does_not_keep_the_server_from_starting(home: Path) -> None:
    assert run(ENSURE + WRITE, home).returncode == 0
    user = come(home)
    running = server(home)
    keeper = running.parent()
    assert keeper is not None
    uid = running.uids().real
    for each in (keeper, running):
        each.kill()
    user.kill()
    until_stopped(running)
    with subprocess.Popen(["/bin/sleep", "600"], user=uid if ROOT else None) as stranger:
        pid_file = home / "postgres" / "postmaster.pid"
        text = pid_file.read_text().split("\n", 1)[1]
        pid_file.write_text(f"{stranger.pid}\n{text}")
        done = run(READ, home)
        stranger.kill()
    assert (done.stdout, done.stderr) == ("一盘棋\n", "")


WRITE = """
import psycopg
with psycopg.connect(**database.connect_info("owner")) as connection:
    connection.execute("CREATE TABLE kept AS SELECT '一盘棋' AS name")
"""
READ = """
import psycopg
from yipan import database
with psycopg.connect(**database.connect_info("owner")) as connection:
    print(connection.execute("SELECT name FROM kept").fetchone()[0])
"""


def test_an_interrupted_first_start_is_done_again(home: Path) -> None:
    (home / "postgres.new").mkdir(parents=True)
    (home / "postgres.new" / "PG_VERSION").write_text("18\n")
    come(home).leave()


def test_a_path_too_long_for_a_socket_is_no_obstacle(home: Path) -> None:
    long = home.parent / ("long" * 30)
    user = come(long)
    running = server(long)
    user.leave()
    until_stopped(running)


def test_a_folder_with_something_else_in_it_is_refused(home: Path) -> None:
    (home / "postgres").mkdir(parents=True)
    (home / "postgres" / "thesis.odt").write_text("precious")
    done = run(ENSURE, home)
    assert "StrangeFolderError" in done.stderr
    assert (home / "postgres" / "thesis.odt").read_text() == "precious"


def test_data_of_another_major_version_is_refused(home: Path) -> None:
    (home / "postgres").mkdir(parents=True)
    (home / "postgres" / "PG_VERSION").write_text("12\n")
    done = run(ENSURE, home)
    assert "OtherVersionError" in done.stderr


def test_no_value_reaches_the_log(home: Path) -> None:
    script = """
import psycopg
from yipan import database
with psycopg.connect(**database.connect_info("app")) as connection:
    for query in ("SELECT %s::int", "SELECT %s FROM nowhere"):
        try:
            connection.execute(query, ["王小芳"])
        except psycopg.Error:
            connection.rollback()
"""
    assert run(script, home).returncode == 0
    assert "王小芳" not in (home / "postgres.log").read_text()


def test_chinese_names_can_be_found_by_trigrams(home: Path) -> None:
    script = """
import psycopg
from yipan import database
with psycopg.connect(**database.connect_info("app")) as connection:
    print(connection.execute("SELECT similarity('重庆市江北区', '重庆江北区') > 0.3").fetchone()[0])
"""
    assert run(script, home).stdout == "True\n"


@with_another_account
def test_root_serves_the_folder_of_another_account_as_that_account(folder: Path, home: Path) -> None:
    folder.chmod(0o755)
    home.mkdir()
    os.chown(home, NOBODY, NOBODY)
    done = run(ENSURE, home, uid=NOBODY)
    assert done.returncode == 0, done.stderr
    user = come(home)
    assert server(home).uids().real == NOBODY
    user.leave()


@with_another_account
def test_another_account_is_refused_the_folder_that_root_began(folder: Path, home: Path) -> None:
    folder.chmod(0o755)
    assert run(ENSURE, home).returncode == 0
    home.chmod(0o755)
    (home / "users.lock").chmod(0o666)
    done = run(ENSURE, home, uid=NOBODY)
    assert "ForeignFolderError" in done.stderr, done.stderr


@as_root
def test_programs_that_the_account_cannot_reach_are_copied_to_where_it_can(folder: Path, home: Path) -> None:
    site = folder / "closed"
    site.mkdir(mode=0o700)
    for part in (cluster.wheel(), cluster.wheel().with_suffix(".libs")):
        shutil.copytree(part, site / part.name)
    script = f"""
import sys
from pathlib import Path
sys.path.insert(0, {str(site)!r})
from yipan.database import cluster, ensure
cluster.CACHE = Path(sys.argv[0]).parent / {str(folder / "cache")!r}
ensure()
"""
    folder.chmod(0o755)
    done = run(script, home)
    assert done.returncode == 0, done.stderr
    assert "copied PostgreSQL to" in done.stderr
    assert [path.name.split("-")[0] for path in (folder / "cache").iterdir()] == ["postgresql"]


@as_root
def test_root_without_an_account_for_the_server_is_told_both_ways_out(home: Path) -> None:
    script = f"""
from yipan.database import cluster
cluster.ACCOUNT = "nobody-made-this"
cluster.shutil.which = lambda *_, **__: None
{ENSURE}
"""
    done = run(script, home)
    assert "NoServerAccountError" in done.stderr
    assert "Run Yipan as another user, or set DATABASE_URL" in done.stderr
