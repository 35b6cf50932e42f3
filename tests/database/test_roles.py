"""Two roles, one of which works and cannot go around the policies: on the embedded server, on a given one."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import psycopg
import pytest

from tests.database.users import begin, run, until, until_nobody_uses
from yipan.database import cluster

if TYPE_CHECKING:
    from collections.abc import Iterator

ENSURE = "from yipan import database; database.ensure()"
DOORS = """
import json
from yipan import database
database.ensure()
print(json.dumps([database.connect_info("app"), database.connect_info("owner")]))
"""


@dataclass(frozen=True, kw_only=True)
class Server:
    """A server that somebody else runs: it asks for passwords."""

    socket: Path

    def url(self, user: str, database: str) -> str:
        """Return the address of a database for a user."""
        return f"postgresql://{user}:secret@/{database}?host={quote(str(self.socket), safe='')}"

    def execute(self, *statements: str, database: str = "postgres") -> list[tuple[Any, ...]]:
        """Run statements as the superuser, and return the rows of the last."""
        with psycopg.connect(self.url("postgres", database), autocommit=True) as connection:
            rows = [connection.execute(each) for each in statements]
            return rows[-1].fetchall() if rows[-1].description else []


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """Run a server that is none of ours."""
    folder = Path(tempfile.mkdtemp(prefix="ys-"))
    theirs = cluster.cluster(folder / "data", cluster.account_for(folder / "data"))
    theirs.initialise()
    start = {"cwd": theirs.folder, "env": cluster.ENVIRONMENT, "stderr": subprocess.DEVNULL}
    if theirs.account:
        start |= {"user": theirs.account.uid, "group": theirs.account.gid, "extra_groups": []}
    with subprocess.Popen(theirs.server_command(), **start) as process:  # type: ignore[call-overload]  # a dict
        pid_file = theirs.folder / "postmaster.pid"
        until(lambda: pid_file.exists() and "ready" in pid_file.read_text())
        made = Server(socket=theirs.folder)
        made.execute("ALTER ROLE postgres PASSWORD 'secret'")
        (theirs.folder / "pg_hba.conf").write_text("local all all scram-sha-256\n")
        made.execute("SELECT pg_reload_conf()")
        yield made
        process.terminate()
    shutil.rmtree(folder)


@pytest.fixture
def home() -> Iterator[Path]:
    """Give a data folder that does not exist yet."""
    folder = Path(tempfile.mkdtemp(prefix="yr-"))
    yield folder / "home"
    until_nobody_uses(folder / "home")
    shutil.rmtree(folder)


def doors(home: Path, environment: dict[str, str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the doors that a process finds, the working role's first."""
    done = run(DOORS, home, environment)
    assert done.returncode == 0, done.stderr
    app, owner = json.loads(done.stdout)
    return app, owner


def test_the_working_role_of_the_embedded_server_is_bound_by_policies(home: Path) -> None:
    done = run(BOUND, home)
    assert (done.stderr, done.stdout) == ("", "the working role is bound\n")


def test_the_working_role_on_a_given_server_is_bound_by_policies(server: Server, home: Path) -> None:
    done = run(BOUND, home, {"DATABASE_URL": server.url("postgres", "bound")})
    assert (done.stderr, done.stdout) == ("", "the working role is bound\n")


#: The owner makes a table that shows one row of two. Each of `evasions` is tried and must be turned away.
BOUND = """
import psycopg
from yipan import database
owner = database.connect_info("owner")
app = database.connect_info("app")
with psycopg.connect(**owner) as connection:
    for statement in (
        "CREATE TABLE duty (office text)",
        "INSERT INTO duty VALUES ('ours'), ('theirs')",
        "ALTER TABLE duty ENABLE ROW LEVEL SECURITY",
        "ALTER TABLE duty FORCE ROW LEVEL SECURITY",
        "CREATE POLICY ours ON duty USING (office = 'ours')",
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON duty TO {app['user']}",
    ):
        connection.execute(statement)
evasions = (
    "SET LOCAL row_security = off; SELECT * FROM duty",
    "ALTER TABLE duty DISABLE ROW LEVEL SECURITY",
    "ALTER TABLE duty NO FORCE ROW LEVEL SECURITY",
    "DROP POLICY ours ON duty",
    "TRUNCATE duty",
    "INSERT INTO duty VALUES ('theirs')",
    f"SET ROLE {owner['user']}",
    f"GRANT {owner['user']} TO {app['user']}",
    "SET SESSION AUTHORIZATION postgres",
    f"ALTER ROLE {app['user']} BYPASSRLS",
    "CREATE TABLE aside (name text)",
    "CREATE EXTENSION dblink",
    "COPY duty TO PROGRAM 'cat'",
)
with psycopg.connect(**app, autocommit=True) as connection:
    for evasion in evasions:
        try:
            with connection.transaction():
                for statement in evasion.split("; "):
                    connection.execute(statement)
        except psycopg.errors.InsufficientPrivilege:
            continue
        print("went around by", evasion)
    assert connection.execute("SELECT office FROM duty").fetchall() == [("ours",)]
print("the working role is bound")
"""


