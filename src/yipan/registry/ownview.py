"""What is hers, as she sees it: every fact held and where it came from, what is owed to her, who looked, what she agreed to.

Asked under her own permit: row-level security leaves out what is not hers. Her own look is in no office's read log.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from django.db import connection

from yipan.duties import sealing
from yipan.duties.draft import CASE
from yipan.duties.lawbook import lawbook
from yipan.duties.queries import duty_views
from yipan.duties.settle import COLUMNS
from yipan.law.correction import RETRACTION_KIND, substitute
from yipan.law.deadline import SHANGHAI
from yipan.law.event import Event
from yipan.law.fold import OPEN, Duty
from yipan.offices.divisions import place_name
from yipan.offices.naming import NamesByDay
from yipan.offices.officer import Officer
from yipan.registry.glass import glasses_over_her

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime
    from uuid import UUID

    from django.db.backends.utils import CursorWrapper

    from yipan.duties.views import DutyView, Said
    from yipan.law.kind import Field, Kind
    from yipan.law.rulebook import Rulebook
    from yipan.registry.glass import Broken
    from yipan.registry.own import PersonPermit

#: The most looks at her that one page shows, the latest first.
LOOKS: Final = 200
#: What stands in the place of facts whose key has been erased.
ERASED: Final[Mapping[str, str]] = {"zh": "已删除", "en": "erased"}
#: The purpose under which she is in an office's register.
ENROLMENT: Final = "enrolment"
IN_THE_REGISTER: Final[Mapping[str, str]] = {
    "zh": "在这个机构的登记册里",
    "en": "To be in this office's register",
}
_STORY: Final = (
    "id", "kind", "thread_id", "recorded_by", "officer", "on_behalf_of", "counts_at", "recorded_at", "clock", "parties",
    "corrects",
)  # fmt: skip
_EVENTS: Final = f"SELECT {', '.join(_STORY)} FROM duties_event WHERE thread_id = ANY(%s) ORDER BY counts_at, recorded_at, id"  # noqa: S608  # our own columns
_PLACES: Final = (
    "SELECT thread_id, name, alone, own, others FROM duties_threadsubject WHERE subject_id = ANY(%s)"
    " AND (%s::uuid[] = '{}' OR thread_id = ANY(%s))"
)
_PAYLOADS: Final = """
SELECT p.event_id, p.name, p.ciphertext, p.seen_by, s.id, s.wrapped_key, s.kek_version
  FROM duties_payload p JOIN duties_subject s ON s.id = p.subject_id WHERE p.event_id = ANY(%s)
"""
_DUTIES: Final = (
    f"SELECT {', '.join('thread_id' if name == 'thread' else name for name in COLUMNS)} FROM duties_duty"  # noqa: S608  # our own columns
    " WHERE thread_id = ANY(%s) ORDER BY opened_at, rule, party, id"
)
_LOOKS: Final = (
    "SELECT read_at, organisation, officer, purpose, ground, words FROM registry_read WHERE subjects && %s"
    " ORDER BY read_at DESC, id DESC LIMIT %s"
)
_CARDS: Final = """
SELECT a.id, a.organisation, a.officer, a.given_at, p.used_at, a.ended_at, a.matters <> '{}', a.until_at
  FROM registry_access a LEFT JOIN registry_personsubject p ON p.access_id = a.id
 WHERE a.subject = ANY(%s) ORDER BY a.given_at DESC, a.id
