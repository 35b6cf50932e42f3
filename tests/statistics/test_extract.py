"""The extract: every duty and entry once, nothing that names anybody, whatever happens while it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.db import ProgrammingError, connection

from tests.duties.cast import EVIDENCE, new_cast
from yipan.statistics import extract as extracting
from yipan.statistics.columns import TABLES, sayable
from yipan.statistics.extract import extract, new_salt
from yipan.statistics.store import ExtractBusyError, alone, folder, read_manifest, write_manifest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.duties.cast import Cast

Look = "Callable[..., list[tuple[Any, ...]]]"
STATES = "SELECT rule, state, closed_at::VARCHAR FROM duties WHERE owed_by IN ('{}') ORDER BY ALL"


def asked(cast: Cast, **said: Any) -> None:  # noqa: ANN401  # as each test says
    cast.open_offices()
    cast.ask(**said)
    cast.step(cast.residence, "birth-registration.entered", "2026-03-02T10:30")


def in_table(cast: Cast) -> list[tuple[str, str]]:
    return sorted((rule, duty.state) for (rule, _), duty in cast.duties().items())


def in_parquet(cast: Cast, look: Any) -> list[tuple[str, str]]:  # noqa: ANN401  # as each test says
    offices = f"{cast.residence}', '{cast.her_home}', '{cast.his_home}"
    found = look(
        "duties",
        f"SELECT rule, state FROM duties WHERE owed_by IN ('{offices}') AND opened_kind SIMILAR TO '(birth|verif).*'",  # noqa: S608  # our own codes
    )
    return sorted(found)


def test_duties_arrive_and_change_and_no_row_is_there_twice(cast: Cast, look: Any) -> None:  # noqa: ANN401  # as each test says
    asked(cast)
    extract()
    assert in_parquet(cast, look) == in_table(cast)
    cast.step(
        cast.residence,
        "birth-registration.home-notified",
        "2026-03-04T10:00",
        her_home=cast.her_home,
        channel="system",
    )
    assert extract().steps == 1
    assert in_parquet(cast, look) == in_table(cast)
    assert ("birth-reg-notify-home-15wd", "discharged") in in_parquet(cast, look)
    again = extract()
    assert (again.entries, again.duties, again.steps, again.anew) == (0, 0, 0, False)
    total, keys = look("duties", "SELECT count(*), count(DISTINCT (key, thread)) FROM duties")[0]
    assert total == keys


def test_a_step_that_is_stopped_is_done_again_and_counts_once(
    cast: Cast,
    look: Any,  # noqa: ANN401  # as each test says
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked(cast)
    extract()
    before = look("entries", "SELECT count(*) FROM entries")[0][0]
    other = new_cast()
    asked(other)
    calls = iter(range(100))

    def stop(*args: Any) -> None:  # noqa: ANN401  # as each test says
        if next(calls) == 1:
            raise KeyboardInterrupt
        extracting_write(*args)

    extracting_write = write_manifest
    monkeypatch.setattr(extracting, "write_manifest", stop)
    with pytest.raises(KeyboardInterrupt):
        extract(step=2)
    monkeypatch.undo()
    extract(step=3)
    assert in_parquet(other, look) == in_table(other)
    events, keys = look("entries", "SELECT count(*), count(DISTINCT (key, nth)) FROM entries")[0]
    assert events == keys > before
    held = {name for months in read_manifest(folder()).files.values() for name in months.values()}
    on_disk = {path.relative_to(folder()).as_posix() for path in folder().rglob("*.parquet")}
    assert held <= on_disk


def test_an_entry_that_comes_late_counts_in_its_own_month_and_moves_its_duty(cast: Cast, look: Any) -> None:  # noqa: ANN401  # as each test says
    asked(cast)
    extract()
    corrected = look(
        "entries",
        f"SELECT count(*) FROM entries WHERE office = '{cast.residence}' AND corrects IS NOT NULL",  # noqa: S608  # our own codes
    )
    assert corrected == [(0,)]
    receipt = cast.act(cast.residence, "birth-registration.asked", "2026-04-02T10:00", her_home=cast.her_home,
                       her_name="李秀兰", papers="complete", her_agrees_verify=True, her_agrees_notice=True,
                       arrived="2026-02-26T10:00", evidence=EVIDENCE)  # fmt: skip
    cast.thread = receipt.threads[0]
    extract()
    months = look(
        "entries",
        f"SELECT DISTINCT strftime(counts_at, '%Y-%m') FROM entries WHERE office = '{cast.residence}' AND kind = 'birth-registration.asked' ORDER BY 1",  # noqa: S608  # our own codes
    )
    assert months == [("2026-02",), ("2026-03",)]


def test_nothing_that_names_a_person_leaves_the_journal(cast: Cast, look: Any) -> None:  # noqa: ANN401  # as each test says
    asked(cast, her_name="欧阳明月无双", his_name="司徒长风万里")
    extract()
    everything = b"".join(path.read_bytes() for path in folder().rglob("*") if path.is_file())
    for told in ("欧阳明月无双", "司徒长风万里", str(cast.thread), "he.jing"):
        assert told.encode() not in everything
    texts = look("entries", "SELECT DISTINCT unnest(map_values(said)) FROM entries")
    assert all(len(text) < 40 for (text,) in texts)
    assert set(TABLES) == {"duties", "entries", "offices", "lines"}
    assert not {"id", "subject", "officer", "name"} & {column for each in TABLES.values() for column in each}


def test_of_an_entry_about_a_person_only_the_answer_is_counted_by(installation: Path) -> None:
    assert installation.is_dir()
    from yipan.duties.lawbook import lawbook  # noqa: PLC0415  # after Django is set up

    told = sayable(lawbook())
    for kind in lawbook().every_kind():
        if kind.subjects:
            assert set(told.get(kind.name, [])) <= {"result", "channel"}, kind.name
        for name in told.get(kind.name, []):
            assert kind.fields[name].type in ("number", "choice", "yes-no", "period"), (kind.name, name)


def test_the_working_role_counts_through_the_functions_alone(cast: Cast) -> None:
    asked(cast)
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('yipan.counting', 'on', false)")
        cursor.execute("SELECT count(*) FROM duties_duty")
        assert cursor.fetchone()[0] == 0
        cursor.execute("SELECT count(*) FROM duties_event WHERE NOT 'public' = ANY(seen_by)")
        assert cursor.fetchone()[0] == 0
        cursor.execute("SELECT set_config('yipan.counting', '', false)")
    with pytest.raises(ProgrammingError), connection.cursor() as cursor:
        cursor.execute("ALTER FUNCTION yipan_counting() RENAME TO anything")


def test_two_cannot_extract_at_once(installation: Path) -> None:
    assert installation.is_dir()
    with alone(folder()), pytest.raises(ExtractBusyError):
        extract()


def test_a_new_salt_reads_everything_anew_and_no_key_of_before_is_left(
    cast: Cast,
    look: Any,  # noqa: ANN401  # as each test says
) -> None:
    asked(cast)
    extract()
    before = set(look("duties", "SELECT key FROM duties"))
    new_salt()
    done = extract()
    assert done.anew
    after = set(look("duties", "SELECT key FROM duties"))
    assert len(after) == len(before) > 0
    assert not before & after
