"""`record()` against the rows it writes, as bare SQL.

    python bench/record.py [FOLDER] [--events N]

One run on one fresh embedded database, thrown away at the end; or on the installation in FOLDER, into which it writes. With
`--events` the journal of the fresh one is filled first: so many registrations of 400 other offices, each with its thread, keys,
payloads and duties, made by the database itself; a million is what the budget speaks of. A birth registration with both homes is one
event that opens three duties: with it go its thread, two persons' keys and sealed payloads, three duties and
the head of a chain. `record()` checks, folds, seals and links them. The bare side writes rows of the same
shape, made beforehand, through the same role under the same policies, one commit each: once with a statement
a row, once with the rows of a table sent together. The three take turns, so that what else the machine does
falls on all of them. Quote the ratios.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, LiteralString
from uuid import UUID, uuid4

import django
import psycopg
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

if TYPE_CHECKING:
    from yipan.offices.permit import Permit

TIMES = 300
#: Turns before the measured ones: connections, caches and prepared statements are then as they stay.
WARM = 20
RESIDENCE, HER_HOME, HIS_HOME = "440104001", "500101001", "450921100"
#: The bare ways write the chains of offices of their own, so that nobody waits for another's head.
BARE = {"row": "440104002", "table": "440104003"}
NAMES = {
    "record": "record()",
    "row": "bare SQL, a statement a row",
    "table": "bare SQL, a table's rows together",
}
OF_EVENT: dict[LiteralString, LiteralString] = {
    "duties_thread": "id = (SELECT thread_id FROM duties_event WHERE id = %s)",
    "duties_event": "id = %s",
    "duties_subject": "id IN (SELECT subject_id FROM duties_payload WHERE event_id = %s)",
    "duties_threadsubject": "subject_id IN (SELECT subject_id FROM duties_payload WHERE event_id = %s)",
    "duties_payload": "event_id = %s",
    "duties_duty": "opened_by = %s",
}
IDS = frozenset({"id", "thread_id", "event_id", "subject_id", "opened_by"})

Rows = dict[LiteralString, list[dict[LiteralString, Any]]]
Connection = psycopg.Connection[Any]
Work = Callable[[], object]


@contextmanager
def installation(kept: str = "") -> Iterator[None]:
    """Set up an installation in a folder of its own, and take it away at the end; or use the one that is kept."""
    folder = Path(kept or tempfile.mkdtemp(prefix="yh-"))
    for name in ("DATABASE_URL", "DATABASE_MIGRATE_URL", "YIPAN_CHECKPOINTS"):
        os.environ.pop(name, None)
    os.environ |= {"YIPAN_HOME": str(folder), "DJANGO_SETTINGS_MODULE": "yipan.settings"}
    if not kept:
        os.environ["YIPAN_KEK"] = str(folder / "bench.kek")  # thrown away with the rest
    django.setup()
    # These hold tables, and can be imported once Django is set up.
    from django.db import connections  # noqa: PLC0415

    from yipan import database  # noqa: PLC0415
    from yipan.duties.ready import make_ready  # noqa: PLC0415

    try:
        make_ready(database.rule_packs(), datetime.now(UTC))
        yield
    finally:
        connections.close_all()
        database.leave()
        # The server's keeper holds this lock until it has stopped it.
        with (folder / "keeper.lock").open() as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept:
            shutil.rmtree(folder)


def permit() -> Permit:
    """Return the permit under which the verb is called: asking for one is not what is measured."""
    from yipan.offices.office import organisation  # noqa: PLC0415  # after Django is set up
    from yipan.offices.permit import local_permit  # noqa: PLC0415

    return local_permit(organisation(RESIDENCE), "bench", datetime.now(UTC))


def ask(permit: Permit) -> UUID:
    """Record one registration through the verb, and return its event."""
    from yipan.duties.draft import Draft  # noqa: PLC0415  # after Django is set up
    from yipan.duties.record import record  # noqa: PLC0415

    agreed = ("her_agrees_verify", "his_agrees_verify", "her_agrees_notice", "his_agrees_notice")
    fields = {
        "her_home": HER_HOME,
        "his_home": HIS_HOME,
        "her_name": "李秀兰",
        "his_name": "陈志强",
        "her_identity_number": "500101199203154526",
        "his_identity_number": "450921199011083217",
        "papers": "complete",
        **dict.fromkeys(agreed, True),
    }
    draft = Draft(kind="birth-registration.asked", fields=fields)
    return record([draft], permit=permit, clock=lambda: datetime.now(UTC)).events[0]


def act(cursor: psycopg.Cursor[Any], office: str, thread: UUID | None = None) -> None:
    """Say who acts, as the policies want to know it."""
    cursor.execute(
        "SELECT set_config('yipan.organisation', %s, true), set_config('yipan.threads', %s, true)",
        [office, f"{{{thread or ''}}}"],
    )


def rows_of(connection: Connection, event: UUID) -> Rows:
    """Return the rows that one registration wrote, table by table, in the order they may be written."""
    rows: Rows = {}
    with connection.transaction(), connection.cursor(row_factory=dict_row) as cursor:
        act(cursor, RESIDENCE)
        for table, condition in OF_EVENT.items():
            cursor.execute(f"SELECT * FROM {table} WHERE {condition}", [event])  # noqa: S608  # named above
            rows[table] = cursor.fetchall()
    return rows


def copied(rows: Rows, office: str, seq: int) -> Rows:
    """Return rows of the same shape with ids of their own, at a place in an office's chain."""
    ids: dict[UUID, UUID] = {}
    placed: dict[str, object] = {"recorded_by": office, "owed_by": office, "seq": seq}

    def own(name: str, value: object) -> object:
        if name in IDS and isinstance(value, UUID):
            return ids.setdefault(value, uuid4())
        if name == "seen_by" and isinstance(value, list):
            return [office if each == RESIDENCE else each for each in value]
        return Jsonb(value) if isinstance(value, dict) else placed.get(name, value)

    return {
        table: [{name: own(name, value) for name, value in row.items()} for row in listed]
        for table, listed in rows.items()
    }


