"""A permit: who may act, for which organisation, for what purpose, until when.

Every verb asks its permit; below it row-level security asks the organisation that the permit set for the
transaction, so that a query that forgot to ask still finds nothing.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, ClassVar, Final
from zoneinfo import ZoneInfo

from django.db import connection, transaction

from yipan.errors import YipanError
from yipan.offices.leave import OnLeaveError, leave_on
from yipan.offices.officer import Officer
from yipan.offices.role import ROLES
from yipan.offices.succession import refuse_ended

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date
    from uuid import UUID

    from yipan.offices.office import Organisation

#: The officer's name in the journal when a folder has no accounts and the local operator acts.
LOCAL_OPERATOR: Final = "local-operator"
#: What the sweep signs with: the clock, not a person.
THE_CLOCK: Final = "the-clock"
_SHANGHAI: Final = ZoneInfo("Asia/Shanghai")
_HOLDS_FOR: Final = timedelta(hours=12)


class NotPermittedError(YipanError):
    """The officer's post does not include this."""

    code: ClassVar[str] = "not-permitted"
    sentence: ClassVar[dict[str, str]] = {
        "zh": "{officer}在{organisation}的岗位不能办理此事（需要：{right}）。",
        "en": "The post of {officer} at {organisation} does not include this (it takes: {right}).",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "请由有权限的同事办理，或请本机构负责人调整岗位。",
        "en": "Ask a colleague whose post includes it, or the head of the office to change the posting.",
    }


class NotPostedError(YipanError):
    """The officer holds no post in that organisation on that day."""

    code: ClassVar[str] = "not-posted"
    sentence: ClassVar[dict[str, str]] = {
        "zh": "{officer}目前在{organisation}没有岗位。",
        "en": "{officer} holds no post at {organisation} today.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "请核对机构代码，或请该机构负责人登记岗位。",
        "en": "Check the code of the office, or ask its head to post the officer.",
    }


class PermitExpiredError(YipanError):
    """The permit's time is over."""

    code: ClassVar[str] = "permit-expired"
    sentence: ClassVar[dict[str, str]] = {"zh": "本次授权已过期。", "en": "This permit has expired."}
    next_step: ClassVar[dict[str, str]] = {"zh": "请重新登录。", "en": "Sign in again."}


@dataclass(frozen=True, kw_only=True, slots=True)
class Permit:
    """Who acts (`officer`), for which organisation, with which rights, for what purpose, until when."""

    officer: str
    organisation: str
    rights: frozenset[str]
    purpose: str
    until_at: datetime
    #: The only kinds that may be recorded under it; None: whatever the rights include.
    kinds: frozenset[str] | None = None

    def require_kind(self, kind: str) -> None:
        """Refuse a kind that the permit was not given for.

        Raises:
            NotPermittedError: it was not.
        """
        if self.kinds is not None and kind not in self.kinds:
            raise NotPermittedError(officer=self.officer, organisation=self.organisation, right=kind)

    def require(self, right: str, now: datetime) -> None:
        """Refuse unless the permit includes a right and still holds.

        Raises:
            NotPermittedError: the post does not include it.
            PermitExpiredError: the permit's time is over.
        """
        if right not in self.rights:
            raise NotPermittedError(officer=self.officer, organisation=self.organisation, right=right)
        if now > self.until_at:
            raise PermitExpiredError

    @contextmanager
    def in_force(self, threads: Iterable[UUID] = ()) -> Iterator[None]:
        """Open a transaction in which row-level security sees what this organisation may see.

        `threads` are those in which a verb is writing: of these, and only these, the law may read the clock rows
        of every party, because a duty depends on all of them. It never opens a payload.
        """
        # Durable: the settings end with the transaction, so a permit within a permit would leak out of it.
        with transaction.atomic(durable=True):
            set_acting(self.organisation, self.officer, threads)
            yield


def set_acting(organisation: str, officer: str, threads: Iterable[UUID]) -> None:
    """Say for the rest of the transaction who acts; the policies read it.

    Where threads are named, rows are asked for by their ids alone. One plan serves all of these, and to make another
    costs ten times what it takes to run, with the policies in it.
    """
    named = ",".join(map(str, threads))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('yipan.organisation', %s, true), set_config('yipan.officer', %s, true),"
            " set_config('yipan.threads', %s, true), set_config('plan_cache_mode', %s, true)",
            [organisation, officer, f"{{{named}}}", "force_generic_plan" if named else "auto"],
        )


def permit_for(officer: Officer, organisation: str, purpose: str, now: datetime) -> Permit:
    """Return the permit of an officer in one of her posts.

    Raises:
        NotPostedError: she holds none there today.
        OnLeaveError: she is on leave from there; it names who stands in.
        OfficeEndedError: another organisation goes on in its place.
    """
    day = now.astimezone(_SHANGHAI).date()
    roles = [each.role for each in officer.postings_on(day) if each.organisation_id == organisation]
    if not roles:
        raise NotPostedError(officer=str(officer), organisation=organisation)
    refuse_ended(organisation)
    _refuse_on_leave(officer, organisation, day)
    rights = frozenset().union(*(ROLES[role] for role in roles))
    return Permit(
        officer=str(officer),
        organisation=organisation,
        rights=rights,
        purpose=purpose,
        until_at=now + _HOLDS_FOR,
    )


def _refuse_on_leave(officer: Officer, organisation: str, day: date) -> None:
    leave = leave_on(officer, organisation, day)
    if leave:
        raise OnLeaveError(
            officer=officer.name,
            organisation=organisation,
            last_day=leave.until_on - timedelta(days=1),
            stand_in=f"{leave.stand_in.name}（{leave.stand_in}）",
        )


def local_permit(organisation: Organisation, purpose: str, now: datetime) -> Permit:
    """Return the permit of the local operator, who acts as head and data officer of an office.

    Only for a folder without accounts; the journal names `local-operator`.

    Raises:
        NotPermittedError: the folder has accounts.
    """
    if Officer.objects.exists():
        raise NotPermittedError(officer=LOCAL_OPERATOR, organisation=organisation.id, right="--as OFFICER")
    return _unbounded(LOCAL_OPERATOR, organisation.id, ROLES["head"] | ROLES["data-officer"], purpose, now)


def operator_permit(organisation: str, purpose: str, now: datetime) -> Permit:
    """Return the permit of the local operator to post officers where nobody else can; whoever asks has checked that."""
    return _unbounded(LOCAL_OPERATOR, organisation, frozenset({"post-officers"}), purpose, now)


def clock_permit(organisation: str, now: datetime) -> Permit:
    """Return the permit under which the sweep writes what the calendar opened and what lapsed in an office."""
    return _unbounded(THE_CLOCK, organisation, frozenset({"sweep", "read-duties"}), "sweep", now)


def _unbounded(
    officer: str, organisation: str, rights: frozenset[str], purpose: str, now: datetime
) -> Permit:
    return Permit(
        officer=officer, organisation=organisation, rights=rights, purpose=purpose, until_at=now + _HOLDS_FOR
    )
