"""A copy of everything that is hers, for her to take along: one reading, complete, and of nobody else.

It is read under her own permit in one transaction: what row-level security lets through is what the copy holds. Facts stand as
they were written, beside who wrote them, when, and why; who looked, when and for what; what she agreed to, in which words.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from django.db import connection

from yipan.duties import sealing
from yipan.duties.draft import CASE
from yipan.duties.lawbook import lawbook
from yipan.duties.sealing import ErasedError
from yipan.duties.whose import PROXY
from yipan.law.deadline import SHANGHAI
from yipan.law.wording import SAID
from yipan.offices.office import names_of
from yipan.registry.glass import glasses_over_her, needs_on

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime
    from uuid import UUID

    from django.db.backends.utils import CursorWrapper

    from yipan.law.kind import Kind
    from yipan.law.rulebook import Rulebook
    from yipan.registry.glass import Broken
    from yipan.registry.own import PersonPermit

#: The form of the copy: a later one has another number.
FORM: Final = "yipan-own-copy-1"
_EVENTS: Final = (
    "SELECT id, kind, thread_id, recorded_by, officer, on_behalf_of, counts_at, counts_by, recorded_at, clock, parties"
    " FROM duties_event WHERE persons && %s ORDER BY thread_id, counts_at, id"
)
_TEXTS: Final = """
SELECT p.event_id, p.name, p.ciphertext, s.id, s.wrapped_key, s.kek_version
  FROM duties_payload p LEFT JOIN duties_subject s ON s.id = p.subject_id WHERE p.event_id = ANY(%s) ORDER BY 1, 2
