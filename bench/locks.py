"""What the locks cost: the same work with sealing, row-level security and the read log, without one of them, and without any.

    python bench/locks.py

One run on one fresh embedded database, thrown away at the end. The ways take turns, so that what else the machine does falls on
all of them; quote the ratios. Nothing in the program switches a lock off: the bench takes the policies off the tables as their
owner, puts plain text in the place of the seals, and says nothing to the log.

- record: one birth registration with both homes (one event, two persons' facts, three duties), one commit.
- batch: 200 of them in one call.
- worklist: what an office owes today, with the names of its cases, 300 of them open.
- case: one case with every fact.
- import: 2,000 rows of a roster into the register, in this process.
"""

from __future__ import annotations

import csv
import importlib
import statistics
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from unittest.mock import patch

import orjson
import psycopg

# Started as a script, Python looks for modules beside it and not in the folder above.
sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.record import HER_HOME, HIS_HOME, ask, installation

#: Its name is a word of the language.
_roster = importlib.import_module("bench.import")
HEADINGS, people = _roster.HEADINGS, _roster.people

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from uuid import UUID

    from yipan.duties.draft import Draft

    Work = Callable[[], object]

#: Many short turns: what else the machine does then falls on all ways alike.
ROUNDS: Final = 12
OPEN_CASES: Final = 300
BATCH: Final = 200
ROWS: Final = 2_000
#: How often each work is done in a round.
TIMES: Final = {"record": 10, "batch": 1, "worklist": 3, "case": 10, "import": 1}
EACH: Final = {
    "record": ("one registration", "ms"),
    "batch": (f"{BATCH} registrations in one call", "ms"),
    "worklist": ("a worklist with names", "ms"),
    "case": ("a case with facts", "ms"),
    "import": ("rows imported", "rows/s"),
}
WAYS: Final = {
    "all locks on": (),
    "without sealing": ("sealing",),
    "without row-level security": ("policies",),
    "without the read log": ("log",),
    "without any": ("sealing", "policies", "log"),
}
_TABLES: Final = """
SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE n.nspname = current_schema() AND c.relkind = 'r' AND c.relrowsecurity ORDER BY 1
"""


# --------------------------------------------------------------------------------------- locks taken off


@contextmanager
def without(*locks: str) -> Iterator[None]:
    """Take locks off, and put them back."""
    with ExitStack() as stack:
        for each in locks:
            stack.enter_context({"sealing": _unsealed, "policies": _unbound, "log": _unlogged}[each]())
        yield


@contextmanager
def _unbound() -> Iterator[None]:
    """Take the policies off every table, as its owner could."""
    from django.db import connection  # noqa: PLC0415  # after Django is set up

    from yipan import database  # noqa: PLC0415

    connection.close()
    with psycopg.connect(**database.connect_info("owner"), autocommit=True) as owner:
        tables = [row[0] for row in owner.execute(_TABLES).fetchall()]
        for table in tables:
            owner.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
        yield
        connection.close()
        for table in tables:
            owner.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")


@contextmanager
def _unsealed() -> Iterator[None]:
    """Put plain text in the place of what is sealed, and a fixed text in the place of wrapped keys."""
    from yipan.duties import sealing  # noqa: PLC0415  # after Django is set up

    key = bytes(32)
    plain = sealing.NewKey(key=key, wrapped=key, version=1)

    def seal(_key: bytes, _event: UUID, _name: str, facts: Any) -> bytes:  # noqa: ANN401  # as the one it stands for
        return orjson.dumps(facts, option=orjson.OPT_SORT_KEYS)

    # What was sealed before is opened as ever.
    unseal_sealed, unwrap_wrapped = sealing.unseal, sealing.unwrap

    def unseal(own: bytes, event: UUID, name: str, text: bytes) -> dict[str, object]:
        text = bytes(text)
        if text[:1] != b"{":
            return unseal_sealed(own, event, name, text)
        found: dict[str, object] = orjson.loads(text)
        return found

    def unwrap(subject: UUID, wrapped: bytes | None, version: int) -> bytes:
        return (
            key
            if wrapped is not None and bytes(wrapped) == key
            else unwrap_wrapped(subject, wrapped, version)
        )

    with (
        patch.object(sealing, "new_subject_keys", lambda subjects: [plain for _ in subjects]),
        patch.object(sealing, "seal", seal),
        patch.object(sealing, "unseal", unseal),
        patch.object(sealing, "unwrap", unwrap),
        patch.object(sealing, "seal_bytes", lambda _key, _place, content: content),
        patch.object(sealing, "open_bytes", lambda _key, _place, content: bytes(content)),
    ):
        yield


@contextmanager
def _unlogged() -> Iterator[None]:
    """Say nothing to the log of looks."""
    from yipan.registry import access, people  # noqa: PLC0415  # after Django is set up

    with patch.object(access, "note_look", _nothing), patch.object(people, "note_look", _nothing):
        yield


