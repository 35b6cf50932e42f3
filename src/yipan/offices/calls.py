"""How often programs call: counted by the minute, for each token and each address, whichever process answers.

Kept are keyed digests, for an hour: a copy of the table says neither who called nor from where.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar, Final

from django.db import connection, models, transaction
from django.utils.crypto import salted_hmac

from yipan.errors import YipanError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

_MINUTE: Final = timedelta(minutes=1)
_KEPT: Final = timedelta(hours=1)
#: One statement, in the order of the digests: two calls at once wait for each other and never for one another.
_COUNT: Final = """
INSERT INTO offices_apicalls (digest, minute, calls)
SELECT digest, %s, cost FROM unnest(%s::bytea[], %s::int[]) AS said(digest, cost) ORDER BY digest
    ON CONFLICT (digest) DO UPDATE SET minute = excluded.minute, calls = excluded.calls
       + CASE WHEN offices_apicalls.minute = excluded.minute THEN offices_apicalls.calls ELSE 0 END
RETURNING digest, calls
"""


class TooManyCallsError(YipanError):
    """A program, or an address, called too often within a minute."""

    code: ClassVar[str] = "too-many-calls"
    sentence: ClassVar[dict[str, str]] = {
        "zh": "一分钟内的请求太多。",
        "en": "There were too many calls within a minute.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "请在{wait}秒后再试；一次可以送多条记录，不必逐条送。",
        "en": "Wait {wait} seconds; many events go in one call, they need not be sent one by one.",
    }


class ApiCalls(models.Model):
    """How many calls there were in the last minute in which there was any."""

    digest = models.BinaryField(primary_key=True)
    minute = models.DateTimeField()
    calls = models.IntegerField()

    class Meta:
        app_label = "offices"
        indexes: ClassVar = [models.Index(fields=["minute"], name="api_calls_by_age")]


def count_call(limits: Mapping[str, int], now: datetime, cost: int = 1) -> None:
    """Count a call for each of some names, each with the most there may be in a minute. `cost`: it counts for so many.

    Raises:
        TooManyCallsError: there were more for one of them; refused calls count too.
    """
    minute = now.replace(second=0, microsecond=0)
    keys = {_digest(name): most for name, most in limits.items()}
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        # What a crash loses is a minute's count.
        cursor.execute("SELECT set_config('synchronous_commit', 'off', true)")
        cursor.execute(_COUNT, [minute, list(keys), [cost] * len(keys)])
        counted = {bytes(digest): calls for digest, calls in cursor.fetchall()}
        if cost in counted.values():
            # Somebody's first call of a minute sweeps.
            cursor.execute("DELETE FROM offices_apicalls WHERE minute < %s", [minute - _KEPT])
    if any(counted[digest] > most for digest, most in keys.items()):
        raise TooManyCallsError(wait=max(1, int((minute + _MINUTE - now).total_seconds())))


def _digest(name: str) -> bytes:
    return salted_hmac("yipan.api-calls", name, algorithm="sha256").digest()
