"""Workbooks of Excel, guarded before they are opened: archives that explode, passwords, other documents."""

from __future__ import annotations

import lzma
import re
import zipfile
import zlib
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, BinaryIO, Final

from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetVisibleEnum

from yipan.registry.rosterfaults import (
    DamagedRosterError,
    ExplodingRosterError,
    NotARosterError,
    ProtectedRosterError,
)
from yipan.registry.rostertext import Content, opened

if TYPE_CHECKING:
    from collections.abc import Iterator

BookCell = str | int | float | bool | date | datetime | time | timedelta
#: A range of merged cells: first and last (row, column), counted from 0.
Merge = tuple[tuple[int, int], tuple[int, int]]

ZIP: Final = b"PK\x03\x04"
EMPTY_ZIP: Final = b"PK\x05\x06"
OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
#: How large a workbook may be unpacked, and how many times its size from `SMALL` bytes on.
LARGEST_UNPACKED: Final = 1 << 30
LARGEST_RATIO: Final = 200
SMALL: Final = 64 << 20
MOST_MEMBERS: Final = 10_000
#: Cells from the first to the last that is filled; a reader makes room for all of them.
MOST_CELLS: Final = 24_000_000

#: How large the words that all sheets share may be unpacked, and any part that is no sheet.
LARGEST_WORDS: Final = 512 << 20
LARGEST_PART: Final = 64 << 20

_SHARED_WORDS: Final = "xl/sharedStrings.xml"
_DEFINITION: Final = re.compile(rb"<!(?:DOCTYPE|ENTITY)")
_CHUNK: Final = 1 << 20
_OVERLAP: Final = 64
_LETTERS: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_CELL: Final = b'c r="'
_FAR_COLUMN: Final = re.compile(rb'c r="([A-Z]{2,3})[0-9]{1,7}"[^>]*(?<!/)>')
_CELL_ROW: Final = re.compile(rb'c r="[A-Z]{1,3}([0-9]{1,7})"[^>]*(?<!/)>')
_FROM_1904: Final = re.compile(rb'date1904="(?:1|true)"')
_BIFF_BEGIN: Final = b"\x09\x08\x10\x00\x00\x06\x05\x00"
_BIFF_1904, _BIFF_END = 0x0022, 0x000A
_ENCRYPTED: Final = "EncryptedPackage".encode("utf-16-le")
_WORD: Final = "WordDocument".encode("utf-16-le")


@dataclass(frozen=True, kw_only=True, slots=True)
class BookSheet:
    """A sheet of an open workbook."""

    book: CalamineWorkbook
    index: int
    name: str
    hidden: bool
    file_name: str

    def read(self) -> tuple[Iterator[list[BookCell]], list[Merge]]:
        """Return every row from the first of the sheet on, and the ranges of merged cells; reads the sheet anew.

        Raises:
            DamagedRosterError: the workbook names the sheet, and it is not there or cannot be read.
        """
        try:
            sheet = self.book.get_sheet_by_index(self.index)
        except CalamineError as fault:
            raise _damaged(self.file_name) from fault
        return sheet.iter_rows(), sheet.merged_cell_ranges or []


@dataclass(frozen=True, kw_only=True, slots=True)
class Book:
    """A workbook that may be opened."""

    sheets: tuple[BookSheet, ...]
    #: Whether its days are counted from 1904.
    from_1904: bool


def read_book(content: Content, file_name: str) -> Book:
    """Return the sheets of a workbook, .xlsx or .xls by what is in it.

    Raises:
        ExplodingRosterError, ProtectedRosterError, NotARosterError, DamagedRosterError: it cannot be opened.
    """
    with opened(content) as raw:
        zipped = raw.read(len(ZIP)) in {ZIP, EMPTY_ZIP}
        raw.seek(0)
        from_1904 = _look_into_zip(raw, file_name) if zipped else _look_into_ole(raw, file_name)
        raw.seek(0)
        book = _open_book(raw, file_name)
    sheets = (
        BookSheet(
            book=book,
            index=index,
            name=each.name,
            hidden=each.visible is not SheetVisibleEnum.Visible,
            file_name=file_name,
        )
        for index, each in enumerate(book.sheets_metadata)
    )
    return Book(sheets=tuple(sheets), from_1904=from_1904)


def _open_book(raw: BinaryIO, file_name: str) -> CalamineWorkbook:
    try:
        return CalamineWorkbook.from_filelike(raw)
    except PasswordError as fault:
        raise ProtectedRosterError(file=file_name) from fault
    except (CalamineError, ValueError, OSError) as fault:
        raise _damaged(file_name) from fault


def _look_into_zip(raw: BinaryIO, file_name: str) -> bool:
    """Refuse what is no workbook or would explode; return whether its days count from 1904."""
    try:
        with zipfile.ZipFile(raw) as archive:
            _refuse_exploding(archive, file_name)
            names = set(archive.namelist())
            if "xl/workbook.xml" not in names:
                raise NotARosterError(file=file_name, **_zip_kind(names))
            _refuse_twins(archive, file_name)
            for name in names:
                if name.startswith("xl/worksheets/") and name.endswith(".xml"):
                    _refuse_far_cells(archive, name, file_name)
                elif name.endswith((".xml", ".rels")):
                    _refuse_entities(archive, name, file_name)
            return _FROM_1904.search(archive.read("xl/workbook.xml")) is not None
    except (
        zipfile.BadZipFile,
        zlib.error,
        lzma.LZMAError,
        EOFError,
        NotImplementedError,
        OSError,
        ValueError,
    ) as fault:
        raise _damaged(file_name) from fault
    except RuntimeError as fault:  # how zipfile says that a member has a password
        raise ProtectedRosterError(file=file_name) from fault


