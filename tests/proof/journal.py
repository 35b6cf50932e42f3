"""Thirteen attacks on the journal and the read log by somebody who owns its tables, each held against a checkpoint that lies elsewhere.

    python -m tests.proof.journal

Makes an installation of its own, lets an office work, takes a checkpoint, lets it work on, takes another; then plays each
attack through raw SQL as the owner of the tables, looks whether `journal verify --against` finds it, and puts everything
back. It also says which would be found without a checkpoint: the rest is why checkpoints leave the machine.
"""

from __future__ import annotations

import os
import sys
import tempfile
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

import psycopg

from bench.record import installation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from uuid import UUID

Owner = psycopg.Connection[Any]
#: What is saved before an attack and put back after it, in the order in which it may be written.
TABLES: Final = ("duties_event", "duties_payload", "duties_chainhead")
LOOKS: Final = ("registry_read", "registry_readroot")
COLUMNS: Final = (
    "id, kind, pack, thread_id, parties::text, lines::text, recorded_by, officer, on_behalf_of, happened_at, recorded_at,"
    " counts_at, counts_by, clock::text, follows, corrects, seen_by, seq, previous, digest, persons"
)


# ------------------------------------------------------------------------------------------- the attacks


def rewrite_a_clock_field(owner: Owner, office: str) -> None:
    """Let papers that were complete be promised."""
    _one(
        owner,
        'UPDATE duties_event SET clock = clock || \'{"papers": "promise"}\' WHERE recorded_by = %s AND seq = 2',
        office,
    )


def swap_two_entries(owner: Owner, office: str) -> None:
    """Let what came first come second."""
    for old, new in ((3, -3), (4, 3), (-3, 4)):
        owner.execute(
            "UPDATE duties_event SET seq = %s WHERE recorded_by = %s AND seq = %s", [new, office, old]
        )


def delete_one(owner: Owner, office: str) -> None:
    """Take an entry from the middle, and move those behind it up."""
    _delete(owner, "recorded_by = %s AND seq = 3", office)
    owner.execute("UPDATE duties_event SET seq = -seq WHERE recorded_by = %s AND seq > 3", [office])
    owner.execute("UPDATE duties_event SET seq = -seq - 1 WHERE recorded_by = %s AND seq < 0", [office])
    owner.execute("UPDATE duties_chainhead SET seq = seq - 1 WHERE organisation = %s", [office])


def delete_the_tail(owner: Owner, office: str) -> None:
    """Take the last entry."""
    _delete(
        owner,
        "recorded_by = %s AND seq = (SELECT max(seq) FROM duties_event e WHERE e.recorded_by = duties_event.recorded_by)",
        office,
    )


def truncate_a_chain(owner: Owner, office: str) -> None:
    """Take every entry, as if the office had never written any."""
    _delete(owner, "recorded_by = %s", office)
    owner.execute("DELETE FROM duties_chainhead WHERE organisation = %s", [office])


def insert_one(owner: Owner, office: str) -> None:
    """Put an entry that nobody wrote into the middle, with the digest that it ought to have."""
    from yipan.duties.chain import link  # noqa: PLC0415  # after Django is set up

    owner.execute("UPDATE duties_event SET seq = -seq WHERE recorded_by = %s AND seq > 2", [office])
    owner.execute("UPDATE duties_event SET seq = -seq + 1 WHERE recorded_by = %s AND seq < 0", [office])
    owner.execute("UPDATE duties_chainhead SET seq = seq + 1 WHERE organisation = %s", [office])
    before = next(each for each in _entries(owner, office) if each.seq == 2)
    previous = before.digest
    before.id, before.payloads = uuid4(), {}
    forged = link(before, 3, previous)
    owner.execute(
        "INSERT INTO duties_event SELECT (jsonb_populate_record(e, %s::jsonb)).* FROM duties_event e"
        " WHERE e.recorded_by = %s AND e.seq = 2",
        [
            f'{{"id": "{forged.id}", "seq": 3, "previous": "\\\\x{previous.hex()}", "digest": "\\\\x{forged.digest.hex()}"}}',
            office,
        ],
    )


