"""What is due is packed: entries read again under their own office's eyes, many to an envelope, one envelope to a peer.

The consent that counts is the one that holds when it leaves. What was withdrawn meanwhile stays, and its place is said to be
empty. Who has been erased meanwhile travels without a word about her.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from django.db import connection, transaction

from yipan.duties.lawbook import lawbook
from yipan.exchange.envelope import LARGEST, canonical, digest_of, seal
from yipan.exchange.nodes.own import own
from yipan.exchange.nodes.peers import Map, exchanging, known_peers, map_of, open_tables
from yipan.exchange.nodes.tables import (
    AWAITED,
    ENTERED,
    EVENT,
    EXTRACT,
    HELD,
    NUMBERED,
    SENT,
    TRUSTED,
    WAITING,
    WITHHELD,
)
from yipan.exchange.nodes.telling import Facts, pairwise, told_of
from yipan.law.deadline import SHANGHAI
from yipan.offices.permit import THE_CLOCK, set_acting

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from uuid import UUID

    from django.db.backends.utils import CursorWrapper

    from yipan.exchange.nodes.own import Own
    from yipan.exchange.nodes.peers import Known
    from yipan.law.kind import Kind
    from yipan.law.rulebook import Rulebook

#: The most rows of an envelope, and of the bytes in it: sealed they are a third more.
MANY: Final = 500
_LARGEST: Final = LARGEST * 7 // 10
#: How many of those that were overtaken are looked at, the first first.
_FAR: Final = 20 * MANY
#: The most items of an envelope: a node of an earlier release reads no signed head that lists many more.
_MOST: Final = 1000
#: What an item takes beside its own text: its digest in the signed head, and what stands between two.
_BESIDE: Final = 96
#: The first pause before something is sent again that has no receipt and that nothing overtook; each is twice as long, up to
#: the longest. It rests with the hub while its receiver is away: a copy every minute would fill the hub's disk.
_PAUSE: Final = timedelta(minutes=10)
_LONGEST: Final = timedelta(days=1)
_COLUMNS: Final = ("id", "peer", "organisation", "what", "thread", "number", "event", "body", "tries")
_DUE: Final = (
    f"(SELECT {', '.join(_COLUMNS)}, next_at FROM exchange_outbox WHERE peer = %(peer)s AND state = 'waiting'"  # noqa: S608  # our own columns
    " AND next_at <= %(now)s ORDER BY next_at, id LIMIT %(many)s) UNION ALL"
    f" (SELECT {', '.join(_COLUMNS)}, next_at FROM {{sent}} WHERE next_at <= %(now)s ORDER BY next_at, id LIMIT %(many)s)"
    " ORDER BY next_at, id LIMIT %(many)s"
)
_LEFT: Final = "SELECT * FROM exchange_outbox WHERE peer = %(peer)s AND state = 'sent'"
_ALL_DUE: Final = _DUE.format(sent=f"({_LEFT}) AS sent")
# Found by when they were sent, whatever the planner thinks of it: by when they are due they may be a million, of which none is meant.
_OVERTAKEN_DUE: Final = f"WITH sent AS MATERIALIZED ({_LEFT} AND sent_at < %(reached)s ORDER BY sent_at LIMIT %(far)s) {_DUE.format(sent='sent')}"
_WAITED_FOR: Final = (
    "SELECT name, skew, CASE WHEN reached_at > %(now)s - %(pause)s::interval THEN reached END FROM exchange_peer"
    " WHERE EXISTS (SELECT 1 FROM exchange_outbox WHERE peer = name AND state = 'waiting' AND next_at <= %(now)s)"
    " OR EXISTS (SELECT 1 FROM exchange_outbox WHERE peer = name AND state = 'sent' AND next_at <= %(now)s)"
)
_ENTRIES: Final = (
    "SELECT id, kind, pack, parties, recorded_by, on_behalf_of, counts_at, counts_by, clock, follows, corrects, digest"
    " FROM duties_event WHERE id = ANY(%s)"
)
_FACTS: Final = (
    "SELECT p.event_id, p.name, p.ciphertext, p.subject_id, s.wrapped_key, s.kek_version FROM duties_payload p"
    " JOIN duties_subject s ON s.id = p.subject_id WHERE p.event_id = ANY(%s)"
)
_AGREED: Final = "SELECT thread_id, kind, counts_at, clock FROM duties_event WHERE thread_id = ANY(%s) ORDER BY counts_at, id"
_NAMED: Final = (
    "INSERT INTO exchange_party (peer, thread, name, party) SELECT * FROM unnest(%s::text[], %s::uuid[], %s::text[],"
    " %s::text[]) ON CONFLICT DO NOTHING"
)
_SENT: Final = (
    "UPDATE exchange_outbox SET state = %s, sent_at = coalesce(sent_at, %s), tries = tries + 1,"
    " next_at = %s + least(%s::interval, %s::interval * power(2, least(tries, 8))) WHERE id = ANY(%s) AND state IN (%s, %s)"
)
_ENDED: Final = (
    "UPDATE exchange_outbox SET state = %s, sent_at = coalesce(sent_at, %s), next_at = %s, tries = tries + 1,"
    " reason = CASE WHEN %s = '' THEN reason ELSE %s END WHERE id = ANY(%s) AND state IN (%s, %s)"
)


@dataclass(frozen=True, kw_only=True)
class Row:
    """One row of the outbox."""

    id: int
    peer: str
    organisation: str
    what: str
    thread: UUID | None
    number: int | None
    event: UUID | None
    body: Mapping[str, Any]
    tries: int


@dataclass(frozen=True, kw_only=True)
class Packed:
    """An envelope ready to be published, and the rows it carries."""

    sender: str
    peer: str
    raw: str
    head: str
    rows: tuple[Row, ...]
    #: What does not leave, by row: why.
    withheld: Mapping[int, str]

    @property
    def message_id(self) -> str:
        """Return the id under which the hub takes it once: the same rows of a node tried the same time are the same message.

        Rows are counted in each node: without its name, one node's message would be taken for another's and dropped.
        """
        rows = "|".join(f"{each.id}:{each.tries}" for each in self.rows)
        return digest_of(f"{self.sender}>{self.peer}|{rows}")


def pack_due(now: datetime) -> list[Packed]:
    """Return an envelope for each peer for which something is due, the oldest first.

    While a peer's receipts come on, what was sent after the point that they reach is not due: it is in its box, or with it.
    """
    one = own()
    with exchanging() as cursor:
        due = _due(cursor, now)
        if not due:
            return []
        where = map_of(cursor, one)
    return [_pack(one, where, peer, rows, skew, now) for peer, skew, rows in due]


def _due(cursor: CursorWrapper, now: datetime) -> list[tuple[Known, float | None, list[Row]]]:
    """Return the peers for which something is due, with the skew of each clock and the rows."""
    cursor.execute(_WAITED_FOR, {"now": now, "pause": str(_PAUSE)})
    waited = {name: (skew, reached) for name, skew, reached in cursor.fetchall()}
    found = []
    for peer in known_peers(cursor) if waited else ():
        if peer.state == TRUSTED and peer.name in waited:
            skew, reached = waited[peer.name]
            words = {"peer": peer.name, "now": now, "many": MANY, "reached": reached, "far": _FAR}
            cursor.execute(_OVERTAKEN_DUE if reached else _ALL_DUE, words)
            if rows := [_row(each) for each in cursor.fetchall()]:
                found.append((peer, skew, rows))
    return found


def _row(values: Sequence[Any]) -> Row:
    said = dict(zip(_COLUMNS, values[: len(_COLUMNS)], strict=True))
    if isinstance(said["body"], str):
        said["body"] = json.loads(said["body"])
    return Row(**said)


def _pack(  # who, where, to whom, what, and both clocks
    one: Own, where: Map, peer: Known, rows: Sequence[Row], skew: float | None, now: datetime
) -> Packed:
    items: list[dict[str, Any]] = []
    carried: list[Row] = []
    withheld: dict[int, str] = {}
    size = sum(map(len, one.statements))
    for row, told in zip(rows, _items(where, peer, rows), strict=True):
        more, listed = _size(told), told
        if carried and (size + more > _LARGEST or len(items) + len(told) > _MOST):
            break
        if more > _LARGEST and row.what in NUMBERED:
            # It would never leave, and nothing after it would: its place is said to be empty, and it lies on the desk.
            listed = [{**_place(row), "by": row.organisation, "void": "too-large"}]
            more = _size(listed)
        size += more
        for each in listed:
            if each.get("void"):
                withheld[row.id] = str(each["void"])
        items += listed
        carried.append(row)
    if skew is not None:
        items.append({"what": "clock", "skew": round(skew, 3)})
    head, raw = seal(
        items,
        sender=one.name,
        recipient=peer.name,
        keys=one.keys(),
        theirs=peer.keys,
        made_at=now,
        statements=one.statements,
    )
    return Packed(sender=one.name, peer=peer.name, raw=raw, head=head, rows=tuple(carried), withheld=withheld)


def _size(items: Iterable[Mapping[str, Any]]) -> int:
    """Return how many bytes items take in an envelope: a text in a text, its quotes and strokes twice."""
    return sum(len(canonical(canonical(each).decode())) + _BESIDE for each in items)


def _place(row: Row) -> dict[str, Any]:
    return {"what": row.what, "thread": str(row.thread), "number": row.number, "event": str(row.event)}


def _items(where: Map, peer: Known, rows: Sequence[Row]) -> list[list[dict[str, Any]]]:
    """Return what each row says as it travels; entries are read in one transaction, their facts office by office."""
    threads = sorted({each.thread for each in rows if each.what in NUMBERED and each.thread})
    if not threads:
        return [_plainly(each) for each in rows]
    book = lawbook()
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        set_acting("", THE_CLOCK, threads)
        entries = _entries(cursor, [each for each in rows if each.what in NUMBERED])
        agreed = _agreements(cursor, rows, entries, book)
        facts = _facts(cursor, [each for each in rows if each.what == EVENT])
        items = []
        named: list[tuple[str, UUID, str, str]] = []
        for row in rows:
            if row.what not in NUMBERED:
                items.append(_plainly(row))
                continue
            item = _item(row, entries.get(row.event), book, agreed, where)  # type: ignore[arg-type]  # an entry's row names it
            if row.what == EVENT and not item.get("void"):
                said = told_of(peer.name, item, book, where, facts.get(row.event, []))  # type: ignore[arg-type]  # the same
                item |= {"facts": said.facts, "persons": said.persons, "erased": said.erased}
                named += [(peer.name, row.thread, *each) for each in said.persons.items()]  # type: ignore[misc]  # the same
            items.append([item])
        if named:
            # Noted before it leaves: where a copy of her facts may lie is known even if we are killed now.
            open_tables(cursor)
            cursor.execute(_NAMED, [list(each) for each in zip(*named, strict=True)])
    return items


def _plainly(row: Row) -> list[dict[str, Any]]:
    """Return what a row says of itself. Receipts of one round share a row."""
    listed = row.body.get("all", [row.body])
    return [{"what": row.what, **each} for each in listed]


def _entries(cursor: CursorWrapper, rows: Iterable[Row]) -> dict[UUID, dict[str, Any]]:
    cursor.execute(_ENTRIES, [[each.event for each in rows]])
    return {row[0]: _said(row[1:]) for row in cursor.fetchall()}


Agreements = "Mapping[UUID, Sequence[tuple[str, datetime, str]]]"


def _agreements(
    cursor: CursorWrapper, rows: Iterable[Row], entries: Mapping[UUID, Mapping[str, Any]], book: Rulebook
) -> dict[UUID, list[tuple[str, datetime, str]]]:
    """Return the history of the cases in which something needs an agreement to leave."""
    wanted = {
        each.thread
        for each in rows
        if each.what == EVENT
        and each.thread
        and each.event
        and each.event in entries
        and _kind(book, entries[each.event]).needs_consent
    }
    found: dict[UUID, list[tuple[str, datetime, str]]] = defaultdict(list)
    if wanted:
        cursor.execute(_AGREED, [sorted(wanted)])
        for thread, kind, at, clock in cursor.fetchall():
            found[thread].append((kind, at, clock))
    return found


def _facts(cursor: CursorWrapper, rows: Iterable[Row]) -> Facts:
    """Return what is sealed in entries, each read as its own office may read it."""
    by_office: dict[str, list[UUID]] = defaultdict(list)
    for row in rows:
        if row.event:
            by_office[row.organisation].append(row.event)
    found: Facts = defaultdict(list)
    for office, listed in by_office.items():
        cursor.execute("SELECT set_config('yipan.organisation', %s, true)", [office])
        cursor.execute(_FACTS, [listed])
        for event, *sealed in cursor.fetchall():
            found[event].append(tuple(sealed))
    cursor.execute("SELECT set_config('yipan.organisation', '', true)")
    return found


def _item(
    row: Row,
    said: Mapping[str, Any] | None,
    book: Rulebook,
    agreed: Mapping[UUID, Sequence[tuple[str, datetime, str]]],
    where: Map,
) -> dict[str, Any]:
    place = _place(row)
    if said is None or said["by"] != row.organisation:
        return {**place, "by": row.organisation, "void": "gone"}
    kind = _kind(book, said)
    if row.what == EXTRACT:
        return {**place, **_cut(said, row.body)}
    if along := _along(row.body):
        # Its own office took it along: it has known it before.
        return {**place, **said, **along}
    if (
        row.thread
        and kind.needs_consent
        and not _agreed(kind, said["parties"], agreed[row.thread], where, row.peer, book)
    ):
        return {**place, "by": row.organisation, "void": "no-consent"}
    return {**place, **said}


def _kind(book: Rulebook, said: Mapping[str, Any]) -> Kind:
    return book.kind(said["kind"], datetime.fromisoformat(said["at"]).astimezone(SHANGHAI).date())


def _said(entry: Sequence[Any]) -> dict[str, Any]:
    kind, pack, parties, by, behalf, at, by_what, clock, follows, corrects, digest = entry
    return {
        "kind": kind,
        "pack": pack,
        "parties": json.loads(parties),
        "by": by,
        "behalf": behalf,
        "at": at.isoformat(),
        "counts_by": by_what,
        "clock": json.loads(clock),
        "follows": [str(each) for each in follows or ()],
        "corrects": str(corrects) if corrects else "",
        "digest": bytes(digest).hex(),
    }


def _along(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is said of an entry that goes along with a township: with which, and whether the old node kept it before."""
    return {name: body[name] for name in ("moved", "kept") if name in body}


