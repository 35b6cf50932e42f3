"""How long all indicators of all offices take over millions of duties, beside a bare GROUP BY: `python -m bench.insight`.

Duties are made up in Parquet, by month as an extract writes them, then three things are timed in one run: a bare GROUP BY
over the columns that the indicators read, the table of what offices did, and all indicators of all levels. `--sizes 5 50`
(millions) shows how time grows. Memory is the engine's limit and the peak of the process.

`--postgres` asks the embedded PostgreSQL the same in the same run: the columns are copied into it (as long as that takes, and not
counted), and the bare GROUP BY and every indicator that is a share of duties done in time are asked of both, in the same text.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import resource
import shutil
import tempfile
import time
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from yipan.statistics.engine import Asked, Engine

_MILLION = 1_000_000
_MONTHS = 12
#: Rules of the indicators and others beside them, as often as each.
_RULES = (
    "birth-reg-enter-at-once", "birth-reg-verify-7wd", "birth-reg-reply-15wd", "birth-reg-notify-home-15wd",
    "home-cert-issue", "cert-check-15wd", "prd-query-reply-15wd", "consult-reply-7wd", "report-upward", "handle-complaint",
    "cq-township-meeting-monthly", "henan-monthly-notice-3rd",
)  # fmt: skip
_DUTIES = """
COPY (
  SELECT
    i + {start} AS key, (i + {start}) // 3 AS thread, rules.name AS rule, 'service-promise' AS rule_pack, DATE '2021-09-26' AS version_on,
    '' AS period, '' AS party_role, offices.office, offices.office AS owed_by, offices.other AS owed_to,
    CASE WHEN h % 3 = 0 THEN '' WHEN h % 3 = 1 THEN 'within-province' ELSE 'across-provinces' END AS crossing,
    opened AS opened_at, opened + INTERVAL 15 DAY AS due_at,
    CASE WHEN h % 20 = 0 THEN NULL ELSE opened + to_hours(CAST(h % 450 AS BIGINT)) END AS closed_at, NULL::TIMESTAMP AS lapsed_at,
    CASE WHEN h % 20 = 0 THEN 'open' WHEN h % 20 = 1 THEN 'released' ELSE 'discharged' END AS state, FALSE AS provisional,
    '' AS opened_kind, '' AS closed_kind, '' AS closed_by, NULL::TIMESTAMP AS closed_told_at, FALSE AS closed_on_evidence, '' AS answer
  FROM (
    SELECT i, hash(i + {start}) AS h, TIMESTAMP '{first}' + to_minutes(CAST(hash(i * 7 + {start}) % 40000 AS BIGINT)) AS opened FROM range({count}) AS made(i)
  ) AS one
  JOIN bench_offices AS offices ON offices.nth = h // 64 % {offices}
  JOIN bench_rules AS rules ON rules.nth = h // 8192 % {rules}
) TO '{path}' (FORMAT parquet, COMPRESSION zstd)
"""
_BARE = """
SELECT office, rule, crossing, state, COUNT(*) AS times, COUNT(CASE WHEN closed_at < due_at THEN 1 END) AS kept, MIN(opened_at) AS first_at
FROM duties GROUP BY office, rule, crossing, state
"""


def main() -> None:
    """Make the duties, time the three, print one JSON line for each size."""
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("--sizes", type=int, nargs="+", default=[5, 50], help="millions of duties")
    given.add_argument("--counties", type=int, default=3000)
    given.add_argument("--memory", default="3GB")
    given.add_argument("--postgres", action="store_true", help="ask PostgreSQL too")
    asked = given.parse_args()
    os.environ["YIPAN_FIGURES_MEMORY"] = asked.memory
    for size in asked.sizes:
        print(
            json.dumps(_measured(size, asked.counties, postgres=asked.postgres), ensure_ascii=False),
            flush=True,
        )


def _measured(size: int, counties: int, *, postgres: bool) -> dict[str, Any]:
    # The folder of figures belongs to an installation; this one is for the bench alone.
    at = Path(tempfile.mkdtemp(prefix="yipan-insight-"))
    os.environ["YIPAN_HOME"] = str(at)
    try:
        return _timed(at, size, counties, postgres=postgres)
    finally:
        if postgres:
            _leave(at)
        shutil.rmtree(at)


def _timed(at: Path, size: int, counties: int, *, postgres: bool) -> dict[str, Any]:
    from yipan.statistics.engine import Asked, Engine, filled  # noqa: PLC0415  # once the folder is named
    from yipan.statistics.measures import compute, lay_out  # noqa: PLC0415  # the same

    made_in = _seconds(lambda: _make(at, size * _MILLION, counties))
    whole = Asked(first=datetime(2026, 1, 1), after=datetime(2027, 1, 1), as_of=datetime(2027, 1, 1))  # noqa: DTZ001  # as the tables hold them
    with Engine(at) as engine:
        lay_out(engine)
        _name_offices(engine, counties)
        bare = min(_seconds(lambda: engine.keep("bare", _BARE)) for _ in range(2))
        worked = min(_seconds(lambda: engine.keep("worked", filled("worked", whole))) for _ in range(2))
        every = min(_seconds(lambda: compute(engine, whole)) for _ in range(2))
        values = engine.rows("SELECT COUNT(*) FROM rolled")[0][0]
        beside = _beside(engine, whole, bare) if postgres else {}
    return {
        "million_duties": size, "counties": counties, "made_in_s": round(made_in, 1), "bare_group_by_s": round(bare, 2),
        "worked_s": round(worked, 2), "all_indicators_s": round(every, 2), "over_bare": round(every / bare, 2), "values": values,
        "memory_limit": os.environ["YIPAN_FIGURES_MEMORY"],
        "peak_gib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20), 2), "cores": os.cpu_count(), **beside,
    }  # fmt: skip


# -------------------------------------------------------------------- the same question, asked of PostgreSQL

#: What of the duties the question reads.
_READ = ("office", "rule", "crossing", "state", "opened_at", "closed_at", "due_at")
_BESIDE = ("figures", "figure_levels", "figure_bodies", "figure_duties", "offices", "lines")
_PLAIN = {
    "VARCHAR": "text",
    "BIGINT": "bigint",
    "INTEGER": "integer",
    "SMALLINT": "smallint",
    "TIMESTAMP": "timestamp",
}


def _beside(engine: Engine, whole: Asked, bare: float) -> dict[str, Any]:
    """Ask both of every indicator that is a share of duties done in time, and PostgreSQL of the bare GROUP BY too."""
    from yipan import database  # noqa: PLC0415  # once the folder is named
    from yipan.statistics.engine import filled  # noqa: PLC0415  # the same

    worked, in_time = filled("worked", whole), filled("in-time", whole)
    question = (
        f"WITH worked AS ({worked}), mine AS ({in_time}) SELECT m.figure, l.superior, SUM(m.top) AS top, SUM(m.bottom) AS bottom"  # noqa: S608  # our own texts
        " FROM mine AS m JOIN offices AS o ON o.office = m.office"
        " JOIN figure_levels AS v ON v.figure = m.figure AND v.level = o.level"
        " JOIN figure_bodies AS b ON b.figure = m.figure AND b.body = o.kind"
        " JOIN lines AS l ON l.office = m.office GROUP BY 1, 2"
    )
    own: list[tuple[Any, ...]] = []

    def ask() -> None:
        own[:] = engine.rows(question)

    duck = min(_seconds(ask) for _ in range(2))
    with psycopg.connect(**database.connect_info("owner"), autocommit=True) as server:
        server.execute("CREATE SCHEMA insight")
        server.execute("SET search_path TO insight")
        copied = _seconds(lambda: _copy_over(engine, server))
        grouped = _seconds(lambda: server.execute(_as_postgres(_BARE)).fetchall())
        theirs: list[tuple[Any, ...]] = []
        asked = _seconds(lambda: theirs.extend(server.execute(_as_postgres(question)).fetchall()))
    alike = sorted(tuple(map(str, row)) for row in own) == sorted(tuple(map(str, row)) for row in theirs)
    return {
        "duckdb_in_time_s": round(duck, 2), "postgres_copied_in_s": round(copied, 1), "postgres_bare_s": round(grouped, 2),
        "postgres_in_time_s": round(asked, 2), "postgres_over_duckdb": round(asked / duck, 1),
        "postgres_bare_over_duckdb": round(grouped / bare, 1), "same_answer": alike,
    }  # fmt: skip


def _copy_over(engine: Engine, server: psycopg.Connection[Any]) -> None:
    """Copy the duties' columns, a month at a time, and the small tables beside them."""
    shapes = {"duties": _READ, **dict.fromkeys(_BESIDE, ())}
    for table, wanted in shapes.items():
        said = [
            (row[0], row[1]) for row in engine.rows(f"DESCRIBE {table}") if not wanted or row[0] in wanted
        ]
        columns = ", ".join(f"{name} {_PLAIN[kind]}" for name, kind in said)
        server.execute(f"CREATE UNLOGGED TABLE {table} ({columns})")
        names = ", ".join(name for name, _ in said)
        cuts = range(1, _MONTHS + 1) if table == "duties" else (0,)
        for month in cuts:
            where = f"WHERE month(opened_at) = {month}" if month else ""
            path = Path(os.environ["YIPAN_HOME"]) / "copied.csv"
            engine.duckdb.execute(
                f"COPY (SELECT {names} FROM {table} {where}) TO '{path}' (FORMAT csv, HEADER false, FORCE_QUOTE ({_texts(said)}))"  # noqa: S608  # our own table
            )
            with (
                path.open("rb") as file,
                server.cursor().copy(f"COPY {table} FROM STDIN (FORMAT csv)") as copy,
            ):
                while block := file.read(1 << 20):
                    copy.write(block)
            path.unlink()
        server.execute(f"ANALYZE {table}")


