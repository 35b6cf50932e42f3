"""How a person comes to her own page: a number and a code on a slip, handed over at the counter by the office that knows her.

There is no list to pick from: what a slip opens is said on no page before it is used. The number is kept as a keyed digest,
the code as Argon2. Whoever has used a slip has an account without a name; a second slip, from another office, she adds
herself, and no office learns of the other.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final
from uuid import UUID, uuid4

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.contrib.postgres.fields import ArrayField
from django.db import connection, models
from django.db.models import Q

from yipan.duties.draft import Draft
from yipan.duties.lawbook import lawbook
from yipan.duties.projecting import Projecting
from yipan.duties.queries import refuse_unseen
from yipan.duties.record import record
from yipan.duties.whose import PROXY
from yipan.errors import YipanError
from yipan.law.deadline import SHANGHAI
from yipan.offices.succession import standing_of
from yipan.registry.lookup import lasting

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from django.db.backends.utils import CursorWrapper

    from yipan.duties.projecting import Written
    from yipan.offices.permit import Permit

GIVEN, ENDED = "access-given", "access-ended"
#: Why a slip ends, as the kind lists it.
BECAUSE: Final = ("lost", "her-wish", "mistaken")
#: Why one that was printed and never used ended: another was printed.
REPLACED: Final = "replaced"
#: Letters and figures that nobody mistakes for one another, on paper or read out.
ALPHABET: Final = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH: Final = 12
_DIGITS: Final = "0123456789"
_HASHER: Final = "argon2"
_IN_CASE: Final = """
SELECT e.recorded_by, e.on_behalf_of, t.subject_id, s.wrapped_key IS NULL
  FROM duties_threadsubject t JOIN duties_subject s ON s.id = t.subject_id
  JOIN LATERAL (SELECT recorded_by, on_behalf_of FROM duties_event WHERE thread_id = t.thread_id
                 ORDER BY recorded_at, id LIMIT 1) e ON true
 WHERE t.thread_id = %s AND t.name = %s
"""
_NAMES: Final = """
SELECT DISTINCT p.name FROM duties_payload p JOIN duties_event e ON e.id = p.event_id
 WHERE e.thread_id = %s AND p.name <> ALL(%s) ORDER BY p.name
"""
_LISTED: Final = """
SELECT a.id, coalesce(t.name, ''), a.given_at, a.officer, a.ended_at, a.ended_because, a.matters <> '{}'
  FROM registry_access a LEFT JOIN duties_threadsubject t ON t.thread_id = a.thread AND t.subject_id = a.subject
 WHERE a.thread = %s ORDER BY a.given_at DESC, a.id
"""
_END: Final = (
    "UPDATE registry_access SET ended_at = %s, ended_because = %s WHERE id = %s AND ended_at IS NULL"
)
_REPLACE: Final = (
    "UPDATE registry_access SET ended_at = %s, ended_because = %s"
    " WHERE thread = %s AND subject = %s AND once AND ended_at IS NULL AND id <> %s"
)


class Access(models.Model):
    """A slip that opens a person's own page: what it opens, and that it ended. Number and code are not in it."""

    id = models.UUIDField(primary_key=True)
    number_digest = models.BinaryField(unique=True)
    code_hash = models.TextField()
    subject = models.UUIDField()
    thread = models.UUIDField(db_index=True)
    organisation = models.TextField()
    officer = models.TextField()
    given_at = models.DateTimeField()
    #: Whoever acts for her: in which cases alone, and until when. Empty for herself.
    matters = ArrayField(models.UUIDField(), default=list)
    until_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    ended_because = models.TextField(default="")
    #: Printed where others may read it: it opens once, and whoever opened it gets a number that nobody has seen.
    once = models.BooleanField(default=False, db_default=False)

    class Meta:
        app_label = "registry"
        indexes: ClassVar = [models.Index(fields=["subject"], name="cards_of_a_person")]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, ended_because="")
                | (Q(ended_at__isnull=False) & ~Q(ended_because="")),
                name="a_card_ends_for_a_reason",
            )
        ]


class PersonAccount(models.Model):
    """Somebody who has used a slip. The id is the name of her account, which says nothing."""

    id = models.TextField(primary_key=True)
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="person_account"
    )
    made_at = models.DateTimeField()

    class Meta:
        app_label = "registry"


class PersonSubject(models.Model):
    """A slip that an account has used: whom it is there, and when the slip was last used."""

    access = models.OneToOneField(Access, primary_key=True, on_delete=models.PROTECT)
    account = models.ForeignKey(PersonAccount, on_delete=models.CASCADE, related_name="opened")
    subject = models.UUIDField()
    added_at = models.DateTimeField()
    used_at = models.DateTimeField()

    class Meta:
        app_label = "registry"


