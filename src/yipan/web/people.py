"""Pages of the register: people found and read, whether two entries are one person, numbers to look at on paper."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext, gettext_noop
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from yipan.documents.verbs import record_draft
from yipan.documents.waiting import TOLD, is_waiting
from yipan.duties.draft import Draft
from yipan.duties.faults import StaleCaseError
from yipan.duties.lawbook import lawbook
from yipan.duties.naming import new_id
from yipan.offices.divisions import place_name
from yipan.offices.office import lines_of
from yipan.registry import deciding, numbers
from yipan.registry.doubts import DOUBTS
from yipan.registry.people import COUNTED, NothingAskedError, born_on, find, read_person
from yipan.registry.picture import WITHDRAWN
from yipan.registry.purpose import PURPOSES, PurposeInWordsError, PurposeNeededError
from yipan.web.acting import Acting, for_officers, page, tell
from yipan.web.duties import Button, buttons, document_titles
from yipan.web.knowing import ENDED, ENROLLED, choice_word, kind_that, shown_value
from yipan.web.paging import Sheet, page_asked
from yipan.web.words import SHANGHAI, is_running, language, said

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date

    from django.http import HttpRequest, HttpResponse

    from yipan.duties.views import CaseView, Said
    from yipan.law.kind import Kind
    from yipan.registry.deciding import Pair
    from yipan.registry.people import PersonSeen

#: What each way of finding somebody tells the reader.
_BY: Final = {
    "number": gettext_noop("按公民身份号码查找"),
    "phone": gettext_noop("按电话号码查找"),
    "name": gettext_noop("姓名以所写文字开头的人"),
    "inside": gettext_noop("姓名中含有所写文字的人"),
    "sound": gettext_noop("没有写法相同的姓名，以下姓名读音相同"),
    "pinyin": gettext_noop("姓名拼音以所写字母开头的人"),
    "initials": gettext_noop("按拼音首字母查找"),
}
#: In a form about a couple: whom a subject's name does not fit, by the code of GB/T 2261.
_NOT_OF_SEX: Final = {"her": "1", "him": "2"}
#: The order of the particulars on her page; where she lives now comes from her line.
_PARTICULARS: Final = (
    "identity_number", "sex", "birth_on", "phone", "home", "home_address", "residence", "residence_address",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class StayShown:
    """One stretch of a line through places and time, in the reader's words."""

    place: str
    reason: str
    from_on: date | None
    until_on: date | None
    is_now: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class PairShown:
    """A pair with the id that the entry of a decision on it will have, and the reasons in the reader's words."""

    pair: Pair
    entry: UUID
    rows: list[tuple[str, Any, Any]]
    reasons: list[tuple[str, int]]


# ---------------------------------------------------------------------------------------------- the search


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
@for_officers
def people(request: HttpRequest, acting: Acting) -> HttpResponse:
    """Ask for a person and show whom that may mean. What is typed is sent in the body, never in the address."""
    permit = acting.permit("find a person")
    context: dict[str, Any] = {
        "may_record": "record" in permit.rights,
        "waiting": deciding.how_many(permit, acting.now),
        "doubted": numbers.how_many(permit, acting.now),
        "purposes": PURPOSES.values(),
    }
    if request.method == "GET":
        return page(request, acting, "people", context)
    typed = request.POST.get("q", "").strip()
    ground, words = request.POST.get("ground", ""), request.POST.get("words", "").strip()
    context |= {"typed": typed, "ground": ground, "words": words}
    try:
        found = find(
            permit, typed, acting.now, inside=bool(request.POST.get("inside")), ground=ground, words=words
        )
    except (NothingAskedError, PurposeNeededError, PurposeInWordsError) as refusal:
        return page(request, acting, "people", context | {"fault": refusal.say(language())}, status=422)
    ended = kind_that(ENDED, _kinds(acting))
    context |= {
        "found": found,
        "how": gettext(_BY[found.by]),
        "listed": [(each, choice_word(ended, "because", each.ended)) for each in found.people],
        "counted": COUNTED,
    }
    return page(request, acting, "people", context)


def _kinds(acting: Acting) -> Mapping[str, Kind]:
    return lawbook().kinds(acting.now.astimezone(SHANGHAI).date())


# ---------------------------------------------------------------------------------------------- a person