def recompute_the_chain(owner: Owner, office: str) -> None:
    """Change an entry and compute every digest behind it anew: the chain holds, and is another one."""
    owner.execute(
        "UPDATE duties_event SET officer = 'somebody.else' WHERE recorded_by = %s AND seq = 2", [office]
    )
    _link_anew(owner, office)


def replace_a_sealed_text(owner: Owner, office: str) -> None:
    """Put another text of the same length in the place of what is said of her."""
    _one(
        owner,
        "UPDATE duties_payload SET ciphertext = decode(repeat('5a', length(ciphertext)), 'hex') WHERE (event_id, name) ="
        " (SELECT p.event_id, p.name FROM duties_payload p JOIN duties_event e ON e.id = p.event_id"
        " WHERE e.recorded_by = %s ORDER BY e.seq, p.name LIMIT 1)",
        office,
    )


def move_a_sealed_text(owner: Owner, office: str) -> None:
    """Let what is said of her in one entry be said in another."""
    _one(
        owner,
        "UPDATE duties_payload SET event_id = (SELECT id FROM duties_event WHERE recorded_by = %s AND seq = 3)"
        " WHERE (event_id, name) = (SELECT p.event_id, p.name FROM duties_payload p JOIN duties_event e"
        " ON e.id = p.event_id WHERE e.recorded_by = %s AND e.seq = 2 ORDER BY p.name LIMIT 1)",
        office,
        office,
    )


def roll_back_the_head(owner: Owner, office: str) -> None:
    """Take the last two entries and say so in the head: what is left is a chain without a fault."""
    _back_to(owner, office, -2)


def let_another_office_see(owner: Owner, office: str) -> None:
    """Show sealed texts to an office that has no part in the case."""
    owner.execute(
        "UPDATE duties_payload SET seen_by = seen_by || '110101'::text WHERE event_id IN"
        " (SELECT id FROM duties_event WHERE recorded_by = %s)",
        [office],
    )


def bring_back_an_older_copy(owner: Owner, _office: str) -> None:
    """Take the whole database back to the first checkpoint: every chain holds, and says less."""
    for office, seq in owner.execute("SELECT organisation, seq FROM proof_older").fetchall():
        _back_to(owner, office, seq)


def take_the_newest_looks(owner: Owner, office: str) -> None:
    """Take the last seal of the read log, and with it the looks that it seals: what is left is a log without a fault."""
    gone = owner.execute(
        "WITH gone AS (DELETE FROM registry_readroot WHERE organisation = %s AND number ="
        " (SELECT max(number) FROM registry_readroot WHERE organisation = %s) RETURNING reads)"
        " DELETE FROM registry_read WHERE id IN (SELECT unnest(reads) FROM gone)",
        [office, office],
    )
    assert gone.rowcount


#: The attack on the read log: its seals are verified beside the journal.
ON_LOOKS: Final = "the newest looks taken away with their seal"
ATTACKS: Final[dict[str, Callable[[Owner, str], None]]] = {
    "a clock field rewritten": rewrite_a_clock_field,
    "two entries swapped": swap_two_entries,
    "an entry deleted, the rest moved up": delete_one,
    "the tail deleted": delete_the_tail,
    "a whole chain truncated": truncate_a_chain,
    "an entry inserted, its digest computed": insert_one,
    "an entry changed, the whole chain computed anew (a fork)": recompute_the_chain,
    "a sealed text replaced": replace_a_sealed_text,
    "a sealed text moved to another entry": move_a_sealed_text,
    "the last entries deleted and the head rolled back": roll_back_the_head,
    "another office let in by seen_by": let_another_office_see,
    "an older copy of the database brought back": bring_back_an_older_copy,
    ON_LOOKS: take_the_newest_looks,
}


def _one(owner: Owner, statement: str, *values: object) -> None:
    changed = owner.execute(statement, list(values)).rowcount
    assert changed == 1, statement


