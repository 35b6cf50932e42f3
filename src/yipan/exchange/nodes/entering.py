"""What comes in: kept first, entered in its order through the verb that the counter uses, receipted, and told when it arrived.

An envelope is acknowledged to the hub once its items are in the inbox. Each is entered in one transaction with the mark that it
was; what cannot be entered lies on a desk with the reason, and holds up no other case.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from yipan.duties.draft import Draft
from yipan.duties.lawbook import lawbook
from yipan.duties.projecting import Projecting
from yipan.duties.record import record
from yipan.errors import YipanError
from yipan.exchange.faults import EnvelopeRefusedError
from yipan.exchange.nodes.finishing import ask_about_gaps, finish
from yipan.exchange.nodes.own import own
from yipan.exchange.nodes.peers import Map, close_tables, exchanging, known_peers, open_tables
from yipan.exchange.nodes.receiving import COLUMNS, Row, receipt, receive, unseal
from yipan.exchange.nodes.tables import (
    DONE,
    ENTERED,
    HELD,
    NEW,
    REFUSED,
    WAITING,
)
from yipan.law.correction import RETRACTION_KIND
from yipan.law.deadline import SHANGHAI
from yipan.law.rule import LAPSE_KIND
from yipan.law.rulebook import UnknownKindError
from yipan.offices.permit import Permit

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from django.db.backends.utils import CursorWrapper

    from yipan.duties.projecting import Written
    from yipan.law.rulebook import Rulebook

#: How many items are looked at in one round, and entered in one transaction.
_ROUND: Final = 500
_AT_ONCE: Final = 100
#: How long what cannot be read yet is left alone.
_LATER: Final = timedelta(minutes=1)
#: What a foreign office may do here: what its own node let it do.
_RIGHTS: Final = frozenset({"record", "sweep"})
_READY: Final = (
    f"SELECT {', '.join(COLUMNS)} FROM exchange_inbox one WHERE state IN (%s, %s) AND next_at <= %s"  # noqa: S608  # our own columns
    " AND number = 1 + (SELECT count(*) FROM exchange_inbox before WHERE before.peer = one.peer"
    " AND before.thread = one.thread AND before.number < one.number AND before.state IN (%s, %s, %s))"
    " ORDER BY id LIMIT %s"
)


class _Marking(Projecting):
    """Marks items as entered in the transaction that enters them."""

    def __init__(self, rows: Sequence[Row], items: Sequence[Mapping[str, Any]]) -> None:
        self.rows = rows
        self.items = items

    def write(self, cursor: CursorWrapper, written: Written) -> None:
        """Mark them, and keep whom the names of their cases mean."""
        del written
        open_tables(cursor)
        ids = [each.id for each in self.rows]
        cursor.execute(
            "UPDATE exchange_inbox SET state = %s, reason = '' WHERE id = ANY(%s) AND state IN (%s, %s, %s)",
            [ENTERED, ids, NEW, HELD, REFUSED],
        )
        if cursor.rowcount != len(ids):
            message = "somebody else enters what came"
            raise RuntimeError(message)
        for row, item in zip(self.rows, self.items, strict=True):
            for name, party in item.get("persons", {}).items():
                cursor.execute(
                    "INSERT INTO exchange_party (peer, thread, name, party) VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING",
                    [row.peer, row.thread, name, party],
                )
        close_tables(cursor)


def enter_ready(now: datetime) -> int:
    """Enter what has come and stands in its turn, finish what was entered, ask about gaps; return how much was done."""
    one = own()
    with exchanging() as cursor:
        cursor.execute(_READY, [NEW, HELD, now, DONE, ENTERED, REFUSED, _ROUND])
        rows = [Row(**dict(zip(COLUMNS, each, strict=True))) for each in cursor.fetchall()]
        where = Map(one, known_peers(cursor))
    work = [(row, unseal(one, row.sealed)) for row in rows]
    by_office: dict[tuple[str, str], list[tuple[Row, dict[str, Any]]]] = defaultdict(list)
    for row, item in work:
        by_office[row.peer, row.organisation].append((row, item))
    for listed in by_office.values():
        for start in range(0, len(listed), _AT_ONCE):
            _enter(where, listed[start : start + _AT_ONCE], now)
    finished = finish(one, where, now)
    ask_about_gaps(now)
    return len(rows) + finished


def _enter(where: Map, work: Sequence[tuple[Row, dict[str, Any]]], now: datetime) -> None:
    """Enter items of one office together; where one cannot be, each by itself."""
    rulebook = lawbook()
    if len(work) > 1:
        try:
            _record(where, work, rulebook, now)
        except (YipanError, ValueError):
            for each in work:
                _enter(where, [each], now)
        return
    [(row, _)] = work
    try:
        _record(where, work, rulebook, now)
    except _NotYetError as error:
        _put_off(row, WAITING, error.until, "not-yet", now)
    except UnknownKindError:
        _put_off(row, HELD, now + _LATER, "unknown-kind", now)
    except YipanError as error:
        if error.code == "unknown-organisation":
            _put_off(row, HELD, now + _LATER, "unknown-organisation", now)
        else:
            _put_off(row, REFUSED, now, f"{error.code}: {error.say('zh')}"[:500], now)
    except ValueError as error:
        _put_off(row, REFUSED, now, f"unreadable: {type(error).__name__}", now)


class _NotYetError(Exception):
    """Its moment lies ahead of our clock."""

    def __init__(self, until: datetime) -> None:
        self.until = until


def _record(
    where: Map, work: Sequence[tuple[Row, dict[str, Any]]], rulebook: Rulebook, now: datetime
) -> None:
    void = [row for row, item in work if item.get("void")]
    if void:
        with exchanging() as cursor:
            cursor.execute(
                "UPDATE exchange_inbox SET state = %s WHERE id = ANY(%s)",
                [ENTERED, [each.id for each in void]],
            )
    rest = [(row, item) for row, item in work if not item.get("void")]
    if not rest:
        return
    drafts = [_draft(where, row, item, rulebook, now) for row, item in rest]
    row = rest[0][0]
    permit = Permit(
        officer=f"node:{row.peer}",
        organisation=row.organisation,
        rights=_RIGHTS,
        purpose="exchange",
        until_at=now + timedelta(hours=1),
    )
    marking = _Marking([each for each, _ in rest], [item for _, item in rest])
    record(drafts, permit=permit, clock=lambda: now, also=marking, from_node=True)


def _draft(where: Map, row: Row, item: Mapping[str, Any], rulebook: Rulebook, now: datetime) -> Draft:
    """Return the draft that an item says, once its sender may say it.

    Raises:
        EnvelopeRefusedError: it speaks for an office that is not its own, or of what does not travel.
    """
    at = datetime.fromisoformat(item["at"])
    if at > now:
        raise _NotYetError(at)
    speaking = {row.organisation, *([item["behalf"]] if item["behalf"] else ())}
    if {where.node_of(each) for each in speaking} != {row.peer}:
        raise EnvelopeRefusedError(peer=row.peer, reason="speaks-for-another")
    kind = rulebook.kind(item["kind"], at.astimezone(SHANGHAI).date())
    if kind.effect or (kind.system and kind.name not in (LAPSE_KIND, RETRACTION_KIND)):
        raise EnvelopeRefusedError(peer=row.peer, reason="kind-not-carried")
    fields: dict[str, object] = {**item["clock"], **item["parties"]}
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
    )


def _put_off(row: Row, state: str, until: datetime, reason: str, now: datetime) -> None:
    """Leave an item for later, or on the desk, and tell its sender when that is new."""
    kept = NEW if state == WAITING else state
    with exchanging() as cursor:
        cursor.execute(
            "UPDATE exchange_inbox SET state = %s, next_at = %s, reason = %s, tries = tries + 1 WHERE id = %s",
            [kept, until, reason, row.id],
        )
        if kept in (HELD, REFUSED) and row.state != kept:
            place = {"thread": str(row.thread), "number": row.number, "event": str(row.event)}
            receipt(cursor, row.peer, place, kept, row.received_at, reason, now)


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
