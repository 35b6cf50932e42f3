"""`people` and `headcounts` at the door: found, shown, merged, kept apart; small numbers stay small."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from yipan.registry.matching import check_digit

if TYPE_CHECKING:
    from tests.cli.program import Program

OFFICE, ELSEWHERE = "440115100", "440115101"


def number(body: str) -> str:
    return body + check_digit(body)


def enrol(yipan: Program, name: str, its: str, **said: str) -> str:
    """Enrol somebody and return the id of the entry."""
    yipan.record("person.enrolled", OFFICE, ground="at-the-counter", name=name, identity_number=its, **said)
    found = find(yipan, its)
    assert len(found["people"]) == 1
    return str(found["people"][0]["person"])


def find(yipan: Program, text: str, office: str = OFFICE) -> Any:  # noqa: ANN401  # what the command prints
    return yipan.json("people", "find", text, "--office", office, "--for", "at-the-counter")


def test_people_are_found_and_shown_by_their_office_alone(yipan: Program) -> None:
    its = number("45092219900606001")
    person = enrol(yipan, "仇天成", its, phone="13500135001", home="广西陆川县温泉镇")
    for text in (its, "13500135001", "仇", "qiutiancheng", "qtc"):
        [listed] = find(yipan, text)["people"]
        assert (listed["person"], listed["name"], listed["last_four"]) == (person, "仇天成", its[-4:]), text
    assert find(yipan, "choutiancheng")["people"] == []
    assert find(yipan, its, ELSEWHERE)["people"] == []
    shown = yipan.json("people", "show", person, "--office", OFFICE)
    assert shown["particulars"]["home"] == "450922101"
    refused = yipan.run("people", "show", person, "--office", ELSEWHERE, "--json")
    assert refused.code == 1
    assert refused.value["error"] == "unknown-case"
    assert "仇天成" not in refused.out


def test_numbers_in_doubt_are_listed_with_why_until_the_paper_was_seen(yipan: Program) -> None:
    right = number("44011519730303004")
    wrong = right[:-1] + ("1" if right[-1] != "1" else "2")
    person = enrol(yipan, "仉有疑", wrong, sex="1")
    listed = yipan.json("people", "numbers", "--office", OFFICE)
    [row] = [each for each in listed["people"] if each["person"] == person]
    assert (row["name"], row["doubts"]) == ("仉有疑", ["sex", "check"])
    assert "校验码" in yipan.run("people", "numbers", "--office", OFFICE).out
    assert yipan.json("people", "numbers", "--office", ELSEWHERE)["in_all"] == 0
    assert yipan.json("people", "show", person, "--office", OFFICE)["number_doubts"] == ["sex", "check"]
    said = ("--thread", person, "--field", "number_confirmed=yes")
    yipan.json("record", "person.updated", "--office", OFFICE, *said)
    assert yipan.json("people", "numbers", "--office", OFFICE)["in_all"] == listed["in_all"] - 1
    assert yipan.json("people", "show", person, "--office", OFFICE)["number_to_confirm"] is False


def test_too_little_to_look_for_is_a_misuse(yipan: Program) -> None:
    answer = yipan.run("people", "find", "12345", "--office", OFFICE, "--json")
    assert answer.code == 2
    assert answer.value["error"] == "nothing-asked"


def test_two_entries_are_merged_found_as_one_and_cannot_be_merged_again(yipan: Program) -> None:
    kept = enrol(yipan, "区菊英", number("44011519700707002"))
    other = enrol(yipan, "区菊英", number("44011519700707004"))
    yipan.json("people", "merge", kept, other, "--office", OFFICE)
    assert [each["person"] for each in find(yipan, "区菊英")["people"]] == [kept]
    assert yipan.json("people", "show", kept, "--office", OFFICE)["same_person"] == [other]
    for pair in ((kept, other), (other, kept), (kept, kept)):
        refused = yipan.run("people", "merge", *pair, "--office", OFFICE, "--json")
        assert (refused.code, refused.value["error"]) == (1, "not-two-entries"), pair


def test_what_is_no_entry_is_refused_by_record_too(yipan: Program) -> None:
    kept = enrol(yipan, "么小妹", number("44011519710808002"))
    for other in ("not-an-id", kept):
        refused = yipan.run(
            "record",
            "persons.merged",
            "--office",
            OFFICE,
            "--thread",
            kept,
            "--field",
            f"other={other}",
            "--json",
        )
        assert refused.code == 1
        assert refused.value["error"] == "not-two-entries"


def test_two_entries_are_kept_apart(yipan: Program) -> None:
    one = enrol(yipan, "盖世英", number("44011519720909002"))
    other = enrol(yipan, "盖世英", number("44011519720909004"))
    yipan.json("people", "keep-apart", one, other, "--office", OFFICE)
    assert len(find(yipan, "gsy")["people"]) == 2


def test_head_counts_are_shown_with_small_cells_suppressed(yipan: Program) -> None:
    for people, month in (("12", "2026-01"), ("3", "2026-02")):
        yipan.record("headcount.noted", OFFICE, period=month, township=OFFICE, people=people)
    shown = yipan.json("headcounts", "--office", OFFICE)
    [row] = shown["townships"]
    assert (row["township"], row["people"]) == (OFFICE, [12, "<5"])
    assert "少于5" in yipan.run("headcounts", "--office", OFFICE).out


def test_a_roster_that_is_not_there_cannot_be_gone_on_with(yipan: Program) -> None:
    answer = yipan.run(
        "import", "continue", "0190b7c2-6a52-7c3e-8d5f-2f1f6c3f9a10", "--office", OFFICE, "--json"
    )
    assert (answer.code, answer.value["error"]) == (1, "intake-gone")
