"""What a person records herself, from her own page: the same entry that an office would write down for her at its desk.

It goes through the one verb, in the name of the office that she asks, under a permit for that one kind. The entry says that
she wrote it (`the-person`) and that it counts from her own page. She writes into cases that are hers alone to write in, says
nothing of anybody else, and agrees to nothing for anybody else.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Final
from uuid import UUID

from django.db import connection

from yipan.duties.draft import CASE, Draft
from yipan.duties.faults import DraftFaultsError, Fault
from yipan.duties.journal import opened_offices
from yipan.duties.lawbook import lawbook
from yipan.duties.projecting import Projecting
from yipan.duties.refusing import refuse_unheard
from yipan.duties.whose import PROXY, Place, place_in
from yipan.errors import YipanError
from yipan.law.deadline import SHANGHAI
from yipan.offices.permit import Permit
from yipan.registry.copying import facts_of
from yipan.registry.own import THE_PERSON, NotHersError
from yipan.registry.ownaccess import NewCard, Slip, new_slip, write_card
from yipan.registry.proxies import NAMED_EFFECT, Proxies, refuse_too_long
from yipan.registry.register import record_drafts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date, datetime

    from django.db.backends.utils import CursorWrapper

    from yipan.duties.projecting import Written
    from yipan.duties.record import Receipt
    from yipan.law.kind import Field, Kind
    from yipan.registry.own import PersonPermit

_NOBODY: Final = UUID(int=0)
#: What makes such an entry count, and for what purpose the office's permit was used.
OWN_PAGE: Final = "own-page"
#: What the journal calls whoever acts for her.
THE_PROXY: Final = "her-proxy"
_PLACES: Final = """
SELECT name, subject_id, alone, own, shared, others FROM duties_threadsubject
 WHERE thread_id = %s AND subject_id = ANY(%s) AND name <> ALL(%s)
"""
#: Under which of her keys an office knows her, if it does: the one that it made first.
_KNOWN_AS: Final = """
SELECT p.subject_id FROM duties_payload p JOIN duties_event e ON e.id = p.event_id
 WHERE e.recorded_by = %s AND p.subject_id = ANY(%s) AND p.name <> ALL(%s) AND p.ended_by IS NULL
 ORDER BY e.recorded_at, e.id LIMIT 1