def _delete(owner: Owner, where: str, office: str) -> None:
    owner.execute(
        f"DELETE FROM duties_payload WHERE event_id IN (SELECT id FROM duties_event WHERE {where})",  # noqa: S608  # our own words
        [office],
    )
    assert owner.execute(f"DELETE FROM duties_event WHERE {where}", [office]).rowcount  # noqa: S608


def _back_to(owner: Owner, office: str, seq: int) -> None:
    """Cut a chain back to a place, or by so many entries, head and all."""
    row = owner.execute("SELECT seq FROM duties_chainhead WHERE organisation = %s", [office]).fetchone()
    assert row
    last = row[0] + seq if seq < 0 else seq
    if last < row[0]:
        _delete(owner, f"recorded_by = %s AND seq > {last}", office)
        owner.execute(
            "UPDATE duties_chainhead SET seq = %s, digest = (SELECT digest FROM duties_event WHERE recorded_by = %s"
            " AND seq = %s) WHERE organisation = %s",
            [last, office, last, office],
        )


def _entries(owner: Owner, office: str) -> list[Any]:
    from yipan.duties.chain import Sealed  # noqa: PLC0415  # after Django is set up
    from yipan.duties.replay import _entry  # noqa: PLC0415  # the attacker knows our program

    found = []
    query = f"SELECT {COLUMNS} FROM duties_event WHERE recorded_by = %s ORDER BY seq"  # noqa: S608  # our own columns
    for row in owner.execute(query, [office]).fetchall():
        payloads = {
            name: Sealed(ciphertext=bytes(text), subject=subject, seen_by=tuple(seen_by))
            for name, text, subject, seen_by in owner.execute(
                "SELECT name, ciphertext, subject_id, seen_by FROM duties_payload WHERE event_id = %s",
                [row[0]],
            )
        }
        entry = _entry(row, payloads)
        entry.digest = bytes(row[19])
        found.append(entry)
    return found


def _link_anew(owner: Owner, office: str) -> None:
    from yipan.duties.chain import GENESIS, link  # noqa: PLC0415  # after Django is set up

    previous, seq = GENESIS, 0
    for seq, entry in enumerate(_entries(owner, office), start=1):
        previous, before = link(entry, seq, previous).digest, previous
        owner.execute(
            "UPDATE duties_event SET previous = %s, digest = %s WHERE id = %s", [before, previous, entry.id]
        )
    owner.execute("UPDATE duties_chainhead SET digest = %s WHERE organisation = %s", [previous, office])


# ---------------------------------------------------------------------------------------------- the play


@contextmanager
def attacked(attack: Callable[[Owner, str], None], office: str) -> Iterator[None]:
    """Let somebody who owns the tables attack a chain; put back what was there afterwards."""
    from yipan import database  # noqa: PLC0415  # after the folder is named

    with psycopg.connect(**database.connect_info("owner"), autocommit=True) as owner:
        for table in (*TABLES, *LOOKS):
            # Who owns the tables can take the policies off, and put them back when she is done.
            owner.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
            owner.execute(f"CREATE TEMP TABLE saved_{table} AS TABLE {table}")
        _older(owner)
        with owner.transaction():
            attack(owner, office)
        _locked(owner)
        try:
            yield
        finally:
            with owner.transaction():
                for table in (*TABLES, *LOOKS):
                    owner.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
                for table in LOOKS:
                    owner.execute(f"DELETE FROM {table}")  # noqa: S608
                    owner.execute(f"INSERT INTO {table} OVERRIDING SYSTEM VALUE SELECT * FROM saved_{table}")  # noqa: S608
                for table in ("duties_payload", "duties_event", "duties_chainhead"):
                    if table != "duties_event":
                        owner.execute(f"DELETE FROM {table}")  # noqa: S608
                owner.execute(
                    "DELETE FROM duties_event e WHERE NOT EXISTS (SELECT FROM duties_adoption a WHERE a.event_id = e.id)"
                )
                owner.execute(
                    "INSERT INTO duties_event SELECT s.* FROM saved_duties_event s WHERE NOT EXISTS (SELECT FROM duties_event e WHERE e.id = s.id)"
                )
                owner.execute("INSERT INTO duties_payload SELECT * FROM saved_duties_payload")
                owner.execute("INSERT INTO duties_chainhead SELECT * FROM saved_duties_chainhead")
            _locked(owner)


