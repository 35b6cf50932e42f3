"""The only way to a person's facts: a permit, a purpose, the payloads that the policies let through, a line in the log."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django.db import connection

from yipan.duties import queries, sealing
from yipan.duties.draft import CASE
from yipan.duties.lawbook import lawbook
from yipan.duties.views import CaseView, EventView, Said
from yipan.law.deadline import SHANGHAI
from yipan.offices.divisions import place_name
from yipan.registry.readlog import note_look

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime
    from uuid import UUID

    from django.db.backends.utils import CursorWrapper

    from yipan.law.kind import Field, Kind
    from yipan.law.rulebook import Rulebook
    from yipan.offices.permit import Permit

_PAYLOADS = """
SELECT p.event_id, p.name, p.ciphertext, s.id, s.wrapped_key, s.kek_version
  FROM duties_payload p JOIN duties_subject s ON s.id = p.subject_id
 WHERE p.event_id = ANY(%s)
"""
_NAMED = """
SELECT e.thread_id, e.kind, e.counts_at, p.event_id, p.name, p.ciphertext, s.id, s.wrapped_key, s.kek_version
  FROM duties_event e JOIN duties_payload p ON p.event_id = e.id AND p.name <> 'case'
  JOIN duties_subject s ON s.id = p.subject_id
 WHERE e.thread_id = ANY(%s) ORDER BY e.counts_at, e.id, p.name
"""
#: An enrolment whose person left the register: the last word on it is that she withdrew.
_GONE = """
SELECT DISTINCT e.thread_id FROM duties_event e
 WHERE e.thread_id = ANY(%s) AND e.clock->>'because' = 'withdrawn'
   AND NOT EXISTS (SELECT 1 FROM registry_person p WHERE p.thread = e.thread_id)
