"""What offices publish for everybody, written at the command line; and no public kind can hold a person's field."""

from __future__ import annotations

from typing import TYPE_CHECKING

from yipan.law.pack import read_pack
from yipan.law.reading import Faults

if TYPE_CHECKING:
    from tests.cli.program import Program

COUNTY, TOWNSHIP = "450881", "450921100"
FACILITY = {
    "name": "桂平市妇幼保健院",
    "sort": "maternity",
    "address": "桂平市西山镇人民路1号",
    "telephone": "0775-3380000",
    "qualification": "母婴保健技术服务执业许可证",
}


def test_a_county_lists_a_facility_changes_it_and_takes_it_off(yipan: Program) -> None:
    listed = yipan.record("facility.listed", COUNTY, **FACILITY)
    case = ("--thread", str(listed["thread"]))
    assert listed["duties"]["opened"] == 0
    yipan.record("facility.changed", COUNTY, *case, **FACILITY | {"telephone": "0775-3380001"})
    yipan.record("facility.delisted", COUNTY, *case, ground="closed")


def test_an_office_publishes_how_it_is_reached(yipan: Program) -> None:
    said = {
        "unit": "服务窗口",
        "telephone": "0775-3381234",
        "address": "木乐镇政府院内",
        "complaints": "12345",
    }
    assert yipan.record("contact.listed", TOWNSHIP, **said)["event"]


def test_a_township_does_not_list_facilities_and_an_unknown_sort_is_named(yipan: Program) -> None:
    fields = [f"--field={name}={value}" for name, value in FACILITY.items()]
    refused = yipan.run("record", "facility.listed", "--office", TOWNSHIP, *fields)
    assert refused.code != 0
    wrong = yipan.run(
        "record", "facility.listed", "--office", COUNTY, *fields, "--field=sort=shop", YIPAN_LANG="en"
    )
    assert wrong.code != 0
    assert "sort" in wrong.err + wrong.out


def test_a_public_kind_with_a_field_about_a_person_is_refused() -> None:
    faults = Faults()
    kind = """
kind: notice.posted
title: {zh: 公告, en: Notice}
begins_case: true
public: true
roles: {office: {title: {zh: 机构, en: Office}}}
subjects: {her: {title: {zh: 女方, en: She}, shown_to: [office]}}
fields: {name: {type: name, title: {zh: 姓名, en: Name}, subject: her}}
recorded_by: [office]
"""
    pack = "pack: p\ntitle: {zh: 包, en: P}\nauthority: x\nscope: ['00']\nfrom: 2026-01-01\n"
    read_pack({"pack.yaml": pack, "events/notice.yaml": kind}, where="x/p", faults=faults)
    assert any("everybody may read is about no person" in line for line in faults.lines)
