"""`keys`: list every key, give any of them a new version while everybody works, seal those that lie open."""

from __future__ import annotations

import getpass
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from yipan.cli.console import SHANGHAI, Console, json_option, now, progress_line, set_up, show_json

if TYPE_CHECKING:
    from collections.abc import Callable

_ROTATED: Final = (
    "root",
    "kek",
    "lookup",
    "checkpoint",
    "django",
    "database",
    "certificate",
    "figures",
    "office",
)
_FILE: Final = click.Path(dir_okay=False, path_type=Path)


@click.group()
def keys() -> None:
    """List the keys of this installation, and give them new versions while everybody works.

    Example: yipan keys list
    """


@keys.command("list")
@json_option
def list_(*, as_json: bool) -> None:
    """Show each key with its versions, where it lies, since when, and what it does. None is opened.

    Example: yipan keys list
    """
    from yipan.duties.keyring import about, listed  # noqa: PLC0415  # light: asks no table

    found, console = listed(), Console()
    if as_json:
        show_json([{**asdict(each), "for": about(each.name)} for each in found])
        return
    for each in found:
        since = each.since.astimezone(SHANGHAI).date().isoformat() if each.since else "—"
        versions = ",".join(map(str, each.versions))
        click.echo(
            f"{each.name:<12} {versions:<6} {since:<10}  {each.path}  {console.pick(about(each.name))}"
        )
    if not found:
        console.say("还没有密钥。", "No keys yet.")


@keys.command("rotate")
@click.argument("name", type=click.Choice(_ROTATED))
@click.option("--to", type=_FILE, help="root: the file that it is to lie in from now on.")
@click.option(
    "--passphrase-file",
    type=_FILE,
    help="root: a file whose first line is the passphrase that makes it from now on.",
)
@click.option("--forget", is_flag=True, help="django: believe no earlier key; everybody signs in again.")
@click.option(
    "--wait",
    default=2.0,
    show_default=True,
    metavar="SECONDS",
    help="kek, lookup: how long the old one stays after its last use; 60 where machines share the folder over a network.",
)
@click.option("--office", metavar="CODE", help="office: whose key; each office's that has one when left out.")
@json_option
def rotate(name: str, *, as_json: bool, **said: Any) -> None:  # noqa: ANN401  # click's options, typed above
    """Give a key a new version. Nobody has to stop working; stopped and run again, it goes on where it was.

    Example: yipan keys rotate kek
    """
    if name != "root" and (said["to"] or said["passphrase_file"]):
        message = "--to and --passphrase-file are for the root key"
        raise click.UsageError(message)
    if name != "office" and said["office"]:
        message = "--office is for the keys of offices"
        raise click.UsageError(message)
    console = Console()
    answer = {"key": name, **_WAYS[name](said, console)}
    if as_json:
        show_json(answer)
    elif answer["finished"]:
        console.say(f"{name} 已更换：{answer['now']}", f"{name} is changed: {answer['now']}")
    else:
        console.say(
            f"{name} 的新版本 {answer['now']} 已启用；旧版本还有人在用，请再运行一次。",
            f"{name}: version {answer['now']} is in use; somebody may still use the old one. Run this again.",
        )
    if answer.get("note"):
        console.note(str(answer["note"]))
    if not answer["finished"]:
        raise click.exceptions.Exit(1)


def _root(said: dict[str, Any], console: Console) -> dict[str, Any]:
    from yipan.database import root, vault  # noqa: PLC0415  # light: asks no table

    if root.place().kind == root.TYPED and not (said["to"] or said["passphrase_file"]):
        message = "the root is made of a passphrase: give a new one with --passphrase-file"
        raise click.UsageError(message)
    moved = bool(said["to"] or said["passphrase_file"])
    to = said["to"].absolute() if said["to"] else None
    place = vault.rotate_root(to=to, passphrase=said["passphrase_file"])
    variable = {root.NAMED: root.FILE, root.TYPED: root.PASSPHRASE}.get(place.kind)
    note = console.pick(
        {
            "zh": f"今后请设置 {variable}={place.path}，并重新启动网页和巡检进程。",
            "en": f"From now on set {variable}={place.path}, and start pages and sweep anew.",
        }
    )
    return {"now": str(place.path), "finished": True, "note": note if moved and variable else ""}


def _kek(said: dict[str, Any], console: Console) -> dict[str, Any]:
    set_up(console)
    from yipan.duties import rotating  # noqa: PLC0415  # after Django is set up

    tables = (*rotating.WRAPPED, "registry_intake", "documents_evidence", "statistics_filingreason")
    return _done(rotating.rotate_kek(tables, progress_line(console), grace=said["wait"]))


