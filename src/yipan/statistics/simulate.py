"""A law tried out before it is law: the journal folded again under a draft, beside what happened.

It is the same fold and the same clocks that write the duties: only the rulebook is another. Nothing is recorded, and nobody is
named: what comes out are counts by rule, and by office and week.
"""

from __future__ import annotations

import hashlib
import json
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

from django.db import connection, transaction

from yipan.duties.lawbook import lawbook
from yipan.statistics.caselist import Cases, cases_in
from yipan.statistics.counted import Counting, Counts, Simulated
from yipan.statistics.hands import counting
from yipan.statistics.store import folder

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from yipan.law.pack import Pack
    from yipan.offices.permit import Permit
    from yipan.statistics.periods import Span

#: Cases folded at a time; what was counted is kept after so many seconds, so that a stop loses no more than these.
_AT_ONCE: Final = 500
_KEPT_EACH: Final = 5.0
#: From so many batches on processes beside are worth their start.
_WORTH: Final = 40
_SEEN: Final = (
    "SELECT thread_id FROM duties_duty WHERE opened_at < %(after)s UNION"
    " SELECT thread_id FROM duties_event WHERE counts_at >= %(first)s AND counts_at < %(after)s"
)


def simulate(  # noqa: PLR0913  # each is a decision of the caller
    draft: Pack,
    span: Span,
    now: datetime,
    *,
    permit: Permit | None = None,
    say: Callable[[str], None] | None = None,
    at_most: int = 0,
    hands: int = 1,
) -> Simulated:
    """Replay the cases of a stretch under a draft, and return it beside what happened.

    Without a permit the whole installation is replayed, by whoever has the machine, as `replay --check` does; with one,
    what its organisation and those below it owe. Stopped and begun again with the same words it goes on where it was.

    Args:
        draft: the law that is tried out.
        span: the stretch.
        now: the moment until which duties can have fallen due.
        permit: who asks, if not whoever has the machine.
        say: hears how far it is.
        at_most: so many cases and no more (0: all).
        hands: so many processes beside this one fold them, where there are many (1: none).

    Raises:
        NotPermittedError: the post does not include reading duties.
        CountingFailedError: a process beside could not go on.
    """
    if permit:
        permit.require("read-duties", now)
    threads = _threads(span, permit)
    if at_most:
        threads = threads.first(at_most)
    run, found = Counting.of(draft, span, now, permit), Simulated()
    kept = _Kept(folder() / "simulations", draft, span, permit, len(threads))
    done, kept_at = kept.read(found), monotonic()
    batches = (threads.part(start, start + _AT_ONCE) for start in range(done, len(threads), _AT_ONCE))
    beside = hands if len(threads) - done >= _WORTH * _AT_ONCE else 1
    with counting(run, (draft, span, now, permit), beside) as counted:
        for each in counted(batches):
            found.add(each)
            done = min(done + _AT_ONCE, len(threads))
            if say:
                say(f"{done}/{len(threads)} cases, {found.events} events")
            if monotonic() - kept_at >= _KEPT_EACH:
                kept.write(found, done)
                kept_at = monotonic()
    found.add(run.count_turns(threads))
    kept.forget()
    return found


def _threads(span: Span, permit: Permit | None) -> Cases:
    """Return the cases to replay, in order of id."""
    if permit is None:
        with transaction.atomic(), connection.cursor() as cursor:
            return cases_in(cursor, "SELECT id FROM duties_thread", {})
    with permit.in_force(), connection.cursor() as cursor:
        return cases_in(cursor, _SEEN, {"first": span.first_at, "after": span.after_at})


class _Kept:
    """What was counted so far, in a file: a run that was stopped goes on from there."""

    def __init__(self, at: Path, draft: Pack, span: Span, permit: Permit | None, threads: int) -> None:
        at.mkdir(mode=0o700, exist_ok=True)
        words = [draft.digest, str(span), permit.organisation if permit else "", str(threads)]
        words += [each.pack.digest for each in lawbook().adoptions()]
        self._path = at / f"{hashlib.sha256(json.dumps(words).encode()).hexdigest()[:32]}.json"

    def read(self, found: Simulated) -> int:
        """Fill in what was counted, and return how many cases that were."""
        try:
            said: dict[str, Any] = json.loads(self._path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return 0
        for name in ("happened", "drafted"):
            getattr(found, name).update({rule: Counts(**each) for rule, each in said[name].items()})
        for office, week, before, after in said["weeks"]:
            found.weeks[office, week] = [before, after]
        found.cases, found.events = said["cases"], said["events"]
        return int(said["done"])

    def write(self, found: Simulated, done: int) -> None:
        """Keep what was counted."""
        said = {
            "done": done, "cases": found.cases, "events": found.events,
            "happened": {rule: vars(each) for rule, each in found.happened.items()},
            "drafted": {rule: vars(each) for rule, each in found.drafted.items()},
            "weeks": [[*key, *counts] for key, counts in found.weeks.items()],
        }  # fmt: skip
        new = self._path.with_suffix(".new")
        new.write_text(json.dumps(said), encoding="utf-8")
        new.replace(self._path)

    def forget(self) -> None:
        """Leave nothing behind: the run is over."""
        self._path.unlink(missing_ok=True)
