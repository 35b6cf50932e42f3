"""Messages on their way to the gateway: queued with the entry that says so, sent by the sweep, tried again, and told.

A row names nobody: the number and the words stay sealed in the entry, and are opened for the moment of sending alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, ClassVar, Final
from uuid import UUID, uuid5

from django.db import connection, models

from yipan.documents import gateway
from yipan.documents.waiting import FAILED, NO_MESSAGE, leave_with_office
from yipan.duties import sealing
from yipan.duties.draft import Draft
from yipan.duties.journal import events_of
from yipan.duties.lawbook import lawbook
from yipan.duties.projecting import Projecting
from yipan.duties.record import record
from yipan.duties.sealing import ErasedError
from yipan.errors import YipanError
from yipan.law.agreeing import agreements_in, lacking
from yipan.law.deadline import SHANGHAI
from yipan.offices.permit import clock_permit

if TYPE_CHECKING:
    from django.db.backends.utils import CursorWrapper

    from yipan.duties.projecting import Written

#: The part of the kinds by which an office tells a person something, that of the kinds by which she wants none, and the
#: channel that goes by the gateway.
SENT, ENDED, CHANNEL = "message-sent", "message-ended", "message"
#: The part of the kind by which she is told that there is something to see on her own page.
NOTICE: Final = "notice-sent"
ACCEPTED, BOUNCED, WAITING = "accepted", "bounced", "waiting"
#: She withdrew, or was erased, before it was sent.
STOPPED: Final = "stopped"
#: The part of the kind by which each end is written down.
_WRITTEN: Final = {ACCEPTED: "message-taken", BOUNCED: "message-bounced", STOPPED: "message-stopped"}
#: The subject whose number and words an entry holds.
PERSON: Final = "person"
#: The first pause between two tries; each is twice as long as the one before. After the last the message has bounced.
_PAUSE: Final = timedelta(minutes=5)
_TRIES: Final = 9
#: The most messages of one sweep, so that it comes to an end.
_AT_ONCE: Final = 500
_NAMESPACE: Final = UUID("b0d0a9f5-7a3e-5c0b-9e57-2f2f5f1d8f11")
_DUE: Final = (
    f"SELECT event, thread, office, tries FROM documents_message WHERE state = '{WAITING}' AND next_at <= %s"  # noqa: S608  # our own words
    " ORDER BY next_at, event LIMIT %s"
)
_SAID: Final = (
    "SELECT p.ciphertext, p.subject_id, s.wrapped_key, s.kek_version FROM duties_payload p"
    " JOIN duties_subject s ON s.id = p.subject_id WHERE p.event_id = %s AND p.name = %s"
)
#: Whether she stopped the telling, or left the register of this office, since it was written.
_WITHDRAWN: Final = """
SELECT 1 FROM duties_event WHERE thread_id = %(thread)s AND kind = ANY(%(ended)s)
UNION ALL
SELECT 1 FROM duties_payload p JOIN duties_threadsubject t ON t.subject_id = p.subject_id
  JOIN duties_event e ON e.thread_id = t.thread_id
 WHERE p.event_id = %(event)s AND p.name = %(name)s AND e.clock->>'because' = 'withdrawn'
   AND NOT EXISTS (SELECT 1 FROM registry_person r WHERE r.thread = e.thread_id)
