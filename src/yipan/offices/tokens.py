"""Tokens: by what a program acts for an office, with the rights of one officer's post there and no other.

A token is made by the officer herself or by who posts officers there, shown once, and kept as a digest. It does no more
than her post does on that day: it ends with the post, rests with her leave, and is over at its own end, when somebody
ends it, or when all that opens her account was ended.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar, Final
from uuid import UUID

from django.conf import settings
from django.db import connection, models, transaction

from yipan.errors import YipanError
from yipan.offices.office import Organisation, organisation
from yipan.offices.officer import Officer
from yipan.offices.permit import LOCAL_OPERATOR, Permit, permit_for
from yipan.offices.posting import posting_permit

if TYPE_CHECKING:
    from datetime import datetime

    from yipan.offices.recovering import Door

#: What a token begins with, so that one that got out is found by those who look for such things.
MARK: Final = "yipan_"
_BYTES: Final = 32
#: The longest name of a program.
_LONGEST: Final = 100
#: That a token was used is written down this often, not with each call.
_USED_EVERY: Final = timedelta(minutes=1)
#: What a token that only reads keeps of a post's rights.
_READS: Final = "read-"


class TokenWrongError(YipanError):
    """No token was presented, or none that is known here or holds: which of these is not told."""

    code: ClassVar[str] = "token-wrong"
    sentence: ClassVar[dict[str, str]] = {
        "zh": "没有令牌，或者令牌不对、已经失效。",
        "en": "There is no token, or it is wrong or has ended.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "请在请求头中写 Authorization: Bearer 令牌；新令牌由本人或本机构负责人用 yipan tokens make 生成。",
        "en": "Send the header Authorization: Bearer TOKEN; the officer or the head of the office makes one with: yipan tokens make",
    }


class TokenTermError(YipanError):
    """The end of a token lies in the past, or too far ahead."""

    code: ClassVar[str] = "token-term"
    exit_code: ClassVar[int] = 2
    sentence: ClassVar[dict[str, str]] = {
        "zh": "令牌的终止日期应当在今天之后、{longest}天之内。",
        "en": "A token ends on a day after today and within {longest} days.",
    }


class TokenUnnamedError(YipanError):
    """Nobody could tell later which program holds it."""

    code: ClassVar[str] = "token-unnamed"
    exit_code: ClassVar[int] = 2
    sentence: ClassVar[dict[str, str]] = {
        "zh": "请写明哪个程序用这个令牌（一百字以内）。",
        "en": "Say which program will hold the token, in at most a hundred letters.",
    }


class NoSuchTokenError(YipanError):
    """There is no such token in that office, or it has ended."""

    code: ClassVar[str] = "no-such-token"
    sentence: ClassVar[dict[str, str]] = {
        "zh": "{office}没有这个令牌，或者它已经终止。",
        "en": "There is no such token at {office}, or it has ended.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "用 yipan tokens list 查看令牌。",
        "en": "List the tokens with: yipan tokens list",
    }


class ApiToken(models.Model):
    """A program's token: for whom, where, until when, when it was last used. The token itself is nowhere."""

    id = models.UUIDField(primary_key=True)
    officer = models.ForeignKey(Officer, on_delete=models.PROTECT, related_name="tokens")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    #: Which program holds it.
    program = models.TextField()
    digest = models.BinaryField(unique=True)
    reads_only = models.BooleanField(default=False)
    made_by = models.TextField()
    made_at = models.DateTimeField()
    until_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.TextField(default="")

    class Meta:
        app_label = "offices"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(until_at__gt=models.F("made_at")), name="a_token_has_an_end"
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["organisation", "made_at"], name="tokens_of_an_office")]

    def holds(self, now: datetime) -> bool:
        """Tell whether it has neither been ended nor come to its end. Her post is asked when she acts."""
        return self.ended_at is None and now < self.until_at


@dataclass(frozen=True, kw_only=True, slots=True)
class Made:
    """A new token, with the words that are shown this once."""

    token: ApiToken
    secret: str


def digest_of(secret: str) -> bytes:
    """Return under what a token is kept. What is drawn by lot needs no slow digest: nobody tries 256 bits out."""
    return hashlib.blake2b(secret.encode(), person=b"yipan-api-token", digest_size=32).digest()


