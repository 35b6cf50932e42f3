"""The packs that come with Yipan, the strange ones, and what `packs check` refuses, all faults at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.law.lawbook import STRANGE, beside_strange, real_packs, strange_packs
from yipan.law.check import check_packs
from yipan.law.pack import Pack, parse_yaml, read_bundle, read_pack, read_packs
from yipan.law.reading import Faults

if TYPE_CHECKING:
    from pathlib import Path

HEAD = """
pack: {name}
title: {{zh: 试验, en: Test}}
authority: test
scope: {scope}
from: {since}
promptly: {{within: 3 working_days, cite: {{set_by: deployment}}}}
"""
KIND = """
kind: question.sent
title: {zh: 查询, en: Query}
roles:
  asker: {title: {zh: 甲, en: A}}
  asked: {title: {zh: 乙, en: B}, group: others}
fields:
  priority:
    type: choice
    title: {zh: 缓急, en: Priority}
    clock: true
    choices: {urgent: {zh: 急, en: Urgent}, normal: {zh: 一般, en: Normal}}
recorded_by: [asker]
---
kind: question.answered
title: {zh: 反馈, en: Answer}
roles:
  asked: {title: {zh: 乙, en: B}, group: others}
recorded_by: [asked]
"""
RULE = """
rule: answer
title: {zh: 反馈, en: Answer}
opens_on: question.sent
for_each: others
owed_by: party
owed_to: asker
discharged_by: question.answered
versions:
  2020-01-01: {within: 15 working_days, cite: {doc: some, article: "1"}}
"""
OVERLAY = """
overlay: sooner
title: {zh: 更早, en: Sooner}
of: answer
versions:
  2020-01-01: {within: 10 working_days, cite: {doc: other, article: "2"}}
