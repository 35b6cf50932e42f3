"""The group of all commands, and how any refusal ends: a sentence, the next step, an exit code."""

from __future__ import annotations

import sys

import click

from yipan.cli import (
    batches,
    breaches,
    certificates,
    demo,
    doctor,
    duties,
    figures,
    keeping,
    keys,
    law,
    ledgers,
    node,
    offices,
    oversight,
    own,
    people,
    places,
    registry,
    reorganising,
    serve,
    signing,
    tokens,
)
from yipan.cli.console import Console, say_refusal
from yipan.errors import YipanError

#: The exit code of a misuse, the same as click's own.
MISUSED = 2


class Program(click.Group):
    """A group that turns a refusal of any room into text or JSON and an exit code."""

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; a refusal is said once, without a traceback."""
        said: YipanError
        try:
            return super().invoke(ctx)
        except YipanError as refusal:
            said = refusal
        except (click.ClickException, click.Abort, click.exceptions.Exit):
            raise
        except Exception as error:
            # The driver of the database is read only where something broke.
            from yipan.database.refusals import refusal_of  # noqa: PLC0415

            told = refusal_of(error)
            if told is None:
                raise
            said = told
        say_refusal(said, as_json="--json" in sys.argv, console=Console())
        raise click.exceptions.Exit(said.exit_code)


@click.group(cls=Program, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="yipan")
def main() -> None:
    """一盘棋 Yipan: what offices owe each other and the people they serve, by when, under which article.

    Exit codes: 0 done, 1 found faults, 2 misused. The data folder is YIPAN_HOME (default .yipan).

    Example: yipan due birth-reg-reply-15wd --on 2026-03-02 --owed-by 450921100
    """


for command in (
    *law.COMMANDS,
    *duties.COMMANDS,
    *breaches.COMMANDS,
    *offices.COMMANDS,
    *reorganising.COMMANDS,
    *places.COMMANDS,
    *registry.COMMANDS,
    *keeping.COMMANDS,
    *people.COMMANDS,
    *oversight.COMMANDS,
    *certificates.COMMANDS,
    *ledgers.COMMANDS,
    *own.COMMANDS,
    *figures.COMMANDS,
    *batches.COMMANDS,
    *tokens.COMMANDS,
    *keys.COMMANDS,
    *doctor.COMMANDS,
    *serve.COMMANDS,
    *signing.COMMANDS,
    *node.COMMANDS,
    *demo.COMMANDS,
):
    main.add_command(command)
