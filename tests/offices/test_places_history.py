"""The dated history of counties and cities, and what a table of it must be."""

from __future__ import annotations

import hashlib
from collections import Counter
from typing import TYPE_CHECKING

import pytest
import yaml

from yipan.offices.divisions import read_divisions
from yipan.offices.placehistory import CARRIED, HistoryFaultsError, read_history

if TYPE_CHECKING:
    from pathlib import Path

HISTORY = read_history()
FACTS = yaml.safe_load((CARRIED.parent / "history.yaml").read_text("utf-8"))
TODAY = {each.code for each in read_divisions()}
HEAD = "code,name,first_year,last_year,successors,basis"


def table(folder: Path, *rows: str, head: str = HEAD) -> Path:
    path = folder / "history.csv"
    path.write_text("\n".join((head, *rows)) + "\n", "utf-8")
    return path


def test_every_successor_is_a_division_of_today() -> None:
    assert [row for row in HISTORY if not TODAY.issuperset(row.successors)] == []


def test_no_row_is_given_twice_and_the_codes_stand_in_order() -> None:
    keys = [(row.code, row.name, row.first_year) for row in HISTORY]
    assert len(set(keys)) == len(keys)
    assert [code for code, *_ in keys] == sorted(code for code, *_ in keys)


def test_each_row_says_why_it_has_its_successor() -> None:
    assert {row.basis for row in HISTORY} == {"", "code", "name", "city", "merger"}
    assert [row for row in HISTORY if bool(row.basis) != bool(row.successors)] == []


def test_the_facts_beside_the_tables_are_those_of_the_tables() -> None:
    characters = (CARRIED.parent / FACTS["characters"]["table"]).read_text("utf-8").splitlines()

    assert hashlib.sha256(CARRIED.read_bytes()).hexdigest() == FACTS["sha256"]
    assert [min(row.first_year for row in HISTORY), max(row.last_year for row in HISTORY)] == FACTS["years"]
    assert (len(HISTORY), len(characters) - 1) == (FACTS["rows"], FACTS["characters"]["rows"])
    assert Counter(row.basis or "none" for row in HISTORY) == FACTS["by_basis"]


def test_a_table_is_refused_with_all_its_faults_at_once(tmp_path: Path) -> None:
    path = table(
        tmp_path,
        "110103,崇文区,1980,2009,110101,name",
        "1101,东城区,1980,2009,,",
        "110104,,1980,2009,,",
        "110104,宣武区,2010,2009,,",
        "110104,宣武区,1980,2009,110102,",
    )
    with pytest.raises(HistoryFaultsError) as refused:
        read_history(path)
    assert [fault.split(": ")[1] for fault in refused.value.faults] == [
        "line 3",
        "line 4",
        "line 5",
        "line 6",
    ]


def test_a_table_with_other_columns_is_refused(tmp_path: Path) -> None:
    with pytest.raises(HistoryFaultsError, match="columns"):
        read_history(table(tmp_path, head="code,name"))


def test_the_carried_table_is_compact() -> None:
    assert CARRIED.stat().st_size < 200_000
