"""The API as it is really served: tokens made on the command line, a server in processes of its own, plain HTTP."""

from __future__ import annotations

import gzip
import json
import re
import signal
import socket
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from tests.cli.program import Program, new_installation
from tests.database.users import LIMIT_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterator

OFFICE, ELSEWHERE = "440104001", "450921100"


@dataclass(frozen=True, kw_only=True)
class Served:
    """A served installation."""

    program: Program
    address: str

    def ask(
        self, path: str, token: str = "", body: bytes | None = None, **headers: str
    ) -> tuple[int, Any, Any]:
        """Ask over HTTP, and return the status, the value and the headers."""
        said = {name.replace("_", "-"): value for name, value in headers.items()}
        if token:
            said["Authorization"] = f"Bearer {token}"
        request = urllib.request.Request(f"{self.address}/api/{path}", data=body, headers=said)  # noqa: S310  # our own server
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310  # our own server
                content, found = answer.read(), answer
        except urllib.error.HTTPError as refused:
            content, found = refused.read(), refused
        if found.headers.get("Content-Encoding") == "gzip":
            content = gzip.decompress(content)
        return found.status, json.loads(content) if content else None, found.headers

    def token(self, officer: str, office: str, *options: str) -> Any:  # noqa: ANN401  # whatever the command prints
        """Make a token on the command line, by the officer herself."""
        words = (
            "tokens",
            "make",
            officer,
            "--office",
            office,
            "--program",
            "测试",
            "--as",
            officer,
            *options,
        )
        return self.program.json(*words)


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    """Serve an installation with two officers of two offices, and the head of one."""
    made = new_installation()
    for username, office, role in (
        ("he.jing", OFFICE, "clerk"), ("liang.min", OFFICE, "head"), ("huang.yulan", ELSEWHERE, "clerk"),
    ):  # fmt: skip
        words = ("officers", "add", username, "--name", "何静", "--office", office, "--role", role)
        made.program.json(*words)
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    server = made.program.start("serve", "--port", str(port), "--workers", "2", "--sweep-every", "0")
    one = Served(program=made.program, address=f"http://127.0.0.1:{port}")
    try:
        _wait_for(one)
        yield one
    finally:
        server.send_signal(signal.SIGTERM)
        server.communicate(timeout=LIMIT_SECONDS)
    made.remove()


def _wait_for(one: Served) -> None:
    give_up_at = time.monotonic() + LIMIT_SECONDS
    while True:
        try:
            if one.ask("health")[0] == 200:
                return
        except OSError:
            assert time.monotonic() < give_up_at, "nobody answered"
        time.sleep(0.2)


def test_a_program_records_and_reads_with_a_token_and_not_without(served: Served) -> None:
    token = served.token("he.jing", OFFICE)
    assert set(token) >= {"secret", "token", "until", "program"}
    secret = token["secret"]
    status, value, _ = served.ask("duties")
    assert (status, value["error"]) == (401, "token-wrong")
    event = {
        "kind": "birth-registration.asked", "id": str(uuid4()),
        "fields": {
            "her_home": "500101001", "his_home": ELSEWHERE, "her_name": "李秀兰", "his_name": "陈志强",
            "papers": "complete", "her_agrees_verify": True, "his_agrees_verify": True, "her_agrees_notice": True,
        },
    }  # fmt: skip
    body = json.dumps({"events": [event]}).encode()
    # A content type that a form would have: no page of another site can send the token with it.
    status, receipt, _ = served.ask("events", secret, body, Content_Type="application/x-www-form-urlencoded")
    assert status == 200, receipt
    assert served.ask("events", secret, body)[1]["events"][0]["already"] is True
    thread = receipt["events"][0]["thread"]
    status, case, headers = served.ask(f"cases/{thread}", secret, Accept_Encoding="gzip")
    assert (status, headers["Content-Encoding"], headers["Cache-Control"]) == (
        200,
        "gzip",
        "no-store, private",
    )
    assert "李秀兰" in json.dumps(case, ensure_ascii=False)
    assert "Set-Cookie" not in headers
    duties = served.ask("duties?limit=2", secret)[1]
    assert duties["duties"] == served.program.json("duties", "--office", OFFICE, "--as", "he.jing")[:2]


def test_a_case_of_another_province_is_not_there_until_something_is_asked_of_it(served: Served) -> None:
    here, there = served.token("he.jing", OFFICE)["secret"], served.token("huang.yulan", ELSEWHERE)["secret"]
    fields = {
        "her_home": "500101001", "his_home": ELSEWHERE, "her_name": "周小雨", "his_name": "陈志强",
        "papers": "complete", "her_agrees_verify": True, "his_agrees_verify": True, "her_agrees_notice": True,
    }  # fmt: skip
    sent = json.dumps({"events": [{"kind": "birth-registration.asked", "fields": fields}]}).encode()
    thread = served.ask("events", here, sent)[1]["events"][0]["thread"]
    asked = {"his_home": ELSEWHERE, "channel": "letter", "his_points": "他的住址"}
    step = {"events": [{"kind": "verification.asked", "thread": thread, "fields": asked}]}
    assert served.ask("events", here, json.dumps(step).encode())[0] == 200
    for answer in (served.ask(f"cases/{thread}", there), served.ask("duties", there)):
        assert "周小雨" not in json.dumps(answer[1], ensure_ascii=False)


def test_tokens_are_listed_and_ended_on_the_command_line(served: Served) -> None:
    one = served.token("he.jing", OFFICE, "--reads-only")
    assert served.ask("duties", one["secret"])[0] == 200
    assert served.ask("events", one["secret"], b'{"events": [{"kind": "office.opened"}]}')[0] == 403
    listed = served.program.json("tokens", "list", "--office", OFFICE, "--as", "liang.min")
    [shown] = [each for each in listed if each["token"] == one["token"]]
    assert (shown["state"], shown["reads_only"], "secret" in shown) == ("holds", True, False)
    assert shown["last_used_at"]
    own = served.program.json("tokens", "list", "he.jing", "--office", OFFICE, "--as", "he.jing")
    assert one["token"] in {each["token"] for each in own}
    refused = served.program.run("tokens", "list", "--office", OFFICE, "--as", "he.jing", "--json")
    assert (refused.code, refused.value["error"]) == (1, "not-permitted")
    ended = served.program.json("tokens", "end", one["token"], "--office", OFFICE, "--as", "liang.min")
    assert (ended["state"], ended["ended_by"]) == ("ended", "liang.min")
    assert served.ask("duties", one["secret"])[0] == 401
    far = ("tokens", "make", "he.jing", "--office", OFFICE, "--program", "x", "--as", "he.jing")
    assert served.program.run(*far, "--until", "2999-01-01", "--json").value["error"] == "token-term"
    said = served.program.run(*far, YIPAN_LANG="en")
    assert re.search(r"shown this once: yipan_[\w-]{43}\n", said.out)


def test_the_list_of_operations_is_served_and_needs_nothing_from_elsewhere(served: Served) -> None:
    status, found, headers = served.ask("openapi.json")
    assert (status, headers["Content-Type"]) == (200, "application/json")
    assert found["openapi"].startswith("3.")
    assert "/api/duties" in found["paths"]
    assert found["components"]["securitySchemes"]["WithToken"] == {"type": "http", "scheme": "bearer"}
    status, value, _ = served.ask("docs")
    assert (status, value["error"]) == (404, "nothing-here")
