"""The page of the exchange: peers, what is under way, what was refused and why; and what became of what a case sent away."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from django.shortcuts import redirect
from django.utils.translation import gettext, gettext_noop
from django.views.decorators.http import require_GET, require_POST

from yipan.exchange.nodes.board import standings
from yipan.exchange.nodes.counting import OTHERS
from yipan.exchange.nodes.entering import retry
from yipan.exchange.nodes.following import note_read, sent_in
from yipan.exchange.nodes.own import own_or_none
from yipan.exchange.nodes.standing import desk, status
from yipan.law.deadline import SHANGHAI
from yipan.offices.divisions import place_name
from yipan.web.acting import Acting, for_officers, page, tell

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from uuid import UUID

    from django.http import HttpRequest, HttpResponse

    from yipan.exchange.nodes.board import Standing
    from yipan.exchange.nodes.following import Sent
    from yipan.offices.permit import Permit

#: What a post must include to see the exchange: it shows no person, and case numbers of every office.
RIGHT: Final = "verify"
#: What each state of a peer, and of what came or left, is called.
STATES: Final[Mapping[str, str]] = {
    "unconfirmed": gettext_noop("四个词尚未核对"),
    "trusted": gettext_noop("已信任"),
    "revoked": gettext_noop("已撤销信任"),
    "waiting": gettext_noop("待发出"),
    "sent": gettext_noop("已发出"),
    "entered": gettext_noop("已送达"),
    "held": gettext_noop("暂存"),
    "refused": gettext_noop("未被接受"),
    "withheld": gettext_noop("没有发出"),
    "new": gettext_noop("待登记"),
}
#: Why something did not leave, or did not enter: by the code with which it is kept, or that stands in what is kept.
REASONS: Final[Mapping[str, str]] = {
    "no-consent": gettext_noop("本人未同意"),
    "gone": gettext_noop("记录已不在本节点"),
    "too-large": gettext_noop("内容太长，一个信封装不下"),
    "not-yet": gettext_noop("时间比本机时钟晚，到时再登记"),
    "unknown-kind": gettext_noop("本节点的规则包里没有这种记录，采用后自动再试"),
    "unknown-organisation": gettext_noop("本节点没有这个机构，建立后自动再试"),
    "kind-not-carried": gettext_noop("这种记录不跨节点传送"),
    "speaks-for-another": gettext_noop("发件节点不能代表这个机构"),
    "unknown-case": gettext_noop("这个机构不是该案件的一方"),
    "draft-faults": gettext_noop("内容不合要求"),
    "arrival": gettext_noop("已登记，但收到的时间没有记上"),
    "envelope-refused": gettext_noop("来件未被接受"),
    "unreadable": gettext_noop("信封打不开"),
    "newer-form": gettext_noop("信封格式比本节点新，请先升级本节点"),
    "unknown-node": gettext_noop("不认识的节点"),
    "unconfirmed": gettext_noop("四个词尚未核对"),
    "revoked": gettext_noop("已撤销信任"),
    "unknown-key": gettext_noop("不认识的密钥"),
    "bad-signature": gettext_noop("签名不符"),
    "changed": gettext_noop("内容被改动过"),
    "not-for-us": gettext_noop("不是发给本节点的"),
}
_REASON: Final = re.compile(rf"(?<![\w.-])({'|'.join(map(re.escape, REASONS))})(?![\w.-])(: )?")
WAYS: Final[Mapping[str, str]] = {
    "came": gettext_noop("来件"),
    "left": gettext_noop("去件"),
    "envelope": gettext_noop("来件信封"),
}
#: Of how many days the sums of the board are.
BOARD_DAYS: Final = 7


@require_GET
@for_officers
def nodes(request: HttpRequest, acting: Acting) -> HttpResponse:
    """Show how the exchange stands."""
    acting.permit("exchange").require(RIGHT, acting.now)
    is_node = own_or_none() is not None
    since = acting.now.astimezone(SHANGHAI).date() - timedelta(days=BOARD_DAYS)
    context = {
        "board": [_with_names(each) for each in standings(since)] if is_node else [],
        "status": status(acting.now) if is_node else None,
        "desk": [_in_words(each) for each in desk(acting.now)] if is_node else [],
        "states": STATES,
        "directions": WAYS,
    }
    return page(request, acting, "nodes", context)


def _with_names(standing: Standing) -> Mapping[str, Any]:
    """Return how a node stands, its counties by name, those counted together last."""
    ordered = sorted(standing.counties.items(), key=lambda each: (each[0] == OTHERS, each[0]))
    counties = [
        {"name": gettext("其他县（数字小的合在一起）") if code == OTHERS else place_name(code), **said}
        for code, said in ordered
    ]
    return {"of": standing, "counties": counties}


def _in_words(row: Mapping[str, Any]) -> Mapping[str, Any]:
    return {**row, "reason": _REASON.sub(_said, str(row["reason"]))}


def _said(code: re.Match[str]) -> str:
    """Return a code in the reader's words; what follows it, another node may have said, and is shown as it is."""
    return gettext(REASONS[code[1]]) + (gettext("：") if code[2] else "")


@require_POST
@for_officers
def retry_all(request: HttpRequest, acting: Acting) -> HttpResponse:
    """Take up again what lies on the desk."""
    acting.permit("exchange").require(RIGHT, acting.now)
    if own_or_none() is not None:
        found = retry(acting.now)
        tell(request, gettext("重试了 %(n)s 件。") % {"n": found})
    return redirect("nodes")


def sent_by_entry(permit: Permit, thread: UUID, now: datetime) -> Mapping[UUID, list[Sent]]:
    """Return what became of what this office sent to other installations in a case, by entry, and note that it was read.

    Nothing where this installation is no node.
    """
    if own_or_none() is None:
        return {}
    note_read(permit, thread, now)
    found: dict[UUID, list[Sent]] = {}
    for each in sent_in(permit, thread):
        found.setdefault(each.event, []).append(each)
    return found
