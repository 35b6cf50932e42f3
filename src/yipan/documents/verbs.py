"""The desk's verbs: record a draft, with the file that shows when it arrived; issue a certificate and hand it over."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from yipan.documents import evidence
from yipan.documents.certificate import EFFECTS, Certificates, is_about_one
from yipan.documents.outbox import Outbox
from yipan.documents.stubs import Stubs
from yipan.duties.draft import Draft
from yipan.duties.faults import NotAtADeskError
from yipan.duties.lawbook import lawbook
from yipan.duties.projecting import Several
from yipan.duties.record import record
from yipan.duties.refusing import refuse_unheard
from yipan.law.deadline import SHANGHAI
from yipan.registry.deciding import refuse_draft
from yipan.registry.register import record_drafts

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

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
        NotReceivedError: the kind takes such a thing from nobody; nothing was kept.
        NotTwoEntriesError: it decides on what are not two entries of the register.
        YipanError: as `record_drafts()` says; or the evidence is empty or too large.
    """
    permit.require("record", now)
    kind = lawbook().kind(draft.kind, (draft.at or now).astimezone(SHANGHAI).date())
    # What the clock or an adoption says of itself nobody may say at a desk: a lapse or a law would be forged.
    if kind.system and not kind.action.get("zh"):
        raise NotAtADeskError(kind=draft.kind)
    refuse_unheard(kind, draft.fields)
    refuse_draft(permit, draft, kind.effect)
    if file:
        with permit.in_force():
            digest = evidence.keep(file[0], file[1], permit.organisation, now)
        draft = replace(draft, evidence=digest)
    seen = {draft.thread: as_of} if draft.thread and as_of is not None else {}
    # A correction in a case with certificates may undo one.
    if kind.effect in EFFECTS or (draft.corrects and is_about_one(permit, draft.thread)):
        also = Several(Certificates(now), Stubs())
        return record([draft], permit=permit, clock=lambda: now, as_of=seen, also=also)
    sent = Several(Stubs(), Outbox())
    return record_drafts([draft], permit=permit, clock=lambda: now, as_of=seen, also=sent)


def issue(  # noqa: PLR0913  # each is a box of the page; a bag of them would hide which was forgotten
    permit: Permit,
    thread: UUID,
    *,
    name: str,
    way: str,
    entries: tuple[UUID, UUID],
    as_of: int | None,
    now: datetime,
) -> Receipt:
    """Issue a certificate in a case and, with `way`, hand it over: both entries or none, and the same twice is once.

    Raises:
        YipanError: as `record()` says.
    """
    permit.require("record", now)
    issued, handed = entries
    drafts = [Draft(kind="certificate.issued", id=issued, thread=thread, fields={"name": name})]
    if way:
        drafts.append(Draft(kind="certificate.handed-over", id=handed, thread=thread, fields={"way": way}))
    seen = {thread: as_of} if as_of is not None else {}
    also = Certificates(now)
    return record(drafts, permit=permit, clock=lambda: now, as_of=seen, also=also)
