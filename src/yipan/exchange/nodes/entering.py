"""What comes in: kept first, entered in its order through the verb that the counter uses, receipted, and told when it arrived.

An envelope is acknowledged to the hub once its items are in the inbox. Each is entered in one transaction with the mark that it
was; what cannot be entered lies on a desk with the reason, and holds up no other case.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from django.db import DataError, IntegrityError

from yipan.duties.draft import Draft
from yipan.duties.lawbook import lawbook
from yipan.duties.projecting import Projecting, Several
from yipan.duties.record import record
from yipan.errors import YipanError
from yipan.exchange.faults import EnvelopeRefusedError, MoveError
from yipan.exchange.nodes.erasures import apply_erasures, erased_among
from yipan.exchange.nodes.extracts import known_in_part, with_the_rest
from yipan.exchange.nodes.finishing import ask_about_gaps, finish
from yipan.exchange.nodes.moves import EFFECTS, known_persons, townships_from
from yipan.exchange.nodes.own import own
from yipan.exchange.nodes.peers import Map, close_tables, exchanging, map_of, open_tables
from yipan.exchange.nodes.receiving import COLUMNS, Became, Row, receipts, receive
from yipan.exchange.nodes.resting import awake
from yipan.exchange.nodes.tables import (
    DONE,
    ENTERED,
    EXTRACT,
    HELD,
    NEW,
    REFUSED,
    WAITING,
)
from yipan.law.correction import RETRACTION_KIND
from yipan.law.deadline import SHANGHAI
from yipan.law.rule import LAPSE_KIND
from yipan.law.rulebook import UnknownKindError
from yipan.law.wording import SAID as WORDING
from yipan.offices.permit import Permit
from yipan.registry.projection import Projection

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from django.db.backends.utils import CursorWrapper

    from yipan.duties.projecting import Written
    from yipan.law.rulebook import Rulebook

    Work = Sequence[tuple[Row, Mapping[str, Any]]]

#: How many items are looked at in one round: as many are entered in one transaction, where one office says them all.
_ROUND: Final = 500
#: How long what cannot be read yet is left alone.
_LATER: Final = timedelta(minutes=1)
#: What is not as its kind has it, whoever finds that out.
_UNREADABLE: Final = (ValueError, TypeError, KeyError, DataError, IntegrityError)
#: What a foreign office may do here: what its own node let it do.
_RIGHTS: Final = frozenset({"record", "sweep"})
_OUGHT: Final = (
    "SELECT count(*) FROM exchange_inbox before WHERE before.peer = one.peer AND before.thread = one.thread"
    " AND before.number < one.number"
)
# States are written where an index is of them alone: as a parameter, a statement that is prepared once cannot use it.
_PAST: Final = f"before.state IN ('{DONE}', '{ENTERED}', '{REFUSED}')"
_DONE_BEFORE: Final = f"1 + ({_OUGHT} AND {_PAST})"
_CANDIDATES: Final = (
    f"SELECT {', '.join(COLUMNS)}, {_DONE_BEFORE} FROM exchange_inbox one"  # noqa: S608  # our own columns
    f" WHERE state IN ('{NEW}', '{HELD}') AND next_at <= %(now)s AND number = "
)
# Nothing before it is missing; what lies on a desk, or waits for its moment, is in the way.
_READY: Final = (
    f"{_CANDIDATES} 1 + ({_OUGHT} AND ({_PAST} OR (before.state = '{NEW}' AND before.next_at <= %(now)s)))"
    " ORDER BY id LIMIT %(many)s"
)
_FIRST: Final = f"{_CANDIDATES} {_DONE_BEFORE} ORDER BY id LIMIT %(many)s"
_MARK: Final = (
    "UPDATE exchange_inbox SET state = %s, reason = '' WHERE id = ANY(%s) AND state IN (%s, %s, %s)"
)
_MEANT: Final = (
    "INSERT INTO exchange_party (peer, thread, name, party) SELECT * FROM unnest(%s::text[], %s::uuid[], %s::text[],"
    " %s::text[]) ON CONFLICT DO NOTHING"
)


class _Marking(Projecting):
    """Marks items as entered in the transaction that enters them."""

    def __init__(self, work: Work) -> None:
        self.work = work

    def write(self, cursor: CursorWrapper, written: Written) -> None:
        """Mark them, and keep whom the names of their cases mean."""
        del written
        open_tables(cursor)
        _mark(cursor, [row for row, _ in self.work])
        meant = [
            (row.peer, row.thread, name, party)
            for row, item in self.work
            for name, party in item.get("persons", {}).items()
        ]
        if meant:
            cursor.execute(_MEANT, [list(each) for each in zip(*meant, strict=True)])
        close_tables(cursor)


def _mark(cursor: CursorWrapper, rows: Sequence[Row]) -> None:
    cursor.execute(_MARK, [ENTERED, [each.id for each in rows], NEW, HELD, REFUSED])
    if cursor.rowcount != len(rows):
        message = "somebody else enters what came"
        raise RuntimeError(message)


def enter_ready(now: datetime) -> int:
    """Enter what has come and stands in its turn, and finish what was entered; return how much was done."""
    return enter_in_turn(now) + finish(now)


def enter_in_turn(now: datetime) -> int:
    """Enter what has come and stands in its turn, erase what was erased there, ask about gaps; return how much was done."""
    rows, where = _ready(now)
    peers = {each.peer for each in rows}
    taken = {peer: townships_from(where, peer) for peer in peers}
    round_ = _Round(where=where, rulebook=lawbook(), now=now, taken=taken)
    erased = erased_among(peers)
    by_office: dict[tuple[str, str], list[tuple[Row, Mapping[str, Any]]]] = defaultdict(list)
    for row in rows:
        item = _without(erased, row.peer, awake(row.peer, row.event, row.sealed))
        by_office[row.peer, row.organisation].append((row, item))
    for listed in by_office.values():
        round_.enter(listed)
    # In the same thread as entering: nothing of her is entered beside it.
    erased_now = apply_erasures(now)
    if len(rows) < _ROUND:
        ask_about_gaps(now)
    return len(rows) + erased_now


def _ready(now: datetime) -> tuple[list[Row], Map]:
    """Return what stands in its turn, the oldest first; of one case, no more than one office said in a row."""
    words: dict[str, datetime | int] = {"now": now, "many": _ROUND}
    with exchanging() as cursor:
        where = map_of(cursor, own())
        cursor.execute(_READY, words)
        rows = _in_turn(cursor.fetchall())
        if not rows:
            # All of a round may stand behind what came after it.
            cursor.execute(_FIRST, words)
            rows = _in_turn(cursor.fetchall())
    return rows, where


def _in_turn(found: Sequence[tuple[Any, ...]]) -> list[Row]:
    listed = sorted(
        ((Row(**dict(zip(COLUMNS, each[:-1], strict=True))), int(each[-1])) for each in found),
        key=lambda each: (each[0].thread, each[0].number),
    )
    turn: dict[tuple[str, UUID], tuple[str, int]] = {}
    rows = []
    for row, next_number in listed:
        place = row.peer, row.thread
        office, number = turn.get(place, (row.organisation, next_number))
        if (row.organisation, row.number) == (office, number):
            turn[place] = (office, number + 1)
            rows.append(row)
    return rows


def _without(erased: Mapping[str, frozenset[str]], peer: str, item: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return an item without a word about whom the peer has erased: it was under way when that came."""
    gone = {name for name, party in item.get("persons", {}).items() if party in erased.get(peer, ())}
    if not gone:
        return item
    kept = {
        of: {name: said for name, said in item[of].items() if name not in gone} for of in ("facts", "persons")
    }
    return {**item, **kept, "erased": True}


