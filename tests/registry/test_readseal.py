"""The seal of the read log: a look that was changed, taken away or put in between later is found, and by no other way written."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import psycopg
import pytest
from django.db import connection

from tests.registry.test_register import number
from yipan import database
from yipan.duties import checkpoint
from yipan.registry.people import read_person
from yipan.registry.readend import end_looks
from yipan.registry.readseal import seal, verify

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from tests.registry.conftest import Desk

_TABLES: Final = ("registry_read", "registry_readroot", "registry_readend")
#: What somebody who owns the database does to the middle one of three looks, and what is said of it.
ATTACKS: Final = {
    "another officer": ("UPDATE registry_read SET officer = 'zhao.si' WHERE id = %(look)s", "a look was changed"),
    "whom it showed": ("UPDATE registry_read SET subjects = '{}' WHERE id = %(look)s", "a look was changed"),
    "another time": (
        "UPDATE registry_read SET read_at = read_at - interval '1 day' WHERE id = %(look)s",
        "a look was changed",
    ),
    "taken away": ("DELETE FROM registry_read WHERE id = %(look)s", "is missing"),
    "put in between": (
        (
            "INSERT INTO registry_read (id, read_at, organisation, officer, purpose, threads, subjects)"
            " OVERRIDING SYSTEM VALUE SELECT %(free)s, read_at, organisation, officer, purpose, threads, subjects"
            " FROM registry_read WHERE id = %(look)s"
        ),
        "was put in after the seal",
    ),
    "a seal less": (
        "DELETE FROM registry_readroot WHERE organisation = %(own)s AND number = 2", "seal 2 is missing",
    ),
    "a seal rewritten": (
        "UPDATE registry_readroot SET root = '\\x00' WHERE organisation = %(own)s AND number = 2", "the seal was changed",
    ),
}  # fmt: skip


def look(desk: Desk) -> int:
    """Let three be looked at, a minute apart, and return the number of the second look."""
    her = desk.enrol("钟秀英", number())
    for _ in range(3):
        desk.now += timedelta(minutes=1)
        read_person(desk.permit(), her, desk.now)
    return looks_of(desk)[-2]


def looks_of(desk: Desk) -> list[int]:
    """Return the numbers of the looks of an office."""
    with desk.permit().in_force(), connection.cursor() as cursor:
        cursor.execute("SELECT id FROM registry_read WHERE organisation = %s ORDER BY id", [desk.office])
        return [row[0] for row in cursor.fetchall()]


def faults_of(desk: Desk, signed: Sequence[Mapping[str, Any]] = ()) -> list[str]:
    """Return what does not fit in the log of an office, held against what checkpoints signed."""
    return [each for each in verify(signed).faults if each.startswith(f"{desk.office}:")]


@contextmanager
def attacked(query: str, values: dict[str, object]) -> Iterator[None]:
    """Do something as the owner of the tables, the policies lifted, and take it back afterwards."""
    with psycopg.connect(**database.connect_info("owner"), autocommit=True) as owner:
        for table in _TABLES:
            owner.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
            owner.execute(f"CREATE TEMP TABLE kept_{table} AS TABLE {table}")
        try:
            assert owner.execute(query, values).rowcount == 1
            yield
        finally:
            for table in _TABLES:
                owner.execute(f"DELETE FROM {table}")  # noqa: S608  # one of two names
                owner.execute(f"INSERT INTO {table} OVERRIDING SYSTEM VALUE SELECT * FROM kept_{table}")  # noqa: S608
                owner.execute(f"DROP TABLE kept_{table}")
                owner.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")


def test_what_is_done_to_a_sealed_look_is_found_each_way_by_its_name(desk: Desk) -> None:
    middle = look(desk)
    seal(desk.now + timedelta(minutes=2))
    assert faults_of(desk) == []
    for name, (query, said) in ATTACKS.items():
        values = {"look": middle, "free": _a_number_left_out(desk), "own": desk.office}
        with attacked(query, values):
            assert any(said in each for each in faults_of(desk)), (name, faults_of(desk))
        assert faults_of(desk) == [], name


def _a_number_left_out(desk: Desk) -> int:
    """Return a number below the last look that no look bears."""
    with psycopg.connect(**database.connect_info("owner")) as owner:
        owner.execute("ALTER TABLE registry_read NO FORCE ROW LEVEL SECURITY")
        taken = {row[0] for row in owner.execute("SELECT id FROM registry_read").fetchall()}
        owner.rollback()
    return next(each for each in range(looks_of(desk)[-1], -10, -1) if each not in taken)


def test_a_minute_that_has_not_ended_waits_and_what_comes_later_joins_the_chain(desk: Desk) -> None:
    look(desk)
    before = len(looks_of(desk))
    seal(desk.now)
    assert verify().faults == []
    with desk.permit().in_force(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT sum(cardinality(reads)) FROM registry_readroot WHERE organisation = %s", [desk.office]
        )
        [sealed] = cursor.fetchone()
    assert sealed == before - 1
    look(desk)
    seal(desk.now + timedelta(minutes=5))
    seal(desk.now + timedelta(minutes=5))
    with desk.permit().in_force(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT reads FROM registry_readroot WHERE organisation = %s ORDER BY number", [desk.office]
        )
        sealed_looks = sorted(each for row in cursor.fetchall() for each in row[0])
    assert sealed_looks == looks_of(desk)
    assert faults_of(desk) == []


def test_the_end_of_a_log_that_went_with_its_seal_is_found_against_a_checkpoint(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    look(desk)
    seal(desk.now + timedelta(minutes=2))
    monkeypatch.setenv("YIPAN_CHECKPOINTS", str(tmp_path))
    assert checkpoint.take(desk.now)
    signed = checkpoint.read_from(tmp_path).said
    newest = (
        "WITH gone AS (DELETE FROM registry_readroot WHERE organisation = %(own)s AND number ="
        " (SELECT max(number) FROM registry_readroot WHERE organisation = %(own)s) RETURNING reads)"
        " DELETE FROM registry_read WHERE id IN (SELECT unnest(reads) FROM gone)"
    )
    with attacked(newest, {"own": desk.office}):
        assert faults_of(desk) == []
        assert any("which a checkpoint signed, is missing" in each for each in faults_of(desk, signed))
    forged = "UPDATE registry_readroot SET digest = '\\x00' WHERE organisation = %(own)s AND number = 1"
    with attacked(forged, {"own": desk.office}):
        assert len(faults_of(desk)) > 0
    assert faults_of(desk, signed) == []


def test_looks_end_with_their_term_their_seals_stay_and_nothing_ends_before(desk: Desk) -> None:
    look(desk)
    seal(desk.now + timedelta(minutes=2))
    held = looks_of(desk)
    end_looks(desk.now + timedelta(days=4 * 365))
    assert looks_of(desk) == held
    end_looks(desk.now + timedelta(days=6 * 365))
    assert looks_of(desk) == []
    assert faults_of(desk) == []
    # Looks of later go on after the last seal, and are kept.
    desk.now += timedelta(days=6 * 365)
    her = desk.enrol("钟秀英", number())
    read_person(desk.permit(), her, desk.now)
    seal(desk.now + timedelta(minutes=2))
    end_looks(desk.now + timedelta(minutes=3))
    assert len(looks_of(desk)) == 1
    assert faults_of(desk) == []
    early = (
        "INSERT INTO registry_readend (organisation, number, ended_at) SELECT organisation, max(number), max(minute)"
        " FROM registry_readroot WHERE organisation = %(own)s GROUP BY 1"
    )
    with attacked(early, {"own": desk.office}):
        assert any("ended before their term" in each for each in faults_of(desk))


def test_the_working_role_seals_only_for_the_office_that_acts_and_takes_no_seal_back(desk: Desk) -> None:
    look(desk)
    seal(desk.now + timedelta(minutes=2))
    stranger = replace(desk.permit(), organisation="330106")
    with stranger.in_force(), connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM registry_readroot WHERE organisation = %s", [desk.office])
        assert cursor.fetchone() == (0,)
    for query in (
        "DELETE FROM registry_readroot",
        "UPDATE registry_readroot SET number = 0",
        "INSERT INTO registry_readend (organisation, number, ended_at) VALUES ('330106', 1, now())",
    ):
        with (
            pytest.raises(Exception, match="permission denied"),
            desk.permit().in_force(),
            connection.cursor() as cursor,
        ):
            cursor.execute(query)
