"""The other two doors that hostile words knock at: a person's own pages, and the interface for programs."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID, uuid4

from django.contrib.auth import get_user_model
from django.test import Client

from tests.duties.cast import permit
from tests.proof.clerk import read, text_of
from tests.proof.smallworld import DESK
from yipan.duties.lawbook import lawbook
from yipan.duties.naming import new_id
from yipan.errors import YipanError
from yipan.offices.officer import Officer
from yipan.offices.tokens import make_token
from yipan.registry.ownaccess import give, names_to_give

if TYPE_CHECKING:
    from tests.proof.fuzz import Fuzzer
    from tests.proof.smallworld import World

HERS: Final = (
    "/mine",
    "/mine/add",
    "/mine/held",
    "/mine/looks",
    "/mine/consents",
    "/mine/papers",
    "/mine/ask",
)
#: How deep an enemy nests what a program sends.
_DEEP: Final = 3000
#: Of the tries: a value of another sort than asked for, a part left out or added, bytes that are no JSON.
_STRANGE, _LESS, _TORN = 0.2, 0.15, 0.1


def her_browser(world: World) -> Client | None:
    """Return a browser in which somebody of the small world has signed in with her slip."""
    for page in sorted(world.pages):
        moment = world()
        who, thread = permit(DESK, moment), UUID(page.rpartition("/")[2])
        try:
            slip = give(who, thread, names_to_give(who, thread)[0], new_id(moment), moment)
        except (YipanError, IndexError):
            continue
        browser = Client(SERVER_NAME="localhost", raise_request_exception=False, REMOTE_ADDR="192.0.2.77")
        entered = browser.post("/mine/sign-in", {"number": slip.number, "code": slip.code})
        if entered.status_code == 302:  # she is in
            return browser
    return None


def fuzz_hers(fuzzer: Fuzzer, browser: Client) -> None:
    """Send hostile words to every form that a person meets on her own pages."""
    kinds = [each for each in lawbook().kinds(fuzzer.world.now.date()).values() if each.by_person]
    links: set[str] = set()
    for address in HERS:
        links |= {each for each in read(text_of(browser.get(address)))[1] if each.startswith("/mine/")}
        fuzzer.form(address, address, browser=browser)
        fuzzer.query(address, address, ("q", "page", "next"), browser=browser)
    for link in sorted(each for each in links if each.startswith("/mine/held/")):
        page = text_of(browser.get(link))
        links |= {each for each in read(page)[1] if each.startswith("/mine/held/")}
    for link in fuzzer.random.sample(sorted(links), min(12, len(links))):
        fuzzer.form("/mine/…", link, fuzzer.random.choice(kinds), browser=browser)
    stranger = Client(SERVER_NAME="localhost", raise_request_exception=False, REMOTE_ADDR="192.0.2.78")
    said = {"number": fuzzer.word(), "code": fuzzer.word()}
    fuzzer.tally.take("/mine/sign-in", stranger.post("/mine/sign-in", said), said)
    said = {"number": fuzzer.word(), "code": fuzzer.word()}
    fuzzer.tally.take("/mine/add", browser.post("/mine/add", said), said)


class Program:
    """A program of the desk that sends hostile words, in bodies that are right, nearly, or not at all."""

    def __init__(self, fuzzer: Fuzzer) -> None:
        """Get a token of the desk's head."""
        self.fuzzer, self.random = fuzzer, fuzzer.random
        moment = fuzzer.world()
        user = get_user_model().objects.get(username="proof.desk")
        officer = Officer.objects.get(user=user)
        made = make_token(officer, DESK, "试探", moment + timedelta(days=30), moment, by=officer)
        self.client = Client(
            SERVER_NAME="localhost",
            raise_request_exception=False,
            REMOTE_ADDR="192.0.2.79",
            HTTP_AUTHORIZATION=f"Bearer {made.secret}",
        )

    def round(self) -> None:
        """Knock at every operation that takes a body, and at some that take words in their address."""
        for _ in range(6):
            self._json("events", self._events())
        for _ in range(2):
            self._json(
                "people/search", {"text": self._word(), "ground": self._word(), "words": "", "inside": True}
            )
            self._json("certificates", {"thread": self._thread(), "name": self._word(), "way": self._word()})
            self._json("places/resolve", {"text": self._word(), "on": self._word()})
            self._bytes("rosters", self.fuzzer.file())
            self._bytes("evidence", self.fuzzer.file())
        for path in (
            "duties",
            "breaches",
            "ledgers",
            "head-counts",
            "certificates/verify",
            "rules/x",
            "kinds/x",
        ):
            said = {
                name: self._word()[:2000]
                for name in ("office", "as_of", "under", "number", "page", "on", "state")
            }
            self.fuzzer.tally.take(f"GET api/{path}", self.client.get(f"/api/{path}", said), said)

    def _word(self) -> str:
        return self.fuzzer.word()

    def _thread(self) -> str:
        mine = [each.rpartition("/")[2] for each in sorted(self.fuzzer.world.pages)]
        return self.random.choice((*mine, str(uuid4()), self._word()))

    def _events(self) -> dict[str, Any]:
        kinds = lawbook().kinds(self.fuzzer.world.now.date())
        events = []
        for _ in range(self.random.randint(1, 3)):
            kind = kinds[self.random.choice(sorted(kinds))]
            fields: dict[str, Any] = {
                name: self.fuzzer.world.value_for(one, sealed=False) for name, one in kind.fields.items()
            }
            fields |= {name: DESK for name, role in kind.roles.items() if role.required}
            for name in self.random.sample(sorted(fields), min(2, len(fields))):
                fields[name] = self._word()
            event: dict[str, Any] = {"kind": kind.name, "fields": fields}
            more = {
                "thread": self._thread(),
                "at": self._word(),
                "corrects": self._thread(),
                "as_of": self._word(),
            }
            for name in self.random.sample(sorted(more), self.random.choice((0, 1, 1, 2))):
                event[name] = more[name]
            if not kind.begins_case and self.random.random() < 0.7:  # else hardly any is in a case
                event["thread"] = self._thread()
            events.append(event)
        return {"events": events}

    def _json(self, path: str, value: dict[str, Any]) -> None:
        body = json.dumps(self._twisted(value)).encode(errors="replace")
        if self.random.random() < _TORN:
            at = self.random.randrange(len(body))
            deep = b"[" * _DEEP + b"]" * _DEEP
            body = self.random.choice(
                (body[:at], body[:at] + b"\xff\x00" + body[at:], deep, b"", b"null", b"NaN")
            )
        answer = self.client.generic("POST", f"/api/{path}", body, "application/json")
        self.fuzzer.tally.take(f"api/{path}", answer, body[:400])

    def _twisted(self, value: Any) -> Any:  # noqa: ANN401  # any JSON
        """Return a value of which parts are of another sort, left out or added."""
        if isinstance(value, dict):
            kept = {
                name: self._twisted(each) for name, each in value.items() if self.random.random() > _LESS / 3
            }
            return kept | ({self._word()[:50]: self._word()} if self.random.random() < _LESS else {})
        if isinstance(value, list):
            return [self._twisted(each) for each in value]
        strange: tuple[Any, ...] = (
            None,
            True,
            -1,
            2**63,
            2**200,
            1e308,
            [],
            {},
            [[]],
            self._word(),
            [self._word()],
        )
        return self.random.choice(strange) if self.random.random() < _STRANGE / 2 else value

    def _bytes(self, path: str, content: bytes) -> None:
        named = "".join(each for each in self._word()[:100] if each.isascii() and each.isprintable())
        said: dict[str, Any] = {"HTTP_CONTENT_DISPOSITION": f'attachment; filename="{named}"'}
        answer = self.client.generic("POST", f"/api/{path}", content, "application/octet-stream", **said)
        self.fuzzer.tally.take(f"api/{path}", answer, content[:300])
