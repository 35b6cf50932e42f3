"""What was destroyed, held against the entries that say so: nobody makes words disappear without a word.

A sealed text that is gone has the entry that ended it beside its digest. That entry stands in a chain like any other, names
whom or what it ended, and so a key or a text that somebody removed from behind is found.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from yipan.duties.draft import CASE
from yipan.duties.whose import PROXY
from yipan.law.keeping import ENDED_KIND, ERASING_KINDS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

    from yipan.duties.chain import Entry

#: Names of a case whose texts end with the person it is about.
_WITH_HER: Final = frozenset({CASE, PROXY})


@dataclass(kw_only=True)
class Endings:
    """What is gone and what says so, gathered while the chains are walked."""

    #: By the entry that ends: whom it erases (none: it ends records), and the entries it names.
    said: dict[UUID, tuple[str, frozenset[UUID]]] = field(default_factory=dict)
    #: Texts that are gone: organisation, entry, name, whose, ended by.
    gone: list[tuple[str, UUID, str, UUID, UUID | None]] = field(default_factory=list)
    #: Texts that are there while the key that opens them is not: organisation, entry, whose.
    keyless: list[tuple[str, UUID, UUID]] = field(default_factory=list)

    def read(self, entry: Entry) -> None:
        """Take in one entry."""
        if entry.kind == ENDED_KIND or entry.kind in ERASING_KINDS:
            self.said[entry.id] = (str(entry.clock.get("subject") or ""), frozenset(entry.follows))
        for name, sealed in entry.payloads.items():
            if sealed.kept:
                self.gone.append((entry.recorded_by, entry.id, name, sealed.subject, sealed.ended_by))
            elif sealed.keyless:
                self.keyless.append((entry.recorded_by, entry.id, sealed.subject))

    def faults(self) -> Iterator[str]:
        """Yield what is gone and nobody said so, once all chains have been read."""
        for organisation, event, name, subject, ended_by in self.gone:
            whom, named = self.said.get(ended_by, ("", frozenset())) if ended_by else ("", frozenset())
            erased = bool(whom) and (whom == str(subject) or name in _WITH_HER)
            if not erased and (whom or event not in named):
                yield f"{organisation}: a sealed text of entry {event} is gone, and no entry says that it ended"
        kept = {event for _, named in self.said.values() for event in named}
        for organisation, event, subject in self.keyless:
            if event not in kept:
                yield f"{organisation}: the key of person {subject} is gone, and no entry says that it was erased"
