"""Commands of the heart: `record`, `sweep`, `duties`, `journal`, `replay`."""

from __future__ import annotations

import logging
import os
import time
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final
from uuid import UUID

import click
from django.db import close_old_connections

from yipan.cli.console import MOMENT, Console, json_option, now, progress_line, set_up, show_json
from yipan.errors import YipanError

if TYPE_CHECKING:
    from collections.abc import Callable

    from yipan.duties.draft import Draft
    from yipan.offices.permit import Permit

#: A sweep opens every period up to its moment: a mistyped century would fill the journal for good.
FARTHEST: Final = timedelta(days=3660)


class FarAheadError(YipanError):
    """The moment lies so far ahead that it must be a slip of the hand."""

    code: ClassVar[str] = "far-ahead"
    exit_code: ClassVar[int] = 2
    sentence: ClassVar[dict[str, str]] = {
        "zh": "{moment:%Y-%m-%d}太远：到那一天的每一期都会立刻写进日志，且不能撤回。",
        "en": "{moment:%Y-%m-%d} is too far ahead: every period up to that day would be written into the journal at once, for good.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "请核对年份；最远可到{farthest:%Y-%m-%d}。",
        "en": "Check the year; the farthest is {farthest:%Y-%m-%d}.",
    }


@click.command()
@click.argument("kind")
@click.option("--office", required=True, metavar="CODE", help="The office that records.")
@click.option("--as", "officer", metavar="OFFICER", help="With whose rights.")
@click.option("--thread", type=click.UUID, help="The case; not needed where the kind begins one.")
@click.option("--at", "at", type=MOMENT, help="The moment that counts, with --evidence of it.")
@click.option(
    "--evidence", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="What shows that moment."
)
@click.option("--on-behalf-of", metavar="CODE", help="An office not on the system whose act this is.")
@click.option("--event-id", type=click.UUID, help="The same id twice records once.")
@click.option("--follows", type=click.UUID, multiple=True, help="An entry this one follows.")
@click.option("--corrects", type=click.UUID, help="An entry that this one takes the place of.")
@click.option(
    "--about", multiple=True, metavar="[SUBJECT=]ENROLMENT",
    help="Of a kind that begins a case: the case of her enrolment at this office; the new case shares her key.",
)  # fmt: skip
@click.option(
    "--as-of", type=int, help="How many entries the case had when you looked; refused if it has more."
)
@click.option("--field", "fields", multiple=True, metavar="k=v", help="A field or a role; may be repeated.")
@json_option
def record(kind: str, *, as_json: bool, **said: Any) -> None:  # noqa: ANN401  # click's options, typed above
    """Record one event and do what the rules in force say.

    Example: yipan record office.opened --office 440104001
    """
    set_up()
    # These rooms hold tables, and can be imported once Django is set up.
    from yipan.cli.acting import acting  # noqa: PLC0415
    from yipan.documents.verbs import record_draft  # noqa: PLC0415
    from yipan.duties.draft import Draft  # noqa: PLC0415
    from yipan.duties.naming import new_id  # noqa: PLC0415
    from yipan.offices.office import organisation  # noqa: PLC0415

    moment = now()
    permit = acting(said["office"], said["officer"], moment)
    draft = Draft(
        kind=kind,
        fields=_fields(said["fields"]),
        id=said["event_id"] or new_id(moment),
        thread=said["thread"],
        at=said["at"],
        on_behalf_of=organisation(said["on_behalf_of"]).id if said["on_behalf_of"] else "",
        follows=tuple(said["follows"]),
        corrects=said["corrects"],
    )
    if said["about"]:
        draft = replace(draft, persons=_persons(permit, draft, said["about"], moment))
    path: Path | None = said["evidence"]
    file = (path.name, path.read_bytes()) if path else None
    receipt = record_draft(permit, draft, file, said["as_of"], moment)
    answer = {
        "event": (receipt.events or receipt.already or (None,))[0],
        "thread": receipt.threads[0] if receipt.threads else said["thread"],
        "already": bool(receipt.already),
        "duties": {"opened": receipt.opened, "closed": receipt.closed, "recomputed": receipt.recomputed},
    }
    if as_json:
        show_json(answer)
        return
    console = Console()
    console.say(f"已记录 {answer['event']}", f"Recorded {answer['event']}")
    console.say(f"案件 {answer['thread']}", f"Case {answer['thread']}")
    console.say(
        f"新增职责 {receipt.opened}，了结 {receipt.closed}，重算 {receipt.recomputed}",
        f"Duties: {receipt.opened} opened, {receipt.closed} closed, {receipt.recomputed} recomputed",
    )