"""
_DUTIES: Final = (
    "SELECT thread_id, rule, owed_by, opened_at, due_on, state, closed_at, lapsed_at FROM duties_duty"
    " WHERE thread_id = ANY(%s) AND state <> 'void' ORDER BY thread_id, opened_at, id"
)
_LOOKS: Final = "SELECT read_at, organisation, officer, purpose, ground, words FROM registry_read WHERE subjects && %s ORDER BY read_at, id"
_REGISTER: Final = (
    "SELECT thread, organisation, enrolled_on, name, home, residence, ended FROM registry_person"
    " WHERE subject = ANY(%s) ORDER BY enrolled_on, thread"
)
_STAYS: Final = "SELECT thread, place, reason, from_on, until_on FROM registry_stay WHERE thread = ANY(%s) ORDER BY thread, number"
#: The facts that a form may ask for again, by the end of a field's name.
_AGAIN: Final = (
    "name", "identity_number", "sex", "birth_on", "phone", "home", "home_address", "residence", "residence_address",
    "contact",
)  # fmt: skip

_PLACES: Final = "SELECT thread_id, alone, own FROM duties_threadsubject WHERE subject_id = ANY(%s)"

Row = tuple[Any, ...]
Said = dict[str, Any]


@dataclass(kw_only=True)
class _Read:
    """What one transaction read."""

    #: Of each case whether it is hers alone, and which of its roles are hers.
    places: dict[UUID, tuple[bool, frozenset[str]]]
    events: list[Row]
    texts: list[Row]
    duties: list[Row]
    looks: list[Row]
    register: list[Row]
    stays: list[Row]
    glasses: list[Broken]


def copy_of_everything(permit: PersonPermit, now: datetime) -> Said:
    """Return everything that is hers here, as plain data for JSON.

    Raises:
        PermitExpiredError: her permit's time is over.
    """
    permit.require(now)
    book = lawbook()
    read = _read(permit)
    texts = _opened(read.texts)
    names = names_of(
        {row[3] for row in read.events}
        | {row[2] for row in read.duties}
        | {row[1] for row in read.looks}
        | {each.organisation for each in read.glasses}
    )
    entries: dict[str, list[Said]] = {}
    consents: list[Said] = []
    for row in read.events:
        kind = book.kind(row[1], row[6].astimezone(SHANGHAI).date())
        clock = _hers(json.loads(row[9]), kind, read.places.get(row[2], (False, frozenset())))
        entry = _entry(row, kind, clock, texts.get(row[0], {}), names)
        entries.setdefault(str(row[2]), []).append(entry)
        consents += _consents(entry, kind, clock)
    duties: dict[str, list[Said]] = {}
    for row in read.duties:
        duties.setdefault(str(row[0]), []).append(_duty(row, book, names))
    return {
        "form": FORM,
        "written_at": _moment(now),
        "facts": _facts(read.events, texts, book),
        "register": _register(read, names),
        "cases": [
            {"case": case, "entries": listed, "duties": duties.get(case, [])}
            for case, listed in entries.items()
        ],
        "agreements": consents,
        "looks": [
            {
                "at": _moment(at), "office": names.get(office, office), "officer": officer,
                "purpose": purpose, "ground": ground, "words": words,
            }
            for at, office, officer, purpose, ground, words in read.looks
        ],
        "glasses": [_glass(each, book, names) for each in read.glasses],
    }  # fmt: skip


def facts_of(permit: PersonPermit) -> dict[str, str]:
    """Return the latest word on each particular of hers, for forms that ask for them again."""
    read = _read(permit)
    found = _facts(read.events, _opened(read.texts), lawbook())
    return {name: str(value) for name, value in found.items()}


def _read(permit: PersonPermit) -> _Read:
    subjects = list(permit.subjects)

    def rows(cursor: CursorWrapper, query: str, *values: Any) -> list[Row]:  # noqa: ANN401  # whatever a query asks
        cursor.execute(query, values)
        found: list[Row] = cursor.fetchall()
        return found

    with permit.in_force(), connection.cursor() as cursor:
        events = rows(cursor, _EVENTS, subjects)
        register = rows(cursor, _REGISTER, subjects)
        return _Read(
            places={row[0]: (row[1], frozenset(row[2])) for row in rows(cursor, _PLACES, subjects)},
            events=events,
            texts=rows(cursor, _TEXTS, [row[0] for row in events]),
            duties=rows(cursor, _DUTIES, sorted({row[2] for row in events})),
            looks=rows(cursor, _LOOKS, subjects),
            register=register,
            stays=rows(cursor, _STAYS, [row[0] for row in register]),
            glasses=glasses_over_her(),
        )


def _opened(rows: Iterable[Row]) -> dict[UUID, dict[str, dict[str, object] | None]]:
    """Return what each entry says, by the names of its persons; None for what has ended."""
    found: dict[UUID, dict[str, dict[str, object] | None]] = {}
    for event, name, ciphertext, subject, wrapped, version in rows:
        facts: dict[str, object] | None = None
        # The words about no one person have a key of their own, which her permit may not see.
        if subject is not None:
            try:
                facts = sealing.unseal(
                    sealing.unwrap(subject, wrapped, version), event, name, bytes(ciphertext)
                )
            except ErasedError:
                facts = None
        found.setdefault(event, {})[name] = facts
    return found


def _hers(clock: Mapping[str, object], kind: Kind, place: tuple[bool, frozenset[str]]) -> dict[str, object]:
    """Leave out what somebody else of the case agreed to."""
    alone, own = place
    asked = {name: kind.fields[name].consent_of for name in clock if name in kind.fields}
    return {
        name: value for name, value in clock.items() if alone or not asked.get(name) or asked[name] in own
    }


def _entry(
    row: Row,
    kind: Kind,
    clock: Mapping[str, object],
    texts: Mapping[str, Mapping[str, object] | None],
    names: Mapping[str, str],
) -> Said:
    own, name, _, recorded_by, officer, on_behalf_of, counts_at, counts_by, recorded_at, _, _ = row
    return {
        "id": str(own),
        "kind": name,
        "title": dict(kind.title),
        "office": names.get(recorded_by, recorded_by),
        "officer": officer,
        "on_behalf_of": on_behalf_of,
        "counts_at": _moment(counts_at),
        "counts_by": counts_by,
        "recorded_at": _moment(recorded_at),
        "clock": dict(clock),
        "says": {who: dict(facts) for who, facts in texts.items() if facts is not None},
        "ended": sorted(who for who, facts in texts.items() if facts is None and who != CASE),
        "why": kind.agrees_to or "",
    }


def _consents(entry: Said, kind: Kind, clock: Mapping[str, object]) -> list[Said]:
    asked = {name: each.consent for name, each in kind.fields.items() if each.consent and name in clock}
    wording = str(clock.get(SAID, ""))
    found = [{"purpose": purpose, "agreed": clock[name] is True} for name, purpose in asked.items()]
    if kind.agrees_to:
        found.append({"purpose": kind.agrees_to, "agreed": True})
    return [
        {**each, "wording": wording, "said_at": entry["counts_at"], "entry": entry["id"]} for each in found
    ]


def _duty(row: Row, book: Rulebook, names: Mapping[str, str]) -> Said:
    _, rule, owed_by, opened_at, due_on, state, closed_at, lapsed_at = row
    title = next((dict(each.title) for _, each in book.holders(rule)), {})
    return {
        "rule": rule,
        "title": title,
        "owed_by": names.get(owed_by, owed_by),
        "opened_at": _moment(opened_at),
        "due_on": due_on.isoformat() if due_on else "",
        "state": state,
        "closed_at": _moment(closed_at) if closed_at else "",
        "lapsed_at": _moment(lapsed_at) if lapsed_at else "",
    }


def _glass(one: Broken, book: Rulebook, names: Mapping[str, str]) -> Said:
    needs = needs_on(book, one.begun_at.astimezone(SHANGHAI).date())
    return {
        "from": _moment(one.begun_at),
        "until": _moment(one.until_at),
        "office": names.get(one.organisation, one.organisation),
        "officer": one.officer,
        "because": dict(needs[one.because]),
    }


def _register(read: _Read, names: Mapping[str, str]) -> list[Said]:
    line: dict[UUID, list[Said]] = {}
    for thread, place, reason, from_on, until_on in read.stays:
        days = {"from_on": str(from_on or ""), "until_on": str(until_on or "")}
        line.setdefault(thread, []).append({"place": place, "reason": reason, **days})
    return [
        {
            "case": str(thread), "office": names.get(office, office), "enrolled_on": enrolled_on.isoformat(),
            "name": name, "home": home, "residence": residence, "ended": ended, "stays": line.get(thread, []),
        }
        for thread, office, enrolled_on, name, home, residence, ended in read.register
    ]  # fmt: skip


def _facts(
    events: Iterable[Row], texts: Mapping[UUID, Mapping[str, Mapping[str, object] | None]], book: Rulebook
) -> dict[str, object]:
    """Return the latest word on each particular, without what the case calls her in front of its name."""
    found: dict[str, object] = {}
    for row in sorted(events, key=lambda each: (each[6], each[0])):
        kind = book.kind(row[1], row[6].astimezone(SHANGHAI).date())
        for who, facts in texts.get(row[0], {}).items():
            if who in (CASE, PROXY) or facts is None:
                continue
            plain = {
                name.removeprefix(f"{who}_"): value for name, value in facts.items() if name in kind.fields
            }
            found |= {name: value for name, value in plain.items() if name in _AGAIN}
    return found


def _moment(at: datetime) -> str:
    return at.astimezone(SHANGHAI).isoformat(timespec="seconds")