@dataclass(kw_only=True)
class _Round:
    """One round of entering."""

    where: Map
    rulebook: Rulebook
    now: datetime
    #: Which townships moved here, by the node from which they come.
    taken: Mapping[str, frozenset[str]]

    def enter(self, work: Work) -> bool:
        """Enter items of one office together; where one cannot be, each half by itself. False: something is in the way."""
        if len(work) == 1:
            return self._enter_one(*work[0])
        try:
            self._record(work)
        except (_OneByOneError, _NotYetError, YipanError, *_UNREADABLE):
            middle = len(work) // 2
            first, rest = work[:middle], work[middle:]
            self.enter(first)
            # What follows something that could not be entered waits for its turn.
            stuck = self._stuck([row for row, _ in first])
            left = [each for each in rest if (each[0].peer, each[0].thread) not in stuck]
            return bool(left) and self.enter(left)
        return True

    @staticmethod
    def _stuck(rows: Sequence[Row]) -> set[tuple[str, UUID]]:
        with exchanging() as cursor:
            cursor.execute(
                "SELECT peer, thread FROM exchange_inbox WHERE id = ANY(%s) AND state IN (%s, %s)",
                [[each.id for each in rows], NEW, HELD],
            )
            return set(cursor.fetchall())

    def _enter_one(self, row: Row, item: Mapping[str, Any]) -> bool:
        try:
            self._record([(row, item)])
        except _NotYetError as error:
            self._put_off(row, WAITING, error.until, "not-yet")
        except UnknownKindError:
            self._put_off(row, HELD, self.now + _LATER, f"unknown-kind: {str(item.get('kind'))[:80]}")
        except YipanError as error:
            if error.code in ("unknown-organisation", MoveError.code):
                self._put_off(row, HELD, self.now + _LATER, f"{error.code}: {error.say('zh')}"[:500])
            else:
                self._put_off(row, REFUSED, self.now, f"{error.code}: {error.say('zh')}"[:500])
        except _UNREADABLE as error:
            self._put_off(row, REFUSED, self.now, f"unreadable: {type(error).__name__}")
        else:
            return True
        return False

    def _record(self, work: Work) -> None:
        rest = [(row, item) for row, item in work if not item.get("void")]
        moved = any(item.get("moved") for _, item in rest)
        if moved and len(work) > 1:
            raise _OneByOneError
        partly = known_in_part([(row.thread, row.event) for row, item in rest if item["what"] == EXTRACT])
        drafts = [with_the_rest(self._draft(row, item), partly) for row, item in rest]
        row, _ = work[0]
        permit = Permit(
            officer=f"node:{row.peer}",
            organisation=row.organisation,
            rights=_RIGHTS,
            purpose="exchange",
            until_at=self.now + timedelta(hours=1),
        )
        if drafts:
            marking: Projecting = _Marking(rest)
            if moved:
                marking = Several(Projection(permit), marking)
            record(drafts, permit=permit, clock=lambda: self.now, also=marking, from_node=True)
        if len(rest) < len(work):
            with exchanging() as cursor:
                _mark(cursor, [row for row, item in work if item.get("void")])

    def _draft(self, row: Row, item: Mapping[str, Any]) -> Draft:
        """Return the draft that an item says, once its sender may say it.

        Raises:
            EnvelopeRefusedError: it speaks for an office that is not its own, or of what does not travel.
        """
        at = datetime.fromisoformat(item["at"])
        if at > self.now:
            raise _NotYetError(at)
        moved = self._refuse_stranger(row, item)
        kind = self.rulebook.kind(item["kind"], at.astimezone(SHANGHAI).date())
        carried = not kind.effect or (moved and kind.effect in EFFECTS)
        if not carried or (kind.system and kind.name not in (LAPSE_KIND, RETRACTION_KIND)):
            raise EnvelopeRefusedError(peer=row.peer, reason=f"kind-not-carried: {kind.name}")
        # Which wording she agreed to is no field: `record()` says it anew, by the same packs.
        clock = {name: value for name, value in item["clock"].items() if name != WORDING}
        fields: dict[str, object] = {**clock, **item["parties"]}
        for facts in item.get("facts", {}).values():
            fields |= facts
        return Draft(
            kind=item["kind"],
            fields=fields,
            id=row.event,
            thread=row.thread,
            at=at,
            evidence=row.proof,
            on_behalf_of=item["behalf"],
            follows=tuple(UUID(each) for each in item["follows"]),
            corrects=UUID(item["corrects"]) if item["corrects"] else None,
            extract=bool(item.get("extract") or item.get("erased")),
            persons=known_persons(row.peer, item) if moved else {},
        )

    def _refuse_stranger(self, row: Row, item: Mapping[str, Any]) -> bool:
        """Refuse what an office says that is not the sender's, unless it goes along with a township that moved here."""
        speaking = {row.organisation, *([item["behalf"]] if item["behalf"] else ())}
        if code := item.get("moved"):
            if code not in self.taken.get(row.peer, ()):
                raise MoveError(code=code, reason="not expected here: yipan node take")
            if code not in speaking | {each for held in item["parties"].values() for each in held}:
                raise EnvelopeRefusedError(peer=row.peer, reason="speaks-for-another")
            return True
        if {self.where.node_of(each) for each in speaking} != {row.peer}:
            raise EnvelopeRefusedError(peer=row.peer, reason="speaks-for-another")
        return False

    def _put_off(self, row: Row, state: str, until: datetime, reason: str) -> None:
        """Leave an item for later, or on the desk, and tell its sender when that is new."""
        kept = NEW if state == WAITING else state
        with exchanging() as cursor:
            cursor.execute(
                "UPDATE exchange_inbox SET state = %s, next_at = %s, reason = %s, tries = tries + 1 WHERE id = %s",
                [kept, until, reason, row.id],
            )
            if kept in (HELD, REFUSED) and row.state != kept:
                receipts(cursor, row.peer, [Became.of(row, kept, reason)], self.now)


class _OneByOneError(Exception):
    """Each may be about somebody of whom another of them has just spoken first."""


class _NotYetError(Exception):
    """Its moment lies ahead of our clock."""

    def __init__(self, until: datetime) -> None:
        self.until = until


def retry(now: datetime) -> int:
    """Take everything on the desk up again; return how much."""
    with exchanging() as cursor:
        cursor.execute(
            "UPDATE exchange_inbox SET state = %s, next_at = %s WHERE state IN (%s, %s)",
            [HELD, now, REFUSED, HELD],
        )
        found: int = cursor.rowcount
        cursor.execute("SELECT digest, raw FROM exchange_refusal WHERE settled_at IS NULL")
        refused = cursor.fetchall()
    for digest, raw in refused:
        if receive(raw, None, now):
            with exchanging() as cursor:
                cursor.execute("UPDATE exchange_refusal SET settled_at = %s WHERE digest = %s", [now, digest])
            found += 1
    while enter_ready(now):
        pass
    return found
