"""The pages of figures: an office's report, and the assessment of an office and those right below it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.safestring import mark_safe
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods

from yipan.duties.beginning import begins_at_desk
from yipan.duties.lawbook import lawbook
from yipan.law.figure import HEALTH
from yipan.offices.divisions import place_name
from yipan.offices.office import Organisation, names_of
from yipan.statistics import charts, reports
from yipan.statistics.assessment import assess, contests
from yipan.statistics.book import names_for, write_book
from yipan.statistics.bulletin import bulletin_pdf
from yipan.statistics.checks import NOT_FILED, counted
from yipan.statistics.content import report_named
from yipan.statistics.gaming import TRICKS
from yipan.statistics.measures import figure_named, figures
from yipan.statistics.periods import before, parse_period, period_of
from yipan.statistics.seen import flows_of, matrix_of, trend_of
from yipan.statistics.words import titles
from yipan.web.acting import Acting, for_officers, page, tell
from yipan.web.words import SHANGHAI, language

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from django.http import HttpRequest
    from django.utils.safestring import SafeString

    from yipan.law.definition import Definition
    from yipan.law.kind import Kind
    from yipan.statistics.assessment import Assessment, Card, Pair
    from yipan.statistics.checks import Disagreement
    from yipan.statistics.gaming import Seen
    from yipan.statistics.periods import Span
    from yipan.statistics.seen import Month

_MONTHS, _QUARTERS, _YEARS = 6, 6, 2


def span_asked(request: HttpRequest, acting: Acting) -> Span:
    """Return the period that is asked for; the quarter before this one where none is."""
    said = request.POST.get("period") or request.GET.get("period") or ""
    return (
        parse_period(said) if said else before(period_of("quarter", acting.now.astimezone(SHANGHAI).date()))
    )


def _periods(acting: Acting) -> list[str]:
    """Return the latest quarters, years and months, to choose from."""
    today, found = acting.now.astimezone(SHANGHAI).date(), []
    for unit, count in (("quarter", _QUARTERS), ("year", _YEARS), ("month", _MONTHS)):
        span = period_of(unit, today)
        for _ in range(count):
            found.append(span.name)
            span = before(span)
    return found


def _reports(acting: Acting) -> list[Definition]:
    """Return the reports that are computed for an office like hers; the one that climbs first."""
    level, kind = Organisation.objects.values_list("level", "kind").get(id=acting.organisation)
    found = [
        each
        for each in figures("report")
        if level in each.levels and each.figure and kind in (each.figure.bodies or (HEALTH,))
    ]
    return sorted(found, key=lambda each: each.id != reports.CLIMBING)


def _which(request: HttpRequest) -> str:
    return request.POST.get("report") or request.GET.get("report") or reports.CLIMBING


def picture(svg: str) -> SafeString:
    """Return a picture that we drew, as a page takes it."""
    return mark_safe(svg)  # noqa: S308  # drawn by ourselves, every word in it escaped


@require_http_methods(["GET", "POST"])
@for_officers
def report(request: HttpRequest, acting: Acting) -> HttpResponse:
    """Show the report of a period with what disagrees in it, and file or correct it."""
    permit, span, which = acting.permit("report"), span_asked(request, acting), _which(request)
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
    prepared = reports.prepare(permit, span, acting.now, report=which)
    words, names = titles(), reports.office_names(prepared.content)
    climbs = which == reports.CLIMBING
    context = {
        "report": report_named(which),
        "reports": _reports(acting),
        "climbs": climbs,
        "files_with": [] if climbs else _files_with(which, acting),
        "elsewhere": _disagreements(prepared.elsewhere),
        "prepared": prepared,
        "content": prepared.content,
        "rules": [
            (words.get(row.name, {"zh": row.name, "en": row.name}), row) for row in prepared.content.by_rule
        ],
        "offices": [
            (names.get(row.name, row.name), row, prepared.below.get(row.name), row.name in prepared.missing)
            for row in prepared.content.by_office
        ],
        "indicators": _indicators(prepared.content.indicators),
        "disagreements": _disagreements(prepared.disagreements),
        "missing": names_of(prepared.missing),
        "history": reports.filings(permit, office=acting.organisation, period=span.name, report=which),
        "span": span,
        "periods": _periods(acting),
        "is_over": acting.now >= span.after_at,
        "may_file": climbs and "record" in permit.rights,
    }
    return page(request, acting, "figures/report", context)


def _files_with(report: str, acting: Acting) -> list[Kind]:
    """Return the kinds with which an office says that it has written such a report, or told it to the public."""
    today = acting.now.astimezone(SHANGHAI).date()
    kinds = [lawbook().kind(name, today) for name in report_named(report).kinds]
    return [
        each
        for each in kinds
        if each.thread == "period" and begins_at_desk(each) and "minutes" in each.fields
    ]


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
    permit, span = acting.permit("report"), span_asked(request, acting)
    prepared = reports.prepare(permit, span, acting.now, report=_which(request))
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
    permit, span = acting.permit("report"), span_asked(request, acting)
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
    permit, span = acting.permit("assessment"), span_asked(request, acting)
    permit.require("read-duties", acting.now)
    with counted(span, acting.now) as engine:
        found = assess(permit, span, acting.now, engine=engine)
        months = trend_of(permit, acting.now, engine)
        between = flows_of(engine, acting.organisation, span.first_at, span.after_at)
    context = {
        "found": found,
        "span": span,
        "periods": _periods(acting),
        **_pictures(found, months, between),
        "months": months,
        "pairs": named_pairs(found, found.pairs),
        "tricks": tricks_of(found, [each.office for each in found.cards]),
        "contests": [
            (each, names_of({each.office}).get(each.office, each.office), title_of_figure(each.figure))
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
        "bars": picture(charts.bars(bars, gettext("到期职责按期办理的比例"))),
        "matrix": picture(charts.matrix(heads[0], heads[1], shares, gettext("两地互欠事项按期率"))),
        "has_pairs": bool(rows),
        "trend": picture(charts.trend([each.name for each in months], kept, gettext("近十二个月按期率"))),
        "flows": picture(charts.flows(named, gettext("省际事项流向"))) if named else "",
        "between": named,
    }


def _bar(card: Card, label: str) -> charts.Bar:
    return charts.Bar(
        label=label, kept=card.kept, late=0, overdue=card.due - card.kept, low=card.low, high=card.high
    )


def named_pairs(found: Assessment, pairs: Sequence[Pair]) -> list[tuple[str, str, Pair]]:
    """Return pairs with the names of both ends."""
    return [
        (found.names.get(each.debtor, each.debtor), found.names.get(each.creditor, each.creditor), each)
        for each in pairs
    ]


def tricks_of(found: Assessment, offices: Sequence[str]) -> list[tuple[Mapping[str, str], str, str, Seen]]:
    """Return what may be a way to look better, of some offices: what it is called, whose, with whom, how often."""
    return [
        (
            TRICKS[each.trick],
            found.names.get(each.office, each.office),
            found.names.get(each.partner, each.partner),
            each,
        )
        for each in found.tricks
        if each.office in offices
    ]


def title_of_figure(name: str) -> Mapping[str, str]:
    """Return what a contested figure is called: an indicator, a check, or a way to look better."""
    one = figure_named(name)
    return one.title if one else TRICKS.get(name, {"zh": name, "en": name})
