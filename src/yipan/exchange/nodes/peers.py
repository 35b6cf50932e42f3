"""Peers: who they are, whom they serve, which of their keys are pinned, and whether they are believed."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from django.db import connection, transaction

from yipan.exchange.envelope import PublicKeys, follow
from yipan.exchange.faults import CardError, UnknownPeerError, WordsDifferError
from yipan.exchange.nodes.own import Card, card_of, four_words, own, own_or_none, read_card, statements_in
from yipan.exchange.nodes.tables import MOVED, REVOKED, TRUSTED, UNCONFIRMED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from django.db.backends.utils import CursorWrapper

    from yipan.exchange.nodes.own import Own

_ALL: Final = "SELECT name, title, serves, state, key_version, keys FROM exchange_peer ORDER BY name"


@dataclass(frozen=True, kw_only=True)
class Known:
    """A peer as it is pinned."""

    name: str
    title: str
    serves: tuple[str, ...]
    state: str
    keys: PublicKeys


@contextmanager
def exchanging() -> Iterator[CursorWrapper]:
    """Open a transaction in which the tables of the exchange may be written, and no others that an office owns."""
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        open_tables(cursor)
        yield cursor


def open_tables(cursor: CursorWrapper) -> None:
    """Let the rest of the transaction write the tables of the exchange."""
    cursor.execute("SELECT set_config('yipan.exchange', 'on', true)")


def close_tables(cursor: CursorWrapper) -> None:
    """Let the rest of the transaction be an office's again."""
    cursor.execute("SELECT set_config('yipan.exchange', '', true)")


def known_peers(cursor: CursorWrapper) -> list[Known]:
    """Return all peers."""
    cursor.execute(_ALL)
    return [
        Known(
            name=name,
            title=title,
            serves=tuple(serves),
            state=state,
            keys=by_version(keys)[version],
        )
        for name, title, serves, state, version, keys in cursor.fetchall()
    ]


def by_version(keys: object) -> dict[int, PublicKeys]:
    """Return a peer's keys as its row has them: each that it ever had, by its number."""
    return {
        int(version): PublicKeys.of({**said, "version": int(version)})
        for version, said in plain(keys).items()
    }


def plain(value: object) -> dict[str, Any]:
    """Return a column of JSON as data, whichever way the driver gives it."""
    found: dict[str, Any] = json.loads(value) if isinstance(value, str) else value  # type: ignore[assignment]
    return found


class Map:
    """Which node an organisation works on: that which serves the longest front of its code."""

    def __init__(
        self, one: Own, peers: Iterable[Known], moved: Mapping[str, tuple[str, str]] | None = None
    ) -> None:
        """Know the fronts of all, and from where to where townships moved."""
        self.own = one.name
        self.moved = moved or {}
        self.peers = {each.name: each for each in peers if each.state == TRUSTED}
        self._fronts = {front: each.name for each in self.peers.values() for front in each.serves}
        self._fronts |= dict.fromkeys(one.serves, one.name)
        self._lengths = sorted({len(each) for each in self._fronts}, reverse=True)

    def node_of(self, organisation: str) -> str:
        """Return the name of its node; empty where it is on none."""
        code = organisation.partition(":")[0]
        if code in self.moved:
            _, node = self.moved[code]
            return node if node == self.own or node in self.peers else ""
        for length in self._lengths:
            if found := self._fronts.get(code[:length]):
                return found
        return ""

    def peers_of(self, organisations: Iterable[str]) -> set[str]:
        """Return the peers on which some of the organisations work."""
        return {self.node_of(each) for each in organisations} & self.peers.keys()


def the_map(cursor: CursorWrapper) -> Map | None:
    """Return who works where; None where this installation is no node or has no peer that it believes."""
    one = own_or_none()
    if one is None:
        return None
    found = map_of(cursor, one)
    return found if found.peers else None


def map_of(cursor: CursorWrapper, one: Own) -> Map:
    """Return who works where, as this node knows it."""
    cursor.execute("SELECT code, from_node, to_node FROM exchange_move WHERE state = %s", [MOVED])
    moved = {code: (sender, to) for code, sender, to in cursor.fetchall()}
    return Map(one, known_peers(cursor), moved)


