"""Files made to do harm: archives that explode, parts that unfold, bytes that end a string. All are refused in words."""

from __future__ import annotations

import contextlib
import io
import zipfile
from typing import TYPE_CHECKING

import pytest

from tests.registry.rosters import LAN, book
from yipan.errors import YipanError
from yipan.registry import rosterbook
from yipan.registry.rosterfaults import DamagedRosterError, ExplodingRosterError, RosterError
from yipan.registry.sheets import open_roster

if TYPE_CHECKING:
    from collections.abc import Mapping

PLAIN = [["姓名", "身份证号"], ["陈玉兰", LAN]]
ENTITIES = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><sst>&b;</sst>'


def with_parts(parts: Mapping[str, bytes], *, leave: str = "") -> bytes:
    """Return a sound workbook with some parts beside its own, or in their place."""
    made = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(book({"名册": PLAIN}))) as old,
        zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            if name not in parts and name != leave:
                new.writestr(name, old.read(name))
        for name, content in parts.items():
            new.writestr(name, content)
    return made.getvalue()


def names(content: bytes) -> list[object]:
    """Return the names on a roster."""
    return [row.cells["name"] for row in open_roster(content, "a.xlsx").rows()]


@pytest.mark.parametrize(
    "name", ["xl/sharedStrings.xml", "xl/workbook.xml", "docProps/app.xml", "xl/_rels/workbook.xml.rels"]
)
def test_a_part_that_brings_definitions_of_its_own_is_refused(name: str) -> None:
    with pytest.raises(ExplodingRosterError) as refused:
        open_roster(with_parts({name: ENTITIES}), "a.xlsx")
    assert "a.xlsx" in refused.value.say("zh")
    hidden = b"<!-- " + b"x" * (3 << 20) + b" -->" + ENTITIES
    with pytest.raises(ExplodingRosterError):
        open_roster(with_parts({name: hidden}), "a.xlsx")


def test_shared_words_beyond_all_measure_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rosterbook, "LARGEST_WORDS", 1000)
    with pytest.raises(ExplodingRosterError):
        open_roster(with_parts({"xl/sharedStrings.xml": b"<sst>" + b"x" * 2000 + b"</sst>"}), "a.xlsx")


def test_a_part_that_cannot_be_unpacked_is_a_damaged_file() -> None:
    whole = book({"名册": PLAIN})
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        at = archive.getinfo("xl/workbook.xml").header_offset
    for offset in range(30, 120, 7):
        torn = whole[: at + offset] + bytes([whole[at + offset] ^ 0xFF, 0x07]) + whole[at + offset + 2 :]
        with contextlib.suppress(RosterError):
            open_roster(torn, "a.xlsx")


@pytest.mark.parametrize(
    "part", [None, b"", b"<worksheet", b"\x00\xff", b"<worksheet><sheetData><row r='x'><c"]
)
def test_a_sheet_that_is_named_and_not_there_or_cannot_be_read_is_a_damaged_file(part: bytes | None) -> None:
    sheet = "xl/worksheets/sheet1.xml"
    content = with_parts({} if part is None else {sheet: part}, leave=sheet)
    with pytest.raises(RosterError) as refused:
        names(content)
    assert part is not None or isinstance(refused.value, DamagedRosterError)


def test_two_parts_of_one_name_are_refused() -> None:
    made = io.BytesIO(book({"名册": PLAIN}))
    with zipfile.ZipFile(made, "a") as archive:
        archive.writestr("XL/Workbook.xml", b"<workbook/>")
    with pytest.raises(DamagedRosterError):
        open_roster(made.getvalue(), "a.xlsx")


def test_another_archive_inside_is_left_alone_and_a_link_to_elsewhere_leads_nowhere() -> None:
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb", bytes(10 << 20))
    link = (
        b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1"'
        b' Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/externalLinkPath"'
        b' Target="http://192.0.2.1/steal.xlsx" TargetMode="External"/></Relationships>'
    )
    parts = {
        "xl/embeddings/inner.zip": inner.getvalue(),
        "xl/externalLinks/externalLink1.xml": b'<externalLink xmlns:r="r"><externalBook r:id="rId1"/></externalLink>',
        "xl/externalLinks/_rels/externalLink1.xml.rels": link,
    }
    assert names(with_parts(parts)) == ["陈玉兰"]


def test_a_byte_that_ends_a_string_reaches_no_cell() -> None:
    content = f"姓名,身份证号\n陈\0玉兰,{LAN}\n".encode()
    padded = "姓名,身份证号\n".encode() + b"x," * 3000 + b"\n" + f"陈\0玉兰,{LAN}\n".encode()
    # In front it looks like another encoding, and no heading is read; further behind it is left out.
    with pytest.raises(YipanError):
        names(content)
    assert names(padded)[-1] == "陈玉兰"
