"""Lists that are longer than a page: which page was asked for, and the ways to the others. Nothing is left out silently."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from django.http import HttpRequest

#: Nobody turns so many pages: whoever asks for more mistyped.
_LAST: Final = 100_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Sheet:
    """One page of a list: which one, of how many where that is known, and what else the address says."""

    page: int
    more: bool
    pages: int = 0
    query: str = ""

    @property
    def alone(self) -> bool:
        """Whether the list is all on this page."""
        return self.page == 1 and not self.more


def page_asked(request: HttpRequest) -> int:
    """Return which page of a list was asked for: the first, where the address says no number."""
    return number_asked(request, "page") or 1


def number_asked(request: HttpRequest, name: str) -> int | None:
    """Return a number of the address, or None where it says none."""
    text = request.GET.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and 0 < int(text[:7]) <= _LAST else None
