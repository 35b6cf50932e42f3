"""The words for what figures speak of: titles of rules and kinds, as the law that is adopted here says them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from yipan.database import rule_packs
from yipan.duties.lawbook import lawbook
from yipan.duties.library import library

if TYPE_CHECKING:
    from collections.abc import Mapping


def titles() -> dict[str, Mapping[str, str]]:
    """Return the title of every rule and every kind, by id; what is adopted here goes before what lies on disk."""
    found: dict[str, Mapping[str, str]] = {}
    packs = [*library(rule_packs()).packs, *(each.pack for each in lawbook().adoptions())]
    for pack in packs:
        found |= {name: rule.title for name, rule in pack.rules.items()}
        found |= {name: kind.title for name, kind in pack.kinds.items()}
    return found
