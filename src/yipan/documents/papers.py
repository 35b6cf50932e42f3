"""What stands on a paper: read from the journal under a permit, one logged look each, and nothing of anybody else.

Titles and opening words of letters are data beside the rules; what follows them is what the entry says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

from django.db import connection

from yipan.documents import pdf
from yipan.documents.certificate import Held, NoCertificateError, held
from yipan.documents.definitions import FORM, LETTER, of_kind
from yipan.documents.stubs import number_of
from yipan.duties.draft import CASE
from yipan.duties.journal import events_of
from yipan.duties.lawbook import lawbook
from yipan.duties.queries import case
from yipan.errors import YipanError
from yipan.law.agreeing import agreements_in, lacking
from yipan.law.deadline import SHANGHAI
from yipan.registry.access import read_entry, said_before

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime
    from uuid import UUID

    from yipan.duties.views import CaseView, EventView
    from yipan.law.kind import Kind
    from yipan.offices.permit import Permit
    from yipan.registry.ownaccess import Slip

#: The two whom a registration may be about: what a form calls each, and what stands before her or his fields.
SUBJECTS: Final[Mapping[str, str]] = {"her": "her_", "him": "his_"}
#: How many ruled lines a paper has that is filled in by hand.
_BY_HAND: Final = 6
_FOOT: Final = "服务免费、自愿、保密。本系统督促的是机构，不是群众。"
#: What stands elsewhere on a letter than among its contents.
_BESIDE: Final = ("document_number", "tracking")
_PERSON_FIELDS: Final = (
    ("name", "姓名", "Name"), ("identity_number", "公民身份号码", "Identity number"), ("phone", "联系电话", "Telephone"),
)  # fmt: skip


class NoPaperError(YipanError):
    """There is nothing to print here, or not for this office."""

    code: ClassVar[str] = "no-paper"
    sentence: ClassVar[dict[str, str]] = {
        "zh": "这里没有可以打印的文书，或者本机构无权打印。",
        "en": "There is nothing to print here, or not for this office.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "请回到案件，先作相应的记录。",
        "en": "Go back to the case and record what the paper is about first.",
    }


class AgreementGoneError(YipanError):
    """The letter passes on what is a person's, and she has withdrawn her agreement since it was written."""

    code: ClassVar[str] = "agreement-gone"
    sentence: ClassVar[dict[str, str]] = {
        "zh": "本人已经撤回同意，这封函不能再打印、寄出。",
        "en": "She has withdrawn her agreement: this letter is neither printed nor sent any more.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "已经印好还没有寄出的，请销毁。相应的职责已经免除，不记过错。",
        "en": "Destroy it if it was printed and not sent. What it was owed for is released, without fault.",
    }


def has_letter(kind: str) -> bool:
    """Tell whether an entry of a kind can be printed as a letter."""
    return of_kind(LETTER, kind) is not None


def has_form(kind: str) -> bool:
    """Tell whether an entry of a kind can be printed as a registration form."""
    found = of_kind(FORM, kind)
    return found is not None and found.template == "registration"


# ------------------------------------------------------------------------------------------- certificates


def certificate(permit: Permit, thread: UUID, event: UUID | None, now: datetime) -> Held:
    """Return a certificate of a case (the latest, where none is named) for printing; the look is logged.

    Raises:
        NotPermittedError: the post does not include reading cases.
        NoCertificateError: there is none, or not for this office.
    """
    said_before(permit, thread, ("name",), now)
    for each in held(permit, thread, now.astimezone(SHANGHAI).date()):
        if event in (None, each.id):
            return each
    raise NoCertificateError


def code_text(one: Held, address: str) -> str:
    """Return what the code on the paper says: where to look it up, and the signed text, which no server is sent."""
    return f"{address}/verify/{one.statement.number}#{one.token}" if address else one.token


def certificate_data(one: Held, address: str, slip: Slip | None = None) -> dict[str, object]:
    """Return what stands on the paper of a certificate; with a slip, on its second sheet, which is for her alone."""
    said = one.statement
    own = {"own": {"number": slip.number, "code": slip.code}} if slip else {}
    return own | {
        "name": said.name,
        "office": said.office,
        "number": said.number,
        "issued_on": said.issued_on.isoformat(),
        "expires_on": said.expires_on.isoformat(),
        "address": f"{address.partition('://')[2]}/verify" if address else "",
        "host": address.partition("://")[2],
        "code": pdf.code(code_text(one, address)),
    }


def certificate_pdf(one: Held, address: str, slip: Slip | None = None) -> bytes:
    """Return the paper of a certificate; with a slip, and a second sheet that opens her own pages, once."""
    return pdf.pdf("certificate", certificate_data(one, address, slip))


# ------------------------------------------------------------------------------------ registration forms


