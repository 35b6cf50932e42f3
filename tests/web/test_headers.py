"""What every page says to the browser, and what no page does: change anything when it is only looked at."""

from __future__ import annotations

import io
import logging
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings
from django.db import connection, connections
from django.test import Client

from tests.proof.clerk import officer, read, text_of
from tests.proof.smallworld import World, play
from tests.web.test_access import addresses
from yipan.web.errorlog import WithoutWords

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

TEMPLATES = Path(__file__).parents[2] / "src" / "yipan" / "web" / "templates"
SENTINEL = "哨兵五〇〇一"
#: What a look may write: that it was looked, by whom and when, and that an office was at its desk.
_OF_A_LOOK = re.compile(
    r"(?:INSERT INTO|UPDATE|DELETE FROM)\s+\"?(?:registry_read\w*|registry_look\w*|django_session|offices_login|offices_failedsignin)\b"
)
_WRITES = re.compile(r"\b(?:INSERT INTO|UPDATE|DELETE FROM|TRUNCATE|COPY \w+ FROM)\s+\"?\w+", re.IGNORECASE)


@pytest.fixture(scope="module")
def world(home: Path) -> Iterator[World]:
    """Give the small world."""
    assert home.is_dir()
    made = World()
    play(made, steps=0)
    yield made
    del settings.CLOCK  # type: ignore[misc]  # the tests' own setting
    connections.close_all()


@pytest.fixture(autouse=True)
def _clock(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "CLOCK", world, raising=False)


def everywhere(world: World) -> list[str]:
    """Return an address of every page, those of real cases and people among them."""
    pages = sorted(world.pages)[:6]
    links = [link for page in pages[:2] for link in read(text_of(world.desk().get(page)))[1]]
    return [
        *(address for _, address in addresses()),
        *pages,
        *(each for each in links if each.startswith("/")),
    ]


@dataclass(frozen=True, kw_only=True)
class Look:
    """One look at a page: what came, and what was written meanwhile but the note of the look."""

    address: str
    answer: Any
    written: list[str]


@pytest.fixture(scope="module")
def looks(world: World) -> list[Look]:
    """Let a desk look at every page once."""
    desk, found = world.desk(), list[Look]()
    desk.get("/")
    written: list[str] = []

    def watch(
        execute: Callable[..., Any], query: str, params: Sequence[Any], many: object, context: dict[str, Any]
    ) -> Any:  # noqa: ANN401  # Django's own
        if _WRITES.search(query) and not _OF_A_LOOK.search(query) and "set_config" not in query:
            written.append(query[:200])
        return execute(query, params, many, context)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(settings, "CLOCK", world, raising=False)
        for address in everywhere(world):
            written.clear()
            with connection.execute_wrapper(watch):
                answer = desk.get(address)
            found.append(Look(address=address, answer=answer, written=[*written]))
    return found


def test_every_answer_says_that_it_is_kept_nowhere_and_shown_in_nobodys_frame(
    world: World, looks: list[Look]
) -> None:
    stranger = Client(SERVER_NAME="localhost")
    nobodys = [(address, stranger.get(address)) for address in everywhere(world)]
    for address, answer in (*((each.address, each.answer) for each in looks), *nobodys):
        said = answer.headers
        assert "no-store" in said["Cache-Control"], address
        assert said["X-Content-Type-Options"] == "nosniff", address
        assert said["X-Frame-Options"] == "DENY", address
        assert said["Cross-Origin-Opener-Policy"] == "same-origin", address
        assert said["Cross-Origin-Resource-Policy"] == "same-origin", address
        assert "camera=()" in said["Permissions-Policy"], address
        policy = said["Content-Security-Policy"]
        assert "default-src 'none'" in policy, address
        assert not re.search(r"unsafe|\*|data:|http:", policy), (address, policy)


def test_no_page_has_a_script_a_style_or_a_handler_written_into_it(world: World, looks: list[Look]) -> None:
    inline = re.compile(
        r"<script(?![^>]*\bsrc=)|<style|\son[a-z]+\s*=|\sstyle\s*=|javascript:", re.IGNORECASE
    )
    for path in TEMPLATES.rglob("*.html"):
        assert not inline.search(path.read_text(encoding="utf-8")), path
    seen = [(each.address, each.answer) for each in looks]
    pages = 0
    for address, answer in (*seen, ("/account/app", world.desk().get("/account/app"))):
        if answer.headers.get("Content-Type", "").startswith("text/html"):
            assert not inline.search(text_of(answer)), address
            pages += 1
    assert pages > len(seen) / 2


def test_what_is_downloaded_is_named_and_of_one_kind(looks: list[Look]) -> None:
    for each in looks:
        kind = each.answer.headers.get("Content-Type", "")
        if each.answer.status_code == 200 and not kind.startswith(("text/html", "application/json")):
            assert each.answer.headers.get("Content-Disposition"), each.address


def test_nothing_is_sent_without_the_token_of_a_form(world: World) -> None:
    plain = world.desk()
    strict = Client(enforce_csrf_checks=True, SERVER_NAME="localhost")
    strict.cookies = plain.cookies
    for name, address in addresses():
        answer = strict.post(address, {"anything": "at all"})
        # What programs speak to asks for their own key, which no browser sends by itself.
        wanted = (401, 403, 404, 405) if address.startswith("/api/") else (403,)
        assert answer.status_code in wanted, (name, answer.status_code)


def test_looking_changes_nothing_but_the_note_that_it_was_looked(looks: list[Look]) -> None:
    assert [(each.address, each.written) for each in looks if each.written] == []


def test_an_error_of_ours_says_nothing_of_what_was_typed_or_sealed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    from yipan.web import documents  # noqa: PLC0415  # Django is set up by `home`

    def break_down(*_: object) -> None:
        try:
            int(SENTINEL)
        except ValueError as inner:
            message = f"outer {SENTINEL}"
            raise RuntimeError(message) from inner

    logged = io.StringIO()
    handler = logging.StreamHandler(logged)
    handler.setFormatter(WithoutWords())
    logger = logging.getLogger("django")
    logger.addHandler(handler)
    monkeypatch.setattr(documents, "_serve", break_down)
    try:
        answer = world.desk().post(f"/record/person.enrolled?q={SENTINEL}", {"name": SENTINEL})
    finally:
        logger.removeHandler(handler)
    assert answer.status_code == 500
    assert SENTINEL not in text_of(answer)
    said = logged.getvalue()
    assert "RuntimeError" in said
    assert "ValueError" in said
    assert "POST record-new" in said
    assert SENTINEL not in said
    assert not settings.DEBUG


def test_no_address_and_no_header_names_what_is_sealed(world: World) -> None:
    desk = world.desk()
    for page in sorted(world.pages)[:8]:
        answer = desk.get(page)
        links = read(text_of(answer))[1]
        assert not any(
            told in link for told in world.sealed for link in (*links, *answer.headers.values())
        ), page


def test_a_page_that_does_not_show_it_does_not_hold_it(world: World) -> None:
    """Read the worklist, the lists and another office's pages: what is sealed is on the case's own page alone."""
    for client in (world.desk(), officer("proof.elsewhere", "440104001", "clerk")):
        for address in (
            "/",
            "/certificates",
            "/ledgers",
            "/breaches",
            "/head-counts",
            "/people",
            "/rosters",
            "/account",
        ):
            page = text_of(client.get(address))
            assert not [told for told in world.sealed if told in page], address
