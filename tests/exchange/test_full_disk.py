"""Three provinces and their hub on one small disk that runs full in the middle of a case. Only root can make such a disk."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.exchange.provinces import (
    CHONGQING,
    GUANGDONG,
    HER_HOME,
    RESIDENCE,
    Provinces,
    ask_fields,
    make_provinces,
    until,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

MEGABYTES = 1500
#: What a node may say while there is no room, each a refusal with its way out.
REFUSED = ("disk-full", "connection-lost", "database-unreachable")


@pytest.fixture
def disk() -> Iterator[Path]:
    """Give a disk of its own."""
    assert os.geteuid() == 0, "only root can mount a disk: run this one test as root"
    folder = Path(tempfile.mkdtemp(prefix="disk-"))
    made = ["mount", "-t", "tmpfs", "-o", f"size={MEGABYTES}m,mode=755", "none", str(folder)]
    subprocess.run(made, check=True)
    yield folder
    gone = ["umount", str(folder)]
    subprocess.run(gone, check=True)
    folder.rmdir()


@pytest.fixture
def two(disk: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Provinces]:
    """Give two provinces on that disk, that carry; when they are taken away each journal proves itself."""
    with monkeypatch.context() as making:
        making.setattr(tempfile, "tempdir", str(disk))
        made = make_provinces((GUANGDONG, CHONGQING))
    for node, office in zip(made, (RESIDENCE, HER_HOME), strict=True):
        node.program.record("office.opened", office)
        node.carry()
    yield made
    made.remove()


def ask(two: Provinces) -> list[str]:
    """Try to begin a case at the desk and to ask her home; return the case, if it was recorded."""
    desk = two["guangdong"].program
    her = {name: said for name, said in ask_fields().items() if not name.startswith(("his", "him"))}
    done: list[str] = []
    for kind, fields in (
        ("birth-registration.asked", her),
        ("verification.asked", {"her_home": HER_HOME, "her_name": "李秀兰", "her_points": "请核实姓名", "channel": "system"}),
    ):  # fmt: skip
        said = [part for name, value in fields.items() for part in ("--field", f"{name}={value}")]
        case = ("--thread", done[0]) if done else ()
        answer = desk.run("record", kind, "--office", RESIDENCE, *case, *said, "--json")
        if answer.code:
            assert answer.value["error"] in REFUSED, answer.out + answer.err
            return []
        done = [str(answer.value["thread"])]
    return done


@pytest.mark.soak
def test_a_disk_that_runs_full_loses_nothing_that_was_recorded_and_doubles_nothing(
    two: Provinces, disk: Path
) -> None:
    asked = ask(two)
    two.settle()
    ballast = disk / "ballast"
    refused = 0
    for _ in range(3):
        with ballast.open("wb") as file:
            while _written(file.fileno()):
                pass
        for _ in range(5):
            more = ask(two)
            refused += not more
            asked += more
            time.sleep(1)
        ballast.unlink()
        # A hub whose disk was full takes nothing until it is started anew: docs/how-to/run-a-hub.md.
        two.hub.kill()
        two.hub.start()
        until(partial(ask, two), "there is room again")
    two.settle(300)
    two.agree()
    known = {each["thread"] for each in two["chongqing"].json("node", "duties", "guangdong")}
    assert set(asked) <= known
    assert not any(each["refused"] or each["held"] for node in two for each in node.status()["peers"])
    print(f"{len(asked)} asked, {refused} refused for want of room")  # noqa: T201  # what the run came to


def _written(file: int) -> bool:
    """Write a block; tell whether there was room for it."""
    try:
        return os.write(file, b"x" * (1 << 20)) > 0
    except OSError:
        return False
