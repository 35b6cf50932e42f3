"""The cellar: the PostgreSQL server, started when none is named, and its two roles.

The front door: `ensure()` makes the database ready, `connect_info(role)` says how to enter it, `migrate()`
brings its tables up to date. `home()` is the data folder, `read_or_make_key()` keeps a key in it, sealed; `vault` has more.
"""

from __future__ import annotations

from yipan.database.doors import Role, connect_info, ensure, is_embedded, leave
from yipan.database.home import home, make_home, pack_places, rule_packs
from yipan.database.refusals import DatabaseError
from yipan.database.vault import read_or_make_key, read_or_make_public

__all__ = [
    "DatabaseError",
    "Role",
    "connect_info",
    "ensure",
    "home",
    "is_embedded",
    "leave",
    "make_home",
    "migrate",
    "pack_places",
    "read_or_make_key",
    "read_or_make_public",
    "rule_packs",
]


def migrate() -> bool:
    """Run the migrations that have not run, and tell whether there were any. Django must be set up."""
    # This imports models, which may not happen while the settings are read; and the settings use this room.
    from yipan.database.migrating import migrate as run  # noqa: PLC0415

    return run()
