"""The rows of a sheet below its headings: people, and what stands between them and below them.

What leaves here are the cells of recognised columns. Other cells are looked at only to tell a footer from a person.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Final

from yipan.registry.headings import ADDRESSES, FIELDS, PARTS, forbidden_class, is_footer, recognise

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from yipan.registry.rosterbook import Merge
    from yipan.registry.rosterheader import Header, Heading

Cell = str | int | float | date | datetime

_NAME, _NUMBER = "name", "identity_number"
_DATES: Final = ("birth_on", "arrived_on")
#: Days from 1900 to 1904: what a day's number lacks in a workbook that counts from 1904.
_TO_1904: Final = 1462
#: A row with nothing else is a form filled in beforehand, and nobody.
_FILLED_BEFOREHAND: Final = frozenset({"agrees", "sex", "reason", "residence"})
_ASIDE: Final = re.compile(r"[(（\[【][^()（）\[\]【】]*[)）\]】]?")
_COLUMN_NUMBER: Final = re.compile(
    r"[0-9]{1,2}(?:\.0)?|[(（]?[0-9一二三四五六七八九十]{1,2}[)）]?|[甲乙丙丁戊己庚辛壬癸]|[A-Z]"
)
_DIGITS_OF_A_NUMBER: Final = 8
_DIGITS_AT_FRONT: Final = re.compile(r"\s*[0-9]{15}")


@dataclass(frozen=True, kw_only=True, slots=True)
class _Address:
    field: str
    whole: int | None
    #: The columns of its parts, from the widest down.
    parts: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Lines:
    """Reads the rows of a sheet by its headings."""

    header: Header
    merges: Sequence[Merge]
    from_1904: bool
    #: The column of each field that stands in one.
    simple: tuple[tuple[str, int], ...] = field(init=False)
    addresses: tuple[_Address, ...] = field(init=False)

    def __post_init__(self) -> None:
        """Find the columns once, not for every row."""
        addresses = tuple(filter(None, (self._address(each) for each in ADDRESSES)))
        joined = {each.field for each in addresses}
        simple = tuple(
            (each, found.index)
            for each in FIELDS
            if each not in joined and (found := self.header.meaning(each)) is not None
        )
        object.__setattr__(self, "addresses", addresses)
        object.__setattr__(self, "simple", simple)

    def people(self, rows: Iterable[Sequence[object]]) -> Iterator[tuple[int, dict[str, Cell]]]:
        """Yield the row, as Excel counts, and the recognised cells of every person."""
        columns = dict(self.simple)
        number_at, name_at = columns[_NUMBER], columns[_NAME]
        below_header = self.header.last + 1
        filled = _Filled(self.merges, below_header)
        after_headings = False
        for row, written in enumerate(rows):
            if row < below_header:
                continue
            cells = filled.fill(row, written) if self.merges else written
            if self.merges and filled.goes_on(row, name_at) and filled.goes_on(row, number_at):
                continue  # the second line of the person above
            number = cells[number_at] if number_at < len(cells) else ""
            sound = number.__class__ is str and _DIGITS_AT_FRONT.match(number)
            if not sound and self._is_nobody(cells, after_headings=after_headings):
                after_headings = self._is_header(cells)
                continue
            after_headings = False
            yield row + 1, self._cells(cells)

    def _cells(self, cells: Sequence[object]) -> dict[str, Cell]:
        width = len(cells)
        found: dict[str, Cell] = {}
        for name, at in self.simple:
            cell = cells[at] if at < width else ""
            found[name] = cell if cell.__class__ is str else _plain(cell)
        for each in self.addresses:
            found[each.field] = _joined(each, cells)
        if self.from_1904:
            for name in _DATES:
                day = found.get(name)
                if isinstance(day, int | float):
                    found[name] = day + _TO_1904
        _drop_what_must_not_be(found)
        return found

    def _address(self, name: str) -> _Address | None:
        parts = [self.header.meaning(f"{name}.{part}") for part in PARTS]
        if not any(parts):
            return None
        whole = self.header.meaning(name)
        return _Address(
            field=name,
            whole=whole.index if whole else None,
            parts=tuple(each.index for each in parts if each),
        )

    def _is_nobody(self, cells: Sequence[object], *, after_headings: bool) -> bool:
        """Return whether a row without a sound number is blank, a footer, or headings once more."""
        texts = [str(cell).strip() for cell in cells if cell not in ("", None)]
        texts = [each for each in texts if each]
        if not texts or all(map(_COLUMN_NUMBER.fullmatch, texts)):
            return True
        columns = dict(self.simple)
        name, number = (_text(cells, columns[each]) for each in (_NAME, _NUMBER))
        if after_headings and self.header.two_rows and not (name or number):
            return True
        if self._is_header(cells):
            return True
        no_number = sum(map(str.isdigit, number)) < _DIGITS_OF_A_NUMBER  # 合计 may have a count there
        # 填表人： | 王五 is a footer; a person with no number, whose first column says 统计局宿舍, goes back.
        first = is_footer(texts[0]) and (not name or texts[0].endswith((":", "：")))
        if no_number and (first or is_footer(name)):
            return True
        found = {each for each, cell in self._cells(cells).items() if cell != ""}
        return found <= _FILLED_BEFOREHAND

    def _is_header(self, cells: Sequence[object]) -> bool:
        columns = dict(self.simple)
        return all(
            recognise(_text(cells, columns[each])).means == each
            or _text(cells, columns[each]) == _heading(self.header.meaning(each))
            for each in (_NAME, _NUMBER)
        )


class _Filled:
    """Cells merged downward, each row of which says what the first does."""

    def __init__(self, merges: Sequence[Merge], below_header: int) -> None:
        """Keep the merges that reach over several rows of people."""
        self.begins: dict[int, list[tuple[int, int]]] = {}
        for (first, column), (last, _) in merges:
            if last > first >= below_header:
                self.begins.setdefault(first, []).append((column, last))
        #: By column: the row it began in, the last row, and what it says.
        self.open: dict[int, tuple[int, int, object]] = {}

    def fill(self, row: int, cells: Sequence[object]) -> Sequence[object]:
        """Return a row with what the merged cells above say."""
        for column, last in self.begins.get(row, ()):
            self.open[column] = (row, last, cells[column] if column < len(cells) else "")
        if not self.open:
            return cells
        filled = list(cells)
        for column, (_, last, cell) in list(self.open.items()):
            if row > last:
                del self.open[column]
                continue
            filled += [""] * (column + 1 - len(filled))
            filled[column] = cell
        return filled

    def goes_on(self, row: int, column: int) -> bool:
        """Return whether a column of a row only continues a merged cell that says something."""
        began = self.open.get(column)
        return began is not None and began[0] < row and began[2] != ""


def _joined(address: _Address, cells: Sequence[object]) -> str:
    parts = [_text(cells, at) for at in address.parts]
    joined = ""
    for part in parts:
        # People repeat the wider part in the narrower one: 广西 | 广西玉林市.
        joined = part if joined and part.startswith(joined) else joined + part
    whole = "" if address.whole is None else _text(cells, address.whole)
    if not whole or not joined:
        return whole or joined
    last = next(part for part in reversed(parts) if part)
    return whole if last in whole else joined + whole


def _text(cells: Sequence[object], at: int) -> str:
    cell = cells[at] if at < len(cells) else ""
    return cell.strip() if isinstance(cell, str) else str(_plain(cell))


def _plain(cell: object) -> Cell:
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float) and cell.is_integer():
        return int(cell)
    if isinstance(cell, str | int | float | date):
        return cell
    return str(cell) if isinstance(cell, time | timedelta) else ""


def _heading(found: Heading | None) -> str:
    return found.text if found else ""


def _drop_what_must_not_be(cells: dict[str, Cell]) -> None:
    """Empty a reason, and take off an aside in brackets, that say what no column may."""
    reason = cells.get("reason")
    if reason.__class__ is str and reason and forbidden_class(str(reason)):
        cells["reason"] = ""
    for name, cell in cells.items():
        if cell.__class__ is str and ("(" in cell or "（" in cell or "【" in cell):
            cells[name] = _ASIDE.sub(lambda found: "" if forbidden_class(found[0]) else found[0], str(cell))
