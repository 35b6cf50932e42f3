"""The closed list of columns that leave the journal for counting. None names, or can lead to, a person.

There is no subject, no name, no free text and no id: a case and a duty are known by a salted digest. Times are those of
Beijing, without a zone, so that every engine reads the same month from them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from yipan.law.kind import Kind
    from yipan.law.rulebook import Rulebook

#: Each table with its columns and their types, in order.
TABLES: Final[dict[str, dict[str, str]]] = {
    "duties": {
        "key": "BIGINT", "thread": "BIGINT", "rule": "VARCHAR", "rule_pack": "VARCHAR", "version_on": "DATE",
        "period": "VARCHAR", "party_role": "VARCHAR", "office": "VARCHAR", "owed_by": "VARCHAR", "owed_to": "VARCHAR",
        "crossing": "VARCHAR", "opened_at": "TIMESTAMP", "due_at": "TIMESTAMP", "closed_at": "TIMESTAMP",
        "lapsed_at": "TIMESTAMP", "state": "VARCHAR", "provisional": "BOOLEAN", "opened_kind": "VARCHAR",
        "closed_kind": "VARCHAR", "closed_by": "VARCHAR", "closed_told_at": "TIMESTAMP", "closed_on_evidence": "BOOLEAN",
        "answer": "VARCHAR",
    },
    "entries": {
        "key": "BIGINT", "thread": "BIGINT", "kind": "VARCHAR", "office": "VARCHAR", "recorded_by": "VARCHAR",
        "role": "VARCHAR", "partner": "VARCHAR", "nth": "INTEGER", "counts_at": "TIMESTAMP", "recorded_at": "TIMESTAMP",
        "counts_by": "VARCHAR", "corrects": "BIGINT", "said": "MAP(VARCHAR, VARCHAR)",
    },
    "offices": {
        "office": "VARCHAR", "level": "VARCHAR", "kind": "VARCHAR", "division": "VARCHAR", "province": "VARCHAR",
        "superior": "VARCHAR", "opened_at": "TIMESTAMP", "closed_at": "TIMESTAMP",
    },
    "lines": {"office": "VARCHAR", "superior": "VARCHAR", "depth": "SMALLINT"},
}  # fmt: skip
#: By which moment a table is cut into months.
MONTH_OF: Final = {"duties": "opened_at", "entries": "counts_at"}
#: What may be said of an entry that is about no person: choices, numbers and the like, never words.
_SAYABLE: Final = ("number", "choice", "yes-no", "period")
#: What may be said of an entry that is about a person: how an office answered and by which channel, nothing of her.
_ANSWERS: Final = frozenset({"result", "channel"})


def sayable(rulebook: Rulebook) -> dict[str, list[str]]:
    """Return, for each kind that was ever adopted, the fields that may be counted by."""
    found: dict[str, set[str]] = {}
    for kind in rulebook.every_kind():
        found.setdefault(kind.name, set()).update(_of(kind))
    return {name: sorted(fields) for name, fields in found.items() if fields}


def _of(kind: Kind) -> set[str]:
    if kind.subjects:
        return _choices(kind) & _ANSWERS
    return {name for name, each in kind.fields.items() if each.clock and each.type in _SAYABLE}


def _choices(kind: Kind) -> set[str]:
    return {name for name, each in kind.fields.items() if each.clock and each.type == "choice"}
