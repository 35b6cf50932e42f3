"""What must leave, noted in the transaction of the entry that it is about: to whom, and how much of it.

- An entry travels to the node of every office that may see it, with the facts shown to an office there.
- With the first entry of a case go extracts of what the person agreed to for that node's offices: no more than that field.
- What closes or lapses a duty between an office here and one there travels too, without facts: both sides fold the same.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from django.db import connection

from yipan.duties.travelling import Carrier
from yipan.exchange.nodes.own import own_or_none
from yipan.exchange.nodes.peers import close_tables, open_tables, the_map
from yipan.exchange.nodes.tables import EVENT, EXTRACT, REFUSED, WAITING
from yipan.law.correction import RETRACTION_KIND
from yipan.law.deadline import SHANGHAI
from yipan.law.fold import OPEN
from yipan.law.rule import LAPSE_KIND

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime
    from uuid import UUID

    from django.db.backends.utils import CursorWrapper

    from yipan.duties.chain import Entry
    from yipan.duties.settle import Change
    from yipan.exchange.nodes.peers import Map
    from yipan.law.kind import Kind
    from yipan.law.rulebook import Rulebook

_NEXT: Final = "SELECT coalesce(max(number), 0) + 1 FROM exchange_outbox WHERE peer = %s AND thread = %s"
_SHARED: Final = (
    "SELECT peer FROM exchange_outbox WHERE thread = %(thread)s AND number IS NOT NULL"
    " UNION SELECT peer FROM exchange_inbox WHERE thread = %(thread)s"
)
_KNOWS: Final = (
    "SELECT peer FROM exchange_outbox WHERE event = %(event)s AND what IN ('event', 'extract')"
    " UNION SELECT peer FROM exchange_inbox WHERE event = %(event)s"
)
_HISTORY: Final = (
    "SELECT id, kind, recorded_by, counts_at, parties, clock FROM duties_event WHERE thread_id = %s"
    " AND NOT id = ANY(%s) ORDER BY counts_at, id"
)
_INSERT: Final = (
    "INSERT INTO exchange_outbox (peer, organisation, what, thread, number, event, body, state, made_at, next_at,"
    " tries, receipt, reason) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, 0, '', %s)"
)


@dataclass(frozen=True, kw_only=True)
class _Said:
    """As much of an entry as it takes to see what must leave."""

    id: UUID
    kind: Kind
    by: str
    parties: Mapping[str, Sequence[str]]
    clock: Mapping[str, Any]


@dataclass(kw_only=True)
class _Case:
    """One case while its new entries are looked at."""

    cursor: CursorWrapper
    map: Map
    rulebook: Rulebook
    thread: UUID
    shared: set[str]
    history: list[_Said]
    at: datetime

    def put(  # the columns of the row
        self, peer: str, by: str, event: UUID, what: str, body: Mapping[str, Any], reason: str = ""
    ) -> None:
        number = None
        if not reason:
            self.cursor.execute(_NEXT, [peer, self.thread])
            number = self.cursor.fetchone()[0]
        state = REFUSED if reason else WAITING
        values = [
            peer,
            by,
            what,
            self.thread,
            number,
            event,
            json.dumps(body),
            state,
            self.at,
            self.at,
            reason,
        ]
        self.cursor.execute(_INSERT, values)

    def begin(self, peer: str) -> None:
        """Let what was agreed to for a peer's offices go before the first entry of the case."""
        if peer in self.shared:
            return
        self.shared.add(peer)
        for each in self.history:
            body = self.agreed_for(peer, each)
            if body and self.map.node_of(each.by) == self.map.own:
                self.put(peer, each.by, each.id, EXTRACT, body)

    def agreed_for(self, peer: str, said: _Said) -> dict[str, list[str]]:
        """Return which parties and fields of an entry say what was agreed to for a peer's offices; empty where none do."""
        fields = [
            name
            for name, each in said.kind.fields.items()
            if each.consent and name in said.clock and self._concerns(peer, each.consent_of, said)
        ]
        roles = [
            role
            for role, held in said.parties.items()
            if said.by in held or any(self.map.node_of(one) == peer for one in held)
        ]
        return {"roles": roles, "fields": fields} if fields else {}

    def _concerns(self, peer: str, role: str, said: _Said) -> bool:
        if not role:
            return True
        held = {one for each in (*self.history, said) for one in each.parties.get(role, ())}
        return any(self.map.node_of(one) == peer for one in held)