def _lookup(said: dict[str, Any], console: Console) -> dict[str, Any]:
    set_up(console)
    from yipan.registry import relooking  # noqa: PLC0415  # after Django is set up

    return _done(relooking.rotate(progress_line(console), grace=said["wait"]))


def _done(rotated: Any) -> dict[str, Any]:  # noqa: ANN401  # of a room imported late
    return {"now": rotated.version, "made_anew": rotated.made_anew, "finished": rotated.finished}


def _checkpoint(_said: dict[str, Any], console: Console) -> dict[str, Any]:
    set_up(console)
    from yipan.duties import attesting, checkpoint  # noqa: PLC0415  # after Django is set up

    made = attesting.rotate()
    # The list with the new key leaves the machine with the next checkpoint: take one now, if there is anything new.
    path = checkpoint.take(now())
    return {"now": made.number, "finished": True, "fingerprint": made.fingerprint, "file": path and path.name}


def _django(said: dict[str, Any], console: Console) -> dict[str, Any]:
    set_up(console)
    from yipan.database import secretkey  # noqa: PLC0415  # after Django is set up
    from yipan.offices.factors import reseal  # noqa: PLC0415
    from yipan.offices.freshkeys import refresh  # noqa: PLC0415

    def anew() -> None:
        """Seal the second factors under the new key, while those before it still open them."""
        refresh()
        reseal()

    return {"now": secretkey.rotate(forget=said["forget"], reseal=anew), "finished": True}


def _database(_said: dict[str, Any], _console: Console) -> dict[str, Any]:
    from yipan.database.doors import rotate_passwords  # noqa: PLC0415  # only where it is asked for

    rotate_passwords()
    return {"now": "database.json", "finished": True}


def _certificate(_said: dict[str, Any], _console: Console) -> dict[str, Any]:
    from yipan.documents import signing  # noqa: PLC0415  # light: asks no table

    return {"now": int(signing.rotate(now().astimezone(SHANGHAI).date()).name), "finished": True}


def _figures(_said: dict[str, Any], console: Console) -> dict[str, Any]:
    set_up(console)
    from yipan.statistics.extract import extract, new_salt  # noqa: PLC0415  # after Django is set up

    new_salt()
    done = extract(say=progress_line(console))
    return {"now": "figures.key", "made_anew": done.entries, "finished": True}


def _office(said: dict[str, Any], console: Console) -> dict[str, Any]:
    set_up(console)
    from yipan.offices.office import organisation  # noqa: PLC0415  # after Django is set up
    from yipan.statistics import sealing  # noqa: PLC0415

    offices = [organisation(said["office"]).id] if said["office"] else sealing.signing_offices()
    return {"now": ", ".join(sealing.rotate(each) for each in offices), "finished": True}


_WAYS: Final[dict[str, Callable[[dict[str, Any], Console], dict[str, Any]]]] = {
    "root": _root, "kek": _kek, "lookup": _lookup, "checkpoint": _checkpoint, "django": _django,
    "database": _database, "certificate": _certificate, "figures": _figures, "office": _office,
}  # fmt: skip


@keys.command("seal")
@json_option
def seal(*, as_json: bool) -> None:
    """Seal under the root key what an older version of Yipan left lying open in the data folder.

    Example: yipan keys seal
    """
    from yipan.database import vault  # noqa: PLC0415  # light: asks no table

    sealed = vault.seal_plain()
    if as_json:
        show_json({"sealed": sealed})
    else:
        Console().say(
            f"已封存 {len(sealed)} 把：{'、'.join(sealed)}。旧备份里的还开着：请逐一更换。",
            f"{len(sealed)} sealed: {', '.join(sealed)}. Those in old backups lie open: rotate each.",
        )


def unlock() -> None:
    """Ask for the passphrase where the root key is made of one and nobody names a file with it.

    The processes that are started from here inherit it in memory; it is written to no disk.
    """
    from yipan.database import root  # noqa: PLC0415  # light: asks no table

    asked = root.installation().get("root") == root.TYPED
    if not asked or os.environ.get(root.PASSPHRASE) or not sys.stdin.isatty():
        return
    words = Console().pick({"zh": "根密钥口令：", "en": "Passphrase of the root key: "})
    descriptor = os.memfd_create("yipan", 0)  # inherited
    os.write(descriptor, getpass.getpass(words).encode() + b"\n")
    os.environ[root.PASSPHRASE] = f"/proc/self/fd/{descriptor}"


COMMANDS = (keys,)
