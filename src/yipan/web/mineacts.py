"""What a person does on her own pages: take back what she agreed to, ask for something, answer, complain.

Each act goes through the one verb under her own permit: what she may record is said by the kinds, not here.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods

from yipan.duties.faults import DraftFaultsError, Fault
from yipan.duties.lawbook import lawbook
from yipan.offices.divisions import place_name
from yipan.registry import asking
from yipan.registry.own import NotHersError
from yipan.registry.ownview import ENROLMENT, read_own
from yipan.web.acting import now
from yipan.web.duties import document_titles
from yipan.web.forms import Setting, sections_of, worded
from yipan.web.mine import for_persons, matter_of, show, tell, told
from yipan.web.offices import office_meant, why_not_one
from yipan.web.words import SHANGHAI, is_running, language, said

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from uuid import UUID

    from django.http import HttpRequest, HttpResponse

    from yipan.duties.views import Said
    from yipan.law.kind import Kind
    from yipan.registry.own import PersonPermit
    from yipan.registry.ownview import Own, OwnConsent, OwnMatter
    from yipan.web.forms import Section

#: The box in which she says whom she asks.
OFFICE: Final = "office-asked"
_ENDED: Final = "enrolment-ended"
#: What names somebody to act for her: with it a slip is made, that is shown once.
_PROXY: Final = "proxy-named"


@dataclass(frozen=True, kw_only=True, slots=True)
class Act:
    """Something that she may do: where its form is, and what it is called."""

    href: str
    label: str
    help: str
    matter: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Offer:
    """Something that she may agree to in a matter of hers: by which kind and field, in which words."""

    matter: OwnMatter
    kind: str
    field: str
    title: Said
    words: Said


@dataclass(kw_only=True, slots=True)
class _Form:
    """One form of hers while it is filled in."""

    kind: Kind
    own: Own
    matter: OwnMatter | None
    typed: dict[str, str]
    office: str = ""
    faults: list[Fault] = field(default_factory=list)


# ---------------------------------------------------------------------------------------------- consents


@require_http_methods(["GET", "POST"])
@for_persons
def consents(request: HttpRequest, permit: PersonPermit) -> HttpResponse:
    """Show what she agreed to, each with a switch; take back, or agree to, what she presses."""
    own = read_own(permit, now())
    offered = [] if permit.threads else [each for matter in own.matters for each in offers_in(own, matter)]
    if request.method == "POST" and request.POST.get("agree"):
        _agree(request, permit, offered)
        tell(request, gettext("已经记下您的同意，随时可以撤回。"))
        return redirect("mine-consents")
    if request.method == "POST":
        _take_back(request, permit, own)
        tell(request, gettext("已经撤回。还没有发出的，都不再发出；您享受的服务一点不变。"))
        return redirect("mine-consents")
    listed = [(each, withdrawal_of(each, _matter_of(own, each)) is not None) for each in own.consents]
    return show(request, "consents", {"consents": listed, "offers": offered, "here": "consents"})


def offers_in(own: Own, matter: OwnMatter) -> list[Offer]:
    """Return what she may agree to in a matter of hers and has not, or no more: kinds that ask her that and nothing else."""
    seen = {each.kind for each in matter.entries if not each.corrected}
    agreed = {each.purpose: each.agreed for each in own.consents if each.thread == matter.thread}
    if agreed.get(ENROLMENT) is False:
        return []
    found = []
    for kind in kinds_for_her():
        asked = next(iter(kind.fields.values()), None)
        if asked is None or len(kind.fields) > 1 or not asked.consent or asked.consent_of:
            continue
        if agreed.get(asked.consent):
            continue
        worded_ = lawbook().wording(asked.consent, now().astimezone(SHANGHAI).date())
        if worded_ and not kind.begins_case and seen & set(kind.follows):
            found.append(
                Offer(matter=matter, kind=kind.name, field=asked.name, title=asked.title, words=worded_[1])
            )
    return found


def _agree(request: HttpRequest, permit: PersonPermit, offered: Iterable[Offer]) -> None:
    sent = (request.POST.get("thread", ""), request.POST.get("agree", ""))
    for each in offered:
        if (str(each.matter.thread), each.field) == sent:
            asking.ask(
                permit,
                each.matter.office,
                each.kind,
                {each.field: True},
                thread=each.matter.thread,
                clock=now,
            )
            return
    raise NotHersError


def _take_back(request: HttpRequest, permit: PersonPermit, own: Own) -> None:
    sent = (request.POST.get("thread", ""), request.POST.get("purpose", ""), request.POST.get("of", ""))
    for each in own.consents:
        if (str(each.thread), each.purpose, each.of) == sent and each.agreed:
            matter = _matter_of(own, each)
            found = withdrawal_of(each, matter)
            if found:
                kind, fields = found
                asking.ask(permit, matter.office, kind.name, fields, thread=matter.thread, clock=now)
                return
    raise NotHersError


def _matter_of(own: Own, consent: OwnConsent) -> OwnMatter:
    return next(each for each in own.matters if each.thread == consent.thread)


def withdrawal_of(consent: OwnConsent, matter: OwnMatter) -> tuple[Kind, dict[str, object]] | None:
    """Return the kind by which she takes back an agreement, and what it says; None where the law knows none."""
    seen = {each.kind for each in matter.entries}
    for kind in kinds_for_her():
        if kind.begins_case or not seen & set(kind.follows):
            continue
        if consent.purpose == ENROLMENT and kind.effect == _ENDED:
            return kind, {}
        fields = [
            each.name
            for each in kind.fields.values()
            if each.consent and (each.consent, each.consent_of) == (consent.purpose, consent.of)
        ]
        if fields:
            return kind, {fields[0]: False}
    return None


# ------------------------------------------------------------------------------------------------- asking


def kinds_for_her() -> list[Kind]:
    """Return what a person may record herself, as the law of today says."""
    return asking.kinds_for_her(now())


def slug_of(kind: str) -> str:
    """Return what stands for a kind in an address: the history of a browser says nothing of what she asked for."""
    return hashlib.blake2b(kind.encode(), digest_size=5).hexdigest()


@require_GET
@for_persons
def ask(request: HttpRequest, permit: PersonPermit) -> HttpResponse:
    """Show what she may ask for, and what she may do in her running matters."""
    own = read_own(permit, now())
    begins: dict[str, list[Act]] = {}
    for kind in kinds_for_her():
        if kind.begins_case and not permit.threads:
            act = _act(kind, reverse("mine-act", args=[slug_of(kind.name)]))
            begins.setdefault(act.matter, []).append(act)
    running = [(each, acts_in(each)) for each in own.matters]
    context = {
        "begins": begins,
        "running": [(matter, acts) for matter, acts in running if acts],
        "here": "ask",
    }
    return show(request, "ask", context)


def acts_in(matter: OwnMatter) -> list[Act]:
    """Return what she may do in a matter of hers."""
    seen = {each.kind for each in matter.entries if not each.corrected}
    fits = [
        kind
        for kind in kinds_for_her()
        if not kind.begins_case
        and kind.effect != _ENDED
        and (seen & set(kind.follows) or kind.freely)
        # In a case with another person a new name would not say whom it means.
        and (matter.alone or not kind.subjects.keys() - {matter.name, "proxy"})
        and not any(each.consent for each in kind.fields.values())
    ]
    return [_act(kind, reverse("mine-act-in", args=[matter.thread, slug_of(kind.name)])) for kind in fits]


def _act(kind: Kind, href: str) -> Act:
    return Act(
        href=href,
        label=said(kind.title),
        help=said(kind.help) if kind.help else "",
        matter=said(kind.matter) if kind.matter else gettext("其他"),
    )


@require_GET
@for_persons
def matter(request: HttpRequest, permit: PersonPermit, thread: UUID) -> HttpResponse:
    """Show one matter of hers: what was asked, what is owed and by when, and what happened."""
    found = matter_of(permit, thread)
    running = [each for each in found.duties if is_running(each.clock)]
    context = {
        "matter": found,
        "entries": told(found)["entries"],
        "running": running,
        "closed": [each for each in found.duties if each not in running and each.clock != "void"],
        "titles": document_titles(),
        "acts": acts_in(found),
    }
    return show(request, "matter", context)


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
@for_persons
def act(request: HttpRequest, permit: PersonPermit, slug: str, thread: UUID | None = None) -> HttpResponse:
    """Show and take the form of something that she asks for or says."""
    own = read_own(permit, now())
    matter = next((each for each in own.matters if each.thread == thread), None) if thread else None
    kind = next((each for each in kinds_for_her() if slug_of(each.name) == slug), None)
    if kind is None or (thread and matter is None) or kind.begins_case != (thread is None):
        raise NotHersError
    form = _Form(kind=kind, own=own, matter=matter, typed=_known(permit, kind))
    if matter is None and own.matters:
        form.office = _office_box(own)
    if request.method == "POST":
        form.typed = {
            name: str(value) for name, value in request.POST.items() if name in {*kind.fields, *kind.roles}
        }
        form.typed |= {f"{name}_time": request.POST.get(f"{name}_time", "") for name in kind.fields}
        form.office = request.POST.get(OFFICE, "").strip()
        if answer := _asked(request, permit, form):
            return answer
    return _show_form(request, form)


def _asked(request: HttpRequest, permit: PersonPermit, form: _Form) -> HttpResponse | None:
    """Ask what the form says; None where something is to be mended."""
    office = form.matter.office if form.matter else office_meant(form.office)
    if office is None:
        form.faults.append(_why_no_office(form.office, OFFICE))
    fields: dict[str, object] = {
        name: value.strip()
        for name, value in form.typed.items()
        if name in form.kind.fields and value.strip()
    }
    for role in form.kind.roles.keys() & form.typed.keys():
        if form.typed[role].strip():
            fields[role] = office_meant(form.typed[role]) or ""
            if not fields[role]:
                form.faults.append(_why_no_office(form.typed[role], role))
    if office is None or form.faults:
        return None
    thread = form.matter.thread if form.matter else None
    try:
        if form.kind.effect == _PROXY and thread:
            return _proxy(request, permit, office, thread, fields)
        receipt = asking.ask(permit, office, form.kind.name, fields, thread=thread, clock=now)
    except DraftFaultsError as refusal:
        form.faults.extend(refusal.faults)
        return None
    tell(request, gettext("已经交给机构。什么时候办好，在这里看得到。"))
    return redirect("mine-matter", receipt.threads[0])


def _proxy(
    request: HttpRequest, permit: PersonPermit, office: str, thread: UUID, fields: Mapping[str, object]
) -> HttpResponse:
    """Name somebody to act for her, and show once the slip that she hands on."""
    try:
        until_on = date.fromisoformat(str(fields.get("until", "")))
    except ValueError:
        wrong = Fault(field="until", zh="请写成 2026-03-02 这样的日期。", en="Write the date as 2026-03-02.")
        raise DraftFaultsError([wrong]) from None
    slip = asking.name_proxy(
        permit,
        office,
        thread,
        proxy_name=str(fields.get("proxy_name", "")),
        until_on=until_on,
        clock=now,
    )
    context = {"slip": slip, "back": reverse("mine-matter", args=[thread])}
    return render(request, "web/slip.html", context)


def _why_no_office(typed: str, box: str) -> Fault:
    text = why_not_one(typed) if typed else gettext("请写明向哪个机构提出。")
    return Fault(field=box, zh=text, en=text)


def _show_form(request: HttpRequest, form: _Form) -> HttpResponse:
    faults = {each.field: (each.zh if language() == "zh" else each.en) for each in form.faults}
    context: dict[str, Any] = {
        "kind": form.kind,
        "matter": form.matter,
        "office": form.office,
        "office_box": OFFICE,
        "offices": {each.office: each.office_name for each in form.own.matters},
        "sections": _sections(form, faults),
        "faults": list(faults.values()),
        "office_fault": faults.get(OFFICE, ""),
    }
    return show(request, "act", context, 422 if faults else 200)


def _sections(form: _Form, faults: Mapping[str, str]) -> list[Section]:
    """Return the boxes of a form of hers: without evidence, and without what is said for her."""
    kind = form.kind
    asked = {each.name for each in asking.asked_of_her(kind, form.matter.name if form.matter else "")}
    own = {role for name in kind.recorded_by for role in kind.in_group(name)}
    setting = worded(Setting(parties=dict.fromkeys(own, "")), kind, now().astimezone(SHANGHAI).date())
    *sections, _ = sections_of(kind, setting, form.typed, faults)
    found = []
    for section in sections:
        boxes = [box for box in section.boxes if box.name in asked or box.name in kind.roles]
        if boxes:
            title = section.title if len(kind.subjects) > 1 else ""
            found.append(type(section)(title=title, boxes=boxes))
    return found


def _known(permit: PersonPermit, kind: Kind) -> dict[str, str]:
    """Return the boxes that need not be typed: what was said of her last."""
    known = asking.before_she_writes(permit, kind, now())
    return {
        name: place_name(value) if kind.fields[name].type == "place" else value
        for name, value in known.items()
    }


def _office_box(own: Own) -> str:
    """Return the office that she had to do with last."""
    last = own.matters[0]
    return f"{last.office} {last.office_name}"
