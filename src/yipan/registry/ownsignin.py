"""Signing in with a slip: number and code open an account without a name, and nothing says which part was wrong."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar, Final

from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import check_password, make_password
from django.db import connection, transaction

from yipan.errors import YipanError
from yipan.offices.signing_in import begin_attempt
from yipan.registry.own import PersonPermit, set_person
from yipan.registry.ownaccess import ALPHABET, hash_of, new_slip, number_digest

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    from django.contrib.auth.models import User
    from django.db.backends.utils import CursorWrapper

    from yipan.registry.ownaccess import Slip

#: How long one look of hers holds; a page asks anew each time.
_HOLDS_FOR: Final = timedelta(minutes=20)
_PRESENT: Final = "SELECT set_config('yipan.presented', %s, true)"
_PRESENTED: Final = """
SELECT a.id, a.code_hash, a.subject, a.ended_at IS NOT NULL OR a.until_at <= %s, a.matters <> '{}', p.account_id, a.once
  FROM registry_access a LEFT JOIN registry_personsubject p ON p.access_id = a.id WHERE a.number_digest = %s
"""
_OPEN: Final = """
INSERT INTO registry_personsubject (access_id, account_id, subject, added_at, used_at) VALUES (%s, %s, %s, %s, %s)
ON CONFLICT (access_id) DO UPDATE SET account_id = excluded.account_id, used_at = excluded.used_at
"""
_TURN: Final = (
    "UPDATE registry_access SET number_digest = %s, code_hash = %s, once = false WHERE id = %s AND once"
)
_OF_ACCOUNT: Final = "SELECT access_id, subject FROM registry_personsubject WHERE account_id = %s"
_HOLDING: Final = (
    "SELECT subject, matters FROM registry_access WHERE id = ANY(%s) AND ended_at IS NULL"
    " AND (until_at IS NULL OR until_at > %s)"
)


class WrongSlipError(YipanError):
    """No slip has that number and that code. Which of them is wrong is not said."""

    code: ClassVar[str] = "wrong-slip"
    sentence: ClassVar[dict[str, str]] = {
        "zh": "号码或密码不对，或者这张纸条已经停用。",
        "en": "The number or the code is not right, or the slip has ended.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "请对照纸条再输一次；纸条丢了，到交给您的机构换一张新的。",
        "en": "Compare with the slip and try again; if you lost it, the office that gave it to you gives you a new one.",
    }


class RestingError(YipanError):
    """Too many wrong codes of late."""

    code: ClassVar[str] = "resting"
    sentence: ClassVar[dict[str, str]] = {
        "zh": "输错的次数太多，请十分钟后再试。",
        "en": "There were too many wrong codes: try again in ten minutes.",
    }


class NotToBeJoinedError(YipanError):
    """A slip for acting on somebody else's behalf is not joined with one's own."""

    code: ClassVar[str] = "not-to-be-joined"
    sentence: ClassVar[dict[str, str]] = {
        "zh": "这是代别人办事的纸条，不能加到您自己的页面上。",
        "en": "This slip is for acting on somebody else's behalf; it is not added to your own page.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "请退出，用它单独登录。",
        "en": "Sign out, and sign in with it alone.",
    }


@dataclass(frozen=True, kw_only=True, slots=True)
class _Shown:
    """A slip that was shown with its right code."""

    card: UUID
    subject: UUID
    is_limited: bool
    account: str
    is_once: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class SignedIn:
    """Whose account a slip opened, and, of one that opens once, the slip in its place: shown now and never again."""

    user: User
    fresh: Slip | None = None


def sign_in(number: str, code: str, address: str, now: datetime) -> SignedIn:
    """Return the account that a slip opens, made at its first use.

    Raises:
        WrongSlipError: no slip that holds has that number and code.
        RestingError: too many wrong ones of late, of this number or from this address.
    """
    shown = _shown(number, code, address, now)
    with transaction.atomic(), connection.cursor() as cursor:
        if shown.account:
            user = get_user_model().objects.get(username=shown.account)
        else:
            user = _new_account(cursor, now)
        set_person(user.get_username(), ())
        _open(cursor, shown, number, user.get_username(), now)
        fresh = _turned(cursor, shown, user.get_username())
    return SignedIn(user=user, fresh=fresh)


def _turned(cursor: CursorWrapper, shown: _Shown, account: str) -> Slip | None:
    """Give a slip that opens once another number and code, and return it; None for any other.

    Raises:
        WrongSlipError: somebody else has opened it in this moment.
    """
    if not shown.is_once:
        return None
    slip = replace(new_slip(), card=shown.card)
    set_person(account, {shown.subject})
    cursor.execute(_TURN, [number_digest(slip.number), hash_of(slip.code), shown.card])
    if not cursor.rowcount:
        raise WrongSlipError
    return slip


def add_slip(user: User, number: str, code: str, address: str, now: datetime) -> Slip | None:
    """Add a slip to an account: she says herself that she is the same person. What it opened elsewhere goes over.

    Of a slip that opens once, the one in its place is returned.

    Raises:
        WrongSlipError, RestingError: as `sign_in()`.
        NotToBeJoinedError: the slip, or the account, is for acting on somebody else's behalf.
    """
    permit = permit_of(user, now)
    shown = _shown(number, code, address, now)
    if shown.is_limited or (permit and permit.threads):
        raise NotToBeJoinedError
    with transaction.atomic(), connection.cursor() as cursor:
        set_person(user.get_username(), ())
        _open(cursor, shown, number, user.get_username(), now)
        return _turned(cursor, shown, user.get_username())


def permit_of(user: User, now: datetime) -> PersonPermit | None:
    """Return what an account may see: the persons of its slips that hold. None for an account that is no person's."""
    with transaction.atomic(), connection.cursor() as cursor:
        set_person(user.get_username(), ())
        cursor.execute("SELECT 1 FROM registry_personaccount WHERE id = %s", [user.get_username()])
        if cursor.fetchone() is None:
            return None
        cursor.execute(_OF_ACCOUNT, [user.get_username()])
        opened: Sequence[tuple[UUID, UUID]] = cursor.fetchall()
        set_person(user.get_username(), {subject for _, subject in opened})
        cursor.execute(_HOLDING, [[card for card, _ in opened], now])
        holding = cursor.fetchall()
    return PersonPermit(
        account=user.get_username(),
        subjects=frozenset(row[0] for row in holding),
        until_at=now + _HOLDS_FOR,
        threads=frozenset(each for row in holding for each in row[1]),
    )