def _cut(said: Mapping[str, Any], body: Mapping[str, Any]) -> dict[str, Any]:
    """Return an entry without facts, and where `body` says so with those parties and fields alone."""
    along = _along(body)
    if "roles" not in body:
        return {**said, **along, "extract": True}
    return {
        **said,
        **along,
        "parties": {
            # What was noted by a release before this one names no offices.
            role: [one for one in held if one in body.get("offices", held)]
            for role, held in said["parties"].items()
            if role in body["roles"]
        },
        "clock": {name: value for name, value in said["clock"].items() if name in body["fields"]},
        "extract": True,
    }


def _agreed(  # a question about a person is asked with all that it depends on
    kind: Kind,
    parties: Mapping[str, Sequence[str]],
    history: Sequence[tuple[str, datetime, str]],
    where: Map,
    peer: str,
    rulebook: Rulebook,
) -> bool:
    """Tell whether those whom an entry takes to a peer's offices agreed, by the last that each said."""
    last: dict[str, bool] = {}
    for name, at, clock in history:
        fields = rulebook.kind(name, at.astimezone(SHANGHAI).date()).fields
        for key, value in json.loads(clock).items():
            asked = fields.get(key)
            if asked and asked.consent == kind.needs_consent:
                last[asked.consent_of] = value is True
    roles = [role for role, held in parties.items() if any(where.node_of(each) == peer for each in held)]
    known = [last[role] for role in roles if role in last] or [last.get("", False)]
    return all(known)


