"""Plays cells of the matrix: one request or command of one of the cast, and what became of it in one letter."""

from __future__ import annotations

import itertools
import json
import shlex
import sys
from typing import TYPE_CHECKING, Any, Final

from click.testing import CliRunner
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from tests.matrix.world import OUT, PERSON, SENTINELS, World, account_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import click
    import pytest

#: Nothing may become of a cell but one of these: an error of the program is none.
BROKEN = "X"
#: What became of a cell: done or shown; the form, or a sentence, comes back with what is wrong in it; refused, with a
#: sentence or a sign-in; as if there were none; no such way.
ALLOWED, BACK, REFUSED, INVISIBLE, NO_WAY = "a", "f", "r", "i", "."
_REFUSED: Final = frozenset({401, 403})
_INVISIBLE: Final = 404
_NO_METHOD: Final = 405
_WRONG: Final = 400
_FAILED: Final = 500
#: A roster in which nobody stands.
NOBODY: Final = "姓名,公民身份号码,同意登记\n".encode()
#: Where a stranger is sent.
_DOORS: Final = ("/sign-in", "/mine/sign-in", "/office")
#: After these nobody is signed in any more.
ENDS: Final = frozenset({"sign-out", "mine-sign-out", "mine-leave", "account-everywhere"})
#: What the command line says to whoever may not, and of what is not there for her.
_MAY_NOT: Final = frozenset({
    "not-permitted", "not-posted", "officer-needed", "unknown-officer", "not-above", "on-leave", "not-hers-to-give",
    "own-sign-in",
})  # fmt: skip
_NOT_THERE: Final = frozenset({
    "unknown-case", "unknown-entry", "glass-over", "no-such-slip", "no-certificate", "intake-gone", "unknown-person",
    "no-paper",
})  # fmt: skip


_places = (f"{number // 65536}.{number // 256 % 256}.{number % 256}" for number in itertools.count(1))


def patterns() -> Iterator[tuple[str, URLPattern]]:
    """Yield every address of the house, with its name and that of its room."""

    def below(resolver: URLResolver, room: str) -> Iterator[tuple[str, URLPattern]]:
        for each in resolver.url_patterns:
            if isinstance(each, URLPattern):
                yield f"{room}{each.name}", each
            else:
                yield from below(each, f"{room}{each.namespace}:" if each.namespace else room)

    yield from below(get_resolver(), "")


def verbs(group: click.Group, path: str = "") -> Iterator[str]:
    """Yield every command that does something, with what one types for it."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from verbs(command, f"{path}{name} ")  # type: ignore[arg-type]  # a group, as it has commands
        else:
            yield f"{path}{name}"


def made_anew(row: Mapping[str, Any], letter: str, world: World) -> None:
    """Make what a row uses up anew for somebody who may use it up; the others find what is there."""
    said = [*row.get("with", {}).values(), *row.get("body", {}).values(), *row.get("words", "").split()]
    for each in {str(one).strip("{}") for one in said if "fresh-" in str(one)}:
        if letter in (ALLOWED, BACK) or each not in world.things:
            world.fresh(each)


def address(name: str, pattern: URLPattern, row: Mapping[str, Any], world: World) -> str:
    """Return the address of a row."""
    said = row.get("with", {})
    wanted = getattr(pattern.pattern, "converters", {})
    values = {each: world.things.get(str(said[each]), str(said[each])) for each in wanted}
    return reverse(name, kwargs=values)


def play_page(
    world: World, name: str, place: str, way: str, actor: str, row: Mapping[str, Any]
) -> tuple[str, str]:
    """Ask for a page, or send its form, as one of the cast; return the letter and the answer."""
    in_room = name.startswith("api:")
    body = _filled(row.get("body", {}), world, actor) | _deep(row.get("send", {}), world)
    headers = {"authorization": f"Bearer {world.tokens[actor]}"} if in_room and actor in world.tokens else {}
    # Each from a place of her own: who knocks without a token too often rests, and nobody else with her.
    there: dict[str, Any] = (
        {"REMOTE_ADDR": f"10.{next(_places)}"}
        if actor in (OUT, PERSON)
        else {"REMOTE_ADDR": f"10.9.9.{len(actor)}"}
    )
    client = world.client(OUT if in_room else actor)
    if way == "post" and "file" in row:
        body |= {row["file"]: SimpleUploadedFile("nobody.csv", NOBODY)}
    if way == "get":
        answer = client.get(place, _filled(row.get("query", {}), world, actor), headers=headers, **there)
    elif in_room and row.get("raw"):
        answer = client.post(place, NOBODY, content_type="text/csv", headers=headers, **there)
    elif in_room:
        answer = client.post(
            place, json.dumps(body), content_type="application/json", headers=headers, **there
        )
    else:
        answer = client.post(place, body, **there)
    letter = _letter(answer)
    if name in ENDS:
        letter = letter if letter == NO_WAY or (actor == OUT and name == "account-everywhere") else ALLOWED
        world.clients.pop(actor, None)
    return letter, _text(answer)


def _deep(said: Any, world: World) -> Any:  # noqa: ANN401  # what a program sends
    if isinstance(said, dict):
        return {name: _deep(each, world) for name, each in said.items()}
    if isinstance(said, list):
        return [_deep(each, world) for each in said]
    return world.things.get(said, said)


def _filled(said: Mapping[str, Any], world: World, actor: str) -> dict[str, Any]:
    values = {**world.things, "own": world.office_of(actor), "township": world.township_of(actor)}
    # What begins with = is meant as it stands, though a thing bears that name.
    return {
        name: (each[1:] if each.startswith("=") else values.get(each, each))
        if isinstance(each, str)
        else each
        for name, each in said.items()
    }


def _letter(answer: Any) -> str:  # noqa: ANN401  # the test client's own class
    status = answer.status_code
    if status >= _FAILED:
        return BROKEN
    if status in _REFUSED or answer.headers.get("Location", "").partition("?")[0] in _DOORS:
        return REFUSED
    return {_INVISIBLE: INVISIBLE, _NO_METHOD: NO_WAY}.get(status, BACK if status >= _WRONG else ALLOWED)


def _text(answer: Any) -> str:  # noqa: ANN401  # a streamed answer has no content
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return content.decode("utf-8", "replace") + str(dict(answer.headers))


def play_verb(
    world: World, verb: str, words: str, actor: str, monkeypatch: pytest.MonkeyPatch
) -> tuple[str, str]:
    """Type a command as one of the cast; return the letter and what it said."""
    from yipan.cli.main import main  # noqa: PLC0415  # Django is set up

    own = world.office_of(actor)
    typed = shlex.split(words.format(own=own, **world.things))
    who = [] if actor == OUT else ["--as", world.account.username if actor == PERSON else account_of(actor)]
    whole = [*verb.split(), *typed, *who, "--json"]
    monkeypatch.setattr(sys, "argv", ["yipan", *whole])
    result = CliRunner().invoke(main, whole)
    if not isinstance(result.exception, SystemExit | None):
        return BROKEN, repr(result.exception)
    try:
        said = json.loads(result.output)
    except ValueError:
        said = {}
    code = said.get("error", "") if isinstance(said, dict) else ""
    if code in _MAY_NOT:
        return REFUSED, result.output
    done = not code and not result.exit_code
    return INVISIBLE if code in _NOT_THERE else ALLOWED if done else BACK, result.output


def leaks(text: str, may_see: frozenset[str]) -> list[str]:
    """Return what an answer holds of people whom whoever got it may not see."""
    return [
        word for whose, words in SENTINELS.items() if whose not in may_see for word in words if word in text
    ]
