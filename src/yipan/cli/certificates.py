"""Commands of papers: `certificates list`, `issue`, `print`, `verify`, `keys`, `rotate-key`; `papers letter`, `papers form`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from yipan.cli.console import SHANGHAI, Console, json_option, now, set_up, show_json

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from typing import TypeVar
    from uuid import UUID

    from yipan.documents.signing import Statement
    from yipan.offices.permit import Permit

    Function = TypeVar("Function", bound=Callable[..., Any])

_FILE = click.Path(dir_okay=False, writable=True, path_type=Path)


def _who_acts(function: Function) -> Function:
    """Give a command `--office` and `--as`."""
    function = click.option("--as", "officer", help="The officer who acts.")(function)
    return click.option("--office", required=True, metavar="CODE", help="The office that acts.")(function)


def _permit(office: str, officer: str | None, moment: datetime) -> Permit:
    from yipan.cli.acting import acting  # noqa: PLC0415  # after Django is set up

    return acting(office, officer, moment)


def _address() -> str:
    from django.conf import settings  # noqa: PLC0415  # after Django is set up

    return str(settings.PUBLIC_ADDRESS)


@click.group()
def certificates() -> None:
    """Keep the register of certificates, issue, print and verify them, and change the key that signs them.

    Example: yipan certificates list --office 450921100
    """


@certificates.command("list")
@_who_acts
@json_option
def list_(office: str, officer: str | None, *, as_json: bool) -> None:
    """List the requests for certificates at an office, and what became of each. It names nobody.

    Example: yipan certificates list --office 450921100
    """
    set_up()
    from yipan.documents.register import register_of  # noqa: PLC0415  # after Django is set up

    moment = now()
    found = register_of(_permit(office, officer, moment), moment)
    if as_json:
        show_json(
            {
                "balance": found.balance,
                "requests": [
                    {
                        "thread": each.thread,
                        "asked_on": each.asked_on,
                        "wish": each.wish,
                        "by_proxy": each.by_proxy,
                        "outcome": each.outcome,
                        "outcome_on": each.outcome_on,
                        "certificate": each.certificate,
                        "expires_on": each.expires_on,
                        "ended_because": each.ended_because or None,
                    }
                    for each in found.lines
                ],
            }
        )
        return
    for each in found.lines:
        click.echo(f"{each.asked_on}  {each.thread}  {each.wish}  {each.outcome}  {each.expires_on or '—'}")
    console, balance = Console(), found.balance
    console.say(
        f"申请 {balance['asked']}：已出具 {balance['issued']}，说明理由 {balance['refused']}，"
        f"撤回 {balance['withdrawn']}，在办 {balance['open']}",
        f"{balance['asked']} asked for: {balance['issued']} issued, {balance['refused']} refused with reasons, "
        f"{balance['withdrawn']} withdrawn, {balance['open']} open",
    )


@certificates.command("issue")
@click.argument("thread", type=click.UUID)
@click.option("--name", required=True, help="The name to print.")
@click.option("--way", default="", help="How it is handed over at once; not said: later.")
@_who_acts
@json_option
def issue_(thread: UUID, name: str, way: str, office: str, officer: str | None, *, as_json: bool) -> None:
    """Issue a certificate in the case THREAD, free, for the term that the rule gives.

    Example: yipan certificates issue 0190b7c2-6a52-7c3e-8d5f-2f1f6c3f9a10 --name 陈丽华 --way counter --office 450921100
    """
    set_up()
    from yipan.documents.certificate import held  # noqa: PLC0415  # after Django is set up
    from yipan.documents.verbs import issue  # noqa: PLC0415
    from yipan.duties.naming import new_id  # noqa: PLC0415

    moment = now()
    permit = _permit(office, officer, moment)
    entries = (new_id(moment), new_id(moment))
    issue(permit, thread, name=name, way=way, entries=entries, as_of=None, now=moment)
    one = next(
        each for each in held(permit, thread, moment.astimezone(SHANGHAI).date()) if each.id == entries[0]
    )
    answer = {"event": one.id, **_said(one.statement)}
    if as_json:
        show_json(answer)
    else:
        Console().say(
            f"已出具 {one.statement.number}，有效期至 {one.statement.expires_on}",
            f"Issued {one.statement.number}, valid until {one.statement.expires_on}",
        )


def _said(statement: Statement) -> dict[str, Any]:
    return {
        "number": statement.number,
        "name": statement.name,
        "office": statement.office,
        "issued_on": statement.issued_on,
        "expires_on": statement.expires_on,
    }


@certificates.command("print")
@click.argument("thread", type=click.UUID)
@click.option("--to", "path", type=_FILE, required=True, help="The file to write.")
@click.option("--event", type=click.UUID, help="Which certificate of the case; the latest when not said.")
@_who_acts
@json_option
def print_(
    thread: UUID, path: Path, event: UUID | None, office: str, officer: str | None, *, as_json: bool
) -> None:
    """Write a certificate of the case THREAD as a PDF. The look is logged.

    Example: yipan certificates print 0190b7c2-6a52-7c3e-8d5f-2f1f6c3f9a10 --to certificate.pdf --office 450921100
    """
    set_up()
    from yipan.documents import papers  # noqa: PLC0415  # after Django is set up

    moment = now()
    one = papers.certificate(_permit(office, officer, moment), thread, event, moment)
    _write(path, papers.certificate_pdf(one, _address()))
    _tell_written(path, {"code": papers.code_text(one, _address()), **_said(one.statement)}, as_json=as_json)


def _write(path: Path, content: bytes) -> None:
    """Write a paper, readable by whoever printed it and nobody else."""
    path.touch(mode=0o600)
    path.write_bytes(content)


def _tell_written(path: Path, answer: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        show_json({"file": path.name, **answer})
    else:
        Console().say(f"已写入 {path.name}", f"Written: {path.name}")


@certificates.command("verify")
@click.argument("text")
@click.option(
    "--keys",
    "keys_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A saved list of published keys: check the signed text with it, without any network or table.",
)
@json_option
def verify_(text: str, keys_file: Path | None, *, as_json: bool) -> None:
    """Verify a certificate by its number, or with --keys the signed text that its code holds.

    TEXT "-" is read from standard input. Without a table it is not known whether it was revoked.

    Example: yipan certificates verify 7K2M-X9QW-PB4H-TZ1C
    """
    text = sys.stdin.readline().strip() if text == "-" else text
    today = now().astimezone(SHANGHAI).date()
    if keys_file:
        from yipan.documents import signing  # noqa: PLC0415  # light: asks no table

        said = signing.check(text, signing.read_published(keys_file.read_text(encoding="utf-8")))
        state = "signed" if today <= said.expires_on else "expired"
        answer: dict[str, Any] = {"state": state, **_said(said)}
    else:
        set_up()
        from yipan.documents.certificate import verify  # noqa: PLC0415  # after Django is set up

        found = verify(text, today)
        answer = {"state": found.state, **(_said(found.statement) if found.statement else {})}
        if found.ended_on:
            answer["ended_on"] = found.ended_on
    if as_json:
        show_json(answer)
    else:
        for name, value in answer.items():
            click.echo(f"{name}: {value}")
    if answer["state"] == "unknown":
        raise click.exceptions.Exit(1)


@certificates.command("keys")
@json_option
def keys_(*, as_json: bool) -> None:
    """Print the public keys; with --json as they are published, to verify without a network.

    Example: yipan certificates keys --json
    """
    from yipan.documents import signing  # noqa: PLC0415  # light: asks no table

    found = signing.public_keys(now().astimezone(SHANGHAI).date())
    if as_json:
        show_json(signing.as_published(found))
        return
    for each in found:
        click.echo(f"{each.name}  {each.from_on} — {each.until_on or ''}  {each.public}")


@certificates.command("rotate-key")
@json_option
def rotate_key(*, as_json: bool) -> None:
    """Make a new key that signs from now on. What the one before signed goes on verifying; its private half is removed.

    Example: yipan certificates rotate-key
    """
    from yipan.documents import signing  # noqa: PLC0415  # light: asks no table

    made = signing.rotate(now().astimezone(SHANGHAI).date())
    if as_json:
        show_json(made.as_dict())
    else:
        Console().say(
            f"新的签发密钥：{made.name}。请重新公布密钥列表。",
            f"New key: {made.name}. Publish the list anew.",
        )


@click.group()
def papers() -> None:
    """Print letters and registration forms from the entries of a case.

    Example: yipan papers form 0190b7c2-6a52-7c3e-8d5f-2f1f6c3f9a10 her --to form.pdf --office 440104001
    """


@papers.command("letter")
@click.argument("thread", type=click.UUID)
@click.argument("event", type=click.UUID)
@click.option("--to", "path", type=_FILE, required=True, help="The file to write.")
@_who_acts
@json_option
def letter(thread: UUID, event: UUID, path: Path, office: str, officer: str | None, *, as_json: bool) -> None:
    """Write the letter that the entry EVENT of the case THREAD is printed as. The look is logged.

    Example: yipan papers letter 0190b7c2-6a52-7c3e-8d5f-2f1f6c3f9a10 0190b7c2-6a52-7c3e-8d5f-2f1f6c3f9a11 --to letter.pdf --office 440104001
    """
    set_up()
    from yipan.documents import papers as made  # noqa: PLC0415  # after Django is set up

    moment = now()
    _write(path, made.letter_pdf(_permit(office, officer, moment), thread, event, moment))
    _tell_written(path, {}, as_json=as_json)


@papers.command("form")
@click.argument("thread", type=click.UUID)
@click.argument("subject", type=click.Choice(["her", "him"]))
@click.option("--to", "path", type=_FILE, required=True, help="The file to write.")
@_who_acts
@json_option
def form(thread: UUID, subject: str, path: Path, office: str, officer: str | None, *, as_json: bool) -> None:
    """Write the registration form of one of the two; it says nothing of the other. The look is logged.

    Example: yipan papers form 0190b7c2-6a52-7c3e-8d5f-2f1f6c3f9a10 her --to form.pdf --office 440104001
    """
    set_up()
    from yipan.documents import papers as made  # noqa: PLC0415  # after Django is set up

    moment = now()
    _write(path, made.registration_pdf(_permit(office, officer, moment), thread, subject, moment))
    _tell_written(path, {}, as_json=as_json)


COMMANDS = (certificates, papers)
