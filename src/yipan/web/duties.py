"""Pages of the first floor: what this office owes today, and one case."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.conf import settings
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext
from django.views.decorators.http import require_GET

from yipan.duties.lawbook import lawbook
from yipan.duties.queries import owed_today
from yipan.law.roles import OWED_ONLY
from yipan.law.rule import PERIOD_KIND
from yipan.registry.access import is_about_somebody, names_in, read_case
from yipan.registry.oversight import RIGHT as AUDIT
from yipan.web.acting import Acting, for_officers, page
from yipan.web.nodes import sent_by_entry
from yipan.web.paging import Sheet, page_asked
from yipan.web.ruling import titles_of
from yipan.web.words import SHANGHAI, is_running, said

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime
    from uuid import UUID

    from django.http import HttpRequest, HttpResponse

    from yipan.duties.views import Action, CaseView, DutyView, Said, Today
    from yipan.law.kind import Kind
    from yipan.offices.permit import Permit


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """One list of the worklist. `mine`: owed by this office. `linked`: its cases may be opened."""

    name: str
    title: str
    duties: Sequence[DutyView]
    note: str = ""
    empty: str = ""
    mine: bool = True
    linked: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class Button:
    """A next action; `duty` when it fulfils one."""

    label: str
    href: str
    duty: bool


@require_GET
@for_officers
def today(request: HttpRequest, acting: Acting) -> HttpResponse:
    """Show what this office owes: what is late first, then what is soon due. Who only audits is shown what she audits."""
    if acting.rights == {AUDIT}:
        return redirect("oversight")
    permit = acting.permit("worklist")
    owed = owed_today(permit, acting.now, page=page_asked(request))
    begins = owed.begins if "record" in permit.rights else ()
    context = {
        "today": owed,
        "parts": _parts(owed, with_subtree="read-subtree" in permit.rights),
        "beginnings": [each for each in begins if each.often or not each.matter],
        "matters": _by_matter([each for each in begins if each.matter and not each.often]),
        "titles": document_titles(),
        "sheet": Sheet(page=owed.page, more=owed.more),
        "names": _names(permit, owed, acting.now),
        "now": acting.now,
    }
    return page(request, acting, "today", context)


def _by_matter(actions: Iterable[Action]) -> list[tuple[Said, list[Action]]]:
    """Return what begins a case but not every day, by what it is about, in the order of the words."""
    found: dict[str, tuple[Said, list[Action]]] = {}
    for each in actions:
        found.setdefault(each.matter["zh"], (each.matter, []))[1].append(each)
    return [found[name] for name in sorted(found)]


def _names(permit: Permit, owed: Today, now: datetime) -> Mapping[UUID, str]:
    """Return whose cases these are, in one look; for a post that reads no cases, nobody's."""
    if "read-case" not in permit.rights:
        return {}
    listed = (*owed.overdue, *owed.due_soon, *owed.later, *owed.waiting)
    threads = {view.duty.thread for view in listed if not view.duty.period}
    return names_in(permit, threads | {each.thread for each in owed.recent}, now)


def _parts(owed: Today, *, with_subtree: bool) -> list[Part]:
    days = {"n": settings.SOON}
    parts = [
        Part(
            name="overdue", title=gettext("逾期"), duties=owed.overdue,
            note=gettext("逾期最久的在前"), empty=gettext("没有逾期的事。"),
        ),
        Part(
            name="soon", title=gettext("临期"), duties=owed.due_soon,
            note=gettext("%(n)s 个工作日内到期") % days, empty=gettext("%(n)s 个工作日内没有到期的事。") % days,
        ),
        Part(name="later", title=gettext("其后"), duties=owed.later),
        Part(
            name="waiting", title=gettext("等待对方"), duties=owed.waiting,
            note=gettext("对方应为本机构办的"), mine=False,
        ),
    ]  # fmt: skip
    if with_subtree:
        note = gettext("只列机构，不列个人")
        below = Part(
            name="below", title=gettext("下级逾期"), duties=owed.subtree, note=note, mine=False, linked=False
        )
        parts.append(below)
    return parts


def document_titles() -> Mapping[str, Mapping[str, str]]:
    """Return the titles of the documents that articles are cited from."""
    return titles_of(each.pack for each in lawbook().adoptions())


@require_GET
@for_officers
def case(request: HttpRequest, acting: Acting, thread: UUID) -> HttpResponse:
    """Show a case: what is next, who owes what to whom until when and why, and the story so far."""
    permit = acting.permit("case")
    view = read_case(permit, thread, acting.now)
    kinds = lawbook().kinds(acting.now.astimezone(SHANGHAI).date())
    offered = buttons(view, kinds) if "record" in permit.rights else []
    # What the calendar opened is no case of anybody's: its first entry only says that a period turned.
    periodic = bool(view.story) and view.story[0].kind == PERIOD_KIND
    context = {
        "case": view,
        "heading": gettext("定期职责") if periodic else view.title,
        "running": sorted(
            (each for each in view.duties if is_running(each.clock)),
            key=lambda each: (each.duty.due_at is None, each.duty.due_at),
        ),
        "closed": [each for each in view.duties if not is_running(each.clock)],
        "owed": [each for each in offered if each.duty],
        "others": [each for each in offered if not each.duty],
        "titles": document_titles(),
        "sent": sent_by_entry(permit, thread, acting.now),
        "is_asked": _is_asked(view, acting.organisation),
    }
    return page(request, acting, "case", context)


def _is_asked(view: CaseView, own: str) -> bool:
    """Tell whether another office asks this one about somebody: it owes that office something, and a person is named."""
    owes = any(
        each.duty.owed_by == own and is_running(each.clock) and each.duty.owed_to not in OWED_ONLY
        for each in view.duties
    )
    theirs = (each for each in view.story if not each.is_withdrawable)
    return owes and any(is_about_somebody(each) for each in theirs)


def buttons(view: CaseView, kinds: Mapping[str, Kind]) -> list[Button]:
    """Return the next actions as buttons, each named so that no two look alike."""
    return [
        Button(
            label=label_of(each, kinds[each.kind]),
            href=f"{reverse('record', args=(view.thread, each.kind))}{_query(each)}",
            duty=each.duty is not None,
        )
        for each in view.actions
    ]


def label_of(action: Action, kind: Kind) -> str:
    """Return what a button says: the action, whom it is about, whether it stands in for another office."""
    label = said(action.title)
    if action.parties:
        label += gettext("（%(parties)s）") % {"parties": _titles(kind, action.parties)}
    if action.period:
        choices = [kind.fields[name].choices.get(str(value)) for name, value in action.saying.items()]
        told = [action.period, *(said(each) for each in choices if each)]
        label += gettext("（%(parties)s）") % {"parties": gettext("、").join(told)}
    return gettext("代对方记录：%(label)s") % {"label": label} if action.on_behalf_of else label


def _titles(kind: Kind, roles: Iterable[str]) -> str:
    return gettext("、").join(said(kind.roles[role].title) for role in roles)


def _query(action: Action) -> str:
    named = {"duty": str(action.duty)} if action.duty else {}
    parts = named | ({"for": ",".join(action.parties)} if action.parties else {})
    if action.saying:
        parts["saying"] = saying_of(action)
    return f"?{urlencode(parts)}" if parts else ""


def saying_of(action: Action) -> str:
    """Return what an event must say to fulfil a duty, as an address has it."""
    return ",".join(f"{name}={value}" for name, value in sorted(action.saying.items()))
