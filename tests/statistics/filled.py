"""Returns filled in as a department does: the form, with counts, and the digest that a spreadsheet would compute."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from openpyxl import Workbook, load_workbook

from yipan.offices.office import organisation
from yipan.registry.headcounts import townships_of
from yipan.statistics.returnform import form_for, write_form

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from openpyxl.worksheet.worksheet import Worksheet

#: Where the form says something: its contract, and its rows.
CONTENT, ROWS, DIGEST, HEADINGS, FIRST, ACROSS = "B7", "B8", "B9", 11, 12, 3


def empty(office: str, month: str, language: str = "zh") -> Workbook:
    """Return the form of a department as it is handed out."""
    where, raw = organisation(office), io.BytesIO()
    write_form(raw, form_for(where), where, month, language)
    return load_workbook(raw)


def sent(
    office: str,
    month: str,
    counts: Mapping[str, Sequence[Any]],
    *,
    content: str = "有数字",
    change: Callable[[Worksheet], None] | None = None,
) -> bytes:
    """Return a return as bytes. `counts`: by township; zeros where none is said. `change`: what went wrong on the way."""
    book = empty(office, month)
    sheet = book.worksheets[0]
    across = len(form_for(organisation(office)).columns)
    digest = 0
    for at, (township, _) in enumerate(townships_of(office)):
        own = list(counts.get(township, ())) + [0] * across
        for column, count in enumerate(own[:across]):
            sheet.cell(FIRST + at, ACROSS + column).value = count
            digest += (at + 1) * (column + 1) * (count if isinstance(count, int) else 0)
    sheet[DIGEST], sheet[CONTENT] = digest, content
    if change:
        change(sheet)
    raw = io.BytesIO()
    book.save(raw)
    return raw.getvalue()