def write(connection: Connection, rows: Rows, office: str, *, together: bool) -> None:
    """Write one registration's rows in one commit."""
    event = rows["duties_event"][0]
    with connection.transaction(), connection.cursor() as cursor:
        act(cursor, office, event["thread_id"])
        cursor.execute("SELECT seq FROM duties_chainhead WHERE organisation = %s FOR UPDATE", [office])
        cursor.fetchone()
        for table, listed in rows.items():
            names = listed[0].keys()
            values = [list(row.values()) for row in listed]
            marks = ", ".join(["%s"] * len(names))
            query = f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})"  # noqa: S608  # named above
            if together and len(values) > 1:
                cursor.executemany(query, values)
            else:
                for each in values:
                    cursor.execute(query, each)
        cursor.execute(
            "UPDATE duties_chainhead SET seq = %s, digest = %s WHERE organisation = %s",
            [event["seq"], event["digest"], office],
        )


def bare_ways(connection: Connection, rows: Rows) -> dict[str, Callable[[], Work]]:
    """Return each bare way: a maker of rows, which returns the writing of them."""
    places = dict.fromkeys(BARE, 0)
    for office in BARE.values():
        with connection.transaction(), connection.cursor() as cursor:
            act(cursor, office)
            cursor.execute("INSERT INTO duties_chainhead VALUES (%s, 0, %s)", [office, bytes(32)])

    def maker(way: str) -> Callable[[], Work]:
        def make() -> Work:
            places[way] += 1
            made = copied(rows, BARE[way], places[way])
            return lambda: write(connection, made, BARE[way], together=way == "table")

        return make

    return {way: maker(way) for way in BARE}


#: How many offices the filled journal is spread over, and how many of its registrations are made in one commit.
FILLED_OFFICES, AT_ONCE = 400, 50_000
_PLAN: LiteralString = """
CREATE TEMP TABLE plan ON COMMIT DROP AS
SELECT gen_random_uuid() AS event, gen_random_uuid() AS thread, gen_random_uuid() AS one, gen_random_uuid() AS other,
       offices.id AS office, %(done)s / %(offices)s + (n - 1) / %(offices)s + 1 AS seq
  FROM generate_series(1, %(some)s) n
  JOIN (SELECT id, row_number() OVER (ORDER BY id) AS place FROM offices_organisation
         WHERE level = 'township' AND kind = 'health' AND id > '45' LIMIT %(offices)s) offices
    ON offices.place = (n - 1) %% %(offices)s + 1
"""


