"""The page on which an office that is asked about somebody finds her in its own register, or sees that she is not there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.views.decorators.http import require_GET

from yipan.duties import queries
from yipan.duties.lawbook import lawbook
from yipan.registry.meant import who_is_meant
from yipan.web.acting import Acting, for_officers, page
from yipan.web.duties import buttons
from yipan.web.words import SHANGHAI, language

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from django.http import HttpRequest, HttpResponse

    from yipan.registry.meant import Meant, Proposed


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """One person that a case means: who of the register she may be, each with what speaks for and against."""

    meant: Meant
    proposed: Sequence[tuple[Proposed, Sequence[tuple[str, int]]]]


@require_GET
@for_officers
def who(request: HttpRequest, acting: Acting, thread: UUID) -> HttpResponse:
    """Look among the people enrolled here for whom a case is about. Each look is written down."""
    permit = acting.permit("case")
    view = queries.case(permit, thread, acting.now)
    found = who_is_meant(permit, thread, acting.now)
    kinds = lawbook().kinds(acting.now.astimezone(SHANGHAI).date())
    offered = buttons(view, kinds) if "record" in permit.rights else []
    context = {
        "case": view,
        "shown": [
            Shown(meant=each, proposed=[(one, _reasons(one)) for one in each.proposed]) for each in found
        ],
        "owed": [each for each in offered if each.duty],
    }
    return page(request, acting, "who", context)


def _reasons(one: Proposed) -> list[tuple[str, int]]:
    return [(each.zh if language() == "zh" else each.en, each.weight) for each in one.verdict.reasons]