@require_GET
@for_officers
def person(request: HttpRequest, acting: Acting, thread: UUID) -> HttpResponse:
    """Show one person: her particulars, how she agreed, her line through places, her cases and what is owed to her."""
    permit = acting.permit("a person's page")
    seen, kinds = read_person(permit, thread, acting.now), _kinds(acting)
    # What lies under another entry is seen to on the page of the one in front.
    may_record = "record" in permit.rights and seen.merged_into is None
    steps = _steps(seen.view, kinds) if may_record else []
    # That she was told of a notice is offered while one waits, and not for good.
    tells = [each for each in steps if each.href.startswith(_telling(thread, kinds))]
    begins = list(_beginnings(acting, seen, kinds)) if may_record and not seen.picture.ended else []
    enrolled, ended = kind_that(ENROLLED, kinds), kind_that(ENDED, kinds)
    context = {
        "seen": seen,
        "name": seen.picture.particulars["name"],
        "pairs": _particulars(seen, enrolled),
        "doubts": [DOUBTS[each] for each in seen.doubts],
        "ended_because": choice_word(ended, "because", seen.picture.ended),
        "ground": _ground(seen, enrolled),
        "stays": list(_stays(seen, enrolled)),
        "owed": [each for each in steps if each.duty],
        "steps": [each for each in steps if not each.duty and each not in tells],
        "tells": tells if tells and is_waiting(permit, thread) else [],
        "beginnings": [button for often, button in begins if often],
        "more": [button for often, button in begins if not often],
        "may_record": may_record,
        "running": [each for each in seen.duties if is_running(each.clock)],
        "closed": [each for each in seen.duties if not is_running(each.clock)],
        "titles": document_titles(),
    }
    return page(request, acting, "person", context)


def _particulars(seen: PersonSeen, kind: Kind) -> list[tuple[str, str, str]]:
    """Return her particulars by the titles of the form, each with its field's name."""
    picture = seen.picture
    found: list[tuple[str, str, str]] = []
    for name in _PARTICULARS:
        value: Any = picture.residence if name == "residence" else picture.particulars.get(name, "")
        if name == "birth_on":
            value = born_on(picture)
        if value and place_name(str(value)) not in [text for _, _, text in found]:
            text = value.isoformat() if name == "birth_on" else shown_value(kind, name, str(value))
            found.append((name, said(kind.fields[name].title), text))
    return found


def _ground(seen: PersonSeen, kind: Kind) -> str:
    """Return the words for how she agreed last."""
    title: Said = kind.fields["ground"].title
    return next((said(value) for each, value in seen.agreed.clock if each == title), "")


def _stays(seen: PersonSeen, kind: Kind) -> Iterator[StayShown]:
    """Yield her line, the latest stretch first."""
    for each in reversed(seen.picture.stays):
        yield StayShown(
            place=place_name(each.place),
            reason=choice_word(kind, "reason", each.reason),
            from_on=each.from_on,
            until_on=each.until_on,
            is_now=each.until_on is None,
        )


def _steps(view: CaseView, kinds: Mapping[str, Kind]) -> list[Button]:
    """Return what may be recorded of her enrolment. Decisions about entries are made where both stand side by side."""
    elsewhere = tuple(
        reverse("record", args=(view.thread, kind_that(each, kinds).name))
        for each in (deciding.MERGED, deciding.APART)
    )
    return [each for each in buttons(view, kinds) if not each.href.startswith(elsewhere)]


def _telling(thread: UUID, kinds: Mapping[str, Kind]) -> tuple[str, ...]:
    return tuple(reverse("record", args=(thread, name)) for name, each in kinds.items() if each.part == TOLD)


def _beginnings(acting: Acting, seen: PersonSeen, kinds: Mapping[str, Kind]) -> Iterator[tuple[bool, Button]]:
    """Yield the cases about a person that this office may begin, with what the form calls her, and if it is often."""
    own = acting.organisation
    line, sex = lines_of([own])[own], seen.picture.particulars.get("sex", "")
    for name, kind in sorted(kinds.items()):
        parts = [kind.roles[role] for each in kind.recorded_by for role in kind.in_group(each)]
        fits = any(not part.levels or any(line.get(level) == own for level in part.levels) for part in parts)
        if not kind.begins_case or kind.system or kind.effect or not fits:
            continue
        for subject, told in kind.subjects.items():
            if _NOT_OF_SEX.get(subject) != sex:
                query = urlencode({"person": str(seen.thread), "as": subject})
                named = {"action": said(kind.action), "whom": said(told.title)}
                label = gettext("%(action)s（%(whom)s）") % named
                if len(kind.subjects) == 1:
                    label = said(kind.action)
                href = f"{reverse('record-new', args=(name,))}?{query}"
                yield kind.often, Button(label=label, href=href, duty=False)