"""

Pairs = tuple[tuple["Said", "Said | str"], ...]


@dataclass(frozen=True, kw_only=True)
class OwnEntry:
    """One entry that is hers: what was written down, by which office and officer, for what, who else may read it."""

    id: UUID
    thread: UUID
    kind: str
    title: Said
    office: str
    officer: str
    counts_at: datetime
    recorded_at: datetime
    facts: Pairs
    clock: Pairs
    #: The same facts by the names of their fields, as they were written.
    said: Mapping[str, str]
    #: The offices that may open what it says of her.
    shown_to: tuple[str, ...]
    corrected: bool


@dataclass(frozen=True, kw_only=True)
class OwnConsent:
    """Something that she agreed to or not, as it stands; `of` is the part in the case that it is about."""

    thread: UUID
    matter: Said
    purpose: str
    of: str
    field: str
    title: Said
    agreed: bool
    said_at: datetime
    office: str


@dataclass(frozen=True, kw_only=True)
class OwnMatter:
    """A case of hers, with what is hers in it."""

    thread: UUID
    title: Said
    kind: str
    #: How the case calls her, and the office that began it.
    name: str
    office: str
    office_name: str
    begun_at: datetime
    alone: bool
    entries: tuple[OwnEntry, ...]
    duties: tuple[DutyView, ...]

    @property
    def is_running(self) -> bool:
        """Whether something is still owed in it."""
        return any(each.duty.state == OPEN for each in self.duties)


@dataclass(frozen=True, kw_only=True)
class OwnLook:
    """A look at her: when, by which office, by whom, what for."""

    at: datetime
    office: str
    officer: str
    purpose: str
    ground: str
    words: str


@dataclass(frozen=True, kw_only=True)
class OwnCard:
    """A slip that opens her page, as she may know it."""

    id: UUID
    office: str
    officer: str
    given_at: datetime
    used_at: datetime | None
    ended_at: datetime | None
    is_for_proxy: bool
    until_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class OwnGlass:
    """An office that is no party broke the glass over her: who, for which need, until when, and when she saw that."""

    event: UUID
    office: str
    officer: str
    because: str
    begun_at: datetime
    until_at: datetime
    seen_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Own:
    """All that is hers here."""

    matters: tuple[OwnMatter, ...]
    consents: tuple[OwnConsent, ...]
    looks: tuple[OwnLook, ...]
    cards: tuple[OwnCard, ...]
    glasses: tuple[OwnGlass, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class _Place:
    """How a case calls her, whether it is hers alone, and which roles are hers and somebody else's."""

    name: str
    alone: bool
    own: frozenset[str]
    others: frozenset[str]

    def concerns(self, role: str) -> bool:
        """Tell whether what is said of a role is said of her."""
        return self.alone or not role or role in self.own


@dataclass(kw_only=True)
class _Read:
    """What was read in one transaction."""

    places: dict[UUID, _Place]
    rows: list[dict[str, Any]]
    payloads: dict[UUID, list[tuple[str, dict[str, object] | None, tuple[str, ...]]]]
    duties: list[Duty]
    looks: list[tuple[Any, ...]]
    cards: list[tuple[Any, ...]]
    glasses: list[Broken]


def read_own(permit: PersonPermit, now: datetime) -> Own:
    """Return all that is hers: matters (the latest first), consents, looks and slips.

    Raises:
        PermitExpiredError: her permit's time is over.
    """
    permit.require(now)
    book = lawbook()
    with permit.in_force(), connection.cursor() as cursor:
        read = _read(cursor, permit)
    names = NamesByDay(_organisations(read))
    officers = _officers(
        {row["officer"] for row in read.rows}
        | {row[2] for row in read.looks}
        | {row[2] for row in read.cards}
        | {each.officer for each in read.glasses}
    )
    views = duty_views(read.duties, book, now)
    matters = [
        _matter(thread, place, read, [each for each in views if each.duty.thread == thread], names, officers)
        for thread, place in read.places.items()
        if any(row["thread_id"] == thread for row in read.rows)
    ]
    matters.sort(key=lambda each: each.begun_at, reverse=True)
    consents = [one for each in matters for one in _consents(each, read, names)]
    today = now.astimezone(SHANGHAI).date()
    return Own(
        matters=tuple(matters),
        consents=tuple(consents),
        looks=tuple(
            OwnLook(
                at=at, office=names.on(office, today), officer=officers.get(officer, officer),
                purpose=purpose, ground=ground, words=words,
            )
            for at, office, officer, purpose, ground, words in read.looks
        ),
        cards=tuple(
            OwnCard(
                id=card, office=names.on(office, today), officer=officers.get(officer, officer), given_at=given,
                used_at=used, ended_at=ended, is_for_proxy=limited, until_at=until,
            )
            for card, office, officer, given, used, ended, limited, until in read.cards
        ),
        glasses=tuple(
            OwnGlass(
                office=names.on(each.organisation, today), officer=officers.get(each.officer, each.officer),
                because=each.because, begun_at=each.begun_at, until_at=each.until_at, event=each.event,
                seen_at=each.seen_at,
            )
            for each in read.glasses
        ),
    )  # fmt: skip


def read_matter(permit: PersonPermit, thread: UUID, now: datetime) -> OwnMatter | None:
    """Return one matter of hers; None when there is none.

    Raises:
        PermitExpiredError: her permit's time is over.
    """
    limited = replace(permit, threads=permit.threads & {thread} if permit.threads else frozenset({thread}))
    if not limited.threads:
        return None
    return next((each for each in read_own(limited, now).matters if each.thread == thread), None)


