"""The API against the work beneath it.

    python bench/api.py

One run on one fresh embedded database, thrown away at the end. A page of 50 duties as JSON, through the whole house (its
middleware, the token, the count of calls, the permit, the policies, the clock of each duty in words, the shape that is
checked), against the same 50 rows as bare SQL under the same policies, dumped as JSON. And recording, one event a call and
200 a call, against the verb itself. The ways take turns, so that what else the machine does falls on all of them. Quote
the ratios.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import psycopg
from psycopg.rows import dict_row

sys.path.insert(0, str(Path(__file__).parents[1]))
from bench.record import HER_HOME, HIS_HOME, RESIDENCE, act, installation  # found through the path above

if TYPE_CHECKING:
    from django.test import Client

    from yipan.offices.permit import Permit

DUTIES, TOGETHER = 50, 200
TIMES, WARM = 200, 10
FEWER = 10
DONE = 200
AGREED = ("her_agrees_verify", "his_agrees_verify", "her_agrees_notice", "his_agrees_notice")
FIELDS = {
    "her_home": HER_HOME, "his_home": HIS_HOME, "her_name": "李秀兰", "his_name": "陈志强", "papers": "complete",
    **dict.fromkeys(AGREED, True),
}  # fmt: skip
KIND = "birth-registration.asked"
Way = Callable[[], object]


def clerk() -> tuple[str, Permit]:
    """Post a clerk, and return a token of hers and her permit."""
    from django.contrib.auth import get_user_model  # noqa: PLC0415  # after Django is set up

    from yipan.offices.office import organisation  # noqa: PLC0415  # the same
    from yipan.offices.officer import Officer, Posting  # noqa: PLC0415  # the same
    from yipan.offices.permit import permit_for  # noqa: PLC0415  # the same
    from yipan.offices.tokens import make_token  # noqa: PLC0415  # the same

    now = datetime.now(UTC)
    officer = Officer.objects.create(user=get_user_model().objects.create(username="bench"), name="何静")
    Posting.objects.create(
        officer=officer, organisation=organisation(RESIDENCE), role="clerk", from_on=date(2020, 1, 1)
    )
    made = make_token(officer, RESIDENCE, "bench", now + timedelta(days=1), now, by=officer)
    return made.secret, permit_for(officer, RESIDENCE, "bench", now)


def ask(client: Client, path: str) -> bytes:
    """Ask an operation, and return what it answers."""
    answer = client.get(path)
    assert answer.status_code == DONE, answer.content  # noqa: S101  # a bench that measures refusals measures nothing
    return bytes(answer.content)


def send(client: Client, many: int) -> None:
    """Record some registrations in one call."""
    body = orjson.dumps({"events": [{"kind": KIND, "fields": FIELDS}] * many})
    answer = client.post("/api/events", body, content_type="application/json")
    assert answer.status_code == DONE, answer.content  # noqa: S101  # as above


def by_verb(permit: Permit, many: int) -> None:
    """Record as many through the verb itself."""
    from yipan.documents.verbs import record_together  # noqa: PLC0415  # after Django is set up
    from yipan.duties.draft import Draft  # noqa: PLC0415  # the same

    record_together(permit, [Draft(kind=KIND, fields=FIELDS) for _ in range(many)], {}, datetime.now(UTC))


def bare(connection: psycopg.Connection[Any]) -> bytes:
    """Read the same duties and write them as JSON, with nothing said about them."""
    with connection.transaction(), connection.cursor(row_factory=dict_row) as cursor:
        act(cursor, RESIDENCE)
        cursor.execute(
            "SELECT * FROM duties_duty WHERE owed_by = %s AND state <> 'void' ORDER BY due_at NULLS LAST, id LIMIT %s",
            [RESIDENCE, DUTIES],
        )
        return orjson.dumps(cursor.fetchall(), default=str)


def measure(ways: Mapping[str, Way], times: int) -> dict[str, list[float]]:
    """Let the ways take turns, and return how long each took each time, in milliseconds."""
    took: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(WARM + times):
        for name, work in ways.items():
            start = time.perf_counter()
            work()
            if turn >= WARM:
                took[name].append((time.perf_counter() - start) * 1000)
    return took


def say(took: Mapping[str, list[float]], of: str, against: str) -> None:
    """Print the median and the slow end of each way, and the ratio of two."""
    for name, each in took.items():
        tail = statistics.quantiles(each, n=20)[-1]
        print(f"{name:44} median {statistics.median(each):8.2f} ms   p95 {tail:8.2f} ms")
    print(f"{of} is {statistics.median(took[of]) / statistics.median(took[against]):.2f} times {against}")


def main() -> None:
    """Measure, and print one line a figure."""
    with installation():
        from django.conf import settings  # noqa: PLC0415  # after Django is set up
        from django.test import Client  # noqa: PLC0415  # the same

        from yipan import database  # noqa: PLC0415  # after the folder is named

        settings.API_CALLS = settings.API_CALLS_OF_ADDRESS = 10**9
        secret, permit = clerk()
        client = Client(SERVER_NAME="localhost", HTTP_AUTHORIZATION=f"Bearer {secret}")
        send(client, DUTIES)
        address = f"/api/duties?limit={DUTIES}"
        found = orjson.loads(ask(client, address))["duties"]
        print(f"{len(found)} duties, {len(ask(client, address))} bytes of JSON; {TIMES} of each way in turn")
        with psycopg.connect(**database.connect_info("app"), autocommit=True) as connection:
            read = {
                "GET /api/duties": lambda: ask(client, address),
                "bare SQL and JSON": lambda: bare(connection),
                "GET /api/health": lambda: ask(client, "/api/health"),
            }
            say(measure(read, TIMES), "GET /api/duties", "bare SQL and JSON")
        one = {"POST /api/events, one": lambda: send(client, 1), "the verb, one": lambda: by_verb(permit, 1)}
        say(measure(one, TIMES), "POST /api/events, one", "the verb, one")
        many = {
            f"POST /api/events, {TOGETHER}": lambda: send(client, TOGETHER),
            f"the verb, {TOGETHER}": lambda: by_verb(permit, TOGETHER),
        }
        took = measure(many, FEWER)
        say(took, f"POST /api/events, {TOGETHER}", f"the verb, {TOGETHER}")
        rate = TOGETHER / statistics.median(took[f"POST /api/events, {TOGETHER}"]) * 1000
        print(f"{rate:.0f} events a second through POST /api/events, {TOGETHER} a call, one program")


if __name__ == "__main__":
    main()
