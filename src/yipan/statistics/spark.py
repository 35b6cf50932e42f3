"""The same tables and measures on Spark, for figures that outgrow one machine: `local[2]`, or a cluster by its URL.

It reads the very Parquet of the folder of figures and runs the very texts, as sqlglot writes them for Spark. What it comes to
is compared with DuckDB by `make soak`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar, Final

from yipan.errors import YipanError
from yipan.statistics.columns import TABLES
from yipan.statistics.engine import as_spark
from yipan.statistics.store import folder, read_manifest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path
    from types import TracebackType
    from typing import Self

#: On this machine, with two threads.
LOCAL: Final = "local[2]"
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
    "spark.driver.bindAddress": "127.0.0.1",
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


class SparkEngine:
    """Spark with the tables of a folder of figures: `put`, `keep` and `rows` as those of `Engine`. Use it as a context."""

    def __init__(self, at: Path | None = None, *, url: str = LOCAL) -> None:
        """Open the tables that the manifest of a folder names.

        Raises:
            SparkMissingError: pyspark, or the Java that it runs on, is not there.
        """
        try:
            sql = import_module("pyspark.sql")
            builder = sql.SparkSession.builder.master(url).appName("yipan")
            for name, value in _SET.items():
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

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""
        return [tuple(row) for row in self.spark.sql(as_spark(query)).collect()]
