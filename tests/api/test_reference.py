"""The page about the API says what the operations say, and every refusal there is has its one answer."""

from __future__ import annotations

import importlib
import pkgutil
from typing import TYPE_CHECKING

from django.test import RequestFactory

import yipan
from tests.docs.api_page import PAGE, api_page
from yipan.api.refusing import STATUS, refuse, status_of
from yipan.api.urls import api
from yipan.errors import YipanError

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Rooms beside: their refusals never come here.
BESIDE = ("yipan.web", "yipan.cli", "yipan.wsgi")


def test_the_page_of_the_api_says_what_the_operations_say() -> None:
    assert PAGE.read_text(encoding="utf-8") == api_page(), "write it anew: python -m tests.docs.api_page"


def test_every_operation_says_what_it_does_and_what_it_answers() -> None:
    for path, item in api.get_openapi_schema(path_prefix="/api/")["paths"].items():
        for one in item.values():
            assert one["description"].endswith("."), path
            if not path.endswith((".pdf", "/rejects", "/form")):
                assert "application/json" in one["responses"][200]["content"], path


def refusals(of: type[YipanError]) -> Iterator[type[YipanError]]:
    """Yield every kind of refusal below one."""
    for each in of.__subclasses__():
        yield each
        yield from refusals(each)


def test_every_refusal_of_the_house_has_one_status_and_breaks_nothing() -> None:
    for found in pkgutil.walk_packages(yipan.__path__, "yipan."):
        if not found.name.startswith(BESIDE) and not found.name.endswith("__main__"):
            importlib.import_module(found.name)
    every = {each for each in refusals(YipanError) if not each.__module__.startswith(BESIDE)}
    assert len(every) > 60
    assert set(STATUS) <= every
    for each in every:
        made = each.__new__(each)
        made.fields = _Anything()
        status = status_of(made)
        assert status in (400, 401, 403, 404, 405, 409, 413, 422, 429, 500, 503, 507), each
        for language in ("zh", "en"):
            assert each.sentence[language].strip(), each
            assert language in each.next_step, each
    asked = RequestFactory().get("/api/x")
    answer = refuse(asked, YipanError())
    assert (answer.status_code, answer.headers["Cache-Control"]) == (422, "no-store")


class _Anything(dict[str, object]):
    def __missing__(self, key: str) -> str:
        return key
