"""Who may reorganise whom: an office that stands above, by the lines of today."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from yipan.errors import YipanError
from yipan.offices.office import Line

if TYPE_CHECKING:
    from collections.abc import Sequence


class NotAboveError(YipanError):
    """The office does not stand above those it would change."""

    code: ClassVar[str] = "not-above"
    sentence: ClassVar[dict[str, str]] = {
        "zh": "{organisation}不是{others}的上级机构，不能作此决定。",
        "en": "{organisation} does not stand above {others} and cannot decide this.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "请由它们共同的上级机构决定。",
        "en": "Let an office that stands above all of them decide.",
    }


def refuse_unless_above(deciding: str, others: Sequence[str], *, or_itself: bool = False) -> None:
    """Refuse unless an office stands above all others (or is one itself, where that is enough).

    Raises:
        NotAboveError: it names those it does not stand above.
    """
    lines = Line.objects.filter(superior_id=deciding, organisation_id__in=others)
    below = set(lines.filter(depth__gte=0 if or_itself else 1).values_list("organisation_id", flat=True))
    missing = [each for each in others if each not in below]
    if missing:
        raise NotAboveError(organisation=deciding, others="、".join(missing))
