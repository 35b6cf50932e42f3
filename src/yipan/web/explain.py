"""The page of a rule: its text and article, its versions over time, which clock wins where, examples, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final

from django.conf import settings
from django.utils.translation import gettext, gettext_noop
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from yipan.duties.lawbook import lawbook
from yipan.duties.library import library
from yipan.law.explain import Span, contests, spans_of
from yipan.law.rule import Overlay
from yipan.law.rulebook import NoRuleInForceError, UnknownRuleError
from yipan.offices.office import names_of
from yipan.registry.headcounts import threshold
from yipan.statistics.quarter import ENDS, last_quarter, of_everybody, of_office
from yipan.web.acting import Acting, now, page
from yipan.web.public import today, visitor
from yipan.web.ruling import (
    clocks_text,
    ends_text,
    leg_text,
    opens_text,
    releases_text,
    titles_of,
    when,
    where,
    who,
)
from yipan.web.words import clock_text, language

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from django.http import HttpRequest, HttpResponse

    from yipan.duties.library import Library
    from yipan.law.explain import Contest, Worked
    from yipan.law.fold import Duty
    from yipan.law.kind import Kind
    from yipan.law.rule import Rule
    from yipan.registry.headcounts import Cell

#: What came of a duty, by the words of the pages.
CAME: Final = {
    "in-time": gettext_noop("按时履行"),
    "late": gettext_noop("逾期履行"),
    "released": gettext_noop("免除"),
    "open": gettext_noop("未到期"),
    "overdue": gettext_noop("逾期未办"),
}
#: At most so many years are written below the line of time: more would run into each other on a telephone.
_TICKS: Final = 6
_OTHERS: Final = {"person": gettext_noop("本人"), "public": gettext_noop("社会公众")}


@dataclass(frozen=True, kw_only=True, slots=True)
class Bar:
    """One version on the line of time: where it begins and how long it is, in parts of a hundred of the whole line."""

    span: Span
    clock: str
    where: str
    when: str
    leg: str
    adopted: bool
    in_force: bool
    x: str
    width: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Axis:
    """The line of time: its years, each with its place, and where today is."""

    ticks: tuple[tuple[int, str], ...]
    now: str


@require_GET
@never_cache
def rule(request: HttpRequest, rule_id: str) -> HttpResponse:
    """Explain one rule or overlay; an id that no pack has is not found."""
    acting, shelf = visitor(request), library(settings.RULEPACKS)
    try:
        spans = spans_of(rule_id, shelf.rulebook)
    except UnknownRuleError as refusal:
        sentence = {"sentence": refusal.say(language())}
        return page(request, acting, "public/no_rule", sentence, status=404)
    on, moment = today(), now()
    adopted = {each.pack.name for each in lawbook().adoptions()}
    kinds = shelf.rulebook.kinds(on)
    head = head_of(spans, adopted, on)
    bars, axis = _line(spans, adopted, kinds, on)
    context = {
        "id": rule_id,
        "head": head,
        "clock": clocks_text(head.version, kinds),
        "in_force": head.holds_on(on),
        "adopted": head.pack.name in adopted,
        "parts": None if isinstance(head.rule, Overlay) else _parts(head.rule, kinds, shelf),
        "of": [
            shelf.rulebook.holders(each)[0][1]
            for each in (head.rule.of if isinstance(head.rule, Overlay) else ())
        ],
        "bars": bars,
        "axis": axis,
        "contests": [_said(each) for each in contests(spans, shelf.rulebook)],
        "titles": titles_of(shelf.packs),
        **_examples(shelf.worked(rule_id)),
        **_came(acting, rule_id, moment),
    }
    return page(request, acting, "public/rule", context)


def head_of(spans: Sequence[Span], adopted: set[str], on: date) -> Span:
    """Return the version that is spoken of first: in force here today, else in force at all, else the last there was."""
    own = [each for each in spans if not each.overlay] or list(spans)
    return max(own, key=lambda each: (each.holds_on(on), each.pack.name in adopted, each.from_on))


def _parts(one: Rule, kinds: Mapping[str, Kind], shelf: Library) -> dict[str, object]:
    """Return who owes what to whom, in words."""
    every = {rule.id: rule for pack in shelf.packs for rule in pack.rules.values()}
    return {
        "who": who(one.owed_by, one, kinds),
        "to": who(one.owed_to, one, kinds),
        "opens": opens_text(one, kinds, [each for each in every.values() if each.on_lapse == one.id]),
        "ends": ends_text(one, kinds),
        "all": bool(one.discharge and one.discharge.mode == "all"),
        "releases": releases_text(one, kinds),
        "consent": bool(one.needs_consent),
        "lapse": every.get(one.on_lapse),
    }


# ------------------------------------------------------------------------------------- the line of time


def _line(
    spans: Sequence[Span], adopted: set[str], kinds: Mapping[str, Kind], on: date
) -> tuple[list[Bar], Axis]:
    first = min(each.from_on for each in spans).year
    last = max(on.year, *(each.until_on.year for each in spans if each.until_on), first) + 1
    begin, end = date(first, 1, 1).toordinal(), date(last, 1, 1).toordinal()

    def place(day: date) -> float:
        return (day.toordinal() - begin) * 100 / (end - begin)

    bars = [
        Bar(
            span=each,
            clock=clocks_text(each.version, kinds),
            where=where(each.pack),
            when=when(each.from_on, each.last_on),
            leg=leg_text(each),
            adopted=each.pack.name in adopted,
            in_force=each.holds_on(on),
            x=f"{place(each.from_on):.2f}%",
            width=f"{place(each.until_on or date(last, 1, 1)) - place(each.from_on):.2f}%",
        )
        for each in spans
    ]
    step = -(-(last - first) // _TICKS)
    ticks = tuple((year, f"{place(date(year, 1, 1)):.2f}%") for year in range(first, last, step))
    return bars, Axis(ticks=ticks, now=f"{place(on):.2f}%")


def _said(one: Contest) -> dict[str, object]:
    """Return a contest with its words."""
    leg = leg_text(one.overlay)
    place = where(one.overlay.pack)
    return {
        "contest": one,
        "where": gettext("%(place)s（%(leg)s）") % {"place": place, "leg": leg} if leg else place,
        "rule_clock": clock_text(one.rule_due.within),
        "overlay_clock": clock_text(one.overlay_due.within),
        "overlay_wins": one.binding == one.overlay.rule.id,
        "same": one.rule_due.due_at == one.overlay_due.due_at,
    }


# --------------------------------------------------------------------------------------------- examples


def _examples(worked: Sequence[Worked]) -> dict[str, object]:
    """Return the examples: those that ask for one date, and the stories; offices by their names."""
    names, titles = _Names(worked), _titles()
    return {
        "dated": [
            {"one": each, "by": names.of(each.owed_by), "to": names.of(each.owed_to), **_dated(each)}
            for each in worked
            if each.at
        ],
        "stories": [
            {
                "one": each,
                "events": [
                    (event.counts_at, titles.get(event.kind, event.kind), names.of(event.actor))
                    for event in each.events
                ],
                "duties": [_came_of(duty, names) for duty in each.duties],
            }
            for each in worked
            if each.events
        ],
    }


def _dated(one: Worked) -> dict[str, object]:
    if isinstance(one.refused, NoRuleInForceError):
        return {"refused": gettext("那一天没有生效的这条规则，不能推定期限。")}
    if one.bound is None:
        # What to type on a command line next is for nobody who reads a page.
        refused = one.refused
        return {"refused": refused.sentence[language()].format(**refused.fields) if refused else ""}
    return {"within": clock_text(one.bound.within), "due": one.bound.deadline}


def _came_of(duty: Duty, names: _Names) -> dict[str, object]:
    state = {True: "in-time", False: "late"}[bool(duty.in_time)] if duty.state == "discharged" else duty.state
    return {"duty": duty, "by": names.of(duty.owed_by), "to": names.of(duty.owed_to), "state": state}


class _Names:
    """The names of the offices in some examples, asked for once."""

    def __init__(self, worked: Iterable[Worked]) -> None:
        self.known = names_of(_mentioned(worked))

    def of(self, organisation: str) -> str:
        """Return the name; a village, of which no table says one, by its code."""
        if organisation in _OTHERS:
            return gettext(_OTHERS[organisation])
        return self.known.get(organisation, organisation)


def _mentioned(worked: Iterable[Worked]) -> Iterator[str]:
    for each in worked:
        yield from (each.owed_by, each.owed_to)
        yield from (event.actor for event in each.events)
        for duty in each.duties:
            yield from (duty.owed_by, duty.owed_to)


def _titles() -> dict[str, Mapping[str, str] | str]:
    """Return the title of every kind that a story may tell of, in force or not."""
    packs = library(settings.RULEPACKS).packs
    return {name: kind.title for pack in packs for name, kind in pack.kinds.items()}


# -------------------------------------------------------------------------------- what came of it lately


def _came(acting: Acting | None, rule_id: str, moment: datetime) -> dict[str, object]:
    """Return what came of the duties under a rule in the last quarter: of everybody, and of the office that looks."""
    rows: list[tuple[str, list[Cell], Cell]] = []
    if acting:
        permit = acting.permit("what came of a rule")
        if "read-duties" in permit.rights:
            own = of_office(permit, rule_id, moment)
            rows.append((gettext("本机构"), [own.ends[each] for each in ENDS], own.every))
    every = of_everybody(rule_id, moment)
    rows.append((gettext("全部机构"), [every.ends[each] for each in ENDS], every.every))
    quarter = last_quarter(today())
    return {
        "quarter": quarter,
        "came": rows,
        "ends": [gettext(CAME[each]) for each in ENDS],
        "under": threshold(),
    }
