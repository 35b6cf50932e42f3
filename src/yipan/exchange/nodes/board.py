"""The board of counts as this node has it: what each node said of a day, signed by it, taken from the hub once and kept.

The hub can hold a word back. It cannot make one: only what a peer's own key signed is kept.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from django.db import connection

from yipan.database.many import insert_many
from yipan.exchange.envelope import sign, signed_by, verify
from yipan.exchange.nodes.counting import DAYS_BACK, KEPT, LAPSED, OTHERS, SMALLEST, counts_of_days
from yipan.exchange.nodes.own import own
from yipan.exchange.nodes.peers import by_version, exchanging, plain
from yipan.exchange.nodes.tables import TRUSTED
from yipan.law.deadline import SHANGHAI

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from django.db.backends.utils import CursorWrapper

    from yipan.exchange.envelope import PublicKeys

    #: A node's word of a day: whose, of which day, and the signed text.
    Word = tuple[str, date, str]

_COUNTY: Final = re.compile(r"[0-9]{6}")
#: More duties than this no county ends in a day.
_MOST: Final = 10**9
_COLUMNS: Final = {
    "node": "text", "day": "date", "kept": "jsonb", "lapsed": "jsonb", "word": "text", "heard_at": "timestamptz",
}  # fmt: skip


@dataclass(kw_only=True)
class Standing:
    """How a node stands on the board: its last day, and the sums of some days."""

    node: str
    title: str
    #: None where it has said nothing of these days.
    last: date | None = None
    kept: int = 0
    lapsed: int = 0
    #: By county, as its node said them (what is not named was not said); small ones are together under `others`.
    counties: dict[str, dict[str, int]] = field(default_factory=dict)


def words_to_give(now: datetime, given: Collection[date]) -> list[Word]:
    """Return the word of each day that ended and of which the hub has none of ours.

    A day's word is its first: what is recorded of it later is told by the reports, not by a second word that could be compared.
    """
    one = own()
    wanted = [each for each in _days(now) if each not in given]
    with exchanging() as cursor:
        # A hub whose disk burned is told the same again.
        cursor.execute(
            "SELECT day, word FROM exchange_daily WHERE node = %s AND day = ANY(%s)", [one.name, wanted]
        )
        said: dict[date, str] = dict(cursor.fetchall())
    for day, counts in counts_of_days([each for each in wanted if each not in said]).items():
        said[day] = sign({"node": one.name, "day": day.isoformat(), **counts}, one.name, one.keys())
    return [(one.name, day, said[day]) for day in wanted]


def words_to_hear(now: datetime, given: Mapping[date, Iterable[str]]) -> list[tuple[str, date]]:
    """Return whose words of which days the hub has, and we not yet."""
    days = _days(now)
    with exchanging() as cursor:
        cursor.execute("SELECT node, day FROM exchange_daily WHERE day = ANY(%s)", [days])
        known = set(cursor.fetchall())
        names = _keys_by_node(cursor).keys()
    said = ((name, day) for day, listed in given.items() if day in days for name in listed)
    return sorted(each for each in said if each[0] in names and each not in known)


def hear(words: Iterable[Word], now: datetime) -> int:
    """Keep what nodes said of days; return how many were believed. What is not will be asked for again, and kept out again."""
    with exchanging() as cursor:
        keys = _keys_by_node(cursor)
        rows = []
        for node, day, word in words:
            if said := _believed(word, node, day, keys.get(node, {})):
                rows.append((node, day, said[KEPT], said[LAPSED], word, now))
        return insert_many(cursor, "exchange_daily", _COLUMNS, rows, "ON CONFLICT DO NOTHING")


def _believed(
    word: str, node: str, day: date, keys: Mapping[int, PublicKeys]
) -> dict[str, dict[str, int]] | None:
    """Return what a node said of a day; None where its key did not sign it, or it says something else."""
    try:
        signer, version = signed_by(word)
        said = verify(word, keys[version])
        if (signer, said["node"], said["day"]) != (node, node, day.isoformat()):
            return None
        counts = {what: dict(said[what]) for what in (KEPT, LAPSED)}
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    every = [each for what in counts.values() for each in what.items()]
    return counts if all(_is_count(county, number) for county, number in every) else None


def _is_count(county: object, number: object) -> bool:
    """Tell whether a number of a county is one that may be published."""
    named = county == OTHERS or (isinstance(county, str) and _COUNTY.fullmatch(county) is not None)
    return named and type(number) is int and SMALLEST <= number <= _MOST


def _keys_by_node(cursor: CursorWrapper) -> dict[str, dict[int, PublicKeys]]:
    """Return the keys, by version, of whose words are believed: of the peers, and our own."""
    cursor.execute("SELECT name, keys FROM exchange_peer WHERE state = %s", [TRUSTED])
    found = {name: by_version(keys) for name, keys in cursor.fetchall()}
    one = own()
    found[one.name] = {version: one.keys(version).public for version in range(1, one.key_version + 1)}
    return found


def _days(now: datetime) -> list[date]:
    """Return the days that ended, as far back as a word is given."""
    today = now.astimezone(SHANGHAI).date()
    return [today - timedelta(days=back) for back in range(DAYS_BACK, 0, -1)]


def listed(since: date) -> list[dict[str, Any]]:
    """Return what nodes said of each day since one, by day and node."""
    with exchanging() as cursor:
        cursor.execute(
            "SELECT day, node, kept, lapsed FROM exchange_daily WHERE day >= %s ORDER BY day, node", [since]
        )
        return [
            {"day": day, "node": node, KEPT: plain(kept), LAPSED: plain(lapsed)}
            for day, node, kept, lapsed in cursor.fetchall()
        ]


def standings(since: date) -> Sequence[Standing]:
    """Return how this node and each peer that is believed stand since a day, those that said nothing too."""
    one = own()
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, title FROM exchange_peer WHERE state = %s ORDER BY name", [TRUSTED])
        titles = {one.name: one.title, **dict(cursor.fetchall())}
    found = {name: Standing(node=name, title=title) for name, title in titles.items()}
    for each in listed(since):
        if standing := found.get(each["node"]):
            standing.last = each["day"]
            standing.kept += sum(each[KEPT].values())
            standing.lapsed += sum(each[LAPSED].values())
            for what in (KEPT, LAPSED):
                for county, number in each[what].items():
                    said = standing.counties.setdefault(county, {})
                    said[what] = said.get(what, 0) + number
    return list(found.values())
