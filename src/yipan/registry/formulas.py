"""Text that a spreadsheet would take for a formula: neutral in whatever leaves here, and itself again when it comes back.

The one place that knows what begins a formula. Workbooks mark such a cell as text (`begins_formula`), tables of text put
an apostrophe before it (`for_table`), and a roster that comes back as such a table is read without it (`from_table`).
"""

from __future__ import annotations

from typing import Final

#: What begins a formula, in half width and, as some spreadsheets have it, in full.
_BEGINNINGS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", "|", "%")
_APOSTROPHE: Final = "'"


def begins_formula(text: str) -> bool:
    """Tell whether a spreadsheet might take a text for a formula, also behind spaces."""
    return text.lstrip(" \u3000\xa0").startswith(_BEGINNINGS) or text.startswith(_BEGINNINGS)


def for_table(text: str) -> str:
    """Return a text as a table of text may hold it: no spreadsheet calculates it."""
    return _APOSTROPHE + text if begins_formula(text.lstrip(_APOSTROPHE)) else text


def from_table(text: str) -> str:
    """Return a text as it was before `for_table`."""
    behind = text.removeprefix(_APOSTROPHE)
    return behind if text != behind and begins_formula(behind.lstrip(_APOSTROPHE)) else text
