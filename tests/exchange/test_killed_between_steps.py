"""A node is killed before and after every commit of what it carries, one after another, and between its other steps."""

from __future__ import annotations

import itertools
import os
import signal
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db import connection, connections

from tests.duties.cast import at
from tests.exchange.test_what_comes_and_leaves import arrived_and_answered, asked, events
from yipan.exchange.nodes.entering import enter_in_turn
from yipan.exchange.nodes.finishing import finish
from yipan.exchange.nodes.packing import pack_due, published
from yipan.exchange.nodes.receiving import receive_many
from yipan.exchange.nodes.standing import desk

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from uuid import UUID

    from tests.duties.cast import Cast
    from tests.exchange.peer import Peer

NOW = at("2026-03-04T10:00")


@dataclass(kw_only=True)
class Turns:
    """What who carries does in one turn, with a hub that is two folders: what left, by its message id, and what waits."""

    left: Path
    waits: Path
    #: Which step a child is killed at; 0: at none.
    fatal: int = 0
    steps: int = field(default=0)

    def step(self) -> None:
        """Be killed here, if this is the step."""
        self.steps += 1
        if self.steps == self.fatal:
            os.kill(os.getpid(), signal.SIGKILL)

    def around(self, commit: Callable[[], None]) -> Callable[[], None]:
        """Return a commit with a step on either side."""

        def stepping() -> None:
            self.step()
            commit()
            self.step()

        return stepping

    def turn(self) -> None:
        """Send what is due, take in what waits, enter it, finish it, and send its receipts."""
        self.send()
        came = sorted(self.waits.iterdir())
        receive_many([(each.read_text(encoding="utf-8"), NOW) for each in came], NOW)
        for each in came:
            self.step()
            each.unlink()
        while enter_in_turn(NOW):
            self.step()
        while finish(NOW):
            self.step()
        self.send()

    def send(self) -> None:
        """Publish what is due: the hub takes a message id once."""
        while due := pack_due(NOW):
            for each in due:
                self.step()
                new = self.left / f"{each.peer}.{each.message_id}"
                if not new.exists():
                    new.write_text(each.raw, encoding="utf-8")
                self.step()
                published(each, NOW)

    def killed_at(self, step: int) -> bool:
        """Do a turn in a process of its own that is killed at a step; return whether it came so far."""
        connections.close_all()
        child = os.fork()
        if not child:
            try:
                self.fatal = step
                connection.commit = self.around(connection.commit)  # type: ignore[method-assign]  # of this child alone
                self.turn()
                os._exit(0)
            finally:
                os._exit(1)
        _, status = os.waitpid(child, 0)
        code = os.waitstatus_to_exitcode(status)
        assert code in (0, -signal.SIGKILL)
        return bool(code)


def _read(peer: Peer, left: Path) -> list[dict[str, Any]]:
    found = []
    for each in sorted(left.glob(f"{peer.name}.*")):
        found += [dict(item) for item in peer.opened(each.read_text(encoding="utf-8")).items]
    return found


def test_a_node_that_is_killed_between_any_two_steps_loses_nothing_and_doubles_nothing(
    cast: Cast, peer: Peer, tmp_path: Path
) -> None:
    left, waits = tmp_path / "left", tmp_path / "waits"
    left.mkdir()
    waits.mkdir()
    said: dict[UUID, set[str]] = {}
    for step in itertools.count(1):
        thread = asked(cast)
        items = arrived_and_answered(cast, peer, thread)
        said[thread] = {each["event"] for each in items}
        (waits / f"{step:04}").write_text(peer.envelope(list(items), NOW), encoding="utf-8")
        turns = Turns(left=left, waits=waits)
        killed = turns.killed_at(step)
        turns.turn()
        assert not list(waits.iterdir())
        kinds = [each for each in cast.kinds() if each.startswith("verification.")]
        assert sorted(kinds) == ["verification.answered", "verification.arrived", "verification.asked"], step
        assert cast.duties()["birth-reg-reply-15wd", "her_home"].state == "discharged"
        if not killed:
            break
    # A turn has a good many commits, and each has two sides.
    assert len(said) > 20
    read = _read(peer, left)
    sent = {(each["thread"], each["kind"]) for each in events(read)}
    receipted = {each["event"]: each["state"] for each in read if each["what"] == "receipt"}
    for thread, came in said.items():
        assert (str(thread), "verification.asked") in sent
        assert {receipted.get(each) for each in came} == {"entered"}
    assert not [each for each in desk(NOW) if each["thread"] in said]
