"""The demo's world: what `yipan demo` plays, that it is taken up where it was stopped, and whose folder it leaves alone."""

from __future__ import annotations

import csv
import gzip
import json
import re
import shutil
import signal
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.cli.program import Program
from tests.database.users import begun as begun_processes
from tests.database.users import come, until_nobody_uses
from yipan.cli.worldoffices import world
from yipan.cli.worldpeople import Maker
from yipan.offices.divisions import CARRIED
from yipan.registry.matching import read_number

if TYPE_CHECKING:
    from collections.abc import Iterator

PEOPLE, CASES = 120, 40
SMALL = ("demo", "--people", str(PEOPLE), "--cases", str(CASES))
LAST = re.compile(r"\d{4}-\d\d-\d\d  登记 (\d+) 人，受理 (\d+) 件，记录 (\d+) 条")


@pytest.fixture(scope="module")
def played() -> Iterator[Program]:
    """Give a folder in which a small world was begun, killed in the middle of the year, taken up again and checked."""
    program = Program(home=Path(tempfile.mkdtemp(prefix="yh-")), more={"DEMO_CHECK": "1"})
    first = program.start(*SMALL)
    assert first.stderr is not None
    while line := first.stderr.readline():
        if (told := LAST.match(line)) and int(told[1]) > PEOPLE * 0.7:
            break
    first.send_signal(signal.SIGKILL)
    first.communicate()
    server = come(program.home)
    # It stays for the tests of this file: whoever ends what one test began must not end it.
    begun_processes.remove(server.process)
    yield program
    server.leave()
    until_nobody_uses(program.home)
    shutil.rmtree(program.home)


def test_a_world_that_was_killed_is_taken_up_where_it_was_and_proved_to_the_last_entry(
    played: Program,
) -> None:
    again = played.run("demo", "--people", "5")
    assert again.code == 0, again.err
    ends = LAST.findall(again.err)[-1]
    assert (int(ends[0]), int(ends[1])) == (PEOPLE, CASES)
    assert "故事与期限逐项核对无误" in again.out
    assert "网页已按办事员的方式登录并核对" in again.out
    assert json.loads((played.home / "demo.json").read_text("utf-8"))["done"] is True
    assert played.json("replay", "--check")["differences"] == []
    assert played.json("journal", "verify")["faults"] == []


def test_a_folder_that_has_been_played_says_so_and_is_not_played_again(played: Program) -> None:
    again = played.run("demo")
    assert again.code == 0, again.err
    assert f"这里已演示过（{PEOPLE} 人，{CASES} 件）" in again.out
    assert not LAST.search(again.err)


def test_the_three_accounts_find_what_they_are_told_to_click(played: Program) -> None:
    clerk = played.json("duties", "--office", "440104001", "--as", "guangzhou")
    assert {each["state"] for each in clerk} >= {"open", "discharged"}
    county = played.json("duties", "--office", "450921", "--as", "rongxian", "--open")
    assert "county-sees-silence" in {each["rule"] for each in county}
    officers = {each["officer"]: each for each in played.json("officers", "list")}
    assert officers["guangxi"]["office"] == "45"
    assert officers["guangxi"]["role"] == "supervisor"


def test_a_folder_in_which_somebody_works_is_left_alone(yipan: Program) -> None:
    yipan.record("office.opened", "410102003")
    refused = yipan.run("demo")
    assert refused.code == 2
    assert "演示不与它混在一起" in refused.err
    assert not (yipan.home / "demo.json").exists()


def test_the_offices_of_the_world_are_named_as_they_are() -> None:
    names = dict(csv.reader(gzip.decompress(CARRIED.read_bytes()).decode().splitlines()))
    assert {code: said["name"] for code, said in world()["townships"].items()} == {
        code: names[code] for code in world()["townships"]
    }
    assert {code[:2] for code in world()["townships"]} == {"36", "41", "44", "45", "50"}


def test_the_shares_of_the_world_are_shares() -> None:
    shares = [world()["people"][name] for name in ("grounds", "reasons", "ends", "channels")]
    shares += [world()["cases"]["papers"], world()["cases"]["confirmed"], world()["outside"]["channels"]]
    assert [round(sum(each.values()), 6) for each in shares] == [1] * len(shares)


def test_who_is_typed_a_second_time_has_a_number_of_her_own_that_differs_in_a_digit() -> None:
    maker = Maker(5)
    for person in maker.people(50):
        again = maker.retyped(person)
        one, other = read_number(person.identity_number), read_number(again.identity_number)
        assert one is not None
        assert other is not None
        assert sum(a != b for a, b in zip(one.body, other.body, strict=True)) >= 1
        assert again.birth_on == person.birth_on
