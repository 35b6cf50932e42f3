"""Second factors of an account: passkeys, one-time codes of an app, recovery codes. What they are made of is allauth's.

Their secrets lie in the database sealed under a key made from the one that signs sessions, so that a copy of the database
alone makes no code. When that key is rotated, the former one opens them until `reseal()` has gone over all.
"""

from __future__ import annotations

import base64
import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction

from yipan.offices.signing_in import use_once

if TYPE_CHECKING:
    from datetime import datetime

    from django.contrib.auth.models import User

TOTP: Final = "totp"
PASSKEY: Final = "webauthn"
RECOVERY: Final = "recovery_codes"
_NONCE: Final = 12
_BOUND_TO: Final = b"yipan.second-factor"
#: How the libraries say that an answer is not one: a browser may send anything.
_STRANGE: Final = (ValidationError, ValueError, TypeError, KeyError, AttributeError, RecursionError)


class Adapter(DefaultMFAAdapter):  # type: ignore[misc]  # allauth ships no types
    """What allauth asks of this house: secrets sealed, the name that an app shows."""

    def encrypt(self, text: str) -> str:
        """Seal a secret."""
        return seal_secret(text)

    def decrypt(self, encrypted_text: str) -> str:
        """Open a secret."""
        return open_secret(encrypted_text)

    def get_totp_issuer(self) -> str:
        """Return what an app shows: a neutral word, as on a shared phone others read along."""
        return "Yipan"

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """Return for whom a passkey is made: this address, under a neutral name."""
        found: dict[str, str] = super().get_public_key_credential_rp_entity()
        return {**found, "name": "Yipan"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Factor:
    """A second factor as its owner sees it."""

    id: int
    sort: str
    name: str
    added_at: datetime
    used_at: datetime | None
    #: Recovery codes that are left.
    left: int = 0


def seal_secret(text: str) -> str:
    """Return a secret sealed for the database."""
    nonce = os.urandom(_NONCE)
    sealed = nonce + AESGCM(_key(settings.SECRET_KEY)).encrypt(nonce, text.encode(), _BOUND_TO)
    return base64.b64encode(sealed).decode()


def open_secret(sealed: str) -> str:
    """Return a sealed secret, whichever of the keys that still count sealed it.

    Raises:
        InvalidTag: none did.
    """
    raw = base64.b64decode(sealed)
    for each in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
        try:
            return AESGCM(_key(each)).decrypt(raw[:_NONCE], raw[_NONCE:], _BOUND_TO).decode()
        except InvalidTag:
            continue
    raise InvalidTag


def _key(secret: str) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=_BOUND_TO).derive(secret.encode())


def reseal() -> int:
    """Seal every secret anew under the key of today, after a rotation; return how many. May be run again."""
    with transaction.atomic():
        rows = _model().objects.select_for_update().filter(type__in=(TOTP, RECOVERY))
        for each in rows:
            for name in ("secret", "seed"):
                if name in each.data:
                    each.data[name] = seal_secret(open_secret(each.data[name]))
            each.save(update_fields=["data"])
        return len(rows)


def factors_of(account: int) -> list[Factor]:
    """Return the second factors of an account, the oldest first."""
    return [
        Factor(
            id=each.pk,
            sort=each.type,
            name=each.wrap().name if each.type == PASSKEY else "",
            added_at=each.created_at,
            used_at=each.last_used_at,
            left=len(each.wrap().get_unused_codes()) if each.type == RECOVERY else 0,
        )
        for each in _model().objects.filter(user_id=account).order_by("created_at", "id")
    ]


def has_second_factor(account: int) -> bool:
    """Tell whether an account signs in with more than one thing."""
    found: bool = _model().objects.filter(user_id=account, type__in=(TOTP, PASSKEY)).exists()
    return found


