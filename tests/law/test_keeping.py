"""Terms of keeping, wordings and agreements as data: what they reckon, and what the checks refuse by name."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest

from tests.duties.cast import at
from tests.law.lawbook import real_packs
from yipan.law.agreeing import Wordings, agreements_in, lacking
from yipan.law.check import check_packs
from yipan.law.event import Event
from yipan.law.keeping import Life, Term, ends_on, read_terms
from yipan.law.pack import read_pack
from yipan.law.reading import Faults, Reader
from yipan.law.rulebook import Adoption, Rulebook
from yipan.law.wording import NEVER, read_wording

THREAD = UUID(int=7)
HEAD = """
pack: test
title: {zh: 试, en: Test}
authority: deployment
scope: ["00"]
uses: [casework]
from: 2021-11-01
promptly: {within: 3 working_days, cite: {set_by: deployment}}
"""
KIND = """
kind: thing.noted
title: {zh: 记, en: Noted}
action: {zh: 记, en: Note}
begins_case: true
roles: {office: {title: {zh: 机构, en: Office}}}
subjects: {person: {title: {zh: 本人, en: Her}, shown_to: [office]}}
fields:
  words: {type: long-text, title: {zh: 话, en: Words}, subject: person}
  agrees: {type: yes-no, title: {zh: 同意, en: Agrees}, clock: true, consent: {purpose: PURPOSE}}
recorded_by: [office]
EXTRA
"""
CITE = {"set_by": "deployment"}


def terms(*raw: dict[str, object]) -> tuple[Term, ...]:
    faults = Faults()
    found = read_terms(Reader(file="f", at="", raw={"keeps": list(raw)}, faults=faults), "keeps")
    assert not faults.lines
    return found


def faults_of(kind: str, head: str = HEAD, rule: str = "") -> list[str]:
    faults = Faults()
    bundle = {"pack.yaml": head, "events/a.yaml": kind}
    if rule:
        bundle["rules/a.yaml"] = rule
    pack = read_pack(bundle, where="deployment/test", faults=faults)
    check_packs([*real_packs(), pack], faults)
    return faults.lines


def event(kind: str, when: str, **clock: object) -> Event:
    return Event(
        id=UUID(int=abs(hash((kind, when)))), kind=kind, thread=THREAD, counts_at=at(when), parties={"office": ("440104001",)},
        actor="440104001", clock=dict(clock),  # type: ignore[arg-type]  # plain values
    )  # fmt: skip


@pytest.mark.parametrize(
    ("length", "began", "last"),
    [
        ("15 days", "2026-03-10T09:00", date(2026, 3, 25)),
        ("1 months", "2026-01-31T09:00", date(2026, 2, 28)),
        ("3 years", "2024-02-29T23:59", date(2027, 2, 28)),
        # 2026年10月1日放假：保存期限不顺延。
        ("1 years", "2025-10-01T00:00", date(2026, 10, 1)),
    ],
)
def test_a_term_ends_on_its_day_wherever_that_day_falls(length: str, began: str, last: date) -> None:
    found = terms({"for": length, "from": "recorded", "cite": CITE})
    assert ends_on(found, Life(recorded_at=at(began), closed_at=None)) == last


def test_of_several_terms_the_earliest_that_has_begun_ends_it() -> None:
    found = terms(
        {"for": "1 years", "from": "enrolment.ended", "cite": CITE},
        {"for": "15 days", "from": "enrolment.ended", "when": {"because": "withdrawn"}, "cite": CITE},
        {"for": "3 years", "from": "case-closed", "cite": CITE},
    )
    begun = Life(recorded_at=at("2025-01-01T09:00"), closed_at=None, beginning={"person.enrolled"})
    assert ends_on(found, begun) is None
    away = replace(begun, events=[event("enrolment.ended", "2026-01-01T09:00", because="her-wish")])
    assert ends_on(found, away) == date(2027, 1, 1)
    no = replace(begun, events=[event("enrolment.ended", "2026-01-01T09:00", because="withdrawn")])
    assert ends_on(found, no) == date(2026, 1, 16)
    back = replace(no, events=[*no.events, event("person.enrolled", "2026-01-02T09:00")])
    assert ends_on(found, back) is None
    assert ends_on(found, replace(begun, closed_at=at("2025-06-01T09:00"))) == date(2028, 6, 1)


def test_every_kind_of_the_packs_that_says_something_of_a_person_has_a_term() -> None:
    faults = Faults()
    check_packs(real_packs(), faults)
    assert not [each for each in faults.lines if "keeps" in each]
    without = [
        kind.name
        for pack in real_packs()
        for kind in pack.kinds.values()
        if any(not each.clock for each in kind.fields.values()) and not kind.keeps
    ]
    assert without == []


def test_a_kind_without_a_term_is_refused_by_name_and_the_packs_own_term_is_enough() -> None:
    kind = KIND.replace("PURPOSE", "refer").replace("EXTRA", "")
    assert any(
        "thing.noted.keeps: says nothing of how long words is kept" in each for each in faults_of(kind)
    )
    keeps = "keeps: {for: 3 years, from: case-closed, cite: {set_by: deployment}}\n"
    assert faults_of(kind, HEAD + keeps) == []


@pytest.mark.parametrize(
    ("keeps", "said"),
    [
        (
            "{for: 10 working_days, from: recorded, cite: {set_by: deployment}}",
            "is counted in days, months, years",
        ),
        (
            "{for: 3 years, from: nowhere, cite: {set_by: deployment}}",
            "neither recorded, case-closed nor a kind",
        ),
        ("{for: 3 years, from: recorded}", "cite: missing"),
        ("{for: 3 years, from: recorded, when: {a: b}, cite: {set_by: deployment}}", "only with a kind"),
        ("forever", "must be a term"),
    ],
)
def test_a_term_that_says_nothing_sound_is_refused(keeps: str, said: str) -> None:
    kind = KIND.replace("PURPOSE", "refer").replace("EXTRA", f"keeps: {keeps}")
    assert any(said in each for each in faults_of(kind)), faults_of(kind)


def test_only_a_law_keeps_what_she_wants_erased() -> None:
    keeps = "keeps: {for: 1 years, from: recorded, cite: {set_by: deployment}}\n"
    own = "kept_by_law: {for: 3 years, from: recorded, cite: {set_by: deployment}}"
    kind = KIND.replace("PURPOSE", "refer").replace("EXTRA", keeps + own)
    assert any("only a law keeps what she wants erased" in each for each in faults_of(kind))


def test_a_service_never_hangs_on_an_agreement() -> None:
    keeps = "keeps: {for: 1 years, from: recorded, cite: {set_by: deployment}}"
    kind = KIND.replace("PURPOSE", "refer").replace("EXTRA", keeps)
    rule = """
