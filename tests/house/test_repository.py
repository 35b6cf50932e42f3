"""What is kept in the repository names no machine, and every package is pinned."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT: Final = Path(__file__).parents[2]

#: Written apart, so that this file does not find itself.
MACHINE: Final = re.compile(
    "|".join(
        (
            r"(?<![\w./])/(?:work|root|home/\w+)/(?!yipan-db)",
            r"/tm" + r"p/probe",
            r"/opt/" + r"(?:wheels|pypi)",
            r"pypi\." + r"org|pythonhosted\." + r"org|registry\." + r"npmjs|registry\." + r"yarnpkg",
            r"--(?:extra-)?index-" + r"url[ =]|--find-" + r"links|--trusted-" + r"host",
        )
    )
)


def tracked() -> Iterator[Path]:
    """Yield the text files of the repository: what is committed, and what is about to be."""
    if not (ROOT / ".git").exists():
        pytest.skip("a copy without its history: what is tracked cannot be told")
    command = ["/usr/bin/env", "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, listed.split("\0")):
        path = ROOT / name
        if path.is_file() and b"\0" not in path.read_bytes()[:8000]:
            yield path


def test_no_file_names_a_machine_or_a_registry() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:120]}"
        for path in tracked()
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1)
        if MACHINE.search(line)
    ]
    assert found == []


def pins() -> dict[str, str]:
    lines = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    kept = [
        line.split(";")[0].strip() for line in lines if line.strip() and not line.lstrip().startswith("#")
    ]
    return {name: version for name, _, version in (line.partition("==") for line in kept)}


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", re.split(r"[\[<>=!~; ]", name)[0]).lower()


def test_the_lock_pins_each_package_exactly_and_holds_no_address() -> None:
    assert all(re.fullmatch(r"[\w.+!]+", version) for version in pins().values()), pins()
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert not re.search(r"://|@|file:|--", text)


def test_the_lock_holds_every_package_that_is_asked_for() -> None:
    told = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    asked = told["project"]["dependencies"] + told["dependency-groups"]["dev"]
    assert {normal(name) for name in asked} <= {normal(name) for name in pins()}


def test_every_variable_of_the_environment_is_explained() -> None:
    page = (ROOT / "docs" / "reference" / "settings.md").read_text(encoding="utf-8")
    explained = set(re.findall(r"^\| `([A-Z_]+)` \|", page, re.MULTILINE))
    used: set[str] = set()
    for path in (ROOT / "src").rglob("*.py"):
        used |= set(re.findall(r"\"((?:YIPAN|DATABASE)_[A-Z_]+)\"", path.read_text(encoding="utf-8")))
    assert used == explained