def code_is_right(account: int, typed: str, now: datetime) -> bool:
    """Tell whether a code is the one that the app of an account shows now, or one of its recovery codes; each once."""
    code = "".join(typed.split())
    if not code.isascii() or not code.isdigit():
        return False
    for each in _model().objects.filter(user_id=account, type__in=(TOTP, RECOVERY)).order_by("-type"):
        if each.wrap().validate_code(code) and use_once(account, code, now):
            each.record_usage()
            return True
    return False


def new_app_secret() -> str:
    """Return a fresh secret for a code app."""
    from allauth.mfa.totp.internal.auth import generate_totp_secret  # noqa: PLC0415  # holds tables

    secret: str = generate_totp_secret()
    return secret


def app_address(user: User, secret: str) -> str:
    """Return what the square on the screen says to a code app."""
    said: str = Adapter().build_totp_url(user, secret)
    return said


def add_app(user: User, secret: str, code: str) -> bool:
    """Add a code app to an account, if the code shows that it holds the secret."""
    from allauth.mfa.totp.internal.auth import TOTP as APP  # noqa: PLC0415  # holds tables
    from allauth.mfa.totp.internal.auth import validate_totp_code  # noqa: PLC0415  # the same

    if not validate_totp_code(secret, "".join(code.split())):
        return False
    with transaction.atomic():
        _model().objects.filter(user_id=user.pk, type=TOTP).delete()
        APP.activate(user, secret)
    return True


def fresh_recovery_codes(user: User) -> list[str]:
    """Return recovery codes for an account, in the place of all it had before. They are shown once."""
    from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes  # noqa: PLC0415  # holds tables

    with transaction.atomic():
        _model().objects.filter(user_id=user.pk, type=RECOVERY).delete()
        made: list[str] = RecoveryCodes.activate(user).generate_codes()
    return made


def passkey_options(user: User | None = None) -> dict[str, Any]:
    """Return what a browser needs to sign in with a passkey: of an account, or of whoever holds one for this address."""
    from allauth.mfa.webauthn.internal.auth import begin_authentication  # noqa: PLC0415  # holds tables

    made: dict[str, Any] = begin_authentication(user)
    return made


def passkey_owner(said: str, user: User | None = None) -> User | None:
    """Return whose passkey answered the question put last, None where it is nobody's or not that account's."""
    from allauth.mfa.webauthn.internal import auth  # noqa: PLC0415  # holds tables

    try:
        credential = json.loads(said)
        auth.parse_authentication_response(credential)
        owner: User = user or auth.extract_user_from_response(credential)
        auth.complete_authentication(owner, credential).record_usage()
    except _STRANGE:
        return None
    return owner if owner.is_active else None


def new_passkey_options(user: User) -> dict[str, Any]:
    """Return what a browser needs to make a passkey for an account, which the device unlocks with its own lock."""
    from allauth.mfa.webauthn.internal.auth import begin_registration  # noqa: PLC0415  # holds tables

    made: dict[str, Any] = begin_registration(user, passwordless=True)
    return made


def add_passkey(user: User, name: str, said: str) -> bool:
    """Add the passkey that a browser made to an account; False where it is not what was asked for."""
    from allauth.mfa.webauthn.internal import auth  # noqa: PLC0415  # holds tables

    try:
        credential = json.loads(said)
        auth.parse_registration_response(credential)
        if not auth.complete_registration(credential).is_user_verified():
            return False
    except _STRANGE:
        return False
    auth.WebAuthn.add(user, name, credential)
    return True


def remove(account: int, factor: int) -> bool:
    """Remove a second factor of an account; the last one takes the recovery codes with it."""
    with transaction.atomic():
        gone, _ = _model().objects.filter(user_id=account, pk=factor).exclude(type=RECOVERY).delete()
        if gone and not has_second_factor(account):
            _model().objects.filter(user_id=account).delete()
    return bool(gone)


def remove_all(account: int) -> None:
    """Remove every second factor of an account, recovery codes too."""
    _model().objects.filter(user_id=account).delete()


def _model() -> Any:  # noqa: ANN401  # allauth ships no types
    """Return allauth's table, which can be imported once Django is set up."""
    from allauth.mfa.models import Authenticator  # noqa: PLC0415

    return Authenticator
