"""The commands `ledgers` and `services`: what an office's records come to, its numbered stubs, and what is free."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from yipan.cli.console import Console, json_option, now, set_up, show_json

if TYPE_CHECKING:
    from datetime import datetime

    from yipan.offices.permit import Permit

_office = click.option("--office", required=True, metavar="CODE", help="Whose.")
_officer = click.option("--as", "officer", metavar="OFFICER", help="With whose rights.")


@click.group()
def ledgers() -> None:
    """Ledgers, stubs, stocks and contacts of an office: drawn from what it recorded. No person stands on one.

    Example: yipan ledgers list
    """


@ledgers.command("list")
@json_option
def list_ledgers(*, as_json: bool) -> None:
    """List the ledgers, with the levels that keep them.

    Example: yipan ledgers list
    """
    set_up()
    from yipan.documents.ledgers import ledgers as all_ledgers  # noqa: PLC0415  # after Django is set up

    if as_json:
        show_json([{"ledger": each.id, "title": each.title, "levels": each.levels} for each in all_ledgers()])
        return
    console = Console()
    for each in all_ledgers():
        click.echo(f"{each.id:<24} {console.pick(each.title)}")


@ledgers.command("show")
@click.argument("ledger")
@_office
@_officer
@json_option
def show_ledger(ledger: str, office: str, officer: str | None, *, as_json: bool) -> None:
    """Show one ledger of an office, the latest first, with the sums of its numbers.

    Example: yipan ledgers show stock --office 450921100
    """
    permit, at = _acting(office, officer)
    from yipan.documents.ledgers import ledger_of  # noqa: PLC0415  # after Django is set up

    found = ledger_of(permit, ledger, at)
    if as_json:
        lines = [
            {
                "thread": each.thread, "on": each.on, "kind": each.kind, "others": each.others,
                "said": [{"title": title, "value": value} for title, value in each.said],
            }
            for each in found.lines
        ]  # fmt: skip
        show_json({"lines": lines, "sums": [{"title": title, "sum": total} for title, total in found.sums]})
        return
    console = Console()
    for each in found.lines:
        said = "  ".join(f"{console.pick(title)} {_word(console, value)}" for title, value in each.said)
        click.echo(f"{each.on}  {console.pick(each.kind)}  {said}")
    for title, total in found.sums:
        console.say(f"合计 {title['zh']} {total}", f"Sum of {title['en']}: {total}")


def _word(console: Console, value: object) -> object:
    return console.pick(value) if isinstance(value, dict) else value


@ledgers.command("stubs")
@_office
@_officer
@click.option("--year", type=int, help="Of one year only.")
@json_option
def list_stubs(office: str, officer: str | None, year: int | None, *, as_json: bool) -> None:
    """List the numbered stubs of the letters an office sent, the latest first.

    Example: yipan ledgers stubs --office 450921100 --year 2026
    """
    permit, at = _acting(office, officer)
    from yipan.documents.stubs import stubs_of  # noqa: PLC0415  # after Django is set up

    found = stubs_of(permit, at, year)
    if as_json:
        show_json(
            [
                {
                    "number": each.number, "year": each.year, "printed": each.shown, "title": each.title,
                    "to": each.sent_to, "at": each.written_at, "thread": each.thread, "event": each.event,
                }
                for each in found
            ]
        )  # fmt: skip
        return
    console = Console()
    for each in found:
        click.echo(f"{each.shown}  {each.written_at:%Y-%m-%d}  {console.pick(each.title)}  {each.sent_to}")


@ledgers.command("supply-points")
@_office
@_officer
@json_option
def list_supply_points(office: str, officer: str | None, *, as_json: bool) -> None:
    """List an office's points of free supplies with their stock.

    Example: yipan ledgers supply-points --office 450921100
    """
    permit, at = _acting(office, officer)
    from yipan.documents.ledgers import supply_points_of  # noqa: PLC0415  # after Django is set up

    found = supply_points_of(permit, at)
    if as_json:
        show_json(
            [
                {
                    "name": each.name, "address": each.address, "hours": each.hours, "open": each.is_open,
                    "received": each.received, "handed_out": each.handed_out, "on_hand": each.on_hand,
                    "thread": each.thread,
                }
                for each in found
            ]
        )  # fmt: skip
        return
    for each in found:
        click.echo(f"{each.on_hand:>6}  {each.name}  {each.address}  {each.hours}")


@ledgers.command("counterparts")
@_office
@_officer
@json_option
def list_counterparts(office: str, officer: str | None, *, as_json: bool) -> None:
    """List how the offices that this one deals with are reached.

    Example: yipan ledgers counterparts --office 450921100
    """
    permit, at = _acting(office, officer)
    from yipan.documents.ledgers import counterparts_of  # noqa: PLC0415  # after Django is set up

    found = counterparts_of(permit, at)
    if as_json:
        show_json(
            [
                {
                    "office": each.office, "name": each.name, "as_of": each.as_of, "thread": each.thread,
                    "said": [{"title": title, "value": value} for title, value in each.said],
                }
                for each in found
            ]
        )  # fmt: skip
        return
    console = Console()
    for each in found:
        said = "  ".join(f"{console.pick(title)} {_word(console, value)}" for title, value in each.said)
        click.echo(f"{each.office}  {each.name}  {said}")


@click.command()
@json_option
def services(*, as_json: bool) -> None:
    """List what is free, for whom and where: everything, for everybody, at no price.

    Example: yipan services
    """
    from yipan.documents.definitions import SERVICE, definitions  # noqa: PLC0415  # reads the packs, no table

    found = definitions(SERVICE)
    if as_json:
        show_json(
            [
                {
                    "service": each.id, "title": each.title, "text": each.text, "price": 0,
                    "given_by": each.given_by, "cite": each.cite.as_dict(),
                }
                for each in found
            ]
        )  # fmt: skip
        return
    console = Console()
    for each in found:
        click.echo(f"{console.pick(each.title)}  {console.pick(each.text)}")


def _acting(office: str, officer: str | None) -> tuple[Permit, datetime]:
    set_up()
    from yipan.cli.acting import acting  # noqa: PLC0415  # after Django is set up

    at = now()
    return acting(office, officer, at), at


COMMANDS = (ledgers, services)
