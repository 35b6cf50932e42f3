"""Posting officers: who may, and the verbs. Posts and leave are rows with days; nothing is taken away after the fact.

Whoever runs the machine holds its keys. But as soon as somebody's post includes posting officers in an office, or above
it, accounts and posts there are that officer's to give, and the journal's names mean something.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar
from zoneinfo import ZoneInfo

from django.db.models import Q

from yipan.errors import YipanError
from yipan.offices.leave import Leave, leave_on
from yipan.offices.office import Line, organisation
from yipan.offices.officer import Officer, Posting
from yipan.offices.permit import LOCAL_OPERATOR, NotPermittedError, Permit, operator_permit, permit_for
from yipan.offices.role import ROLES, refuse_together, refuse_unfit

if TYPE_CHECKING:
    from datetime import date, datetime

_RIGHT = "post-officers"
_SHANGHAI = ZoneInfo("Asia/Shanghai")


class NoSuchPostError(YipanError):
    """The officer holds no such post on that day."""

    code: ClassVar[str] = "no-such-post"
    sentence: ClassVar[dict[str, str]] = {
        "zh": "{officer}在{day}没有这样的岗位（{office} {role}）。",
        "en": "{officer} holds no such post on {day} ({office} {role}).",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "用 yipan officers list 查看岗位。",
        "en": "List the posts with: yipan officers list",
    }


class AlreadyPostedError(YipanError):
    """The officer holds that very post in some of those days."""

    code: ClassVar[str] = "already-posted"
    sentence: ClassVar[dict[str, str]] = {
        "zh": "{officer}在这段时间已有{office}的{role}岗位。",
        "en": "{officer} is posted at {office} as {role} in some of those days already.",
    }


class DaysTurnedError(YipanError):
    """The last day lies before the first."""

    code: ClassVar[str] = "days-turned"
    exit_code: ClassVar[int] = 2
    sentence: ClassVar[dict[str, str]] = {
        "zh": "结束日期{until}应当晚于开始日期{first}。",
        "en": "The end, {until}, must lie after the beginning, {first}.",
    }


class StandInNotFreeError(YipanError):
    """Whoever is to stand in cannot: it is the officer herself, or somebody on leave in those days."""

    code: ClassVar[str] = "stand-in-not-free"
    sentence: ClassVar[dict[str, str]] = {
        "zh": "{stand_in}在这段时间不能代办。",
        "en": "{stand_in} cannot stand in on those days.",
    }
    next_step: ClassVar[dict[str, str]] = {"zh": "请另择代办人。", "en": "Choose somebody else."}


class AlreadyOnLeaveError(YipanError):
    """The officer is on leave from there in some of those days already."""

    code: ClassVar[str] = "already-on-leave"
    sentence: ClassVar[dict[str, str]] = {
        "zh": "{officer}在这段时间已有休假（{first} 至 {until}）。",
        "en": "{officer} has leave in some of those days already ({first} to {until}).",
    }


def posting_permit(officer: Officer | None, office: str, now: datetime) -> Permit:
    """Return the permit to post officers in an office: of an officer whose post there, or above, includes it.

    Without an officer the local operator may, for an office for which nobody else can: the first accounts of a folder.

    Raises:
        UnknownOrganisationError: there is no such office.
        NotPermittedError: no post of the officer includes it; or somebody's does, and nobody was named.
    """
    where = organisation(office)
    above = list(
        Line.objects.filter(organisation_id=where.id).order_by("depth").values_list("superior_id", flat=True)
    )
    day = now.astimezone(_SHANGHAI).date()
    posts = Posting.objects.filter(
        _holds_on(day), organisation_id__in=above, role__in=[r for r in ROLES if _RIGHT in ROLES[r]]
    )
    if officer is None:
        if posts.exists():
            raise NotPermittedError(officer=LOCAL_OPERATOR, organisation=where.id, right="--as OFFICER")
        return operator_permit(where.id, "posting officers", now)
    own = set(posts.filter(officer=officer).values_list("organisation_id", flat=True))
    for superior in above:
        if superior in own:
            return permit_for(officer, superior, "posting officers", now)
    raise NotPermittedError(officer=str(officer), organisation=where.id, right=_RIGHT)


def _holds_on(day: date) -> Q:
    return Q(from_on__lte=day) & (Q(until_on__isnull=True) | Q(until_on__gt=day))


def _overlaps(from_on: date, until_on: date | None) -> Q:
    begun = Q(from_on__lt=until_on) if until_on else Q()
    return begun & (Q(until_on__isnull=True) | Q(until_on__gt=from_on))


def post(officer: Officer, office: str, role: str, from_on: date, until_on: date | None = None) -> Posting:
    """Post an officer, from a day on and until, not including, another.

    Raises:
        UnknownRoleError, UnknownOrganisationError, DaysTurnedError: what is said cannot be.
        RoleDoesNotFitError, RolesApartError: the office has no such post, or not beside one that she holds there.
        AlreadyPostedError: she holds that very post in some of those days.
    """
    where = organisation(office)
    refuse_unfit(role, where)
    _refuse_turned(from_on, until_on)
    held = officer.postings.filter(_overlaps(from_on, until_on), organisation=where)
    refuse_together(role, held.values_list("role", flat=True), officer=str(officer), office=where.id)
    if officer.postings.filter(_overlaps(from_on, until_on), organisation=where, role=role).exists():
        raise AlreadyPostedError(officer=officer, office=where.id, role=role)
    return Posting.objects.create(
        officer=officer, organisation=where, role=role, from_on=from_on, until_on=until_on
    )


def end_post(officer: Officer, office: str, on: date, role: str = "") -> int:
    """End the posts that an officer holds in an office, from a day on; only one role's, if said. Return how many.

    Raises:
        NoSuchPostError: she holds none there on that day.
    """
    where = organisation(office)
    posts = officer.postings.filter(_overlaps(on, None), organisation=where, leave=None)
    held = posts.filter(role=role) if role else posts
    begun = held.filter(from_on__lt=on)
    # What was to begin on that day or later never does.
    ended = begun.update(until_on=on) + held.filter(from_on__gte=on).delete()[0]
    if not ended:
        raise NoSuchPostError(officer=officer, day=on, office=where.id, role=role)
    return ended


def take_leave(officer: Officer, office: str, stand_in: Officer, from_on: date, until_on: date) -> Leave:
    """Write down an officer's leave from an office; whoever stands in holds her posts there for those days.

    Must run while a permit of that office is in force.

    Raises:
        UnknownOrganisationError, DaysTurnedError: what is said cannot be.
        NoSuchPostError: she holds no post there in those days.
        AlreadyOnLeaveError, StandInNotFreeError: she, or the stand-in, is away then already.
        RolesApartError: whoever audits the office, or keeps the machine, is stood in for by somebody who does nothing else.
    """
    where = organisation(office)
    _refuse_turned(from_on, until_on)
    posts = officer.postings.filter(_overlaps(from_on, until_on), organisation=where, leave=None)
    if not posts:
        raise NoSuchPostError(officer=officer, day=from_on, office=where.id, role="")
    days = Q(from_on__lt=until_on, until_on__gt=from_on)
    if known := officer.leaves.filter(days, organisation=where).first():
        raise AlreadyOnLeaveError(officer=officer, first=known.from_on, until=known.until_on)
    if officer == stand_in or stand_in.leaves.filter(days, organisation=where).exists():
        raise StandInNotFreeError(stand_in=stand_in)
    held = stand_in.postings.filter(_overlaps(from_on, until_on), organisation=where)
    for each in posts:
        own = list(held.values_list("role", flat=True))
        refuse_together(each.role, own, officer=str(stand_in), office=where.id)
    leave = Leave.objects.create(
        officer=officer, organisation=where, stand_in=stand_in, from_on=from_on, until_on=until_on
    )
    for each in posts:
        Posting.objects.create(
            officer=stand_in,
            organisation=where,
            role=each.role,
            from_on=max(from_on, each.from_on),
            until_on=min(until_on, each.until_on or until_on),
            leave=leave,
        )
    return leave


def end_leave(officer: Officer, office: str, on: date) -> Leave:
    """End an officer's leave early: she is back on a day, and the stand-in's posts end with it.

    Must run while a permit of that office is in force.

    Raises:
        NoSuchPostError: she is not on leave from there on that day.
    """
    where = organisation(office)
    leave = leave_on(officer, where.id, on)
    if leave is None:
        raise NoSuchPostError(officer=officer, day=on, office=where.id, role="leave")
    leave.postings.filter(from_on__gte=on).delete()
    leave.postings.filter(until_on__gt=on).update(until_on=on)
    if leave.from_on == on:
        leave.delete()
    else:
        leave.until_on = on
        leave.save(update_fields=["until_on"])
    return leave


def _refuse_turned(first: date, until: date | None) -> None:
    if until is not None and until <= first:
        raise DaysTurnedError(first=first, until=until)
