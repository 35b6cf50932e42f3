"""What is due is packed: entries read again under their own office's eyes, many to an envelope, one envelope to a peer.

The consent that counts is the one that holds when it leaves. What was withdrawn meanwhile stays, and its place is said to be
empty. Who has been erased meanwhile travels without a word about her.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from django.db import connection

from yipan.duties import sealing
from yipan.duties.lawbook import lawbook
from yipan.duties.sealing import ErasedError
from yipan.errors import YipanError
from yipan.exchange.envelope import digest_of, seal
from yipan.exchange.nodes.own import own
from yipan.exchange.nodes.peers import Map, exchanging, known_peers
from yipan.exchange.nodes.tables import (
    ASK,
    ENTERED,
    EVENT,
    EXTRACT,
    HELD,
    HELLO,
    RECEIPT,
    SENT,
    TRUSTED,
    WAITING,
    WITHHELD,
)
from yipan.law.deadline import SHANGHAI
from yipan.offices.permit import clock_permit

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from yipan.exchange.nodes.own import Own
    from yipan.exchange.nodes.peers import Known
    from yipan.law.kind import Kind
    from yipan.law.rulebook import Rulebook

#: The most items of an envelope, and of its bytes: the hub takes a megabyte.
MANY: Final = 200
_LARGEST: Final = 500_000
#: The first pause before something is sent again that was not receipted; each is twice as long, up to the longest.
_PAUSE: Final = timedelta(seconds=20)
_LONGEST: Final = timedelta(minutes=10)
_COLUMNS: Final = ("id", "peer", "organisation", "what", "thread", "number", "event", "body", "tries")
_DUE: Final = (
    f"SELECT {', '.join(_COLUMNS)} FROM exchange_outbox WHERE peer = %s AND state IN (%s, %s) AND next_at <= %s"  # noqa: S608  # our own columns
    " ORDER BY id LIMIT %s"
)
_ENTRY: Final = (
    "SELECT kind, pack, parties, recorded_by, on_behalf_of, counts_at, counts_by, clock, follows, corrects, digest"
    " FROM duties_event WHERE id = %s AND recorded_by = %s"
)
_FACTS: Final = (
    "SELECT p.name, p.ciphertext, p.subject_id, s.wrapped_key, s.kek_version FROM duties_payload p"
    " JOIN duties_subject s ON s.id = p.subject_id WHERE p.event_id = %s"
)
_AGREED: Final = "SELECT kind, counts_at, clock FROM duties_event WHERE thread_id = %s ORDER BY counts_at, id"


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

    peer: str
    raw: str
    head: str
    rows: tuple[Row, ...]
    withheld: frozenset[int]

    @property
    def message_id(self) -> str:
        """Return the id under which the hub takes it once: the same rows tried the same time are the same message."""
        return digest_of("|".join(f"{each.id}:{each.tries}" for each in self.rows) + self.peer)


def pack_due(now: datetime) -> list[Packed]:
    """Return an envelope for each peer for which something is due, the oldest first."""
    one = own()
    with exchanging() as cursor:
        peers = [each for each in known_peers(cursor) if each.state == TRUSTED]
        due: list[tuple[Known, list[Row]]] = []
        clocks: dict[str, float | None] = {}
        for peer in peers:
            cursor.execute(_DUE, [peer.name, WAITING, SENT, now, MANY])
            rows = [_row(each) for each in cursor.fetchall()]
            due.append((peer, rows))
            cursor.execute("SELECT skew FROM exchange_peer WHERE name = %s", [peer.name])
            clocks[peer.name] = cursor.fetchone()[0]
    where = Map(one, peers)
    return [_pack(one, where, peer, rows, clocks[peer.name], now) for peer, rows in due if rows]


def _row(values: Sequence[Any]) -> Row:
    said = dict(zip(_COLUMNS, values, strict=True))
    if isinstance(said["body"], str):
        said["body"] = json.loads(said["body"])
    return Row(**said)


def _pack(  # who, where, to whom, what, and both clocks
    one: Own, where: Map, peer: Known, rows: Sequence[Row], skew: float | None, now: datetime
) -> Packed:
    rulebook = lawbook()
    items: list[dict[str, Any]] = []
    carried: list[Row] = []
    withheld: set[int] = set()
    size = 0
    for row in rows:
        item = _item(row, where, rulebook, one)
        size += len(json.dumps(item, default=str))
        if carried and size > _LARGEST:
            break
        if item.get("void"):
            withheld.add(row.id)
        items.append(item)
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
    return Packed(peer=peer.name, raw=raw, head=head, rows=tuple(carried), withheld=frozenset(withheld))


def _item(row: Row, where: Map, rulebook: Rulebook, one: Own) -> dict[str, Any]:
    if row.what in (RECEIPT, ASK, HELLO):
        return {"what": row.what, **row.body}
    place = {"what": row.what, "thread": str(row.thread), "number": row.number, "event": str(row.event)}
    permit = clock_permit(row.organisation, datetime.now(SHANGHAI))
    with permit.in_force([row.thread] if row.thread else []), connection.cursor() as cursor:
        cursor.execute(_ENTRY, [row.event, row.organisation])
        entry = cursor.fetchone()
        if entry is None:
            return {**place, "by": row.organisation, "void": "gone"}
        said = _said(entry)
        kind = rulebook.kind(said["kind"], datetime.fromisoformat(said["at"]).astimezone(SHANGHAI).date())
        if row.what == EVENT and kind.needs_consent:
            cursor.execute(_AGREED, [row.thread])
            if not _agreed(kind, said["parties"], cursor.fetchall(), where, row.peer, rulebook):
                return {**place, "by": row.organisation, "void": "no-consent"}
        if row.what == EXTRACT:
            return {**place, **_cut(said, row.body)}
        cursor.execute(_FACTS, [row.event])
        facts, parties, erased = _facts(row, kind, said["parties"], cursor.fetchall(), where, one)
    return {**place, **said, "facts": facts, "persons": parties, "erased": erased}


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


def _cut(said: Mapping[str, Any], body: Mapping[str, Any]) -> dict[str, Any]:
    """Return an entry without facts, and where `body` says so with those parties and fields alone."""
    if not body:
        return {**said, "extract": True}
    return {
        **said,
        "parties": {role: held for role, held in said["parties"].items() if role in body["roles"]},
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


def _facts(  # as it is read
    row: Row,
    kind: Kind,
    parties: Mapping[str, Sequence[str]],
    sealed: Sequence[tuple[Any, ...]],
    where: Map,
    one: Own,
) -> tuple[dict[str, Any], dict[str, str], bool]:
    """Return what is said of persons that offices at the peer may see, each person under the number that we two use."""
    facts: dict[str, Any] = {}
    persons: dict[str, str] = {}
    erased = False
    event = row.event or UUID(int=0)
    for name, ciphertext, subject, wrapped, version in sealed:
        roles = kind.subjects[name].shown_to if name in kind.subjects else kind.seen_by
        shown = (each for role in roles for each in parties.get(role, ()))
        if not any(where.node_of(each) == row.peer for each in shown):
            continue
        try:
            facts[name] = sealing.unseal(sealing.unwrap(subject, wrapped, version), event, name, ciphertext)
            persons[name] = pairwise(one, row.peer, subject)
        except (ErasedError, YipanError):
            erased = True
    return facts, persons, erased


def pairwise(one: Own, peer: str, subject: UUID) -> str:
    """Return the number that only this peer and we use for a person: no third finds her by it, nor two peers together."""
    secret = hashlib.sha256(one.keys(1).encrypt.as_bytes(private=True)).digest()
    return hmac.new(secret, f"{peer}|{subject}".encode(), hashlib.sha256).hexdigest()[:32]


def published(packed: Packed, now: datetime) -> None:
    """Note that the hub has an envelope. What needs no receipt is done with."""
    with exchanging() as cursor:
        cursor.execute(
            "INSERT INTO exchange_proof (digest, peer, incoming, kept_at, head) VALUES (%s, %s, false, %s, %s)"
            " ON CONFLICT DO NOTHING",
            [digest_of(packed.head), packed.peer, now, packed.head],
        )
        for row in packed.rows:
            if row.what in (RECEIPT, ASK, HELLO):
                state, next_at = ENTERED, now
            elif row.id in packed.withheld:
                state, next_at = WITHHELD, now
            else:
                state, next_at = SENT, now + min(_LONGEST, _PAUSE * 2 ** min(row.tries, 6))
            cursor.execute(
                "UPDATE exchange_outbox SET state = %s, sent_at = coalesce(sent_at, %s), next_at = %s, tries = tries + 1,"
                " reason = CASE WHEN %s THEN 'no-consent' ELSE reason END WHERE id = %s AND state IN (%s, %s)",
                [state, now, next_at, row.id in packed.withheld, row.id, WAITING, SENT],
            )


__all__ = ["HELD", "Packed", "pack_due", "pairwise", "published"]
