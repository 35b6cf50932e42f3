"""Made-up duties and entries for an engine of one's own: what the measures say of them can be counted by hand."""

from __future__ import annotations

import itertools
from datetime import datetime
from typing import TYPE_CHECKING, Any

from yipan.statistics.columns import TABLES
from yipan.statistics.engine import Asked, Engine

if TYPE_CHECKING:
    from pathlib import Path

ASKED = Asked(first=datetime(2026, 1, 1), after=datetime(2026, 4, 1), as_of=datetime(2026, 4, 1))  # noqa: DTZ001  # as the tables hold them
#: A township in Guangxi under its county, its city and its province; one in Guangdong; departments of the county.
TOWNSHIP, COUNTY, CITY, PROVINCE = "450921100", "450921", "4509", "45"
OTHER, OTHER_COUNTY = "440104001", "440104"
_numbers = itertools.count(1)


class Made:
    """Rows being made for one engine."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.rows: dict[str, list[list[Any]]] = {name: [] for name in TABLES}
        for office, level, kind, superior in (
            (TOWNSHIP, "township", "health", COUNTY), (COUNTY, "county", "health", CITY), (CITY, "city", "health", PROVINCE),
            (PROVINCE, "province", "health", "00"), (OTHER, "township", "health", OTHER_COUNTY),
            (OTHER_COUNTY, "county", "health", "4401"),
            *((f"{COUNTY}:{each}", "county", each, CITY) for each in ("police", "civil-affairs", "hospital", "commerce", "housing", "health-facility")),
        ):  # fmt: skip
            opened = datetime(2026, 1, 1) if kind == "health" and level == "township" else None  # noqa: DTZ001  # as the tables hold them
            self.add(
                "offices",
                office=office,
                level=level,
                kind=kind,
                division=office[:9].partition(":")[0],
                province=office[:2],
                superior=superior,
                opened_at=opened,
            )
            self.add("lines", office=office, superior=office, depth=0)
        for below, *above in (
            (TOWNSHIP, COUNTY, CITY, PROVINCE),
            (COUNTY, CITY, PROVINCE),
            (CITY, PROVINCE),
            (OTHER, OTHER_COUNTY),
        ):
            for depth, each in enumerate(above, start=1):
                self.add("lines", office=below, superior=each, depth=depth)

    def add(self, table: str, **said: Any) -> None:  # noqa: ANN401  # as each test says
        """Add a row; what is not said is empty."""
        assert set(said) <= set(TABLES[table]), said
        empty = {"VARCHAR": "", "BOOLEAN": False}
        self.rows[table].append([said.get(name, empty.get(kind)) for name, kind in TABLES[table].items()])

    def duty(self, rule: str, office: str, came: str = "in-time", **said: Any) -> None:  # noqa: ANN401  # as each test says
        """Add a duty that fell due in February."""
        key = next(_numbers)
        ends = {
            "in-time": ("discharged", datetime(2026, 2, 5)), "late": ("discharged", datetime(2026, 2, 20)),  # noqa: DTZ001  # as the tables hold them
            "open": ("open", None), "released": ("released", datetime(2026, 2, 5)), "void": ("void", None),  # noqa: DTZ001
        }  # fmt: skip
        state, closed_at = ends[came]
        words = {
            "key": key, "thread": key, "rule": rule, "office": office, "owed_by": office, "owed_to": "person",
            "opened_at": datetime(2026, 2, 1), "due_at": datetime(2026, 2, 11), "closed_at": closed_at, "state": state,  # noqa: DTZ001
        }  # fmt: skip
        self.add("duties", **(words | said))

    def entry(self, kind: str, office: str, *partners: tuple[str, str], day: int = 10, **said: Any) -> int:  # noqa: ANN401  # as each test says
        """Add an entry of March; `partners` are (role, office); `thread`, `corrects` and `month` are said apart."""
        key = next(_numbers)
        thread, corrects, month = (said.pop(name, None) for name in ("thread", "corrects", "month"))
        at = datetime(2026, month or 3, day)  # noqa: DTZ001  # as the tables hold them
        for nth, (role, partner) in enumerate(partners or (("", ""),), start=1):
            self.add(
                "entries", key=key, thread=thread or key, kind=kind, office=office, recorded_by=office, role=role,
                partner=partner, nth=nth, counts_at=at, recorded_at=at, counts_by="recording", corrects=corrects,
                said={name: str(value) for name, value in said.items()},
            )  # fmt: skip
        return key

    def engine(self, folder: Path) -> Engine:
        """Return an engine that holds what was made."""
        made = Engine(folder)
        for table, columns in TABLES.items():
            made.put(table, columns, self.rows[table])
        return made