class Leaving(Carrier):
    """Notes what leaves."""

    def elsewhere(self, organisations: Iterable[str]) -> frozenset[str]:
        """Return those organisations that work on a peer."""
        if own_or_none() is None:
            return frozenset()
        with connection.cursor() as cursor:
            found = the_map(cursor)
        if found is None:
            return frozenset()
        return frozenset(each for each in organisations if found.node_of(each) in found.peers)

    def written(
        self, cursor: CursorWrapper, entries: Sequence[Entry], changed: Sequence[Change], rulebook: Rulebook
    ) -> None:
        """Put into the outbox what must leave of these entries."""
        if own_or_none() is None:
            return
        found = the_map(cursor)
        if found is None:
            return
        sides = _sides(changed)
        wanted = [each for each in entries if _may_leave(each, found, rulebook, sides)]
        if not wanted:
            return
        open_tables(cursor)
        cases: dict[UUID, _Case] = {}
        new = [each.id for each in entries]
        for entry in wanted:
            if entry.thread not in cases:
                cases[entry.thread] = _case(cursor, found, rulebook, entry, new)
            _leave(cases[entry.thread], entry, sides)
        close_tables(cursor)


def _may_leave(entry: Entry, found: Map, rulebook: Rulebook, sides: Mapping[UUID, set[str]]) -> bool:
    """Tell whether anybody elsewhere may be concerned: by what the entry says alone, without a question to the database."""
    if found.node_of(entry.recorded_by) in found.peers:
        return False  # it came from there
    held = {one for each in entry.parties.values() for one in each}
    if entry.corrects is not None or found.peers_of({*entry.seen_by, *held, *sides.get(entry.id, ())}):
        return True
    kind = rulebook.kind(entry.kind, entry.counts_at.astimezone(SHANGHAI).date())
    asked = (kind.fields.get(each) for each in entry.clock)
    return not kind.begins_case and any(each is not None and each.consent for each in asked)


def _sides(changed: Iterable[Change]) -> dict[UUID, set[str]]:
    """Return, by the entry that closed or lapsed them, between whom the duties stand."""
    found: dict[UUID, set[str]] = {}
    for each in changed:
        duty = each.after
        if (
            duty.closed_by
            and duty.state != OPEN
            and (each.before is None or each.before.closed_by != duty.closed_by)
        ):
            found.setdefault(duty.closed_by, set()).update((duty.owed_by, duty.owed_to))
    return found


def _case(cursor: CursorWrapper, found: Map, rulebook: Rulebook, entry: Entry, new: Sequence[UUID]) -> _Case:
    cursor.execute(_SHARED, {"thread": entry.thread})
    shared = {row[0] for row in cursor.fetchall()}
    cursor.execute(_HISTORY, [entry.thread, list(new)])
    history = [
        _Said(
            id=own,
            kind=rulebook.kind(kind, at.astimezone(SHANGHAI).date()),
            by=by,
            parties=json.loads(parties),
            clock=json.loads(clock),
        )
        for own, kind, by, at, parties, clock in cursor.fetchall()
    ]
    return _Case(
        cursor=cursor,
        map=found,
        rulebook=rulebook,
        thread=entry.thread,
        shared=shared,
        history=history,
        at=entry.recorded_at,
    )


def _leave(case: _Case, entry: Entry, sides: Mapping[UUID, set[str]]) -> None:
    kind = case.rulebook.kind(entry.kind, entry.counts_at.astimezone(SHANGHAI).date())
    said = _Said(id=entry.id, kind=kind, by=entry.recorded_by, parties=entry.parties, clock=entry.clock)
    seen = case.map.peers_of(entry.seen_by)
    if kind.system and kind.name not in (LAPSE_KIND, RETRACTION_KIND):
        return
    for peer in sorted(seen):
        if kind.effect:
            case.put(peer, entry.recorded_by, entry.id, EVENT, {}, "kind-not-carried")
        else:
            case.begin(peer)
            case.put(peer, entry.recorded_by, entry.id, EVENT, {})
    knowing = _knowing(case, entry)
    for peer in sorted(case.shared - seen):
        if peer not in case.map.peers:
            continue
        between = peer in case.map.peers_of(sides.get(entry.id, ()))
        if between or peer in knowing:
            case.put(peer, entry.recorded_by, entry.id, EXTRACT, {})
        elif body := case.agreed_for(peer, said):
            case.put(peer, entry.recorded_by, entry.id, EXTRACT, body)
    case.history.append(said)


def _knowing(case: _Case, entry: Entry) -> set[str]:
    """Return the peers that know what an entry corrects."""
    if entry.corrects is None:
        return set()
    case.cursor.execute(_KNOWS, {"event": entry.corrects})
    return {row[0] for row in case.cursor.fetchall()}