def test_an_administrators_address_makes_a_database_and_two_roles_with_passwords(
    server: Server, home: Path
) -> None:
    app, owner = doors(home, {"DATABASE_URL": server.url("postgres", "fresh")})
    assert (app["dbname"], app["user"], owner["user"]) == ("fresh", "fresh_app", "fresh_owner")
    for door in (app, owner):
        with psycopg.connect(**door) as connection:
            assert connection.execute("SELECT current_user").fetchone() == (door["user"],)
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(**{**door, "password": "guess"})
    assert doors(home, {"DATABASE_URL": server.url("postgres", "fresh")}) == (app, owner)
    assert (home / "keys" / "database.json.sealed").stat().st_mode & 0o777 == 0o600
    assert not (home / "postgres").exists()


def test_an_address_of_the_servers_own_database_leaves_it_alone(server: Server, home: Path) -> None:
    app, _ = doors(home, {"DATABASE_URL": server.url("postgres", "postgres")})
    assert app["dbname"] == "yipan"


def test_ten_processes_at_once_prepare_one_database(server: Server, home: Path) -> None:
    url = server.url("postgres", "crowded")
    script = f"import os; os.environ['DATABASE_URL'] = {url!r}\n{ENSURE}; print('in')"
    said = [process.communicate()[0] for process in [begin(home, script) for _ in range(10)]]
    assert said == ["in\n"] * 10


def test_an_administrator_without_superuser_rights_is_enough(server: Server, home: Path) -> None:
    server.execute("CREATE ROLE dba LOGIN CREATEDB CREATEROLE PASSWORD 'secret'")
    app, _ = doors(home, {"DATABASE_URL": server.url("dba", "managed")})
    with psycopg.connect(**app) as connection:
        assert connection.execute("SELECT current_user").fetchone() == ("managed_app",)


def test_the_roles_of_another_installation_are_not_taken_over(server: Server, home: Path) -> None:
    url = server.url("postgres", "theirs")
    app, _ = doors(home, {"DATABASE_URL": url})
    done = run(ENSURE, home.parent / "other", {"DATABASE_URL": url})
    assert "RolesTakenError" in done.stderr
    with psycopg.connect(**app) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def given(server: Server, database: str, app: str = "LOGIN") -> dict[str, str]:
    """Make a database and two roles as an administrator would, and return their addresses."""
    server.execute(
        f"CREATE ROLE {database}_a PASSWORD 'secret' {app}",
        f"CREATE ROLE {database}_o PASSWORD 'secret' LOGIN",
        f"CREATE DATABASE {database} OWNER {database}_o",
    )
    server.execute("CREATE EXTENSION pg_trgm", "CREATE EXTENSION btree_gist", database=database)
    return {
        "DATABASE_URL": server.url(f"{database}_a", database),
        "DATABASE_MIGRATE_URL": server.url(f"{database}_o", database),
    }


def test_two_addresses_are_used_as_they_are(server: Server, home: Path) -> None:
    app, owner = doors(home, given(server, "pair"))
    assert (app["user"], owner["user"]) == ("pair_a", "pair_o")
    assert not (home / "keys").exists()


@pytest.mark.parametrize("power", ["SUPERUSER", "BYPASSRLS", "CREATEROLE"])
def test_a_working_role_with_too_much_power_is_refused(server: Server, home: Path, power: str) -> None:
    addresses = given(server, f"too_{power.lower()}", f"LOGIN {power}")
    assert "RoleTooStrongError" in run(ENSURE, home, addresses).stderr


def test_a_working_role_that_owns_the_tables_is_refused(server: Server, home: Path) -> None:
    addresses = given(server, "owning")
    server.execute("CREATE TABLE t ()", "ALTER TABLE t OWNER TO owning_a", database="owning")
    assert "owner of t" in run(ENSURE, home, addresses).stderr


def test_a_working_role_that_may_become_the_owner_is_refused(server: Server, home: Path) -> None:
    addresses = given(server, "member")
    server.execute("GRANT member_o TO member_a")
    assert "RoleTooStrongError" in run(ENSURE, home, addresses).stderr
    same = {**addresses, "DATABASE_MIGRATE_URL": addresses["DATABASE_URL"]}
    assert "RoleTooStrongError" in run(ENSURE, home, same).stderr