def _shown(number: str, code: str, address: str, now: datetime) -> _Shown:
    """Return the slip of a number and code; that somebody tried is counted before the code is looked at."""
    digits = "".join(each for each in number if each in "0123456789")
    plain = "".join(each for each in code.upper() if each in ALPHABET)
    attempt = begin_attempt(f"own-page:{digits}", now, address)
    if attempt is None:
        raise RestingError
    with transaction.atomic(), connection.cursor() as cursor:
        row = _presented(cursor, digits, now)
    # As long for a number that nobody has: whether there is one is not to be measured.
    right = check_password(plain, row[1] if row else _nobodys())
    if row is None or not right or row[3]:
        raise WrongSlipError
    attempt.forgive()
    return _Shown(card=row[0], subject=row[2], is_limited=row[4], account=row[5] or "", is_once=row[6])


def _presented(cursor: CursorWrapper, number: str, now: datetime) -> tuple[Any, ...] | None:
    key = number_digest(number)
    cursor.execute(_PRESENT, [key.hex()])
    cursor.execute(_PRESENTED, [now, key])
    row: tuple[Any, ...] | None = cursor.fetchone()
    return row


@lru_cache(maxsize=1)
def _nobodys() -> str:
    """Return the hash of a code that nobody has."""
    return make_password(secrets.token_hex(), hasher="argon2")


def _new_account(cursor: CursorWrapper, now: datetime) -> User:
    name = f"p-{secrets.token_hex(12)}"
    user: User = get_user_model().objects.create_user(name)
    set_person(name, ())
    cursor.execute(
        "INSERT INTO registry_personaccount (id, user_id, made_at) VALUES (%s, %s, %s)", [name, user.pk, now]
    )
    return user


def _open(cursor: CursorWrapper, shown: _Shown, number: str, account: str, now: datetime) -> None:
    """Note that an account uses a slip; two windows that open one at once end in one account or the other."""
    cursor.execute(_PRESENT, [number_digest(number).hex()])
    cursor.execute(_OPEN, [shown.card, account, shown.subject, now, now])
