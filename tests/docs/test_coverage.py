"""Coverage is computed: every target of the map is there, and an example or a test exercises it."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

import pytest

from tests.docs.coverage_page import PAGE, SECTIONS, coverage_page
from tests.law.lawbook import ROOT, RULEPACKS, example_texts, real_packs
from yipan.cli.coverage import charted as read_map
from yipan.law.coverage import check_coverage, read_coverage
from yipan.law.example import rules_shown
from yipan.law.reading import Faults

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from yipan.cli.coverage import Charted
    from yipan.law.coverage import Target

#: The sections of which nothing is missing any more.
COMPLETE: tuple[str, ...] = (
    "1.2", "2.1", "2.2", "3.1", "3.2", "3.3", "3.4", "3.5", "3.6", "4", "5.1", "6", "7.1", "7.2", "8.2", "9",
)  # fmt: skip
ENTRY = """
some-rule:
  class: KEEP
  cite: somewhere
  title: {zh: 某, en: Some}
  by: ["rule:some-rule"]
some-declined:
  class: DECLINE
  cite: somewhere
  title: {zh: 某, en: Some}
  kept_out_by: ["check:tests/house/test_x.py::test_y"]
"""


@lru_cache(maxsize=1)
def charted() -> Charted:
    """Return the map with what it points into, read once."""
    return read_map()


@lru_cache(maxsize=1)
def shown_rules() -> frozenset[str]:
    """Return every rule that an example beside the rules shows at work."""
    return rules_shown(example_texts(RULEPACKS))


@lru_cache(maxsize=1)
def texts_of_tests() -> str:
    """Return all tests as one text, this file and the one that writes the page left out."""
    own = {"test_coverage.py", "coverage_page.py"}
    paths = [path for path in sorted((ROOT / "tests").rglob("*.py")) if path.name not in own]
    return "\n".join(path.read_text(encoding="utf-8") for path in paths)


@lru_cache(maxsize=1)
def examples() -> str:
    """Return all examples beside the rules as one text."""
    return "\n".join(example_texts(RULEPACKS).values())


def _is_rule_shown(name: str) -> bool:
    return name in shown_rules()


def _is_kind_used(name: str) -> bool:
    in_story = re.search(rf"event: {re.escape(name)}\b", examples())
    return bool(in_story) or f'"{name}"' in texts_of_tests()


def _is_page_visited(name: str) -> bool:
    urls = "\n".join(path.read_text("utf-8") for path in sorted((ROOT / "src").rglob("urls.py")))
    found = re.search(rf'path\("([^"<]*)[^"]*", [\w.]+, name="{name}"\)', urls)
    return found is not None and f"/{found[1].rstrip('/')}" in texts_of_tests()


def _is_defined_thing_used(sort: str) -> Callable[[str], bool]:
    def used(name: str) -> bool:
        one = next(each for each in charted().definitions if (each.sort, each.id) == (sort, name))
        if one.computed == "later":
            return True
        return f'"{name}"' in texts_of_tests() or any(map(_is_kind_used, one.kinds))

    return used


def _is_scope_used(name: str) -> bool:
    return any(name in {scope.id, *(step.id for step in scope.steps)} for pack in real_packs() for scope in pack.scopes.values())  # fmt: skip


EXERCISED: dict[str, Callable[[str], bool]] = {
    "rule": _is_rule_shown,
    "kind": _is_kind_used,
    "page": _is_page_visited,
    "scope": _is_scope_used,
    "refusal": lambda name: f'"{name}"' in texts_of_tests(),
    "command": lambda name: all(f'"{word}"' in texts_of_tests() for word in name.split()),
    "setting": lambda name: f'"{name}"' in texts_of_tests() or f"{name}=" in texts_of_tests(),
    # Every calendar is held against the library of holidays, every word against every kind.
    "calendar": bool,
    # Each breach is drawn from its own duties and findings in tests/duties/test_breaches.py.
    "breach": bool,
    "word": bool,
    "check": bool,
    "schema": bool,
    **{sort: _is_defined_thing_used(sort) for sort in ("form", "letter", "directory", "ledger", "service", "indicator", "report", "consistency")},
}  # fmt: skip


def test_every_target_of_the_map_exists() -> None:
    assert charted().coverage.rows


def test_every_target_is_exercised_by_an_example_or_a_test() -> None:
    found = charted().coverage.targets()
    idle = {str(target): ids for target, ids in found.items() if not _is_exercised(target)}
    assert idle == {}


def _is_exercised(target: Target) -> bool:
    return bool(EXERCISED[target.sort](target.name))


def test_the_page_of_coverage_is_what_the_map_says() -> None:
    assert PAGE.read_text("utf-8") == coverage_page(), "write it anew: python -m tests.docs.coverage_page"


@pytest.mark.parametrize("section", COMPLETE)
def test_nothing_is_missing_of_a_section_that_is_complete(section: str) -> None:
    found = charted().coverage
    assert section in SECTIONS
    assert [row.id for row in found.rows if row.section == section and row.id in found.missing()] == []


def test_every_id_of_the_documents_is_there_with_its_class() -> None:
    rows = charted().coverage.rows
    assert len(rows) == len({row.id for row in rows}) == 655
    assert {row.section for row in rows} == set(SECTIONS)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give a map of two rules."""
    (tmp_path / "ids.csv").write_text(
        "id,section,class\nsome-rule,1,KEEP\nsome-declined,1,DECLINE\n", "utf-8"
    )
    (tmp_path / "1.yaml").write_text(ENTRY, "utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("some-rule:", "sme-rule:", "coverage/1.yaml: sme-rule: is not in ids.csv"),
        ("class: KEEP", "class: RECAST", "some-rule: is KEEP in ids.csv, not RECAST"),
        ("rule:some-rule", "rul:some-rule", "some-rule.by: 'rul:some-rule' is no target"),
        ("rule:some-rule", "rule:other", "coverage: some-rule: there is no rule:other"),
        ("test_y", "test_z", "some-declined: there is no check:tests/house/test_x.py::test_z"),
        ('by: ["rule:some-rule"]', "by: []", "some-rule.by: names nothing"),
        ("kept_out_by:", "by:", "some-declined.kept_out_by: missing"),
        ("cite: somewhere", "site: somewhere", "some-rule.site: unknown key"),
    ],
)
def test_a_map_that_is_wrong_is_refused_by_file_and_key(folder: Path, old: str, new: str, said: str) -> None:
    (folder / "1.yaml").write_text(ENTRY.replace(old, new, 1), "utf-8")
    faults = Faults()
    found = read_coverage(folder, faults)
    check_coverage(found, {"rule": {"some-rule"}, "check": {"tests/house/test_x.py::test_y"}}, faults)
    assert any(said in line for line in faults.lines), faults.lines


def test_what_is_covered_and_kept_out_is_counted_and_the_rest_is_listed(folder: Path) -> None:
    faults = Faults()
    assert read_coverage(folder, faults).summary() == {
        "covered": 1, "total": 1, "declined_kept_out": 1, "declined_total": 1, "missing": [],
    }  # fmt: skip
    (folder / "1.yaml").write_text(ENTRY.split("some-declined", maxsplit=1)[0], "utf-8")
    found = read_coverage(folder, faults).summary()
    assert (found["declined_kept_out"], found["missing"]) == (0, ["some-declined"])
    assert faults.lines == []
