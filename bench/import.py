"""A roster into the register, against the same rows as bare SQL and against a Django import library.

    python bench/import.py [ROWS]

One run on one fresh embedded database, thrown away at the end; a roster of ROWS people (200,000 unless said) as CSV.

- `import roster`: everything on: every row read, judged and looked up, sealed under a key of its own, chained in the
  journal, its duty opened, the register drawn, likely pairs asked about; in processes beside the reader.
- bare: the very rows that the import wrote (all tables of it), as COPY to unlogged staging tables and INSERT into tables
  with the same columns, keys and indexes, as their owner, no policy, no check, rows made beforehand.
- django-import-export, with its bulk mode, into one table of the same eight columns: no sealing, no journal, no duty.

The import and the bare rows go in one after the other; quote the ratios.
"""

from __future__ import annotations

import csv
import resource
import sys
import tempfile
import time
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import psycopg

# Started as a script, Python looks for modules beside it and not in the folder above.
sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.record import installation
from yipan.registry.matching import check_digit

if TYPE_CHECKING:
    from collections.abc import Iterator

ROWS: Final = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
LIBRARY_ROWS: Final = 5_000
OFFICE: Final = "440104001"
HEADINGS: Final = ("姓名", "性别", "公民身份号码", "联系电话", "户籍地", "现居住地", "流入日期", "流入原因")
HOMES: Final = (
    "广西容县容州镇",
    "广西壮族自治区玉林市容县容州镇某某村3组",
    "重庆市万州区",
    "河南省周口市太康县",
    "江西省赣州市于都县",
)
#: The counties of those homes, in front of the numbers.
COUNTIES: Final = ("450921", "450981", "500101", "411627", "360731")
SURNAMES: Final = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许邓韩冯曹"
GIVEN: Final = (
    "伟强磊军勇杰涛超明刚平辉鹏华飞鑫波斌宇浩凯健俊帆亮建龙阳文志海峰晓东丽娜静敏燕艳娟霞婷芳玲雪琳倩洁颖"
)
#: What one person is made of, in the order in which rows may be written.
TABLES: Final = (
    "duties_thread", "duties_event", "duties_subject", "duties_threadsubject", "duties_payload", "duties_duty",
    "registry_person", "registry_stay",
)  # fmt: skip


def people(rows: int) -> Iterator[list[str]]:
    """Yield rows of made-up people, each with a valid number of her own."""
    chance = np.random.default_rng(20261121)
    first = date(1955, 1, 1)
    for at in range(rows):
        born = first + timedelta(days=at % 18_000)
        # Serial numbers of a day are spread as real ones are: people of one name are born in one place on other days.
        body = f"{COUNTIES[at % len(COUNTIES)]}{born:%Y%m%d}{(at // 18_000 + 37 * (at % 18_000)) % 1000:03d}"
        letters = [GIVEN[each] for each in chance.integers(0, len(GIVEN), 2)]
        yield [
            SURNAMES[int(chance.integers(len(SURNAMES)))] + "".join(letters),
            "男" if int(body[16]) % 2 else "女",
            body + check_digit(body),
            f"13{at:09d}",
            HOMES[at % len(HOMES)],
            f"某某路{at % 300}号",
            (date(2020, 1, 1) + timedelta(days=at % 2000)).isoformat(),
            "务工",
        ]


def import_roster(path: Path) -> float:
    """Return how many seconds the import took, processes and all."""
    from yipan.law.deadline import SHANGHAI  # noqa: PLC0415  # after Django is set up
    from yipan.offices.office import organisation  # noqa: PLC0415
    from yipan.offices.permit import local_permit  # noqa: PLC0415
    from yipan.registry import importing, running  # noqa: PLC0415
    from yipan.registry.intake import STATEMENT  # noqa: PLC0415
    from yipan.registry.sheets import open_roster  # noqa: PLC0415

    def clock() -> datetime:
        return datetime.now(SHANGHAI)

    permit = local_permit(organisation(OFFICE), "bench", clock())
    start = time.perf_counter()
    roster = open_roster(path, path.name)
    intake = running.run(
        permit, roster, ground=STATEMENT, division=OFFICE, clock=clock, hands=running.usual_hands()
    )
    took = time.perf_counter() - start
    found = importing.outcome(permit, intake)
    assert (found.accepted, found.duties) == (ROWS, ROWS), found  # noqa: S101  # a figure of another work would be worse than none
    return took


