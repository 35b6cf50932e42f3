"""Finding the line of headings of a sheet: below titles, over one row or two, with merged cells or without."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from yipan.registry.headings import LONGEST_HEADING, NEEDED, Column, is_vague, recognise, tidy

if TYPE_CHECKING:
    from yipan.registry.rosterbook import Merge

Row = Sequence[object]

#: How many rows are searched for the headings.
HEAD: Final = 30
#: A longer text above several headings is a title.
_LONGEST_GROUP: Final = 16
_FEWEST_HEADINGS: Final = 3
#: A longer text that speaks of somebody is more than a heading, and is not repeated.
_LONGEST_SAID: Final = 12
_ABOVE: Final = {"home": "户籍地", "residence": "现居住地"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Heading:
    """A column with its place, counted from 0, and its heading as written, of two rows with a stroke between."""

    index: int
    text: str
    column: Column


@dataclass(frozen=True, kw_only=True, slots=True)
class Header:
    """The headings of a sheet. Rows count from 0; `last` is the last row of headings."""

    first: int
    last: int
    headings: tuple[Heading, ...]

    @property
    def two_rows(self) -> bool:
        """Whether the headings stand over two rows."""
        return self.last > self.first

    def of_kind(self, kind: str) -> tuple[Heading, ...]:
        """Return the headings of one kind, in their order."""
        return tuple(each for each in self.headings if each.column.kind == kind)

    def meaning(self, field: str) -> Heading | None:
        """Return the heading of a field or of a part of one; of two that mean the same, the first."""
        return next((each for each in self.of_kind("field") if each.column.means == field), None)


@dataclass(frozen=True, kw_only=True, slots=True)
class NoHeader:
    """What comes closest to a line of headings: its row, counted from 0, and what it lacks."""

    row: int | None
    lacks: tuple[str, ...]
    #: Headings that speak of somebody else, and could be mistaken.
    of_others: tuple[str, ...]


def find_header(head: Sequence[Row], merges: Sequence[Merge]) -> Header | NoHeader:
    """Return the headings among the first rows of a sheet, or what comes closest."""
    closest = NoHeader(row=None, lacks=NEEDED, of_others=())
    most = 0
    for index in range(len(head)):
        for header in _layouts(head, index, merges):
            lacks = tuple(each for each in NEEDED if header.meaning(each) is None)
            if not lacks:
                return header
            known = len(header.of_kind("field")) + len(header.of_kind("other-person"))
            if known > most:
                most = known
                others = [each.text for each in header.of_kind("other-person")]
                said = tuple(each for each in others if len(each) <= _LONGEST_SAID and each.isalpha())
                closest = NoHeader(row=index, lacks=lacks, of_others=said)
    return closest


def text_of(cell: object) -> str:
    """Return a cell as the text of a heading; numbers and days are none."""
    return cell.strip() if isinstance(cell, str) else ""


def _layouts(head: Sequence[Row], index: int, merges: Sequence[Merge]) -> list[Header]:
    """Return how a row can be headings: with the row below as their second row, and alone."""
    texts = [text_of(cell) for cell in head[index]]
    if sum(1 for each in texts if each and len(each) <= LONGEST_HEADING) < len(NEEDED):
        return []
    alone = _header(index, index, [("", each) for each in texts])
    below = [text_of(cell) for cell in head[index + 1]] if index + 1 < len(head) else []
    groups = _groups(texts, below, _spans(texts, index, merges))
    if groups is None:
        return [alone]
    width = max(len(texts), len(below))
    texts += [""] * (width - len(texts))
    below += [""] * (width - len(below))
    pairs = [
        (texts[groups[at]], below[at]) if at in groups and below[at] else ("", texts[at] or below[at])
        for at in range(width)
    ]
    return [_header(index, index + 1, pairs), alone]


def _spans(texts: list[str], index: int, merges: Sequence[Merge]) -> dict[int, range]:
    """Return over which columns each heading of a row reaches.

    Where no cells of the row are merged, it reaches over the blank ones behind it.
    """
    merged = {
        first_column: range(first_column, last_column + 1)
        for (first, first_column), (last, last_column) in merges
        if first == last == index and last_column > first_column
    }
    spans: dict[int, range] = {}
    starts = [at for at, text in enumerate(texts) if text]
    for start, until in zip(starts, [*starts[1:], len(texts)], strict=True):
        spans[start] = merged.get(start, range(start, start + 1 if merged else until))
    return spans


def _groups(texts: list[str], below: list[str], spans: dict[int, range]) -> dict[int, int] | None:
    """Return for each column under a heading of several where that heading stands; None where there is none.

    A second row of headings stands only under such headings: what stands under 姓名 is a person already.
    """
    filled = {at for at, text in enumerate(below) if text}
    last = max(spans, default=0)
    if last in spans and len(spans[last]) > 1:  # nothing ends it where rows end with their last filled cell
        spans = {**spans, last: range(last, max(spans[last].stop, len(below)))}
    elif last in spans and filled and max(filled) > last:
        spans = {**spans, last: range(last, max(filled) + 1)}
    groups = {at: start for start, span in spans.items() if len(span) > 1 for at in span if at in filled}
    if not filled or not groups or filled - set(groups):
        return None
    over = {texts[start] for start in groups.values()}
    if any(len(each) > _LONGEST_GROUP or ":" in each or "：" in each for each in over):
        return None
    if len(over) == 1 and len(filled) >= _FEWEST_HEADINGS and sum(map(bool, texts)) == 1:
        return None  # a title over the whole sheet
    return groups


def _header(first: int, last: int, pairs: list[tuple[str, str]]) -> Header:
    headings = []
    for index, (over, text) in enumerate(pairs):
        if not (over or text) or len(text) > LONGEST_HEADING:
            continue
        column = recognise(text, over)
        if column.kind != "blank":
            written = f"{over}/{text}" if over and tidy(over) != tidy(text) else text
            headings.append(Heading(index=index, text=" ".join(written.split()), column=column))
    return Header(first=first, last=last, headings=tuple(_with_details(headings)))


def _with_details(headings: list[Heading]) -> list[Heading]:
    """Take a bare 县, or an address that does not say of what, for a part of the address whose parts stand before it."""
    found: list[Heading] = []
    before: str | None = None
    for each in headings:
        column = each.column
        if before in _ABOVE and (column.kind == "unused" or is_vague(each.text)):
            named = recognise(each.text, _ABOVE[before])
            column = named if named.means.startswith(f"{before}.") else column
        field, _, part = column.means.partition(".")
        before = field if part else None
        found.append(Heading(index=each.index, text=each.text, column=column))
    sure = {each.column.means for each in found if not is_vague(each.text)}
    return [
        Heading(index=each.index, text=each.text, column=Column(kind="unused"))
        if is_vague(each.text) and each.column.means in sure and "." not in each.column.means
        else each
        for each in found
    ]
