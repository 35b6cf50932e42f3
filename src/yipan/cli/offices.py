"""Commands of the officers: `officers` (accounts, postings, leave, handing over)."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

import click

from yipan.cli.console import MOMENT, SHANGHAI, Console, json_option, now, set_up, show_json

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date, datetime
    from uuid import UUID

    from yipan.offices.leave import Leave

_as_option = click.option(
    "--as", "officer", metavar="OFFICER", help="Who does this: her post there, or above, includes it."
)
_ROLES = "A post of docs/reference/roles.md that fits the office: clerk, head, county-officer, supervisor, facility, auditor ..."
_office_option = click.option("--office", required=True, metavar="CODE", help="The office.")


@click.group()
def officers() -> None:
    """Accounts, postings, leave.

    Example: yipan officers list
    """


@officers.command("add")
@click.argument("username")
@click.option("--name", required=True, help="The officer's name.")
@click.option("--office", required=True, metavar="CODE", help="Where she is posted.")
@click.option("--role", required=True, help=_ROLES)
@click.option("--from", "from_on", type=MOMENT, help="From which day; today when not said.")
@_as_option
@json_option
def add(  # noqa: PLR0913  # click's options
    username: str,
    name: str,
    office: str,
    role: str,
    from_on: datetime | None,
    officer: str | None,
    *,
    as_json: bool,
) -> None:
    """Make an account with a posting, and print its first password once: it is changed at the first sign-in.

    It takes an officer whose post in that office, or above it, includes posting officers. While there is none, whoever
    runs the program may.

    Example: yipan officers add li.na --name 李娜 --office 440104001 --role clerk
    """
    set_up()
    from yipan.offices.officer import post_new_officer  # noqa: PLC0415  # after Django is set up
    from yipan.offices.recovering import mark_first  # noqa: PLC0415  # the same

    _may_post(office, officer)
    password = secrets.token_urlsafe(9)
    made = post_new_officer(username, name, password, office, role, _day(from_on))
    mark_first(made.user_id)
    if as_json:
        show_json({"officer": username, "office": office, "role": role, "password": password})
    else:
        Console().say(
            f"账号 {username}，初始密码 {password}", f"Account {username}, first password {password}"
        )


@officers.command("post")
@click.argument("username")
@_office_option
@click.option("--role", required=True, help=_ROLES)
@click.option("--from", "from_on", type=MOMENT, help="From which day; today when not said.")
@click.option("--until", "until_on", type=MOMENT, help="The first day on which she no longer holds it.")
@_as_option
@json_option
def post_officer(username: str, office: str, role: str, officer: str | None, **said: Any) -> None:  # noqa: ANN401  # click's options, typed above
    """Give an officer another post.

    Example: yipan officers post li.na --office 450921100 --role clerk --as liang.min
    """
    set_up()
    from yipan.cli.acting import officer_named  # noqa: PLC0415  # after Django is set up
    from yipan.offices.posting import post  # noqa: PLC0415

    _may_post(office, officer)
    until_on = said["until_on"]
    made = post(
        officer_named(username), office, role, _day(said["from_on"]), _day(until_on) if until_on else None
    )
    answer = {"officer": username, "office": made.organisation_id, "role": role, "from": made.from_on, "until": made.until_on}  # fmt: skip
    if said["as_json"]:
        show_json(answer)
    else:
        Console().say(
            f"{username} 自 {made.from_on} 起任 {made.organisation_id} 的 {role}",
            f"{username} is {role} at {made.organisation_id} from {made.from_on}",
        )


@officers.command("end-post")
@click.argument("username")
@_office_option
@click.option("--role", default="", help="Only this post; all she holds there when not said.")
@click.option("--on", "on", type=MOMENT, help="The first day on which she no longer holds it; today.")
@_as_option
@json_option
def end_post_of(
    username: str, office: str, role: str, on: datetime | None, officer: str | None, *, as_json: bool
) -> None:
    """End an officer's posts in an office.

    Example: yipan officers end-post li.na --office 450921100 --as liang.min
    """
    set_up()
    from yipan.cli.acting import officer_named  # noqa: PLC0415  # after Django is set up
    from yipan.offices.posting import end_post  # noqa: PLC0415

    _may_post(office, officer)
    ended = end_post(officer_named(username), office, _day(on), role)
    if as_json:
        show_json({"officer": username, "office": office, "ended": ended, "on": _day(on)})
    else:
        Console().say(
            f"{username} 的 {ended} 个岗位到 {_day(on)} 止", f"{ended} posts of {username} end on {_day(on)}"
        )


@officers.command("leave")
@click.argument("username")
@click.option("--office", metavar="CODE", help="From which office; the one where she is posted.")
@click.option("--from", "from_on", type=MOMENT, required=True, help="The first day of the leave.")
@click.option("--until", "until_on", type=MOMENT, required=True, help="The day on which she is back.")
@click.option("--stand-in", required=True, metavar="OFFICER", help="Who holds her posts meanwhile.")
@_as_option
@json_option
def leave(username: str, office: str | None, stand_in: str, officer: str | None, **said: Any) -> None:  # noqa: ANN401  # click's options, typed above
    """Note an officer's leave: she does not act for the office in these days, and somebody stands in.

    Example: yipan officers leave li.na --from 2026-10-09 --until 2026-10-19 --stand-in ran.fang --as liang.min
    """
    set_up()
    from yipan.cli.acting import officer_named  # noqa: PLC0415  # after Django is set up
    from yipan.offices.posting import take_leave  # noqa: PLC0415

    first, back = _day(said["from_on"]), _day(said["until_on"])
    who, other = officer_named(username), officer_named(stand_in)
    where = office or _only_office(username, first)
    made = _in_office(where, officer, lambda: take_leave(who, where, other, first, back))
    _say_leave(made, username, stand_in, as_json=said["as_json"])


@officers.command("return")
@click.argument("username")
@click.option("--office", metavar="CODE", help="From which office; the one where she is posted.")
@click.option("--on", "on", type=MOMENT, help="The day on which she is back; today when not said.")
@_as_option
@json_option
def come_back(
    username: str, office: str | None, on: datetime | None, officer: str | None, *, as_json: bool
) -> None:
    """End an officer's leave early; the stand-in's posts end with it.

    Example: yipan officers return li.na --as liang.min
    """
    set_up()
    from yipan.cli.acting import officer_named  # noqa: PLC0415  # after Django is set up
    from yipan.offices.posting import end_leave  # noqa: PLC0415

    who = officer_named(username)
    where = office or _only_office(username, _day(on))
    ended = _in_office(where, officer, lambda: end_leave(who, where, _day(on)))
    _say_leave(ended, username, str(ended.stand_in), as_json=as_json)


@officers.command("hand-over")
@click.argument("from_officer")
@click.argument("to_officer")
@_office_option
@click.option("--thread", "threads", type=click.UUID, multiple=True, help="Only this case; may be repeated.")
@_as_option
@json_option
def hand_over(
    from_officer: str,
    to_officer: str,
    office: str,
    threads: tuple[UUID, ...],
    officer: str | None,
    *,
    as_json: bool,
) -> None:
    """Move an officer's open cases in an office to another's desk, all of them or those named.

    Example: yipan officers hand-over li.na ran.fang --office 440104001 --as li.na
    """
    set_up()
    # These rooms hold tables, and can be imported once Django is set up.
    from yipan.cli.acting import acting, officer_named  # noqa: PLC0415
    from yipan.duties.desks import hand_over as run  # noqa: PLC0415
    from yipan.offices.permit import permit_for  # noqa: PLC0415

    moment = now()
    permit = acting(office, officer, moment)
    officer_named(from_officer)
    # Whoever takes the work can do it: she is posted there, today, and not on leave.
    permit_for(officer_named(to_officer), permit.organisation, "handing over", moment).require(
        "record", moment
    )
    moved = run(from_officer, to_officer, permit=permit, clock=lambda: moment, threads=threads)
    if as_json:
        show_json({"from": from_officer, "to": to_officer, "office": permit.organisation, "threads": moved})
    else:
        Console().say(
            f"{len(moved)} 个案件由 {from_officer} 移交 {to_officer}",
            f"{len(moved)} cases went from {from_officer} to {to_officer}",
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


def _day(moment: datetime | None) -> date:
    return (moment or now()).astimezone(SHANGHAI).date()


def _may_post(office: str, officer: str | None) -> None:
    """Refuse whoever may not post officers in an office."""
    from yipan.cli.acting import officer_named  # noqa: PLC0415  # after Django is set up
    from yipan.offices.posting import posting_permit  # noqa: PLC0415

    posting_permit(officer_named(officer) if officer else None, office, now())


def _in_office(office: str, officer: str | None, act: Callable[[], Leave]) -> Leave:
    """Do something to an office's own rows, in its name, for whoever may post officers there."""
    from dataclasses import replace  # noqa: PLC0415  # with the others

    from yipan.cli.acting import officer_named  # noqa: PLC0415  # after Django is set up
    from yipan.offices.office import organisation  # noqa: PLC0415
    from yipan.offices.posting import posting_permit  # noqa: PLC0415

    permit = posting_permit(officer_named(officer) if officer else None, office, now())
    with replace(permit, organisation=organisation(office).id).in_force():
        return act()


def _only_office(username: str, day: date) -> str:
    """Return the office where an officer is posted on a day.

    Raises:
        UsageError: it is none, or one of several.
    """
    from yipan.cli.acting import officer_named  # noqa: PLC0415  # after Django is set up

    held = {each.organisation_id for each in officer_named(username).postings_on(day)}
    if len(held) != 1:
        message = f"{username} is posted in {len(held)} offices on {day}: say which with --office"
        raise click.UsageError(message)
    return held.pop()


def _say_leave(one: Leave, username: str, stand_in: str, *, as_json: bool) -> None:
    if as_json:
        show_json(
            {"officer": username, "office": one.organisation_id, "stand_in": stand_in, "from": one.from_on, "until": one.until_on}
        )  # fmt: skip
    else:
        Console().say(
            f"{username} 自 {one.from_on} 起休假，{one.until_on} 返岗，由 {stand_in} 代办",
            f"{username} is on leave from {one.from_on} and back on {one.until_on}; {stand_in} stands in",
        )


COMMANDS = (officers,)
