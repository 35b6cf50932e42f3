"""The filters of the pages: each says one thing of `yipan.web.words`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django import template
from django.conf import settings
from django.utils.translation import gettext

from yipan.documents import papers
from yipan.law.rule import LAPSE_KIND
from yipan.web import words

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

    from yipan.duties.views import DutyView, Said
    from yipan.registry.rosterdesk import BackRow

register = template.Library()

register.filter("say", words.said)
register.filter("value", words.value_text)
register.filter("day", words.day_text)
register.filter("short_day", words.short_day)
register.filter("month_day", words.month_day)
register.filter("moment", words.moment_text)
register.filter("period", words.period_text)
register.filter("within", words.within_text)
register.filter("skips_first_day", words.skips_first_day)
register.filter("case_number", words.case_number)
register.filter("article", words.article_text)
register.filter("state_word", words.state_word)
register.filter("post_title", words.post_title)
register.filter("counts_by", words.counts_by_text)
register.filter("owed_to", words.owed_to_text)
register.filter("is_running", words.is_running)
register.filter("is_letter", papers.has_letter)
register.filter("is_form", papers.has_form)
register.filter("forms_of", papers.forms_of)


@register.simple_tag
def quick_exit() -> str:
    """Return where a person's page goes when she leaves it in a hurry."""
    return str(settings.QUICK_EXIT)


@register.filter
def left(view: DutyView) -> str:
    """Return how much time is left of a duty's clock, or over."""
    return words.left_text(view.clock, view.days_left)


@register.filter
def named(names: Mapping[UUID, str], thread: UUID) -> str:
    """Return whose case it is, as far as this office may know."""
    return names.get(thread, "") if names else ""


@register.filter
def reason_said(row: BackRow) -> str:
    """Return why a row goes back, in the reader's language."""
    return words.said({"zh": row.zh, "en": row.en})


@register.filter
def word(words_by_name: Mapping[str, str], name: str) -> str:
    """Return what a name of a closed list is called, in the reader's language."""
    return gettext(words_by_name[name])


@register.filter
def word_of(choices: Mapping[str, Said], name: str) -> str:
    """Return what one choice of a kind is called, in the reader's language."""
    return words.said(choices.get(name, name))


@register.filter
def html_language(code: str) -> str:
    """Return the language as HTML names it, so that a browser picks the right glyphs."""
    return "en" if code == "en" else "zh-CN"


@register.filter
def entry_shape(kind: str) -> str:
    """Return the class by which the thread tells a lapse, or what the clock wrote, from people's doings."""
    if kind == LAPSE_KIND:
        return "is-lapse"
    return "is-clock" if kind.startswith(("duty.", "period.")) else "is-done"


@register.filter
def is_of_certificates(kind: str) -> bool:
    """Tell whether an entry belongs to a certificate's case: from it one is issued or printed."""
    return kind in (
        "certificate.asked",
        "certificate.request-sent",
        "certificate.reissue-asked",
        "certificate.sent",
    )
