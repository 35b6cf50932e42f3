"""What the commands share: the reader's language, JSON or text, the installation made ready, who acts."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from textwrap import indent
from typing import TYPE_CHECKING, Any, TypeVar
from zoneinfo import ZoneInfo

import click
import django

from yipan.database import rule_packs

if TYPE_CHECKING:
    from collections.abc import Iterable

    from yipan.errors import YipanError

SHANGHAI = ZoneInfo("Asia/Shanghai")
#: Between these years a moment may lie: beyond them somebody mistyped, and dates would overflow.
_FIRST_YEAR, _LAST_YEAR = 1900, 2999
Function = TypeVar("Function", bound=Callable[..., Any])


def reader_language() -> str:
    """Return `en` where the environment asks for English, else `zh`."""
    said = os.environ.get("YIPAN_LANG") or os.environ.get("LC_ALL") or os.environ.get("LANG") or ""
    return "en" if said.lower().startswith("en") else "zh"


@dataclass(frozen=True)
class Console:
    """Where answers go: the object alone on standard output with `--json`, else sentences."""

    language: str = field(default_factory=reader_language)

    def say(self, zh: str, en: str) -> None:
        """Print a sentence in the reader's language."""
        click.echo(zh if self.language == "zh" else en)

    def note(self, line: str) -> None:
        """Tell of progress on standard error, where it is in nobody's way."""
        click.echo(line, err=True)

    def pick(self, said: Any) -> str:  # noqa: ANN401  # a mapping of both languages, of whatever class
        """Return the reader's half of a sentence in both languages."""
        return str(said.get(self.language) or said.get("en") or "")


def show_json(value: object) -> None:
    """Print one JSON value, Chinese as it is."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2, default=_plain))


def show_json_rows(rows: Iterable[object]) -> None:
    """Print a list as one JSON value, row by row: it may be longer than there is memory for."""
    begins = "["
    for row in rows:
        text = json.dumps(row, ensure_ascii=False, indent=2, default=_plain)
        click.echo(begins + "\n" + indent(text, "  "), nl=False)
        begins = ","
    click.echo("[]" if begins == "[" else "\n]")


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.astimezone(SHANGHAI).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return str(value)


def say_refusal(refusal: YipanError, *, as_json: bool, console: Console) -> None:
    """Say why something was refused, in the form the caller asked for."""
    if as_json:
        show_json(refusal.as_dict())
    else:
        click.echo(refusal.say(console.language), err=True)


def json_option(function: Function) -> Function:
    """Give a command `--json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON value and nothing else.")(
        function
    )


class Moment(click.ParamType[datetime]):
    """A date (its midnight) or a date and time; without a zone it is meant in Asia/Shanghai."""

    name = "moment"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:  # noqa: ANN401  # click's own signature
        """Return an aware datetime."""
        if isinstance(value, datetime):
            return value
        try:
            found = datetime.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value!r} is no moment; write 2026-03-02 or 2026-03-02T10:00", param, ctx)
        if not _FIRST_YEAR <= found.year <= _LAST_YEAR:
            self.fail(f"{value!r} is not of {_FIRST_YEAR} to {_LAST_YEAR}", param, ctx)
        return found if found.tzinfo else found.replace(tzinfo=SHANGHAI)


MOMENT = Moment()


def now() -> datetime:
    """Return the moment: the only place where the command line asks the clock."""
    return datetime.now(SHANGHAI)


def set_up(console: Console | None = None) -> None:
    """Make Django and the installation ready; at the first use of a folder this takes some seconds and says so."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "yipan.settings")
    django.setup()
    # Importable only once Django is set up.
    from yipan.duties.ready import make_ready  # noqa: PLC0415

    told = console or Console()
    make_ready(rule_packs(), now(), told.note)


def progress_line(console: Console) -> Callable[[str], None] | None:
    """Return a teller of progress when somebody is watching, else None."""
    return console.note if sys.stderr.isatty() else None
