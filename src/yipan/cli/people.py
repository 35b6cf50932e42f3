"""Commands of people: `people find`, `show`, `numbers`, `merge`, `keep-apart`; and `headcounts`."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from yipan.cli.console import Console, json_option, now, set_up, show_json

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date
    from typing import TypeVar
    from uuid import UUID

    from yipan.registry.people import Listed, PersonSeen

    Function = TypeVar("Function", bound=Callable[..., Any])


def _who_acts(function: Function) -> Function:
    """Give a command `--office` and `--as`."""
    function = click.option("--as", "officer", help="The officer who acts.")(function)
    return click.option("--office", required=True, metavar="CODE", help="Whose register it is.")(function)


@click.group()
def people() -> None:
    """Find people in an office's own register, and decide which entries are one person.

    Example: yipan people find chenlihua --office 440104001 --for on-the-phone
    """


@people.command("find")
@click.argument("text")
@_who_acts
@click.option(
    "--inside", is_flag=True, help="Look for the text anywhere in the name, or for letters as initials."
)
@click.option(
    "--for",
    "ground",
    default="",
    help="What for: at-the-counter, on-the-phone, her-case, letter, register or other.",
)
@click.option("--words", default="", help="The same in words, with `other`.")
@json_option
def find_(text: str, office: str, officer: str | None, *, inside: bool, as_json: bool, **why: str) -> None:
    """Find people by identity number, telephone, name, pinyin or initials. Each search that shows somebody is logged.

    By name, pinyin or initials it says what it is for; by a whole number the person is taken to be at the counter.

    TEXT "-" is read from standard input, so that it stays out of the list of processes.

    Example: yipan people find chenlihua --office 440104001 --for on-the-phone
    """
    console = Console()
    set_up(console)
    from yipan.cli.acting import acting  # noqa: PLC0415  # after Django is set up
    from yipan.registry.people import find  # noqa: PLC0415

    typed = sys.stdin.readline() if text == "-" else text
    found = find(acting(office, officer, now()), typed, now(), inside=inside, **why)
    if as_json:
        show_json({"by": found.by, "people": [_listed(each) for each in found.people], "more": found.more})
        return
    for each in found.people:
        line = f"{each.thread}  {each.name}  {_day(each.born_on)}  …{each.last_four}  {each.home}"
        console.say(f"{line}  {each.enrolled_on} 登记", f"{line}  enrolled {each.enrolled_on}")
    if not found.people:
        console.say("本机构登记册中没有找到。", "Nobody found in the register of this office.")
    if found.more:
        console.say(
            f"另有{found.more}人没有列出，请写得更全。", f"{found.more} more are not listed: say more."
        )


def _listed(each: Listed) -> dict[str, Any]:
    return {
        "person": each.thread,
        "name": each.name,
        "also": list(each.also),
        "born_on": each.born_on,
        "last_four": each.last_four,
        "number_to_confirm": each.number_wrong,
        "home": each.home,
        "enrolled_on": each.enrolled_on,
        "ended": each.ended or None,
    }


def _day(day: date | None) -> str:
    return day.isoformat() if day else "—"


@people.command("show")
@click.argument("person", type=click.UUID)
@_who_acts
@json_option
def show(person: UUID, office: str, officer: str | None, *, as_json: bool) -> None:
    """Show one person: particulars, stays, how she agreed, her cases. The look is logged.

    Example: yipan people show 0190b7c2-6a52-7c3e-8d5f-2f1f6c3f9a10 --office 440104001
    """
    console = Console()
    set_up(console)
    from yipan.cli.acting import acting  # noqa: PLC0415  # after Django is set up
    from yipan.documents.waiting import is_waiting  # noqa: PLC0415  # the same
    from yipan.registry.people import read_person  # noqa: PLC0415

    permit = replace(acting(office, officer, now()), purpose="a person's page")
    seen = _as_data(read_person(permit, person, now())) | {"notice_waits": is_waiting(permit, person)}
    if as_json:
        show_json(seen)
        return
    for name, value in {**seen["particulars"], "enrolled_on": seen["enrolled_on"]}.items():
        click.echo(f"{name}: {value}")
    for each in seen["stays"]:
        click.echo(
            f"{_day(each['from_on'])} — {_day(each['until_on'])}  {each['place_name']}  {each['reason']}"
        )
    if seen["notice_waits"]:
        console.say(
            "有一条通知等本人来看：她来时请告诉她，看她自己的页面。",
            "A notice waits for her: tell her when she comes; it is on her own page.",
        )


def _as_data(seen: PersonSeen) -> dict[str, Any]:
    from yipan.offices.divisions import place_name  # noqa: PLC0415  # after Django is set up

    return {
        "person": seen.thread,
        "enrolled_on": seen.picture.enrolled_on,
        "ended": seen.picture.ended or None,
        "particulars": dict(seen.picture.particulars),
        "number_to_confirm": "check" in seen.doubts,
        "number_doubts": list(seen.doubts),
        "agreed_at": seen.agreed.counts_at,
        "merged_into": seen.merged_into,
        "same_person": [each.thread for each in seen.others],
        "stays": [
            {
                "place": each.place,
                "place_name": place_name(each.place),
                "reason": each.reason,
                "from_on": each.from_on,
                "until_on": each.until_on,
            }
            for each in seen.picture.stays
        ],
        "cases": [each.thread for each in seen.cases],
    }


@people.command("numbers")
@_who_acts
@click.option("--page", default=1, type=click.IntRange(1, 100_000), help="Which page, of 20 each.")
@json_option
def numbers_(office: str, officer: str | None, page: int, *, as_json: bool) -> None:
    """List the entries whose identity number should be looked at on paper, and why. The look is logged.

    A right number may stand although it fails: nobody is called in, and no service waits. Who has seen the paper records
    `person.updated` with number_confirmed=yes, or the right number.

    Example: yipan people numbers --office 440104001
    """
    console = Console()
    set_up(console)
    from yipan.cli.acting import acting  # noqa: PLC0415  # after Django is set up
    from yipan.registry.numbers import numbers  # noqa: PLC0415

    found = numbers(acting(office, officer, now()), now(), page)
    if as_json:
        show_json(found.data())
        return
    for each in found.people:
        said = "; ".join(console.pick(one) for one in each.words)
        click.echo(f"{each.thread}  {each.name}  {each.enrolled_on}  {said}")
    if not found.in_all:
        console.say("没有待核的号码。", "No number to look at.")
    elif found.pages > 1:
        console.say(f"第{found.page}页，共{found.pages}页。", f"Page {found.page} of {found.pages}.")


@people.command("merge")
@click.argument("kept", type=click.UUID)
@click.argument("other", type=click.UUID)
@_who_acts
@json_option
def merge(kept: UUID, other: UUID, office: str, officer: str | None, *, as_json: bool) -> None:
    """Say that two entries are one person; KEPT stays in front. On its page it can be undone.

    Example: yipan people merge 0190b7c2-6a52-7c3e-8d5f-2f1f6c3f9a10 0190b7c2-6a52-7c3e-8d5f-2f1f6c3f9a11 --office 440104001
    """
    _decide("persons-merged", kept, other, (office, officer), as_json=as_json)


@people.command("keep-apart")
@click.argument("one", type=click.UUID)
@click.argument("other", type=click.UUID)
@_who_acts
@json_option
def keep_apart(one: UUID, other: UUID, office: str, officer: str | None, *, as_json: bool) -> None:
    """Say that two entries are two persons; it is not asked again.

    Example: yipan people keep-apart 0190b7c2-6a52-7c3e-8d5f-2f1f6c3f9a10 0190b7c2-6a52-7c3e-8d5f-2f1f6c3f9a11 --office 440104001
    """
    _decide("persons-kept-apart", one, other, (office, officer), as_json=as_json)


def _decide(decided: str, kept: UUID, other: UUID, who: tuple[str, str | None], *, as_json: bool) -> None:
    console = Console()
    set_up(console)
    from yipan.cli.acting import acting  # noqa: PLC0415  # after Django is set up
    from yipan.registry.deciding import decide  # noqa: PLC0415

    receipt = decide(acting(*who, now()), decided, kept, other, now())
    if as_json:
        show_json({"events": list(receipt.events), "person": kept})
    else:
        console.say("已记录。", "Recorded.")


@click.command("headcounts")
@click.option("--office", required=True, metavar="CODE", help="Whose counts.")
@click.option("--as", "officer", help="The officer who acts.")
@json_option
def headcounts(office: str, officer: str | None, *, as_json: bool) -> None:
    """Show how many people who are not enrolled an office counted, by township and month; small cells are suppressed.

    Example: yipan headcounts --office 440104001
    """
    console = Console()
    set_up(console)
    from yipan.cli.acting import acting  # noqa: PLC0415  # after Django is set up
    from yipan.registry.headcounts import table  # noqa: PLC0415

    found = table(acting(office, officer, now()), now())
    if as_json:
        show_json(found.data())
        return
    for row in found.rows:
        for month, cell in zip(found.months, row.cells, strict=True):
            if cell.small or cell.people is not None:
                small = console.pick({"zh": f"少于{found.under}", "en": f"under {found.under}"})
                click.echo(f"{month}  {row.township} {row.name}  {small if cell.small else cell.people}")
    if not found.rows:
        console.say("还没有填报过。", "Nothing has been noted yet.")


COMMANDS = (people, headcounts)
