"""Operations of the documents: recording events, evidence, certificates and papers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final, Literal
from uuid import uuid5

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.http import parse_header_parameters
from ninja import Router
from pydantic import Field, StringConstraints

from yipan.api.answers import Answer, Day, Id, Moment, Question
from yipan.api.door import Acting, WithToken, acting, anybody, kept, moment_of, sent
from yipan.api.duties import Entry, entries
from yipan.api.refusing import faults_of, refuse
from yipan.documents import papers, signing
from yipan.documents.certificate import held, verify
from yipan.documents.evidence import LARGEST
from yipan.documents.register import register_of
from yipan.documents.verbs import issue, keep_evidence, record_together
from yipan.duties.draft import Draft
from yipan.duties.faults import DraftFaultsError, Fault, StaleCaseError
from yipan.duties.lawbook import lawbook
from yipan.duties.listing import new_since, threads_of
from yipan.duties.naming import beside, new_id
from yipan.duties.record import BATCH
from yipan.law.deadline import SHANGHAI
from yipan.offices.office import UnknownOrganisationError, organisation
from yipan.registry.meaning import persons_meant

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from yipan.documents.signing import Statement


router = Router(auth=WithToken(), tags=["documents"])
#: A case has no more entries than this.
_MOST_ENTRIES: Final = 2**31 - 1
_NAME: Final = 255
#: The entry beside a certificate that says that it was handed over.
HANDED: Final = "certificate.handed-over"

Text = Annotated[str, StringConstraints(max_length=10_000)]
Code = Annotated[str, StringConstraints(max_length=40)]


# ------------------------------------------------------------------------------------------- recording


class EventSent(Question):
    """One event: what happened, in which case, and what it says."""

    kind: str = Field(max_length=100)
    id: Id | None = Field(None, description="Made by the program: the same id twice records once.")
    thread: Id | None = Field(None, description="The case; not needed where the kind begins one.")
    at: Moment | None = Field(
        None, description="The moment that counts, with evidence of it; now when not said."
    )
    evidence: str = Field("", pattern=r"^([0-9a-f]{64})?$", description="What `POST /api/evidence` answered.")
    on_behalf_of: Code = Field("", description="An office not on the system whose act this is.")
    follows: list[Id] = Field(default_factory=list, max_length=100)
    corrects: Id | None = Field(None, description="An entry that this one takes the place of.")
    about: dict[Code, Id] = Field(
        default_factory=dict,
        max_length=10,
        description="Of a kind that begins a case: by the name of a subject, the case of her enrolment at this office. The new case shares her key.",
    )
    as_of: int | None = Field(
        None, ge=0, le=_MOST_ENTRIES, description="How many entries the case had when it was looked at."
    )
    fields: dict[Code, Text | int | bool | list[Code] | None] = Field(default_factory=dict)


class EventsSent(Question):
    """Events recorded together: all of them or none."""

    events: list[EventSent] = Field(min_length=1, max_length=BATCH)


class Recorded(Answer):
    """One event, in its case; `already` where it had been recorded before."""

    event: Id
    thread: Id
    already: bool


class Changed(Answer):
    """How many duties were opened, closed and recomputed."""

    opened: int
    closed: int
    recomputed: int


class Receipt(Answer):
    """What was recorded, in the order in which it was sent, and what became of duties."""

    events: list[Recorded]
    duties: Changed


@router.post("/events", response=Receipt, url_name="events")
def events(request: HttpRequest, asked: EventsSent) -> Any:  # noqa: ANN401  # the receipt, or a refusal that says more
    """Record events, all or none, and do what the rules in force say.

    A fault is answered with all faults at once, each with its path (`events.3.fields.her_name`). Where a case has more
    entries than `as_of` says, nothing is written, and the answer (409) tells in `changed` what is new.
    """
    who = acting(request)
    permit = who.permit()
    ids = [each.id or new_id(who.now) for each in asked.events]
    places = {own: at for at, own in reversed(list(enumerate(ids)))}
    as_of = {
        each.thread: each.as_of for each in reversed(asked.events) if each.thread and each.as_of is not None
    }
    try:
        drafts = _drafts(who, asked.events, ids)
        receipt = record_together(permit, drafts, as_of, who.now)
    except DraftFaultsError as refusal:
        return refuse(request, refusal, faults_of(refusal.faults, places))
    except StaleCaseError as refusal:
        return refuse(request, refusal, changed=_changed(who, as_of))
    threads, already = threads_of(permit, ids), set(receipt.already)
    return {
        "events": [{"event": own, "thread": threads[own], "already": own in already} for own in ids],
        "duties": {"opened": receipt.opened, "closed": receipt.closed, "recomputed": receipt.recomputed},
    }


def _drafts(who: Acting, sent_events: Sequence[EventSent], ids: Sequence[Id]) -> list[Draft]:
    """Return what was sent as drafts.

    Raises:
        DraftFaultsError: an office on whose behalf something is recorded is not known; or who is meant is somebody else.
        UnknownThreadError: nobody is enrolled here under an id that names whom it is about.
    """
    faults: list[Fault] = []
    drafts = []
    for each, own in zip(sent_events, ids, strict=True):
        behalf = ""
        try:
            behalf = organisation(each.on_behalf_of).id if each.on_behalf_of else ""
        except UnknownOrganisationError as refusal:
            said = {language: refusal.say(language) for language in ("zh", "en")}
            faults.append(Fault(field="on_behalf_of", **said, draft=own))
        drafts.append(
            Draft(
                kind=each.kind, fields=each.fields, id=own, thread=each.thread, at=each.at, evidence=each.evidence,
                on_behalf_of=behalf, follows=tuple(each.follows), corrects=each.corrects,
                persons=_persons(who, each, own),
            )
        )  # fmt: skip
    if faults:
        raise DraftFaultsError(faults)
    return drafts


def _persons(who: Acting, said: EventSent, own: Id) -> dict[str, Id]:
    """Return whose keys a case shares that begins with an event."""
    if not said.about:
        return {}
    kind = lawbook().kind(said.kind, (said.at or who.now).astimezone(SHANGHAI).date())
    return persons_meant(who.permit(), kind, said.fields, said.about, own, who.now)


def _changed(who: Acting, as_of: Mapping[Id, int]) -> list[dict[str, Any]]:
    """Return what others wrote in the cases since they were looked at, as far as this office may see it."""
    found = []
    for thread, known in as_of.items():
        view, new = new_since(who.permit(), thread, known, who.now)
        if view.entries != known:
            rows = [Entry.model_validate(each).model_dump(mode="json") for each in entries(new)]
            found.append({"thread": thread, "entries": view.entries, "new": rows})
    return found


class Kept(Answer):
    """The digest by which an event names the evidence."""

    evidence: str


@router.post("/evidence", response=Kept, url_name="evidence")
def evidence(request: HttpRequest) -> dict[str, Any]:
    """Keep a file that shows when something arrived: the body is the file, `Content-Disposition` may say its name."""
    who = acting(request)
    permit = who.permit()
    permit.require("record", who.now)
    _, said = parse_header_parameters(request.headers.get("Content-Disposition", ""))
    name = "".join(each for each in said.get("filename", "") if each.isprintable())[:_NAME] or "evidence"
    return {"evidence": keep_evidence(permit, name, sent(request, LARGEST), who.now)}


# ---------------------------------------------------------------------------------------- certificates


class RequestShown(Answer):
    """One request for a certificate; it names nobody."""

    thread: Id
    asked_on: Day
    wish: str
    by_proxy: bool
    outcome: str
    outcome_on: Day | None
    certificate: Id | None
    expires_on: Day | None
    ended_because: str | None


class RegisterShown(Answer):
    """The register of certificates of an office."""

    balance: dict[str, int]
    requests: list[RequestShown]


@router.get("/certificates", response=RegisterShown, url_name="certificates")
def certificates(request: HttpRequest, response: HttpResponse) -> dict[str, Any]:
    """List the requests for certificates at the office, and what became of each."""
    who = acting(request)
    found = register_of(who.permit(), who.now)
    kept(response)
    return {
        "balance": dict(found.balance),
        "requests": [
            {
                "thread": each.thread, "asked_on": each.asked_on, "wish": each.wish, "by_proxy": each.by_proxy,
                "outcome": each.outcome, "outcome_on": each.outcome_on, "certificate": each.certificate,
                "expires_on": each.expires_on, "ended_because": each.ended_because or None,
            }
            for each in found.lines
        ],
    }  # fmt: skip


class CertificateSent(Question):
    """The case, the name to print, and how it is handed over at once."""

    thread: Id
    name: str = Field(min_length=1, max_length=200)
    way: str = Field("", max_length=40)
    event: Id | None = Field(None, description="Made by the program: the same id twice issues once.")
    as_of: int | None = Field(None, ge=0, le=_MOST_ENTRIES)


class CertificateIssued(Answer):
    """What the paper says."""

    event: Id
    number: str
    name: str
    office: str
    issued_on: Day
    expires_on: Day


@router.post("/certificates", response=CertificateIssued, url_name="certificate-issue")
def certificate_issue(request: HttpRequest, asked: CertificateSent) -> dict[str, Any]:
    """Issue a certificate in a case, free, for the term that the rule gives."""
    who = acting(request)
    permit = who.permit()
    own = asked.event or new_id(who.now)
    ids = (own, beside(own, uuid5(own, HANDED)))
    issue(permit, asked.thread, name=asked.name, way=asked.way, entries=ids, as_of=asked.as_of, now=who.now)
    today = who.now.astimezone(SHANGHAI).date()
    one = next(each for each in held(permit, asked.thread, today) if each.id == own)
    return {"event": one.id, **_said(one.statement)}


def _said(statement: Statement) -> dict[str, Any]:
    return {
        "number": statement.number, "name": statement.name, "office": statement.office,
        "issued_on": statement.issued_on, "expires_on": statement.expires_on,
    }  # fmt: skip


class Verified(Answer):
    """What the public may know of a certificate: nothing but what the paper says."""

    state: Literal["valid", "expired", "ended", "unknown"]
    number: str | None = None
    name: str | None = None
    office: str | None = None
    issued_on: Day | None = None
    expires_on: Day | None = None
    ended_on: Day | None = None


@router.get(
    "/certificates/verify", auth=anybody, response=Verified, exclude_unset=True, url_name="certificate-verify"
)
def certificate_verify(request: HttpRequest, number: Code) -> dict[str, Any]:
    """Verify a certificate by the number on the paper."""
    found = verify(number, moment_of(request).astimezone(SHANGHAI).date())
    answer = {"state": found.state, **(_said(found.statement) if found.statement else {})}
    return answer | ({"ended_on": found.ended_on} if found.ended_on else {})


@router.get("/certificates/keys", auth=anybody, response=dict[str, Any], url_name="certificate-keys")
def certificate_keys(request: HttpRequest, response: HttpResponse) -> dict[str, Any]:
    """Publish the keys with which a certificate is verified without a network."""
    kept(response)
    return dict(signing.as_published(signing.public_keys(moment_of(request).astimezone(SHANGHAI).date())))


# ------------------------------------------------------------------------------------------------ papers


def _address(request: HttpRequest) -> str:
    """Return the address under which anybody verifies: the deployment's own, else that of this call."""
    return str(settings.PUBLIC_ADDRESS) or request.build_absolute_uri("/").rstrip("/")


