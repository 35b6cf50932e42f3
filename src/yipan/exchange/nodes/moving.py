"""A township moves from one node to another: who may say so, what goes along, and how the others hear of it.

1. The node that takes it says that it expects it (`yipan node take`).
2. The node that has it says, signed, that from now on it works there, and lets its cases and its register leave for there, all in
   one transaction (`yipan node move`). From that moment nobody records for it on the old node.
3. Each peer that believes both hears the signed word and looks for the township there. What was under way to the old node is
   entered there and goes on to the new one.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from django.db import connection, transaction

from yipan.database.many import insert_many
from yipan.duties.journal import lock_law, lock_threads
from yipan.duties.lawbook import lawbook
from yipan.exchange.envelope import sign
from yipan.exchange.faults import MoveError
from yipan.exchange.nodes.leaving import COLUMNS, Case, Said
from yipan.exchange.nodes.moves import EFFECTS, UPSERT
from yipan.exchange.nodes.own import own
from yipan.exchange.nodes.peers import exchanging, map_of, open_tables, peer_named
from yipan.exchange.nodes.receiving import pass_on
from yipan.exchange.nodes.tables import (
    EVENT,
    EXPECTED,
    EXTRACT,
    MOVED,
    OFFERED,
    TRUSTED,
)
from yipan.law.correction import RETRACTION_KIND
from yipan.law.deadline import SHANGHAI
from yipan.law.rule import LAPSE_KIND
from yipan.offices.office import organisation
from yipan.offices.permit import THE_CLOCK, set_acting

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    from django.db.backends.utils import CursorWrapper

_CASES: Final = "SELECT DISTINCT thread_id FROM duties_event WHERE %s = ANY(seen_by)"
_HISTORY: Final = (
    "SELECT id, thread_id, kind, recorded_by, on_behalf_of, counts_at, parties, clock, seen_by FROM duties_event"
    " WHERE thread_id = ANY(%s) ORDER BY thread_id, counts_at, id"
)
_NUMBERS: Final = "SELECT thread, max(number) FROM exchange_outbox WHERE peer = %s AND thread = ANY(%s) AND number IS NOT NULL GROUP BY 1"


@dataclass(frozen=True, kw_only=True)
class Moved:
    """What a move set going: how many cases and entries leave for the new node."""

    code: str
    to: str
    cases: int
    entries: int


def expect(code: str, sender: str, now: datetime) -> bool:
    """Say that this node takes a township from a peer; return whether it has come already.

    Raises:
        UnknownPeerError, UnknownOrganisationError: there is no such peer, or no such township.
        MoveError: the peer is not believed, or does not serve the township.
    """
    office = organisation(code).id
    one = own()
    _refuse_stranger(sender)
    with exchanging() as cursor:
        cursor.execute("SELECT from_node, state, statement FROM exchange_move WHERE code = %s", [office])
        *found, statement = cursor.fetchone() or ("", "", "")
        if found == [sender, OFFERED]:
            cursor.execute("UPDATE exchange_move SET state = %s WHERE code = %s", [MOVED, office])
            pass_on(cursor, {"statement": statement, "code": office}, now)
            return True
        if found == [sender, MOVED]:
            return True
        if map_of(cursor, one).node_of(office) != sender:
            raise MoveError(code=office, reason=f"not at {sender}")
        cursor.execute(UPSERT, [office, sender, one.name, now, "", EXPECTED])
    return False


def move_away(code: str, to: str, now: datetime) -> Moved:
    """Let a township work on another node from now on, with its cases and its register.

    Raises:
        UnknownPeerError, UnknownOrganisationError: there is no such peer, or no such township.
        MoveError: the peer is not believed, or the township is not here.
    """
    office = organisation(code).id
    one = own()
    _refuse_stranger(to)
    said = {"move": office, "from": one.name, "to": to, "at": now.isoformat()}
    statement = sign(said, one.name, one.keys())
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        # Nobody writes while it moves: what an office records is on one side or on the other.
        lock_law(cursor, changing=True)
        set_acting(office, THE_CLOCK, [])
        open_tables(cursor)
        if map_of(cursor, one).node_of(office) != one.name:
            raise MoveError(code=office, reason="not here")
        cursor.execute(UPSERT, [office, one.name, to, now, statement, MOVED])
        pass_on(cursor, {"statement": statement, "code": office}, now)
        cursor.execute(_CASES, [office])
        threads = sorted(row[0] for row in cursor.fetchall())
        set_acting(office, THE_CLOCK, threads)
        lock_threads(cursor, threads)
        rows = _leaving(cursor, office, to, threads, now)
        insert_many(cursor, "exchange_outbox", COLUMNS, rows)
    return Moved(code=office, to=to, cases=len(threads), entries=len(rows))


def _refuse_stranger(name: str) -> None:
    if peer_named(name).state != TRUSTED:
        raise MoveError(code=name, reason="not trusted")


def _leaving(
    cursor: CursorWrapper, office: str, to: str, threads: Sequence[UUID], now: datetime
) -> list[tuple[Any, ...]]:
    """Return the rows by which the cases of an office leave: what it sees whole, of the rest what they depend on."""
    book = lawbook()
    where = map_of(cursor, own())
    cursor.execute(_NUMBERS, [to, list(threads)])
    numbers: dict[UUID, int] = dict(cursor.fetchall())
    cursor.execute(_HISTORY, [list(threads)])
    cases: dict[UUID, Case] = {}
    shared: dict[UUID, bool] = defaultdict(bool)
    for own_id, thread, kind_name, by, behalf, at, parties, clock, seen_by in cursor.fetchall():
        kind = book.kind(kind_name, at.astimezone(SHANGHAI).date())
        if not _goes_along(kind.name, kind.thread, kind.effect, system=kind.system):
            continue
        if thread not in cases:
            cases[thread] = Case(
                map=where, rulebook=book, thread=thread, at=now, numbers={to: numbers.get(thread, 0)}
            )
            shared[thread] = thread in numbers
        case = cases[thread]
        said = Said(id=own_id, kind=kind, by=by, parties=json.loads(parties), clock=json.loads(clock))
        case.history.append(said)
        if where.node_of(by) == to and shared[thread]:
            continue  # the new node said it itself
        if office in seen_by or behalf == office:
            case.put(to, by, own_id, EVENT, {"moved": office, "kept": True})
        elif where.node_of(by) != own().name or where.node_of(behalf) not in ("", own().name):
            case.put(to, by, own_id, EXTRACT, {"moved": office, "kept": True})
        elif body := case.agreed_for(to, said):
            case.put(to, by, own_id, EXTRACT, {**body, "moved": office, "kept": True})
    return [row for case in cases.values() for row in case.leaving]


def _goes_along(name: str, of: str, effect: str, *, system: bool) -> bool:
    if system:
        return name in (LAPSE_KIND, RETRACTION_KIND)
    return of == "case" and (not effect or effect in EFFECTS)
