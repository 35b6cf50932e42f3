"""The engine knows no form: what can happen is said in the packs, and the lower rooms ask for a part or an effect, not a name."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import yipan
from tests.law.lawbook import real_packs

SOURCE: Final = Path(yipan.__file__).parent
ROOMS: Final = ("law", "duties", "documents", "registry")
#: What the engine itself says happened: periods, lapses, adoptions, offices that come and go, looks. It defines them.
ENGINES_OWN: Final = "yipan-base"
#: Files that name a kind all the same, each with its reason.
EXCEPTIONS: Final[dict[str, str]] = {
    "law/keeping.py": "erasures: the database ends keys on these names alone, so that no pack can call another entry one",
    "registry/erasing.py": "what asks for an erasure: the same",
    "registry/entering.py": "a row of a roster becomes an entry: the register's own verb, a thousand at a time",
}


def _names_in(text: str, names: frozenset[str]) -> set[str]:
    """Return the kinds that a program names in quotes: as `"complaint.filed"`, or inside a query."""
    return {each for each in re.findall(r"""["']([a-z-]+\.[a-z-]+)["']""", text) if each in names}


def _named() -> dict[str, set[str]]:
    names = frozenset(kind for pack in real_packs() if pack.name != ENGINES_OWN for kind in pack.kinds)
    assert names
    found = {
        path.relative_to(SOURCE).as_posix(): _names_in(path.read_text("utf-8"), names)
        for room in ROOMS
        for path in sorted((SOURCE / room).glob("*.py"))
    }
    return {file: kinds for file, kinds in found.items() if kinds}


def test_no_kind_of_a_pack_stands_in_a_lower_room() -> None:
    assert {file: kinds for file, kinds in _named().items() if file not in EXCEPTIONS} == {}


def test_each_exception_is_still_needed() -> None:
    assert set(EXCEPTIONS) <= set(_named())


def test_a_kind_in_a_query_is_found_too() -> None:
    assert _names_in("SELECT 1 WHERE kind = 'telling.ended'", frozenset({"telling.ended"})) == {
        "telling.ended"
    }
