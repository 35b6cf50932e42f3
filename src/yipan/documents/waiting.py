"""A notice that no message told her of: left with the office that enrolled her, to be said when she comes.

The entry says that there is a notice and why no message went, never of what. It goes once for each cause, under a name of
its own, so that a second try writes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from uuid import UUID, uuid5

from django.db import connection

from yipan.duties.draft import Draft
from yipan.duties.journal import events_of
from yipan.duties.lawbook import lawbook
from yipan.duties.record import record
from yipan.errors import YipanError
from yipan.law.deadline import SHANGHAI
from yipan.law.fold import in_order
from yipan.offices.permit import clock_permit

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from yipan.law.event import Event
    from yipan.law.rulebook import Rulebook
    from yipan.offices.permit import Permit

#: The parts of the kinds by which a notice is left with an office, and by which that office told her.
WAITS, TOLD = "notice-waits", "notice-told"
#: Why no message told her: she wants none, or gave no telephone; or it could not be sent.
NO_MESSAGE, FAILED = "no-message", "bounced"
_NAMESPACE: Final = UUID("7d3c8a50-9a5e-5b0a-8c8e-6f1d2e9b4a77")
_MESSAGES: Final = UUID("5f0c8f63-6b0d-5c9e-8a55-3f3a8d1c7e20")


def leave_with_office(about: UUID, thread: UUID, office: str, because: str, now: datetime) -> bool:
    """Write down, in her enrolment, that a notice waits for her; tell whether it stands there now.

    `about`: what there is to tell, or the message that failed. Where no pack in force knows such an entry, nothing is written.
    """
    if not lawbook().playing(WAITS):
        return False
    kind = lawbook().kind_that(WAITS, now.astimezone(SHANGHAI).date())
    own = uuid5(_NAMESPACE, f"{about} {thread}")
    draft = Draft(kind=kind, id=own, thread=thread, fields={"because": because})
    try:
        record([draft], permit=clock_permit(office, now), clock=lambda: now)
    except YipanError:
        # Her office, or her enrolment, may have ended. Her own page tells her all the same.
        return False
    return True


def message_after(about: UUID, thread: UUID) -> UUID:
    """Return the name of the message by which one person is told of something, in her enrolment."""
    return uuid5(_MESSAGES, f"{about} {thread}")


def waiting_in(events: Iterable[Event], book: Rulebook) -> UUID | None:
    """Return the last notice left with the office in an enrolment, if neither a message nor the office told her since."""
    listed = in_order(events, book)
    known = {each.id for each in listed}
    told_at = [each.counts_at for each in listed if each.kind in book.playing(TOLD)]
    waits = [each for each in listed if each.kind in book.playing(WAITS)]
    left = [
        each.id
        for each in waits
        if message_after(each.id, each.thread) not in known
        and not any(at >= each.counts_at for at in told_at)
    ]
    return left[-1] if left else None


def is_waiting(permit: Permit, thread: UUID) -> bool:
    """Tell whether a notice waits, in an enrolment of the permit's office, to be told to her when she comes."""
    book = lawbook()
    with permit.in_force(), connection.cursor() as cursor:
        return bool(book.playing(WAITS)) and waiting_in(events_of(cursor, [thread])[thread], book) is not None
