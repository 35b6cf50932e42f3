"""The desk's verb: record a draft, with the file that shows when it arrived."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from yipan.documents import evidence
from yipan.duties.faults import NotAtADeskError
from yipan.duties.lawbook import lawbook
from yipan.law.deadline import SHANGHAI
from yipan.registry.deciding import refuse_draft
from yipan.registry.register import record_drafts

if TYPE_CHECKING:
    from datetime import datetime

    from yipan.duties.draft import Draft
    from yipan.duties.record import Receipt
    from yipan.offices.permit import Permit


def record_draft(
    permit: Permit,
    draft: Draft,
    file: tuple[str, bytes] | None,
    as_of: int | None,
    now: datetime,
) -> Receipt:
    """Record one draft for a clerk, keeping the evidence first. `as_of`: how many entries she saw in the case.

    The register's verb keeps its tables in step and looks for entries that may be the same person.

    Raises:
        NotAtADeskError: the kind is written by the engine alone.
        NotTwoEntriesError: it decides on what are not two entries of the register.
        YipanError: as `record_drafts()` says; or the evidence is empty or too large.
    """
    permit.require("record", now)
    kind = lawbook().kind(draft.kind, (draft.at or now).astimezone(SHANGHAI).date())
    # What the clock or an adoption says of itself nobody may say at a desk: a lapse or a law would be forged.
    if kind.system and not kind.action.get("zh"):
        raise NotAtADeskError(kind=draft.kind)
    refuse_draft(permit, draft, kind.effect)
    if file:
        with permit.in_force():
            digest = evidence.keep(file[0], file[1], permit.organisation, now)
        draft = replace(draft, evidence=digest)
    seen = {draft.thread: as_of} if draft.thread and as_of is not None else {}
    return record_drafts([draft], permit=permit, clock=lambda: now, as_of=seen)
