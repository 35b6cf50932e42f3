"""Spark and DuckDB over the same rows: every table, measure, check and trick comes to the same. `make soak` runs it."""

from __future__ import annotations

import random
import subprocess
from datetime import datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.exchange.provinces import free_port, until
from tests.statistics.made import ASKED, COUNTY, OTHER, TOWNSHIP, Made
from tests.statistics.test_measures import IN_TIME
from yipan.statistics.checks import KIND_NAMES
from yipan.statistics.columns import TABLES
from yipan.statistics.content import content_of, report_named
from yipan.statistics.engine import filled, names_below
from yipan.statistics.measures import compute, figures, lay_out
from yipan.statistics.periods import parse_period
from yipan.statistics.seen import flows_of
from yipan.statistics.spark import LOCAL, NoEngineError, SparkEngine, SparkMissingError, engine_on, written_in

if TYPE_CHECKING:
    from collections.abc import Iterator

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


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[str]:
    """Give the URL of a cluster: Spark's own, its head and one worker in processes of their own on this machine."""
    spark = find_spec("pyspark")  # only the soak has it
    assert spark
    assert spark.origin
    start = Path(spark.origin).parent / "bin" / "spark-class"
    port = free_port()
    head = ["org.apache.spark.deploy.master.Master", "--host", "127.0.0.1", "--port", str(port), "--webui-port", "0"]  # fmt: skip
    url = f"spark://127.0.0.1:{port}"
    hand = [
        "org.apache.spark.deploy.worker.Worker", "--host", "127.0.0.1", "--webui-port", "0", "--cores", "2",
        "--memory", "2g", "--work-dir", str(tmp_path / "worker"), url,
    ]  # fmt: skip
    said = tmp_path / "cluster.log"
    with said.open("wb") as log:
        begun = [subprocess.Popen([str(start), *each], stdout=log, stderr=log) for each in (head, hand)]
        try:
            until(lambda: "Successfully registered with master" in said.read_text(), "the worker is known")
            yield url
        finally:
            for each in begun:
                each.terminate()
                each.wait(60)


@pytest.mark.soak
@pytest.mark.parametrize("where", ["on this machine", "on a cluster"])
# py4j leaves the sockets over which it hands rows to Java to be collected.
@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
@pytest.mark.filterwarnings("ignore:Exception ignored in. <socket:pytest.PytestUnraisableExceptionWarning")
def test_spark_comes_to_the_same_as_duckdb(
    tmp_path: Path, where: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = LOCAL
    if where == "on a cluster":
        url = request.getfixturevalue("cluster")
        # Its workers ask this process at an address that this process finds for itself; here both are one machine.
        monkeypatch.setenv("SPARK_LOCAL_IP", "127.0.0.1")
    made = made_up(random.Random(20091001))  # noqa: S311 (a die, not a key)
    beside: dict[str, tuple[dict[str, str], list[tuple[str, ...]]]] = {
        "kind_sends": ({"kind": "VARCHAR", "role": "VARCHAR"}, [("verification.asked", "home_party")]),
        "kind_follows": ({"kind": "VARCHAR", "after": "VARCHAR"}, [("verification.answered", "verification.asked")]),
        "kind_arrives": (KIND_NAMES, [("verification.answered",)]),
        "kind_closes": (KIND_NAMES, [("verification.answered",)]),
        "kind_puts_off": (KIND_NAMES, [("training.held",)]),
    }  # fmt: skip
    asked = ["breached", "measured", "rolled", "sent", "standing", "worked"]
    texts = {
        name: filled(name, ASKED, {"$check": f"'{name.rpartition('/')[2]}'"})
        for name in ("pairs", *names_below("checks"), *names_below("tricks"))
    }
    questions = {**{name: f"SELECT * FROM {name}" for name in asked}, **texts}  # noqa: S608  # our own tables
    compared = 0
    with made.engine(tmp_path) as duck, SparkEngine(tmp_path, url=url) as spark:
        assert spark.spark.sparkContext.master == url
        for table, columns in TABLES.items():
            spark.put(table, columns, made.rows[table])
        for engine in (duck, spark):
            for name, (columns, rows) in beside.items():
                engine.put(name, columns, rows)
            lay_out(engine, [*figures("indicator"), *figures("consistency")])
            compute(engine, ASKED, every_entry=True)
            engine.keep("sent", filled("sent", ASKED))
        # And as the commands and pages ask: a whole report, and what went from province to province.
        span, now = parse_period("2026Q1"), ASKED.after.astimezone()
        reports = [report_named(name) for name in ("stat-level-by-level", "stat-upload")]
        for one in reports:
            whole = [content_of(engine, one, COUNTY, span, now) for engine in (duck, spark)]
            assert whole[0] == whole[1]
            assert whole[0].by_rule
        between = [flows_of(engine, COUNTY, span.first_at, span.after_at) for engine in (duck, spark)]
        assert between[0] == between[1] != []
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


def test_values_are_written_into_a_query_in_their_order_and_nothing_in_quotes_is_taken_for_one() -> None:
    at = datetime(2026, 1, 1, 9)  # noqa: DTZ001  # as the tables hold them
    asked = (
        "SELECT '?' AS mark, a FROM t WHERE b = ? AND c > ? AND d IN (SELECT unnest(?::VARCHAR[])) AND e = ?"
    )
    said = written_in(asked, ["O'Neill", at, ["x", "y"], 7])
    assert said == (
        "SELECT '?' AS mark, a FROM t WHERE b = 'O''Neill' AND c > TIMESTAMP '2026-01-01 09:00:00'"
        " AND d IN (SELECT unnest(['x', 'y']::VARCHAR[])) AND e = 7"
    )
    assert written_in("SELECT $2, $1, $2", ["a", "b"]) == "SELECT 'b', 'a', 'b'"
    assert written_in("SELECT '$1'", []) == "SELECT '$1'"


@pytest.mark.parametrize("name", ["abacus", "sparks", "local[x]", "file:///etc", "spark://"])
def test_what_is_no_engine_is_refused(name: str) -> None:
    with pytest.raises(NoEngineError):
        engine_on(name)


def test_a_cluster_is_asked_by_its_url_and_this_machine_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    urls: list[str] = []

    def asked(self: SparkEngine, *, url: str) -> None:
        assert isinstance(self, SparkEngine)
        urls.append(url)

    monkeypatch.setattr(SparkEngine, "__init__", asked)
    for name in ("spark", "local[4]", "spark://head:7077", "yarn", "k8s://https://head:443"):
        engine_on(name)
    monkeypatch.setenv("YIPAN_FIGURES_ENGINE", "spark://set:7077")
    engine_on()
    assert urls == [
        "local[2]",
        "local[4]",
        "spark://head:7077",
        "yarn",
        "k8s://https://head:443",
        "spark://set:7077",
    ]
