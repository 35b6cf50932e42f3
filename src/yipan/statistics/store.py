"""The folder of figures: Parquet by month, and one manifest that says which files hold and how far they have read.

A file is written under a new name, then the manifest is put in the place of the old one at once. What the manifest does not
name does not count: a writer may be stopped at any moment and leaves nothing half read and nothing read twice.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Final

from yipan.database import make_home
from yipan.errors import YipanError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FOLDER: Final = "figures"
_MANIFEST: Final = "manifest.json"
#: Changed when the columns change: then everything is read anew.
FORM: Final = 1


class ExtractBusyError(YipanError):
    """Another process is reading the journal for figures."""

    code: ClassVar[str] = "extract-busy"
    exit_code: ClassVar[int] = 2
    sentence: ClassVar[dict[str, str]] = {
        "zh": "另一个进程正在汇集统计数据。",
        "en": "Another process is gathering figures just now.",
    }
    next_step: ClassVar[dict[str, str]] = {"zh": "请等它结束再试。", "en": "Wait until it has ended."}


@dataclass(kw_only=True)
class Manifest:
    """Which files hold, by table and month; how far each office's chain has been read; under which law."""

    generation: int = 0
    form: int = FORM
    law: str = ""
    #: What the tables of offices were written from.
    offices: str = ""
    #: By office, the place in its chain up to which it has been read.
    read: dict[str, int] = field(default_factory=dict)
    #: By table, by month (empty for tables that are not cut), the name of the one file that holds.
    files: dict[str, dict[str, str]] = field(default_factory=dict)
    #: Rows of each file, so that nobody has to open it to know.
    rows: dict[str, int] = field(default_factory=dict)


def folder() -> Path:
    """Return the folder of figures, made when it was not there."""
    found = make_home() / FOLDER
    found.mkdir(mode=0o700, exist_ok=True)
    return found


def read_manifest(at: Path) -> Manifest:
    """Return the manifest of a folder; an empty one where none was written yet."""
    try:
        said = json.loads((at / _MANIFEST).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Manifest()
    return Manifest(**said)


def write_manifest(at: Path, manifest: Manifest) -> None:
    """Put a manifest in the place of the one before: from now on its files hold."""
    manifest.generation += 1
    new = at / f".{_MANIFEST}.new"
    with new.open("w", encoding="utf-8") as file:
        json.dump(vars(manifest), file, ensure_ascii=False, sort_keys=True)
        file.flush()
        os.fsync(file.fileno())
    new.replace(at / _MANIFEST)


def sweep_out(at: Path, manifest: Manifest) -> None:
    """Remove files that no manifest names: those replaced, and those of a writer that was stopped.

    What was replaced just now is kept for one generation: whoever read the manifest before may have it open.
    """
    held = {name for months in manifest.files.values() for name in months.values()}
    for path in at.rglob("*.parquet"):
        name = path.relative_to(at).as_posix()
        made_in = int(path.stem.rpartition("-")[2])
        if name not in held and made_in != manifest.generation:
            path.unlink(missing_ok=True)
    shutil.rmtree(at / "staging", ignore_errors=True)


@contextmanager
def alone(at: Path) -> Iterator[None]:
    """Let one writer at a time into a folder.

    Raises:
        ExtractBusyError: there is one.
    """
    with (at / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ExtractBusyError from error
        yield