class NotHersToGiveError(YipanError):
    """Only the office where the case began hands over what opens it."""

    code: ClassVar[str] = "not-hers-to-give"
    sentence: ClassVar[dict[str, str]] = {
        "zh": "只有最先受理的机构可以把查阅号码交给本人；案件中也要有这个人。",
        "en": "Only the office that took her in hands over a number, and only to a person of that case.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "请本人到最先受理的机构领取，或在本机构登记后在这里领取。",
        "en": "Send her to the office that took her in; or enrol her here, and hand over a number for that.",
    }


class AlreadyHandedOverError(YipanError):
    """A slip is shown once."""

    code: ClassVar[str] = "already-handed-over"
    sentence: ClassVar[dict[str, str]] = {
        "zh": "这张纸条已经显示过一次，密码没有留底，不能再显示。",
        "en": "This slip has been shown; no copy of its code is kept, and it cannot be shown again.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "没有印好的，请停用它，再交给本人一张新的。",
        "en": "If it was not printed, end it and hand over a new one.",
    }


class NoSuchSlipError(YipanError):
    """There is no such slip, or not of this office, or it has ended."""

    code: ClassVar[str] = "no-such-slip"
    sentence: ClassVar[dict[str, str]] = {
        "zh": "本机构没有这张纸条，或者它已经停用。",
        "en": "This office has handed over no such slip, or it has ended.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "请回到案件，查看已经交给本人的号码。",
        "en": "Go back to the case and see which have been handed over.",
    }


@dataclass(frozen=True, kw_only=True, slots=True)
class Slip:
    """What is printed and handed over. It exists nowhere else."""

    card: UUID
    number: str
    code: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Card:
    """A slip as the office that handed it over knows it. `name` is how the case calls the person."""

    id: UUID
    name: str
    given_at: datetime
    officer: str
    ended_at: datetime | None
    ended_because: str
    is_for_proxy: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class NewCard:
    """A slip to be written down: whom it opens and, for whoever acts for her, in which cases until when."""

    subject: UUID
    matters: tuple[UUID, ...] = ()
    until_at: datetime | None = None
    once: bool = False


def new_slip() -> Slip:
    """Return a fresh slip: a number, and a code that nobody guesses."""
    number = "".join(secrets.choice(_DIGITS) for _ in range(LENGTH))
    code = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    return Slip(card=uuid4(), number=in_fours(number), code=in_fours(code))


def in_fours(text: str) -> str:
    """Return a number or code as it is printed."""
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))


def hash_of(code: str) -> str:
    """Return how a code is kept."""
    return make_password("".join(each for each in code if each in ALPHABET), hasher=_HASHER)


def number_digest(number: str) -> bytes:
    """Return the digest under which a number is found."""
    return lasting("own-page", "".join(each for each in number if each in _DIGITS))


def write_card(  # each is a column; a bag of them would hide which was forgotten
    cursor: CursorWrapper, slip: Slip, new: NewCard, thread: UUID, permit: Permit, now: datetime
) -> None:
    """Write a slip down, in the transaction of the entry that says it was handed over."""
    cursor.execute(
        "INSERT INTO registry_access (id, number_digest, code_hash, subject, thread, organisation, officer, given_at,"
        " matters, until_at, once, ended_because) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, '')",
        [
            slip.card, number_digest(slip.number), hash_of(slip.code), new.subject, thread,
            permit.organisation, permit.officer, now, list(new.matters), new.until_at, new.once,
        ],
    )  # fmt: skip
    if new.once:
        # One printed number of a person at a time: whoever finds the paper of before opens nothing with it.
        cursor.execute(_REPLACE, [now, REPLACED, thread, new.subject, slip.card])


class Cards(Projecting):
    """Keeps the slips in step with the entries that say they were handed over, and that they ended."""

    handles = frozenset({"access-given", "access-ended"})

    def __init__(self, permit: Permit, now: datetime, new: Mapping[str, tuple[Slip, NewCard]]) -> None:
        """Know who hands over, and the slips by the id that their entries name."""
        self.permit = permit
        self.now = now
        self.new = new

    def write(self, cursor: CursorWrapper, written: Written) -> None:
        """Write down what was handed over, and end what ended."""
        for each in written.recorded:
            card = str(each.said.get("card", ""))
            if each.kind.effect == GIVEN:
                write_card(cursor, *self.new[card], each.entry.thread, self.permit, self.now)
            elif each.kind.effect == ENDED:
                cursor.execute(_END, [self.now, str(each.said["because"]), UUID(card)])
                if not cursor.rowcount:
                    raise NoSuchSlipError


