"""Ledgers, stubs, points of free supplies and how others are reached, of one office; and the free catalogue, for everybody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from django.conf import settings
from django.utils.translation import gettext_noop
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from yipan.documents.definitions import SERVICE, definitions
from yipan.documents.ledgers import counterparts_of, ledger_of, ledgers, supply_points_of
from yipan.documents.stubs import stubs_of
from yipan.duties.library import library
from yipan.offices.office import lines_of
from yipan.web.acting import Acting, for_officers, page
from yipan.web.public import visitor
from yipan.web.ruling import titles_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.http import HttpRequest, HttpResponse

#: Who gives what the catalogue lists.
GIVERS: Final[Mapping[str, str]] = {
    "facility": gettext_noop("服务机构"),
    "township": gettext_noop("现居住地乡镇、街道"),
    "village": gettext_noop("村（居）民委员会"),
    "supply-point": gettext_noop("免费用品发放点"),
    "home-township": gettext_noop("户籍地乡镇、街道"),
    "county-health": gettext_noop("县级卫生健康部门"),
    "employer": gettext_noop("用人单位"),
}


@require_GET
@for_officers
def shelf(request: HttpRequest, acting: Acting) -> HttpResponse:
    """Show which ledgers an office of this level keeps, and the lists beside them."""
    line = lines_of([acting.organisation])[acting.organisation]
    level = next((name for name, office in line.items() if office == acting.organisation), "")
    return page(request, acting, "ledgers", {"ledgers": ledgers(level) or ledgers()})


@require_GET
@for_officers
def ledger(request: HttpRequest, acting: Acting, name: str) -> HttpResponse:
    """Show one ledger."""
    found = ledger_of(acting.permit("ledger"), name, acting.now)
    return page(
        request, acting, "ledger", {"ledger": found, "titles": titles_of(library(settings.RULEPACKS).packs)}
    )


@require_GET
@for_officers
def stubs(request: HttpRequest, acting: Acting) -> HttpResponse:
    """Show the numbered stubs of what left the office; `year`: of one year."""
    year = request.GET.get("year", "")
    wanted = int(year) if year.isascii() and year.isdigit() else None
    return page(request, acting, "stubs", {"stubs": stubs_of(acting.permit("ledger"), acting.now, wanted)})


@require_GET
@for_officers
def supply_points(request: HttpRequest, acting: Acting) -> HttpResponse:
    """Show the office's points of free supplies with their stock."""
    return page(
        request, acting, "supplypoints", {"points": supply_points_of(acting.permit("ledger"), acting.now)}
    )


@require_GET
@for_officers
def counterparts(request: HttpRequest, acting: Acting) -> HttpResponse:
    """Show how the offices that this one deals with are reached."""
    return page(
        request, acting, "counterparts", {"rows": counterparts_of(acting.permit("ledger"), acting.now)}
    )


@require_GET
@never_cache
def catalogue(request: HttpRequest) -> HttpResponse:
    """Show everybody what is free, and who gives it."""
    context = {
        "services": definitions(SERVICE),
        "givers": GIVERS,
        "titles": titles_of(library(settings.RULEPACKS).packs),
    }
    return page(request, visitor(request), "public/services", context)
