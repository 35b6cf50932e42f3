"""The page of breaches: what this office and those below it did wrong, the red ones first. No person stands on it."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext_noop
from django.views.decorators.http import require_GET

from yipan.database import rule_packs
from yipan.duties.breaches import PAGE, breaches_of
from yipan.duties.lawbook import lawbook
from yipan.errors import YipanError
from yipan.law.pack import parse_yaml
from yipan.web.acting import Acting, for_officers, page
from yipan.web.duties import document_titles
from yipan.web.paging import Sheet, page_asked

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from django.http import HttpRequest, HttpResponse

    from yipan.duties.breaches import Breach

#: What each step of the ladder and each corrector is called.
MEASURES: Final[Mapping[str, str]] = {
    "order": gettext_noop("责令改正"),
    "criticism": gettext_noop("通报批评"),
    "discipline": gettext_noop("情节严重的，处分"),
    "return": gettext_noop("退回补正"),
    "bulletin": gettext_noop("通报"),
    "escalation": gettext_noop("提交共同上级"),
    "points": gettext_noop("考核扣分"),
}
CORRECTORS: Final[Mapping[str, str]] = {
    "government-above": gettext_noop("上一级人民政府（街道由设立它的人民政府）"),
    "own-government": gettext_noop("本级人民政府"),
    "superior-department": gettext_noop("上级主管部门"),
    "county-health": gettext_noop("县级卫生健康部门"),
    "office-above": gettext_noop("上级机构"),
}


@require_GET
@for_officers
def breaches(request: HttpRequest, acting: Acting) -> HttpResponse:
    """Show the list."""
    permit = acting.permit("worklist")
    number = page_asked(request)
    found = breaches_of(permit, acting.now, number)
    context = {
        "rows": [(each, _titles(each)) for each in found[:PAGE]],
        "sheet": Sheet(page=number, more=len(found) > PAGE),
        "measures": MEASURES,
        "correctors": CORRECTORS,
        "titles": {**_heads(rule_packs()), **document_titles()},
    }
    return page(request, acting, "breaches", context)


@lru_cache(maxsize=4)
def _heads(root: Path) -> Mapping[str, object]:
    """Return the titles of all packs on disk: a breach may be one of a document that is not adopted here."""
    heads = (parse_yaml(path.read_text(encoding="utf-8")) for path in sorted(root.glob("*/*/pack.yaml")))
    return {str(head["pack"]): head["title"] for head in heads if isinstance(head, dict)}


def _titles(each: Breach) -> Mapping[str, str]:
    """Return the title of the rule that was not kept, where it was one."""
    if not each.rule:
        return {}
    try:
        return lawbook().holders(each.rule)[0][1].title
    except (YipanError, IndexError):
        return {}
