"""Commands of the offices: `officers` (accounts and postings)."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

import click

from yipan.cli.console import MOMENT, Console, json_option, now, set_up, show_json

if TYPE_CHECKING:
    from datetime import datetime


@click.group()
def officers() -> None:
    """Accounts and postings.

    Example: yipan officers list
    """


@officers.command("add")
@click.argument("username")
@click.option("--name", required=True, help="The officer's name.")
@click.option("--office", required=True, metavar="CODE", help="Where she is posted.")
@click.option("--role", required=True, help="clerk, head, supervisor or data-officer.")
@click.option("--from", "from_on", type=MOMENT, help="From which day; today when not said.")
@json_option
def add(username: str, name: str, office: str, role: str, from_on: datetime | None, *, as_json: bool) -> None:
    """Make an account with a posting, and print its first password once.

    Example: yipan officers add li.na --name 李娜 --office 440104001 --role clerk
    """
    set_up()
    from yipan.offices.officer import post_new_officer  # noqa: PLC0415  # after Django is set up

    password = secrets.token_urlsafe(9)
    post_new_officer(username, name, password, office, role, (from_on or now()).date())
    if as_json:
        show_json({"officer": username, "office": office, "role": role, "password": password})
    else:
        Console().say(
            f"账号 {username}，初始密码 {password}", f"Account {username}, first password {password}"
        )


@officers.command("list")
@json_option
def list_officers(*, as_json: bool) -> None:
    """List the accounts with their postings.

    Example: yipan officers list
    """
    set_up()
    from yipan.offices.officer import Posting  # noqa: PLC0415  # after Django is set up

    rows = [
        {"officer": str(each.officer), "name": each.officer.name, "office": each.organisation_id, "role": each.role,
         "from": each.from_on, "until": each.until_on}
        for each in Posting.objects.select_related("officer__user").order_by("officer__user__username", "from_on")
    ]  # fmt: skip
    if as_json:
        show_json(rows)
    else:
        for row in rows:
            click.echo(
                f"{row['officer']}  {row['name']}  {row['office']}  {row['role']}  {row['from']} – {row['until'] or '…'}"
            )


COMMANDS = (officers,)
