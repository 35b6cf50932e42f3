"""What ends with a person in this room: her certificates are found no more, the files of her cases have no key, nothing is sent.

The verbs stand here, above the register, so that whoever asks ends all of it or nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from yipan.documents.outbox import STOPPED, WAITING
from yipan.duties import done
from yipan.duties.checkpoint import write_erasures
from yipan.duties.projecting import Projecting
from yipan.law.deadline import SHANGHAI
from yipan.law.keeping import ENDED_KIND, ERASING_KINDS
from yipan.offices.permit import clock_permit
from yipan.registry import erasing, keeping

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime
    from uuid import UUID

    from django.db.backends.utils import CursorWrapper

    from yipan.duties.erasure import Erased
    from yipan.duties.projecting import Written
    from yipan.duties.record import Receipt
    from yipan.offices.permit import Permit
    from yipan.registry.keeping import Ended

#: Under this name it is noted when terms of keeping were last looked at.
TASK: Final = "keeping"


class PaperEnds(Projecting):
    """Ends certificates, files and messages as entries say, in the transaction of the one verb."""

    def write(self, cursor: CursorWrapper, written: Written) -> None:
        """End the papers of whom and of what the entries end."""
        threads = set()
        for each in written.recorded:
            if each.entry.kind in ERASING_KINDS or each.entry.kind == ENDED_KIND:
                cursor.execute("SELECT yipan_end_papers(%s)", [each.entry.id])
                threads.add(each.entry.thread)
        cursor.execute(
            "UPDATE documents_message SET state = %s WHERE thread = ANY(%s) AND state = %s",
            [STOPPED, sorted(threads), WAITING],
        )


def erase(permit: Permit, thread: UUID, now: datetime) -> Receipt:
    """Erase the person who asked for it in a case: key, words, register, certificates, files, what is still unsent.

    Raises:
        YipanError: as `registry.erasing.plan()` says.
    """
    receipt = erasing.erase(permit, thread, now, PaperEnds())
    write_erasures(now)
    return receipt


def apply_erasures(listed: Iterable[Erased], now: datetime) -> int:
    """Erase again whom a list names and a restore brought back, and return how many they were."""
    again = 0
    for each in listed:
        permit = clock_permit(each.organisation, now)
        again += erasing.erase_again(permit, each.subject, now, PaperEnds()) is not None
    if again:
        write_erasures(now)
    return again


def end_what_is_over(now: datetime, progress: Callable[[str], None] | None = None) -> Ended:
    """End what its term of keeping is over for, with its papers; once a day is enough, and more often does no harm."""
    ended = keeping.end_what_is_over(now, lambda _permit: PaperEnds(), progress)
    done.note(TASK)
    return ended


def end_if_due(now: datetime) -> Ended | None:
    """Do the same where it has not been done today; the sweep of a served installation asks this."""
    last = done.last(TASK)
    if last and last.astimezone(SHANGHAI).date() >= now.astimezone(SHANGHAI).date():
        return None
    return end_what_is_over(now)
