"""Release: a table of counts as it may leave an office. Small counts are not said, and cannot be subtracted back.

What is small is hidden; then so much else is hidden, under the same mark, that whoever has the table with all its sums cannot
even tell which of the hidden counts are the small ones: each may as well be one, or as many as may be said. Whether
that is so is computed, exactly, from the sums that are left: by flows in the network of rows and columns.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from yipan.registry.headcounts import Cell, threshold

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

#: A place in the table: a row and a column; None stands for the sum of them.
Place = tuple[str | None, str | None]
#: More than any count.
_ENDLESS: Final = 1 << 40
#: Before the name of a row of the second of two tables that are cut from the same counts.
_SECOND: Final = "\0"


@dataclass(frozen=True, kw_only=True)
class Released:
    """A table as it may be shown: a cell for every row and column, with the sums; `None` names a sum."""

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    cells: Mapping[Place, Cell]
    under: int

    def row(self, name: str | None) -> list[Cell]:
        """Return the cells of a row, its sum last; None: the row of sums."""
        return [self.cells[name, column] for column in (*self.columns, None)]


@dataclass(kw_only=True)
class _Table:
    """Counts with their sums, and what is hidden so far. The sums are a row and a column like the others: all lines add to 0."""

    counts: dict[Place, int]
    rows: tuple[str | None, ...]
    columns: tuple[str | None, ...]
    under: int
    hidden: set[Place] = field(default_factory=set)
    #: Whether its rows are those of two tables that share their sums.
    joint: bool = False

    def is_small(self, place: Place) -> bool:
        return 0 < self.counts[place] < self.under


def release(
    counts: Mapping[tuple[str, str], int], rows: Sequence[str], columns: Sequence[str], under: int = 0
) -> Released:
    """Return a table with its sums as it may leave the office. What is not in `counts` is none.

    Zero is said: that an office had nothing to do is nobody's secret.
    """
    table = _laid_out(counts, tuple(rows), tuple(columns), under or threshold())
    _hide(table)
    return _shown(table, tuple(rows), tuple(columns))


def release_both(
    first: Mapping[tuple[str, str], int],
    second: Mapping[tuple[str, str], int],
    rows: tuple[Sequence[str], Sequence[str]],
    columns: Sequence[str],
    under: int = 0,
) -> tuple[Released, Released]:
    """Return two tables of the same counts, each cut by something else, as they may leave the office together.

    Their columns have the same sums: what one of them says of a sum, nobody may carry over into the other. So both are
    taken as one network in which each sum joins a column of the first with the same column of the second.
    """
    inner = tuple(f"{_SECOND}{row}" for row in rows[1])
    table = _laid_out(first, tuple(rows[0]), tuple(columns), under or threshold())
    other = _laid_out(
        {(f"{_SECOND}{row}", column): count for (row, column), count in second.items()},
        inner,
        tuple(columns),
        table.under,
    )
    table.counts.update({place: count for place, count in other.counts.items() if place[0] is not None})
    table.rows, table.joint = (*rows[0], *inner, None), True
    _hide(table)
    return (
        _shown(table, tuple(rows[0]), tuple(columns)),
        _shown(table, tuple(rows[1]), tuple(columns), _SECOND),
    )


def _hide(table: _Table) -> None:
    table.hidden = {place for place in table.counts if table.is_small(place)}
    for place in sorted(table.hidden, key=_in_order):
        # Hiding more tells less: what is safe stays so.
        while _is_given_away(table, place):
            _hide_more(table, place)
    # What is known all the same is said: it was hidden to help another, and others were hidden since.
    for place in sorted(table.hidden, key=_in_order):
        low, high = bounds(table.counts, table.hidden, place, joint=table.joint)
        if low == high:
            table.hidden.discard(place)


def _shown(table: _Table, rows: tuple[str, ...], columns: tuple[str, ...], before: str = "") -> Released:
    def cell(row: str | None, column: str | None) -> Cell:
        place = (None if row is None else before + row, column)
        return Cell(kept_back=True) if place in table.hidden else Cell(people=table.counts[place])

    cells = {(row, column): cell(row, column) for row in (*rows, None) for column in (*columns, None)}
    return Released(rows=rows, columns=columns, cells=cells, under=table.under)


def _laid_out(
    counts: Mapping[tuple[str, str], int], rows: tuple[str, ...], columns: tuple[str, ...], under: int
) -> _Table:
    found: dict[Place, int] = {
        (row, column): counts.get((row, column), 0) for row in rows for column in columns
    }
    for row in rows:
        found[row, None] = sum(found[row, column] for column in columns)
    for one in (*columns, None):
        found[None, one] = sum(found[row, one] for row in rows)
    return _Table(counts=found, rows=(*rows, None), columns=(*columns, None), under=under)


def _is_given_away(table: _Table, place: Place) -> bool:
    """Tell whether the rest of the table says of a hidden small count that it is small, or that it is more than one."""
    low, high = bounds(table.counts, table.hidden, place, joint=table.joint)
    return low > 1 or high < table.under


def _in_order(place: Place) -> tuple[str, str]:
    return place[0] or "", place[1] or ""


def _hide_more(table: _Table, given_away: Place) -> None:
    """Hide one more count in the row or the column of a place: of those that help the least one, a sum last.

    Raises:
        AssertionError: nothing is left to hide, which cannot be: with all hidden nothing is given away.
    """
    row, column = given_away
    lines = [[(row, each) for each in table.columns], [(each, column) for each in table.rows]]
    # The line with fewer hidden counts gives more away.
    lines.sort(key=lambda line: sum(place in table.hidden for place in line))
    for line in lines:
        open_ones = [place for place in line if place not in table.hidden and table.counts[place]]
        if open_ones:
            table.hidden.add(
                min(open_ones, key=lambda place: (None in place, table.counts[place], _in_order(place)))
            )
            return
    rest = [place for place, count in table.counts.items() if place not in table.hidden and count]
    if not rest:
        rest = [place for place in table.counts if place not in table.hidden]
    table.hidden.add(min(rest, key=lambda place: (None in place, table.counts[place], _in_order(place))))


# --------------------------------------------------------------------------------------- what can be known


def bounds(
    counts: Mapping[Place, int], hidden: set[Place], place: Place, *, joint: bool = False
) -> tuple[int, int]:
    """Return the least and the most that a hidden count can be for whoever sees the others.

    Every row and every column adds up to its sum, so hidden counts move against each other along circles of rows and
    columns; the sums move the other way. The most that can be moved round is a flow, and flows of whole numbers are exact.
    """
    network = _Network()
    way = _way_of_both if joint else _way
    for cell in hidden - {place}:
        start, end = way(cell)
        network.join(start, end, _ENDLESS)
        network.join(end, start, counts[cell])
    start, end = way(place)
    count = counts[place]
    return count - network.flow(start, end, count), count + network.flow(end, start, _ENDLESS)


def _way(place: Place) -> tuple[Node, Node]:
    """Return from where to where a count flows: from its row to its column; what is a sum of one of them, the other way."""
    row, column = place
    ends: tuple[Node, Node] = (("row", row), ("column", column))
    return ends if (row is None) == (column is None) else (ends[1], ends[0])


def _way_of_both(place: Place) -> tuple[Node, Node]:
    """Return the same of two tables: a sum of a column leads from the first's to the second's, whose ways are turned round."""
    row, column = place
    if row is None:
        ends: tuple[Node, Node] = (("column", column), ("column of the second", column))
        return ends if column is not None else (ends[1], ends[0])
    if not row.startswith(_SECOND):
        return _way(place)
    ends = (("column of the second", column), ("row", row))
    return ends if column is not None else (ends[1], ends[0])


Node = tuple[str, str | None]


class _Network:
    """A network of rows and columns, with how much may still go along each way."""

    def __init__(self) -> None:
        self._ways: dict[Node, dict[Node, int]] = {}

    def join(self, start: Node, end: Node, room: int) -> None:
        self._ways.setdefault(start, {})
        self._ways.setdefault(end, {})
        self._ways[start][end] = self._ways[start].get(end, 0) + room

    def flow(self, start: Node, end: Node, wanted: int) -> int:
        """Return how much of what is wanted can go from one node to another; the network is left as it was."""
        room = {node: dict(ways) for node, ways in self._ways.items()}
        sent = 0
        while sent < wanted and (path := _path(room, start, end)):
            amount = min(wanted - sent, *(room[one][other] for one, other in path))
            for one, other in path:
                room[one][other] -= amount
                room[other][one] = room[other].get(one, 0) + amount
            sent += amount
        return sent


def _path(room: Mapping[Node, Mapping[Node, int]], start: Node, end: Node) -> list[tuple[Node, Node]]:
    came: dict[Node, Node] = {start: start}
    waiting = deque([start])
    while waiting and end not in came:
        here = waiting.popleft()
        for there, left in room.get(here, {}).items():
            if left > 0 and there not in came:
                came[there] = here
                waiting.append(there)
    if end not in came:
        return []
    return list(_back(came, start, end))[::-1]


def _back(came: Mapping[Node, Node], start: Node, end: Node) -> Iterator[tuple[Node, Node]]:
    here = end
    while here != start:
        yield came[here], here
        here = came[here]
