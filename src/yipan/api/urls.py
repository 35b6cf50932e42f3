"""Where each operation is, put behind the one door."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from django.urls import URLPattern, re_path
from django.views.decorators.csrf import csrf_exempt
from ninja import NinjaAPI

from yipan.api import batches, documents, duties, house, law, ledgers, offices, registry
from yipan.api.answers import Json, Read
from yipan.api.door import WithToken, at_the_door
from yipan.api.refusing import NothingHereError, hang_up, refuse

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from django.http import HttpRequest, HttpResponse
    from ninja.openapi.schema import OpenAPISchema

#: A part of an address that differs, as Django writes it.
_PART: Final = re.compile(r"<(?:\w+:)?(\w+)>")
_DESCRIPTION: Final = (
    "What offices owe each other and the people they serve. Every operation is a page or a command by another door:"
    " the same verbs, permits, looks that are logged and refusals. docs/how-to/use-the-api.md shows how to begin."
)


class _DescribedOnce(NinjaAPI):
    """An interface whose description is put together once: it does not change while it is served."""

    def get_openapi_schema(
        self, *, path_prefix: str | None = None, path_params: dict[str, Any] | None = None
    ) -> OpenAPISchema:
        """Return the description of every operation under a prefix."""
        prefix = self.get_root_path(path_params or {}) if path_prefix is None else path_prefix
        return _described(self, prefix)


@cache
def _described(made: NinjaAPI, prefix: str) -> OpenAPISchema:
    return NinjaAPI.get_openapi_schema(made, path_prefix=prefix)


def _made() -> NinjaAPI:
    made = _DescribedOnce(
        title="Yipan 一盘棋",
        version="1",
        description=_DESCRIPTION,
        docs_url=None,
        urls_namespace="api",
        auth=WithToken(),
        renderer=Json(),
        parser=Read(),
    )
    for room in (law, duties, offices, registry, documents, ledgers, batches, house):
        made.add_router("", room.router)
    hang_up(made)
    return made


api = _made()


@csrf_exempt
def nothing_here(request: HttpRequest) -> HttpResponse:
    """Answer whatever no operation has an address for."""
    return refuse(request, NothingHereError())


def _asked_with() -> dict[str, dict[str, frozenset[str]]]:
    """Return by path and method what may stand behind the question mark of an operation."""
    return {
        path.lstrip("/"): {
            method.upper(): frozenset(
                each["name"] for each in one.get("parameters", ()) if each["in"] == "query"
            )
            for method, one in item.items()
        }
        for path, item in api.get_openapi_schema(path_prefix="")["paths"].items()
    }


def _guarded(patterns: Iterable[URLPattern]) -> Iterator[URLPattern]:
    known = _asked_with()
    for each in patterns:
        path = _PART.sub(r"{\1}", str(each.pattern))
        each.callback = at_the_door(each.callback, known.get(path, {}))
        yield each


app_name: Final = "api"
urlpatterns: Final = [
    *_guarded(each for each in api.urls[0] if isinstance(each, URLPattern)),
    re_path(r"", at_the_door(nothing_here, {}), name="nothing-here"),
]
