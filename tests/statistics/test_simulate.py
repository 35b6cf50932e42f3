"""A draft law over cases that happened: what it opens, what lapses, who has the work; and nothing is written."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import psutil
import pytest
from django.db import connection

from tests.duties.cast import Cast, at, permit, townships
from yipan.duties.lawbook import lawbook
from yipan.law.rulebook import UnknownRuleError
from yipan.statistics import counted
from yipan.statistics import simulate as simulating
from yipan.statistics.counted import Counting
from yipan.statistics.draftlaw import NoClockError, draft_pack, with_clock
from yipan.statistics.hands import CountingFailedError
from yipan.statistics.periods import parse_period
from yipan.statistics.simulate import simulate
from yipan.statistics.touched import kinds_touched

if TYPE_CHECKING:
    from yipan.statistics.counted import Simulated

Q1 = parse_period("2026Q1")
APRIL = at("2026-04-13T09:00")
REPLY = "birth-reg-reply-15wd"


def play(cast: Cast) -> None:
    """Play two answers: after 4 working days, and after 13."""
    cast.open_offices("2026-01-01T08:00")
    for answered in ("2026-03-10", "2026-03-23"):
        thread = cast.ask("2026-03-02T10:00", his_agrees_verify=False)
        cast.step(cast.residence, "birth-registration.entered", "2026-03-02T11:00")
        cast.step(
            cast.residence, "verification.asked", "2026-03-04T10:00", her_home=cast.her_home, channel="system"
        )
        cast.act(
            cast.her_home,
            "verification.answered",
            f"{answered}T10:00",
            thread=thread,
            her_home=cast.her_home,
            result="confirmed",
        )


def run(cast: Cast, within: str, **said: Any) -> Simulated:  # noqa: ANN401  # as each test says
    return simulate(
        with_clock(REPLY, within, Q1.first_on), Q1, APRIL, permit=permit(cast.her_home, APRIL), **said
    )


def test_ten_days_instead_of_fifteen_make_one_of_two_answers_late(cast: Cast) -> None:
    play(cast)
    found = run(cast, "10 working_days")
    assert vars(found.happened[REPLY]) == {"opened": 2, "due": 2, "kept": 2, "lapsed": 0, "released": 0}
    assert vars(found.drafted[REPLY]) == {"opened": 2, "due": 2, "kept": 1, "lapsed": 1, "released": 0}
    # Fifteen working days after the 4th end on the 25th, ten on the 18th.
    assert found.weeks[cast.her_home, "2026-03-23"] == [2, 0]
    assert found.weeks[cast.her_home, "2026-03-16"] == [0, 2]
    assert found.rules()[0] == REPLY


def test_the_law_as_it_is_brings_about_what_happened(cast: Cast) -> None:
    play(cast)
    found = run(cast, "15 working_days")
    # But for the periods that turn, which no sweep has written here.
    assert found.drafted.pop("cq-township-meeting-monthly").opened == 2
    assert found.happened == found.drafted


def test_a_lapse_under_the_draft_opens_what_a_lapse_opens(cast: Cast) -> None:
    cast.her_home = townships("5106", "5134", 150)
    play(cast)
    above = str(permit(cast.her_home, APRIL).organisation)[:6]
    draft = with_clock(REPLY, "10 working_days", Q1.first_on)
    found = simulate(draft, Q1, APRIL, permit=permit(above, APRIL))
    assert (found.happened["county-sees-silence"].opened, found.drafted["county-sees-silence"].opened) == (
        0,
        1,
    )


def test_nothing_is_written_and_a_stranger_learns_nothing(cast: Cast) -> None:
    play(cast)
    before = _counts()
    assert run(cast, "1 working_days").cases
    assert _counts() == before
    # Far in the west, where no test plays anything.
    office = townships("6590", "6591", 0)
    stranger = simulate(
        with_clock(REPLY, "1 working_days", Q1.first_on), Q1, APRIL, permit=permit(office, APRIL)
    )
    # What is published is everybody's to read; no duty of it is.
    assert (stranger.happened, stranger.drafted) == ({}, {})


def _counts() -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT sum(seq) FROM duties_chainhead")
        return [row[0] for row in cursor.fetchall()]


def test_a_run_that_was_stopped_goes_on_where_it_was(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    play(cast)
    monkeypatch.setattr(simulating, "_AT_ONCE", 1)
    monkeypatch.setattr(simulating, "_KEPT_EACH", 0)
    whole = run(cast, "10 working_days")
    heard: list[str] = []

    def stop(line: str) -> None:
        heard.append(line)
        if len(heard) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(cast, "10 working_days", say=stop)
    heard.clear()
    again = run(cast, "10 working_days", say=heard.append)
    assert vars(again.drafted[REPLY]) == vars(whole.drafted[REPLY])
    assert again.weeks == whole.weeks
    assert again.cases == whole.cases
    assert len(heard) < whole.cases + 1


def case_by_case(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each case be a batch, kept at once, and two of them worth a process beside."""
    for name, value in (("_AT_ONCE", 1), ("_WORTH", 1), ("_KEPT_EACH", 0)):
        monkeypatch.setattr(simulating, name, value)