# ------------------------------------------------------------------------------------------------ reading


def _read(cursor: CursorWrapper, permit: PersonPermit) -> _Read:
    subjects, matters = list(permit.subjects), list(permit.threads)
    cursor.execute(_PLACES, [subjects, matters, matters])
    places = {
        thread: _Place(name=name, alone=alone, own=frozenset(own), others=frozenset(others))
        for thread, name, alone, own, others in cursor.fetchall()
    }
    threads = list(places)
    cursor.execute(_EVENTS, [threads])
    rows = [dict(zip(_STORY, row, strict=True)) for row in cursor.fetchall()]
    for row in rows:
        row["clock"], row["parties"] = json.loads(row["clock"]), json.loads(row["parties"])
    cursor.execute(_PAYLOADS, [[row["id"] for row in rows]])
    payloads = _opened(cursor.fetchall())
    cursor.execute(_DUTIES, [threads])
    duties = [Duty(**dict(zip(COLUMNS, row, strict=True))) for row in cursor.fetchall()]
    cursor.execute(_LOOKS, [subjects, LOOKS])
    looks = cursor.fetchall()
    cursor.execute(_CARDS, [subjects])
    return _Read(
        places=places,
        rows=rows,
        payloads=payloads,
        duties=duties,
        looks=looks,
        cards=cursor.fetchall(),
        glasses=glasses_over_her(),
    )


def _opened(
    rows: Iterable[tuple[Any, ...]],
) -> dict[UUID, list[tuple[str, dict[str, object] | None, tuple[str, ...]]]]:
    """Return what each entry says by the names of its persons; None for what was erased."""
    found: dict[UUID, list[tuple[str, dict[str, object] | None, tuple[str, ...]]]] = {}
    for event, name, ciphertext, seen_by, subject, wrapped, version in rows:
        facts: dict[str, object] | None = None
        if wrapped is not None and ciphertext:
            key = sealing.unwrap(subject, wrapped, version)
            facts = sealing.unseal(key, event, name, bytes(ciphertext))
        found.setdefault(event, []).append((name, facts, tuple(seen_by)))
    return found


def _organisations(read: _Read) -> set[str]:
    found = {row["recorded_by"] for row in read.rows} | {row["on_behalf_of"] for row in read.rows}
    found |= {row[1] for row in read.looks} | {row[1] for row in read.cards}
    found |= {each.organisation for each in read.glasses}
    found |= {own for each in read.payloads.values() for _, _, seen_by in each for own in seen_by}
    return found - {""}


def _officers(usernames: Iterable[str]) -> dict[str, str]:
    """Return what officers are called: she is told who looked, not under which account."""
    found = Officer.objects.filter(user__username__in=sorted(set(usernames)))
    return dict(found.values_list("user__username", "name"))


# ----------------------------------------------------------------------------------------------- drawing


def _matter(
    thread: UUID,
    place: _Place,
    read: _Read,
    duties: Sequence[DutyView],
    names: NamesByDay,
    officers: Mapping[str, str],
) -> OwnMatter:
    rows = [row for row in read.rows if row["thread_id"] == thread]
    held = _held(rows)
    first = min(rows, key=lambda row: (row["recorded_at"], row["id"]))
    begun = first["on_behalf_of"] or first["recorded_by"]
    return OwnMatter(
        thread=thread,
        title=_kind_of(first).title,
        kind=first["kind"],
        name=place.name,
        office=begun,
        office_name=names.on(begun, _day(first)),
        begun_at=first["counts_at"],
        alone=place.alone,
        entries=tuple(_entry(row, place, read, names, officers, held) for row in rows),
        duties=tuple(sorted(duties, key=lambda each: (each.duty.state != OPEN, each.duty.opened_at))),
    )


