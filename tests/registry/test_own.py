"""A person's own page from below: whom a slip opens, and what the policies let through to her, her husband, a stranger."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection, transaction

from tests.duties.cast import Cast, at, new_cast, permit
from tests.duties.test_walls import EVENTS, FACTS, _whole_story
from yipan.duties.naming import new_id
from yipan.registry.own import PersonPermit, set_person
from yipan.registry.ownaccess import (
    AlreadyHandedOverError,
    NoSuchSlipError,
    NotHersToGiveError,
    Slip,
    cards_of,
    end,
    give,
)
from yipan.registry.ownsignin import RestingError, WrongSlipError, add_slip, permit_of, sign_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path
    from uuid import UUID

NOW = at("2026-03-29T10:00")
_addresses = (f"198.51.100.{number}" for number in itertools.count(1))


@pytest.fixture
def couple(installation: Path) -> Iterator[Cast]:
    """Give a couple whose registration was asked about at both homes; his home kept silent."""
    from yipan.duties.replay import replay  # noqa: PLC0415  # after Django is set up

    assert installation.is_dir()
    cast = new_cast()
    _whole_story(cast)
    yield cast
    assert replay(sorted(cast.touched)).differences == []


def hand_over(cast: Cast, name: str, office: str = "") -> Slip:
    assert cast.thread
    return give(permit(office or cast.residence, NOW), cast.thread, name, new_id(NOW), NOW)


def opened(slip: Slip) -> PersonPermit:
    found = permit_of(sign_in(slip.number, slip.code, next(_addresses), NOW).user, NOW)
    assert found
    return found


def seen(who: PersonPermit | None, query: str, values: Sequence[Any] = ()) -> list[Any]:
    with transaction.atomic(), connection.cursor() as cursor:
        if who:
            set_person(who.account, who.subjects, who.threads)
        cursor.execute(query, values)
        return [row[0] if len(row) == 1 else row for row in cursor.fetchall()]


def test_a_slip_opens_one_person_and_wife_and_husband_see_neither_each_others_facts_nor_offices(
    couple: Cast,
) -> None:
    her, him = opened(hand_over(couple, "her")), opened(hand_over(couple, "him"))
    assert len(her.subjects) == len(him.subjects) == 1
    assert seen(her, FACTS, [couple.thread]) == ["her"] * 3
    assert seen(him, FACTS, [couple.thread]) == ["him"] * 2
    said = ["birth-registration.asked", "verification.asked"]
    assert seen(her, EVENTS, [couple.thread]) == [*said, "verification.answered"]
    assert seen(him, EVENTS, [couple.thread]) == [*said, "verification.arrived"]
    for who, other in ((her, couple.his_home), (him, couple.her_home)):
        duties = seen(who, "SELECT DISTINCT party FROM duties_duty WHERE thread_id = %s", [couple.thread])
        assert duties
        assert other not in duties
        named = "SELECT count(*) FROM duties_duty WHERE thread_id = %s AND (owed_by = %s OR owed_to = %s)"
        assert seen(who, named, [couple.thread, other, other]) == [0]
        assert seen(who, "SELECT count(*) FROM duties_subject") == [1]


def test_a_stranger_and_nobody_see_nothing_of_the_couple(couple: Cast) -> None:
    other = new_cast()
    other.open_offices()
    other.ask()
    stranger = opened(hand_over(other, "her"))
    for who in (stranger, PersonPermit(account="", subjects=frozenset(), until_at=NOW), None):
        for table in ("event", "duty", "threadsubject"):
            query = f"SELECT count(*) FROM duties_{table} WHERE thread_id = %s"  # noqa: S608  # our own tables
            assert seen(who, query, [couple.thread]) == [0], table
        assert seen(who, FACTS, [couple.thread]) == []
    assert seen(stranger, "SELECT DISTINCT name FROM duties_payload") == ["her"]


def test_each_sees_the_looks_at_herself_alone(couple: Cast) -> None:
    from yipan.registry.access import read_case  # noqa: PLC0415  # after Django is set up

    assert couple.thread
    read_case(permit(couple.residence, NOW), couple.thread, NOW)
    read_case(permit(couple.his_home, NOW), couple.thread, NOW)
    her, him = opened(hand_over(couple, "her")), opened(hand_over(couple, "him"))
    looks = "SELECT organisation FROM registry_read ORDER BY organisation"
    assert seen(her, looks) == [couple.residence]
    assert seen(him, looks) == sorted([couple.residence, couple.his_home])


def test_she_writes_nothing_by_herself_and_reads_no_register_of_anybody(couple: Cast) -> None:
    from django.db.utils import ProgrammingError  # noqa: PLC0415  # as Django gives it

    her = opened(hand_over(couple, "her"))
    for table in ("registry_person", "registry_question", "registry_headcount", "registry_intake"):
        assert seen(her, f"SELECT count(*) FROM {table}") == [0]  # noqa: S608  # our own tables
    for statement in (
        "UPDATE duties_duty SET state = 'void' RETURNING id",
        "UPDATE registry_access SET ended_at = now(), ended_because = 'lost' RETURNING id",
    ):
        assert seen(her, statement) == []
    with pytest.raises(ProgrammingError, match="row-level security"):
        seen(her, "INSERT INTO duties_subject (id, kek_version) VALUES (gen_random_uuid(), 1) RETURNING id")


def test_only_the_office_that_took_her_in_hands_over_a_slip_and_shows_it_once(couple: Cast) -> None:
    assert couple.thread
    with pytest.raises(NotHersToGiveError):
        hand_over(couple, "her", couple.her_home)
    with pytest.raises(NotHersToGiveError):
        hand_over(couple, "case")
    entry = new_id(NOW)
    slip = give(permit(couple.residence, NOW), couple.thread, "her", entry, NOW)
    with pytest.raises(AlreadyHandedOverError):
        give(permit(couple.residence, NOW), couple.thread, "her", entry, NOW)
    assert [(each.id, each.name) for each in cards_of(permit(couple.residence, NOW), couple.thread, NOW)] == [
        (slip.card, "her")
    ]
    assert cards_of(permit(couple.her_home, NOW), couple.thread, NOW) == []
    assert "access.given" in couple.kinds()


def test_number_and_code_stand_nowhere_in_the_database(couple: Cast) -> None:
    slip = hand_over(couple, "her")
    number, code = slip.number.replace(" ", ""), slip.code.replace(" ", "")
    assert (len(number), len(code)) == (12, 12)
    opened(slip)
    for table in ("duties_event", "duties_payload", "registry_access", "registry_personsubject", "auth_user"):
        for word in (number, code, slip.number, slip.code):
            query = f"SELECT count(*) FROM {table} t WHERE strpos(t::text, %s) > 0"  # noqa: S608  # our own tables
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SELECT set_config('yipan.organisation', %s, true)", [couple.residence])
                cursor.execute(query, [word])
                assert cursor.fetchone() == (0,), table


def test_a_wrong_code_and_a_number_that_nobody_has_are_refused_alike_and_then_rest(couple: Cast) -> None:
    slip, address = hand_over(couple, "her"), next(_addresses)
    said = set()
    for number, code in ((slip.number, "2345 6789 ABCD"), ("1234 5678 9012", slip.code), ("77", "")):
        with pytest.raises(WrongSlipError) as refused:
            sign_in(number, code, address, NOW)
        said.add(str(refused.value))
    assert len(said) == 1
    for _ in range(4):
        with pytest.raises(WrongSlipError):
            sign_in(slip.number, "2345 6789 ABCD", address, NOW)
    with pytest.raises(RestingError):
        sign_in(slip.number, slip.code, next(_addresses), NOW)


def test_the_code_is_read_however_it_is_typed(couple: Cast) -> None:
    slip = hand_over(couple, "her")
    first = sign_in(slip.number, slip.code, next(_addresses), NOW).user
    again = sign_in(
        slip.number.replace(" ", "-"), slip.code.replace(" ", "").lower(), next(_addresses), NOW
    ).user
    assert first.pk == again.pk
    assert not first.has_usable_password()


def printed(cast: Cast) -> Slip:
    assert cast.thread
    return give(permit(cast.residence, NOW), cast.thread, "her", new_id(NOW), NOW, once=True)


def test_a_number_on_paper_opens_once_and_its_holder_gets_one_that_nobody_has_seen(couple: Cast) -> None:
    slip = printed(couple)
    first = sign_in(slip.number, slip.code, next(_addresses), NOW)
    assert first.fresh
    assert (first.fresh.card, first.fresh.number != slip.number) == (slip.card, True)
    with pytest.raises(WrongSlipError):
        sign_in(slip.number, slip.code, next(_addresses), NOW)
    again = sign_in(first.fresh.number, first.fresh.code, next(_addresses), NOW)
    assert (again.user.pk, again.fresh) == (first.user.pk, None)


def test_printing_another_number_ends_the_one_before_if_nobody_used_it(couple: Cast) -> None:
    one, two = printed(couple), printed(couple)
    with pytest.raises(WrongSlipError):
        sign_in(one.number, one.code, next(_addresses), NOW)
    used = sign_in(two.number, two.code, next(_addresses), NOW)
    assert used.fresh
    printed(couple)
    again = sign_in(used.fresh.number, used.fresh.code, next(_addresses), NOW)
    assert again.user.pk == used.user.pk


def test_a_lost_slip_is_ended_and_what_it_opened_is_closed_at_once(couple: Cast) -> None:
    assert couple.thread
    slip = hand_over(couple, "her")
    user = sign_in(slip.number, slip.code, next(_addresses), NOW).user
    with pytest.raises(NoSuchSlipError):
        end(permit(couple.her_home, NOW), slip.card, "lost", new_id(NOW), NOW)
    end(permit(couple.residence, NOW), slip.card, "lost", new_id(NOW), NOW)
    with pytest.raises(NoSuchSlipError):
        end(permit(couple.residence, NOW), slip.card, "lost", new_id(NOW), NOW)
    after = permit_of(user, NOW)
    assert after
    assert after.subjects == frozenset()
    assert seen(after, FACTS, [couple.thread]) == []
    with pytest.raises(WrongSlipError):
        sign_in(slip.number, slip.code, next(_addresses), NOW)
    fresh = hand_over(couple, "her")
    add_slip(user, fresh.number, fresh.code, next(_addresses), NOW)
    again = permit_of(user, NOW)
    assert again
    assert seen(again, FACTS, [couple.thread]) == ["her"] * 3


def test_two_slips_of_two_offices_are_joined_by_her_alone_and_no_office_learns_of_it(couple: Cast) -> None:
    other = new_cast()
    other.open_offices()
    other.ask()
    one, two = hand_over(couple, "her"), hand_over(other, "her")
    user = sign_in(one.number, one.code, next(_addresses), NOW).user
    before = opened(two)
    add_slip(user, two.number, two.code, next(_addresses), NOW)
    joined = permit_of(user, NOW)
    assert joined
    assert len(joined.subjects) == len(before.subjects) + 1
    assert {
        *seen(joined, "SELECT DISTINCT thread_id FROM duties_event WHERE NOT 'public' = ANY(seen_by)")
    } == {couple.thread, other.thread}
    for office in (couple.residence, other.residence):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT set_config('yipan.organisation', %s, true)", [office])
            for table in ("registry_personsubject", "registry_personaccount"):
                cursor.execute(f"SELECT count(*) FROM {table}")  # noqa: S608  # our own tables
                assert cursor.fetchone() == (0,)
            cursor.execute("SELECT DISTINCT organisation FROM registry_access")
            assert cursor.fetchall() == [(office,)]


def test_a_request_begun_from_an_enrolment_is_hers_too_but_another_persons_is_not(couple: Cast) -> None:
    from yipan.duties.draft import Draft  # noqa: PLC0415  # after Django is set up
    from yipan.registry.register import record_drafts  # noqa: PLC0415

    acting = permit(couple.residence, NOW)

    def do(draft: Draft) -> UUID:
        return record_drafts([draft], permit=acting, clock=lambda: NOW).threads[0]

    def enrol(name: str, number: str) -> UUID:
        fields = {"ground": "at-the-counter", "name": name, "identity_number": number}
        return do(Draft(kind="person.enrolled", fields=fields))

    hers, others = enrol("韦春兰", "450922199304120525"), enrol("韦春香", "450922199304120541")
    slip = give(acting, hers, "person", new_id(NOW), NOW)
    her = opened(slip)
    [subject] = her.subjects
    booked = do(
        Draft(
            kind="help.asked",
            fields={"name": "韦春兰", "matter": "x", "about": "free-service"},
            persons={"person": subject},
        )
    )
    assert {*seen(her, "SELECT thread_id FROM duties_event WHERE NOT 'public' = ANY(seen_by)")} == {
        hers,
        booked,
    }
    assert seen(her, "SELECT thread FROM registry_person") == [hers]
    assert others not in seen(her, "SELECT thread_id FROM duties_threadsubject")
    # The words of her own case about no one person are hers to read too.
    assert {*seen(her, FACTS, [booked])} <= {"person", "case"}