def test_processes_beside_count_the_same_and_a_stop_is_gone_on_with(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    play(cast)
    whole = run(cast, "10 working_days")
    case_by_case(monkeypatch)
    heard: list[str] = []

    def stop(line: str) -> None:
        heard.append(line)
        if len(heard) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(cast, "10 working_days", say=stop, hands=2)
    beside = run(cast, "10 working_days", say=heard.append, hands=2)
    assert vars(beside) == vars(whole)
    assert [each.partition("/")[0] for each in heard] == ["1", "2", "2", "3"]


def test_a_process_beside_that_dies_is_told_and_nothing_is_lost(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    play(cast)
    whole = run(cast, "10 working_days")
    case_by_case(monkeypatch)
    own = psutil.Process()
    before = {each.pid for each in own.children()}

    def kill(_: str) -> None:
        for each in own.children():
            if each.pid not in before and "spawn_main" in " ".join(each.cmdline()):
                each.kill()

    with pytest.raises(CountingFailedError):
        run(cast, "10 working_days", say=kill, hands=2)
    assert vars(run(cast, "10 working_days")) == vars(whole)


def test_a_draft_pack_is_read_from_its_folder_and_its_faults_are_said(cast: Cast, tmp_path: Any) -> None:  # noqa: ANN401  # as each test says
    play(cast)
    folder = tmp_path / "draft-desks"
    (folder / "rules").mkdir(parents=True)
    (folder / "pack.yaml").write_text(
        "pack: draft-desks\ntitle: {zh: 试行, en: On trial}\nauthority: someone\nscope: ['00']\nuses: [casework]\nfrom: 2026-01-01\n", "utf-8"
    )  # fmt: skip
    (folder / "rules" / "monthly.yaml").write_text(
        "rule: draft-monthly\ntitle: {zh: 每月一次, en: Each month}\nopens_on: {every: month, opens: start, levels: [township]}\n"
        "owed_by: office\nowed_to: public\ndischarged_by: township-meeting.held\n"
        "versions:\n  2026-01-01: {within: 5 working_days, cite: {set_by: deployment}}\n", "utf-8"
    )  # fmt: skip
    found = simulate(draft_pack(str(folder)), Q1, APRIL, permit=permit(cast.residence, APRIL))
    # Opened on 1 January, so of the three months of the quarter February and March turned after it.
    assert vars(found.drafted["draft-monthly"]) == {
        "opened": 2,
        "due": 2,
        "kept": 0,
        "lapsed": 2,
        "released": 0,
    }
    assert draft_pack("service-promise").name == "service-promise"


def test_what_is_no_draft_is_refused(cast: Cast) -> None:
    assert cast.residence
    with pytest.raises(NoClockError):
        with_clock(REPLY, "soon", Q1.first_on)
    with pytest.raises(UnknownRuleError):
        with_clock("no-such-rule", "10 days", Q1.first_on)


def test_cases_that_the_draft_cannot_touch_are_counted_as_they_stand_and_nothing_else_comes_of_it(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    play(cast)
    # Beside the two in which home was asked, one in which it was not.
    cast.ask("2026-03-02T12:00", her_agrees_verify=False, his_agrees_verify=False)
    cast.step(cast.residence, "birth-registration.entered", "2026-03-05T11:00")
    folded: list[int] = []
    count = Counting._fold  # noqa: SLF001  # what is folded is told by what it is given

    def noted(run: Any, found: Any, threads: Any, table: Any) -> None:  # noqa: ANN401  # handed on as they are
        folded.append(len(threads))
        count(run, found, threads, table)

    monkeypatch.setattr(Counting, "_fold", noted)
    draft = with_clock(REPLY, "10 working_days", Q1.first_on)
    # What everybody may read is counted for any office: what other tests published is taken off.
    published = simulate(draft, Q1, APRIL, permit=permit(townships("6590", "6591", 0), APRIL)).cases
    beside, officer = sum(folded), permit(cast.residence, APRIL)
    folded.clear()
    quick = simulate(draft, Q1, APRIL, permit=officer)
    # The two, and the office's periodic business; neither the third case nor the office's own affairs.
    assert (sum(folded) - beside, quick.cases - published) == (3, 5)
    folded.clear()
    monkeypatch.setattr(counted, "kinds_touched", lambda *_: None)
    slow = simulate(draft, Q1, APRIL, permit=officer)
    assert sum(folded) == quick.cases
    assert (quick.cases, quick.events, quick.weeks) == (slow.cases, slow.events, slow.weeks)
    assert (quick.happened, quick.drafted) == (slow.happened, slow.drafted)
    assert quick.happened["birth-reg-enter-at-once"].lapsed == 1


def test_what_a_draft_may_touch_is_told_from_its_rules_or_else_it_is_every_case() -> None:
    adopted = [each.pack for each in lawbook().adoptions()]
    assert kinds_touched(with_clock(REPLY, "10 working_days", Q1.first_on), adopted) == frozenset(
        trigger.kind for pack in adopted if REPLY in pack.rules for trigger in pack.rules[REPLY].triggers
    )
    own = next(each for each in adopted if each.name == "service-promise")
    assert kinds_touched(own, adopted) == frozenset()
    assert kinds_touched(replace(own, scope=("44",)), adopted) is None
    # An overlay touches the cases of the rule whose clock it shortens; a rule that a lapse opens, any.
    assert kinds_touched(draft_pack("rong-2008"), adopted)
    lapse = replace(
        own, rules={name: rule for name, rule in own.rules.items() if name != "county-sees-silence"}
    )
    assert kinds_touched(lapse, adopted)
