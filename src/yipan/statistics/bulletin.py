"""The quarterly bulletin: what everybody may read of how an office and those below it kept their word. Nothing small in it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from yipan.documents.pdf import pdf, picture
from yipan.offices.office import Organisation
from yipan.registry.headcounts import threshold
from yipan.statistics import charts
from yipan.statistics.checks import counted
from yipan.statistics.content import PARTS
from yipan.statistics.measures import figure_named
from yipan.statistics.reports import office_names, prepare
from yipan.statistics.seen import may_be_said, trend_of
from yipan.statistics.words import titles

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from yipan.offices.permit import Permit
    from yipan.registry.headcounts import Cell
    from yipan.statistics.periods import Span
    from yipan.statistics.release import Released
    from yipan.statistics.reports import Prepared
    from yipan.statistics.seen import Month

_TEMPLATE: Final = "bulletin"
_REPORT: Final = "stat-quarter-bulletin"
_MOST_ROWS: Final = 14
_A_MOMENT: Final = timedelta(microseconds=1)
_SAYS: Final[Mapping[str, Mapping[str, str]]] = {
    "title": {"zh": "{period}工作通报", "en": "Bulletin, {period}"},
    "subtitle": {"zh": "两地协办：各机构办理时效", "en": "How soon the offices acted"},
    "lead": {
        "zh": "本期到期的职责 {due} 项，按期办结 {kept} 项，按期率 {share}。下列数字只说机构，不涉及任何个人；少于 {under} 的数和能推算出它的数不公布。",
        "en": "{due} duties fell due and {kept} were done in time: {share}. The figures are about offices and no person; counts under {under}, and those from which one could be worked out, are not said.",
    },
    "lead_few": {
        "zh": "本期到期的职责太少，不公布总数。下列数字只说机构，不涉及任何个人。",
        "en": "So little fell due that no total is said. The figures are about offices and no person.",
    },
    "offices": {"zh": "各机构", "en": "Offices"},
    "offices_text": {
        "zh": "绿色为按期，黄色为迟办，红色为逾期未办。",
        "en": "Green: in time; amber: late; red: not done.",
    },
    "rules": {"zh": "各项职责", "en": "Duties by rule"},
    "trend": {"zh": "近十二个月按期率", "en": "In time, the last twelve months"},
    "indicators": {"zh": "指标", "en": "Indicators"},
    "foot": {
        "zh": "一盘棋 · 本系统督促的是机构，不是群众。",
        "en": "Yipan · it holds offices to their word, never people.",
    },
    "office": {"zh": "机构", "en": "Office"},
    "rule": {"zh": "职责", "en": "Duty"},
    "figure": {"zh": "指标", "en": "Indicator"},
    "kept": {"zh": "按期", "en": "In time"},
    "late": {"zh": "迟办", "en": "Late"},
    "overdue": {"zh": "逾期未办", "en": "Not done"},
    "due": {"zh": "到期", "en": "Due"},
    "value": {"zh": "数值", "en": "Value"},
    "sum": {"zh": "合计", "en": "Sum"},
    "month": {"zh": "月份", "en": "Month"},
}


def bulletin_pdf(permit: Permit, span: Span, now: datetime, language: str) -> bytes:
    """Return the bulletin of an office and a period as a PDF.

    Raises:
        NotPermittedError: the post does not include reading duties.
    """
    return pdf(_TEMPLATE, bulletin_data(permit, span, now, language))


def bulletin_picture(permit: Permit, span: Span, now: datetime, language: str) -> bytes:
    """Return its first page as a picture, to look at."""
    return picture(_TEMPLATE, bulletin_data(permit, span, now, language))


def bulletin_data(permit: Permit, span: Span, now: datetime, language: str) -> dict[str, object]:
    """Return what the bulletin says: only what is released."""
    permit.require("read-duties", now)
    with counted(span, now) as engine:
        prepared = prepare(permit, span, now, report=_REPORT, engine=engine)
        whole = prepare(permit, span, now, engine=engine)
        # Up to the end of the period that it is about.
        months = trend_of(permit, min(now, span.after_at - _A_MOMENT), engine)
    names = office_names(whole.content)
    tables = whole.content.released()
    offices = tables["by_office"]
    total = offices.cells[None, None].people
    kept = offices.cells[None, "kept"].people
    lead = _say("lead_few", language)
    if total and kept is not None:
        share = f"{100 * kept / total:.1f}%"
        lead = _say("lead", language).format(due=total, kept=kept, share=share, under=threshold())
    words = titles()
    return {
        "title": _say("title", language).format(period=_in_words(span, language)),
        "office": names.get(whole.content.office, whole.content.office),
        "subtitle": _say("subtitle", language),
        "lead": [lead],
        "foot": _say("foot", language),
        "parts": [
            part
            for part in (
                _offices(offices, names, language),
                _trend(months, language),
                _rules(tables["by_rule"], words, language),
                indicators_said(prepared, tables["by_rule"], language),
            )
            if part["rows"]
        ],
    }


def _say(name: str, language: str) -> str:
    return _SAYS[name][language]


def _in_words(span: Span, language: str) -> str:
    """Return a period as a title says it."""
    year, _, part = span.name.partition("-")
    if language == "zh":
        said = f"第{part[1:]}季度" if part.startswith("Q") else f"{int(part)}月" if part.isdigit() else ""
        return f"{year}年{said}"
    return f"{year} {part}".strip()


def _part(
    title: str, head: list[str], rows: list[list[str]], *, text: str = "", picture: str = ""
) -> dict[str, object]:
    return {"title": title, "text": text, "picture": picture, "head": head, "rows": rows}


def _shown(cell: Cell) -> str:
    return "—" if cell.people is None else str(cell.people)


def _head(first: str, language: str) -> list[str]:
    return [_say(first, language), *(_say(each, language) for each in (*PARTS, "due"))]


def _offices(table: Released, names: Mapping[str, str], language: str) -> dict[str, object]:
    # Where it is the masthead says: beside a bar there is room for the name alone.
    short = dict(Organisation.objects.filter(id__in=table.rows).values_list("id", "name"))
    drawn = [
        charts.Bar(label=short.get(row, row)[:14], kept=counts[0], late=counts[1], overdue=counts[2])
        for row in table.rows
        if len(counts := [cell.people for cell in table.row(row)[:3] if cell.people is not None])
        == len(PARTS)
    ]
    rows = [[names.get(row, row), *map(_shown, table.row(row))] for row in table.rows]
    rows.append([_say("sum", language), *map(_shown, table.row(None))])
    # One bar compares nobody with nobody.
    picture = charts.bars(drawn[:_MOST_ROWS], _say("offices", language)) if len(drawn) > 1 else ""
    return _part(
        _say("offices", language),
        _head("office", language),
        rows,
        text=_say("offices_text", language) if picture else "",
        picture=picture,
    )


def _trend(months: Sequence[Month], language: str) -> dict[str, object]:
    told = [each for each in months if each.share is not None]
    picture = charts.trend(
        [each.name for each in months], [each.share for each in months], _say("trend", language)
    )
    # In whole per cent: a finer share of few is a count.
    rows = [[each.name, f"{each.share:.0f}%"] for each in told if each.share is not None]
    return _part(
        _say("trend", language),
        [_say("month", language), _say("kept", language)],
        rows,
        picture=picture if told else "",
    )


def _rules(table: Released, words: Mapping[str, Mapping[str, str]], language: str) -> dict[str, object]:
    rows = [[words.get(row, {}).get(language, row), *map(_shown, table.row(row))] for row in table.rows]
    return _part(_say("rules", language), _head("rule", language), rows)


def indicators_said(prepared: Prepared, table: Released, language: str) -> dict[str, Any]:
    """Return the indicators that say nothing which the tables keep back."""
    rows = []
    for name, (top, bottom) in prepared.content.indicators.items():
        one = figure_named(name)
        if one is None or one.figure is None or one.figure.unit != "percent" or one.figure.between:
            continue
        # A share of counts of which one is hidden would tell it.
        shown = all(
            table.cells[rule, part].people is not None
            for rule in one.figure.duties
            if rule in table.rows
            for part in ("kept", None)
        )
        if shown and may_be_said(top, bottom):
            rows.append([one.title[language], f"{100 * top / bottom:.0f}%"])
    return _part(_say("indicators", language), [_say("figure", language), _say("value", language)], rows)