def peer_named(name: str) -> Known:
    """Return a peer.

    Raises:
        UnknownPeerError: there is none of that name.
    """
    with connection.cursor() as cursor:
        for each in known_peers(cursor):
            if each.name == name:
                return each
    raise UnknownPeerError(peer=name)


def own_card() -> Card:
    """Return this node's card as others read it."""
    return read_card(card_of(own()))


def take_card(text: str, now: datetime, words: str | None = None) -> tuple[Known, str]:
    """Pin a peer's card, and return the peer with the four words. It is believed only once they were compared.

    A card of a peer that is believed already is taken when its keys follow the pinned ones; else it counts as a new one.

    Raises:
        CardError: it is no card, or our own.
        WordsDifferError: the words said are others; nothing was changed.
    """
    card = read_card(text)
    if card.name == own().name:
        raise CardError(reason="own")
    expected = four_words(own_card(), card)
    if words is not None and words.split() != expected.split():
        raise WordsDifferError
    with exchanging() as cursor:
        before = {each.name: each for each in known_peers(cursor)}.get(card.name)
        believed = before is not None and before.state == TRUSTED and _follows(before, card, text)
        state = TRUSTED if words is not None or believed else UNCONFIRMED
        cursor.execute(
            "INSERT INTO exchange_peer (name, title, serves, state, key_version, keys, trusted_at, revoked_because)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, '') ON CONFLICT (name) DO UPDATE SET title = excluded.title,"
            " serves = excluded.serves, state = excluded.state, key_version = excluded.key_version,"
            " keys = exchange_peer.keys || excluded.keys, trusted_at = excluded.trusted_at, revoked_at = NULL",
            [
                card.name, card.title, list(card.serves), state, card.keys.version,
                json.dumps({str(card.keys.version): card.keys.as_dict()}), now if state == TRUSTED else None,
            ],
        )  # fmt: skip
    return peer_named(card.name), expected


def _follows(before: Known, card: Card, text: str) -> bool:
    """Tell whether a card's keys are the pinned ones, or are named by them."""
    try:
        chain = (before.keys, *follow(before.keys, statements_in(text), card.name))
    except ValueError:
        return False
    return card.keys.as_dict() in [each.as_dict() for each in chain]


def confirm(name: str, words: str, now: datetime) -> Known:
    """Believe a peer whose card is here, once the four words are the same on both sides.

    Raises:
        UnknownPeerError, WordsDifferError: there is none, or they are not.
    """
    found = peer_named(name)
    if words.split() != words_with(found).split():
        raise WordsDifferError
    with exchanging() as cursor:
        cursor.execute(
            "UPDATE exchange_peer SET state = %s, trusted_at = %s, revoked_at = NULL WHERE name = %s",
            [TRUSTED, now, name],
        )
        # What came before the words were compared was kept.
        cursor.execute("UPDATE exchange_refusal SET settled_at = NULL WHERE peer = %s", [name])
    return peer_named(name)


def words_with(peer: Known) -> str:
    """Return the four words of us and a peer."""
    card = Card(name=peer.name, title=peer.title, serves=peer.serves, keys=peer.keys)
    return four_words(own_card(), card)


def revoke(name: str, because: str, now: datetime) -> Known:
    """Believe a peer no longer: nothing leaves for it, and what comes is refused and named."""
    peer_named(name)
    with exchanging() as cursor:
        cursor.execute(
            "UPDATE exchange_peer SET state = %s, revoked_at = %s, revoked_because = %s WHERE name = %s",
            [REVOKED, now, because, name],
        )
    return peer_named(name)


def pin_newer(cursor: CursorWrapper, name: str, newer: Sequence[PublicKeys]) -> None:
    """Pin keys that follow the pinned ones."""
    for each in newer:
        cursor.execute(
            "UPDATE exchange_peer SET key_version = %s, keys = keys || %s::jsonb WHERE name = %s AND key_version = %s",
            [each.version, json.dumps({str(each.version): each.as_dict()}), name, each.version - 1],
        )
