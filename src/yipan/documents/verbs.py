"""The desk's verbs: record a draft, with the file that shows when it arrived; issue a certificate and hand it over."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from django.db.models import Q

from yipan.documents import evidence
from yipan.documents.certificate import EFFECTS, ISSUED, Certificates, is_about_one
from yipan.documents.ends import erase
from yipan.documents.notices import catch_up, may_reach_her
from yipan.documents.outbox import Outbox
from yipan.documents.stubs import Stubs
from yipan.duties.draft import Draft, organisations_in
from yipan.duties.faults import DraftFaultsError, Fault, NotAtADeskError
from yipan.duties.lawbook import lawbook
from yipan.duties.projecting import Several
from yipan.duties.record import record
from yipan.duties.refusing import refuse_unheard
from yipan.law.deadline import SHANGHAI
from yipan.law.rulebook import UnknownKindError
from yipan.offices.office import Organisation, UnknownOrganisationError, canonical
from yipan.registry.deciding import refuse_draft
from yipan.registry.erasing import ERASED_EFFECT
from yipan.registry.register import record_drafts

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime
    from uuid import UUID

    from yipan.duties.record import Receipt
    from yipan.law.kind import Kind
    from yipan.law.rulebook import Rulebook
    from yipan.offices.permit import Permit

#: The part of the kind by which a paper is handed over.
HANDED_OVER: Final = "paper-handed-over"


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
    book = lawbook()
    kind = _kind(book, draft, now)
    _refuse_unfit(permit, draft, kind)
    if kind.effect == ERASED_EFFECT and draft.thread:
        return erase(permit, draft.thread, now)
    if file:
        with permit.in_force():
            digest = evidence.keep(file[0], file[1], permit.organisation, now)
        draft = replace(draft, evidence=digest)
    seen = {draft.thread: as_of} if draft.thread and as_of is not None else {}
    return _record(permit, [draft], seen, now, book)


def record_together(
    permit: Permit, drafts: Sequence[Draft], as_of: Mapping[UUID, int], now: datetime
) -> Receipt:
    """Record drafts that a program sends together, all or none. `as_of`: how many entries it saw in a case.

    Evidence is kept before, by `keep_evidence`, and named by its digest.

    Raises:
        YipanError: as `record_draft()` says, each fault with the draft it is of.
    """
    permit.require("record", now)
    book = lawbook()
    faults = _kind_faults(book, drafts, now)
    if not faults:
        kinds = [(each, _kind(book, each, now)) for each in drafts]
        for draft, kind in kinds:
            _refuse_unfit(permit, draft, kind)
        faults += _unknown_offices(kinds)
    faults += missing_evidence(permit, drafts)
    if faults:
        raise DraftFaultsError(faults)
    return _record(permit, drafts, as_of, now, book)


def _kind_faults(book: Rulebook, drafts: Iterable[Draft], now: datetime) -> list[Fault]:
    """Return the drafts of a kind that is none, or that no program says: an erasure cannot be undone."""
    faults = []
    for draft in drafts:
        try:
            erases = _kind(book, draft, now).effect == ERASED_EFFECT
        except UnknownKindError as refusal:
            faults.append(Fault(field="kind", zh=refusal.say("zh"), en=refusal.say("en"), draft=draft.id))
        else:
            zh, en = (
                "删除不可撤销，不能由程序办理，请在窗口办理。",
                "An erasure cannot be undone: somebody does it at the desk, no program.",
            )
            faults += [Fault(field="kind", zh=zh, en=en, draft=draft.id)] if erases else []
    return faults


def _unknown_offices(drafts: Iterable[tuple[Draft, Kind]]) -> list[Fault]:
    """Return the parts of drafts that name an organisation that is none."""
    named = [
        (draft, role, canonical(each))
        for draft, kind in drafts
        for role in kind.roles.keys() & draft.fields.keys()
        for each in organisations_in(draft.fields[role])
    ]
    wanted = {code for _, _, code in named}
    divisions = {code.partition(":")[0] for code in wanted}
    known: set[str] = set()
    for found in Organisation.objects.filter(Q(id__in=wanted) | Q(division__in=divisions)):
        known |= {found.id, canonical(f"{found.division}:{found.kind}")}
    return [
        Fault(field=role, draft=draft.id, **{language: refusal.say(language) for language in ("zh", "en")})
        for draft, role, code in named
        if code not in known
        for refusal in (UnknownOrganisationError(organisation=code),)
    ]


def keep_evidence(permit: Permit, name: str, content: bytes, now: datetime) -> str:
    """Keep a file that shows when something arrived, and return the digest by which drafts name it.

    Raises:
        NotPermittedError: the post does not include recording.
        YipanError: the file is empty, too large or no such file.
    """
    permit.require("record", now)
    with permit.in_force():
        return evidence.keep(name, content, permit.organisation, now)


def _refuse_unfit(permit: Permit, draft: Draft, kind: Kind) -> None:
    """Refuse what nobody says at a desk, what is taken from nobody, and what is not two entries of the register."""
    # What the clock or an adoption says of itself nobody may say at a desk: a lapse or a law would be forged.
    if kind.system and not kind.action.get("zh"):
        raise NotAtADeskError(kind=draft.kind)
    refuse_unheard(kind, draft.fields)
    refuse_draft(permit, draft, kind.effect)


def _kind(book: Rulebook, draft: Draft, now: datetime) -> Kind:
    return book.kind(draft.kind, (draft.at or now).astimezone(SHANGHAI).date())


def missing_evidence(permit: Permit, drafts: Iterable[Draft]) -> list[Fault]:
    """Return a fault of each draft that names evidence which this office has not kept: a digest made up counts for nothing."""
    named = {each.evidence for each in drafts if each.evidence}
    if not named:
        return []
    with permit.in_force():
        kept = set(evidence.Evidence.objects.filter(digest__in=named).values_list("digest", flat=True))
    zh, en = "没有保存过这份凭证。", "No such evidence has been kept here."
    return [
        Fault(field="evidence", zh=zh, en=en, draft=each.id)
        for each in drafts
        if each.evidence and each.evidence not in kept
    ]


def _record(
    permit: Permit, drafts: Sequence[Draft], seen: Mapping[UUID, int], now: datetime, book: Rulebook
) -> Receipt:
    """Hand drafts to the verb that keeps their tables in step: certificates, the register, or both."""
    effects = [_kind(book, each, now).effect for each in drafts]
    if drafts and all(each in EFFECTS for each in effects):
        also = Several(Certificates(now), Stubs())
        return record(drafts, permit=permit, clock=lambda: now, as_of=seen, also=also)
    # A correction in a case with certificates may undo one; or what the register has of that case.
    certified = any(each in EFFECTS for each in effects) or any(
        each.corrects and is_about_one(permit, each.thread) for each in drafts
    )
    sent = Several(*([Certificates(now)] if certified else []), Stubs(), Outbox())
    receipt = record_drafts(drafts, permit=permit, clock=lambda: now, as_of=seen, also=sent)
    if any(may_reach_her(_kind(book, each, now), each.fields, now) for each in drafts):
        catch_up(receipt.threads, permit.organisation, now)
    return receipt


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
    book, day = lawbook(), now.astimezone(SHANGHAI).date()
    drafts = [Draft(kind=book.kind_that(ISSUED, day), id=issued, thread=thread, fields={"name": name})]
    if way:
        kind = book.kind_that(HANDED_OVER, day)
        drafts.append(Draft(kind=kind, id=handed, thread=thread, fields={"way": way}))
    seen = {thread: as_of} if as_of is not None else {}
    also = Certificates(now)
    return record(drafts, permit=permit, clock=lambda: now, as_of=seen, also=also)
