"""The shapes that answers and questions are made of, and how they become JSON."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Any, Final
from uuid import UUID

import orjson
from ninja.parser import Parser
from ninja.renderers import BaseRenderer
from pydantic import BaseModel, BeforeValidator, ConfigDict, PlainSerializer, WithJsonSchema

from yipan.law.deadline import SHANGHAI

if TYPE_CHECKING:
    from django.http import HttpRequest

#: Between these years a moment may lie: beyond them somebody mistyped, and dates would overflow.
_FIRST_YEAR, _LAST_YEAR = 1900, 2999
#: What no keyboard types: the bytes that end a string, or steer a terminal.
_CONTROLS: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")
_MOMENT_SAID: Final = "A date (its midnight) or a date and time; without a zone it is meant in Asia/Shanghai."


class ControlsError(ValueError):
    """A text holds a character that no keyboard types."""


def _moment(said: object) -> datetime:
    """Return an aware moment from a date, or a date and time."""
    found = said if isinstance(said, datetime) else datetime.fromisoformat(str(said))
    if not _FIRST_YEAR <= found.year <= _LAST_YEAR:
        raise ValueError
    return found if found.tzinfo else found.replace(tzinfo=SHANGHAI)


def _instant(moment: datetime) -> str:
    return moment.astimezone(SHANGHAI).isoformat()


#: A moment as it is asked with, and an instant as it is answered, in Asia/Shanghai.
Moment = Annotated[
    datetime,
    BeforeValidator(_moment),
    WithJsonSchema({"type": "string", "format": "date-time", "description": _MOMENT_SAID}),
]
Instant = Annotated[
    datetime,
    PlainSerializer(_instant, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
Day = date
Id = UUID
#: Both languages of a sentence: `zh` and `en`.
Both = dict[str, str]


class Answer(BaseModel):
    """What is answered. A key that no shape names is a fault of ours and never leaves the house."""

    model_config = ConfigDict(from_attributes=True, frozen=True, extra="forbid")


class Question(BaseModel):
    """What is asked. An unknown key is a slip of whoever asks, and said."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Titled(Answer):
    """A thing said, under its title, each in both languages where it has both."""

    title: Both
    value: Both | str | int | bool | float | None


def titled(pairs: Any) -> list[dict[str, Any]]:  # noqa: ANN401  # pairs of a title and whatever a room says under it
    """Return pairs of a title and a value as plain data."""
    return [{"title": dict(title), "value": _plain(value)} for title, value in pairs]


def _plain(value: object) -> object:
    if value is None or isinstance(value, str | int | float | bool):
        return value
    return dict(value) if hasattr(value, "keys") else str(value)  # type: ignore[call-overload]  # both languages of a word


class Json(BaseRenderer):
    """Writes answers as JSON, Chinese as it is."""

    media_type = "application/json"

    def render(self, request: HttpRequest, data: Any, *, response_status: int) -> bytes:  # noqa: ANN401  # any answer
        """Return the bytes of an answer."""
        del request, response_status
        return written(data)


def written(data: object) -> bytes:
    """Return a value as JSON."""
    return orjson.dumps(data, default=str)


class Read(Parser):
    """Reads questions: JSON in UTF-8, and no text with a character that no keyboard types."""

    def parse_body(self, request: HttpRequest) -> dict[str, Any]:
        """Return the value of the body.

        Raises:
            ValueError: it is no JSON, or holds such a character.
        """
        found: dict[str, Any] = orjson.loads(request.body)
        _refuse_controls(found)
        return found

    def parse_querydict(self, data: Any, list_fields: list[str], request: HttpRequest) -> dict[str, Any]:  # noqa: ANN401  # as Ninja hands it over
        """Return what stands behind the question mark.

        Raises:
            ControlsError: it holds such a character.
        """
        found = super().parse_querydict(data, list_fields, request)
        _refuse_controls(found)
        return found


def _refuse_controls(value: object) -> None:
    if isinstance(value, str):
        if _CONTROLS.search(value):
            raise ControlsError
    elif isinstance(value, dict):
        for name, each in value.items():
            _refuse_controls(name)
            _refuse_controls(each)
    elif isinstance(value, list):
        for each in value:
            _refuse_controls(each)
