"""`node`: this installation among others: its card, its peers, carrying, what waits and what was refused."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import click

from yipan.cli.console import Console, json_option, now, set_up, show_json, show_json_rows

if TYPE_CHECKING:
    from collections.abc import Iterable
    from uuid import UUID

_PORT: Final = 4222


@click.group()
def node() -> None:
    """Be a node among other provinces' installations.

    Example: yipan node status
    """


@node.command()
@click.argument("name")
@click.option("--title", default="", help="What people call it; the name when not said.")
@click.option(
    "--serves", required=True, multiple=True, metavar="CODE", help="The front of the codes of its offices."
)
@click.option("--hub", default="nats://127.0.0.1:4222", show_default=True, help="Where the hub is.")
@click.option(
    "--credentials",
    type=click.Path(dir_okay=False, path_type=Path),
    help="What the hub's keeper issued to this node; kept sealed, remove the file afterwards.",
)
@json_option
def init(  # what makes a node
    name: str, title: str, serves: tuple[str, ...], hub: str, credentials: Path | None, *, as_json: bool
) -> None:
    """Make this installation a node, or say anew whom it serves and where its hub is.

    Example: yipan node init guangdong --title 广东 --serves 44 --hub nats://hub.example:4222
    """
    set_up()
    from yipan.exchange.faults import HubFilesError  # noqa: PLC0415  # after Django is set up
    from yipan.exchange.nodes.hubfiles import context_of  # noqa: PLC0415  # the same
    from yipan.exchange.nodes.own import init as begin  # noqa: PLC0415  # the same
    from yipan.exchange.nodes.own import keep_credentials  # noqa: PLC0415  # the same

    if credentials and not credentials.is_file():
        raise HubFilesError(name=str(credentials))
    shown = credentials.read_bytes() if credentials else None
    if shown:
        context_of(shown)
    made = begin(name, title or name, serves, hub)
    if shown:
        keep_credentials(shown)
    if as_json:
        show_json(
            {"node": made.name, "serves": list(made.serves), "hub": made.hub, "key_version": made.key_version}
        )
        return
    Console().say(f"本系统是节点 {made.name}。", f"This installation is the node {made.name}.")


@node.command()
@json_option
def card(*, as_json: bool) -> None:
    """Print this node's card, one JSON value, to be sent to the other side.

    Example: yipan node card --json
    """
    del as_json  # a card is JSON in any case
    set_up()
    from yipan.exchange.nodes.own import card_of, own  # noqa: PLC0415  # after Django is set up

    click.echo(card_of(own()))


@node.command()
@click.argument("card_or_name")
@click.option("--words", help="The four words that the other side read over the phone.")
@json_option
def trust(card_or_name: str, words: str | None, *, as_json: bool) -> None:
    """Take a peer's card; it is believed once the four words are the same on both sides.

    CARD_OR_NAME is the file of a card, or with --words the name of a peer whose card is here.

    Example: yipan node trust guangxi.json --words "天地 山水 风云 雷电"
    """
    set_up()
    from yipan.exchange.nodes.peers import confirm, take_card, words_with  # noqa: PLC0415  # after Django is set up

    path = Path(card_or_name)
    if words and not path.is_file():
        peer = confirm(card_or_name, words, now())
    else:
        peer, _ = take_card(path.read_text(encoding="utf-8"), now(), words)
    said = {"peer": peer.name, "state": peer.state, "serves": list(peer.serves), "words": words_with(peer)}
    if as_json:
        show_json(said)
        return
    console = Console()
    console.say(f"四个词：{said['words']}", f"The four words: {said['words']}")
    if peer.state == "trusted":
        console.say(f"已信任 {peer.name}。", f"{peer.name} is trusted.")
    else:
        console.say(
            f'请与对方通电话核对；一致后运行：yipan node trust {peer.name} --words "{said["words"]}"',
            f'Compare them over the phone; if they are the same: yipan node trust {peer.name} --words "{said["words"]}"',
        )


@node.command()
@click.argument("name")
@click.option("--because", required=True, help="Why; it is shown on the desk.")
@json_option
def revoke(name: str, because: str, *, as_json: bool) -> None:
    """Believe a peer no longer: what comes from it is refused and named.

    Example: yipan node revoke guangxi --because "the machine was stolen"
    """
    set_up()
    from yipan.exchange.nodes.peers import revoke as end  # noqa: PLC0415  # after Django is set up

    peer = end(name, because, now())
    if as_json:
        show_json({"peer": peer.name, "state": peer.state})
        return
    Console().say(f"不再信任 {peer.name}。", f"{peer.name} is trusted no longer.")


@node.command()
@json_option
def peers(*, as_json: bool) -> None:
    """List the peers with their four words.

    Example: yipan node peers
    """
    set_up()
    from yipan.exchange.nodes.own import own  # noqa: PLC0415  # after Django is set up
    from yipan.exchange.nodes.standing import peers_listed  # noqa: PLC0415  # the same

    own()
    found = peers_listed()
    if as_json:
        show_json(found)
        return
    for each in found:
        click.echo(
            f"{each['name']}  {each['title']}  {each['state']}  {','.join(each['serves'])}  {each['words']}"
        )


@node.command()
@click.option("--for", "seconds", type=float, metavar="SECONDS", help="End after so long; else when told to.")
def run(seconds: float | None) -> None:
    """Carry what leaves and what comes. May be killed at any moment and started again.

    Example: yipan node run
    """
    set_up()
    from yipan.exchange.nodes.carrying import Carrying  # noqa: PLC0415  # after Django is set up

    console = Console()
    asyncio.run(Carrying(console.note).run(seconds))


@node.command()
@json_option
def status(*, as_json: bool) -> None:
    """Show peers, lag, the oldest unacknowledged, what waits and was refused, clocks and disk.

    Example: yipan node status --json
    """
    set_up()
    from yipan.exchange.nodes.standing import desk  # noqa: PLC0415  # after Django is set up
    from yipan.exchange.nodes.standing import status as stand  # noqa: PLC0415  # the same

    said = {**stand(now()), "desk": desk(now())}
    if as_json:
        show_json(said)
        return
    click.echo(f"{said['node']}  {said['hub']}  {said['disk_free_mb']} MB")
    link = _carrier_link(said["carrier"])
    if not link["ok"]:
        click.echo(f"! {link['link']}: {link['said']}")
    for each in said["peers"]:
        click.echo(_line(each))
    for each in said["desk"]:
        click.echo(f"! {each['way']} {each['peer']} {each['event'] or ''} {each['state']}: {each['reason']}")


def _line(peer: dict[str, Any]) -> str:
    numbers = ("to_send", "unacknowledged", "to_enter", "held", "refused", "waiting_threads", "skew_seconds")
    return f"{peer['name']}  {peer['state']}  " + "  ".join(f"{name}={peer[name]}" for name in numbers)


@node.command()
@click.option("--days", default=7, show_default=True, type=click.IntRange(1, 366), help="How many days back.")
@json_option
def counts(days: int, *, as_json: bool) -> None:
    """Show how many duties each province kept and let lapse, by day and county; small numbers are merged.

    Example: yipan node counts --days 31 --json
    """
    set_up()
    from yipan.exchange.nodes.board import listed  # noqa: PLC0415  # after Django is set up
    from yipan.exchange.nodes.own import own  # noqa: PLC0415  # the same

    own()
    found = listed(now().date() - timedelta(days=days))
    if as_json:
        show_json(found)
        return
    console = Console()
    if not found:
        console.say("这些天没有公布过数字。", "Nothing was published of these days.")
    for each in found:
        click.echo(f"{each['day']}  {each['node']}")
        for county in sorted({*each["kept"], *each["lapsed"]}):
            kept, lapsed = (each[what].get(county, "-") for what in ("kept", "lapsed"))
            console.say(
                f"  {county}  按时 {kept}  逾期 {lapsed}", f"  {county}  kept {kept}  lapsed {lapsed}"
            )


@node.command()
@json_option
def retry(*, as_json: bool) -> None:
    """Take up again everything that lies on the desk.

    Example: yipan node retry
    """
    set_up()
    from yipan.exchange.nodes.entering import retry as again  # noqa: PLC0415  # after Django is set up

    found = again(now())
    if as_json:
        show_json({"taken_up": found})
        return
    Console().say(f"重试 {found} 件。", f"{found} taken up again.")


@node.command(name="rotate-key")
@json_option
def rotate_key(*, as_json: bool) -> None:
    """Make new keys, named by the old ones, and tell the peers.

    Example: yipan node rotate-key
    """
    set_up()
    from yipan.exchange.nodes.greeting import greet_all  # noqa: PLC0415  # after Django is set up
    from yipan.exchange.nodes.own import rotate  # noqa: PLC0415  # the same

    made = rotate(now())
    greet_all(now())
    if as_json:
        show_json({"node": made.name, "key_version": made.key_version})
        return
    Console().say(f"密钥已换为第 {made.key_version} 版。", f"The keys are now version {made.key_version}.")


@node.command()
@click.argument("peer")
@json_option
def duties(peer: str, *, as_json: bool) -> None:
    """Print the duties that stand between offices here and at a peer: both nodes print the same.

    Example: yipan node duties guangxi --json
    """
    set_up()
    from yipan.exchange.nodes.standing import shared_duties  # noqa: PLC0415  # after Django is set up

    found = shared_duties(peer)
    if as_json:
        show_json_rows(found)
        return
    for each in found:
        click.echo(
            f"{each['id']}  {each['rule']}  {each['owed_by']} -> {each['owed_to']}  {each['state']}  {each['due_on'] or ''}"
        )


@node.command()
@json_option
def check(*, as_json: bool) -> None:
    """See which link fails: keys, the line to the hub, the hub, its boxes, whoever carries here, each peer.

    Example: yipan node check
    """
    set_up()
    links = list(_links())
    failed = next((each for each in links if not each["ok"]), None)
    if as_json:
        show_json({"links": links, "failing": failed["link"] if failed else None})
    else:
        for each in links:
            click.echo(f"{'✓' if each['ok'] else '✗'} {each['link']}  {each['said']}")
    if failed:
        raise click.exceptions.Exit(1)


def _links() -> Iterable[dict[str, Any]]:
    from yipan.exchange.nodes.line import probe  # noqa: PLC0415  # after Django is set up
    from yipan.exchange.nodes.own import credentials, own  # noqa: PLC0415  # the same
    from yipan.exchange.nodes.standing import status as stand  # noqa: PLC0415  # the same

    one = own()
    yield {"link": "keys", "ok": bool(one.keys().public.sign), "said": f"version {one.key_version}"}
    fault = _line_fault(one.hub)
    yield {"link": "line to the hub", "ok": not fault, "said": fault or one.hub}
    if fault:
        return
    fault = asyncio.run(probe(one.hub, one.name, credentials()))
    yield {"link": "hub and its boxes", "ok": not fault, "said": fault}
    standing = stand(now())
    yield _carrier_link(standing["carrier"])
    for peer in standing["peers"]:
        lag = peer["oldest_unacknowledged_seconds"]
        fine = peer["state"] == "trusted" and (lag is None or lag < _LATE)
        yield {
            "link": f"peer {peer['name']}",
            "ok": fine,
            "said": f"{peer['state']}, heard {peer['heard_at']}, lag {lag}",
        }


def _carrier_link(carrier: dict[str, Any]) -> dict[str, Any]:
    """Return whether somebody carries here and can: a hub that greets may take nothing all the same."""
    said = f"{carrier['said']} ({carrier['since']})" if carrier["said"] else ""
    if not carrier["running"]:
        said = "nobody carries: yipan node run"
    return {"link": "carrier", "ok": not said, "said": said}


def _line_fault(hub: str) -> str:
    """Return what is wrong with the line; empty where the hub greets at its end."""
    address = urlsplit(hub)
    try:
        with socket.create_connection((address.hostname or "", address.port or _PORT), 3) as line:
            line.settimeout(3)
            return "" if line.recv(len(_GREETING)) == _GREETING else f"{hub}: no hub answers"
    except OSError as error:
        return f"{hub}: {type(error).__name__}"


#: What a hub says first.
_GREETING: Final = b"INFO"
#: From so many seconds on a peer's silence is a failing link.
_LATE: Final = 120


@node.command(name="hub")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--address", required=True, help="The name or number under which nodes reach the hub.")
@click.option("--port", default=_PORT, show_default=True, help="Its port.")
@click.option(
    "--node", "names", multiple=True, required=True, metavar="NAME", help="A node that may connect."
)
@json_option
def hub_(folder: Path, address: str, port: int, names: tuple[str, ...], *, as_json: bool) -> None:
    """Write the files of a hub: its configuration with TLS, and a certificate for each node. Start it: nats-server -c hub.conf.

    Example: yipan node hub /srv/hub --address hub.example --node guangdong --node guangxi
    """
    from yipan.exchange.nodes.hubfiles import write_hub  # noqa: PLC0415  # only here

    made = [str(each) for each in write_hub(folder, address, port, names, now())]
    if as_json:
        show_json({"folder": str(folder), "address": f"tls://{address}:{port}", "nodes": made})
        return
    console = Console()
    for each in made:
        console.say(f"交给该节点，不要经公开途径：{each}", f"Hand this to its node, in no public way: {each}")
    console.say(
        f"启动后运行：yipan node boxes {folder} --hub tls://{address}:{port}",
        f"Once it runs: yipan node boxes {folder} --hub tls://{address}:{port}",
    )


@node.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--hub", required=True, help="Where the hub is.")
@json_option
def boxes(folder: Path, hub: str, *, as_json: bool) -> None:
    """Make the boxes and the board of counts of a hub that `node hub` wrote the files of; those that are there stay.

    Example: yipan node boxes /srv/hub --hub tls://hub.example:4222
    """
    from yipan.exchange.faults import HubFilesError  # noqa: PLC0415  # the same
    from yipan.exchange.nodes.hubfiles import KEEPER  # noqa: PLC0415  # the same
    from yipan.exchange.nodes.line import make_boxes  # noqa: PLC0415  # only here

    keeper = folder / "nodes" / f"{KEEPER}.pem"
    if not keeper.is_file():
        raise HubFilesError(name=str(folder))
    names = sorted(each.stem for each in (folder / "nodes").glob("*.pem") if each != keeper)
    asyncio.run(make_boxes(hub, keeper.read_bytes(), names))
    if as_json:
        show_json({"boxes": names})
        return
    Console().say(f"信箱：{'、'.join(names)}", f"Boxes: {', '.join(names)}")


@node.command()
@click.argument("code")
@click.option(
    "--from", "sender", required=True, metavar="NODE", help="The node on which it works until then."
)
@json_option
def take(code: str, sender: str, *, as_json: bool) -> None:
    """Expect a township that moves to this node: the first of two steps, the other is `move`.

    Example: yipan node take 440104001 --from guangdong
    """
    set_up()
    from yipan.exchange.nodes.moving import expect  # noqa: PLC0415  # after Django is set up

    here = expect(code, sender, now())
    if as_json:
        show_json({"code": code, "from": sender, "here": here})
    elif here:
        Console().say(f"{code} 已在本节点。", f"{code} works on this node.")
    else:
        Console().say(
            f"等待 {sender} 运行 yipan node move。", f"Waiting for `yipan node move` to be run on {sender}."
        )


@node.command()
@click.argument("code")
@click.option("--to", "peer", required=True, metavar="NODE", help="The node on which it works from now on.")
@json_option
def move(code: str, peer: str, *, as_json: bool) -> None:
    """Let a township work on another node from now on, with its cases and its register.

    Nobody records for it here after that. Run `yipan node take` there first.

    Example: yipan node move 440104001 --to guangzhou
    """
    set_up()
    from yipan.exchange.nodes.moving import move_away  # noqa: PLC0415  # after Django is set up

    done = move_away(code, peer, now())
    if as_json:
        show_json(asdict(done))
        return
    Console().say(
        f"{done.code} 迁往 {done.to}：{done.cases} 个案件，{done.entries} 条记录待发出。",
        f"{done.code} moves to {done.to}: {done.cases} cases, {done.entries} entries to be sent.",
    )


@node.command()
@click.argument("thread", type=click.UUID)
@click.option("--office", required=True, metavar="CODE", help="The office that was asked.")
@click.option("--as", "officer", metavar="OFFICER", help="With whose rights.")
@json_option
def who(thread: UUID, office: str, officer: str | None, *, as_json: bool) -> None:
    """Look in the office's own register for the persons that a case of another office means.

    Example: yipan node who 0199f0a0-0000-7000-8000-000000000000 --office 500101001
    """
    set_up()
    from yipan.cli.acting import acting  # noqa: PLC0415  # after Django is set up
    from yipan.registry.meant import who_is_meant  # noqa: PLC0415  # the same

    found = who_is_meant(acting(office, officer, now()), thread, now())
    if as_json:
        show_json([asdict(each) for each in found])
        return
    words = {
        "same": ("是登记册中的", "is"),
        "unsure": ("可能是", "may be"),
        "nobody": ("未在本机构登记", "is not enrolled here"),
    }
    for each in found:
        zh, en = words[each.answer]
        listed = "、".join(f"{one.name}（{one.last_four}）{one.thread}" for one in each.proposed)
        Console().say(f"{each.name}：{zh} {listed}", f"{each.name} {en} {listed}")


COMMANDS = (node,)
