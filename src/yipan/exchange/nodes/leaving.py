"""What must leave, noted in the transaction of the entry that it is about: to whom, and how much of it.

- An entry travels to the node of every office that may see it, with the facts shown to an office there.
- With the first entry of a case go extracts of what the person agreed to for that node's offices: no more than that field.
- What closes or lapses a duty between an office here and one there travels too, without facts: both sides fold the same. Of
  its parties go those who stand in a duty with an office there: his home does not learn from it where hers is.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from django.db import connection

from yipan.database.many import insert_many
from yipan.duties.travelling import Carrier
from yipan.exchange.faults import OfficeMovedError
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
    from yipan.law.fold import Duty
    from yipan.law.kind import Kind
    from yipan.law.rulebook import Rulebook

_NEXT: Final = "SELECT thread, peer, max(number) FROM exchange_outbox WHERE thread = ANY(%s) AND number IS NOT NULL GROUP BY 1, 2"
_SHARED: Final = "SELECT DISTINCT thread, peer FROM exchange_inbox WHERE thread = ANY(%s)"
_KNOWS: Final = (
    "SELECT peer FROM exchange_outbox WHERE event = %(event)s AND what IN ('event', 'extract')"
    " UNION SELECT peer FROM exchange_inbox WHERE event = %(event)s"
)
_TOLD: Final = (
    "SELECT thread, peer, event, ARRAY(SELECT jsonb_array_elements_text(body->'fields')) FROM exchange_outbox"
    " WHERE thread = ANY(%s) AND what IN (%s, %s) AND body ? 'fields'"
)
_HISTORY: Final = (
    "SELECT thread_id, id, kind, recorded_by, counts_at, parties, clock FROM duties_event WHERE thread_id = ANY(%s)"
    " AND NOT id = ANY(%s) ORDER BY counts_at, id"
)
COLUMNS: Final = {
    "peer": "text", "organisation": "text", "what": "text", "thread": "uuid", "number": "int4", "event": "uuid",
    "body": "jsonb", "state": "text", "made_at": "timestamptz", "next_at": "timestamptz", "tries": "int4",
    "receipt": "text", "reason": "text",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Said:
    """As much of an entry as it takes to see what must leave."""

    id: UUID
    kind: Kind
    by: str
    parties: Mapping[str, Sequence[str]]
    clock: Mapping[str, Any]


@dataclass(kw_only=True)
class Case:
    """One case while its new entries are looked at, and what is to leave of it."""

    map: Map
    rulebook: Rulebook
    thread: UUID
    at: datetime
    #: The last number that each peer was given, and who else knows the case.
    numbers: dict[str, int] = field(default_factory=dict)
    shared: set[str] = field(default_factory=set)
    history: list[Said] = field(default_factory=list)
    #: Of what was said before, which fields each peer has been told; looked at only where somebody moved.
    told: dict[tuple[str, UUID], frozenset[str]] = field(default_factory=dict)
    leaving: list[tuple[Any, ...]] = field(default_factory=list)

    def put(  # the columns of the row
        self, peer: str, by: str, event: UUID, what: str, body: Mapping[str, Any], reason: str = ""
    ) -> None:
        """Let an entry leave; with a reason, lie on the desk."""
        number = None
        if not reason:
            number = self.numbers[peer] = self.numbers.get(peer, 0) + 1
        state = REFUSED if reason else WAITING
        row = (peer, by, what, self.thread, number, event, dict(body), state, self.at, self.at, 0, "", reason)
        self.leaving.append(row)

    def begin(self, peer: str) -> None:
        """Let what was agreed to for a peer's offices go before the first entry of the case."""
        if peer in self.shared and not self.map.moved:
            return
        self.shared.add(peer)
        for each in self.history:
            body = self.agreed_for(peer, each)
            # A township that moved there may be asked in a case that is known there by another's side.
            known = self.told.get((peer, each.id), frozenset())
            if self.map.node_of(each.by) == self.map.own and not known.issuperset(body.get("fields", ())):
                self.put(peer, each.by, each.id, EXTRACT, body)

    def agreed_for(self, peer: str, said: Said) -> dict[str, list[str]]:
        """Return which parties and fields of an entry say what was agreed to for a peer's offices; empty where none do."""
        fields = [
            name
            for name, each in said.kind.fields.items()
            if each.consent and name in said.clock and self._concerns(peer, each.consent_of, said)
        ]
        return {**self._parties_for(peer, said, ()), "fields": fields} if fields else {}

    def part_for(self, peer: str, said: Said, duties: Iterable[Duty]) -> dict[str, list[str]]:
        """Return which parties and fields of an entry a peer may know that folds the duties of its offices by it.

        `duties` are those that the entry changed. Another person's home and what she agreed to are none of theirs.
        """
        beside = {
            one
            for each in duties
            if self.map.peers_of((each.owed_by, each.owed_to)) & {peer}
            for one in (each.owed_by, each.owed_to, each.party)
            if one
        }
        fields = [
            name
            for name, each in said.kind.fields.items()
            if name in said.clock and (not each.consent or self._concerns(peer, each.consent_of, said))
        ]
        return {**self._parties_for(peer, said, beside), "fields": fields}

    def _parties_for(self, peer: str, said: Said, beside: Iterable[str]) -> dict[str, list[str]]:
        """Return the parts and the offices of an entry that are its own office, a peer's, or named besides."""
        meant = {said.by, *beside}
        kept = {
            role: [one for one in held if one in meant or self.map.node_of(one) == peer]
            for role, held in said.parties.items()
        }
        roles = [role for role, held in kept.items() if held]
        return {"roles": roles, "offices": sorted({one for held in kept.values() for one in held})}

    def _concerns(self, peer: str, role: str, said: Said) -> bool:
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
        _refuse_moved(found, entries, rulebook)
        sides, moved = _sides(changed), _moved(changed)
        wanted = [each for each in entries if _may_leave(each, found, rulebook, sides)]
        if not wanted:
            return
        open_tables(cursor)
        cases = _cases(cursor, found, rulebook, wanted, [each.id for each in entries])
        for entry in wanted:
            _leave(cursor, cases[entry.thread], entry, sides, moved)
        rows = [row for case in cases.values() for row in case.leaving]
        insert_many(cursor, "exchange_outbox", COLUMNS, rows)
        close_tables(cursor)


