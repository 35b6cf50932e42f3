"""Rows that an office was sent in a list and that wait to be mended, or lie there as said twice: hers go when she does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from yipan.duties import sealing
from yipan.duties.sealing import ErasedError
from yipan.registry.matching import read_number, read_phone
from yipan.registry.staging import open_rows, seal_rows

if TYPE_CHECKING:
    from collections.abc import Iterable
    from uuid import UUID

    from django.db.backends.utils import CursorWrapper

    from yipan.offices.permit import Permit

_FACTS = """
SELECT p.event_id, p.name, p.ciphertext, s.id, s.wrapped_key, s.kek_version
  FROM duties_payload p JOIN duties_subject s ON s.id = p.subject_id WHERE p.subject_id = %s
"""
_LISTS = "SELECT id, wrapped_key, kek_version FROM registry_intake WHERE wrapped_key IS NOT NULL"
_PARTS = "SELECT number, entries, returned FROM registry_intakepart WHERE intake_id = %s"


def forget_rows(cursor: CursorWrapper, permit: Permit, subject: UUID) -> None:
    """Take out of every list of an office the rows about one person, before her key is gone. Known by number and telephone."""
    marks = _marks(cursor, subject)
    if not marks:
        return
    cursor.execute(_LISTS)
    for intake, wrapped, version in cursor.fetchall():
        key = sealing.unwrap(intake, bytes(wrapped), version)
        cursor.execute(_PARTS, [intake])
        for number, entries, returned in cursor.fetchall():
            for what, sealed in (("entries", entries), ("returned", returned)):
                if sealed is None:
                    continue
                rows = open_rows(key, intake, number, what, sealed)
                left = [each for each in rows if not _about(each, marks)]
                if len(left) < len(rows):
                    _keep(cursor, intake, number, what, seal_rows(key, intake, number, what, left))
    del permit  # row-level security has let through what is its office's alone


def _marks(cursor: CursorWrapper, subject: UUID) -> frozenset[str]:
    """Return every number and telephone that was ever written down of her, in the one form in which they are compared."""
    found: set[str] = set()
    cursor.execute(_FACTS, [subject])
    for event, name, ciphertext, own, wrapped, version in cursor.fetchall():
        try:
            facts = sealing.unseal(sealing.unwrap(own, wrapped, version), event, name, bytes(ciphertext))
        except ErasedError:
            continue
        found |= {_plain(facts.get(each)) for each in facts if each.endswith(("identity_number", "phone"))}
    return frozenset(found - {""})


def _plain(value: object) -> str:
    text = str(value or "")
    number = read_number(text)
    return number.body if number else read_phone(text) or text.strip().upper()


def _about(row: Iterable[Any], marks: frozenset[str]) -> bool:
    said = [value for part in row if isinstance(part, dict) for value in part.values()]
    return any(isinstance(value, str | int) and _plain(value) in marks for value in said)


def _keep(cursor: CursorWrapper, intake: UUID, number: int, what: str, sealed: bytes | None) -> None:
    column = {"entries": "entries", "returned": "returned"}[what]
    cursor.execute(
        f"UPDATE registry_intakepart SET {column} = %s WHERE intake_id = %s AND number = %s",  # noqa: S608  # one of two columns of ours
        [sealed, intake, number],
    )
