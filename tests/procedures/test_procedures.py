"""Every procedure of the documents, once through the pages and once through the command line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.procedures.playing import Commands, Pages, play
from tests.procedures.reading import Procedure, played_elsewhere, procedures

ALL = procedures()
_ROOT = Path(__file__).parents[2]
#: The headings of what had to be built; each has procedures.
HEADINGS = {
    "certificates", "birth-registration", "letters-and-telling", "ledgers", "services", "between-offices", "periodic",
    "complaints-and-breaches", "public-pages", "enrolment", "own-requests",
}  # fmt: skip


def _name(one: Procedure) -> str:
    return one.name


@pytest.mark.usefixtures("playground")
@pytest.mark.parametrize("procedure", ALL, ids=_name)
def test_a_procedure_is_done_through_the_pages(procedure: Procedure, tmp_path: Path) -> None:
    play(procedure, Pages(), tmp_path)


@pytest.mark.usefixtures("playground")
@pytest.mark.parametrize("procedure", ALL, ids=_name)
def test_a_procedure_is_done_at_the_command_line(
    procedure: Procedure, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    play(procedure, Commands(monkeypatch), tmp_path)


def test_every_heading_has_a_procedure_and_no_two_bear_one_name() -> None:
    assert {each.heading for each in ALL} == HEADINGS
    assert len({each.name for each in ALL}) == len(ALL)


@pytest.mark.usefixtures("playground")
def test_every_kind_that_somebody_records_by_hand_is_in_a_procedure_or_in_the_test_that_is_named() -> None:
    from tests.procedures.playing import BEGINS  # noqa: PLC0415  # Django is set up by `playground`
    from yipan.duties.lawbook import lawbook  # noqa: PLC0415  # the same

    # What only a verb can say, as the digest of a report, nobody types.
    by_hand = {
        name
        for name, kind in lawbook().kinds(BEGINS.date()).items()
        if (not kind.system or kind.action.get("zh"))
        and not any(each.by_verb and each.required for each in kind.fields.values())
    }
    played = {step.kind for each in ALL for step in each.steps if step.kind}
    elsewhere = played_elsewhere()
    assert by_hand - played - elsewhere.keys() == set()
    assert elsewhere.keys() & played == set(), "played here: it need not be named"
    for kind, doors in elsewhere.items():
        assert kind in by_hand, kind
        assert doors.keys() in ({"page", "command"}, {"page", "no_command"}), kind
        for test in (doors[each] for each in ("page", "command") if each in doors):
            file, _, name = test.partition("::")
            assert re.search(rf"^def {name}\(", (_ROOT / file).read_text("utf-8"), re.MULTILINE), test
