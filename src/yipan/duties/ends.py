"""The ends of chains: an organisation that was succeeded says so last, and its successor names that very entry.

Where either is missing, or does not fit the other, somebody cut a chain or went on with it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from yipan.duties.ending import Endings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yipan.duties.chain import Entry

#: The last entry of a chain, and the one in the successor's chain that names it.
END_KIND: Final = "office.succeeded"
TAKING_KIND: Final = "office.took-over"


@dataclass(kw_only=True)
class Ends:
    """What the chains say of each other, gathered while they are walked."""

    #: Place and digest of the last entry of each chain.
    last: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    #: Where a chain says that it ends, and who follows.
    ended: dict[str, tuple[int, str]] = field(default_factory=dict)
    #: What a successor says of the chain it took over, by both of them.
    taken: dict[tuple[str, str], tuple[int, str]] = field(default_factory=dict)
    #: What was destroyed, and which entries say so.
    endings: Endings = field(default_factory=Endings)

    def read(self, entry: Entry, digest: bytes) -> None:
        """Take in one entry of a chain, in order."""
        self.endings.read(entry)
        self.last[entry.recorded_by] = (entry.seq, digest)
        if entry.kind == END_KIND:
            self.ended.setdefault(entry.recorded_by, (entry.seq, entry.parties["successor"][0]))
        elif entry.kind == TAKING_KIND:
            said = (int(entry.clock["entries"] or 0), str(entry.clock["head"]))
            self.taken[entry.parties["predecessor"][0], entry.recorded_by] = said

    def faults(self) -> list[str]:
        """Return what does not fit, once all chains have been read."""
        return [*self._ends(), *self._takings(), *self.endings.faults()]

    def _ends(self) -> Iterator[str]:
        for organisation, (seq, successor) in sorted(self.ended.items()):
            last = self.last[organisation][0]
            if last > seq:
                yield f"{organisation}: the chain ended at {seq} and went on to {last}"
            if (organisation, successor) not in self.taken:
                yield f"{organisation}: ended at {seq}, and {successor} has not taken over: run offices succeed again"

    def _takings(self) -> Iterator[str]:
        for (predecessor, organisation), (seq, head) in sorted(self.taken.items()):
            last, digest = self.last.get(predecessor, (0, b""))
            if (last, digest.hex()) == (seq, head):
                continue
            # One that went on has been named already, if it still holds its end.
            if last <= seq or predecessor not in self.ended:
                yield f"{predecessor}: ends at {last}, {organisation} took over another end, at {seq}"
