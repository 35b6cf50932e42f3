"""A withdrawal stops what is still unsent: messages, notices, letters. What went out before stays what it was."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.duties.cast import at
from tests.registry.test_erasing import ask_to_erase, subject_of
from tests.registry.test_register import number, rows
from yipan.documents import gateway, outbox
from yipan.documents.ends import erase
from yipan.documents.verbs import record_draft
from yipan.duties.draft import Draft
from yipan.duties.faults import DraftFaultsError

if TYPE_CHECKING:
    from uuid import UUID

    from tests.registry.conftest import Desk


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Give a gateway that takes everything, and the numbers that it was handed."""
    taken: list[str] = []

    def hand_over(_event: object, phone: str, _words: str) -> str:
        taken.append(phone)
        return gateway.TAKEN

    monkeypatch.setattr(gateway, "address", lambda: "https://gateway.example/send")
    monkeypatch.setattr(gateway, "hand_over", hand_over)
    return taken


def tell(desk: Desk, subject: UUID, phone: str) -> UUID:
    """Queue a message to her, and return its case."""
    fields = {"channel": "message", "about": "ready", "name": "李秀兰", "phone": phone, "words": "办好了"}
    draft = Draft(kind="telling.sent", fields=fields, persons={"person": subject})
    receipt = record_draft(desk.permit(), draft, None, None, desk.now)
    desk.threads.update(receipt.threads)
    return receipt.threads[0]


def test_who_withdrew_gets_no_message_that_was_still_in_the_queue(desk: Desk, sent: list[str]) -> None:
    stays, leaves = desk.enrol("李秀兰", number()), desk.enrol("李秀兰", number())
    tell(desk, subject_of(desk, stays), "13900000001")
    hers = tell(desk, subject_of(desk, leaves), "13900000002")
    desk.now = at("2026-03-02T09:10")
    desk.record("enrolment.ended", leaves, because="withdrawn")
    found = outbox.deliver(at("2026-03-02T09:20"))
    assert "13900000002" not in sent
    assert "13900000001" in sent
    assert found.stopped == 1
    assert rows(desk, "SELECT state FROM documents_message WHERE thread = %s", hers) == [("stopped",)]
    assert rows(desk, "SELECT state FROM duties_duty WHERE thread_id = %s", hers) == [("released",)]
    outbox.deliver(at("2026-03-03T09:20"))
    assert "13900000002" not in sent


def test_who_wants_no_more_telling_gets_none(desk: Desk, sent: list[str]) -> None:
    thread = tell(desk, subject_of(desk, desk.enrol("李秀兰", number())), "13900000003")
    desk.record("telling.ended", thread, cause="not-wanted")
    outbox.deliver(at("2026-03-02T09:20"))
    assert "13900000003" not in sent


def test_who_was_erased_gets_none_and_nothing_waits_any_more(desk: Desk, sent: list[str]) -> None:
    subject = subject_of(desk, desk.enrol("李秀兰", number()))
    thread = tell(desk, subject, "13900000004")
    desk.threads.update(erase(desk.permit(), ask_to_erase(desk, subject, "李秀兰"), desk.now).threads)
    assert rows(desk, "SELECT state FROM documents_message WHERE thread = %s", thread) == [("stopped",)]
    outbox.deliver(at("2026-03-02T09:20"))
    assert "13900000004" not in sent


def test_what_was_to_be_asked_or_told_of_her_is_not_after_she_withdrew(desk: Desk) -> None:
    fields: dict[str, Any] = {
        "her_home": "450921100", "her_name": "李秀兰", "papers": "complete",
        "her_agrees_verify": True, "her_agrees_notice": True,
    }  # fmt: skip
    case = desk.record("birth-registration.asked", **fields).threads[0]
    desk.record("birth-registration.entered", case)
    desk.now = at("2026-03-03T09:00")
    desk.record("consent.withdrawn", case, her_agrees_verify=False, her_agrees_notice=False)
    states = dict(rows(desk, "SELECT rule, state FROM duties_duty WHERE thread_id = %s", case))
    assert states["birth-reg-verify-7wd"] == states["birth-reg-notify-home-15wd"] == "released"
    for kind in ("verification.asked", "birth-registration.home-notified"):
        with pytest.raises(DraftFaultsError, match=r"已经撤回|has withdrawn"):
            desk.record(kind, case, her_home="450921100", channel="letter")


def test_a_letter_that_was_written_and_not_yet_printed_is_not_printed_after_she_withdrew(desk: Desk) -> None:
    from yipan.documents.papers import AgreementGoneError, letter_pdf  # noqa: PLC0415  # after Django is set up

    fields: dict[str, Any] = {
        "her_home": "450921100",
        "her_name": "李秀兰",
        "papers": "complete",
        "her_agrees_verify": True,
    }
    case = desk.record("birth-registration.asked", **fields).threads[0]
    said: dict[str, Any] = {"her_home": "450921100", "channel": "letter", "her_points": "住址"}
    event = desk.record("verification.asked", case, **said).events[0]
    desk.now = at("2026-03-02T10:00")
    desk.record("consent.withdrawn", case, her_agrees_verify=False)
    with pytest.raises(AgreementGoneError):
        letter_pdf(desk.permit(), case, event, desk.now)
