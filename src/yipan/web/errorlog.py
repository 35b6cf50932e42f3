"""How an error of ours goes into the log: what kind it was and which lines it passed, never what it said.

The words of an error may quote what somebody typed, what a row held or what was sealed. The address of a page holds ids and
names of kinds only, and what follows its question mark is left out.
"""

from __future__ import annotations

import logging
import traceback
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import TracebackType


class WithoutWords(logging.Formatter):
    """Writes the time, the level, the page and the way an error took."""

    def __init__(self) -> None:
        """Begin each line with when and how bad."""
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        """Return the lines of a record. Its message is kept only where it holds nothing but a page's own address."""
        request = getattr(record, "request", None)
        status = getattr(record, "status_code", "")
        match = getattr(request, "resolver_match", None)
        page = getattr(match, "view_name", "") or "-"
        method = getattr(request, "method", "") or "-"
        kept = logging.makeLogRecord(
            {**record.__dict__, "msg": f"{status} {method} {page}".strip(), "args": (), "exc_text": None}
        )
        return super().format(kept)

    def formatException(  # noqa: N802  # logging's own name
        self, ei: tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
    ) -> str:
        """Return the kinds of an error and of what led to it, each with the lines it passed."""
        _, error, _ = ei
        lines: list[str] = []
        seen: set[int] = set()
        while error is not None and id(error) not in seen:
            seen.add(id(error))
            lines.append(f"{type(error).__module__}.{type(error).__qualname__}")
            lines += [
                f"  {each.filename}:{each.lineno} {each.name}"
                for each in traceback.extract_tb(error.__traceback__)
            ]
            error = error.__cause__ or error.__context__
        return "\n".join(lines)