def _refuse_exploding(archive: zipfile.ZipFile, file_name: str) -> None:
    members = archive.infolist()
    unpacked = sum(each.file_size for each in members)
    packed = max(1, sum(each.compress_size for each in members))
    if unpacked > LARGEST_UNPACKED or (unpacked > SMALL and unpacked > packed * LARGEST_RATIO):
        raise ExplodingRosterError(file=file_name, where=f"{unpacked >> 20} MiB / {packed >> 10} KiB")
    if len(members) > MOST_MEMBERS:
        raise ExplodingRosterError(file=file_name, where=f"{len(members)} files")


def _refuse_twins(archive: zipfile.ZipFile, file_name: str) -> None:
    """Refuse two members of one name: one reader would take the first, another the last."""
    names = [each.filename.casefold() for each in archive.infolist()]
    if len(set(names)) != len(names):
        raise _damaged(file_name)


def _refuse_entities(archive: zipfile.ZipFile, name: str, file_name: str) -> None:
    """Refuse a part that brings definitions of its own, which unfold to anything; a workbook has none.

    Reads the part to its end, so that shared words that lie about their size are found out too.
    """
    largest = LARGEST_WORDS if name == _SHARED_WORDS else LARGEST_PART
    read, kept = 0, b""
    with archive.open(name) as member:
        while chunk := member.read(_CHUNK):
            read += len(chunk)
            if read > largest:
                raise ExplodingRosterError(file=file_name, where=f"{name}: > {largest >> 20} MiB")
            if _DEFINITION.search(kept + chunk):
                raise ExplodingRosterError(file=file_name, where=f"{name}: <!DOCTYPE")
            kept = chunk[-_OVERLAP:]


def _refuse_far_cells(archive: zipfile.ZipFile, name: str, file_name: str) -> None:
    """Refuse a sheet with one filled cell so far out that all before it would fill the memory.

    Reads the member to its end, so that one that lies about its size is found out too.
    """
    rows, columns = _extent(archive, name, exact=False)
    if rows * columns > MOST_CELLS:
        rows, columns = _extent(archive, name, exact=True)
    if rows * columns > MOST_CELLS:
        raise ExplodingRosterError(file=file_name, where=f"{rows} × {columns}")


def _extent(archive: zipfile.ZipFile, name: str, *, exact: bool) -> tuple[int, int]:
    """Return the furthest row and column of a filled cell; unless exact, no column nearer than Z, which is slow to tell."""
    rows, columns = 0, 0 if exact else len(_LETTERS)
    kept = b""
    with archive.open(name) as member:
        while read := member.read(_CHUNK):
            chunk = kept + read  # a cell may lie across two pieces
            columns = _columns(chunk, columns)
            rows = max(rows, _last_row(chunk))
            kept = chunk[-_OVERLAP:]
    return rows, columns


def _columns(chunk: bytes, known: int) -> int:
    """Return the furthest column of a filled cell in a piece of a sheet."""
    for far in _FAR_COLUMN.finditer(chunk):
        column = 0
        for letter in far[1]:
            column = column * len(_LETTERS) + letter - _LETTERS[0] + 1
        known = max(known, column)
    for column in range(len(_LETTERS), known, -1):
        if b'c r="%c' % _LETTERS[column - 1] in chunk:
            return column
    return known


def _last_row(chunk: bytes) -> int:
    """Return the row of the last filled cell in a piece of a sheet; rows only grow."""
    last = chunk.rfind(_CELL)
    while last >= 0:
        found = _CELL_ROW.match(chunk, last)
        if found:
            return int(found[1])
        last = chunk.rfind(_CELL, 0, last)
    return 0


def _zip_kind(names: set[str]) -> dict[str, str]:
    if "word/document.xml" in names:
        return {"zh_kind": "Word 文档", "en_kind": "a Word document"}
    if "xl/workbook.bin" in names:
        return {"zh_kind": "二进制工作簿（.xlsb）", "en_kind": "a binary workbook (.xlsb)"}
    if "content.xml" in names:
        return {"zh_kind": "OpenDocument 文档", "en_kind": "an OpenDocument file"}
    return {"zh_kind": "压缩包", "en_kind": "an archive"}


def _look_into_ole(raw: BinaryIO, file_name: str) -> bool:
    content = raw.read()
    if _ENCRYPTED in content:
        raise ProtectedRosterError(file=file_name)
    if _WORD in content:
        raise NotARosterError(file=file_name, zh_kind="Word 文档", en_kind="a Word document")
    position = content.find(_BIFF_BEGIN)
    while 0 <= position < len(content) - 4:
        kind = int.from_bytes(content[position : position + 2], "little")
        length = int.from_bytes(content[position + 2 : position + 4], "little")
        if kind == _BIFF_1904:
            return content[position + 4 : position + 6] == b"\x01\x00"
        if kind == _BIFF_END:
            break
        position += 4 + length
    return False


def _damaged(file_name: str) -> DamagedRosterError:
    return DamagedRosterError(
        file=file_name, zh_where="文件损坏或没有传完整", en_where="the file is damaged or incomplete"
    )
