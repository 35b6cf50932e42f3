"""Commands of reorganising: `offices` (founding, renaming, one office taking the place of another)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from yipan.cli.console import MOMENT, SHANGHAI, Console, json_option, now, progress_line, set_up, show_json

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from yipan.duties.reorganising import Succeeded

_by_option = click.option(
    "--by", required=True, metavar="CODE", help="The office that decides: it stands above all of them."
)
_as_option = click.option(
    "--as", "officer", metavar="OFFICER", help="Her supervisor or head, where there are accounts."
)


@click.group()
def offices() -> None:
    """Offices that come, change their names, and are succeeded.

    Example: yipan offices show 450921
    """


@offices.command("show")
@click.argument("code")
@click.option("--on", "on", type=MOMENT, help="What it was called on this day.")
@json_option
def show(code: str, on: datetime | None, *, as_json: bool) -> None:
    """Show an office: its id, its code today, its name on a day, and who goes on in its place.

    Example: yipan offices show 450921 --on 2026-01-01
    """
    set_up()
    # These rooms hold tables, and can be imported once Django is set up.
    from yipan.offices.naming import names_on  # noqa: PLC0415
    from yipan.offices.office import organisation  # noqa: PLC0415
    from yipan.offices.succession import Succession  # noqa: PLC0415

    found = organisation(code)
    name = names_on([found.id], (on or now()).astimezone(SHANGHAI).date())[found.id]
    followed = Succession.objects.filter(predecessor=found).first()
    answer = {
        "office": found.id, "code": found.division, "kind": found.kind, "level": found.level, "name": name,
        "above": found.supervisor_id, "succeeded_by": followed and followed.successor_id,
        "succeeded_at": followed and followed.at,
    }  # fmt: skip
    if as_json:
        show_json(answer)
        return
    Console().say(
        f"{found.id}  {name}  代码 {found.division}  隶属 {found.supervisor_id or '—'}",
        f"{found.id}  {name}  code {found.division}  under {found.supervisor_id or '—'}",
    )
    if followed:
        Console().say(
            f"自 {followed.at:%Y-%m-%d} 起由 {followed.successor_id} 承接",
            f"since {followed.at:%Y-%m-%d} {followed.successor_id} goes on in its place",
        )


@offices.command("found")
@click.argument("code")
@click.option("--name", required=True, help="What the new office is called.")
@click.option("--kind", "sort", default="health", show_default=True, help="The kind of organisation.")
@click.option(
    "--under", default="", metavar="CODE", help="The office it lies under; the nearest by its code."
)
@_by_option
@_as_option
@json_option
def found_office(  # noqa: PLR0913  # click's options
    code: str, name: str, sort: str, under: str, by: str, officer: str | None, *, as_json: bool
) -> None:
    """Make an office known that no table has: a township that a split brings about.

    Example: yipan offices found 450921116 --name 容北镇人民政府 --by 450921
    """
    set_up()
    from yipan.cli.acting import acting  # noqa: PLC0415  # after Django is set up
    from yipan.duties.founding import found  # noqa: PLC0415

    moment = now()
    permit = acting(by, officer, moment)
    made = found(code, name, permit=permit, clock=lambda: moment, sort=sort, above=under)
    if as_json:
        show_json({"office": made, "name": name})
    else:
        Console().say(f"已新设 {made} {name}", f"Founded {made} {name}")


@offices.command("rename")
@click.argument("office")
@click.option("--name", required=True, help="What it is called from today on.")
@_by_option
@_as_option
@json_option
def rename_office(office: str, name: str, by: str, officer: str | None, *, as_json: bool) -> None:
    """Give one office another name. Its id stays, and what was written before shows the old name.

    Example: yipan offices rename 450921100 --name 容州镇便民服务中心 --by 450921
    """
    set_up()
    from yipan.cli.acting import acting  # noqa: PLC0415  # after Django is set up
    from yipan.duties.founding import rename  # noqa: PLC0415

    moment = now()
    own = rename(office, name, permit=acting(by, officer, moment), clock=lambda: moment)
    if as_json:
        show_json({"office": own, "name": name})
    else:
        Console().say(f"{own} 更名为 {name}", f"{own} is called {name}")


@offices.command("rename-division")
@click.argument("office")
@click.option("--name", required=True, help="What the division is called from today on.")
@click.option("--code", default="", help="Its code from today on, where that changes too.")
@click.option("--was", default="", help="What it was called, where the office's name does not tell.")
@_by_option
@_as_option
@json_option
def rename_whole_division(  # noqa: PLR0913  # click's options
    office: str, name: str, code: str, was: str, by: str, officer: str | None, *, as_json: bool
) -> None:
    """Give a division another name, or code: all its offices and the places below follow, every id stays.

    Example: yipan offices rename-division 450921 --name 容州市 --code 450982 --by 4509
    """
    set_up()
    from yipan.cli.acting import acting  # noqa: PLC0415  # after Django is set up
    from yipan.duties.founding import rename_division  # noqa: PLC0415

    moment = now()
    permit = acting(by, officer, moment)
    renamed = rename_division(office, name, permit=permit, clock=lambda: moment, code=code, was=was)
    if as_json:
        show_json({"offices": renamed, "name": name, "code": code or None})
    else:
        Console().say(
            f"{len(renamed)} 个机构随区划更名为 {name}", f"{len(renamed)} offices follow the new name {name}"
        )


@offices.command("succeed")
@click.argument("predecessor")
@click.argument("successor")
@click.option(
    "--because",
    type=click.Choice(["merged", "split", "abolished"]),
    default="merged",
    show_default=True,
    help="Why.",
)
@click.option("--document", default="", help="The document that says so.")
@_by_option
@_as_option
@json_option
def succeed_office(  # noqa: PLR0913  # click's options
    predecessor: str,
    successor: str,
    because: str,
    document: str,
    by: str,
    officer: str | None,
    *,
    as_json: bool,
) -> None:
    """End an office: another goes on with its cases, its open duties and its chain. May be stopped and run again.

    Example: yipan offices succeed 450921113 450921100 --because merged --by 450921
    """
    set_up()
    from yipan.cli.acting import acting  # noqa: PLC0415  # after Django is set up
    from yipan.duties.reorganising import succeed  # noqa: PLC0415
    from yipan.registry.succession import HandingOver  # noqa: PLC0415

    done = succeed(
        predecessor,
        successor,
        because=because,
        document=document,
        permit=acting(by, officer, now()),
        clock=now,
        also=HandingOver(),
        progress=progress_line(Console()),
    )
    _say_succeeded(done, as_json=as_json)


@offices.command("hand-cases")
@click.argument("predecessor")
@click.argument("successor")
@click.option(
    "--thread", "threads", type=click.UUID, multiple=True, required=True, help="A case; may be repeated."
)
@_by_option
@_as_option
@json_option
def hand_cases_over(
    predecessor: str,
    successor: str,
    threads: tuple[UUID, ...],
    by: str,
    officer: str | None,
    *,
    as_json: bool,
) -> None:
    """Give some cases of an office to another; the office itself goes on, or is succeeded afterwards.

    Example: yipan offices hand-cases 450921100 450921114 --thread 00000000-0000-7000-8000-000000000000 --by 450921
    """
    set_up()
    from yipan.cli.acting import acting  # noqa: PLC0415  # after Django is set up
    from yipan.duties.reorganising import hand_cases  # noqa: PLC0415
    from yipan.registry.succession import HandingOver  # noqa: PLC0415

    permit = acting(by, officer, now())
    done = hand_cases(predecessor, successor, threads, permit=permit, clock=now, also=HandingOver())
    _say_succeeded(done, as_json=as_json)


def _say_succeeded(done: Succeeded, *, as_json: bool) -> None:
    if as_json:
        show_json(
            {"decision": done.decision, "predecessor": done.predecessor, "successor": done.successor, "cases": done.cases, "moved": done.moved}
        )  # fmt: skip
    else:
        Console().say(
            f"{done.predecessor} 的 {done.cases} 个案件由 {done.successor} 接办（本次 {done.moved} 个）",
            f"{done.cases} cases of {done.predecessor} went over to {done.successor} ({done.moved} just now)",
        )


COMMANDS = (offices,)
