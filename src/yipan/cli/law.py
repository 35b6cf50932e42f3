"""Commands of the law: `due`, `migrant`, `packs`. Those that only compute touch no database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from yipan.cli.console import MOMENT, SHANGHAI, Console, json_option, now, set_up, show_json
from yipan.cli.coverage import coverage_command
from yipan.database import pack_places, rule_packs
from yipan.duties import lawdesk
from yipan.duties.lawdesk import DueAsked
from yipan.errors import FaultsFoundError
from yipan.law.check import check_packs
from yipan.law.definition import check_definitions, read_definitions
from yipan.law.example import run_examples
from yipan.law.pack import Pack, read_packs, shown
from yipan.law.reading import Faults
from yipan.law.rulebook import Adoption, Rulebook
from yipan.offices.divisions import carried, line_of

if TYPE_CHECKING:
    from datetime import date, datetime

    from yipan.law.kind import Kind
    from yipan.law.rule import Overlay, Rule


def packs_or_faults() -> list[Pack]:
    """Return every pack on disk.

    Raises:
        FaultsFoundError: all faults of all packs.
    """
    faults = Faults()
    packs = read_packs(rule_packs(), faults, pack_places())
    check_packs(packs, faults)
    if faults.lines:
        raise FaultsFoundError(faults.lines)
    return packs


def _rulebook() -> Rulebook:
    return Rulebook([Adoption(pack=pack) for pack in packs_or_faults()])


@click.command()
@click.argument("rule", required=False)
@click.option("--on", "on", type=MOMENT, required=True, help="The day or moment it counts from.")
@click.option("--owed-by", metavar="CODE", help="The organisation that owes it.")
@click.option("--owed-to", metavar="CODE", help="Whom it is owed to: an organisation, `person` or `public`.")
@click.option(
    "--priority",
    type=click.Choice(["normal", "urgent"]),
    default="normal",
    show_default=True,
    help="For rules that have a clock for each.",
)
@click.option("--within", metavar="TEXT", help='A period instead of a rule, as "15 working_days".')
@json_option
def due(*, within: str | None, as_json: bool, **said: Any) -> None:  # noqa: ANN401  # click's options, typed in DueAsked
    """Say by when something is due, under which article, and which days counted.

    Example: yipan due birth-reg-reply-15wd --on 2026-03-02 --owed-by 450921100 --owed-to 440104001
    """
    asked = DueAsked(
        on=said["on"],
        rule=said["rule"] or "",
        owed_by=said["owed_by"] or "",
        owed_to=said["owed_to"] or "",
        priority=said["priority"],
        within=within or "",
    )
    answer = lawdesk.due(asked, _rulebook())
    if as_json:
        show_json(answer)
    else:
        _say_due(answer, Console())


def _last_moment(due_on: date, due_at: datetime) -> tuple[str, str]:
    """Return the end of a day in words, or the minute at which a period in hours ends."""
    ends = due_at.astimezone(SHANGHAI)
    if ends.date() == due_on:
        return f"{ends:%Y-%m-%d %H:%M} 前", f"by {ends:%Y-%m-%d %H:%M}"
    return f"{due_on:%Y-%m-%d} 24时前", f"by the end of {due_on:%Y-%m-%d}"


def _say_due(answer: dict[str, Any], console: Console) -> None:
    if answer["due_on"] is None:
        console.say("长期有效，没有期限。", "A standing duty: it has no clock.")
    else:
        mark_zh = "（暂定：该年度放假安排尚未公布）" if answer["provisional"] else ""
        mark_en = " (provisional: that year's notice is not published)" if answer["provisional"] else ""
        zh, en = _last_moment(answer["due_on"], answer["due_at"])
        console.say(f"到期：{zh}{mark_zh}", f"Due: {en}{mark_en}")
    console.say(f"期限：{answer['within']}", f"Within: {answer['within']}")
    if cite := answer["cite"]:
        text = " ".join(str(value) for value in cite.values())
        console.say(f"依据：{text}（{answer['version']} 起）", f"Under: {text} (from {answer['version']})")
    if answer["counted"]:
        days = " ".join(f"{day:%m-%d}" for day in answer["counted"])
        console.say(f"计入的日子：{days}", f"Days counted: {days}")


@click.command("migrant")
@click.option("--home", required=True, metavar="CODE", help="Where she is registered.")
@click.option("--residence", required=True, metavar="CODE", help="Where she lives now.")
@click.option("--reason", required=True, help="work, life, study, medical, travel, visit or business-trip.")
@click.option("--on", "on", type=MOMENT, help="The day; today when not said.")
@json_option
def migrant_command(home: str, residence: str, reason: str, on: datetime | None, *, as_json: bool) -> None:
    """Say whether somebody counts as living away from home. Nobody is turned away for not counting.

    Example: yipan migrant --home 450921100 --residence 440104001 --reason work
    """
    found = lawdesk.counts(home, residence, reason, (on or now()).date(), _rulebook())
    console = Console()
    because = console.pick(found["because"])
    if as_json:
        show_json({**found, "because": because})
        return
    console.say(
        "计入流动人口。" if found["migrant"] else "不计入流动人口。",
        "Counts." if found["migrant"] else "Does not count.",
    )
    click.echo(because)


@click.group()
def packs() -> None:
    """Rule packs: check them, list them, show a rule, adopt a pack.

    Example: yipan packs show birth-reg-reply-15wd
    """


@packs.command("check")
@json_option
def check(*, as_json: bool) -> None:
    """Read every pack, run its examples, and say all faults at once, by file and key; of the figures' own texts by line.

    Example: yipan packs check
    """
    from yipan.statistics.scorings import check_scorings, read_scorings  # noqa: PLC0415  # with what follows
    from yipan.statistics.tablecheck import check_tables  # noqa: PLC0415  # sqlglot is large, and only this needs it
    from yipan.statistics.tablecheck import texts as tables  # noqa: PLC0415

    faults = Faults()
    found = read_packs(rule_packs(), faults)
    check_packs(found, faults)
    definitions = read_definitions(rule_packs(), faults)
    check_definitions(definitions, found, faults)
    check_scorings(read_scorings(rule_packs(), faults), definitions, faults)
    check_tables(tables(), {one.id for one in definitions if one.sort == "consistency"}, faults)
    texts = _example_texts()
    if not faults.lines:
        book = Rulebook([Adoption(pack=shown(pack)) for pack in found])
        faults.lines.extend(run_examples(texts, book, lambda organisation: line_of(organisation, carried())))
    if as_json:
        show_json({"packs": len(found), "examples": len(texts), "faults": faults.lines})
    else:
        for line in faults.lines:
            click.echo(line)
        Console().say(
            f"{len(found)} 个规则包，{len(faults.lines)} 处问题。",
            f"{len(found)} packs, {len(faults.lines)} faults.",
        )
    if faults.lines:
        raise click.exceptions.Exit(1)


def _example_texts() -> dict[str, str]:
    """Return the files of examples beside the rules, by their path below the folder of rule packs."""
    root = rule_packs()
    paths = sorted(root.glob("*/*/examples/*.yaml"))
    return {path.relative_to(root).as_posix(): path.read_text(encoding="utf-8") for path in paths}


@packs.command("list")
@json_option
def list_packs(*, as_json: bool) -> None:
    """List the packs with their days of force, and their rules.

    Example: yipan packs list --json
    """
    found = packs_or_faults()
    if as_json:
        show_json([lawdesk.pack_data(pack) for pack in found])
        return
    console = Console()
    for pack in found:
        until = pack.until_on or "…"
        click.echo(f"{pack.name}  {pack.from_on} – {until}  {console.pick(pack.title)}")
        listed: list[Rule | Overlay] = [*pack.rules.values(), *pack.overlays]
        for rule in listed:
            click.echo(f"    {rule.id}  {console.pick(rule.title)}")


@packs.command("show")
@click.argument("name")
@json_option
def show(name: str, *, as_json: bool) -> None:
    """Show a rule with its versions and overlays, or the roles and fields of an event kind.

    Example: yipan packs show verification.answered
    """
    kind = next((pack.kinds[name] for pack in packs_or_faults() if name in pack.kinds), None)
    if kind:
        _show_kind(kind, as_json=as_json)
    else:
        _show_rule(name, as_json=as_json)


def _show_kind(kind: Kind, *, as_json: bool) -> None:
    if as_json:
        show_json(lawdesk.kind_data(kind))
        return
    console = Console()
    click.echo(f"{kind.name}  {console.pick(kind.title)}")
    if kind.help:
        click.echo(console.pick(kind.help))
    for role in kind.roles.values():
        click.echo(f"  {role.name}{'' if role.required else '?'}=CODE  {console.pick(role.title)}")
    for field in kind.fields.values():
        shape = "|".join(field.choices) or field.type
        click.echo(f"  {field.name}{'' if field.required else '?'}={shape}  {console.pick(field.title)}")


def _show_rule(rule: str, *, as_json: bool) -> None:
    found = lawdesk.defined(rule, packs_or_faults(), _rulebook())
    answer = lawdesk.rule_data(rule, found)
    if as_json:
        show_json(answer)
        return
    console = Console()
    click.echo(f"{rule}  {console.pick(found[0][1].title)}")
    for each in list(answer["text"].values())[:1]:
        click.echo(console.pick(each))
    for row in answer["versions"]:
        cite = " ".join(row["cite"].values())
        click.echo(
            f"  {row['from']} – {row['until'] or '…'}  {row['pack']} {row['rule']}: {row['within']}  {cite}"
        )


@packs.command("adopt")
@click.argument("names", nargs=-1, required=True, metavar="PACK...")
@click.option("--office", default="00", show_default=True, metavar="CODE", help="Who adopts.")
@click.option("--as", "officer", metavar="OFFICER", help="With whose rights.")
@click.option("--effective-on", type=MOMENT, help="From which day this edition replaces an earlier one.")
@json_option
def adopt_command(
    names: tuple[str, ...], office: str, officer: str | None, effective_on: datetime | None, *, as_json: bool
) -> None:
    """Adopt rule packs here, by an event that keeps their very texts.

    Example: yipan packs adopt decree-555 rong-2008
    """
    set_up()
    # These rooms hold tables, and can be imported once Django is set up.
    from yipan.cli.acting import acting  # noqa: PLC0415
    from yipan.duties.adopting import adopt  # noqa: PLC0415

    moment = now()
    receipt = adopt(
        names,
        root=rule_packs(),
        permit=acting(office, officer, moment),
        now=moment,
        effective_on=effective_on.date() if effective_on else None,
    )
    if as_json:
        show_json(
            {
                "adopted": list(names),
                "events": receipt.events,
                "already": receipt.already,
                "recomputed": receipt.recomputed,
            }
        )
    else:
        Console().say(f"已采用：{'、'.join(names)}", f"Adopted: {', '.join(names)}")


packs.add_command(coverage_command)
COMMANDS = (due, migrant_command, packs)
