"""Commands of what ends: `erase`, `erasures list`, `erasures apply`, `records terms`, `records end`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from yipan.cli.console import MOMENT, SHANGHAI, Console, json_option, now, progress_line, set_up, show_json

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID


@click.command()
@click.argument("case", type=click.UUID)
@click.option("--office", required=True, metavar="CODE", help="The office that holds her.")
@click.option("--as", "officer", metavar="OFFICER", help="The officer who acts.")
@click.option("--yes", is_flag=True, help="Do it; without this it is only said what would end.")
@json_option
def erase(case: UUID, office: str, officer: str | None, *, yes: bool, as_json: bool) -> None:
    """Erase the person who asked for it in a case. It cannot be undone.

    Example: yipan erase 019cac0f-2680-5be9-a14e-6f5ba7bd428c --office 440104001 --as li.min --yes
    """
    console = Console()
    set_up(console)
    # These rooms hold tables, and can be imported once Django is set up.
    from yipan.cli.acting import acting  # noqa: PLC0415
    from yipan.documents.ends import erase as run  # noqa: PLC0415
    from yipan.registry.erasing import plan  # noqa: PLC0415

    moment = now()
    permit = acting(office, officer, moment)
    found = plan(permit, case, moment)
    kept = [
        {"entries": len(each.events), "until": each.until_on, "law": each.law}
        for each in found.kept.values()
        if each.until_on
    ]
    said: dict[str, Any] = {
        "persons": len(found.subjects),
        "cases": sum(map(len, found.cases.values())),
        "kept_by_law": kept,
        "erased": yes,
    }
    if yes:
        run(permit, case, moment)
    if as_json:
        show_json(said)
        return
    console.say(
        f"{'已删除' if yes else '将删除'}：密钥 {said['persons']} 把，只与她有关的案件 {said['cases']} 件。",
        f"{'Erased' if yes else 'Would be erased'}: {said['persons']} keys, {said['cases']} cases of hers alone.",
    )
    for each in kept:
        console.say(
            f"依{each['law']}须保存 {each['entries']} 条，到{each['until']}，任何人都不能查看。",
            f"{each['entries']} entries are kept until {each['until']} under {each['law']}, out of everybody's reach.",
        )
    if not yes:
        console.say("不能恢复。确认后加上 --yes。", "It cannot be undone. Add --yes to do it.")


@click.group()
def erasures() -> None:
    """Keep the list of erasures apart from the backups, and erase again after a restore. It names nobody.

    Example: yipan erasures apply /mnt/elsewhere/checkpoints/erasures.list
    """


@erasures.command("list")
@json_option
def list_(*, as_json: bool) -> None:
    """List what was erased: ids that mean nothing elsewhere, offices and moments.

    Example: yipan erasures list --json
    """
    set_up()
    from yipan.duties import checkpoint, erasurelist  # noqa: PLC0415  # after Django is set up

    listed = erasurelist.as_json(erasurelist.known(checkpoint.erasures()))
    if as_json:
        show_json(listed)
        return
    for each in listed:
        until = f"  → {each['kept_until']}" if each["kept_until"] else ""
        click.echo(f"{each['erased_at']}  {each['organisation']}  {each['subject']}{until}")
    if not listed:
        Console().say("没有。", "None.")


@erasures.command("apply")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@json_option
def apply(file: Path, *, as_json: bool) -> None:
    """Erase again whom a list names and a restored backup brought back. May be run again.

    Example: yipan erasures apply /mnt/elsewhere/checkpoints/erasures.list
    """
    console = Console()
    set_up(console)
    from yipan.documents.ends import apply_erasures  # noqa: PLC0415  # after Django is set up
    from yipan.duties import erasurelist  # noqa: PLC0415

    listed = erasurelist.read(file)
    again = apply_erasures(listed, now())
    if as_json:
        show_json({"listed": len(listed), "erased_again": again})
        return
    console.say(
        f"清单 {len(listed)} 条，再次删除 {again} 条。", f"{len(listed)} listed, {again} erased again."
    )


@click.group()
def records() -> None:
    """Terms of keeping: how long what is written of persons is kept, and ending what is over. It shows nobody.

    Example: yipan records terms
    """


@records.command("terms")
@json_option
def terms(*, as_json: bool) -> None:
    """List every kind that says something of persons, with its terms as they hold today.

    Example: yipan records terms --json
    """
    console = Console()
    set_up(console)
    from yipan.duties.lawbook import lawbook  # noqa: PLC0415  # after Django is set up

    found: list[dict[str, Any]] = [
        {
            "kind": name,
            "title": dict(kind.title),
            "pack": kind.pack,
            "keeps": [_term(each) for each in kind.keeps],
            "kept_by_law": [_term(each) for each in kind.kept_by_law],
        }
        for name, kind in sorted(lawbook().kinds(now().astimezone(SHANGHAI).date()).items())
        if any(not each.clock for each in kind.fields.values())
    ]
    if as_json:
        show_json(found)
        return
    for each in found:
        said = "；".join(f"{term['for']}（{term['from']}）" for term in each["keeps"]) or "—"
        click.echo(f"{each['kind']:<36} {console.pick(each['title'])}  {said}")


def _term(each: Any) -> dict[str, Any]:  # noqa: ANN401  # of a room imported late
    return {"for": str(each.within), "from": each.start, "when": dict(each.when), "cite": each.cite.as_dict()}


@records.command("end")
@click.option("--now", "moment", type=MOMENT, help="As of this moment.")
@json_option
def end(moment: datetime | None, *, as_json: bool) -> None:
    """End what is over. The sweep of a served installation does it once a day by itself.

    Example: yipan records end
    """
    console = Console()
    set_up(console)
    from yipan.documents.ends import end_what_is_over  # noqa: PLC0415  # after Django is set up

    ended = end_what_is_over(min(moment or now(), now()), progress_line(console))
    if as_json:
        show_json({"cases": ended.cases, "entries": ended.entries, "rosters": ended.rosters})
        return
    console.say(
        f"保存期满：案件 {ended.cases} 件，记录 {ended.entries} 条，名册里没有办的行 {ended.rosters} 份。",
        f"Ended under retention: {ended.cases} cases, {ended.entries} entries, rows left in {ended.rosters} rosters.",
    )


COMMANDS = (erase, erasures, records)
