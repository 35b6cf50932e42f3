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
    from yipan.statistics.assessment import Assessment, Card
    from yipan.statistics.checks import Disagreement
    from yipan.statistics.counted import Simulated
    from yipan.statistics.periods import Span
    from yipan.statistics.reports import Prepared

_office = click.option(
    "--office", required=True, metavar="CODE", help="Of which office, with those below it."
)
_officer = click.option("--as", "officer", metavar="OFFICER", help="With whose rights.")
_moment = click.option("--now", "moment", type=MOMENT, help="As if it were this moment.")
_engine = click.option(
    "--engine", metavar="ENGINE", default="", envvar="YIPAN_FIGURES_ENGINE",
    help="What counts: duckdb (default), spark on this machine, or Spark at a URL such as spark://host:7077.",
)  # fmt: skip


def _acting(office: str, officer: str | None, moment: datetime | None) -> tuple[Permit, datetime]:
    set_up()
    from dataclasses import replace  # noqa: PLC0415  # with what follows

    from yipan.cli.acting import acting  # noqa: PLC0415  # after Django is set up

    permit, at = acting(office, officer, now()), moment or now()
    return replace(permit, until_at=max(permit.until_at, at)), at


@click.command()
@click.option(
    "--step", type=click.IntRange(min=1), default=200_000, show_default=True, help="Entries of one step."
)
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
        show_json(
            {
                "entries": done.entries,
                "duties": done.duties,
                "months": done.months,
                "steps": done.steps,
                "anew": done.anew,
            }
        )
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
@_engine
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write a workbook (.xlsx), or the bulletin for the public (.pdf).",
)
@click.option("--released", is_flag=True, help="As it may leave the office: small counts suppressed.")
@click.option("--report", "report_id", default="stat-level-by-level", show_default=True, help="Which report.")
@click.option(
    "--file", "to_file", is_flag=True, help="File it: signed by the office, never changed afterwards."
)
@click.option("--correct", "why", metavar="WHY", help="File a correction of what was filed, and say why.")
@click.option("--examine", metavar="CODE", help="Say of the report of an office below that it was examined.")
@click.option(
    "--result",
    type=click.Choice(["accepted", "sent-back"]),
    default="accepted",
    help="What came of it (--examine).",
)
@click.option("--minutes", default="", metavar="TEXT", help="What was found (--examine).")
@json_option
def report(**options: Any) -> None:  # noqa: ANN401  # click hands over what the options say
    """Compute the report of an office for a period (2026Q3, 2026-10, 2026), check it, and write or file it.

    Ends with 1 when figures disagree, and says which figure disagrees with which.

    Example: yipan report 2026Q3 --office 450921 --out report.xlsx
    """
    permit, at = _acting(options["office"], options["officer"], options["moment"])
    from yipan.statistics import checks, reports  # noqa: PLC0415  # after Django is set up
    from yipan.statistics.periods import parse_period  # noqa: PLC0415

    span, which = parse_period(options["period"]), options["report_id"]
    if options["examine"]:
        _examine(permit, span, at, options)
        return
    with checks.counted(span, at, on=options["engine"]) as engine:
        if options["to_file"]:
            reports.file(permit, span, at, report=which, engine=engine)
        elif options["why"] is not None:
            reports.correct(permit, span, at, options["why"], report=which, engine=engine)
        prepared = reports.prepare(permit, span, at, report=which, engine=engine)
    if options["out"]:
        _write(options["out"], prepared, released=options["released"], bulletin=(permit, span, at))
    _show(prepared, as_json=options["as_json"])
    if prepared.disagreements:
        raise SystemExit(1)


def _examine(permit: Permit, span: Span, at: datetime, options: Mapping[str, Any]) -> None:
    from yipan.offices.office import organisation  # noqa: PLC0415  # after Django is set up
    from yipan.statistics import reports  # noqa: PLC0415

    below = organisation(options["examine"]).id
    done = reports.examine(
        permit, below, span.name, at,
        result=options["result"], minutes=options["minutes"], report=options["report_id"],
    )  # fmt: skip
    if options["as_json"]:
        show_json({"event": done.events[0], "office": below, "result": options["result"]})
        return
    Console().say("审阅意见已记录。", "What was found is recorded.")


