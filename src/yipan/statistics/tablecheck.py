"""What `packs check` says of the texts in `tables/`: by file and line. Pure: no database, no data."""

from __future__ import annotations

import re
from importlib.resources import files
from typing import TYPE_CHECKING, Final

import sqlglot
from sqlglot.errors import SqlglotError

from yipan.law.figure import MEASURES_BY

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from yipan.law.reading import Faults

ROOT: Final = "statistics/tables"
#: What is written into a text before it runs.
_KNOWN: Final = frozenset({"$first_month", "$last_month", "$first", "$after", "$as_of"})
_OF_CHECKS: Final = "$check"
_MARK: Final = re.compile(r"\$[A-Za-z_]+")
_CHECKS: Final = "checks/"


def texts() -> dict[str, str]:
    """Return every text by its name below `tables/`, as `checks/chk-both-ends.sql`."""
    root = files("yipan.statistics") / "tables"
    found = {
        each.name: each.read_text(encoding="utf-8") for each in root.iterdir() if each.name.endswith(".sql")
    }
    for folder in (each for each in root.iterdir() if each.is_dir()):
        found |= {
            f"{folder.name}/{each.name}": each.read_text(encoding="utf-8")
            for each in folder.iterdir()
            if each.name.endswith(".sql")
        }
    return dict(sorted(found.items()))


def check_tables(found: Mapping[str, str], checks: Collection[str], faults: Faults) -> None:
    """Note texts that are no query or that Spark could not run, marks that nothing fills, and what no definition stands for."""
    for name, text in found.items():
        _check_text(name, text, faults)
        check = name.removeprefix(_CHECKS).removesuffix(".sql")
        if name.startswith(_CHECKS) and check not in checks:
            faults.say(f"{ROOT}/{name}:1", check, "there is no consistency check of this name")
    for measure in MEASURES_BY:
        if f"{measure}.sql" not in found:
            faults.say(
                f"{ROOT}/{measure}.sql:1",
                measure,
                "an indicator may be measured so, and there is no text for it",
            )


def _check_text(name: str, text: str, faults: Faults) -> None:
    for number, line in enumerate(text.splitlines(), start=1):
        said = line.partition("--")[0]
        for mark in _MARK.findall(said):
            if mark not in _KNOWN and not (mark == _OF_CHECKS and name.startswith(_CHECKS)):
                faults.say(f"{ROOT}/{name}:{number}", mark, "nothing fills this mark")
    try:
        parsed = sqlglot.parse(text, read="duckdb")
        if len([each for each in parsed if each is not None]) != 1:
            faults.say(f"{ROOT}/{name}:1", "text", "is not one query")
            return
        sqlglot.transpile(text, read="duckdb", write="spark")
    except SqlglotError as error:
        known = getattr(error, "errors", None) or [{"line": 1, "description": str(error).splitlines()[0]}]
        for each in known:
            faults.say(
                f"{ROOT}/{name}:{each.get('line') or 1}", "text", str(each.get("description") or error)
            )
