"""Writes docs/reference/cli.md from the commands' own help: `python -m tests.docs.cli_page`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tests.law.lawbook import ROOT
from yipan.cli.main import main

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = ROOT / "docs" / "reference" / "cli.md"
HEAD = """\
# Commands

Written from the commands' own help by `python -m tests.docs.cli_page`; a test keeps it in step, so change the commands and
not this page.

Answers go to standard output, progress and refusals to standard error, in Chinese, or in English with `YIPAN_LANG=en`.
With `--json` one JSON value stands alone on standard output, refusals too (`error`, `zh`, `en`, `fields`). The exit code is
0 when it is done, 1 when faults were found or the request was refused, 2 when the command was misused.

A moment is a date (its midnight) or a date and time; without a zone it is meant in Asia/Shanghai. An organisation is the
code of its division, `450921100`, for the health office, with a department after a colon, as `450921:police`.

`due`, `migrant`, `packs check`, `packs list`, `packs show`, `packs coverage` and `places resolve` answer from the packs on disk and touch no database. The
others use the data folder, and set it up when it is empty. Where it has no accounts the local operator acts as head of the
office named with `--office`, and the journal says `local-operator`; as soon as it has any, `--as` says who acts.
"""


def cli_page() -> str:
    """Return the whole page."""
    return "\n".join([HEAD, *_commands(main, "yipan")])


def _commands(group: click.Group, path: str) -> Iterator[str]:
    for name, command in sorted(group.commands.items()):
        if isinstance(command, click.Group):
            yield from _commands(command, f"{path} {name}")
        else:
            yield _section(command, f"{path} {name}")


def _section(command: click.Command, path: str) -> str:
    says, _, example = (command.help or "").partition("Example: ")
    lines = [f"## `{path}`", "", " ".join(says.split()), "", "```", example.strip(), "```", ""]
    arguments = [
        each.make_metavar(click.Context(command))
        for each in command.params
        if isinstance(each, click.Argument)
    ]
    options = [each for each in command.params if isinstance(each, click.Option)]
    if arguments:
        lines += [f"Arguments: {', '.join(f'`{each}`' for each in arguments)}", ""]
    if options:
        lines += ["| Option | Meaning |", "|---|---|", *(_row(each) for each in options), ""]
    return "\n".join(lines)


def _row(option: click.Option) -> str:
    notes = [option.help or ""]
    if option.required:
        notes.append("Required.")
    if isinstance(option.type, click.Choice):
        notes.append(f"One of: {', '.join(map(str, option.type.choices))}.")
    if option.show_default:
        notes.append(f"Default: {option.default}.")
    return f"| `{', '.join(option.opts)}` | {' '.join(notes)} |"


if __name__ == "__main__":
    PAGE.write_text(cli_page(), encoding="utf-8")
