"""The journal's SQL: locking threads, reading what the fold needs, linking and writing entries."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID, uuid4

from yipan.database.many import insert_many
from yipan.duties import sealing
from yipan.duties.chain import GENESIS, Entry, Sealed, link
from yipan.duties.draft import CASE, Checked
from yipan.duties.faults import UnknownPersonError
from yipan.duties.naming import beside
from yipan.duties.whose import Place, meant_by, persons_of, place_in
from yipan.law.event import Event
from yipan.offices.succession import OfficeEndedError, refuse_ended

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from django.db.backends.utils import CursorWrapper

    from yipan.law.fold import Duty
    from yipan.law.kind import Kind

_EVENT_COLUMNS: Final = {
    "id": "uuid", "kind": "text", "pack": "text", "thread_id": "uuid", "parties": "jsonb", "lines": "jsonb",
    "recorded_by": "text", "officer": "text", "on_behalf_of": "text", "happened_at": "timestamptz",
    "recorded_at": "timestamptz", "counts_at": "timestamptz", "counts_by": "text", "clock": "jsonb",
    "follows": "uuid[]", "corrects": "uuid", "seen_by": "text[]", "persons": "uuid[]", "seq": "bigint",
    "previous": "bytea", "digest": "bytea",
}  # fmt: skip
_PAYLOAD_COLUMNS: Final = {
    "event_id": "uuid", "name": "text", "subject_id": "uuid", "ciphertext": "bytea", "seen_by": "text[]",
}  # fmt: skip
_LINK_COLUMNS: Final = {
    "thread_id": "uuid", "name": "text", "subject_id": "uuid", "alone": "boolean",
    "own": "text[]", "shared": "text[]", "others": "text[]",
}  # fmt: skip
#: Any number that nothing else locks.
LAW_LOCK: Final = 0x5969_7061_6E04
_LAW_COLUMNS: Final = (
    "id, kind, thread_id, counts_at, parties, lines, recorded_by, on_behalf_of, clock, corrects"
)


def lock_law(cursor: CursorWrapper, *, changing: bool) -> None:
    """Hold the law still for this transaction; whoever changes it waits until nobody writes under the old one."""
    lock = "pg_advisory_xact_lock" if changing else "pg_advisory_xact_lock_shared"
    cursor.execute(f"SELECT {lock}(%s)", [LAW_LOCK])


def lock_threads(cursor: CursorWrapper, threads: Sequence[UUID]) -> set[UUID]:
    """Lock the threads in order of id, making those that are new, and return the new ones."""
    cursor.execute(
        "INSERT INTO duties_thread (id) SELECT id FROM unnest(%s::uuid[]) AS wanted(id) ORDER BY id"
        " ON CONFLICT DO NOTHING RETURNING id",
        [list(threads)],
    )
    fresh = {row[0] for row in cursor.fetchall()}
    if len(fresh) < len(threads):
        cursor.execute(
            "SELECT id FROM duties_thread WHERE id = ANY(%s) ORDER BY id FOR UPDATE", [list(threads)]
        )
    return fresh


def known(cursor: CursorWrapper, ids: Sequence[UUID]) -> dict[UUID, tuple[str, UUID, str]]:
    """Return kind, thread and recording organisation of those of the ids that are already in the journal."""
    if not ids:
        return {}
    cursor.execute(
        "SELECT id, kind, thread_id, recorded_by FROM duties_event WHERE id = ANY(%s)", [list(ids)]
    )
    return {row[0]: (row[1], row[2], row[3]) for row in cursor.fetchall()}


def events_of(cursor: CursorWrapper, threads: Sequence[UUID]) -> dict[UUID, list[Event]]:
    """Return the events of threads as the law sees them. The threads must be those that the permit named."""
    found: dict[UUID, list[Event]] = {thread: [] for thread in threads}
    if threads:
        query = f"SELECT {_LAW_COLUMNS} FROM duties_event WHERE thread_id = ANY(%s)"  # noqa: S608  # our own columns
        cursor.execute(query, [list(threads)])
        for row in cursor.fetchall():
            found[row[2]].append(_event(row))
    return found


def _event(row: tuple[object, ...]) -> Event:
    own_id, kind, thread, counts_at, parties, lines, recorded_by, on_behalf_of, clock, corrects = row
    held = json.loads(str(parties))
    return Event(
        id=own_id,  # type: ignore[arg-type]  # as the column's type says
        kind=str(kind),
        thread=thread,  # type: ignore[arg-type]  # as the column's type says
        counts_at=counts_at,  # type: ignore[arg-type]  # as the column's type says
        parties={role: tuple(each) for role, each in held.items()},
        lines=json.loads(str(lines)),
        actor=str(on_behalf_of or recorded_by),
        clock=json.loads(str(clock)),
        corrects=corrects,  # type: ignore[arg-type]  # as the column's type says
    )


def seen_by(cursor: CursorWrapper, organisation: str, threads: Sequence[UUID]) -> set[UUID]:
    """Return those of the threads of which an organisation may read some entry, or owes some duty."""
    if not threads:
        return set()
    cursor.execute(
        "SELECT thread_id FROM duties_event WHERE thread_id = ANY(%(threads)s) AND %(own)s = ANY(seen_by)"
        " UNION SELECT thread_id FROM duties_duty WHERE thread_id = ANY(%(threads)s) AND owed_by = %(own)s",
        {"threads": list(threads), "own": organisation},
    )
    return {row[0] for row in cursor.fetchall()}


def opened_offices(cursor: CursorWrapper, among: Iterable[str]) -> frozenset[str]:
    """Return those of some organisations that are on the system."""
    cursor.execute(
        "SELECT organisation FROM duties_openedoffice WHERE closed_at IS NULL AND organisation = ANY(%s)",
        [sorted(among)],
    )
    return frozenset(row[0] for row in cursor.fetchall())


def append(cursor: CursorWrapper, organisation: str, entries: Sequence[Entry]) -> list[Entry]:
    """Link entries to the organisation's chain, write them with their payloads, and return them as linked."""
    if not entries:
        return []
    seq, previous = _lock_head(cursor, organisation)
    linked = []
    for entry in entries:
        seq += 1
        linked.append(link(entry, seq, bytes(previous)))
        previous = linked[-1].digest
    insert_many(cursor, "duties_event", _EVENT_COLUMNS, [_row(each) for each in linked])
    payloads = [
        (each.id, name, sealed.subject, sealed.ciphertext, sealed.seen_by)
        for each in linked
        for name, sealed in each.payloads.items()
    ]
    insert_many(cursor, "duties_payload", _PAYLOAD_COLUMNS, payloads)
    cursor.execute(
        "UPDATE duties_chainhead SET seq = %s, digest = %s WHERE organisation = %s",
        [seq, previous, organisation],
    )
    return linked


