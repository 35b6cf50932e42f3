"""Pages for everybody, without signing in: procedures, facilities, contacts, rules. Nothing on them is about a person."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from django.conf import settings
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from yipan.duties.lawbook import lawbook
from yipan.duties.library import library
from yipan.duties.published import Published, published
from yipan.offices.office import lines_of, names_of
from yipan.web.acting import Acting, acting_in, now, page, posts_of
from yipan.web.offices import office_meant, why_not_one
from yipan.web.ruling import clocks_text, level_word, titles_of, where, who
from yipan.web.words import SHANGHAI, said

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    from django.http import HttpRequest, HttpResponse

    from yipan.law.kind import Kind
    from yipan.law.pack import Pack
    from yipan.law.rule import Overlay, Rule, Version

FACILITIES: Final = ("facility.listed", "facility.changed", "facility.delisted")
DELISTED: Final = "facility.delisted"
CONTACT: Final = "contact.listed"
#: How many facilities one page shows; a search shows the others.
SHOWN: Final = 100
#: The levels of the handbook of contacts, from the top.
_FOUR: Final = ("province", "city", "county", "township")


def visitor(request: HttpRequest) -> Acting | None:
    """Return who looks, where it is an officer at work; anybody else may look too."""
    return acting_in(request, posts_of(request)) if request.user.is_authenticated else None


def today() -> date:
    """Return the day it is."""
    return now().astimezone(SHANGHAI).date()


@require_GET
@never_cache
def start(request: HttpRequest) -> HttpResponse:
    """Show where everybody finds what."""
    return page(request, visitor(request), "public/start", {})


# ------------------------------------------------------------------------------------------ procedures


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One step of a procedure, with the clock that its rule promises today; `elsewhere`: shorter ones, by place."""

    rule: Rule
    version: Version
    who: str
    to: str
    clock: str
    elsewhere: tuple[tuple[str, Overlay, str], ...]


@require_GET
@never_cache
def procedures(request: HttpRequest) -> HttpResponse:
    """Show each procedure step by step, with the clocks that the rules adopted here promise."""
    shelf, on = library(settings.RULEPACKS), today()
    found = [(each, steps) for each in shelf.procedures if (steps := list(_steps(each.rules, on)))]
    context = {"procedures": found, "titles": titles_of(shelf.packs), "today": on}
    return page(request, visitor(request), "public/procedures", context)


def _steps(rules: Sequence[str], on: date) -> Iterable[Step]:
    book = lawbook()
    kinds = book.kinds(on)
    held = {rule.id: (rule, version) for _, rule, version in book.rules(on)}
    for name in rules:
        if name not in held:
            continue
        rule, version = held[name]
        elsewhere = tuple(
            (where(pack), overlay, clocks_text(over, kinds))
            for pack, overlay in book.overlays(name)
            if (over := overlay.at(on)) and book.in_force(pack, on)
        )
        yield Step(
            rule=rule,
            version=version,
            who=who(rule.owed_by, rule, kinds),
            to=who(rule.owed_to, rule, kinds),
            clock=clocks_text(version, kinds),
            elsewhere=elsewhere,
        )


