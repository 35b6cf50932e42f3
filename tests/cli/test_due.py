"""`due` and `migrant`: what only computes, at the door. Every date below was counted by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.program import Program

KEYS = ["due_on", "due_at", "provisional", "within", "rule", "version", "cite", "calendar", "counted"]
REPLY = "birth-reg-reply-15wd"
RONGZHOU, RONG, HONGQIAO = "450921100", "450921", "440104001"


def test_due_answers_with_the_date_the_article_and_the_days_that_counted(bare: Program) -> None:
    found = bare.json("due", REPLY, "--on", "2026-03-02", "--owed-by", RONGZHOU, "--owed-to", HONGQIAO)
    assert list(found) == KEYS
    assert (found["due_on"], found["due_at"]) == ("2026-03-23", "2026-03-24T00:00:00+08:00")
    assert (found["provisional"], found["within"]) == (False, "15 working_days")
    assert (found["rule"], found["version"]) == (REPLY, "2021-09-26")
    assert found["cite"] == {
        "doc": "service-promise",
        "article": "四",
        "quote": "收到核实要求之日起15个工作日内反馈",
    }
    assert found["calendar"] == ["cn-2026"]
    days = (3, 4, 5, 6, 9, 10, 11, 12, 13, 16, 17, 18, 19, 20, 23)
    assert found["counted"] == [f"2026-03-{day:02}" for day in days]


def test_due_takes_the_version_that_held_on_the_day(bare: Program) -> None:
    found = bare.json("due", REPLY, "--on", "2010-03-01", "--owed-by", "500101001", "--owed-to", HONGQIAO)
    assert (found["due_on"], found["version"]) == ("2010-03-22", "2009-10-01")
    assert (found["cite"]["doc"], found["cite"]["article"]) == ("decree-555", "16")


def test_due_lets_a_countys_overlay_bind_only_the_leg_it_is_about(bare: Program) -> None:
    between = bare.json("due", REPLY, "--on", "2010-03-01", "--owed-by", RONGZHOU, "--owed-to", HONGQIAO)
    passed_down = bare.json("due", REPLY, "--on", "2010-03-01", "--owed-by", RONGZHOU, "--owed-to", RONG)
    assert between["within"] == "15 working_days"
    assert (passed_down["due_on"], passed_down["within"]) == ("2010-03-04", "3 working_days")
    assert passed_down["cite"]["rule"] == "rong-assist-3wd"
    assert passed_down["cite"]["article"] == "二(五)"


def test_due_takes_the_priority_where_it_makes_no_difference_and_refuses_an_unknown_one(
    bare: Program,
) -> None:
    asked = ("due", REPLY, "--on", "2026-03-02", "--owed-by", RONGZHOU)
    assert bare.json(*asked, "--priority", "urgent") == bare.json(*asked, "--priority", "normal")
    assert bare.run(*asked, "--priority", "someday").code == 2


@pytest.mark.parametrize(
    ("within", "on", "due_at"),
    [
        # 14 February is a make-up Saturday, the Spring Festival rests from the 15th to the 23rd.
        ("7 working_days", "2026-02-13", "2026-03-03T00:00:00+08:00"),
        # The 3rd of October is within the National Day holiday, which ends on the 7th.
        ("3 days", "2026-09-30", "2026-10-09T00:00:00+08:00"),
        # February has no 31st day; its last, a Saturday, is a make-up working day.
        ("1 months", "2026-01-31", "2026-03-01T00:00:00+08:00"),
        # Hours start at their moment and run through a weekend.
        ("48 hours", "2026-03-06T10:00", "2026-03-08T10:00:00+08:00"),
    ],
)
def test_due_counts_a_period_without_a_rule(bare: Program, within: str, on: str, due_at: str) -> None:
    found = bare.json("due", "--within", within, "--on", on)
    assert list(found) == KEYS
    assert found["due_at"] == due_at
    assert (found["rule"], found["version"], found["cite"]) == (None, None, None)


def test_due_says_that_a_date_past_the_last_published_year_is_provisional(bare: Program) -> None:
    asked = ("due", REPLY, "--on", "2026-12-21", "--owed-by", RONGZHOU)
    assert bare.json(*asked)["provisional"] is True
    assert "暂定" in bare.run(*asked).out
    assert "provisional" in bare.run(*asked, YIPAN_LANG="en").out


def test_due_in_words_says_the_last_day_or_for_hours_the_last_minute(bare: Program) -> None:
    day = bare.run("due", REPLY, "--on", "2026-03-02", "--owed-by", RONGZHOU)
    assert day.out.splitlines()[0] == "到期：2026-03-23 24时前"
    assert "service-promise 四" in day.out
    hour = bare.run("due", "--within", "48 hours", "--on", "2026-03-06T10:00", YIPAN_LANG="en")
    assert hour.out.splitlines()[0] == "Due: by 2026-03-08 10:00"


def test_due_knows_what_is_owed_to_a_person(bare: Program) -> None:
    asked = ("due", "birth-reg-enter-at-once", "--on", "2026-02-16", "--owed-by", HONGQIAO)
    assert bare.json(*asked, "--owed-to", "person")["due_on"] == "2026-02-24"


@pytest.mark.parametrize(
    ("arguments", "code", "error", "zh", "en"),
    [
        (("nope", "--on", "2026-03-02", "--owed-by", RONGZHOU), 2, "unknown-rule", "yipan packs list", "packs list"),
        ((REPLY, "--on", "2003-03-02", "--owed-by", RONGZHOU), 1, "no-rule-in-force", "查看各版本", "See the days"),
        ((REPLY, "--on", "2026-03-02", "--owed-by", "999999"), 2, "unknown-division", "请核对", "Check the code"),
        ((REPLY, "--on", "2026-03-02"), 2, "not-asked", "例如：yipan due", "For example: yipan due"),
        (("--on", "2026-03-02", "--within", "15 wokring_days"), 2, "within-faults", "请逐条改正", "Mend each one"),
        (("--on", "1999-03-02", "--within", "15 working_days"), 1, None, "历", "calendar"),
    ],
)  # fmt: skip
def test_due_refuses_with_a_next_step_in_the_readers_language(
    bare: Program, arguments: tuple[str, ...], code: int, error: str | None, zh: str, en: str
) -> None:
    chinese, english = bare.run("due", *arguments), bare.run("due", *arguments, YIPAN_LANG="en")
    assert (chinese.code, english.code) == (code, code)
    assert zh in chinese.err
    assert en in english.err
    assert chinese.out == english.out == ""
    data = bare.run("due", *arguments, "--json")
    assert data.code == code
    assert set(data.value) == {"error", "zh", "en", "fields"}
    assert error in (None, data.value["error"])


@pytest.mark.parametrize("on", ["2026-02-30", "yesterday", "9999-12-30", ""])
def test_due_refuses_what_is_no_date(bare: Program, on: str) -> None:
    answer = bare.run("due", "--within", "3 days", "--on", on)
    assert answer.code == 2
    assert "--on" in answer.err
    assert "Traceback" not in answer.err


def test_migrant_says_yes_or_no_with_the_reason_and_the_article(bare: Program) -> None:
    away = ("migrant", "--home", RONGZHOU, "--residence", HONGQIAO, "--on", "2026-03-02")
    working = bare.json(*away, "--reason", "work")
    assert list(working) == ["migrant", "because", "cite"]
    assert working["migrant"] is True
    assert bare.json(*away, "--reason", "business-trip")["migrant"] is False
    assert bare.json(*away, "--reason", "work", YIPAN_LANG="en")["because"].isascii()
    assert bare.run(*away, "--reason", "wrok").code == 2


def test_migrant_refuses_a_day_for_which_no_pack_says_who_counts(bare: Program) -> None:
    answer = bare.run(
        "migrant", "--home", RONGZHOU, "--residence", HONGQIAO, "--reason", "work", "--on", "1990-01-01"
    )  # fmt: skip
    assert answer.code == 1
    assert "packs list" in answer.err
    assert "Traceback" not in answer.err


def test_what_only_computes_needs_no_database_and_makes_no_data_folder(bare: Program) -> None:
    nowhere = {"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing"}
    for arguments in (
        ("due", REPLY, "--on", "2026-03-02", "--owed-by", RONGZHOU),
        ("migrant", "--home", RONGZHOU, "--residence", HONGQIAO, "--reason", "work"),
        ("packs", "check"),
        ("packs", "list"),
        ("packs", "show", REPLY),
    ):
        answer = bare.run(*arguments, **nowhere)
        assert answer.code == 0, answer.err
    assert not bare.home.exists()
