"""Posts at the door: where each may be held, what stands apart, and that leave gives them away for its days alone."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from yipan.offices.role import TABLE

if TYPE_CHECKING:
    from tests.cli.program import Program

#: An office that has each post, nobody's elsewhere in these tests, and one that has it not.
FITS = {
    "clerk": ("450921100", "450921"),
    "facility": ("450921:hospital", "450921"),
    "county-officer": ("450921", "450921100"),
    "supervisor": ("450921", "450921100"),
    "department-data-officer": ("450921:police", "450921"),
    "city-officer": ("4509", "450921"),
    "province-officer": ("45", "4509"),
    "nation-officer": ("00", "45"),
    "auditor": ("4509", "450921100"),
    "system-administrator": ("450921", ""),
}


def day(days: int = 0) -> str:
    """Return a day so far from today."""
    return (datetime.now(ZoneInfo("Asia/Shanghai")).date() + timedelta(days=days)).isoformat()


def add(program: Program, username: str, office: str, role: str) -> str:
    """Make an account and return the code of the refusal, if it is refused."""
    said = ("officers", "add", username, "--name", "某", "--office", office, "--role", role, "--json")
    return str(program.run(*said).value.get("error", ""))


@pytest.mark.parametrize("role", FITS)
def test_a_post_is_held_where_it_fits_and_given_away_for_a_leave_that_ends(
    staffed: Program, role: str
) -> None:
    fits, misfits = FITS[role]
    if misfits:
        assert add(staffed, f"{role}.no", misfits, role) == "role-does-not-fit"
    assert add(staffed, f"{role}.one", fits, role) == ""
    assert add(staffed, f"{role}.two", fits, role) == ""
    asked = ("duties", "--office", fits, "--json", "--as")
    before = staffed.run(*asked, f"{role}.one").value
    days = ("--from", day(), "--until", day(3), "--office", fits)
    staffed.json("officers", "leave", f"{role}.one", *days, "--stand-in", f"{role}.two")
    assert staffed.run(*asked, f"{role}.one").value["error"] == "on-leave"
    staffed.json("officers", "return", f"{role}.one", "--office", fits)
    after = staffed.run(*asked, f"{role}.one").value
    assert (after if isinstance(after, list) else after.get("error")) == (
        before if isinstance(before, list) else before.get("error")
    )


def test_whoever_audits_or_keeps_the_machine_does_nothing_else_there_nor_is_stood_in_for_by_who_does(
    staffed: Program,
) -> None:
    assert add(staffed, "apart.audit", "4401", "auditor") == ""
    assert add(staffed, "apart.city", "4401", "city-officer") == ""
    post = ("officers", "post", "apart.audit", "--office", "4401", "--json", "--role")
    assert staffed.run(*post, "city-officer").value["error"] == "roles-apart"
    assert staffed.run(*post, "system-administrator").value["error"] == "roles-apart"
    days = ("--from", day(), "--until", day(3), "--office", "4401")
    leave = ("officers", "leave", "apart.audit", *days, "--stand-in", "apart.city", "--json")
    assert staffed.run(*leave).value["error"] == "roles-apart"


def test_the_table_says_of_each_post_what_it_may_and_only_who_keeps_the_machine_may_nothing() -> None:
    assert {name for name, role in TABLE.items() if not role.rights} == {"system-administrator"}
    assert {name for name, role in TABLE.items() if role.alone} == {"auditor", "system-administrator"}
    assert all(
        not role.rights & {"read-case", "record", "break-glass"}
        for role in TABLE.values()
        if role.alone or role.name == "data-officer"
    )