"""


class NotHersToSayError(YipanError):
    """This is not for a person to record herself, or not for whoever acts for her."""

    code: ClassVar[str] = "not-hers-to-say"
    sentence: ClassVar[dict[str, str]] = {
        "zh": "这件事不能在自己的页面上办理。",
        "en": "This cannot be done from one's own page.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "请到机构窗口办理；代办人只能办理所委托的那一件事。",
        "en": "Ask at the office's desk; whoever acts for somebody does so in one matter alone.",
    }


class OfficeNotHereError(YipanError):
    """Nobody at that office reads what is sent here."""

    code: ClassVar[str] = "office-not-here"
    sentence: ClassVar[dict[str, str]] = {
        "zh": "该机构还没有启用本系统，在这里提出的要求没有人收到。",
        "en": "That office does not work with this system yet; nobody there would receive a request made here.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "请选择另一个机构，或者打电话、写信联系。",
        "en": "Choose another office, or call or write to it.",
    }


@dataclass(kw_only=True)
class _Asker:
    """Who asks: under which names a case knows her, and under which key the office does."""

    places: dict[str, Place] = field(default_factory=dict)
    known_as: UUID | None = None


def kinds_for_her(now: datetime) -> list[Kind]:
    """Return what a person may record herself, in the order of the packs; what begins a case first."""
    found = [kind for kind in lawbook().kinds(now.astimezone(SHANGHAI).date()).values() if kind.by_person]
    return sorted(found, key=lambda kind: not kind.begins_case)


def asked_of_her(kind: Kind, name: str = "") -> list[Field]:
    """Return the fields that a form asks her in: what is said for her, or of somebody else, is left out.

    `name`: how the case calls her; of a kind that begins one the first whom it is about.
    """
    name = name or _first_of(kind)
    place = place_in(kind, name, _NOBODY) if name in kind.subjects else None
    return [each for each in kind.fields.values() if _is_hers(kind, each, {name}, place) and not each.by_verb]


def before_she_writes(permit: PersonPermit, kind: Kind, now: datetime) -> dict[str, str]:
    """Return her own facts for the fields of a form that ask for them again."""
    permit.require(now)
    name = _first_of(kind)
    front = name + "_" if f"{name}_name" in kind.fields else ""
    known = facts_of(permit)
    return {
        each.name: known[each.name.removeprefix(front)]
        for each in asked_of_her(kind)
        if each.subject and each.name.removeprefix(front) in known
    }


def ask(  # noqa: PLR0913  # each is a word of what she asks; a bag of them would hide which was forgotten
    permit: PersonPermit,
    office: str,
    kind: str,
    fields: Mapping[str, object],
    thread: UUID | None = None,
    *,
    clock: Callable[[], datetime],
    entry: UUID | None = None,
) -> Receipt:
    """Record what a person says herself, at an office, in a case of hers or a new one.

    Raises:
        NotHersToSayError: the kind is not for her, or not for whoever acts for her.
        NotHersError: the case is none of hers.
        OfficeNotHereError: the office does not work with this system.
        DraftFaultsError: it speaks of somebody else; and all that `record()` refuses.
    """
    return _ask(permit, office, kind, fields, thread, clock(), entry=entry)


def name_proxy(  # as above
    permit: PersonPermit,
    office: str,
    thread: UUID,
    *,
    proxy_name: str,
    until_on: date,
    clock: Callable[[], datetime],
) -> Slip:
    """Let somebody act for her in one matter until a day, and return the slip to hand on: it is never shown again.

    Raises:
        ProxyTooLongError: the day has passed, or lies more than a year ahead.
        YipanError: as `ask()` says.
    """
    now = clock()
    refuse_too_long(until_on, now.astimezone(SHANGHAI))
    slip = new_slip()
    fields = {"proxy_name": proxy_name, "until": until_on.isoformat()}
    kind = lawbook().kind_that(NAMED_EFFECT, now.astimezone(SHANGHAI).date())
    _ask(permit, office, kind, fields, thread, now, slip=slip)
    return slip


def _ask(  # noqa: PLR0913  # as above
    permit: PersonPermit,
    office: str,
    name: str,
    fields: Mapping[str, object],
    thread: UUID | None,
    now: datetime,
    *,
    entry: UUID | None = None,
    slip: Slip | None = None,
) -> Receipt:
    permit.require(now)
    kind = lawbook().kind(name, now.astimezone(SHANGHAI).date())
    limited = bool(permit.threads)
    if not kind.by_person or (limited and (kind.hers_alone or thread not in permit.threads)):
        raise NotHersToSayError
    if kind.effect == NAMED_EFFECT and slip is None:
        # A proxy without a slip could do nothing: it is named through `name_proxy()`.
        raise NotHersToSayError
    asker = _asker(permit, office, thread)
    refuse_unheard(kind, fields)
    persons = _persons(kind, asker)
    _refuse_others(kind, fields, asker, thread)
    draft = Draft(kind=name, id=entry, thread=thread, fields={**fields, **kind.from_her}, persons=persons)
    office_permit = Permit(
        officer=THE_PROXY if limited else THE_PERSON,
        organisation=office,
        rights=frozenset({"record"}),
        purpose=OWN_PAGE,
        until_at=permit.until_at,
        kinds=frozenset({name}),
    )
    hers = next(iter(asker.places.values())).subject if asker.places else asker.known_as
    also: Projecting = (
        Proxies(office_permit, slip, hers) if slip else _NewKey(office_permit, kind, persons, now)
    )
    receipt = record_drafts([draft], permit=office_permit, clock=lambda: now, also=also, counts_by=OWN_PAGE)
    if isinstance(also, _NewKey) and also.card:
        _join(permit, also, now)
    return receipt


def _asker(permit: PersonPermit, office: str, thread: UUID | None) -> _Asker:
    subjects, nobody = list(permit.subjects), [CASE, PROXY]
    with permit.in_force(), connection.cursor() as cursor:
        if office not in opened_offices(cursor, [office]):
            raise OfficeNotHereError
        if thread is None:
            cursor.execute(_KNOWN_AS, [office, subjects, nobody])
            row = cursor.fetchone()
            return _Asker(known_as=row[0] if row else None)
        cursor.execute(_PLACES, [thread, subjects, nobody])
        places = {
            row[0]: Place(
                subject=row[1],
                alone=row[2],
                own=frozenset(row[3]),
                shared=frozenset(row[4]),
                others=frozenset(row[5]),
            )
            for row in cursor.fetchall()
        }
    if not places:
        raise NotHersError
    return _Asker(places=places)


def _first_of(kind: Kind) -> str:
    return next((name for name in kind.subjects if name != PROXY), "")


def _persons(kind: Kind, asker: _Asker) -> dict[str, UUID]:
    """Return whom the kind means by her, so that the entry is written under a key of hers.

    Raises:
        NotHersToSayError: the case is about two, and the kind cannot tell which of them speaks.
    """
    name = _first_of(kind)
    if not asker.places:
        return {name: asker.known_as} if name and asker.known_as else {}
    named = {each: place.subject for each, place in asker.places.items() if each in kind.subjects}
    if named or not name:
        return named
    if not all(place.alone for place in asker.places.values()):
        raise NotHersToSayError
    return {name: next(iter(asker.places.values())).subject}


def _refuse_others(kind: Kind, fields: Mapping[str, object], asker: _Asker, thread: UUID | None) -> None:
    """Refuse what is said of somebody else, agreed to for somebody else, or said otherwise than for her.

    Raises:
        DraftFaultsError: every such field.
    """
    names = {each for each in asker.places if each in kind.subjects} or {_first_of(kind)}
    if thread is None and _first_of(kind):
        place: Place | None = place_in(kind, _first_of(kind), _NOBODY)
    else:
        place = next(iter(asker.places.values()), None)
    wrong = [
        name
        for name in fields
        if (name in kind.fields and not _is_hers(kind, kind.fields[name], names, place))
        or (name in kind.roles and place is not None and name in place.others)
    ]
    if wrong:
        raise DraftFaultsError(
            [
                Fault(
                    field=name,
                    zh="这一项不由您本人填写。",
                    en="This is not for you to say.",
                )
                for name in wrong
            ]
        )


def _is_hers(kind: Kind, one: Field, names: set[str], place: Place | None) -> bool:
    if one.by_verb or one.name in kind.from_her:
        return False
    if one.subject and one.subject not in names and one.subject != PROXY:
        return False
    return not one.consent_of or place is None or place.alone or one.consent_of in place.own


class _NewKey(Projecting):
    """Where an office does not know her yet, its entry makes a key: she has to have a card for it, or would not see it."""

    def __init__(self, permit: Permit, kind: Kind, persons: Mapping[str, UUID], now: datetime) -> None:
        self.permit = permit
        self.name = "" if persons else _first_of(kind)
        self.now = now
        self.card: UUID | None = None
        self.subject: UUID | None = None

    def write(self, cursor: CursorWrapper, written: Written) -> None:
        """Write down a card that nobody holds: her account uses it, and its number was never shown."""
        for each in written.recorded:
            if self.name in each.entry.payloads and self.card is None:
                slip = new_slip()
                self.subject = each.entry.payloads[self.name].subject
                new = NewCard(subject=self.subject)
                write_card(cursor, slip, new, each.entry.thread, self.permit, self.now)
                self.card = slip.card


def _join(permit: PersonPermit, new: _NewKey, now: datetime) -> None:
    with permit.in_force(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO registry_personsubject (access_id, account_id, subject, added_at, used_at)"
            " VALUES (%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
            [new.card, permit.account, new.subject, now, now],
        )
