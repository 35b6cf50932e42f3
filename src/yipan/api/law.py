"""Operations of the law: by when, who counts, what packs, rules and kinds say. Public, as the pages about it are."""
# ruff: noqa: TC002  # the types of an operation are read when it runs: by them questions are checked

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from ninja import Query, Router
from pydantic import ConfigDict, Field

from yipan.api.answers import Answer, Both, Day, Instant, Moment, Question
from yipan.api.door import anybody, kept, moment_of
from yipan.api.refusing import NothingHereError, language_of
from yipan.duties import lawdesk
from yipan.duties.lawdesk import DueAsked
from yipan.duties.library import library
from yipan.law.deadline import SHANGHAI
from yipan.law.rulebook import Adoption, Rulebook, UnknownKindError

if TYPE_CHECKING:
    from yipan.law.pack import Pack

router = Router(auth=anybody, tags=["law"])


def _packs() -> tuple[Pack, ...]:
    return library(settings.RULEPACKS).packs


def _book() -> Rulebook:
    """Return the rulebook of all packs on disk, as the command line reads it; made anew when a pack has changed."""
    packs = _packs()
    return _made(tuple((pack.name, pack.digest) for pack in packs))


@lru_cache(maxsize=2)
def _made(_digests: tuple[tuple[str, str], ...]) -> Rulebook:
    return Rulebook([Adoption(pack=pack) for pack in _packs()])


class DueQuery(Question):
    """By when something is due: of a rule, or within a period."""

    on: Moment = Field(description="The day or moment it counts from.")
    rule: str = Field("", max_length=200, description="The id of a rule or an overlay.")
    owed_by: str = Field("", max_length=40, description="The code of the organisation that owes it.")
    owed_to: str = Field("", max_length=40, description="A code, `person` or `public`.")
    priority: Literal["normal", "urgent"] = "normal"
    within: str = Field("", max_length=60, description="A period instead of a rule: `15 working_days`.")


class Due(Answer):
    """The day and the moment, the article, and the days that counted."""

    due_on: Day | None
    due_at: Instant | None
    provisional: bool
    within: str
    rule: str | None
    version: Day | None
    cite: dict[str, str] | None
    calendar: list[str]
    counted: list[Day]


@router.get("/due", response=Due, url_name="due")
def due(request: HttpRequest, response: HttpResponse, asked: Query[DueQuery]) -> dict[str, Any]:
    """Say by when something is due, under which article, and which days counted."""
    del request
    kept(response)
    return lawdesk.due(DueAsked(**asked.model_dump()), _book())


class MigrantQuery(Question):
    """Where she is registered, where she lives, and why."""

    home: str = Field(max_length=40)
    residence: str = Field(max_length=40)
    reason: Literal["work", "life", "study", "medical", "travel", "visit", "business-trip"]
    on: Moment | None = Field(None, description="The day; today when not said.")


class Migrant(Answer):
    """Whether she counts as living away from home, and why."""

    migrant: bool
    because: str
    cite: dict[str, str]


@router.get("/migrant", response=Migrant, url_name="migrant")
def migrant(request: HttpRequest, response: HttpResponse, asked: Query[MigrantQuery]) -> dict[str, Any]:
    """Say whether somebody counts as living away from home. Nobody is turned away for not counting."""
    kept(response)
    on = (asked.on or moment_of(request)).astimezone(SHANGHAI).date()
    found = lawdesk.counts(asked.home, asked.residence, asked.reason, on, _book())
    return {**found, "because": found["because"][language_of(request)]}


class PackShown(Answer):
    """A rule pack: its days of force, and the names of what it holds."""

    model_config = ConfigDict(populate_by_name=True)

    pack: str
    title: Both
    authority: str
    scope: list[str]
    from_on: Day = Field(alias="from")
    until_on: Day | None = Field(alias="until")
    digest: str
    rules: list[str]
    overlays: list[str]
    kinds: list[str]
    calendars: list[str]


@router.get("/packs", response=list[PackShown], by_alias=True, url_name="packs")
def packs(request: HttpRequest, response: HttpResponse) -> list[dict[str, Any]]:
    """List the packs on disk, adopted here or not."""
    del request
    kept(response)
    return [lawdesk.pack_data(pack) for pack in _packs()]


@router.get("/packs/{str:pack}", response=PackShown, by_alias=True, url_name="pack")
def pack(request: HttpRequest, response: HttpResponse, pack: str) -> dict[str, Any]:
    """Show one pack."""
    del request
    kept(response)
    found = next((each for each in _packs() if each.name == pack), None)
    if found is None:
        raise NothingHereError
    return lawdesk.pack_data(found)


class VersionShown(Answer):
    """A clock and the days on which it holds."""

    model_config = ConfigDict(populate_by_name=True)

    pack: str
    rule: str
    title: Both
    from_on: Day = Field(alias="from")
    until_on: Day | None = Field(alias="until")
    within: str
    cite: dict[str, str]


class RuleShown(Answer):
    """A rule with the versions of its own clock and of the overlays over it."""

    rule: str
    text: dict[str, Both]
    versions: list[VersionShown]


@router.get("/rules/{str:rule}", response=RuleShown, by_alias=True, url_name="rule")
def rule(request: HttpRequest, response: HttpResponse, rule: str) -> dict[str, Any]:
    """Show a rule, or an overlay, with its versions."""
    del request
    kept(response)
    return lawdesk.rule_data(rule, lawdesk.defined(rule, _packs(), _book()))


class RoleShown(Answer):
    """A part that an organisation plays in an event."""

    title: Both
    required: bool
    levels: list[str]


class FieldShown(Answer):
    """What an event says: a type, or one of some choices."""

    title: Both
    type: str
    required: bool
    choices: dict[str, Both]


class KindShown(Answer):
    """A kind of event: who records it, after what, and what it says."""

    kind: str
    title: Both
    help: Both
    recorded_by: list[str]
    on_behalf_of: list[str]
    follows: list[str]
    roles: dict[str, RoleShown]
    fields: dict[str, FieldShown]


@router.get("/kinds/{str:kind}", response=KindShown, url_name="kind")
def kind(request: HttpRequest, response: HttpResponse, kind: str) -> dict[str, Any]:
    """Show what an event of a kind says: what `POST /api/events` takes."""
    kept(response)
    found = next((pack.kinds[kind] for pack in _packs() if kind in pack.kinds), None)
    if found is None:
        raise UnknownKindError(kind=kind, day=moment_of(request).astimezone(SHANGHAI).date())
    return lawdesk.kind_data(found)