def _write(out: Path, prepared: Prepared, *, released: bool, bulletin: tuple[Permit, Span, datetime]) -> None:
    from yipan.statistics.book import names_for, write_book  # noqa: PLC0415  # after Django is set up
    from yipan.statistics.reports import office_names  # noqa: PLC0415
    from yipan.statistics.words import titles  # noqa: PLC0415

    if out.suffix.lower() == ".pdf":
        from yipan.statistics.bulletin import bulletin_pdf  # noqa: PLC0415  # only here

        out.write_bytes(bulletin_pdf(*bulletin, Console().language))
        return
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
                "disagreements": [_disagreement(each) for each in prepared.disagreements],
                "elsewhere": [_disagreement(each) for each in prepared.elsewhere],
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
    from yipan.offices.office import names_of  # noqa: PLC0415  # after Django is set up

    found = (*prepared.disagreements, *prepared.elsewhere)
    names = names_of({office for each in found for office in (each.office, each.partner) if office})
    for each in prepared.disagreements:
        click.echo(f"✗ {each.say(console.language, names)}")
    if not prepared.disagreements:
        console.say("校验全部相符。", "All checks agree.")
    if prepared.elsewhere:
        console.say(
            "与对方或者部门所记不一致的，不影响上报：",
            "What another end holds differently, which holds up no report:",
        )
    for each in prepared.elsewhere:
        click.echo(f"△ {each.say(console.language, names)}")
    if filed:
        at = filed.made_at.astimezone(SHANGHAI)
        console.say(
            f"已上报：{at:%Y-%m-%d %H:%M}，摘要值 {filed.digest[:16]}。",
            f"Filed {at:%Y-%m-%d %H:%M}, digest {filed.digest[:16]}.",
        )


def _disagreement(each: Disagreement) -> dict[str, object]:
    return {
        "check": each.check.id, "office": each.office, "partner": each.partner, "what": each.what,
        "left": each.left, "right": each.right, "zh": each.say("zh"), "en": each.say("en"),
    }  # fmt: skip


def _row(row: object) -> Mapping[str, object]:
    from dataclasses import asdict  # noqa: PLC0415  # only here

    return asdict(row)  # type: ignore[call-overload, no-any-return]  # a row of counts


@click.command()
@click.option("--from", "first", type=MOMENT, required=True, metavar="DAY", help="From this day on.")
@click.option("--to", "after", type=MOMENT, required=True, metavar="DAY", help="Until before this day.")
@_office
@_officer
@_moment
@_engine
@json_option
def assess(**options: Any) -> None:  # noqa: ANN401  # click hands over what the options say
    """Assess an office and those right below it, each by what the other ends hold.

    Example: yipan assess --from 2026-01-01 --to 2026-04-01 --office 450921
    """
    permit, at = _acting(options["office"], options["officer"], options["moment"])
    from yipan.statistics.assessment import assess as run  # noqa: PLC0415  # after Django is set up
    from yipan.statistics.assessment import stretch  # noqa: PLC0415
    from yipan.statistics.checks import counted  # noqa: PLC0415

    span = stretch(options["first"].date(), options["after"].date())
    with counted(span, at, on=options["engine"]) as engine:
        found = run(permit, span, at, engine=engine)
    if options["as_json"]:
        show_json(
            {
                "office": found.office, "from": found.first_on, "to": found.after_on, "fewest": found.fewest,
                "offices": [_card(each) for each in found.cards],
                "pairs": [{**_row(each), "unarrived": each.unarrived} for each in found.pairs],
                "ways_to_look_better": [_row(each) for each in found.tricks],
            }
        )  # fmt: skip
        return
    console = Console()
    for each in found.cards:
        place = "●" if each.red else str(each.rank or "–")
        told = f"{each.low}–{each.high}%" if each.low is not None else "–"
        console.say(
            f"{place:>3} {each.name}  得分 {each.score if each.score is not None else '–'}  按期 {each.kept}/{each.due}（{told}）",
            f"{place:>3} {each.name}  score {each.score if each.score is not None else '–'}  in time {each.kept}/{each.due} ({told})",
        )
    _say_findings(console, found)


def _say_findings(console: Console, found: Assessment) -> None:
    """Say where two ends disagree, and what may be a way to look better."""
    from yipan.statistics.gaming import TRICKS  # noqa: PLC0415  # after Django is set up

    for pair in found.pairs:
        if pair.unarrived or pair.early:
            ends = " → ".join(found.names.get(each, each) for each in (pair.debtor, pair.creditor))
            console.say(
                f"△ {ends}：发出 {pair.sent}，对方收到 {pair.arrived}，收到早于发出 {pair.early}",
                f"△ {ends}: sent {pair.sent}, arrived {pair.arrived}, arrived before they were sent {pair.early}",
            )
    for each in found.tricks:
        name = found.names.get(each.office, each.office)
        console.say(
            f"△ {name}：{TRICKS[each.trick]['zh']} {each.times}/{each.among}",
            f"△ {name}: {TRICKS[each.trick]['en']} {each.times}/{each.among}",
        )


