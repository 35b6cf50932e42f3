"""Pages of whoever audits the offices: looks at many strangers, broken glasses, who looked how often, and what was asked."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from django.shortcuts import redirect
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from yipan.duties.faults import DraftFaultsError, UnknownThreadError
from yipan.duties.lawbook import lawbook
from yipan.offices.office import names_of
from yipan.offices.officer import Officer
from yipan.registry import oversight as audit
from yipan.registry.glass import needs_on
from yipan.web.acting import Acting, for_officers, page, tell
from yipan.web.words import SHANGHAI, language, purpose_title

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from uuid import UUID

    from django.http import HttpRequest, HttpResponse

    from yipan.law.kind import Kind

#: How many days back the list of officers goes.
WEEK = 7


def _kinds(acting: Acting) -> Mapping[str, Kind]:
    return lawbook().kinds(acting.now.astimezone(SHANGHAI).date())


@require_GET
@for_officers
def oversight(request: HttpRequest, acting: Acting) -> HttpResponse:
    """Show the auditor of some offices what there is to see to: no person is named."""
    permit, now = acting.permit("oversight"), acting.now
    kinds, today = _kinds(acting), now.astimezone(SHANGHAI).date()
    questions = audit.questions(permit, now)
    asked = {f"{each.about} {each.entry}" for each in questions}
    flags, glasses = audit.flags(permit, now), audit.glasses(permit, now)
    looks_ = audit.officers_looks(permit, now, today, WEEK)
    context: dict[str, Any] = {
        "flags": [(each, purpose_title(each.purpose), f"flag {each.read}" in asked) for each in flags],
        "glasses": [(each, f"glass {each.event}" in asked) for each in glasses],
        "officers": names_of_officers(
            [each.officer for each in flags]
            + [each.officer for each in glasses]
            + [each.officer for each in looks_]
        ),
        "needs": needs_on(lawbook(), today),
        "looks": looks_,
        "days": WEEK,
        "questions": questions,
        "findings": kinds[audit.CLOSED].fields["finding"].choices,
        "abouts": kinds[audit.ASKED].fields["about"].choices,
    }
    return page(request, acting, "oversight", context)


@require_GET
@for_officers
def looks(request: HttpRequest, acting: Acting, office: str) -> HttpResponse:
    """Show the looks of one office below: when, who, for what, at how many."""
    today = acting.now.astimezone(SHANGHAI).date()
    on = _day(request.GET.get("on", ""), today)
    permit = acting.permit("oversight")
    found = audit.looks_of(permit, acting.now, office, on, WEEK)
    asked = {each.entry for each in audit.questions(permit, acting.now) if each.about == "read"}
    context = {
        "looks": [(each, purpose_title(each.purpose), str(each.read) in asked) for each in found],
        "officers": names_of_officers(each.officer for each in found),
        "office": names_of([office]).get(office, office),
        "on": on,
        "earlier": on - timedelta(days=WEEK),
        "later": min(on + timedelta(days=WEEK), today) if on < today else None,
        "days": WEEK,
        "most": audit.PAGE if len(found) == audit.PAGE else 0,
    }
    return page(request, acting, "oversight_looks", context)


def names_of_officers(accounts: Iterable[str]) -> dict[str, str]:
    """Return whom accounts belong to, each by name and account: two may bear one name."""
    found = Officer.objects.filter(user__username__in=sorted(set(accounts)))
    return {account: f"{name}（{account}）" for account, name in found.values_list("user__username", "name")}


def _day(text: str, today: date) -> date:
    try:
        return min(date.fromisoformat(text), today)
    except ValueError:
        return today


@require_POST
@for_officers
def ask(request: HttpRequest, acting: Acting) -> HttpResponse:
    """Ask the office that an entry is of."""
    said = {name: request.POST.get(name, "").strip() for name in ("about", "entry", "question")}
    thread = audit.ask(acting.permit("oversight"), said["about"], said["entry"], said["question"], acting.now)
    tell(request, gettext("已发出询问，被询问机构负责人应在期限内说明。"))
    return redirect("oversight-question", thread)


@require_http_methods(["GET", "POST"])
@for_officers
def question(request: HttpRequest, acting: Acting, thread: UUID) -> HttpResponse:
    """Show what was asked and answered, and close it with a finding."""
    permit = acting.permit("oversight")
    kinds = _kinds(acting)
    fault = ""
    if request.method == "POST":
        finding, words = request.POST.get("finding", ""), request.POST.get("words", "").strip()
        try:
            audit.close(permit, thread, finding, words, acting.now)
        except DraftFaultsError as refusal:
            fault = refusal.say(language())
        else:
            tell(request, gettext("已记录结论。"))
            return redirect("oversight")
    one = next((each for each in audit.questions(permit, acting.now) if each.thread == thread), None)
    if one is None:
        raise UnknownThreadError(thread=thread)
    answers = audit.answers(permit, thread, acting.now)
    context = {
        "question": one,
        "answers": [(each, kinds[each.kind].title) for each in answers],
        "officers": names_of_officers(each.officer for each in answers),
        "findings": kinds[audit.CLOSED].fields["finding"].choices,
        "abouts": kinds[audit.ASKED].fields["about"].choices,
        "fault": fault,
    }
    return page(request, acting, "oversight_question", context, status=422 if fault else 200)
