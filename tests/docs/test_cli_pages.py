"""The pages that a newcomer follows: the commands as they are, the recipe as it works, links that lead somewhere."""

from __future__ import annotations

import re
import shlex
import shutil
from itertools import takewhile
from typing import TYPE_CHECKING

import pytest

from tests.cli.program import Program
from tests.cli.test_help import ALL, GROUPS, parse
from tests.docs.cli_page import PAGE, cli_page
from tests.law.lawbook import ROOT, RULEPACKS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: The pages, each of which may name commands, files and other pages.
PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
]
_BLOCK = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"\]\(([^)#:\s]*)(?:#([^)\s]*))?\)")
#: A file that a command takes and the reader has.
_FILE = re.compile(r"[\w-]+\.[a-z]{2,4}")
_HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)


def blocks(page: Path, *languages: str) -> Iterator[str]:
    """Yield the blocks of some languages in a page, without the indent of a list they stand in."""
    for indent, language, block in _BLOCK.findall(page.read_text("utf-8")):
        if language in languages:
            yield re.sub(rf"^{indent}", "", block, flags=re.MULTILINE)


def commands_in(page: Path) -> Iterator[list[str]]:
    """Yield each command line of ours that a page shows in a block."""
    for block in blocks(page, "sh", ""):
        for line in block.splitlines():
            # What the shell does with the answer is not the command's.
            words = list(takewhile(lambda word: word != ">", shlex.split(line, comments=True)))
            if words[:1] == ["yipan"]:
                yield words[1:]


def test_the_page_of_commands_says_what_the_commands_say() -> None:
    assert PAGE.read_text("utf-8") == cli_page(), "write it anew: python -m tests.docs.cli_page"
    assert all(f"## `yipan {name}`" in cli_page() for name in set(ALL) - GROUPS)


def headings_of(page: Path) -> set[str]:
    """Return the headings of a page, as links name them."""
    said = (each.replace("`", "").strip().lower() for each in _HEADING.findall(page.read_text("utf-8")))
    return {re.sub(r"[^\w\- ]", "", each).replace(" ", "-") for each in said}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_to_a_file_and_to_a_heading_in_it(page: Path) -> None:
    astray = []
    for path, heading in _LINK.findall(page.read_text("utf-8")):
        target = page.parent / path if path else page
        if not target.exists() or (heading and heading not in headings_of(target)):
            astray.append((path, heading))
    assert astray == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_that_a_page_shows_parses(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for words in commands_in(page):
        for file in filter(_FILE.fullmatch, words):
            (tmp_path / file).touch()
        if words[0] not in ("-h", "--help"):
            assert parse([word.replace("…", "x") for word in words])


def test_the_recipe_for_a_new_rule_works_as_it_is_written(tmp_path: Path) -> None:
    shutil.copytree(RULEPACKS, tmp_path / "rulepacks")
    recipe = ROOT / "CONTRIBUTING.md"
    written = 0
    for block in blocks(recipe, "yaml"):
        path = tmp_path / block.splitlines()[0].removeprefix("# ")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block, "utf-8")
        written += 1
    assert written == 4
    program = Program(home=tmp_path / "home", more={"YIPAN_RULEPACKS": str(tmp_path / "rulepacks")})
    answers = {words[0] + words[1]: program.run(*words, "--json") for words in commands_in(recipe)}
    assert {name: (each.code, each.err) for name, each in answers.items()} == dict.fromkeys(answers, (0, ""))
    assert answers["packscheck"].value["faults"] == []
    due = answers["dueinquiry-answer-5wd"].value
    assert (due["due_on"], due["within"]) == ("2026-02-27", "5 working_days")
    assert due["counted"] == [f"2026-02-{day}" for day in (14, 24, 25, 26, 27)]
