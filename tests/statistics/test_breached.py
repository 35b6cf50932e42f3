"""Which breaches the figures count: the same as the list of breaches shows, and by what the packs call a finding, no kind by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.statistics.made import ASKED, COUNTY, TOWNSHIP, Made
from yipan.statistics.measures import compute, lay_out

if TYPE_CHECKING:
    from pathlib import Path


def breached(made: Made, folder: Path) -> list[tuple[Any, ...]]:
    with made.engine(folder) as engine:
        lay_out(engine)
        compute(engine, ASKED)
        return engine.rows("SELECT breach, office, times FROM breached ORDER BY ALL")


def test_a_term_that_was_cut_counts_once_its_office_was_told_though_it_answers_in_time(
    tmp_path: Path,
) -> None:
    made = Made()
    for came in ("in-time", "late", "open", "released", "void"):
        made.duty("cert-term-mended", TOWNSHIP, came)
    made.duty("cert-term-mended", TOWNSHIP, opened_at=ASKED.first.replace(year=2025))
    assert breached(made, tmp_path) == [("breach-term-shortened", TOWNSHIP, 3)]


def test_a_finding_counts_for_the_office_it_is_about_and_one_that_found_nothing_does_not(
    tmp_path: Path,
) -> None:
    about: dict[str, Any] = {"about": "pressure", "side": "residence"}
    made = Made()
    for result in ("founded", "partly", "unfounded"):
        made.entry(
            "complaint.investigated",
            COUNTY,
            ("receiver", COUNTY),
            ("against", TOWNSHIP),
            result=result,
            **about,
        )
    made.entry("breach.noted", COUNTY, ("receiver", COUNTY), ("against", TOWNSHIP), **about)
    made.entry("complaint.filed", COUNTY, ("receiver", COUNTY), ("against", TOWNSHIP), **about)
    # By what it was found is told apart.
    assert breached(made, tmp_path) == [("breach-pressure", TOWNSHIP, 1), ("breach-pressure", TOWNSHIP, 2)]
