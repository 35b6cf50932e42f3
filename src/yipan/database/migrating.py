"""Bring the tables up to date, as their owner, one process at a time."""

from __future__ import annotations

import importlib.util
import pkgutil
from typing import TYPE_CHECKING, Final

import psycopg
from django.apps import apps
from django.core.management import call_command
from django.db import connections
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from psycopg import sql

from yipan.database.doors import connect_info

if TYPE_CHECKING:
    from collections.abc import Iterator

#: The alias of the owner's connection in the settings; nothing else uses it.
OWNER: Final = "owner"
#: Any number that nothing else locks: one migration at a time on a database.
MIGRATING: Final = 0x5969_7061_6E02


def migrate() -> bool:
    """Run the migrations that have not run, and tell whether there were any. Django must be set up.

    Each new table is open to the working role for reading and writing rows; a migration takes back what a
    table must not allow (`REVOKE UPDATE, DELETE`).
    """
    try:
        if not _is_needed():
            return False
        app, owner = connect_info("app"), connect_info("owner")
        with psycopg.connect(**owner, autocommit=True) as connection:
            # Held by this connection until it closes; Django migrates on one of its own.
            connection.execute("SELECT pg_advisory_lock(%s)", [MIGRATING])
            for statement in (
                "GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {app}",
                "GRANT USAGE, SELECT ON SEQUENCES TO {app}",
            ):
                default = sql.SQL("ALTER DEFAULT PRIVILEGES IN SCHEMA public " + statement)
                connection.execute(default.format(app=sql.Identifier(app["user"])))
            call_command("migrate", database=OWNER, interactive=False, verbosity=0)
            # What has been migrated is for the owner to say.
            connection.execute(
                sql.SQL("REVOKE INSERT, UPDATE, DELETE ON django_migrations FROM {app}").format(
                    app=sql.Identifier(app["user"])
                )
            )
        return True
    finally:
        connections[OWNER].close()


def _is_needed() -> bool:
    """Tell whether a migration has not run. Where each file was run under its name none has to be read for it."""
    done = MigrationRecorder(connections[OWNER]).applied_migrations()
    if all(each in done for each in _files()):
        return False
    executor = MigrationExecutor(connections[OWNER])
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def _files() -> Iterator[tuple[str, str]]:
    """Yield app and name of each migration, from the names of the files alone."""
    for app in apps.get_app_configs():
        name, _ = MigrationLoader.migrations_module(app.label)
        found = importlib.util.find_spec(name) if name else None
        for each in pkgutil.iter_modules(found.submodule_search_locations if found else ()):
            if not each.ispkg and each.name[0] not in "_~":
                yield app.label, each.name