"""


def pack_of(faults: Faults, *, name: str = "some", scope: str = '["00"]', **files: str) -> Pack:
    """Read a pack from texts; `rules="..."` stands for the file rules/test.yaml."""
    bundle = {f"{folder}/test.yaml": text for folder, text in files.items()}
    bundle["pack.yaml"] = HEAD.format(name=name, scope=scope, since="2020-01-01")
    return read_pack(bundle, where=name, faults=faults)


def faults_of(*, rules: str = RULE, events: str = KIND, overlay: str = "", **more: str) -> str:
    """Return what is said of one pack, and of an overlay in a second one, as one text."""
    faults = Faults()
    packs = [*real_packs(), pack_of(faults, rules=rules, events=events, **more)]
    if overlay:
        packs.append(pack_of(faults, name="other", rules=overlay))
    check_packs(packs, faults)
    return "\n".join(faults.lines)


def test_the_packs_that_come_with_yipan_have_no_fault() -> None:
    faults = Faults()
    check_packs(real_packs(), faults)
    assert not faults.lines, "\n".join(faults.lines)


def test_the_strangest_rules_can_all_be_said() -> None:
    faults = Faults()
    check_packs((*beside_strange(), *strange_packs()), faults)
    assert not faults.lines, "\n".join(faults.lines)
    rules = {rule for pack in strange_packs() for rule in pack.rules}
    overlays = {overlay.id for pack in strange_packs() for overlay in pack.overlays}
    assert len(rules | overlays) >= 20


def test_a_pack_that_is_right_has_no_fault() -> None:
    assert faults_of(overlay=OVERLAY) == ""


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (("for_each:", "for_ech: x\nfor_each:"), "some/rules/test.yaml: for_ech: unknown key; known here:"),
        (
            ("opens_on: question.sent", "opens_on: question.snt"),
            "opens_on: there is no event kind 'question.snt'",
        ),
        (
            ("question.answered", "question.replied"),
            "discharged_by: there is no event kind 'question.replied'",
        ),
        (
            ("owed_to: asker", "owed_to: aksed"),
            "some/rules/answer: owed_to: 'aksed' is no role of question.sent",
        ),
        (("owed_by: party", "owed_by: party.parish"), "owed_by: 'parish' is no step; known steps: village"),
        (("owed_by: party", "owed_by: person"), "owed_by: 'person' can never owe: the debtor of a duty is"),
        (("owed_by: party", "owed_by: public"), "owed_by: 'public' can never owe"),
        (("owed_by: party", "owed_by: person.county"), "owed_by: 'person' has no office above it"),
        (("owed_by: party", "owed_by: debtor"), "owed_by: 'debtor' is no role of question.sent"),
        (("owed_by: party", "owed_by: office"), "owed_by: 'office' is no role of question.sent"),
        (("for_each: others\n", ""), "owed_by: `party` needs `for_each`"),
        (("for_each: others", "for_each: all"), "for_each: 'all' is no role or group of question.sent"),
        (("2020-01-01:", "someday:"), "versions.someday: a version is named by the day it came into force"),
        (("2020-01-01:", "2020-01-01T10:00:00:"), "a version is named by the day it came into force"),
        (("2020-01-01:", "2020-02-30:"), "some/rules/test.yaml: yaml: day is out of range for month"),
        (("15 working_days", "15 working_dys"), "versions.2020-01-01.within: unknown unit 'working_dys'"),
        ((', cite: {doc: some, article: "1"}', ""), "versions.2020-01-01.cite: missing"),
        (
            ('{doc: some, article: "1"}', "{}"),
            "cite: says either the document (doc, article, quote) or `set_by",
        ),
        (('{doc: some, article: "1"}', "{doc: some}"), "versions.2020-01-01.cite.article: missing"),
        (('{doc: some, article: "1"}', "{set_by: me}"), "cite.set_by: 'me' is not one of: deployment, model"),
        (("owed_to:", "owed_by: asker\nowed_to:"), "some/rules/test.yaml: yaml: key 'owed_by' is said twice"),
        (
            ("title:", "needs_consent: gossip\ntitle:"),
            "needs_consent: no kind asks for an agreement to 'gossip'",
        ),
        (
            ("opens_on: question.sent", "opens_on: {kind: question.sent, times: 0}"),
            "opens_on.times: must be a whole number from 1",
        ),
        (("title:", "yields_to: nobody\ntitle:"), "yields_to: there is no rule 'nobody'"),
        (
            ("title:", "on_lapse: nobody\ntitle:"),
            "on_lapse: there is no rule 'nobody' with `opens_on: lapse`",
        ),
        (
            ("title:", "on_lapse: answer\ntitle:"),
            "on_lapse: there is no rule 'answer' with `opens_on: lapse`",
        ),
        (("title:", "applies_to: all\ntitle:"), "applies_to: 'all' is not one of: debtor, both"),
        (
            ("title:", "matched_by: luck\ntitle:"),
            "matched_by: 'luck' is not one of: party, debtor, debtor-and-party",
        ),
        (
            ("opens_on: question.sent", "opens_on: {kind: question.sent, when: {mood: x}}"),
            "opens_on.when.mood: is no clock",
        ),
        (
            ("opens_on: question.sent", "opens_on: {kind: question.sent, when: {priority: x}}"),
            "opens_on.when.priority: 'x' is not one of: urgent, normal",
        ),
        (
            (
                "discharged_by: question.answered",
                "discharged_by: {quantity: {kind: question.answered, at_least: 2}}",
            ),
            "quantity.field: missing",
        ),
        (
            (
                "discharged_by: question.answered",
                "discharged_by: {quantity: {kind: question.answered, field: n, at_least: 2}}",
            ),
            "discharged_by.quantity.field: must be a clock field of type number of question.answered",
        ),
        (
            ("15 working_days", "{by_field: priority, values: {urgent: 3 days}}"),
            "versions.2020-01-01.within: says no clock for normal: nothing defaults",
        ),
        (
            ("15 working_days", "{by_field: mood, values: {urgent: 3 days}}"),
            "versions.2020-01-01.within: 'mood' is no clock field of question.sent",
        ),
        (
            ("rule: answer", "rule: levy-collect"),
            "rule: refused: 'levy' stands for what this system never does",
        ),
        (
            ("rule: answer", "rule: pregnancy-check"),
            "rule: refused: 'pregnan' stands for what this system never",
        ),
    ],
)
def test_a_rule_that_is_wrong_is_refused_by_file_and_key(wrong: tuple[str, str], said: str) -> None:
    assert said in faults_of(rules=RULE.replace(*wrong, 1))


@pytest.mark.parametrize(
    ("field", "said"),
    [
        (
            "birth_order: {type: number, title: {zh: 次序, en: Order}}",
            "fields.birth_order: refused: 'birth_order'",
        ),
        ("n: {type: number, title: {zh: 孩次, en: Order}}", "fields.n: refused: '孩次'"),
        ("n: {type: number, title: {zh: 次序, en: Number of children}}", "refused: 'number_of_children'"),
        ("pregnancy_weeks: {type: number, title: {zh: 周, en: Weeks}}", "refused: 'pregnan'"),
        ("n: {type: text, title: {zh: 避孕措施, en: Method}}", "refused: '避孕'"),
        ("levy: {type: number, title: {zh: 数额, en: Amount}}", "refused: 'levy'"),
        ("fee: {type: number, title: {zh: 数额, en: Amount}}", "refused: 'fee'"),
        ("n: {type: number, title: {zh: 社会抚养费, en: Amount}}", "refused: '抚养费'"),
        ("landlord: {type: name, title: {zh: 某人, en: Someone}}", "refused: 'landlord'"),
        (
            "n: {type: choice, title: {zh: 甲, en: A}, choices: {x: {zh: 计划外, en: X}}}",
            "refused: '计划外'",
        ),
        (
            "n: {type: name, title: {zh: 姓名, en: Name}, clock: true}",
            "clock: a field of type name may name a person",
        ),
        (
            "n: {type: code, title: {zh: 甲, en: A}, clock: true, subject: her}",
            "clock: a field about a person is sealed: rules may not read it",
        ),
        (
            "n: {type: code, title: {zh: 甲, en: A}, subject: her}",
            "subject: 'her' is no subject of this kind",
        ),
        ("n: {type: feeling, title: {zh: 甲, en: A}}", "fields.n.type: 'feeling' is not one of: text"),
        (
            "n: {type: choice, title: {zh: 甲, en: A}}",
            "fields.n.choices: a field of type choice, and no other",
        ),
        ("n: {type: text, title: {zh: 甲}}", "fields.n.title.en: missing"),
        (
            "n: {type: text, title: {zh: 甲, en: A}, consent: {purpose: x}}",
            "consent: an agreement is a clock field",
        ),
        ("n: {type: text, title: {zh: 甲, en: A}, colour: red}", "fields.n.colour: unknown key"),
    ],
)
def test_a_field_that_is_wrong_or_refused_is_named(field: str, said: str) -> None:
    events = KIND.replace("fields:\n", f"fields:\n  {field}\n", 1)
    assert said in faults_of(events=events)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (("recorded_by: [asker]", "recorded_by: [nobody]"), "recorded_by: 'nobody' is no role of this kind"),
        (
            ("recorded_by: [asker]", "recorded_by: [asker]\nreaches: moon"),
            "reaches: 'moon' is no role of this kind",
        ),
        (
            ("recorded_by: [asker]", "recorded_by: [asker]\nthread: period"),
            "thread: a kind of a period needs a clock",
        ),
        (("recorded_by: [asker]", "recorded_by: [asker]\neffect: magic"), "effect: 'magic' is not one of"),
        (
            ("recorded_by: [asker]", "recorded_by: [asker]\nfollows: [dawn]"),
            "question.sent.follows: there is no kind 'dawn'",
        ),
        (("title: {zh: 查询, en: Query}", "title: {zh: 罚款, en: Query}"), "title: refused: '罚款'"),
        (("kind: question.sent", "kind: consultation.asked"), "consultation.asked: is also defined by"),
        (
            ("recorded_by: [asker]", "recorded_by: [asker]\nhers_alone: true"),
            "hers_alone: has a meaning only with",
        ),
        (
            ("recorded_by: [asker]", "recorded_by: [asker]\nby_person: true\neffect: proxy-ended"),
            "hers_alone: nobody does it for her: proxy-ended",
        ),
        (
            ("recorded_by: [asker]", "recorded_by: [asker]\narrival: true\nfollows: [proxy.named]"),
            "question.sent.arrival: follows nothing that is sent",
        ),
        (
            ("recorded_by: [asker]", "recorded_by: [asker]\neffect: glass-broken"),
            "effect: glass-broken needs the field 'until_at'",
        ),
    ],
)
def test_a_kind_that_is_wrong_is_refused_by_file_and_key(wrong: tuple[str, str], said: str) -> None:
    assert said in faults_of(events=KIND.replace(*wrong, 1))


def test_a_word_is_not_refused_for_what_it_merely_contains() -> None:
    events = KIND.replace(
        "fields:\n", "fields:\n  feedback: {type: text, title: {zh: 反馈, en: Feedback is fee-d}}\n", 1
    )
    assert "'fee'" in faults_of(events=events)
    assert "'fee'" not in faults_of(events=events.replace("fee-d", "refined"))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (("10 working_days", "16 working_days"), "16 working_days is longer than the rule's 15 working_days"),
        (("of: answer", "of: anser"), "other/rules/sooner: of: there is no rule 'anser'"),
        (
            ("of: answer", "of: answer\nleg: here-to-there"),
            "leg: must be LEVEL-to-LEVEL with levels of: village",
        ),
        (("of: answer", "of: answer\napplies_to: all"), "applies_to: 'all' is not one of: debtor, both"),
        (
            (
                "10 working_days",
                "{by_field: priority, values: {urgent: 3 working_days, normal: 20 working_days}}",
            ),
            "20 working_days is longer than the rule's 15 working_days: an overlay may only shorten",
        ),
        (
            ("10 working_days", "{by_field: priority, values: {urgent: 3 days}}"),
            "other/rules/sooner: versions.2020-01-01.within: says no clock for normal",
        ),
        (
            ("overlay: sooner", "overlay: sooner\nowed_by: person"),
            "other/rules/test.yaml: owed_by: unknown key",
        ),
    ],
)
def test_an_overlay_that_is_wrong_or_lengthens_is_refused(wrong: tuple[str, str], said: str) -> None:
    assert said in faults_of(overlay=OVERLAY.replace(*wrong, 1))


def test_another_unit_is_never_compared() -> None:
    assert faults_of(overlay=OVERLAY.replace("10 working_days", "90 days")) == ""


def test_nobody_may_shorten_a_term_that_is_granted() -> None:
    rules = RULE.replace("within: 15 working_days", "within: 3 years, rolls: false")
    said = faults_of(rules=rules, overlay=OVERLAY.replace("10 working_days", "2 years"))
    assert "nobody may shorten what is granted" in said


def test_what_the_calendar_opens_and_what_a_lapse_opens_have_their_own_sides() -> None:
    rules = RULE.replace(
        "opens_on: question.sent\nfor_each: others", "opens_on: {every: month, opens: start, levels: [moon]}"
    )
    said = faults_of(rules=rules)
    assert "opens_on.levels: 'moon' is no level; levels: village" in said
    assert "owed_by: what the calendar opens is between `office`" in said
    assert "owed_to: what a lapse opens is between" in faults_of(
        rules=RULE.replace("opens_on: question.sent\nfor_each: others", "opens_on: lapse")
    )


def test_promptly_needs_the_standard_of_its_pack() -> None:
    faults = Faults()
    head = HEAD.format(name="some", scope='["00"]', since="2020-01-01")
    bare = "\n".join(line for line in head.splitlines() if not line.startswith("promptly"))
    rules = RULE.replace("15 working_days", "promptly")
    read_pack(
        {"pack.yaml": bare, "rules/test.yaml": rules, "events/test.yaml": KIND}, where="some", faults=faults
    )
    assert any("`promptly` needs the pack's standard" in line for line in faults.lines)


def test_two_definitions_for_one_place_and_time_clash() -> None:
    faults = Faults()
    one = pack_of(faults, rules=RULE, events=KIND, scope='["44", "45"]')
    other = pack_of(faults, name="other", rules=RULE, scope='["45", "46"]')
    check_packs([*real_packs(), one, other], faults)
    assert faults.lines == ["some/rules/answer: rule: is also defined by other for the same place and time"]


def test_a_narrower_definition_is_no_clash() -> None:
    faults = Faults()
    one = pack_of(faults, rules=RULE, events=KIND)
    other = pack_of(faults, name="other", rules=RULE, scope='["450921"]')
    check_packs([*real_packs(), one, other], faults)
    assert faults.lines == []


def test_a_place_may_define_a_rule_for_itself_only_to_shorten_it_and_never_a_term_that_is_granted() -> None:
    term = RULE.replace("{within: 15 working_days,", "{within: 3 years, rolls: false,")
    for wide, narrow, wrong in (
        (RULE, RULE.replace("15 working_days", "3 working_days"), ""),
        (RULE, RULE.replace("15 working_days", "16 working_days"), "a narrower definition may only shorten"),
        (term, term, ""),
        (term, term.replace("3 years", "1 year"), "grants a term of 3 years"),
        (term, term.replace("3 years", "4 years"), "grants a term of 3 years"),
        (term, term.replace(", rolls: false", ""), "grants a term of 3 years"),
    ):
        faults = Faults()
        one = pack_of(faults, rules=wide, events=KIND)
        other = pack_of(faults, name="other", rules=narrow, scope='["450921"]')
        check_packs([*real_packs(), one, other], faults)
        said = "\n".join(faults.lines)
        assert (wrong in said) if wrong else not said, (narrow, said)


@pytest.mark.parametrize("folder", ["rules", "events"])
def test_one_thing_defined_twice_in_a_pack_is_a_fault(folder: str) -> None:
    texts = {"rules": RULE, "events": KIND}
    twice = {**texts, folder: f"{texts[folder]}\n---\n{texts[folder]}"}
    assert "is defined twice in this pack" in faults_of(**twice)


def test_an_overlay_defined_twice_in_a_pack_is_a_fault() -> None:
    assert "sooner: is defined twice" in faults_of(overlay=f"{OVERLAY}\n---\n{OVERLAY}")


def test_the_head_of_a_pack_is_checked() -> None:
    faults = Faults()
    head = """
