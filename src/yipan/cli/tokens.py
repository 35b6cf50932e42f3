"""Commands of tokens: `tokens make`, `tokens list`, `tokens end`. With a token a program acts with an officer's post."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import click

from yipan.cli.console import MOMENT, SHANGHAI, Console, json_option, now, set_up, show_json

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar
    from uuid import UUID

    from yipan.offices.officer import Officer
    from yipan.offices.tokens import ApiToken

    Function = TypeVar("Function", bound=Callable[..., Any])

#: How long a token holds when nobody says.
_USUAL: Final = timedelta(days=90)


def _who_acts(function: Function) -> Function:
    """Give a command `--office` and `--as`."""
    function = click.option(
        "--as",
        "by",
        metavar="OFFICER",
        help="Who does this: the officer herself, or who posts officers there.",
    )(function)
    return click.option("--office", required=True, metavar="CODE", help="In which of her offices.")(function)


@click.group()
def tokens() -> None:
    """Tokens by which programs use the API, each with the rights of one officer's post.

    Example: yipan tokens list he.jing --office 440104001 --as he.jing
    """


@tokens.command("make")
@click.argument("officer")
@click.option("--program", required=True, help="Which program will hold it.")
@click.option("--until", "until_at", type=MOMENT, help="When it ends; in 90 days when not said.")
@click.option("--reads-only", is_flag=True, help="It records nothing, whatever her post includes.")
@_who_acts
@json_option
def make(
    officer: str, program: str, until_at: datetime | None, office: str, by: str | None, **said: bool
) -> None:
    """Make a token for OFFICER in one of her posts, and print it this once.

    It does what her post includes on the day, and ends with the post. Keep it where only the program reads it.

    Example: yipan tokens make he.jing --office 440104001 --program 街道门户网站 --until 2026-12-31 --as he.jing
    """
    set_up()
    from yipan.cli.acting import officer_named  # noqa: PLC0415  # after Django is set up
    from yipan.offices.tokens import make_token  # noqa: PLC0415

    moment = now()
    until = until_at or moment + _USUAL
    made = make_token(
        officer_named(officer),
        office,
        program,
        until,
        moment,
        by=_officer(by),
        reads_only=said["reads_only"],
    )
    if said["as_json"]:
        show_json(_as_data(made.token, moment) | {"secret": made.secret})
        return
    ends = f"{until.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"
    Console().say(
        f"令牌（只显示这一次）：{made.secret}\n编号 {made.token.id}，{ends} 终止",
        f"The token, shown this once: {made.secret}\nIts id {made.token.id}; it ends {ends}",
    )


@tokens.command("list")
@click.argument("officer", required=False)
@_who_acts
@json_option
def list_(officer: str | None, office: str, by: str | None, *, as_json: bool) -> None:
    """List the tokens of an office, or those of OFFICER there: by which program, until when, when last used.

    Example: yipan tokens list --office 440104001 --as liang.min
    """
    set_up()
    from yipan.offices.tokens import keeper_permit, tokens_of  # noqa: PLC0415  # after Django is set up

    moment, whose = now(), _officer(officer)
    found = tokens_of(keeper_permit(_officer(by), whose, office, moment), whose)
    if as_json:
        show_json([_as_data(each, moment) for each in found])
        return
    console = Console()
    for each in found:
        words = console.pick(_WORDS[_state(each, moment)])
        used = f"{each.last_used_at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}" if each.last_used_at else "—"
        click.echo(f"{each.id}  {each.officer}  {each.program}  {words}  {each.until_at:%Y-%m-%d}  {used}")
    if not found:
        console.say("没有。", "None.")


@tokens.command("end")
@click.argument("token", type=click.UUID)
@click.option("--officer", metavar="OFFICER", help="Whose it is, where she ends it herself.")
@_who_acts
@json_option
def end(token: UUID, officer: str | None, office: str, by: str | None, *, as_json: bool) -> None:
    """End a token at once. TOKEN is its id, not the words that were shown.

    Example: yipan tokens end 0190b7c2-6a52-4c3e-8d5f-2f1f6c3f9a10 --office 440104001 --as liang.min
    """
    set_up()
    from yipan.offices.tokens import end_token, keeper_permit  # noqa: PLC0415  # after Django is set up

    moment, whose = now(), _officer(officer)
    ended = end_token(keeper_permit(_officer(by), whose, office, moment), token, moment, whose)
    if as_json:
        show_json(_as_data(ended, moment))
    else:
        Console().say(f"令牌 {ended.id} 已终止", f"Token {ended.id} has ended")


_WORDS: Final = {
    "holds": {"zh": "有效", "en": "holds"},
    "ended": {"zh": "已终止", "en": "ended"},
    "expired": {"zh": "已到期", "en": "expired"},
}


def _state(token: ApiToken, moment: datetime) -> str:
    if token.holds(moment):
        return "holds"
    return "ended" if token.ended_at else "expired"


def _as_data(token: ApiToken, moment: datetime) -> dict[str, Any]:
    return {
        "token": token.id,
        "officer": str(token.officer),
        "office": token.organisation_id,
        "program": token.program,
        "reads_only": token.reads_only,
        "state": _state(token, moment),
        "made_by": token.made_by,
        "made_at": token.made_at,
        "until": token.until_at,
        "last_used_at": token.last_used_at,
        "ended_at": token.ended_at,
        "ended_by": token.ended_by or None,
    }


def _officer(username: str | None) -> Officer | None:
    from yipan.cli.acting import officer_named  # noqa: PLC0415  # after Django is set up

    return officer_named(username) if username else None


COMMANDS = (tokens,)
