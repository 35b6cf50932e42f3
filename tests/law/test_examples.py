"""The examples beside the rules are tests: they run, they cover every rule, and a wrong date is seen."""

from __future__ import annotations

import re

from tests.law.lawbook import (
    RULEPACKS,
    STRANGE,
    example_texts,
    line_of,
    real_packs,
    rulebook,
    strange_packs,
)
from yipan.law.example import rules_shown, run_examples

CLOCK = """
example: 平常月份
rule: birth-reg-reply-15wd
given: {on: 2026-03-02, owed_by: "450921100", owed_to: "440104001"}
then: {due_on: 2026-03-23, within: 15 working_days, version: 2021-09-26}
"""
STORY = """
example: 会商按时答复
given:
  - event: consultation.asked
    at: 2026-03-02T09:00
    by: "440104"
    parties: {asker: "440104", consulted: "450921"}
    clock: {channel: system}
then:
  - {rule: consult-reply-7wd, owed_by: "450921", owed_to: "440104", due_on: 2026-03-11, state: open}
"""


def run(text: str) -> list[str]:
    return run_examples({"some.yaml": text}, rulebook(), line_of)


def test_every_example_beside_the_rules_holds() -> None:
    texts = example_texts(RULEPACKS)
    assert texts
    faults = run_examples(texts, rulebook(), line_of)
    assert not faults, "\n".join(faults)


def test_every_example_of_the_strange_packs_holds() -> None:
    faults = run_examples(example_texts(STRANGE), rulebook(strange=True), line_of)
    assert not faults, "\n".join(faults)


def test_every_rule_and_overlay_has_an_example_in_its_own_pack() -> None:
    missing = []
    for root, packs in ((RULEPACKS, real_packs()), (STRANGE, strange_packs())):
        texts = example_texts(root)
        for pack in packs:
            folders = {file.rsplit("/examples/", 1)[0] for file in texts}
            mine = {file: text for file, text in texts.items() if _belongs(file, pack.name, folders)}
            ruled = {*pack.rules, *(overlay.id for overlay in pack.overlays)}
            missing += [f"{pack.name}: {rule}" for rule in sorted(ruled - rules_shown(mine))]
    assert not missing, "\n".join(missing)


def _belongs(file: str, pack: str, folders: set[str]) -> bool:
    folder = file.rsplit("/examples/", 1)[0]
    return folder in folders and folder.rsplit("/", 1)[1] == pack


def test_every_expected_date_of_every_example_really_decides() -> None:
    """Move each expected day by a year: each must then be a fault of its own."""
    seen = 0
    for root, strange in ((RULEPACKS, False), (STRANGE, True)):
        for file, text in example_texts(root).items():
            for document in text.split("\n---\n"):
                for found in re.finditer(r"due_on: (\d{4})", document):
                    moved = document[: found.start(1)] + "1999" + document[found.end(1) :]
                    faults = run_examples({file: moved}, rulebook(strange=strange), line_of)
                    assert faults, f"{file}: {document[:80]} does not look at {found.group()}"
                    seen += 1
    assert seen > 80


def test_a_right_clock_and_a_right_story_have_no_fault() -> None:
    assert run(CLOCK) == []
    assert run(STORY) == []


def test_a_wrong_clock_names_the_key_and_both_values() -> None:
    faults = run(CLOCK.replace("15 working_days", "14 working_days").replace("2021-09-26", "2009-10-01"))
    assert faults == [
        "some.yaml: 平常月份.then.within: says 14 working_days, the rule gives 15 working_days",
        "some.yaml: 平常月份.then.version: says 2009-10-01, the rule gives 2021-09-26",
    ]


def test_a_refusal_that_is_expected_and_does_not_come_is_a_fault() -> None:
    wrong = re.sub(r"then: .*", "then: {refused: no-rule-in-force}", CLOCK)
    assert run(wrong) == [
        "some.yaml: 平常月份.then.refused: not refused: due on 2026-03-23 under birth-reg-reply-15wd"
    ]


def test_a_refusal_that_is_not_expected_is_a_fault() -> None:
    (fault,) = run(CLOCK.replace("2026-03-02", "2009-09-30"))
    assert "refused as no-rule-in-force" in fault


def test_an_unsaid_provisional_date_is_a_fault() -> None:
    (fault,) = run(CLOCK.replace("2026-03-02", "2026-12-21").replace("2026-03-23", "2027-01-11"))
    assert "the example does not say so" in fault


def test_a_duty_that_the_story_does_not_say_is_a_fault() -> None:
    start = STORY.index("then:")
    (fault,) = run(STORY[:start] + "then: []\n")
    assert "does not say this duty: rule consult-reply-7wd" in fault


def test_a_duty_that_never_was_is_a_fault() -> None:
    (fault,) = run(STORY + STORY.splitlines()[-1].replace("consult-reply-7wd", "birth-reg-reply-15wd"))
    assert "no such duty" in fault


def test_a_story_that_is_about_a_rule_leaves_the_duties_of_others_out_of_sight() -> None:
    start = STORY.index("given:")
    other = STORY[:start] + "about: birth-reg-reply-15wd\n" + STORY[start:]
    assert run(other[: other.index("then:")] + "then: []\n") == []
    (fault, _) = run(other.replace("about: birth-reg-reply-15wd", "about: birth-permit"))
    assert "there is no rule 'birth-permit'" in fault


def test_an_overlay_may_be_asked_alone() -> None:
    alone = CLOCK.replace("birth-reg-reply-15wd", "rong-assist-3wd").replace("2026-03-", "2010-03-")
    alone = alone.replace("15 working_days", "3 working_days").replace("2010-03-23", "2010-03-05")
    assert run(alone.replace("2021-09-26", "2008-01-01")) == []


def test_a_story_may_not_leave_a_lateness_unsaid() -> None:
    late = STORY.replace(
        "then:",
        """  - event: consultation.answered
    at: 2026-03-20T09:00
    by: "450921"
    parties: {asker: "440104", consulted: "450921"}
then:""",
    ).replace("state: open", "state: discharged")
    assert len(run(late)) == 2
    assert run(late.replace("state: discharged", "state: discharged, in_time: false")) == []


def test_unknown_keys_roles_and_fields_of_an_example_are_refused_by_key() -> None:
    wrong = STORY.replace("    by:", "    who: x\n    by:").replace(
        "{channel: system}", "{channel: pigeon, mood: good}"
    )
    lines = run(wrong.replace("asker:", "aksed:"))
    said = "\n".join(lines)
    for part in (
        ".who: unknown key",
        "parties.aksed: is no role",
        "clock.channel: must be one of",
        "clock.mood: is no",
    ):
        assert part in said


def test_overdue_needs_a_now_and_is_asked_of_it() -> None:
    overdue = STORY.replace("state: open", "state: open, overdue: true")
    assert any("needs the story's `now`" in fault for fault in run(overdue))
    assert run(overdue.replace("then:", "now: 2026-03-12T00:00\nthen:")) == []
    assert run(overdue.replace("then:", "now: 2026-03-11T23:59\nthen:")) != []


def test_a_lapse_must_mean_one_open_duty() -> None:
    twice = STORY.replace("then:", "  - {lapse: birth-reg-reply-15wd, at: 2026-03-12T00:05}\nthen:")
    (fault,) = run(twice)
    assert "must mean one open duty, and means 0" in fault
