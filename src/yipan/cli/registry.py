"""Commands of the register: `import roster`, `import continue`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import click

from yipan.cli.console import Console, json_option, now, progress_line, set_up, show_json

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from yipan.offices.permit import Permit
    from yipan.registry.importing import Outcome

#: Told to whoever stopped an import.
STOPPED_CODE = 130


@click.group("import")
def import_() -> None:
    """Bring in what offices keep in files.

    Example: yipan import roster 名册.xlsx --office 440104001 --ground consent
    """


@import_.command("roster")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--office", required=True, metavar="CODE", help="Whose register it enters.")
@click.option(
    "--ground",
    type=click.Choice(["consent"]),
    help="consent: the signed forms are on file. Not needed where a column says who agrees.",
)
@click.option(
    "--rejects",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where to write the rows that go back, as .xlsx.",
)
@click.option("--as", "officer", help="The officer who acts.")
@click.option(
    "--hands",
    type=click.IntRange(1, 8),
    help="How many processes enter rows; one more than there are cores when not said.",
)
@json_option
def roster(  # noqa: PLR0913  # an option each
    file: Path,
    office: str,
    ground: str | None,
    rejects: Path | None,
    officer: str | None,
    hands: int | None,
    *,
    as_json: bool,
) -> None:
    """Enrol the people of a roster. May be stopped with Ctrl-C; the same command goes on where it was.

    Exit code 1 when rows go back. The same file once more changes nothing.

    Example: yipan import roster 名册.xlsx --office 440104001 --ground consent --rejects 退回.xlsx
    """
    if not file.is_file():
        message = f"there is no file {file}"
        raise click.BadParameter(message, param_hint="FILE")
    console = Console()
    set_up(console)
    from yipan.cli.acting import acting  # noqa: PLC0415  # after Django is set up
    from yipan.offices.office import organisation  # noqa: PLC0415
    from yipan.registry import importing, running  # noqa: PLC0415
    from yipan.registry.intake import STATEMENT  # noqa: PLC0415
    from yipan.registry.sheets import open_roster  # noqa: PLC0415

    permit = acting(office, officer, now())
    read = open_roster(file, file.name)
    for warning in read.warnings:
        console.note(warning.zh if console.language == "zh" else warning.en)
    try:
        intake = running.run(
            permit,
            read,
            ground=STATEMENT if ground else "",
            division=organisation(office).division,
            clock=now,
            hands=hands or running.usual_hands(),
            told=_teller(console),
        )
    except KeyboardInterrupt:
        console.note(
            "已停下。已录入的不会丢失；再运行同一条命令，会从断点继续。"
            if console.language == "zh"
            else "Stopped. What was entered stays; the same command goes on where it was."
        )
        raise click.exceptions.Exit(STOPPED_CODE) from None
    _report(console, permit, importing.outcome(permit, intake), rejects, as_json=as_json)


@import_.command("continue")
@click.argument("roster", type=click.UUID)
@click.option("--office", required=True, metavar="CODE", help="Whose register it enters.")
@click.option("--as", "officer", help="The officer who acts.")
@click.option(
    "--file",
    type=click.File("rb"),
    help="Its file once more, where it has not been read to its end; - for standard input.",
)
@json_option
def continue_(
    roster: UUID, office: str, officer: str | None, file: BinaryIO | None, *, as_json: bool
) -> None:
    """Go on with a roster that somebody agreed to, by its id: enter what waits.

    Exit code 1 when rows go back.

    Example: yipan import continue 0190b7c2-6a52-7c3e-8d5f-2f1f6c3f9a10 --office 440104001
    """
    console = Console()
    set_up(console)
    from yipan.cli.acting import acting  # noqa: PLC0415  # after Django is set up
    from yipan.registry import importing, rosterdesk  # noqa: PLC0415
    from yipan.registry.sheets import open_roster  # noqa: PLC0415

    permit = acting(office, officer, now())
    read = open_roster(file.read(), getattr(file, "name", "roster")) if file else None
    rosterdesk.go_on(permit, roster, now, read)
    _report(console, permit, importing.outcome(permit, roster), None, as_json=as_json)


def _teller(console: Console) -> Callable[[int, int], None] | None:
    """Return a teller of progress when somebody is watching."""
    if progress_line(console) is None:
        return None
    zh = console.language == "zh"

    def tell(rows: int, entered: int) -> None:
        line = f"已读 {rows} 行，已录入 {entered} 行" if zh else f"{rows} rows read, {entered} entered"
        sys.stderr.write(f"\r{line}")
        sys.stderr.flush()

    return tell


def _report(console: Console, permit: Permit, found: Outcome, rejects: Path | None, *, as_json: bool) -> None:
    if rejects:
        _write_rejects(console, permit, found.intake, rejects)
    if as_json:
        show_json(_as_json(found))
    else:
        console.say(
            f"共{found.rows}行：录入{found.accepted}，退回{found.rejected}，已在册或重复{found.duplicates}，不同意（只计人数）{found.declined}。",
            f"{found.rows} rows: {found.accepted} entered, {found.rejected} go back, {found.duplicates} there already,"
            f" {found.declined} declined (counted only).",
        )
        for warning in found.warnings:
            if "count" in warning:
                console.say(warning["zh"], warning["en"])
        if found.questions:
            console.say(
                f"有{found.questions}对登记可能是同一个人，请在“人员”页认定。",
                f"{found.questions} pairs of entries may be one person: decide on the page People.",
            )
        if rejects and (found.rejected or found.duplicates):
            console.say(
                f"退回的行写在 {rejects}，改好后再导入这份文件即可。",
                f"The rows that go back are in {rejects}: mend it and import that file.",
            )
    if found.rejected:
        raise click.exceptions.Exit(1)


def _as_json(found: Outcome) -> dict[str, Any]:
    return {
        "rows": found.rows,
        "accepted": found.accepted,
        "rejected": found.rejected,
        "duplicates": found.duplicates,
        "declined": found.declined,
        "warnings": list(found.warnings),
        "questions": found.questions,
        "events": found.events,
        "duties": found.duties,
        "roster": found.intake,
    }


def _write_rejects(console: Console, permit: Permit, intake: UUID, rejects: Path) -> None:
    from yipan.registry.goingback import going_back  # noqa: PLC0415  # after Django is set up
    from yipan.registry.rejects import write_rejects  # noqa: PLC0415

    back = going_back(permit, intake, now())
    write_rejects(rejects, back.returned, back.duplicates, "zh" if console.language == "zh" else "en")


COMMANDS = (import_,)
