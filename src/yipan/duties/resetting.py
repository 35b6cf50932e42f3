"""Resetting an officer's sign-in: the head of her office, or one above, gives her a code on paper. The journal says so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final
from zoneinfo import ZoneInfo

from django.db.models import Q

from yipan.duties.draft import Draft
from yipan.duties.record import record
from yipan.errors import YipanError
from yipan.offices.office import Line
from yipan.offices.officer import Officer, Posting
from yipan.offices.permit import NotPermittedError
from yipan.offices.posting import posting_permit
from yipan.offices.recovering import PaperCode, give_paper_code

if TYPE_CHECKING:
    from datetime import datetime

    from yipan.offices.permit import Permit

KIND: Final = "sign-in.reset"
#: How many posts a page of accounts shows.
_SHOWN: Final = 100
_SHANGHAI: Final = ZoneInfo("Asia/Shanghai")


class NoSuchAccountError(YipanError):
    """No officer with a post has that account."""

    code: ClassVar[str] = "no-such-account"
    sentence: ClassVar[dict[str, str]] = {
        "zh": "没有在岗的账号“{account}”。",
        "en": "No officer with a post has the account {account!r}.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "请核对账号；没有岗位的，先登记岗位。",
        "en": "Check the account; an officer without a post is posted first.",
    }


class OwnSignInError(YipanError):
    """Nobody resets her own sign-in."""

    code: ClassVar[str] = "own-sign-in"
    sentence: ClassVar[dict[str, str]] = {
        "zh": "不能重设自己的登录。",
        "en": "Nobody resets her own sign-in.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "请在“我的账号”里更换密码，或请上级机构负责人重设。",
        "en": "Change the password on your account's page, or ask the head of the office above.",
    }


@dataclass(frozen=True, kw_only=True, slots=True)
class Reset:
    """A sign-in that was reset: whose, the code to hand over on paper, and until when it holds. Shown once."""

    account: str
    name: str
    code: str
    until_at: datetime


def reset_sign_in(account: str, by: Officer | None, *, now: datetime, moment: datetime) -> Reset:
    """End all with which an officer signed in, and return the one code that opens her account now.

    It takes a post that includes posting officers in, or above, every office where she holds a post: else the head of a
    village could take over what its clerk may do in a county. `now` is the house's clock, `moment` the machine's, by
    which sessions live.

    Raises:
        NoSuchAccountError, OwnSignInError: there is nothing to reset, or not by her.
        NotPermittedError: the post does not include it, somewhere.
    """
    officer = Officer.objects.select_related("user").filter(user__username=account).first()
    day = now.astimezone(_SHANGHAI).date()
    posts = officer.postings.filter(_not_over(day)).order_by("from_on", "id") if officer else None
    if officer is None or not posts:
        raise NoSuchAccountError(account=account)
    if by is not None and by.pk == officer.pk:
        raise OwnSignInError
    offices = list(dict.fromkeys(posts.values_list("organisation_id", flat=True)))
    permits = [posting_permit(by, each, now) for each in offices]
    fields = {"office": permits[0].organisation, "concerned": offices[0], "account": account}
    # First what cannot be taken back: no sign-in is reset that the journal does not know of.
    record([Draft(kind=KIND, fields=fields)], permit=permits[0], clock=lambda: now)
    user = officer.user
    code = give_paper_code(user, permits[0].officer, now, moment)
    until = PaperCode.objects.values_list("until_at", flat=True).get(user_id=user.pk)
    return Reset(account=account, name=officer.name, code=code, until_at=until)


def officers_below(permit: Permit, typed: str, now: datetime) -> list[Posting]:
    """Return posts in the permit's office and those below it, as far as a name, an account or a place was typed.

    Raises:
        NotPermittedError: the post does not include posting officers.
    """
    if "post-officers" not in permit.rights:
        raise NotPermittedError(
            officer=permit.officer, organisation=permit.organisation, right="post-officers"
        )
    day = now.astimezone(_SHANGHAI).date()
    below = Line.objects.filter(superior_id=permit.organisation).values("organisation_id")
    found = Posting.objects.filter(_not_over(day), from_on__lte=day, organisation_id__in=below)
    for word in typed.split():
        found = found.filter(
            Q(officer__name__icontains=word)
            | Q(officer__user__username__icontains=word)
            | Q(organisation__name__icontains=word)
        )
    own_first = found.select_related("officer__user", "organisation")
    return list(
        own_first.order_by("organisation__level", "organisation_id", "officer__user__username")[:_SHOWN]
    )


def _not_over(day: object) -> Q:
    return Q(until_on__isnull=True) | Q(until_on__gt=day)
