"""The pages of figures: an office's report, its assessment with all that stands behind a figure, and a law tried out."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.safestring import mark_safe
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods

from yipan.offices.divisions import place_name
from yipan.offices.office import Organisation, UnknownOrganisationError, names_of
from yipan.statistics import charts, reports
from yipan.statistics.assessment import assess, behind, contests, stretch
from yipan.statistics.book import names_for, write_book
from yipan.statistics.bulletin import bulletin_pdf
from yipan.statistics.checks import NOT_FILED, counted
from yipan.statistics.content import asked_of
from yipan.statistics.gaming import TRICKS, seen
from yipan.statistics.measures import figure_named
from yipan.statistics.periods import before, parse_period, period_of
from yipan.statistics.seen import flows_of, matrix_of, trend_of
from yipan.statistics.simulate import simulate, with_clock
from yipan.statistics.words import titles
from yipan.web.acting import Acting, for_officers, page, tell
from yipan.web.words import SHANGHAI, language

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from django.http import HttpRequest
    from django.utils.safestring import SafeString

    from yipan.statistics.assessment import Assessment, Card, Pair
    from yipan.statistics.checks import Disagreement
    from yipan.statistics.periods import Span
    from yipan.statistics.seen import Month

#: Cases that a page replays; more is for the command line.
MOST_CASES: Final = 4000
_LAWS: Final = (
    "birth-reg-reply-15wd",
    "birth-reg-verify-7wd",
    "birth-reg-notify-home-15wd",
    "consult-reply-7wd",
    "prd-query-reply-15wd",
)


def _span(request: HttpRequest, acting: Acting) -> Span:
    """Return the period that is asked for; the quarter before this one where none is."""
    said = request.POST.get("period") or request.GET.get("period") or ""
    return (
        parse_period(said) if said else before(period_of("quarter", acting.now.astimezone(SHANGHAI).date()))
    )


def _periods(acting: Acting) -> list[str]:
    """Return the latest quarters and years, to choose from."""
    quarter = period_of("quarter", acting.now.astimezone(SHANGHAI).date())
    found = [quarter.name]
    for _ in range(5):
        quarter = before(quarter)
        found.append(quarter.name)
    return [*found, str(acting.now.year), str(acting.now.year - 1)]


def _picture(svg: str) -> SafeString:
    return mark_safe(svg)  # noqa: S308  # drawn by ourselves, every word in it escaped


@require_http_methods(["GET", "POST"])
@for_officers
def report(request: HttpRequest, acting: Acting) -> HttpResponse:
    """Show the report of a period with what disagrees in it, and file or correct it."""
    permit, span = acting.permit("report"), _span(request, acting)
    if request.method == "POST":
        if why := request.POST.get("why", "").strip():
            reports.correct(permit, span, acting.now, why)
            tell(request, gettext("更正已上报。"))
        elif request.POST.get("examine"):
            reports.examine(
                permit, request.POST["examine"], span.name, acting.now,
                result=request.POST.get("result", ""), minutes=request.POST.get("minutes", ""),
            )  # fmt: skip
            tell(request, gettext("审阅意见已记录。"))
        else:
            reports.file(permit, span, acting.now)
            tell(request, gettext("报表已上报并签名。"))
        return redirect(f"{reverse('figures-report')}?period={span.name}")
    prepared = reports.prepare(permit, span, acting.now)
    words, names = titles(), reports.office_names(prepared.content)
    context = {
        "prepared": prepared,
        "content": prepared.content,
        "rules": [
            (words.get(row.name, {"zh": row.name, "en": row.name}), row) for row in prepared.content.by_rule
        ],
        "offices": [
            (names.get(row.name, row.name), row, prepared.below.get(row.name))
            for row in prepared.content.by_office
        ],
        "indicators": _indicators(prepared.content.indicators),
        "disagreements": _disagreements(prepared.disagreements),
        "missing": names_of(prepared.missing),
        "history": reports.filings(permit, office=acting.organisation, period=span.name),
        "span": span,
        "periods": _periods(acting),
        "is_over": acting.now >= span.after_at,
        "may_file": "record" in permit.rights,
    }
    return page(request, acting, "figures/report", context)


def _disagreements(found: Sequence[Disagreement]) -> list[str]:
    """Return what disagrees as sentences; who has not filed is said apart, by name."""
    names = names_of({each for one in found for each in (one.office, one.partner) if each})
    return [each.say(language(), names) for each in found if each.what != NOT_FILED]


def _indicators(found: Mapping[str, tuple[int, int]]) -> list[dict[str, Any]]:
    rows = []
    for name, (top, bottom) in found.items():
        one = figure_named(name)
        if one is not None and one.figure is not None:
            scale = 100 if one.figure.unit == "percent" else one.figure.scale
            value = (
                f"{scale * top / bottom:.2f}{'%' if one.figure.unit == 'percent' else ''}" if bottom else "–"
            )
            rows.append({"id": name, "title": one.title, "top": top, "bottom": bottom, "value": value})
    return rows


@require_GET
@for_officers
def report_book(request: HttpRequest, acting: Acting) -> HttpResponse:
    """Hand over the workbook of a report; `released`: as it may leave the office."""
    permit, span = acting.permit("report"), _span(request, acting)
    prepared = reports.prepare(permit, span, acting.now)
    answer = HttpResponse(content_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
    answer["Content-Disposition"] = (
        f'attachment; filename="report-{acting.organisation}-{span.name}.xlsx"'.replace(":", ".")
    )
    names = names_for(reports.office_names(prepared.content), titles())
    write_book(answer, prepared, names, language(), released=bool(request.GET.get("released")))  # type: ignore[arg-type]  # a file enough to write to
    return answer


@require_GET
@for_officers
def bulletin(request: HttpRequest, acting: Acting) -> HttpResponse:
    """Hand over the bulletin of a period as a PDF: for the public, small counts suppressed."""
    permit, span = acting.permit("report"), _span(request, acting)
    made = bulletin_pdf(permit, span, acting.now, language())
    answer = HttpResponse(made, content_type="application/pdf")
    answer["Content-Disposition"] = (
        f'inline; filename="bulletin-{acting.organisation}-{span.name}.pdf"'.replace(":", ".")
    )
    return answer


@require_GET
@for_officers
def assessment(request: HttpRequest, acting: Acting) -> HttpResponse:
    """Show the assessment of an office and those right below it: the league, the matrix of pairs, trends and flows."""
    permit, span = acting.permit("assessment"), _span(request, acting)
    permit.require("read-duties", acting.now)
    with counted(span, acting.now) as engine:
        found = assess(permit, span, acting.now, engine=engine)
        months = trend_of(permit, acting.now, engine)
        asked = asked_of(span, acting.now)
        between = flows_of(engine, acting.organisation, span.first_at, span.after_at)
        tricks = seen(engine, asked, [card.office for card in found.cards])
    context = {
        "found": found,
        "span": span,
        "periods": _periods(acting),
        **_pictures(found, months, between),
        "months": months,
        "pairs": _named_pairs(found, found.pairs),
        "tricks": [
            (
                TRICKS[each.trick],
                found.names.get(each.office, each.office),
                found.names.get(each.partner, each.partner),
                each,
            )
            for each in tricks
        ],
        "contests": [
            (each, names_of({each.office}).get(each.office, each.office), figure_named(each.figure))
            for each in contests(permit, acting.now)
        ],
    }
    return page(request, acting, "figures/assessment", context)


def _pictures(
    found: Assessment, months: Sequence[Month], between: Sequence[tuple[str, str, int]]
) -> dict[str, object]:
    """Return the pictures of an assessment, and of the flows the numbers too."""
    # Beside a bar there is room for the name alone; the tables say where it is.
    short = dict(Organisation.objects.filter(id__in=found.names).values_list("id", "name"))
    named = [(place_name(start), place_name(end), count) for start, end, count in between]
    bars = [_bar(each, short.get(each.office, each.name)) for each in found.cards]
    rows, columns, shares = matrix_of(found)
    heads = [[short.get(each, each) for each in names] for names in (rows, columns)]
    kept = [100 * each.kept / each.due if each.due else None for each in months]
    return {
        "bars": _picture(charts.bars(bars, gettext("到期职责按期办理的比例"))),
        "matrix": _picture(charts.matrix(heads[0], heads[1], shares, gettext("两地互欠事项按期率"))),
        "has_pairs": bool(rows),
        "trend": _picture(charts.trend([each.name for each in months], kept, gettext("近十二个月按期率"))),
        "flows": _picture(charts.flows(named, gettext("省际事项流向"))) if named else "",
        "between": named,
    }


def _bar(card: Card, label: str) -> charts.Bar:
    return charts.Bar(
        label=label, kept=card.kept, late=0, overdue=card.due - card.kept, low=card.low, high=card.high
    )


def _named_pairs(found: Assessment, pairs: Sequence[Pair]) -> list[tuple[str, str, Pair]]:
    return [
        (found.names.get(each.debtor, each.debtor), found.names.get(each.creditor, each.creditor), each)
        for each in pairs
    ]


def _short_name(office: str, name: str) -> str:
    """Return what an office is called where it is known where it is."""
    return Organisation.objects.filter(id=office).values_list("name", flat=True).first() or name


@require_GET
@for_officers
def card(request: HttpRequest, acting: Acting, office: str) -> HttpResponse:
    """Show one office's card, every figure open down to its duties; and where to contest one."""
    permit, span = acting.permit("assessment"), _span(request, acting)
    found = assess(permit, span, acting.now)
    mine = next((each for each in found.cards if each.office == office), None)
    if mine is None:
        raise UnknownOrganisationError(organisation=office)
    words = titles()
    opened = request.GET.get("figure", "")
    rows = behind(permit, opened, office, span, acting.now) if opened else []
    context = {
        "card": mine,
        "span": span,
        "opened": figure_named(opened),
        "behind": [
            (
                words.get(each.rule, {"zh": each.rule, "en": each.rule}),
                found.names.get(each.owed_to, each.owed_to),
                each,
            )
            for each in rows
        ],
        "is_own": office == acting.organisation,
        "pairs": _named_pairs(found, mine.pairs),
        "bars": _picture(
            charts.bars(
                [
                    charts.Bar(
                        label=_short_name(mine.office, mine.name),
                        kept=mine.kept,
                        late=0,
                        overdue=mine.due - mine.kept,
                        low=mine.low,
                        high=mine.high,
                    )
                ],
                gettext("到期职责按期办理的比例"),
            )
        ),
    }
    return page(request, acting, "figures/card", context)


