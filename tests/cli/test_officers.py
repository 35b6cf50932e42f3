"""Accounts at the door: who may do what, and that nobody acts unnamed once there are any."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.database.users import run

if TYPE_CHECKING:
    from tests.cli.program import Program

HONGQIAO, WANZHOU = "440104001", "500101001"
WHO_OPENED = """
import psycopg
from yipan import database
with psycopg.connect(**database.connect_info("app")) as connection:
    connection.execute("SELECT set_config('yipan.organisation', '{office}', true)")
    rows = connection.execute("SELECT officer FROM duties_event WHERE kind = 'office.opened'").fetchall()
print(*(officer for (officer,) in rows))
"""


def test_officers_lists_accounts_with_their_postings(staffed: Program) -> None:
    found = {each["officer"]: each for each in staffed.json("officers", "list")}
    assert list(found["he.jing"]) == ["officer", "name", "office", "role", "from", "until"]
    assert (found["he.jing"]["office"], found["he.jing"]["role"]) == (HONGQIAO, "clerk")
    assert "何静" in staffed.run("officers", "list").out


def test_adding_an_officer_prints_the_first_password_once(staffed: Program) -> None:
    added = staffed.run(
        "officers", "add", "ran.fang", "--name", "冉芳", "--office", WANZHOU, "--role", "clerk", "--json"
    )
    assert (added.code, added.err) == (0, "")
    password = added.value["password"]
    assert len(password) >= 12
    assert password not in staffed.run("officers", "list").out


@pytest.mark.parametrize(
    ("username", "office", "role"),
    [("he.jing", HONGQIAO, "clerk"), ("new.one", "999", "clerk"), ("new.one", HONGQIAO, "queen")],
)
def test_a_taken_name_an_unknown_office_and_an_unknown_role_are_refused(
    staffed: Program, username: str, office: str, role: str
) -> None:
    refused = staffed.run("officers", "add", username, "--name", "某", "--office", office, "--role", role)
    assert refused.code in (1, 2)
    assert refused.err
    assert "Traceback" not in refused.err
    assert "new.one" not in staffed.run("officers", "list").out


def test_nobody_acts_unnamed_where_there_are_accounts(staffed: Program) -> None:
    for command in (
        ("record", "office.opened", "--office", HONGQIAO),
        ("duties", "--office", HONGQIAO),
        ("packs", "adopt", "rong-2008"),
    ):
        refused = staffed.run(*command, "--json")
        assert (refused.code, refused.value["error"]) == (2, "officer-needed"), command
        assert "--as" in refused.value["en"]


def test_an_officer_acts_where_she_is_posted_and_nowhere_else(staffed: Program) -> None:
    assert staffed.run("duties", "--office", HONGQIAO, "--as", "he.jing").code == 0
    elsewhere = staffed.run("duties", "--office", WANZHOU, "--as", "he.jing", "--json")
    assert (elsewhere.code, elsewhere.value["error"]) == (1, "not-posted")
    nobody = staffed.run("duties", "--office", HONGQIAO, "--as", "nobody", "--json")
    assert (nobody.code, nobody.value["error"]) == (2, "unknown-officer")


def test_adopting_the_law_takes_the_data_officer(staffed: Program) -> None:
    refused = staffed.run("packs", "adopt", "rong-2008", "--office", HONGQIAO, "--as", "he.jing", "--json")
    assert (refused.code, refused.value["error"]) == (1, "not-permitted")
    assert staffed.run("packs", "adopt", "rong-2008", "--as", "zhao.lei").code == 0


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("pack.adopted", ("pack=decree-555", "digest=0")),
        ("period.turned", ("unit=month", "phase=start", "period=2020-01")),
        ("duty.lapsed", (f"debtor={WANZHOU}", "rule=birth-reg-verify-7wd", "duty=0", "due_at=2026-01-01")),
        ("duty.recomputed", (f"debtor={WANZHOU}", "rule=x", "duty=0", "was=open", "now=void")),
    ],
)
def test_nobody_says_at_a_desk_what_the_clock_or_an_adoption_says(
    staffed: Program, kind: str, fields: tuple[str, ...]
) -> None:
    said = [part for pair in fields for part in ("--field", pair)]
    refused = staffed.run("record", kind, "--office", HONGQIAO, "--as", "liang.min", *said, "--json")
    assert (refused.code, refused.value["error"]) == (1, "not-at-a-desk")


def test_what_an_officer_records_bears_her_name_and_what_the_local_operator_does_says_so(
    staffed: Program, yipan: Program
) -> None:
    staffed.record("office.opened", HONGQIAO, "--as", "liang.min")
    yipan.record("office.opened", HONGQIAO)
    assert officers_of(staffed, HONGQIAO) == ["liang.min"]
    assert officers_of(yipan, HONGQIAO) == ["local-operator"]


def officers_of(program: Program, office: str) -> list[str]:
    """Return who opened an office, as its journal has it."""
    read = run(WHO_OPENED.format(office=office), program.home)
    assert read.returncode == 0, read.stderr
    return read.stdout.split()
