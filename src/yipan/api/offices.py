"""Operations of the offices: what an organisation is called, and which place an address means."""
# ruff: noqa: TC002  # the types of an operation are read when it runs: by them questions are checked

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Router
from pydantic import Field

from yipan.api.answers import Answer, Instant, Moment, Question
from yipan.api.door import WithToken, anybody, moment_of
from yipan.law.deadline import SHANGHAI
from yipan.offices.naming import names_on
from yipan.offices.office import organisation
from yipan.offices.placeindex import read_gazetteer
from yipan.offices.places import resolve
from yipan.offices.succession import Succession

router = Router(tags=["offices"])


class OfficeShown(Answer):
    """An organisation: its id, its code today, its name on a day, and who goes on in its place."""

    office: str
    code: str
    kind: str
    level: str
    name: str
    above: str | None
    succeeded_by: str | None
    succeeded_at: Instant | None


@router.get("/offices/{str:office}", auth=WithToken(), response=OfficeShown, url_name="office")
def office(request: HttpRequest, office: str, on: Moment | None = None) -> dict[str, Any]:
    """Show an office. `on`: what it was called on that day."""
    found = organisation(office)
    day = (on or moment_of(request)).astimezone(SHANGHAI).date()
    followed = Succession.objects.filter(predecessor=found).first()
    return {
        "office": found.id, "code": found.division, "kind": found.kind, "level": found.level,
        "name": names_on([found.id], day)[found.id], "above": found.supervisor_id,
        "succeeded_by": followed and followed.successor_id, "succeeded_at": followed and followed.at,
    }  # fmt: skip


class PlaceAsked(Question):
    """An address or a code, as somebody wrote it."""

    text: str = Field(max_length=300)
    on: Moment | None = Field(None, description="The day the text is of.")


class Former(Answer):
    """What a division was called before."""

    code: str
    name: str
    first_year: int | None
    last_year: int | None
    basis: str | None


class PlaceFound(Answer):
    """A division."""

    code: str
    name: str
    level: str
    formerly: Former | None


class Resolved(Answer):
    """Which division a text means, or those that fit."""

    text: str
    found: PlaceFound | None
    choices: list[PlaceFound]
    fitting: int
    rest: str
    reason: str | None


@router.post("/places/resolve", auth=anybody, response=Resolved, url_name="place")
def place(request: HttpRequest, asked: PlaceAsked) -> dict[str, Any]:
    """Say which division an address means, or offer those that fit. It is sent in the body: it may be somebody's."""
    del request
    day = asked.on.astimezone(SHANGHAI).date() if asked.on else None
    answer = resolve(asked.text, read_gazetteer(), day)
    return {
        "text": answer.text,
        "found": _place(answer.found) if answer.found else None,
        "choices": [_place(each) for each in answer.choices],
        "fitting": answer.fitting,
        "rest": answer.rest,
        "reason": answer.reason,
    }


def _place(place: Any) -> dict[str, Any]:  # noqa: ANN401  # a value of the room below, read by its attributes
    return {
        "code": place.division.code,
        "name": place.full_name,
        "level": place.division.level,
        "formerly": place.formerly and Former.model_validate(place.formerly),
    }