def give(permit: Permit, thread: UUID, name: str, entry: UUID, now: datetime, *, once: bool = False) -> Slip:
    """Hand over a slip to a person of a case, whom it calls `name`, and return it: it is never shown again.

    `once`: it opens one time, and ends those of before that were never used; for a paper that others may read.

    Raises:
        NotPermittedError: the post does not include recording.
        UnknownThreadError: the case is not there, or not for this office.
        NotHersToGiveError: another office took her in, or she is none of this case.
        AlreadyHandedOverError: the entry is there already.
    """
    permit.require("record", now)
    subject = _whom(permit, thread, name)
    slip = new_slip()
    fields = {"name": name, "card": str(slip.card)}
    also = Cards(permit, now, {str(slip.card): (slip, NewCard(subject=subject, once=once))})
    draft = Draft(kind=_kind_that(GIVEN, now), id=entry, thread=thread, fields=fields)
    receipt = record([draft], permit=permit, clock=lambda: now, also=also)
    if receipt.already:
        raise AlreadyHandedOverError
    return slip


def _kind_that(effect: str, now: datetime) -> str:
    return lawbook().kind_that(effect, now.astimezone(SHANGHAI).date())


def _whom(permit: Permit, thread: UUID, name: str) -> UUID:
    """Return the person whom a case calls by a name, if this office took her in."""
    if name not in names_to_give(permit, thread):
        raise NotHersToGiveError
    with permit.in_force([thread]), connection.cursor() as cursor:
        cursor.execute(_IN_CASE, [thread, name])
        row = cursor.fetchone()
    if row is None or row[3]:
        raise NotHersToGiveError
    began = row[1] or row[0]
    _, steps = standing_of({began, permit.organisation})
    after = {old: new for old, new, _ in steps}
    while began in after and began != permit.organisation:
        began = after[began]
    if began != permit.organisation:
        raise NotHersToGiveError
    subject: UUID = row[2]
    return subject


def may_give(permit: Permit, thread: UUID, name: str) -> bool:
    """Tell whether this office hands over a slip to a person of a case."""
    try:
        _whom(permit, thread, name)
    except NotHersToGiveError:
        return False
    return True


def names_to_give(permit: Permit, thread: UUID) -> tuple[str, ...]:
    """Return how a case calls the persons of whom this office may see something; who acts for another is none of them.

    Raises:
        UnknownThreadError: the case is not there, or not for this office.
    """
    with permit.in_force(), connection.cursor() as cursor:
        refuse_unseen(cursor, thread)
        cursor.execute(_NAMES, [thread, ["case", PROXY]])
        return tuple(row[0] for row in cursor.fetchall())


def cards_of(permit: Permit, thread: UUID, now: datetime) -> list[Card]:
    """Return the slips that this office handed over in a case, the latest first; whether she used one it does not learn.

    Raises:
        NotPermittedError: the post does not include reading cases.
        UnknownThreadError: the case is not there, or not for this office.
    """
    permit.require("read-case", now)
    with permit.in_force(), connection.cursor() as cursor:
        refuse_unseen(cursor, thread)
        cursor.execute(_LISTED, [thread])
        rows = cursor.fetchall()
    names = ("id", "name", "given_at", "officer", "ended_at", "ended_because", "is_for_proxy")
    return [Card(**dict(zip(names, row, strict=True))) for row in rows]


def end(permit: Permit, card: UUID, because: str, entry: UUID, now: datetime) -> UUID:
    """End a slip: what it opened is closed at once. Return the case in which it was handed over.

    Raises:
        NotPermittedError: the post does not include recording.
        NoSuchSlipError: this office has none such, or it has ended.
        DraftFaultsError: the reason is none of the kind's.
    """
    permit.require("record", now)
    with permit.in_force(), connection.cursor() as cursor:
        # Told apart from those that a subject's own page sees: an office ends only what it, or whom it follows, gave.
        cursor.execute("SELECT thread FROM registry_access WHERE id = %s AND ended_at IS NULL", [card])
        row = cursor.fetchone()
    if row is None:
        raise NoSuchSlipError
    thread: UUID = row[0]
    fields = {"card": str(card), "because": because}
    draft = Draft(kind=_kind_that(ENDED, now), id=entry, thread=thread, fields=fields)
    record([draft], permit=permit, clock=lambda: now, also=Cards(permit, now, {}))
    return thread
