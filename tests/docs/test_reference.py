"""The reference pages and the glossary say what the code says."""

from __future__ import annotations

import re
from functools import lru_cache

import pytest

from tests.docs.events_page import PAGE as EVENTS
from tests.docs.events_page import events_page
from tests.law.lawbook import ROOT, line_of, real_packs
from yipan.law import definition, example, figure, keeping, kind, pack, roles, rule, scope, wording
from yipan.law.calendar import _SOURCE_KEYS, _YEAR_KEYS
from yipan.law.check import check_packs
from yipan.law.counting import Unit
from yipan.law.example import run_examples
from yipan.law.fold import DISCHARGED, OPEN, RELEASED, VOID
from yipan.law.pack import read_pack
from yipan.law.reading import Faults
from yipan.law.rulebook import Adoption, Rulebook

RULES = ROOT / "docs" / "reference" / "rules.md"
GLOSSARY = ROOT / "docs" / "glossary.md"
KEYS = {
    "Pack head": pack.PACK_KEYS,
    "Rule": rule.RULE_KEYS,
    "Trigger": rule.TRIGGER_KEYS,
    "Opened by the calendar": rule.EVERY_KEYS,
    "Rotation": rule.ROTATION_KEYS,
    "Amount": rule.AMOUNT_KEYS,
    "Version": rule.VERSION_KEYS,
    "Cite": rule.CITE_KEYS,
    "Clock": (*Unit, *rule.BY_FIELD_KEYS),
    "Overlay": rule.OVERLAY_KEYS,
    "Kind": kind.KIND_KEYS,
    "Role": kind.ROLE_KEYS,
    "Subject": kind.SUBJECT_KEYS,
    "Field": kind.FIELD_KEYS,
    "Consent": kind.CONSENT_KEYS,
    "Term of keeping": keeping.TERM_KEYS,
    "Wording": wording.WORDING_KEYS,
    "Scope": scope.SCOPE_KEYS,
    "Step": scope.STEP_KEYS,
    "Calendar": _YEAR_KEYS,
    "Notice": _SOURCE_KEYS,
    "Definition": sorted(
        {*definition.COMMON_KEYS, *(key.rstrip("!") for keys in definition.OWN_KEYS.values() for key in keys)}
    ),
    "Target": figure.TARGET_KEYS,
    "Clock example": example.CLOCK_KEYS,
    "Given of a clock": example.CLOCK_GIVEN_KEYS,
    "Then of a clock": example.CLOCK_THEN_KEYS,
    "Story example": example.STORY_KEYS,
    "Event of a story": example.STORY_EVENT_KEYS,
    "Lapse of a story": example.STORY_LAPSE_KEYS,
    "Duty of a story": example.STORY_THEN_KEYS,
}
#: Values that a key may have, each of which the section about it names.
VALUES = {
    "Rule": (*rule.APPLIES_TO, *rule.MATCHES),
    "Opened by the calendar": (*rule.PERIODS, *roles.LEVELS, "start", "after"),
    "Role expressions": (
        *roles.LEVELS,
        *roles.COUNTERPARTS,
        *roles.FIXED_BASES,
        *roles.OWED_ONLY,
        "supervisor",
    ),
    "Kind": kind.EFFECTS,
    "Field": kind.FIELD_TYPES,
    "Step": scope.TESTS,
    "Definition": (
        *definition.MEASURES,
        *definition.CORRECTORS,
        *definition.COMPUTED,
        *figure.MEASURES_BY,
        *figure.UNITS,
        *figure.BETWEEN,
        *figure.CUTS,
        *figure.SMALL_CELLS,
        *figure.RELATIONS,
        *figure.ENDS,
    ),
    "Duty of a story": (OPEN, DISCHARGED, RELEASED, VOID),
}


@lru_cache(maxsize=1)
def sections() -> dict[str, str]:
    """Return the sections of the page on rules by their headings."""
    parts = re.split(r"^#{2,3} (.+)$", RULES.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


@pytest.mark.parametrize("heading", KEYS)
def test_each_table_lists_every_key_that_the_code_reads_and_no_other(heading: str) -> None:
    listed = re.findall(r"^\| `([^`]+)` \|", sections()[heading], flags=re.MULTILINE)
    assert sorted(listed) == sorted(KEYS[heading])


@pytest.mark.parametrize("heading", VALUES)
def test_each_section_names_every_value_that_a_key_may_have(heading: str) -> None:
    named = set(re.findall(r"`([^`]+)`", sections()[heading]))
    assert set(VALUES[heading]) - named == set()


def test_the_blocks_of_the_page_are_one_pack_without_fault_and_its_examples_hold() -> None:
    page = RULES.read_text(encoding="utf-8")
    blocks = re.findall(r"^```yaml\n# (\S+)\n(.*?)^```", page, flags=re.MULTILINE | re.DOTALL)
    bundle = dict(blocks)
    assert len(bundle) == len(blocks) >= 7
    faults = Faults()
    read = read_pack(bundle, where="reference", faults=faults)
    check_packs([*real_packs(), read], faults)
    assert not faults.lines, "\n".join(faults.lines)
    rulebook = Rulebook(Adoption(pack=each) for each in (*real_packs(), read))
    texts = {path: text for path, text in bundle.items() if path.startswith("examples/")}
    assert run_examples(texts, rulebook, line_of) == []


def test_the_page_on_events_is_what_the_packs_say() -> None:
    assert EVENTS.read_text(encoding="utf-8") == events_page(), (
        "write it anew: python -m tests.docs.events_page"
    )


def test_the_glossary_lists_every_event_kind_and_every_state() -> None:
    text = GLOSSARY.read_text(encoding="utf-8")
    missing = [
        f"{each.name} {each.title['zh']}"
        for one in real_packs()
        for each in one.kinds.values()
        if f"| `{each.name}` | {each.title['zh']} | {each.title['en']} |" not in text
    ]
    missing += [state for state in (OPEN, DISCHARGED, RELEASED, VOID) if f"| {state} |" not in text]
    assert not missing, "\n".join(missing)


def test_the_page_on_refusals_speaks_of_every_group_of_refused_words() -> None:
    text = (ROOT / "docs" / "why" / "what-it-refuses.md").read_text(encoding="utf-8")
    for word in ("孩次", "子女数", "怀孕", "避孕", "抚养费", "罚款", "收费", "举报", "房东", "终止妊娠"):
        assert word in text


@pytest.mark.parametrize("pack_name", [each.name for each in real_packs()])
def test_each_pack_has_a_changelog_that_names_the_day_it_came_into_force(pack_name: str) -> None:
    (found,) = [each for each in real_packs() if each.name == pack_name]
    folders = [path.parent for path in (ROOT / "rulepacks").glob("*/*/pack.yaml")]
    (folder,) = [
        path for path in folders if f"pack: {pack_name}\n" in (path / "pack.yaml").read_text("utf-8")
    ]
    assert found.from_on.isoformat() in (folder / "CHANGELOG.md").read_text(encoding="utf-8")
