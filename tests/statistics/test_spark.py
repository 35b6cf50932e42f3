"""Spark and DuckDB over the same rows: every table, measure, check and trick comes to the same. `make soak` runs it."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.statistics.made import ASKED, COUNTY, OTHER, TOWNSHIP, Made
from tests.statistics.test_measures import IN_TIME
from yipan.statistics.columns import TABLES
from yipan.statistics.engine import filled, names_below
from yipan.statistics.measures import compute, figures, lay_out
from yipan.statistics.spark import SparkEngine, SparkMissingError

if TYPE_CHECKING:
    from pathlib import Path

KINDS = ("verification.asked", "verification.answered", "service.given", "request.passed-on", "training.held", "certificate.issued")  # fmt: skip
OFFICES = (TOWNSHIP, OTHER, COUNTY, f"{COUNTY}:police", f"{COUNTY}:commerce")


def made_up(dice: random.Random) -> Made:
    """Make a year of duties and entries by dice, of all that the measures count."""
    made = Made()
    rules = sorted({rule for rule, _ in IN_TIME.values()})
    for _ in range(4000):
        opened = datetime(2025, 12, 1) + timedelta(hours=dice.randrange(24 * 120))  # noqa: DTZ001  # as the tables hold them
        came = dice.choice(("in-time", "late", "open", "released", "void"))
        closed = opened + timedelta(hours=dice.randrange(24 * 40))
        made.duty(
            dice.choice(rules), dice.choice(OFFICES), came, opened_at=opened, due_at=opened + timedelta(days=dice.randrange(1, 30)),
            closed_at=None if came in ("open", "void") else closed, owed_to=dice.choice(("person", *OFFICES)),
            crossing=dice.choice(("", "within-province", "across-provinces")), answer=dice.choice(("", "not-found", "confirmed")),
        )  # fmt: skip
    keys: list[int] = []
    for _ in range(3000):
        said: dict[str, Any] = {"period": f"2026-0{dice.randrange(1, 4)}", "requests": dice.randrange(9), "price": dice.randrange(2)}  # fmt: skip
        kind = dice.choice((*KINDS, "department-return.sent"))
        corrects = dice.choice(keys) if keys and dice.random() < 0.1 else None
        partner = ("home_party", dice.choice(OFFICES))
        keys.append(
            made.entry(
                kind, dice.choice(OFFICES), partner, day=dice.randrange(1, 28), corrects=corrects, **said
            )
        )
    return made


def sorted_rows(rows: list[tuple[Any, ...]]) -> list[tuple[str, ...]]:
    """Return rows as they can be compared: in one order, and what an entry says by its names."""
    return sorted(
        tuple(str(sorted(each.items()) if isinstance(each, dict) else each) for each in row) for row in rows
    )


@pytest.mark.soak
# py4j leaves the sockets over which it hands rows to Java to be collected.
@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
@pytest.mark.filterwarnings("ignore:Exception ignored in. <socket:pytest.PytestUnraisableExceptionWarning")
def test_spark_comes_to_the_same_as_duckdb(tmp_path: Path) -> None:
    made = made_up(random.Random(20091001))  # noqa: S311 (a die, not a key)
    beside: dict[str, tuple[dict[str, str], list[tuple[str, ...]]]] = {
        "kind_sends": ({"kind": "VARCHAR", "role": "VARCHAR"}, [("verification.asked", "home_party")]),
        "kind_follows": ({"kind": "VARCHAR", "after": "VARCHAR"}, [("verification.answered", "verification.asked")]),
        "kind_arrives": ({"kind": "VARCHAR"}, [("verification.answered",)]),
    }  # fmt: skip
    asked = ["breached", "measured", "rolled", "standing", "worked"]
    texts = {
        name: filled(name, ASKED, {"$check": f"'{name.rpartition('/')[2]}'"})
        for name in ("pairs", *names_below("checks"), *names_below("tricks"))
    }
    questions = {**{name: f"SELECT * FROM {name}" for name in asked}, **texts}  # noqa: S608  # our own tables
    compared = 0
    with made.engine(tmp_path) as duck, SparkEngine(tmp_path) as spark:
        for table, columns in TABLES.items():
            spark.put(table, columns, made.rows[table])
        for engine in (duck, spark):
            for name, (columns, rows) in beside.items():
                engine.put(name, columns, rows)
            lay_out(engine, [*figures("indicator"), *figures("consistency")])  # type: ignore[arg-type]  # it asks for what both have
            compute(engine, ASKED, every_entry=True)  # type: ignore[arg-type]  # the same
        for name, question in questions.items():
            ours, theirs = sorted_rows(duck.rows(question)), sorted_rows(spark.rows(question))
            assert theirs == ours, name
            compared += len(ours)
    assert compared > len(KINDS) * 100


def test_without_spark_the_command_that_installs_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> Any:  # noqa: ANN401  # never returns
        raise ModuleNotFoundError(name)

    monkeypatch.setattr("yipan.statistics.spark.import_module", missing)
    with pytest.raises(SparkMissingError) as refused:
        SparkEngine()
    assert "pip install 'yipan[spark]'" in refused.value.say("zh")
