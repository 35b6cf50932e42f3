"""Breaking the glass: an office that is no party looks in need, at one case or person, for some hours, and is seen to.

The reason stands in the office's chain, whoever audits it is told, and so is she. Nothing can be written under it, each
look is logged as one, and it ends by itself: the policies of the database ask for its end, not this module.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, ClassVar, Final

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import connection, models

from yipan.duties import journal
from yipan.duties.draft import Draft
from yipan.duties.lawbook import lawbook
from yipan.duties.naming import new_id
from yipan.duties.projecting import Projecting
from yipan.duties.record import record
from yipan.errors import YipanError
from yipan.law.deadline import SHANGHAI
from yipan.offices.permit import Permit
from yipan.registry.access import read_case
from yipan.registry.matching import read_number
from yipan.registry.own import NotHersError
from yipan.registry.projection import number_digests

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import date
    from uuid import UUID

    from django.db.backends.utils import CursorWrapper

    from yipan.duties.projecting import Written
    from yipan.duties.views import CaseView
    from yipan.law.rulebook import Rulebook
    from yipan.registry.own import PersonPermit

#: What the entry that breaks it does; its kind says so.
EFFECT: Final = "glass-broken"
#: What a post must include.
RIGHT: Final = "break-glass"
#: What the read log says these looks were for.
PURPOSE: Final = "broken glass"
#: A reason that says less than so many characters says nothing.
REASON: Final = 10


class Glass(models.Model):
    """A broken glass: who, what it opens, until when. Written by a function of the database as its event says."""

    event = models.UUIDField(primary_key=True)
    organisation = models.TextField()
    officer = models.TextField()
    because = models.TextField()
    threads = ArrayField(models.UUIDField())
    subjects = ArrayField(models.UUIDField())
    begun_at = models.DateTimeField()
    until_at = models.DateTimeField()

    class Meta:
        app_label = "registry"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(until_at__gt=models.F("begun_at")), name="a_glass_ends_after_it_begins"
            )
        ]
        indexes: ClassVar = [models.Index(fields=["organisation", "begun_at"], name="glasses_of_an_office")]


class SeenGlass(models.Model):
    """That she has seen on her own page that a glass was broken. Her account alone can read it."""

    id = models.BigAutoField(primary_key=True)
    account = models.TextField()
    glass = models.UUIDField()
    seen_at = models.DateTimeField()

    class Meta:
        app_label = "registry"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["account", "glass"], name="a_glass_is_seen_once")
        ]


class ReasonTooShortError(YipanError):
    """The reason says nothing."""

    code: ClassVar[str] = "reason-too-short"
    exit_code: ClassVar[int] = 2
    sentence: ClassVar[dict[str, str]] = {
        "zh": "理由太短：请写明发生了什么、为什么等不及（至少{least}个字）。",
        "en": "The reason is too short: say what happened and why it cannot wait (at least {least} characters).",
    }


class NothingToOpenError(YipanError):
    """Neither the number of a case nor an identity number was said, or both."""

    code: ClassVar[str] = "nothing-to-open"
    exit_code: ClassVar[int] = 2
    sentence: ClassVar[dict[str, str]] = {
        "zh": "请写全案件编号或公民身份号码，二者取一。",
        "en": "Write the whole number of a case, or a whole identity number: one of them.",
    }


class NoNeedError(YipanError):
    """The office sees the case anyway."""

    code: ClassVar[str] = "no-need"
    sentence: ClassVar[dict[str, str]] = {
        "zh": "本机构是此案的当事机构，可以直接打开，不需要紧急查阅。",
        "en": "This office is a party to the case and can open it as it is.",
    }


class GlassOverError(YipanError):
    """The time is over, or it was another officer who broke it."""

    code: ClassVar[str] = "glass-over"
    sentence: ClassVar[dict[str, str]] = {
        "zh": "这次紧急查阅已经结束，或者不是您发起的。",
        "en": "This glass has closed again, or it was not you who broke it.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "仍有急需的，请另写理由，重新查阅。",
        "en": "If there is still need, break it again with a reason of its own.",
    }


@dataclass(frozen=True, kw_only=True)
class Broken:
    """A broken glass as its office, an auditor or she herself is told of it; `cases` is how many it opened."""

    event: UUID
    organisation: str
    officer: str
    because: str
    begun_at: datetime
    until_at: datetime
    cases: int
    #: When she said that she has seen the notice; None before, and for anybody else.
    seen_at: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class GlassPermit(Permit):
    """A permit to read what one broken glass opened, at a moment, and nothing else."""

    glass: UUID
    at: datetime

    @contextmanager
    def in_force(self, threads: Iterable[UUID] = ()) -> Iterator[None]:
        """Open a transaction in which the policies let through what this glass opened, if it is not over."""
        with Permit.in_force(self, threads):
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT set_config('yipan.glass', %s, true), set_config('yipan.glass_at', %s, true)",
                    [str(self.glass), self.at.isoformat()],
                )
            yield


class _Breaking(Projecting):
    """Lets the function of the database open what was asked for, with the event in the journal."""

    handles = frozenset({EFFECT})

    def __init__(self, thread: UUID | None, number: str) -> None:
        self.thread = thread
        self.number = number

    def write(self, cursor: CursorWrapper, written: Written) -> None:
        digests = ",".join(each.hex() for each in number_digests(self.number)) if self.number else ""
        for each in written.recorded:
            cursor.execute(
                "SELECT yipan_break_glass(%s, %s::uuid, %s)", [each.entry.id, self.thread, digests]
            )


def break_glass(  # noqa: PLR0913  # the boxes of the form
    permit: Permit,
    *,
    thread: UUID | None = None,
    number: str = "",
    because: str,
    reason: str,
    now: datetime,
    entry: UUID | None = None,
) -> UUID:
    """Break the glass over one case, or over whoever bears an identity number, and return what it is known by.

    That nobody was found is written down alike, and shown by a glass that opens nothing.

    Raises:
        NotPermittedError: the post does not include it.
        ReasonTooShortError, NothingToOpenError, DraftFaultsError: what is said is not enough.
        NoNeedError: the office is a party to the case.
    """
    permit.require(RIGHT, now)
    said = read_number(number) if number else None
    if (thread is None) == (said is None):
        raise NothingToOpenError
    if len("".join(reason.split())) < REASON:
        raise ReasonTooShortError(least=REASON)
    if thread:
        with permit.in_force(), connection.cursor() as cursor:
            if journal.seen_by(cursor, permit.organisation, [thread]):
                raise NoNeedError
    event = entry or new_id(now)
    fields = {
        "because": because,
        "way": "case" if thread else "number",
        "reason": reason,
        "until_at": (now + timedelta(hours=settings.GLASS_HOURS)).isoformat(),
    }
    record(
        [Draft(kind=lawbook().kind_that(EFFECT, _day(now)), id=event, fields=fields)],
        permit=permit,
        clock=lambda: now,
        also=_Breaking(thread, number),
    )
    return event


def needs_on(book: Rulebook, day: date) -> Mapping[str, Mapping[str, str]]:
    """Return the needs for which a glass may be broken on a day, with their words.

    Raises:
        UnknownKindError: no pack in force lets anybody break one.
    """
    return book.kind(book.kind_that(EFFECT, day), day).fields["because"].choices


def _day(now: datetime) -> date:
    return now.astimezone(SHANGHAI).date()


def read_under(permit: Permit, glass: UUID, now: datetime) -> tuple[Broken, tuple[CaseView, ...]]:
    """Return what a broken glass opened, with the facts, and write each look down as one under it.

    Raises:
        GlassOverError: its time is over, or another officer broke it.
        NotPermittedError: the post does not include it any more.
    """
    permit.require(RIGHT, now)
    with permit.in_force():
        row = Glass.objects.filter(event=glass, officer=permit.officer, until_at__gt=now).first()
    if row is None:
        raise GlassOverError
    under = GlassPermit(
        officer=permit.officer,
        organisation=permit.organisation,
        rights=frozenset({"read-case"}),
        purpose=PURPOSE,
        until_at=row.until_at,
        glass=glass,
        at=now,
    )
    return _told(row), tuple(read_case(under, thread, now) for thread in row.threads)


def own_glasses(permit: Permit, now: datetime) -> list[Broken]:
    """Return the glasses that this officer broke for this office and that are still open, the latest first."""
    permit.require(RIGHT, now)
    with permit.in_force():
        rows = list(
            Glass.objects.filter(
                organisation=permit.organisation, officer=permit.officer, until_at__gt=now
            ).order_by("-begun_at")
        )
    return [_told(each) for each in rows]


def glasses_over_her() -> list[Broken]:
    """Return the glasses broken over whoever's own permit is in force, the latest first: who, for which need, when.

    Must run while her own permit is in force; for anybody else it is empty or an office's own.
    """
    seen = dict(SeenGlass.objects.values_list("glass", "seen_at"))
    return [_told(each, seen.get(each.event)) for each in Glass.objects.order_by("-begun_at")]


def note_seen(permit: PersonPermit, glass: UUID, now: datetime) -> None:
    """Keep for her alone that she has seen the notice of a broken glass; the second time nothing is changed.

    Raises:
        NotHersError: no such glass was broken over her.
        PermitExpiredError: her permit's time is over.
    """
    permit.require(now)
    with permit.in_force(), connection.cursor() as cursor:
        if not Glass.objects.filter(event=glass).exists():
            raise NotHersError
        cursor.execute(
            "INSERT INTO registry_seenglass (account, glass, seen_at) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
            [permit.account, glass, now],
        )


def _told(row: Glass, seen_at: datetime | None = None) -> Broken:
    return Broken(
        event=row.event,
        organisation=row.organisation,
        officer=row.officer,
        because=row.because,
        begun_at=row.begun_at,
        until_at=row.until_at,
        cases=len(row.threads),
        seen_at=seen_at,
    )