def keeper_permit(by: Officer | None, officer: Officer | None, office: str, now: datetime) -> Permit:
    """Return the permit to keep tokens in an office: her own, or those of all by who posts officers there.

    Raises:
        NotPostedError, OnLeaveError: she does it herself and holds no post there today, or is on leave from it.
        NotPermittedError: somebody else does it whose post does not include posting officers there.
    """
    where = organisation(office)
    if by is not None and officer is not None and by.pk == officer.pk:
        return permit_for(by, where.id, "tokens", now)
    return replace(posting_permit(by, where.id, now), organisation=where.id)


def make_token(  # noqa: PLR0913  # each is a decision of whoever makes it
    officer: Officer,
    office: str,
    program: str,
    until_at: datetime,
    now: datetime,
    *,
    by: Officer | None,
    reads_only: bool = False,
) -> Made:
    """Make a token for an officer in one of her posts. `by`: who makes it; nobody is the local operator.

    Raises:
        UnknownOrganisationError: there is no such office.
        NotPostedError, OnLeaveError: the officer does not act there today.
        NotPermittedError: it is not for them to make it.
        TokenTermError, TokenUnnamedError: its end, or its name.
    """
    permit = keeper_permit(by, officer, office, now)
    permit_for(officer, permit.organisation, "tokens", now)
    longest = timedelta(days=settings.API_TOKEN_DAYS)
    if not now < until_at <= now + longest:
        raise TokenTermError(longest=longest.days)
    named = program.strip()
    if not 0 < len(named) <= _LONGEST or not named.isprintable():
        raise TokenUnnamedError
    secret = MARK + secrets.token_urlsafe(_BYTES)
    with permit.in_force():
        token = ApiToken.objects.create(
            id=UUID(bytes=secrets.token_bytes(16), version=4),
            officer=officer,
            organisation_id=permit.organisation,
            program=named,
            digest=digest_of(secret),
            reads_only=reads_only,
            made_by=str(by) if by else LOCAL_OPERATOR,
            made_at=now,
            until_at=until_at,
        )
    return Made(token=token, secret=secret)


def tokens_of(permit: Permit, officer: Officer | None = None) -> list[ApiToken]:
    """Return the tokens of an office, the latest first; with `officer` hers alone."""
    with permit.in_force():
        found = ApiToken.objects.filter(organisation_id=permit.organisation).select_related("officer__user")
        if officer is not None:
            found = found.filter(officer=officer)
        return list(found.order_by("-made_at", "id"))


def end_token(permit: Permit, token: UUID, now: datetime, officer: Officer | None = None) -> ApiToken:
    """End a token of an office at once; with `officer` only one of hers.

    Raises:
        NoSuchTokenError: there is none that holds.
    """
    with permit.in_force():
        found = ApiToken.objects.filter(id=token, organisation_id=permit.organisation, ended_at=None)
        if officer is not None:
            found = found.filter(officer=officer)
        if not found.update(ended_at=now, ended_by=permit.officer):
            raise NoSuchTokenError(office=permit.organisation)
        return ApiToken.objects.select_related("officer__user").get(id=token)


# ------------------------------------------------------------------------------------------ presented


def presented(secret: str, now: datetime) -> ApiToken:
    """Return the token that a program presents, and keep in mind that it was used.

    Raises:
        TokenWrongError: it is unknown, has ended, or her account was closed since it was made.
    """
    digest = digest_of(secret)
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        # Whoever presents a token finds its row, and no other.
        cursor.execute(
            "SELECT set_config('yipan.token', %s, true), set_config('synchronous_commit', 'off', true)",
            [digest.hex()],
        )
        found = ApiToken.objects.filter(digest=digest).select_related("officer__user__door").first()
        if found is None or not found.holds(now) or not _is_open(found):
            raise TokenWrongError
        if found.last_used_at is None or now - found.last_used_at >= _USED_EVERY:
            ApiToken.objects.filter(id=found.id).update(last_used_at=now)
    return found


def _is_open(token: ApiToken) -> bool:
    """Tell whether nothing ended all that opened her account since the token was made."""
    user = token.officer.user
    door: Door | None = getattr(user, "door", None)
    return user.is_active and (door is None or door.closed_at < token.made_at)


def permit_of(token: ApiToken, purpose: str, now: datetime) -> Permit:
    """Return the permit of whoever holds a token: that of the officer's post, on this day.

    Raises:
        NotPostedError: the post has ended.
        OnLeaveError: she is on leave from there.
        OfficeEndedError: another organisation goes on in its place.
    """
    permit = permit_for(token.officer, token.organisation_id, purpose, now)
    if token.reads_only:
        return replace(permit, rights=frozenset(each for each in permit.rights if each.startswith(_READS)))
    return permit
