"""Who acts on the command line: an officer named by `--as`, or the local operator of a folder without accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from yipan.cli.console import SHANGHAI
from yipan.errors import YipanError
from yipan.offices.office import organisation
from yipan.offices.officer import Officer
from yipan.offices.permit import Permit, local_permit, permit_for
from yipan.offices.signing_in import note_log_in

if TYPE_CHECKING:
    from datetime import datetime


class UnknownOfficerError(YipanError):
    """No account bears that name."""

    code: ClassVar[str] = "unknown-officer"
    exit_code: ClassVar[int] = 2
    sentence: ClassVar[dict[str, str]] = {
        "zh": "没有名为“{officer}”的账号。",
        "en": "There is no account {officer!r}.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "用 yipan officers list 查看账号。",
        "en": "List the accounts with: yipan officers list",
    }


class OfficerNeededError(YipanError):
    """The folder has accounts, so that nobody acts unnamed."""

    code: ClassVar[str] = "officer-needed"
    exit_code: ClassVar[int] = 2
    sentence: ClassVar[dict[str, str]] = {
        "zh": "本系统已有账号，不能匿名办理。",
        "en": "There are accounts here: nobody acts unnamed.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "请加上 --as 账号；用 yipan officers list 查看账号。",
        "en": "Say who acts with --as OFFICER; list the accounts with: yipan officers list",
    }


def acting(office: str, officer: str | None, now: datetime) -> Permit:
    """Return the permit under which a command acts for an office, and keep in the log that it was at its desk.

    Raises:
        UnknownOrganisationError, UnknownOfficerError, NotPostedError: who or where is wrong.
        OfficerNeededError: the folder has accounts, and none was named.
    """
    where = organisation(office)
    if officer is None:
        if Officer.objects.exists():
            raise OfficerNeededError
        permit = local_permit(where, "command line", now)
    else:
        permit = permit_for(officer_named(officer), where.id, "command line", now)
    with permit.in_force():
        note_log_in(permit.organisation, now.astimezone(SHANGHAI).date())
    return permit


def officer_named(username: str) -> Officer:
    """Return the officer of an account.

    Raises:
        UnknownOfficerError: no account bears that name.
    """
    found = Officer.objects.filter(user__username=username).first()
    if found is None:
        raise UnknownOfficerError(officer=username)
    return found
