"""What the tests of the law share: the packs, a rulebook of them, and the offices above an office."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from yipan.law.pack import Pack, read_packs, shown
from yipan.law.reading import Faults
from yipan.law.rulebook import Adoption, Rulebook
from yipan.offices import divisions

if TYPE_CHECKING:
    from yipan.law.rule import Rule

ROOT = Path(__file__).resolve().parents[2]
RULEPACKS = ROOT / "rulepacks"
STRANGE = Path(__file__).resolve().parent / "strange"


@lru_cache(maxsize=1)
def real_packs() -> tuple[Pack, ...]:
    """Return the packs that come with Yipan; a fault in one fails whoever asks."""
    return _read(RULEPACKS)


@lru_cache(maxsize=1)
def strange_packs() -> tuple[Pack, ...]:
    """Return the test packs of strange rules."""
    return _read(STRANGE)


def _read(root: Path) -> tuple[Pack, ...]:
    faults = Faults()
    packs = tuple(read_packs(root, faults))
    assert not faults.lines, "\n".join(faults.lines)
    return packs


@lru_cache(maxsize=2)
def rulebook(*, strange: bool = False) -> Rulebook:
    """Return a rulebook of all packs; or of the strange ones with what they stand on."""
    packs = (*beside_strange(), *strange_packs()) if strange else real_packs()
    return Rulebook(Adoption(pack=shown(pack)) for pack in packs)


@lru_cache(maxsize=1)
def beside_strange() -> tuple[Pack, ...]:
    """Return the packs that the strange ones stand on, without what they say in their own way, nor the calendar's duties."""
    kinds = {name for pack in strange_packs() for name in pack.kinds}
    rules = {name for pack in strange_packs() for name in pack.rules}
    themes = {name.partition(".")[0] for name in kinds}
    return tuple(
        replace(
            pack,
            # By theme, the word before the dot: the strange packs have certificates of their own.
            kinds={name: kind for name, kind in pack.kinds.items() if name.partition(".")[0] not in themes},
            rules={
                name: rule
                for name, rule in pack.rules.items()
                if name not in rules and not rule.every and not themes.intersection(_themes_of(rule))
            },
        )
        for pack in real_packs()
        if pack.name in {"yipan-base", "casework", "calendar", "decree-555"}
    )


def _themes_of(rule: Rule) -> set[str]:
    triggers = (*rule.triggers, *rule.released_by, *(rule.discharge.triggers if rule.discharge else ()))
    return {each.kind.partition(".")[0] for each in triggers}


def example_texts(root: Path) -> dict[str, str]:
    """Return every examples file below a folder of packs, by its path inside it."""
    return {
        path.relative_to(root).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(root.glob("*/*/examples/*.yaml"))
    }


@lru_cache(maxsize=1)
def _divisions() -> frozenset[str]:
    return frozenset(division.code for division in divisions.read_divisions())


@lru_cache(maxsize=4096)
def line_of(organisation: str) -> dict[str, str]:
    """Return the offices above an organisation by level, itself included, and its counterparts."""
    return divisions.line_of(organisation, _divisions())