def _lock_head(cursor: CursorWrapper, organisation: str) -> tuple[int, bytes]:
    """Lock the head of a chain, made where there is none yet, and return its place and digest.

    Raises:
        OfficeEndedError: the organisation has ended, and with it its chain.
    """
    lock = "SELECT seq, digest FROM duties_chainhead WHERE organisation = %s FOR UPDATE"
    cursor.execute(lock, [organisation])
    if (head := cursor.fetchone()) is None:
        cursor.execute(
            "INSERT INTO duties_chainhead (organisation, seq, digest) VALUES (%s, 0, %s) ON CONFLICT DO NOTHING",
            [organisation, GENESIS],
        )
        cursor.execute(lock, [organisation])
        if (head := cursor.fetchone()) is None:
            # Only a head that has ended can be seen and not be locked.
            refuse_ended(organisation)
            raise OfficeEndedError(organisation=organisation, successor="—")
    return head[0], head[1]


def _row(entry: Entry) -> list[Any]:
    return [
        entry.id, entry.kind, entry.pack, entry.thread,
        entry.parties, entry.lines,
        entry.recorded_by, entry.officer, entry.on_behalf_of, entry.happened_at, entry.recorded_at, entry.counts_at,
        entry.counts_by, entry.clock, entry.follows, entry.corrects, entry.seen_by, entry.persons,
        entry.seq, entry.previous, entry.digest,
    ]  # fmt: skip


def grant_to_superiors(cursor: CursorWrapper, duties: Iterable[Duty]) -> None:
    """Let an office to which somebody's silence has come see what concerns that party of the case."""
    rows = [(duty.thread, duty.owed_by, duty.party) for duty in duties]
    columns = {"thread_id": "uuid", "organisation": "text", "party": "text"}
    insert_many(cursor, "duties_caseaccess", columns, rows, "ON CONFLICT DO NOTHING")