def _fields(pairs: tuple[str, ...]) -> dict[str, object]:
    found: dict[str, object] = {}
    for pair in pairs:
        name, mark, value = pair.partition("=")
        if not mark:
            message = f"--field {pair!r}: write name=value"
            raise click.UsageError(message)
        found[name.strip()] = value
    return found


def _persons(permit: Permit, draft: Draft, about: tuple[str, ...], moment: datetime) -> dict[str, UUID]:
    """Return whose keys a case shares that begins with a draft.

    Raises:
        UsageError: what is said is no id of a case, or does not say which of two persons is meant.
        YipanError: as `persons_meant()` says.
    """
    from yipan.duties.lawbook import lawbook  # noqa: PLC0415  # after Django is set up
    from yipan.duties.whose import PROXY  # noqa: PLC0415  # the same
    from yipan.law.deadline import SHANGHAI  # noqa: PLC0415  # the same
    from yipan.registry.meaning import persons_meant  # noqa: PLC0415  # the same

    kind = lawbook().kind(draft.kind, (draft.at or moment).astimezone(SHANGHAI).date())
    subjects = [each for each in kind.subjects if each != PROXY]
    meant: dict[str, UUID] = {}
    for each in about:
        subject, mark, enrolment = each.rpartition("=")
        if not mark and len(subjects) != 1:
            message = (
                f"--about {each!r}: write SUBJECT=ENROLMENT, with one of {', '.join(subjects) or '(none)'}"
            )
            raise click.UsageError(message)
        try:
            meant[subject.strip() or subjects[0]] = UUID(enrolment.strip())
        except ValueError:
            message = f"--about {each!r}: the id of a case is needed"
            raise click.UsageError(message) from None
    return persons_meant(permit, kind, draft.fields, meant, UUID(str(draft.id)), moment)


@click.command()
@click.option("--now", "moment", type=MOMENT, help="Sweep as of this moment; now when not said.")
@click.option(
    "--every", type=click.IntRange(1), metavar="MINUTES", help="Go on until whoever started it ends."
)
@json_option
def sweep(moment: datetime | None, every: int | None, *, as_json: bool) -> None:
    """Open what the calendar opens, write down what lapsed, hand over messages. May be stopped and run again.

    Example: yipan sweep --now 2026-04-01T09:00
    """
    set_up()
    from yipan.documents.ends import end_if_due  # noqa: PLC0415  # after Django is set up
    from yipan.documents.outbox import deliver  # noqa: PLC0415  # the same
    from yipan.duties.sweep import sweep as run  # noqa: PLC0415  # the same
    from yipan.registry.readseal import seal  # noqa: PLC0415  # the same

    def whole(at: datetime) -> None:
        run(at)
        seal(at)
        deliver(at)
        end_if_due(at)

    if every:
        if moment:
            message = "--every follows the clock; it takes no --now"
            raise click.UsageError(message)
        _sweep_on(whole, every, partial(seal, recent=True))
        return
    console = Console()
    as_of = moment or now()
    farthest = now() + FARTHEST
    if as_of > farthest:
        raise FarAheadError(moment=as_of, farthest=farthest)
    swept = run(as_of, progress_line(console))
    seal(as_of)
    sent = deliver(as_of)
    if as_json:
        messages = {"accepted": sent.accepted, "bounced": sent.bounced, "waiting": sent.waiting}
        show_json(
            {"offices": swept.offices, "turned": swept.turned, "lapsed": swept.lapsed, "messages": messages}
        )
    else:
        console.say(
            f"启用机构 {swept.offices}，期间届至 {swept.turned}，逾期 {swept.lapsed}",
            f"{swept.offices} offices, {swept.turned} periods turned, {swept.lapsed} deadlines passed",
        )
        if any((sent.accepted, sent.bounced, sent.waiting)):
            console.say(
                f"短信：网关接收 {sent.accepted}，退回 {sent.bounced}，待重试 {sent.waiting}",
                f"Messages: {sent.accepted} taken, {sent.bounced} bounced, {sent.waiting} to be tried again",
            )


