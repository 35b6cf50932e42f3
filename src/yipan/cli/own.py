"""Commands of a person's own page: `access give`, `access list`, `access end`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from yipan.cli.console import Console, json_option, now, set_up, show_json

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar
    from uuid import UUID

    from yipan.offices.permit import Permit

    Function = TypeVar("Function", bound=Callable[..., Any])


def _who_acts(function: Function) -> Function:
    """Give a command `--office` and `--as`."""
    function = click.option("--as", "officer", help="The officer who acts.")(function)
    return click.option("--office", required=True, metavar="CODE", help="The office that took her in.")(
        function
    )


def _permit(office: str, officer: str | None) -> Permit:
    from yipan.cli.acting import acting  # noqa: PLC0415  # after Django is set up

    return acting(office, officer, now())


@click.group()
def access() -> None:
    """Hand a person the number and the code that open her own page, and end one that was lost.

    Example: yipan access give 0190b7c2-6a52-7c3e-8d5f-2f1f6c3f9a10 --office 440104001
    """


@access.command("give")
@click.argument("thread", type=click.UUID)
@click.option(
    "--to", "name", default="person", show_default=True, help="How the case calls her: person, her, him ..."
)
@_who_acts
@json_option
def give_(thread: UUID, name: str, office: str, officer: str | None, *, as_json: bool) -> None:
    """Hand over a number and a code for a person of a case or an enrolment. They are printed once and kept nowhere.

    Example: yipan access give 0190b7c2-6a52-7c3e-8d5f-2f1f6c3f9a10 --to her --office 440104001
    """
    console = Console()
    set_up(console)
    from yipan.duties.naming import new_id  # noqa: PLC0415  # after Django is set up
    from yipan.registry.ownaccess import give  # noqa: PLC0415

    slip = give(_permit(office, officer), thread, name, new_id(now()), now())
    if as_json:
        show_json({"slip": slip.card, "number": slip.number, "code": slip.code})
        return
    console.say(f"号码：{slip.number}", f"Number: {slip.number}")
    console.say(f"密码：{slip.code}", f"Code:   {slip.code}")
    console.note(
        console.pick(
            {
                "zh": f"只显示这一次，请当面交给本人。停用：yipan access end {slip.card}",
                "en": f"Shown this once: hand it to her in person. To end it: yipan access end {slip.card}",
            }
        )
    )


@access.command("list")
@click.argument("thread", type=click.UUID)
@_who_acts
@json_option
def list_(thread: UUID, office: str, officer: str | None, *, as_json: bool) -> None:
    """List what was handed over in a case: when, by whom, whether it ended. Whether she used it nobody learns.

    Example: yipan access list 0190b7c2-6a52-7c3e-8d5f-2f1f6c3f9a10 --office 440104001
    """
    console = Console()
    set_up(console)
    from yipan.registry.ownaccess import cards_of  # noqa: PLC0415  # after Django is set up

    found = cards_of(_permit(office, officer), thread, now())
    if as_json:
        show_json(
            [
                {
                    "slip": each.id,
                    "to": each.name,
                    "given_at": each.given_at,
                    "officer": each.officer,
                    "ended_at": each.ended_at,
                    "because": each.ended_because or None,
                    "for_proxy": each.is_for_proxy,
                }
                for each in found
            ]
        )
        return
    for each in found:
        click.echo(
            f"{each.id}  {each.given_at:%Y-%m-%d %H:%M}  {each.name}  {each.officer}  {each.ended_because}"
        )
    if not found:
        console.say("没有交出过。", "Nothing has been handed over.")


@access.command("end")
@click.argument("slip", type=click.UUID)
@click.option(
    "--because",
    type=click.Choice(["lost", "her-wish", "mistaken"]),
    default="lost",
    show_default=True,
    help="Why it ends.",
)
@_who_acts
@json_option
def end_(slip: UUID, because: str, office: str, officer: str | None, *, as_json: bool) -> None:
    """End a number and code: whatever they opened is closed at once.

    Example: yipan access end 0190b7c2-6a52-7c3e-8d5f-2f1f6c3f9a10 --because lost --office 440104001
    """
    console = Console()
    set_up(console)
    from yipan.duties.naming import new_id  # noqa: PLC0415  # after Django is set up
    from yipan.registry.ownaccess import end  # noqa: PLC0415

    thread = end(_permit(office, officer), slip, because, new_id(now()), now())
    if as_json:
        show_json({"slip": slip, "thread": thread, "ended": because})
    else:
        console.say("已停用。", "Ended.")


COMMANDS = (access,)