def _card(card: Card) -> dict[str, object]:
    return {
        "office": card.office, "name": card.name, "rank": card.rank, "score": card.score, "base": card.base,
        "bonus": card.bonus, "red": card.red, "due": card.due, "kept": card.kept, "low": card.low, "high": card.high,
        "even_with_one_before": card.even_with_one_before,
        "figures": [
            {"figure": each.definition.id, "top": each.top, "bottom": each.bottom, "target": each.target,
             "weight": each.weight, "contested": each.contested}
            for each in card.figures
        ],
    }  # fmt: skip


@click.command()
@click.argument("pack", required=False)
@click.option(
    "--rule", "rule_id", metavar="RULE", help="Instead of a pack: an adopted rule, with another period."
)
@click.option("--within", metavar="PERIOD", help="That period, as '10 working_days'.")
@click.option("--from", "first", type=MOMENT, required=True, metavar="DAY", help="From this day on.")
@click.option("--to", "after", type=MOMENT, required=True, metavar="DAY", help="Until before this day.")
@click.option("--office", metavar="CODE", help="Only what this office and those below it owe (default: all).")
@_officer
@_moment
@json_option
def simulate(**options: Any) -> None:  # noqa: ANN401  # click hands over what the options say
    """Replay what happened under a draft: a pack's folder, a pack by name, or a rule with another period.

    Nothing is recorded. Stopped and begun again with the same words it goes on where it was.

    Example: yipan simulate --rule birth-reg-reply-15wd --within "10 working_days" --from 2026-01-01 --to 2026-04-01
    """
    set_up()
    from yipan.statistics.assessment import stretch  # noqa: PLC0415  # after Django is set up
    from yipan.statistics.draftlaw import draft_pack, with_clock  # noqa: PLC0415
    from yipan.statistics.hands import usual_hands  # noqa: PLC0415
    from yipan.statistics.simulate import simulate as run  # noqa: PLC0415

    if bool(options["pack"]) == bool(options["rule_id"] and options["within"]):
        message = "say a PACK, or --rule with --within"
        raise click.UsageError(message)
    permit, at = None, options["moment"] or now()
    if options["office"]:
        permit, at = _acting(options["office"], options["officer"], options["moment"])
    span = stretch(options["first"].date(), options["after"].date())
    draft = (
        draft_pack(options["pack"])
        if options["pack"]
        else with_clock(options["rule_id"], options["within"], span.first_on)
    )
    console = Console()
    try:
        found = run(draft, span, at, permit=permit, say=progress_line(console), hands=usual_hands())
    except KeyboardInterrupt:
        stopped = {
            "zh": "已停下。用同样的参数再运行一次，就从停下的地方接着算。",
            "en": "Stopped. Begun again with the same words it goes on where it was.",
        }
        console.note(console.pick(stopped))
        raise click.Abort from None
    if options["as_json"]:
        show_json(
            {
                "cases": found.cases, "events": found.events,
                "rules": [{"rule": each, "happened": vars(found.happened[each]), "drafted": vars(found.drafted[each])} for each in found.rules()],
                "weeks": [{"office": office, "week": week, "happened": was, "drafted": would} for (office, week), (was, would) in sorted(found.weeks.items())],
            }
        )  # fmt: skip
        return
    for each in found.rules():
        was, would = found.happened[each], found.drafted[each]
        console.say(
            f"{each:<30} 到期 {was.due} → {would.due}  没有按期 {was.lapsed} → {would.lapsed}  新产生 {was.opened} → {would.opened}",
            f"{each:<30} due {was.due} → {would.due}  not in time {was.lapsed} → {would.lapsed}  opened {was.opened} → {would.opened}",
        )
    _say_weeks(console, found)


def _say_weeks(console: Console, found: Simulated) -> None:
    """Say the workload of each office and week of which the draft makes another."""
    from yipan.offices.office import names_of  # noqa: PLC0415  # after Django is set up

    changed = sorted((key, counts) for key, counts in found.weeks.items() if counts[0] != counts[1])
    names = names_of({office for (office, _), _ in changed})
    for (office, week), (was, would) in changed:
        name = names.get(office, office)
        console.say(
            f"{week} 这一周  {name}  到期 {was} → {would}", f"Week of {week}  {name}  due {was} → {would}"
        )


COMMANDS = (extract, report, assess, simulate)
