"""The API as a program meets it: a door that only tokens open, and programs that knock with theirs."""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.test import Client

from tests.duties.cast import SHANGHAI, Cast, new_cast
from yipan.database import rule_packs
from yipan.duties.ready import make_ready
from yipan.duties.replay import replay
from yipan.offices.office import organisation
from yipan.offices.officer import Officer, Posting
from yipan.offices.tokens import Made, make_token

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path
    from uuid import UUID

MONDAY = datetime(2026, 3, 2, 10, 5, tzinfo=SHANGHAI)
_names = itertools.count()


@dataclass(frozen=True, kw_only=True)
class Answered:
    """How an operation was answered."""

    status: int
    value: Any
    headers: Mapping[str, str]
    body: bytes


@dataclass(kw_only=True)
class Clock:
    """What time it is in the house: a little later each time it is asked."""

    now: datetime = MONDAY

    def __call__(self) -> datetime:
        """Return the moment."""
        self.now += timedelta(milliseconds=10)
        return self.now


@dataclass(frozen=True, kw_only=True)
class Knocker:
    """A program that calls, with a token or without."""

    secret: str = ""
    address: str = "192.0.2.1"
    language: str = ""
    officer: str = ""
    office: str = ""
    token: UUID | None = None
    more: Mapping[str, str] = field(default_factory=dict)

    def _client(self) -> Client:
        said: dict[str, Any] = {"REMOTE_ADDR": self.address, **self.more}
        if self.secret:
            said["HTTP_AUTHORIZATION"] = f"Bearer {self.secret}"
        if self.language:
            said["HTTP_ACCEPT_LANGUAGE"] = self.language
        return Client(SERVER_NAME="localhost", raise_request_exception=False, **said)

    def saying(self, **headers: str) -> Knocker:
        """Return the program as it says more in its headers."""
        return replace(self, more={**self.more, **headers})

    def get(self, path: str, **query: Any) -> Answered:  # noqa: ANN401  # what a query holds
        """Ask with GET."""
        return _answered(self._client().get(f"/api/{path}", query))

    def post(self, path: str, value: Any = None, *, body: bytes | None = None, **more: str) -> Answered:  # noqa: ANN401  # any JSON
        """Ask with POST: a JSON value, or bytes as they are."""
        sent = json.dumps(value).encode() if body is None else body
        sort = "application/json" if body is None else "application/octet-stream"
        said: dict[str, Any] = {**more}
        return _answered(self._client().generic("POST", f"/api/{path}", sent, sort, **said))

    def ask(self, method: str, path: str) -> Answered:
        """Ask with any method."""
        return _answered(self._client().generic(method, f"/api/{path}"))

    def record(self, kind: str, **sent: Any) -> Answered:  # noqa: ANN401  # parts of an event
        """Record one event."""
        return self.post("events", {"events": [{"kind": kind, **sent}]})


def _answered(response: Any) -> Answered:  # noqa: ANN401  # the test client's own kind of response
    is_json = response.headers.get("Content-Type", "") == "application/json; charset=utf-8"
    plain = not response.headers.get("Content-Encoding") and response.content
    value = json.loads(response.content) if is_json and plain else None
    return Answered(status=response.status_code, value=value, headers=response.headers, body=response.content)


@pytest.fixture(scope="session")
def installation(home: Path) -> Path:
    """Give an installation after its first use."""
    make_ready(rule_packs(), datetime.now(SHANGHAI))
    return home


@pytest.fixture
def cast(installation: Path) -> Iterator[Cast]:
    """Give offices of one's own; afterwards the touched threads are replayed and compared."""
    assert installation.is_dir()
    made = new_cast()
    yield made
    assert replay(sorted(made.touched)).differences == []


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Set the clock of the house to a Monday morning, and let nobody be too often at the door."""
    made = Clock()
    monkeypatch.setattr(settings, "CLOCK", made, raising=False)
    for name in ("API_CALLS", "API_CALLS_OF_ADDRESS", "API_CALLS_OF_STRANGERS"):
        monkeypatch.setattr(settings, name, 1_000_000)
    return made


def new_officer(office: str, *roles: str, name: str = "") -> Officer:
    """Post a new officer."""
    username = name or f"api-{next(_names)}"
    user = get_user_model().objects.create(username=username)
    officer = Officer.objects.create(user=user, name="何静")
    for role in roles or ("clerk",):
        Posting.objects.create(
            officer=officer, organisation=organisation(office), role=role, from_on=date(2026, 1, 1)
        )
    return officer


def new_token(officer: Officer, office: str, now: datetime, *, reads_only: bool = False) -> Made:
    """Make a token for an officer, by herself."""
    until = now + timedelta(days=30)
    return make_token(officer, office, "测试程序", until, now, by=officer, reads_only=reads_only)


def program(office: str, clock: Clock, *roles: str, language: str = "en") -> Knocker:
    """Give a program with the token of a new officer of an office."""
    officer = new_officer(office, *roles)
    made = new_token(officer, office, clock())
    return Knocker(
        secret=made.secret, language=language, officer=str(officer), office=office, token=made.token.id
    )


@pytest.fixture
def desk(cast: Cast, clock: Clock) -> Knocker:
    """Give a program of a clerk of the township where they live."""
    return program(cast.residence, clock)


@pytest.fixture
def stranger(installation: Path, clock: Clock) -> Knocker:
    """Give a program without a token."""
    assert installation.is_dir()
    assert clock() > MONDAY
    return Knocker(language="en")