def registration_data(permit: Permit, thread: UUID, subject: str, now: datetime) -> dict[str, object]:
    """Return the form of a registration for one of the two; it says nothing of the other. The look at her is logged.

    Raises:
        NotPermittedError, UnknownThreadError: this office may not read the case.
        NoPaperError: nothing is registered here yet, or not of this person.
    """
    view = case(permit, thread, now)
    entered = next(
        (each for each in reversed(view.story) if has_form(each.kind) and not each.corrected), None
    )
    if entered is None or subject not in SUBJECTS:
        raise NoPaperError
    front = SUBJECTS[subject]
    said = said_before(permit, thread, {front + name for name, _, _ in _PERSON_FIELDS}, now)
    if not said:
        raise NoPaperError
    kind, day = _kind(entered), entered.counts_at.astimezone(SHANGHAI).date()
    rows = [(zh, en, said[front + name]) for name, zh, en in _PERSON_FIELDS if front + name in said]
    rows.append(("登记机构", "Registered at", entered.recorded_by_name))
    rows.append(("登记日期", "Registered on", f"{day.year}年{day.month}月{day.day}日"))
    role = kind.roles.get(f"{front}home")
    rows += [
        ("户籍地机构", "Home office", name) for title, name in entered.parties if role and title == role.title
    ]
    rows += list(_agreements(view, front))
    matter = read_entry(permit, thread, entered.id, now, only=[CASE]).get(CASE, {})
    return {
        "office": entered.recorded_by_name,
        "number": str(matter.get("form_number") or str(thread)[-8:].upper()),
        "rows": rows,
        "entered_on": day.isoformat(),
    }


def forms_of(view: CaseView) -> tuple[str, ...]:
    """Return of whom of the two a case says anything, as far as this office sees it: for each there is a form."""
    found = []
    for name in SUBJECTS:
        titles = [kind.subjects[name].title for kind in map(_kind, view.story) if name in kind.subjects]
        if any(title in titles for each in view.story for title, _ in each.facts):
            found.append(name)
    return tuple(found)


def _agreements(view: CaseView, front: str) -> Iterator[tuple[str, str, str]]:
    """Yield what this person agreed to, as it stands last."""
    for purpose, zh, en in (
        ("verify", "向户籍地核实", "Home may be asked"),
        ("notice", "告知户籍地", "Home may be told"),
    ):
        answers = []
        for each in view.story:
            field = _kind(each).fields.get(f"{front}agrees_{purpose}")
            answers += [value for title, value in each.clock if field and title == field.title]
        if answers:
            yield zh, en, _zh(answers[-1])


def _kind(entry: EventView) -> Kind:
    return lawbook().kind(entry.kind, entry.counts_at.astimezone(SHANGHAI).date())


def _zh(said: Any) -> str:  # noqa: ANN401  # both languages of a word, or the word
    return said if isinstance(said, str) else str(said["zh"])


# ---------------------------------------------------------------------------------------------- letters


def letter_data(permit: Permit, thread: UUID, event: UUID, now: datetime) -> dict[str, object]:
    """Return the letter that an entry is printed as. The look at whom it names is logged.

    A letter to an office says of persons only what that office may see.

    Raises:
        NotPermittedError, UnknownThreadError: this office may not read the case.
        NoPaperError: the entry is none of this case, or of a kind without a letter.
        AgreementGoneError: it passes on what is hers, and she has withdrawn.
    """
    view = case(permit, thread, now)
    entry = next((each for each in view.story if each.id == event), None)
    letter = of_kind(LETTER, entry.kind) if entry else None
    if entry is None or letter is None:
        raise NoPaperError
    kind = _kind(entry)
    if kind.needs_consent:
        _refuse_withdrawn(permit, thread, event, kind)
    reached = _reached(entry, kind)
    shown = [name for name, each in kind.subjects.items() if all(role in each.shown_to for role in reached)]
    said = read_entry(permit, thread, event, now, only=[*shown, CASE])
    facts = {name: str(value) for each in said.values() for name, value in each.items()}
    addressed = "、".join(reached.values())
    return {
        "title": letter.title["zh"],
        "office": entry.on_behalf_of_name or entry.recorded_by_name,
        "to": addressed or _named(permit, thread, now),
        "number": facts.get("document_number") or number_of(permit, event),
        "by_hand": _BY_HAND if letter.template == "by-hand" else 0,
        "text": [letter.text["zh"]],
        "rows": [
            (_zh(kind.fields[name].title), value)
            for name, value in facts.items()
            if name in kind.fields and name not in _BESIDE
        ],
        "written_on": entry.counts_at.astimezone(SHANGHAI).date().isoformat(),
        "foot": _FOOT,
    }


def _refuse_withdrawn(permit: Permit, thread: UUID, event: UUID, kind: Kind) -> None:
    """Refuse a letter whose agreement is gone.

    Raises:
        AgreementGoneError: it is.
    """
    with permit.in_force([thread]), connection.cursor() as cursor:
        events = events_of(cursor, [thread])[thread]
    parties = next((each.parties for each in events if each.id == event), {})
    if lacking(kind, {}, parties, agreements_in(events, lawbook())):
        raise AgreementGoneError


def _reached(entry: EventView, kind: Kind) -> dict[str, str]:
    """Return the roles that an entry is sent to, with the names of their offices; none for a note to the person."""
    named = {_zh(title): name for title, name in entry.parties}
    roles = kind.in_group(kind.reaches) if kind.reaches else ()
    return {
        role: named[_zh(kind.roles[role].title)] for role in roles if _zh(kind.roles[role].title) in named
    }


def _named(permit: Permit, thread: UUID, now: datetime) -> str:
    """Return whom a note to the person is for: her by whom the case was begun."""
    found = said_before(permit, thread, {"name", "her_name"}, now)
    return found.get("name") or found.get("her_name") or ""


def letter_pdf(permit: Permit, thread: UUID, event: UUID, now: datetime) -> bytes:
    """Return the letter that an entry is printed as; see `letter_data()`."""
    return pdf.pdf("letter", letter_data(permit, thread, event, now))


def registration_pdf(permit: Permit, thread: UUID, subject: str, now: datetime) -> bytes:
    """Return the form of a registration for one of the two; see `registration_data()`."""
    return pdf.pdf("registration", registration_data(permit, thread, subject, now))
