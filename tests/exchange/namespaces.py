"""A hub in a network of its own, and lines to it that lose what is sent, as real ones do: nobody is told. Only root can make them."""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess

from tests.exchange.provinces import Hub

#: The networks of this test, of which nobody else has one: 10.77.N.0/30.
_NETWORKS = itertools.count(1)


def allowed() -> bool:
    """Tell whether networks can be made here."""
    return os.geteuid() == 0 and shutil.which("ip") is not None


def _ip(*words: str, within: str = "") -> None:
    program = shutil.which("ip")
    assert program
    into = ["netns", "exec", within, program] if within else []
    subprocess.run([program, *into, *words], check=True, capture_output=True)


class FarHub(Hub):
    """A hub that is reached over wires alone."""

    def __init__(self) -> None:
        """Make its network, and a wire by which the test itself reaches it."""
        self.network = f"yipan-hub-{os.getpid()}"
        _ip("netns", "add", self.network)
        super().__init__(listens="0.0.0.0", under=("ip", "netns", "exec", self.network))  # noqa: S104  # in a network of its own
        self.own = Wire(self)
        self.host = self.own.far

    def remove(self) -> None:
        """End it and take its network away."""
        super().remove()
        self.own.close()
        _ip("netns", "del", self.network)


class Wire:
    """A pair of ends, one here and one in the hub's network. What it loses is lost without a word to either side."""

    def __init__(self, hub: FarHub) -> None:
        """Lay it."""
        number = next(_NETWORKS)
        self.hub, self.near, self.far = hub, f"10.77.{number}.1", f"10.77.{number}.2"
        self._here, self._there = f"yw{os.getpid()}n{number}"[-15:], f"yf{os.getpid()}n{number}"[-15:]
        _ip("link", "add", self._here, "type", "veth", "peer", "name", self._there)
        _ip("link", "set", self._there, "netns", hub.network)
        _ip("addr", "add", f"{self.near}/30", "dev", self._here)
        _ip("addr", "add", f"{self.far}/30", "dev", self._there, within=hub.network)
        _ip("link", "set", self._here, "up")
        _ip("link", "set", self._there, "up", within=hub.network)
        self._lost: set[str] = set()

    @property
    def address(self) -> str:
        """Return where the hub is found over it."""
        return f"nats://{self.far}:{self.hub.port}"

    def cut(self) -> None:
        """Let nothing pass either way."""
        self.go_dead("there", "back")

    def go_dead(self, *directions: str) -> None:
        """Lose what goes `there` (to the hub), or comes `back`."""
        for each in set(directions) - self._lost:
            self._route("add", each)
            self._lost.add(each)

    def mend(self) -> None:
        """Lose nothing any more."""
        for each in sorted(self._lost):
            self._route("del", each)
        self._lost.clear()

    def close(self) -> None:
        """Take it away."""
        self.mend()
        _ip("link", "del", self._here)

    def _route(self, what: str, direction: str) -> None:
        to, within = (self.far, "") if direction == "there" else (self.near, self.hub.network)
        _ip("route", what, "blackhole", f"{to}/32", within=within)