pack: some
title: {zh: 试验, en: Test}
authority: test
scope: ["450"]
from: 2020-01-01
until: 2019-01-01
uses: [nothing]
colour: red
promptly: {within: soon, cite: {doc: x}}
"""
    check_packs([read_pack({"pack.yaml": head}, where="some", faults=faults)], faults)
    said = "\n".join(faults.lines)
    for part in (
        "some/pack.yaml: colour: unknown key",
        "some/pack.yaml: scope: '450' is no division code",
        "some/pack.yaml: until: must be later than `from`",
        "some/pack.yaml: uses: there is no pack 'nothing'",
        "some/pack.yaml: promptly.cite.doc: unknown key",
        "some/pack.yaml: promptly.cite.set_by: missing",
        "promptly.within: 'soon' is not one of",
        "rulepacks: duty.lapsed: the engine records this kind and no pack defines it",
    ):
        assert part in said


def test_two_packs_of_one_name_are_refused(tmp_path: Path) -> None:
    for authority in ("one", "two"):
        folder = tmp_path / authority / "some"
        folder.mkdir(parents=True)
        head = HEAD.format(name="some", scope='["00"]', since="2020-01-01")
        (folder / "pack.yaml").write_text(head, encoding="utf-8")
    faults = Faults()
    read_packs(tmp_path, faults)
    assert faults.lines == ["two/some/pack.yaml: pack: another pack is named 'some'"]


def test_every_fault_is_said_at_once() -> None:
    rules = RULE.replace("question.sent", "question.snt").replace(
        "owed_to: asker", "owed_to: x.parish\ncolour: red"
    )
    events = KIND.replace("recorded_by: [asker]", "recorded_by: [nobody]")
    said = faults_of(rules=rules, events=events, overlay=OVERLAY.replace("10", "20")).splitlines()
    assert len(said) >= 5


def test_yes_no_on_and_off_are_words_and_only_true_and_false_are_truths() -> None:
    assert parse_yaml("{on: 1, yes: off, no: y, a: true, b: False}") == {
        "on": 1,
        "yes": "off",
        "no": "y",
        "a": True,
        "b": False,
    }


@pytest.mark.parametrize("text", ["[1, 2]", "just words", "{a: [}", "? [1]\n: 2", "2020-02-30: 1"])
def test_what_is_no_mapping_is_one_fault_of_its_file(text: str) -> None:
    said = faults_of(rules=text)
    assert said.startswith("some/rules/test.yaml: yaml:")


def test_the_examples_are_not_part_of_what_is_adopted() -> None:
    folder = STRANGE / "chongqing" / "cq-norms"
    assert (folder / "examples").is_dir()
    assert not any(path.startswith("examples/") for path in read_bundle(folder))


def test_a_pack_is_named_by_its_texts() -> None:
    faults = Faults()
    one, same = (pack_of(faults, rules=RULE, events=KIND) for _ in range(2))
    other = pack_of(faults, rules=RULE.replace("15", "14"), events=KIND)
    assert one.digest == same.digest != other.digest


@given(st.integers(1, 40), st.integers(1, 40), st.sampled_from(["working_days", "days", "months", "hours"]))
def test_of_one_unit_an_overlay_may_only_shorten(mine: int, theirs: int, unit: str) -> None:
    def clock(count: int) -> str:
        return f"{count} {unit if count > 1 else unit[:-1]}"

    said = faults_of(
        rules=RULE.replace("15 working_days", clock(theirs)),
        overlay=OVERLAY.replace("10 working_days", clock(mine)),
    )
    assert ("an overlay may only shorten" in said) is (mine > theirs)