def _nothing(*_said: object, **_named: object) -> None:
    """Do nothing."""


# ---------------------------------------------------------------------------------------------- the work


def _now() -> datetime:
    from yipan.law.deadline import SHANGHAI  # noqa: PLC0415  # after Django is set up

    return datetime.now(SHANGHAI)


def _draft() -> Draft:
    from yipan.duties.draft import Draft  # noqa: PLC0415  # after Django is set up

    agreed = dict.fromkeys(("her_agrees_verify", "his_agrees_verify", "her_agrees_notice"), True)
    fields = {"her_home": HER_HOME, "his_home": HIS_HOME, "her_name": "李秀兰", "his_name": "陈志强", "papers": "complete", **agreed}  # fmt: skip
    return Draft(kind="birth-registration.asked", fields=fields)


class Works:
    """Each work as something to be called and timed; what it needs is made before."""

    made = 0

    def __init__(self, folder: Path) -> None:
        """Let the office have cases to look at."""
        from yipan.duties.record import record  # noqa: PLC0415  # after Django is set up
        from yipan.offices.office import Organisation, organisation  # noqa: PLC0415
        from yipan.offices.permit import local_permit  # noqa: PLC0415

        # An office of its own for each way: what is sealed and what is not never meet in a register.
        own = Organisation.objects.filter(level="township", kind="health", id__startswith="4401").order_by(
            "id"
        )
        self.office = own[Works.made].id
        self.permit = local_permit(organisation(self.office), "bench", _now())
        self.folder, self.files = folder, 0
        self.people = people(ROWS * (ROUNDS + 1))
        Works.made += 1
        drafts = [_draft() for _ in range(OPEN_CASES)]
        self.thread = record(drafts, permit=self.permit, clock=_now).threads[0]

    def of(self, work: str) -> Work:
        """Return one piece of a work, ready to be done."""
        return {
            "record": lambda: lambda: ask(self.permit),
            "batch": self._batch,
            "worklist": lambda: self._worklist,
            "case": lambda: self._case,
            "import": self._import,
        }[work]()

    def _batch(self) -> Work:
        from yipan.duties.record import record  # noqa: PLC0415  # after Django is set up

        drafts = [_draft() for _ in range(BATCH)]
        return lambda: record(drafts, permit=self.permit, clock=_now)

    def _worklist(self) -> object:
        from yipan.duties.queries import duties_of  # noqa: PLC0415  # after Django is set up
        from yipan.registry.access import names_in  # noqa: PLC0415

        now = _now()
        owed = duties_of(self.permit, now, only="open")[:OPEN_CASES]
        return names_in(self.permit, {each.thread for each in owed}, now)

    def _case(self) -> object:
        from yipan.registry.access import read_case  # noqa: PLC0415  # after Django is set up

        return read_case(self.permit, self.thread, _now())

    def _import(self) -> Work:
        from yipan.registry import running  # noqa: PLC0415  # after Django is set up
        from yipan.registry.intake import STATEMENT  # noqa: PLC0415
        from yipan.registry.sheets import open_roster  # noqa: PLC0415

        path = self.folder / f"{self.office}-{self.files}.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(HEADINGS)
            writer.writerows(islice(self.people, ROWS))
        self.files += 1

        def run() -> object:
            return running.run(
                self.permit,
                open_roster(path, path.name),
                ground=STATEMENT,
                division=self.office,
                clock=_now,
                hands=1,
            )

        return run


# ------------------------------------------------------------------------------------------- the measure


def measure(folder: Path) -> dict[str, dict[str, list[float]]]:
    """Return how many seconds each work took each time, by way."""
    took: dict[str, dict[str, list[float]]] = {work: {way: [] for way in WAYS} for work in TIMES}
    desks: dict[str, Works] = {}
    for turn in range(ROUNDS + 1):
        for way, locks in WAYS.items():
            with without(*locks):
                works = desks[way] if turn else desks.setdefault(way, Works(folder))
                for work, times in TIMES.items():
                    if not turn or work != "import":
                        works.of(work)()  # connections, caches and plans are then as they stay
                    for _ in range(times if turn else 0):
                        piece = works.of(work)
                        start = time.perf_counter()
                        piece()
                        took[work][way].append(time.perf_counter() - start)
    return took


def main() -> None:
    """Measure, and print one line a figure."""
    with installation(), tempfile.TemporaryDirectory() as folder:
        took = measure(Path(folder))
    for work, (title, unit) in EACH.items():
        print(f"{title}, the middle of {ROUNDS * TIMES[work]}")
        middle = {way: statistics.median(each) for way, each in took[work].items()}
        full = middle["all locks on"]
        for way, seconds in middle.items():
            figure = f"{ROWS / seconds:9.0f} rows/s" if unit == "rows/s" else f"{seconds * 1000:9.2f} ms"
            print(f"  {way:28} {figure}   all locks on takes {full / seconds:.2f} times as long")


if __name__ == "__main__":
    main()
