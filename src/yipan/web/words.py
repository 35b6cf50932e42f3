"""How the pages say days, moments, clocks and states, in the reader's language."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from django.utils.translation import get_language, gettext, gettext_noop, ngettext

from yipan.law.counting import MonthlyDate, Period, Promptly, Within, YearlyDates, parse_within
from yipan.offices.role import TABLE

if TYPE_CHECKING:
    from uuid import UUID

    from yipan.duties.views import DutyView
    from yipan.law.rule import Cite

SHANGHAI: Final = ZoneInfo("Asia/Shanghai")
_WEEKDAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_WEEKDAYS_ZH: Final = "一二三四五六日"
_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip

#: The word of each state of a clock. The shape beside it is the stylesheet's.
STATES: Final = {
    "open": gettext_noop("在办"),
    "due-soon": gettext_noop("临期"),
    "overdue": gettext_noop("逾期"),
    "in-time": gettext_noop("按时履行"),
    "late": gettext_noop("逾期履行"),
    "released": gettext_noop("免除"),
    "void": gettext_noop("作废"),
}
_RUNNING: Final = ("open", "due-soon", "overdue")
#: What a look in the read log was for.
PURPOSES: Final = {
    "a person's page": gettext_noop("打开本人登记页"),
    "break the glass": gettext_noop("紧急查阅"),
    "broken glass": gettext_noop("紧急查阅"),
    "api": gettext_noop("由机构的程序查看"),
    "case": gettext_noop("打开案件"),
    "certificate register": gettext_noop("服务证明登记簿"),
    "certificates of a case": gettext_noop("办理服务证明"),
    "command line": gettext_noop("命令行办理"),
    "find a person": gettext_noop("查找服务对象"),
    "head-counts": gettext_noop("未登记人数"),
    "ledger": gettext_noop("台账"),
    "numbers to confirm": gettext_noop("待核的号码"),
    "one person or two": gettext_noop("核对是否同一人"),
    "print a certificate": gettext_noop("打印服务证明"),
    "print a form": gettext_noop("打印表格"),
    "print a letter": gettext_noop("打印信函"),
    "record": gettext_noop("填写记录"),
    "rosters": gettext_noop("导入名册"),
    "who is meant": gettext_noop("核对外省来的案件说的是谁"),
    "withdrawal": gettext_noop("办理撤回同意"),
    "worklist": gettext_noop("今日应办"),
}
#: What makes a moment count, by the part before the colon.
_COUNTS_BY: Final = {
    "recording": gettext_noop("以记录时间为准"),
    "own-page": gettext_noop("本人在自己的页面上提出"),
    "evidence": gettext_noop("以凭证为准"),
    "calendar": gettext_noop("按历书"),
    "decision": gettext_noop("以决定时间为准"),
    "correction": gettext_noop("沿用原记录的时间"),
}
_UNITS: Final[Mapping[str, Callable[[int], str]]] = {
    "working_days": lambda n: ngettext("%(n)s 个工作日", "%(n)s 个工作日", n),
    "days": lambda n: ngettext("%(n)s 天", "%(n)s 天", n),
    "months": lambda n: ngettext("%(n)s 个月", "%(n)s 个月", n),
    "years": lambda n: ngettext("%(n)s 年", "%(n)s 年", n),
    "hours": lambda n: ngettext("%(n)s 小时", "%(n)s 小时", n),
}
_CLOCKS: Final = {
    "at_once": gettext_noop("即时（当个工作日）"),
    "promptly": gettext_noop("及时"),
    "standing": gettext_noop("长期"),
}


def language() -> str:
    """Return the language of the data (`zh` or `en`) that the reader chose."""
    return "en" if (get_language() or "").startswith("en") else "zh"


def said(text: object) -> str:
    """Return a text of the data in the reader's language; what has only one form is returned as it is."""
    if isinstance(text, Mapping):
        return str(text.get(language()) or text.get("zh") or "")
    return str(text)


def value_text(value: object) -> str:
    """Return a value of an entry; a date, a period or a moment in the journal's writing as people say it."""
    text = said(value)
    if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        return day_text(date.fromisoformat(text))
    if re.fullmatch(r"\d{4}-(\d\d|Q\d|H\d)", text):
        return period_text(text)
    if re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+[+-]\d\d:\d\d", text):
        return _end_or_moment(datetime.fromisoformat(text))
    return text


def _end_or_moment(at: datetime) -> str:
    """Return a moment; midnight as the end of the day before, which is how a deadline is meant."""
    local = at.astimezone(SHANGHAI)
    if local.time() != time.min:
        return moment_text(local)
    return f"{day_text(local.date() - timedelta(days=1))}{' ' if language() == 'en' else ''}24:00"


def day_text(day: date) -> str:
    """Return a day in full: 2026年3月2日（周一）, 2 March 2026 (Mon)."""
    on = _day_of(day)
    if language() == "en":
        return f"{on.day} {_MONTHS[on.month - 1]} {on.year} ({_WEEKDAYS[on.weekday()]})"
    return f"{on.year}年{on.month}月{on.day}日（周{_WEEKDAYS_ZH[on.weekday()]}）"


def month_day(day: date) -> str:
    """Return the month and the day alone: 3月2日, 2 Mar."""
    on = _day_of(day)
    return f"{on.day} {_MONTHS[on.month - 1][:3]}" if language() == "en" else f"{on.month}月{on.day}日"


