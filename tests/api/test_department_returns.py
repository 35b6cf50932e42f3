"""A department's return on paper, entered by a program of the health office that it is owed to."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pytest

from tests.api.conftest import Knocker, new_officer, program
from tests.duties.cast import at, permit
from tests.statistics.filled import sent
from yipan.duties.event import Event
from yipan.registry.headcounts import townships_of

if TYPE_CHECKING:
    from pathlib import Path

    from tests.api.conftest import Answered, Clock

COUNTY, OTHER = "460106", "460105"
HOUSING, POLICE = f"{COUNTY}:housing", f"{COUNTY}:police"
MONTH, ARRIVED = "2026-02", "2026-03-02T08:30"


@pytest.fixture
def county(installation: Path, clock: Clock) -> Knocker:
    """Give a program of the county's health office."""
    assert installation.is_dir()
    return program(COUNTY, clock, "county-officer")


def returned(desk: Knocker, body: bytes, **said: str) -> Answered:
    return desk.post(f"department-returns?{urlencode({'month': MONTH, **said})}", body=body)


def test_a_return_on_paper_is_entered_for_the_department_and_counts_from_its_arrival(county: Knocker) -> None:
    form = county.get("department-returns/form", month=MONTH, on_behalf_of=HOUSING)
    assert form.body[:2] == b"PK"
    sheet = sent(HOUSING, MONTH, {townships_of(COUNTY)[0][0]: [9, 7, 5]})
    shown = county.post("evidence", body=b"signed for").value["evidence"]
    paper = {"on_behalf_of": HOUSING, "at": ARRIVED, "evidence": shown}
    done = returned(county, sheet, **paper)
    assert (done.status, done.value["state"]) == (200, "loaded"), done.value
    with permit(COUNTY, at("2026-03-02T11:00")).in_force():
        entry = Event.objects.get(id=done.value["event"])
    assert (entry.recorded_by, entry.on_behalf_of) == (COUNTY, HOUSING)
    assert (entry.counts_at, entry.counts_by) == (at(ARRIVED), f"evidence:{shown}")
    (row,) = [
        each for each in county.get("department-returns", month=MONTH).value if each["office"] == HOUSING
    ]
    assert (row["state"], row["entered_by"]) == ("received", COUNTY)
    assert returned(county, sheet, **paper).value["state"] == "already"


def test_of_a_paper_all_is_said_and_its_evidence_is_kept_here(county: Knocker, clock: Clock) -> None:
    sheet = sent(HOUSING, MONTH, {townships_of(COUNTY)[0][0]: [9, 8, 6]})
    shown = county.post("evidence", body=b"signed for too").value["evidence"]
    paper = {"on_behalf_of": HOUSING, "at": ARRIVED, "evidence": shown}
    for lacking in paper:
        answer = returned(county, sheet, **{name: said for name, said in paper.items() if name != lacking})
        assert (answer.status, [each["field"] for each in answer.value["faults"]]) == (422, [lacking])
    made_up = returned(county, sheet, **(paper | {"evidence": "0" * 64}))
    assert (made_up.status, made_up.value["faults"][0]["field"]) == (422, "evidence")
    to_come = returned(county, sheet, **(paper | {"at": "2026-03-09"}))
    assert to_come.status == 422
    own = returned(county, sheet, **(paper | {"on_behalf_of": COUNTY}))
    assert (own.status, own.value["faults"][0]["field"]) == (422, "on_behalf_of")
    # Not for a department that works with the system, nor for another county's.
    new_officer(POLICE, "department-data-officer")
    elsewhere = program(OTHER, clock, "county-officer")
    for desk, whose in ((county, POLICE), (elsewhere, HOUSING)):
        answer = returned(desk, sheet, **(paper | {"on_behalf_of": whose}))
        assert (answer.status, answer.value["error"]) == (422, "not-for-it")
        form = desk.get("department-returns/form", month=MONTH, on_behalf_of=whose)
        assert (form.status, form.value["error"]) == (422, "not-for-it")
    assert returned(county, sheet, **(paper | {"on_behalf_of": "999999:housing"})).status == 404
