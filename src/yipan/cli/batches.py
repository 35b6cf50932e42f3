"""The commands `batch template`, `batch load` and `batch show`: departments' monthly returns, counts and never a name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from yipan.cli.console import MOMENT, Console, json_option, now, set_up, show_json

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from yipan.offices.permit import Permit
    from yipan.statistics.returns import Outcome
    from yipan.statistics.returnstatus import Standing

_from = click.option(
    "--from", "office", required=True, metavar="CODE:KIND", help="Whose return, such as 410102:police."
)
_month = click.option("--month", required=True, metavar="YYYY-MM", help="Of which month.")
_officer = click.option("--as", "officer", metavar="OFFICER", help="With whose rights.")
_STATES = {
    "in-time": ("按时", "in time"),
    "late": ("迟报", "late"),
    "missing": ("缺报", "missing"),
    "waiting": ("未到期", "not due yet"),
    "received": ("已收", "received"),
}
_CONTENTS = {"counts": ("有数字", "counts"), "nil": ("零通报", "nil")}


@click.group()
def batch() -> None:
    """Take in what departments send each month: counts by township, or that there was nothing.

    Example: yipan batch load 公安月报.xlsx --from 410102:police --month 2026-10
    """


def _acting(office: str, officer: str | None, moment: datetime | None = None) -> tuple[Permit, datetime]:
    set_up()
    from dataclasses import replace  # noqa: PLC0415  # with what follows

    from yipan.cli.acting import acting  # noqa: PLC0415  # after Django is set up

    permit, at = acting(office, officer, now()), moment or now()
    return replace(permit, until_at=max(permit.until_at, at)), at


@batch.command("template")
@_from
@_month
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    help="Where to write it: .xlsx to be filled in by people, .csv by programs.",
)
@json_option
def template(office: str, month: str, out: Path, *, as_json: bool) -> None:
    """Write the sheet that a department fills in: its columns, its townships, and the contract above them.

    Example: yipan batch template --from 410102:police --month 2026-10 --out 公安月报.xlsx
    """
    set_up()
    from yipan.offices.office import organisation  # noqa: PLC0415  # after Django is set up
    from yipan.statistics.returnform import form_for, write_form, write_form_as_text  # noqa: PLC0415
    from yipan.statistics.returns import named_month  # noqa: PLC0415

    console, where, span = Console(), organisation(office), named_month(month)
    form = form_for(where)
    if out.suffix.lower() == ".csv":
        out.write_text(write_form_as_text(form, where, span.name, console.language), encoding="utf-8-sig")
    else:
        with out.open("wb") as file:
            write_form(file, form, where, span.name, console.language)
    if as_json:
        show_json({"form": form.id, "version": form.version, "columns": list(form.columns), "file": str(out)})
        return
    console.say(f"表样写在 {out}。", f"The form is in {out}.")


@batch.command("load")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@_from
@_month
@click.option("--check", "only_check", is_flag=True, help="Only look: nothing is recorded.")
@click.option(
    "--mend",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where to write the sheet to be mended (.xlsx), when rows are wrong.",
)
@click.option(
    "--office",
    "entered_by",
    metavar="CODE",
    help="The health office that enters it from paper, for a department that is not on the system.",
)
@click.option("--at", "arrived_at", type=MOMENT, help="When the paper arrived (--office).")
@click.option(
    "--evidence",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="What shows when it arrived (--office).",
)
@_officer
@json_option
def load(**options: Any) -> None:  # noqa: ANN401  # click hands over what the options say
    """Take in a department's return. Another for the same month takes the place of the one before, which stays.

    A file that breaks its contract is kept out whole, with the reasons; so is one that says anything about a person. Ends
    with 1 when nothing was taken in.

    What came on paper is typed into the template, and entered by the health office that it was sent to: it says when the
    paper arrived and shows it; the journal says who entered it for whom.

    Example: yipan batch load 公安月报.xlsx --from 410102:police --month 2026-10 --mend 改.xlsx
    """
    if not options["file"].is_file():
        message = f"there is no file {options['file']}"
        raise click.BadParameter(message, param_hint="FILE")
    entered_by = options["entered_by"]
    if bool(entered_by) != bool(options["arrived_at"] and options["evidence"]):
        message = (
            "--office, --at and --evidence go together: what came on paper, and what shows when it arrived"
        )
        raise click.UsageError(message)
    permit, at = _acting(entered_by or options["office"], options["officer"])
    from yipan.offices.office import organisation  # noqa: PLC0415  # after Django is set up
    from yipan.statistics import returns  # noqa: PLC0415

    whose = organisation(options["office"]).id
    found = returns.check(permit, options["file"].read_bytes(), options["month"], at, office=whose)
    if not options["only_check"]:
        found = _take(permit, found, whose, at, options)
    if found.faults and options["mend"]:
        _write_mend(options["mend"], whose, found)
    if options["as_json"]:
        from yipan.statistics.returntold import outcome_data  # noqa: PLC0415  # after Django is set up

        show_json(outcome_data(found))
    else:
        _say(found, mend=options["mend"], only_check=options["only_check"])
    if found.state in (returns.KEPT_OUT, returns.TO_MEND):
        raise click.exceptions.Exit(1)


def _take(permit: Permit, found: Outcome, whose: str, at: datetime, options: Mapping[str, Any]) -> Outcome:
    """Keep out what breaks its contract; take in the rest, with the evidence where it came on paper."""
    from yipan.documents.verbs import keep_evidence  # noqa: PLC0415  # after Django is set up
    from yipan.statistics import returns  # noqa: PLC0415
    from yipan.statistics.paperreturns import Paper  # noqa: PLC0415

    if found.state == returns.KEPT_OUT:
        returns.keep_out(permit, found.read, at, office=whose)
    evidence: Path | None = options["evidence"]
    if found.state != returns.LOADED or evidence is None:
        return returns.take_in(permit, found, at)
    digest = keep_evidence(permit, evidence.name, evidence.read_bytes(), at)
    return returns.take_in(
        permit, found, at, paper=Paper(office=whose, arrived_at=options["arrived_at"], evidence=digest)
    )


def _write_mend(target: Path, whose: str, found: Outcome) -> None:
    from yipan.offices.office import organisation  # noqa: PLC0415  # after Django is set up
    from yipan.statistics.returnform import write_form  # noqa: PLC0415

    with target.open("wb") as file:
        write_form(
            file, found.read.form, organisation(whose), found.read.month, Console().language,
            filled=found.read.counts, faults=found.faults,
        )  # fmt: skip


def _say(found: Outcome, *, mend: Path | None, only_check: bool) -> None:
    console = Console()
    wrong = [*((each.zh, each.en) for each in found.reasons), *((each.zh, each.en) for each in found.faults)]
    for zh, en in wrong:
        console.say(f"✗ {zh}", f"✗ {en}")
    if found.reasons:
        console.say(
            "整份没有收，请改正后重报。", "Nothing of the file was taken in: mend it and send it again."
        )
    elif found.faults:
        if mend:
            console.say(f"要改的格写在 {mend}。", f"The cells to mend are in {mend}.")
        console.say("没有收，改好以后重报。", "Nothing was taken in: mend it and send it again.")
    elif found.state == "already":
        console.say("与已收的一样，没有重复记录。", "It is what came before: nothing was recorded again.")
    elif only_check:
        console.say("可以收，还没有记录。", "It can be taken in; nothing was recorded.")
    else:
        console.say(
            f"已收 {found.read.month}" + ("，取代先前所报。" if found.replaced else "。"),
            f"{found.read.month} was taken in"
            + (", in the place of what came before." if found.replaced else "."),
        )


@batch.command("show")
@click.option("--office", required=True, metavar="CODE", help="Sent to, or by, which office.")
@_month
@_officer
@click.option("--now", "moment", type=MOMENT, help="As if it were this moment.")
@json_option
def show(office: str, month: str, officer: str | None, moment: datetime | None, *, as_json: bool) -> None:
    """Show how a month's returns stand: in time, late, missing, nil; and what was taken in.

    Example: yipan batch show --office 410102 --month 2026-10
    """
    permit, at = _acting(office, officer, moment)
    from yipan.statistics.returns import named_month  # noqa: PLC0415  # after Django is set up
    from yipan.statistics.returnstatus import standings  # noqa: PLC0415

    found = standings(permit, named_month(month), at)
    if as_json:
        from yipan.statistics.returntold import standing_data  # noqa: PLC0415  # after Django is set up

        show_json([standing_data(each) for each in found])
        return
    console = Console()
    for each in found:
        _say_standing(console, each)
    if not found:
        console.say("这个月没有应报的部门。", "No department owes a return for that month.")


def _say_standing(console: Console, each: Standing) -> None:
    state = _STATES[each.state]
    content = _CONTENTS.get(each.content, ("", ""))
    measures = "  ".join(
        f"{one.title[console.language]} {one.top}/{one.bottom}" for one in each.measures if one.bottom
    )
    by = each.kept.entered_by if each.kept else ""
    console.say(
        f"{state[0]:<4} {each.name} {content[0]}{f'（{by} 据纸质代录）' if by else ''}  {measures}".rstrip(),
        f"{state[1]:<12} {each.name} {content[1]}{f' (from paper, by {by})' if by else ''}  {measures}".rstrip(),
    )


COMMANDS = (batch,)
