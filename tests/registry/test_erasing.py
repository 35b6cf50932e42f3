"""Erasure: nothing of her is left in the whole database that anybody could read, and everything else still holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tests.duties.cast import at
from tests.registry.test_register import number, rows
from yipan import database
from yipan.documents.ends import apply_erasures, erase
from yipan.documents.verbs import record_draft
from yipan.duties import checkpoint, erasurelist, sealing
from yipan.duties.draft import Draft
from yipan.duties.erasure import erasures_since
from yipan.duties.replay import verify
from yipan.registry.erasing import ErasureNotAskedError, NotHeldHereError, UnderWayTogetherError, plan

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from uuid import UUID

    from tests.registry.conftest import Desk

ADDRESS = "柳荫巷七百零九号"


def superuser() -> psycopg.Connection[Any]:
    """Return a connection that no policy binds: what is on the disk at all."""
    return psycopg.connect(**{**database.connect_info("app"), "user": "postgres"}, autocommit=True)


def everything() -> Iterator[tuple[str, str]]:
    """Yield every row of every table as text, with the name of the table."""
    with superuser() as connection:
        tables = connection.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'"
        ).fetchall()
        for (table,) in tables:
            for (text,) in connection.execute(f'SELECT t::text FROM "{table}" t'):  # noqa: S608  # our own tables
                yield table, text


def openable(subjects: set[UUID]) -> list[str]:
    """Return every sealed text of some persons that can still be opened with the keys that are here."""
    found = []
    with superuser() as connection:
        texts = connection.execute(
            "SELECT p.event_id, p.name, p.ciphertext, s.id, s.wrapped_key, s.kek_version FROM duties_payload p"
            " JOIN duties_subject s ON s.id = p.subject_id WHERE s.id = ANY(%s)",
            [list(subjects)],
        ).fetchall()
    for event, name, ciphertext, subject, wrapped, version in texts:
        try:
            key = sealing.unwrap(subject, wrapped, version)
            found.append(str(sealing.unseal(key, event, name, ciphertext)))
        except sealing.ErasedError:
            continue
    return found


def ask_to_erase(desk: Desk, subject: UUID, name: str) -> UUID:
    """Take in her request, under her own key, and return its case."""
    return desk.record("erasure.asked", None, {"person": subject}, None, name=name).threads[0]


def subject_of(desk: Desk, thread: UUID) -> UUID:
    [(subject,)] = rows(desk, "SELECT subject FROM registry_person WHERE thread = %s", thread)
    found: UUID = subject
    return found


def test_after_an_erasure_nothing_of_her_is_left_that_anybody_could_read(desk: Desk) -> None:
    mine, phone, name = number("19880817"), "13911120709", "欧阳青黛"
    thread = desk.enrol(name, mine, phone=phone, residence="360731100", residence_address=ADDRESS)
    subject = subject_of(desk, thread)
    help_case = desk.record(
        "help.asked",
        None,
        {"person": subject},
        None,
        name=name,
        matter=f"{ADDRESS}的屋子漏雨",
        about="livelihood",
    ).threads[0]
    draft = Draft(
        kind="telling.sent",
        fields={
            "channel": "letter",
            "about": "her-data",
            "name": name,
            "address": ADDRESS,
            "words": "可以查看资料",
        },
        persons={"person": subject},
        at=at("2026-03-01T09:00"),
    )
    told = record_draft(
        desk.permit(), draft, (f"{name}的回执.pdf", f"{name} {mine}".encode()), None, desk.now
    )
    desk.threads.update(told.threads)
    asked = ask_to_erase(desk, subject, name)
    assert any(mine in each for each in openable({subject}))
    desk.now = at("2026-03-04T09:00")
    receipt = erase(desk.permit(), asked, desk.now)
    desk.threads.update(receipt.threads)
    assert openable({subject}) == []
    for secret in (mine, phone, ADDRESS, name, "ouyangqingdai"):
        assert [table for table, text in everything() if secret in text] == [], secret
    with superuser() as connection:
        left = connection.execute(
            "SELECT (SELECT count(*) FROM documents_evidence WHERE digest = ANY(SELECT substr(counts_by, 10) FROM duties_event"
            " WHERE thread_id = %s) AND (wrapped_key IS NOT NULL OR ciphertext <> '' OR name <> '')),"
            " (SELECT count(*) FROM duties_payload WHERE subject_id = %s AND ciphertext <> '')",
            [told.threads[0], subject],
        ).fetchone()
    assert left == (0, 0)
    states = rows(
        desk, "SELECT thread_id, state FROM duties_duty WHERE thread_id = ANY(%s)", [help_case, asked]
    )
    assert dict(states) == {help_case: "released", asked: "discharged"}
    assert verify().faults == []


def test_what_was_erased_is_shown_as_erased_and_nobody_is_found_by_it(desk: Desk) -> None:
    from yipan.registry.access import names_in, read_case  # noqa: PLC0415  # after Django is set up
    from yipan.registry.people import find  # noqa: PLC0415

    mine = number()
    thread = desk.enrol("司空月", mine)
    asked = ask_to_erase(desk, subject_of(desk, thread), "司空月")
    desk.threads.update(erase(desk.permit(), asked, desk.now).threads)
    assert find(desk.permit(), mine, desk.now).people == ()
    assert names_in(desk.permit(), [thread, asked], desk.now) == {}
    assert "已删除" in str(read_case(desk.permit(), thread, desk.now))
    again = desk.enrol("司空月", mine)
    assert again != thread


def test_nobody_is_erased_who_has_not_asked_or_has_taken_it_back(desk: Desk) -> None:
    thread = desk.enrol("司马雁", number())
    with pytest.raises(ErasureNotAskedError):
        plan(desk.permit(), thread, desk.now)
    asked = ask_to_erase(desk, subject_of(desk, thread), "司马雁")
    desk.record("own-request.withdrawn", asked)
    with pytest.raises(ErasureNotAskedError):
        erase(desk.permit(), asked, desk.now)
    assert openable({subject_of(desk, thread)})


def test_two_entries_that_are_one_person_are_erased_together(desk: Desk) -> None:
    kept, other = desk.enrol("李秀兰", number("19870321", 120)), desk.enrol("李秀蘭", number("19870321", 130))
    desk.record("persons.merged", kept, other=str(other))
    subjects = {subject_of(desk, kept), subject_of(desk, other)}
    asked = ask_to_erase(desk, subject_of(desk, kept), "李秀兰")
    desk.threads.update(erase(desk.permit(), asked, desk.now).threads)
    assert openable(subjects) == []
    assert rows(desk, "SELECT 1 FROM registry_person WHERE thread = ANY(%s)", [kept, other]) == []


def test_whoever_shares_a_matter_with_her_loses_nothing_by_her_erasure(desk: Desk) -> None:
    thread = desk.enrol("李秀兰", number())
    subject = subject_of(desk, thread)
    fields: dict[str, Any] = {
        "her_home": "450921100",
        "her_name": "李秀兰",
        "his_name": "陈志强",
        "papers": "complete",
    }
    couple = desk.record("birth-registration.asked", None, {"her": subject}, None, **fields).threads[0]
    asked = ask_to_erase(desk, subject, "李秀兰")
    with pytest.raises(UnderWayTogetherError):
        erase(desk.permit(), asked, desk.now)
    desk.record("birth-registration.entered", couple)
    desk.threads.update(erase(desk.permit(), asked, desk.now).threads)
    [(him,)] = rows(
        desk, "SELECT subject_id FROM duties_threadsubject WHERE thread_id = %s AND name = 'him'", couple
    )
    assert [each for each in openable({him}) if "陈志强" in each]
    assert openable({subject}) == []


def test_only_the_office_that_took_her_in_erases_her(desk: Desk) -> None:
    thread = desk.enrol("李秀兰", number())
    subject = subject_of(desk, thread)
    own, home = desk.office, "450921100"
    fields: dict[str, Any] = {
        "name": "李秀兰",
        "points": "住址",
        "agrees": True,
        "priority": "normal",
        "service": "证明",
    }
    desk.record("query.sent", None, {"person": subject}, None, asked=home, channel="letter", **fields)
    desk.office, desk.now = home, at("2026-03-03T09:00")
    asked = ask_to_erase(desk, subject, "李秀兰")
    with pytest.raises(NotHeldHereError):
        erase(desk.permit(), asked, desk.now)
    desk.office = own
    assert openable({subject})


def test_what_a_law_wants_kept_is_named_with_its_day_and_kept_from_everybody(desk: Desk) -> None:
    thread = desk.enrol("李秀兰", number())
    subject = subject_of(desk, thread)
    correcting = desk.record(
        "correction.asked", None, {"person": subject}, None, name="李秀兰", wrong="住址", right=ADDRESS
    ).threads[0]
    desk.record("correction.declined", correcting, reason="与证件不符", complain_to="县卫健局")
    asked = ask_to_erase(desk, subject, "李秀兰")
    desk.threads.update(erase(desk.permit(), asked, desk.now).threads)
    [(clock,)] = rows(
        desk, "SELECT clock::text FROM duties_event WHERE thread_id = %s AND kind = 'erasure.kept'", asked
    )
    assert "2029-03-02" in clock
    assert "pipl 56" in clock
    assert openable({subject}) == []
    assert rows(desk, "SELECT state FROM duties_duty WHERE thread_id = %s", asked) == [("discharged",)]
    with superuser() as connection:
        left = connection.execute(
            "SELECT count(*) FROM duties_payload WHERE subject_id = %s AND ciphertext <> ''", [subject]
        ).fetchone()
        kept = connection.execute(
            "SELECT until_on::text FROM duties_keptkey WHERE id = %s", [subject]
        ).fetchone()
    assert (left, kept) == ((1,), ("2029-03-02",))
    with (
        pytest.raises(psycopg.errors.InsufficientPrivilege),
        psycopg.connect(**database.connect_info("app")) as app,
    ):
        app.execute("SELECT * FROM duties_keptkey")
    assert verify().faults == []


def test_a_restore_brings_nobody_back_for_long(desk: Desk, tmp_path: Path) -> None:
    mine = number()
    thread = desk.enrol("李秀兰", mine)
    subject = subject_of(desk, thread)
    with superuser() as connection:
        before = connection.execute(
            "SELECT wrapped_key, kek_version FROM duties_subject WHERE id = %s", [subject]
        ).fetchone()
        texts = connection.execute(
            "SELECT ciphertext, event_id FROM duties_payload WHERE subject_id = %s", [subject]
        ).fetchall()
    asked = ask_to_erase(desk, subject, "李秀兰")
    desk.threads.update(erase(desk.permit(), asked, desk.now).threads)
    listed = [each for each in erasurelist.read(checkpoint.erasures()) if each.subject == subject]
    assert [each.organisation for each in listed] == [desk.office]
    assert subject in {each.subject for each in erasures_since(at("2026-01-01T00:00"))}
    assert before
    with superuser() as connection:  # as a restored backup would have it
        connection.execute(
            "UPDATE duties_subject SET wrapped_key = %s, erased_at = NULL WHERE id = %s", [before[0], subject]
        )
        for text in texts:
            connection.execute(
                "UPDATE duties_payload SET ciphertext = %s, digest = NULL, ended_by = NULL WHERE event_id = %s",
                text,
            )
        connection.execute("DELETE FROM duties_erasure WHERE subject = %s", [subject])
    assert any(mine in each for each in openable({subject}))
    assert apply_erasures(listed, at("2026-04-01T09:00")) == 1
    assert openable({subject}) == []
    assert apply_erasures(listed, at("2026-04-01T09:00")) == 0
    assert verify().faults == []
    forged = tmp_path / "erasures.list"
    forged.write_text(checkpoint.erasures().read_text("utf-8").replace(str(subject), str(thread)), "utf-8")
    with pytest.raises(erasurelist.NoErasureListError):
        erasurelist.read(forged)


def test_a_key_or_a_text_that_somebody_removed_from_behind_is_found(desk: Desk) -> None:
    thread = desk.enrol("李秀兰", number())
    subject = subject_of(desk, thread)
    with superuser() as connection:
        kept = connection.execute(
            "SELECT wrapped_key FROM duties_subject WHERE id = %s", [subject]
        ).fetchone()
        texts = connection.execute(
            "SELECT ciphertext FROM duties_payload WHERE subject_id = %s", [subject]
        ).fetchone()
        assert kept
        assert texts
        connection.execute("UPDATE duties_subject SET wrapped_key = NULL WHERE id = %s", [subject])
        assert any("no entry says that it was erased" in each for each in verify().faults)
        connection.execute("UPDATE duties_subject SET wrapped_key = %s WHERE id = %s", [kept[0], subject])
        connection.execute(
            "UPDATE duties_payload SET digest = sha256(ciphertext), ciphertext = '' WHERE subject_id = %s",
            [subject],
        )
        assert any("no entry says that it ended" in each for each in verify().faults)
        connection.execute(
            "UPDATE duties_payload SET digest = NULL, ciphertext = %s WHERE subject_id = %s",
            [texts[0], subject],
        )
    assert verify().faults == []


def test_the_working_role_can_end_nobody_by_itself(desk: Desk) -> None:
    thread = desk.enrol("李秀兰", number())
    subject = subject_of(desk, thread)
    for statement in (
        "UPDATE duties_subject SET wrapped_key = NULL",
        "UPDATE duties_payload SET ciphertext = ''",
        "DELETE FROM duties_erasure",
        "SELECT yipan_destroy(gen_random_uuid(), '{}', '{}')",
    ):
        with psycopg.connect(**database.connect_info("app")) as app:
            app.execute(
                "SELECT set_config('yipan.organisation', %s, false), set_config('yipan.ending', 'on', false)",
                [desk.office],
            )
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                app.execute(statement)
    with psycopg.connect(**database.connect_info("app")) as app:
        app.execute("SELECT set_config('yipan.organisation', %s, false)", [desk.office])
        with pytest.raises(psycopg.errors.NoDataFound):
            app.execute("SELECT yipan_erase(%s)", [thread])
    assert openable({subject})