class Sealing:
    """Finds or makes the keys of the persons of some threads, and seals facts with them."""

    def __init__(self, cursor: CursorWrapper) -> None:
        """Use this cursor."""
        self._cursor = cursor
        self._keys: dict[tuple[UUID, str], tuple[UUID, bytes]] = {}
        self._people: dict[UUID, dict[str, Place]] = {}

    def prepare(
        self,
        needed: Mapping[UUID, Mapping[str, Kind]],
        fresh: Collection[UUID],
        persons: Mapping[tuple[UUID, str], UUID],
    ) -> None:
        """Have a key ready for each name of each thread, which a kind names. The threads made just now have none.

        `persons` says whom a name of a thread means, where she is known already.

        Raises:
            UnknownPersonError: this office may not see her.
        """
        wanted = {(thread, name): kind for thread, names in needed.items() for name, kind in names.items()}
        old = sorted(needed.keys() - set(fresh))
        if old:
            self._find(old, wanted)
        for place, person in persons.items():
            # A name that means somebody else here never seals her words under that person's key.
            if place in self._keys and self._keys[place][0] != person:
                raise UnknownPersonError(person=person)
        known = {place: person for place, person in persons.items() if place not in self._keys}
        known |= self._meant(wanted, known)
        if known:
            self._link(known, wanted)
        missing = sorted(wanted.keys() - self._keys.keys(), key=lambda place: (place[0].int, place[1]))
        if missing:
            self._make(missing, wanted)

    def _meant(
        self, wanted: Mapping[tuple[UUID, str], Kind], known: Collection[tuple[UUID, str]]
    ) -> dict[tuple[UUID, str], UUID]:
        """Return whom new names mean in cases that are about one person already."""
        found: dict[tuple[UUID, str], UUID] = {}
        for (thread, name), kind in wanted.items():
            people = self._people.get(thread)
            if people and name != CASE and (thread, name) not in self._keys and (thread, name) not in known:
                person = meant_by(kind, name, people)
                found |= {(thread, name): person} if person else {}
        return found

    def _link(self, known: Mapping[tuple[UUID, str], UUID], kinds: Mapping[tuple[UUID, str], Kind]) -> None:
        """Let names of threads mean persons whose keys are here already."""
        self._cursor.execute(
            "SELECT id, wrapped_key, kek_version FROM duties_subject WHERE id = ANY(%s)",
            [sorted(set(known.values()))],
        )
        keys = {row[0]: sealing.unwrap(row[0], row[1], row[2]) for row in self._cursor.fetchall()}
        for person in known.values():
            if person not in keys:
                raise UnknownPersonError(person=person)
        self._keys |= {place: (person, keys[person]) for place, person in known.items()}
        links = [self._placed(place, person, kinds[place]) for place, person in known.items()]
        insert_many(self._cursor, "duties_threadsubject", _LINK_COLUMNS, links)

    def _find(self, threads: Sequence[UUID], wanted: Collection[tuple[UUID, str]]) -> None:
        self._cursor.execute(
            "SELECT link.thread_id, link.name, link.subject_id, link.alone, link.own, link.shared, link.others,"
            " subject.wrapped_key, subject.kek_version"
            " FROM duties_threadsubject link JOIN duties_subject subject ON subject.id = link.subject_id"
            " WHERE link.thread_id = ANY(%s)",
            [list(threads)],
        )
        for thread, name, subject, alone, own, shared, others, wrapped, version in self._cursor.fetchall():
            if name != CASE:
                self._people.setdefault(thread, {})[name] = Place(
                    subject=subject,
                    alone=alone,
                    own=frozenset(own),
                    shared=frozenset(shared),
                    others=frozenset(others),
                )
            if (thread, name) in wanted:
                self._keys[thread, name] = (subject, sealing.unwrap(subject, wrapped, version))

    def _make(self, missing: Sequence[tuple[UUID, str]], kinds: Mapping[tuple[UUID, str], Kind]) -> None:
        subjects, links = [], []
        new = [beside(thread, uuid4()) for thread, _ in missing]
        made = zip(missing, new, sealing.new_subject_keys(new), strict=True)
        for place, subject, one in made:
            self._keys[place] = (subject, one.key)
            subjects.append((subject, one.wrapped, one.version))
            links.append(self._placed(place, subject, kinds[place]))
        insert_many(
            self._cursor,
            "duties_subject",
            {"id": "uuid", "wrapped_key": "bytea", "kek_version": "int2"},
            subjects,
        )
        insert_many(self._cursor, "duties_threadsubject", _LINK_COLUMNS, links)

    def _placed(self, at: tuple[UUID, str], subject: UUID, kind: Kind) -> tuple[Any, ...]:
        """Note whom a name of a thread means, and return the row that says so."""
        thread, name = at
        if name == CASE:
            return (thread, name, subject, False, [], [], [])
        people = self._people.setdefault(thread, {})
        place = people[name] = place_in(kind, name, subject, people)
        roles = [sorted(each) for each in (place.own, place.shared, place.others)]
        return (thread, name, subject, place.alone, *roles)

    def persons_of(self, thread: UUID, one: Checked) -> tuple[UUID, ...]:
        """Return the persons of a thread who may see an entry as theirs."""
        people = self._people.get(thread)
        if not people:
            return ()
        # What somebody agreed to is said of her, though no office is named.
        agreed = {each.consent_of for each in one.kind.fields.values() if each.name in one.clock} - {""}
        return persons_of(one.facts.keys() - {CASE}, one.parties.keys() | agreed, people)

    def seal(self, event: UUID, thread: UUID, one: Checked, own: str) -> dict[str, Sealed]:
        """Return the sealed payloads of an event, each for the offices that its kind shows it to."""
        found = {}
        for name, facts in one.facts.items():
            subject, key = self._keys[thread, name]
            roles = one.kind.seen_by if name == CASE else one.kind.subjects[name].shown_to
            seen_by = {own, *(each for role in roles for each in one.parties.get(role, ()))}
            found[name] = Sealed(
                ciphertext=sealing.seal(key, event, name, facts),
                subject=subject,
                seen_by=tuple(sorted(seen_by)),
            )
        return found