def _locked(owner: Owner) -> None:
    for table in (*TABLES, *LOOKS):
        owner.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")


def _older(owner: Owner) -> None:
    """Lay out where each chain stood at the first checkpoint."""
    import json  # noqa: PLC0415  # only here

    first = min(Path(os.environ["YIPAN_CHECKPOINTS"]).glob("*.json"))
    heads = json.loads(first.read_text("utf-8"))["heads"]
    owner.execute("CREATE TEMP TABLE proof_older (organisation text, seq bigint)")
    for office, (seq, _) in heads.items():
        owner.execute("INSERT INTO proof_older VALUES (%s, %s)", [office, seq])


def work(folder: Path) -> str:
    """Let an office work, with a checkpoint in between and one at the end, and return the office."""
    from tests.duties.cast import at, new_cast  # noqa: PLC0415  # after Django is set up
    from yipan.duties import checkpoint  # noqa: PLC0415

    os.environ["YIPAN_CHECKPOINTS"] = str(folder)
    cast = new_cast()
    cast.open_offices()
    cast.ask("2026-03-02T10:00")
    cast.step(cast.residence, "birth-registration.entered", "2026-03-02T10:30")
    cast.ask("2026-03-02T11:00")
    _look(cast.residence, cast.thread, at("2026-03-02T11:10"))
    checkpoint.take(at("2026-03-02T12:00"))
    cast.step(cast.residence, "birth-registration.entered", "2026-03-02T13:00")
    cast.ask("2026-03-02T14:00")
    cast.step(cast.residence, "birth-registration.entered", "2026-03-02T15:00")
    _look(cast.residence, cast.thread, at("2026-03-02T15:10"))
    checkpoint.take(at("2026-03-02T16:00"))
    return cast.residence


def _look(office: str, thread: UUID | None, now: datetime) -> None:
    """Let the office look at a case, and the look be sealed."""
    from tests.duties.cast import permit  # noqa: PLC0415  # after Django is set up
    from yipan.registry.access import read_case  # noqa: PLC0415
    from yipan.registry.readseal import seal  # noqa: PLC0415

    assert thread
    read_case(permit(office, now), thread, now)
    seal(now + timedelta(minutes=2))


def found(folder: Path, name: str = "") -> tuple[list[str], list[str]]:
    """Return what a verification finds against the checkpoints, and what it would without any."""
    from yipan.duties import checkpoint  # noqa: PLC0415  # after Django is set up
    from yipan.duties.replay import verify  # noqa: PLC0415
    from yipan.registry import readseal  # noqa: PLC0415

    if name == ON_LOOKS:
        signed = checkpoint.read_from(folder).said
        return readseal.verify(signed).faults, readseal.verify().faults
    return verify(against=checkpoint.read_from(folder)).faults, verify(against=checkpoint.Signed()).faults


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


def main() -> None:
    """Play all, print a line for each, and end with 1 if one was not found."""
    with tempfile.TemporaryDirectory() as elsewhere, installation():
        folder = Path(elsewhere)
        office = work(folder)
        untouched, _ = found(folder)
        assert untouched == [], untouched
        hits = 0
        for name, attack in ATTACKS.items():
            with attacked(attack, office):
                faults, alone = found(folder, name)
            hits += bool(faults)
            how = "found" if faults else "NOT FOUND"
            _say(f"{how:9}  {name}{'' if alone else '  (only by the checkpoint)'}")
            if faults:
                _say(f"           {faults[0]}")
        again, _ = found(folder)
        assert again == [], again
    _say(f"{hits} of {len(ATTACKS)} found; untouched: 0 faults")
    sys.exit(hits != len(ATTACKS))


if __name__ == "__main__":
    main()