@require_http_methods(["GET", "POST"])
@for_officers
def withdraw(request: HttpRequest, acting: Acting, thread: UUID) -> HttpResponse:
    """Ask once, then record that she withdrew her agreement: no reason is asked, and her entry leaves the register."""
    permit = acting.permit("withdrawal")
    permit.require("record", acting.now)
    seen = read_person(permit, thread, acting.now)
    entry = _uuid(request.POST.get("entry")) or new_id(acting.now)
    stale = False
    if request.method == "POST":
        draft = Draft(
            kind=kind_that(ENDED, _kinds(acting)).name, id=entry, thread=thread, fields={"because": WITHDRAWN}
        )
        try:
            record_draft(permit, draft, None, _number(request.POST.get("as_of")), acting.now)
        except StaleCaseError:
            stale = True
        else:
            tell(request, gettext("已撤回同意并结束登记，姓名和号码已从登记册中隐去。"))
            return redirect("people")
    context = {"seen": seen, "name": seen.picture.particulars["name"], "entry_id": entry, "stale": stale}
    return page(request, acting, "withdraw", context, status=422 if stale else 200)


def _uuid(text: str | None) -> UUID | None:
    try:
        return UUID(text or "")
    except ValueError:
        return None


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() else None


# ------------------------------------------------------------------------------- one person or two


@require_GET
@for_officers
def questions(request: HttpRequest, acting: Acting) -> HttpResponse:
    """Show pairs of entries that may be one person, side by side, with what differs marked and why they were found."""
    permit = acting.permit("one person or two")
    pairs, more = deciding.questions(permit, acting.now)
    kind = kind_that(ENROLLED, _kinds(acting))
    context = {
        "pairs": [_pair_shown(each, kind, acting) for each in pairs],
        "more": more,
        "may_record": "record" in permit.rights,
    }
    return page(request, acting, "questions", context)


def _pair_shown(pair: Pair, kind: Kind, acting: Acting) -> PairShown:
    left, right = pair.sides
    rows: list[tuple[str, Any, Any]] = [
        (said(kind.fields[name].title), left.pieces[name], right.pieces[name])
        for name in ("name", "identity_number", "phone")
    ]
    rows += [
        (title, *deciding.compared(one, other))
        for title, one, other in (
            (said(kind.fields["birth_on"].title), _day(left.born_on), _day(right.born_on)),
            (
                said(kind.fields["sex"].title),
                choice_word(kind, "sex", left.sex),
                choice_word(kind, "sex", right.sex),
            ),
            (said(kind.fields["home"].title), left.home, right.home),
            (said(kind.fields["residence"].title), left.residence, right.residence),
            (gettext("登记日期"), _day(left.enrolled_on), _day(right.enrolled_on)),
        )
    ]
    return PairShown(
        pair=pair,
        entry=new_id(acting.now),
        rows=[row for row in rows if row[1] or row[2]],
        reasons=[(each.zh if language() == "zh" else each.en, each.weight) for each in pair.reasons],
    )


def _day(day: date | None) -> str:
    return day.isoformat() if day else ""


@require_POST
@for_officers
def decide(request: HttpRequest, acting: Acting) -> HttpResponse:
    """Record what was decided about a pair."""
    left, right = _uuid(request.POST.get("left")), _uuid(request.POST.get("right"))
    if left is None or right is None:
        raise deciding.NotTwoEntriesError
    keeps_right = request.POST.get("keep") == "right"
    kept, other = (right, left) if keeps_right else (left, right)
    decided = deciding.MERGED if request.POST.get("decision") == "same" else deciding.APART
    deciding.decide(
        acting.permit("one person or two"),
        decided,
        kept,
        other,
        acting.now,
        entry=_uuid(request.POST.get("entry")),
        as_of=_number(request.POST.get("right_as_of" if keeps_right else "left_as_of")),
    )
    if decided == deciding.MERGED:
        tell(request, gettext("已认定为同一人；两份登记都保留，可在所保留的登记页上撤回这一认定。"))
        return redirect("person", kept)
    tell(request, gettext("已认定为不同的人，不再询问。"))
    return redirect("questions")


@require_POST
@for_officers
def undo(request: HttpRequest, acting: Acting, thread: UUID) -> HttpResponse:
    """Withdraw the decision that another entry is the same person."""
    decided_by = _uuid(request.POST.get("decided_by"))
    if decided_by is None:
        raise deciding.NotTwoEntriesError
    as_of = _number(request.POST.get("as_of"))
    deciding.undo(acting.permit("one person or two"), thread, decided_by, acting.now, as_of)
    tell(request, gettext("已撤回认定，恢复为两份登记。"))
    return redirect("person", thread)


# ------------------------------------------------------------------------- numbers to look at on paper


@require_GET
@for_officers
def doubted_numbers(request: HttpRequest, acting: Acting) -> HttpResponse:
    """Show a page of the entries whose number does not add up, each with what is doubted."""
    permit = acting.permit(numbers.LOOK_OVER)
    found = numbers.numbers(permit, acting.now, page_asked(request))
    context = {
        "found": found,
        "may_record": "record" in permit.rights,
        "sheet": Sheet(page=found.page, more=found.page < found.pages, pages=found.pages),
    }
    return page(request, acting, "numbers", context)
