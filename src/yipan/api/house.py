"""Operations of the house itself: whether it works."""
# ruff: noqa: TC002  # the types of an operation are read when it runs: by them questions are checked

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import Any

from django.db import OperationalError, connection
from django.http import HttpRequest
from ninja import Router, Status

from yipan.api.answers import Answer, Instant
from yipan.api.door import now

router = Router(tags=["house"])


class Health(Answer):
    """Whether the database answers, the version, and the moment it is here."""

    ok: bool
    version: str
    now: Instant


@router.get("/health", auth=None, response={200: Health, 503: Health}, url_name="health")
def health(request: HttpRequest) -> Status[Any]:
    """Say whether it works; 503 while the database does not answer."""
    del request
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        answers = True
    except OperationalError:
        answers = False
    try:
        known = version("yipan")
    except PackageNotFoundError:
        known = "unknown"
    return Status(200 if answers else 503, {"ok": answers, "version": known, "now": now()})
