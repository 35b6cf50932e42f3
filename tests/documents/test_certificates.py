"""What a row of a certificate gives away, and to whom; what stands on papers; how keys end."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from django.db import connection, transaction
from django.db.utils import IntegrityError, ProgrammingError

from tests.duties.cast import Cast, at, permit
from yipan import database
from yipan.documents import papers, pdf, signing
from yipan.documents.certificate import Held, NoCertificateError, held, read_number, verify
from yipan.documents.checking import compare
from yipan.documents.signing import SignatureWrongError
from yipan.documents.verbs import issue, record_draft
from yipan.duties.draft import Draft
from yipan.duties.faults import UnknownThreadError
from yipan.duties.naming import new_id
from yipan.offices.permit import set_acting

if TYPE_CHECKING:
    from uuid import UUID

WHEN = "2026-03-02T10:00"
NAME = "李秀兰"


def ask(cast: Cast, home: str) -> UUID:
    said: dict[str, Any] = {"name": NAME, "wish": "first", "asked_by": "herself", "identity": "shown"}
    return cast.act(home, "certificate.asked", WHEN, **said).threads[0]


def certificate(cast: Cast, home: str, thread: UUID, when: str = WHEN) -> Held:
    """Issue one in a case and hand it over."""
    now = at(when)
    entries = (new_id(now), new_id(now))
    issue(permit(home, now), thread, name=NAME, way="counter", entries=entries, as_of=None, now=now)
    cast.touched.add(thread)
    return held(permit(home, now), thread, now.date())[0]


def rows(office: str, columns: str) -> list[tuple[Any, ...]]:
    with transaction.atomic(), connection.cursor() as cursor:
        set_acting(office, "test", [])
        cursor.execute(f"SELECT {columns} FROM documents_certificate")  # noqa: S608  # our own columns
        return list(cursor.fetchall())


def _write(office: str, thread: UUID, change: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        set_acting(office, "test", [thread])
        cursor.execute(f"UPDATE documents_certificate SET {change}")  # noqa: S608  # the test's own words


def test_a_row_names_nobody_and_does_not_hold_its_number(cast: Cast) -> None:
    one = certificate(cast, cast.her_home, ask(cast, cast.her_home))
    said = str(rows(cast.her_home, "documents_certificate::text"))
    assert NAME not in said
    assert one.statement.number not in said
    assert one.token not in said


def test_no_other_office_sees_a_row_nor_does_who_presents_nothing(cast: Cast) -> None:
    certificate(cast, cast.her_home, ask(cast, cast.her_home))
    assert len(rows(cast.her_home, "id")) == 1
    assert rows(cast.residence, "id") == []
    assert rows("", "id") == []


@pytest.mark.parametrize("change", ["expires_on = '2027-01-01'", "sealed = ''", "office = '11'"])
def test_what_a_certificate_says_is_never_changed_its_term_least_of_all(cast: Cast, change: str) -> None:
    thread = ask(cast, cast.her_home)
    certificate(cast, cast.her_home, thread)
    with pytest.raises(ProgrammingError):
        _write(cast.her_home, thread, change)


def test_a_certificate_that_ends_says_why_in_the_table_too(cast: Cast) -> None:
    thread = ask(cast, cast.her_home)
    certificate(cast, cast.her_home, thread)
    with pytest.raises(IntegrityError):
        _write(cast.her_home, thread, "ended_at = now()")


def test_it_is_valid_through_its_last_day_and_expired_on_the_next(cast: Cast) -> None:
    one = certificate(cast, cast.her_home, ask(cast, cast.her_home))
    number, last = one.statement.number, one.statement.expires_on
    assert str(last) == "2029-03-02"
    assert verify(number, last).state == "valid"
    assert verify(number, last.replace(day=3)).state == "expired"


def test_the_same_sent_twice_issues_one(cast: Cast) -> None:
    thread, now = ask(cast, cast.her_home), at(WHEN)
    entries = (new_id(now), new_id(now))
    for _ in range(2):
        issue(permit(cast.her_home, now), thread, name=NAME, way="", entries=entries, as_of=None, now=now)
    assert len(held(permit(cast.her_home, now), thread, now.date())) == 1


def test_a_name_that_was_misprinted_is_corrected_under_a_new_number_for_the_same_term(cast: Cast) -> None:
    thread = ask(cast, cast.her_home)
    first = certificate(cast, cast.her_home, thread)
    now = at("2026-03-04T09:00")
    draft = Draft(kind="certificate.issued", thread=thread, fields={"name": "李秀蘭"}, corrects=first.id)
    record_draft(permit(cast.her_home, now), draft, None, None, now)
    assert verify(first.statement.number, now.date()).state == "ended"
    latest = held(permit(cast.her_home, now), thread, now.date())[0]
    assert (latest.statement.name, str(latest.statement.expires_on)) == ("李秀蘭", "2029-03-02")


@pytest.mark.parametrize(
    ("change", "undo"),
    [
        ("expires_on = expires_on + 30", "expires_on = expires_on - 30"),
        ("ended_at = now(), ended_because = 'replaced'", "ended_at = NULL, ended_because = ''"),
        ("seen_by = array_append(seen_by, '11')", "seen_by = array_remove(seen_by, '11')"),
    ],
)
def test_a_row_changed_from_behind_is_not_what_the_journal_says(cast: Cast, change: str, undo: str) -> None:
    thread = ask(cast, cast.her_home)
    first = certificate(cast, cast.her_home, thread)
    latest = certificate(cast, cast.her_home, thread, "2026-03-05T10:00")
    assert compare().differences == []
    door = {**database.connect_info("app"), "user": "postgres"}
    forth, back = (f"UPDATE documents_certificate SET {each} WHERE id = %s" for each in (change, undo))  # noqa: S608  # the test's own words
    with psycopg.connect(**door, autocommit=True) as superuser:
        superuser.execute(forth, [latest.id])
        try:
            found = compare()
        finally:
            superuser.execute(back, [latest.id])
    assert [str(latest.id) in each for each in found.differences] == [True]
    assert str(first.id) not in found.differences[0]


def test_a_number_is_read_as_people_write_it() -> None:
    assert read_number(" 7k2m x9qw-pb4h tzoi ") == "7K2M-X9QW-PB4H-TZ01"
    assert read_number("7K2M") == ""
    assert read_number("7K2M-X9QW-PB4H-TZ1U") == ""


def test_a_text_that_was_changed_or_signed_by_a_strangers_key_is_refused(cast: Cast) -> None:
    one = certificate(cast, cast.her_home, ask(cast, cast.her_home))
    keys = signing.public_keys(at(WHEN).date())
    assert signing.check(one.token, keys) == one.statement
    strangers = [replace(each, public=keys[0].public[::-1]) for each in keys]
    for token, known in (
        (one.token[:-3] + "AAA", keys),
        (one.token, strangers),
        ("nonsense", keys),
        ("a.b", keys),
    ):
        with pytest.raises(SignatureWrongError):
            signing.check(token, known)


def test_what_is_dated_after_a_keys_end_is_not_believed(cast: Cast) -> None:
    one = certificate(cast, cast.her_home, ask(cast, cast.her_home))
    keys = signing.public_keys(at(WHEN).date())
    ended = [replace(each, until_on=at("2026-03-01T00:00").date()) for each in keys]
    with pytest.raises(SignatureWrongError):
        signing.check(one.token, ended)


def test_the_paper_carries_a_name_the_office_and_its_validity_and_no_more(cast: Cast) -> None:
    one = certificate(cast, cast.her_home, ask(cast, cast.her_home))
    data = papers.certificate_data(one, "https://yipan.example")
    assert set(data) == {"name", "office", "number", "issued_on", "expires_on", "address", "host", "code"}
    assert papers.certificate_pdf(one, "").startswith(b"%PDF-")
    assert pdf.picture("certificate", data).startswith(b"\x89PNG")


def test_a_certificate_is_printed_by_no_office_that_has_no_part_in_it(cast: Cast) -> None:
    thread = ask(cast, cast.her_home)
    certificate(cast, cast.her_home, thread)
    with pytest.raises(NoCertificateError):
        papers.certificate(permit(cast.residence, at(WHEN)), thread, None, at(WHEN))


HER, HIS = "500101199203154526", "450921199011083217"


def test_each_of_the_two_has_a_form_that_says_nothing_of_the_other(cast: Cast) -> None:
    thread = cast.ask(her_identity_number=HER, his_identity_number=HIS, her_phone="13800000001")
    cast.step(cast.residence, "birth-registration.entered", "2026-03-02T10:10")
    now = at("2026-03-02T11:00")
    for subject, own, other in (("her", (NAME, HER), ("陈志强", HIS)), ("him", ("陈志强", HIS), (NAME, HER))):
        said = str(papers.registration_data(permit(cast.residence, now), thread, subject, now))
        assert all(each in said for each in own)
        assert not any(each in said for each in (*other, "13800000001" if subject == "him" else other[0]))
    names = {
        str(papers.registration_data(permit(cast.residence, now), thread, each, now)["rows"])
        for each in ("her", "him")
    }
    assert len(names) == 2


def test_printing_the_form_of_one_is_no_look_at_the_other(cast: Cast) -> None:
    thread = cast.ask(her_identity_number=HER, his_identity_number=HIS)
    cast.step(cast.residence, "birth-registration.entered", "2026-03-02T10:10")
    now = at("2026-03-02T11:07")
    papers.registration_data(permit(cast.residence, now), thread, "her", now)
    with transaction.atomic(), connection.cursor() as cursor:
        set_acting(cast.residence, "test", [thread])
        cursor.execute(
            "SELECT subject_id FROM duties_threadsubject WHERE thread_id = %s AND name = 'her'", [thread]
        )
        her = [row[0] for row in cursor.fetchall()]
        cursor.execute(
            "SELECT subjects FROM registry_read WHERE read_at = %s AND %s = ANY(threads)", [now, thread]
        )
        assert [row[0] for row in cursor.fetchall()] == [her]
    for home in (cast.her_home, cast.his_home):
        with transaction.atomic(), connection.cursor() as cursor:
            set_acting(home, "test", [])
            cursor.execute("SELECT count(*) FROM registry_read WHERE %s = ANY(threads)", [thread])
            assert cursor.fetchone() == (0,)


def test_a_home_office_has_no_form_of_a_registration_elsewhere(cast: Cast) -> None:
    thread = cast.ask()
    cast.step(cast.residence, "birth-registration.entered", "2026-03-02T10:10")
    now = at("2026-03-02T11:00")
    with pytest.raises((papers.NoPaperError, UnknownThreadError)):
        papers.registration_data(permit(cast.her_home, now), thread, "her", now)


def test_a_letter_to_his_home_says_nothing_of_her(cast: Cast) -> None:
    thread = cast.ask(her_identity_number=HER, his_identity_number=HIS)
    receipt = cast.step(
        cast.residence,
        "verification.asked",
        "2026-03-03T09:05",
        his_home=cast.his_home,
        channel="letter",
        his_name="陈志强",
        his_points="登记的姓名",
    )
    now = at("2026-03-03T10:00")
    data = papers.letter_data(permit(cast.residence, now), thread, receipt.events[0], now)
    assert ("男方姓名", "陈志强") in data["rows"]  # type: ignore[operator]  # a list of pairs
    assert NAME not in str(data)
    assert HER not in str(data)


def test_each_print_is_a_look_that_is_written_down(cast: Cast) -> None:
    thread = ask(cast, cast.her_home)
    certificate(cast, cast.her_home, thread)
    now = at("2026-03-05T10:00")
    papers.certificate(replace(permit(cast.her_home, now), purpose="print a certificate"), thread, None, now)
    with transaction.atomic(), connection.cursor() as cursor:
        set_acting(cast.her_home, "test", [])
        cursor.execute("SELECT purpose FROM registry_read WHERE read_at = %s", [now])
        assert ("print a certificate",) in cursor.fetchall()
