"""What a late or corrected event undoes is told by an event of its own, with what was and what is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from yipan.duties.chain import Entry
from yipan.duties.naming import new_id
from yipan.duties.settle import describe
from yipan.law.deadline import SHANGHAI
from yipan.law.fold import RECOMPUTED_KIND

if TYPE_CHECKING:
    from datetime import datetime

    from yipan.duties.settle import Change
    from yipan.law.rulebook import Rulebook
    from yipan.offices.permit import Permit


def told(permit: Permit, rulebook: Rulebook, now: datetime, change: Change) -> Entry:
    """Return the event that says what a late or corrected event undid."""
    duty, before = change.after, change.before or change.after
    parties = {"debtor": (duty.owed_by,)} | (
        {"creditor": (duty.owed_to,)} if duty.owed_to[0].isdigit() else {}
    )
    seen_by = {permit.organisation, duty.owed_by}
    return Entry(
        id=new_id(now),
        kind=RECOMPUTED_KIND,
        pack=rulebook.kind(RECOMPUTED_KIND, now.astimezone(SHANGHAI).date()).pack,
        thread=duty.thread,
        parties=parties,
        lines={},
        recorded_by=permit.organisation,
        officer=permit.officer,
        on_behalf_of="",
        happened_at=now,
        recorded_at=now,
        counts_at=now,
        counts_by="recording",
        clock={
            "duty": str(duty.id),
            "rule": duty.rule,
            "was": describe(before),
            "now": describe(duty),
        },
        follows=(),
        corrects=None,
        seen_by=tuple(sorted(seen_by)),
    )
