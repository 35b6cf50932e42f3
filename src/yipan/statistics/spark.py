"""The same tables and measures on Spark, for figures that outgrow one machine: `local[2]`, or a cluster by its URL.

It reads the very Parquet of the folder of figures and runs the very texts, as sqlglot writes them for Spark. What it comes to
is compared with DuckDB by `make soak`.
"""

from __future__ import annotations

import os
import re
from datetime import datetime
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar, Final

from yipan.errors import YipanError
from yipan.statistics.columns import TABLES
from yipan.statistics.engine import Engine, as_spark
from yipan.statistics.store import folder, read_manifest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path
    from types import TracebackType
    from typing import Self

#: On this machine, with two threads.
LOCAL: Final = "local[2]"
#: The engines by name; where a command does not say one, this setting does.
DUCKDB, SPARK = "duckdb", "spark"
_ENGINE_SET: Final = "YIPAN_FIGURES_ENGINE"
_URL: Final = re.compile(r"local(\[[0-9*, ]+\])?|yarn|(spark|k8s)://\S+")
#: Where a query asks for a value; texts in quotes are passed over.
_VALUE: Final = re.compile(r"'(?:[^']|'')*'|\?|\$[0-9]+")
_TYPES: Final = {
    "VARCHAR": "STRING", "BIGINT": "BIGINT", "INTEGER": "INT", "SMALLINT": "SMALLINT", "BOOLEAN": "BOOLEAN", "DATE": "DATE",
    "TIMESTAMP": "TIMESTAMP_NTZ", "MAP(VARCHAR, VARCHAR)": "MAP<STRING, STRING>",
}  # fmt: skip
_SET: Final = {
    # As the Parquet has them: moments of Beijing, without a zone.
    "spark.sql.timestampType": "TIMESTAMP_NTZ",
    "spark.sql.session.timeZone": "Asia/Shanghai",
    "spark.sql.shuffle.partitions": "4",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
}
#: On this machine nothing listens to the net; the workers of a cluster must be able to reach who asks them.
_SET_HERE: Final = {"spark.driver.bindAddress": "127.0.0.1", "spark.driver.host": "127.0.0.1"}


class NoEngineError(YipanError):
    """There is no such engine."""

    code: ClassVar[str] = "no-engine"
    exit_code: ClassVar[int] = 2
    sentence: ClassVar[dict[str, str]] = {
        "zh": "没有名为“{engine}”的计算引擎。",
        "en": "There is no engine {engine!r} to count with.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "请写 duckdb、spark，或者集群地址，例如 spark://host:7077、local[4]。",
        "en": "Write duckdb, spark, or the URL of a cluster such as spark://host:7077 or local[4].",
    }


class SparkMissingError(YipanError):
    """Spark is not installed here."""

    code: ClassVar[str] = "spark-missing"
    exit_code: ClassVar[int] = 2
    sentence: ClassVar[dict[str, str]] = {
        "zh": "这里没有装 Spark：{what}。",
        "en": "Spark is not installed here: {what}.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "请运行 pip install 'yipan[spark]'，并装好 Java 17（例如 apt-get install openjdk-17-jre-headless）。",
        "en": "Run pip install 'yipan[spark]', and install Java 17 (such as apt-get install openjdk-17-jre-headless).",
    }


class SparkEngine(Engine):
    """Spark with the tables of a folder of figures, asked as `Engine` is. Use it as a context."""

    def __init__(self, at: Path | None = None, *, url: str = LOCAL) -> None:
        """Open the tables that the manifest of a folder names.

        Raises:
            SparkMissingError: pyspark, or the Java that it runs on, is not there.
        """
        try:
            sql = import_module("pyspark.sql")
            builder = sql.SparkSession.builder.master(url).appName("yipan")
            for name, value in {**_SET, **(_SET_HERE if url.startswith("local") else {})}.items():
                builder = builder.config(name, value)
            self.spark: Any = builder.getOrCreate()
        except ModuleNotFoundError as error:
            raise SparkMissingError(what="pyspark") from error
        except Exception as error:
            # Its own class, which cannot be named without it.
            if type(error).__name__ not in ("PySparkRuntimeError", "FileNotFoundError"):
                raise
            raise SparkMissingError(what="Java") from error
        self.spark.sparkContext.setLogLevel("ERROR")
        where = at or folder()
        manifest = read_manifest(where)
        for table, columns in TABLES.items():
            names = [str(where / name) for name in manifest.files.get(table, {}).values()]
            if names:
                self.spark.read.parquet(*names).createOrReplaceTempView(table)
            else:
                self.put(table, columns, [])

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the session."""
        self.spark.stop()

    def put(self, table: str, columns: Mapping[str, str], rows: Iterable[Sequence[object]]) -> None:
        """Put a small table beside the others."""
        shape = ", ".join(f"`{name}` {_TYPES[kind]}" for name, kind in columns.items())
        self.spark.createDataFrame([tuple(row) for row in rows], shape).createOrReplaceTempView(table)

    def keep(self, table: str, query: str) -> None:
        """Compute a text once and keep what it says as a table."""
        found = self.spark.sql(as_spark(query)).cache()
        found.createOrReplaceTempView(table)

    def rows(self, query: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""
        return [tuple(row) for row in self.spark.sql(as_spark(written_in(query, values))).collect()]

    def dicts(self, query: str, values: Sequence[object] = ()) -> list[dict[str, Any]]:
        """Return the rows of a query by name."""
        found = self.spark.sql(as_spark(written_in(query, values))).collect()
        return [row.asDict() for row in found]


def engine_on(name: str = "") -> Engine:
    """Return an engine: `duckdb`, `spark` (on this machine), or Spark at the URL of a cluster; as set where none is named.

    Raises:
        NoEngineError: it is none of these.
        SparkMissingError: pyspark, or the Java that it runs on, is not there.
    """
    wanted = (name or os.environ.get(_ENGINE_SET, "")).strip() or DUCKDB
    if wanted == DUCKDB:
        return Engine()
    if wanted != SPARK and not _URL.fullmatch(wanted):
        raise NoEngineError(engine=wanted)
    return SparkEngine(url=LOCAL if wanted == SPARK else wanted)


def written_in(query: str, values: Sequence[object]) -> str:
    """Return a query of the engine with its values written into it, each as a literal: Spark takes no lists as values.

    A value is a text, a whole number, a moment or a list of texts; it is asked for as `?`, in order, or `$1`.
    """
    left = iter(values)

    def said(found: re.Match[str]) -> str:
        place = found[0]
        if place.startswith("'"):
            return place
        return _literal(values[int(place[1:]) - 1] if place[1:] else next(left))

    return _VALUE.sub(said, query) if values else query


def _literal(value: object) -> str:
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_literal, value))}]"
    if isinstance(value, datetime):
        return f"TIMESTAMP '{value.isoformat(sep=' ')}'"
    return str(value) if isinstance(value, int) else "'{}'".format(str(value).replace("'", "''"))
