"""The data folder of this installation: `YIPAN_HOME`, or `.yipan` in the current directory."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path


def home() -> Path:
    """Return the data folder as an absolute path; it need not exist yet."""
    named = os.environ.get("YIPAN_HOME") or ".yipan"
    return _absolute(named, "" if named.startswith(os.sep) else os.getcwd())  # noqa: PTH109  # only told apart by it


@lru_cache(maxsize=8)
def _absolute(named: str, _below: str) -> Path:
    """Keep the answer: keys are looked for thousands of times a second."""
    return Path(named).absolute()


def rule_packs() -> Path:
    """Return the folder of the rule packs: the one named, the installed one, or the one of this checkout."""
    if named := os.environ.get("YIPAN_RULEPACKS"):
        return Path(named).absolute()
    package = Path(__file__).resolve().parents[1]
    installed = package / "rulepacks"
    return installed if installed.is_dir() else package.parents[1] / "rulepacks"


def pack_places() -> dict[str, str]:
    """Return of which place a pack is whose document names none: `YIPAN_PLACES`, as `pack=code`, separated by spaces."""
    said = (each.partition("=") for each in os.environ.get("YIPAN_PLACES", "").split())
    return {name: code for name, _, code in said}


def make_home() -> Path:
    """Return the data folder, made for its owner alone when it was absent; an existing one keeps its mode."""
    folder = home()
    if not folder.is_dir():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        # A data folder inside a checkout must not travel with it.
        (folder / ".gitignore").write_text("*\n", encoding="ascii")
    return folder