def _sweep_on(
    run: Callable[[datetime], object], every: int, each_minute: Callable[[datetime], object]
) -> None:
    """Sweep again and again while the process that started this one lives; one failure does not end it."""
    started_by, log, begun = os.getppid(), logging.getLogger("yipan.sweep"), 0
    while os.getppid() == started_by:
        close_old_connections()
        what, begun = (run if begun % every == 0 else each_minute), begun + 1
        try:
            what(now())
        except Exception:
            log.exception("a sweep failed; the next one goes on where it was")
        until = time.monotonic() + 60
        while time.monotonic() < until and os.getppid() == started_by:
            time.sleep(1)


@click.command()
@click.option("--office", required=True, metavar="CODE", help="Whose duties.")
@click.option("--as", "officer", metavar="OFFICER", help="With whose rights.")
@click.option("--open", "only", flag_value="open", help="Only open ones.")
@click.option("--overdue", "only", flag_value="overdue", help="Only open ones past their deadline.")
@click.option("--desk", default="", metavar="OFFICER", help="Only cases on the desk of this officer.")
@click.option("--now", "moment", type=MOMENT, help="Overdue as of this moment.")
@json_option
def duties(
    office: str, officer: str | None, only: str | None, moment: datetime | None, desk: str, *, as_json: bool
) -> None:
    """List what an office owes, with deadline, state and article.

    Example: yipan duties --office 450921 --open
    """
    set_up()
    # These rooms hold tables, and can be imported once Django is set up.
    from yipan.cli.acting import acting  # noqa: PLC0415
    from yipan.duties.lawbook import lawbook  # noqa: PLC0415
    from yipan.duties.listing import duty_data  # noqa: PLC0415
    from yipan.duties.queries import cite_of, clock_of, duties_of  # noqa: PLC0415

    asked_at = moment or now()
    permit = acting(office, officer, now())
    # The right is asked of today's posting; the moment that the question is about may lie beyond the permit.
    permit = replace(permit, until_at=max(permit.until_at, asked_at))
    found = duties_of(permit, asked_at, only=only or "", desk=desk)
    rulebook = lawbook()
    if as_json:
        show_json([duty_data(duty, rulebook, asked_at) for duty in found])
        return
    for duty in found:
        word, left = clock_of(duty, rulebook, asked_at)
        cite = " ".join(cite_of(duty, rulebook).as_dict().values())
        click.echo(
            f"{duty.due_on or '—'}  {word}{'' if left is None else f' {left:+d}'}  {duty.rule} → {duty.owed_to}  {cite}"
        )
    if not found:
        Console().say("没有。", "None.")


@click.group()
def journal() -> None:
    """Verify the chains of the journal, or sign a checkpoint.

    Example: yipan journal verify
    """


@journal.command("verify")
@click.option(
    "--against",
    type=click.Path(path_type=Path),
    help="A checkpoint, or a folder of them, that was kept elsewhere.",
)
@click.option(
    "--key",
    default="",
    metavar="FINGERPRINT|FILE",
    help="The key to believe; else the one that the checkpoints name, whose fingerprint is shown.",
)
@json_option
def verify(against: Path | None, key: str, *, as_json: bool) -> None:
    """Compute every digest again and hold every chain against every checkpoint.

    Example: yipan journal verify --against /mnt/elsewhere/checkpoints
    """
    set_up()
    from yipan.duties import checkpoint  # noqa: PLC0415  # after Django is set up
    from yipan.duties.replay import verify as run  # noqa: PLC0415
    from yipan.registry import readseal  # noqa: PLC0415

    console = Console()
    if key and not against:
        message = "--key says whose checkpoints to believe: give them with --against"
        raise click.UsageError(message)
    trusted = Path(key).read_text(encoding="utf-8") if key and Path(key).is_file() else key
    signed = checkpoint.read_from(against, trusted) if against else None
    found = run(progress_line(console), signed)
    looks = readseal.verify((signed or checkpoint.read_all()).said)
    faults = [*found.faults, *looks.faults]
    if as_json:
        show_json(
            {
                "ok": not faults,
                "organisations": found.organisations,
                "events": found.events,
                "checkpoints": found.checkpoints,
                "unprotected": found.unprotected,
                "key": found.key,
                "believed": found.believed,
                "checkpoints_leave_the_machine": checkpoint.leaves_the_machine(),
                "looks": looks.looks,
                "unsealed_looks": looks.unsealed,
                "faults": faults,
            }
        )
    else:
        for fault in faults:
            click.echo(fault)
        console.say(
            f"{found.organisations} 条链，{found.events} 条记录，{found.checkpoints} 个检查点，{len(faults)} 处问题；"
            f"最后一个检查点之后的 {found.unprotected} 条尚未受保护。查阅记录 {looks.looks} 条已封存，{looks.unsealed} 条待封存。",
            f"{found.organisations} chains, {found.events} entries, {found.checkpoints} checkpoints, "
            f"{len(faults)} faults; {found.unprotected} entries are younger than the last checkpoint. "
            f"{looks.looks} looks are sealed, {looks.unsealed} not yet.",
        )
        if found.believed == "embedded":
            console.say(
                f"检查点由密钥 {found.key} 签署；请与当初抄下的核对，或用 --key 指明。",
                f"The checkpoints are signed by {found.key}: compare it with what was noted down, or give it with --key.",
            )
        if not against and not checkpoint.leaves_the_machine():
            console.say(
                "检查点仍在本机：请把 YIPAN_CHECKPOINTS 设为另一台机器上的文件夹。",
                "The checkpoints stay on this machine: set YIPAN_CHECKPOINTS to a folder on another one.",
            )
    if faults:
        raise click.exceptions.Exit(1)


