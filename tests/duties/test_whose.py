"""Whose an entry is: said by the kinds alone, for one person, a couple, a proxy, and whoever comes in later."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING
from uuid import UUID

from yipan.database import rule_packs
from yipan.duties.library import library
from yipan.duties.whose import PROXY, Place, meant_by, persons_of, place_in

if TYPE_CHECKING:
    from yipan.law.kind import Kind

HER, HIM, OTHER = UUID(int=1), UUID(int=2), UUID(int=3)


def kind(name: str) -> Kind:
    return library(rule_packs()).rulebook.kind(name, date(2026, 3, 2))


def couple() -> dict[str, Place]:
    asked, people = kind("birth-registration.asked"), dict[str, Place]()
    for name, subject in (("her", HER), ("him", HIM)):
        people[name] = place_in(asked, name, subject, people)
    return people


def test_of_a_couple_each_sees_what_is_said_of_her_and_what_is_said_of_neither() -> None:
    people = couple()
    assert people["her"].own == {"her_home"}
    assert people["her"].others == {"his_home"}
    assert people["him"].shared == people["her"].shared == {"residence"}
    for spoken_of, parties, seen in (
        ({"her", "him"}, {"residence", "her_home", "his_home"}, (HER, HIM)),
        ({"her"}, {"asker", "her_home"}, (HER,)),
        ({"him"}, {"residence"}, (HIM,)),
        (set[str](), {"residence"}, (HER, HIM)),
        (set[str](), {"asker", "his_home"}, (HIM,)),
        (set[str](), {"residence", "her_home", "his_home"}, ()),
        (set[str](), {"debtor", "creditor"}, ()),
    ):
        assert persons_of(spoken_of, parties, people) == seen, (spoken_of, parties)


def test_a_case_about_one_person_is_hers_entry_by_entry() -> None:
    people = {"person": place_in(kind("person.enrolled"), "person", HER)}
    assert people["person"].alone
    for parties in ({"office"}, {"debtor", "creditor"}, set[str]()):
        assert persons_of(set(), parties, people) == (HER,)


def test_who_acts_for_her_takes_nothing_from_her_and_sees_what_is_said_of_himself() -> None:
    asked, people = kind("certificate.asked"), dict[str, Place]()
    for name, subject in (("person", HER), (PROXY, OTHER)):
        people[name] = place_in(asked, name, subject, people)
    assert people["person"].alone
    assert not people[PROXY].alone
    assert persons_of({PROXY}, {"home"}, people) == (HER, OTHER)
    assert persons_of(set(), {"home"}, people) == (HER,)


def test_a_new_name_means_the_one_whom_the_case_is_about_and_of_a_couple_nobody() -> None:
    asked = kind("complaint.filed")
    people = {"complainant": place_in(asked, "complainant", HER)}
    assert meant_by(kind("answer.given"), "person", people) == HER
    assert place_in(kind("answer.given"), "person", HER, people) == people["complainant"]
    assert meant_by(kind("answer.given"), "person", couple()) is None


def test_a_stranger_who_comes_into_a_case_sees_what_is_said_of_her_alone() -> None:
    people = couple()
    people["person"] = place_in(kind("answer.given"), "person", OTHER, people)
    assert not people["person"].alone
    assert persons_of({"person"}, {"office"}, people) == (OTHER,)
    assert persons_of(set(), {"residence"}, people) == (HER, HIM)
