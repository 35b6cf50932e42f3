"""The divisions that come with Yipan, and what a table of them must be."""

from __future__ import annotations

import gzip
import hashlib
from collections import Counter
from typing import TYPE_CHECKING

import pytest
import yaml

from yipan.offices.divisions import (
    CARRIED,
    DivisionFaultsError,
    Level,
    parent_of,
    read_divisions,
    skipped_codes,
)

if TYPE_CHECKING:
    from pathlib import Path

TEXT = gzip.decompress(CARRIED.read_bytes())
FACTS = yaml.safe_load((CARRIED.parent / "divisions-2023.yaml").read_text("utf-8"))
NAMES = dict(line.split(",", 1) for line in TEXT.decode().splitlines()[1:])
DIVISIONS = {one.code: one for one in read_divisions()}


def table(folder: Path, *rows: str, head: str = "code,name") -> Path:
    path = folder / "table.csv"
    path.write_text("\n".join((head, "00,全国", *rows)) + "\n", "utf-8")
    return path


def test_the_source_has_31_provinces_2978_counties_and_41352_townships() -> None:
    digits = Counter(len(code) for code in NAMES)

    assert digits == {2: 1 + 31, 4: 342, 6: 2978, 9: 41352}


def test_the_facts_beside_the_table_are_those_of_the_table() -> None:
    digits = Counter(len(code) for code in NAMES if code != "00")

    assert hashlib.sha256(TEXT).hexdigest() == FACTS["sha256_of_text"]
    assert FACTS["rows"] == {
        "nation": 1,
        "province": digits[2],
        "city": digits[4],
        "county": digits[6],
        "township": digits[9],
    }
    assert sorted(skipped_codes(NAMES)) == sorted([*FACTS["fillers"]["city"], *FACTS["fillers"]["county"]])
    assert sum(one.statistical for one in DIVISIONS.values()) == FACTS["statistical_counties"]


def test_the_table_is_written_the_same_by_every_machine() -> None:
    header = CARRIED.read_bytes()[:10]

    assert header[3] == 0, "no file name in the header"
    assert header[4:8] == bytes(4), "no time in the header"


def test_a_row_that_only_fills_a_level_is_no_division() -> None:
    assert len(DIVISIONS) == len(NAMES) - 13
    assert not {one.name for one in DIVISIONS.values()} & {"市辖区", "县", "省直辖县级行政区划"}


def test_no_division_is_an_orphan_and_each_comes_after_its_parent() -> None:
    seen: set[str | None] = {None}
    for one in DIVISIONS.values():
        assert one.parent in seen, one
        seen.add(one.code)


def test_the_nation_is_above_the_provinces_and_under_nothing() -> None:
    assert DIVISIONS["00"].level is Level.NATION
    assert DIVISIONS["00"].parent is None
    assert {one.parent for one in DIVISIONS.values() if one.level is Level.PROVINCE} == {"00"}


def test_dongguan_has_no_county_so_its_towns_are_the_citys() -> None:
    towns = [one for one in DIVISIONS.values() if one.code.startswith("4419") and one.level is Level.TOWNSHIP]

    assert len(towns) == 36
    assert {one.parent for one in towns} == {"4419"}
    assert "441900" not in DIVISIONS


@pytest.mark.parametrize("city", ["4420", "4604", "6202"])
def test_zhongshan_danzhou_and_jiayuguan_have_no_county_either(city: str) -> None:
    below = [one for one in DIVISIONS.values() if one.parent == city]

    assert below
    assert {one.level for one in below} == {Level.TOWNSHIP}


def test_chongqing_has_no_city_so_its_counties_are_the_municipalitys() -> None:
    assert DIVISIONS["500101"].parent == "50"
    assert DIVISIONS["500229"].name == "城口县"
    assert DIVISIONS["500229"].parent == "50"
    assert len([one for one in DIVISIONS.values() if one.parent == "50"]) == 38


@pytest.mark.parametrize(
    ("code", "name", "parent"),
    [
        ("110101", "东城区", "11"),
        ("419001", "济源市", "41"),
        ("429021", "神农架林区", "42"),
        ("469001", "五指山市", "46"),
        ("659001", "石河子市", "65"),
    ],
)
def test_a_county_directly_under_its_province_says_so(code: str, name: str, parent: str) -> None:
    assert (DIVISIONS[code].name, DIVISIONS[code].parent) == (name, parent)


def test_rong_county_lies_in_yulin_and_its_towns_in_rong() -> None:
    assert DIVISIONS["450921"].name == "容县"
    assert DIVISIONS["450921"].parent == "4509"
    assert DIVISIONS["450921100"].parent == "450921"
    assert DIVISIONS["450921100"].level is Level.TOWNSHIP


def test_zones_that_only_the_statistics_know_are_kept_and_flagged() -> None:
    assert DIVISIONS["320576"].name == "苏州工业园区"
    assert DIVISIONS["320576"].statistical
    assert DIVISIONS["130171"].statistical
    assert not DIVISIONS["320581"].statistical
    assert {one.level for one in DIVISIONS.values() if one.statistical} == {Level.COUNTY}


@pytest.mark.parametrize(
    ("code", "parent"),
    [("00", None), ("50", "00"), ("5001", "50"), ("441900003", "4419"), ("450921100201", "450921100")],
)
def test_the_parent_of_any_code_is_found_past_the_levels_that_are_skipped(
    code: str, parent: str | None
) -> None:
    assert parent_of(code, skipped_codes(NAMES)) == parent


@pytest.mark.parametrize("code", ["", "4", "45092", "45O921", "四五", "4509211002011"])
def test_what_is_no_code_has_no_parent(code: str) -> None:
    with pytest.raises(DivisionFaultsError, match="not a code"):
        parent_of(code, frozenset())


def test_a_table_of_ones_own_is_read_plain_too(tmp_path: Path) -> None:
    own = read_divisions(table(tmp_path, "45,广西壮族自治区", "4509,玉林市", "450921,容县", "450922,陆川县"))

    assert [one.code for one in own] == ["00", "45", "4509", "450921", "450922"]


def test_all_faults_of_a_table_are_said_at_once_by_line(tmp_path: Path) -> None:
    path = table(tmp_path, "45,广西", "45,广西", "451,三位", "46,", "47,a,b")

    with pytest.raises(DivisionFaultsError) as refused:
        read_divisions(path)

    assert refused.value.faults == (
        "table.csv: line 4: 45 is given twice",
        "table.csv: line 5: '451' is not a code of 2, 4, 6 or 9 digits",
        "table.csv: line 6: '' is not a name",
        "table.csv: line 7: not a code and a name",
    )


def test_a_division_whose_parent_is_missing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DivisionFaultsError, match="450921: what it lies in is missing"):
        read_divisions(table(tmp_path, "45,广西", "450921,容县", "450922,陆川县"))


def test_a_table_without_its_heading_or_its_nation_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DivisionFaultsError, match="columns are not code,name"):
        read_divisions(table(tmp_path, head="name,code"))
    path = tmp_path / "none.csv"
    path.write_text("code,name\n45,广西\n", "utf-8")
    with pytest.raises(DivisionFaultsError, match="the nation is missing"):
        read_divisions(path)