@journal.command("checkpoint")
@json_option
def take_checkpoint(*, as_json: bool) -> None:
    """Sign the heads of all chains now.

    Example: yipan journal checkpoint
    """
    set_up()
    from yipan.duties import checkpoint  # noqa: PLC0415  # after Django is set up

    path = checkpoint.take(now())
    if as_json:
        show_json({"file": path and path.name})
    else:
        Console().say(
            f"检查点：{path.name if path else '没有新的记录'}",
            f"Checkpoint: {path.name if path else 'nothing new'}",
        )


@journal.command("keys")
@json_option
def journal_keys(*, as_json: bool) -> None:
    """Print the public keys of checkpoints, each signed by the one before; with --json as they are published.

    Example: yipan journal keys --json
    """
    from yipan.duties import attesting  # noqa: PLC0415  # light: asks no table

    found = attesting.public_keys()
    if as_json:
        show_json({"form": attesting.FORM, "keys": [each.as_dict() for each in found]})
        return
    for each in found:
        click.echo(f"{each.number}  {each.from_at}  {each.fingerprint}")


@journal.command("keep")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@json_option
def keep(file: Path, *, as_json: bool) -> None:
    """Keep a checkpoint of another installation; refused where it takes back what an earlier one signed.

    Example: yipan journal keep 20260302T030000000000.json
    """
    from yipan.duties import attesting  # noqa: PLC0415  # light: asks no table

    if not file.is_file():
        message = f"there is no file {file}"
        raise click.UsageError(message)
    path = attesting.keep(file.read_bytes())
    if as_json:
        show_json({"kept": str(path)})
    else:
        Console().say(f"已保存：{path}", f"Kept: {path}")


@click.command()
@click.option("--check", is_flag=True, required=True, help="Compare the rebuilt duties with the table.")
@click.option("--thread", "threads", type=click.UUID, multiple=True, help="Only these threads.")
@json_option
def replay(threads: tuple[UUID, ...], *, check: bool, as_json: bool) -> None:
    """Rebuild every duty, the register and the certificates from the journal and compare them with their tables.

    Example: yipan replay --check
    """
    set_up()
    from yipan.documents import checking as certificates  # noqa: PLC0415  # after Django is set up
    from yipan.duties.replay import replay as run  # noqa: PLC0415
    from yipan.registry.checking import Compared, compare  # noqa: PLC0415

    console = Console()
    found = run(list(threads) or None, progress_line(console) if check else None)
    register = Compared() if threads else compare(progress_line(console))
    papers = certificates.Compared() if threads else certificates.compare()
    found.differences.extend([*register.differences, *papers.differences])
    if as_json:
        show_json(
            {
                "ok": not found.differences,
                "threads": found.threads,
                "duties": found.duties,
                "people": register.people,
                "certificates": papers.certificates,
                "differences": found.differences,
            }
        )
    else:
        for difference in found.differences:
            click.echo(difference)
        console.say(
            f"{found.threads} 个案件，{found.duties} 项职责，{register.people} 份登记，{papers.certificates} 份证明，"
            f"{len(found.differences)} 处不符。",
            f"{found.threads} threads, {found.duties} duties, {register.people} enrolments,"
            f" {papers.certificates} certificates, {len(found.differences)} differences.",
        )
    if found.differences:
        raise click.exceptions.Exit(1)


COMMANDS = (record, sweep, duties, journal, replay)
