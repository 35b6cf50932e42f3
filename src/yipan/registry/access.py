"""The only way to a person's facts: a permit, a purpose, the payloads that the policies let through, a line in the log."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from django.db import connection

from yipan.duties import queries, sealing
from yipan.duties.draft import CASE
from yipan.duties.lawbook import lawbook
from yipan.duties.views import CaseView, EventView, Said
from yipan.law.deadline import SHANGHAI

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from uuid import UUID

    from yipan.law.kind import Kind
    from yipan.offices.permit import Permit

_PAYLOADS = """
SELECT p.event_id, p.name, p.ciphertext, s.id, s.wrapped_key, s.kek_version
  FROM duties_payload p JOIN duties_subject s ON s.id = p.subject_id
 WHERE p.event_id = ANY(%s)
"""
#: What stands in the place of facts whose key has been erased.
ERASED: Said = {"zh": "已删除", "en": "erased"}
_CASE_TITLE: Said = {"zh": "事项", "en": "The matter"}

Facts = tuple[tuple[Said, tuple[tuple[Said, str], ...]], ...]


def read_case(permit: Permit, thread: UUID, now: datetime) -> CaseView:
    """Return a case with the facts this office may see, and write down that it looked.

    Raises:
        NotPermittedError, UnknownThreadError: as `queries.case`.
    """
    view = queries.case(permit, thread, now)
    with permit.in_force(), connection.cursor() as cursor:
        cursor.execute(_PAYLOADS, [[each.id for each in view.story]])
        rows = cursor.fetchall()
        shown = sorted({row[3] for row in rows if row[1] != CASE})
        if shown:
            cursor.execute(
                "INSERT INTO registry_read (read_at, organisation, officer, purpose, thread, subjects)"
                " VALUES (%s, %s, %s, %s, %s, %s)",
                [now, permit.organisation, permit.officer, permit.purpose, thread, shown],
            )
    opened = _open(rows)
    return replace(
        view, story=tuple(replace(each, facts=_facts(each, opened.get(each.id, {}))) for each in view.story)
    )


def _open(
    rows: Sequence[tuple[UUID, str, bytes, UUID, bytes | None, int]],
) -> dict[UUID, dict[str, dict[str, object]]]:
    found: dict[UUID, dict[str, dict[str, object]]] = {}
    for event, name, ciphertext, subject, wrapped, version in rows:
        try:
            key = sealing.unwrap(subject, wrapped, version)
            facts = sealing.unseal(key, event, name, bytes(ciphertext))
        except sealing.ErasedError:
            facts = {}
        found.setdefault(event, {})[name] = facts
    return found


def _facts(event: EventView, payloads: Mapping[str, Mapping[str, object]]) -> Facts:
    kind = lawbook().kind(event.kind, event.counts_at.astimezone(SHANGHAI).date())
    return tuple(
        (_subject_title(kind, name), _fields(kind, facts)) for name, facts in sorted(payloads.items())
    )


def _subject_title(kind: Kind, name: str) -> Said:
    return _CASE_TITLE if name == CASE else kind.subjects[name].title


def _fields(kind: Kind, facts: Mapping[str, object]) -> tuple[tuple[Said, str], ...]:
    if not facts:
        return ((ERASED, "—"),)
    return tuple(
        (kind.fields[name].title, str(value)) for name, value in facts.items() if name in kind.fields
    )
