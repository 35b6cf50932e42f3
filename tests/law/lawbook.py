"""What the tests of the law share: the packs, a rulebook of them, and the offices above an office."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from yipan.law.pack import Pack, read_packs
from yipan.law.reading import Faults
from yipan.law.rulebook import Adoption, Rulebook
from yipan.offices import divisions

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
    """Return a rulebook of all packs, with the strange ones if asked."""
    packs = (*real_packs(), *(strange_packs() if strange else ()))
    return Rulebook(Adoption(pack=pack) for pack in packs)


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