def _pdf(content: bytes, name: str) -> HttpResponse:
    """Answer with a paper under a name that says nothing of anybody."""
    headers = {"Content-Disposition": f'attachment; filename="{name}.pdf"'}
    return HttpResponse(content, content_type="application/pdf", headers=headers)


@router.get("/cases/{uuid:thread}/certificate.pdf", url_name="certificate-pdf")
def certificate_pdf(request: HttpRequest, thread: Id, event: Id | None = None) -> HttpResponse:
    """Print a certificate of a case, the latest where none is named. The look is logged."""
    who = acting(request)
    one = papers.certificate(who.permit(), thread, event, who.now)
    return _pdf(papers.certificate_pdf(one, _address(request)), "certificate")


@router.get("/cases/{uuid:thread}/letters/{uuid:event}.pdf", url_name="letter-pdf")
def letter_pdf(request: HttpRequest, thread: Id, event: Id) -> HttpResponse:
    """Print the letter that an entry is sent as. The look is logged."""
    who = acting(request)
    return _pdf(papers.letter_pdf(who.permit(), thread, event, who.now), "letter")


@router.get("/cases/{uuid:thread}/form-{str:subject}.pdf", url_name="form-pdf")
def form_pdf(request: HttpRequest, thread: Id, subject: str) -> HttpResponse:
    """Print the registration form of one of the two (`her`, `him`). The look is logged."""
    who = acting(request)
    return _pdf(papers.registration_pdf(who.permit(), thread, subject, who.now), "registration")
