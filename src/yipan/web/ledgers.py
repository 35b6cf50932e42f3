"""Ledgers, stubs, points of free supplies and how others are reached, of one office; and the free catalogue, for everybody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from django.conf import settings
from django.utils.translation import gettext_noop
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from yipan.documents.definitions import SERVICE, definitions
from yipan.documents.ledgers import counterparts_of, ledger_of, ledgers, supply_points_of
from yipan.documents.stubs import PAGE as STUBS
from yipan.documents.stubs import stub_years, stubs_of
from yipan.duties.beginning import begins_at_desk
from yipan.duties.lawbook import lawbook
from yipan.duties.library import library
from yipan.offices.office import lines_of
from yipan.web.acting import Acting, for_officers, page
from yipan.web.paging import Sheet, number_asked, page_asked
from yipan.web.public import visitor
from yipan.web.ruling import titles_of
from yipan.web.words import SHANGHAI

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
    year, number = number_asked(request, "year"), page_asked(request)
    found = ledger_of(acting.permit("ledger"), name, acting.now, year=year, page=number)
    kinds = lawbook().kinds(acting.now.astimezone(SHANGHAI).date())
    context = {
        "ledger": found,
        "titles": titles_of(library(settings.RULEPACKS).packs),
        "year": year,
        "sheet": _sheet(number, found.pages, year),
        "begins": [
            kinds[each] for each in found.definition.kinds if each in kinds and begins_at_desk(kinds[each])
        ],
    }
    return page(request, acting, "ledger", context)


def _sheet(number: int, pages: int, year: int | None) -> Sheet:
    return Sheet(page=number, more=number < pages, pages=pages, query=f"year={year}&" if year else "")


@require_GET
@for_officers
def stubs(request: HttpRequest, acting: Acting) -> HttpResponse:
    """Show the numbered stubs of what left the office; `year`: of one year."""
    year, number, permit = number_asked(request, "year"), page_asked(request), acting.permit("ledger")
    years = stub_years(permit, acting.now)
    in_all = years.get(year, 0) if year else sum(years.values())
    context = {
        "stubs": stubs_of(permit, acting.now, year, number),
        "years": list(years),
        "year": year,
        "sheet": _sheet(number, -(-in_all // STUBS) or 1, year),
    }
    return page(request, acting, "stubs", context)


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
