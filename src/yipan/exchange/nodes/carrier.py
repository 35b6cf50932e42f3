"""What the process that carries says of itself, in the data folder: whether it runs, and what keeps it from carrying.

The line may be well, the hub may greet, and yet it takes nothing (its disk is full): only who carries knows.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import time
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from yipan.database import home, make_home

if TYPE_CHECKING:
    from collections.abc import Iterator

_LOCK: Final = "carrying.lock"
_SAID: Final = "carrying.json"
_TRIES, _PAUSE = 10, 0.05


@dataclass(frozen=True, kw_only=True, slots=True)
class Carrier:
    """Whether anybody carries, and what they last could not do (empty: nothing), since when."""

    running: bool
    said: str = ""
    since: datetime | None = None


@contextlib.contextmanager
def carrying_here() -> Iterator[None]:
    """Be seen to carry for as long as this process does. A second one beside it is seen as the first."""
    with (make_home() / _LOCK).open("w") as lock:
        for _ in range(_TRIES):
            try:
                # Of the process, not of its forks: nobody goes on holding it who does not carry.
                fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except OSError:
                # Somebody looks whether it is held, or does carry already.
                time.sleep(_PAUSE)
        tell("", None)
        yield


def tell(said: str, at: datetime | None) -> None:
    """Note what cannot be done, or with an empty text that all can."""
    new = home() / f"{_SAID}.new"
    new.write_text(json.dumps({"said": said, "since": at.isoformat() if at else None}), encoding="utf-8")
    new.replace(home() / _SAID)


def carrier() -> Carrier:
    """Return whether somebody carries here, and what they say."""
    try:
        with (home() / _LOCK).open("r+") as lock:
            fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return Carrier(running=False)
    except FileNotFoundError:
        return Carrier(running=False)
    except OSError:
        pass
    try:
        said = json.loads((home() / _SAID).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return Carrier(running=True)
    since = datetime.fromisoformat(said["since"]) if said["since"] else None
    return Carrier(running=True, said=str(said["said"]), since=since)
