"""What a file is, by its first bytes: its name and what a browser says of it prove nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from yipan.errors import YipanError

if TYPE_CHECKING:
    from collections.abc import Mapping

#: How scans and photographs begin.
_BEGINNINGS: Final[Mapping[bytes, str]] = {
    b"%PDF-": "pdf",
    b"\xff\xd8\xff": "jpeg",
    b"\x89PNG\r\n\x1a\n": "png",
    b"II*\x00": "tiff",
    b"MM\x00*": "tiff",
    b"GIF87a": "gif",
    b"GIF89a": "gif",
    b"BM": "bmp",
}
_BRANDS: Final = (b"heic", b"heix", b"mif1", b"heif", b"avif")
#: Of a text, this much is looked at for what is none.
_FRONT: Final = 1 << 16
_SPACE: Final = 0x20


class NoScanError(YipanError):
    """The file is neither a scan, nor a photograph, nor plain text."""

    code: ClassVar[str] = "no-scan"
    exit_code: ClassVar[int] = 2
    sentence: ClassVar[dict[str, str]] = {
        "zh": "这个文件不是扫描件、照片或纯文字。",
        "en": "This file is neither a scan, nor a photograph, nor plain text.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "请上传 PDF、JPG、PNG、TIFF 或 HEIC；压缩包、网页和程序一律不收。",
        "en": "Send a PDF, JPG, PNG, TIFF or HEIC; no archive, web page or program is taken.",
    }


def kind_of(content: bytes) -> str:
    """Return what a file is by its content; nothing for what may be no evidence."""
    for beginning, kind in _BEGINNINGS.items():
        if content.startswith(beginning):
            return kind
    if content[4:8] == b"ftyp" and content[8:12] in _BRANDS:
        return "heif"
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "webp"
    return "text" if _is_plain(content) else ""


def _is_plain(content: bytes) -> bool:
    front = content[:_FRONT]
    if b"\0" in front or front.lstrip().startswith((b"<", b"#!", b"PK", b"MZ", b"\x7fELF")):
        return False
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return not any(byte < _SPACE and byte not in b"\t\n\r\f" for byte in front)


def refuse_strange(content: bytes) -> None:
    """Refuse a file that is no scan, no photograph and no plain text.

    Raises:
        NoScanError: whatever it is called.
    """
    if not kind_of(content):
        raise NoScanError
