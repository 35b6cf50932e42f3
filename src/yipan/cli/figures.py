"""The commands `extract`, `report`, `assess` and `simulate`: figures about offices, never about persons."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from yipan.cli.console import MOMENT, SHANGHAI, Console, json_option, now, progress_line, set_up, show_json

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from yipan.offices.permit import Permit
    from yipan.statistics.reports import Prepared

_office = click.option("--office", required=True, metavar="CODE", help="Of which office, with those below it.")
_officer = click.option("--as", "officer", metavar="OFFICER", help="With whose rights.")
_moment = click.option("--now", "moment", type=MOMENT, help="As if it were this moment.")


def _acting(office: str, officer: str | None, moment: datetime | None) -> tuple[Permit, datetime]:
    set_up()
    from dataclasses import replace  # noqa: PLC0415  # with what follows

    from yipan.cli.acting import acting  # noqa: PLC0415  # after Django is set up

    permit, at = acting(office, officer, now()), moment or now()
    return replace(permit, until_at=max(permit.until_at, at)), at


@click.command()
@click.option("--step", type=click.IntRange(min=1), default=200_000, show_default=True, help="Entries of one step.")
@json_option
def extract(step: int, *, as_json: bool) -> None:
    """Bring the folder of figures up to date with the journal: counts that name nobody, as Parquet by month.

    Every command that counts does it first; run it at night where the journal is large. It locks nobody.

    Example: yipan extract
    """
    set_up()
    from yipan.statistics.extract import extract as run  # noqa: PLC0415  # after Django is set up

    console = Console()
    done = run(step=step, say=progress_line(console))
    if as_json:
        show_json({"entries": done.entries, "duties": done.duties, "months": done.months, "steps": done.steps, "anew": done.anew})
        return
    console.say(
        f"读入 {done.entries} 条记录、{done.duties} 项职责，重写 {done.months} 个月。",
        f"{done.entries} entries and {done.duties} duties were read, {done.months} months rewritten.",
    )


@click.command()
@click.argument("period")
@_office
@_officer
@_moment
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write a workbook (.xlsx).")
@click.option("--released", is_flag=True, help="As it may leave the office: small counts suppressed.")
@click.option("--report", "report_id", default="stat-level-by-level", show_default=True, help="Which report.")
@click.option("--file", "to_file", is_flag=True, help="File it: signed by the office, never changed afterwards.")
@click.option("--correct", "why", metavar="WHY", help="File a correction of what was filed, and say why.")
@json_option
def report(**options: Any) -> None:  # noqa: ANN401  # click hands over what the options say
    """Compute the report of an office for a period (2026Q3, 2026-10, 2026), check it, and write or file it.

    Ends with 1 when figures disagree, and says which figure disagrees with which.

    Example: yipan report 2026Q3 --office 450921 --out report.xlsx
    """
    permit, at = _acting(options["office"], options["officer"], options["moment"])
    from yipan.statistics import reports  # noqa: PLC0415  # after Django is set up
    from yipan.statistics.periods import parse_period  # noqa: PLC0415

    span, which = parse_period(options["period"]), options["report_id"]
    if options["to_file"]:
        filed = reports.file(permit, span, at, report=which)
    elif options["why"] is not None:
        filed = reports.correct(permit, span, at, options["why"], report=which)
    else:
        filed = None
    prepared = reports.prepare(permit, span, at, report=which, fresh=filed is None)
    if options["out"]:
        _write(options["out"], prepared, released=options["released"])
    _show(prepared, as_json=options["as_json"])
    if prepared.disagreements:
        raise SystemExit(1)


def _write(out: Path, prepared: Prepared, *, released: bool) -> None:
    from yipan.statistics.book import names_for, write_book  # noqa: PLC0415  # after Django is set up
    from yipan.statistics.reports import office_names  # noqa: PLC0415
    from yipan.statistics.words import titles  # noqa: PLC0415

    names = names_for(office_names(prepared.content), titles())
    with out.open("wb") as file:
        write_book(file, prepared, names, Console().language, released=released)


def _show(prepared: Prepared, *, as_json: bool) -> None:
    content, filed = prepared.content, prepared.filed
    if as_json:
        show_json(
            {
                "office": content.office, "period": content.period, "as_of": content.as_of,
                "by_rule": [_row(each) for each in content.by_rule],
                "by_office": [_row(each) for each in content.by_office],
                "indicators": {name: {"top": top, "bottom": bottom} for name, (top, bottom) in content.indicators.items()},
                "services": content.services,
                "disagreements": [
                    {"check": each.check.id, "office": each.office, "partner": each.partner, "what": each.what,
                     "left": each.left, "right": each.right, "zh": each.say("zh"), "en": each.say("en")}
                    for each in prepared.disagreements
                ],
                "missing": prepared.missing,
                "filed": {"event": filed.event, "at": filed.made_at, "digest": filed.digest, "why": filed.why,
                          "as_signed": filed.is_as_signed, "changed_since": prepared.has_changed} if filed else None,
            }
        )  # fmt: skip
        return
    console = Console()
    for row in content.by_rule:
        console.say(
            f"{row.name:<28} 到期 {row.due}  按期 {row.kept}  迟办 {row.late}  逾期 {row.overdue}  免除 {row.released}",
            f"{row.name:<28} due {row.due}  in time {row.kept}  late {row.late}  overdue {row.overdue}  released {row.released}",
        )
    for each in prepared.disagreements:
        click.echo(f"✗ {each.say(console.language)}")
    if not prepared.disagreements:
        console.say("校验全部相符。", "All checks agree.")
    if filed:
        at = filed.made_at.astimezone(SHANGHAI)
        console.say(f"已上报：{at:%Y-%m-%d %H:%M}，摘要值 {filed.digest[:16]}。", f"Filed {at:%Y-%m-%d %H:%M}, digest {filed.digest[:16]}.")


def _row(row: object) -> Mapping[str, object]:
    from dataclasses import asdict  # noqa: PLC0415  # only here

    return asdict(row)  # type: ignore[call-overload, no-any-return]  # a row of counts


COMMANDS = (extract, report)