def published(packed: Packed, now: datetime) -> None:
    """Note that the hub has an envelope. What needs no receipt is done with."""
    sent = [each.id for each in packed.rows if each.what in AWAITED and each.id not in packed.withheld]
    done = [each.id for each in packed.rows if each.what not in AWAITED]
    with exchanging() as cursor:
        cursor.execute(
            "INSERT INTO exchange_proof (digest, peer, incoming, kept_at, head) VALUES (%s, %s, false, %s, %s)"
            " ON CONFLICT DO NOTHING",
            [digest_of(packed.head), packed.peer, now, packed.head],
        )
        if sent:
            cursor.execute(_SENT, [SENT, now, now, str(_LONGEST), str(_PAUSE), sent, WAITING, SENT])
        if done:
            cursor.execute(_ENDED, [ENTERED, now, now, "", "", done, WAITING, SENT])
        for row, reason in packed.withheld.items():
            cursor.execute(_ENDED, [WITHHELD, now, now, reason, reason, [row], WAITING, SENT])


def send_again(before: datetime, now: datetime) -> int:
    """Let leave again what was first sent before a moment and has no receipt: the hub's box is younger, and does not hold it."""
    with exchanging() as cursor:
        cursor.execute(
            f"UPDATE exchange_outbox SET state = %s, next_at = %s WHERE state = '{SENT}' AND sent_at < %s",  # noqa: S608  # our own words
            [WAITING, now, before],
        )
        found: int = cursor.rowcount
    return found


__all__ = ["HELD", "Packed", "pack_due", "pairwise", "published"]