def _may_leave(entry: Entry, found: Map, rulebook: Rulebook, sides: Mapping[UUID, set[str]]) -> bool:
    """Tell whether anybody elsewhere may be concerned: by what the entry says alone, without a question to the database."""
    if _came(found, entry):
        return bool(_went_on(found, entry))
    held = {one for each in entry.parties.values() for one in each}
    if entry.corrects is not None or found.peers_of({*entry.seen_by, *held, *sides.get(entry.id, ())}):
        return True
    kind = rulebook.kind(entry.kind, entry.counts_at.astimezone(SHANGHAI).date())
    asked = (kind.fields.get(each) for each in entry.clock)
    return not kind.begins_case and any(each is not None and each.consent for each in asked)


def _came(found: Map, entry: Entry) -> bool:
    """Tell whether an entry came from another installation."""
    return entry.officer.removeprefix("node:") in found.peers and entry.officer.startswith("node:")


def _went_on(found: Map, entry: Entry) -> dict[str, str]:
    """Return to which peers an entry that came must go on, because a township that it is for moved there from here."""
    gone = {
        code: to for code, (sender, to) in found.moved.items() if sender == found.own and to in found.peers
    }
    named = {*entry.seen_by, *(one for held in entry.parties.values() for one in held)}
    codes = {each.partition(":")[0] for each in named}
    return {to: code for code, to in gone.items() if code in codes and entry.officer != f"node:{to}"}


def _refuse_moved(found: Map, entries: Iterable[Entry], rulebook: Rulebook) -> None:
    """Refuse what is said here for an office that works elsewhere now.

    Raises:
        OfficeMovedError: it does.
    """
    for entry in entries if found.moved else ():
        sender, to = found.moved.get(entry.recorded_by.partition(":")[0], ("", ""))
        kind = rulebook.kind(entry.kind, entry.counts_at.astimezone(SHANGHAI).date())
        if sender == found.own and not entry.officer.startswith("node:") and not kind.system:
            raise OfficeMovedError(office=entry.recorded_by, node=to)


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