def short_day(day: date) -> str:
    """Return a day without its year: 3月2日 周一, 2 Mar Mon."""
    on = _day_of(day)
    return f"{month_day(on)} " + (
        _WEEKDAYS[on.weekday()] if language() == "en" else f"周{_WEEKDAYS_ZH[on.weekday()]}"
    )


def moment_text(at: datetime) -> str:
    """Return a moment to the minute, in Beijing time."""
    local = at.astimezone(SHANGHAI)
    separator = " " if language() == "en" else ""
    return f"{day_text(local)}{separator}{local:%H:%M}"


def _day_of(day: date) -> date:
    return day.astimezone(SHANGHAI).date() if isinstance(day, datetime) else day


def period_text(period: str) -> str:
    """Return a period as people say it: 2026年10月, 2026年第3季度, 2026年上半年, 2026年."""
    year, _, part = period.partition("-")
    if not part:
        return gettext("%(year)s年") % {"year": year}
    if part.startswith("Q"):
        return gettext("%(year)s年第%(number)s季度") % {"year": year, "number": part[1:]}
    if part.startswith("H"):
        half = gettext("%(year)s年上半年") if part == "H1" else gettext("%(year)s年下半年")
        return half % {"year": year}
    if "-" in part:
        return day_text(date.fromisoformat(period))
    if language() == "en":
        return f"{_MONTHS[int(part) - 1]} {year}"
    return f"{year}年{int(part)}月"


def within_text(within: str) -> str:
    """Return how long a rule gives, from its written form (`15 working_days`, `at_once`)."""
    return clock_text(parse_within(within))


def clock_text(within: Within) -> str:
    """Return how long a rule gives, as people say it."""
    if isinstance(within, Period):
        unit = within.of.value
        return _UNITS[unit](within.count) % {"n": within.count}
    if isinstance(within, Promptly) and within.standard is not None:
        return gettext("及时（%(within)s以内）") % {"within": clock_text(within.standard)}
    if isinstance(within, MonthlyDate):
        return gettext("每月%(day)s日前") % {"day": within.day} if within.day else gettext("每月最后一日前")
    if isinstance(within, YearlyDates):
        days = gettext("、").join(_month_and_day(month, day) for month, day in within.dates)
        return gettext("每年%(days)s前") % {"days": days}
    return gettext(_CLOCKS[within.unit.value])


def _month_and_day(month: int, day: int) -> str:
    return f"{day} {_MONTHS[month - 1]}" if language() == "en" else f"{month}月{day}日"


def skips_first_day(within: str) -> bool:
    """Tell whether a period leaves out its first day: so it is where days, months or years are counted."""
    counted = re.fullmatch(r"\d+ (\w+)", within)
    return counted is not None and counted[1] != "hours"


def case_number(thread: UUID | str) -> str:
    """Return the short number by which a desk speaks of a case: the end of its id, for the beginning is a time."""
    return str(thread).replace("-", "")[-8:].upper()


def article_text(cite: Cite, titles: Mapping[str, object]) -> str:
    """Return where a number comes from, with the document's name."""
    if not (cite.doc or cite.set_by):
        return ""
    if cite.set_by == "deployment":
        return gettext("本系统部署机构自定的标准")
    if cite.set_by:
        return gettext("系统设计的标准")
    document = said(titles.get(cite.doc, cite.doc))
    if language() == "en":
        return f"{document}, art. {cite.article}"
    plain = re.fullmatch(r"[\d一二三四五六七八九十百]+", cite.article)
    article = f"第{cite.article}条" if plain else cite.article.replace("(", "（").replace(")", "）")
    return f"《{document}》{article}"


def left_text(state: str, days_left: int | None) -> str:
    """Return how much time is left or over, in working days; nothing for a duty that no longer runs."""
    if days_left is None or state not in _RUNNING:
        return ""
    if state == "overdue":
        over = abs(days_left)
        if not over:
            return gettext("不足 1 个工作日")
        return ngettext("已过 %(n)s 个工作日", "已过 %(n)s 个工作日", over) % {"n": over}
    if not days_left:
        return gettext("今天到期")
    return ngettext("还剩 %(n)s 个工作日", "还剩 %(n)s 个工作日", days_left) % {"n": days_left}


def state_word(state: str) -> str:
    """Return the word of a state."""
    return gettext(STATES[state])


def post_title(role: str) -> str:
    """Return the name of a post."""
    return said(TABLE[role].title)


def purpose_title(purpose: str) -> str:
    """Return what a look was for."""
    return gettext(PURPOSES[purpose]) if purpose in PURPOSES else purpose


def counts_by_text(counts_by: str) -> str:
    """Return what makes a moment count; of evidence, the first letters of its digest too."""
    reason, _, what = counts_by.partition(":")
    text = gettext(_COUNTS_BY[reason]) if reason in _COUNTS_BY else counts_by
    return f"{text} {what[:8]}" if reason == "evidence" and what else text


def owed_to_text(view: DutyView) -> str:
    """Return who is owed: an organisation's name, the person herself, or the public."""
    others = {"person": gettext("本人"), "public": gettext("社会公众")}
    return others.get(view.duty.owed_to, view.owed_to_name)


def is_running(state: str) -> bool:
    """Tell whether a duty in this state still waits to be done."""
    return state in _RUNNING
