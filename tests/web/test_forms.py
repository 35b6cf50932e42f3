"""The form made from a kind: which boxes it has, for whom."""

from __future__ import annotations

from pathlib import Path

import pytest

from yipan.law.kind import Kind, read_kind
from yipan.law.pack import read_documents
from yipan.law.reading import Faults
from yipan.web.forms import Setting, sections_of

EVENTS = Path(__file__).parents[2] / "rulepacks" / "yipan" / "casework" / "events"


@pytest.fixture(scope="module")
def kinds(home: Path) -> dict[str, Kind]:
    assert home.is_dir()  # words of the form come from Django's catalogues
    found = {}
    for path in sorted(EVENTS.glob("*.yaml")):
        faults = Faults()
        for raw in read_documents(path.read_text(encoding="utf-8"), path.name, faults):
            kind = read_kind(raw, file=path.name, pack="casework", faults=faults)
            found[kind.name] = kind
    return found


def names(kind: Kind, **setting: object) -> set[str]:
    return {
        box.name
        for section in sections_of(kind, Setting(**setting), {}, {})  # type: ignore[arg-type]  # its own fields
        for box in section.boxes
    }


def test_every_field_of_every_kind_that_a_desk_may_write_has_a_box(kinds: dict[str, Kind]) -> None:
    for kind in kinds.values():
        # What a verb fills in is not asked of anybody.
        asked = {each.name for each in kind.fields.values() if not each.by_verb}
        assert asked <= names(kind), kind.name


def test_a_new_case_asks_for_the_offices_but_not_for_the_desks_own(kinds: dict[str, Kind]) -> None:
    found = names(kinds["birth-registration.asked"])
    assert {"her_home", "his_home"} <= found
    assert "residence" not in found


def test_a_question_to_his_home_has_no_box_about_her(kinds: dict[str, Kind]) -> None:
    found = names(kinds["verification.asked"], parties={"his_home": "450921100"})
    assert "his_points" in found
    assert "her_points" not in found


def test_what_he_agrees_to_is_not_asked_where_only_her_home_is_meant(kinds: dict[str, Kind]) -> None:
    found = names(kinds["birth-registration.asked"], parties={"her_home": "500101001"})
    assert {"her_agrees_verify", "her_agrees_notice"} <= found
    assert not {"his_agrees_verify", "his_agrees_notice"} & found


def test_no_agreement_is_ticked_before_she_was_asked(kinds: dict[str, Kind]) -> None:
    for kind in kinds.values():
        agreements = {each.name for each in kind.fields.values() if each.consent}
        for section in sections_of(kind, Setting(), {}, {}):
            assert all(not box.value for box in section.boxes if box.name in agreements)