"""
_MOVE: Final = (
    "UPDATE documents_message SET state = %s, tries = tries + 1, next_at = %s WHERE event = %s AND state = %s"
)


class Message(models.Model):
    """One message on its way, by the entry that sends it."""

    event = models.UUIDField(primary_key=True)
    thread = models.UUIDField()
    office = models.TextField()
    state = models.TextField(default=WAITING)
    tries = models.IntegerField(default=0)
    next_at = models.DateTimeField()

    class Meta:
        app_label = "documents"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(state__in=(WAITING, ACCEPTED, BOUNCED, STOPPED)),
                name="a_message_waits_or_has_ended",
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["next_at"], condition=models.Q(state=WAITING), name="messages_waiting")
        ]


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivered:
    """What one round did: handed over, bounced for good, to be tried again."""

    accepted: int = 0
    bounced: int = 0
    waiting: int = 0
    #: Not sent, because she had withdrawn.
    stopped: int = 0


class Outbox(Projecting):
    """Queues what one call of `record()` tells by message, where the deployment has a gateway."""

    def write(self, cursor: CursorWrapper, written: Written) -> None:
        """Put each message in the queue, due at once."""
        if not gateway.address():
            return
        for each in written.recorded:
            entry = each.entry
            if (
                each.kind.part in (SENT, NOTICE)
                and entry.clock.get("channel") == CHANNEL
                and not entry.on_behalf_of
            ):
                cursor.execute(
                    "INSERT INTO documents_message (event, thread, office, state, tries, next_at)"
                    " VALUES (%s, %s, %s, %s, 0, %s)",
                    [entry.id, entry.thread, entry.recorded_by, WAITING, entry.recorded_at],
                )


def deliver(now: datetime) -> Delivered:
    """Hand over what is due, write down what came of each, and put off what the gateway did not answer.

    Stopped at any moment and run again it goes on; the gateway knows a second try by the id of the entry.

    Raises:
        GatewayInTheClearError: the gateway that is set cannot be used.
    """
    if not gateway.address():
        return Delivered()
    with connection.cursor() as cursor:
        cursor.execute(_DUE, [now, _AT_ONCE])
        due = cursor.fetchall()
    ends = [_deliver(row, now) for row in due]
    return Delivered(
        accepted=ends.count(ACCEPTED),
        bounced=ends.count(BOUNCED),
        waiting=ends.count(WAITING),
        stopped=ends.count(STOPPED),
    )


def _deliver(row: tuple[UUID, UUID, str, int], now: datetime) -> str:
    event, thread, office, tries = row
    permit = clock_permit(office, now)
    with permit.in_force(), connection.cursor() as cursor:
        phone, words = _said(cursor, event)
        ended = sorted(lawbook().playing(ENDED))
        cursor.execute(_WITHDRAWN, {"event": event, "thread": thread, "name": PERSON, "ended": ended})
        left = cursor.fetchone() is not None
        is_notice, refused = _agreed(cursor, event, thread)
    withdrawn = left or refused
    came_of_it = gateway.hand_over(event, phone, words) if phone and words and not withdrawn else ""
    state, cause = WAITING, ""
    if withdrawn:
        state = STOPPED
    elif came_of_it == gateway.TAKEN:
        state = ACCEPTED
    elif not came_of_it:
        state, cause = BOUNCED, "no-number"
    elif came_of_it == gateway.REFUSED:
        state, cause = BOUNCED, "refused"
    elif tries + 1 >= _TRIES:
        state, cause = BOUNCED, "unreachable"
    if state != WAITING:
        fields: dict[str, object] = {"cause": cause} if cause else {}
        kind = lawbook().kind_that(_WRITTEN[state], now.astimezone(SHANGHAI).date())
        # Under this name since the first one was sent: the same end twice is written once.
        own = uuid5(_NAMESPACE, f"{event} message.{state}")
        told = Draft(kind=kind, id=own, thread=thread, fields=fields)
        try:
            record([told], permit=permit, clock=lambda: now)
        except YipanError:
            # Its office may have ended since. It is put off, and holds up nobody else's.
            state = WAITING if tries + 1 < _TRIES else BOUNCED
    if is_notice and state in (BOUNCED, STOPPED) and not left:
        leave_with_office(event, thread, office, FAILED if state == BOUNCED else NO_MESSAGE, now)
    with permit.in_force(), connection.cursor() as cursor:
        cursor.execute(_MOVE, [state, now + _PAUSE * 2**tries, event, WAITING])
    return state


def _agreed(cursor: CursorWrapper, event: UUID, thread: UUID) -> tuple[bool, bool]:
    """Tell whether a message is a notice, and whether it needs her agreement and her last word on it is no."""
    book = lawbook()
    events = events_of(cursor, [thread])[thread]
    for each in events:
        if each.id == event:
            kind = book.kind(each.kind, each.counts_at.astimezone(SHANGHAI).date())
            needed = bool(kind.needs_consent)
            return kind.part == NOTICE, needed and bool(
                lacking(kind, each.clock, each.parties, agreements_in(events, book))
            )
    return False, False


def _said(cursor: CursorWrapper, event: UUID) -> tuple[str, str]:
    """Return the number and the words of an entry; nothing where she has been erased since."""
    cursor.execute(_SAID, [event, PERSON])
    row = cursor.fetchone()
    if row is None:
        return "", ""
    ciphertext, subject, wrapped, version = row
    try:
        facts = sealing.unseal(sealing.unwrap(subject, wrapped, version), event, PERSON, ciphertext)
    except ErasedError:
        return "", ""
    return str(facts.get("phone", "")), str(facts.get("words", ""))
