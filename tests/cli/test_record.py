"""`record`, `sweep`, `duties`, `journal` and `replay` at the door, in a folder where the local operator acts."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from yipan.offices.divisions import read_divisions

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.program import Installation, Program

KEYS = ["rule", "owed_by", "owed_to", "thread", "opened_at", "due_at", "provisional", "state", "cite"]
HER_HOME, HIS_HOME = "500101001", "450921100"
#: Every test gets a township of its own to work in: the journal is never emptied.
_townships = itertools.count(1)


@pytest.fixture
def office() -> str:
    """Give a township that no other test has used."""
    townships = [
        each.code for each in read_divisions() if each.code.startswith("4405") and len(each.code) == 9
    ]
    return townships[next(_townships)]


@pytest.fixture
def letter(tmp_path: Path) -> str:
    """Give the path of a piece of evidence."""
    path = tmp_path / "签收单.txt"
    path.write_text("挂号信回执：容州镇人民政府签收", "utf-8")
    return str(path)


def ask(yipan: Program, office: str, *options: str, **more: str) -> Any:  # noqa: ANN401  # what the command prints
    """Begin a case with both homes, each having agreed to be asked about."""
    fields = {
        "her_home": HER_HOME, "his_home": HIS_HOME, "her_name": "李秀兰", "his_name": "陈志强", "papers": "complete",
        "her_agrees_verify": "是", "his_agrees_verify": "yes",
    }  # fmt: skip
    return yipan.record("birth-registration.asked", office, *options, **{**fields, **more})


def test_an_empty_folder_is_set_up_at_its_first_use_also_by_two_commands_at_once(
    installation: Installation,
) -> None:
    assert [each.value for each in installation.first] == [[], []]
    said = "".join(each.err for each in installation.first)
    assert said.count("organisations are known") == 1
    assert said.count("the law is adopted") == 1
    assert "Traceback" not in said


def test_record_answers_with_the_entry_the_case_and_the_duties_it_moved(yipan: Program, office: str) -> None:
    asked = ask(yipan, office)
    assert list(asked) == ["event", "thread", "already", "duties"]
    assert asked["duties"] == {"opened": 3, "closed": 0, "recomputed": 0}
    entered = yipan.record("birth-registration.entered", office, "--thread", asked["thread"])
    assert entered["thread"] == asked["thread"]
    assert entered["duties"]["closed"] == 1
    in_words = yipan.run("record", "office.opened", "--office", office, YIPAN_LANG="en")
    assert in_words.out.startswith("Recorded ")


def test_a_case_of_somebody_enrolled_here_is_put_to_her_and_never_to_somebody_else(
    yipan: Program, office: str
) -> None:
    her = {"ground": "at-the-counter", "name": "覃月娥", "identity_number": "440501199001010023"}
    enrolled = yipan.record("person.enrolled", office, **her)["thread"]
    wish = {"name": "覃月娥", "matter": "屋子漏雨", "about": "livelihood"}
    case = yipan.record("help.asked", office, "--about", enrolled, **wish)["thread"]
    apart = yipan.record("help.asked", office, **wish)["thread"]
    assert len({enrolled, case, apart}) == 3
    for about, name, why in (
        (f"person={enrolled}", "别的人", "与登记的姓名不同"),
        (f"her={enrolled}", "覃月娥", "这类记录里没有这个人"),
        (apart, "覃月娥", "没有找到案件"),
        ("覃", "覃月娥", "the id of a case is needed"),
    ):
        said = [f"--field={key}={value}" for key, value in (wish | {"name": name}).items()]
        answer = yipan.run("record", "help.asked", "--office", office, "--about", about, *said)
        assert answer.code in (1, 2), about
        assert why in answer.err


def test_what_is_said_of_a_person_is_said_to_nobody_on_the_command_line(yipan: Program, office: str) -> None:
    asked = yipan.run(
        "record", "birth-registration.asked", "--office", office, "--field", f"her_home={HER_HOME}",
        "--field", "her_name=李秀兰", "--field", "her_identity_number=500101199203154526", "--field", "papers=complete",
    )  # fmt: skip
    listed = yipan.run("duties", "--office", office)
    said = asked.out + asked.err + listed.out + listed.err
    assert asked.code == listed.code == 0
    assert "李秀兰" not in said
    assert "500101199203154526" not in said


def test_all_faults_are_said_at_once_in_the_readers_language_and_nothing_is_recorded(
    yipan: Program, office: str
) -> None:
    wrong = (
        "record", "birth-registration.asked", "--office", office, "--field", f"her_home={HER_HOME}",
        "--field", "papers=maybe", "--field", "parity=2",
    )  # fmt: skip
    chinese, english = yipan.run(*wrong), yipan.run(*wrong, YIPAN_LANG="en")
    assert (chinese.code, english.code) == (1, 1)
    assert "请填写“女方姓名”" in chinese.err
    assert "Fill in: Her name" in english.err
    assert all(name in english.err for name in ("parity", "her_name", "papers"))
    assert yipan.json("duties", "--office", office) == []


@pytest.mark.parametrize(
    ("arguments", "code", "error"),
    [
        (("office.opened", "--office", "999"), 2, "unknown-organisation"),
        (("office.opned", "--office", HER_HOME), 2, "unknown-kind"),
        (("office.opened", "--office", HER_HOME, "--as", "nobody"), 2, "unknown-officer"),
        (("delay.noted", "--office", HER_HOME, "--field", "reason=x"), 1, "draft-faults"),
        (
            ("delay.noted", "--office", HER_HOME, "--thread", str(uuid4()), "--field", "reason=x"),
            1,
            "unknown-case",
        ),
    ],
)
def test_record_refuses_with_a_code_and_a_next_step(
    yipan: Program, arguments: tuple[str, ...], code: int, error: str
) -> None:
    refused = yipan.run("record", *arguments, "--json")
    assert (refused.code, refused.value["error"]) == (code, error)
    assert refused.value["zh"]
    assert refused.value["en"]


def test_another_moment_counts_only_with_evidence_of_it_and_never_lies_in_the_future(
    yipan: Program, office: str, letter: str
) -> None:
    thread = ask(yipan, office, "--at", "2026-03-02T10:00", "--evidence", letter)["thread"]
    said = ("--thread", thread, "--field", f"his_home={HIS_HOME}", "--field", "channel=letter")
    kind = ("record", "verification.asked", "--office", office)
    bare = yipan.run(*kind, *said, "--at", "2026-03-03", "--json")
    assert (bare.code, bare.value["fields"]["count"]) == (1, "1")
    assert "evidence" in bare.value["en"]
    assert yipan.run(*kind, *said, "--at", "2999-01-01", "--evidence", letter).code == 1
    assert yipan.run(*kind, *said, "--at", "2026-03-03", "--evidence", letter, "--json").code == 0
    (asked,) = (each for each in yipan.json("duties", "--office", office) if each["owed_to"] == HIS_HOME)
    assert (asked["state"], asked["closed_at"]) == ("discharged", "2026-03-03T00:00:00+08:00")


def test_an_office_outside_answers_by_letter_and_another_records_it_on_its_behalf(
    yipan: Program, office: str, letter: str
) -> None:
    thread = ask(yipan, office, "--at", "2026-03-02T10:00", "--evidence", letter)["thread"]
    case = ("--thread", thread, "--evidence", letter)
    yipan.record(
        "verification.asked", office, *case, "--at", "2026-03-03", his_home=HIS_HOME, channel="letter"
    )
    yipan.record(
        "verification.arrived", office, *case, "--at", "2026-03-06T15:00", his_home=HIS_HOME, channel="letter"
    )
    answer = (
        "record",
        "verification.answered",
        "--office",
        office,
        "--thread",
        thread,
        "--field",
        f"his_home={HIS_HOME}",
    )
    on_behalf = (*answer, "--field", "result=confirmed", "--on-behalf-of", f"{HIS_HOME}:health", "--json")
    assert yipan.run(*answer, "--field", "result=confirmed").code == 1
    assert yipan.run(*on_behalf).code == 1
    assert yipan.run(*on_behalf, "--at", "2026-03-20T09:00", "--evidence", letter).code == 0
    (reply,) = (each for each in yipan.json("duties", "--office", HIS_HOME) if each["thread"] == thread)
    assert (reply["state"], reply["clock"]) == ("discharged", "in-time")
    assert reply["due_at"] == "2026-03-28T00:00:00+08:00"


def test_the_same_event_id_twice_records_once(yipan: Program, office: str) -> None:
    own = str(uuid4())
    first = ask(yipan, office, "--event-id", own)
    again = ask(yipan, office, "--event-id", own)
    assert (first["already"], again["already"]) == (False, True)
    assert (first["event"], first["thread"]) == (again["event"], again["thread"])
    assert len(yipan.json("duties", "--office", office)) == 3
    taken = yipan.run("record", "office.opened", "--office", office, "--event-id", own, "--json")
    assert (taken.code, taken.value["error"]) == (1, "event-id-taken")


def test_who_looked_at_the_case_before_somebody_else_wrote_is_told(yipan: Program, office: str) -> None:
    thread = ask(yipan, office)["thread"]
    enter = (
        "record",
        "birth-registration.entered",
        "--office",
        office,
        "--thread",
        thread,
        "--as-of",
        "1",
        "--json",
    )
    assert yipan.run(*enter).code == 0
    stale = yipan.run(*enter)
    assert (stale.code, stale.value["error"]) == (1, "stale-case")


def test_duties_lists_what_an_office_owes_with_its_article(yipan: Program, office: str, letter: str) -> None:
    ask(yipan, office, "--at", "2026-03-02T10:00", "--evidence", letter)
    found = yipan.json("duties", "--office", office)
    assert all(list(each)[: len(KEYS)] == KEYS for each in found)
    enter = next(each for each in found if each["rule"] == "birth-reg-enter-at-once")
    assert (enter["owed_by"], enter["owed_to"], enter["state"]) == (office, "person", "open")
    assert (enter["opened_at"], enter["due_at"]) == ("2026-03-02T10:00:00+08:00", "2026-03-03T00:00:00+08:00")
    assert enter["cite"]["article"] == "一"
    overdue = ("duties", "--office", office, "--overdue", "--now")
    assert [each["rule"] for each in yipan.json(*overdue, "2026-03-03T09:00")] == ["birth-reg-enter-at-once"]
    assert (
        len(yipan.json(*overdue, "2030-01-01"))
        == len(yipan.json("duties", "--office", office, "--open"))
        == 3
    )
    assert "birth-reg-enter-at-once" in yipan.run("duties", "--office", office).out


def test_a_department_is_written_with_a_colon(yipan: Program) -> None:
    department = "450922:police"
    yipan.record("department-return.sent", department, period="2026-02", content="nil")
    assert yipan.json("duties", "--office", department) == []
    assert yipan.run("record", "office.opened", "--office", "450922:plumbers").code == 2


def test_sweep_writes_down_what_lapsed_by_the_moment_it_is_told_and_does_so_once(
    yipan: Program, office: str, letter: str
) -> None:
    ask(yipan, office, "--at", "2025-03-03T10:00", "--evidence", letter)
    before = yipan.json("sweep", "--now", "2025-03-03T12:00")
    after = yipan.json("sweep", "--now", "2025-03-13T00:00:01")
    assert list(after) == ["offices", "turned", "lapsed", "messages"]
    assert (before["lapsed"], after["lapsed"]) == (0, 3)
    assert yipan.json("sweep", "--now", "2025-03-13T00:00:01")["lapsed"] == 0
    lapsed = {each["lapsed_at"] for each in yipan.json("duties", "--office", office)}
    assert lapsed == {"2025-03-13T00:00:01+08:00"}


def test_a_sweep_to_a_mistyped_century_is_refused_and_writes_nothing(yipan: Program, office: str) -> None:
    before = yipan.json("journal", "verify")["events"]
    refused = yipan.run("sweep", "--now", "2206-01-01T09:00", "--json")
    assert (refused.code, refused.value["error"]) == (2, "far-ahead")
    assert yipan.json("journal", "verify")["events"] == before
    assert office


def test_the_journal_is_verified_signed_and_replayed(yipan: Program, office: str) -> None:
    ask(yipan, office)
    verified = yipan.json("journal", "verify")
    assert (verified["ok"], verified["faults"]) == (True, [])
    assert verified["unprotected"] > 0
    signed = [yipan.json("journal", "checkpoint")["file"]]
    # The looks of a minute that ended just now come into one of their own; then there is nothing more to sign.
    while another := yipan.json("journal", "checkpoint")["file"]:
        signed.append(another)
    assert all((yipan.home / "checkpoints" / each).is_file() for each in signed)
    after = yipan.json("journal", "verify")
    assert (after["unprotected"], after["checkpoints"]) == (0, verified["checkpoints"] + len(signed))
    replayed = yipan.json("replay", "--check")
    assert replayed["ok"] is True
    assert replayed["duties"] >= 3
    assert "YIPAN_CHECKPOINTS" in yipan.run("journal", "verify").out


def test_checkpoints_go_to_the_folder_that_was_named(yipan: Program, office: str, tmp_path: Path) -> None:
    ask(yipan, office)
    elsewhere = {"YIPAN_CHECKPOINTS": str(tmp_path / "elsewhere")}
    signed = yipan.json("journal", "checkpoint", **elsewhere)["file"]
    assert (tmp_path / "elsewhere" / signed).is_file()
    assert yipan.json("journal", "verify", **elsewhere)["checkpoints_leave_the_machine"] is True


def test_a_checkpoint_that_somebody_changed_is_found(yipan: Program, office: str, tmp_path: Path) -> None:
    ask(yipan, office)
    signed = yipan.json("journal", "checkpoint", YIPAN_CHECKPOINTS=str(tmp_path))["file"]
    text = (tmp_path / signed).read_text("utf-8")
    (tmp_path / signed).write_text(text.replace(office, HER_HOME), "utf-8")
    found = yipan.run("journal", "verify", YIPAN_CHECKPOINTS=str(tmp_path))
    assert found.code == 1
    assert signed in found.out
