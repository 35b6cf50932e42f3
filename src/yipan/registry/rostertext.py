"""Tables of text: which encoding, which separator, and their rows one at a time."""

from __future__ import annotations

import codecs
import csv
import hashlib
import io
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

from yipan.registry.rosterfaults import DamagedRosterError, EmptyRosterError, NotARosterError

if TYPE_CHECKING:
    from collections.abc import Iterator

#: A file: its bytes, where it lies, or open for reading bytes from any place.
Content = bytes | str | Path | BinaryIO

#: Separators in the order in which they are tried.
SEPARATORS: Final = (",", "\t", ";")
_CHUNK: Final = 1 << 20
_FRONT: Final = 1 << 12
#: A row over more lines than this has a quotation mark too many.
_LINES_IN_A_ROW: Final = 50
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
#: How files of other kinds begin.
_OTHER_KINDS: Final = (
    (b"%PDF", "PDF 文件", "a PDF"),
    (b"\xff\xd8\xff", "图片", "a picture"),
    (b"\x89PNG", "图片", "a picture"),
    (b"Rar!", "压缩包", "an archive"),
    (b"7z\xbc\xaf", "压缩包", "an archive"),
    (b"\x1f\x8b", "压缩包", "an archive"),
    (b"{\\rtf", "文字文档", "a text document"),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class TextTable:
    """A table of text whose encoding is known."""

    content: Content
    file_name: str
    encoding: str

    def rows(self, separator: str) -> Iterator[list[str]]:
        """Yield every row, an empty list for an empty one; a cell may have line breaks.

        Raises:
            DamagedRosterError: a quotation mark that is opened and never closed.
        """
        with opened(self.content) as raw:
            text = io.TextIOWrapper(raw, encoding=self.encoding, newline="")
            reader = csv.reader(text, delimiter=separator)
            before, last = 0, [""]
            try:
                for row in reader:
                    if reader.line_num - before > _LINES_IN_A_ROW:
                        raise self._unclosed(before + 1)
                    before, last = reader.line_num, row
                    yield row
            except csv.Error as fault:
                raise self._unclosed(before + 1) from fault
            finally:
                text.detach()
        # What is never closed takes all that follows into one cell, the last line's end too.
        if last and last[-1].endswith("\n"):
            raise self._unclosed(before)

    def _unclosed(self, line: int) -> DamagedRosterError:
        return DamagedRosterError(
            file=self.file_name,
            zh_where=f"第 {line} 行附近有一个引号没有配对",
            en_where=f"near line {line} a quotation mark is not closed",
        )


@contextmanager
def opened(content: Content) -> Iterator[BinaryIO]:
    """Open a file from its beginning. What was open stays open."""
    if isinstance(content, bytes):
        yield io.BytesIO(content)
    elif isinstance(content, str | Path):
        with Path(content).open("rb") as file:
            yield file
    else:
        content.seek(0)
        yield content


def digest_of(content: Content) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    digest = hashlib.sha256()
    for chunk in _chunks(content):
        digest.update(chunk)
    return digest.hexdigest()


def read_text_table(content: Content, file_name: str) -> TextTable:
    """Return a table of text with its encoding: UTF-8 or UTF-16 with or without a mark, or GB18030.

    Raises:
        EmptyRosterError, NotARosterError: there is no text, or the file is of another kind.
        DamagedRosterError: it is text in none of these.
    """
    with opened(content) as raw:
        front = raw.read(_FRONT)
    _refuse_other_kinds(front, file_name)
    encoding = _marked(front)
    encodings = (encoding,) if encoding else ("utf-8", "gb18030")
    furthest = 0
    for each in encodings:
        wrong_in = _first_wrong_line(content, each)
        if wrong_in is None:
            return TextTable(content=content, file_name=file_name, encoding=each)
        furthest = max(furthest, wrong_in)
    raise DamagedRosterError(
        file=file_name,
        zh_where=f"第 {furthest} 行的文字既不是 UTF-8 也不是 GB18030 编码",
        en_where=f"the text in line {furthest} is neither UTF-8 nor GB18030",
    )


def _refuse_other_kinds(front: bytes, file_name: str) -> None:
    for mark, zh, en in _OTHER_KINDS:
        if front.startswith(mark):
            raise NotARosterError(file=file_name, zh_kind=zh, en_kind=en)
    start = front.removeprefix(codecs.BOM_UTF8).lstrip()
    if not start:
        raise EmptyRosterError(file=file_name)
    if start.startswith(b"<") or b"<html" in start[:1000].lower():
        raise NotARosterError(
            file=file_name, zh_kind="网页或 XML（系统导出的“假 Excel”）", en_kind="a web page or XML"
        )


def _marked(front: bytes) -> str | None:
    """Return the encoding that a file says or shows, None where it has to be tried."""
    for mark, encoding in _MARKS:
        if front.startswith(mark):
            return encoding
    if b"\0" in front:
        # Commas and digits have an empty byte beside them, before or behind.
        return "utf-16-le" if front[1::2].count(0) >= front[::2].count(0) else "utf-16-be"
    return None


def _first_wrong_line(content: Content, encoding: str) -> int | None:
    decoder = codecs.getincrementaldecoder(encoding)()
    lines = 1
    for chunk in _chunks(content):
        try:
            decoder.decode(chunk)
        except UnicodeDecodeError as fault:
            return lines + fault.object[: fault.start].count(b"\n")
        lines += chunk.count(b"\n")
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return lines
    return None


def _chunks(content: Content) -> Iterator[bytes]:
    with opened(content) as raw:
        while chunk := raw.read(_CHUNK):
            yield chunk