def fill(rows: Rows, events: int) -> None:
    """Fill the journal with registrations of other offices, of the shape of these rows; past the policies, as its keeper may."""
    from yipan import database  # noqa: PLC0415  # after the folder is named

    door = {**database.connect_info("app"), "user": "postgres"}
    with psycopg.connect(**door, autocommit=True) as connection:
        for done in range(0, events, AT_ONCE):
            with connection.transaction():
                told = {"done": done, "some": min(AT_ONCE, events - done), "offices": FILLED_OFFICES}
                connection.execute(_PLAN, told)
                for table, listed in rows.items():
                    for row in listed:
                        _fill_one(connection, table, row, rows)
            print(f"  {min(done + AT_ONCE, events)} of {events} filled in", flush=True)
        connection.execute(
            "INSERT INTO duties_chainhead SELECT recorded_by, max(seq), %s FROM duties_event GROUP BY 1"
            " ON CONFLICT DO NOTHING",
            [bytes(32)],
        )
        connection.execute("ANALYZE")


def _fill_one(
    connection: Connection, table: LiteralString, row: Mapping[LiteralString, Any], rows: Rows
) -> None:
    """Write one row of a registration once for each of the plan."""
    people = [each["subject_id"] for each in rows["duties_payload"]]
    own = {
        rows["duties_event"][0]["id"]: "plan.event", rows["duties_event"][0]["thread_id"]: "plan.thread",
        people[0]: "plan.one", people[1]: "plan.other",
    }  # fmt: skip
    said: dict[LiteralString, object] = {}
    values: list[str] = []
    for name, value in row.items():
        if name == "seq":
            values.append("plan.seq")
        elif value == RESIDENCE:
            values.append("plan.office")
        elif name == "seen_by":
            values.append(f"array_replace(%({name})s::text[], '{RESIDENCE}', plan.office)")
            said[name] = value
        elif name in IDS and isinstance(value, UUID):
            values.append(own.get(value, "gen_random_uuid()"))
        else:
            values.append(f"%({name})s")
            said[name] = Jsonb(value) if isinstance(value, dict) else value
    query = f"INSERT INTO {table} ({', '.join(row)}) SELECT {', '.join(values)} FROM plan"  # noqa: S608  # our own words
    connection.execute(query.encode(), said)


def measure(ways: Mapping[str, Callable[[], Work]]) -> dict[str, list[float]]:
    """Let the ways take turns, and return how long each took each time, in milliseconds."""
    took: dict[str, list[float]] = {way: [] for way in ways}
    for turn in range(WARM + TIMES):
        for way, make in ways.items():
            work = make()
            start = time.perf_counter()
            work()
            if turn >= WARM:
                took[way].append((time.perf_counter() - start) * 1000)
    return took


def run(filled: int) -> tuple[int, Rows, dict[str, list[float]]]:
    """Return how many events there were, the rows of one registration, and how long each way took to write as many."""
    from yipan import database  # noqa: PLC0415  # after the folder is named

    permitted = permit()
    with psycopg.connect(**database.connect_info("app"), autocommit=True) as connection:
        rows = rows_of(connection, ask(permitted))
        if filled:
            fill(rows, filled)
        counted = connection.execute("SELECT sum(seq) FROM duties_chainhead").fetchone()
        events = int(counted[0]) if counted else 0
        took = measure({"record": lambda: lambda: ask(permitted), **bare_ways(connection, rows)})
    return events, rows, took


def main() -> None:
    """Measure, and print one line a figure."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "folder", nargs="?", default="", help="an installation to write into; else a fresh one"
    )
    parser.add_argument("--events", type=int, default=0, help="fill the fresh journal with so many first")
    asked = parser.parse_args()
    if asked.folder and asked.events:
        parser.error("only a fresh journal is filled, never one that is kept")
    with installation(asked.folder):
        events, rows, took = run(asked.events)
    print(f"{events} events in the journal before the first of these")
    shape = ", ".join(f"{len(listed)} {table.removeprefix('duties_')}" for table, listed in rows.items())
    print(f"one birth registration: {shape}, 1 chainhead; {TIMES} of each way in turn, one commit each")
    middle = {way: statistics.median(each) for way, each in took.items()}
    for way, each in took.items():
        tail = statistics.quantiles(each, n=20)[-1]
        print(f"{NAMES[way]:34} median {middle[way]:6.2f} ms   p95 {tail:6.2f} ms")
    for way in BARE:
        print(f"record() is {middle['record'] / middle[way]:.2f} times {NAMES[way]}")


if __name__ == "__main__":
    main()