# ------------------------------------------------------------------------------- facilities and contacts


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One line of a list that an office published, with its words."""

    line: Published
    office: str
    sort: str = ""
    map: str = ""
    call: str = ""
    #: Its qualification has run out: the list is stale, which is the office's fault.
    ended: bool = False


@require_GET
@never_cache
def facilities(request: HttpRequest) -> HttpResponse:
    """Show the facilities that offices have published; `q`: words of a name, an address or a place, or a code."""
    typed = request.GET.get("q", "").strip()
    coded = typed.isascii() and typed.isdigit()
    lines = [each for each in published(FACILITIES, under=typed if coded else "") if each.kind != DELISTED]
    names = names_of(each.office for each in lines)
    words = [] if coded else typed.split()
    found = [
        each
        for each in lines
        if all(
            word in f"{names.get(each.office, '')}{each.said['name']}{each.said['address']}" for word in words
        )
    ]
    context = {
        "typed": typed,
        "entries": [_facility(each, names) for each in found[:SHOWN]],
        "more": max(0, len(found) - SHOWN),
        "any": bool(lines),
    }
    return page(request, visitor(request), "public/facilities", context)


def _facility(line: Published, names: Mapping[str, str]) -> Entry:
    kinds = lawbook().kinds(today())
    sort = kinds[line.kind].fields["sort"].choices.get(str(line.said.get("sort")), {})
    until = str(line.said.get("qualified_until") or "")
    return Entry(
        line=line,
        office=names.get(line.office, line.office),
        sort=said(sort) if sort else "",
        map=map_of(f"{line.said['address']} {line.said['name']}"),
        call=call_of(str(line.said["telephone"])),
        ended=bool(until) and until < today().isoformat(),
    )


def map_of(place: str) -> str:
    """Return the address of a map that looks for a place; nothing where the deployment has none."""
    return settings.MAP_ADDRESS.replace("{place}", quote(place)) if settings.MAP_ADDRESS else ""


def call_of(telephone: str) -> str:
    """Return a number as a telephone dials it: the first, where several are written."""
    digits = ""
    for letter in telephone:
        if letter.isascii() and (letter.isdigit() or (letter == "+" and not digits)):
            digits += letter
        elif digits and letter not in "-–—()（） ":
            break
    return digits


@require_GET
@never_cache
def contacts(request: HttpRequest) -> HttpResponse:
    """Show how the offices of the four levels above a place are reached; without a place, who has published it."""
    typed = request.GET.get("q", "").strip()
    office = office_meant(typed) if typed else None
    context: dict[str, Any] = {"typed": typed}
    if office:
        line = lines_of([office])[office]
        asked = [(level, line[level]) for level in _FOUR if level in line]
        held = _contacts(each for _, each in asked)
        names = names_of(each for _, each in asked)
        context["line"] = [
            (level_word(level), names.get(each, each), held.get(each)) for level, each in asked
        ]
    else:
        context["fault"] = why_not_one(typed) if typed else ""
        every = _latest(published([CONTACT]))
        names = names_of(every)
        order = sorted(every, key=lambda each: (len(each.partition(":")[0]), each))
        context["listed"] = [(names.get(each, each), _contact(every[each])) for each in order[:SHOWN]]
        context["more"] = max(0, len(order) - SHOWN)
    return page(request, visitor(request), "public/contacts", context)


def _contacts(offices: Iterable[str]) -> dict[str, Entry]:
    wanted = set(offices)
    return {own: _contact(line) for own, line in _latest(published([CONTACT])).items() if own in wanted}


def _latest(lines: Iterable[Published]) -> dict[str, Published]:
    """Return what each office said last of itself."""
    found: dict[str, Published] = {}
    for each in sorted(lines, key=lambda line: line.said_at):
        found[each.office] = each
    return found


def _contact(line: Published) -> Entry:
    return Entry(
        line=line,
        office=line.office,
        map=map_of(str(line.said["address"])),
        call=call_of(str(line.said["telephone"])),
    )


# ------------------------------------------------------------------------------------------------ library


@dataclass(frozen=True, kw_only=True, slots=True)
class Shelf:
    """One pack of the library with its rules, whether it is adopted here, and whether it is in force today."""

    pack: Pack
    where: str
    adopted: bool
    in_force: bool
    rules: tuple[tuple[Rule | Overlay, str, Version], ...]


@require_GET
@never_cache
def rules(request: HttpRequest) -> HttpResponse:
    """Show every pack with its days and its rules: first what is adopted here, then the rest of the library."""
    whole, on = library(settings.RULEPACKS), today()
    typed = request.GET.get("q", "").strip()
    adopted = {each.pack.name for each in lawbook().adoptions()}
    kinds = whole.rulebook.kinds(on)
    shelves = [_shelf(pack, adopted, on, kinds, typed) for pack in whole.packs if pack.rules or pack.overlays]
    shown = [each for each in shelves if each.rules]
    shown.sort(key=lambda each: (not (each.adopted and each.in_force), not each.in_force, each.pack.from_on))
    context = {"shelves": shown, "titles": titles_of(whole.packs), "typed": typed, "faulty": whole.faulty}
    return page(request, visitor(request), "public/rules", context)


def _shelf(pack: Pack, adopted: set[str], on: date, kinds: Mapping[str, Kind], typed: str) -> Shelf:
    listed: list[Rule | Overlay] = [*pack.rules.values(), *pack.overlays]
    found = [
        each
        for each in listed
        if all(
            word in " ".join((each.id, *each.title.values(), *each.text.values())) for word in typed.split()
        )
    ]
    versions = [(each, each.at(on) or each.versions[-1]) for each in found]
    return Shelf(
        pack=pack,
        where=where(pack),
        adopted=pack.name in adopted,
        in_force=pack.in_force(on),
        rules=tuple((each, clocks_text(version, kinds), version) for each, version in versions),
    )