def _entry(
    row: Mapping[str, Any],
    place: _Place,
    read: _Read,
    names: NamesByDay,
    officers: Mapping[str, str],
    held: frozenset[UUID],
) -> OwnEntry:
    kind, day = _kind_of(row), _day(row)
    payloads = read.payloads.get(row["id"], [])
    facts = [pair for _, said, _ in payloads for pair in _facts(kind, said)]
    clock = [
        (each.title, in_words(each, row["clock"][each.name]))
        for each in kind.fields.values()
        if each.name in row["clock"] and each.type != "code" and _is_said_of(place, each)
    ]
    shown = {own for name, _, seen_by in payloads if name != CASE for own in seen_by}
    return OwnEntry(
        id=row["id"],
        thread=row["thread_id"],
        kind=row["kind"],
        title=kind.title,
        office=names.on(row["on_behalf_of"] or row["recorded_by"], day),
        officer=officers.get(row["officer"], row["officer"]),
        counts_at=row["counts_at"],
        recorded_at=row["recorded_at"],
        facts=tuple(facts),
        clock=tuple(clock),
        said={name: str(value) for _, said, _ in payloads for name, value in (said or {}).items()},
        shown_to=tuple(sorted(names.on(each, day) for each in shown)),
        corrected=row["id"] not in held and row["kind"] != RETRACTION_KIND,
    )


def _is_said_of(place: _Place, one: Field) -> bool:
    """Tell whether a clear field is about her: what the other one agreed to, or where his office is, is not."""
    return place.concerns(one.consent_of) and (place.alone or one.type != "organisation")


def _facts(kind: Kind, said: Mapping[str, object] | None) -> Iterator[tuple[Said, Said | str]]:
    if said is None:
        yield ERASED, "—"
        return
    for name, one in kind.fields.items():
        if name in said:
            yield one.title, in_words(one, said[name])


def in_words(one: Field, value: object) -> Said | str:
    """Return a value as people say it: a choice by its title, a division by its name, a truth as yes or no."""
    if isinstance(value, bool):
        return {"zh": "是" if value else "否", "en": "yes" if value else "no"}
    if one.type == "choice":
        return one.choices.get(str(value), str(value))
    if one.type == "place":
        return place_name(str(value))
    return str(value)


def _consents(matter: OwnMatter, read: _Read, names: NamesByDay) -> Iterator[OwnConsent]:
    """Yield what she agreed to in a matter, as it stands after the last word on it."""
    place = read.places[matter.thread]
    rows = [row for row in read.rows if row["thread_id"] == matter.thread]
    held = _held(rows)
    last: dict[tuple[str, str], OwnConsent] = {}
    for row in rows:
        if row["id"] not in held:
            continue
        for each in _kind_of(row).fields.values():
            if each.consent and each.name in row["clock"] and place.concerns(each.consent_of):
                last[each.consent, each.consent_of] = OwnConsent(
                    thread=matter.thread,
                    matter=matter.title,
                    purpose=each.consent,
                    of=each.consent_of,
                    field=each.name,
                    title=each.title,
                    agreed=row["clock"][each.name] is True,
                    said_at=row["counts_at"],
                    office=names.on(row["on_behalf_of"] or row["recorded_by"], _day(row)),
                )
    yield from last.values()
    yield from _enrolment(matter, rows, held)


def _enrolment(
    matter: OwnMatter, rows: Iterable[Mapping[str, Any]], held: frozenset[UUID]
) -> Iterator[OwnConsent]:
    """Yield that she agreed to be in an office's register, or does no more."""
    told = [(_kind_of(row).effect, row) for row in rows if row["id"] in held]
    last = [pair for pair in told if pair[0] in ("person-enrolled", "enrolment-ended")]
    if last:
        effect, row = last[-1]
        yield OwnConsent(
            thread=matter.thread,
            matter=matter.title,
            purpose=ENROLMENT,
            of="",
            field="",
            title=IN_THE_REGISTER,
            agreed=effect == "person-enrolled",
            said_at=row["counts_at"],
            office=matter.office_name,
        )


def _held(rows: Iterable[Mapping[str, Any]]) -> frozenset[UUID]:
    """Return the entries that were not corrected away."""
    events = [
        Event(
            id=row["id"], kind=row["kind"], thread=row["thread_id"], counts_at=row["counts_at"],
            parties={}, lines={}, actor=row["recorded_by"], clock={}, corrects=row["corrects"],
        )
        for row in rows
    ]  # fmt: skip
    return frozenset(event.id for _, event in substitute(events)[0])


def _day(row: Mapping[str, Any]) -> Any:  # noqa: ANN401  # a date; the row is as the journal has it
    return row["counts_at"].astimezone(SHANGHAI).date()


def _kind_of(row: Mapping[str, Any]) -> Kind:
    book: Rulebook = lawbook()
    return book.kind(row["kind"], _day(row))
