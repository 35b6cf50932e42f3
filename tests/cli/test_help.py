"""Every command can be found out from itself: help on all of it, an example that parses, an exit code for misuse."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import click
import pytest

from yipan.cli.main import main

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cli.program import Program

ISSUED = (
    "due", "migrant", "packs check", "packs list", "packs show", "packs coverage", "packs adopt", "record", "sweep", "duties", "breaches",
    "journal verify", "journal checkpoint", "journal keys", "journal keep", "keys list", "keys rotate", "keys seal", "doctor", "places resolve", "replay", "officers add", "officers list",
    "officers post", "officers end-post", "officers leave", "officers return", "officers hand-over", "offices show",
    "offices found", "offices rename", "offices rename-division", "offices succeed", "offices hand-cases", "serve", "demo",
    "import roster", "import continue", "people find", "people show", "people numbers", "people merge", "people keep-apart", "headcounts",
    "glass break", "glass read", "glass list", "oversight flags", "oversight glasses", "oversight looks", "oversight ask",
    "oversight questions", "oversight close",
    "certificates list", "certificates issue", "certificates print", "certificates verify", "certificates keys",
    "certificates rotate-key", "papers letter", "papers form", "ledgers list", "ledgers show", "ledgers stubs",
    "ledgers supply-points", "ledgers counterparts", "services", "tokens make", "tokens list", "tokens end",
    "access give", "access list", "access end", "erase", "erasures list", "erasures apply", "records terms", "records end",
    "sign-in reset", "extract", "report", "assess", "simulate", "batch template", "batch load", "batch show", "node boxes", "node card", "node check", "node counts", "node duties", "node hub",
    "node init",
    "node move", "node peers", "node retry", "node revoke", "node rotate-key", "node run", "node status", "node take", "node trust", "node who",
)  # fmt: skip


def commands(group: click.Group, path: str = "") -> Iterator[tuple[str, click.Command]]:
    """Yield every command below a group with what one types for it, groups included."""
    for name, command in group.commands.items():
        yield f"{path}{name}", command
        if isinstance(command, click.Group):
            yield from commands(command, f"{path}{name} ")


ALL = dict(commands(main))
GROUPS = {name for name, command in ALL.items() if isinstance(command, click.Group)}


def example_of(command: click.Command) -> str:
    """Return the example at the end of a command's help."""
    last = (command.help or "").strip().splitlines()[-1].strip()
    assert last.startswith("Example: yipan "), last
    return last.removeprefix("Example: yipan ")


def parse(words: list[str]) -> list[str]:
    """Parse a command line as the program would, without running it, and return the commands it goes through."""
    context = main.make_context("yipan", list(words))
    through: list[str] = []
    while isinstance(context.command, click.Group):
        words_left = [*context._protected_args, *context.args]  # noqa: SLF001  # click keeps the command's name there
        name, command, rest = context.command.resolve_command(context, words_left)
        assert name is not None
        assert command is not None
        through.append(name)
        context = command.make_context(name, rest, parent=context)
    return through


def test_the_commands_are_those_that_were_promised() -> None:
    assert set(ALL) - GROUPS == set(ISSUED)


@pytest.mark.parametrize("name", sorted(ALL))
def test_a_command_and_each_of_its_options_have_help(name: str) -> None:
    command = ALL[name]
    assert command.help
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, f"{name} {parameter.opts}"


@pytest.mark.parametrize("name", sorted(ALL))
def test_the_help_of_a_command_ends_with_an_example_that_parses_and_is_about_it(name: str) -> None:
    assert " ".join(parse(shlex.split(example_of(ALL[name])))).startswith(name)


def test_the_examples_that_only_compute_run(bare: Program) -> None:
    for name in ("due", "migrant", "packs check", "packs list", "packs show", "packs coverage"):
        answer = bare.run(*shlex.split(example_of(ALL[name])))
        assert answer.code == 0, (name, answer.err)
    assert bare.run(*shlex.split(example_of(main))).code == 0


@pytest.mark.parametrize("name", sorted(set(ALL) - GROUPS - {"serve", "demo", "node run"}))
def test_every_command_that_answers_can_answer_in_json(name: str) -> None:
    assert any("--json" in parameter.opts for parameter in ALL[name].params)


@pytest.mark.parametrize("name", sorted(ALL))
def test_an_unknown_option_is_a_misuse(name: str) -> None:
    with pytest.raises(click.NoSuchOption) as refused:
        parse([*name.split(), "--frobnicate"])
    assert refused.value.exit_code == 2


def test_a_misuse_ends_with_2_says_so_on_standard_error_and_touches_nothing(bare: Program) -> None:
    for misuse in (("frobnicate",), ("due", "--frobnicate"), ("replay",), ("sweep", "--now", "yesterday")):
        answer = bare.run(*misuse)
        assert (answer.code, answer.out) == (2, ""), misuse
        assert answer.err
    assert not bare.home.exists()


def test_the_program_shows_its_help_when_asked(bare: Program) -> None:
    shown = bare.run("--help")
    assert shown.code == 0
    assert all(name in shown.out for name in ALL if " " not in name)
    assert bare.run("packs", "adopt", "-h").out.startswith("Usage:")