@require_http_methods(["GET", "POST"])
@for_officers
def simulation(request: HttpRequest, acting: Acting) -> HttpResponse:
    """Try out another period of a rule over what happened: what would open and lapse, and who would have the work."""
    permit = acting.permit("simulation")
    permit.require("read-duties", acting.now)
    typed = {name: request.POST.get(name, "") for name in ("rule", "within", "first", "after")}
    words = titles()
    context: dict[str, Any] = {
        "typed": typed,
        "rules": [(each, words.get(each, {})) for each in _LAWS if each in words],
        "most": MOST_CASES,
    }
    if request.method == "POST":
        span = stretch(_day(typed["first"], acting), _day(typed["after"], acting))
        found = simulate(
            with_clock(typed["rule"], typed["within"], span.first_on),
            span,
            acting.now,
            permit=permit,
            at_most=MOST_CASES,
        )
        names = names_of({office for office, _ in found.weeks})
        context |= {
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
    else:
        quarter = before(period_of("quarter", acting.now.astimezone(SHANGHAI).date()))
        typed |= {
            "rule": _LAWS[0],
            "within": "10 working_days",
            "first": quarter.first_on.isoformat(),
            "after": quarter.after_on.isoformat(),
        }
    return page(request, acting, "figures/simulation", context)


def _day(said: str, acting: Acting) -> date:
    try:
        return date.fromisoformat(said)
    except ValueError:
        return acting.now.astimezone(SHANGHAI).date()
