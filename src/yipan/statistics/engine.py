"""The engine: DuckDB over the months of Parquet, bounded in memory, and the same SQL as Spark writes it.

Each table and measure is written once, in `tables/*.sql`. What it counts is data: the definitions stand beside the duties
as small tables of their own, so that one text computes every indicator of a measure at once.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

import duckdb
import sqlglot

from yipan.statistics.columns import TABLES
from yipan.statistics.store import folder, read_manifest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path
    from types import TracebackType
    from typing import Self

#: Memory of one engine where YIPAN_FIGURES_MEMORY sets none.
_MEMORY: Final = "2GB"
_MEMORY_SET: Final = "YIPAN_FIGURES_MEMORY"
_TABLES: Final = files("yipan.statistics") / "tables"
_A_MOMENT: Final = timedelta(microseconds=1)
_SHANGHAI_PLAIN: Final = "%Y-%m-%d %H:%M:%S.%f"


@lru_cache(maxsize=128)
def text_of(name: str) -> str:
    """Return the text of a table or a measure, as it is written."""
    return (_TABLES / f"{name}.sql").read_text(encoding="utf-8")


def names_below(folder_name: str) -> list[str]:
    """Return the texts of a folder of tables, as `checks/chk-both-ends`."""
    found = (_TABLES / folder_name).iterdir()
    return sorted(
        f"{folder_name}/{each.name.removesuffix('.sql')}" for each in found if each.name.endswith(".sql")
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """The stretch that is asked about, in moments of Beijing: [first, after), and as of when."""

    first: datetime
    after: datetime
    as_of: datetime

    def literals(self) -> dict[str, str]:
        """Return what stands in the place of each `$name` of a text."""
        last = max(self.first, self.after - _A_MOMENT)
        return {
            "$first_month": f"'{self.first:%Y-%m}'",
            "$last_month": f"'{last:%Y-%m}'",
            "$first": _moment(self.first),
            "$after": _moment(self.after),
            "$as_of": _moment(self.as_of),
        }


def _moment(at: datetime) -> str:
    return f"TIMESTAMP '{at.replace(tzinfo=None).strftime(_SHANGHAI_PLAIN)}'"


def filled(name: str, asked: Asked, more: Mapping[str, str] | None = None) -> str:
    """Return a text with the stretch written into it."""
    found = text_of(name)
    # The longer names first: one begins like another.
    for key, value in sorted({**asked.literals(), **(more or {})}.items(), reverse=True):
        found = found.replace(key, value)
    return found


def as_spark(query: str) -> str:
    """Return a text as Spark writes it."""
    return ";\n".join(sqlglot.transpile(query, read="duckdb", write="spark", pretty=True))


class Engine:
    """DuckDB with the tables of the folder of figures. Use it as a context."""

    def __init__(self, at: Path | None = None) -> None:
        """Open the tables that the manifest of a folder names; it may be rewritten meanwhile."""
        self._at = at or folder()
        self.duckdb = duckdb.connect()
        memory = os.environ.get(_MEMORY_SET, _MEMORY)
        self.duckdb.execute("SET memory_limit = ?", [memory])
        self.duckdb.execute("SET preserve_insertion_order = false")
        scratch = self._at / "scratch"
        scratch.mkdir(mode=0o700, exist_ok=True)
        self.duckdb.execute("SET temp_directory = ?", [str(scratch)])
        self.manifest = read_manifest(self._at)
        for table, columns in TABLES.items():
            self._open(table, columns)

    def _open(self, table: str, columns: Mapping[str, str]) -> None:
        names = [str(self._at / name) for name in self.manifest.files.get(table, {}).values()]
        if names:
            listed = ", ".join(f"'{name}'" for name in names)
            rows = f"SELECT * FROM read_parquet([{listed}], hive_partitioning = false)"  # noqa: S608  # our own files
            self.duckdb.execute(f"CREATE VIEW {table} AS {rows}")
        else:
            self.put(table, columns, [])

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the engine."""
        self.duckdb.close()

    def put(self, table: str, columns: Mapping[str, str], rows: Iterable[Sequence[object]]) -> None:
        """Put a small table beside the others."""
        shape = ", ".join(f"{name} {kind}" for name, kind in columns.items())
        self.duckdb.execute(f"CREATE OR REPLACE TABLE {table} ({shape})")
        held = [list(row) for row in rows]
        if held and any(kind.startswith("MAP") for kind in columns.values()):
            marks = ", ".join("?" for _ in columns)
            self.duckdb.executemany(f"INSERT INTO {table} VALUES ({marks})", held)  # noqa: S608  # our own table
        elif held:
            # At once: a statement for each row costs more than all that is then counted.
            lists = ", ".join(f"unnest(?::{kind}[])" for kind in columns.values())
            self.duckdb.execute(
                f"INSERT INTO {table} SELECT {lists}",
                [list(column) for column in zip(*held, strict=True)],
            )

    def keep(self, table: str, query: str) -> None:
        """Compute a text once and keep what it says as a table."""
        self.duckdb.execute(f"CREATE OR REPLACE TABLE {table} AS {query}")

    def rows(self, query: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""
        return self.duckdb.execute(query, list(values)).fetchall()

    def dicts(self, query: str, values: Sequence[object] = ()) -> list[dict[str, Any]]:
        """Return the rows of a query by name."""
        done = self.duckdb.execute(query, list(values))
        names = [each[0] for each in done.description or ()]
        return [dict(zip(names, row, strict=True)) for row in done.fetchall()]
