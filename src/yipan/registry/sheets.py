"""Rosters as townships keep them: workbooks and tables of text, read a row at a time.

Only columns that are recognised travel. Those on contraception, pregnancy, children, birth order, checks and certificates
are named in a warning, and what stands in them is in no object that leaves this file.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from itertools import chain, islice
from pathlib import PurePath
from typing import TYPE_CHECKING, Final, NoReturn

from yipan.registry.formulas import from_table
from yipan.registry.headings import FIELDS, NEEDED, heading_of, words
from yipan.registry.rosterbook import EMPTY_ZIP, OLE, ZIP, read_book
from yipan.registry.rosterfaults import EmptyRosterError, NoHeaderError
from yipan.registry.rosterheader import HEAD, Header, NoHeader, find_header, text_of
from yipan.registry.rosterlines import Lines
from yipan.registry.rostertext import SEPARATORS, Content, TextTable, digest_of, opened, read_text_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from yipan.registry.rosterbook import BookSheet, Merge

#: What a cell of a roster holds. Text is as it was written; an empty cell is "".
Cell = str | int | float | date | datetime

_OF_OTHERS_SAID: Final = 5


class Skipped(StrEnum):
    """Why a sheet is not read."""

    EMPTY = "empty"
    #: Nobody saw what stands in it.
    HIDDEN = "hidden"
    NO_HEADER = "no-header"
    #: A sheet of ours that is for reading only.
    READ_ONLY = "read-only"


@dataclass(frozen=True, kw_only=True, slots=True)
class RosterWarning:
    """Something about a file that a person should know, in both languages."""

    code: str
    sheet: str
    zh: str
    en: str


@dataclass(frozen=True, kw_only=True, slots=True)
class SheetFound:
    """A sheet and what its headings say."""

    name: str
    #: Of the last row of headings, from 1; None where there is none.
    header_row: int | None
    #: The heading as written by field; of an address in several columns, all of them.
    columns: Mapping[str, str]
    #: Headings of columns that must not be brought, each with its class.
    forbidden: tuple[tuple[str, str], ...]
    #: Headings of columns that are not used.
    unused: tuple[str, ...]
    skipped_because: Skipped | None


@dataclass(frozen=True, kw_only=True, slots=True)
class RosterRow:
    """A row as it was written: the sheet, the row as Excel shows it, and every recognised column of the sheet."""

    sheet: str
    row: int
    cells: Mapping[str, Cell]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Source:
    """Where the rows of a sheet come from: a sheet of a workbook, or text cut at a separator."""

    name: str
    book_sheet: BookSheet | None = None
    from_1904: bool = False
    text: TextTable | None = None
    separator: str = ""

    def read(self) -> tuple[Iterator[Sequence[object]], Sequence[Merge]]:
        """Return its rows, and the ranges of merged cells."""
        if self.book_sheet is not None:
            return self.book_sheet.read()
        return (self.text.rows(self.separator) if self.text else iter(())), ()


@dataclass(frozen=True, kw_only=True, slots=True)
class _Table:
    """A sheet: with headings, or with what it lacks of them."""

    found: SheetFound
    source: _Source
    header: Header | None = None
    lacking: NoHeader | None = None

    def people(self) -> Iterator[RosterRow]:
        if self.header is None:
            return
        source, name = self.source, self.found.name
        rows, merges = source.read()
        lines = Lines(header=self.header, merges=merges, from_1904=source.from_1904)
        for row, cells in lines.people(rows):
            yield RosterRow(sheet=name, row=row, cells=_as_typed(cells, of_text=source.text is not None))


def _as_typed(cells: Mapping[str, Cell], *, of_text: bool) -> Mapping[str, Cell]:
    """Return cells as they were typed: without the byte that ends a string; in a table of text, without the apostrophe before a formula."""
    if not any(isinstance(cell, str) and ("\0" in cell or cell[:1] == "'") for cell in cells.values()):
        return cells
    sound = {name: cell.replace("\0", "") if isinstance(cell, str) else cell for name, cell in cells.items()}
    if not of_text:
        return sound
    return {name: from_table(cell) if isinstance(cell, str) else cell for name, cell in sound.items()}


@dataclass(frozen=True, kw_only=True, slots=True)
class Roster:
    """A file that can be read as a roster."""

    file_name: str
    #: SHA-256 of the file, in hexadecimal.
    digest: str
    sheets: tuple[SheetFound, ...]
    warnings: tuple[RosterWarning, ...]
    _tables: tuple[_Table, ...]

    @property
    def has_consent_column(self) -> bool:
        """Whether every sheet that is read has a column that says who agrees."""
        return all("agrees" in each.found.columns for each in self._tables)

    def rows(self) -> Iterator[RosterRow]:
        """Yield the rows of people, sheet by sheet; may be asked again. Blank rows, footers and repeated headings are left out.

        Raises:
            DamagedRosterError: the text breaks off inside quotation marks.
        """
        for table in self._tables:
            yield from table.people()


def open_roster(content: Content, file_name: str) -> Roster:
    """Return a roster from its bytes, its path or a file open for reading bytes, which must stay open and in place.

    What is in the file decides how it is read, not how it is called.

    Raises:
        RosterError: it cannot be read, or no sheet of it has headings with a name and an identity number.
    """
    shown = PurePath(file_name.replace("\\", "/")).name
    with opened(content) as raw:
        front = raw.read(len(OLE))
    if not front:
        raise EmptyRosterError(file=shown)
    if front == OLE or front[: len(ZIP)] in {ZIP, EMPTY_ZIP}:
        book = read_book(content, shown)
        seen = [
            _table(_Source(name=each.name, book_sheet=each, from_1904=book.from_1904)) for each in book.sheets
        ]
    else:
        seen = [_look_at_text(read_text_table(content, shown), shown)]
    tables = tuple(each for each in seen if each.header)
    if not tables:
        _refuse_without_header(seen, shown)
    sheets = tuple(each.found for each in seen)
    return Roster(
        file_name=shown,
        digest=digest_of(content),
        sheets=sheets,
        warnings=tuple(chain.from_iterable(map(_warnings, sheets))),
        _tables=tables,
    )


def _look_at_text(text: TextTable, file_name: str) -> _Table:
    """Read a table of text by the first separator that yields headings."""
    tried = []
    for separator in SEPARATORS:
        table = _table(_Source(name=file_name, text=text, separator=separator))
        if table.header:
            return table
        tried.append(table)
    return tried[0]


def _table(source: _Source) -> _Table:
    rows, merges = source.read()
    head = list(islice(rows, HEAD))
    if isinstance(rows, Generator):
        rows.close()  # the file is given back at once
    because = _passed_over(source, head)
    if because:
        return _Table(found=_skipped(source.name, because), source=source)
    header = find_header(head, merges)
    if isinstance(header, NoHeader):
        return _Table(found=_skipped(source.name, Skipped.NO_HEADER), source=source, lacking=header)
    return _Table(found=_found(source.name, header), source=source, header=header)


def _passed_over(source: _Source, head: Sequence[Sequence[object]]) -> Skipped | None:
    if any(text_of(cell) in words().read_only.values() for row in head[:1] for cell in row[:1]):
        return Skipped.READ_ONLY
    if source.book_sheet is not None and source.book_sheet.hidden:
        return Skipped.HIDDEN
    return None if any(cell != "" for row in head for cell in row) else Skipped.EMPTY


def _found(name: str, header: Header) -> SheetFound:
    columns: dict[str, list[str]] = {}
    twice = []
    meant: set[str] = set()
    for each in header.of_kind("field"):
        if each.column.means in meant:
            twice.append(each.text)
        else:
            meant.add(each.column.means)
            columns.setdefault(each.column.means.partition(".")[0], []).append(each.text)
    others = [each.text for kind in ("other-person", "unused") for each in header.of_kind(kind)]
    return SheetFound(
        name=name,
        header_row=header.last + 1,
        columns={field: "、".join(columns[field]) for field in FIELDS if field in columns},
        forbidden=tuple((each.text, each.column.means) for each in header.of_kind("forbidden")),
        unused=(*others, *twice),
        skipped_because=None,
    )


def _skipped(name: str, because: Skipped) -> SheetFound:
    return SheetFound(
        name=name, header_row=None, columns={}, forbidden=(), unused=(), skipped_because=because
    )


def _warnings(sheet: SheetFound) -> Iterator[RosterWarning]:
    if sheet.skipped_because is Skipped.READ_ONLY:
        return
    if sheet.skipped_because:
        zh, en = _SKIPPED_WORDS[sheet.skipped_because]
        yield RosterWarning(
            code=f"sheet-{sheet.skipped_because}",
            sheet=sheet.name,
            zh=f"工作表“{sheet.name}”{zh}，没有读。",
            en=f"Sheet “{sheet.name}” {en} and was not read.",
        )
    if sheet.forbidden:
        classes = words().class_words
        zh = "、".join(f"“{text}”（{classes[each]['zh']}）" for text, each in sheet.forbidden)
        en = ", ".join(f"“{text}” ({classes[each]['en']})" for text, each in sheet.forbidden)
        yield RosterWarning(
            code="forbidden-columns",
            sheet=sheet.name,
            zh=f"工作表“{sheet.name}”的这些栏不该收集，内容没有读，也不会保存：{zh}。请从表里删去。",
            en=f"These columns of sheet “{sheet.name}” must not be collected; they were not read and are not kept: {en}. Please delete them from the sheet.",
        )
    if sheet.unused:
        listed = [f"“{each}”" for each in sheet.unused]
        yield RosterWarning(
            code="unused-columns",
            sheet=sheet.name,
            zh=f"工作表“{sheet.name}”的这些栏没有用到：{'、'.join(listed)}。",
            en=f"These columns of sheet “{sheet.name}” are not used: {', '.join(listed)}.",
        )


_SKIPPED_WORDS: Final = {
    Skipped.EMPTY: ("是空的", "is empty"),
    Skipped.HIDDEN: ("是隐藏的", "is hidden"),
    Skipped.NO_HEADER: (
        "没有“姓名”和“身份证号”的栏目行",
        "has no headings with a name and an identity number",
    ),
}


def _refuse_without_header(seen: Sequence[_Table], file_name: str) -> NoReturn:
    if all(each.found.skipped_because is Skipped.EMPTY for each in seen):
        raise EmptyRosterError(file=file_name)
    said = [_lacking(each.found, each.lacking) for each in seen]
    raise NoHeaderError(
        file=file_name, zh_listing="".join(zh for zh, _ in said), en_listing=" ".join(en for _, en in said)
    )


def _lacking(sheet: SheetFound, lacking: NoHeader | None) -> tuple[str, str]:
    if lacking is None or lacking.row is None or lacking.lacks == NEEDED:
        zh, en = _SKIPPED_WORDS.get(
            sheet.skipped_because or Skipped.EMPTY, ("只供查看", "is for reading only")
        )
        zh, en = f"工作表“{sheet.name}”{zh}。", f"Sheet “{sheet.name}” {en}."
    else:
        zh_lacks = "、".join(f"“{heading_of(each, 'zh')}”" for each in lacking.lacks)
        en_lacks = ", ".join(f"“{heading_of(each, 'en')}”" for each in lacking.lacks)
        zh = f"工作表“{sheet.name}”第 {lacking.row + 1} 行像栏目行，但没有{zh_lacks}。"
        en = f"Row {lacking.row + 1} of sheet “{sheet.name}” looks like headings, but has no {en_lacks}."
    if lacking and lacking.of_others:
        listed = lacking.of_others[:_OF_OTHERS_SAID]
        zh += f"{'、'.join(f'“{each}”' for each in listed)}是别人的，不当作本人的。"
        en += f" {', '.join(f'“{each}”' for each in listed)}: of somebody else, not taken for the person's."
    return zh, en
