"""What the packs define beside their law: letters, forms, ledgers, directories, the free catalogue. Read once."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

from yipan.database import rule_packs
from yipan.law.definition import Definition, read_definitions
from yipan.law.reading import Faults

if TYPE_CHECKING:
    from pathlib import Path

FORM: Final = "form"
LETTER: Final = "letter"
LEDGER: Final = "ledger"
SERVICE: Final = "service"


def definitions(sort: str) -> tuple[Definition, ...]:
    """Return every definition of a sort, in the order of the files."""
    return tuple(each for each in _all(rule_packs()) if each.sort == sort)


def of_kind(sort: str, kind: str, name: str = "") -> Definition | None:
    """Return the definition of a sort that an entry of a kind is printed with, or that bears a name."""
    wanted = (each for each in definitions(sort) if kind in each.kinds or each.id == name)
    return next(wanted, None)


@lru_cache(maxsize=2)
def _all(root: Path) -> tuple[Definition, ...]:
    return tuple(read_definitions(root, Faults()))
