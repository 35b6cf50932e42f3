"""`sign-in reset` at the door: a paper code, given by who may, and the journal says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.cli.program import Program


def test_the_operator_resets_only_where_no_officer_may(staffed: Program) -> None:
    made = staffed.run("sign-in", "reset", "he.jing", "--json")
    if made.code == 0:
        assert len(made.value["code"]) == 19
    else:
        assert made.value["error"] == "not-permitted"


def test_an_unknown_account_and_an_unknown_head_are_refused_with_a_sentence(staffed: Program) -> None:
    unknown = staffed.run("sign-in", "reset", "no-such-account", "--json")
    assert (unknown.code, unknown.value["error"]) == (1, "no-such-account")
    nobody = staffed.run("sign-in", "reset", "he.jing", "--as", "no-such-head", "--json")
    assert (nobody.code, nobody.value["error"]) == (2, "unknown-officer")
    clerk = staffed.run("sign-in", "reset", "zhao.lei", "--as", "he.jing", "--json")
    assert (clerk.code, clerk.value["error"]) == (1, "not-permitted")
