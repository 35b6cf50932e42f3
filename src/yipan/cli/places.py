"""Commands of places: `places resolve`. They only compute, and touch no database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import click

from yipan.cli.console import MOMENT, SHANGHAI, Console, json_option, show_json
from yipan.offices.placeindex import read_gazetteer
from yipan.offices.places import Place, Reason, Resolution, resolve

if TYPE_CHECKING:
    from datetime import datetime

_REASONS: Final = {
    Reason.EMPTY: {"zh": "没有写地址。", "en": "There is no address."},
    Reason.UNKNOWN: {"zh": "认不出是哪里。", "en": "No place could be made out."},
    Reason.SEVERAL: {"zh": "有{fitting}处符合，请选择：", "en": "{fitting} places fit; choose one:"},
    Reason.NO_SUCCESSOR: {
        "zh": "该区划已撤销，沿革表未载去向；当时在：",
        "en": "That division is no more, and the history does not say what became of it; it lay in:",
    },
}


@click.group()
def places() -> None:
    """Places as people write them.

    Example: yipan places resolve 广西容县容州镇某某村3组
    """


@places.command("resolve")
@click.argument("text")
@click.option(
    "--on", type=MOMENT, help="The day the text is of; names and codes in force then are preferred."
)
@json_option
@click.pass_context
def resolve_command(ctx: click.Context, text: str, on: datetime | None, *, as_json: bool) -> None:
    """Say which division an address or a code means, or offer those that fit. Ends with 1 unless it is one.

    Example: yipan places resolve 广西容县容州镇某某村3组
    """
    answer = resolve(text, read_gazetteer(), on.astimezone(SHANGHAI).date() if on else None)
    if as_json:
        show_json(_as_data(answer))
    else:
        _say(answer, Console())
    ctx.exit(0 if answer.found else 1)


def _as_data(answer: Resolution) -> dict[str, Any]:
    return {
        "text": answer.text,
        "found": _place(answer.found) if answer.found else None,
        "choices": [_place(each) for each in answer.choices],
        "fitting": answer.fitting,
        "rest": answer.rest,
        "reason": answer.reason,
    }


def _place(place: Place) -> dict[str, Any]:
    former = place.formerly
    return {
        "code": place.division.code,
        "name": place.full_name,
        "level": place.division.level,
        "formerly": None
        if former is None
        else {
            "code": former.code,
            "name": former.name,
            "first_year": former.first_year,
            "last_year": former.last_year,
            "basis": former.basis,
        },
    }


def _say(answer: Resolution, console: Console) -> None:
    if answer.reason:
        console.say(
            **{
                language: text.format(fitting=answer.fitting)
                for language, text in _REASONS[answer.reason].items()
            }
        )
    for place in [answer.found] if answer.found else answer.choices:
        console.say(*_line(place))
    if answer.rest:
        console.say(f"其余：{answer.rest}", f"The rest: {answer.rest}")


def _line(place: Place) -> tuple[str, str]:
    line, former = f"{place.division.code}  {place.full_name}", place.formerly
    if former is None:
        return line, line
    years = f"{former.first_year}-{former.last_year}"
    return (
        f"{line}（原{former.name}，{former.code}，{years}）",
        f"{line} (once {former.name}, {former.code}, {years})",
    )


COMMANDS = (places,)