def bare(owner: psycopg.Connection[Any]) -> float:
    """Return how many seconds the same rows take by COPY to staging and INSERT, with the same keys and indexes."""
    texts = {}
    with owner.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
            with cursor.copy(f"COPY {table} TO STDOUT (FORMAT BINARY)") as copy:
                texts[table] = b"".join(copy)
            cursor.execute(f"CREATE TABLE bare_{table} (LIKE {table} INCLUDING ALL)")
            cursor.execute(f"CREATE UNLOGGED TABLE staged_{table} (LIKE {table})")
    start = time.perf_counter()
    with owner.transaction(), owner.cursor() as cursor:
        for table, rows in texts.items():
            with cursor.copy(f"COPY staged_{table} FROM STDIN (FORMAT BINARY)") as copy:
                copy.write(rows)
            cursor.execute(f"INSERT INTO bare_{table} SELECT * FROM staged_{table}")  # noqa: S608  # named above
    return time.perf_counter() - start


def library(path: Path, owner: psycopg.Connection[Any]) -> float | None:
    """Return how many seconds django-import-export takes for LIBRARY_ROWS rows, or None when it is not installed."""
    try:
        import tablib  # noqa: PLC0415  # a bench's own
        from import_export import resources  # noqa: PLC0415
    except ImportError:
        return None
    from django.db import models  # noqa: PLC0415  # after Django is set up

    class Enrolled(models.Model):
        name, sex, number = models.TextField(), models.TextField(), models.TextField(unique=True)
        phone, home, residence = models.TextField(), models.TextField(), models.TextField()
        since, reason = models.DateField(), models.TextField()

        class Meta:
            app_label = "registry"
            db_table = "bench_enrolled"

    fields = ("name", "sex", "number", "phone", "home", "residence", "since", "reason")

    class Rows(resources.ModelResource):  # type: ignore[misc]  # the library has no types
        class Meta:
            model = Enrolled
            fields = ("name", "sex", "number", "phone", "home", "residence", "since", "reason")
            import_id_fields = ("number",)
            use_bulk = True
            batch_size = 1000
            clean_model_instances = True

    columns = ", ".join(f"{name} {'date' if name == 'since' else 'text'}" for name in fields)
    owner.execute(f"CREATE TABLE bench_enrolled (id bigserial PRIMARY KEY, {columns}, UNIQUE (number))")
    owner.execute("GRANT ALL ON bench_enrolled, bench_enrolled_id_seq TO PUBLIC")
    with path.open(encoding="utf-8") as file:
        rows = csv.reader(file)
        next(rows)
        data = tablib.Dataset(*[tuple(next(rows)) for _ in range(LIBRARY_ROWS)], headers=fields)
    start = time.perf_counter()
    result = Rows().import_data(data, raise_errors=True)
    took = time.perf_counter() - start
    assert result.totals["new"] == LIBRARY_ROWS  # noqa: S101  # as above
    return took


def main() -> None:
    """Measure, and print one line a figure."""
    with installation(), tempfile.TemporaryDirectory() as folder:
        from yipan import database  # noqa: PLC0415  # after the folder is named

        path = Path(folder) / "名册.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(HEADINGS)
            writer.writerows(people(ROWS))
        full = import_roster(path)
        memory = max(
            resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
        )
        with psycopg.connect(**database.connect_info("owner"), autocommit=True) as owner:
            plain = bare(owner)
            theirs = library(path, owner)
    print(f"{ROWS} rows of CSV; the largest process held {memory / 1024:.0f} MiB at most")
    print(f"import roster, everything on          {ROWS / full:9.0f} rows/s")
    print(
        f"the same rows, COPY and INSERT alone  {ROWS / plain:9.0f} rows/s   the import is {plain / full:.2f} of it"
    )
    if theirs is None:
        print("django-import-export is not installed: pip install -r requirements-bench.txt")
    else:
        print(
            f"django-import-export, bulk and clean  {LIBRARY_ROWS / theirs:9.0f} rows/s"
            f"   ({LIBRARY_ROWS} rows; the import is {ROWS / full / (LIBRARY_ROWS / theirs):.1f} times as fast)"
        )


if __name__ == "__main__":
    main()
