"""Which rule of the documents is carried out by what: the map beside the packs, read and checked.

`ids.csv` lists every id with its section and class. One file a section says, id by id, what implements it or, where
the rule is declined, what keeps it out. Coverage is computed from both, never stated. Nothing is opened at import.
"""

from __future__ import annotations

import csv
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from yipan.law.pack import read_documents
from yipan.law.reading import Faults, Reader

if TYPE_CHECKING:
    from pathlib import Path

KEEP, RECAST, DECLINE = CLASSES = ("KEEP", "RECAST", "DECLINE")
#: What may implement a rule.
TARGETS: Final = (
    "rule", "kind", "form", "letter", "directory", "ledger", "service", "indicator", "report", "consistency", "breach", "refusal",
    "page", "scope", "command", "setting", "calendar", "check",
)  # fmt: skip
#: What may keep a declined one out: a test, a refusal by its code, a refused word, or a wall of the grammar.
WALLS: Final = ("check", "refusal", "word", "schema")
#: What cannot be written at all, each with the test that tries to.
SCHEMA: Final[Mapping[str, str]] = {
    "only-organisations-owe": "tests/house/test_red_lines.py::test_no_rule_can_make_a_person_owe_anything",
    "closed-fields": "tests/house/test_red_lines.py::test_no_field_of_any_kind_is_about_what_is_never_asked",
    "closed-tables": "tests/house/test_red_lines.py::test_no_table_has_a_column_about_what_is_never_asked",
    "offices-are-complained-of": "tests/cli/test_complaints.py::test_a_report_about_a_person_is_taken_nowhere",
    "indicators-measure-offices": "tests/house/test_red_lines.py::test_no_indicator_counts_people_or_what_they_did",
}
IDS: Final = "ids.csv"
ENTRY_KEYS: Final = ("class", "cite", "title", "by", "kept_out_by", "note", "later")
#: Names of a sort that exist; None where they cannot be known here, as the tests of an installed package.
Homes = Mapping[str, Collection[str] | None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One rule of the documents: its id, the section it stands in, and KEEP, RECAST or DECLINE."""

    id: str
    section: str
    sort: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """What implements a rule or keeps it out, as `rule:home-cert-issue`."""

    sort: str
    name: str

    def __str__(self) -> str:
        """Return it as written."""
        return f"{self.sort}:{self.name}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """What the map says of one id."""

    id: str
    sort: str
    cite: str
    title: Mapping[str, str]
    by: tuple[Target, ...]
    kept_out_by: tuple[Target, ...]
    note: Mapping[str, str] = field(default_factory=dict)
    #: Defined now, computed by later work.
    later: bool = False


@dataclass(frozen=True, kw_only=True)
class Coverage:
    """Every id of the documents with what the map says of it."""

    rows: tuple[Row, ...]
    entries: Mapping[str, Entry]

    def missing(self) -> tuple[str, ...]:
        """Return the ids that nothing implements and nothing keeps out, in the order of the documents."""
        return tuple(row.id for row in self.rows if row.id not in self.entries)

    def summary(self) -> dict[str, object]:
        """Return how many rules are covered and how many declined ones are kept out, of how many."""
        declined = [row.id for row in self.rows if row.sort == DECLINE]
        kept = [row.id for row in self.rows if row.sort != DECLINE]
        return {
            "covered": sum(each in self.entries for each in kept),
            "total": len(kept),
            "declined_kept_out": sum(each in self.entries for each in declined),
            "declined_total": len(declined),
            "missing": list(self.missing()),
        }

    def targets(self) -> dict[Target, list[str]]:
        """Return every target with the ids that it stands for."""
        found: dict[Target, list[str]] = {}
        for one in self.entries.values():
            for target in (*one.by, *one.kept_out_by):
                found.setdefault(target, []).append(one.id)
        return found


def read_coverage(folder: Path, faults: Faults) -> Coverage:
    """Read the ids and the map of a folder; every fault goes to the collector by file and key."""
    rows = _read_ids(folder / IDS, faults)
    sorts = {row.id: row.sort for row in rows}
    entries: dict[str, Entry] = {}
    for path in sorted(folder.glob("*.yaml")):
        for raw in read_documents(path.read_text(encoding="utf-8"), path.name, faults):
            whole = Reader(file=f"coverage/{path.name}", at="", raw=raw, faults=faults)
            for name in raw:
                one = _read_entry(whole.inner(str(name)), str(name))
                if one.id in entries:
                    whole.fault(one.id, "is said twice")
                elif one.id not in sorts:
                    whole.fault(one.id, f"is not in {IDS}")
                elif one.sort != sorts[one.id]:
                    whole.fault(one.id, f"is {sorts[one.id]} in {IDS}, not {one.sort}")
                entries[one.id] = one
    return Coverage(rows=rows, entries=entries)


def check_coverage(coverage: Coverage, homes: Homes, faults: Faults) -> None:
    """Note every target that does not exist."""
    for target, ids in coverage.targets().items():
        if target.sort == "schema":
            tests = homes.get("check")
            known = target.name in SCHEMA and (tests is None or SCHEMA[target.name] in tests)
        else:
            names = homes.get(target.sort, ())
            known = names is None or target.name in names
        if not known:
            faults.say("coverage", ", ".join(ids), f"there is no {target}")


def _read_ids(path: Path, faults: Faults) -> tuple[Row, ...]:
    found: dict[str, Row] = {}
    if not path.is_file():
        faults.say(f"coverage/{IDS}", "", "missing")
        return ()
    for line in csv.DictReader(path.read_text(encoding="utf-8").splitlines()):
        row = Row(id=line["id"], section=line["section"], sort=line["class"])
        if row.sort not in CLASSES:
            faults.say(IDS, row.id, f"{row.sort!r} is not one of: {', '.join(CLASSES)}")
        if row.id in found:
            faults.say(IDS, row.id, "is listed twice")
        found[row.id] = row
    return tuple(found.values())


def _read_entry(reader: Reader, name: str) -> Entry:
    reader.only(*ENTRY_KEYS)
    sort = reader.choice("class", CLASSES, KEEP)
    wanted, other = ("kept_out_by", "by") if sort == DECLINE else ("by", "kept_out_by")
    reader.needs("class", "cite", "title", wanted)
    if other in reader.raw:
        reader.fault(other, f"a row of class {sort} says `{wanted}`")
    if wanted in reader.raw and not reader.texts(wanted):
        reader.fault(wanted, "names nothing")
    return Entry(
        id=name,
        sort=sort,
        cite=reader.text("cite"),
        title=reader.both("title"),
        by=_read_targets(reader, "by", TARGETS),
        kept_out_by=_read_targets(reader, "kept_out_by", WALLS),
        note=reader.both("note", required=False),
        later=reader.flag("later"),
    )


def _read_targets(reader: Reader, key: str, sorts: Collection[str]) -> tuple[Target, ...]:
    found = []
    for text in reader.texts(key):
        sort, _, name = text.partition(":")
        if sort not in sorts or not name:
            reader.fault(key, f"{text!r} is no target; it begins with one of: {', '.join(sorts)}")
        else:
            found.append(Target(sort=sort, name=name))
    return tuple(found)
