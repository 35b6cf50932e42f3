"""The page on which something is recorded: a form made from the kind, handed to one verb."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID

from django.shortcuts import redirect
from django.utils.translation import gettext
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from yipan.documents.evidence import Evidence, keep
from yipan.documents.verbs import record_draft
from yipan.duties import queries
from yipan.duties.beginning import begins_at_desk
from yipan.duties.draft import Draft, Draftsman
from yipan.duties.faults import DraftFaultsError, Fault, StaleCaseError, UnknownThreadError
from yipan.duties.lawbook import lawbook
from yipan.duties.naming import new_id
from yipan.duties.refusing import refuse_unheard
from yipan.errors import YipanError
from yipan.offices.divisions import place_name
from yipan.offices.office import names_of
from yipan.registry.access import said_before
from yipan.registry.people import is_person, particulars_of
from yipan.registry.rewriting import as_written
from yipan.web.acting import Acting, for_officers, page, tell
from yipan.web.correcting import setting_of, typed_of
from yipan.web.duties import saying_of
from yipan.web.forms import AT, EVIDENCE, Section, Setting, sections_of, shown_fields, shown_roles, worded
from yipan.web.knowing import filled_from
from yipan.web.offices import office_meant, why_not_one
from yipan.web.words import SHANGHAI, language, said

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from django.http import HttpRequest, HttpResponse

    from yipan.duties.views import Action, CaseView
    from yipan.law.kind import Kind
    from yipan.offices.permit import Permit


class NothingToDoError(YipanError):
    """The case asks nothing of this kind of this office (any more)."""

    code: ClassVar[str] = "nothing-to-do"
    sentence: ClassVar[dict[str, str]] = {
        "zh": "本机构在这个案件中没有这件事要办，可能已经办过了。",
        "en": "This office has nothing of this kind to do in the case; it may have been done already.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "请回到案件，查看最新的办理经过。",
        "en": "Go back to the case and see its latest entries.",
    }


@dataclass(kw_only=True)
class _Desk:
    """One form while it is filled in: what it is about, what was typed, what is wrong."""

    acting: Acting
    kind: Kind
    setting: Setting
    entry: UUID
    thread: UUID | None = None
    as_of: int | None = None
    opened_at: datetime
    typed: dict[str, str] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    more: dict[str, Any] = field(default_factory=dict)
    #: The enrolment of whom the form is about, where it was begun from her page, and what the form calls her.
    about: UUID | None = None
    about_as: str = ""
    #: The entry of this office in whose place another is put.
    corrects: UUID | None = None


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
@for_officers
def record_new(request: HttpRequest, acting: Acting, kind: str) -> HttpResponse:
    """Show and take the form of what is recorded outside a case, or begins one."""
    found = _kind(kind, acting)
    if not begins_at_desk(found):
        raise NothingToDoError
    acting.permit("record").require(found.right, acting.now)
    own = dict.fromkeys(found.roles, acting.organisation) if found.thread == "office" else {}
    desk = _Desk(
        acting=acting,
        kind=found,
        setting=Setting(parties=own),
        entry=_entry_id(request, acting),
        opened_at=acting.now,
    )
    if request.method == "GET":
        desk.typed = _said_in_address(request, found)
    _say_whom(request, desk)
    return _serve(request, desk)


def _said_in_address(request: HttpRequest, kind: Kind) -> dict[str, str]:
    """Return what a link has filled in: offices and what rules may read, never anything about a person."""
    plain = {name for name, each in kind.fields.items() if each.clock} | set(kind.roles)
    return {name: str(said) for name, said in request.GET.items() if name in plain}


def _say_whom(request: HttpRequest, desk: _Desk) -> None:
    """Take up whom a form is about, where it was begun from her page: her particulars need not be typed again."""
    said_as = request.POST.get("about_as") or request.GET.get("as", "")
    thread = _uuid(request.POST.get("about") or request.GET.get("person", ""))
    if thread is None or said_as not in desk.kind.subjects:
        return
    desk.about, desk.about_as = thread, said_as
    if request.method == "GET":
        known = particulars_of(desk.acting.permit("record"), thread, desk.acting.now)
        desk.typed = filled_from(desk.kind, said_as, known.said)


def _persons(desk: _Desk) -> dict[str, UUID]:
    """Return whose key the case shall share: hers from whose page it was begun, unless another name was typed since."""
    if desk.about is None:
        return {}
    known = particulars_of(desk.acting.permit("record"), desk.about, desk.acting.now)
    same = all(
        desk.typed.get(name, "").strip() == value
        for name, value in filled_from(desk.kind, desk.about_as, known.said).items()
        if desk.kind.fields.get(name) and desk.kind.fields[name].type == "name"
    )
    return {desk.about_as: known.subject} if same else {}


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
@for_officers
def record_in_case(request: HttpRequest, acting: Acting, thread: UUID, kind: str) -> HttpResponse:
    """Show and take the form of a next entry in a case."""
    found = _kind(kind, acting)
    permit = acting.permit("record")
    view = queries.case(permit, thread, acting.now)
    if not found.system:
        permit.require(found.right, acting.now)
    setting, typed = _said_setting(request, found), {}
    if request.method == "GET":
        action = _action_of(request, view, kind)
        setting = Setting(parties=action.parties, on_behalf_of=action.on_behalf_of)
        period = next((each.duty.period for each in view.duties if each.duty.id == action.duty), "")
        told = {name: _typed(value) for name, value in action.saying.items()}
        typed = _filled_in(acting, thread, found, setting) | ({"period": period} if period else {}) | told
    desk = _Desk(
        acting=acting,
        kind=found,
        setting=replace(setting, known=view.known_roles),
        entry=_entry_id(request, acting),
        # An entry of another period than those of this case goes to the case of its own.
        thread=None if _is_of_another_period(request, found, view) else thread,
        as_of=_number(request.POST.get("as_of"), view.entries),
        opened_at=_instant(request.POST.get("opened_at"), acting.now),
        typed=typed,
    )
    return _serve(request, desk)


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
@for_officers
def correct(request: HttpRequest, acting: Acting, thread: UUID, event: UUID) -> HttpResponse:
    """Show an entry of this office as it was filled in, and put what is sent in its place. The first stays readable."""
    permit = acting.permit("record")
    permit.require("record", acting.now)
    view = queries.case(permit, thread, acting.now)
    if not any(each.id == event and each.is_correctable for each in view.story):
        raise UnknownThreadError(thread=thread)
    written = as_written(permit, thread, event, acting.now, with_facts=request.method == "GET")
    permit.require(written.kind.right, acting.now)
    desk = _Desk(
        acting=acting,
        kind=written.kind,
        setting=replace(setting_of(written), known=view.known_roles),
        entry=_entry_id(request, acting),
        thread=thread,
        as_of=_number(request.POST.get("as_of"), view.entries),
        opened_at=_instant(request.POST.get("opened_at"), acting.now),
        typed=typed_of(written),
        corrects=event,
    )
    return _serve(request, desk)


def _is_of_another_period(request: HttpRequest, kind: Kind, view: CaseView) -> bool:
    typed = request.POST.get("period", "").strip()
    return kind.thread == "period" and bool(typed) and typed not in {each.duty.period for each in view.duties}


def _filled_in(acting: Acting, thread: UUID, kind: Kind, setting: Setting) -> dict[str, str]:
    """Return what need not be typed again: what this office may see of the persons that the form is about."""
    names = {each.name for each in shown_fields(kind, setting) if each.subject}
    found = said_before(acting.permit("record"), thread, names, acting.now)
    places = [name for name in found if name in kind.fields and kind.fields[name].type == "place"]
    return found | {name: place_name(found[name]) for name in places}


def _kind(name: str, acting: Acting) -> Kind:
    return lawbook().kind(name, acting.now.astimezone(SHANGHAI).date())


def _action_of(request: HttpRequest, view: CaseView, kind: str) -> Action:
    """Return the action that a button stood for: the address names its duty and its roles."""
    wanted = request.GET.get("duty", ""), request.GET.get("for", ""), request.GET.get("saying", "")
    for each in view.actions:
        if each.kind == kind and wanted == (str(each.duty or ""), ",".join(each.parties), saying_of(each)):
            return each
    raise NothingToDoError


def _typed(value: str | int | bool) -> str:  # noqa: FBT001  # a clock value, whatever its type
    """Return a clock value as a form has it."""
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)


def _said_setting(request: HttpRequest, kind: Kind) -> Setting:
    """Return what a submitted form was about; the verb judges whether this office may say so."""
    held = {role: request.POST.get(f"party-{role}", "") for role in kind.roles}
    parties = {role: each for role, each in held.items() if each}
    return Setting(parties=parties, on_behalf_of=request.POST.get("on_behalf_of", ""))


def _entry_id(request: HttpRequest, acting: Acting) -> UUID:
    """Return the id of the entry: made with the form, so that sending it twice records it once."""
    try:
        return UUID(request.POST["entry"])
    except (KeyError, ValueError):
        return new_id(acting.now)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _number(text: str | None, otherwise: int) -> int:
    return int(text) if text and text.isascii() and text.isdigit() else otherwise


def _instant(text: str | None, otherwise: datetime) -> datetime:
    try:
        return datetime.fromisoformat(text or "").astimezone(SHANGHAI)
    except ValueError:
        return otherwise


def _serve(request: HttpRequest, desk: _Desk) -> HttpResponse:
    """Show the form, or hand what was typed to the verb and show what it answers."""
    if request.method == "GET":
        return _form(request, desk)
    desk.typed = {name: str(value) for name, value in request.POST.items()}
    permit = desk.acting.permit("record")
    permit.require("record", desk.acting.now)
    # Before the file is kept: of what is taken nowhere nothing stays, on no page either.
    refuse_unheard(desk.kind, desk.typed)
    desk.typed[EVIDENCE] = _evidence(request, desk, permit)
    draft = _draft(desk)
    if desk.faults:
        desk.faults += _faults_beside(desk, draft)
        return _form(request, desk, status=422)
    try:
        receipt = record_draft(permit, draft, None, desk.as_of, desk.acting.now)
    except DraftFaultsError as refusal:
        desk.faults += refusal.faults
    except StaleCaseError:
        _show_what_is_new(desk)
    except YipanError as refusal:
        desk.more["refusal"] = refusal.say(language())
    else:
        tell(request, _told(desk, already=bool(receipt.already)) % {"title": said(desk.kind.title)})
        thread = receipt.threads[0] if receipt.threads else desk.thread
        return redirect(_page_of(permit, thread), thread) if thread else redirect("today")
    return _form(request, desk, status=422)


def _told(desk: _Desk, *, already: bool) -> str:
    if already:
        return gettext("先前已经记录，没有重复写入：%(title)s。")
    return gettext("已更正：%(title)s。") if desk.corrects else gettext("已记录：%(title)s。")


def _evidence(request: HttpRequest, desk: _Desk, permit: Permit) -> str:
    """Keep the file that was sent and return its digest; with faults elsewhere too, so that it is sent once.

    Without a new file, the digest of one kept before: a made-up one counts for nothing.
    """
    sent, before = request.FILES.get(EVIDENCE), desk.typed.get("kept", "")
    with permit.in_force():
        if sent is None:
            return before if before and Evidence.objects.filter(digest=before).exists() else ""
        try:
            return keep(sent.name or EVIDENCE, sent.read(), permit.organisation, desk.acting.now)
        except YipanError as refusal:
            desk.faults.append(Fault(field=EVIDENCE, zh=refusal.say("zh"), en=refusal.say("en")))
            return ""


def _draft(desk: _Desk) -> Draft:
    """Return what was typed as a draft; what cannot be read goes to the faults."""
    fields: dict[str, object] = dict(desk.setting.parties)
    for each in shown_fields(desk.kind, desk.setting):
        fields[each.name] = desk.typed.get(each.name, "")
    for role in shown_roles(desk.kind, desk.setting):
        fields[role] = _office(desk, role, desk.typed.get(role, "").strip())
    return Draft(
        kind=desk.kind.name,
        fields=fields,
        id=desk.entry,
        thread=desk.thread,
        at=_moment(desk),
        evidence=desk.typed[EVIDENCE],
        on_behalf_of=desk.setting.on_behalf_of,
        persons=_persons(desk),
        corrects=desk.corrects,
    )


def _office(desk: _Desk, role: str, typed: str) -> str:
    """Return the office that a box means, or nothing, with a fault when it means none or several."""
    found = office_meant(typed) if typed else ""
    if found is None:
        text = why_not_one(typed)
        desk.faults.append(Fault(field=role, zh=text, en=text))
    elif found:
        # Should the form come back, she sees which office was understood.
        desk.typed[role] = f"{found} {names_of([found])[found]}"
    return found or ""


def _moment(desk: _Desk) -> datetime | None:
    """Return the moment typed, in Beijing time; None when none is, or with a fault when it is half said.

    A day alone is not taken: what came at its first minute would count before what it answers.
    """
    day, at = desk.typed.get(AT, "").strip(), desk.typed.get(f"{AT}_time", "").strip()
    if not day and not at:
        return None
    try:
        return datetime.combine(date.fromisoformat(day), time.fromisoformat(at), SHANGHAI)
    except ValueError:
        text = gettext("请把日期和时刻都写上，例如 2026-03-06 和 11:00。")
        desk.faults.append(Fault(field=AT, zh=text, en=text))
        return None


def _faults_beside(desk: _Desk, draft: Draft) -> list[Fault]:
    """Return what else is wrong in the boxes, so that all is said at once although the verb was not asked."""
    acting, setting = desk.acting, desk.setting
    known = {each.name for each in shown_fields(desk.kind, setting)} | {AT, EVIDENCE}
    draftsman = Draftsman(acting.organisation, frozenset(setting.parties.values()), acting.now)
    found = draftsman.check(draft, desk.kind, [])
    return [each for each in found if each.field in known] if isinstance(found, list) else []


def _show_what_is_new(desk: _Desk) -> None:
    """Take up what others wrote meanwhile: it is shown, and a second submission is judged against it."""
    if desk.thread is None:
        return
    view = queries.case(desk.acting.permit("record"), desk.thread, desk.acting.now)
    newest = sorted(view.story, key=lambda each: each.recorded_at)
    desk.more["fresh_entries"] = [each for each in newest if each.recorded_at > desk.opened_at] or newest[-1:]
    desk.as_of, desk.opened_at = view.entries, desk.acting.now


def _form(request: HttpRequest, desk: _Desk, status: int = 200) -> HttpResponse:
    wrong: dict[str, str] = {}
    for each in desk.faults:
        wrong.setdefault(each.field, each.say(language()))
    setting = worded(desk.setting, desk.kind, desk.acting.now.astimezone(SHANGHAI).date())
    sections = sections_of(desk.kind, setting, desk.typed, wrong)
    context = {
        "kind": desk.kind,
        "setting": desk.setting,
        "thread": desk.thread,
        "about": desk.about,
        "about_as": desk.about_as,
        "corrects": desk.corrects,
        "back_to_person": desk.about or (desk.thread if desk.thread and _is_enrolment(desk) else None),
        "as_of": desk.as_of,
        "opened_at": desk.opened_at,
        "entry_id": desk.entry,
        "concerning": _concerning(desk),
        "sections": sections,
        "agreement": setting.wordings.get(desk.kind.agrees_to, ""),
        "faults": _listed(wrong, sections),
        **desk.more,
    }
    return page(request, desk.acting, "record", context, status)


def _is_enrolment(desk: _Desk) -> bool:
    """Tell whether a form is about somebody's enrolment, whose page is the person's."""
    return desk.thread is not None and is_person(desk.acting.permit("record"), desk.thread)


def _page_of(permit: Permit, thread: UUID) -> str:
    """Return the name of the page of a case: of an enrolment it is the person's."""
    return "person" if is_person(permit, thread) else "case"


def _concerning(desk: _Desk) -> list[tuple[str, str]]:
    """Return whom the entry is about and, where it is another office's act, whose."""
    parties, actor = desk.setting.parties, desk.setting.on_behalf_of
    names = names_of({*parties.values(), actor} - {""})
    named = [(said(desk.kind.roles[role].title), names.get(held, held)) for role, held in parties.items()]
    if actor:
        stands_in = gettext("%(office)s（由本机构代为记录，须附凭证）") % {"office": names.get(actor, actor)}
        named.append((gettext("由谁办理"), stands_in))
    return named


def _listed(wrong: Mapping[str, str], sections: Sequence[Section]) -> list[dict[str, str]]:
    """Return the faults in the order of the form, each with the box it leads to and that box's title."""
    boxes = {box.name: box for section in sections for box in section.boxes}
    ordered = [*(name for name in boxes if name in wrong), *(name for name in wrong if name not in boxes)]
    return [
        {
            "anchor": f"f-{name}" if name in boxes else "main",
            # Most sentences name their box themselves.
            "title": boxes[name].title if name in boxes and boxes[name].title not in wrong[name] else "",
            "text": wrong[name],
        }
        for name in ordered
    ]
