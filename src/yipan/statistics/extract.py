"""`extract()`: what happened since the last time goes from the journal to Parquet, exactly once, while the desk works.

Each step reads, in one snapshot that locks nobody, so many entries of so many chains, and with them every duty of the cases
that they belong to: whatever changes a duty is an entry of its case. Then one manifest says at once which files
hold and how far each chain was read. Stopped at any moment and run again it goes on where it was.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import duckdb
import orjson
from django.db import connection, transaction

from yipan.database import read_or_make_key, vault
from yipan.duties.lawbook import lawbook
from yipan.offices.divisions import NATION
from yipan.offices.permit import set_acting
from yipan.statistics.columns import MONTH_OF, TABLES, sayable
from yipan.statistics.store import FORM, Manifest, alone, folder, read_manifest, sweep_out, write_manifest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path
    from uuid import UUID

#: Who reads: nobody in particular. The functions of the database give it no more than the closed list of columns.
_COUNTER: Final = "the-counter"
#: Entries of one step: what is lost when it is stopped, and what fits into little memory.
STEP: Final = 200_000
_SALT: Final = "figures.key"
#: Bytes of the digest that a case is called by.
_NAME: Final = 8
_HEADS: Final = "SELECT organisation, seq FROM duties_chainhead WHERE seq > 0 ORDER BY organisation"
_LAW: Final = (
    "SELECT coalesce(md5(string_agg(concat_ws(' ', event_id, text_id, effective_on, known_at), ',' ORDER BY event_id)), '')"
    " FROM duties_adoption"
)
_COUNTED: Final = {
    "entries": "SELECT * FROM yipan_counted_entries(%s::text[], %s::bigint[], %s::bigint[], %s::bytea, %s::jsonb)",
    "duties": "SELECT * FROM yipan_counted_duties(%s::text[], %s::bigint[], %s::bigint[], %s::bytea)",
}
_KNOWN: Final = {
    "offices": (
        "SELECT office.id, office.level, office.kind, office.division, left(office.id, 2),"
        " coalesce(office.supervisor_id, ''), opened.opened_at AT TIME ZONE 'Asia/Shanghai',"
        " opened.closed_at AT TIME ZONE 'Asia/Shanghai'"
        " FROM offices_organisation office LEFT JOIN duties_openedoffice opened ON opened.organisation = office.id"
    ),
    "lines": "SELECT organisation_id, superior_id, depth FROM offices_line",
}
#: What changes whenever an office comes, opens, closes, ends or is renamed.
_OFFICES_STAND: Final = (
    "SELECT concat_ws(' ', (SELECT count(*) FROM offices_organisation), (SELECT count(*) FROM offices_succession),"
    " (SELECT count(*) FROM offices_formername), (SELECT count(*) FROM offices_line),"
    " (SELECT md5(string_agg(concat_ws(' ', organisation, opened_at, closed_at), ',' ORDER BY organisation))"
    " FROM duties_openedoffice))"
)
#: Of which one row each: of two readings of one duty in a step either says the same.
_KEYS: Final = {"duties": "key, thread", "entries": "key, thread, nth"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Extracted:
    """What an extract did: entries read, duties written, months rewritten, in how many steps."""

    entries: int
    duties: int
    months: int
    steps: int
    #: Whether everything was read anew, because the law or the columns had changed.
    anew: bool


def extract(*, step: int = STEP, say: Callable[[str], None] | None = None) -> Extracted:
    """Bring the folder of figures up to date with the journal.

    Nobody's permit is asked: what is read names nobody. It needs the machine, not a post.

    Raises:
        ExtractBusyError: another process does it.
    """
    at, tell = folder(), say or (lambda _line: None)
    with alone(at):
        manifest = read_manifest(at)
        law = _asked(_LAW)
        anew = manifest.form != FORM or manifest.law != law
        if anew:
            manifest = Manifest(generation=manifest.generation, law=law)
        done = {"entries": 0, "duties": 0, "months": 0, "steps": 0}
        while counts := _one_step(at, manifest, step):
            for name, count in counts.items():
                done[name] += count
            tell(f"{done['entries']} entries, {done['duties']} duties, {done['months']} months")
        if (offices := _asked(_OFFICES_STAND)) != manifest.offices:
            _write_known(at, manifest)
            manifest.offices = offices
            write_manifest(at, manifest)
        sweep_out(at, manifest)
    return Extracted(**done, anew=anew)


def new_salt() -> None:
    """Salt cases and duties anew: the next extract reads everything again, and no key of before leads anywhere.

    Raises:
        ExtractBusyError: another process reads just now.
    """
    at = folder()
    with alone(at):
        read_or_make_key(_SALT, lambda: os.urandom(32))
        manifest = read_manifest(at)
        # First: whatever stops this, nothing of two salts stands in one folder.
        manifest.law = ""
        write_manifest(at, manifest)
        vault.replace_key(_SALT, os.urandom(32))


def salted(threads: Iterable[UUID]) -> dict[UUID, int]:
    """Return how the folder of figures calls some cases (`yipan_salted()` of the database). From that name nobody comes back."""
    salt = read_or_make_key(_SALT, lambda: os.urandom(32))
    return {
        each: int.from_bytes(hashlib.sha256(salt + each.bytes).digest()[:_NAME], signed=True)
        for each in threads
    }


def _asked(query: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return str(cursor.fetchone()[0])


def _one_step(at: Path, manifest: Manifest, step: int) -> Mapping[str, int] | None:
    """Read the next entries and rewrite the months that they touch; None when there are none."""
    staging = at / "staging"
    staging.mkdir(mode=0o700, exist_ok=True)
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        set_acting(NATION, _COUNTER, ())
        cursor.execute(_HEADS)
        ranges = _next_ranges(dict(cursor.fetchall()), manifest.read, step)
        if not ranges:
            return None
        salt = read_or_make_key(_SALT, lambda: os.urandom(32))
        said = [list(ranges), *(list(each) for each in zip(*ranges.values(), strict=True)), salt]
        _copy(cursor, _COUNTED["duties"], said, staging / "duties.csv")
        told = orjson.dumps(sayable(lawbook())).decode()
        _copy(cursor, _COUNTED["entries"], [*said, told], staging / "entries.csv")
    counts = {"months": 0, "steps": 1}
    with duckdb.connect() as engine:
        engine.execute("SET preserve_insertion_order = false")
        for table in MONTH_OF:
            counts[table], months = _merge(engine, at, manifest, table)
            counts["months"] += months
    manifest.read |= {office: upto for office, (_, upto) in ranges.items()}
    write_manifest(at, manifest)
    return counts


def _next_ranges(heads: Mapping[str, int], read: Mapping[str, int], step: int) -> dict[str, tuple[int, int]]:
    """Return of which offices which places of the chain are read next: no more than `step` in all."""
    found: dict[str, tuple[int, int]] = {}
    left = step
    for office, head in heads.items():
        after = read.get(office, 0)
        upto = min(head, after + left)
        if upto > after:
            found[office] = (after, upto)
            left -= upto - after
        if not left:
            break
    return found


def _copy(cursor: Any, query: str, values: list[Any], path: Path) -> None:  # noqa: ANN401  # Django's wrapper of a cursor
    with path.open("wb") as file, cursor.copy(f"COPY ({query}) TO STDOUT (FORMAT csv)", values) as rows:
        for block in rows:
            file.write(block)


def _merge(engine: duckdb.DuckDBPyConnection, at: Path, manifest: Manifest, table: str) -> tuple[int, int]:
    """Put what was read into the months of a table; return how many rows of things, and how many months."""
    shape = dict(TABLES[table])
    columns = ", ".join(
        f"CAST(CAST({name} AS JSON) AS MAP(VARCHAR, VARCHAR)) AS {name}" if kind.startswith("MAP") else name
        for name, kind in shape.items()
    )
    read_as = {name: "VARCHAR" if kind.startswith("MAP") else kind for name, kind in shape.items()}
    source = at / "staging" / f"{table}.csv"
    if not source.stat().st_size:
        return 0, 0
    engine.execute(
        f"CREATE OR REPLACE TEMP TABLE fresh AS SELECT DISTINCT ON ({_KEYS[table]}) {columns},"  # noqa: S608  # our own columns
        f" strftime({MONTH_OF[table]}, '%Y-%m') AS month FROM read_csv(?, columns = ?, header = false, nullstr = '',"
        " force_not_null = ?, strict_mode = true)",
        [str(source), read_as, [name for name, kind in read_as.items() if kind == "VARCHAR"]],
    )
    held = manifest.files.setdefault(table, {})
    months = set(_column(engine, "SELECT DISTINCT month FROM fresh"))
    if table == "duties" and held:
        # A duty may have stood in another month before a correction moved its opening.
        names = [str(at / name) for name in held.values()]
        moved = _column(
            engine,
            "SELECT DISTINCT strftime(old.opened_at, '%Y-%m') FROM read_parquet(?) old SEMI JOIN fresh USING (key, thread)",
            names,
        )
        months |= set(moved)
    for month in sorted(months):
        _write_month(engine, at, manifest, table, month)
    count = "count(*) FILTER (nth = 1)" if table == "entries" else "count(*)"
    return _column(engine, f"SELECT {count} FROM fresh")[0], len(months)  # noqa: S608  # our own words


def _column(engine: duckdb.DuckDBPyConnection, query: str, *values: object) -> list[Any]:
    return [row[0] for row in engine.execute(query, list(values)).fetchall()]


def _write_month(
    engine: duckdb.DuckDBPyConnection, at: Path, manifest: Manifest, table: str, month: str
) -> None:
    columns = ", ".join(TABLES[table])
    rows = f"SELECT {columns} FROM fresh WHERE month = '{month}'"  # noqa: S608  # a month that we wrote
    old = manifest.files[table].get(month)
    if old:
        rows += (
            f" UNION ALL SELECT {columns} FROM read_parquet('{at / old}') old ANTI JOIN fresh"  # noqa: S608  # our own file
            f" USING ({_KEYS[table]})"
        )
    name = f"{table}/month={month}/part-{manifest.generation + 1:08}.parquet"
    _write(engine, at, manifest, name, rows)
    if manifest.rows[name]:
        manifest.files[table][month] = name
    else:
        manifest.files[table].pop(month, None)
    if old:
        manifest.rows.pop(old, None)


def _write(engine: duckdb.DuckDBPyConnection, at: Path, manifest: Manifest, name: str, rows: str) -> None:
    path = at / name
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    done = engine.execute(f"COPY ({rows}) TO '{path}' (FORMAT parquet, COMPRESSION zstd)").fetchone()
    with path.open("rb") as file:
        os.fsync(file.fileno())
    manifest.rows[name] = int(done[0]) if done else 0


def _write_known(at: Path, manifest: Manifest) -> None:
    """Write the tables of offices anew: they are small, and public."""
    staging = at / "staging"
    staging.mkdir(mode=0o700, exist_ok=True)
    with duckdb.connect() as engine:
        for table, query in _KNOWN.items():
            with transaction.atomic(durable=True), connection.cursor() as cursor:
                _copy(cursor, query, [], staging / f"{table}.csv")
            shape = TABLES[table]
            engine.execute(
                f"CREATE TEMP TABLE {table} AS SELECT * FROM read_csv(?, columns = ?, header = false, nullstr = '',"  # noqa: S608  # our own table
                " force_not_null = ?)",
                [
                    str(staging / f"{table}.csv"),
                    shape,
                    [key for key, kind in shape.items() if kind == "VARCHAR"],
                ],
            )
            before = manifest.files.get(table, {}).get("", "")
            name = f"{table}/part-{manifest.generation + 1:08}.parquet"
            _write(engine, at, manifest, name, f"SELECT * FROM {table}")  # noqa: S608  # our own table
            manifest.files[table] = {"": name}
            manifest.rows.pop(before, None)


def months_of(manifest: Manifest, table: str) -> Iterator[tuple[str, str]]:
    """Yield each month of a table with its file."""
    yield from sorted(manifest.files.get(table, {}).items())
