"""The library: every pack on disk with its examples and procedures, adopted here or not, read once until a file changes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from yipan.database import pack_places
from yipan.duties.lawbook import lawbook
from yipan.law.check import check_packs
from yipan.law.definition import Definition, read_definitions
from yipan.law.explain import worked_examples
from yipan.law.pack import Pack, read_packs, shown
from yipan.law.reading import Faults
from yipan.law.rulebook import Adoption, Rulebook
from yipan.offices.divisions import carried, line_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from yipan.law.explain import Worked

#: The sort of definition that stands in the library.
PROCEDURE: Final = "procedure"
_FILES: Final = "*/*/**/*.yaml"


@dataclass(frozen=True, kw_only=True)
class Library:
    """What the folder of rule packs holds. A pack whose document names no place stands at its place of demonstration."""

    packs: tuple[Pack, ...]
    rulebook: Rulebook
    procedures: tuple[Definition, ...]
    examples: Mapping[str, str]
    #: Whether a pack on disk has a fault: then it is only what is adopted here.
    faulty: bool = False

    def worked(self, rule_id: str) -> list[Worked]:
        """Return the examples of a rule or overlay, worked out."""
        return worked_examples(
            rule_id, self.examples, self.rulebook, lambda organisation: line_of(organisation, carried())
        )


def library(root: Path) -> Library:
    """Return the library of a folder. With a fault in some pack it falls back to what is adopted, which was checked."""
    stamps = tuple((str(path), path.stat().st_mtime_ns) for path in sorted(root.glob(_FILES)))
    return _read(root, stamps, tuple(sorted(pack_places().items())))


@lru_cache(maxsize=2)
def _read(root: Path, _stamps: tuple[tuple[str, int], ...], places: tuple[tuple[str, str], ...]) -> Library:
    faults = Faults()
    packs = read_packs(root, faults, dict(places))
    check_packs(packs, faults)
    if faults.lines:
        packs = list({each.pack.name: each.pack for each in lawbook().adoptions()}.values())
    # What is wrong with other definitions, `packs check` says: here only procedures are read.
    defined = [each for each in read_definitions(root, Faults()) if each.sort == PROCEDURE]
    paths = sorted(root.glob("*/*/examples/*.yaml"))
    return Library(
        packs=tuple(packs),
        rulebook=Rulebook([Adoption(pack=shown(pack)) for pack in packs]),
        procedures=tuple(defined),
        examples={path.relative_to(root).as_posix(): path.read_text(encoding="utf-8") for path in paths},
        faulty=bool(faults.lines),
    )
