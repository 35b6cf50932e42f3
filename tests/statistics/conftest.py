"""An installation to count in, and a look into the folder of figures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from tests.duties.conftest import cast, installation

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["cast", "installation"]


@pytest.fixture
def look(installation: Path) -> Callable[..., list[tuple[Any, ...]]]:
    """Give a way to ask the Parquet itself: `look('duties', 'SELECT count(*) FROM duties')`."""
    from yipan.statistics.store import folder, read_manifest  # noqa: PLC0415  # after Django is set up

    assert installation.is_dir()

    def asked(table: str, query: str) -> list[tuple[Any, ...]]:
        names = [str(folder() / name) for name in read_manifest(folder()).files[table].values()]
        with duckdb.connect() as engine:
            engine.execute(f"CREATE VIEW {table} AS SELECT * FROM read_parquet({names})")  # noqa: S608  # our own files
            return engine.execute(query).fetchall()

    return asked
