"""The two roles: one owns the tables and migrates, one works and is bound by the row-level policies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from yipan.database.refusals import NotPreparedError, OldServerError, RolesTakenError, RoleTooStrongError

if TYPE_CHECKING:
    from collections.abc import Mapping

EXTENSIONS: Final = ("btree_gist", "pg_trgm")
OLDEST_SERVER: Final = 15
#: A database that every server has.
MAINTENANCE: Final = "postgres"
#: Any number that nothing else locks: one preparation at a time on a server.
PREPARING: Final = 0x5969_7061_6E01

#: What the working role can do beyond its tables. Membership counts: a member may become the other role.
WORKING_ROLE: Final = """
SELECT current_user AS role,
       current_setting('server_version_num')::int / 10000 AS version,
       EXISTS (SELECT FROM pg_roles r WHERE (r.rolsuper OR r.rolbypassrls OR r.rolcreaterole)
               AND pg_has_role(current_user, r.oid, 'member')) AS strong,
       EXISTS (SELECT FROM pg_roles r WHERE r.rolname = %(owner)s
               AND pg_has_role(current_user, r.oid, 'member')) AS is_owner,
       (SELECT min(c.oid::regclass::text) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE c.relkind IN ('r', 'p') AND n.nspname NOT LIKE 'pg\\_%%' AND n.nspname <> 'information_schema'
           AND pg_has_role(current_user, c.relowner, 'member')) AS owned,
       has_schema_privilege('public', 'USAGE') AS may_enter,
       ARRAY(SELECT extname::text FROM pg_extension) AS extensions
"""


@dataclass(frozen=True, kw_only=True)
class Roles:
    """The database and the names of its two roles."""

    database: str

    @property
    def app(self) -> str:
        """The role that works."""
        return f"{self.database}_app"

    @property
    def owner(self) -> str:
        """The role that owns the tables and migrates."""
        return f"{self.database}_owner"


class Passwords(Protocol):
    """Where the passwords of the two roles are kept."""

    def known(self) -> bool:
        """Tell whether they are here."""

    def of(self, role: Literal["app", "owner"]) -> str:
        """Return one of them, made when they were not here."""


def check_working_role(door: Mapping[str, Any], owner: str) -> None:
    """Refuse a working role that row-level security would not bind, an old server, an unprepared database.

    Raises psycopg.OperationalError when the door does not open.
    """
    with psycopg.connect(**door, row_factory=dict_row) as connection:
        found = connection.execute(WORKING_ROLE, {"owner": owner}).fetchone()
    if found is None:  # the query always has its one row
        raise AssertionError
    if found["version"] < OLDEST_SERVER:
        raise OldServerError(found=found["version"], needed=OLDEST_SERVER)
    if found["strong"]:
        reason = "it is, or may become, a superuser or a role with BYPASSRLS or CREATEROLE"
        raise RoleTooStrongError(role=found["role"], reason=reason)
    if found["is_owner"] or found["owned"]:
        owned = found["owned"] or owner
        raise RoleTooStrongError(role=found["role"], reason=f"it is, or may become, the owner of {owned}")
    missing = [f"extension {name}" for name in EXTENSIONS if name not in found["extensions"]]
    if not found["may_enter"]:
        missing.append(f"USAGE on the schema public for {found['role']}")
    if missing:
        raise NotPreparedError(database=door.get("dbname", ""), missing=", ".join(missing))


def prepare(admin: Mapping[str, Any], roles: Roles, passwords: Passwords | None) -> None:
    """Make the roles, the database and its extensions where they are missing, one process at a time.

    `passwords` is None where the server trusts its socket. Roles that exist without their passwords being
    known here are refused, not taken over: that would shut out whoever works with them.
    """
    with _maintenance(admin) as connection:
        if connection.info.server_version // 10000 < OLDEST_SERVER:
            raise OldServerError(found=connection.info.server_version // 10000, needed=OLDEST_SERVER)
        connection.execute("SELECT pg_advisory_lock(%s)", [PREPARING])
        _make_roles(connection, roles, passwords)
        if not _exists(connection, "pg_database", "datname", roles.database):
            connection.execute(
                sql.SQL(
                    "CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C.UTF-8'"
                ).format(sql.Identifier(roles.database))
            )
        # Inside the lock: the second comer finds everything done.
        _furnish(admin, roles)


def _maintenance(admin: Mapping[str, Any]) -> psycopg.Connection[Any]:
    """Connect to a database that is there before ours: all who prepare must meet in the same one."""
    try:
        return psycopg.connect(**{**admin, "dbname": MAINTENANCE}, autocommit=True)
    except psycopg.OperationalError:
        if admin.get("dbname", MAINTENANCE) == MAINTENANCE:
            raise
        return psycopg.connect(**admin, autocommit=True)


def _make_roles(connection: psycopg.Connection[Any], roles: Roles, passwords: Passwords | None) -> None:
    missing = [
        (name, key)
        for name, key in ((roles.app, "app"), (roles.owner, "owner"))
        if not _exists(connection, "pg_roles", "rolname", name)
    ]
    if passwords and not passwords.known() and len(missing) < len(("app", "owner")):
        raise RolesTakenError(role=f"{roles.app} / {roles.owner}", key="keys/database.json.sealed")
    for name, key in missing:
        statement = sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(name))
        if passwords:
            # Hashed here: the server's log may keep the statement.
            digest = connection.pgconn.encrypt_password(
                passwords.of("app" if key == "app" else "owner").encode(), name.encode(), b"scram-sha-256"
            )
            statement += sql.SQL(" PASSWORD {}").format(sql.Literal(digest.decode()))
        connection.execute(statement)


def new_password(door: Mapping[str, Any], password: str) -> None:
    """Let a role give itself a new password. Hashed here: the server's log may keep the statement."""
    with psycopg.connect(**door, autocommit=True) as connection:
        name = connection.info.user
        digest = connection.pgconn.encrypt_password(password.encode(), name.encode(), b"scram-sha-256")
        statement = sql.SQL("ALTER ROLE {} PASSWORD {}")
        connection.execute(statement.format(sql.Identifier(name), sql.Literal(digest.decode())))


def _exists(connection: psycopg.Connection[Any], catalogue: str, column: str, name: str) -> bool:
    query = sql.SQL("SELECT FROM {} WHERE {} = %s").format(sql.Identifier(catalogue), sql.Identifier(column))
    return connection.execute(query, [name]).fetchone() is not None


def _furnish(admin: Mapping[str, Any], roles: Roles) -> None:
    names = {name: sql.Identifier(getattr(roles, name)) for name in ("database", "app", "owner")}
    with psycopg.connect(**{**admin, "dbname": roles.database}) as connection:
        for extension in EXTENSIONS:
            connection.execute(
                sql.SQL("CREATE EXTENSION IF NOT EXISTS {} SCHEMA public").format(sql.Identifier(extension))
            )
        for statement in (
            "REVOKE ALL ON DATABASE {database} FROM PUBLIC",
            "GRANT CONNECT ON DATABASE {database} TO {app}",
            "GRANT CONNECT, CREATE, TEMPORARY ON DATABASE {database} TO {owner}",
            "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
            "GRANT USAGE ON SCHEMA public TO {app}",
            "GRANT USAGE, CREATE ON SCHEMA public TO {owner}",
        ):
            connection.execute(sql.SQL(statement).format(**names))
