"""Commands of the way in: `sign-in reset`."""

from __future__ import annotations

import click

from yipan.cli.console import SHANGHAI, Console, json_option, now, set_up, show_json


@click.group("sign-in")
def sign_in() -> None:
    """How officers sign in.

    Example: yipan sign-in reset li.na --as liang.min
    """


@sign_in.command("reset")
@click.argument("username")
@click.option(
    "--as", "officer", metavar="OFFICER", help="Who does this: her post there, or above, includes it."
)
@json_option
def reset(username: str, officer: str | None, *, as_json: bool) -> None:
    """Let an officer in again who lost her password or telephone: a code on paper, shown once.

    Her password, passkeys, code app and recovery codes end, and her sessions. The code opens her account once, within a
    day, at /sign-in/paper. The journal says who reset whose sign-in. It takes an officer whose post includes posting
    officers in, or above, every office where she is posted. While there is none, whoever runs the program may.

    Example: yipan sign-in reset li.na --as liang.min
    """
    set_up()
    # These rooms hold tables, and can be imported once Django is set up.
    from django.utils import timezone  # noqa: PLC0415

    from yipan.cli.acting import officer_named  # noqa: PLC0415
    from yipan.duties.resetting import reset_sign_in  # noqa: PLC0415

    by = officer_named(officer) if officer else None
    made = reset_sign_in(username, by, now=now(), moment=timezone.now())
    until = made.until_at.astimezone(SHANGHAI)
    if as_json:
        show_json({"officer": made.account, "code": made.code, "until": until})
        return
    Console().say(
        f"{made.account} 的一次性纸码：{made.code}，{until:%Y-%m-%d %H:%M} 前有效，只显示这一次",
        f"Paper code of {made.account}: {made.code}, valid until {until:%Y-%m-%d %H:%M}, shown this once",
    )


COMMANDS = (sign_in,)
