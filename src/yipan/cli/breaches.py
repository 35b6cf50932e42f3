"""The command `breaches`: what an office and those below it did wrong, the red ones first."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import click

from yipan.cli.console import MOMENT, SHANGHAI, Console, json_option, now, set_up, show_json

if TYPE_CHECKING:
    from datetime import datetime


@click.command()
@click.option("--office", required=True, metavar="CODE", help="Whose breaches, with those of offices below.")
@click.option("--as", "officer", metavar="OFFICER", help="With whose rights.")
@click.option("--now", "moment", type=MOMENT, help="Overdue as of this moment.")
@json_option
def breaches(office: str, officer: str | None, moment: datetime | None, *, as_json: bool) -> None:
    """List breaches of offices: duties not kept, and what complaints and inspections found. Never about a person.

    Example: yipan breaches --office 450921
    """
    set_up()
    # These rooms hold tables, and can be imported once Django is set up.
    from yipan.cli.acting import acting  # noqa: PLC0415
    from yipan.duties.breaches import breaches_of  # noqa: PLC0415

    asked_at = moment or now()
    permit = acting(office, officer, now())
    permit = replace(permit, until_at=max(permit.until_at, asked_at))
    found = breaches_of(permit, asked_at)
    if as_json:
        show_json(
            [
                {
                    "breach": each.definition.id, "title": each.definition.title, "red": each.is_red,
                    "office": each.office, "since": each.since, "rule": each.rule or None, "thread": each.thread,
                    "corrected_by": each.definition.corrected_by, "measures": each.definition.measures,
                    "cite": each.definition.cite.as_dict(),
                }
                for each in found
            ]
        )  # fmt: skip
        return
    console = Console()
    for each in found:
        mark = "●" if each.is_red else " "
        title = console.pick(each.definition.title)
        click.echo(f"{mark} {each.since.astimezone(SHANGHAI):%Y-%m-%d}  {each.office_name}  {title}")
    if not found:
        console.say("没有。", "None.")


COMMANDS = (breaches,)
