"""`packs coverage`: what carries out each rule of the documents, and what keeps the declined ones out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

import yipan
from yipan.cli.console import Console, json_option, show_json
from yipan.database import rule_packs
from yipan.errors import FaultsFoundError
from yipan.law.coverage import Coverage, check_coverage, read_coverage
from yipan.law.definition import Definition, check_definitions, read_definitions
from yipan.law.kind import REFUSED_WORDS
from yipan.law.pack import Pack, read_packs
from yipan.law.reading import Faults

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yipan.law.coverage import Homes

#: The folder below the rule packs that holds the map.
FOLDER = "coverage"
_SOURCE = Path(yipan.__file__).resolve().parent
_CODE = re.compile(r'\bcode: ClassVar\[str\] = "([a-z-]+)"')
_PAGE = re.compile(r'\bname="([a-z-]+)"')
_VARIABLE = re.compile(r'"((?:YIPAN|DATABASE)_[A-Z_]+)"')
_TEST = re.compile(r"^def (test_\w+)", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Charted:
    """The map as read, with the packs and definitions that it points into."""

    coverage: Coverage
    packs: tuple[Pack, ...]
    definitions: tuple[Definition, ...]


@click.command("coverage")
@json_option
def coverage_command(*, as_json: bool) -> None:
    """Say how many rules of the documents are carried out, and how many declined ones are kept out.

    Every target of the map is looked up: one that does not exist is a fault.

    Example: yipan packs coverage
    """
    found = charted().coverage
    summary = found.summary()
    if as_json:
        show_json(summary)
        return
    console = Console()
    width = max(len(row.section) for row in found.rows)
    for section in dict.fromkeys(row.section for row in found.rows):
        rows = [row for row in found.rows if row.section == section]
        done = [row for row in rows if row.id in found.entries]
        click.echo(f"{section:<{width}}  {len(done):>3}/{len(rows):<3}  {_left(found, section)}".rstrip())
    console.say(
        "已办到 {covered}/{total}，挡在门外 {declined_kept_out}/{declined_total}".format(**summary),
        "Covered {covered} of {total}; kept out {declined_kept_out} of {declined_total}".format(**summary),
    )


def _left(found: Coverage, section: str) -> str:
    missing = set(found.missing())
    return " ".join(row.id for row in found.rows if row.section == section and row.id in missing)


def charted() -> Charted:
    """Return the map, its targets looked up.

    Raises:
        FaultsFoundError: every fault of the map and of what it points to.
    """
    root, faults = rule_packs(), Faults()
    packs = tuple(read_packs(root, faults))
    definitions = tuple(read_definitions(root, faults))
    check_definitions(definitions, packs, faults)
    coverage = read_coverage(root / FOLDER, faults)
    check_coverage(coverage, homes(root, packs, definitions), faults)
    if faults.lines:
        raise FaultsFoundError(faults.lines)
    return Charted(coverage=coverage, packs=packs, definitions=definitions)


def homes(root: Path, packs: tuple[Pack, ...], definitions: tuple[Definition, ...]) -> Homes:
    """Return every name that a target may bear, by its sort."""
    sources = [path.read_text(encoding="utf-8") for path in sorted(_SOURCE.rglob("*.py"))]
    pages = [path.read_text(encoding="utf-8") for path in sorted(_SOURCE.rglob("urls.py"))]
    found: dict[str, set[str] | None] = {
        "rule": {name for pack in packs for name in (*pack.rules, *(each.id for each in pack.overlays))},
        "kind": {name for pack in packs for name in pack.kinds},
        "scope": {name for pack in packs for name in _scopes(pack)},
        "calendar": {each.name for pack in packs for each in pack.calendars},
        "refusal": {name for text in sources for name in _CODE.findall(text)},
        "setting": {name for text in sources for name in _VARIABLE.findall(text)},
        "page": {name for text in pages for name in _PAGE.findall(text)},
        "command": set(_commands()),
        "word": set(REFUSED_WORDS),
        "check": _tests(root),
    }
    for one in definitions:
        names = found.setdefault(one.sort, set())
        if names is not None:
            names.add(one.id)
    return found


def _scopes(pack: Pack) -> Iterator[str]:
    for scope in pack.scopes.values():
        yield scope.id
        yield from (step.id for step in scope.steps)


def _commands() -> Iterator[str]:
    from yipan.cli.main import main  # noqa: PLC0415  # which holds this command too

    def below(group: click.Group, path: str) -> Iterator[str]:
        for name, command in group.commands.items():
            yield f"{path}{name}"
            if isinstance(command, click.Group):
                yield from below(command, f"{path}{name} ")

    return below(main, "")


def _tests(root: Path) -> set[str] | None:
    """Return the tests of this checkout as `tests/room/file.py::test`; None where none came with the program."""
    checkout = _SOURCE.parents[1]
    if not (checkout / "tests").is_dir() or root != checkout / "rulepacks":
        return None
    return {
        f"{path.relative_to(checkout).as_posix()}::{name}"
        for path in sorted((checkout / "tests").rglob("test_*.py"))
        for name in _TEST.findall(path.read_text(encoding="utf-8"))
    }
