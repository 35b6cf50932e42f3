"""A year of a province replayed under a draft law: `python -m bench.simulate --events 10000000 [--home FOLDER]`.

Cases are recorded through the verb in each month of 2025: one registration with the question to her home and its answer, and
beside it others in which nobody is asked (`--one-in`, 5: the draft touches one case of five). Their rows are then written
again, with ids of their own, until there are as many entries as asked for; nobody's facts are in them. `simulate()` replays all of it with ten working days for an answer instead of fifteen, and says how far it is. It is
first asked the same with fifteen days over a few cases: what it then finds must be what stands in the table.

With --home the installation is kept, and the same command goes on where it was stopped: with the rows, and with the replay.
Ctrl-C stops it. One JSON line at the end.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import psycopg

from bench.record import HER_HOME, HIS_HOME, RESIDENCE, installation

if TYPE_CHECKING:
    from uuid import UUID

SHANGHAI = ZoneInfo("Asia/Shanghai")
YEAR = 2025
REPLY = "birth-reg-reply-15wd"
#: Cases written by one statement.
AT_ONCE = 20_000
#: Places in a chain between one copy and the next: more than the cases recorded have entries.
APART = 10_000
#: What is another in each copy; all else is as it was recorded.
_IDS = {
    "duties_thread": {"id": "{own}"},
    "duties_event": {
        "id": "{own}", "thread_id": "{thread}", "seq": "t.seq + copy.n * %(apart)s", "follows": "{follows}",
    },
    "duties_duty": {
        "id": "{own}", "thread_id": "{thread}", "opened_by": "{opened}", "closed_by": "{closed}",
    },
}  # fmt: skip
_PART = {
    "own": "md5(t.id::text || copy.n)::uuid",
    "thread": "md5(t.thread_id::text || copy.n)::uuid",
    "opened": "md5(t.opened_by::text || copy.n)::uuid",
    "closed": "md5(t.closed_by::text || copy.n)::uuid",
    "follows": "ARRAY(SELECT md5(one::text || copy.n)::uuid FROM unnest(t.follows) AS one)",
}
_WHERE = {"duties_thread": "t.id = ANY(%(cases)s)", "duties_event": "t.thread_id = ANY(%(cases)s)", "duties_duty": "t.thread_id = ANY(%(cases)s)"}  # fmt: skip


def main() -> None:
    """Make the journal, replay it, print one JSON line."""
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("--events", type=int, default=10_000_000)
    given.add_argument("--one-in", type=int, default=5, help="of so many cases the draft touches one")
    given.add_argument("--home", default="", help="an installation that is kept")
    asked = given.parse_args()
    with installation(asked.home):
        print(json.dumps(_measured(asked.events, asked.one_in), ensure_ascii=False), flush=True)


def _measured(events: int, one_in: int) -> dict[str, Any]:
    begun = time.perf_counter()
    cases = _recorded(one_in)
    made = _copied(cases, events)
    made_in = time.perf_counter() - begun
    from yipan.statistics.assessment import stretch  # noqa: PLC0415  # after Django is set up
    from yipan.statistics.draftlaw import with_clock  # noqa: PLC0415  # the same
    from yipan.statistics.hands import usual_hands  # noqa: PLC0415  # the same
    from yipan.statistics.simulate import simulate  # noqa: PLC0415  # the same

    year = stretch(date(YEAR, 1, 1), date(YEAR + 1, 2, 1))
    now = datetime(YEAR + 1, 2, 1, tzinfo=SHANGHAI)
    same = simulate(with_clock(REPLY, "15 working_days", year.first_on), year, now, at_most=500)
    if same.happened[REPLY] != same.drafted[REPLY]:
        sys.exit(
            f"the law as it is brings about something else: {same.happened[REPLY]}, {same.drafted[REPLY]}"
        )
    begun, heard = time.perf_counter(), list[str]()
    found = simulate(
        with_clock(REPLY, "10 working_days", year.first_on),
        year,
        now,
        say=lambda line: _say(line, begun, heard),
        hands=usual_hands(),
    )
    took = time.perf_counter() - begun
    was, would = found.happened[REPLY], found.drafted[REPLY]
    # Of a run that went on where it was stopped only the rest was timed.
    went_on = bool(heard) and not heard[0].startswith("500/")
    return {
        "entries": made, "cases": found.cases, "entries_replayed": found.events, "made_in_s": round(made_in, 1),
        "replayed_in_s": round(took, 1), "entries_per_s": None if went_on else round(found.events / took),
        "went_on": went_on,
        "due": [was.due, would.due], "lapsed": [was.lapsed, would.lapsed], "cores": os.cpu_count(),
    }  # fmt: skip


def _say(line: str, begun: float, heard: list[str]) -> None:
    heard.append(line)
    sys.stderr.write(f"\r{time.perf_counter() - begun:8.1f} s  {line}")
    sys.stderr.flush()


def _recorded(one_in: int) -> list[UUID]:
    """Record cases in each month, unless that was done; return their threads."""
    from django.db import connection  # noqa: PLC0415  # after Django is set up

    from yipan.duties.draft import Draft  # noqa: PLC0415  # the same
    from yipan.duties.record import record  # noqa: PLC0415  # the same
    from yipan.offices.office import organisation  # noqa: PLC0415  # the same
    from yipan.offices.permit import local_permit  # noqa: PLC0415  # the same

    def act(office: str, when: datetime, kind: str, thread: UUID | None = None, **said: object) -> UUID:
        permit = local_permit(organisation(office), "bench", when)
        done = record([Draft(kind=kind, thread=thread, fields=said)], permit=permit, clock=lambda: when)
        return done.threads[0]

    query = "SELECT thread_id FROM duties_event WHERE kind = 'birth-registration.asked' AND seq < %s"
    with _owner() as owner:
        owner.execute("ALTER TABLE duties_event NO FORCE ROW LEVEL SECURITY")
        kept = owner.execute(query, [APART]).fetchall()
        owner.execute("ALTER TABLE duties_event FORCE ROW LEVEL SECURITY")
    if kept:
        return [row[0] for row in kept]
    for office in (RESIDENCE, HER_HOME):
        act(office, datetime(YEAR, 1, 1, 8, tzinfo=SHANGHAI), "office.opened")
    found = []
    for month in range(1, 13):
        for nth in range(one_in):
            at = datetime(YEAR, month, 10, 10, nth, tzinfo=SHANGHAI)
            thread = act(
                RESIDENCE, at, "birth-registration.asked", her_home=HER_HOME, his_home=HIS_HOME, her_name="某",
                his_name="某", papers="complete", her_agrees_verify=not nth, his_agrees_verify=False,
                her_agrees_notice=False, his_agrees_notice=False,
            )  # fmt: skip
            found.append(thread)
            act(RESIDENCE, at + timedelta(hours=1), "birth-registration.entered", thread)
            if nth:
                continue
            act(
                RESIDENCE,
                at + timedelta(hours=2),
                "verification.asked",
                thread,
                her_home=HER_HOME,
                channel="system",
            )
            # Some answer within ten working days, some between ten and fifteen.
            answered = at + timedelta(days=7 + month)
            act(HER_HOME, answered, "verification.answered", thread, her_home=HER_HOME, result="confirmed")
    connection.close()
    return found


def _owner() -> psycopg.Connection[Any]:
    from yipan import database  # noqa: PLC0415  # after Django is set up

    return psycopg.connect(**database.connect_info("owner"), autocommit=True)


def _copied(cases: list[UUID], wanted: int) -> int:
    """Write the rows of the cases again until there are so many entries; return how many there are."""
    with _owner() as owner:
        # The tables hold what a policy shows and no more, for their owner too.
        for table in _IDS:
            owner.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")  # a bench's own installation
        per, done = (
            _one(owner, "SELECT count(*) FROM duties_event WHERE thread_id = ANY(%s)", [cases]),
            _one(owner, "SELECT coalesce(max(seq) / %s, 0) FROM duties_event", [APART]),
        )
        last, step = wanted // per, max(1, AT_ONCE // len(cases))
        while done < last:
            upto = min(done + step, last)
            values = {"cases": cases, "apart": APART, "first": done + 1, "last": upto}
            with owner.transaction():
                for table in _IDS:
                    owner.execute(_copying(owner, table), values)
            done = upto
            sys.stderr.write(f"\r{done * per} entries")
            sys.stderr.flush()
        owner.execute("ANALYZE duties_event, duties_duty, duties_thread")
        there = _one(owner, "SELECT count(*) FROM duties_event", [])
        for table in _IDS:
            owner.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        return there


def _copying(owner: psycopg.Connection[Any], table: str) -> Any:  # noqa: ANN401  # a text that psycopg takes
    rows = owner.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_schema = current_schema() AND table_name = %s"
        " AND is_generated = 'NEVER' ORDER BY ordinal_position",
        [table],
    ).fetchall()
    columns = [row[0] for row in rows]
    said = [_IDS[table].get(name, f"t.{name}").format(**_PART) for name in columns]
    return (
        f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(said)} FROM {table} t"  # noqa: S608  # our own tables
        f" CROSS JOIN generate_series(%(first)s::bigint, %(last)s::bigint) AS copy(n) WHERE {_WHERE[table]}"
    )


def _one(owner: psycopg.Connection[Any], query: Any, values: list[Any]) -> int:  # noqa: ANN401  # a text that psycopg takes
    row = owner.execute(query, values).fetchone()
    return int(row[0]) if row else 0


if __name__ == "__main__":
    main()
