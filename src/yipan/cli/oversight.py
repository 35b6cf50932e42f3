"""Commands of looks and who sees to them: `glass` (in need, for some hours) and `oversight` (whoever audits)."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from yipan.cli.console import SHANGHAI, Console, json_option, now, set_up, show_json

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar
    from uuid import UUID

    from yipan.offices.permit import Permit

    Function = TypeVar("Function", bound=Callable[..., Any])


def _who_acts(function: Function) -> Function:
    """Give a command `--office` and `--as`."""
    function = click.option("--as", "officer", metavar="OFFICER", help="The officer who acts.")(function)
    return click.option("--office", required=True, metavar="CODE", help="For which office.")(function)


def _permit(office: str, officer: str | None) -> Permit:
    set_up()
    from yipan.cli.acting import acting  # noqa: PLC0415  # after Django is set up

    return acting(office, officer, now())


@click.group()
def glass() -> None:
    """Look in need at a case that is not this office's: a reason, some hours, a notice to her and to the auditor.

    Example: yipan glass list --office 330106 --as dong.xue
    """


@glass.command("break")
@click.option("--case", "thread", type=click.UUID, help="The whole number of the case.")
@click.option("--number", default="", help='Or her identity number; "-" is read from standard input.')
@click.option("--because", required=True, help="The need: danger, cannot-speak, child-alone or disaster.")
@click.option("--reason", required=True, help="What happened and why it cannot wait.")
@_who_acts
@json_option
def break_(
    thread: UUID | None,
    number: str,
    office: str,
    officer: str | None,
    *,
    as_json: bool,
    **why: Any,  # noqa: ANN401  # click's options, typed above
) -> None:
    """Break the glass, and print what it is known by. That nobody was found is written down alike.

    Example: yipan glass break --number - --because cannot-speak --reason 本人晕倒在窗口，需核对身份 --office 330106 --as dong.xue
    """
    permit = _permit(office, officer)
    from yipan.documents.notices import break_glass  # noqa: PLC0415  # after Django is set up

    whose = sys.stdin.readline().strip() if number == "-" else number
    event = break_glass(permit, thread=thread, number=whose, now=now(), **why)
    if as_json:
        show_json({"glass": event})
    else:
        click.echo(str(event))


@glass.command("read")
@click.argument("broken", metavar="GLASS", type=click.UUID)
@_who_acts
@json_option
def read(broken: UUID, office: str, officer: str | None, *, as_json: bool) -> None:
    """Show what a broken glass opens, while it lasts, to the officer who broke it. The look is logged.

    Example: yipan glass read 0190b7c2-6a52-7c3e-8d5f-2f1f6c3f9a10 --office 330106 --as dong.xue
    """
    console = Console()
    permit = _permit(office, officer)
    from yipan.registry.glass import read_under  # noqa: PLC0415  # after Django is set up

    told, cases = read_under(permit, broken, now())
    if as_json:
        show_json({
            "glass": told.event, "until": told.until_at,
            "cases": [
                {
                    "case": case.thread, "title": case.title,
                    "entries": [
                        {"kind": each.kind, "at": each.counts_at, "office": each.recorded_by_name, "facts": each.facts}
                        for each in case.story
                    ],
                }
                for case in cases
            ],
        })  # fmt: skip
        return
    for case in cases:
        click.echo(f"{console.pick(case.title)}  {case.thread}")
        for each in case.story:
            click.echo(f"  {each.counts_at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}  {console.pick(each.title)}")
            for _, facts in each.facts:
                for title, value in facts:
                    said = value if isinstance(value, str) else console.pick(value)
                    click.echo(f"    {console.pick(title)}: {said}")
    if not cases:
        console.say("没有查到；已留下记录。", "Nobody was found; that it was looked for is written down.")


@glass.command("list")
@_who_acts
@json_option
def list_(office: str, officer: str | None, *, as_json: bool) -> None:
    """List the glasses that this officer broke and that are still open.

    Example: yipan glass list --office 330106 --as dong.xue
    """
    permit = _permit(office, officer)
    from yipan.registry.glass import own_glasses  # noqa: PLC0415  # after Django is set up

    _show([asdict(each) for each in own_glasses(permit, now())], as_json=as_json)


@click.group()
def oversight() -> None:
    """Audit the looks of the offices below: purposes and numbers, never whom a look showed.

    Example: yipan oversight flags --office 440104 --as shen.ji
    """


@oversight.command("flags")
@_who_acts
@json_option
def flags(office: str, officer: str | None, *, as_json: bool) -> None:
    """List looks at many people with whom the office had nothing to do that day.

    Example: yipan oversight flags --office 440104 --as shen.ji
    """
    permit = _permit(office, officer)
    from yipan.registry import oversight as audit  # noqa: PLC0415  # after Django is set up

    _show([asdict(each) for each in audit.flags(permit, now())], as_json=as_json)


@oversight.command("glasses")
@_who_acts
@json_option
def glasses(office: str, officer: str | None, *, as_json: bool) -> None:
    """List broken glasses with their reasons.

    Example: yipan oversight glasses --office 440104 --as shen.ji
    """
    permit = _permit(office, officer)
    from yipan.registry import oversight as audit  # noqa: PLC0415  # after Django is set up

    _show([asdict(each) for each in audit.glasses(permit, now())], as_json=as_json)


@oversight.command("looks")
@click.option("--of", "below", metavar="CODE", help="Only this office's, one by one.")
@click.option(
    "--days", type=click.IntRange(1, 31), default=7, show_default=True, help="How many days, today the last."
)
@_who_acts
@json_option
def looks(below: str | None, days: int, office: str, officer: str | None, *, as_json: bool) -> None:
    """Count who looked how often at how many people; of one office, look by look.

    Example: yipan oversight looks --of 440104001 --office 440104 --as shen.ji
    """
    permit = _permit(office, officer)
    from yipan.registry import oversight as audit  # noqa: PLC0415  # after Django is set up

    moment = now()
    today = moment.astimezone(SHANGHAI).date()
    if below:
        rows = [asdict(each) for each in audit.looks_of(permit, moment, below, today, days)]
    else:
        rows = [asdict(each) for each in audit.officers_looks(permit, moment, today, days)]
    _show(rows, as_json=as_json)


@oversight.command("ask")
@click.argument("about", type=click.Choice(["flag", "glass", "read"]))
@click.argument("entry")
@click.option("--question", required=True, help="What the office is to explain.")
@_who_acts
@json_option
def ask(about: str, entry: str, question: str, office: str, officer: str | None, *, as_json: bool) -> None:
    """Ask an office about a flag, a broken glass or a look; its head owes an explanation in time.

    Example: yipan oversight ask flag 17 --question 为什么一次看这么多人？ --office 440104 --as shen.ji
    """
    permit = _permit(office, officer)
    from yipan.registry import oversight as audit  # noqa: PLC0415  # after Django is set up

    thread = audit.ask(permit, about, entry, question, now())
    if as_json:
        show_json({"thread": thread})
    else:
        click.echo(str(thread))


@oversight.command("questions")
@_who_acts
@json_option
def questions(office: str, officer: str | None, *, as_json: bool) -> None:
    """List what was asked, what was explained and how it was closed.

    Example: yipan oversight questions --office 440104 --as shen.ji
    """
    permit = _permit(office, officer)
    from yipan.registry import oversight as audit  # noqa: PLC0415  # after Django is set up

    moment = now()
    rows = [
        {**asdict(each), "answers": [asdict(one) for one in audit.answers(permit, each.thread, moment)]}
        for each in audit.questions(permit, moment)
    ]
    _show(rows, as_json=as_json)


@oversight.command("close")
@click.argument("thread", type=click.UUID)
@click.option("--finding", required=True, help="in-order or not-in-order.")
@click.option("--words", default="", help="In words.")
@_who_acts
@json_option
def close(thread: UUID, finding: str, words: str, office: str, officer: str | None, *, as_json: bool) -> None:
    """Close a question with a finding.

    Example: yipan oversight close 0190b7c2-6a52-7c3e-8d5f-2f1f6c3f9a10 --finding in-order --office 440104 --as shen.ji
    """
    permit = _permit(office, officer)
    from yipan.registry import oversight as audit  # noqa: PLC0415  # after Django is set up

    audit.close(permit, thread, finding, words, now())
    if as_json:
        show_json({"thread": thread, "finding": finding})
    else:
        Console().say("已记录结论。", "The finding is recorded.")


def _show(rows: list[dict[str, Any]], *, as_json: bool) -> None:
    """Print rows as JSON, or each on a line."""
    if as_json:
        show_json(rows)
        return
    for row in rows:
        click.echo("  ".join(_text(each) for each in row.values()))
    if not rows:
        Console().say("没有。", "None.")


def _text(value: object) -> str:
    if hasattr(value, "astimezone"):
        return f"{value.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"
    if isinstance(value, dict):
        return Console().pick(value)
    return str(value if value is not None else "—")


COMMANDS = (glass, oversight)
