"""An office's card: its score, every figure open down to what it was counted from, what its partners hold otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from django.utils.translation import gettext
from django.views.decorators.http import require_GET

from yipan.duties.breaches import definitions
from yipan.duties.lawbook import lawbook
from yipan.offices.office import Organisation, UnknownOrganisationError, lines_of, names_of
from yipan.statistics import charts
from yipan.statistics.assessment import assess, contests
from yipan.statistics.behind import behind, breaches_behind, entries_behind, times_behind, unlike
from yipan.statistics.checks import counted
from yipan.statistics.gaming import NOTED, NOTED_AT, TRICKS
from yipan.statistics.measures import figure_named
from yipan.statistics.scoring import scoring
from yipan.statistics.words import titles
from yipan.web.acting import Acting, for_officers, page
from yipan.web.figures import named_pairs, picture, span_asked, tricks_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from django.http import HttpRequest, HttpResponse

    from yipan.law.kind import Kind
    from yipan.offices.permit import Permit
    from yipan.statistics.assessment import Card
    from yipan.statistics.behind import Counted, Time, Unlike
    from yipan.statistics.engine import Engine
    from yipan.statistics.periods import Span

#: The check that says of two ends whether what one sent is what the other received: as such it is contested.
BOTH_ENDS: Final = "chk-both-ends"
_LEVELS: Final = ("county", "city", "province", "nation")
#: What may be counted of an entry and says nothing more to whoever reads it.
_UNSAID: Final = ("period", "figures")


@require_GET
@for_officers
def card(request: HttpRequest, acting: Acting, office: str) -> HttpResponse:
    """Show one office's card; `figure` opens a figure down to what is behind it, `other` what two ends hold differently.

    `way` opens a way to look better down to each time, `with` those with one other end.
    """
    permit, span = acting.permit("assessment"), span_asked(request, acting)
    permit.require("read-duties", acting.now)
    opened, other = request.GET.get("figure", ""), request.GET.get("other", "")
    way = request.GET.get("way", ""), request.GET.get("with", "")
    with counted(span, acting.now) as engine:
        found = assess(permit, span, acting.now, engine=engine)
        mine = next((each for each in found.cards if each.office == office), None)
        if mine is None:
            raise UnknownOrganisationError(organisation=office)
        below = _below(permit, engine, opened, office, span, acting.now) if opened else {}
        ends = _ends(permit, engine, (office, other), acting.now) if other else []
        times = _times(permit, engine, way, office, span, acting.now) if way[0] in TRICKS else []
    edition = scoring().edition(span.first_on.year, office)
    context = {
        "card": mine,
        "span": span,
        "opened": figure_named(opened),
        **below,
        "veto": edition.veto,
        "bonus": edition.bonus_figure,
        "is_own": office == acting.organisation,
        "assessor": _assessor(office),
        "contested": {
            each.figure
            for each in contests(permit, acting.now)
            if each.office == office and each.period == span.name and not each.result
        },
        "both_ends": BOTH_ENDS,
        "pairs": named_pairs(found, mine.pairs),
        "other": other and names_of({other}).get(other, other),
        "ends": ends,
        "tricks": tricks_of(found, [office]),
        "way": TRICKS.get(way[0]),
        "noted": NOTED.get(way[0], NOTED_AT),
        "times": times,
        "bars": _bars(mine),
    }
    return page(request, acting, "figures/card", context)


def _assessor(office: str) -> str:
    """Return the office right above one, to which it contests; empty where there is none."""
    line = lines_of([office])[office]
    if ":" in office:
        return line.get("health", "")
    return next((line[level] for level in _LEVELS if line.get(level, office) != office), "")


def _below(  # as the functions that it asks
    permit: Permit, engine: Engine, figure: str, office: str, span: Span, now: datetime
) -> dict[str, Any]:
    """Return what is behind a figure: duties, entries, breaches, as it was counted."""
    one, words = figure_named(figure), titles()
    if one is None or one.figure is None:
        return {}
    breaches = {each.id: each.title for each in definitions()}
    duties = behind(permit, figure, office, span, now) if one.figure.duties else []
    entries = entries_behind(permit, engine, figure, office, span, now)
    names = names_of({each.owed_to for each in duties} | {each.partner for each in entries})
    return {
        "duties": [
            (_title(words, each.rule), names.get(each.owed_to, each.owed_to), each) for each in duties
        ],
        "entries": [
            (_title(words, each.kind), names.get(each.partner, each.partner), _told(each), each)
            for each in entries
        ],
        "breaches": [
            (_title(breaches, each.breach), _title(words, each.found_by), each.times)
            for each in breaches_behind(engine, figure, office)
        ],
    }


def _title(words: Mapping[str, Mapping[str, str]], name: str) -> Mapping[str, str]:
    return words.get(name, {"zh": name, "en": name})


def _told(entry: Counted) -> list[tuple[Mapping[str, str], object]]:
    """Return what an entry says that may be counted, in the words of its kind."""
    kind: Kind | None = next((each for each in lawbook().every_kind() if each.name == entry.kind), None)
    fields = kind.fields if kind else {}
    return [
        (fields[name].title, fields[name].choices.get(value, value))
        for name, value in sorted(entry.said.items())
        if name in fields and name not in _UNSAID
    ]


def _ends(
    permit: Permit, engine: Engine, between: tuple[str, str], now: datetime
) -> list[tuple[str, str, Mapping[str, str], Unlike]]:
    """Return what either of two offices sent that the other end holds otherwise."""
    office, other = between
    names, words = names_of({office, other}), titles()
    return [
        (names.get(start, start), names.get(end, end), _title(words, each.kind), each)
        for start, end in ((office, other), (other, office))
        for each in unlike(permit, engine, start, end, now)
    ]


def _times(  # as the functions that it asks
    permit: Permit, engine: Engine, way: tuple[str, str], office: str, span: Span, now: datetime
) -> list[tuple[Mapping[str, str], str, Time]]:
    """Return each time behind a way to look better, with what it was and towards whom."""
    found, words = times_behind(permit, engine, way, office, span, now), titles()
    names = names_of({each.seen.other for each in found})
    return [
        (_title(words, each.seen.what), names.get(each.seen.other, each.seen.other), each) for each in found
    ]


def _bars(mine: Card) -> object:
    # Beside the bar there is room for the name alone; the heading says where it is.
    short = Organisation.objects.filter(id=mine.office).values_list("name", flat=True).first()
    bar = charts.Bar(
        label=short or mine.name, kept=mine.kept, late=0, overdue=mine.due - mine.kept, low=mine.low, high=mine.high
    )  # fmt: skip
    return picture(charts.bars([bar], gettext("到期职责按期办理的比例")))
