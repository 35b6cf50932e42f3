"""Packs whose documents name no place: the deployment says which city is meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.law.lawbook import real_packs
from yipan.law.check import check_packs
from yipan.law.pack import placed, read_pack, read_packs, shown
from yipan.law.reading import Faults

if TYPE_CHECKING:
    from pathlib import Path

PLACED = """
pack: some
title: {zh: 试验, en: Test}
authority: test
place: {level: city, demonstration: "4101"}
from: 2020-01-01
"""


def test_a_pack_whose_place_nobody_has_set_binds_nobody_and_is_shown_at_its_demonstration() -> None:
    faults = Faults()
    read = read_pack({"pack.yaml": PLACED}, where="some", faults=faults)
    check_packs([*real_packs(), read], faults)
    assert faults.lines == []
    assert not read.covers("410102")
    at_home = placed(read, "4105")
    assert (at_home.covers("410502"), shown(at_home).covers("410102")) == (True, False)
    assert shown(read).covers("410102")
    again = read_pack(at_home.bundle, where="some", faults=faults)
    assert (again.scope, again.digest == at_home.digest, again.digest == read.digest) == (
        ("4105",),
        True,
        False,
    )


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (('"4101"', '"41010"'), "place.demonstration: '41010' is no code of a city"),
        (("level: city", "level: nation"), "place.level: 'nation' is not one of: province, city"),
        (
            ("from:", 'scope: ["41"]\nfrom:'),
            "scope: a pack of a place that the deployment sets says no scope",
        ),
        (("place:", "scope: []\n#"), "scope: names no division"),
    ],
)
def test_a_place_that_is_wrong_is_refused(wrong: tuple[str, str], said: str) -> None:
    faults = Faults()
    read = read_pack({"pack.yaml": PLACED.replace(*wrong, 1)}, where="some", faults=faults)
    check_packs([*real_packs(), read], faults)
    assert said in "\n".join(faults.lines)


def test_a_place_is_set_only_for_a_pack_that_names_none(tmp_path: Path) -> None:
    folder = tmp_path / "test" / "some"
    folder.mkdir(parents=True)
    (folder / "pack.yaml").write_text(PLACED, encoding="utf-8")
    faults = Faults()
    (found,) = read_packs(tmp_path, faults, {"some": "4103", "other": "41"})
    assert found.scope == ("4103",)
    assert faults.lines == ["places: other: is no pack whose place a deployment sets"]
