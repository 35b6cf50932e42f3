"""The page on which a law is tried out before it is law: another period of a rule, or a whole draft pack, over what happened."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from django.utils.translation import gettext, gettext_noop
from django.views.decorators.http import require_http_methods

from yipan.database import rule_packs
from yipan.duties.adopting import UnknownPackError
from yipan.duties.lawbook import lawbook
from yipan.duties.library import library
from yipan.offices.office import names_of
from yipan.statistics.assessment import stretch
from yipan.statistics.draftlaw import draft_pack, with_clock
from yipan.statistics.periods import before, period_of
from yipan.statistics.simulate import simulate
from yipan.statistics.words import titles
from yipan.web.acting import Acting, for_officers, page
from yipan.web.words import SHANGHAI

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.http import HttpRequest, HttpResponse

    from yipan.law.pack import Pack
    from yipan.statistics.counted import Simulated
    from yipan.statistics.periods import Span

#: Cases that a page replays; more is for the command line.
MOST_CASES: Final = 4000
_TYPED: Final = ("rule", "count", "unit", "within", "pack", "first", "after")
#: In what a period may be counted, as the page offers it.
_UNITS: Final = {
    "working_days": gettext_noop("个工作日"),
    "days": gettext_noop("天"),
    "months": gettext_noop("个月"),
    "hours": gettext_noop("小时"),
}


@require_http_methods(["GET", "POST"])
@for_officers
def simulation(request: HttpRequest, acting: Acting) -> HttpResponse:
    """Try out a draft over what happened: what would open and lapse, and who would have the work."""
    permit = acting.permit("simulation")
    permit.require("read-duties", acting.now)
    typed = {name: request.POST.get(name, "") for name in _TYPED}
    context: dict[str, Any] = {
        "typed": typed,
        "rules": _rules(acting),
        "packs": [(each.name, each.title) for each in _drafts()],
        "units": [(each, gettext(word)) for each, word in _UNITS.items()],
        "most": MOST_CASES,
    }
    if request.method == "POST":
        span = stretch(_day(typed["first"], acting), _day(typed["after"], acting))
        draft = _draft(typed, span)
        found = simulate(draft, span, acting.now, permit=permit, at_most=MOST_CASES)
        context |= _shown(found)
    else:
        quarter = before(period_of("quarter", acting.now.astimezone(SHANGHAI).date()))
        typed |= {
            "count": "10",
            "unit": "working_days",
            "first": quarter.first_on.isoformat(),
            "after": quarter.after_on.isoformat(),
        }
    return page(request, acting, "figures/simulation", context)


def _rules(acting: Acting) -> list[tuple[str, Mapping[str, str], str]]:
    """Return the rules in force here that have one clock for all cases: of each the id, the title, and the clock."""
    today = acting.now.astimezone(SHANGHAI).date()
    book, found = lawbook(), {}
    for adoption in book.adoptions():
        if not book.in_force(adoption.pack, today):
            continue
        for rule in adoption.pack.rules.values():
            version = rule.at(today)
            if version and version.within is not None:
                found[rule.id] = (rule.id, rule.title, str(version.within))
    return sorted(found.values(), key=lambda each: each[1]["zh"])


def _drafts() -> list[Pack]:
    """Return the packs on disk that a draft may be: those that say a rule, or an overlay over one."""
    return [each for each in library(rule_packs()).packs if each.rules or each.overlays]


def _draft(typed: Mapping[str, str], span: Span) -> Pack:
    """Return the draft that is meant: a pack of this machine by its name, never a path; else a rule with another period.

    Raises:
        UnknownPackError, UnknownRuleError, NoClockError: there is no such pack, rule or period.
    """
    if not typed["pack"]:
        within = typed["within"] or f"{typed['count']} {typed['unit']}"
        return with_clock(typed["rule"], within, span.first_on)
    if typed["pack"] not in {each.name for each in _drafts()}:
        raise UnknownPackError(pack=typed["pack"])
    return draft_pack(typed["pack"])


def _shown(found: Simulated) -> dict[str, Any]:
    words, names = titles(), names_of({office for office, _ in found.weeks})
    return {
        "found": found,
        "rows": [
            (
                words.get(rule, {"zh": rule, "en": rule}),
                found.happened[rule],
                found.drafted[rule],
                asdict(found.happened[rule]) != asdict(found.drafted[rule]),
            )
            for rule in found.rules()
        ],
        "weeks": [
            (names.get(office, office), week, *counts)
            for (office, week), counts in sorted(found.weeks.items())
            if counts[0] != counts[1]
        ],
    }


def _day(said: str, acting: Acting) -> date:
    try:
        return date.fromisoformat(said)
    except ValueError:
        return acting.now.astimezone(SHANGHAI).date()