"""
#: What stands in the place of facts whose key has been erased, and of those whose term of keeping is over.
ERASED: Said = {"zh": "已删除", "en": "erased"}
ENDED: Said = {"zh": "保存期限届满，已销毁", "en": "ended under retention"}
_CASE_TITLE: Said = {"zh": "事项", "en": "The matter"}

Facts = tuple[tuple[Said, tuple[tuple[Said, Said | str], ...]], ...]


def read_case(permit: Permit, thread: UUID, now: datetime) -> CaseView:
    """Return a case with the facts this office may see, and write down that it looked.

    Raises:
        NotPermittedError, UnknownThreadError: as `queries.case`.
    """
    view = queries.case(permit, thread, now)
    with permit.in_force(), connection.cursor() as cursor:
        gone = bool(_withdrawn(cursor, [thread]))
        cursor.execute(_PAYLOADS, [[each.id for each in view.story]])
        rows = [row for row in cursor.fetchall() if not gone or row[1] == CASE]
        note_look(cursor, permit, now, [thread], {row[3] for row in rows if row[1] != CASE})
    opened, over, rulebook = _open(rows), _over(rows), lawbook()
    return replace(
        view,
        story=tuple(
            replace(each, facts=_facts(rulebook, each, opened.get(each.id, {}), over)) for each in view.story
        ),
    )


def names_in(permit: Permit, threads: Iterable[UUID], now: datetime) -> dict[UUID, str]:
    """Return the names of the persons of cases, as far as this office may see them, in one look that is written down.

    A clerk knows people by their names, not by the number of a case.

    Raises:
        NotPermittedError: the post does not include reading cases.
    """
    permit.require("read-case", now)
    wanted = sorted(set(threads))
    with permit.in_force(), connection.cursor() as cursor:
        gone = _withdrawn(cursor, wanted)
        cursor.execute(_NAMED, [[each for each in wanted if each not in gone]])
        rows = cursor.fetchall()
        found, shown = _names(rows)
        note_look(cursor, permit, now, sorted(found), shown)
    return {thread: "、".join(names) for thread, names in found.items()}


def said_before(permit: Permit, thread: UUID, names: Iterable[str], now: datetime) -> dict[str, str]:
    """Return what a case already says in fields that a form asks for again, in one logged look.

    Only what this office may see of persons; of each field the latest word.

    Raises:
        NotPermittedError: the post does not include reading cases.
    """
    permit.require("read-case", now)
    wanted = frozenset(names)
    found: dict[str, str] = {}
    shown: set[UUID] = set()
    with permit.in_force(), connection.cursor() as cursor:
        cursor.execute(_NAMED, [[each for each in (thread,) if not _withdrawn(cursor, [each])]])
        for _, _, _, *payload in cursor.fetchall() if wanted else ():
            [facts] = _open([tuple(payload)])[payload[0]].values()
            again = {name: str(value) for name, value in facts.items() if name in wanted}
            found |= again
            shown |= {payload[3]} if again else set()
        note_look(cursor, permit, now, [thread], shown)
    return found


def read_entry(
    permit: Permit, thread: UUID, event: UUID, now: datetime, only: Iterable[str]
) -> dict[str, dict[str, object]]:
    """Return what one entry says of the subjects named, as far as this office may see it, in one logged look.

    Whom nobody asked for is neither opened nor written down as seen: of a couple one may be printed alone.

    Raises:
        NotPermittedError: the post does not include reading cases.
    """
    permit.require("read-case", now)
    wanted = frozenset(only)
    with permit.in_force(), connection.cursor() as cursor:
        gone = bool(_withdrawn(cursor, [thread]))
        cursor.execute(_PAYLOADS, [[event]])
        rows = [row for row in cursor.fetchall() if row[1] in wanted and (not gone or row[1] == CASE)]
        note_look(cursor, permit, now, [thread], {row[3] for row in rows if row[1] != CASE})
    return _open(rows).get(event, {})


def opened_words(cursor: CursorWrapper, events: Sequence[UUID]) -> dict[UUID, dict[str, object]]:
    """Return the words about no one person of some entries, as far as the permit in force lets them through."""
    cursor.execute(_PAYLOADS, [list(events)])
    opened = _open([row for row in cursor.fetchall() if row[1] == CASE])
    return {event: facts[CASE] for event, facts in opened.items()}


def _withdrawn(cursor: CursorWrapper, threads: Sequence[UUID]) -> set[UUID]:
    """Return the enrolments among some cases that are in the register no more: she withdrew, and is shown to nobody."""
    cursor.execute(_GONE, [list(threads)])
    return {row[0] for row in cursor.fetchall()}


def _names(rows: Sequence[tuple[Any, ...]]) -> tuple[dict[UUID, list[str]], set[UUID]]:
    found: dict[UUID, list[str]] = {}
    shown: set[UUID] = set()
    rulebook = lawbook()
    for thread, kind_name, counts_at, *payload in rows:
        kind = rulebook.kind(kind_name, counts_at.astimezone(SHANGHAI).date())
        [facts] = _open([tuple(payload)])[payload[0]].values()
        for name, value in facts.items():
            if (
                name in kind.fields
                and kind.fields[name].type == "name"
                and value not in found.get(thread, [])
            ):
                found.setdefault(thread, []).append(str(value))
                shown.add(payload[3])
    return found, shown


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


def _over(rows: Sequence[tuple[UUID, str, bytes, UUID, bytes | None, int]]) -> frozenset[tuple[UUID, str]]:
    """Return which texts ended because their term was over: of nobody who was erased."""
    gone = [row for row in rows if not row[2]]
    if not gone:
        return frozenset()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT p.event_id, p.name FROM unnest(%s::uuid[], %s::text[]) AS p(event_id, name)"
            " WHERE NOT EXISTS (SELECT 1 FROM duties_erasure x WHERE x.subject = ANY(%s))",
            [[row[0] for row in gone], [row[1] for row in gone], list({row[3] for row in gone})],
        )
        return frozenset((event, name) for event, name in cursor.fetchall())


def _facts(
    rulebook: Rulebook,
    event: EventView,
    payloads: Mapping[str, Mapping[str, object]],
    over: frozenset[tuple[UUID, str]] = frozenset(),
) -> Facts:
    kind = rulebook.kind(event.kind, event.counts_at.astimezone(SHANGHAI).date())
    return tuple(
        (
            _subject_title(kind, name),
            ((ENDED, "—"),) if (event.id, name) in over else _fields(kind, facts),
        )
        for name, facts in sorted(payloads.items())
    )


def is_about_somebody(event: EventView) -> bool:
    """Tell whether an entry, with the facts that an office may see, says something of a person."""
    return any(title is not _CASE_TITLE for title, _ in event.facts)


def _subject_title(kind: Kind, name: str) -> Said:
    return _CASE_TITLE if name == CASE else kind.subjects[name].title


def _fields(kind: Kind, facts: Mapping[str, object]) -> tuple[tuple[Said, Said | str], ...]:
    if not facts:
        return ((ERASED, "—"),)
    # In the order of the form: what was sealed lies in no order that anybody reads by.
    return tuple(
        (one.title, _in_words(one, str(facts[name]))) for name, one in kind.fields.items() if name in facts
    )


def _in_words(one: Field, value: str) -> Said | str:
    """Return a value as people say it: a choice by its title, a division by its name."""
    if one.type == "choice":
        return one.choices.get(value, value)
    if one.type == "place":
        return place_name(value)
    return value
