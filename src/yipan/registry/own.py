"""A person at her own page: what her permit lets through, and nothing of anybody else.

An officer's permit names an organisation; hers names the persons she is here. An office that enrolled her and another that
took in a request of hers hold two keys and know nothing of one another: only she joins them, by the cards she was given.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

from django.db import connection, transaction

from yipan.errors import YipanError
from yipan.offices.permit import PermitExpiredError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime
    from uuid import UUID

#: What the journal calls her where she records something herself: her name is in no clear column.
THE_PERSON: Final = "the-person"


class NotHersError(YipanError):
    """There is no such thing among what is hers."""

    code: ClassVar[str] = "not-hers"
    sentence: ClassVar[dict[str, str]] = {
        "zh": "在您名下没有找到这一项。",
        "en": "There is nothing of this kind among what is yours.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "请回到首页，从列表中打开。",
        "en": "Go back to the first page and open it from the list.",
    }


@dataclass(frozen=True, kw_only=True, slots=True)
class PersonPermit:
    """Who looks (`account`), whom that account is here (`subjects`), until when.

    `threads` keeps whoever acts for her to the cases named; empty keeps nothing from her.
    """

    account: str
    subjects: frozenset[UUID]
    until_at: datetime
    threads: frozenset[UUID] = frozenset()

    def require(self, now: datetime) -> None:
        """Refuse once the permit's time is over.

        Raises:
            PermitExpiredError: it is.
        """
        if now > self.until_at:
            raise PermitExpiredError

    @contextmanager
    def in_force(self) -> Iterator[None]:
        """Open a transaction in which row-level security sees what is hers. No office acts in it: nothing is written."""
        with transaction.atomic(durable=True):
            set_person(self.account, self.subjects, self.threads)
            yield


def set_person(account: str, subjects: Iterable[UUID], matters: Iterable[UUID] = ()) -> None:
    """Say for the rest of the transaction which person looks, and no office; the policies read it."""
    listed = ["{" + ",".join(map(str, each)) + "}" for each in (subjects, matters)]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('yipan.account', %s, true), set_config('yipan.subjects', %s, true),"
            " set_config('yipan.matters', %s, true), set_config('yipan.organisation', '', true),"
            " set_config('yipan.officer', '', true), set_config('yipan.threads', '{}', true)",
            [account, *listed],
        )