def _moved(changed: Iterable[Change]) -> dict[UUID, list[Duty]]:
    """Return the changed duties by the entries that opened or closed them."""
    found: dict[UUID, list[Duty]] = {}
    for duty in (each.after for each in changed):
        for event in {duty.opened_by, duty.closed_by} - {None}:
            found.setdefault(event, []).append(duty)  # type: ignore[arg-type]  # None was left out
    return found


def _cases(
    cursor: CursorWrapper, found: Map, rulebook: Rulebook, wanted: Sequence[Entry], new: Sequence[UUID]
) -> dict[UUID, Case]:
    """Return the cases of entries, with who knows them and what was said in them before: a question for all of them each."""
    cases = {
        each.thread: Case(map=found, rulebook=rulebook, thread=each.thread, at=each.recorded_at)
        for each in wanted
    }
    threads = sorted(cases)
    cursor.execute(_NEXT, [threads])
    for thread, peer, number in cursor.fetchall():
        cases[thread].numbers[peer] = number
        cases[thread].shared.add(peer)
    cursor.execute(_SHARED, [threads])
    for thread, peer in cursor.fetchall():
        cases[thread].shared.add(peer)
    if found.moved:
        cursor.execute(_TOLD, [threads, EVENT, EXTRACT])
        for thread, peer, event, fields in cursor.fetchall():
            told = cases[thread].told
            told[peer, event] = told.get((peer, event), frozenset()) | set(fields or ())
    cursor.execute(_HISTORY, [threads, list(new)])
    for thread, own, kind, by, at, parties, clock in cursor.fetchall():
        said = Said(
            id=own,
            kind=rulebook.kind(kind, at.astimezone(SHANGHAI).date()),
            by=by,
            parties=json.loads(parties),
            clock=json.loads(clock),
        )
        cases[thread].history.append(said)
    return cases


def _leave(
    cursor: CursorWrapper,
    case: Case,
    entry: Entry,
    sides: Mapping[UUID, set[str]],
    moved: Mapping[UUID, Sequence[Duty]],
) -> None:
    kind = case.rulebook.kind(entry.kind, entry.counts_at.astimezone(SHANGHAI).date())
    said = Said(id=entry.id, kind=kind, by=entry.recorded_by, parties=entry.parties, clock=entry.clock)
    if _came(case.map, entry):
        for peer, code in _went_on(case.map, entry).items():
            what = EVENT if code in {each.partition(":")[0] for each in entry.seen_by} else EXTRACT
            case.put(peer, entry.recorded_by, entry.id, what, {"moved": code})
        return
    seen = case.map.peers_of(entry.seen_by)
    if kind.system and kind.name not in (LAPSE_KIND, RETRACTION_KIND):
        return
    for peer in sorted(seen):
        if kind.effect:
            case.put(peer, entry.recorded_by, entry.id, EVENT, {}, f"kind-not-carried: {kind.name}")
        else:
            case.begin(peer)
            case.put(peer, entry.recorded_by, entry.id, EVENT, {})
    knowing = _knowing(cursor, entry)
    for peer in sorted(case.shared - seen):
        if peer not in case.map.peers:
            continue
        between = peer in case.map.peers_of(sides.get(entry.id, ()))
        if between or peer in knowing:
            duties = moved.get(entry.corrects or entry.id, ())
            case.put(peer, entry.recorded_by, entry.id, EXTRACT, case.part_for(peer, said, duties))
        elif body := case.agreed_for(peer, said):
            case.put(peer, entry.recorded_by, entry.id, EXTRACT, body)
    case.history.append(said)


def _knowing(cursor: CursorWrapper, entry: Entry) -> set[str]:
    """Return the peers that know what an entry corrects."""
    if entry.corrects is None:
        return set()
    cursor.execute(_KNOWS, {"event": entry.corrects})
    return {row[0] for row in cursor.fetchall()}
