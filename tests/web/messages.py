"""The sentences of the pages, read from templates and code, against the English catalogue.

`python -m tests.web.messages` adds what is missing to `en/LC_MESSAGES/django.po`, to be translated by
hand, drops what nothing says any more, and writes `django.mo`.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

import polib

SRC = Path(__file__).parents[2] / "src" / "yipan"
PO = SRC / "locale" / "en" / "LC_MESSAGES" / "django.po"
MO = PO.with_suffix(".mo")
_TRANSLATE = re.compile(r'{%\s*translate\s+"([^"]+)"')
_BLOCK = re.compile(r"{%\s*blocktranslate\b[^%]*%}(.*?){%\s*endblocktranslate\s*%}", re.DOTALL)
_PLURAL = re.compile(r"{%\s*plural\s*%}")
_VARIABLE = re.compile(r"{{\s*(\w+)\s*}}")
_CALLS = {"gettext": 1, "gettext_noop": 1, "gettext_lazy": 1, "ngettext": 2}


def said() -> set[tuple[str, str]]:
    """Return every sentence (and its plural, or nothing) that a page may say."""
    found: set[tuple[str, str]] = set()
    for path in SRC.rglob("*.html"):
        found |= _in_template(path.read_text(encoding="utf-8"))
    for path in (SRC / "web").rglob("*.py"):
        found |= _in_code(path.read_text(encoding="utf-8"))
    return found


def _in_template(text: str) -> set[tuple[str, str]]:
    found = {(each, "") for each in _TRANSLATE.findall(text)}
    for block in _BLOCK.findall(text):
        one, *many = (_VARIABLE.sub(r"%(\1)s", part) for part in _PLURAL.split(block))
        found.add((one, many[0] if many else ""))
    return found


def _in_code(text: str) -> set[tuple[str, str]]:
    found = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _CALLS:
            texts = [
                each.value
                for each in node.args
                if isinstance(each, ast.Constant) and isinstance(each.value, str)
            ]
            wanted = _CALLS[node.func.id]
            if len(texts) >= wanted:
                found.add((texts[0], texts[1] if wanted > 1 else ""))
    return found


def compiled(path: Path) -> bytes:
    """Return the machine form of a catalogue."""
    return bytes(polib.pofile(str(path)).to_binary())


def main() -> None:
    """Bring the catalogue into step with the pages."""
    catalogue = polib.pofile(str(PO))
    wanted = dict(said())
    for entry in [each for each in catalogue if each.msgid not in wanted]:
        catalogue.remove(entry)
    for msgid, plural in sorted(wanted.items()):
        if catalogue.find(msgid) is None:
            forms = {"msgid_plural": plural, "msgstr_plural": {0: "", 1: ""}} if plural else {}
            catalogue.append(polib.POEntry(msgid=msgid, **forms))
    catalogue.sort(key=lambda each: str(each.msgid))
    catalogue.save(str(PO))
    MO.write_bytes(compiled(PO))


if __name__ == "__main__":
    main()
