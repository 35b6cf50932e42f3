"""Django's PostgreSQL backend that asks for its door at the first connection, not when settings are read.

So a command that needs no database starts no server.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from django.db.backends.postgresql import base

from yipan.database import connect_info, ensure, is_embedded

if TYPE_CHECKING:
    import psycopg

#: libpq's names on the left, Django's on the right.
NAMES: Final = {"host": "HOST", "port": "PORT", "dbname": "NAME", "user": "USER", "password": "PASSWORD"}


class DatabaseWrapper(base.DatabaseWrapper):
    """Enters as the role that the settings name under `ROLE` (`app` or `owner`)."""

    def get_connection_params(self) -> dict[str, Any]:
        """Return the parameters of the role's door, starting the embedded server if need be."""
        door = connect_info(self.settings_dict["ROLE"])
        for name, key in NAMES.items():
            self.settings_dict[key] = door.pop(name, "")
        return {**super().get_connection_params(), **door}

    def get_new_connection(self, conn_params: dict[str, Any]) -> psycopg.Connection[Any]:
        """Connect; an embedded server that was killed is started again, passwords that were changed are read again."""
        try:
            connection: psycopg.Connection[Any] = super().get_new_connection(conn_params)
        except self.Database.OperationalError:
            before = connect_info(self.settings_dict["ROLE"])
            ensure(again=True)
            if not is_embedded() and connect_info(self.settings_dict["ROLE"]) == before:
                raise
            connection = super().get_new_connection(self.get_connection_params())
        return connection