rule: thing-done
title: {zh: 办, en: Done}
opens_on: thing.noted
needs_consent: refer
owed_by: office
owed_to: person
discharged_by: help.given
versions: {2021-11-01: {within: promptly, cite: {set_by: deployment}}}
"""
    found = faults_of(kind, rule=rule)
    assert any("what is owed to a person never depends on her agreeing" in each for each in found)


def test_an_agreement_that_nobody_put_into_words_is_refused() -> None:
    keeps = "keeps: {for: 1 years, from: recorded, cite: {set_by: deployment}}"
    kind = KIND.replace("PURPOSE", "gossip").replace("EXTRA", keeps)
    assert any("no wording says what agreeing to 'gossip' means" in each for each in faults_of(kind))


def test_a_wording_that_does_not_say_that_no_service_depends_on_it_is_refused() -> None:
    faults = Faults()
    said = {"zh": "请同意。", "en": NEVER["en"]}
    raw = {"wording": "x", "title": {"zh": "甲", "en": "A"}, "versions": {date(2026, 1, 1): said}}
    read_wording(raw, file="f", faults=faults)
    assert faults.lines == [f"f: versions.2026-01-01.zh: has to say: {NEVER['zh']}"]


def test_the_wording_of_the_day_is_noted_for_what_was_agreed_to_and_for_nothing_else() -> None:
    book = Rulebook(Adoption(pack=each) for each in real_packs() if each.scope)
    day = date(2026, 3, 2)
    kinds = book.kinds(day)
    words = Wordings(book, day)
    asked = kinds["birth-registration.asked"]
    assert (
        words.agreed_to(asked, {"her_agrees_verify": True, "her_agrees_notice": False})
        == "verify-with-home 2021-11-01"
    )
    assert words.agreed_to(asked, {"her_agrees_verify": False}) == ""
    assert words.agreed_to(kinds["person.enrolled"], {"ground": "form-signed"}) == "enrolment 2021-11-01"
    assert words.agreed_to(kinds["help.asked"], {"about": "work"}) == ""
    assert Wordings(book, date(2015, 1, 1)).agreed_to(kinds["person.enrolled"], {}) == ""


def test_the_last_word_on_each_purpose_holds_for_what_is_passed_on() -> None:
    book = Rulebook(Adoption(pack=each) for each in real_packs() if each.scope)
    asked = event(
        "birth-registration.asked", "2026-03-02T09:00", her_agrees_verify=True, his_agrees_verify=False
    )
    kind = book.kinds(date(2026, 3, 3))["verification.asked"]
    before = agreements_in([asked], book)
    assert lacking(kind, {}, ["asker", "her_home"], before) == ()
    assert lacking(kind, {}, ["asker", "his_home"], before) == ("his_home",)
    gone = event("consent.withdrawn", "2026-03-03T09:00", her_agrees_verify=False)
    assert lacking(kind, {}, ["asker", "her_home"], agreements_in([asked, gone], book)) == ("her_home",)
