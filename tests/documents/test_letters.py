"""What goes to an office that is not on the system goes as a letter: every kind that is sent somewhere has one, with a number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.duties.cast import at, permit
from tests.law.lawbook import real_packs
from yipan.documents.definitions import LETTER, of_kind
from yipan.documents.papers import letter_data
from yipan.documents.verbs import record_draft
from yipan.duties.breaches import breaches_of
from yipan.duties.draft import Draft
from yipan.duties.faults import DraftFaultsError
from yipan.duties.queries import case

if TYPE_CHECKING:
    from uuid import UUID

    from tests.duties.cast import Cast

NOW = at("2026-03-02T10:00")


def _said(cast: Cast, kind: str, thread: UUID | None = None, **fields: object) -> tuple[UUID, UUID]:
    draft = Draft(kind=kind, thread=thread, fields=fields)
    receipt = record_draft(permit(cast.residence, NOW), draft, None, None, NOW)
    cast.touched.update(receipt.threads)
    return receipt.threads[0], receipt.events[0]


def test_every_kind_that_goes_somewhere_by_letter_has_a_letter() -> None:
    sent = [
        kind.name
        for pack in real_packs()
        for kind in pack.kinds.values()
        if kind.reaches and "letter" in getattr(kind.fields.get("channel"), "choices", ())
    ]
    assert len(sent) > 12
    assert [name for name in sent if of_kind(LETTER, name) is None] == []


def test_a_joint_case_goes_to_its_partner_as_a_numbered_letter_and_to_nobody_without_her_yes(
    cast: Cast,
) -> None:
    asked: dict[str, Any] = {
        "partner": cast.her_home,
        "name": "韦秀英",
        "matter": "请接续产后访视",
        "channel": "letter",
    }
    with pytest.raises(DraftFaultsError, match="not agreed"):
        _said(cast, "joint-case.opened", **asked, agrees=False)
    letter = letter_data(
        permit(cast.residence, NOW), *_said(cast, "joint-case.opened", **asked, agrees=True), NOW
    )
    assert (
        letter["to"]
        == case(permit(cast.residence, NOW), next(iter(cast.touched)), NOW).story[0].parties[1][1]
    )
    assert "('姓名', '韦秀英')" in str(letter["rows"])
    assert str(letter["number"]).startswith("存〔2026〕")


def test_the_letter_about_a_term_that_was_cut_names_nobody(cast: Cast) -> None:
    thread, _ = _said(cast, "certificate.shown", found="term-cut")
    told = _said(cast, "certificate.term-told", thread, issuer=cast.her_home, channel="letter")
    letter = letter_data(permit(cast.residence, NOW), *told, NOW)
    assert (letter["rows"], bool(letter["to"])) == ([], True)
    assert "短于规则所定的期限" in str(letter["text"])


def test_a_term_that_was_cut_is_listed_as_a_breach_from_the_moment_its_office_is_told(cast: Cast) -> None:
    thread, _ = _said(cast, "certificate.shown", found="term-cut")
    _said(cast, "certificate.term-told", thread, issuer=cast.her_home, channel="letter")

    def listed() -> list[tuple[str, str]]:
        found = breaches_of(permit(cast.her_home, NOW), NOW)
        return [(each.definition.id, each.rule) for each in found if each.thread == thread]

    assert listed() == []
    arrived = Draft(kind="certificate.term-told-arrived", thread=thread, fields={"channel": "letter"})
    slip = ("回执.txt", "签收".encode())
    record_draft(permit(cast.residence, NOW), arrived, slip, None, NOW)
    assert listed() == [("breach-term-shortened", "cert-term-mended")]
    said = {"result": "not-cut", "reason": "存根上是三年。"}
    answer = Draft(kind="certificate.term-answered", thread=thread, fields=said, on_behalf_of=cast.her_home)
    record_draft(permit(cast.residence, NOW), answer, slip, None, NOW)
    assert listed() == []
