"""Checkpoints: the heads of all chains at a moment, signed, in files that are to leave the machine.

`YIPAN_CHECKPOINTS` names the folder (a mounted one on another machine); without it they stay in the data
folder, where they prove nothing against somebody who owns the machine, and `journal verify` says so.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final

from django.db import connection

from yipan.database import home, make_home, root
from yipan.duties import attesting, erasurelist
from yipan.errors import YipanError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

EVERY: Final = timedelta(hours=1)
#: Other chains whose last links a checkpoint signs, by what they are called: rooms above name theirs.
_BESIDE: Final[dict[str, Callable[[], dict[str, list[Any]]]]] = {}


class NoCheckpointError(YipanError):
    """There is nothing to hold the journal against."""

    code: ClassVar[str] = "no-checkpoint"
    exit_code: ClassVar[int] = 2
    sentence: ClassVar[dict[str, str]] = {
        "zh": "{path} 里没有检查点。",
        "en": "There is no checkpoint at {path}.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "请指向一个检查点文件，或放检查点的文件夹。",
        "en": "Name a file of a checkpoint, or the folder where they are kept.",
    }


@dataclass(kw_only=True)
class Signed:
    """Checkpoints whose signature holds, the oldest first, what is wrong with others, and whose key is believed.

    `by` is given (somebody named the key), own (it is this installation's) or embedded (the files' own word for it).
    """

    said: list[dict[str, Any]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    fingerprint: str = ""
    by: str = "own"


def folder() -> Path:
    """Return where checkpoints are written."""
    return Path(os.environ.get("YIPAN_CHECKPOINTS") or home() / "checkpoints")


def leaves_the_machine() -> bool:
    """Tell whether a folder outside the data folder was named."""
    return bool(os.environ.get("YIPAN_CHECKPOINTS")) and not folder().absolute().is_relative_to(home())


def also(name: str, ask: Callable[[], dict[str, list[Any]]]) -> None:
    """Let every checkpoint from now on sign the heads of another chain: by organisation, the place and digest of the last."""
    _BESIDE[name] = ask


def take(now: datetime) -> Path | None:
    """Sign the heads as they stand and write them down; None when there is nothing new to protect."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT organisation, seq, digest FROM duties_chainhead WHERE seq > 0 ORDER BY 1")
        heads = {row[0]: [row[1], bytes(row[2]).hex()] for row in cursor.fetchall()}
    beside = {name: ask() for name, ask in _BESIDE.items()}
    latest = _latest(now)
    if not heads or (
        latest and latest["heads"] == heads and all(latest.get(name, {}) == beside[name] for name in beside)
    ):
        return None
    make_home()
    folder().mkdir(mode=0o700, parents=True, exist_ok=True)
    said = {
        "taken_at": now.astimezone(UTC).isoformat(timespec="seconds"),
        "heads": heads,
        **beside,
        "installation": root.installation().get("id", ""),
    }
    path = folder() / f"{_stamp(now)}.json"
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(attesting.sign(said), sort_keys=True), encoding="utf-8")
    partial.rename(path)
    write_erasures(now)
    return path


def write_erasures(now: datetime) -> None:
    """Write the list of erasures beside the checkpoints: whoever restores a backup erases again what it names."""
    erasurelist.write(now, erasures())


def erasures() -> Path:
    """Return where that list lies."""
    return folder() / "erasures.list"


def take_if_due(now: datetime) -> Path | None:
    """Take a checkpoint when the last is an hour old; the sweep asks this."""
    latest = _latest(now)
    if latest and now - datetime.fromisoformat(latest["taken_at"]) < EVERY:
        return None
    return take(now)


def _stamp(moment: datetime) -> str:
    """Return a moment as the files are named: in their order they were taken."""
    return f"{moment.astimezone(UTC):%Y%m%dT%H%M%S%f}"


