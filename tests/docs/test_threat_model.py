"""Every claim of the threat model names a test, and that test exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "why" / "threat-model.md"
_TEST = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")
_ROW = re.compile(r"^\| (?!What|---)(.+) \| (.+) \|$", re.MULTILINE)


def test_every_claim_names_a_test() -> None:
    rows = _ROW.findall(PAGE.read_text(encoding="utf-8"))
    assert len(rows) > 30
    assert [claim for claim, tests in rows if not _TEST.search(tests)] == []
    # A whole file proves nothing that can be read: the row names the very test.
    assert [path for path, name in _TEST.findall(PAGE.read_text(encoding="utf-8")) if not name] == []


@pytest.mark.parametrize(("path", "name"), sorted(set(_TEST.findall(PAGE.read_text(encoding="utf-8")))))
def test_the_test_that_a_claim_names_exists(path: str, name: str) -> None:
    file = ROOT / path
    assert file.is_file()
    if name:
        assert f"def {name}(" in file.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "attacker",
    ["curious clerk", "bought clerk", "violent spouse", "stolen laptop", "rogue administrator", "Another province", "coercive past"],
)  # fmt: skip
def test_every_attacker_has_a_place_with_what_stops_him_and_what_does_not(attacker: str) -> None:
    sections = PAGE.read_text(encoding="utf-8").split("\n## ")[1:]
    own = [each for each in sections if attacker in each.splitlines()[0]]
    assert len(own) == 1
    assert "**What does not.**" in own[0]
    assert "| Test |" in own[0]