def test_a_missing_extension_is_named(server: Server, home: Path) -> None:
    addresses = given(server, "bare")
    server.execute("DROP EXTENSION pg_trgm", database="bare")
    assert "extension pg_trgm" in run(ENSURE, home, addresses).stderr


@pytest.mark.parametrize(
    ("addresses", "error"),
    [
        ({"DATABASE_URL": "mysql://root:hidden@db/yipan"}, "NoPostgresAddressError"),
        ({"DATABASE_URL": "postgresql://root:hidden@db/yipan?nonsense"}, "NoPostgresAddressError"),
        ({"DATABASE_URL": "postgresql://root:hidden@/yipan?host=/nowhere"}, "UnreachableError"),
        ({"DATABASE_MIGRATE_URL": "postgresql://root:hidden@/yipan?host=/nowhere"}, "NoPostgresAddressError"),
    ],
)
def test_a_wrong_address_is_refused_without_quoting_its_password(
    home: Path, addresses: dict[str, str], error: str
) -> None:
    done = run(ENSURE, home, addresses)
    assert error in done.stderr
    assert "hidden" not in done.stderr


def test_migrations_run_once_as_the_owner_and_open_the_tables_to_the_working_role(home: Path) -> None:
    said = [process.communicate()[0] for process in [begin(home, MIGRATE) for _ in range(4)]]
    assert said == ["migrated\n"] * 4
    with_tables = run(MIGRATE, home)
    assert (with_tables.stdout, with_tables.stderr) == ("migrated\n", "")


MIGRATE = """
import django
from django.conf import settings
aliases = {"default": "app", "owner": "owner"}
databases = {
    alias: {"ENGINE": "yipan.database.backend", "NAME": "yipan", "ROLE": role}
    for alias, role in aliases.items()
}
apps = ["django.contrib.contenttypes", "django.contrib.auth"]
settings.configure(DATABASES=databases, INSTALLED_APPS=apps)
django.setup()
from django.contrib.auth.models import Group
from django.db import ProgrammingError, connection, transaction
from yipan import database
database.migrate()
assert not database.migrate()
with transaction.atomic():
    Group.objects.create(name="clerks").delete()
with connection.cursor() as cursor:
    cursor.execute("SELECT DISTINCT tableowner::text FROM pg_tables WHERE schemaname = 'public'")
    assert cursor.fetchall() == [("yipan_owner",)]
    try:
        cursor.execute("DELETE FROM django_migrations")
    except ProgrammingError:
        print("migrated")
connection.close()
"""


#: Opens a new connection, as a page does after a pause, for each line that it reads.
WORKER = """
import sys, django
django.setup()
from django.db import connection
for line in sys.stdin:
    connection.close()
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        print(cursor.fetchone()[0], flush=True)
"""


def test_the_passwords_of_the_roles_are_changed_while_others_work(server: Server, home: Path) -> None:
    url = {"DATABASE_URL": server.url("postgres", "changing")}
    app, _ = doors(home, url)
    script = f"import os; os.environ.update({url!r}, DJANGO_SETTINGS_MODULE='yipan.settings')\n{WORKER}"
    process = begin(home, script)
    assert process.stdin is not None
    assert process.stdout is not None
    for change in ("", "from yipan.database import doors; doors.rotate_passwords()"):
        assert run(change, home, url).returncode == 0
        process.stdin.write("again\n")
        process.stdin.flush()
        assert process.stdout.readline() == "changing_app\n"
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(**app)
    process.communicate()
    changed, _ = doors(home, url)
    assert changed["password"] != app["password"]


def test_a_change_of_passwords_that_was_stopped_between_the_two_roles_opens_and_goes_on(
    server: Server, home: Path
) -> None:
    url = {"DATABASE_URL": server.url("postgres", "halfway")}
    before = doors(home, url)
    script = """
from yipan.database import doors
given = []
def once(door, password, new=doors.new_password):
    if given:
        raise SystemExit(9)
    given.append(new(door, password))
doors.new_password = once
doors.rotate_passwords()
"""
    assert run(script, home, url).returncode == 9
    app, owner = doors(home, url)
    assert (app["password"] != before[0]["password"], owner) == (True, before[1])
    assert run("from yipan.database import doors; doors.rotate_passwords()", home, url).returncode == 0
    now = doors(home, url)
    assert (now[0]["password"] == app["password"], now[1]["password"] != owner["password"]) == (True, True)


def test_passwords_that_are_not_ours_are_not_changed(server: Server, home: Path) -> None:
    done = run("from yipan.database import doors; doors.rotate_passwords()", home, given(server, "theirown"))
    assert "NotOursError" in done.stderr