def _latest(now: datetime) -> dict[str, Any] | None:
    """Return the newest checkpoint whose signature holds; as a rule that is the last file.

    One that a clock ahead of the time has dated later than now still protects what it names, but it is not the newest:
    else none would be taken until its hour.
    """
    keys, until = attesting.public_keys(), f"{_stamp(now)}.json"
    for path in sorted(folder().glob("*.json"), reverse=True) if folder().is_dir() else ():
        said = _read(path) if path.name <= until else None
        if said and attesting.is_signed(said, keys):
            return said
    return None


def _read(path: Path) -> dict[str, Any] | None:
    """Return what a file says, when it has the shape of a checkpoint."""
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        datetime.fromisoformat(said["taken_at"])
        for held in (said["heads"], *(said.get(name, {}) for name in _BESIDE)):
            for seq, digest in held.values():
                int(seq), bytes.fromhex(digest)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return dict(said)


def read_all() -> Signed:
    """Return the checkpoints of this installation's folder, by its own keys."""
    keys = attesting.public_keys()
    found = Signed(fingerprint=keys[0].fingerprint)
    _take_in(found, sorted(folder().glob("*.json")) if folder().is_dir() else [], keys)
    return found


def read_from(path: Path, trusted: str = "") -> Signed:
    """Return the checkpoints of a file or a folder that somebody kept.

    Args:
        path: where they are.
        trusted: the fingerprint of a key, or the text of a published list of keys; empty to take the files' own word.

    Raises:
        NoCheckpointError: there are none.
    """
    paths = sorted(path.glob("*.json")) if path.is_dir() else [path]
    shaped = [said for each in paths if (said := _read(each)) is not None]
    if not shaped:
        raise NoCheckpointError(path=path)
    longest = max((said.get("keys", []) for said in shaped), key=len)
    embedded = [attesting.read_key(each) for each in longest] or attesting.public_keys()
    keys, by = _believed(embedded, trusted)
    found = Signed(fingerprint=keys[0].fingerprint if keys else "", by=by)
    if not keys:
        found.faults.append("no checkpoint is signed by the key that was given, nor by one that follows it")
    elif not attesting.follow(embedded):
        found.faults.append("the list of keys in the checkpoints does not hold together")
    else:
        _take_in(found, paths, keys)
    return found


def _believed(embedded: Sequence[attesting.PublicKey], trusted: str) -> tuple[list[attesting.PublicKey], str]:
    """Return the keys to believe: from the one that was given on, or all that the files name."""
    if not trusted:
        own = attesting.public_keys()[0] == embedded[0]
        return list(embedded), "own" if own else "embedded"
    if trusted.lstrip().startswith("{"):
        given = {attesting.read_key(each).fingerprint for each in json.loads(trusted)["keys"]}
    else:
        given = {trusted}
    plain = {"".join(each.split()).lower() for each in given}
    for place, each in enumerate(embedded):
        if each.fingerprint.replace(" ", "") in plain:
            return list(embedded[place:]), "given"
    return [], "given"


def _take_in(found: Signed, paths: Iterable[Path], keys: Sequence[attesting.PublicKey]) -> None:
    for path in paths:
        said = _read(path)
        if said is None:
            found.faults.append(f"checkpoint {path.name}: it cannot be read")
        elif not attesting.is_signed(said, keys):
            found.faults.append(f"checkpoint {path.name}: the signature does not hold")
        else:
            found.said.append(said)
    found.said.sort(key=lambda each: str(each["taken_at"]))


def places(signed: Sequence[Mapping[str, Any]], of: str = "heads") -> dict[str, dict[int, set[bytes]]]:
    """Return, for each organisation, the digests that checkpoints signed, by place in its chain.

    `of`: of another chain than the journal's, as `also()` called it.
    """
    found: dict[str, dict[int, set[bytes]]] = {}
    for each in signed:
        for organisation, (seq, digest) in each.get(of, {}).items():
            found.setdefault(organisation, {}).setdefault(seq, set()).add(bytes.fromhex(digest))
    return found
