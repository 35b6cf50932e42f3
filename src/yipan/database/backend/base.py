"""Django's PostgreSQL backend that asks for its door at the first connection, not when settings are read.

So a command that needs no database starts no server.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from django.db.backends.postgresql import base
from django.db.utils import DatabaseErrorWrapper, OperationalError
from django.utils.functional import cached_property

from yipan.database import connect_info, ensure, is_embedded
from yipan.database.refusals import ConnectionLostError, DatabaseError, DiskFullError, refusal_of

if TYPE_CHECKING:
    from types import TracebackType

    import psycopg

#: libpq's names on the left, Django's on the right.
NAMES: Final = {"host": "HOST", "port": "PORT", "dbname": "NAME", "user": "USER", "password": "PASSWORD"}


class FullError(DiskFullError, OperationalError):
    """A full disk, as Django's own rooms hear of it."""


class LostError(ConnectionLostError, OperationalError):
    """A lost line, as Django's own rooms hear of it."""


_HEARD: Final[dict[type[DatabaseError], type[DatabaseError]]] = {
    DiskFullError: FullError, ConnectionLostError: LostError,
}  # fmt: skip


class Errors(DatabaseErrorWrapper):
    """Says a full disk and a lost line as refusals, which are OperationalErrors too; the rest as Django does."""

    wrapper: DatabaseWrapper

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Raise what the error means to whoever hears of it."""
        if isinstance(error, self.wrapper.Database.OperationalError):
            line = self.wrapper.connection
            if refusal := refusal_of(error, lost=line is not None and line.broken):
                self.wrapper.errors_occurred = True
                raise _HEARD[type(refusal)]().with_traceback(traceback) from error
        super().__exit__(kind, error, traceback)


class DatabaseWrapper(base.DatabaseWrapper):
    """Enters as the role that the settings name under `ROLE` (`app` or `owner`)."""

    @cached_property
    def wrap_database_errors(self) -> Errors:
        """Return what says errors."""
        return Errors(self)

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
