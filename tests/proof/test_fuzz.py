"""Hostile words in every form and importer: the short run. `make soak` and `python -m tests.proof.fuzz` go on for long."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.conf import settings
from django.db import connections

from tests.proof.fuzz import Tally, run
from tests.proof.smallworld import World

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(autouse=True)
def _closed(home: Path) -> Iterator[None]:
    assert home.is_dir()
    yield
    del settings.CLOCK  # type: ignore[misc]  # the tests' own setting
    connections.close_all()


def _judge(tally: Tally) -> None:
    assert tally.broken == []
    assert tally.odd == []


def test_hostile_words_are_answered_with_a_form_a_sentence_or_a_redirect() -> None:
    tally = run(World(), seed=20_261_122, rounds=1)
    _judge(tally)
    assert tally.asked > 100
    assert {
        "roster",
        "api/events",
        "api/rosters",
        "api/evidence",
        "api/people/search",
        "/mine/add",
    } <= tally.forms
    assert "/mine/consents" in {each.removeprefix("GET ") for each in tally.forms}


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(5))
def test_hostile_words_for_long(seed: int) -> None:
    _judge(run(World(), seed=seed, rounds=40))
