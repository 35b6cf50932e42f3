"""Papers as PDF: one template each, filled with plain data. The compiler is kept: its fonts are read once."""

from __future__ import annotations

import io
import json
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Final

import segno
import typst

if TYPE_CHECKING:
    from collections.abc import Mapping

_TEMPLATES: Final = Path(__file__).parent / "templates"
#: The package that brings a Chinese face, so that papers look right where none is installed.
_FACE: Final = "noto_cjk_sans_otc"
#: A compiler serves one paper at a time.
_ONE_AT_A_TIME: Final = Lock()


def pdf(template: str, data: Mapping[str, object]) -> bytes:
    """Return a paper as a PDF."""
    return _compiled(template, data, "pdf")


def picture(template: str, data: Mapping[str, object]) -> bytes:
    """Return a paper as a picture (PNG) of its first page, to look at."""
    return _compiled(template, data, "png")


def warm() -> None:
    """Read the fonts and set a page that nobody sees: what the first paper of a process would else wait for."""
    _compiled("first", {}, "pdf")


def _compiled(template: str, data: Mapping[str, object], form: str) -> bytes:
    said = {"paper": json.dumps(data, ensure_ascii=False)}
    with _ONE_AT_A_TIME:
        if form == "png":
            found = _compiler(template).compile(format="png", ppi=110, sys_inputs=said)
        else:
            found = _compiler(template).compile(format="pdf", sys_inputs=said)
    return bytes(found[0] if isinstance(found, list) else found or b"")


@lru_cache(maxsize=8)
def _compiler(template: str) -> typst.Compiler:
    return typst.Compiler(_TEMPLATES / f"{template}.typ", root=_TEMPLATES, font_paths=_fonts())


@lru_cache(maxsize=1)
def _fonts() -> typst.Fonts:
    found = find_spec(_FACE)
    folders = [Path(each) for each in found.submodule_search_locations or ()] if found else []
    return typst.Fonts(include_system_fonts=True, include_embedded_fonts=False, font_paths=folders)


def code(text: str) -> str:
    """Return a QR code of a text as SVG."""
    out = io.BytesIO()
    segno.make(text, error="m", micro=False).save(out, kind="svg", xmldecl=False, border=2, dark="#1a1f26")
    return out.getvalue().decode()
