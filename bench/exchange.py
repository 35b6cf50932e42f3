"""Two nodes and their hub: entries a second from one journal to the other, how long one takes, and a backlog that drains.

    python bench/exchange.py [--cases N] [--offices M] [--rate R] [--seconds S] [--backlog N]

Two fresh installations, a real nats-server and both carriers on this machine, thrown away at the end. A question about a person
is two items from the desk (the entry, and the extract of what she agreed to) and one back (that it arrived): each is packed,
signed, encrypted, held by the hub, opened, verified, entered in the other journal through `record()`, and receipted. Counted are
items, from the first record to the last receipt. In the same run, on the same cores: JetStream alone, and signing,
encrypting, opening and verifying alone. Quote the ratios.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import psutil

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DESK, HOME = ("desk", "44"), ("home", "50")
MESSAGE = b"x" * 512
#: Messages under way at once, and taken at once.
WINDOW = 500
#: Cases that are recorded in one call where many are recorded.
TOGETHER = 100


# What runs inside an installation: `python bench/exchange.py --inside WHAT ...`, with its YIPAN_HOME.


def inside(what: str, words: list[str]) -> None:
    """Do one thing in the installation of this process, and print what there is to say as JSON."""
    import django  # noqa: PLC0415  # only here

    os.environ["DJANGO_SETTINGS_MODULE"] = "yipan.settings"
    django.setup()
    from django.db import connections  # noqa: PLC0415  # after Django is set up

    from yipan import database  # noqa: PLC0415  # the same
    from yipan.duties.ready import make_ready  # noqa: PLC0415  # the same

    database.ensure()
    try:
        if what == "setup":
            make_ready(database.rule_packs(), datetime.now(UTC))
            said: object = None
        else:
            verbs: dict[str, Callable[..., object]] = {
                "record": record_cases, "pace": record_at, "wait": wait, "moments": moments,
            }  # fmt: skip
            said = verbs[what](*words)
        print(json.dumps(said))
    finally:
        connections.close_all()
        database.leave()


def offices(front: str, many: int) -> list[str]:
    """Return so many townships of a province."""
    from yipan.offices.office import Organisation  # noqa: PLC0415  # after Django is set up

    found = Organisation.objects.filter(level="township", kind="health", id__startswith=front).order_by("id")
    return list(found.values_list("id", flat=True)[:many])


def drafts_of(number: int, homes: list[str]) -> list[Any]:
    """Return the two entries with which a desk begins a case and asks her home."""
    from yipan.duties.draft import Draft  # noqa: PLC0415  # after Django is set up
    from yipan.duties.naming import case_of  # noqa: PLC0415  # the same

    own, home = uuid4(), homes[number % len(homes)]
    asked = {
        "her_home": home, "his_home": "", "her_name": "李秀兰", "his_name": "陈志强", "papers": "complete",
        "her_identity_number": "500101199203154526", "her_agrees_verify": True, "her_agrees_notice": True,
    }  # fmt: skip
    question = {"her_home": home, "channel": "system", "her_name": "李秀兰", "her_points": "请核实姓名"}
    return [
        Draft(kind="birth-registration.asked", fields=asked, id=own),
        Draft(kind="verification.asked", fields=question, thread=case_of(own)),
    ]


def say(desk: str, drafts: list[Any]) -> None:
    """Record drafts at a desk."""
    from yipan.duties.record import record  # noqa: PLC0415  # after Django is set up
    from yipan.offices.office import organisation  # noqa: PLC0415  # the same
    from yipan.offices.permit import local_permit  # noqa: PLC0415  # the same

    now = datetime.now(UTC)
    record(drafts, permit=local_permit(organisation(desk), "bench", now), clock=lambda: datetime.now(UTC))


def record_cases(cases: str, many: str) -> dict[str, float]:
    """Record so many cases at so many desks about as many homes, and return the seconds it took."""
    desks, homes = offices("44", int(many)), offices("50", int(many))
    began = time.perf_counter()
    for number, start in enumerate(range(0, int(cases), TOGETHER)):
        drafts = [
            each for one in range(start, min(start + TOGETHER, int(cases))) for each in drafts_of(one, homes)
        ]
        say(desks[number % len(desks)], drafts)
    return {"seconds": time.perf_counter() - began}


def record_at(rate: str, seconds: str, many: str) -> dict[str, int]:
    """Record a case at a time, so many a second, and return how many there were."""
    desks, homes = offices("44", int(many)), offices("50", int(many))
    began, number = time.perf_counter(), 0
    while (passed := time.perf_counter() - began) < float(seconds):
        if number > passed * float(rate):
            time.sleep(0.001)
            continue
        say(desks[number % len(desks)], drafts_of(number, homes))
        number += 1
    return {"recorded": number}


def wait(items: str) -> dict[str, float]:
    """Wait until so many numbered items of this node were entered at the other, and return when that was."""
    from yipan.exchange.nodes.peers import exchanging  # noqa: PLC0415  # after Django is set up

    while True:
        with exchanging() as cursor:
            cursor.execute(
                "SELECT count(*) FILTER (WHERE state = 'entered'), count(*) FILTER (WHERE state IN ('held', 'refused',"
                " 'withheld')) FROM exchange_outbox WHERE number IS NOT NULL"
            )
            entered, stuck = cursor.fetchone()
        if stuck:
            message = f"{stuck} items were not entered"
            raise SystemExit(message)
        if entered >= int(items):
            return {"at": time.time()}
        time.sleep(0.1)


def moments(kind: str, many: str, front: str) -> dict[str, str]:
    """Return when each entry of a kind was recorded in this journal."""
    from django.db import connection, transaction  # noqa: PLC0415  # after Django is set up

    from yipan.offices.permit import set_acting  # noqa: PLC0415  # the same

    found: dict[str, str] = {}
    for office in offices(front, int(many)):
        with transaction.atomic(), connection.cursor() as cursor:
            set_acting(office, "bench", [])
            cursor.execute("SELECT id, recorded_at FROM duties_event WHERE kind = %s", [kind])
            found |= {str(own): at.isoformat() for own, at in cursor.fetchall()}
    return found


# What orders them about.


@dataclass(kw_only=True)
class Node:
    """One installation of the run."""

    name: str
    serves: str
    home: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="yh-")))
    carrier: subprocess.Popen[bytes] | None = None
    begun: list[subprocess.Popen[str]] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        """Return the environment of its programs."""
        ours = {
            name: value for name, value in os.environ.items() if not name.startswith(("DATABASE_", "YIPAN_"))
        }
        return {**ours, "YIPAN_HOME": str(self.home), "YIPAN_KEK": str(self.home / "bench.kek")}

    def yipan(self, *words: str) -> str:
        """Run a command that must succeed."""
        done = subprocess.run(  # noqa: S603  # our own program
            [sys.executable, "-m", "yipan.cli", *words],
            env=self.environment, stdout=subprocess.PIPE, check=True, encoding="utf-8",
        )  # fmt: skip
        return done.stdout

    def begin(self, *words: object) -> subprocess.Popen[str]:
        """Begin something inside."""
        process = subprocess.Popen(  # noqa: S603  # this script
            [sys.executable, __file__, "--inside", *map(str, words)],
            env=self.environment, stdout=subprocess.PIPE, encoding="utf-8",
        )  # fmt: skip
        self.begun.append(process)
        return process

    def carry(self) -> None:
        """Start carrying."""
        self.carrier = subprocess.Popen(
            [sys.executable, "-m", "yipan.cli", "node", "run"], env=self.environment
        )

    def stop(self) -> None:
        """Stop carrying."""
        if self.carrier:
            self.carrier.terminate()
            self.carrier.wait(60)
            self.carrier = None

    def memory(self) -> float:
        """Return the megabytes that its carrier takes."""
        return psutil.Process(self.carrier.pid).memory_info().rss / 2**20 if self.carrier else 0.0


def said(process: subprocess.Popen[str]) -> Any:  # noqa: ANN401  # whatever it prints
    """Return what a process says at its end."""
    out, _ = process.communicate()
    if process.returncode:
        raise SystemExit(process.returncode)
    return json.loads(out)


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


@contextlib.contextmanager
def board() -> Iterator[tuple[Node, Node, str]]:
    """Give two nodes that trust each other, and the address of their hub."""
    nodes = [Node(name=name, serves=serves) for name, serves in (DESK, HOME)]
    folder, port = Path(tempfile.mkdtemp(prefix="hub-")), free_port()
    program = shutil.which("nats-server") or str(Path(sys.executable).with_name("nats-server"))
    hub = subprocess.Popen(  # noqa: S603  # the hub itself
        [program, "-a", "127.0.0.1", "-p", str(port), "-js", "-sd", str(folder)], stderr=subprocess.DEVNULL
    )
    address = f"nats://127.0.0.1:{port}"
    try:
        for each in [one.begin("setup") for one in nodes]:
            said(each)
        for one in nodes:
            one.yipan("node", "init", one.name, "--serves", one.serves, "--hub", address)
            (one.home / "card").write_text(one.yipan("node", "card"), encoding="utf-8")
        for one, other in (nodes, nodes[::-1]):
            words = json.loads(one.yipan("node", "trust", str(other.home / "card"), "--json"))["words"]
            one.yipan("node", "trust", other.name, "--words", words)
        yield nodes[0], nodes[1], address
    finally:
        for one in nodes:
            one.stop()
            for process in one.begun:
                process.kill()
                process.wait()
        hub.terminate()
        hub.wait()
        time.sleep(2)  # the keepers of both databases stop them
        for place in (folder, *(one.home for one in nodes)):
            shutil.rmtree(place, ignore_errors=True)


def end_to_end(desk: Node, home: Node, cases: int, many: int, before: int) -> float:
    """Print how many items a second go from journal to journal while they are recorded, and return that."""
    began = time.time()
    recording = desk.begin("record", cases, many)
    waiting = [desk.begin("wait", 2 * (before + cases)), home.begin("wait", before + cases)]
    ended: float = max(said(each)["at"] for each in waiting)
    seconds: float = said(recording)["seconds"]
    rate = 3 * cases / (ended - began)
    print(
        f"end to end, {cases} cases at {many} desks: {rate:,.0f} items a second, the last receipt after"
        f" {ended - began:.1f} s; recording them took {seconds:.1f} s of that"
    )
    return rate


def latency(desk: Node, home: Node, rate: float, seconds: float, many: int) -> int:
    """Print how long an entry takes from one journal to the other at a steady pace, and return how many there were."""
    earlier = said(desk.begin("moments", "verification.asked", many, "44"))
    number: int = said(desk.begin("pace", rate, seconds, many))["recorded"]
    time.sleep(3)
    left = said(desk.begin("moments", "verification.asked", many, "44"))
    came = said(home.begin("moments", "verification.asked", many, "50"))
    took = sorted(
        (datetime.fromisoformat(came[each]) - datetime.fromisoformat(at)) / timedelta(milliseconds=1)
        for each, at in left.items()
        if each not in earlier and each in came
    )
    missing = sum(each not in came for each in left)
    print(
        f"from record to the other desk at {number / seconds:.0f} a second ({number} in {seconds:.0f} s): p50"
        f" {statistics.median(took):,.0f} ms, p99 {took[int(len(took) * 0.99) - 1]:,.0f} ms, {missing} not there yet"
    )
    return number


def drain(desk: Node, home: Node, cases: int, many: int, before: int) -> None:
    """Print how a backlog that waited at the hub drains, and what the receiving carrier takes meanwhile."""
    home.stop()
    said(desk.begin("record", cases, many))
    while json.loads(desk.yipan("node", "status", "--json"))["peers"][0]["to_send"]:
        time.sleep(1)
    began = time.time()
    home.carry()
    waiting = desk.begin("wait", 2 * (before + cases))
    seen = []
    while waiting.poll() is None:
        seen.append(home.memory())
        time.sleep(1)
    took = said(waiting)["at"] - began
    thirds = [max(seen[len(seen) * n // 3 : max(len(seen) * (n + 1) // 3, 1)], default=0.0) for n in range(3)]
    print(
        f"backlog of {2 * cases} items drained in {took:.0f} s, {2 * cases / took:,.0f} a second; the carrier took at most"
        f" {' / '.join(f'{each:.0f}' for each in thirds)} MB in each third"
    )


async def bare_jetstream(address: str, messages: int) -> float:
    """Return how many messages of 512 bytes a second JetStream alone takes, holds on disk, hands over and forgets."""
    import nats  # noqa: PLC0415  # with its own loop
    from nats.js.api import RetentionPolicy  # noqa: PLC0415  # the same

    client = await nats.connect(address)
    stream = client.jetstream()
    await stream.add_stream(name="BENCH", subjects=["bench"], retention=RetentionPolicy.WORK_QUEUE)
    began = time.perf_counter()
    for start in range(0, messages, WINDOW):
        await asyncio.gather(
            *(stream.publish("bench", MESSAGE) for _ in range(min(WINDOW, messages - start)))
        )
    box = await stream.pull_subscribe("bench", durable="bench", stream="BENCH")
    taken = 0
    while taken < messages:
        for each in await box.fetch(WINDOW, timeout=5):
            await each.ack()
            taken += 1
    seconds = time.perf_counter() - began
    await stream.delete_stream("BENCH")
    await client.close()
    return messages / seconds


def bare_crypto(items: int, together: int) -> float:
    """Return how many items a second are signed, encrypted, opened and verified alone, so many to an envelope."""
    from joserfc.jwk import OKPKey  # noqa: PLC0415  # only here

    from yipan.exchange.envelope import KeyPair, open_envelope, seal  # noqa: PLC0415  # the same

    def pair() -> KeyPair:
        return KeyPair(version=1, sign=OKPKey.generate_key("Ed25519"), encrypt=OKPKey.generate_key("X25519"))

    one, other, now = pair(), pair(), datetime.now(UTC)
    item = {
        "what": "event",
        "event": str(UUID(int=1)),
        "facts": {"her": {"her_name": "李秀兰", "more": "x" * 400}},
    }
    began = time.perf_counter()
    for _ in range(0, items, together):
        _, raw = seal(
            [item] * together, sender="a", recipient="b", keys=one, theirs=other.public, made_at=now
        )
        open_envelope(raw, own="b", keys=lambda _: other, peer=lambda _: one.public)
    return items / (time.perf_counter() - began)


def main() -> None:
    """Measure and print."""
    if sys.argv[1:2] == ["--inside"]:
        inside(sys.argv[2], sys.argv[3:])
        return
    asks = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    for name, value in (("cases", 2000), ("offices", 20), ("rate", 50), ("seconds", 20), ("backlog", 5000)):
        asks.add_argument(f"--{name}", type=int, default=value)
    wanted = asks.parse_args()
    with board() as (desk, home, address):
        jetstream = asyncio.run(bare_jetstream(address, 5000))
        print(
            f"JetStream alone, 512 bytes, published, held, fetched, acknowledged: {jetstream:,.0f} a second"
        )
        for together in (1, 200):
            print(
                f"signed, encrypted, opened, verified alone, {together} to an envelope: {bare_crypto(2000, together):,.0f} a second"
            )
        for each in (desk, home):
            each.carry()
        time.sleep(3)
        # Not counted: both read the law once.
        done = 20
        said(desk.begin("record", done, 1))
        said(desk.begin("wait", 2 * done))
        for many in (wanted.offices, 1):
            rate = end_to_end(desk, home, wanted.cases, many, done)
            print(f"  that is 1 to {jetstream / rate:,.1f} of JetStream alone")
            done += wanted.cases
        done += latency(desk, home, wanted.rate, wanted.seconds, wanted.offices)
        drain(desk, home, wanted.backlog // 2, wanted.offices, done)


if __name__ == "__main__":
    main()
