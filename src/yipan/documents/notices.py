"""A notice to a person that there is something to look at on her own page: by message, where she agreed to messages.

It says no word of what it is about, nor who did it: others may read her telephone. What it is about stands on her own page
whether a message went out or not. It goes the way of every message: an entry of the office that enrolled her, the one outbox.
Where none goes, or it bounces, that a notice waits is left with that office, to be said when she comes; and when she agrees
to messages later, or gives another telephone, a message goes then.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from django.conf import settings
from django.db import connection

from yipan.documents import gateway
from yipan.documents.outbox import CHANNEL, NOTICE, Outbox
from yipan.documents.waiting import NO_MESSAGE, leave_with_office, message_after, waiting_in
from yipan.duties.draft import Draft
from yipan.duties.journal import events_of
from yipan.duties.lawbook import lawbook
from yipan.duties.record import record
from yipan.errors import YipanError
from yipan.law.agreeing import agreements_in
from yipan.law.deadline import SHANGHAI
from yipan.offices.permit import THE_CLOCK, clock_permit
from yipan.registry import glass
from yipan.registry.own import PersonPermit
from yipan.registry.projection import pictures

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime
    from uuid import UUID

    from yipan.law.kind import Kind
    from yipan.offices.permit import Permit

#: The words; her own page is named, and nothing else.
WORDS: Final = "一盘棋：您有一条新的通知，请到 {page} 查看"
#: What brings her particulars up to date: a telephone among them may be one that messages reach.
_UPDATED: Final = "person-updated"
_ENROLMENTS: Final = (
    "SELECT thread, organisation FROM registry_person WHERE subject = ANY(%s) AND ended = '' AND merged_into IS NULL"
    " ORDER BY enrolled_on DESC, thread"
)


def break_glass(permit: Permit, *, now: datetime, **said: Any) -> UUID:  # noqa: ANN401  # as `glass.break_glass()` says
    """Break the glass, and let those whom it opens know by message that there is a notice, where they agreed to messages.

    Raises:
        YipanError: as `glass.break_glass()` says.
    """
    event = glass.break_glass(permit, now=now, **said)
    with permit.in_force():
        row = glass.Glass.objects.get(event=event)
    send_notices(event, row.subjects, now)
    return event


def send_notices(about: UUID, subjects: Iterable[UUID], now: datetime) -> int:
    """Queue a notice to each person who agreed to messages, one to a telephone; return how many.

    `about` is the entry that there is to look at: the same twice is sent once. Without a gateway, or where she did not agree,
    the office that enrolled her is left to say it when she comes.
    """
    wanted = frozenset(subjects)
    hers = PersonPermit(account=THE_CLOCK, subjects=wanted, until_at=now + timedelta(minutes=5))
    with hers.in_force(), connection.cursor() as cursor:
        cursor.execute(_ENROLMENTS, [list(wanted)])
        enrolments = cursor.fetchall()
    told: set[str] = set()
    for thread, office in enrolments:
        phone = _phone(thread, office, now)
        if phone and (phone in told or _queue(about, thread, office, phone, now)):
            told.add(phone)
        else:
            leave_with_office(about, thread, office, NO_MESSAGE, now)
    return len(told)


def may_reach_her(kind: Kind, fields: Mapping[str, object], now: datetime) -> bool:
    """Tell whether an entry may let messages through that could not go before: she said yes, or gave a telephone."""
    if not gateway.address() or not lawbook().playing(NOTICE):
        return False
    purpose = lawbook().kind(_kind(now), now.astimezone(SHANGHAI).date()).needs_consent
    said_yes = any(each.consent == purpose and fields.get(each.name) for each in kind.fields.values())
    return said_yes or (kind.effect == _UPDATED and bool(fields.get("phone")))


def catch_up(threads: Iterable[UUID], office: str, now: datetime) -> int:
    """Queue a message to each whom a notice waits for in an enrolment of this office and who can be told now; return how many."""
    sent = 0
    for thread in threads:
        with clock_permit(office, now).in_force(), connection.cursor() as cursor:
            waits = waiting_in(events_of(cursor, [thread])[thread], lawbook())
        phone = _phone(thread, office, now) if waits else ""
        sent += bool(waits and phone and _queue(waits, thread, office, phone, now))
    return sent


def _phone(thread: UUID, office: str, now: datetime) -> str:
    """Return the telephone at which she agreed to have messages; empty where she did not, gave none, or nothing sends them."""
    book = lawbook()
    if not gateway.address() or not book.playing(NOTICE):
        return ""
    purpose = book.kind(_kind(now), now.astimezone(SHANGHAI).date()).needs_consent
    with clock_permit(office, now).in_force(), connection.cursor() as cursor:
        agreed = agreements_in(events_of(cursor, [thread])[thread], book).get((purpose, ""), False)
        drawn = pictures(cursor, [thread], book) if agreed else {}
    return str(drawn[thread][1].particulars.get("phone", "")) if thread in drawn else ""


def _queue(about: UUID, thread: UUID, office: str, phone: str, now: datetime) -> bool:
    words = WORDS.format(page=f"{str(settings.PUBLIC_ADDRESS).rstrip('/')}/mine")
    own = message_after(about, thread)
    fields = {"channel": CHANNEL, "phone": phone, "words": words}
    draft = Draft(kind=_kind(now), id=own, thread=thread, fields=fields)
    try:
        record([draft], permit=clock_permit(office, now), clock=lambda: now, also=Outbox())
    except YipanError:
        # Her office may have ended, or she said no at this moment. Her own page tells her all the same.
        return False
    return True


def _kind(now: datetime) -> str:
    return lawbook().kind_that(NOTICE, now.astimezone(SHANGHAI).date())