def _texts(said: Sequence[tuple[str, str]]) -> str:
    """Return the columns of text: an empty one is no missing one."""
    return ", ".join(name for name, kind in said if kind == "VARCHAR")


def _as_postgres(query: str) -> Any:  # noqa: ANN401  # a text that psycopg takes
    import sqlglot  # noqa: PLC0415  # only where PostgreSQL is asked

    return sqlglot.transpile(query, read="duckdb", write="postgres")[0]


def _leave(at: Path) -> None:
    """Let the server of the folder end before it is taken away."""
    from yipan import database  # noqa: PLC0415  # once the folder is named

    database.leave()
    with (at / "keeper.lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)


def _seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def _codes(counties: int) -> list[tuple[str, str, str]]:
    """Return made-up townships with their counties and a partner: four of each county."""
    found = []
    for number in range(counties):
        county = f"{11 + number // 200:02}{number % 200 // 20 + 1:02}{number % 20 + 1:02}"
        partner = f"{11 + (number + 700) % counties // 200:02}0101001"
        found += [(f"{county}{town:03}", county, partner) for town in range(1, 5)]
    return found


def _make(at: Path, count: int, counties: int) -> None:
    import duckdb  # noqa: PLC0415  # a bench's own

    from yipan.statistics.store import Manifest, write_manifest  # noqa: PLC0415  # once the folder is named

    manifest = Manifest()
    codes = _codes(counties)
    with duckdb.connect() as engine:
        engine.execute("SET memory_limit = '2GB'")
        engine.execute("CREATE TABLE bench_offices (nth BIGINT, office VARCHAR, other VARCHAR)")
        _fill(engine, "bench_offices", [(nth, code, other) for nth, (code, _, other) in enumerate(codes)])
        engine.execute("CREATE TABLE bench_rules (nth BIGINT, name VARCHAR)")
        _fill(engine, "bench_rules", list(enumerate(_RULES)))
        for month in range(1, _MONTHS + 1):
            name = f"duties/month=2026-{month:02}/part-00000001.parquet"
            path = at / name
            path.parent.mkdir(parents=True)
            share = count // _MONTHS
            query = _DUTIES.format(
                start=month * share,
                first=f"2026-{month:02}-01",
                count=share,
                offices=len(codes),
                rules=len(_RULES),
                path=path,
            )
            engine.execute(query)
            manifest.files.setdefault("duties", {})[f"2026-{month:02}"] = name
    write_manifest(at, manifest)


def _fill(engine: Any, table: str, rows: Sequence[Sequence[object]]) -> None:  # noqa: ANN401  # DuckDB's connection
    marks = ", ".join("?" for _ in rows[0])
    for start in range(0, len(rows), 1000):
        engine.executemany(f"INSERT INTO {table} VALUES ({marks})", rows[start : start + 1000])  # noqa: S608  # our own table


def _name_offices(engine: Engine, counties: int) -> None:
    """Put the made-up offices and their lines beside the duties."""
    codes = _codes(counties)
    engine.duckdb.execute(
        "CREATE OR REPLACE TABLE offices AS SELECT code AS office, level, 'health' AS kind, code AS division,"
        " substr(code, 1, 2) AS province, '' AS superior, TIMESTAMP '2025-01-01' AS opened_at, NULL::TIMESTAMP AS closed_at"
        " FROM (SELECT unnest(?::VARCHAR[]) AS code, 'township' AS level UNION ALL SELECT DISTINCT unnest(?::VARCHAR[]), 'county')",
        [[each[0] for each in codes], [each[1] for each in codes]],
    )
    engine.duckdb.execute(
        "CREATE OR REPLACE TABLE lines AS SELECT office, office AS superior, 0 AS depth FROM offices UNION ALL"
        " SELECT office, substr(office, 1, 6), 1 FROM offices WHERE level = 'township' UNION ALL"
        " SELECT office, substr(office, 1, 2), 2 FROM offices WHERE level = 'township'"
    )


if __name__ == "__main__":
    import django

    os.environ.setdefault("YIPAN_HOME", tempfile.mkdtemp(prefix="yipan-insight-"))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "yipan.settings")
    django.setup()
    main()
